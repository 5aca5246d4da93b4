/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policies read of a record: the same values on both sides. They must be known before the
 * record is written, because the answer about it depends on them, so each is a function of a seed.
 */
#include <string.h>

#include "interference_value.h"
#include "interference_writer.h"
#include "policy/base/guard.h"

struct fixed {
    struct pair_writer *writer;
    struct buffer *out;
    unsigned spelling; /* 0: plain; else strings are spelt with escapes */
    bool drops_null;   /* as the question gets it: null is absent */
};

static void write_fixed(const struct fixed *fixed, const struct catalogue_node *node,
                        const struct catalogue_attribute *attribute, uint64_t seed);

static bool is_null(const struct catalogue_node *node, uint64_t seed)
{
    return (node->kinds & CATALOGUE_KIND_NULL) != 0 && seed % 5 == 4;
}

static void write_fixed_set(const struct fixed *fixed, const struct catalogue_node *node,
                            const struct catalogue_attribute *attribute, uint64_t seed)
{
    buffer_append_byte(fixed->out, '[');
    for (uint64_t i = 0; i < seed % 3; i++) {
        buffer_append_string(fixed->out, i == 0 ? "" : ",");
        write_fixed(fixed, node->items, attribute->element, mix(seed, i));
    }
    buffer_append_byte(fixed->out, ']');
}

static void write_fixed_record(const struct fixed *fixed, const struct catalogue_node *node,
                               const struct catalogue_attribute *attribute, uint64_t seed)
{
    bool any = false;
    buffer_append_byte(fixed->out, '{');
    for (size_t i = 0; i < attribute->field_count; i++) {
        const struct bytes name = attribute->fields[i].name;
        const struct catalogue_member *member = catalogue_node_find_member(node, name);
        const uint64_t inner = mix(seed, i);
        if (inner % 4 == 0 || (fixed->drops_null && is_null(member->node, inner))) {
            continue;
        }
        buffer_append_string(fixed->out, any ? "," : "");
        value_spell(fixed->out, name, fixed->spelling);
        buffer_append_byte(fixed->out, ':');
        write_fixed(fixed, member->node, &attribute->fields[i], inner);
        any = true;
    }
    buffer_append_byte(fixed->out, '}');
}

/* Some are about as long as all that is read of a record may be. */
static void write_fixed_text(const struct fixed *fixed, uint64_t seed)
{
    const size_t limit = fixed->writer->made->record_limit;
    if (limit == 0 || seed % 16 != 15) {
        value_spell(fixed->out, bytes_of_string(value_text((unsigned)(seed % 11))),
                    fixed->spelling);
        return;
    }
    buffer_append_byte(fixed->out, '"');
    pair_fill(fixed->out, 'f', limit - mix(seed, 0) % 16);
    buffer_append_byte(fixed->out, '"');
}

static void write_fixed(const struct fixed *fixed, const struct catalogue_node *node,
                        const struct catalogue_attribute *attribute, uint64_t seed)
{
    if (attribute->type == ATTRIBUTE_SET) {
        write_fixed_set(fixed, node, attribute, seed);
    } else if (attribute->type == ATTRIBUTE_RECORD) {
        write_fixed_record(fixed, node, attribute, seed);
    } else if (is_null(node, seed)) {
        buffer_append_string(fixed->out, "null");
    } else if ((node->kinds & CATALOGUE_KIND_STRING) != 0) {
        write_fixed_text(fixed, seed);
    } else if ((node->kinds & CATALOGUE_KIND_BOOLEAN) != 0) {
        buffer_append_string(fixed->out, seed % 2 == 0 ? "true" : "false");
    } else {
        buffer_append_string(fixed->out, value_number((unsigned)(seed % 20),
                                                      (node->kinds & CATALOGUE_KIND_NUMBER) == 0));
    }
}

static const struct catalogue_attribute *
attribute_of(const struct pair_writer *writer, const struct catalogue_node *node, size_t member)
{
    const size_t index = node->members[member].attribute;
    if (index == CATALOGUE_NONE || node->members[member].node->record != CATALOGUE_NONE ||
        !interference_reads(writer->made, node->record, index)) {
        return NULL;
    }
    return &writer->made->catalogue->records[node->record].attributes[index];
}

