/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index finds what a walk over all policies finds: random scopes, hierarchies and requests,
 * held against a plain reference that knows nothing of the index and keeps its own hierarchy.
 */
#include "tests/unit/policy/cedar/cedar_random.h"

#define TYPES    3 /* U, R, Action */
#define ENTITIES 6 /* of each type; the last two are in no store */
#define POLICIES 40

static const char *const type_names[TYPES] = {"U", "R", "Action"};
static const char *const ids[ENTITIES] = {"0", "1", "2", "3", "4", "5"};

struct named {
    size_t type;
    size_t id;
};

struct world {
    bool parent[TYPES][ENTITIES][TYPES][ENTITIES];
    struct cedar_entities *entities;
};

static struct cedar_entity_uid uid_of(struct named named)
{
    return uid(type_names[named.type], ids[named.id]);
}

static struct named random_entity(struct random_source *random, size_t type)
{
    return (struct named){type, random_below(random, ENTITIES)};
}

/* Parents have a higher id, so there is no cycle. */
static void make_world(struct fixture *fixture, struct random_source *random, struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->entities = cedar_entities_new(fixture->arena, NULL);
    assert_non_null(world->entities);
    for (size_t i = 0; i < TYPES * (ENTITIES - 2); i++) {
        const struct named child = {i % TYPES, i / TYPES};
        struct cedar_entity_uid parents[TYPES * ENTITIES];
        struct cedar_entity_parts parts = {.uid = uid_of(child), .parents = parents};
        for (size_t k = 0; k < TYPES * ENTITIES; k++) {
            const struct named parent = {k % TYPES, k / TYPES};
            if (parent.id > child.id && random_below(random, 5) == 0) {
                world->parent[child.type][child.id][parent.type][parent.id] = true;
                parents[parts.parent_count++] = uid_of(parent);
            }
        }
        assert_ok(cedar_entities_add(world->entities, &parts));
    }
    assert_ok(cedar_entities_close(world->entities, NULL, NULL));
}

/* ---- the reference ---- */

static bool is_in(const struct world *world, struct named low, struct named high)
{
    if (low.type == high.type && low.id == high.id) {
        return true;
    }
    for (size_t k = 0; k < TYPES * ENTITIES; k++) {
        const struct named parent = {k % TYPES, k / TYPES};
        if (world->parent[low.type][low.id][parent.type][parent.id] && is_in(world, parent, high)) {
            return true;
        }
    }
    return false;
}

/* One constraint, as it is written into the policy and as the reference reads it. */
struct constraint {
    unsigned kind; /* 0 none, 1 ==, 2 in, 3 is, 4 is in, 5 (actions) in [a, b] */
    size_t type;
    struct named first;
    struct named second;
};

static bool satisfies(const struct world *world, const struct constraint *constraint,
                      struct named entity)
{
    const bool is = entity.type == constraint->type;
    switch (constraint->kind) {
    case 0:
        return true;
    case 1:
        return entity.type == constraint->first.type && entity.id == constraint->first.id;
    case 2:
        return is_in(world, entity, constraint->first);
    case 3:
        return is;
    case 4:
        return is && is_in(world, entity, constraint->first);
    default:
        return is_in(world, entity, constraint->first) || is_in(world, entity, constraint->second);
    }
}

/* ---- policies ---- */

struct rule {
    struct constraint constraints[3]; /* principal, action, resource */
    bool permits;
    unsigned condition; /* 0 none, 1 true, 2 false, 3 fails */
};

static struct constraint random_constraint(struct random_source *random, bool is_action)
{
    const unsigned kind = random_below(random, is_action ? 4 : 5);
    const size_t type = is_action ? 2 : random_below(random, 2);
    return (struct constraint){.kind = is_action && kind == 3 ? 5 : kind,
                               .type = type,
                               .first = random_entity(random, type),
                               .second = random_entity(random, 2)};
}

static void write_constraint(struct buffer *text, const char *variable,
                             const struct constraint *constraint, const char *end)
{
    struct cedar_entity_uid first = uid_of(constraint->first);
    struct cedar_entity_uid second = uid_of(constraint->second);
    buffer_append_string(text, variable);
    if (constraint->kind >= 3 && constraint->kind <= 4) {
        buffer_append_format(text, " is %s", type_names[constraint->type]);
    }
    if (constraint->kind == 1 || constraint->kind == 2 || constraint->kind == 4) {
        buffer_append_string(text, constraint->kind == 1 ? " == " : " in ");
        cedar_entity_uid_append(text, &first);
    }
    if (constraint->kind == 5) {
        buffer_append_string(text, " in [");
        cedar_entity_uid_append(text, &first);
        buffer_append_string(text, ", ");
        cedar_entity_uid_append(text, &second);
        buffer_append_string(text, "]");
    }
    buffer_append_string(text, end);
}

