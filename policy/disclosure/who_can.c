/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who can do something: every policy is explained for every partner, purpose and kind of resource
 * with nothing else known, and what comes out alike is put into one row.
 */
#include "policy/disclosure/who_can.h"

#include <stdlib.h>

#include "policy/base/base.h"
#include "policy/disclosure/ruleset_parts.h"

/* A name that no agent has: whoever acts for a partner. */
#define ANY_AGENT "%.*s/…"

/** A kind of resource of the actions asked about. */
struct kind {
    struct bytes name;
    struct cedar_entity_uid uid;
    size_t service; /* index of that which it is in, or that it is */
    size_t record;  /* index of its type, or CATALOGUE_NONE */
};

/** An action asked about that can be asked of something; no group. */
struct leaf {
    const struct cedar_action *action;
    size_t label; /* which it discloses in some mode; CATALOGUE_NONE: it is no mode of a label */
    bool is_operation;
};

/** What is asked about, and what has been found of it. A cell is leaf, kind, partner, purpose. */
struct inquiry {
    const struct ruleset *ruleset;
    struct arena *arena;
    VECTOR(struct leaf) leaves;
    VECTOR(struct kind) kinds;
    struct who_can_names partners;
    struct who_can_names purposes;
    const struct cedar_entities **entities; /* [partner][kind] */
    struct cedar_value *contexts;           /* [purpose] */
    bool agents_are_only_in_partners;
    bool *permitted; /* [cell] by some permit, perhaps under conditions */
    bool *forbidden; /* [cell] for certain */
};

/* ---- what there is ---- */

static bool action_is_in(const struct cedar_action *action, const struct cedar_entity_uid *group)
{
    bool is_in = cedar_entity_uid_equal(&action->uid, group);
    for (size_t i = 0; i < action->ancestor_count; i++) {
        is_in |= cedar_entity_uid_equal(&action->ancestors[i], group);
    }
    return is_in;
}

static bool is_operation_of(const struct catalogue_service *service, struct bytes id)
{
    for (size_t i = 0; i < service->operation_count; i++) {
        if (bytes_equal(service->operations[i].id, id)) {
            return true;
        }
    }
    return false;
}

static bool is_operation(const struct inquiry *inquiry, struct bytes id)
{
    const struct catalogue *catalogue = inquiry->ruleset->catalogue;
    bool is_one = false;
    for (size_t i = 0; i < catalogue->service_count; i++) {
        is_one |= is_operation_of(&catalogue->services[i], id);
    }
    return is_one;
}

/* Of a mode: which label it discloses; CATALOGUE_NONE for an operation, query: and submit:. */
static size_t disclosed_label(const struct inquiry *inquiry, struct bytes action)
{
    const struct ruleset *ruleset = inquiry->ruleset;
    const size_t count = ruleset->catalogue->vocabulary.label_count * DISCLOSURE_MODE_COUNT;
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(ruleset->field_actions[i].id, action)) {
            return i / DISCLOSURE_MODE_COUNT;
        }
    }
    return CATALOGUE_NONE;
}

static amanat_result find_leaves(struct inquiry *inquiry, const struct cedar_entity_uid *group,
                                 struct who_can *out)
{
    const struct cedar_schema *schema = inquiry->ruleset->schema;
    const size_t count = cedar_schema_action_count(schema);
    struct bytes *names = arena_allocate_array(inquiry->arena, count, sizeof(*names));
    TRY_MEMORY(names);
    for (size_t i = 0; i < count; i++) {
        const struct cedar_action *action = cedar_schema_action_at(schema, i);
        names[i] = action->uid.id;
        out->is_action |= cedar_entity_uid_equal(&action->uid, group);
        if (action->applies && action_is_in(action, group)) {
            struct leaf *leaf = VECTOR_PUSH(inquiry->arena, &inquiry->leaves);
            TRY_MEMORY(leaf);
            *leaf = (struct leaf){action, disclosed_label(inquiry, names[i]),
                                  is_operation(inquiry, names[i])};
        }
    }
    out->actions = (struct who_can_names){names, count};
    return AMANAT_OK;
}

