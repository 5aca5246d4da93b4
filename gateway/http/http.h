/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/http: HTTP/1.1 as RFC 9112 and RFC 9110 have it, read strictly (what is
 * ambiguous is refused, never repaired), served and called.
 */
#ifndef AMANAT_GATEWAY_HTTP_HTTP_H
#define AMANAT_GATEWAY_HTTP_HTTP_H

#include "gateway/http/address.h"
#include "gateway/http/client.h"
#include "gateway/http/head.h"
#include "gateway/http/problem.h"
#include "gateway/http/reader.h"
#include "gateway/http/refusal.h"
#include "gateway/http/server.h"
#include "gateway/http/structured.h"
#include "gateway/http/writer.h"

#endif
