/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small groups: a record names the property that counts whom it is about (`x-amanat-group-count`),
 * the vocabulary gives the label of that property a `min_group`, and a count of fewer is left out.
 * Such a label stands on counts of records alone: on a total it would leave a reader believing that
 * the total is guarded, while it is the difference of two totals that tells. The count of a record
 * around others is such a total: with the same label none of them is guarded.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"

void part_group_count(struct compiler *compiler, const struct part *part, struct built_node *built)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        const struct document *count = schema->group_count;
        if (count == NULL) {
            continue;
        }
        const struct catalogue_place place = openapi_place(schema->owner, count);
        if (count->kind != DOCUMENT_STRING || count->text.length == 0) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, place, "group-count",
                            "`x-amanat-group-count` names the property that is the record's count");
        } else if (built->node.record == CATALOGUE_NONE) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, place, "group-count",
                            "only a record has a group count: add `x-amanat-record`");
        } else if (built->group_count.length > 0 && !bytes_equal(built->group_count, count->text)) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, place, "group-count",
                            "two properties would be the count of this record");
        } else {
            built->group_count = count->text;
            built->group_count_place = place;
        }
    }
}

/* The first of these labels that has a `min_group`, or NULL. */
static const struct catalogue_label *guarded_label(const struct compiler *compiler,
                                                   const size_t *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (compiler->vocabulary.labels[labels[i]].min_group > 0) {
            return &compiler->vocabulary.labels[labels[i]];
        }
    }
    return NULL;
}

static const struct catalogue_label *guarded_field(const struct compiler *compiler,
                                                   const struct catalogue_node *node)
{
    return node == NULL || (node->kinds & CATALOGUE_SCALARS) == 0
               ? NULL
               : guarded_label(compiler, node->labels, node->label_count);
}

static void refuse_label(struct compiler *compiler, struct catalogue_place place,
                         const struct catalogue_label *label)
{
    compiler_report(compiler, AMANAT_SEVERITY_ERROR, place, "group-count",
                    "`%.*s` has a `min_group`, and this is not the `x-amanat-group-count` of its "
                    "record: give it another label",
                    BYTES_PRINTF(label->name));
}

void groups_refuse(struct compiler *compiler, struct catalogue_place place, size_t label_set)
{
    const struct label_set *set = &compiler->label_sets.items[label_set];
    const struct catalogue_label *label = guarded_label(compiler, set->labels, set->count);
    if (label != NULL) {
        refuse_label(compiler, place, label);
    }
}

/* ---- counts of records inside ---- */

struct descent {
    const struct catalogue_node **stack;
    size_t count;
    bool *met; /* one for each node */
};

static void descend_to(struct descent *descent, const struct catalogue_node *node)
{
    if (node != NULL && !descent->met[built_node_of(node)->number]) {
        descent->met[built_node_of(node)->number] = true;
        descent->stack[descent->count++] = node;
    }
}

static void descend_from(struct descent *descent, const struct catalogue_node *node)
{
    for (size_t i = 0; i < node->member_count; i++) {
        descend_to(descent, node->members[i].node);
    }
    descend_to(descent, node->additional);
    descend_to(descent, node->items);
}

static bool share_guard(const struct compiler *compiler, const struct catalogue_node *a,
                        const struct catalogue_node *b)
{
    for (size_t i = 0; i < a->label_count; i++) {
        if (compiler->vocabulary.labels[a->labels[i]].min_group > 0 &&
            catalogue_lists(b->labels, b->label_count, a->labels[i])) {
            return true;
        }
    }
    return false;
}

static const struct catalogue_node *count_of(const struct built_node *record)
{
    const struct catalogue_member *member =
        record->group_count.length == 0
            ? NULL
            : catalogue_node_find_member(&record->node, record->group_count);
    return member == NULL ? NULL : member->node;
}

