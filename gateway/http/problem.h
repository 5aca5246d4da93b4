/* SPDX-License-Identifier: Apache-2.0 */
/* Problem documents (RFC 9457): application/problem+json, members always in the same order. */
#ifndef AMANAT_GATEWAY_HTTP_PROBLEM_H
#define AMANAT_GATEWAY_HTTP_PROBLEM_H

#include "policy/base/buffer.h"
#include "policy/base/bytes.h"
#include "policy/catalogue/catalogue.h"

#define HTTP_PROBLEM_MEDIA_TYPE "application/problem+json"

/**
 * Appends
 * `{"type":"urn:amanat:problem:NAME","title":…,"status":…,"access":…,"detail":…,"parameter":…}`;
 * `access` (the access id) and `parameter` are left out when they are no bytes, `detail` falls back
 * on the kind's. Valid UTF-8 expected. Check the buffer afterwards.
 */
void http_write_problem(struct buffer *buffer, const struct problem *problem, struct bytes access);

#endif
