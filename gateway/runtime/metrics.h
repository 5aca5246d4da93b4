/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and gauges, from one closed table that the program passes in. Each worker adds to slots
 * of its own (no cache line is shared); who reads sums them. Labels too come from closed lists:
 * nothing that a stranger sends can become a new time series.
 */
#ifndef AMANAT_GATEWAY_RUNTIME_METRICS_H
#define AMANAT_GATEWAY_RUNTIME_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/buffer.h"

enum runtime_metric_kind { RUNTIME_METRIC_COUNTER = 0, RUNTIME_METRIC_GAUGE };

/** One row of the table; an index into the table names the metric. */
struct runtime_metric {
    const char *name; /* "amanat_requests_total" */
    const char *help;
    enum runtime_metric_kind kind;
    const char *label;         /* "reason", or NULL */
    const char *const *values; /* of the label; they live as long as the metrics */
    size_t value_count;
};

struct runtime_metrics;

/** Zeroed slots for `workers` workers. The table must live as long. MEMORY. */
AMANAT_MUST_CHECK amanat_result runtime_metrics_new(const struct runtime_metric *table,
                                                    size_t count, unsigned workers,
                                                    struct runtime_metrics **out);
void runtime_metrics_free(struct runtime_metrics *metrics);

/**
 * Adds to a metric; `value` is the index of the label's value, 0 without label. NULL metrics:
 * nothing.
 */
void runtime_metrics_add(struct runtime_metrics *metrics, unsigned worker, size_t metric,
                         size_t value, int64_t amount);

/**
 * Everything in Prometheus' text format 0.0.4, summed over all workers; series that were never
 * touched too. From any thread. Check the buffer afterwards.
 */
void runtime_metrics_write(const struct runtime_metrics *metrics, struct buffer *buffer);

#endif
