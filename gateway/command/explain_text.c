/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An explained access for a person with ten minutes: the answer in one line, then the call, what it
 * asks by, and the labels. Labels for which everything is the same are told about once.
 */
#include <string.h>

#include "gateway/command/explain_output.h"
#include "policy/base/base.h"

/* One explanation of one label; far more than a folder of ten thousand policies needs. */
#define DETAIL_LIMIT ((size_t)16 << 20)

struct text {
    const struct explain_view *view;
    struct buffer *out;
};

/* ---- pieces ---- */

static void append_policy(struct buffer *out, const struct cedar_policy *policy)
{
    buffer_append_format(out, "%.*s (%s:%u)", BYTES_PRINTF(cedar_policy_id(policy)),
                         cedar_policy_source(policy), cedar_policy_line(policy));
}

static void append_place_in(struct buffer *out, const struct cedar_policy *policy, unsigned line,
                            unsigned column)
{
    buffer_append_format(out, "%s:%u:%u", cedar_policy_source(policy), line, column);
}

static void append_indent(struct buffer *out, unsigned indent)
{
    buffer_append_format(out, "%*s", (int)indent, "");
}

static void append_readings(struct buffer *out, unsigned indent,
                            const struct cedar_conjunct *conjunct)
{
    size_t width = 0;
    for (size_t i = 0; i < conjunct->reading_count; i++) {
        const size_t length = conjunct->readings[i].path.length;
        width = length > width && length <= 40 ? length : width;
    }
    for (size_t i = 0; i < conjunct->reading_count; i++) {
        const struct cedar_reading *reading = &conjunct->readings[i];
        append_indent(out, indent);
        buffer_append_format(out, "%-*.*s  %s ", (int)width, BYTES_PRINTF(reading->path),
                             reading->verb);
        buffer_append(out, reading->shown);
        buffer_append_byte(out, '\n');
    }
}

static void append_condition(struct buffer *out, unsigned indent, const struct cedar_policy *policy,
                             const struct cedar_conjunct *conjunct)
{
    append_indent(out, indent);
    append_place_in(out, policy, conjunct->line, conjunct->column);
    buffer_append_string(out, conjunct->unless ? "  not: " : "  ");
    buffer_append(out, conjunct->text);
    buffer_append_byte(out, '\n');
}

static void append_error(struct buffer *out, unsigned indent, const struct cedar_policy *policy,
                         const char *text, unsigned line, unsigned column)
{
    append_indent(out, indent);
    buffer_append_string(out, "it cannot be evaluated: ");
    append_place_in(out, policy, line, column);
    buffer_append_format(out, ": %s\n", text);
}

/* ---- a policy that does not apply ---- */

static void append_scope_failure(struct buffer *out, unsigned indent,
                                 const struct cedar_explanation *explanation)
{
    const struct cedar_scope_test *const parts[] = {&explanation->principal, &explanation->action,
                                                    &explanation->resource};
    static const char *const names[] = {"principal", "action", "resource"};
    for (size_t i = 0; i < 3; i++) {
        if (!parts[i]->matches) {
            append_indent(out, indent);
            buffer_append_format(out, "its scope demands %.*s\n", BYTES_PRINTF(parts[i]->demands));
            append_indent(out, indent);
            buffer_append_format(out, "the %s is %.*s\n", names[i], BYTES_PRINTF(parts[i]->found));
            return;
        }
    }
}

static void append_failure(struct buffer *out, unsigned indent,
                           const struct explained_policy *explained)
{
    const struct cedar_explanation *explanation = &explained->explanation;
    if (explained->parts < 3) {
        append_scope_failure(out, indent, explanation);
        return;
    }
    const struct cedar_conjunct *failed = NULL;
    for (size_t i = 0; i < explanation->conjunct_count && failed == NULL; i++) {
        const enum cedar_outcome outcome = explanation->conjuncts[i].outcome;
        failed = outcome == CEDAR_OUTCOME_FAILS || outcome == CEDAR_OUTCOME_ERROR
                     ? &explanation->conjuncts[i]
                     : NULL;
    }
    if (failed == NULL) {
        return;
    }
    append_indent(out, indent);
    buffer_append_format(out, "its scope matches, %zu of %zu conditions hold%s\n",
                         explanation->held, explanation->conjunct_count,
                         failed->error == NULL ? "; this one does not:" : ", then:");
    append_condition(out, indent, explained->policy, failed);
    if (failed->error != NULL) {
        append_error(out, indent + 4, explained->policy, failed->error, failed->error_line,
                     failed->error_column);
    }
    append_readings(out, indent + 4, failed);
}

