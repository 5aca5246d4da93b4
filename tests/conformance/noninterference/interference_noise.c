/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that must not matter: white space, spelling, values that nobody may see. */
#include <stdio.h>
#include <string.h>

#include "interference_folder.h"
#include "interference_value.h"
#include "interference_writer.h"
#include "policy/redact/redact.h"

#define USUAL_LIMIT ((size_t)1 << 20) /* of a record */

struct pair_mark pair_mark(const struct pair_writer *writer)
{
    return (struct pair_mark){{writer->pair->side[0].length, writer->pair->side[1].length}};
}

void pair_write(struct pair_writer *writer, const char *text)
{
    buffer_append_string(&writer->pair->side[0], text);
    buffer_append_string(&writer->pair->side[1], text);
}

void pair_space(struct pair_writer *writer)
{
    static const char *const spaces[] = {" ", "\t", "\r", "\n", "  \t ", " \r "};
    for (int side = 0; side < 2; side++) {
        if (chance(writer->choices, 6)) {
            const unsigned drawn = choose(writer->choices, 6);
            /* a line feed ends a line of NDJSON */
            buffer_append_string(&writer->pair->side[side],
                                 spaces[writer->made->ndjson && drawn == 3 ? 0 : drawn]);
        }
    }
}

static unsigned spelling(struct pair_writer *writer)
{
    return chance(writer->choices, 25) ? choose(writer->choices, 1000) : 0;
}

void pair_name(struct pair_writer *writer, struct bytes name, bool same)
{
    const unsigned first = spelling(writer);
    value_spell(&writer->pair->side[0], name, first);
    value_spell(&writer->pair->side[1], name, same ? first : spelling(writer));
}

void pair_fill(struct buffer *out, char letter, size_t count)
{
    char many[1024];
    memset(many, letter, sizeof(many));
    for (; count > sizeof(many); count -= sizeof(many)) {
        buffer_append(out, bytes_of(many, sizeof(many)));
    }
    buffer_append(out, bytes_of(many, count));
}

/* One that large limits do not make slow: they come less often. */
static size_t any_limit(struct pair_writer *writer)
{
    const size_t small = writer->made->record_limit;
    const size_t limit = small == 0 ? USUAL_LIMIT : small;
    const unsigned drawn = choose(writer->choices, 2000);
    if (drawn >= 1995) {
        return REDACT_WINDOW_BYTES;
    }
    if (drawn >= 1985) {
        return small != 0 || drawn == 1985 ? REDACT_UNIT_BYTES(limit) : USUAL_LIMIT;
    }
    return small != 0 && drawn < 1500 ? limit : REDACT_IDENTIFIER_BYTES;
}

size_t pair_length_near_limit(struct pair_writer *writer)
{
    /* names, quotes, brackets and commas count too */
    const size_t limit = any_limit(writer);
    const size_t less = choose(writer->choices, 40);
    return limit + 8 > less ? limit + 8 - less : 0;
}

/* Strings of lengths around every limit there is. */
static void noise_string(struct pair_writer *writer, struct buffer *out)
{
    const unsigned drawn = choose(writer->choices, 4000);
    if (drawn < 3200) {
        value_spell(out, bytes_of_string(value_text(drawn)), spelling(writer));
        return;
    }
    buffer_append_byte(out, '"');
    pair_fill(out, 'x', drawn < 3600 ? drawn % 80 : pair_length_near_limit(writer));
    buffer_append_byte(out, '"');
}

void noise_scalar(struct pair_writer *writer, int side)
{
    struct buffer *out = &writer->pair->side[side];
    const unsigned drawn = choose(writer->choices, 8);
    static const char *const literals[] = {"null", "true", "false"};
    if (drawn < 3) {
        buffer_append_string(out, literals[drawn]);
    } else if (drawn < 5) {
        buffer_append_string(out, value_number(choose(writer->choices, 20), drawn == 3));
    } else {
        noise_string(writer, out);
    }
}

