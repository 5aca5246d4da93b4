/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a permitted access. Outside records every label is decided at once. In a record type
 * a label is decided at once when no policy that could speak of it reads the record's attributes;
 * else the plan keeps the strongest mode that the policies' scopes allow, and the question stays
 * open until a record is seen.
 */
#include "policy/disclosure/access_parts.h"

/** A plan while it is made. */
struct planner {
    const struct access *access;
    /** [record type]: the access's, and one record of that type without attributes. */
    const struct cedar_entities **entities;
};

/* What the scopes of the policies for one action say about one kind of resource. */
struct candidates {
    bool permits;      /* some permit's scope matches */
    bool forbids;      /* some forbid's does */
    bool reads_record; /* some policy whose scope matches reads the record */
};

/* Marks the attributes of a record type that a policy reads. */
static void mark_reads(const struct catalogue_record *record, const struct attribute_names *names,
                       bool *reads)
{
    for (size_t i = 0; i < record->attribute_count; i++) {
        for (size_t k = 0; k < names->count; k++) {
            reads[i] |= bytes_equal(record->attributes[i].name, names->items[k]);
        }
    }
}

static bool scope_matches(const struct planner *planner, const struct cedar_policy *policy,
                          struct bytes action, size_t record)
{
    const struct access *access = planner->access;
    const struct cedar_request request = {access->principal,
                                          {BYTES("Action"), action},
                                          record_uid(access, record),
                                          access->field_context};
    return cedar_policy_scope_matches(policy, &request, planner->entities[record]);
}

static struct candidates find_candidates(const struct planner *planner,
                                         const struct ruleset_action *action, size_t record)
{
    struct candidates found = {0};
    for (size_t i = 0; i < action->policy_count; i++) {
        const struct cedar_policy *policy = action->policies[i];
        if (scope_matches(planner, policy, action->id, record)) {
            const bool permits = cedar_policy_effect(policy) == CEDAR_EFFECT_PERMIT;
            found.permits |= permits;
            found.forbids |= !permits;
            found.reads_record |= ruleset_policy_reads(planner->access->ruleset, policy) != NULL;
        }
    }
    return found;
}

/* Whether a forbid of this action could speak of another record type of the operation, which may
 * lie around this one. */
static bool is_forbidden_around(const struct planner *planner, const struct ruleset_action *action,
                                size_t record)
{
    const struct catalogue_operation *operation = planner->access->request->call->operation;
    for (size_t i = 0; i < operation->record_count; i++) {
        if (operation->records[i] != record &&
            find_candidates(planner, action, operation->records[i]).forbids) {
            return true;
        }
    }
    return false;
}

/*
 * Marks what the policies for an action read of a record type; `permits` false: only its forbids.
 */
static void mark_reads_of_action(const struct planner *planner, const struct ruleset_action *action,
                                 size_t record, bool permits, bool *reads)
{
    const struct ruleset *ruleset = planner->access->ruleset;
    for (size_t i = 0; i < action->policy_count; i++) {
        const struct cedar_policy *policy = action->policies[i];
        const struct attribute_names *names = ruleset_policy_reads(ruleset, policy);
        if (names != NULL && (permits || cedar_policy_effect(policy) != CEDAR_EFFECT_PERMIT) &&
            scope_matches(planner, policy, action->id, record)) {
            mark_reads(&ruleset->catalogue->records[record], names, reads);
        }
    }
}

/* How one mode of a label stands in a record type, before any record is seen. */
enum standing {
    STANDS_NOT = 0, /* for no record */
    STANDS_OPEN,    /* for some, perhaps */
    STANDS_ALWAYS
};

static amanat_result judge_mode(const struct planner *planner, const struct ruleset_action *action,
                                size_t record, const struct candidates *found, enum standing *out)
{
    const struct access *access = planner->access;
    const struct cedar_entity_uid uid = record_uid(access, record);
    struct access_answer answer = {0};
    *out = STANDS_OPEN;
    if (!found->reads_record) {
        TRY(access_ask_field(access, action->id, &uid, planner->entities[record], &answer));
        *out = !answer.permitted                              ? STANDS_NOT
               : is_forbidden_around(planner, action, record) ? STANDS_OPEN
                                                              : STANDS_ALWAYS;
    }
    return AMANAT_OK;
}

