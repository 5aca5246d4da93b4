/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both documents are written at once, value by value along the schema. What shows is written the
 * same on both sides; what turns out to be hidden is loosened: kept, changed or cut on each side by
 * itself. Who knows what shows: the plan, and the question's answer about each record (design 3,
 * "Output").
 */
#include "interference_pair.h"

#include <string.h>

#include "interference_folder.h"
#include "interference_value.h"
#include "interference_writer.h"
#include "policy/base/guard.h"

#define DEPTH_LIMIT   8
#define VALUES_LIMIT  60
#define BULK_ELEMENTS 4000
/* Rows of a batch: what is disclosed of them is about what may be of an outermost record. */
#define BATCH_ELEMENTS 80

static enum shows write_value(struct pair_writer *writer, struct spot spot);

static enum shows stronger(enum shows a, enum shows b)
{
    return a > b ? a : b;
}

static void cut(struct pair_writer *writer, int side, struct pair_mark mark)
{
    buffer_truncate(&writer->pair->side[side], mark.length[side]);
}

/* Whether neither a value nor its size may matter. */
static bool is_free(const struct pair_writer *writer, enum shows shows)
{
    return shows == HIDDEN || (shows == COUNTS && !writer->is_tight);
}

/* What is hidden may as well not be there. `any`: what stood before it. */
static void loosen(struct pair_writer *writer, enum shows shows, struct pair_mark mark,
                   const bool before[2], bool any[2])
{
    if (!is_free(writer, shows)) {
        return;
    }
    for (int side = 0; side < 2; side++) {
        if (chance(writer->choices, 40)) {
            cut(writer, side, mark);
            any[side] = before[side];
        }
    }
}

/* The comma before an element or member, on each side that needs one. */
static void begin_part(struct pair_writer *writer, bool any[2])
{
    for (int side = 0; side < 2; side++) {
        if (any[side]) {
            buffer_append_byte(&writer->pair->side[side], ',');
        }
        any[side] = true;
    }
    pair_space(writer);
}

/* Where what was written from `mark` counts, the first side's is taken for both if they are not as
 * long. */
static void level(struct pair_writer *writer, struct pair_mark mark)
{
    const struct bytes first = bytes_from(buffer_bytes(&writer->pair->side[0]), mark.length[0]);
    if (writer->is_tight && first.length != writer->pair->side[1].length - mark.length[1]) {
        cut(writer, 1, mark);
        buffer_append(&writer->pair->side[1], first);
    }
}

/* ---- scalars ---- */

/* How few a count must be that nobody may see, whatever the verdict; 0: none. */
static unsigned least_group(const struct pair_writer *writer, const struct catalogue_node *node)
{
    unsigned least = 0;
    for (size_t i = 0; i < node->label_count; i++) {
        const unsigned other =
            writer->made->catalogue->vocabulary.labels[node->labels[i]].min_group;
        least = other > least ? other : least;
    }
    return least;
}

static enum disclosure_mode mode_at(struct spot spot, size_t *out_label)
{
    const enum disclosure_mode mode = interference_weakest(spot.node, spot.scope->modes, out_label);
    return spot.undeclared && mode != DISCLOSURE_REVEAL ? DISCLOSURE_WITHHELD : mode;
}

/* For many windows: short and long texts, so that a record may just fit or not. */
static void write_long_text(struct pair_writer *writer, int side)
{
    struct buffer *out = &writer->pair->side[side];
    const unsigned length = choose(writer->choices, chance(writer->choices, 60) ? 3000 : 40);
    buffer_append_byte(out, '"');
    for (unsigned i = 0; i < length; i++) {
        buffer_append_byte(out, (char)('a' + i % 26));
    }
    buffer_append_byte(out, '"');
}

static const char *large_group(struct pair_writer *writer)
{
    return chance(writer->choices, 50) ? "5" : "12345";
}

/* Any scalar, on each side its own. */
static void write_hidden_scalar(struct pair_writer *writer, const struct catalogue_node *node)
{
    const bool is_count = least_group(writer, node) > 0;
    for (int side = 0; side < 2; side++) {
        if (is_count && chance(writer->choices, 70)) {
            buffer_append_string(&writer->pair->side[side],
                                 chance(writer->choices, 50) ? large_group(writer)
                                                             : value_small_group(writer->choices));
        } else if (writer->is_bulk && chance(writer->choices, 50)) {
            write_long_text(writer, side);
        } else {
            noise_scalar(writer, side);
        }
    }
}

