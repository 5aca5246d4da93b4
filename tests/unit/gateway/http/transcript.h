/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reader says about an input, as text, so that tests are tables of two strings:
 *
 *   "GET /a?b host=h [accept=x] length=3 close continue\n" "body=abc\n" "end\n"
 *   "refused=bare-lf\n" "closed-ok\n"
 *
 * The input is given in pieces; pieces of one body are joined, so the transcript must not depend on
 * them.
 */
#ifndef AMANAT_TESTS_HTTP_TRANSCRIPT_H
#define AMANAT_TESTS_HTTP_TRANSCRIPT_H

#include <stdbool.h>

#include "gateway/http/http.h"
#include "policy/base/buffer.h"

struct transcript_options {
    bool responses;
    bool head_only; /* of the first response */
    bool finish;    /* call http_reader_finish at the end */
    struct http_reader_limits limits;
};

/** Pieces: [0, first) and [first, length), each cut again into pieces of `step` bytes (0 = not
 * cut). */
void transcript_write(const struct transcript_options *options, struct bytes input, size_t first,
                      size_t step, struct buffer *out);

#endif