/*
 * From the strongest mode down: an open question is remembered, a certain yes settles the label.
 * What forbids read is collected of every mode, also of those that cannot be reached here: a record
 * inside this one could be disclosed in them, and then its forbids are asked of this one (design
 * 2).
 */
static amanat_result judge_in_record(const struct planner *planner, size_t label, size_t record,
                                     bool *reads, struct plan_verdict *out)
{
    struct plan_verdict verdict = {0};
    bool is_settled = false;
    for (size_t mode = DISCLOSURE_MODE_COUNT - 1; mode > DISCLOSURE_WITHHELD; mode--) {
        const struct ruleset_action *action =
            &planner->access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT + mode];
        const struct candidates here =
            is_settled ? (struct candidates){0} : find_candidates(planner, action, record);
        const bool is_asked = here.permits;
        enum standing standing = STANDS_NOT;
        mark_reads_of_action(planner, action, record, is_asked, reads);
        if (is_asked) {
            TRY(judge_mode(planner, action, record, &here, &standing));
        }
        if (standing != STANDS_NOT && verdict.strongest == DISCLOSURE_WITHHELD) {
            verdict.strongest = (uint8_t)mode;
        }
        verdict.depends_on_record |= standing == STANDS_OPEN;
        is_settled |= standing == STANDS_ALWAYS;
    }
    *out = verdict;
    return AMANAT_OK;
}

static amanat_result judge_outside(const struct access *access, size_t label,
                                   struct plan_verdict *out)
{
    for (size_t mode = DISCLOSURE_MODE_COUNT - 1; mode > DISCLOSURE_WITHHELD; mode--) {
        const struct ruleset_action *action =
            &access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT + mode];
        struct access_answer answer;
        if (action->policy_count == 0) {
            continue;
        }
        TRY(access_ask_field(access, action->id, &access->service, access->entities, &answer));
        if (answer.permitted) {
            out->strongest = (uint8_t)mode;
            return AMANAT_OK;
        }
    }
    return AMANAT_OK;
}

static amanat_result plan_record_type(const struct planner *planner, size_t record,
                                      struct plan_record *out)
{
    const struct access *access = planner->access;
    const struct catalogue *catalogue = access->ruleset->catalogue;
    const struct catalogue_record *type = &catalogue->records[record];
    struct plan_verdict *verdicts =
        arena_allocate_array(access->arena, catalogue->vocabulary.label_count, sizeof(*verdicts));
    bool *reads = arena_allocate_array(access->arena, type->attribute_count, sizeof(*reads));
    TRY_MEMORY(verdicts);
    TRY_MEMORY(reads);
    for (size_t i = 0; i < type->label_count; i++) {
        TRY(judge_in_record(planner, type->labels[i], record, reads, &verdicts[type->labels[i]]));
        out->asks |= verdicts[type->labels[i]].depends_on_record;
    }
    out->verdicts = verdicts;
    out->reads = reads;
    return AMANAT_OK;
}

static amanat_result plan_records(const struct access *access, struct plan_record *out)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    struct planner planner = {
        .access = access,
        .entities = arena_allocate_array(access->arena, access->ruleset->catalogue->record_count,
                                         sizeof(*planner.entities))};
    TRY_MEMORY(planner.entities);
    for (size_t i = 0; i < operation->record_count; i++) {
        const size_t record = operation->records[i];
        TRY(record_entities(access, record, NULL, access->entities, &planner.entities[record]));
    }
    for (size_t i = 0; i < operation->record_count; i++) {
        TRY(plan_record_type(&planner, operation->records[i], &out[operation->records[i]]));
    }
    return AMANAT_OK;
}

amanat_result access_make_plan(const struct access *access, const struct plan **out)
{
    const struct catalogue *catalogue = access->ruleset->catalogue;
    const struct catalogue_operation *operation = access->request->call->operation;
    struct plan *plan = ARENA_NEW(access->arena, struct plan);
    struct access *context = ARENA_NEW(access->arena, struct access);
    struct plan_verdict *service =
        arena_allocate_array(access->arena, catalogue->vocabulary.label_count, sizeof(*service));
    struct plan_verdict *nothing =
        arena_allocate_array(access->arena, catalogue->vocabulary.label_count, sizeof(*nothing));
    struct plan_record *records =
        arena_allocate_array(access->arena, catalogue->record_count, sizeof(*records));
    TRY_MEMORY(plan);
    TRY_MEMORY(context);
    TRY_MEMORY(service);
    TRY_MEMORY(nothing);
    TRY_MEMORY(records);
    for (size_t i = 0; i < operation->label_count; i++) {
        TRY(judge_outside(access, operation->labels[i], &service[operation->labels[i]]));
    }
    for (size_t i = 0; i < catalogue->record_count; i++) {
        records[i].verdicts = nothing;
    }
    TRY(plan_records(access, records));
    *context = *access;
    context->plan_records = records;
    *plan = (struct plan){.catalogue = catalogue,
                          .service = service,
                          .records = records,
                          .ask = record_ask,
                          .ask_context = context,
                          .partner = access->request->partner,
                          .tokenize_key = access->request->tokenize_key};
    *out = plan;
    return AMANAT_OK;
}

