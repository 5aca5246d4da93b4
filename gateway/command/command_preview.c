/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat preview FOLDER … BODY`: exactly the body that an agent would get for a service's answer,
 * or the problem: through the gateway's own catalogue, decision and redactor (rehearsal.h).
 */
#include <stdlib.h>

#include "gateway/command/command.h"
#include "gateway/command/rehearsal.h"
#include "gateway/command/report.h"
#include "gateway/http/http.h"
#include "policy/base/base.h"

static const struct arguments_option options[] = {REHEARSAL_OPTIONS, {0}};

static const struct arguments_form form = {
    .words = "FOLDER BODY",
    .least_words = 2,
    .most_words = 2,
    .about = "Shows what an agent would get of a service's answer (BODY, - for standard input).",
    .options = options};

static amanat_result run(struct rehearsal *rehearsal, FILE *out)
{
    struct access_decision decision;
    TRY(rehearsal_prepare(rehearsal));
    TRY(access_decide(rehearsal->ruleset, &rehearsal->request, rehearsal->arena, &decision));
    if (decision.verdict != ACCESS_PERMITTED) {
        rehearsal->problem = decision.problem;
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    return rehearsal_redact(rehearsal, decision.plan, rehearsal->arguments->words[1], out);
}

static void print_problem(const struct rehearsal *rehearsal)
{
    struct buffer text;
    buffer_init(&text, 65536);
    http_write_problem(&text, &rehearsal->problem, (struct bytes){0});
    buffer_append_byte(&text, '\n');
    (void)fwrite(text.at, 1, text.length, stdout);
    buffer_clear(&text);
}

/* Nothing is printed before all of it is known: a body that turns out to be malformed must not
 * stand there half. */
static int run_and_print(struct rehearsal *rehearsal)
{
    char *answer = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&answer, &length);
    if (out == NULL) {
        return COMMAND_EXIT_COULD_NOT;
    }
    const amanat_result result = run(rehearsal, out);
    (void)fclose(out);
    if (amanat_is_ok(result)) {
        (void)fwrite(answer, 1, length, stdout);
    } else if (result.status == AMANAT_STATUS_REFUSED) {
        print_problem(rehearsal);
    }
    free(answer);
    return rehearsal_conclude(rehearsal, result);
}

int command_preview(int argc, char **argv)
{
    struct arguments arguments;
    struct rehearsal rehearsal;
    int code = arguments_read(&form, argc, argv, &arguments);
    const amanat_result ready = rehearsal_init(&rehearsal, &arguments);
    if (code < 0) {
        code = amanat_is_ok(ready) ? run_and_print(&rehearsal) : report_exit_code(ready);
    }
    rehearsal_clear(&rehearsal);
    arguments_clear(&arguments);
    return code;
}
