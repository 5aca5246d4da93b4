/* SPDX-License-Identifier: Apache-2.0 */
/* An explained access as JSON: all that the text tells, label by label and mode by mode. */
#include <string.h>

#include "gateway/command/explain_output.h"
#include "policy/base/base.h"

struct json {
    const struct explain_view *view;
    struct buffer *out;
};

/* ---- pieces ---- */

static void append_key(struct buffer *out, bool first, const char *key)
{
    buffer_append_format(out, "%s\"%s\":", first ? "" : ",", key);
}

static void append_text(struct buffer *out, bool first, const char *key, struct bytes text)
{
    append_key(out, first, key);
    buffer_append_json_string(out, text);
}

static void append_bool(struct buffer *out, bool first, const char *key, bool value)
{
    append_key(out, first, key);
    buffer_append_string(out, value ? "true" : "false");
}

static void append_number(struct buffer *out, bool first, const char *key, size_t value)
{
    append_key(out, first, key);
    buffer_append_format(out, "%zu", value);
}

static void append_uid(struct buffer *out, const char *key, const struct cedar_entity_uid *uid)
{
    struct buffer text;
    buffer_init(&text, 65536);
    cedar_entity_uid_append(&text, uid);
    append_text(out, false, key, buffer_bytes(&text));
    buffer_clear(&text);
}

static void append_place_of(struct buffer *out, const struct cedar_policy *policy)
{
    append_text(out, true, "id", cedar_policy_id(policy));
    append_text(out, false, "file", bytes_of_string(cedar_policy_source(policy)));
    append_number(out, false, "line", cedar_policy_line(policy));
}

static void append_around(const struct json *json, size_t record)
{
    const struct catalogue *catalogue = ruleset_catalogue(json->view->rehearsal->ruleset);
    if (record != CATALOGUE_NONE) {
        append_text(json->out, false, "around", catalogue->records[record].name);
    }
}

/* ---- one policy ---- */

static void append_scope_test(struct buffer *out, bool first, const char *part,
                              const struct cedar_scope_test *test)
{
    append_key(out, first, part);
    buffer_append_byte(out, '{');
    append_bool(out, true, "matches", test->matches);
    append_text(out, false, "demands", test->demands);
    append_text(out, false, "found", test->found);
    buffer_append_byte(out, '}');
}

static void append_conjunct(struct buffer *out, const struct cedar_conjunct *conjunct)
{
    static const char *const outcomes[] = {[CEDAR_OUTCOME_NOT_ASKED] = "not-asked",
                                           [CEDAR_OUTCOME_HOLDS] = "holds",
                                           [CEDAR_OUTCOME_FAILS] = "fails",
                                           [CEDAR_OUTCOME_ERROR] = "error",
                                           [CEDAR_OUTCOME_OPEN] = "depends-on-the-record"};
    buffer_append_byte(out, '{');
    append_text(out, true, "text", conjunct->text);
    append_bool(out, false, "unless", conjunct->unless);
    append_number(out, false, "line", conjunct->line);
    append_number(out, false, "column", conjunct->column);
    append_text(out, false, "outcome", bytes_of_string(outcomes[conjunct->outcome]));
    if (conjunct->error != NULL) {
        append_text(out, false, "error", bytes_of_string(conjunct->error));
        append_number(out, false, "errorLine", conjunct->error_line);
        append_number(out, false, "errorColumn", conjunct->error_column);
    }
    append_key(out, false, "reads");
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < conjunct->reading_count; i++) {
        buffer_append_string(out, i == 0 ? "" : ",");
        buffer_append_json_string(out, conjunct->readings[i].path);
        buffer_append_byte(out, ':');
        const bool is_value = strcmp(conjunct->readings[i].verb, "is") == 0;
        buffer_append_format(out, is_value ? "{\"is\":" : "{\"has\":");
        buffer_append_json_string(out, conjunct->readings[i].shown);
        buffer_append_byte(out, '}');
    }
    buffer_append_string(out, "}}");
}

