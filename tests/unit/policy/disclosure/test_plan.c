/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan decides many labels once for all records of a type. Is that what asking for every record
 * would answer? Random policies over three types of records that lie in one another, against an
 * evaluation of their own that is written here from design 2: it knows no plan, no scopes and no
 * Cedar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/folder.h"

#define RULESETS            1500
#define CHAINS_OF_A_RULESET 40
#define POLICIES            14
#define DEPTH               4

static const char vocabulary[] = "labels:\n"
                                 "  p: {mask: {text: P}, tokenize: {length: 16}}\n"
                                 "  p.q: {coarsen: {prefix: 1}, mask: {text: Q}}\n"
                                 "  r: {mask: {text: R}}\n"
                                 "purposes:\n"
                                 "  work: {}\n"
                                 "  play: {}\n";

#define ATTRIBUTES "c: {type: string}, d: {type: string}"

static const char service[] =
    "openapi: 3.1.0\n"
    "info: {title: nest, version: '1'}\n"
    "x-amanat-service: nest\n"
    "paths:\n"
    "  /nest:\n"
    "    get:\n"
    "      operationId: readNest\n"
    "      responses:\n"
    "        '200':\n"
    "          description: all\n"
    "          content:\n"
    "            application/json:\n"
    "              schema:\n"
    "                type: object\n"
    "                properties:\n"
    "                  r: {type: string, x-amanat-label: r}\n"
    "                  q: {type: string, x-amanat-label: p.q}\n"
    "                  p: {type: string, x-amanat-label: p}\n"
    "                  outer: {$ref: '#/components/schemas/Outer'}\n"
    "                  middle: {$ref: '#/components/schemas/Middle'}\n"
    "                  leaf: {$ref: '#/components/schemas/Leaf'}\n"
    "components:\n"
    "  schemas:\n"
    "    Outer: {type: object, x-amanat-record: Outer, properties: {" ATTRIBUTES
    ", r: {type: string, x-amanat-label: r}, again: {$ref: '#/components/schemas/Outer'}, "
    "middle: {$ref: '#/components/schemas/Middle'}, leaf: {$ref: '#/components/schemas/Leaf'}}}\n"
    "    Middle: {type: object, x-amanat-record: Middle, properties: {" ATTRIBUTES
    ", p: {type: string, x-amanat-label: p}, r: {type: string, x-amanat-label: r}, "
    "leaf: {$ref: '#/components/schemas/Leaf'}}}\n"
    "    Leaf: {type: object, x-amanat-record: Leaf, properties: {" ATTRIBUTES
    ", q: {type: string, x-amanat-label: p.q}, p: {type: string, x-amanat-label: p}}}\n";

static const char call_policy[] =
    "@id(\"call\")\npermit (principal, action == Action::\"readNest\", resource);\n";

/* ---- what the random policies are made of ---- */

enum label { LABEL_P, LABEL_Q, LABEL_R, LABEL_COUNT };
static const char *const label_names[] = {"p", "p.q", "r"};
static const bool defines[LABEL_COUNT][DISCLOSURE_MODE_COUNT] = {
    [LABEL_P] =
        {[DISCLOSURE_REVEAL] = true, [DISCLOSURE_MASK] = true, [DISCLOSURE_TOKENIZE] = true},
    [LABEL_Q] = {[DISCLOSURE_REVEAL] = true, [DISCLOSURE_COARSEN] = true, [DISCLOSURE_MASK] = true},
    [LABEL_R] = {[DISCLOSURE_REVEAL] = true, [DISCLOSURE_MASK] = true},
};

enum type { TYPE_OUTER, TYPE_MIDDLE, TYPE_LEAF, TYPE_SERVICE, TYPE_COUNT };
static const char *const type_names[] = {"Outer", "Middle", "Leaf", "Service"};
static const bool holds[TYPE_COUNT][LABEL_COUNT] = {
    [TYPE_OUTER] = {[LABEL_R] = true},
    [TYPE_MIDDLE] = {[LABEL_P] = true, [LABEL_R] = true},
    [TYPE_LEAF] = {[LABEL_P] = true, [LABEL_Q] = true},
    [TYPE_SERVICE] = {[LABEL_P] = true, [LABEL_Q] = true, [LABEL_R] = true},
};

