/* SPDX-License-Identifier: Apache-2.0 */
/* Running policy tests; see policy_test_run.h. Tokens are made with the published key. */
#include "gateway/command/policy_test_run.h"

#include <errno.h>
#include <string.h>

#include "gateway/command/policy_files.h"
#include "gateway/command/rehearsal.h"
#include "gateway/command/rehearsal_answer.h"
#include "gateway/config/config.h"
#include "gateway/proxy/proxy.h"
#include "policy/base/base.h"
#include "policy/cedar/cedar.h"

#define FACTS_LIMIT ((size_t)256 << 20)
#define BODY_LIMIT  ((size_t)256 << 20)

/* ---- rulesets ---- */

amanat_result policy_test_world_init(struct policy_test_world *world, const char *folder,
                                     struct arena *arena, struct amanat_diagnostics *diagnostics)
{
    static const struct policy_files_limits limits = {0};
    *world =
        (struct policy_test_world){.folder = folder, .arena = arena, .diagnostics = diagnostics};
    return policy_files_read(folder, NULL, 0, &limits, arena, diagnostics, &world->sources);
}

void policy_test_world_clear(struct policy_test_world *world)
{
    for (size_t i = 0; i < world->rulesets.count; i++) {
        ruleset_unref(world->rulesets.items[i].ruleset);
    }
}

/* All of a buffer in the arena; the buffer is cleared. */
static amanat_result keep(struct arena *arena, struct buffer *buffer, struct bytes *out)
{
    amanat_result result = buffer_check(buffer);
    if (amanat_is_ok(result)) {
        result = arena_copy_bytes(arena, buffer_bytes(buffer), out);
    }
    buffer_clear(buffer);
    return result;
}

static amanat_result document_text(struct arena *arena, const struct document *document,
                                   struct bytes *out)
{
    struct buffer text;
    buffer_init(&text, BODY_LIMIT);
    document_append_json(&text, document);
    return keep(arena, &text, out);
}

/* One array with the entity, as a file of facts has it. */
static amanat_result read_inline_fact(const struct policy_test_world *world,
                                      const struct policy_test_file *file,
                                      const struct document *entity, struct catalogue_source *out)
{
    struct bytes text;
    TRY(document_text(world->arena, entity, &text));
    out->path =
        arena_format_bytes(world->arena, "%s (the entity at line %u)", file->path, entity->line);
    struct buffer array;
    buffer_init(&array, text.length + 2);
    buffer_append_byte(&array, '[');
    buffer_append(&array, text);
    buffer_append_byte(&array, ']');
    return keep(world->arena, &array, &out->text);
}

/* Sources are relative to the folder, as those of the folder's own files are. */
static amanat_result read_fact_file(const struct policy_test_world *world,
                                    const struct policy_test_file *file,
                                    const struct policy_test_text *name,
                                    struct catalogue_source *out)
{
    const bool is_absolute = name->text.at[0] == '/';
    const char *source =
        arena_format(world->arena, "%s%.*s", is_absolute ? "" : "tests/", BYTES_PRINTF(name->text));
    TRY_MEMORY(source);
    const char *path =
        is_absolute ? source : arena_format(world->arena, "%s/%s", world->folder, source);
    TRY_MEMORY(path);
    out->path = bytes_of_string(source);
    errno = 0;
    if (!amanat_is_ok(config_read_file(path, FACTS_LIMIT, world->arena, NULL, &out->text))) {
        amanat_diagnostics_add(world->diagnostics, AMANAT_SEVERITY_ERROR, "file", file->path,
                               name->place.line, name->place.column, "cannot read `%s`: %s", path,
                               errno == 0 ? "no regular file, or too large" : strerror(errno));
        amanat_diagnostics_quote(world->diagnostics, file->path, file->text.at, file->text.length);
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    return AMANAT_OK;
}

static amanat_result read_facts(const struct policy_test_world *world,
                                const struct policy_test_file *file, struct ruleset_sources *out)
{
    struct catalogue_source *facts =
        arena_allocate_array(world->arena, file->fact_count, sizeof(*facts));
    TRY_MEMORY(facts);
    for (size_t i = 0; i < file->fact_count; i++) {
        const struct policy_test_fact *fact = &file->facts[i];
        TRY(fact->entity != NULL ? read_inline_fact(world, file, fact->entity, &facts[i])
                                 : read_fact_file(world, file, &fact->path, &facts[i]));
    }
    *out = world->sources;
    out->facts = facts;
    out->facts_count = file->fact_count;
    return AMANAT_OK;
}

/* Paths and entities, one a line: neither has a newline. */
static amanat_result describe_facts(const struct policy_test_world *world,
                                    const struct policy_test_file *file, struct bytes *out)
{
    struct buffer text;
    buffer_init(&text, FACTS_LIMIT);
    for (size_t i = 0; i < file->fact_count; i++) {
        if (file->facts[i].entity != NULL) {
            document_append_json(&text, file->facts[i].entity);
        } else {
            buffer_append(&text, file->facts[i].path.text);
        }
        buffer_append_byte(&text, '\n');
    }
    return keep(world->arena, &text, out);
}

amanat_result policy_test_world_ruleset(struct policy_test_world *world,
                                        const struct policy_test_file *file, struct ruleset **out)
{
    struct ruleset_sources sources;
    struct ruleset *ruleset = NULL;
    struct bytes facts;
    TRY(describe_facts(world, file, &facts));
    for (size_t i = 0; i < world->rulesets.count; i++) {
        if (bytes_equal(world->rulesets.items[i].facts, facts)) {
            *out = world->rulesets.items[i].ruleset;
            return AMANAT_OK;
        }
    }
    TRY(read_facts(world, file, &sources));
    struct policy_test_ruleset *slot = VECTOR_PUSH(world->arena, &world->rulesets);
    TRY_MEMORY(slot);
    TRY(ruleset_compile(&sources, world->diagnostics, &ruleset));
    *slot = (struct policy_test_ruleset){facts, ruleset};
    *out = ruleset;
    return AMANAT_OK;
}

/* ---- one test ---- */

struct run {
    struct policy_test_world *world;
    const struct policy_test *test;
    struct arena *arena;
    struct policy_test_outcome *outcome;
    VECTOR(struct bytes) errors;
    struct buffer body;
    bool is_over; /* what is asked now is what the test expects to be forbidden */
};

static void note_exercised(struct policy_test_world *world,
                           const struct cedar_policy *const *policies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        world->is_out_of_memory |= !amanat_is_ok(
            map_put(world->arena, &world->exercised, cedar_policy_id(policies[i]), world));
    }
}

