/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service's answer to a permitted access, brought along instead of fetched: what the proxy would
 * make of its status and media type (gateway/proxy/exchange_upstream.c), through the proxy's own
 * catalogue and redactor.
 */
#ifndef AMANAT_GATEWAY_COMMAND_REHEARSAL_ANSWER_H
#define AMANAT_GATEWAY_COMMAND_REHEARSAL_ANSWER_H

#include "policy/redact/redact.h"

struct rehearsal_answer {
    const struct catalogue_operation *operation;
    const struct plan *plan;
    unsigned status;
    struct bytes media_type; /* a Content-Type */
    redact_window_fn *on_window;
    void *context;
};

/**
 * A redactor to be fed with the answer and handed to rehearsal_finish_answer; redactor_free it.
 * NULL for a status without a body. REFUSED with the problem that the agent would get instead.
 */
AMANAT_MUST_CHECK amanat_result rehearsal_begin_answer(const struct rehearsal_answer *answer,
                                                       struct problem *out_problem,
                                                       struct redactor **out);

/** The answer's end. REFUSED with a problem when nothing of it may be disclosed. */
AMANAT_MUST_CHECK amanat_result rehearsal_finish_answer(struct redactor *redactor,
                                                        struct problem *out_problem);

#endif
