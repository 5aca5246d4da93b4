/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One `…_test.yaml` to tests, by tables of keys: an unknown key, a missing one and a value of the
 * wrong kind are errors at their place, and reading goes on behind them. Only the text is looked
 * at: whether operations and labels exist is policy_test_files.c's to say.
 */
#include "gateway/command/policy_test_keys.h"

#include "policy/base/base.h"
#include "policy/cedar/cedar.h"

/* ---- when and where ---- */

static void read_now(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test *test = place;
    struct calendar_time time;
    if (value->kind != DOCUMENT_STRING || !calendar_parse(value->text, &time)) {
        FAULT(reader, test_reader_place_of(value), "type",
              "expected a time as RFC 3339 has it: 2026-11-22T08:35:50Z");
        return;
    }
    test->has_now = true;
    test->now = calendar_milliseconds(&time);
}

static void read_network(struct test_reader *reader, const struct document *value, void *place)
{
    struct cedar_value address;
    if (value->kind != DOCUMENT_STRING || !cedar_ip_from_text(value->text, &address)) {
        FAULT(reader, test_reader_place_of(value), "type", "expected an IP address");
        return;
    }
    *(struct bytes *)place = value->text;
}

/* ---- bodies ---- */

static void read_message(struct test_reader *reader, const struct document *value, void *place,
                         const char *what, const struct test_key *keys, size_t count)
{
    struct policy_test_message *message = place;
    *message = (struct policy_test_message){.is_given = true,
                                            .place = test_reader_place_of(value),
                                            .status = 200,
                                            .type = BYTES("application/json")};
    test_reader_keys(reader, value, what, keys, count, message);
}

static void read_request(struct test_reader *reader, const struct document *value, void *place)
{
    static const struct test_key keys[] = {
        KEY("type", test_reader_bytes, policy_test_message, type),
        BODY_KEYS(policy_test_message, content)};
    read_message(reader, value, place, "an object with type and body", keys, KEY_COUNT(keys));
}

static void read_upstream(struct test_reader *reader, const struct document *value, void *place)
{
    static const struct test_key keys[] = {
        KEY("status", test_reader_status, policy_test_message, status),
        KEY("type", test_reader_bytes, policy_test_message, type),
        BODY_KEYS(policy_test_message, content)};
    read_message(reader, value, place, "an object with status, type and body", keys,
                 KEY_COUNT(keys));
}

/* ---- who asks, for what, by what ---- */

static void read_claims(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_agent *agent = place;
    if (!test_reader_has_kind(reader, value, DOCUMENT_OBJECT, "an object of claims")) {
        return;
    }
    struct access_claim *claims = test_reader_allocate(reader, value->count, sizeof(*claims));
    for (size_t i = 0; claims != NULL && i < value->count; i++) {
        claims[i] = (struct access_claim){value->members[i].key, &value->members[i].value};
    }
    agent->claims = claims;
    agent->claim_count = claims == NULL ? 0 : value->count;
}

static void read_agent_id(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_agent *agent = place;
    const struct bytes text = value->text;
    const size_t slash = value->kind == DOCUMENT_STRING ? bytes_find(text, '/') : text.length;
    if (slash == 0 || slash + 1 >= text.length) {
        FAULT(reader, test_reader_place_of(value), "type", "expected PARTNER/NAME");
        return;
    }
    agent->partner = bytes_first(text, slash);
    agent->agent = bytes_from(text, slash + 1);
}

static void read_agents(struct test_reader *reader, const struct document *value, void *place)
{
    static const struct test_key keys[] = {
        {"id", read_agent_id, 0},
        {"claims", read_claims, 0},
        KEY("certificate", test_reader_flag, policy_test_agent, has_certificate),
        KEY("token", test_reader_flag, policy_test_agent, has_token)};
    struct policy_test_file *file = place;
    if (!test_reader_has_kind(reader, value, DOCUMENT_OBJECT, "an object of agents by name")) {
        return;
    }
    struct policy_test_agent *agents = test_reader_allocate(reader, value->count, sizeof(*agents));
    for (size_t i = 0; agents != NULL && i < value->count; i++) {
        const struct document_member *member = &value->members[i];
        agents[i] = (struct policy_test_agent){
            .name = member->key, .has_certificate = true, .has_token = true};
        test_reader_keys(reader, &member->value, "an object with the agent's id", keys,
                         KEY_COUNT(keys), &agents[i]);
        if (member->value.kind == DOCUMENT_OBJECT && document_get(&member->value, "id") == NULL) {
            FAULT(reader, test_reader_place_of(&member->value), "missing",
                  "`id` is missing: PARTNER/NAME");
        }
    }
    file->agents = agents;
    file->agent_count = agents == NULL ? 0 : value->count;
}

