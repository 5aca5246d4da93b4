/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request body against its schema: every value that is sent must stand at a declared, labelled
 * place. What goes to the service is written anew from what was read. Refusals never repeat what
 * was sent: the JSON Pointer in them is made of declared names and numbers of items, and ends
 * before the first name that nobody declared.
 *
 * Such a name is data under the labels of its value, as in answers; before a value without a label
 * of its own it goes with what is labelled in it, and not alone. An empty object or list that has a
 * label is asked by that label.
 */
#include "policy/base/guard.h"
#include "policy/base/vector.h"
#include "policy/catalogue/catalogue.h"
#include "policy/catalogue/openapi.h"
#include "policy/catalogue/parameter_value.h"
#include "policy/catalogue/value_rule.h"

#define BODY_LIMIT ((size_t)1 << 20)
/* A control character of one byte becomes an escape of six. */
#define TEXT_LIMIT (6 * BODY_LIMIT + 1024)

typedef VECTOR(struct catalogue_body_subject) subject_list;

struct label_count {
    size_t label;
    size_t uses;
    struct bytes pointer; /* of its first use */
};

struct step {
    const struct step *above;
    struct bytes name; /* a declared member's; no bytes: an item */
    size_t index;
    bool is_undeclared; /* a member's whose name nobody declared */
};

struct reader {
    struct arena *arena;
    struct buffer *text;
    VECTOR(struct label_count) labels;
    size_t uses; /* of any label, names and empty containers too */
    subject_list subjects;
    struct problem *problem;
};

/* ---- refusals ---- */

static struct bytes write_pointer(const struct reader *reader, const struct step *step)
{
    if (step == NULL) {
        return bytes_of(NULL, 0);
    }
    const struct bytes above = write_pointer(reader, step->above);
    if (step->name.at == NULL) {
        return arena_format_bytes(reader->arena, "%.*s/%zu", BYTES_PRINTF(above), step->index);
    }
    struct buffer escaped; /* RFC 6901 §3 */
    struct bytes pointer = {0};
    buffer_init(&escaped, above.length + 2 * step->name.length + 1);
    buffer_append(&escaped, above);
    buffer_append_byte(&escaped, '/');
    for (size_t i = 0; i < step->name.length; i++) {
        const char byte = step->name.at[i];
        if (byte == '~' || byte == '/') {
            buffer_append_string(&escaped, byte == '~' ? "~0" : "~1");
        } else {
            buffer_append_byte(&escaped, byte);
        }
    }
    if (!amanat_is_ok(arena_copy_bytes(reader->arena, buffer_bytes(&escaped), &pointer))) {
        pointer = bytes_of(NULL, 0);
    }
    buffer_clear(&escaped);
    return pointer;
}

static struct bytes pointer_of(const struct reader *reader, const struct step *step)
{
    for (const struct step *at = step; at != NULL; at = at->above) {
        step = at->is_undeclared ? at->above : step;
    }
    return write_pointer(reader, step);
}

/* What to do, for each fault. `parameter` has the JSON Pointer (RFC 6901) of the value that is
 * meant; that of the body itself is empty, and then there is no `parameter`. */
static const char not_json[] = "the body is not JSON in UTF-8, is nested too deeply, or has a name "
                               "twice in one object";
static const char undeclared_member[] =
    "the object here has a member that this operation does not declare: leave it out";
static const char undeclared_item[] = "this operation declares no items for the list here";
static const char unlabelled[] = "this member has no label, so it may not be sent: leave it out";
static const char unlabelled_name[] =
    "the object here has a member that this operation does not declare and that has no labelled "
    "value: leave it out";
static const char required[] = "this member is required";

