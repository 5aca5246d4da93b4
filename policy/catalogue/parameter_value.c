/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of parameters. One value has one spelling: `07`, `+7`, `TRUE` and `-0` are refused rather
 * than understood, because the service behind might understand them otherwise than a policy did.
 */
#include "policy/catalogue/parameter_value.h"

#include "policy/base/calendar.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"
#include "policy/base/vector.h"
#include "policy/catalogue/value_rule.h"

/* A Cedar datetime has milliseconds: what is finer could not be compared exactly. */
#define FRACTION_DIGITS 3

/* ---- texts ---- */

/* Valid UTF-8 without C0, DEL and C1 control characters. */
static bool is_plain_text(struct bytes text)
{
    if (!utf8_is_valid(text)) {
        return false;
    }
    for (size_t position = 0; position < text.length;) {
        const uint32_t scalar = utf8_next(text, &position);
        if (scalar < 0x20 || (scalar >= 0x7F && scalar <= 0x9F)) {
            return false;
        }
    }
    return true;
}

static size_t fraction_digits(struct bytes text)
{
    size_t digits = 0;
    for (size_t i = bytes_find(text, '.') + 1;
         i < text.length && text.at[i] >= '0' && text.at[i] <= '9'; i++) {
        digits++;
    }
    return digits;
}

static bool is_instant(struct bytes text)
{
    struct calendar_time time;
    return calendar_parse(text, &time) && time.has_time && time.has_offset && time.second < 60 &&
           fraction_digits(text) <= FRACTION_DIGITS && text.at[10] == 'T' &&
           bytes_find(text, 'z') == text.length;
}

/* ---- one value ---- */

/* Its index in the enumeration, or its count. */
static size_t enumerated(const struct catalogue_attribute *type, struct bytes text)
{
    size_t index = 0;
    while (index < type->enumeration_count && !bytes_equal(type->enumeration[index], text)) {
        index++;
    }
    return index;
}

static bool is_enumerated(const struct catalogue_attribute *type, struct bytes text)
{
    return type->enumeration_count == 0 || enumerated(type, text) < type->enumeration_count;
}

/* What may stand as a segment of a path: a dot segment would mean another path, and some services
 * read a backslash as a slash. */
static bool is_segment(struct bytes text)
{
    return text.length > 0 && bytes_find(text, '/') == text.length &&
           bytes_find(text, '\\') == text.length && !bytes_equal(text, BYTES(".")) &&
           !bytes_equal(text, BYTES(".."));
}

/* Whether the service reads the same value again: what stands between commas holds none, since many
 * services decode before they split, and a header's value loses the blanks around it. */
static bool is_one_value(const struct catalogue_parameter *parameter, struct bytes text)
{
    const bool has_commas = parameter->value.type == ATTRIBUTE_SET &&
                            (parameter->place != PARAMETER_IN_QUERY || !parameter->explode);
    const bool has_blanks = parameter->place == PARAMETER_IN_HEADER && text.length > 0 &&
                            (text.at[0] == ' ' || text.at[text.length - 1] == ' ');
    return !(has_commas && bytes_find(text, ',') < text.length) && !has_blanks;
}

/* As its type has it, by spelling and then by bounds. */
static enum rule_answer ask_type(const struct catalogue_parameter *parameter, struct bytes text,
                                 struct parameter_item *item)
{
    static const struct catalogue_bounds any = {0};
    bool good = false;
    bool within = true;
    switch (catalogue_parameter_item(parameter)->type) {
    case ATTRIBUTE_STRING:
        good = true;
        break;
    case ATTRIBUTE_LONG:
        good = value_is_integer(text, &item->integer);
        within = good && bounds_allow_integer(&parameter->bounds, item->integer);
        break;
    case ATTRIBUTE_BOOL:
        item->boolean = bytes_equal(text, BYTES("true"));
        good = item->boolean || bytes_equal(text, BYTES("false"));
        break;
    case ATTRIBUTE_DECIMAL:
        good = value_is_decimal(&any, text);
        within = value_is_decimal(&parameter->bounds, text);
        break;
    case ATTRIBUTE_DATETIME:
        return is_instant(text) ? RULE_SATISFIED : RULE_FORMAT;
    case ATTRIBUTE_DATE:
        return value_is_date(text) ? RULE_SATISFIED : RULE_FORMAT;
    case ATTRIBUTE_IPADDR:
        return value_is_address(text) ? RULE_SATISFIED : RULE_FORMAT;
    case ATTRIBUTE_NONE:
    case ATTRIBUTE_SET:
    case ATTRIBUTE_RECORD:
        break;
    }
    return !good ? RULE_TYPE : within ? RULE_SATISFIED : RULE_BOUNDS;
}

static enum rule_answer ask_item(const struct catalogue_parameter *parameter, struct bytes text,
                                 struct parameter_item *out)
{
    struct parameter_item item = {.text = text};
    if (!is_plain_text(text)) {
        return RULE_TYPE;
    }
    if (!bounds_allow_length(&parameter->bounds, text)) {
        return RULE_BOUNDS;
    }
    if (!is_enumerated(catalogue_parameter_item(parameter), text)) {
        return RULE_ENUMERATION;
    }
    if (!is_one_value(parameter, text)) {
        return RULE_ONE_VALUE;
    }
    if (parameter->place == PARAMETER_IN_PATH && !is_segment(text)) {
        return RULE_SEGMENT;
    }
    const enum rule_answer answer = ask_type(parameter, text, &item);
    if (answer == RULE_SATISFIED) {
        *out = item;
    }
    return answer;
}

