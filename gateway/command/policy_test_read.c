/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One `…_test.yaml` to tests, by tables of keys: an unknown key, a missing one and a value of the
 * wrong kind are errors at their place, and reading goes on behind them. Only the text is looked
 * at: whether operations and labels exist is policy_test_files.c's to say.
 */
#include "gateway/command/policy_test.h"

#include "policy/base/base.h"
#include "policy/base/similar.h"
#include "policy/cedar/cedar.h"

#define KEYS_LIMIT 16

struct reader {
    struct arena *arena;
    const char *source;
    struct amanat_diagnostics *diagnostics;
    struct policy_test_file *file;
    bool is_faulty;
    bool is_out_of_memory;
};

/** What is read from one key into its place. */
typedef void read_fn(struct reader *reader, const struct document *value, void *place);

struct key {
    const char *name;
    read_fn *read; /* NULL: known, and read elsewhere */
    size_t offset;
};

#define KEY(name, read, type, member)                                                              \
    {                                                                                              \
        (name), (read), offsetof(struct type, member)                                              \
    }
#define KEY_COUNT(keys) (sizeof(keys) / sizeof((keys)[0]))

/* ---- faults ---- */

static struct policy_test_place place_of(const struct document *document)
{
    return (struct policy_test_place){document->line, document->column};
}

#define FAULT(reader, place, code, ...)                                                            \
    do {                                                                                           \
        const struct policy_test_place fault_place_ = (place);                                     \
        (reader)->is_faulty = true;                                                                \
        amanat_diagnostics_add((reader)->diagnostics, AMANAT_SEVERITY_ERROR, (code),               \
                               (reader)->source, fault_place_.line, fault_place_.column,           \
                               __VA_ARGS__);                                                       \
    } while (0)

static void wrong_kind(struct reader *reader, const struct document *value, const char *expected)
{
    FAULT(reader, place_of(value), "type", "expected %s, not %s %s", expected,
          value->kind == DOCUMENT_ARRAY || value->kind == DOCUMENT_OBJECT ? "an" : "a",
          document_kind_name(value->kind));
}

static bool has_kind(struct reader *reader, const struct document *value, enum document_kind kind,
                     const char *expected)
{
    if (value->kind != kind) {
        wrong_kind(reader, value, expected);
    }
    return value->kind == kind;
}

static void *allocate(struct reader *reader, size_t count, size_t size)
{
    void *memory = arena_allocate_array(reader->arena, count, size);
    reader->is_out_of_memory |= memory == NULL;
    return memory;
}

static void unknown_word(struct reader *reader, struct policy_test_place place, const char *what,
                         struct bytes word, const struct bytes *known, size_t count)
{
    char hint[SIMILAR_HINT_SIZE];
    FAULT(reader, place, "unknown", "unknown %s `%.*s`%s", what, BYTES_PRINTF(word),
          similar_hint(word, known, count, hint));
}

/* ---- objects by table ---- */

static void refuse_unknown_keys(struct reader *reader, const struct document *object,
                                const struct key *keys, size_t count)
{
    struct bytes names[KEYS_LIMIT];
    ASSERT(count <= KEYS_LIMIT);
    for (size_t k = 0; k < count; k++) {
        names[k] = bytes_of_string(keys[k].name);
    }
    for (size_t i = 0; i < object->count; i++) {
        const struct document_member *member = &object->members[i];
        bool is_known = false;
        for (size_t k = 0; k < count; k++) {
            is_known |= bytes_equal(member->key, names[k]);
        }
        if (!is_known) {
            unknown_word(reader, (struct policy_test_place){member->line, member->column}, "key",
                         member->key, names, count);
        }
    }
}

/* In the order of the table, so that a key may rely on those before it. */
static void read_keys(struct reader *reader, const struct document *object, const char *what,
                      const struct key *keys, size_t count, void *base)
{
    if (!has_kind(reader, object, DOCUMENT_OBJECT, what)) {
        return;
    }
    refuse_unknown_keys(reader, object, keys, count);
    for (size_t k = 0; k < count; k++) {
        const struct document *value = document_get(object, keys[k].name);
        if (value != NULL && keys[k].read != NULL) {
            keys[k].read(reader, value, (char *)base + keys[k].offset);
        }
    }
}

/* ---- scalars ---- */