/** Actions as a scope names them: `mode` of `label` and of what lies in it. */
struct action {
    const char *text;
    int mode;  /* DISCLOSURE_WITHHELD: all of them */
    int label; /* LABEL_COUNT: all of them */
};
static const struct action actions[] = {
    {"reveal", DISCLOSURE_REVEAL, LABEL_COUNT},     {"mask", DISCLOSURE_MASK, LABEL_COUNT},
    {"reveal:p", DISCLOSURE_REVEAL, LABEL_P},       {"mask:p", DISCLOSURE_MASK, LABEL_P},
    {"tokenize:p", DISCLOSURE_TOKENIZE, LABEL_P},   {"coarsen:p", DISCLOSURE_COARSEN, LABEL_P},
    {"disclose:p", DISCLOSURE_WITHHELD, LABEL_P},   {"reveal:p.q", DISCLOSURE_REVEAL, LABEL_Q},
    {"coarsen:p.q", DISCLOSURE_COARSEN, LABEL_Q},   {"mask:p.q", DISCLOSURE_MASK, LABEL_Q},
    {"disclose:p.q", DISCLOSURE_WITHHELD, LABEL_Q}, {"reveal:r", DISCLOSURE_REVEAL, LABEL_R},
    {"mask:r", DISCLOSURE_MASK, LABEL_R},           {"disclose:r", DISCLOSURE_WITHHELD, LABEL_R},
};
#define ACTION_COUNT (sizeof(actions) / sizeof(actions[0]))

/** Attributes of one record: NULL is absent. */
struct record {
    enum type type;
    const char *c;
    const char *d;
};

enum truth { FALSE_HERE, TRUE_HERE, ERRORS_HERE };

static enum truth is_text(const char *value, const char *text)
{
    return value == NULL ? ERRORS_HERE : strcmp(value, text) == 0 ? TRUE_HERE : FALSE_HERE;
}

static enum truth always(const struct record *record)
{
    (void)record;
    return TRUE_HERE;
}

static enum truth never(const struct record *record)
{
    (void)record;
    return FALSE_HERE;
}

static enum truth has_c_x(const struct record *record)
{
    return record->c == NULL ? FALSE_HERE : is_text(record->c, "x");
}

static enum truth lacks_c(const struct record *record)
{
    return record->c == NULL ? TRUE_HERE : FALSE_HERE;
}

static enum truth d_is_x(const struct record *record)
{
    return is_text(record->d, "x");
}

static enum truth d_is_not_x_unless_absent(const struct record *record)
{
    return record->d == NULL || strcmp(record->d, "x") == 0 ? FALSE_HERE : TRUE_HERE;
}

static const struct {
    const char *text;
    enum truth (*holds)(const struct record *record);
} conditions[] = {
    {"", always},
    {"when { context.need.purpose == Purpose::\"work\" }", always},
    {"unless { context.need.purpose == Purpose::\"work\" }", never},
    {"when { resource has c && resource.c == \"x\" }", has_c_x},
    {"unless { resource has c }", lacks_c},
    /* a checked policy can fail still: here for want of d, with an overflow */
    {"when { (if resource has d then 0 else 9223372036854775807) + 1 > 0 && resource has d && "
     "resource.d == \"x\" }",
     d_is_x},
    {"when { {it: resource} has it.d && (if true then resource else resource) has d && "
     "(if true then resource else resource).d != \"x\" }",
     d_is_not_x_unless_absent},
};
#define CONDITION_COUNT              (sizeof(conditions) / sizeof(conditions[0]))
#define CONDITIONS_THAT_READ_NOTHING 3 /* the first */

struct policy {
    bool permits;
    const struct action *action;
    int type; /* TYPE_COUNT: any */
    size_t condition;
};

/* ---- the evaluation without a plan ---- */

static bool speaks_of(const struct policy *policy, int label, int mode, enum type type)
{
    const struct action *action = policy->action;
    const bool has_label = action->label == LABEL_COUNT || action->label == label ||
                           (action->label == LABEL_P && label == LABEL_Q);
    return has_label && (action->mode == DISCLOSURE_WITHHELD || action->mode == mode) &&
           (policy->type == TYPE_COUNT || policy->type == (int)type);
}

