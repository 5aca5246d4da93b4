/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to a decision: identity, catalogue, need, policy (design 3.2 to 3.5). Nothing here
 * talks to a service.
 */
#include "gateway/proxy/exchange.h"
#include "policy/base/base.h"

/* ---- who asks ---- */

/* False after the exchange was refused. */
static bool establish_identity(struct exchange *exchange)
{
    struct proxy_worker *worker = exchange->worker;
    struct identity_evidence evidence = {.certificate = exchange->peer.certificate,
                                         .now = runtime_clock_wall(worker->proxy->clock)};
    enum identity_refusal refusal = IDENTITY_REFUSAL_NOBODY;
    const size_t authorizations =
        http_headers_find(exchange->head->headers, exchange->head->header_count, "authorization",
                          &evidence.authorization);
    evidence.has_authorization = authorizations == 1;
    amanat_result result =
        authorizations > 1
            ? amanat_result_of(AMANAT_STATUS_REFUSED)
            : identity_establish(exchange->generation->verifier, worker->cache, &evidence,
                                 exchange->arena, &exchange->identity, &refusal);
    if (authorizations > 1) {
        refusal = IDENTITY_REFUSAL_AUTHORIZATION;
    }
    if (result.status == AMANAT_STATUS_REFUSED) {
        exchange->identity_refusal = refusal;
        proxy_worker_count_refusal(worker, proxy_reason_of_identity(refusal));
        exchange_refuse_as(exchange, PROBLEM_UNAUTHENTICATED, TRAIL_FAULT_PARTNER);
        return false;
    }
    if (!amanat_is_ok(result)) {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
        return false;
    }
    return true;
}

static bool know_agent(struct exchange *exchange)
{
    const struct config *config = proxy_generation_config(exchange->generation);
    const struct bytes key = bytes_of((const char *)config->secrets.pseudonym, CONFIG_SECRET_SIZE);
    const struct bytes id =
        arena_format_bytes(exchange->arena, "%.*s/%.*s", BYTES_PRINTF(exchange->identity.partner),
                           BYTES_PRINTF(exchange->identity.agent));
    if (id.at == NULL ||
        !amanat_is_ok(trail_pseudonym(key, BYTES("agent"), id, &exchange->agent_pseudonym))) {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
        return false;
    }
    exchange->agent_is_known = true;
    return true;
}

/* ---- what is called ---- */

/* After a step that fills a problem when it gives REFUSED: whether it succeeded, else ends. */
static bool go_on_after(struct exchange *exchange, amanat_result result, struct problem problem)
{
    if (amanat_is_ok(result)) {
        return true;
    }
    if (result.status == AMANAT_STATUS_REFUSED) {
        exchange_refuse(exchange, problem, TRAIL_FAULT_PARTNER);
    } else {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
    }
    return false;
}

static bool find_operation(struct exchange *exchange)
{
    const struct http_request_head *head = exchange->head;
    struct catalogue_request_header *headers =
        arena_allocate_array(exchange->arena, head->header_count, sizeof(*headers));
    struct problem problem = {0};
    amanat_result result = amanat_result_of(AMANAT_STATUS_MEMORY);
    if (headers != NULL) {
        for (size_t i = 0; i < head->header_count; i++) {
            headers[i] =
                (struct catalogue_request_header){head->headers[i].name, head->headers[i].value};
        }
        result = catalogue_route(ruleset_catalogue(exchange->generation->ruleset), head->method,
                                 head->target, headers, head->header_count, exchange->arena,
                                 &exchange->call, &problem);
    }
    return go_on_after(exchange, result, problem);
}

static bool check_body_may_miss(struct exchange *exchange)
{
    const struct catalogue_request_body *declared = exchange->call.operation->body;
    if (declared == NULL || !declared->required) {
        return true;
    }
    exchange_refuse(exchange,
                    (struct problem){.name = PROBLEM_MALFORMED,
                                     .detail = BYTES("this operation needs a request body")},
                    TRAIL_FAULT_PARTNER);
    return false;
}

static bool check_body_is_declared(struct exchange *exchange)
{
    const bool has_body =
        exchange->head->framing != HTTP_FRAMING_NONE &&
        !(exchange->head->framing == HTTP_FRAMING_LENGTH && exchange->head->length == 0);
    const struct catalogue_request_body *declared = exchange->call.operation->body;
    if (has_body && declared == NULL) {
        exchange_refuse(exchange,
                        (struct problem){.name = PROBLEM_UNDECLARED,
                                         .detail = BYTES("this operation takes no request body")},
                        TRAIL_FAULT_PARTNER);
        return false;
    }
    return has_body || check_body_may_miss(exchange);
}