static bool is_permit(const struct explained_policy *explained)
{
    return cedar_policy_effect(explained->policy) == CEDAR_EFFECT_PERMIT;
}

static bool is_failing_permit(const struct explained_policy *explained)
{
    return is_permit(explained) && explained->standing == EXPLAINED_FAILS;
}

/* How much of a label's nearest permit matches. One that is for another principal and for another
 * resource is no help, unless somebody wants to see all. */
#define LEAST_PARTS 2

static unsigned nearness(const struct text *text, const struct explained_question *question)
{
    const unsigned least = text->view->most == SIZE_MAX ? 0 : LEAST_PARTS;
    unsigned most = 0;
    for (size_t i = 0; i < question->other_count; i++) {
        const unsigned parts = question->others[i].parts;
        most = is_failing_permit(&question->others[i]) && parts >= least && parts > most ? parts
                                                                                         : most;
    }
    return most;
}

/* The permits that came nearest. */
static void append_nearest(const struct text *text, struct buffer *out, unsigned indent,
                           const struct explained_question *question, unsigned least_parts)
{
    size_t shown = 0;
    size_t more = 0;
    for (size_t i = 0; i < question->other_count; i++) {
        const struct explained_policy *other = &question->others[i];
        if (!is_failing_permit(other)) {
            continue;
        }
        if (shown == text->view->most || other->parts < least_parts) {
            more++;
            continue;
        }
        append_indent(out, indent);
        buffer_append_string(out, shown == 0 ? "no permit applies; the nearest is " : "then ");
        append_policy(out, other->policy);
        buffer_append_byte(out, '\n');
        append_failure(out, indent + 4, other);
        shown++;
    }
    if (shown == 0) {
        append_indent(out, indent);
        buffer_append_string(out, more == 0 ? "the folder has no permit for it\n"
                                            : "no permit is for this agent or this resource\n");
    } else if (more > 0 && least_parts == 0) {
        append_indent(out, indent);
        buffer_append_format(out, "%zu more %s farther off: --all\n", more,
                             more == 1 ? "is" : "are");
    }
}

/* ---- one question ---- */

static const struct cedar_policy_error *find_error(const struct explained_question *question,
                                                   const struct cedar_policy *policy)
{
    for (size_t i = 0; i < question->error_count; i++) {
        if (question->errors[i].policy == policy) {
            return &question->errors[i];
        }
    }
    return NULL;
}

static void append_forbids(const struct text *text, struct buffer *out, unsigned indent,
                           const struct explained_question *question)
{
    const struct catalogue *catalogue = ruleset_catalogue(text->view->rehearsal->ruleset);
    for (size_t i = 0; i < question->forbid_count; i++) {
        const struct explained_forbid *forbid = &question->forbids[i];
        const struct cedar_policy_error *error = find_error(question, forbid->policy);
        append_indent(out, indent);
        buffer_append_string(out, "forbidden by ");
        append_policy(out, forbid->policy);
        if (forbid->around != CATALOGUE_NONE) {
            buffer_append_format(out, " through the %.*s around it",
                                 BYTES_PRINTF(catalogue->records[forbid->around].name));
        }
        buffer_append_string(out, error == NULL ? "\n" : ", which errs, and so forbids\n");
        if (error != NULL) {
            append_error(out, indent + 4, forbid->policy, error->text, error->line, error->column);
        }
    }
}

/* Permits that err are skipped, as Cedar demands; a reader may have counted on them. */
static void append_permit_errors(struct buffer *out, unsigned indent,
                                 const struct explained_question *question)
{
    for (size_t i = 0; i < question->error_count; i++) {
        const struct cedar_policy_error *error = &question->errors[i];
        if (cedar_policy_effect(error->policy) == CEDAR_EFFECT_PERMIT) {
            append_indent(out, indent);
            buffer_append_string(out, "skipped: ");
            append_policy(out, error->policy);
            buffer_append_byte(out, '\n');
            append_error(out, indent + 4, error->policy, error->text, error->line, error->column);
        }
    }
}

static void append_permits(struct buffer *out, unsigned indent, const char *words,
                           const struct explained_question *question)
{
    for (size_t i = 0; i < question->permit_count; i++) {
        append_indent(out, indent);
        buffer_append_string(out, words);
        append_policy(out, question->permits[i]);
        buffer_append_byte(out, '\n');
    }
}