static void append_explained(const struct json *json, const struct explained_policy *explained)
{
    struct buffer *out = json->out;
    const struct cedar_explanation *explanation = &explained->explanation;
    buffer_append_byte(out, '{');
    append_place_of(out, explained->policy);
    append_around(json, explained->around);
    append_key(out, false, "scope");
    buffer_append_byte(out, '{');
    append_scope_test(out, true, "principal", &explanation->principal);
    append_scope_test(out, false, "action", &explanation->action);
    append_scope_test(out, false, "resource", &explanation->resource);
    buffer_append_byte(out, '}');
    append_key(out, false, "conditions");
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < explanation->conjunct_count; i++) {
        buffer_append_string(out, i == 0 ? "" : ",");
        append_conjunct(out, &explanation->conjuncts[i]);
    }
    buffer_append_string(out, "]}");
}

/* ---- one question ---- */

static void append_others(const struct json *json, const char *key,
                          const struct explained_question *question, bool permits,
                          enum explained_standing standing, size_t most)
{
    size_t count = 0;
    append_key(json->out, false, key);
    buffer_append_byte(json->out, '[');
    for (size_t i = 0; i < question->other_count && count < most; i++) {
        const struct explained_policy *other = &question->others[i];
        if ((cedar_policy_effect(other->policy) == CEDAR_EFFECT_PERMIT) == permits &&
            other->standing == standing) {
            buffer_append_string(json->out, count == 0 ? "" : ",");
            append_explained(json, other);
            count++;
        }
    }
    buffer_append_byte(json->out, ']');
}

static void append_forbids(const struct json *json, const struct explained_question *question)
{
    append_key(json->out, false, "forbids");
    buffer_append_byte(json->out, '[');
    for (size_t i = 0; i < question->forbid_count; i++) {
        buffer_append_string(json->out, i == 0 ? "{" : ",{");
        append_place_of(json->out, question->forbids[i].policy);
        append_around(json, question->forbids[i].around);
        buffer_append_byte(json->out, '}');
    }
    buffer_append_byte(json->out, ']');
}

static void append_errors(struct buffer *out, const struct explained_question *question)
{
    append_key(out, false, "errors");
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < question->error_count; i++) {
        const struct cedar_policy_error *error = &question->errors[i];
        buffer_append_string(out, i == 0 ? "{" : ",{");
        append_place_of(out, error->policy);
        append_text(out, false, "text", bytes_of_string(error->text));
        append_number(out, false, "errorLine", error->line);
        append_number(out, false, "errorColumn", error->column);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
}

/* Without the braces, so that a caller can add to it. */
static void append_question(const struct json *json, const struct explained_question *question)
{
    static const char *const answers[] = {[EXPLAINED_NOT_PERMITTED] = "not-permitted",
                                          [EXPLAINED_FORBIDDEN] = "forbidden",
                                          [EXPLAINED_DEPENDS] = "depends-on-the-record",
                                          [EXPLAINED_PERMITTED] = "permitted"};
    struct buffer *out = json->out;
    append_text(out, true, "action", question->action);
    append_uid(out, "resource", &question->resource);
    append_text(out, false, "answer", bytes_of_string(answers[question->answer]));
    append_key(out, false, "permits");
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < question->permit_count; i++) {
        buffer_append_string(out, i == 0 ? "{" : ",{");
        append_place_of(out, question->permits[i]);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
    append_forbids(json, question);
    append_errors(out, question);
    append_others(json, "openPermits", question, true, EXPLAINED_OPEN, SIZE_MAX);
    append_others(json, "openForbids", question, false, EXPLAINED_OPEN, SIZE_MAX);
    append_others(json, "nearest", question, true, EXPLAINED_FAILS,
                  question->answer == EXPLAINED_NOT_PERMITTED ? json->view->most : 0);
}

/* ---- labels ---- */

static void append_label(const struct json *json, const struct explained_label *label)
{
    const struct vocabulary *vocabulary =
        &ruleset_catalogue(json->view->rehearsal->ruleset)->vocabulary;
    const char *mode = disclosure_mode_name((enum disclosure_mode)label->verdict.strongest);
    append_text(json->out, true, "label", vocabulary->labels[label->label].name);
    append_text(json->out, false, "mode", bytes_of_string(mode));
    append_bool(json->out, false, "dependsOnRecord", label->verdict.depends_on_record);
    append_key(json->out, false, "modes");
    buffer_append_byte(json->out, '[');
    for (size_t i = 0; i < label->mode_count; i++) {
        buffer_append_string(json->out, i == 0 ? "{" : ",{");
        append_question(json, &label->modes[i]);
        buffer_append_byte(json->out, '}');
    }
    buffer_append_byte(json->out, ']');
}