static void note_error(struct run *run, struct bytes id)
{
    for (size_t i = 0; i < run->errors.count; i++) {
        if (bytes_equal(run->errors.items[i], id)) {
            return;
        }
    }
    /* Not in the test's arena: a question about a record gives back what it took of that. */
    struct bytes *slot = VECTOR_PUSH(run->world->arena, &run->errors);
    run->world->is_out_of_memory |= slot == NULL;
    if (slot != NULL) {
        *slot = id;
    }
}

/* A forbid is exercised where it takes away what a permit gives, or where a test asks for it. */
static void hear(void *context, struct bytes action, const struct cedar_response *response)
{
    struct run *run = context;
    (void)action;
    if (response->forbid_count == 0) {
        note_exercised(run->world, response->permits, response->permit_count);
    } else if (response->permit_count > 0 || run->is_over) {
        note_exercised(run->world, response->forbids, response->forbid_count);
    }
    for (size_t i = 0; !run->is_over && i < response->error_count; i++) {
        note_error(run, cedar_policy_id(response->errors[i].policy));
    }
}

/* A test may name the forbid of a call that no permit would have permitted. */
static void note_named(struct policy_test_world *world, const struct policy_test *test,
                       const struct access_decision *decision)
{
    const struct policy_test_texts *expected = &test->expect.policies;
    for (size_t i = 0; i < decision->policy_count; i++) {
        for (size_t k = 0; k < expected->count; k++) {
            if (bytes_equal(decision->policies[i], expected->items[k].text)) {
                world->is_out_of_memory |= !amanat_is_ok(
                    map_put(world->arena, &world->exercised, decision->policies[i], world));
            }
        }
    }
}