/* Whoever has the count of a record and all but one of those inside it has that one too. */
static amanat_result warn_of_sum(struct compiler *compiler, const struct built_node *record)
{
    const struct catalogue_node *sum = count_of(record);
    struct descent descent = {0};
    if (sum == NULL) {
        return AMANAT_OK;
    }
    descent.stack =
        arena_allocate_array(compiler->scratch, compiler->nodes.count + 1, sizeof(*descent.stack));
    descent.met =
        arena_allocate_array(compiler->scratch, compiler->nodes.count + 1, sizeof(*descent.met));
    TRY_MEMORY(descent.stack);
    TRY_MEMORY(descent.met);
    descend_from(&descent, &record->node);
    while (descent.count > 0) {
        const struct built_node *inside = built_node_of(descent.stack[--descent.count]);
        const struct catalogue_node *count = count_of(inside);
        if (count != NULL && share_guard(compiler, sum, count)) {
            compiler_report(compiler, AMANAT_SEVERITY_WARNING, record->group_count_place,
                            "group-count",
                            "`%.*s` counts a record around others that have counts under the same "
                            "label: whoever has the sum and all of them but one has that one too; "
                            "give the sum a label of its own",
                            BYTES_PRINTF(record->group_count));
            return AMANAT_OK;
        }
        descend_from(&descent, &inside->node);
    }
    return AMANAT_OK;
}

/* ---- all ---- */

/* The record's count, once all nodes are there; NULL after a report, and where none is named. */
static const struct catalogue_node *check_count(struct compiler *compiler,
                                                const struct built_node *record)
{
    if (record->group_count.length == 0) {
        return NULL;
    }
    const struct catalogue_place place = record->group_count_place;
    const struct catalogue_member *member =
        catalogue_node_find_member(&record->node, record->group_count);
    if (member == NULL) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, place, "group-count",
                        "the record has no property `%.*s`", BYTES_PRINTF(record->group_count));
        return NULL;
    }
    if ((member->node->kinds & ~(unsigned)CATALOGUE_KIND_NULL) !=
        (unsigned)CATALOGUE_KIND_INTEGER) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, place, "group-count",
                        "`%.*s` counts nothing: the group count of a record is an integer",
                        BYTES_PRINTF(record->group_count));
        return NULL;
    }
    if (guarded_field(compiler, member->node) == NULL) {
        compiler_report(compiler, AMANAT_SEVERITY_WARNING, place, "group-count",
                        "`%.*s` has no label with a `min_group`, so that no count is left out",
                        BYTES_PRINTF(record->group_count));
    }
    return member->node;
}

/* A schema that two properties refer to is one node; only one of them may be the count. */
static void check_members(struct compiler *compiler, const struct built_node *built)
{
    const struct catalogue_node *node = &built->node;
    for (size_t i = 0; i < node->member_count; i++) {
        const struct catalogue_member *member = &node->members[i];
        const struct catalogue_label *label = guarded_field(compiler, member->node);
        if (label != NULL && !bytes_equal(member->name, built->group_count)) {
            refuse_label(compiler, built_node_of(member->node)->place, label);
        }
    }
}

amanat_result groups_check(struct compiler *compiler, const bool *in_responses)
{
    bool *is_count =
        arena_allocate_array(compiler->scratch, compiler->nodes.count, sizeof(*is_count));
    TRY_MEMORY(is_count);
    for (size_t i = 0; i < compiler->nodes.count; i++) {
        const struct catalogue_node *count = check_count(compiler, compiler->nodes.items[i]);
        if (count != NULL) {
            is_count[built_node_of(count)->number] = true;
        }
    }
    for (size_t i = 0; i < compiler->nodes.count; i++) {
        const struct built_node *built = compiler->nodes.items[i];
        const struct catalogue_label *label = guarded_field(compiler, &built->node);
        if (!in_responses[i]) {
            continue;
        }
        if (label != NULL && !is_count[i]) {
            refuse_label(compiler, built->place, label);
        }
        check_members(compiler, built);
        const struct arena_mark mark = arena_mark(compiler->scratch);
        TRY(warn_of_sum(compiler, built));
        arena_rewind(compiler->scratch, mark);
    }
    return AMANAT_OK;
}
