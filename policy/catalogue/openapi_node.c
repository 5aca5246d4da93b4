/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms become nodes. A queue instead of recursion: the graph may be deep and circular, so a node
 * is made when its term is first met and filled when its turn comes.
 */
#include "policy/catalogue/openapi.h"

#include <stdlib.h>

#include "policy/base/guard.h"

#define PATH_STEPS_SHOWN 24

amanat_result node_of_term(struct compiler *compiler, const struct term *term,
                           const struct path *path, const struct catalogue_node **out)
{
    const struct bytes key = bytes_of((const char *)&term->number, sizeof(term->number));
    struct built_node *known = map_get(&compiler->term_nodes, key);
    if (known != NULL) {
        *out = &known->node;
        return AMANAT_OK;
    }
    struct built_node *built = ARENA_NEW(compiler->arena, struct built_node);
    struct built_node **slot = VECTOR_PUSH(compiler->arena, &compiler->nodes);
    TRY_MEMORY(built);
    TRY_MEMORY(slot);
    *slot = built;
    built->node.record = CATALOGUE_NONE;
    built->node.subject = CATALOGUE_NONE;
    built->number = compiler->nodes.count - 1;
    built->term = term;
    built->path = path;
    *out = &built->node;
    return map_put(compiler->arena, &compiler->term_nodes, key, built);
}

/* ---- paths, for people ---- */

const char *path_text(struct compiler *compiler, const struct path *path)
{
    const struct path *steps[PATH_STEPS_SHOWN];
    size_t count = 0;
    for (; path != NULL && count < PATH_STEPS_SHOWN; path = path->above) {
        steps[count++] = path;
    }
    const char *text = path == NULL ? "" : "…";
    while (count > 0 && text != NULL) {
        const struct path *step = steps[--count];
        text = arena_format(compiler->scratch, "%s%s%.*s", text, step->is_member ? "." : "",
                            (int)(step->name.length > 80 ? 80 : step->name.length),
                            step->name.at == NULL ? "" : step->name.at);
    }
    return text == NULL ? "" : text;
}

static amanat_result path_step(struct compiler *compiler, const struct path *above,
                               struct bytes name, bool is_member, const struct path **out)
{
    struct path *path = ARENA_NEW(compiler->arena, struct path);
    TRY_MEMORY(path);
    *path = (struct path){above, name, is_member};
    *out = path;
    return AMANAT_OK;
}

/* ---- filling a node ---- */

static amanat_result child_of_term(struct compiler *compiler, const struct built_node *built,
                                   const struct term *term, struct bytes step, bool is_member,
                                   const struct catalogue_node **out)
{
    const struct path *path = NULL;
    *out = NULL;
    if (term == NULL) {
        return AMANAT_OK;
    }
    TRY(path_step(compiler, built->path, step, is_member, &path));
    return node_of_term(compiler, term, path, out);
}

static int compare_members(const void *left, const void *right)
{
    const struct catalogue_member *a = left;
    const struct catalogue_member *b = right;
    return bytes_compare(a->name, b->name);
}

static amanat_result fill_members(struct compiler *compiler, struct built_node *built,
                                  const struct part *part, const struct name_list *names)
{
    const size_t count = names->names.count;
    struct catalogue_member *members =
        arena_allocate_array(compiler->arena, count, sizeof(*members));
    TRY_MEMORY(members);
    for (size_t i = 0; i < count; i++) {
        struct term *term = NULL;
        members[i].name = names->names.items[i];
        members[i].attribute = CATALOGUE_NONE;
        TRY(part_property(compiler, part, members[i].name, &term));
        TRY(child_of_term(compiler, built, term, members[i].name, true, &members[i].node));
    }
    if (count > 1) {
        qsort(members, count, sizeof(*members), compare_members);
    }
    built->node.members = members;
    built->node.member_count = count;
    part_mark_required(part, &built->node, members);
    return AMANAT_OK;
}

static void number_attributes(const struct compiler *compiler, struct catalogue_node *node)
{
    const struct record_entry *entry = &compiler->records.items[node->record];
    for (size_t i = 0; i < node->member_count; i++) {
        const size_t *index = map_get(&entry->attributes, node->members[i].name);
        node->members[i].attribute = index == NULL ? CATALOGUE_NONE : *index;
    }
}

static amanat_result fill_object(struct compiler *compiler, struct built_node *built,
                                 const struct part *part)
{
    struct name_list names = {0};
    struct term *additional = NULL;
    TRY(part_collect_names(compiler, part, &names));
    TRY(fill_members(compiler, built, part, &names));
    TRY(part_additional(compiler, part, &additional));
    TRY(child_of_term(compiler, built, additional, BYTES(".*"), false, &built->node.additional));
    if (built->node.record != CATALOGUE_NONE) {
        TRY(record_set_shape(compiler, built->node.record, part, &names));
        number_attributes(compiler, &built->node);
    }
    return AMANAT_OK;
}