static void read_bytes(struct reader *reader, const struct document *value, void *place)
{
    if (has_kind(reader, value, DOCUMENT_STRING, "a text") && value->text.length == 0) {
        FAULT(reader, place_of(value), "type", "expected a text that is not empty");
    }
    if (value->kind == DOCUMENT_STRING) {
        *(struct bytes *)place = value->text;
    }
}

static void read_text(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_text *text = place;
    read_bytes(reader, value, &text->text);
    text->place = place_of(value);
}

static void read_flag(struct reader *reader, const struct document *value, void *place)
{
    if (has_kind(reader, value, DOCUMENT_BOOL, "true or false")) {
        *(bool *)place = value->boolean;
    }
}

static void read_status(struct reader *reader, const struct document *value, void *place)
{
    int64_t status = 0;
    if (!document_integer(value, &status) || status < 100 || status > 599) {
        FAULT(reader, place_of(value), "type", "expected an HTTP status, 100 to 599");
        return;
    }
    *(unsigned *)place = (unsigned)status;
}

static void read_now(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test *test = place;
    struct calendar_time time;
    if (value->kind != DOCUMENT_STRING || !calendar_parse(value->text, &time)) {
        FAULT(reader, place_of(value), "type",
              "expected a time as RFC 3339 has it: 2026-11-22T08:35:50Z");
        return;
    }
    test->has_now = true;
    test->now = calendar_milliseconds(&time);
}

static void read_network(struct reader *reader, const struct document *value, void *place)
{
    struct cedar_value address;
    if (value->kind != DOCUMENT_STRING || !cedar_ip_from_text(value->text, &address)) {
        FAULT(reader, place_of(value), "type", "expected an IP address");
        return;
    }
    *(struct bytes *)place = value->text;
}

static void read_texts(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_texts *texts = place;
    if (!has_kind(reader, value, DOCUMENT_ARRAY, "a list of texts")) {
        return;
    }
    struct policy_test_text *items = allocate(reader, value->count, sizeof(*items));
    for (size_t i = 0; items != NULL && i < value->count; i++) {
        read_text(reader, &value->items[i], &items[i]);
    }
    *texts = (struct policy_test_texts){items, items == NULL ? 0 : value->count, true};
}

/* ---- bodies ---- */

/* YAML spells numbers in more ways than JSON. */
static void check_numbers(struct reader *reader, const struct document *value)
{
    const struct document *ignored = NULL;
    if (value->kind == DOCUMENT_NUMBER &&
        !amanat_is_ok(document_from_json(reader->arena, "", value->text, NULL, &ignored))) {
        FAULT(reader, place_of(value), "type",
              "JSON does not spell a number as `%.*s`; put it in quotes if it is a text",
              BYTES_PRINTF(value->text));
    }
    for (size_t i = 0; i < value->count; i++) {
        check_numbers(reader,
                      value->kind == DOCUMENT_ARRAY ? &value->items[i] : &value->members[i].value);
    }
}

static void begin_content(struct reader *reader, const struct document *value,
                          struct policy_test_content *content)
{
    if (content->is_given) {
        FAULT(reader, place_of(value), "type",
              "`body`, `body_text` and `body_file` exclude each other");
    }
    *content = (struct policy_test_content){.is_given = true};
}

static void read_body(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_content *content = place;
    begin_content(reader, value, content);
    check_numbers(reader, value);
    content->document = value;
}

static void read_body_text(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_content *content = place;
    begin_content(reader, value, content);
    if (has_kind(reader, value, DOCUMENT_STRING, "a text")) {
        content->text = value->text;
    }
}

static void read_body_file(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_content *content = place;
    begin_content(reader, value, content);
    read_text(reader, value, &content->file);
}

#define BODY_KEYS(type, member)                                                                    \
    KEY("body", read_body, type, member), KEY("body_text", read_body_text, type, member),          \
        KEY("body_file", read_body_file, type, member)

static void read_message(struct reader *reader, const struct document *value, void *place,
                         const char *what, const struct key *keys, size_t count)
{
    struct policy_test_message *message = place;
    *message = (struct policy_test_message){.is_given = true,
                                            .place = place_of(value),
                                            .status = 200,
                                            .type = BYTES("application/json")};
    read_keys(reader, value, what, keys, count, message);
}

static void read_request(struct reader *reader, const struct document *value, void *place)
{
    static const struct key keys[] = {KEY("type", read_bytes, policy_test_message, type),
                                      BODY_KEYS(policy_test_message, content)};
    read_message(reader, value, place, "an object with type and body", keys, KEY_COUNT(keys));
}