static const char *const conditions[] = {"", " when { true }", " unless { context has no || true }",
                                         " when { context.no }"};

static void make_rule(struct random_source *random, struct rule *rule, struct buffer *text)
{
    for (size_t i = 0; i < 3; i++) {
        rule->constraints[i] = random_constraint(random, i == 1);
    }
    rule->permits = random_below(random, 2) == 0;
    rule->condition = random_below(random, 4);
    buffer_append_string(text, rule->permits ? "permit(" : "forbid(");
    write_constraint(text, "principal", &rule->constraints[0], ", ");
    write_constraint(text, "action", &rule->constraints[1], ", ");
    write_constraint(text, "resource", &rule->constraints[2], ")");
    buffer_append_format(text, "%s;\n", conditions[rule->condition]);
}

static bool scope_matches(const struct world *world, const struct rule *rule,
                          const struct named *request)
{
    return satisfies(world, &rule->constraints[0], request[0]) &&
           satisfies(world, &rule->constraints[1], request[1]) &&
           satisfies(world, &rule->constraints[2], request[2]);
}

/* What must be found, one character a policy: + and - for satisfied ones, ! for errors. */
static void expect(const struct world *world, const struct rule *rules, const struct named *request,
                   char *out)
{
    for (size_t i = 0; i < POLICIES; i++) {
        const bool matches = scope_matches(world, &rules[i], request);
        out[i] = !matches || rules[i].condition == 2 ? '.'
                 : rules[i].condition == 3           ? '!'
                 : rules[i].permits                  ? '+'
                                                     : '-';
    }
}

static size_t position_of(const struct cedar_policy *policy)
{
    return strtoul(cedar_policy_id(policy).at + strlen("policy"), NULL, 10);
}

static void mark(const struct cedar_policy *const *policies, size_t count, char sign, char *out)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || position_of(policies[i - 1]) < position_of(policies[i]));
        out[position_of(policies[i])] = sign;
    }
}

static void found(const struct cedar_response *response, char *out)
{
    memset(out, '.', POLICIES);
    mark(response->permits, response->permit_count, '+', out);
    mark(response->forbids, response->forbid_count, '-', out);
    for (size_t i = 0; i < response->error_count; i++) {
        mark(&response->errors[i].policy, 1, '!', out);
    }
}

static void check_scopes(struct fixture *fixture, const struct world *world,
                         const struct rule *rules, const struct named *named,
                         const struct cedar_compiled_policies *compiled)
{
    const struct cedar_request request = {
        uid_of(named[0]), uid_of(named[1]), uid_of(named[2]), {0}};
    const struct cedar_policy *const *policies = NULL;
    size_t count = 0;
    size_t at = 0;
    assert_ok(cedar_policies_in_scope(compiled, &request, world->entities, fixture->arena,
                                      &policies, &count));
    for (size_t i = 0; i < POLICIES; i++) {
        if (scope_matches(world, &rules[i], named)) {
            assert_true(at < count && position_of(policies[at]) == i);
            at++;
        }
    }
    assert_int_equal(at, count);
}

static void check_world(struct fixture *fixture, struct random_source *random)
{
    struct world world;
    struct rule rules[POLICIES];
    struct buffer text;
    make_world(fixture, random, &world);
    buffer_init(&text, 1 << 20);
    for (size_t i = 0; i < POLICIES; i++) {
        make_rule(random, &rules[i], &text);
    }
    const char *policies = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    buffer_clear(&text);
    const struct cedar_compiled_policies *compiled =
        compile(fixture, policies_of(fixture, policies));
    for (size_t i = 0; i < 40; i++) {
        char expected[POLICIES + 1] = {0};
        char actual[POLICIES + 1] = {0};
        const struct named named[3] = {random_entity(random, random_below(random, 2)),
                                       random_entity(random, 2),
                                       random_entity(random, random_below(random, 2))};
        const struct cedar_request request = {
            uid_of(named[0]), uid_of(named[1]), uid_of(named[2]), {0}};
        struct cedar_response response;
        assert_ok(cedar_authorize(compiled, &request, world.entities, fixture->arena, &response));
        expect(&world, rules, named, expected);
        found(&response, actual);
        assert_string_equal(actual, expected);
        check_scopes(fixture, &world, rules, named, compiled);
    }
}