/* What depends on the record: the permits that may apply, the forbids that may. */
static void append_open(const struct text *text, struct buffer *out, unsigned indent,
                        const struct explained_question *question)
{
    const struct catalogue *catalogue = ruleset_catalogue(text->view->rehearsal->ruleset);
    append_permits(out, indent, "permitted by ", question);
    for (size_t i = 0; i < question->other_count; i++) {
        const struct explained_policy *other = &question->others[i];
        if (other->standing != EXPLAINED_OPEN) {
            continue;
        }
        append_indent(out, indent);
        buffer_append_string(out, is_permit(other) ? "permitted by " : "unless forbidden by ");
        append_policy(out, other->policy);
        if (other->around != CATALOGUE_NONE) {
            buffer_append_format(out, " through a %.*s around it",
                                 BYTES_PRINTF(catalogue->records[other->around].name));
        }
        buffer_append_string(out, " if\n");
        for (size_t k = 0; k < other->explanation.conjunct_count; k++) {
            if (other->explanation.conjuncts[k].outcome == CEDAR_OUTCOME_OPEN) {
                append_condition(out, indent + 4, other->policy, &other->explanation.conjuncts[k]);
            }
        }
    }
}

static void append_question(const struct text *text, struct buffer *out, unsigned indent,
                            const struct explained_question *question, unsigned least_parts)
{
    switch (question->answer) {
    case EXPLAINED_PERMITTED:
        append_permits(out, indent, "permitted by ", question);
        break;
    case EXPLAINED_DEPENDS:
        append_open(text, out, indent, question);
        break;
    case EXPLAINED_FORBIDDEN:
        append_forbids(text, out, indent, question);
        append_permits(out, indent, "without that permitted by ", question);
        break;
    case EXPLAINED_NOT_PERMITTED:
        append_nearest(text, out, indent, question, least_parts);
        break;
    }
    append_permit_errors(out, indent, question);
}

static const char *answer_words(enum explained_answer answer)
{
    static const char *const words[] = {[EXPLAINED_NOT_PERMITTED] = "not permitted",
                                        [EXPLAINED_FORBIDDEN] = "forbidden",
                                        [EXPLAINED_DEPENDS] = "depends on the record",
                                        [EXPLAINED_PERMITTED] = "permitted"};
    return words[answer];
}

/* ---- labels ---- */

static struct bytes mode_of(struct bytes action)
{
    return bytes_first(action, bytes_find(action, ':'));
}

/* The modes that tell something: up to the one that is permitted for certain; those before it only
 * if they are forbidden or may yet be permitted. Of a label that is withheld also those that came
 * nearest. */
static bool is_told(const struct text *text, const struct explained_label *label, size_t mode)
{
    const struct explained_question *question = &label->modes[mode];
    for (size_t i = 0; i < mode; i++) {
        if (label->modes[i].answer == EXPLAINED_PERMITTED) {
            return false;
        }
    }
    if (question->answer != EXPLAINED_NOT_PERMITTED || text->view->most == SIZE_MAX) {
        return true;
    }
    for (size_t i = 0; i < label->mode_count; i++) {
        if (label->modes[i].answer == EXPLAINED_NOT_PERMITTED &&
            nearness(text, &label->modes[i]) > nearness(text, question)) {
            return false;
        }
    }
    return label->verdict.strongest == DISCLOSURE_WITHHELD;
}

#define DETAIL_INDENT 8

/* One detail for several modes: "reveal, mask:" and then the lines. */
struct detail {
    struct buffer modes;
    struct buffer lines;
};

static void append_label_details(const struct text *text, const struct explained_label *label,
                                 struct buffer *out)
{
    struct detail details[DISCLOSURE_MODE_COUNT];
    size_t count = 0;
    for (size_t mode = 0; mode < label->mode_count; mode++) {
        struct detail *detail = &details[count];
        if (!is_told(text, label, mode)) {
            continue;
        }
        buffer_init(&detail->modes, 256);
        buffer_init(&detail->lines, DETAIL_LIMIT);
        append_question(text, &detail->lines, DETAIL_INDENT, &label->modes[mode],
                        text->view->most == SIZE_MAX ? 0 : LEAST_PARTS);
        size_t same = 0;
        while (same < count &&
               !bytes_equal(buffer_bytes(&details[same].lines), buffer_bytes(&detail->lines))) {
            same++;
        }
        buffer_append_string(&details[same].modes, same < count ? ", " : "");
        buffer_append(&details[same].modes, mode_of(label->modes[mode].action));
        if (same < count) {
            buffer_clear(&detail->modes);
            buffer_clear(&detail->lines);
        }
        count += same == count ? 1 : 0;
    }
    const bool names_modes = count > 1; /* else it is the mode of the heading */
    for (size_t i = 0; i < count; i++) {
        append_indent(out, DETAIL_INDENT);
        if (names_modes) {
            buffer_append(out, buffer_bytes(&details[i].modes));
            buffer_append_string(out, ": ");
        }
        buffer_append(out, bytes_from(buffer_bytes(&details[i].lines), DETAIL_INDENT));
        buffer_clear(&details[i].modes);
        buffer_clear(&details[i].lines);
    }
}

