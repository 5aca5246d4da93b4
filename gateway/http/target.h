/* SPDX-License-Identifier: Apache-2.0 */
/* The request target, private to this folder (rules.c). */
#ifndef AMANAT_GATEWAY_HTTP_TARGET_H
#define AMANAT_GATEWAY_HTTP_TARGET_H

#include "gateway/http/head.h"
#include "gateway/http/refusal.h"

/** Checks an origin-form target (RFC 9112 §3.2.1) and splits it into path and query. */
enum http_refusal http_target_read(struct bytes target, struct http_request_head *out);

#endif
