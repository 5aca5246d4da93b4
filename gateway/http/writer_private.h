/* SPDX-License-Identifier: Apache-2.0 */
/* What only the server needs of the writer. */
#ifndef AMANAT_GATEWAY_HTTP_WRITER_PRIVATE_H
#define AMANAT_GATEWAY_HTTP_WRITER_PRIVATE_H

#include "gateway/http/writer.h"

/** http_write_response_head with a Date (RFC 9110 §6.6.1) of `wall` microseconds. */
AMANAT_MUST_CHECK amanat_result http_write_dated_response_head(
    struct buffer *buffer, const struct http_response_start *start, bool closes, int64_t wall);

#endif