amanat_result access_set_now(const struct access_decision *decision, int64_t now)
{
    struct access *access = decision->plan->ask_context;
    for (size_t i = 0; i < access->context_count; i++) {
        if (bytes_equal(access->context[i].key, BYTES("now"))) {
            access->context[i].value = cedar_value_datetime(now);
        }
    }
    return cedar_value_record(access->arena, access->context, access->context_count,
                              &access->field_context);
}

/* ---- what no permit can open ---- */

/* A forbid that cannot be computed is no certain one here: it may wait for a record. */
static amanat_result is_forbidden_for(const struct access *access, size_t label,
                                      const struct cedar_entity_uid *resource,
                                      const struct cedar_entities *entities, bool *out)
{
    const struct ruleset_action *actions =
        &access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT];
    for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
        struct access_answer answer;
        if (actions[mode].id.length == 0) {
            continue;
        }
        TRY(access_ask(access, actions[mode].id, resource, entities, &access->field_context,
                       &answer));
        if (answer.response.forbid_count == 0) {
            *out = false;
        }
    }
    return AMANAT_OK;
}

static bool record_has_label(const struct catalogue_record *record, size_t label)
{
    for (size_t i = 0; i < record->label_count; i++) {
        if (record->labels[i] == label) {
            return true;
        }
    }
    return false;
}

amanat_result access_is_forbidden(const struct access_decision *decision, size_t label, bool *out)
{
    const struct access *access = decision->plan->ask_context;
    const struct catalogue *catalogue = access->ruleset->catalogue;
    const struct catalogue_operation *operation = access->request->call->operation;
    bool is_forbidden = true;
    bool is_in_record = false;
    for (size_t i = 0; i < operation->record_count; i++) {
        const size_t record = operation->records[i];
        const struct cedar_entity_uid uid = record_uid(access, record);
        const struct cedar_entities *entities = NULL;
        if (record_has_label(&catalogue->records[record], label)) {
            TRY(record_entities(access, record, NULL, access->entities, &entities));
            TRY(is_forbidden_for(access, label, &uid, entities, &is_forbidden));
            is_in_record = true;
        }
    }
    if (!is_in_record || catalogue->label_uses[label].outside_records) {
        TRY(is_forbidden_for(access, label, &access->service, access->entities, &is_forbidden));
    }
    *out = is_forbidden;
    return AMANAT_OK;
}

/* ---- the Disclosure header ---- */

const char *access_disclosure_word(const struct access_decision *decision,
                                   const struct catalogue_operation *operation, size_t label)
{
    const struct plan *plan = decision->plan;
    uint8_t strongest = plan->service[label].strongest;
    for (size_t i = 0; i < operation->record_count; i++) {
        const struct plan_verdict *verdict = &plan->records[operation->records[i]].verdicts[label];
        if (verdict->depends_on_record) {
            return "record";
        }
        if (verdict->strongest > strongest) {
            strongest = verdict->strongest;
        }
    }
    return strongest == DISCLOSURE_WITHHELD ? NULL
                                            : disclosure_mode_name((enum disclosure_mode)strongest);
}

void access_append_disclosure(const struct access_decision *decision,
                              const struct catalogue_operation *operation, struct buffer *out)
{
    bool first = true;
    for (size_t i = 0; i < operation->label_count; i++) {
        const size_t label = operation->labels[i];
        const char *word = access_disclosure_word(decision, operation, label);
        if (word != NULL) {
            buffer_append_format(
                out, "%s%.*s=%s", first ? "" : ", ",
                BYTES_PRINTF(decision->plan->catalogue->vocabulary.labels[label].name), word);
            first = false;
        }
    }
}
