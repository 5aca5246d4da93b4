/* SPDX-License-Identifier: Apache-2.0 */
/* libevent's timers, whose memory goes by the closing list. */
#include "gateway/runtime/timer.h"

#include <event2/event.h>
#include <stdlib.h>

#include "gateway/runtime/clock.h"
#include "policy/base/guard.h"

struct runtime_timer {
    struct runtime_loop *loop;
    struct event *event;
    runtime_task_fn *function;
    void *context;
    struct runtime_task closing;
};

static void fire(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    struct runtime_timer *timer = context;
    timer->function(timer->context);
}

amanat_result runtime_timer_new(struct runtime_loop *loop, runtime_task_fn *function, void *context,
                                struct runtime_timer **out)
{
    struct runtime_timer *timer = calloc(1, sizeof(*timer));
    TRY_MEMORY(timer);
    *timer = (struct runtime_timer){.loop = loop, .function = function, .context = context};
    timer->event = evtimer_new(runtime_loop_base(loop), fire, timer);
    if (timer->event == NULL) {
        free(timer);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    *out = timer;
    return AMANAT_OK;
}

static void dispose_timer(void *object)
{
    struct runtime_timer *timer = object;
    event_free(timer->event);
    free(timer);
}

void runtime_timer_free(struct runtime_timer *timer)
{
    if (timer != NULL) {
        runtime_timer_stop(timer);
        runtime_loop_close_later(timer->loop, &timer->closing, dispose_timer, timer);
    }
}

amanat_result runtime_timer_start(struct runtime_timer *timer, int64_t microseconds)
{
    ASSERT(microseconds >= 0);
    const struct timeval time = {(time_t)(microseconds / RUNTIME_SECOND),
                                 (suseconds_t)(microseconds % RUNTIME_SECOND)};
    return event_add(timer->event, &time) == 0 ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_MEMORY);
}

void runtime_timer_stop(struct runtime_timer *timer)
{
    (void)event_del(timer->event);
}
