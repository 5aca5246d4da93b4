/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: cedar_decisions FOLDER
 *
 * Reads policies.cedar, schema.cedarschema, entities.json, requests.json and links.json of FOLDER
 * (tests/performance/cedar writes them), and prints name=value lines: what reading, validating and
 * compiling took, one decision, and what a record costs whole and as a residual. Also the decisions
 * themselves, so that they can be compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_json.h"
#include "tests/conformance/conformance_file.h"

#define LONGEST_NANOSECONDS 500000000
#define LEAST_ROUNDS        5
#define MOST_REQUESTS       256

struct workload {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    const char *folder;
    struct cedar_policy_set *set;
    const struct cedar_compiled_policies *compiled;
    const struct cedar_entities *entities;
    struct cedar_request requests[MOST_REQUESTS];
    size_t request_count;
};

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void need(amanat_result result, const struct workload *workload, const char *what)
{
    if (amanat_is_ok(result)) {
        return;
    }
    (void)fprintf(stderr, "%s/%s: status %d\n", workload->folder, what, (int)result.status);
    for (size_t i = 0; i < amanat_diagnostics_count(workload->diagnostics) && i < 5; i++) {
        const struct amanat_diagnostic *found = amanat_diagnostics_at(workload->diagnostics, i);
        (void)fprintf(stderr, "%s:%u:%u: %s\n", found->source, found->line, found->column,
                      found->text);
    }
    exit(1);
}

static struct bytes read_file(const struct workload *workload, const char *name)
{
    struct bytes text;
    const char *path = arena_format(workload->arena, "%s/%s", workload->folder, name);
    if (path == NULL || !conformance_read_file(workload->arena, path, &text)) {
        (void)fprintf(stderr, "cannot read %s/%s\n", workload->folder, name);
        exit(1);
    }
    return text;
}

static const struct document *read_json(const struct workload *workload, const char *name)
{
    const struct document *document = NULL;
    need(document_from_json(workload->arena, name, read_file(workload, name), workload->diagnostics,
                            &document),
         workload, name);
    return document;
}

static struct cedar_entity_uid read_uid(const struct workload *workload,
                                        const struct document *object, const char *key)
{
    struct cedar_entity_uid uid;
    const struct cedar_json json = {workload->arena, NULL, key, workload->diagnostics};
    need(cedar_json_uid(&json, document_get(object, key), &uid), workload, key);
    return uid;
}

/* ---- reading ---- */

static void read_policies(struct workload *workload)
{
    const struct bytes text = read_file(workload, "policies.cedar");
    const struct document *links = read_json(workload, "links.json");
    workload->set = cedar_policy_set_new(workload->arena, NULL);
    ASSERT(workload->set != NULL);
    const size_t before = arena_used(workload->arena);
    const double start = now();
    need(cedar_policy_set_add_text(workload->set, "policies.cedar", text, workload->diagnostics),
         workload, "policies.cedar");
    for (size_t i = 0; i < links->count; i++) {
        const struct cedar_entity_uid principal = read_uid(workload, &links->items[i], "principal");
        const struct cedar_slot_values slots = {.principal = &principal};
        need(cedar_policy_set_add_link(workload->set, BYTES("policy0"),
                                       arena_format_bytes(workload->arena, "link%zu", i), &slots,
                                       workload->diagnostics),
             workload, "links.json");
    }
    (void)printf("parse_ms=%.2f\n", (now() - start) / 1e6);
    (void)printf("parse_bytes=%zu\n", arena_used(workload->arena) - before);
}

static void compile(struct workload *workload)
{
    const size_t before = arena_used(workload->arena);
    const double start = now();
    need(cedar_compile_unchecked(workload->arena, workload->set, &workload->compiled), workload,
         "policies.cedar");
    (void)printf("compile_ms=%.2f\n", (now() - start) / 1e6);
    (void)printf("compile_bytes=%zu\n", arena_used(workload->arena) - before);
}