/* ---- Accept (RFC 9110 §12.5.1): can any declared media type of a success be accepted? ---- */

static struct bytes trim(struct bytes text)
{
    while (text.length > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text = bytes_from(text, 1);
    }
    while (text.length > 0 &&
           (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}

static struct bytes take_until(struct bytes *rest, char separator)
{
    const size_t end = bytes_find(*rest, separator);
    const struct bytes part = bytes_first(*rest, end);
    *rest = bytes_from(*rest, end < rest->length ? end + 1 : end);
    return trim(part);
}

static bool equals_ignoring_case(struct bytes a, struct bytes lower)
{
    if (a.length != lower.length) {
        return false;
    }
    for (size_t i = 0; i < a.length; i++) {
        const char byte = a.at[i] >= 'A' && a.at[i] <= 'Z' ? (char)(a.at[i] + 32) : a.at[i];
        if (byte != lower.at[i]) {
            return false;
        }
    }
    return true;
}

static bool range_matches(struct bytes range, struct bytes type)
{
    if (bytes_equal_string(range, "*/*")) {
        return true;
    }
    if (bytes_end_with(range, BYTES("/*"))) {
        const struct bytes major = bytes_first(range, range.length - 1);
        return type.length > major.length &&
               equals_ignoring_case(major, bytes_first(type, major.length));
    }
    return equals_ignoring_case(range, type);
}

static bool is_weight_zero(struct bytes parameters)
{
    while (parameters.length > 0) {
        struct bytes parameter = take_until(&parameters, ';');
        const struct bytes name = take_until(&parameter, '=');
        if (equals_ignoring_case(name, BYTES("q"))) {
            for (size_t i = 0; i < parameter.length; i++) {
                if (parameter.at[i] != '0' && parameter.at[i] != '.') {
                    return false;
                }
            }
            return true;
        }
    }
    return false;
}

static bool field_accepts(struct bytes field, struct bytes type)
{
    while (field.length > 0) {
        struct bytes element = take_until(&field, ',');
        const struct bytes range = take_until(&element, ';');
        if (range_matches(range, type) && !is_weight_zero(element)) {
            return true;
        }
    }
    return false;
}

static bool accepts_some_success(const struct exchange *exchange, struct bytes field)
{
    const struct catalogue_operation *operation = exchange->call.operation;
    bool declares_content = false;
    for (size_t i = 0; i < operation->response_count; i++) {
        const struct catalogue_response *response = &operation->responses[i];
        const bool is_success =
            response->status / 100 == 2 || response->status == 2 || response->status == 0;
        for (size_t k = 0; is_success && k < response->media_type_count; k++) {
            declares_content = true;
            if (field_accepts(field, response->media_types[k].name)) {
                return true;
            }
        }
    }
    return !declares_content;
}

static bool check_accept(struct exchange *exchange)
{
    struct bytes field = {0};
    const amanat_result joined = http_headers_join(exchange->arena, exchange->head->headers,
                                                   exchange->head->header_count, "accept", &field);
    if (!amanat_is_ok(joined)) {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
        return false;
    }
    if (field.length > 0 && !accepts_some_success(exchange, field)) {
        exchange_refuse_as(exchange, PROBLEM_NOT_ACCEPTABLE, TRAIL_FAULT_PARTNER);
        return false;
    }
    return true;
}

/* ---- the need ---- */

static bool agrees(struct bytes in_token, struct bytes in_header)
{
    return in_header.length == 0 || bytes_equal(in_token, in_header);
}

/* Both given: they must agree. What the header leaves out the token says. */
static const char *find_need(struct exchange *exchange, struct access_need *out)
{
    struct bytes field = {0};
    struct access_need header = {0};
    const struct identity_need *token = &exchange->identity.need;
    if (!amanat_is_ok(http_headers_join(exchange->arena, exchange->head->headers,
                                        exchange->head->header_count, "need", &field))) {
        return "the Need header is too long";
    }
    const char *fault = proxy_read_need(exchange->arena, field, &header);
    if (fault != NULL || !exchange->identity.has_need) {
        *out = header;
        return fault;
    }
    if (!agrees(token->purpose, header.purpose) || !agrees(token->case_name, header.case_id) ||
        !agrees(token->basis, header.basis) || !agrees(token->reason, header.reason)) {
        return "the Need header contradicts the need in the token";
    }
    *out = (struct access_need){.purpose = token->purpose,
                                .case_id = token->case_name,
                                .basis = token->basis,
                                .reason = token->reason,
                                .is_signed = true};
    return NULL;
}

/* ---- the decision ---- */

void exchange_admit(struct exchange *exchange)
{
    if (!establish_identity(exchange) || !know_agent(exchange) || !find_operation(exchange) ||
        !check_body_is_declared(exchange)) {
        return;
    }
    (void)check_accept(exchange);
    /* The body, or its immediate end, follows: exchange_decide. */
}

static bool read_body(struct exchange *exchange)
{
    struct bytes content_type = {0};
    struct problem problem = {0};
    if (exchange->body_text.length == 0) {
        return check_body_may_miss(exchange); /* chunks may add up to nothing */
    }
    const struct http_request_head *head = exchange->head;
    if (http_headers_find(head->headers, head->header_count, "content-type", &content_type) > 1 ||
        exchange_is_encoded(head->headers, head->header_count)) {
        exchange_refuse_as(exchange, PROBLEM_MEDIA_TYPE, TRAIL_FAULT_PARTNER);
        return false;
    }
    const amanat_result result = catalogue_read_body(exchange->call.operation, content_type,
                                                     buffer_bytes(&exchange->body_text),
                                                     exchange->arena, &exchange->body, &problem);
    if (amanat_is_ok(result)) {
        exchange->request.body = &exchange->body;
    }
    return go_on_after(exchange, result, problem);
}

static amanat_result fill_request(struct exchange *exchange)
{
    const struct config *config = proxy_generation_config(exchange->generation);
    const struct identity *identity = &exchange->identity;
    struct access_request *request = &exchange->request;
    struct access_claim *claims =
        arena_allocate_array(exchange->arena, identity->claim_count, sizeof(*claims));
    char address[HTTP_ADDRESS_TEXT_SIZE];
    TRY_MEMORY(claims);
    for (size_t i = 0; i < identity->claim_count; i++) {
        claims[i] = (struct access_claim){identity->claims[i].name, identity->claims[i].value};
    }
    http_address_host_text(&exchange->peer.address, address);
    TRY(arena_copy_bytes(exchange->arena, bytes_of_string(address), &request->address));
    request->partner = identity->partner;
    request->agent = identity->agent;
    request->claims = claims;
    request->claim_count = identity->claim_count;
    request->call = &exchange->call;
    request->now = runtime_clock_wall(exchange->worker->proxy->clock) / 1000;
    request->has_certificate = identity->has_certificate;
    request->has_token = identity->has_token;
    request->tokenize_key = bytes_of((const char *)config->secrets.tokenize, CONFIG_SECRET_SIZE);
    if (config->secrets.has_previous) {
        request->tokenize_previous =
            bytes_of((const char *)config->secrets.tokenize_previous, CONFIG_SECRET_SIZE);
    }
    return AMANAT_OK;
}

/* A policy that cannot be evaluated is an alarm (design 2): its id is a word of the ruleset. */
static void report_policy_errors(const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->decision.error_count; i++) {
        runtime_log_event(exchange->worker->proxy->log, RUNTIME_LOG_WARNING, "policy-error",
                          runtime_log_text("access", exchange->id_text),
                          runtime_log_bytes("policy", exchange->decision.errors[i]));
    }
    proxy_worker_count(exchange->worker, PROXY_METRIC_POLICY_ERRORS, 0,
                       (int64_t)exchange->decision.error_count);
}

/* So is an agent or partner that lacks what the gateway must tell the service of it; the name of
 * the parameter is the ruleset's. */
static void report_unbound(const struct exchange *exchange)
{
    const struct access_decision *decision = &exchange->decision;
    if (decision->unbound.length > 0) {
        runtime_log_event(exchange->worker->proxy->log, RUNTIME_LOG_WARNING, "parameter-unbound",
                          runtime_log_text("access", exchange->id_text),
                          runtime_log_bytes("operation", exchange->call.operation->id),
                          runtime_log_bytes("parameter", decision->unbound));
    }
}

static void intent_is_recorded(void *context, amanat_result result,
                               const struct durable_entry *entry)
{
    struct exchange *exchange = context;
    exchange->entry_is_pending = false;
    if (exchange->state != EXCHANGE_STATE_INTENT) {
        exchange_settle(exchange);
        return;
    }
    if (!amanat_is_ok(result) || entry == NULL) {
        exchange_refuse_as(exchange, PROBLEM_TRAIL, TRAIL_FAULT_GATEWAY);
        return;
    }
    exchange_call_upstream(exchange);
}

/* Methods that are not safe change the world: what is about to be done is durable before it is done
 * (design 3.8). */
static void record_intent(struct exchange *exchange)
{
    struct buffer lines;
    buffer_init(&lines, (size_t)2 * TRAIL_ENTRY_LIMIT * 8);
    exchange->state = EXCHANGE_STATE_INTENT;
    amanat_result result = exchange_append_intent(exchange, &lines);
    if (amanat_is_ok(result)) {
        result =
            exchange_submit(exchange, TRAIL_CLASS_ACCESS, &lines, 0, false, intent_is_recorded);
    }
    buffer_clear(&lines);
    if (!amanat_is_ok(result)) {
        exchange_refuse_as(exchange, PROBLEM_TRAIL, TRAIL_FAULT_GATEWAY);
    }
}

void exchange_decide(struct exchange *exchange)
{
    if (!read_body(exchange)) {
        return;
    }
    const char *fault = find_need(exchange, &exchange->request.need);
    if (fault != NULL) {
        exchange_refuse(exchange,
                        (struct problem){.name = PROBLEM_NEED, .detail = bytes_of_string(fault)},
                        TRAIL_FAULT_PARTNER);
        return;
    }
    amanat_result result = fill_request(exchange);
    if (amanat_is_ok(result)) {
        result = access_decide(exchange->generation->ruleset, &exchange->request, exchange->arena,
                               &exchange->decision);
    }
    if (!amanat_is_ok(result)) {
        exchange->decision = (struct access_decision){.purpose = CATALOGUE_NONE};
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
        return;
    }
    report_policy_errors(exchange);
    report_unbound(exchange);
    if (exchange->decision.verdict != ACCESS_PERMITTED) {
        exchange_refuse(exchange, exchange->decision.problem, TRAIL_FAULT_PARTNER);
        return;
    }
    proxy_worker_count(exchange->worker, PROXY_METRIC_PERMITTED, 0, 1);
    exchange->decided = runtime_clock_monotonic(exchange->worker->proxy->clock);
    if (exchange->call.operation->is_safe) {
        exchange_call_upstream(exchange);
    } else {
        record_intent(exchange);
    }
}

static bool verdicts_equal(const struct plan_verdict *a, const struct plan_verdict *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].strongest != b[i].strongest || a[i].depends_on_record != b[i].depends_on_record) {
            return false;
        }
    }
    return true;
}

