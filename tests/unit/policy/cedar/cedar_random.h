/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random expressions for properties that must hold whatever a policy says. A leaf is written `$N`:
 * expanding one expression with two lists of leaves gives two policies that must agree.
 */
#ifndef AMANAT_TESTS_CEDAR_RANDOM_H
#define AMANAT_TESTS_CEDAR_RANDOM_H

#include "policy/base/buffer.h"
#include "tests/unit/policy/cedar/cedar_fixture.h"

struct random_source {
    uint64_t state;
};

/* A linear congruence; the same numbers on every machine. */
static inline unsigned random_below(struct random_source *random, unsigned limit)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random->state >> 33) % limit;
}

/* What is written: "%b" and its kin are an expression that (most often) gives a Bool, a number, a
 * text, an entity, a set, a record, anything; "%l" is a leaf. */
static const char *const random_bools[] = {"%l",
                                           "true",
                                           "false",
                                           "(%b && %b)",
                                           "(%b || %b)",
                                           "(%b && %b && %b)",
                                           "(%b || %b || %b)",
                                           "!(%b)",
                                           "(if %b then %b else %b)",
                                           "(%n < %n)",
                                           "(%n <= %n)",
                                           "(%a == %a)",
                                           "(%a != %a)",
                                           "(%e in %e)",
                                           "(%e in %s)",
                                           "(%e in [%e, %e])",
                                           "(%r has a)",
                                           "(%e has a)",
                                           "(%r has a.b)",
                                           "(%e has r.a)",
                                           "(%t like \"a*\")",
                                           "(%e is U)",
                                           "(%e is R in %e)",
                                           "%s.contains(%a)",
                                           "%s.containsAny(%s)",
                                           "%s.isEmpty()",
                                           "%e.hasTag(%t)",
                                           "decimal(%t).lessThan(decimal(\"2.0\"))",
                                           "%l",
                                           "(%r).b",
                                           "(%b && %b)",
                                           "(%b || %b)",
                                           "(%e.b && %b)",
                                           "(%b && %e has b && %e.b)"};
static const char *const random_numbers[] = {
    "%l", "1", "2", "9223372036854775807", "(%n + %n)", "(%n * %n)", "(%e).n", "(%r).a"};
static const char *const random_texts[] = {"%l", "\"abc\"", "\"1.0\"", "%e.getTag(%t)", "(%e).t"};
static const char *const random_entities[] = {"%l", "U::\"a\"", "R::\"\"", "(%e).e", "%l"};
static const char *const random_sets[] = {"%l", "[]", "[%a, %a]", "[%e]", "[1, \"abc\"]"};
static const char *const random_records[] = {"%l", "{a: %a, b: %b}", "(%e).r", "{a: {b: %b}}"};
static const char *const random_anything[] = {"%b", "%n", "%t", "%e", "%s", "%r"};

#define RANDOM_CHOICE(random, list)                                                                \
    (list)[random_below((random), (unsigned)(sizeof(list) / sizeof((list)[0])))]

static inline const char *random_shape(struct random_source *random, char kind)
{
    if (random_below(random, 24) == 0) {
        kind = 'a'; /* now and then something of another type: an error */
    }
    switch (kind) {
    case 'b':
        return RANDOM_CHOICE(random, random_bools);
    case 'n':
        return RANDOM_CHOICE(random, random_numbers);
    case 't':
        return RANDOM_CHOICE(random, random_texts);
    case 'e':
        return RANDOM_CHOICE(random, random_entities);
    case 's':
        return RANDOM_CHOICE(random, random_sets);
    case 'r':
        return RANDOM_CHOICE(random, random_records);
    case 'a':
        return RANDOM_CHOICE(random, random_anything);
    default:
        return "%l";
    }
}

static inline void random_expression(struct buffer *out, struct random_source *random, char kind,
                                     unsigned depth)
{
    const char *shape = depth == 0 ? "%l" : random_shape(random, kind);
    for (const char *at = shape; *at != '\0'; at++) {
        if (*at != '%') {
            buffer_append(out, bytes_of(at, 1));
            continue;
        }
        at++;
        if (*at == 'l') {
            /* leaves stand in groups of four by type: b n t e s r */
            static const char kinds[] = "bntesr";
            const char *group = strchr(kinds, kind);
            const unsigned first =
                group == NULL ? random_below(random, 6) : (unsigned)(group - kinds);
            buffer_append_format(out, "$%c", (char)('A' + first * 4 + random_below(random, 4)));
        } else {
            random_expression(out, random, *at, depth - 1);
        }
    }
}

/** Writes `text` with each leaf replaced: 24 of them, four for each of b n t e s r. */
static inline void expand_leaves(struct buffer *out, struct bytes text, const char *const *leaves)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '$') {
            buffer_append_string(out, leaves[text.at[++i] - 'A']);
        } else {
            buffer_append(out, bytes_of(&text.at[i], 1));
        }
    }
}

#endif