/* A count of too few is withheld before anybody counts its bytes. */
static void write_small_group(struct pair_writer *writer)
{
    for (int side = 0; side < 2; side++) {
        buffer_append_string(&writer->pair->side[side], value_small_group(writer->choices));
    }
}

/* So that a record which shows it may just fit or not. */
static void write_text_near_limit(struct pair_writer *writer)
{
    struct buffer *out = &writer->pair->side[0];
    const size_t part = writer->made->record_limit / (1 + choose(writer->choices, 3));
    const size_t length = part + choose(writer->choices, 16);
    buffer_append_byte(out, '"');
    pair_fill(out, 's', length > 16 ? length - 16 : 0);
    buffer_append_byte(out, '"');
}

static void write_shown_scalar(struct pair_writer *writer, unsigned kind)
{
    struct buffer *out = &writer->pair->side[0];
    const size_t start = out->length;
    if (kind == CATALOGUE_KIND_STRING && writer->is_bulk) {
        write_long_text(writer, 0);
    } else if (kind == CATALOGUE_KIND_STRING && writer->is_tight &&
               chance(writer->choices, writer->made->record_limit > 1024 ? 25 : 5)) {
        write_text_near_limit(writer);
    } else if (kind == CATALOGUE_KIND_STRING) {
        value_spell(out, bytes_of_string(value_text(choose(writer->choices, 11))),
                    chance(writer->choices, 20) ? choose(writer->choices, 1000) : 0);
    } else if (kind == CATALOGUE_KIND_NULL) {
        buffer_append_string(out, "null");
    } else if (kind == CATALOGUE_KIND_BOOLEAN) {
        buffer_append_string(out, chance(writer->choices, 50) ? "true" : "false");
    } else {
        buffer_append_string(
            out, value_number(choose(writer->choices, 20), kind == CATALOGUE_KIND_INTEGER));
    }
    buffer_append(&writer->pair->side[1], bytes_from(buffer_bytes(out), start));
}

static void write_alike(struct pair_writer *writer, const struct value_pair *pair, bool is_string)
{
    const struct pair_mark mark = pair_mark(writer);
    for (int side = 0; side < 2; side++) {
        struct buffer *out = &writer->pair->side[side];
        if (is_string) {
            const bool respells = chance(writer->choices, 30);
            value_spell(out, bytes_of_string(pair->text[side]),
                        respells ? choose(writer->choices, 1000) : 0);
        } else {
            buffer_append_string(out, pair->text[side]);
        }
    }
    level(writer, mark);
}

/* Nothing that the mode shows, on each side its own unless its size counts. */
static void write_never_shown(struct pair_writer *writer, const struct catalogue_label *label,
                              enum disclosure_mode mode)
{
    const char *first = value_never_shown(writer->choices, label, mode);
    buffer_append_string(&writer->pair->side[0], first);
    buffer_append_string(&writer->pair->side[1],
                         writer->is_tight ? first
                                          : value_never_shown(writer->choices, label, mode));
}

/* A field in another mode than reveal. */
static enum shows write_changed(struct pair_writer *writer, unsigned kind,
                                const struct catalogue_label *label, enum disclosure_mode mode)
{
    struct value_pair pair;
    const bool is_string = kind == CATALOGUE_KIND_STRING;
    const bool is_number = kind == CATALOGUE_KIND_NUMBER;
    if (chance(writer->choices, 75) &&
        ((is_string && value_strings_alike(writer->choices, label, mode, &pair)) ||
         (is_number && value_numbers_alike(writer->choices, label, mode, &pair)))) {
        write_alike(writer, &pair, is_string);
        return SHOWN;
    }
    write_never_shown(writer, label, mode);
    return COUNTS;
}

/* A revealed field: the same, but for what is scrubbed. */
static enum shows write_revealed(struct pair_writer *writer, unsigned kind,
                                 const struct catalogue_label *label, bool is_count)
{
    const struct pair_mark mark = pair_mark(writer);
    struct value_pair pair;
    if (is_count) {
        pair_write(writer, large_group(writer));
    } else if (kind == CATALOGUE_KIND_STRING && label->scrub.count > 0 &&
               value_strings_alike(writer->choices, label, DISCLOSURE_REVEAL, &pair)) {
        /* what is left of it is as it was spelt */
        value_spell(&writer->pair->side[0], bytes_of_string(pair.text[0]), 0);
        value_spell(&writer->pair->side[1], bytes_of_string(pair.text[1]), 0);
        level(writer, mark);
    } else {
        write_shown_scalar(writer, kind);
    }
    return SHOWN;
}