static void noise_space(struct pair_writer *writer, struct buffer *out)
{
    if (chance(writer->choices, 5)) {
        buffer_append_byte(out, ' ');
    }
}

static void noise_nested(struct pair_writer *writer, int side, bool is_object, unsigned depth)
{
    struct buffer *out = &writer->pair->side[side];
    const unsigned count = choose(writer->choices, 4);
    buffer_append_byte(out, is_object ? '{' : '[');
    for (unsigned i = 0; i < count; i++) {
        buffer_append_string(out, i == 0 ? "" : ",");
        noise_space(writer, out);
        if (is_object) {
            const char *name =
                interference_names[choose(writer->choices, (unsigned)interference_name_count)];
            value_spell(out, bytes_of_string(name), spelling(writer));
            buffer_append_byte(out, ':');
        }
        noise_value(writer, side, depth + 1);
    }
    noise_space(writer, out);
    buffer_append_byte(out, is_object ? '}' : ']');
}

void noise_value(struct pair_writer *writer, int side, unsigned depth)
{
    const unsigned drawn = choose(writer->choices, 10);
    if (drawn < 7 || depth > 3) {
        noise_scalar(writer, side);
    } else if (drawn == 7 && chance(writer->choices, 10)) {
        for (unsigned i = 0; i < 100; i++) { /* deep, but not too deep */
            buffer_append_byte(&writer->pair->side[side], '[');
        }
        for (unsigned i = 0; i < 100; i++) {
            buffer_append_byte(&writer->pair->side[side], ']');
        }
    } else {
        noise_nested(writer, side, drawn == 8, depth);
    }
}

/* ---- members that never matter ---- */

static bool undeclared_matter(const struct pair_writer *writer, struct spot spot,
                              const struct scope *inside)
{
    if (spot.node->is_anything) {
        return interference_may_show(writer->made, spot.node, spot.scope->record, true);
    }
    return spot.node->additional != NULL &&
           interference_may_show(writer->made, spot.node->additional, inside->record, true);
}

static bool is_read(const struct pair_writer *writer, const struct catalogue_node *node,
                    const struct catalogue_member *member)
{
    return node->record != CATALOGUE_NONE && member->attribute != CATALOGUE_NONE &&
           interference_reads(writer->made, node->record, member->attribute);
}

/* Whether a member of this name never matters, whatever its value, however often it comes. */
static bool is_noise_name(const struct pair_writer *writer, struct spot spot,
                          const struct scope *inside, const char *name)
{
    const struct catalogue_member *member =
        catalogue_node_find_member(spot.node, bytes_of_string(name));
    if (member == NULL) {
        return !undeclared_matter(writer, spot, inside);
    }
    return !is_read(writer, spot.node, member) &&
           !interference_may_show(writer->made, member->node, inside->record, false);
}

static void noise_member(struct pair_writer *writer, struct spot spot, const struct scope *inside,
                         int side, bool *any)
{
    struct buffer *out = &writer->pair->side[side];
    const unsigned drawn = choose(writer->choices, (unsigned)interference_name_count + 2);
    const char *name = drawn < interference_name_count ? interference_names[drawn] : "unknown";
    if (!is_noise_name(writer, spot, inside, name)) {
        return;
    }
    buffer_append_string(out, *any ? "," : "");
    noise_space(writer, out);
    if (drawn > interference_name_count) {
        buffer_append_byte(out, '"');
        pair_fill(out, 'q', 1 + pair_length_near_limit(writer));
        buffer_append_byte(out, '"');
    } else {
        value_spell(out, bytes_of_string(name), spelling(writer));
    }
    buffer_append_byte(out, ':');
    noise_value(writer, side, 0);
    *any = true;
}

void noise_members(struct pair_writer *writer, struct spot spot, const struct scope *inside,
                   bool any[2])
{
    for (int side = 0; side < 2; side++) {
        if (chance(writer->choices, 20)) {
            const unsigned count = 1 + choose(writer->choices, 3);
            for (unsigned i = 0; i < count; i++) {
                noise_member(writer, spot, inside, side, &any[side]);
            }
        }
    }
}