static bool same_verdict(const struct plan_verdict *a, const struct plan_verdict *b)
{
    return a->strongest == b->strongest && a->depends_on_record == b->depends_on_record;
}

static void append_labels(const struct text *text, const struct explained_place *place,
                          const struct buffer *details, size_t first, bool *told)
{
    const struct vocabulary *vocabulary =
        &ruleset_catalogue(text->view->rehearsal->ruleset)->vocabulary;
    const struct plan_verdict *verdict = &place->labels[first].verdict;
    append_indent(text->out, 4);
    buffer_append_format(text->out,
                         "%s%s: ", disclosure_mode_name((enum disclosure_mode)verdict->strongest),
                         verdict->depends_on_record ? ", depends on the record" : "");
    for (size_t i = first; i < place->label_count; i++) {
        const struct explained_label *label = &place->labels[i];
        if (!told[i] && same_verdict(verdict, &label->verdict) &&
            bytes_equal(buffer_bytes(&details[first]), buffer_bytes(&details[i]))) {
            told[i] = true;
            buffer_append_string(text->out, i == first ? "" : ", ");
            buffer_append(text->out, vocabulary->labels[label->label].name);
        }
    }
    buffer_append_byte(text->out, '\n');
    buffer_append(text->out, buffer_bytes(&details[first]));
}

static amanat_result append_place(const struct text *text, const struct explained_place *place)
{
    struct arena *arena = text->view->rehearsal->arena;
    bool *told = arena_allocate_array(arena, place->label_count, sizeof(*told));
    struct buffer *details = arena_allocate_array(arena, place->label_count, sizeof(*details));
    TRY_MEMORY(told);
    TRY_MEMORY(details);
    for (size_t i = 0; i < place->label_count; i++) {
        buffer_init(&details[i], DETAIL_LIMIT);
        append_label_details(text, &place->labels[i], &details[i]);
    }
    for (size_t mode = DISCLOSURE_MODE_COUNT; mode-- > 0;) {
        for (size_t i = 0; i < place->label_count; i++) {
            if (!told[i] && place->labels[i].verdict.strongest == mode) {
                append_labels(text, place, details, i, told);
            }
        }
    }
    for (size_t i = 0; i < place->label_count; i++) {
        buffer_clear(&details[i]);
    }
    return AMANAT_OK;
}

/* ---- places and records ---- */

static bool has_groups(const struct access_explanation *explanation, size_t record)
{
    for (size_t i = 0; i < explanation->group_count; i++) {
        if (explanation->groups[i].place.record == record) {
            return true;
        }
    }
    return false;
}

static size_t count_records(const struct access_explanation *explanation, size_t record)
{
    size_t count = 0;
    for (size_t i = 0; i < explanation->group_count; i++) {
        count += explanation->groups[i].place.record == record ? explanation->groups[i].count : 0;
    }
    return count;
}

static bool is_withheld_whole(const struct explained_place *place)
{
    for (size_t i = 0; i < place->label_count; i++) {
        if (place->labels[i].verdict.strongest != DISCLOSURE_WITHHELD) {
            return false;
        }
    }
    return true;
}

/* The place of records, with what becomes of those of which nothing leaves (design 2). */
static amanat_result append_record_place(const struct text *text,
                                         const struct explained_place *place)
{
    const struct catalogue *catalogue = ruleset_catalogue(text->view->rehearsal->ruleset);
    const struct catalogue_record *record = &catalogue->records[place->record];
    if (is_withheld_whole(place)) {
        buffer_append_format(
            text->out, "    left out%s: nothing of its own can leave\n",
            record->label_count > record->own_label_count ? ", with the records inside" : "");
    }
    return append_place(text, place);
}