static void read_upstream(struct reader *reader, const struct document *value, void *place)
{
    static const struct key keys[] = {KEY("status", read_status, policy_test_message, status),
                                      KEY("type", read_bytes, policy_test_message, type),
                                      BODY_KEYS(policy_test_message, content)};
    read_message(reader, value, place, "an object with status, type and body", keys,
                 KEY_COUNT(keys));
}

/* ---- what is expected ---- */

static void read_decision(struct reader *reader, const struct document *value, void *place)
{
    enum policy_test_decision *decision = place;
    if (document_is_string(value, "permitted")) {
        *decision = POLICY_TEST_DECISION_PERMITTED;
    } else if (document_is_string(value, "refused")) {
        *decision = POLICY_TEST_DECISION_REFUSED;
    } else {
        FAULT(reader, place_of(value), "type", "expected `permitted` or `refused`");
    }
}

static void read_problem(struct reader *reader, const struct document *value, void *place)
{
    struct bytes names[PROBLEM_NAME_COUNT];
    struct bytes wanted = {0};
    read_bytes(reader, value, &wanted);
    for (size_t i = 0; i < PROBLEM_NAME_COUNT; i++) {
        const struct problem_kind *kind = problem_kind((enum problem_name)i);
        names[i] = bytes_of_string(kind->name);
        if (bytes_equal(names[i], wanted)) {
            *(const struct problem_kind **)place = kind;
            return;
        }
    }
    if (wanted.length > 0) {
        unknown_word(reader, place_of(value), "problem", wanted, names, PROBLEM_NAME_COUNT);
    }
}

static const char *read_word(struct reader *reader, const struct document *value)
{
    static const char *const others[] = {POLICY_TEST_RECORD, POLICY_TEST_FORBIDDEN};
    const char *words[DISCLOSURE_MODE_COUNT + 2];
    struct bytes names[DISCLOSURE_MODE_COUNT + 2];
    struct bytes wanted = {0};
    read_bytes(reader, value, &wanted);
    for (size_t i = 0; i < DISCLOSURE_MODE_COUNT + 2; i++) {
        words[i] = i < DISCLOSURE_MODE_COUNT ? disclosure_mode_name((enum disclosure_mode)i)
                                             : others[i - DISCLOSURE_MODE_COUNT];
        names[i] = bytes_of_string(words[i]);
        if (bytes_equal(names[i], wanted)) {
            return words[i];
        }
    }
    if (wanted.length > 0) {
        unknown_word(reader, place_of(value), "mode", wanted, names, DISCLOSURE_MODE_COUNT + 2);
    }
    return NULL;
}

static void read_plan(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_expect *expect = place;
    if (!has_kind(reader, value, DOCUMENT_OBJECT, "an object of labels and modes")) {
        return;
    }
    struct policy_test_verdict *plan = allocate(reader, value->count, sizeof(*plan));
    for (size_t i = 0; plan != NULL && i < value->count; i++) {
        const struct document_member *member = &value->members[i];
        plan[i].label = (struct policy_test_text){member->key, {member->line, member->column}};
        plan[i].word = read_word(reader, &member->value);
    }
    expect->plan = plan;
    expect->plan_count = plan == NULL ? 0 : value->count;
}

static void check_expect(struct reader *reader, const struct policy_test_expect *expect)
{
    if (!expect->is_given) {
        FAULT(reader, expect->place, "expect",
              "nothing is expected: a test that looks at nothing cannot fail");
    }
    if (expect->body.is_given && expect->problem != NULL) {
        FAULT(reader, expect->place, "expect",
              "either a problem or a body of the service can come, not both");
    }
    if (expect->decision == POLICY_TEST_DECISION_REFUSED &&
        (expect->plan_count > 0 || expect->body.is_given)) {
        FAULT(reader, expect->place, "expect", "a call that is refused has no plan and no body");
    }
}

