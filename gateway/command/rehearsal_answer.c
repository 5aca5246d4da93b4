/* SPDX-License-Identifier: Apache-2.0 */
/* A service's answer without a service; see rehearsal_answer.h. */
#include "gateway/command/rehearsal_answer.h"

#include "policy/base/guard.h"

static amanat_result refuse(enum problem_name name, struct problem *out_problem)
{
    *out_problem = (struct problem){.name = name};
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

amanat_result rehearsal_begin_answer(const struct rehearsal_answer *answer,
                                     struct problem *out_problem, struct redactor **out)
{
    const struct catalogue_response *response =
        answer->status == 404 ? NULL : catalogue_find_response(answer->operation, answer->status);
    *out = NULL;
    if (response == NULL) {
        return refuse(answer->status == 404 ? PROBLEM_NOT_FOUND : PROBLEM_UPSTREAM, out_problem);
    }
    if (response->media_type_count == 0) {
        return AMANAT_OK; /* a status without a body */
    }
    const struct catalogue_media_type *type = catalogue_find_media_type(
        response->media_types, response->media_type_count, answer->media_type);
    if (type == NULL) {
        return refuse(PROBLEM_UPSTREAM, out_problem);
    }
    const struct redactor_options options = {.plan = answer->plan,
                                             .root = type->root,
                                             .ndjson = type->is_ndjson,
                                             .on_window = answer->on_window,
                                             .context = answer->context};
    const amanat_result result =
        type->is_json || type->is_ndjson
            ? redactor_new(&options, out)
            : redactor_new_whole(&options, type->labels, type->label_count, out);
    return result.status == AMANAT_STATUS_REFUSED ? refuse(PROBLEM_NOT_PERMITTED, out_problem)
                                                  : result;
}

amanat_result rehearsal_finish_answer(struct redactor *redactor, struct problem *out_problem)
{
    bool nothing = false;
    TRY(redactor_finish(redactor, &nothing));
    return nothing ? refuse(PROBLEM_NOT_FOUND, out_problem) : AMANAT_OK;
}
