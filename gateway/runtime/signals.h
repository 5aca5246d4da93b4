/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals arrive as calls on one loop (the control thread's): SIGTERM and SIGINT ask for an orderly
 * end, SIGHUP for a reload. SIGPIPE is ignored: a write to a closed connection fails with an error
 * instead.
 */
#ifndef AMANAT_GATEWAY_RUNTIME_SIGNALS_H
#define AMANAT_GATEWAY_RUNTIME_SIGNALS_H

#include "amanat/result.h"
#include "gateway/runtime/loop.h"

struct runtime_signals;

struct runtime_signals_handler {
    void (*on_terminate)(void *context); /* SIGTERM, SIGINT */
    void (*on_reload)(void *context);    /* SIGHUP */
    void *context;
};

/** One per process at a time. MEMORY or IO. */
AMANAT_MUST_CHECK amanat_result runtime_signals_new(struct runtime_loop *loop,
                                                    const struct runtime_signals_handler *handler,
                                                    struct runtime_signals **out);

/** Signals do again what they did before; SIGPIPE stays ignored. NULL is fine. */
void runtime_signals_free(struct runtime_signals *signals);

/** Ignores SIGPIPE for the process; for programs without runtime_signals. */
void runtime_signals_ignore_pipe(void);

#endif