static enum shows write_scalar(struct pair_writer *writer, struct spot spot, unsigned kind)
{
    size_t label = 0;
    const enum disclosure_mode mode = mode_at(spot, &label);
    const bool is_count = least_group(writer, spot.node) > 0;
    enum shows shows = SHOWN;
    if (mode == DISCLOSURE_WITHHELD) {
        write_hidden_scalar(writer, spot.node);
        return HIDDEN;
    }
    if (is_count && (kind != CATALOGUE_KIND_INTEGER || chance(writer->choices, 50))) {
        write_small_group(writer);
        return HIDDEN;
    }
    const struct catalogue_label *named = &writer->made->catalogue->vocabulary.labels[label];
    if (mode == DISCLOSURE_REVEAL) {
        shows = write_revealed(writer, kind, named, is_count);
    } else {
        shows = write_changed(writer, kind, named, mode);
    }
    if (spot.scope->record == CATALOGUE_NONE) {
        return shows == COUNTS ? HIDDEN : shows;
    }
    spot.scope->own = stronger(spot.scope->own, shows);
    return shows;
}

/* ---- arrays ---- */

/* A labelled container stands although it is empty where its label is revealed, a shape that is an
 * array wherever something in it could be disclosed. */
static enum shows empty_shows(struct spot spot, bool is_array)
{
    size_t label = 0;
    if (spot.node->label_count == 0) {
        return is_array ? SHOWN : HIDDEN;
    }
    const enum disclosure_mode mode = mode_at(spot, &label);
    if (mode == DISCLOSURE_WITHHELD || spot.scope->record == CATALOGUE_NONE) {
        return mode == DISCLOSURE_REVEAL ? SHOWN : HIDDEN;
    }
    return mode == DISCLOSURE_REVEAL ? SHOWN : COUNTS;
}

static struct spot item_of(struct spot spot)
{
    if (spot.node->is_anything) {
        return spot;
    }
    return (struct spot){spot.node->items, spot.scope, spot.undeclared};
}

static enum shows write_element(struct pair_writer *writer, struct spot item, bool any[2])
{
    const bool before[2] = {any[0], any[1]};
    const struct pair_mark mark = pair_mark(writer);
    begin_part(writer, any);
    const enum shows shows = write_value(writer, item);
    pair_space(writer);
    loosen(writer, shows, mark, before, any);
    return shows;
}

/* Elements that nobody may see whatever they are. */
static void write_hidden_elements(struct pair_writer *writer)
{
    for (int side = 0; side < 2; side++) {
        const unsigned count = choose(writer->choices, 3);
        for (unsigned i = 0; i < count; i++) {
            buffer_append_string(&writer->pair->side[side], i == 0 ? "" : ",");
            noise_value(writer, side, 2);
        }
    }
}

/* Several windows on both sides, but not for ever. */
static bool is_long_enough(const struct pair_writer *writer)
{
    const size_t most = writer->made->bulk_bytes;
    return writer->pair->side[0].length > most || writer->pair->side[1].length > most;
}

static unsigned element_count(struct pair_writer *writer)
{
    if (writer->is_bulk && writer->made->is_listing) {
        return writer->depth == 1 ? BULK_ELEMENTS : choose(writer->choices, BATCH_ELEMENTS);
    }
    return writer->is_bulk && writer->depth <= 2 ? BULK_ELEMENTS : choose(writer->choices, 5);
}

static enum shows write_elements(struct pair_writer *writer, struct spot item)
{
    bool any[2] = {false, false};
    enum shows shows = HIDDEN;
    const unsigned count = element_count(writer);
    for (unsigned i = 0; i < count; i++) {
        if (writer->is_bulk && is_long_enough(writer)) {
            break;
        }
        shows = stronger(shows, write_element(writer, item, any));
    }
    return shows;
}