static void validate(const struct workload *workload)
{
    const struct cedar_schema_source source = {"schema.cedarschema",
                                               read_file(workload, "schema.cedarschema")};
    const struct cedar_schema *schema = NULL;
    const struct cedar_checked_policies *checked = NULL;
    need(cedar_schema_parse(workload->arena, &source, 1, workload->diagnostics, &schema), workload,
         "schema.cedarschema");
    const double start = now();
    need(cedar_policy_set_check(workload->set, schema, workload->arena, workload->diagnostics,
                                &checked),
         workload, "validation");
    (void)printf("validate_ms=%.2f\n", (now() - start) / 1e6);
}

static void read_entities(struct workload *workload)
{
    struct cedar_entities *entities = cedar_entities_new(workload->arena, NULL);
    ASSERT(entities != NULL);
    need(cedar_entities_add_json(entities, NULL, "entities.json",
                                 read_file(workload, "entities.json"), workload->diagnostics),
         workload, "entities.json");
    need(cedar_entities_close(entities, NULL, workload->diagnostics), workload, "entities.json");
    workload->entities = entities;
}

static void read_requests(struct workload *workload)
{
    const struct document *list = read_json(workload, "requests.json");
    for (size_t i = 0; i < list->count && i < MOST_REQUESTS; i++) {
        const struct document *object = &list->items[i];
        struct cedar_request *request = &workload->requests[workload->request_count++];
        request->principal = read_uid(workload, object, "principal");
        request->action = read_uid(workload, object, "action");
        request->resource = read_uid(workload, object, "resource");
        need(cedar_context_from_document(workload->arena, NULL, NULL, "requests.json",
                                         document_get(object, "context"), workload->diagnostics,
                                         &request->context),
             workload, "requests.json");
    }
}

/* ---- measuring ---- */

