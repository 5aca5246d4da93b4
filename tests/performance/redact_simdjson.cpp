/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/performance/redact: the same plans with simdjson On-Demand, as its user would write them:
 * one pass over the members, kept values copied as raw text. Values that are passed over are not
 * validated (On-Demand does not). There are two ways to write the rest, both measured:
 *
 * - at its best: parser and output are used again for each body, the output leaves in pieces of
 *   64 KiB, numbers are printed by std::to_chars;
 * - with WHOLE_ANSWER: each body has a parser of its own and one string for the whole answer,
 *   reserved once; numbers are printed by snprintf.
 */
#include <charconv>
#include <cmath>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "tests/performance/redact_rounds.h"

using namespace simdjson;
using std::string_view;

#ifdef WHOLE_ANSWER
static const bool is_whole = true;
#else
static const bool is_whole = false;
#endif
static const size_t flush_bytes = is_whole ? SIZE_MAX : 65536;
static std::string out;

/* The name as it stands between its quotes. */
static string_view name_of(ondemand::raw_json_string name)
{
    const char *begin = name.raw();
    const char *end = begin;
    for (; *end != '"'; end++) {
        end += *end == '\\';
    }
    return string_view(begin, size_t(end - begin));
}

/* Members for which `keep` writes a value; the whole object is taken back when there are none. */
template <class Keep> static bool members(ondemand::object object, Keep keep)
{
    const size_t start = out.size();
    bool any = false;
    out += '{';
    for (auto member : object) {
        const size_t mark = out.size();
        const string_view name = name_of(member.key());
        if (any) {
            out += ',';
        }
        out += '"';
        out += name;
        out += "\":";
        if (keep(name, member.value())) {
            any = true;
        } else {
            out.resize(mark);
        }
    }
    out += '}';
    if (!any) {
        out.resize(start);
    }
    return any;
}

static bool raw(ondemand::value value)
{
    out += string_view(to_json_string(value));
    return true;
}

static bool address(string_view name, ondemand::value value)
{
    return name != "house" && name != "street" && raw(value);
}

static bool owner(string_view name, ondemand::value value)
{
    if (name == "cnic" || name == "phone" || name == "email") {
        return false;
    }
    return name == "address" ? members(value.get_object(), address) : raw(value);
}

static bool point(ondemand::value value)
{
    char text[32];
    char *end = text + sizeof(text);
    const double step = std::floor(double(value.get_double()) * 100 + 1e-6) / 100;
    if (is_whole) {
        end = text + snprintf(text, sizeof(text), "%.2f", step);
    } else {
        end = std::to_chars(text, end, step, std::chars_format::fixed, 2).ptr;
    }
    out.append(text, end);
    return true;
}

static bool coarse_read(string_view name, ondemand::value value)
{
    return name == "lat" || name == "lon" ? point(value) : raw(value);
}

static bool coarse_reads(ondemand::array reads)
{
    bool any = false;
    out += '[';
    for (auto read : reads) {
        if (any) {
            out += ',';
        }
        any = members(read.get_object(), coarse_read) || any;
    }
    out += ']';
    return true;
}

static bool claim(string_view name, ondemand::value value)
{
    if (name == "notes") {
        return false;
    }
    return name == "owner" ? members(value.get_object(), owner) : raw(value);
}

static bool coarse(string_view name, ondemand::value value)
{
    return name == "reads" ? coarse_reads(value.get_array()) : claim(name, value);
}

static bool masked_owner(string_view name, ondemand::value value)
{
    if (name == "name") {
        out += "\"***\"";
        return true;
    }
    if (name == "phone") {
        const string_view phone = value.get_string();
        out += "\"***";
        out += phone.substr(phone.size() < 5 ? phone.size() : phone.size() - 2);
        out += '"';
        return true;
    }
    return owner(name, value);
}

static bool measured(string_view name, ondemand::value value)
{
    return name == "owner" ? members(value.get_object(), masked_owner) : coarse(name, value);
}

static bool few_of_vehicle(string_view name, ondemand::value value)
{
    return name == "plate" && raw(value);
}

/* For so few it looks at the name first and writes only what stays. */
static bool few(ondemand::object object)
{
    bool any = false;
    out += '{';
    for (auto member : object) {
        const string_view name = name_of(member.key());
        if (name == "id" || name == "status") {
            out += any ? ",\"" : "\"";
            out += name;
            out += "\":";
            any = raw(member.value());
        } else if (name == "vehicle") {
            out += any ? ",\"vehicle\":" : "\"vehicle\":";
            any = members(member.value().get_object(), few_of_vehicle);
        }
    }
    out += '}';
    return any;
}

static bool dependent(ondemand::object object)
{
    bool is_lahore = false;
    const bool any = members(object, [&](string_view name, ondemand::value value) {
        if (name == "city") {
            const string_view text = to_json_string(value);
            is_lahore = text == "\"Lahore\"";
            out += text;
            return true;
        }
        return claim(name, value);
    });
    return any && is_lahore;
}

static bool record(enum plan plan, ondemand::object object)
{
    switch (plan) {
    case PLAN_MEASURED:
        return members(object, measured);
    case PLAN_COARSE:
        return members(object, coarse);
    case PLAN_FEW:
        return few(object);
    case PLAN_DEPENDENT:
        return dependent(object);
    default:
        return members(object, claim);
    }
}

static void records(enum plan plan, ondemand::array array, struct sink *sink)
{
    bool any = false;
    out += '[';
    for (auto element : array) {
        const size_t mark = out.size();
        if (any) {
            out += ',';
        }
        if (record(plan, element.get_object())) {
            any = true;
        } else {
            out.resize(mark);
        }
        if (out.size() > flush_bytes) {
            sink_take(sink, out.data(), out.size());
            out.clear();
        }
    }
    out += ']';
    sink_take(sink, out.data(), out.size());
}

static int redact(enum plan plan, const char *body, size_t length, struct sink *sink)
{
    static ondemand::parser kept;
    ondemand::parser fresh;
    out.clear();
    if (is_whole) {
        std::string().swap(out);
        out.reserve(length);
    }
    try {
        ondemand::document document =
            (is_whole ? fresh : kept).iterate(body, length, length + BODY_PADDING);
        records(plan, document.get_array(), sink);
    } catch (const simdjson_error &error) {
        fprintf(stderr, "%s\n", error.what());
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    return measure(redact, argc, argv);
}