static enum shows write_array(struct pair_writer *writer, struct spot spot)
{
    const struct spot item = item_of(spot);
    enum shows shows = empty_shows(spot, true);
    pair_write(writer, "[");
    if (item.node == NULL ||
        !interference_may_show(writer->made, item.node, item.scope->record, item.undeclared)) {
        write_hidden_elements(writer);
    } else {
        shows = stronger(shows, write_elements(writer, item));
    }
    pair_space(writer);
    pair_write(writer, "]");
    return shows;
}

/* ---- objects ---- */

/* The name of a member that turned out to be hidden may be spelt in any way. */
static void respell_name(struct pair_writer *writer, struct bytes name, struct pair_mark start,
                         struct pair_mark end)
{
    struct buffer rest;
    if (!chance(writer->choices, 10)) {
        return;
    }
    buffer_init(&rest, SIZE_MAX / 2);
    buffer_append(&rest, bytes_from(buffer_bytes(&writer->pair->side[1]), end.length[1]));
    cut(writer, 1, start);
    value_spell(&writer->pair->side[1], name, choose(writer->choices, 1000));
    buffer_append(&writer->pair->side[1], buffer_bytes(&rest));
    buffer_clear(&rest);
}

static enum shows write_member(struct pair_writer *writer, struct bytes name, struct spot value,
                               bool any[2])
{
    const bool before[2] = {any[0], any[1]};
    const struct pair_mark mark = pair_mark(writer);
    begin_part(writer, any);
    const struct pair_mark start = pair_mark(writer);
    pair_name(
        writer, name,
        interference_may_show(writer->made, value.node, value.scope->record, value.undeclared));
    const struct pair_mark end = pair_mark(writer);
    pair_space(writer);
    pair_write(writer, ":");
    pair_space(writer);
    const enum shows shows = write_value(writer, value);
    if (is_free(writer, shows)) {
        respell_name(writer, name, start, end);
    }
    loosen(writer, shows, mark, before, any);
    return shows;
}

/* A member that policies read: there on both sides. */
static enum shows write_read_member(struct pair_writer *writer, const struct catalogue_node *node,
                                    struct scope *scope, size_t member, bool any[2])
{
    const struct catalogue_member *at = &node->members[member];
    begin_part(writer, any);
    pair_name(writer, at->name,
              interference_may_show(writer->made, at->node, scope->record, false));
    pair_space(writer);
    pair_write(writer, ":");
    pair_space(writer);
    return fixed_write(writer, node, scope, member);
}

static bool is_read(const struct pair_writer *writer, const struct catalogue_node *node,
                    size_t member)
{
    return node->record != CATALOGUE_NONE && node->members[member].attribute != CATALOGUE_NONE &&
           node->members[member].node->record == CATALOGUE_NONE &&
           interference_reads(writer->made, node->record, node->members[member].attribute);
}

static enum shows write_declared(struct pair_writer *writer, struct spot spot, struct scope *inside,
                                 bool any[2])
{
    const struct catalogue_node *node = spot.node;
    enum shows shows = HIDDEN;
    const size_t first =
        node->member_count == 0 ? 0 : choose(writer->choices, (unsigned)node->member_count);
    for (size_t i = 0; i < node->member_count; i++) {
        const size_t at = (first + i) % node->member_count;
        noise_members(writer, spot, inside, any);
        if (is_read(writer, node, at)) {
            if (inside->seeds[at] != 0) {
                shows = stronger(shows, write_read_member(writer, node, inside, at, any));
            }
        } else if (chance(writer->choices, 85)) {
            const struct spot member = {node->members[at].node, inside, false};
            if (interference_may_show(writer->made, member.node, inside->record, false)) {
                shows = stronger(shows, write_member(writer, node->members[at].name, member, any));
            }
        }
    }
    noise_members(writer, spot, inside, any);
    return shows;
}

