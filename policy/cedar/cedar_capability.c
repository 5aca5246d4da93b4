/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbering of terms, and sets of them. A shape is a letter for the kind of expression, its texts
 * with their lengths before them, and the numbers of its operands: so its length does not grow with
 * what the operands hold, and equality is equality of bytes.
 */
#include "policy/cedar/cedar_capability.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_operations.h"

struct term {
    const struct cedar_expression *expression;
    size_t number;
    const size_t *asked;
};

/* ---- Shapes ---- */

struct shape {
    struct arena *arena;
    VECTOR(char) bytes;
    bool failed;
};

static void put_raw(struct shape *shape, const void *from, size_t length)
{
    for (size_t i = 0; i < length && !shape->failed; i++) {
        char *place = VECTOR_PUSH(shape->arena, &shape->bytes);
        shape->failed = place == NULL;
        if (place != NULL) {
            *place = ((const char *)from)[i];
        }
    }
}

static void put_number(struct shape *shape, size_t number)
{
    put_raw(shape, &number, sizeof(number));
}

static void put_text(struct shape *shape, struct bytes text)
{
    put_number(shape, text.length);
    put_raw(shape, text.at, text.length);
}

static struct shape shape_of(const struct cedar_terms *terms, char letter)
{
    struct shape shape = {.arena = terms->arena};
    put_raw(&shape, &letter, 1);
    return shape;
}

/* The number of a shape, a new one if it was never seen. */
static amanat_result number_shape(struct cedar_terms *terms, const struct shape *shape, size_t *out)
{
    const struct bytes key = bytes_of(shape->bytes.items, shape->bytes.count);
    if (shape->failed) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    size_t *number = map_get(&terms->by_shape, key);
    if (number == NULL) {
        number = ARENA_NEW(terms->arena, size_t);
        TRY_MEMORY(number);
        *number = terms->by_shape.count + 1;
        TRY(map_put(terms->arena, &terms->by_shape, key, number));
    }
    *out = *number;
    return AMANAT_OK;
}

static amanat_result number_pair(struct cedar_terms *terms, char letter, size_t first,
                                 size_t second, size_t *out)
{
    struct shape shape = shape_of(terms, letter);
    put_number(&shape, first);
    put_number(&shape, second);
    return number_shape(terms, &shape, out);
}

static amanat_result number_get(struct cedar_terms *terms, size_t subject, struct bytes attribute,
                                size_t *out)
{
    struct shape shape = shape_of(terms, '.');
    put_number(&shape, subject);
    put_text(&shape, attribute);
    return number_shape(terms, &shape, out);
}

static amanat_result number_call(struct cedar_terms *terms, const char *name,
                                 enum cedar_operation_style style, const size_t *operands,
                                 size_t count, size_t *out)
{
    struct shape shape = shape_of(terms, (char)('a' + (int)style));
    put_text(&shape, bytes_of_string(name));
    for (size_t i = 0; i < count; i++) {
        put_number(&shape, operands[i]);
    }
    return number_shape(terms, &shape, out);
}

/* ---- Expressions ---- */

static amanat_result find_term(struct cedar_terms *terms, const struct cedar_expression *expression,
                               const struct term **out);

static void put_literal(struct shape *shape, const struct cedar_value *value)
{
    const char kind = (char)value->kind;
    put_raw(shape, &kind, 1);
    switch (value->kind) {
    case CEDAR_VALUE_BOOL:
        put_number(shape, value->as.boolean ? 1 : 0);
        return;
    case CEDAR_VALUE_STRING:
        put_text(shape, value->as.string);
        return;
    case CEDAR_VALUE_ENTITY:
        put_text(shape, value->as.entity.type);
        put_text(shape, value->as.entity.id);
        return;
    default:
        put_raw(shape, &value->as.integer, sizeof(value->as.integer));
        return;
    }
}

/* `a && b && c` is `(a && b) && c`. */
static amanat_result number_chain(struct cedar_terms *terms, char letter, const size_t *operands,
                                  size_t count, size_t *out)
{
    size_t number = operands[0];
    for (size_t i = 1; i < count; i++) {
        TRY(number_pair(terms, letter, number, operands[i], &number));
    }
    *out = number;
    return AMANAT_OK;
}

/* `>`, `>=` and `!=` are the negation of their opposite. */
static amanat_result number_operation(struct cedar_terms *terms,
                                      const struct cedar_expression *call, const size_t *operands,
                                      size_t *out)
{
    static const struct {
        const char *name;
        const char *opposite;
    } negations[] = {{">", "<="}, {">=", "<"}, {"!=", "=="}};
    const struct cedar_operation *operation = call->as.operation;
    for (size_t i = 0; i < sizeof(negations) / sizeof(negations[0]); i++) {
        if (bytes_equal_string(bytes_of_string(operation->name), negations[i].name)) {
            size_t opposite = 0;
            TRY(number_call(terms, negations[i].opposite, CEDAR_OPERATION_INFIX, operands, 2,
                            &opposite));
            return number_call(terms, "!", CEDAR_OPERATION_PREFIX, &opposite, 1, out);
        }
    }
    return number_call(terms, operation->name, operation->style, operands, call->operand_count,
                       out);
}