static void test_index__finds_what_a_walk_over_all_policies_finds(void **state)
{
    struct fixture *fixture = *state;
    struct random_source random = {4};
    for (size_t i = 0; i < 60; i++) {
        check_world(fixture, &random);
        start_over(fixture);
    }
}

static void test_index__finds_one_link_among_many(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_policy_set *set =
        policies_of(fixture, "permit(principal in ?principal, action, resource == ?resource);");
    const struct cedar_entities *entities = entities_of(fixture, NULL, "[]");
    for (size_t i = 0; i < 500; i++) {
        const struct bytes id = arena_format_bytes(fixture->arena, "%zu", i);
        const struct cedar_entity_uid principal = {BYTES("U"), id};
        const struct cedar_entity_uid resource = {BYTES("R"), id};
        const struct cedar_slot_values slots = {&principal, &resource};
        assert_ok(cedar_policy_set_add_link(set, BYTES("policy0"), id, &slots, NULL));
    }
    const struct cedar_compiled_policies *compiled = compile(fixture, set);
    struct cedar_response response;
    struct cedar_request request = {uid("U", "321"), uid("Action", "v"), uid("R", "321"), {0}};
    assert_ok(cedar_authorize(compiled, &request, entities, fixture->arena, &response));
    assert_int_equal(response.permit_count, 1);
    assert_bytes(cedar_policy_id(response.permits[0]), "321");
    request.resource = uid("R", "322");
    assert_ok(cedar_authorize(compiled, &request, entities, fixture->arena, &response));
    assert_int_equal(response.permit_count, 0);
}

#define MANY 300

static void add_member_of_many(struct fixture *fixture, struct cedar_entities *entities,
                               struct cedar_entity_uid member, const char *type)
{
    struct cedar_entity_uid parents[MANY];
    for (size_t i = 0; i < MANY; i++) {
        parents[i] = uid(type, arena_format(fixture->arena, "%zu", i));
    }
    const struct cedar_entity_parts parts = {
        .uid = member, .parents = parents, .parent_count = MANY};
    assert_ok(cedar_entities_add(entities, &parts));
}

/* Principal and resource are each in more than any node of the index has children, and in less. */
static void test_index__finds_what_matches_among_many_groups_on_both_sides(void **state)
{
    struct fixture *fixture = *state;
    struct buffer text;
    buffer_init(&text, 1 << 20);
    for (size_t i = 0; i < 2 * MANY; i++) {
        buffer_append_format(&text, "permit(principal in G::\"%zu\", action, resource %s \"%zu\");",
                             i / 2, i % 4 == 3 ? "is R in F::" : "in F::", i % 3 == 0 ? i : i / 2);
    }
    buffer_append_byte(&text, '\0');
    const struct cedar_compiled_policies *compiled =
        compile(fixture, policies_of(fixture, buffer_bytes(&text).at));
    struct cedar_entities *entities = cedar_entities_new(fixture->arena, NULL);
    assert_non_null(entities);
    add_member_of_many(fixture, entities, uid("U", "u"), "G");
    add_member_of_many(fixture, entities, uid("R", "r"), "F");
    assert_ok(cedar_entities_close(entities, NULL, NULL));
    const struct cedar_request request = {uid("U", "u"), uid("Action", "v"), uid("R", "r"), {0}};
    struct cedar_response response;
    assert_ok(cedar_authorize(compiled, &request, entities, fixture->arena, &response));
    size_t at = 0;
    for (size_t i = 0; i < 2 * MANY; i++) {
        if (i % 3 != 0 || i < MANY) { /* else it names a folder that the resource is not in */
            assert_bytes(cedar_policy_id(response.permits[at++]),
                         arena_format(fixture->arena, "policy%zu", i));
        }
    }
    assert_int_equal(response.permit_count, at);
    buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index__finds_what_a_walk_over_all_policies_finds),
        cmocka_unit_test(test_index__finds_one_link_among_many),
        cmocka_unit_test(test_index__finds_what_matches_among_many_groups_on_both_sides),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