/* Without the braces. */
static void append_place(const struct json *json, const struct explained_place *place)
{
    const struct catalogue *catalogue = ruleset_catalogue(json->view->rehearsal->ruleset);
    append_key(json->out, true, "record");
    if (place->record == CATALOGUE_NONE) {
        buffer_append_string(json->out, "null");
    } else {
        buffer_append_json_string(json->out, catalogue->records[place->record].name);
    }
    append_key(json->out, false, "labels");
    buffer_append_byte(json->out, '[');
    for (size_t i = 0; i < place->label_count; i++) {
        buffer_append_string(json->out, i == 0 ? "{" : ",{");
        append_label(json, &place->labels[i]);
        buffer_append_byte(json->out, '}');
    }
    buffer_append_byte(json->out, ']');
}

static void append_places(const struct json *json)
{
    const struct access_explanation *explanation = json->view->explanation;
    append_key(json->out, false, "places");
    buffer_append_byte(json->out, '[');
    for (size_t i = 0; i < explanation->place_count; i++) {
        buffer_append_string(json->out, i == 0 ? "{" : ",{");
        append_place(json, &explanation->places[i]);
        buffer_append_byte(json->out, '}');
    }
    buffer_append_byte(json->out, ']');
    append_key(json->out, false, "records");
    buffer_append_byte(json->out, '[');
    for (size_t i = 0; i < explanation->group_count; i++) {
        const struct explained_group *group = &explanation->groups[i];
        buffer_append_string(json->out, i == 0 ? "{" : ",{");
        append_place(json, &group->place);
        append_number(json->out, false, "count", group->count);
        append_number(json->out, false, "first", group->first);
        append_bool(json->out, false, "leftOut", group->left_out);
        buffer_append_byte(json->out, '}');
    }
    buffer_append_byte(json->out, ']');
}

/* ---- the whole ---- */

static void append_head(const struct json *json)
{
    const struct explain_view *view = json->view;
    append_bool(json->out, true, "permitted", view->problem == NULL);
    append_number(json->out, false, "status",
                  view->problem == NULL ? view->status : problem_status(view->problem));
    if (view->problem != NULL) {
        const struct problem_kind *kind = problem_kind(view->problem->name);
        append_text(json->out, false, "problem", bytes_of_string(kind->name));
        append_text(json->out, false, "told",
                    view->problem->detail.length > 0 ? view->problem->detail
                                                     : bytes_of_string(kind->detail));
    }
}

static void append_access(const struct json *json)
{
    const struct access_explanation *explanation = json->view->explanation;
    append_bool(json->out, false, "partnerIsKnown", !explanation->partner_is_unknown);
    append_bool(json->out, false, "caseIsUnknown",
                explanation->decision.case_state == ACCESS_CASE_UNKNOWN);
    if (explanation->decision.unbound.length > 0) {
        append_text(json->out, false, "unbound", explanation->decision.unbound);
    }
    if (!explanation->is_asked) {
        return;
    }
    append_key(json->out, false, "call");
    buffer_append_byte(json->out, '{');
    append_question(json, &explanation->call);
    buffer_append_byte(json->out, '}');
    append_key(json->out, false, "asked");
    buffer_append_byte(json->out, '[');
    for (size_t i = 0; i < explanation->asked_count; i++) {
        buffer_append_string(json->out, i == 0 ? "{" : ",{");
        append_question(json, &explanation->asked[i].question);
        append_text(json->out, false, "parameter", explanation->asked[i].parameter);
        buffer_append_byte(json->out, '}');
    }
    buffer_append_byte(json->out, ']');
    append_places(json);
}

void explain_write_json(const struct explain_view *view, struct buffer *out)
{
    const struct json json = {view, out};
    buffer_append_byte(out, '{');
    append_head(&json);
    if (view->explanation != NULL) {
        append_access(&json);
    }
    buffer_append_string(out, "}\n");
}
