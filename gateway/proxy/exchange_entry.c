/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the trail is told of an exchange: words of the ruleset, numbers, and keyed pseudonyms. No
 * value of a request, a token or a response comes here but to be pseudonymised (invariant 4).
 */
#include "gateway/proxy/exchange.h"
#include "policy/base/base.h"

/* The modes of the trail's format, from those of the plan. */
static const enum trail_mode trail_modes[DISCLOSURE_MODE_COUNT] = {
    [DISCLOSURE_TOKENIZE] = TRAIL_MODE_TOKENIZE,
    [DISCLOSURE_MASK] = TRAIL_MODE_MASK,
    [DISCLOSURE_COARSEN] = TRAIL_MODE_COARSEN,
    [DISCLOSURE_REVEAL] = TRAIL_MODE_REVEAL,
};

static const struct vocabulary *vocabulary_of(const struct exchange *exchange)
{
    return &ruleset_catalogue(exchange->generation->ruleset)->vocabulary;
}

static amanat_result make_pseudonyms(const struct exchange *exchange,
                                     const struct redact_subject *subjects, size_t count,
                                     const struct trail_pseudonym **out)
{
    const struct config *config = proxy_generation_config(exchange->generation);
    const struct bytes key = bytes_of((const char *)config->secrets.pseudonym, CONFIG_SECRET_SIZE);
    struct trail_pseudonym *pseudonyms =
        arena_allocate_array(exchange->arena, count, sizeof(*pseudonyms));
    TRY_MEMORY(pseudonyms);
    for (size_t i = 0; i < count; i++) {
        TRY(trail_pseudonym(key, vocabulary_of(exchange)->subjects[subjects[i].kind].kind,
                            subjects[i].identifier, &pseudonyms[i]));
    }
    *out = pseudonyms;
    return AMANAT_OK;
}

static void fill_need(const struct exchange *exchange, struct trail_need *need)
{
    static const enum trail_need_case cases[] = {
        [ACCESS_CASE_NOT_GIVEN] = TRAIL_NEED_CASE_ABSENT,
        [ACCESS_CASE_UNKNOWN] = TRAIL_NEED_CASE_UNKNOWN,
        [ACCESS_CASE_GIVEN] = TRAIL_NEED_CASE_GIVEN,
    };
    const struct access_decision *decision = &exchange->decision;
    need->is_signed = exchange->request.need.is_signed;
    need->given_case = cases[decision->case_state];
    need->basis = decision->basis;
    if (decision->purpose < vocabulary_of(exchange)->purpose_count) {
        need->purpose = vocabulary_of(exchange)->purposes[decision->purpose].name;
    }
}

static amanat_result fill_asked(const struct exchange *exchange, struct trail_access *entry)
{
    const struct access_decision *decision = &exchange->decision;
    struct trail_count *asked =
        arena_allocate_array(exchange->arena, decision->asked_count, sizeof(*asked));
    TRY_MEMORY(asked);
    for (size_t i = 0; i < decision->asked_count; i++) {
        asked[i] =
            (struct trail_count){vocabulary_of(exchange)->labels[decision->asked[i].label].name,
                                 decision->asked[i].uses};
    }
    entry->asked = asked;
    entry->asked_count = decision->asked_count;
    entry->asked_subject_count = decision->subject_count;
    return make_pseudonyms(exchange, decision->subjects, decision->subject_count,
                           &entry->asked_subjects);
}

static amanat_result fill_known(const struct exchange *exchange, struct trail_access *entry)
{
    const struct identity *identity = &exchange->identity;
    entry->access = exchange->id;
    entry->trace = exchange->trace;
    entry->part = exchange->next_part;
    entry->partner = identity->partner;
    entry->agent = bytes_of_string(exchange->agent_pseudonym.text);
    if (identity->has_certificate) {
        struct trail_digest *digest = ARENA_NEW(exchange->arena, struct trail_digest);
        TRY_MEMORY(digest);
        memcpy(digest->at, identity->certificate_sha256, sizeof(digest->at));
        entry->certificate = digest;
    }
    entry->token = identity->issuer;
    fill_need(exchange, &entry->need);
    if (exchange->call.operation != NULL) {
        entry->service = exchange->call.service->name;
        entry->operation = exchange->call.operation->id;
        entry->route = exchange->call.operation->route;
    }
    entry->decision = exchange->decision.verdict == ACCESS_PERMITTED ? TRAIL_DECISION_PERMIT
                                                                     : TRAIL_DECISION_REFUSE;
    entry->policies = exchange->decision.policies;
    entry->policy_count = exchange->decision.policy_count;
    entry->ruleset = &exchange->generation->ruleset_digest;
    entry->facts = exchange->generation->facts_digests;
    entry->facts_count = exchange->generation->facts_count;
    return fill_asked(exchange, entry);
}