/* ---- what is worth telling about a node ---- */

static bool has_inside(const struct catalogue_node *node)
{
    return node->member_count > 0 || node->additional != NULL || node->items != NULL;
}

static void tell_unlabelled(struct compiler *compiler, const struct built_node *built)
{
    compiler_report(compiler, AMANAT_SEVERITY_NOTE, built->place, "unlabelled",
                    "%s has no label: it is withheld, and may not be sent",
                    path_text(compiler, built->path));
}

static void check_node(struct compiler *compiler, const struct built_node *built,
                       const struct part *part)
{
    const struct catalogue_node *node = &built->node;
    const bool takes_scalar = (node->kinds & CATALOGUE_SCALARS) != 0;
    if (node->record != CATALOGUE_NONE &&
        (node->is_anything || (node->kinds & CATALOGUE_KIND_OBJECT) == 0)) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, built->place, "record",
                        "`x-amanat-record` stands on objects only: state `type: object`");
    }
    if (node->subject != CATALOGUE_NONE &&
        (node->kinds & ~CATALOGUE_SCALARS & ~(unsigned)CATALOGUE_KIND_NULL) != 0) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, built->place, "subject",
                        "`x-amanat-subject` stands on strings and numbers: state the type, and put "
                        "it on the items of an array");
    }
    if (node->label_count == 0) {
        if (takes_scalar || (node->kinds & ~(unsigned)CATALOGUE_KIND_NULL && !has_inside(node))) {
            tell_unlabelled(compiler, built);
        }
    } else if (node->is_anything) {
        compiler_report(compiler, AMANAT_SEVERITY_NOTE, built->place, "open-door",
                        "%s lets anything pass under %s", path_text(compiler, built->path),
                        label_set_text(compiler, part->result_label_set));
    } else if (node->kinds == CATALOGUE_ANY_KIND) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, built->place, "type",
                        "state the `type` of a field that has a label");
    } else if (!takes_scalar && (node->kinds & ~(unsigned)CATALOGUE_KIND_NULL) &&
               !has_inside(node)) {
        compiler_report(compiler, AMANAT_SEVERITY_WARNING, built->place, "closed",
                        "nothing in %s is declared, so nothing of it is ever disclosed: declare "
                        "`properties`, `additionalProperties` or `items`",
                        path_text(compiler, built->path));
    }
}

static amanat_result fill_node(struct compiler *compiler, struct built_node *built)
{
    struct part *part = NULL;
    struct catalogue_node *node = &built->node;
    TRY(part_open(compiler, built->term, &part));
    const struct label_set *labels = &compiler->label_sets.items[part->result_label_set];
    built->place = part->place;
    node->kinds = part->kinds;
    node->labels = labels->labels;
    node->label_count = labels->count;
    node->record = part_record(compiler, part);
    node->subject = part_subject(compiler, part);
    node->is_anything = labels->count > 0 && part_is_anything(compiler, part);
    node->is_read_only = part_is_read_only(part);
    TRY(part_rule(compiler, part, &node->rule));
    if ((node->kinds & CATALOGUE_KIND_OBJECT) != 0 && !node->is_anything) {
        TRY(fill_object(compiler, built, part));
    }
    if ((node->kinds & CATALOGUE_KIND_ARRAY) != 0 && !node->is_anything) {
        struct term *items = NULL;
        TRY(part_items(compiler, part, &items));
        TRY(child_of_term(compiler, built, items, BYTES("[]"), false, &node->items));
    }
    part_group_count(compiler, part, built);
    built->paging = part_paging(part);
    check_node(compiler, built, part);
    return AMANAT_OK;
}

amanat_result nodes_complete(struct compiler *compiler)
{
    while (compiler->nodes_done < compiler->nodes.count) {
        struct built_node *built = compiler->nodes.items[compiler->nodes_done++];
        const struct arena_mark mark = arena_mark(compiler->scratch);
        const amanat_result filled = fill_node(compiler, built);
        arena_rewind(compiler->scratch, mark);
        TRY(filled);
        if (compiler->nodes.count > COMPILER_NODES_LIMIT) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, built->place, "limit",
                            "the bodies of this folder have more than %d places",
                            COMPILER_NODES_LIMIT);
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
        if (compiler->steps > COMPILER_STEPS_LIMIT) {
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    return AMANAT_OK;
}
