/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat explain FOLDER … [BODY]`: why an access is decided as it is. The same access as for
 * `amanat preview`, decided by the same functions; with a BODY its records are explained, too.
 */
#include "gateway/command/command.h"
#include "gateway/command/explain_output.h"
#include "gateway/command/rehearsal.h"
#include "gateway/command/report.h"
#include "policy/base/base.h"

#define OUTPUT_LIMIT ((size_t)256 << 20)
#define MOST_NEAREST 3

static const struct arguments_option options[] = {
    REHEARSAL_OPTIONS,
    {"all", NULL, "every permit that does not apply, not only the nearest three", false},
    {0}};

static const struct arguments_form form = {
    .words = "FOLDER [BODY]",
    .least_words = 1,
    .most_words = 2,
    .about = "Explains why an access is permitted or refused, label by label, and with a service's "
             "answer\n(BODY, - for standard input) record by record. For the administrator of the "
             "folder: it shows\nfacts and values that no partner may see.",
    .options = options};

/* What the redactor lets through; only its records' questions are wanted here. */
static amanat_result explain_body(struct rehearsal *rehearsal,
                                  struct access_explanation *explanation)
{
    const struct plan *plan = NULL;
    TRY(access_explain_records(explanation, &plan));
    FILE *nowhere = fopen("/dev/null", "wb");
    if (nowhere == NULL) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    const amanat_result result =
        rehearsal_redact(rehearsal, plan, rehearsal->arguments->words[1], nowhere);
    (void)fclose(nowhere);
    TRY(access_explain_groups(explanation));
    return result;
}

/* Fills the view as far as it gets; REFUSED, with the view's problem, is an answer too. */
static amanat_result run(struct rehearsal *rehearsal, struct access_explanation *explanation,
                         struct explain_view *view)
{
    TRY(rehearsal_prepare(rehearsal));
    TRY(access_explain(rehearsal->ruleset, &rehearsal->request, rehearsal->arena, explanation));
    view->explanation = explanation;
    if (explanation->decision.verdict != ACCESS_PERMITTED) {
        rehearsal->problem = explanation->decision.problem;
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    return view->has_body ? explain_body(rehearsal, explanation) : AMANAT_OK;
}

static amanat_result print(const struct explain_view *view)
{
    struct buffer text;
    struct buffer out;
    buffer_init(&text, OUTPUT_LIMIT);
    buffer_init(&out, OUTPUT_LIMIT);
    amanat_result result = AMANAT_OK;
    if (view->rehearsal->arguments->json) {
        explain_write_json(view, &out);
    } else {
        result = explain_write_text(view, &text);
        result = amanat_is_ok(result) ? buffer_check(&text) : result;
        visible_append_lines(&out, buffer_bytes(&text));
    }
    result = amanat_is_ok(result) ? buffer_check(&out) : result;
    if (amanat_is_ok(result)) {
        (void)fwrite(out.at, 1, out.length, stdout);
    }
    buffer_clear(&text);
    buffer_clear(&out);
    return result;
}

static int explain(struct rehearsal *rehearsal)
{
    struct access_explanation explanation = {.is_asked = false};
    struct explain_view view = {
        .rehearsal = rehearsal,
        .status = rehearsal_status(rehearsal),
        .has_body = rehearsal->arguments->word_count > 1,
        .most = arguments_count(rehearsal->arguments, "all") > 0 ? SIZE_MAX : MOST_NEAREST};
    amanat_result result = run(rehearsal, &explanation, &view);
    const bool refused = result.status == AMANAT_STATUS_REFUSED;
    view.problem = refused ? &rehearsal->problem : NULL;
    if (refused || amanat_is_ok(result)) {
        const amanat_result printed = print(&view);
        result = amanat_is_ok(printed) ? result : printed;
    }
    return rehearsal_conclude(rehearsal, result);
}

int command_explain(int argc, char **argv)
{
    struct arguments arguments;
    struct rehearsal rehearsal;
    int code = arguments_read(&form, argc, argv, &arguments);
    const amanat_result ready = rehearsal_init(&rehearsal, &arguments);
    if (code < 0) {
        code = amanat_is_ok(ready) ? explain(&rehearsal) : report_exit_code(ready);
    }
    rehearsal_clear(&rehearsal);
    arguments_clear(&arguments);
    return code;
}