static bool is_forbidden(const struct policy *policies, const struct record *record, int label,
                         int mode)
{
    for (size_t i = 0; i < POLICIES; i++) {
        if (!policies[i].permits && speaks_of(&policies[i], label, mode, record->type) &&
            conditions[policies[i].condition].holds(record) != FALSE_HERE) {
            return true;
        }
    }
    return false;
}

static bool is_permitted(const struct policy *policies, const struct record *record, int label,
                         int mode)
{
    for (size_t i = 0; i < POLICIES; i++) {
        if (policies[i].permits && speaks_of(&policies[i], label, mode, record->type) &&
            conditions[policies[i].condition].holds(record) == TRUE_HERE) {
            return true;
        }
    }
    return false;
}

/* The mode of a label in the last of `chain`; the others are around it. */
static uint8_t expected_mode(const struct policy *policies, const struct record *chain,
                             size_t count, int label)
{
    for (int mode = DISCLOSURE_MODE_COUNT - 1; mode > DISCLOSURE_WITHHELD; mode--) {
        bool may = defines[label][mode] && is_permitted(policies, &chain[count - 1], label, mode);
        for (size_t i = 0; i < count; i++) {
            may = may && !is_forbidden(policies, &chain[i], label, mode);
        }
        if (may) {
            return (uint8_t)mode;
        }
    }
    return DISCLOSURE_WITHHELD;
}

/* ---- chance ---- */

static size_t chance(uint64_t *state, size_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(*state >> 33) % below;
}

/* Whether some question is in the policy's scope: others are refused. */
static bool fits(const struct policy *policy)
{
    for (int type = 0; type < TYPE_COUNT; type++) {
        for (int label = 0; label < LABEL_COUNT; label++) {
            for (int mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
                if (holds[type][label] && defines[label][mode] &&
                    speaks_of(policy, label, mode, (enum type)type)) {
                    return true;
                }
            }
        }
    }
    return false;
}

static struct policy random_policy(uint64_t *state)
{
    struct policy policy = {.permits = chance(state, 3) > 0,
                            .action = &actions[chance(state, ACTION_COUNT)],
                            .condition = chance(state, CONDITION_COUNT)};
    policy.type = (int)chance(state, policy.permits ? TYPE_COUNT : TYPE_COUNT + 1);
    if (policy.type == TYPE_SERVICE) { /* a service has no attributes, and check says so */
        policy.condition = chance(state, CONDITIONS_THAT_READ_NOTHING);
    }
    return fits(&policy) ? policy : random_policy(state);
}

static void write_policy(struct buffer *out, const struct policy *policy, size_t number)
{
    buffer_append_format(out, "@id(\"p%zu\")\n%s (principal, action in [Action::\"%s\"], resource",
                         number, policy->permits ? "permit" : "forbid", policy->action->text);
    if (policy->type != TYPE_COUNT) {
        buffer_append_format(out, " is %s", type_names[policy->type]);
    }
    buffer_append_format(out, ") %s;\n", conditions[policy->condition].text);
}

/* Records in one another, as the service's document allows; the last is the one that is asked. */
static size_t random_chain(uint64_t *state, struct record *chain)
{
    static const char *const values[] = {NULL, "x", "y"};
    size_t count = 0;
    for (size_t outers = chance(state, 3); count < outers;) {
        chain[count++].type = TYPE_OUTER;
    }
    if (chance(state, 2) == 0) {
        chain[count++].type = TYPE_MIDDLE;
    }
    if (count == 0 || chance(state, 2) == 0) {
        chain[count++].type = TYPE_LEAF;
    }
    for (size_t i = 0; i < count; i++) {
        chain[i].c = values[chance(state, 3)];
        chain[i].d = values[chance(state, 3)];
    }
    return count;
}

/* ---- the plan ---- */