/* Which attributes are taken from the body was settled when it began. */
static bool reads_equal(const struct plan_record *a, const struct plan_record *b, size_t count)
{
    return a->reads == b->reads || (a->reads != NULL && b->reads != NULL &&
                                    memcmp(a->reads, b->reads, count * sizeof(*a->reads)) == 0);
}

static bool plans_equal(const struct plan *a, const struct plan *b)
{
    const size_t labels = a->catalogue->vocabulary.label_count;
    for (size_t i = 0; i < a->catalogue->record_count; i++) {
        if (!verdicts_equal(a->records[i].verdicts, b->records[i].verdicts, labels) ||
            !reads_equal(&a->records[i], &b->records[i],
                         a->catalogue->records[i].attribute_count)) {
            return false;
        }
    }
    return verdicts_equal(a->service, b->service, labels);
}

bool exchange_is_still_permitted(struct exchange *exchange)
{
    const struct proxy *proxy = exchange->worker->proxy;
    const int64_t now = runtime_clock_monotonic(proxy->clock);
    struct access_decision again;
    if (now - exchange->decided < proxy_generation_config(exchange->generation)->limits.max_age) {
        return true;
    }
    if (exchange->generation != exchange->worker->generation ||
        exchange->identity.expires <= runtime_clock_wall(proxy->clock)) {
        return false; /* another ruleset, or a token that would not be taken any more */
    }
    exchange->request.now = runtime_clock_wall(proxy->clock) / 1000;
    const struct arena_mark mark = arena_mark(exchange->arena);
    bool is_same = amanat_is_ok(access_decide(exchange->generation->ruleset, &exchange->request,
                                              exchange->arena, &again)) &&
                   again.verdict == ACCESS_PERMITTED &&
                   plans_equal(again.plan, exchange->decision.plan);
    arena_rewind(exchange->arena, mark);
    is_same = is_same && amanat_is_ok(access_set_now(&exchange->decision, exchange->request.now));
    exchange->decided = is_same ? now : exchange->decided;
    return is_same;
}
