/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/performance/redact: the same plans with RapidJSON's SAX parser and writer, as a filter
 * between the two that remembers where it is. Numbers pass as they are spelt; strings are decoded
 * and written again, and their encoding is checked, as ours is.
 */
#define RAPIDJSON_SSE42
#include <charconv>
#include <cmath>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <string_view>
#include <vector>

#include "tests/performance/redact_rounds.h"

using namespace rapidjson;
using std::string_view;

static const size_t flush_bytes = 65536;

enum place { OUTSIDE, RECORDS, CLAIM, VEHICLE, OWNER, ADDRESS, WHOLE };

struct filter {
    using output = Writer<StringBuffer>;

    StringBuffer buffer;
    output writer;
    sink *to;
    enum plan plan;
    std::vector<place> path;
    place next = OUTSIDE; /* what the member's value is, when it is a container */
    unsigned dropped = 0; /* open containers of a withheld value */
    bool withheld = false;
    bool is_city = false;
    bool is_lahore = false;
    bool is_point = false;
    bool is_name = false;
    bool is_phone = false;
    size_t record_start = 0;
    bool any = false;

    filter(sink *sink, enum plan plan) : writer(buffer), to(sink), plan(plan)
    {
    }

    place here() const
    {
        return path.empty() ? OUTSIDE : path.back();
    }

    bool leaves(string_view name)
    {
        next = WHOLE;
        switch (here()) {
        case CLAIM:
            is_city = name == "city";
            next = name == "vehicle" ? VEHICLE : name == "owner" ? OWNER : WHOLE;
            return plan == PLAN_FEW ? name == "id" || name == "status" || name == "vehicle"
                                    : name != "notes";
        case VEHICLE:
            return plan != PLAN_FEW || name == "plate";
        case OWNER:
            next = name == "address" ? ADDRESS : WHOLE;
            is_name = plan == PLAN_MEASURED && name == "name";
            is_phone = plan == PLAN_MEASURED && name == "phone";
            return name != "cnic" && name != "email" && (name != "phone" || is_phone);
        case ADDRESS:
            return name != "house" && name != "street";
        default:
            return true;
        }
    }

    bool Key(const char *text, SizeType length, bool)
    {
        if (dropped > 0) {
            return true;
        }
        is_point = (plan == PLAN_COARSE || plan == PLAN_MEASURED) &&
                   (string_view(text, length) == "lat" || string_view(text, length) == "lon");
        withheld = !leaves(string_view(text, length));
        return withheld || writer.Key(text, length);
    }

    bool is_gone()
    {
        const bool gone = dropped > 0 || withheld;
        withheld = false;
        return gone;
    }

    bool Null()
    {
        return is_gone() || writer.Null();
    }
    bool Bool(bool value)
    {
        return is_gone() || writer.Bool(value);
    }
    bool Int(int value)
    {
        return is_gone() || writer.Int(value);
    }
    bool Uint(unsigned value)
    {
        return is_gone() || writer.Uint(value);
    }
    bool Int64(int64_t value)
    {
        return is_gone() || writer.Int64(value);
    }
    bool Uint64(uint64_t value)
    {
        return is_gone() || writer.Uint64(value);
    }
    bool Double(double value)
    {
        return is_gone() || writer.Double(value);
    }
    bool RawNumber(const char *text, SizeType length, bool)
    {
        if (is_gone()) {
            return true;
        }
        char cut[32];
        if (is_point) {
            const double step = std::floor(strtod(text, NULL) * 100 + 1e-6) / 100;
            const char *end =
                std::to_chars(cut, cut + sizeof(cut), step, std::chars_format::fixed, 2).ptr;
            return writer.RawValue(cut, size_t(end - cut), kNumberType);
        }
        return writer.RawValue(text, length, kNumberType);
    }
    bool String(const char *text, SizeType length, bool)
    {
        if (is_city && here() == CLAIM) {
            is_lahore = string_view(text, length) == "Lahore";
        }
        return is_gone() ||
               (is_name || is_phone ? mask(text, length) : writer.String(text, length));
    }
    bool mask(const char *text, SizeType length)
    {
        char masked[] = "*****";
        const SizeType shown = is_phone && length >= 5 ? 2 : 0;
        memcpy(masked + 3, text + length - shown, shown);
        is_name = is_phone = false;
        return writer.String(masked, 3 + shown);
    }

    bool open(bool is_array)
    {
        if (dropped > 0 || withheld) {
            dropped++;
            withheld = false;
            return true;
        }
        const place from = here();
        const place to_place = from == OUTSIDE ? RECORDS : from == RECORDS ? CLAIM : next;
        path.push_back(to_place);
        next = WHOLE;
        if (to_place == CLAIM) {
            begin_record();
        }
        return is_array ? writer.StartArray() : writer.StartObject();
    }

    bool close(bool is_array)
    {
        if (dropped > 0) {
            dropped--;
            return true;
        }
        const bool done = is_array ? writer.EndArray() : writer.EndObject();
        if (here() == CLAIM) {
            end_record();
        }
        path.pop_back();
        return done;
    }

    /* Each record is a document of the writer, so that one that does not stay can be taken back. */
    void begin_record()
    {
        record_start = buffer.GetSize();
        is_lahore = false;
        if (any) {
            buffer.Put(',');
        }
        writer.Reset(buffer);
    }

    void end_record()
    {
        if (plan == PLAN_DEPENDENT && !is_lahore) {
            buffer.Pop(buffer.GetSize() - record_start);
        } else {
            any = true;
        }
        if (buffer.GetSize() > flush_bytes) {
            flush();
        }
    }

    void flush()
    {
        sink_take(to, buffer.GetString(), buffer.GetSize());
        buffer.Clear();
    }

    bool StartObject()
    {
        return open(false);
    }
    bool EndObject(SizeType)
    {
        return close(false);
    }
    bool StartArray()
    {
        return here() == OUTSIDE ? begin_records() : open(true);
    }
    bool EndArray(SizeType)
    {
        return here() == RECORDS ? end_records() : close(true);
    }

    bool begin_records()
    {
        path.push_back(RECORDS);
        buffer.Put('[');
        return true;
    }

    bool end_records()
    {
        path.pop_back();
        buffer.Put(']');
        flush();
        return true;
    }
};

static int redact(enum plan plan, const char *body, size_t length, struct sink *sink)
{
    filter filter(sink, plan);
    Reader reader;
    MemoryStream memory(body, length);
    EncodedInputStream<UTF8<>, MemoryStream> stream(memory);
    return reader.Parse<kParseNumbersAsStringsFlag | kParseValidateEncodingFlag>(stream, filter)
               ? 1
               : 0;
}

int main(int argc, char **argv)
{
    return measure(redact, argc, argv);
}