static void read_agent(struct test_reader *reader, const struct document *value, void *place)
{
    const struct policy_test_file *file = reader->file;
    struct bytes wanted = {0};
    test_reader_bytes(reader, value, &wanted);
    struct bytes *names = test_reader_allocate(reader, file->agent_count, sizeof(*names));
    for (size_t i = 0; names != NULL && i < file->agent_count; i++) {
        names[i] = file->agents[i].name;
        if (bytes_equal(names[i], wanted)) {
            *(const struct policy_test_agent **)place = &file->agents[i];
            return;
        }
    }
    if (names != NULL && wanted.length > 0) {
        test_reader_unknown_word(reader, test_reader_place_of(value), "agent", wanted, names,
                                 file->agent_count);
    }
}

/* A header's text, or an object of its parts. */
static void read_need(struct test_reader *reader, const struct document *value, void *place)
{
    static const struct test_key keys[] = {KEY("purpose", test_reader_bytes, access_need, purpose),
                                           KEY("case", test_reader_bytes, access_need, case_id),
                                           KEY("basis", test_reader_bytes, access_need, basis),
                                           KEY("reason", test_reader_bytes, access_need, reason),
                                           KEY("signed", test_reader_flag, access_need, is_signed)};
    struct policy_test *test = place;
    test->need = (struct access_need){0};
    test->need_header = (struct bytes){0};
    if (value->kind == DOCUMENT_STRING) {
        test->need_header = value->text;
    } else {
        test_reader_keys(reader, value,
                         "an object of purpose, case, basis and reason, or a Need header", keys,
                         KEY_COUNT(keys), &test->need);
    }
}

static bool scalar_text(const struct document *value, struct bytes *out)
{
    if (value->kind == DOCUMENT_BOOL) {
        *out = value->boolean ? BYTES("true") : BYTES("false");
    } else {
        *out = value->text;
    }
    return value->kind == DOCUMENT_BOOL || value->kind == DOCUMENT_NUMBER ||
           value->kind == DOCUMENT_STRING;
}

/* A list is a parameter that is sent several times. */
static void read_parameters(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test *test = place;
    VECTOR(struct catalogue_named_value) values = {0};
    if (!test_reader_has_kind(reader, value, DOCUMENT_OBJECT, "an object of parameters")) {
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        const struct document *given = &value->members[i].value;
        const bool is_list = given->kind == DOCUMENT_ARRAY;
        for (size_t k = 0; k < (is_list ? given->count : 1); k++) {
            const struct document *item = is_list ? &given->items[k] : given;
            struct catalogue_named_value *slot = VECTOR_PUSH(reader->arena, &values);
            if (slot == NULL) {
                reader->is_out_of_memory = true;
                return;
            }
            slot->name = value->members[i].key;
            if (!scalar_text(item, &slot->value)) {
                test_reader_wrong_kind(reader, item, "a text, a number, true or false");
            }
        }
    }
    test->parameters = values.items;
    test->parameter_count = values.count;
}

static void read_facts(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_file *file = place;
    if (!test_reader_has_kind(reader, value, DOCUMENT_ARRAY, "a list of files and entities")) {
        return;
    }
    struct policy_test_fact *facts = test_reader_allocate(reader, value->count, sizeof(*facts));
    for (size_t i = 0; facts != NULL && i < value->count; i++) {
        const struct document *item = &value->items[i];
        if (item->kind == DOCUMENT_OBJECT) {
            test_reader_check_numbers(reader, item);
            facts[i].entity = item;
        } else if (test_reader_has_kind(reader, item, DOCUMENT_STRING, "a file or an entity")) {
            test_reader_text(reader, item, &facts[i].path);
        }
    }
    file->facts = facts;
    file->fact_count = facts == NULL ? 0 : value->count;
}

/* ---- tests ---- */

#define CALL_KEYS                                                                                  \
    {"name", NULL, 0}, KEY("agent", read_agent, policy_test, agent), {"need", read_need, 0},       \
        {"now", read_now, 0}, KEY("network", read_network, policy_test, network),                  \
        {"parameters", read_parameters, 0}, KEY("request", read_request, policy_test, request),    \
        KEY("upstream", read_upstream, policy_test, upstream),                                     \
        KEY("expect", test_reader_expect, policy_test, expect)

static const struct test_key call_keys[] = {CALL_KEYS};
static const struct test_key test_keys[] = {
    CALL_KEYS, KEY("operation", test_reader_text, policy_test, operation), {"calls", NULL, 0}};

typedef VECTOR(struct policy_test) test_list;

static void check_test(struct test_reader *reader, const struct policy_test *test,
                       const struct document *own, const struct document *around)
{
    static const char *const required[] = {"agent", "operation", "expect"};
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (document_get(own, required[i]) == NULL && document_get(around, required[i]) == NULL) {
            FAULT(reader, test->place, "missing", "`%s` is missing", required[i]);
        }
    }
    if (!test->has_now) {
        FAULT(reader, test->place, "missing",
              "`now` is missing, here or for the whole file: a test does not depend on the clock");
    }
    if (test->expect.body.is_given && !test->upstream.is_given) {
        FAULT(reader, test->expect.place, "missing",
              "a body is expected, but `upstream` does not say what the service answers");
    }
}

static void add_test(struct test_reader *reader, const struct policy_test *test, test_list *tests)
{
    struct policy_test *slot = VECTOR_PUSH(reader->arena, tests);
    reader->is_out_of_memory |= slot == NULL;
    if (slot != NULL) {
        *slot = *test;
    }
}