/* `x is T in y` is `x is T && x in y`. */
static amanat_result number_is(struct cedar_terms *terms, const struct cedar_expression *is,
                               const size_t *operands, size_t *out)
{
    struct shape shape = shape_of(terms, 'I');
    size_t in = 0;
    put_number(&shape, operands[0]);
    put_text(&shape, is->as.type);
    TRY(number_shape(terms, &shape, out));
    if (is->operand_count == 1) {
        return AMANAT_OK;
    }
    TRY(number_call(terms, "in", CEDAR_OPERATION_INFIX, operands, 2, &in));
    return number_pair(terms, '&', *out, in, out);
}

struct member {
    struct bytes key;
    size_t value;
};

static int compare_members(const void *a, const void *b)
{
    return bytes_compare(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static amanat_result number_record(struct cedar_terms *terms, const struct cedar_expression *record,
                                   const size_t *operands, size_t *out)
{
    const size_t count = record->operand_count;
    struct member *members = arena_allocate_array(terms->arena, count, sizeof(*members));
    struct shape shape = shape_of(terms, '{');
    TRY_MEMORY(members);
    for (size_t i = 0; i < count; i++) {
        members[i] = (struct member){record->as.path.keys[i], operands[i]};
    }
    if (count > 0) {
        qsort(members, count, sizeof(*members), compare_members);
    }
    for (size_t i = 0; i < count; i++) {
        put_text(&shape, members[i].key);
        put_number(&shape, members[i].value);
    }
    return number_shape(terms, &shape, out);
}

/* What has no other spelling: a letter, its own texts, its operands. */
static amanat_result number_plain(struct cedar_terms *terms,
                                  const struct cedar_expression *expression, const size_t *operands,
                                  size_t *out)
{
    struct shape shape = shape_of(terms, (char)('A' + (int)expression->kind));
    for (size_t i = 0; i < expression->operand_count; i++) {
        put_number(&shape, operands[i]);
    }
    switch (expression->kind) {
    case CEDAR_EXPRESSION_LITERAL:
        put_literal(&shape, &expression->as.literal);
        break;
    case CEDAR_EXPRESSION_VARIABLE:
        put_number(&shape, (size_t)expression->as.variable);
        break;
    case CEDAR_EXPRESSION_HAS:
        for (size_t i = 0; i < expression->as.path.count; i++) {
            put_text(&shape, expression->as.path.keys[i]);
        }
        break;
    case CEDAR_EXPRESSION_LIKE:
        for (size_t i = 0; i < expression->as.pattern.count; i++) {
            put_text(&shape, expression->as.pattern.pieces[i]);
        }
        break;
    default:
        break;
    }
    return number_shape(terms, &shape, out);
}

static amanat_result number_expression(struct cedar_terms *terms,
                                       const struct cedar_expression *expression,
                                       const size_t *operands, size_t *out)
{
    switch (expression->kind) {
    case CEDAR_EXPRESSION_AND:
        return number_chain(terms, '&', operands, expression->operand_count, out);
    case CEDAR_EXPRESSION_OR:
        return number_chain(terms, '|', operands, expression->operand_count, out);
    case CEDAR_EXPRESSION_GET:
        return number_get(terms, operands[0], expression->as.attribute, out);
    case CEDAR_EXPRESSION_IS:
        return number_is(terms, expression, operands, out);
    case CEDAR_EXPRESSION_RECORD:
        return number_record(terms, expression, operands, out);
    case CEDAR_EXPRESSION_CALL:
        return number_operation(terms, expression, operands, out);
    default:
        return number_plain(terms, expression, operands, out);
    }
}

/* Which terms the expression asks for, if it does; see cedar_terms_asked. */
static amanat_result number_asked(struct cedar_terms *terms,
                                  const struct cedar_expression *expression, const size_t *operands,
                                  struct term *term)
{
    if (expression->kind == CEDAR_EXPRESSION_GET) {
        term->asked = &term->number;
        return AMANAT_OK;
    }
    const bool is_has = expression->kind == CEDAR_EXPRESSION_HAS;
    const size_t count = is_has ? expression->as.path.count : 1;
    size_t *asked = arena_allocate_array(terms->arena, count, sizeof(*asked));
    TRY_MEMORY(asked);
    term->asked = asked;
    if (expression->kind == CEDAR_EXPRESSION_CALL && cedar_checks_a_tag(expression)) {
        return number_call(terms, "getTag", CEDAR_OPERATION_METHOD, operands, 2, asked);
    }
    for (size_t i = 0; is_has && i < count; i++) {
        TRY(number_get(terms, i == 0 ? operands[0] : asked[i - 1], expression->as.path.keys[i],
                       &asked[i]));
    }
    return AMANAT_OK;
}

static amanat_result make_term(struct cedar_terms *terms, const struct cedar_expression *expression,
                               struct term **out)
{
    const size_t count = expression->operand_count;
    struct term *term = ARENA_NEW(terms->arena, struct term);
    size_t *operands = arena_allocate_array(terms->arena, count, sizeof(*operands));
    TRY_MEMORY(term);
    TRY_MEMORY(operands);
    for (size_t i = 0; i < count; i++) {
        const struct term *operand = NULL;
        TRY(find_term(terms, expression->operands[i], &operand));
        operands[i] = operand->number;
    }
    term->expression = expression;
    TRY(number_expression(terms, expression, operands, &term->number));
    TRY(number_asked(terms, expression, operands, term));
    *out = term;
    return AMANAT_OK;
}

static amanat_result find_term(struct cedar_terms *terms, const struct cedar_expression *expression,
                               const struct term **out)
{
    const struct bytes address = bytes_of((const char *)&expression, sizeof(expression));
    struct term *term = map_get(&terms->by_expression, address);
    if (term == NULL) {
        TRY(make_term(terms, expression, &term));
        const struct bytes key =
            bytes_of((const char *)&term->expression, sizeof(term->expression));
        TRY(map_put(terms->arena, &terms->by_expression, key, term));
    }
    *out = term;
    return AMANAT_OK;
}

static bool asks(const struct cedar_expression *expression)
{
    return expression->kind == CEDAR_EXPRESSION_GET || expression->kind == CEDAR_EXPRESSION_HAS ||
           (expression->kind == CEDAR_EXPRESSION_CALL && cedar_checks_a_tag(expression));
}

amanat_result cedar_terms_collect(struct cedar_terms *terms,
                                  const struct cedar_expression *expression)
{
    const struct term *term = NULL;
    if (asks(expression)) {
        TRY(find_term(terms, expression, &term));
    }
    for (size_t i = 0; i < expression->operand_count; i++) {
        TRY(cedar_terms_collect(terms, expression->operands[i]));
    }
    return AMANAT_OK;
}

const size_t *cedar_terms_asked(const struct cedar_terms *terms,
                                const struct cedar_expression *expression)
{
    const struct bytes address = bytes_of((const char *)&expression, sizeof(expression));
    const struct term *term = map_get(&terms->by_expression, address);
    ASSERT(term != NULL);
    return term->asked;
}

/* ---- Sets ---- */

amanat_result cedar_capabilities_add(struct arena *arena, struct cedar_capabilities *set,
                                     size_t term)
{
    size_t *place = VECTOR_PUSH(arena, &set->terms);
    TRY_MEMORY(place);
    *place = term;
    return AMANAT_OK;
}

amanat_result cedar_capabilities_join(struct arena *arena, struct cedar_capabilities *set,
                                      const struct cedar_capabilities *more)
{
    if (set->terms.count == 0) {
        *set = *more;
        return AMANAT_OK;
    }
    for (size_t i = 0; i < more->terms.count; i++) {
        TRY(cedar_capabilities_add(arena, set, more->terms.items[i]));
    }
    return AMANAT_OK;
}

amanat_result cedar_presence_init(struct arena *arena, const struct cedar_terms *terms,
                                  struct cedar_presence *out)
{
    const size_t count = terms->by_shape.count + 1;
    out->assumed = arena_allocate_array(arena, count, sizeof(*out->assumed));
    out->marked = arena_allocate_array(arena, count, sizeof(*out->marked));
    TRY_MEMORY(out->assumed);
    TRY_MEMORY(out->marked);
    return AMANAT_OK;
}

bool cedar_presence_has(const struct cedar_presence *presence, size_t term)
{
    return presence->assumed[term] > 0;
}

void cedar_presence_assume(struct cedar_presence *presence, const struct cedar_capabilities *set)
{
    for (size_t i = 0; i < set->terms.count; i++) {
        presence->assumed[set->terms.items[i]]++;
    }
}

void cedar_presence_drop(struct cedar_presence *presence, const struct cedar_capabilities *set)
{
    for (size_t i = 0; i < set->terms.count; i++) {
        presence->assumed[set->terms.items[i]]--;
    }
}

static void mark(struct cedar_presence *presence, const struct cedar_capabilities *set, bool value)
{
    for (size_t i = 0; i < set->terms.count; i++) {
        presence->marked[set->terms.items[i]] = value;
    }
}

void cedar_presence_meet(struct cedar_presence *presence, struct cedar_capabilities *set,
                         const struct cedar_capabilities *other)
{
    size_t kept = 0;
    mark(presence, other, true);
    for (size_t i = 0; i < set->terms.count; i++) {
        const size_t term = set->terms.items[i];
        if (presence->marked[term]) {
            presence->marked[term] = false;
            set->terms.items[kept++] = term;
        }
    }
    set->terms.count = kept;
    mark(presence, other, false);
}