static amanat_result append_group(const struct text *text, const struct explained_group *group)
{
    const struct catalogue *catalogue = ruleset_catalogue(text->view->rehearsal->ruleset);
    const struct bytes name = catalogue->records[group->place.record].name;
    const size_t all = count_records(text->view->explanation, group->place.record);
    buffer_append_format(text->out, "\nlabels in %zu of %zu %.*s record%s", group->count, all,
                         BYTES_PRINTF(name), all == 1 ? "" : "s");
    buffer_append_format(
        text->out, group->count == 1 ? ": number %zu\n" : "; values are those of number %zu\n",
        group->first);
    if (group->left_out) {
        buffer_append_string(text->out, "    left out: an attribute that policies read is missing "
                                        "or of a wrong type\n");
        return AMANAT_OK;
    }
    return append_record_place(text, &group->place);
}

static amanat_result append_places(const struct text *text)
{
    const struct access_explanation *explanation = text->view->explanation;
    const struct catalogue *catalogue = ruleset_catalogue(text->view->rehearsal->ruleset);
    const char *would =
        explanation->decision.verdict == ACCESS_PERMITTED ? "" : ", if the access were permitted";
    for (size_t i = 0; i < explanation->place_count; i++) {
        const struct explained_place *place = &explanation->places[i];
        if (place->record == CATALOGUE_NONE) {
            buffer_append_format(text->out, "\nlabels outside records%s\n", would);
            TRY(append_place(text, place));
        } else if (!has_groups(explanation, place->record)) {
            buffer_append_format(text->out, "\nlabels in each %.*s%s\n",
                                 BYTES_PRINTF(catalogue->records[place->record].name), would);
            TRY(append_record_place(text, place));
        }
    }
    for (size_t i = 0; i < explanation->group_count; i++) {
        TRY(append_group(text, &explanation->groups[i]));
    }
    return AMANAT_OK;
}

/* ---- head, call, what it asks by ---- */

static void append_head_question(struct buffer *out, const struct explained_question *question)
{
    buffer_append_format(out, "%.*s on ", BYTES_PRINTF(question->action));
    cedar_entity_uid_append(out, &question->resource);
    buffer_append_format(out, ": %s\n", answer_words(question->answer));
}

/* The question that refused the access, or NULL. */
static const struct explained_question *refusing(const struct access_explanation *explanation)
{
    if (explanation->call.answer != EXPLAINED_PERMITTED) {
        return &explanation->call;
    }
    for (size_t i = 0; i < explanation->asked_count; i++) {
        if (explanation->asked[i].question.answer != EXPLAINED_PERMITTED) {
            return &explanation->asked[i].question;
        }
    }
    return NULL;
}

/* How a label stands at the places and in the groups of records: whether it is there, and whether
 * it can leave. */
static bool look_for_label(const struct explained_place *place, size_t label, bool *there)
{
    for (size_t i = 0; i < place->label_count; i++) {
        if (place->labels[i].label == label) {
            *there = true;
            return place->labels[i].verdict.strongest != DISCLOSURE_WITHHELD;
        }
    }
    return false;
}

static void append_label_count(const struct text *text)
{
    const struct access_explanation *explanation = text->view->explanation;
    const size_t labels = ruleset_catalogue(text->view->rehearsal->ruleset)->vocabulary.label_count;
    size_t there_count = 0;
    size_t leave_count = 0;
    for (size_t label = 0; label < labels; label++) {
        bool there = false;
        bool leaves = false;
        for (size_t i = 0; i < explanation->place_count; i++) {
            const struct explained_place *place = &explanation->places[i];
            const bool can = look_for_label(place, label, &there);
            leaves |= can && !has_groups(explanation, place->record);
        }
        for (size_t i = 0; i < explanation->group_count; i++) {
            leaves |= look_for_label(&explanation->groups[i].place, label, &there);
        }
        there_count += there ? 1 : 0;
        leave_count += leaves ? 1 : 0;
    }
    buffer_append_format(text->out, "; %zu of %zu labels can leave\n", leave_count, there_count);
}

static void append_unbound(const struct text *text)
{
    const struct access_explanation *explanation = text->view->explanation;
    if (explanation != NULL && explanation->decision.unbound.length > 0) {
        buffer_append_format(text->out,
                             "; the gateway sets the parameter %.*s, and agent or partner has no "
                             "attribute that it takes",
                             BYTES_PRINTF(explanation->decision.unbound));
    }
}