/* Each row is the test with keys of its own. */
static void read_calls(struct test_reader *reader, const struct document *value,
                       const struct document *calls, const struct policy_test *base,
                       test_list *tests)
{
    if (!test_reader_has_kind(reader, calls, DOCUMENT_ARRAY, "a list of calls")) {
        return;
    }
    for (size_t i = 0; i < calls->count; i++) {
        const struct document *row = &calls->items[i];
        const struct document *name = document_get(row, "name");
        struct bytes text = {0};
        struct policy_test test = *base;
        test.place = test_reader_place_of(row);
        test_reader_keys(reader, row, "an object with what this call has of its own", call_keys,
                         KEY_COUNT(call_keys), &test);
        if (name != NULL) {
            test_reader_bytes(reader, name, &text);
        }
        test.name = text.length > 0
                        ? arena_format_bytes(reader->arena, "%.*s: %.*s", BYTES_PRINTF(base->name),
                                             BYTES_PRINTF(text))
                        : arena_format_bytes(reader->arena, "%.*s: call %zu",
                                             BYTES_PRINTF(base->name), i + 1);
        check_test(reader, &test, row, value);
        add_test(reader, &test, tests);
    }
}

static void read_test(struct test_reader *reader, const struct document *value,
                      const struct policy_test *defaults, test_list *tests)
{
    struct policy_test test = *defaults;
    const struct document *name = document_get(value, "name");
    const struct document *calls = document_get(value, "calls");
    test.place = test_reader_place_of(value);
    test_reader_keys(reader, value, "an object with a test", test_keys, KEY_COUNT(test_keys),
                     &test);
    if (value->kind != DOCUMENT_OBJECT) {
        return;
    }
    if (name == NULL) {
        FAULT(reader, test.place, "missing", "`name` is missing: say what is tested");
    } else {
        test_reader_bytes(reader, name, &test.name);
    }
    if (calls != NULL) {
        read_calls(reader, value, calls, &test, tests);
    } else {
        check_test(reader, &test, value, NULL);
        add_test(reader, &test, tests);
    }
}

static void check_names(struct test_reader *reader, const test_list *tests)
{
    struct map names = {0};
    for (size_t i = 0; i < tests->count; i++) {
        struct policy_test *test = &tests->items[i];
        const struct policy_test *other = map_get(&names, test->name);
        if (other != NULL && test->name.length > 0) {
            FAULT(reader, test->place, "name", "line %u has a test `%.*s` already",
                  other->place.line, BYTES_PRINTF(test->name));
        }
        reader->is_out_of_memory |= !amanat_is_ok(map_put(reader->arena, &names, test->name, test));
    }
}

static void read_tests(struct test_reader *reader, const struct document *value,
                       const struct policy_test *defaults)
{
    test_list tests = {0};
    if (!test_reader_has_kind(reader, value, DOCUMENT_ARRAY, "a list of tests")) {
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        read_test(reader, &value->items[i], defaults, &tests);
    }
    check_names(reader, &tests);
    reader->file->tests = tests.items;
    reader->file->test_count = tests.count;
}

/* ---- the file ---- */

static void read_root(struct test_reader *reader, const struct document *root)
{
    static const struct test_key keys[] = {{"now", NULL, 0},
                                           {"network", NULL, 0},
                                           {"tests", NULL, 0},
                                           {"facts", read_facts, 0},
                                           {"agents", read_agents, 0}};
    struct policy_test defaults = {.file = reader->file, .network = BYTES("127.0.0.1")};
    const struct document *now = document_get(root, "now");
    const struct document *network = document_get(root, "network");
    const struct document *tests = document_get(root, "tests");
    test_reader_keys(reader, root, "an object with agents and tests", keys, KEY_COUNT(keys),
                     reader->file);
    if (now != NULL) {
        read_now(reader, now, &defaults);
        defaults.has_now = true; /* or its fault was told */
    }
    if (network != NULL) {
        read_network(reader, network, &defaults.network);
    }
    if (tests != NULL) {
        read_tests(reader, tests, &defaults);
    }
    if (root->kind == DOCUMENT_OBJECT && (tests == NULL || tests->count == 0)) {
        FAULT(reader, test_reader_place_of(tests == NULL ? root : tests), "missing",
              "the file has no tests: `tests` is a list of them");
    }
}

amanat_result policy_test_read(struct arena *arena, const char *path, struct bytes text,
                               struct amanat_diagnostics *diagnostics, struct policy_test_file *out)
{
    struct test_reader reader = {
        .arena = arena, .source = path, .diagnostics = diagnostics, .file = out};
    const struct document *root = NULL;
    *out = (struct policy_test_file){.path = path, .text = text};
    TRY(document_from_yaml(arena, path, text, diagnostics, &root));
    read_root(&reader, root);
    if (reader.is_out_of_memory || arena_is_exhausted(arena)) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    return reader.is_faulty ? amanat_result_of(AMANAT_STATUS_CONFIG_FAULT) : AMANAT_OK;
}