static amanat_result refuse(struct run *run, enum problem_name name, const char *detail)
{
    run->outcome->problem = (struct problem){.name = name, .detail = bytes_of_string(detail)};
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

static amanat_result content_text(struct arena *arena, const struct policy_test_content *content,
                                  struct bytes *out)
{
    *out = content->text;
    return content->document == NULL ? AMANAT_OK : document_text(arena, content->document, out);
}

static amanat_result read_request_body(struct run *run, struct access_request *request)
{
    const struct policy_test_message *message = &run->test->request;
    const struct catalogue_request_body *declared = run->outcome->call.operation->body;
    struct bytes text = {0};
    if (!message->is_given) {
        return declared == NULL || !declared->required
                   ? AMANAT_OK
                   : refuse(run, PROBLEM_MALFORMED, "this operation needs a request body");
    }
    if (declared == NULL) {
        return refuse(run, PROBLEM_UNDECLARED, "this operation takes no request body");
    }
    struct catalogue_body *body = ARENA_NEW(run->arena, struct catalogue_body);
    TRY_MEMORY(body);
    TRY(content_text(run->arena, &message->content, &text));
    TRY(catalogue_read_body(run->outcome->call.operation, message->type, text, run->arena, body,
                            &run->outcome->problem));
    request->body = body;
    return AMANAT_OK;
}

/* In the order of an exchange: operation and parameters, body, need, decision. */
static amanat_result decide(struct run *run)
{
    const struct policy_test *test = run->test;
    struct policy_test_outcome *outcome = run->outcome;
    struct access_request *request = ARENA_NEW(run->arena, struct access_request);
    TRY_MEMORY(request);
    *request = (struct access_request){.partner = test->agent->partner,
                                       .agent = test->agent->agent,
                                       .claims = test->agent->claims,
                                       .claim_count = test->agent->claim_count,
                                       .need = test->need,
                                       .call = &outcome->call,
                                       .now = test->now,
                                       .address = test->network,
                                       .has_certificate = test->agent->has_certificate,
                                       .has_token = test->agent->has_token,
                                       .tokenize_key = BYTES(REHEARSAL_TOKENIZE_KEY),
                                       .on_answer = hear,
                                       .on_answer_context = run};
    TRY(catalogue_call_operation(ruleset_catalogue(outcome->ruleset), test->operation.text,
                                 test->parameters, test->parameter_count, run->arena,
                                 &outcome->call, &outcome->problem));
    TRY(read_request_body(run, request));
    const char *wrong = proxy_read_need(run->arena, test->need_header, &request->need);
    if (wrong != NULL) {
        return refuse(run, PROBLEM_NEED, wrong);
    }
    TRY(access_decide(outcome->ruleset, request, run->arena, &outcome->decision));
    if (outcome->decision.verdict != ACCESS_PERMITTED) {
        outcome->problem = outcome->decision.problem;
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    return AMANAT_OK;
}

static amanat_result take_window(void *context, const struct redact_window *window)
{
    struct run *run = context;
    buffer_append(&run->body, window->bytes.bytes);
    return buffer_check(&run->body);
}

static amanat_result feed(struct run *run, struct redactor *redactor)
{
    struct bytes text = {0};
    TRY(content_text(run->arena, &run->test->upstream.content, &text));
    amanat_result result = redactor_feed(redactor, (struct undisclosed_bytes){text});
    if (amanat_is_ok(result)) {
        result = rehearsal_finish_answer(redactor, &run->outcome->problem);
    }
    if (result.status == AMANAT_STATUS_PEER_FAULT) {
        run->outcome->fault = redact_fault_name(redactor_fault(redactor));
        return refuse(run, PROBLEM_UPSTREAM, NULL);
    }
    TRY(result);
    run->outcome->has_body = true;
    return arena_copy_bytes(run->arena, buffer_bytes(&run->body), &run->outcome->body);
}

static amanat_result answer(struct run *run)
{
    const struct rehearsal_answer given = {.operation = run->outcome->call.operation,
                                           .plan = run->outcome->decision.plan,
                                           .status = run->test->upstream.status,
                                           .media_type = run->test->upstream.type,
                                           .on_window = take_window,
                                           .context = run};
    struct redactor *redactor = NULL;
    if (!run->test->upstream.is_given) {
        return AMANAT_OK;
    }
    buffer_init(&run->body, BODY_LIMIT);
    amanat_result result = rehearsal_begin_answer(&given, &run->outcome->problem, &redactor);
    if (amanat_is_ok(result) && redactor != NULL) {
        result = feed(run, redactor);
    }
    redactor_free(redactor);
    buffer_clear(&run->body);
    if (amanat_is_ok(result)) {
        run->outcome->status = given.status;
    }
    return result;
}

amanat_result policy_test_run(struct policy_test_world *world, const struct policy_test *test,
                              const struct ruleset *ruleset, struct arena *arena,
                              struct policy_test_outcome *out)
{
    struct run *run = ARENA_NEW(arena, struct run); /* the plan's questions listen, too */
    TRY_MEMORY(run);
    *out = (struct policy_test_outcome){.ruleset = ruleset};
    *run = (struct run){.world = world, .test = test, .arena = arena, .outcome = out};
    amanat_result result = decide(run);
    if (amanat_is_ok(result)) {
        result = answer(run);
    }
    if (result.status == AMANAT_STATUS_REFUSED) {
        out->has_problem = true;
        out->status = problem_status(&out->problem);
        result = AMANAT_OK;
    }
    note_named(world, test, &out->decision);
    run->is_over = true;
    out->errors = run->errors.items;
    out->error_count = run->errors.count;
    return world->is_out_of_memory ? amanat_result_of(AMANAT_STATUS_MEMORY) : result;
}