bool catalogue_read_item(const struct catalogue_parameter *parameter, struct bytes text,
                         struct parameter_item *out)
{
    return ask_item(parameter, text, out) == RULE_SATISFIED;
}

/* ---- all values of a call ---- */

bool header_names_equal(struct bytes a, struct bytes b)
{
    bool equal = a.length == b.length;
    for (size_t i = 0; equal && i < a.length; i++) {
        const char left = (char)(a.at[i] >= 'A' && a.at[i] <= 'Z' ? a.at[i] + 32 : a.at[i]);
        const char right = (char)(b.at[i] >= 'A' && b.at[i] <= 'Z' ? b.at[i] + 32 : b.at[i]);
        equal = left == right;
    }
    return equal;
}

amanat_result refuse_parameter(enum problem_name name, struct bytes parameter,
                               struct problem *out_problem)
{
    *out_problem = (struct problem){.name = name, .parameter = parameter};
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

static amanat_result refuse_malformed(const struct catalogue_parameter *parameter,
                                      const char *detail, struct problem *out_problem)
{
    (void)refuse_parameter(PROBLEM_MALFORMED, parameter->name, out_problem);
    out_problem->detail = bytes_of_string(detail);
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

amanat_result parameters_refuse_repeated(const struct catalogue_parameter *parameter,
                                         struct problem *out_problem)
{
    return refuse_malformed(parameter, "this parameter may be sent only once", out_problem);
}

struct bytes declared_name(const struct catalogue_service *service, struct bytes sent)
{
    for (size_t i = 0; i < service->operation_count; i++) {
        const struct catalogue_operation *operation = &service->operations[i];
        for (size_t k = 0; k < operation->parameter_count; k++) {
            if (operation->parameters[k].binding.owner == BINDING_NONE &&
                bytes_equal(operation->parameters[k].name, sent)) {
                return operation->parameters[k].name;
            }
        }
    }
    return bytes_of(NULL, 0);
}

amanat_result parameters_add(const struct catalogue_parameter *parameter, struct bytes text,
                             struct sent_values *sent, struct arena *arena,
                             struct problem *out_problem)
{
    struct parameter_item item;
    if (!catalogue_parameter_is_open(parameter)) {
        (void)refuse_parameter(PROBLEM_UNDECLARED, parameter->name, out_problem);
        out_problem->detail =
            BYTES("this parameter has no label, so it may not be sent: leave it out");
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    if (sent->count > 0 && parameter->value.type != ATTRIBUTE_SET) {
        return parameters_refuse_repeated(parameter, out_problem);
    }
    const enum rule_answer answer = ask_item(parameter, text, &item);
    if (answer != RULE_SATISFIED) {
        return refuse_malformed(parameter, rule_text(answer), out_problem);
    }
    struct parameter_item *slot = VECTOR_PUSH(arena, sent);
    TRY_MEMORY(slot);
    *slot = item;
    return AMANAT_OK;
}

/* ---- what is asked by ---- */

static void add_labels(const size_t *labels, size_t count, size_t *list, size_t *list_count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < *list_count && list[at] != labels[i]) {
            at++;
        }
        list[at] = labels[i];
        *list_count += at == *list_count ? 1 : 0;
    }
}

/* The labels of the parameter itself, and of each field that one of its values names. */
static amanat_result list_labels(struct arena *arena, struct parameter_value *value)
{
    const struct catalogue_parameter *parameter = value->parameter;
    const struct catalogue_attribute *type = catalogue_parameter_item(parameter);
    value->labels = parameter->labels;
    value->label_count = parameter->label_count;
    if (parameter->value_labels == NULL) {
        return AMANAT_OK;
    }
    size_t most = parameter->label_count;
    for (size_t i = 0; i < type->enumeration_count; i++) {
        most += parameter->value_labels[i].label_count;
    }
    size_t *list = arena_allocate_array(arena, most, sizeof(*list));
    size_t count = 0;
    TRY_MEMORY(list);
    add_labels(parameter->labels, parameter->label_count, list, &count);
    for (size_t i = 0; i < value->item_count; i++) {
        const struct catalogue_value_labels *named =
            &parameter->value_labels[enumerated(type, value->items[i].text)];
        add_labels(named->labels, named->label_count, list, &count);
    }
    value->labels = list;
    value->label_count = count;
    return AMANAT_OK;
}

amanat_result parameters_finish(const struct catalogue_operation *operation,
                                const struct sent_values *sent, struct arena *arena,
                                struct catalogue_call *out, struct problem *out_problem)
{
    struct parameter_value *values =
        arena_allocate_array(arena, operation->parameter_count, sizeof(*values));
    TRY_MEMORY(values);
    size_t count = 0;
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct catalogue_parameter *parameter = &operation->parameters[i];
        if (sent[i].count > 0) {
            values[count] = (struct parameter_value){
                .parameter = parameter, .items = sent[i].items, .item_count = sent[i].count};
            TRY(list_labels(arena, &values[count]));
            count++;
        } else if (parameter->required && parameter->binding.owner == BINDING_NONE) {
            return refuse_malformed(parameter, "this parameter is required", out_problem);
        }
    }
    out->operation = operation;
    out->parameters = values;
    out->parameter_count = count;
    return AMANAT_OK;
}
