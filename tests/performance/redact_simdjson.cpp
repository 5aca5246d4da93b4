/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/performance/redact: the same plans with simdjson On-Demand, as its user would write them:
 * one pass over the members, kept values copied as raw text, the parser used again for each body.
 * Values that are passed over are not validated (On-Demand does not).
 */
#include <charconv>
#include <cmath>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "tests/performance/redact_rounds.h"

using namespace simdjson;
using std::string_view;

static const size_t flush_bytes = 65536;
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

static bool coarse_read(string_view name, ondemand::value value)
{
    if (name != "lat" && name != "lon") {
        return raw(value);
    }
    char text[32];
    const double step = std::floor(double(value.get_double()) * 100 + 1e-6) / 100;
    out.append(text,
               std::to_chars(text, text + sizeof(text), step, std::chars_format::fixed, 2).ptr);
    return true;
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

static int redact(const char *plan, const char *body, size_t length, struct sink *sink)
{
    static ondemand::parser parser;
    const char first = plan[0];
    bool any = false;
    out.clear();
    out += '[';
    try {
        ondemand::document document = parser.iterate(body, length, length + BODY_PADDING);
        for (auto element : document.get_array()) {
            const size_t mark = out.size();
            if (any) {
                out += ',';
            }
            ondemand::object record = element.get_object();
            const bool stays = first == 'f'   ? few(record)
                               : first == 'd' ? dependent(record)
                               : first == 'c' ? members(record, coarse)
                                              : members(record, claim);
            if (!stays) {
                out.resize(mark);
            }
            any = any || stays;
            if (out.size() > flush_bytes) {
                sink_take(sink, out.data(), out.size());
                out.clear();
            }
        }
    } catch (const simdjson_error &error) {
        fprintf(stderr, "%s\n", error.what());
        return 0;
    }
    out += ']';
    sink_take(sink, out.data(), out.size());
    return 1;
}

int main(int argc, char **argv)
{
    return measure(redact, argc, argv);
}
