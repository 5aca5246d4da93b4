/* SPDX-License-Identifier: Apache-2.0 */
/* An explained access as text for people (explain_text.c) and as JSON (explain_json.c). */
#ifndef AMANAT_GATEWAY_COMMAND_EXPLAIN_OUTPUT_H
#define AMANAT_GATEWAY_COMMAND_EXPLAIN_OUTPUT_H

#include "gateway/command/rehearsal.h"
#include "policy/base/buffer.h"

struct explain_view {
    const struct rehearsal *rehearsal;
    const struct access_explanation *explanation; /* NULL: refused before there was an access */
    const struct problem *problem;                /* NULL: permitted */
    unsigned status;                              /* of the answer, when permitted */
    bool has_body;
    size_t most; /* permits shown for one question */
};

/** MEMORY is the only failure. */
AMANAT_MUST_CHECK amanat_result explain_write_text(const struct explain_view *view,
                                                   struct buffer *out);
void explain_write_json(const struct explain_view *view, struct buffer *out);

#endif
