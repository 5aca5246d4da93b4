/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/performance/redact: an upper mark for the plan `measured`. It takes for granted that the
 * body is valid and compact, finds where strings and values end, and copies what lies between the
 * members that change in long pieces. Nothing is checked, escapes are not read, what becomes empty
 * stays: no redactor could be this.
 */
#include <stdbool.h>

#include "tests/performance/redact_rounds.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum action { KEEP, DROP, HIDE, LAST_TWO, FLOOR, ENTER };

struct rule {
    const char *name; /* with its quote; NULL: all others */
    enum action action;
    const struct rule *inside; /* ENTER: of the object, or of each in the array */
};

static const struct rule address[] = {{"house\"", DROP, 0}, {"street\"", DROP, 0}, {0}};
static const struct rule owner[] = {{"name\"", HIDE, 0},           {"cnic\"", DROP, 0},
                                    {"phone\"", LAST_TWO, 0},      {"email\"", DROP, 0},
                                    {"address\"", ENTER, address}, {0}};
static const struct rule sighting[] = {{"lat\"", FLOOR, 0}, {"lon\"", FLOOR, 0}, {0}};
static const struct rule claim[] = {
    {"owner\"", ENTER, owner}, {"reads\"", ENTER, sighting}, {"notes\"", DROP, 0}, {0}};

static char out[65536];
static size_t filled;
static const char *from; /* what is not copied yet begins here */

/* Copies up to `end` and goes on at `next`. */
static void copy(const char *end, const char *next, struct sink *sink)
{
    while (from < end) {
        const size_t left = (size_t)(end - from);
        const size_t length = left < sizeof(out) - filled ? left : sizeof(out) - filled;
        memcpy(out + filled, from, length);
        filled += length;
        from += length;
        if (filled == sizeof(out)) {
            sink_take(sink, out, filled);
            filled = 0;
        }
    }
    from = next;
}

static const char *string_end(const char *at)
{
    for (at++; *at != '"'; at += *at == '\\' ? 2 : *at != '"') {
#ifdef __SSE2__
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        const __m128i stops = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                           _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        const unsigned found = (unsigned)_mm_movemask_epi8(stops);
        at += found == 0 ? 16 : __builtin_ctz(found);
#endif
    }
    return at + 1;
}

static const char *value_end(const char *at)
{
    int depth = 0;
    do {
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at = *at == '"' ? string_end(at) : at + 1;
    } while (depth > 0 || (*at != ',' && *at != '}' && *at != ']'));
    return at;
}

static void change(enum action action, const char *value, const char *end, struct sink *sink)
{
    static const char zeros[] = "00";
    static const char hidden[] = "\"***\"";
    if (action == FLOOR) { /* of what is positive and has a point */
        const char *point = (const char *)memchr(value, '.', (size_t)(end - value));
        const char *cut = end - point > 3 ? point + 3 : end;
        copy(cut, zeros, sink);
        copy(zeros + (point + 3 - cut), end, sink);
    } else if (action == HIDE || action == LAST_TWO) {
        copy(value, hidden, sink);
        copy(hidden + 4, action == HIDE ? end - 1 : end - 3, sink);
    }
}

static const struct rule *find(const struct rule *rule, const char *name)
{
    while (rule->name != NULL &&
           (*rule->name != *name || strncmp(rule->name, name, strlen(rule->name)) != 0)) {
        rule++;
    }
    return rule;
}

/* An object, or an array of such; returns its end. */
static const char *enter(const char *at, const struct rule *rules, struct sink *sink)
{
    const bool is_array = *at == '[';
    const char *kept = NULL; /* where the last member that stays ends */
    do {
        const char *name = at + 1;
        if (is_array) {
            at = enter(name, rules, sink);
            continue;
        }
        const char *value = string_end(name) + 1;
        const struct rule *rule = find(rules, name + 1);
        at = rule->action == ENTER ? enter(value, rule->inside, sink) : value_end(value);
        if (rule->action == DROP) {
            copy(kept != NULL ? kept : name, kept == NULL && *at == ',' ? at + 1 : at, sink);
            continue;
        }
        change(rule->action, value, at, sink);
        kept = at;
    } while (*at == ',');
    return at + 1;
}

static int redact(enum plan plan, const char *body, size_t length, struct sink *sink)
{
    from = body;
    copy(enter(body, claim, sink), body + length, sink);
    sink_take(sink, out, filled);
    filled = 0;
    return plan == PLAN_MEASURED;
}

int main(int argc, char **argv)
{
    return measure(redact, argc, argv);
}