static bool leaf_takes(const struct cedar_action *leaf, struct bytes type)
{
    for (size_t i = 0; i < leaf->resource_type_count; i++) {
        if (bytes_equal(leaf->resource_types[i], type)) {
            return true;
        }
    }
    return false;
}

static bool some_leaf_takes(const struct inquiry *inquiry, struct bytes type)
{
    for (size_t i = 0; i < inquiry->leaves.count; i++) {
        if (leaf_takes(inquiry->leaves.items[i].action, type)) {
            return true;
        }
    }
    return false;
}

/* Whether fields of the label lie outside records in answers of the service. */
static bool has_outside(const struct catalogue_service *service, size_t label)
{
    for (size_t i = 0; i < service->operation_count; i++) {
        const struct catalogue_operation *operation = &service->operations[i];
        if (catalogue_lists(operation->outside_labels, operation->outside_label_count, label)) {
            return true;
        }
    }
    return false;
}

/*
 * Whether a permit of the leaf for this kind opens anything: an operation is its own service's
 * affair, by what may be asked every service's, and a mode is about fields that are there, in the
 * record itself: of a record inside another the inner one's permits count.
 */
static bool leaf_is_for(const struct inquiry *inquiry, const struct leaf *leaf,
                        const struct kind *kind)
{
    const struct catalogue *catalogue = inquiry->ruleset->catalogue;
    const struct catalogue_service *service = &catalogue->services[kind->service];
    if (kind->record != CATALOGUE_NONE) {
        const struct catalogue_record *record = &catalogue->records[kind->record];
        return leaf->label != CATALOGUE_NONE &&
               catalogue_lists(record->own_labels, record->own_label_count, leaf->label);
    }
    if (leaf->label != CATALOGUE_NONE) {
        return has_outside(service, leaf->label);
    }
    return leaf_takes(leaf->action, kind->uid.type) &&
           (!leaf->is_operation || is_operation_of(service, leaf->action->uid.id));
}

static amanat_result add_kind(struct inquiry *inquiry, const struct kind *kind)
{
    struct kind *place = VECTOR_PUSH(inquiry->arena, &inquiry->kinds);
    TRY_MEMORY(place);
    *place = *kind;
    return AMANAT_OK;
}

static amanat_result find_kinds(struct inquiry *inquiry)
{
    const struct catalogue *catalogue = inquiry->ruleset->catalogue;
    for (size_t i = 0; i < catalogue->record_count; i++) {
        const struct catalogue_record *record = &catalogue->records[i];
        for (size_t k = 0; some_leaf_takes(inquiry, record->name) && k < record->service_count;
             k++) {
            const struct bytes service = catalogue->services[record->services[k]].name;
            const struct bytes name =
                record->service_count == 1
                    ? record->name
                    : arena_format_bytes(inquiry->arena, "%.*s of %.*s", BYTES_PRINTF(record->name),
                                         BYTES_PRINTF(service));
            TRY(add_kind(inquiry,
                         &(struct kind){name, {record->name, BYTES("")}, record->services[k], i}));
        }
    }
    for (size_t i = 0; some_leaf_takes(inquiry, BYTES("Service")) && i < catalogue->service_count;
         i++) {
        const struct bytes service = catalogue->services[i].name;
        const struct bytes name =
            arena_format_bytes(inquiry->arena, "Service %.*s", BYTES_PRINTF(service));
        TRY(add_kind(inquiry,
                     &(struct kind){name, {BYTES("Service"), service}, i, CATALOGUE_NONE}));
    }
    return AMANAT_OK;
}

static amanat_result list_purposes(struct inquiry *inquiry)
{
    const struct vocabulary *vocabulary = &inquiry->ruleset->catalogue->vocabulary;
    const size_t count = vocabulary->purpose_count;
    struct bytes *names = arena_allocate_array(inquiry->arena, count, sizeof(*names));
    struct cedar_value *contexts = arena_allocate_array(inquiry->arena, count, sizeof(*contexts));
    TRY_MEMORY(names);
    TRY_MEMORY(contexts);
    for (size_t i = 0; i < count; i++) {
        struct cedar_value need;
        names[i] = vocabulary->purposes[i].name;
        const struct cedar_field purpose = {BYTES("purpose"),
                                            cedar_value_entity(BYTES("Purpose"), names[i])};
        TRY(cedar_value_record(inquiry->arena, &purpose, 1, &need));
        const struct cedar_field field = {BYTES("need"), need};
        TRY(cedar_value_record(inquiry->arena, &field, 1, &contexts[i]));
    }
    inquiry->purposes = (struct who_can_names){names, count};
    inquiry->contexts = contexts;
    return AMANAT_OK;
}