static amanat_result fill_counts(const struct exchange *exchange,
                                 const struct redact_window *window, struct trail_access *entry)
{
    const size_t labels = vocabulary_of(exchange)->label_count;
    struct trail_disclosed *disclosed =
        arena_allocate_array(exchange->arena, labels, sizeof(*disclosed));
    struct trail_count *withheld = arena_allocate_array(exchange->arena, labels, sizeof(*withheld));
    TRY_MEMORY(disclosed);
    TRY_MEMORY(withheld);
    for (size_t label = 0; label < labels; label++) {
        const struct bytes name = vocabulary_of(exchange)->labels[label].name;
        struct trail_disclosed *slot = &disclosed[entry->disclosed_count];
        uint64_t total = 0;
        slot->label = name;
        for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
            slot->modes[trail_modes[mode]] = window->disclosed[label][mode];
            total += window->disclosed[label][mode];
        }
        entry->disclosed_count += total > 0 ? 1 : 0;
        if (window->withheld[label] > 0) {
            withheld[entry->withheld_count++] = (struct trail_count){name, window->withheld[label]};
        }
    }
    entry->disclosed = disclosed;
    entry->withheld = withheld;
    entry->records_disclosed = window->records_disclosed;
    entry->records_left_out = window->records_left_out;
    entry->records_over_limit = window->records_over_limit;
    entry->bytes = window->bytes.bytes.length;
    entry->subject_count = window->subject_count;
    entry->subjects_more = window->subjects_dropped;
    return make_pseudonyms(exchange, window->subjects, window->subject_count, &entry->subjects);
}

/* Of an answer of which nothing is disclosed too, which is refused as one that is not there. */
static void fill_refusal(const struct exchange *exchange, struct trail_access *entry)
{
    entry->records_left_out = exchange->left_out.records;
    entry->records_over_limit = exchange->left_out.over_limit;
    if (exchange->problem.name != PROBLEM_OVERLOADED) {
        entry->reason = bytes_of_string(problem_kind(exchange->problem.name)->name);
    }
}

static void fill_times(const struct exchange *exchange, struct trail_access *entry)
{
    const int64_t now = runtime_clock_monotonic(exchange->worker->proxy->clock);
    const int64_t upstream = exchange->client != NULL ? now - exchange->upstream_started
                                                      : exchange->upstream_microseconds;
    entry->upstream_ms = (uint64_t)(upstream / 1000);
    entry->gateway_ms = (uint64_t)((now - exchange->started - upstream) / 1000);
    entry->status = exchange->status;
    entry->upstream_status = exchange->upstream_status;
    entry->fault = exchange->fault;
}

static amanat_result make_salt(const struct exchange *exchange, struct trail_salt *out)
{
    return runtime_random_fill(exchange->worker->proxy->random, out->at, sizeof(out->at));
}

static amanat_result append_access(struct exchange *exchange, const struct redact_window *window,
                                   bool last, struct buffer *lines, uint32_t *out_parts)
{
    struct trail_access entry = {.last = last};
    struct trail_salt salt;
    TRY(fill_known(exchange, &entry));
    if (window != NULL) {
        TRY(fill_counts(exchange, window, &entry));
    } else {
        fill_refusal(exchange, &entry);
    }
    fill_times(exchange, &entry);
    TRY(make_salt(exchange, &salt));
    return trail_entry_append_access(lines, &entry, &salt, out_parts);
}

amanat_result exchange_append_entry(struct exchange *exchange, const struct redact_window *window,
                                    bool last, struct buffer *lines)
{
    const struct arena_mark mark = arena_mark(exchange->arena);
    uint32_t parts = 0;
    const amanat_result result = append_access(exchange, window, last, lines, &parts);
    arena_rewind(exchange->arena, mark);
    TRY(result);
    exchange->next_part += parts;
    return AMANAT_OK;
}

amanat_result exchange_append_intent(struct exchange *exchange, struct buffer *lines)
{
    const struct arena_mark mark = arena_mark(exchange->arena);
    struct trail_access entry = {0};
    struct trail_salt salt;
    amanat_result result = fill_known(exchange, &entry);
    if (amanat_is_ok(result)) {
        result = make_salt(exchange, &salt);
    }
    if (amanat_is_ok(result)) {
        result = trail_entry_append_intent(lines, &entry, &salt, NULL);
    }
    arena_rewind(exchange->arena, mark);
    return result;
}

amanat_result exchange_submit(struct exchange *exchange, enum trail_class class,
                              const struct buffer *lines, uint32_t part, bool last,
                              trail_done_fn done)
{
    const struct trail_submission submission = {.class = class,
                                                .lines = buffer_bytes(lines),
                                                .access = exchange->id,
                                                .part = part,
                                                .done = done,
                                                .context = exchange,
                                                .loop = exchange->worker->loop};
    TRY(trail_submit(exchange->worker->proxy->trail, &submission));
    exchange->entry_is_pending = true;
    exchange->pending_is_last = last;
    return AMANAT_OK;
}