static amanat_result refuse(const struct reader *reader, enum problem_name name,
                            const struct step *step, const char *detail)
{
    (void)refuse_parameter(name, pointer_of(reader, step), reader->problem);
    reader->problem->detail = bytes_of_string(detail);
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

/* ---- what was used ---- */

static amanat_result find_use(struct reader *reader, size_t label, const struct step *step,
                              struct label_count **out)
{
    size_t at = 0;
    while (at < reader->labels.count && reader->labels.items[at].label < label) {
        at++;
    }
    if (at == reader->labels.count || reader->labels.items[at].label != label) {
        struct label_count *slot = VECTOR_PUSH(reader->arena, &reader->labels);
        TRY_MEMORY(slot);
        for (size_t i = reader->labels.count - 1; i > at; i--) {
            reader->labels.items[i] = reader->labels.items[i - 1];
        }
        reader->labels.items[at] =
            (struct label_count){.label = label, .pointer = pointer_of(reader, step)};
    }
    *out = &reader->labels.items[at];
    reader->uses++;
    return AMANAT_OK;
}

static amanat_result use_label(struct reader *reader, size_t label, const struct step *step)
{
    struct label_count *use = NULL;
    TRY(find_use(reader, label, step, &use));
    use->uses++;
    return AMANAT_OK;
}

/* Of what has no value of its own to count: a name, an empty container. */
static amanat_result ask_by_labels(struct reader *reader, const struct catalogue_node *node,
                                   const struct step *step)
{
    for (size_t i = 0; i < node->label_count; i++) {
        struct label_count *use = NULL;
        TRY(find_use(reader, node->labels[i], step, &use));
        use->uses = use->uses == 0 ? 1 : use->uses;
    }
    return AMANAT_OK;
}

static amanat_result use_scalar(struct reader *reader, const struct catalogue_node *node,
                                const struct document *value, const struct step *step)
{
    for (size_t i = 0; i < node->label_count; i++) {
        TRY(use_label(reader, node->labels[i], step));
    }
    const struct catalogue_value_labels *named = rule_named_field(node->rule, value);
    for (size_t i = 0; named != NULL && i < named->label_count; i++) {
        TRY(use_label(reader, named->labels[i], step));
    }
    const bool identifies = value->kind == DOCUMENT_STRING || value->kind == DOCUMENT_NUMBER;
    if (node->subject != CATALOGUE_NONE && identifies) {
        struct catalogue_body_subject *subject = VECTOR_PUSH(reader->arena, &reader->subjects);
        TRY_MEMORY(subject);
        *subject = (struct catalogue_body_subject){node->subject, value->text};
    }
    return AMANAT_OK;
}

/* ---- values ---- */

static void write_scalar(struct buffer *out, const struct document *value)
{
    if (value->kind == DOCUMENT_STRING) {
        buffer_append_json_string(out, value->text);
    } else if (value->kind == DOCUMENT_NUMBER) {
        buffer_append(out, value->text);
    } else if (value->kind == DOCUMENT_BOOL) {
        buffer_append_string(out, value->boolean ? "true" : "false");
    } else {
        buffer_append_string(out, "null");
    }
}

static amanat_result read_value(struct reader *reader, const struct catalogue_node *node,
                                const struct document *value, const struct step *step);

/* The node of a member, and its step. */
static const struct catalogue_node *member_node(const struct catalogue_node *node,
                                                const struct document_member *member,
                                                const struct step *above, struct step *step)
{
    *step = (struct step){.above = above, .is_undeclared = true};
    if (node->is_anything) {
        return node;
    }
    const struct catalogue_member *declared = catalogue_node_find_member(node, member->key);
    if (declared != NULL) {
        *step = (struct step){.above = above, .name = declared->name};
        return declared->node;
    }
    return node->additional;
}

static bool is_container(const struct document *value)
{
    return value->kind == DOCUMENT_OBJECT || value->kind == DOCUMENT_ARRAY;
}

/* A member whose name goes up as data. */
static amanat_result read_undeclared(struct reader *reader, const struct catalogue_node *node,
                                     const struct document *value, const struct step *step)
{
    const size_t uses = reader->uses;
    TRY(read_value(reader, node, value, step));
    if (is_container(value)) { /* scalars have used their labels */
        TRY(ask_by_labels(reader, node, step));
    }
    return reader->uses > uses ? AMANAT_OK
                               : refuse(reader, PROBLEM_UNDECLARED, step, unlabelled_name);
}

static amanat_result check_required(const struct reader *reader, const struct catalogue_node *node,
                                    const struct document *value, const struct step *step)
{
    for (size_t i = 0; i < node->member_count; i++) {
        const struct catalogue_member *member = &node->members[i];
        const struct step own = {.above = step, .name = member->name};
        if (member->is_required && !member->node->is_read_only &&
            document_get_bytes(value, member->name) == NULL) {
            return refuse(reader, PROBLEM_MALFORMED, &own, required);
        }
    }
    return AMANAT_OK;
}

static amanat_result read_object(struct reader *reader, const struct catalogue_node *node,
                                 const struct document *value, const struct step *step)
{
    buffer_append_byte(reader->text, '{');
    for (size_t i = 0; i < value->count; i++) {
        const struct document_member *member = &value->members[i];
        struct step own;
        const struct catalogue_node *child = member_node(node, member, step, &own);
        if (child == NULL) {
            return refuse(reader, PROBLEM_UNDECLARED, step, undeclared_member);
        }
        if (i > 0) {
            buffer_append_byte(reader->text, ',');
        }
        buffer_append_json_string(reader->text, member->key);
        buffer_append_byte(reader->text, ':');
        TRY(own.is_undeclared ? read_undeclared(reader, child, &member->value, &own)
                              : read_value(reader, child, &member->value, &own));
    }
    buffer_append_byte(reader->text, '}');
    TRY(check_required(reader, node, value, step));
    return value->count == 0 ? ask_by_labels(reader, node, step) : AMANAT_OK;
}

static amanat_result read_array(struct reader *reader, const struct catalogue_node *node,
                                const struct document *value, const struct step *step)
{
    const struct catalogue_node *items = node->is_anything ? node : node->items;
    buffer_append_byte(reader->text, '[');
    for (size_t i = 0; i < value->count; i++) {
        const struct step own = {.above = step, .index = i};
        if (items == NULL) {
            return refuse(reader, PROBLEM_UNDECLARED, step, undeclared_item);
        }
        if (i > 0) {
            buffer_append_byte(reader->text, ',');
        }
        TRY(read_value(reader, items, &value->items[i], &own));
    }
    buffer_append_byte(reader->text, ']');
    return value->count == 0 ? ask_by_labels(reader, node, step) : AMANAT_OK;
}

static amanat_result read_value(struct reader *reader, const struct catalogue_node *node,
                                const struct document *value, const struct step *step)
{
    const unsigned kind = catalogue_kind_of(value);
    if (!node->has_labels_below) {
        return refuse(reader, PROBLEM_UNDECLARED, step, unlabelled);
    }
    if ((node->kinds & kind) == 0) {
        return refuse(reader, PROBLEM_MALFORMED, step, rule_text(RULE_TYPE));
    }
    if (value->kind == DOCUMENT_OBJECT) {
        return read_object(reader, node, value, step);
    }
    if (value->kind == DOCUMENT_ARRAY) {
        return read_array(reader, node, value, step);
    }
    if (node->label_count == 0 && value->kind != DOCUMENT_NULL) {
        return refuse(reader, PROBLEM_UNDECLARED, step, unlabelled);
    }
    const enum rule_answer answer = rule_ask(node->rule, value);
    if (answer != RULE_SATISFIED) {
        return refuse(reader, PROBLEM_MALFORMED, step, rule_text(answer));
    }
    write_scalar(reader->text, value);
    return use_scalar(reader, node, value, step);
}

/* ---- the whole ---- */

static amanat_result keep(struct reader *reader, struct catalogue_body *out)
{
    const size_t count = reader->labels.count;
    size_t *labels = arena_allocate_array(reader->arena, count, sizeof(*labels));
    size_t *uses = arena_allocate_array(reader->arena, count, sizeof(*uses));
    struct bytes *pointers = arena_allocate_array(reader->arena, count, sizeof(*pointers));
    TRY_MEMORY(labels);
    TRY_MEMORY(uses);
    TRY_MEMORY(pointers);
    for (size_t i = 0; i < count; i++) {
        labels[i] = reader->labels.items[i].label;
        uses[i] = reader->labels.items[i].uses;
        pointers[i] = reader->labels.items[i].pointer;
    }
    TRY(buffer_check(reader->text));
    TRY(arena_copy_bytes(reader->arena, buffer_bytes(reader->text), &out->text));
    out->labels = labels;
    out->label_uses = uses;
    out->label_pointers = pointers;
    out->label_count = count;
    out->subjects = reader->subjects.items;
    out->subject_count = reader->subjects.count;
    return AMANAT_OK;
}

static amanat_result read_json(const struct catalogue_media_type *type, struct bytes body,
                               struct arena *arena, struct catalogue_body *out,
                               struct problem *out_problem)
{
    const struct document *root = NULL;
    struct buffer text;
    struct reader reader = {.arena = arena, .text = &text, .problem = out_problem};
    const amanat_result parsed = document_from_json(arena, "", body, NULL, &root);
    if (parsed.status == AMANAT_STATUS_CONFIG_FAULT) {
        return refuse(&reader, PROBLEM_MALFORMED, NULL, not_json);
    }
    TRY(parsed);
    buffer_init(&text, TEXT_LIMIT);
    amanat_result read = read_value(&reader, type->root, root, NULL);
    if (amanat_is_ok(read)) {
        read = keep(&reader, out);
    }
    buffer_clear(&text);
    return read;
}

amanat_result catalogue_read_body(const struct catalogue_operation *operation,
                                  struct bytes media_type, struct bytes body, struct arena *arena,
                                  struct catalogue_body *out, struct problem *out_problem)
{
    const struct catalogue_request_body *declared = operation->body;
    const struct bytes none = {0};
    struct catalogue_body read = {0};
    if (body.length == 0 && (declared == NULL || !declared->required)) {
        *out = read;
        return AMANAT_OK;
    }
    if (declared == NULL) {
        return refuse_parameter(PROBLEM_UNDECLARED, none, out_problem);
    }
    if (body.length > BODY_LIMIT) {
        *out_problem = (struct problem){.name = PROBLEM_LIMIT, .status = 413};
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    const struct catalogue_media_type *type =
        catalogue_find_media_type(declared->media_types, declared->media_type_count, media_type);
    if (type == NULL || !type->is_json) {
        return refuse_parameter(PROBLEM_MEDIA_TYPE, none, out_problem);
    }
    read.media_type = type->name;
    read.submit = declared->submit;
    TRY(read_json(type, body, arena, &read, out_problem));
    *out = read;
    return AMANAT_OK;
}