static void append_answer(const struct text *text)
{
    const struct explain_view *view = text->view;
    if (view->problem == NULL) {
        buffer_append_format(text->out, "permitted: %u", view->status);
        append_label_count(text);
        return;
    }
    const struct explained_question *question =
        view->explanation == NULL || !view->explanation->is_asked ? NULL
                                                                  : refusing(view->explanation);
    buffer_append_format(text->out, "refused: %u %s", problem_status(view->problem),
                         problem_kind(view->problem->name)->name);
    if (view->problem->parameter.length > 0) {
        buffer_append_format(text->out, " (parameter %.*s)",
                             BYTES_PRINTF(view->problem->parameter));
    }
    if (question != NULL) {
        buffer_append_format(text->out, "; %.*s is ", BYTES_PRINTF(question->action));
        buffer_append_string(text->out, answer_words(question->answer));
    }
    append_unbound(text);
    buffer_append_byte(text->out, '\n');
}

static void append_unknown_purpose(const struct text *text, struct bytes purpose)
{
    const struct vocabulary *vocabulary =
        &ruleset_catalogue(text->view->rehearsal->ruleset)->vocabulary;
    char room[SIMILAR_HINT_SIZE];
    struct similar similar;
    similar_begin(&similar, purpose);
    for (size_t i = 0; i < vocabulary->purpose_count; i++) {
        similar_offer(&similar, vocabulary->purposes[i].name);
    }
    buffer_append_format(text->out, "; the vocabulary has no such purpose%s",
                         similar_hint_of(&similar, room));
}

static void append_need(const struct text *text)
{
    const struct access_request *request = &text->view->rehearsal->request;
    const struct access_need *need = &request->need;
    if (need->purpose.length == 0) {
        return;
    }
    buffer_append_format(text->out, "need  purpose %.*s", BYTES_PRINTF(need->purpose));
    if (need->case_id.length > 0) {
        buffer_append_format(text->out, ", case %.*s", BYTES_PRINTF(need->case_id));
        buffer_append_string(text->out,
                             text->view->explanation->decision.case_state == ACCESS_CASE_UNKNOWN
                                 ? " (no known fact: it counts as not given)"
                                 : "");
    }
    if (need->basis.length > 0) {
        buffer_append_format(text->out, ", basis %.*s", BYTES_PRINTF(need->basis));
    }
    if (text->view->explanation->decision.purpose == CATALOGUE_NONE) {
        append_unknown_purpose(text, need->purpose);
    }
    buffer_append_byte(text->out, '\n');
}

static void append_who(const struct text *text)
{
    const struct access_request *request = &text->view->rehearsal->request;
    const struct access_explanation *explanation = text->view->explanation;
    char hint[SIMILAR_HINT_SIZE];
    buffer_append_format(text->out, "who   Agent::\"%.*s/%.*s\"", BYTES_PRINTF(request->partner),
                         BYTES_PRINTF(request->agent));
    if (explanation->partner_is_unknown) {
        buffer_append_format(text->out, ", but the folder has no such Partner%s",
                             similar_hint(request->partner, explanation->partners,
                                          explanation->partner_count, hint));
    }
    buffer_append_byte(text->out, '\n');
}

static void append_head(const struct text *text)
{
    const struct explain_view *view = text->view;
    append_answer(text);
    if (view->explanation != NULL) {
        append_who(text);
        append_need(text);
    }
    if (view->problem != NULL) {
        const struct bytes detail =
            view->problem->detail.length > 0
                ? view->problem->detail
                : bytes_of_string(problem_kind(view->problem->name)->detail);
        buffer_append_string(text->out, "told  ");
        buffer_append(text->out, detail);
        buffer_append_byte(text->out, '\n');
    }
}

amanat_result explain_write_text(const struct explain_view *view, struct buffer *out)
{
    const struct text text = {view, out};
    const struct access_explanation *explanation = view->explanation;
    append_head(&text);
    if (explanation == NULL || !explanation->is_asked) {
        return AMANAT_OK;
    }
    buffer_append_string(out, "\ncall ");
    append_head_question(out, &explanation->call);
    append_question(&text, out, 4, &explanation->call, 0);
    for (size_t i = 0; i < explanation->asked_count; i++) {
        const struct explained_asked *asked = &explanation->asked[i];
        buffer_append_format(out, "\nparameter %.*s asks ", BYTES_PRINTF(asked->parameter));
        append_head_question(out, &asked->question);
        append_question(&text, out, 4, &asked->question, 0);
    }
    return append_places(&text);
}
