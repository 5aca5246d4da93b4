/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of a loop: one shot each, started again and again. They belong to the loop's thread. */
#ifndef AMANAT_GATEWAY_RUNTIME_TIMER_H
#define AMANAT_GATEWAY_RUNTIME_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/runtime/loop.h"

struct runtime_timer;

/** A stopped timer that will call `function(context)`. MEMORY. */
AMANAT_MUST_CHECK amanat_result runtime_timer_new(struct runtime_loop *loop,
                                                  runtime_task_fn *function, void *context,
                                                  struct runtime_timer **out);

/**
 * Stops it; its memory goes by the closing list, so that it may be freed in its own callback. NULL
 * is fine.
 */
void runtime_timer_free(struct runtime_timer *timer);

/**
 * Calls once in `microseconds` from now (not before); starting a started timer moves it. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result runtime_timer_start(struct runtime_timer *timer,
                                                    int64_t microseconds);

void runtime_timer_stop(struct runtime_timer *timer);

#endif