/* ---- somebody of a partner, in front of a resource ---- */

static struct cedar_entity_uid agent_uid(const struct inquiry *inquiry, size_t partner)
{
    return (struct cedar_entity_uid){
        BYTES("Agent"), arena_format_bytes(inquiry->arena, ANY_AGENT,
                                           BYTES_PRINTF(inquiry->partners.items[partner]))};
}

static amanat_result add_somebody(const struct inquiry *inquiry, size_t partner,
                                  struct cedar_entities *entities)
{
    const struct cedar_entity_uid parent = {BYTES("Partner"), inquiry->partners.items[partner]};
    const struct cedar_entity_type *type =
        cedar_schema_entity_type(inquiry->ruleset->schema, BYTES("Agent"));
    const struct cedar_field field = {BYTES("partner"), cedar_value_entity(parent.type, parent.id)};
    struct cedar_entity_parts parts = {
        .uid = agent_uid(inquiry, partner), .parents = &parent, .parent_count = 1};
    const bool has_partner = cedar_type_attribute(type->shape, BYTES("partner")) != NULL;
    TRY_MEMORY(parts.uid.id.at);
    TRY(cedar_value_record(inquiry->arena, &field, has_partner ? 1 : 0, &parts.attributes));
    return cedar_entities_add(entities, &parts);
}

static amanat_result make_entities(struct inquiry *inquiry)
{
    const struct catalogue *catalogue = inquiry->ruleset->catalogue;
    inquiry->entities = arena_allocate_array(
        inquiry->arena, inquiry->partners.count * inquiry->kinds.count, sizeof(*inquiry->entities));
    TRY_MEMORY(inquiry->entities);
    for (size_t i = 0; i < inquiry->partners.count * inquiry->kinds.count; i++) {
        const struct kind *kind = &inquiry->kinds.items[i % inquiry->kinds.count];
        const struct cedar_entity_uid service = {BYTES("Service"),
                                                 catalogue->services[kind->service].name};
        struct cedar_entities *entities =
            cedar_entities_new(inquiry->arena, inquiry->ruleset->entities);
        TRY_MEMORY(entities);
        TRY(add_somebody(inquiry, i / inquiry->kinds.count, entities));
        if (kind->record != CATALOGUE_NONE) {
            TRY(cedar_entities_add(entities, &(struct cedar_entity_parts){.uid = kind->uid,
                                                                          .parents = &service,
                                                                          .parent_count = 1}));
        }
        TRY(cedar_entities_close(entities, NULL, NULL));
        inquiry->entities[i] = entities;
    }
    return AMANAT_OK;
}