static const struct plan *make_plan(const struct ruleset *ruleset, struct arena *arena)
{
    struct catalogue_call call = {0};
    struct problem problem = {0};
    struct access_decision decision = {0};
    struct catalogue_call *kept = ARENA_NEW(arena, struct catalogue_call);
    struct access_request *request = ARENA_NEW(arena, struct access_request);
    assert_true(amanat_is_ok(catalogue_call_operation(ruleset_catalogue(ruleset), BYTES("readNest"),
                                                      NULL, 0, arena, &call, &problem)));
    *kept = call;
    *request = (struct access_request){.partner = BYTES("acme"),
                                       .agent = BYTES("analyst-7"),
                                       .need = {.purpose = BYTES("work")},
                                       .call = kept,
                                       .address = BYTES("127.0.0.1"),
                                       .tokenize_key = BYTES("0123456789abcdef0123456789abcdef")};
    assert_true(amanat_is_ok(access_decide(ruleset, request, arena, &decision)));
    assert_non_null(decision.plan);
    return decision.plan;
}

static size_t record_index(const struct catalogue *catalogue, enum type type)
{
    size_t index = 0;
    while (!bytes_equal_string(catalogue->records[index].name, type_names[type])) {
        index++;
    }
    return index;
}

/* The question as the redactor asks it: only of attributes that the plan says are read. */
static struct record_question question_of(const struct plan *plan, const struct record *record,
                                          struct record_attribute *attributes)
{
    const size_t index = record_index(plan->catalogue, record->type);
    const struct catalogue_record *type = &plan->catalogue->records[index];
    struct record_question question = {.record = index, .attributes = attributes};
    for (size_t i = 0; i < type->attribute_count; i++) {
        const char *value = bytes_equal_string(type->attributes[i].name, "c")   ? record->c
                            : bytes_equal_string(type->attributes[i].name, "d") ? record->d
                                                                                : NULL;
        if (value != NULL && type->attributes[i].read && plan->records[index].reads[i]) {
            attributes[question.attribute_count++] =
                (struct record_attribute){i, value[0] == 'x' ? BYTES("\"x\"") : BYTES("\"y\"")};
        }
    }
    return question;
}

/* Whatever is around a record is judged once: asked about another record in it, the plan needs no
 * attributes of what is around any more. */
static void ask_again(const struct plan *plan, const struct record_question *own,
                      struct record_question *around, size_t around_count, const uint8_t *modes)
{
    uint8_t again[16] = {0};
    bool valid = false;
    for (size_t i = 0; i < around_count; i++) {
        around[i].attribute_count = 0;
    }
    assert_true(
        amanat_is_ok(plan->ask(plan->ask_context, own, around, around_count, again, &valid)));
    assert_true(valid);
    assert_memory_equal(again, modes, sizeof(again));
}

/* What the redactor does with a plan, for one record. */
static void planned_modes(const struct plan *plan, const struct record *chain, size_t count,
                          uint8_t *modes)
{
    struct record_attribute attributes[DEPTH][8];
    struct record_question questions[DEPTH];
    uint8_t memory[DEPTH][256];
    assert_true(plan->record_memory <= sizeof(memory[0]));
    memset(memory, 0xA5, sizeof(memory));
    for (size_t i = 0; i < count; i++) {
        questions[i] = question_of(plan, &chain[i], attributes[i]);
        questions[i].memory = memory[i];
        *memory[i] = 0;
    }
    const struct plan_record *own = &plan->records[questions[count - 1].record];
    bool valid = true;
    if (own->asks) {
        assert_true(amanat_is_ok(plan->ask(plan->ask_context, &questions[count - 1], questions,
                                           count - 1, modes, &valid)));
        ask_again(plan, &questions[count - 1], questions, count - 1, modes);
    }
    assert_true(valid); /* no attribute is required */
    for (size_t i = 0; i < plan->catalogue->vocabulary.label_count; i++) {
        if (!own->verdicts[i].depends_on_record) {
            modes[i] = own->verdicts[i].strongest;
        }
        assert_true(modes[i] <= own->verdicts[i].strongest);
    }
}

static void compare_record(const struct plan *plan, const struct policy *policies,
                           const struct buffer *text, const struct record *chain, size_t count)
{
    uint8_t modes[16] = {0};
    planned_modes(plan, chain, count, modes);
    for (int label = 0; label < LABEL_COUNT; label++) {
        const size_t index = vocabulary_find_label(&plan->catalogue->vocabulary,
                                                   bytes_of_string(label_names[label]));
        const uint8_t expected = expected_mode(policies, chain, count, label);
        if (!holds[chain[count - 1].type][label] || modes[index] == expected) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            print_error("%s c=%s d=%s\n", type_names[chain[i].type],
                        chain[i].c == NULL ? "-" : chain[i].c,
                        chain[i].d == NULL ? "-" : chain[i].d);
        }
        fail_msg("%.*s\nlabel %s: the plan says %d, asking says %d",
                 BYTES_PRINTF(buffer_bytes(text)), label_names[label], modes[index], expected);
    }
}

