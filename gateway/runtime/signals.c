/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by libevent: caught in a handler that only writes to a pipe, delivered by the loop. */
#include "gateway/runtime/signals.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#include "policy/base/guard.h"

enum { SIGNAL_COUNT = 3 };
static const int signal_numbers[SIGNAL_COUNT] = {SIGTERM, SIGINT, SIGHUP};

struct runtime_signals {
    struct runtime_loop *loop;
    struct runtime_signals_handler handler;
    struct event *events[SIGNAL_COUNT];
    struct runtime_task closing;
};

static void deliver(evutil_socket_t number, short what, void *context)
{
    (void)what;
    struct runtime_signals *signals = context;
    if (number == SIGHUP) {
        signals->handler.on_reload(signals->handler.context);
    } else {
        signals->handler.on_terminate(signals->handler.context);
    }
}

void runtime_signals_ignore_pipe(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    ASSERT(sigaction(SIGPIPE, &ignore, NULL) == 0);
}

amanat_result runtime_signals_new(struct runtime_loop *loop,
                                  const struct runtime_signals_handler *handler,
                                  struct runtime_signals **out)
{
    struct runtime_signals *signals = calloc(1, sizeof(*signals));
    TRY_MEMORY(signals);
    signals->loop = loop;
    signals->handler = *handler;
    runtime_signals_ignore_pipe();
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        signals->events[i] =
            evsignal_new(runtime_loop_base(loop), signal_numbers[i], deliver, signals);
        if (signals->events[i] == NULL || event_add(signals->events[i], NULL) != 0) {
            runtime_signals_free(signals);
            return amanat_result_of(AMANAT_STATUS_IO);
        }
    }
    *out = signals;
    return AMANAT_OK;
}

static void dispose_signals(void *object)
{
    struct runtime_signals *signals = object;
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        if (signals->events[i] != NULL) {
            event_free(signals->events[i]);
        }
    }
    free(signals);
}

void runtime_signals_free(struct runtime_signals *signals)
{
    if (signals == NULL) {
        return;
    }
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        if (signals->events[i] != NULL) {
            (void)event_del(signals->events[i]);
        }
    }
    runtime_loop_close_later(signals->loop, &signals->closing, dispose_signals, signals);
}
