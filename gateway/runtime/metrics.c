/* SPDX-License-Identifier: Apache-2.0 */
/* Slots per worker, each worker's on cache lines of their own; relaxed atomics, because a reader
 * needs no order. */
#include "gateway/runtime/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "policy/base/guard.h"

enum { LINE_SLOTS = 8 }; /* 64 bytes */

struct runtime_metrics {
    const struct runtime_metric *table;
    size_t count;
    unsigned workers;
    size_t *first; /* first[m]: slot of metric m's first value */
    size_t stride; /* slots of one worker */
    _Atomic int64_t *slots;
};

static size_t value_count(const struct runtime_metric *metric)
{
    return metric->label == NULL ? 1 : metric->value_count;
}

amanat_result runtime_metrics_new(const struct runtime_metric *table, size_t count,
                                  unsigned workers, struct runtime_metrics **out)
{
    struct runtime_metrics *metrics = calloc(1, sizeof(*metrics));
    TRY_MEMORY(metrics);
    *metrics = (struct runtime_metrics){.table = table, .count = count, .workers = workers};
    metrics->first = calloc(count + 1, sizeof(*metrics->first));
    if (metrics->first != NULL) {
        for (size_t i = 0; i < count; i++) {
            metrics->first[i + 1] = metrics->first[i] + value_count(&table[i]);
        }
        metrics->stride = (metrics->first[count] + LINE_SLOTS) / LINE_SLOTS * LINE_SLOTS;
        metrics->slots =
            aligned_alloc(64, metrics->stride * (workers + 1) * sizeof(*metrics->slots));
    }
    if (metrics->slots == NULL) {
        runtime_metrics_free(metrics);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    for (size_t i = 0; i < metrics->stride * (workers + 1); i++) {
        atomic_init(&metrics->slots[i], 0);
    }
    *out = metrics;
    return AMANAT_OK;
}

void runtime_metrics_free(struct runtime_metrics *metrics)
{
    if (metrics != NULL) {
        free(metrics->first);
        free(metrics->slots);
        free(metrics);
    }
}

static _Atomic int64_t *find_slot(const struct runtime_metrics *metrics, unsigned worker,
                                  size_t metric, size_t value)
{
    ASSERT(worker < metrics->workers && metric < metrics->count);
    ASSERT(value < value_count(&metrics->table[metric]));
    return &metrics->slots[metrics->stride * worker + metrics->first[metric] + value];
}

void runtime_metrics_add(struct runtime_metrics *metrics, unsigned worker, size_t metric,
                         size_t value, int64_t amount)
{
    if (metrics != NULL) {
        atomic_fetch_add_explicit(find_slot(metrics, worker, metric, value), amount,
                                  memory_order_relaxed);
    }
}

static int64_t sum_slots(const struct runtime_metrics *metrics, size_t metric, size_t value)
{
    int64_t sum = 0;
    for (unsigned worker = 0; worker < metrics->workers; worker++) {
        sum +=
            atomic_load_explicit(find_slot(metrics, worker, metric, value), memory_order_relaxed);
    }
    return sum;
}

void runtime_metrics_write(const struct runtime_metrics *metrics, struct buffer *buffer)
{
    for (size_t i = 0; i < metrics->count; i++) {
        const struct runtime_metric *metric = &metrics->table[i];
        buffer_append_format(buffer, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
                             metric->name,
                             metric->kind == RUNTIME_METRIC_GAUGE ? "gauge" : "counter");
        for (size_t value = 0; value < value_count(metric); value++) {
            buffer_append_string(buffer, metric->name);
            if (metric->label != NULL) {
                buffer_append_format(buffer, "{%s=\"%s\"}", metric->label, metric->values[value]);
            }
            buffer_append_byte(buffer, ' ');
            buffer_append_number(buffer, sum_slots(metrics, i, value));
            buffer_append_byte(buffer, '\n');
        }
    }
}