/* Names that no schema declares, where such names could leave. */
static enum shows write_undeclared(struct pair_writer *writer, struct spot spot,
                                   struct scope *inside, bool any[2])
{
    enum shows shows = HIDDEN;
    const bool is_open = spot.node->is_anything;
    const struct spot value = {is_open ? spot.node : spot.node->additional,
                               is_open ? spot.scope : inside, true};
    if (value.node == NULL ||
        !interference_may_show(writer->made, value.node, value.scope->record, true)) {
        return HIDDEN;
    }
    for (size_t i = 0; i < interference_name_count; i++) {
        const struct bytes name = bytes_of_string(interference_names[i]);
        if (catalogue_node_find_member(spot.node, name) == NULL && chance(writer->choices, 15)) {
            shows = stronger(shows, write_member(writer, name, value, any));
        }
    }
    /* in a record a name near the limit makes everything count that stands beside it */
    if (chance(writer->choices, 10) && (writer->is_tight || inside->record == CATALOGUE_NONE)) {
        struct buffer name;
        buffer_init(&name, SIZE_MAX / 2);
        pair_fill(&name, 'u', 1 + pair_length_near_limit(writer));
        shows = stronger(shows, write_member(writer, buffer_bytes(&name), value, any));
        buffer_clear(&name);
    }
    return shows;
}

static enum shows write_members(struct pair_writer *writer, struct spot spot, struct scope *inside)
{
    bool any[2] = {false, false};
    pair_write(writer, "{");
    pair_space(writer);
    enum shows shows = write_declared(writer, spot, inside, any);
    shows = stronger(shows, write_undeclared(writer, spot, inside, any));
    pair_space(writer);
    pair_write(writer, "}");
    return shows;
}

/* A record stands with a field of its own, and nothing in it stands without it; then no limit of it
 * matters either, and it has its own. */
static enum shows write_record(struct pair_writer *writer, struct spot spot)
{
    struct scope inside = {.outer = spot.scope, .record = spot.node->record};
    fixed_begin(writer, spot.node, &inside);
    (void)write_members(writer, spot, &inside);
    return inside.own == COUNTS ? HIDDEN : inside.own;
}

static enum shows write_object(struct pair_writer *writer, struct spot spot)
{
    if (spot.node->record != CATALOGUE_NONE) {
        return write_record(writer, spot);
    }
    const enum shows shows = write_members(writer, spot, spot.scope);
    return stronger(empty_shows(spot, false), shows);
}

/* ---- any value ---- */

static unsigned choose_kind(struct pair_writer *writer, struct spot spot)
{
    static const unsigned any_kind[] = {CATALOGUE_KIND_STRING,  CATALOGUE_KIND_NUMBER,
                                        CATALOGUE_KIND_BOOLEAN, CATALOGUE_KIND_NULL,
                                        CATALOGUE_KIND_ARRAY,   CATALOGUE_KIND_OBJECT};
    const bool is_deep = writer->depth >= DEPTH_LIMIT || writer->budget == 0;
    if (spot.node->is_anything) {
        return any_kind[choose(writer->choices, is_deep ? 4 : 6)];
    }
    unsigned kinds[8];
    unsigned count = 0;
    const unsigned scalars =
        spot.node->kinds & ~((unsigned)CATALOGUE_KIND_ARRAY | CATALOGUE_KIND_OBJECT);
    const unsigned some = is_deep && scalars != 0 ? scalars : spot.node->kinds;
    for (unsigned kind = CATALOGUE_KIND_OBJECT; kind > 0; kind /= 2) {
        if ((some & kind) != 0) {
            kinds[count++] = kind;
        }
    }
    return count == 0 ? CATALOGUE_KIND_OBJECT : kinds[choose(writer->choices, count)];
}

static bool is_container(unsigned kind)
{
    return kind == CATALOGUE_KIND_ARRAY || kind == CATALOGUE_KIND_OBJECT;
}

/* A scalar, or container, of a kind that a place for scalars does not have. */
static void write_wrong_kind(struct pair_writer *writer, struct buffer *out, unsigned kinds)
{
    static const struct {
        unsigned kinds;
        const char *text;
    } table[] = {{CATALOGUE_KIND_ARRAY, "[]"},
                 {CATALOGUE_KIND_OBJECT, "{}"},
                 {CATALOGUE_KIND_OBJECT, "{\"a\":[1]}"},
                 {CATALOGUE_KIND_STRING, "\"7\""},
                 {CATALOGUE_KIND_BOOLEAN, "true"},
                 {CATALOGUE_KIND_NUMBER, "1.5"},
                 {CATALOGUE_KIND_NUMBER, "7e0"},
                 {CATALOGUE_KIND_NUMBER | CATALOGUE_KIND_INTEGER, "7"}};
    const size_t count = sizeof(table) / sizeof(table[0]);
    size_t at = choose(writer->choices, (unsigned)count);
    while ((table[at].kinds & kinds) != 0) { /* the first is none of a scalar */
        at--;
    }
    buffer_append_string(out, table[at].text);
}