static struct cedar_response decide(const struct workload *workload, size_t request,
                                    struct arena *arena)
{
    struct cedar_response response;
    need(cedar_authorize(workload->compiled, &workload->requests[request], workload->entities,
                         arena, &response),
         workload, "a decision");
    return response;
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* One round: every request once, the arena emptied after each. */
typedef void round_fn(const struct workload *workload, struct arena *arena);

/* The median over rounds, for one of `per_round` pieces, in nanoseconds. */
static double measure(const struct workload *workload, round_fn *run, size_t per_round)
{
    static double rounds[200000];
    struct arena *arena = arena_new((size_t)64 << 20);
    size_t count = 0;
    ASSERT(arena != NULL);
    run(workload, arena);
    const double end = now() + LONGEST_NANOSECONDS;
    for (; count < sizeof(rounds) / sizeof(rounds[0]) && (count < LEAST_ROUNDS || now() < end);
         count++) {
        const double start = now();
        run(workload, arena);
        rounds[count] = now() - start;
    }
    arena_free(arena);
    qsort(rounds, count, sizeof(rounds[0]), compare_doubles);
    return rounds[count / 2] / (double)per_round;
}

static void decide_all(const struct workload *workload, struct arena *arena)
{
    for (size_t i = 0; i < workload->request_count; i++) {
        (void)decide(workload, i, arena);
        arena_reset(arena);
    }
}

/* ---- records: one access, the actions of all requests, many records ---- */

#define ACTIONS 12

struct records {
    struct cedar_residuals *residuals;
    const struct cedar_residual *residual[ACTIONS];
    struct cedar_entity_uid actions[ACTIONS];
    struct cedar_value attributes[2];
};

static struct records records;

static void prepare_records(const struct workload *workload)
{
    static const char *const names[ACTIONS] = {
        "reveal:vehicle.plate", "mask:vehicle.plate", "reveal:vehicle.make", "mask:vehicle.make",
        "reveal:person.name",   "mask:person.name",   "reveal:person.cnic",  "mask:person.cnic",
        "reveal:place.point",   "mask:place.point",   "reveal:time",         "mask:time"};
    const struct cedar_request *request = &workload->requests[0];
    const struct cedar_residual_request known = {.principal = request->principal,
                                                 .resource = request->resource,
                                                 .context = request->context,
                                                 .entities = workload->entities,
                                                 .resource_is_open = true};
    const char *const cities[] = {"lahore", "multan"};
    const double start = now();
    need(cedar_residuals_new(workload->arena, workload->compiled, &known, &records.residuals),
         workload, "residuals");
    for (size_t i = 0; i < ACTIONS; i++) {
        records.actions[i] = (struct cedar_entity_uid){BYTES("Action"), bytes_of_string(names[i])};
        need(cedar_residual_new(records.residuals, &records.actions[i], &records.residual[i]),
             workload, "residuals");
    }
    (void)printf("residual_access_ns=%.0f\n", now() - start);
    for (size_t i = 0; i < 2; i++) {
        const struct cedar_field fields[] = {
            {BYTES("city"), cedar_value_string(bytes_of_string(cities[i]))},
            {BYTES("lane"), cedar_value_long((int64_t)i)}};
        need(cedar_value_record(workload->arena, fields, 2, &records.attributes[i]), workload,
             "records");
    }
}

static size_t allowed_by_residuals;
static size_t allowed_by_policies;

static void ask_residuals(const struct workload *workload, struct arena *arena)
{
    allowed_by_residuals = 0;
    for (size_t i = 0; i < 64; i++) {
        struct cedar_asked_record *record = NULL;
        struct cedar_response response;
        need(cedar_asked_record_new(arena, records.residuals, &records.attributes[i % 2], &record),
             workload, "a record");
        for (size_t k = 0; k < ACTIONS; k++) {
            need(cedar_residual_decide(records.residual[k], record, &response), workload,
                 "a record");
            allowed_by_residuals += response.decision == CEDAR_DECISION_ALLOW ? 1 : 0;
        }
        arena_reset(arena);
    }
}

static void ask_policies(const struct workload *workload, struct arena *arena)
{
    const struct cedar_entity_uid service = {BYTES("Service"), BYTES("s0")};
    allowed_by_policies = 0;
    for (size_t i = 0; i < 64; i++) {
        struct cedar_entities *entities = cedar_entities_new(arena, workload->entities);
        struct cedar_request request = workload->requests[0];
        const struct cedar_entity_parts parts = {.uid = request.resource,
                                                 .attributes = records.attributes[i % 2],
                                                 .parents = &service,
                                                 .parent_count = 1};
        need(cedar_entities_add(entities, &parts), workload, "a record");
        need(cedar_entities_close(entities, NULL, NULL), workload, "a record");
        for (size_t k = 0; k < ACTIONS; k++) {
            struct cedar_response response;
            request.action = records.actions[k];
            need(cedar_authorize(workload->compiled, &request, entities, arena, &response),
                 workload, "a record");
            allowed_by_policies += response.decision == CEDAR_DECISION_ALLOW ? 1 : 0;
        }
        arena_reset(arena);
    }
}

static void measure_records(const struct workload *workload)
{
    prepare_records(workload);
    (void)printf("record_residual_ns=%.1f\n", measure(workload, ask_residuals, 64));
    (void)printf("record_whole_ns=%.1f\n", measure(workload, ask_policies, 64));
    if (allowed_by_residuals != allowed_by_policies) {
        (void)fprintf(stderr, "residuals allow %zu, policies %zu\n", allowed_by_residuals,
                      allowed_by_policies);
        exit(1);
    }
}

static void print_decisions(const struct workload *workload)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    ASSERT(arena != NULL);
    (void)printf("decisions=");
    for (size_t i = 0; i < workload->request_count; i++) {
        const struct cedar_response response = decide(workload, i, arena);
        (void)putchar(response.decision == CEDAR_DECISION_ALLOW ? 'a' : 'd');
        arena_reset(arena);
    }
    (void)putchar('\n');
    arena_free(arena);
}

int main(int argument_count, char **arguments)
{
    struct workload *workload = calloc(1, sizeof(*workload));
    ASSERT(argument_count == 2 && workload != NULL);
    workload->folder = arguments[1];
    workload->arena = arena_new((size_t)1 << 30);
    workload->diagnostics = amanat_diagnostics_new();
    ASSERT(workload->arena != NULL && workload->diagnostics != NULL);
    read_policies(workload);
    compile(workload);
    read_entities(workload);
    read_requests(workload);
    (void)printf("policies=%zu\n", cedar_policy_set_count(workload->set));
    print_decisions(workload);
    (void)printf("decision_ns=%.1f\n", measure(workload, decide_all, workload->request_count));
    measure_records(workload);
    validate(workload);
    amanat_diagnostics_free(workload->diagnostics);
    arena_free(workload->arena);
    free(workload);
    return 0;
}
