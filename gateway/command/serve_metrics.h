/* SPDX-License-Identifier: Apache-2.0 */
/* `GET /metrics` of a running gateway, on the control thread: the proxy's counters and the trail's
 * state. */
#ifndef AMANAT_GATEWAY_COMMAND_SERVE_METRICS_H
#define AMANAT_GATEWAY_COMMAND_SERVE_METRICS_H

#include "gateway/http/http.h"
#include "gateway/ledger/ledger.h"
#include "gateway/trail/trail.h"

struct serve_metrics;

/** Listens at `address` without TLS. What it is given must outlive it. CONFIG_FAULT, IO, MEMORY. */
AMANAT_MUST_CHECK amanat_result serve_metrics_new(struct runtime_loop *loop, const char *address,
                                                  struct runtime_metrics *metrics,
                                                  struct trail *trail, const struct ledger *ledger,
                                                  struct amanat_diagnostics *diagnostics,
                                                  struct serve_metrics **out);
struct http_address serve_metrics_listener(const struct serve_metrics *server);
void serve_metrics_free(struct serve_metrics *server); /* NULL is fine */

#endif