static void read_expect(struct reader *reader, const struct document *value, void *place)
{
    static const struct key keys[] = {KEY("decision", read_decision, policy_test_expect, decision),
                                      KEY("problem", read_problem, policy_test_expect, problem),
                                      KEY("status", read_status, policy_test_expect, status),
                                      KEY("parameter", read_text, policy_test_expect, parameter),
                                      KEY("detail", read_text, policy_test_expect, detail),
                                      {"plan", read_plan, 0},
                                      KEY("policies", read_texts, policy_test_expect, policies),
                                      KEY("errors", read_texts, policy_test_expect, errors),
                                      BODY_KEYS(policy_test_expect, body)};
    struct policy_test_expect *expect = place;
    *expect = (struct policy_test_expect){.place = place_of(value)};
    expect->is_given = value->kind == DOCUMENT_OBJECT && value->count > 0;
    if (value->kind != DOCUMENT_NULL) {
        read_keys(reader, value, "an object of what is expected", keys, KEY_COUNT(keys), expect);
    }
    check_expect(reader, expect);
}

/* ---- who asks, for what, by what ---- */

static void read_claims(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_agent *agent = place;
    if (!has_kind(reader, value, DOCUMENT_OBJECT, "an object of claims")) {
        return;
    }
    struct access_claim *claims = allocate(reader, value->count, sizeof(*claims));
    for (size_t i = 0; claims != NULL && i < value->count; i++) {
        claims[i] = (struct access_claim){value->members[i].key, &value->members[i].value};
    }
    agent->claims = claims;
    agent->claim_count = claims == NULL ? 0 : value->count;
}

static void read_agent_id(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_agent *agent = place;
    const struct bytes text = value->text;
    const size_t slash = value->kind == DOCUMENT_STRING ? bytes_find(text, '/') : text.length;
    if (slash == 0 || slash + 1 >= text.length) {
        FAULT(reader, place_of(value), "type", "expected PARTNER/NAME");
        return;
    }
    agent->partner = bytes_first(text, slash);
    agent->agent = bytes_from(text, slash + 1);
}

static void read_agents(struct reader *reader, const struct document *value, void *place)
{
    static const struct key keys[] = {
        {"id", read_agent_id, 0},
        {"claims", read_claims, 0},
        KEY("certificate", read_flag, policy_test_agent, has_certificate),
        KEY("token", read_flag, policy_test_agent, has_token)};
    struct policy_test_file *file = place;
    if (!has_kind(reader, value, DOCUMENT_OBJECT, "an object of agents by name")) {
        return;
    }
    struct policy_test_agent *agents = allocate(reader, value->count, sizeof(*agents));
    for (size_t i = 0; agents != NULL && i < value->count; i++) {
        const struct document_member *member = &value->members[i];
        agents[i] = (struct policy_test_agent){
            .name = member->key, .has_certificate = true, .has_token = true};
        read_keys(reader, &member->value, "an object with the agent's id", keys, KEY_COUNT(keys),
                  &agents[i]);
        if (member->value.kind == DOCUMENT_OBJECT && document_get(&member->value, "id") == NULL) {
            FAULT(reader, place_of(&member->value), "missing", "`id` is missing: PARTNER/NAME");
        }
    }
    file->agents = agents;
    file->agent_count = agents == NULL ? 0 : value->count;
}

static void read_agent(struct reader *reader, const struct document *value, void *place)
{
    const struct policy_test_file *file = reader->file;
    struct bytes wanted = {0};
    read_bytes(reader, value, &wanted);
    struct bytes *names = allocate(reader, file->agent_count, sizeof(*names));
    for (size_t i = 0; names != NULL && i < file->agent_count; i++) {
        names[i] = file->agents[i].name;
        if (bytes_equal(names[i], wanted)) {
            *(const struct policy_test_agent **)place = &file->agents[i];
            return;
        }
    }
    if (names != NULL && wanted.length > 0) {
        unknown_word(reader, place_of(value), "agent", wanted, names, file->agent_count);
    }
}

/* A header's text, or an object of its parts. */
static void read_need(struct reader *reader, const struct document *value, void *place)
{
    static const struct key keys[] = {KEY("purpose", read_bytes, access_need, purpose),
                                      KEY("case", read_bytes, access_need, case_id),
                                      KEY("basis", read_bytes, access_need, basis),
                                      KEY("reason", read_bytes, access_need, reason),
                                      KEY("signed", read_flag, access_need, is_signed)};
    struct policy_test *test = place;
    test->need = (struct access_need){0};
    test->need_header = (struct bytes){0};
    if (value->kind == DOCUMENT_STRING) {
        test->need_header = value->text;
    } else {
        read_keys(reader, value, "an object of purpose, case, basis and reason, or a Need header",
                  keys, KEY_COUNT(keys), &test->need);
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
static void read_parameters(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test *test = place;
    VECTOR(struct catalogue_named_value) values = {0};
    if (!has_kind(reader, value, DOCUMENT_OBJECT, "an object of parameters")) {
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
                wrong_kind(reader, item, "a text, a number, true or false");
            }
        }
    }
    test->parameters = values.items;
    test->parameter_count = values.count;
}