/* The attribute as the question gets it. */
static void give(struct pair_writer *writer, const struct catalogue_node *node, size_t member,
                 struct scope *scope)
{
    struct buffer text;
    buffer_init(&text, 1 << 16);
    const struct fixed plain = {writer, &text, 0, true};
    const struct catalogue_member *at = &node->members[member];
    write_fixed(&plain, at->node, attribute_of(writer, node, member), scope->seeds[member]);
    struct record_attribute *attribute = &scope->attributes[scope->question.attribute_count];
    attribute->index = at->attribute;
    ASSERT(
        amanat_is_ok(arena_copy_bytes(writer->made->arena, buffer_bytes(&text), &attribute->text)));
    buffer_clear(&text);
    if (!bytes_equal_string(attribute->text, "null")) {
        scope->question.attribute_count++;
    }
}

static void find_modes(struct pair_writer *writer, struct scope *scope)
{
    struct record_question around[64];
    size_t count = 0;
    bool valid = true;
    const struct plan *plan = &writer->made->plan;
    const struct plan_record *planned = &plan->records[scope->record];
    for (const struct scope *at = scope->outer; at->record != CATALOGUE_NONE; at = at->outer) {
        count++;
    }
    ASSERT(count <= 64);
    size_t left = count;
    for (const struct scope *at = scope->outer; at->record != CATALOGUE_NONE; at = at->outer) {
        around[--left] = at->question;
    }
    if (planned->asks) {
        ASSERT(amanat_is_ok(
            plan->ask(plan->ask_context, &scope->question, around, count, scope->modes, &valid)));
    }
    for (size_t i = 0; i < writer->made->catalogue->vocabulary.label_count; i++) {
        if (!valid) {
            scope->modes[i] = DISCLOSURE_WITHHELD;
        } else if (!planned->verdicts[i].depends_on_record) {
            scope->modes[i] = planned->verdicts[i].strongest;
        }
    }
}

void fixed_begin(struct pair_writer *writer, const struct catalogue_node *node, struct scope *scope)
{
    ASSERT(node->member_count <= MEMBERS_LIMIT);
    scope->question =
        (struct record_question){.record = scope->record, .attributes = scope->attributes};
    for (size_t i = 0; i < node->member_count; i++) {
        if (attribute_of(writer, node, i) != NULL && chance(writer->choices, 80)) {
            scope->seeds[i] = 1 + choose(writer->choices, 10000);
            give(writer, node, i, scope);
        }
    }
    find_modes(writer, scope);
}

/* Whether a scalar that is read shows: reveal certainly, other modes only if they take it. */
static enum shows scalar_shows(const struct catalogue_node *node, const struct scope *scope)
{
    size_t label = 0;
    const enum disclosure_mode mode = interference_weakest(node, scope->modes, &label);
    if (mode == DISCLOSURE_WITHHELD) {
        return HIDDEN;
    }
    return mode == DISCLOSURE_REVEAL ? SHOWN : MAYBE;
}

enum shows fixed_write(struct pair_writer *writer, const struct catalogue_node *node,
                       struct scope *scope, size_t member)
{
    const struct catalogue_member *at = &node->members[member];
    const struct catalogue_attribute *attribute = attribute_of(writer, node, member);
    const bool may_show = interference_may_show(writer->made, at->node, scope->record, false);
    const bool is_scalar = attribute->type != ATTRIBUTE_SET && attribute->type != ATTRIBUTE_RECORD;
    const enum shows shows = !may_show ? HIDDEN : is_scalar ? scalar_shows(at->node, scope) : MAYBE;
    unsigned spelling = 0;
    for (int side = 0; side < 2; side++) {
        /* what is read counts as it is spelt */
        const bool respells = side == 0 || (shows == HIDDEN && !writer->is_tight);
        spelling = respells && chance(writer->choices, 30) ? choose(writer->choices, 1000)
                   : respells                              ? 0
                                                           : spelling;
        const struct fixed fixed = {writer, &writer->pair->side[side], spelling, false};
        write_fixed(&fixed, at->node, attribute, scope->seeds[member]);
    }
    scope->own = shows > scope->own ? shows : scope->own;
    return shows;
}