/* A scalar where only containers may stand, or what no place for such scalars has: hidden, whatever
 * it is. */
static enum shows write_wrong_type(struct pair_writer *writer, struct spot spot,
                                   bool wants_container)
{
    for (int side = 0; side < 2; side++) {
        if (wants_container) {
            noise_scalar(writer, side);
        } else {
            write_wrong_kind(writer, &writer->pair->side[side], spot.node->kinds);
        }
    }
    return HIDDEN;
}

/* Whether a value of the wrong type can be written that costs nothing. */
static bool may_be_wrong(struct spot spot, unsigned kind)
{
    const unsigned containers = CATALOGUE_KIND_ARRAY | CATALOGUE_KIND_OBJECT;
    if (spot.node->is_anything) {
        return false;
    }
    return is_container(kind) ? (spot.node->kinds & ~containers) == 0 && spot.node->label_count == 0
                              : (spot.node->kinds & containers) == 0;
}

static enum shows write_value_here(struct pair_writer *writer, struct spot spot)
{
    const unsigned kind = choose_kind(writer, spot);
    if (may_be_wrong(spot, kind) && chance(writer->choices, 4)) {
        return write_wrong_type(writer, spot, is_container(kind));
    }
    if (is_container(kind) && writer->depth >= DEPTH_LIMIT) {
        return write_wrong_type(writer, spot, true);
    }
    if (kind == CATALOGUE_KIND_ARRAY) {
        return write_array(writer, spot);
    }
    return kind == CATALOGUE_KIND_OBJECT ? write_object(writer, spot)
                                         : write_scalar(writer, spot, kind);
}

static enum shows write_value(struct pair_writer *writer, struct spot spot)
{
    if (!interference_may_show(writer->made, spot.node, spot.scope->record, spot.undeclared)) {
        noise_value(writer, 0, 0);
        noise_value(writer, 1, 0);
        return HIDDEN;
    }
    writer->budget -= writer->budget > 0 && !writer->is_bulk ? 1 : 0;
    writer->depth++;
    const enum shows shows = write_value_here(writer, spot);
    writer->depth--;
    return shows;
}

/* ---- documents ---- */

static void outside_records(const struct interference_case *made, struct scope *out)
{
    *out = (struct scope){.record = CATALOGUE_NONE};
    for (size_t i = 0; i < made->catalogue->vocabulary.label_count; i++) {
        out->modes[i] = made->plan.service[i].strongest;
    }
}

static void write_line(struct pair_writer *writer, struct spot root)
{
    const struct pair_mark mark = pair_mark(writer);
    bool any[2];
    const enum shows shows = write_value(writer, root);
    pair_space(writer);
    pair_write(writer, "\n");
    loosen(writer, shows, mark, (const bool[2]){false, false}, any);
}

static void write_lines(struct pair_writer *writer, struct spot root)
{
    const unsigned count = writer->is_bulk ? BULK_ELEMENTS : 1 + choose(writer->choices, 4);
    for (unsigned i = 0; i < count && !is_long_enough(writer); i++) {
        write_line(writer, root);
        pair_space(writer); /* before the next one, or a line of nothing but space */
    }
}

void interference_pair_init(struct interference_pair *pair)
{
    buffer_init(&pair->side[0], (size_t)1 << 30);
    buffer_init(&pair->side[1], (size_t)1 << 30);
}

void interference_pair_clear(struct interference_pair *pair)
{
    buffer_clear(&pair->side[0]);
    buffer_clear(&pair->side[1]);
}

void interference_pair_make(struct interference_pair *pair, struct interference_case *made,
                            struct choices *choices)
{
    struct scope outside;
    struct pair_writer writer = {.pair = pair,
                                 .made = made,
                                 .choices = choices,
                                 .is_tight = made->record_limit != 0,
                                 .budget = VALUES_LIMIT};
    const struct spot root = {made->root, &outside, false};
    outside_records(made, &outside);
    buffer_reset(&pair->side[0]);
    buffer_reset(&pair->side[1]);
    writer.is_bulk = choose(choices, 300) >= 300 - made->bulk_share;
    pair_space(&writer);
    if (made->ndjson) {
        write_lines(&writer, root);
    } else {
        (void)write_value(&writer, root);
        pair_space(&writer);
    }
}