static void read_facts(struct reader *reader, const struct document *value, void *place)
{
    struct policy_test_file *file = place;
    if (!has_kind(reader, value, DOCUMENT_ARRAY, "a list of files and entities")) {
        return;
    }
    struct policy_test_fact *facts = allocate(reader, value->count, sizeof(*facts));
    for (size_t i = 0; facts != NULL && i < value->count; i++) {
        const struct document *item = &value->items[i];
        if (item->kind == DOCUMENT_OBJECT) {
            check_numbers(reader, item);
            facts[i].entity = item;
        } else if (has_kind(reader, item, DOCUMENT_STRING, "a file or an entity")) {
            read_text(reader, item, &facts[i].path);
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
        KEY("expect", read_expect, policy_test, expect)

static const struct key call_keys[] = {CALL_KEYS};
static const struct key test_keys[] = {
    CALL_KEYS, KEY("operation", read_text, policy_test, operation), {"calls", NULL, 0}};

typedef VECTOR(struct policy_test) test_list;

static void check_test(struct reader *reader, const struct policy_test *test,
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

static void add_test(struct reader *reader, const struct policy_test *test, test_list *tests)
{
    struct policy_test *slot = VECTOR_PUSH(reader->arena, tests);
    reader->is_out_of_memory |= slot == NULL;
    if (slot != NULL) {
        *slot = *test;
    }
}

/* Each row is the test with keys of its own. */
static void read_calls(struct reader *reader, const struct document *value,
                       const struct document *calls, const struct policy_test *base,
                       test_list *tests)
{
    if (!has_kind(reader, calls, DOCUMENT_ARRAY, "a list of calls")) {
        return;
    }
    for (size_t i = 0; i < calls->count; i++) {
        const struct document *row = &calls->items[i];
        const struct document *name = document_get(row, "name");
        struct bytes text = {0};
        struct policy_test test = *base;
        test.place = place_of(row);
        read_keys(reader, row, "an object with what this call has of its own", call_keys,
                  KEY_COUNT(call_keys), &test);
        if (name != NULL) {
            read_bytes(reader, name, &text);
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

static void read_test(struct reader *reader, const struct document *value,
                      const struct policy_test *defaults, test_list *tests)
{
    struct policy_test test = *defaults;
    const struct document *name = document_get(value, "name");
    const struct document *calls = document_get(value, "calls");
    test.place = place_of(value);
    read_keys(reader, value, "an object with a test", test_keys, KEY_COUNT(test_keys), &test);
    if (value->kind != DOCUMENT_OBJECT) {
        return;
    }
    if (name == NULL) {
        FAULT(reader, test.place, "missing", "`name` is missing: say what is tested");
    } else {
        read_bytes(reader, name, &test.name);
    }
    if (calls != NULL) {
        read_calls(reader, value, calls, &test, tests);
    } else {
        check_test(reader, &test, value, NULL);
        add_test(reader, &test, tests);
    }
}

static void check_names(struct reader *reader, const test_list *tests)
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

static void read_tests(struct reader *reader, const struct document *value,
                       const struct policy_test *defaults)
{
    test_list tests = {0};
    if (!has_kind(reader, value, DOCUMENT_ARRAY, "a list of tests")) {
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

static void read_root(struct reader *reader, const struct document *root)
{
    static const struct key keys[] = {{"now", NULL, 0},
                                      {"network", NULL, 0},
                                      {"tests", NULL, 0},
                                      {"facts", read_facts, 0},
                                      {"agents", read_agents, 0}};
    struct policy_test defaults = {.file = reader->file, .network = BYTES("127.0.0.1")};
    const struct document *now = document_get(root, "now");
    const struct document *network = document_get(root, "network");
    const struct document *tests = document_get(root, "tests");
    read_keys(reader, root, "an object with agents and tests", keys, KEY_COUNT(keys), reader->file);
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
        FAULT(reader, place_of(tests == NULL ? root : tests), "missing",
              "the file has no tests: `tests` is a list of them");
    }
}

amanat_result policy_test_read(struct arena *arena, const char *path, struct bytes text,
                               struct amanat_diagnostics *diagnostics, struct policy_test_file *out)
{
    struct reader reader = {
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