static void compare_outside(const struct plan *plan, const struct policy *policies)
{
    const struct record outside = {.type = TYPE_SERVICE};
    for (int label = 0; label < LABEL_COUNT; label++) {
        const size_t index = vocabulary_find_label(&plan->catalogue->vocabulary,
                                                   bytes_of_string(label_names[label]));
        assert_int_equal(plan->service[index].strongest,
                         expected_mode(policies, &outside, 1, label));
        assert_false(plan->service[index].depends_on_record);
    }
}

static void compare_ruleset(uint64_t *state)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct policy policies[POLICIES];
    struct buffer text;
    buffer_init(&text, (size_t)64 << 10);
    buffer_append_string(&text, call_policy);
    for (size_t i = 0; i < POLICIES; i++) {
        policies[i] = random_policy(state);
        write_policy(&text, &policies[i], i);
    }
    buffer_append_byte(&text, '\0');
    const struct folder_file changes[] = {{"vocabulary.yaml", vocabulary},
                                          {"services/anpr.yaml", service},
                                          {"access.cedar", text.at},
                                          {0}};
    struct ruleset *ruleset = folder_compile(changes, NULL);
    assert_non_null(ruleset);
    const struct plan *plan = make_plan(ruleset, arena);
    compare_outside(plan, policies);
    for (size_t i = 0; i < CHAINS_OF_A_RULESET; i++) {
        struct record chain[DEPTH];
        const size_t count = random_chain(state, chain);
        compare_record(plan, policies, &text, chain, count);
    }
    ruleset_unref(ruleset);
    buffer_clear(&text);
    arena_free(arena);
}

static void test_plan__says_what_asking_for_every_record_would_say(void **state)
{
    (void)state;
    uint64_t seed = 20261122;
    for (size_t i = 0; i < RULESETS; i++) {
        compare_ruleset(&seed);
    }
}

/* The label is settled for the outer records themselves, so no question about them is ever asked;
 * their forbid must see its attribute all the same. */
static void
test_plan__a_forbid_around_sees_what_it_reads_where_its_own_label_is_settled(void **state)
{
    (void)state;
    const struct folder_file changes[] = {
        {"vocabulary.yaml", vocabulary},
        {"services/anpr.yaml", service},
        {"access.cedar",
         "@id(\"call\") permit (principal, action == Action::\"readNest\", resource);\n"
         "@id(\"middle\") permit (principal, action == Action::\"reveal:p\", resource is Middle);\n"
         "@id(\"leaf\") permit (principal, action == Action::\"mask:p\", resource is Leaf);\n"
         "@id(\"secret\") forbid (principal, action == Action::\"mask:p\", resource is Middle)\n"
         "when { resource has c && resource.c == \"x\" };\n"},
        {0}};
    const struct {
        const char *c;
        enum disclosure_mode mode;
    } rows[] = {{"x", DISCLOSURE_WITHHELD}, {"y", DISCLOSURE_MASK}, {NULL, DISCLOSURE_MASK}};
    struct arena *arena = arena_new((size_t)16 << 20);
    struct ruleset *ruleset = folder_compile(changes, NULL);
    assert_non_null(ruleset);
    const struct plan *plan = make_plan(ruleset, arena);
    const size_t label = vocabulary_find_label(&plan->catalogue->vocabulary, BYTES("p"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct record chain[] = {{TYPE_MIDDLE, rows[i].c, NULL}, {TYPE_LEAF, NULL, NULL}};
        uint8_t modes[16] = {0};
        planned_modes(plan, chain, 2, modes);
        assert_int_equal(modes[label], rows[i].mode);
    }
    ruleset_unref(ruleset);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_plan__a_forbid_around_sees_what_it_reads_where_its_own_label_is_settled),
        cmocka_unit_test(test_plan__says_what_asking_for_every_record_would_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