static bool lists(const struct bytes *names, size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Whether agents can be in entities of this type in no other way than through their partner. */
static bool is_only_through_partner(const struct inquiry *inquiry, struct bytes type)
{
    const struct cedar_schema *schema = inquiry->ruleset->schema;
    const struct cedar_entity_type *agent = cedar_schema_entity_type(schema, BYTES("Agent"));
    const struct cedar_entity_type *partner = cedar_schema_entity_type(schema, BYTES("Partner"));
    return !lists(agent->ancestors, agent->ancestor_count, type) ||
           bytes_equal(type, BYTES("Partner")) ||
           lists(partner->ancestors, partner->ancestor_count, type);
}

/* ---- one policy in one cell ---- */

/* How a policy stands: not at all, or under the conditions that are `open`: the principal's scope
 * first, then the conjuncts. */
static enum cedar_outcome judge_principal(const struct inquiry *inquiry,
                                          const struct cedar_policy *policy, size_t partner,
                                          bool matches)
{
    const struct cedar_scope *scope = &cedar_policy_scope(policy)->principal;
    const struct bytes own = inquiry->partners.items[partner];
    if (matches) {
        return CEDAR_OUTCOME_HOLDS;
    }
    if (scope->kind == CEDAR_SCOPE_EQUAL) {
        const struct bytes id = scope->entity.id;
        const bool is_of_partner = bytes_equal(scope->entity.type, BYTES("Agent")) &&
                                   bytes_start_with(id, own) && id.length > own.length &&
                                   id.at[own.length] == '/';
        return is_of_partner ? CEDAR_OUTCOME_OPEN : CEDAR_OUTCOME_FAILS;
    }
    const bool may_be_in =
        (scope->kind == CEDAR_SCOPE_IN ||
         (scope->kind == CEDAR_SCOPE_IS_IN && bytes_equal(scope->type, BYTES("Agent")))) &&
        !is_only_through_partner(inquiry, scope->entity.type);
    return may_be_in ? CEDAR_OUTCOME_OPEN : CEDAR_OUTCOME_FAILS;
}

struct cell {
    size_t kind;
    size_t partner;
    size_t purpose;
};

static amanat_result explain_cell(const struct inquiry *inquiry, const struct cedar_policy *policy,
                                  const struct cedar_action *leaf, const struct cell *cell,
                                  struct cedar_explanation *out)
{
    static const struct bytes paths[] = {BYTES_INIT("principal.partner"),
                                         BYTES_INIT("context.need.purpose"), BYTES_INIT("action")};
    static const struct bytes names[] = {BYTES_INIT("resource")};
    static const struct bytes members[] = {BYTES_INIT("principal")};
    const struct cedar_known known = {
        .paths = paths,
        .path_count = inquiry->leaves.count == 1 ? 3 : 2, /* one of several actions is none */
        .names = names,
        .name_count = 1,
        .members = members,
        .member_count = inquiry->agents_are_only_in_partners ? 1 : 0};
    const struct cedar_request request = {.principal = agent_uid(inquiry, cell->partner),
                                          .action = leaf->uid,
                                          .resource = inquiry->kinds.items[cell->kind].uid,
                                          .context = inquiry->contexts[cell->purpose]};
    TRY_MEMORY(request.principal.id.at);
    return cedar_explain(policy, &request,
                         inquiry->entities[cell->partner * inquiry->kinds.count + cell->kind],
                         &known, inquiry->arena, out);
}

/* `open` has room for one more than there are conjuncts. */
static enum cedar_outcome judge(const struct inquiry *inquiry, const struct cedar_policy *policy,
                                const struct cell *cell,
                                const struct cedar_explanation *explanation, bool *open)
{
    const bool permits = cedar_policy_effect(policy) == CEDAR_EFFECT_PERMIT;
    const enum cedar_outcome principal =
        judge_principal(inquiry, policy, cell->partner, explanation->principal.matches);
    enum cedar_outcome all = principal;
    if (principal == CEDAR_OUTCOME_FAILS || !explanation->resource.matches) {
        return CEDAR_OUTCOME_FAILS;
    }
    open[0] = principal == CEDAR_OUTCOME_OPEN;
    for (size_t i = 0; i < explanation->conjunct_count; i++) {
        const enum cedar_outcome outcome = explanation->conjuncts[i].outcome;
        if (outcome == CEDAR_OUTCOME_ERROR && !permits) {
            return all; /* an error forbids, too */
        }
        if (outcome != CEDAR_OUTCOME_HOLDS && outcome != CEDAR_OUTCOME_OPEN) {
            return CEDAR_OUTCOME_FAILS;
        }
        open[i + 1] = outcome == CEDAR_OUTCOME_OPEN;
        all = outcome == CEDAR_OUTCOME_OPEN ? outcome : all;
    }
    return all;
}

/* ---- rows ---- */

/* A row while it is put together, as flags: leaves, open conditions, purposes, partners, kinds. Two
 * that have the same flags up to some point are one row with both's flags behind it. */
struct flags {
    VECTOR(bool *) rows;
};

struct shape {
    size_t conditions; /* where each part begins; leaves begin at 0 */
    size_t purposes;
    size_t partners;
    size_t kinds;
    size_t end;
};

static amanat_result merge(struct arena *arena, const struct shape *shape, const bool *row,
                           size_t same, struct flags *into)
{
    for (size_t i = 0; i < into->rows.count; i++) {
        if (memcmp(into->rows.items[i], row, same * sizeof(bool)) == 0) {
            for (size_t k = same; k < shape->end; k++) {
                into->rows.items[i][k] |= row[k];
            }
            return AMANAT_OK;
        }
    }
    bool *copy = arena_allocate_array(arena, shape->end, sizeof(bool));
    TRY_MEMORY(copy);
    memcpy(copy, row, shape->end * sizeof(bool));
    bool **place = VECTOR_PUSH(arena, &into->rows);
    TRY_MEMORY(place);
    *place = copy;
    return AMANAT_OK;
}

static size_t cell_index(const struct inquiry *inquiry, size_t leaf, const struct cell *cell)
{
    return ((leaf * inquiry->kinds.count + cell->kind) * inquiry->partners.count + cell->partner) *
               inquiry->purposes.count +
           cell->purpose;
}

/** What is done with a policy's stand in a cell. */
enum pass {
    PASS_FORBID = 0, /* notes what is forbidden for certain */
    PASS_PERMIT,     /* notes what is permitted; rows of what is not forbidden */
    PASS_TAKE_AWAY   /* rows of forbids that speak of what is permitted */
};

struct visit {
    struct inquiry *inquiry;
    const struct cedar_policy *policy;
    enum pass pass;
    struct bytes mode;  /* only leaves of it count */
    const bool *covers; /* [leaf] */
    size_t first;       /* leaf that is covered */
    struct shape shape;
    bool *row;
};

/* Whether records of the one kind can lie in records of the other, as far as labels tell. */
static bool may_lie_in(const struct inquiry *inquiry, const struct kind *inner,
                       const struct kind *outer)
{
    const struct catalogue_record *records = inquiry->ruleset->catalogue->records;
    if (inner->record == CATALOGUE_NONE || outer->record == CATALOGUE_NONE ||
        inner->record == outer->record || inner->service != outer->service) {
        return false;
    }
    const struct catalogue_record *around = &records[outer->record];
    for (size_t i = 0; i < records[inner->record].label_count; i++) {
        if (!catalogue_lists(around->labels, around->label_count,
                             records[inner->record].labels[i])) {
            return false;
        }
    }
    return true;
}

/* A forbid about a record also takes away what is permitted of a record inside it. */
static bool is_permitted_inside(const struct inquiry *inquiry, size_t leaf, const struct cell *cell)
{
    const struct kind *around = &inquiry->kinds.items[cell->kind];
    for (size_t i = 0; i < inquiry->kinds.count; i++) {
        const struct cell inside = {i, cell->partner, cell->purpose};
        if (inquiry->permitted[cell_index(inquiry, leaf, &inside)] &&
            may_lie_in(inquiry, &inquiry->kinds.items[i], around)) {
            return true;
        }
    }
    return false;
}

/* What the pass does with a leaf that the policy covers; whether it belongs into a row. */
static bool take_leaf(const struct visit *visit, size_t leaf, const struct cell *cell,
                      bool is_certain)
{
    struct inquiry *inquiry = visit->inquiry;
    const size_t index = cell_index(inquiry, leaf, cell);
    const bool is_for =
        leaf_is_for(inquiry, &inquiry->leaves.items[leaf], &inquiry->kinds.items[cell->kind]);
    if (visit->pass == PASS_TAKE_AWAY) {
        return inquiry->permitted[index] || is_permitted_inside(inquiry, leaf, cell);
    }
    inquiry->forbidden[index] |= is_for && visit->pass == PASS_FORBID && is_certain;
    inquiry->permitted[index] |= is_for && visit->pass == PASS_PERMIT;
    return is_for && visit->pass == PASS_PERMIT && !inquiry->forbidden[index];
}

/* Marks the leaves of a cell that the pass is about; whether there is one. */
static bool mark_leaves(const struct visit *visit, const struct cell *cell, bool is_certain)
{
    bool some = false;
    for (size_t i = 0; i < visit->inquiry->leaves.count; i++) {
        visit->row[i] = visit->covers[i] && take_leaf(visit, i, cell, is_certain);
        some |= visit->row[i];
    }
    return some;
}

/* `*out_is_for` = false: the scope is for other partners or resources, whatever the purpose. */
static amanat_result visit_cell(const struct visit *visit, const struct cell *cell,
                                struct flags *rows, bool *out_is_for)
{
    const struct arena_mark mark = arena_mark(visit->inquiry->arena);
    const struct shape *shape = &visit->shape;
    struct cedar_explanation explanation;
    memset(visit->row, 0, shape->end * sizeof(bool));
    TRY(explain_cell(visit->inquiry, visit->policy,
                     visit->inquiry->leaves.items[visit->first].action, cell, &explanation));
    const enum cedar_outcome outcome =
        judge(visit->inquiry, visit->policy, cell, &explanation, &visit->row[shape->conditions]);
    *out_is_for = explanation.resource.matches &&
                  judge_principal(visit->inquiry, visit->policy, cell->partner,
                                  explanation.principal.matches) != CEDAR_OUTCOME_FAILS;
    arena_rewind(visit->inquiry->arena, mark);
    if (outcome == CEDAR_OUTCOME_FAILS ||
        !mark_leaves(visit, cell, outcome == CEDAR_OUTCOME_HOLDS)) {
        return AMANAT_OK;
    }
    visit->row[shape->purposes + cell->purpose] = true;
    visit->row[shape->partners + cell->partner] = true;
    visit->row[shape->kinds + cell->kind] = true;
    return merge(visit->inquiry->arena, shape, visit->row, shape->purposes, rows);
}

static amanat_result merge_all(const struct visit *visit, const struct flags *from, size_t same,
                               struct flags *into)
{
    for (size_t i = 0; i < from->rows.count; i++) {
        TRY(merge(visit->inquiry->arena, &visit->shape, from->rows.items[i], same, into));
    }
    return AMANAT_OK;
}

/* First what differs only in the purpose becomes one, then in the partner, then in the resource. */
static amanat_result visit_cells(const struct visit *visit, struct flags *out)
{
    struct cell cell;
    for (cell.kind = 0; cell.kind < visit->inquiry->kinds.count; cell.kind++) {
        struct flags of_kind = {.rows = {0}};
        for (cell.partner = 0; cell.partner < visit->inquiry->partners.count; cell.partner++) {
            struct flags of_partner = {.rows = {0}};
            bool is_for = true;
            for (cell.purpose = 0; is_for && cell.purpose < visit->inquiry->purposes.count;
                 cell.purpose++) {
                TRY(visit_cell(visit, &cell, &of_partner, &is_for));
            }
            TRY(merge_all(visit, &of_partner, visit->shape.partners, &of_kind));
        }
        TRY(merge_all(visit, &of_kind, visit->shape.kinds, out));
    }
    return AMANAT_OK;
}

/* ---- from flags to names ---- */

struct row_list {
    VECTOR(struct who_can_row) rows;
};

static struct bytes leaf_mode(struct bytes id)
{
    return bytes_first(id, bytes_find(id, ':'));
}

static struct bytes leaf_label(const struct cedar_action *leaf)
{
    const size_t colon = bytes_find(leaf->uid.id, ':');
    return colon < leaf->uid.id.length ? bytes_from(leaf->uid.id, colon + 1) : (struct bytes){0};
}

static amanat_result name_flags(const struct inquiry *inquiry, const bool *flags,
                                const struct bytes *names, size_t count, struct who_can_names *out)
{
    struct bytes *items = arena_allocate_array(inquiry->arena, count, sizeof(*items));
    TRY_MEMORY(items);
    out->items = items;
    for (size_t i = 0; i < count; i++) {
        if (flags[i] && names[i].length > 0) {
            items[out->count++] = names[i];
        }
    }
    return AMANAT_OK;
}

static amanat_result name_conditions(const struct visit *visit,
                                     const struct cedar_explanation *explanation, const bool *open,
                                     struct who_can_row *out)
{
    struct who_can_condition *conditions = arena_allocate_array(
        visit->inquiry->arena, explanation->conjunct_count + 1, sizeof(*conditions));
    TRY_MEMORY(conditions);
    out->conditions = conditions;
    if (open[0]) {
        conditions[out->condition_count++].text = explanation->principal.demands;
    }
    for (size_t i = 0; i < explanation->conjunct_count; i++) {
        const struct cedar_conjunct *conjunct = &explanation->conjuncts[i];
        if (open[i + 1]) {
            conditions[out->condition_count++] = (struct who_can_condition){
                conjunct->text, conjunct->unless, conjunct->line, conjunct->column};
        }
    }
    return AMANAT_OK;
}

static amanat_result name_row(const struct visit *visit,
                              const struct cedar_explanation *explanation, const bool *flags,
                              struct row_list *list)
{
    const struct inquiry *inquiry = visit->inquiry;
    struct who_can_row *row = VECTOR_PUSH(inquiry->arena, &list->rows);
    struct bytes *labels =
        arena_allocate_array(inquiry->arena, inquiry->leaves.count, sizeof(*labels));
    struct bytes *kinds =
        arena_allocate_array(inquiry->arena, inquiry->kinds.count, sizeof(*kinds));
    TRY_MEMORY(row);
    TRY_MEMORY(labels);
    TRY_MEMORY(kinds);
    for (size_t i = 0; i < inquiry->leaves.count; i++) {
        labels[i] = leaf_label(inquiry->leaves.items[i].action);
    }
    for (size_t i = 0; i < inquiry->kinds.count; i++) {
        kinds[i] = inquiry->kinds.items[i].name;
    }
    row->mode = visit->mode;
    row->policy = visit->policy;
    TRY(name_flags(inquiry, flags, labels, inquiry->leaves.count, &row->labels));
    TRY(name_flags(inquiry, flags + visit->shape.purposes, inquiry->purposes.items,
                   inquiry->purposes.count, &row->purposes));
    TRY(name_flags(inquiry, flags + visit->shape.partners, inquiry->partners.items,
                   inquiry->partners.count, &row->partners));
    TRY(name_flags(inquiry, flags + visit->shape.kinds, kinds, inquiry->kinds.count,
                   &row->resources));
    return name_conditions(visit, explanation, flags + visit->shape.conditions, row);
}

/* ---- the passes ---- */

/* One policy in one mode. */
static amanat_result visit_policy(struct visit *visit, struct row_list *list)
{
    struct inquiry *inquiry = visit->inquiry;
    struct cedar_explanation explanation;
    struct flags rows = {.rows = {0}};
    TRY(explain_cell(inquiry, visit->policy, inquiry->leaves.items[visit->first].action,
                     &(struct cell){0, 0, 0}, &explanation));
    struct shape *shape = &visit->shape;
    shape->conditions = inquiry->leaves.count;
    shape->purposes = shape->conditions + explanation.conjunct_count + 1;
    shape->partners = shape->purposes + inquiry->purposes.count;
    shape->kinds = shape->partners + inquiry->partners.count;
    shape->end = shape->kinds + inquiry->kinds.count;
    visit->row = arena_allocate_array(inquiry->arena, shape->end, sizeof(bool));
    TRY_MEMORY(visit->row);
    TRY(visit_cells(visit, &rows));
    for (size_t i = 0; i < rows.rows.count; i++) {
        TRY(name_row(visit, &explanation, rows.rows.items[i], list));
    }
    return AMANAT_OK;
}

/* Which leaves of a mode the policy speaks of; whether there is one. */
static bool find_covered(const struct inquiry *inquiry, const struct cedar_policy *policy,
                         struct bytes mode, bool *covers, size_t *out_first)
{
    bool some = false;
    for (size_t i = inquiry->leaves.count; i-- > 0;) {
        const struct cedar_entity_uid *leaf = &inquiry->leaves.items[i].action->uid;
        covers[i] = bytes_equal(leaf_mode(leaf->id), mode) &&
                    ruleset_speaks_of(inquiry->ruleset, policy, leaf);
        *out_first = covers[i] ? i : *out_first;
        some |= covers[i];
    }
    return some;
}

static amanat_result run_pass(struct inquiry *inquiry, struct bytes mode, enum pass pass,
                              struct row_list *list)
{
    const struct cedar_policy_set *policies = inquiry->ruleset->policies;
    bool *covers = arena_allocate_array(inquiry->arena, inquiry->leaves.count, sizeof(bool));
    TRY_MEMORY(covers);
    for (size_t i = 0; i < cedar_policy_set_count(policies); i++) {
        struct visit visit = {.inquiry = inquiry,
                              .policy = cedar_policy_set_at(policies, i),
                              .pass = pass,
                              .mode = mode,
                              .covers = covers};
        const bool permits = cedar_policy_effect(visit.policy) == CEDAR_EFFECT_PERMIT;
        if (permits == (pass == PASS_PERMIT) &&
            find_covered(inquiry, visit.policy, mode, covers, &visit.first)) {
            TRY(visit_policy(&visit, list));
        }
    }
    return AMANAT_OK;
}

static bool is_first_of_mode(const struct inquiry *inquiry, size_t leaf)
{
    const struct bytes mode = leaf_mode(inquiry->leaves.items[leaf].action->uid.id);
    for (size_t i = 0; i < leaf; i++) {
        if (bytes_equal(leaf_mode(inquiry->leaves.items[i].action->uid.id), mode)) {
            return false;
        }
    }
    return true;
}

/* The schema lists the modes of a label from the strongest down, so its order is theirs. */
static amanat_result run_passes(struct inquiry *inquiry, struct row_list *permits,
                                struct row_list *forbids)
{
    for (size_t i = 0; i < inquiry->leaves.count; i++) {
        const struct bytes mode = leaf_mode(inquiry->leaves.items[i].action->uid.id);
        if (is_first_of_mode(inquiry, i)) {
            TRY(run_pass(inquiry, mode, PASS_FORBID, forbids));
            TRY(run_pass(inquiry, mode, PASS_PERMIT, permits));
            TRY(run_pass(inquiry, mode, PASS_TAKE_AWAY, forbids));
        }
    }
    return AMANAT_OK;
}

/* ---- the whole ---- */

static amanat_result prepare(struct inquiry *inquiry)
{
    const struct cedar_entity_type *agent =
        cedar_schema_entity_type(inquiry->ruleset->schema, BYTES("Agent"));
    inquiry->agents_are_only_in_partners = true;
    for (size_t i = 0; i < agent->ancestor_count; i++) {
        inquiry->agents_are_only_in_partners &=
            is_only_through_partner(inquiry, agent->ancestors[i]);
    }
    TRY(find_kinds(inquiry));
    TRY(list_purposes(inquiry));
    TRY(ruleset_list_partners(inquiry->ruleset, inquiry->arena, &inquiry->partners.items,
                              &inquiry->partners.count));
    TRY(make_entities(inquiry));
    const size_t cells = inquiry->leaves.count * inquiry->kinds.count * inquiry->partners.count *
                         inquiry->purposes.count;
    inquiry->permitted = arena_allocate_array(inquiry->arena, cells, sizeof(bool));
    inquiry->forbidden = arena_allocate_array(inquiry->arena, cells, sizeof(bool));
    TRY_MEMORY(inquiry->permitted);
    TRY_MEMORY(inquiry->forbidden);
    return AMANAT_OK;
}

amanat_result ruleset_who_can(const struct ruleset *ruleset, struct bytes action,
                              struct arena *arena, struct who_can *out)
{
    struct inquiry inquiry = {.ruleset = ruleset, .arena = arena};
    struct who_can answer = {.is_action = false};
    struct row_list permits = {.rows = {0}};
    struct row_list forbids = {.rows = {0}};
    TRY(find_leaves(&inquiry, &(struct cedar_entity_uid){BYTES("Action"), action}, &answer));
    TRY(prepare(&inquiry));
    if (inquiry.partners.count > 0 && inquiry.purposes.count > 0 && inquiry.kinds.count > 0) {
        TRY(run_passes(&inquiry, &permits, &forbids));
    }
    answer.partners = inquiry.partners;
    answer.purposes = inquiry.purposes;
    answer.permits = permits.rows.items;
    answer.permit_row_count = permits.rows.count;
    answer.forbids = forbids.rows.items;
    answer.forbid_row_count = forbids.rows.count;
    *out = answer;
    return AMANAT_OK;
}
