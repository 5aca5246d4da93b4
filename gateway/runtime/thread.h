/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads: started with all signals blocked (the control thread takes them, signals.h), joined by
 * whoever started them.
 */
#ifndef AMANAT_GATEWAY_RUNTIME_THREAD_H
#define AMANAT_GATEWAY_RUNTIME_THREAD_H

#include "amanat/result.h"

struct runtime_thread;

/**
 * Starts `function(context)`; `name` (at most 15 bytes are kept) is what the system's tools show.
 * MEMORY or IO.
 */
AMANAT_MUST_CHECK amanat_result runtime_thread_start(const char *name, void (*function)(void *),
                                                     void *context, struct runtime_thread **out);

/** Waits for its end and frees it; NULL is fine. */
void runtime_thread_join(struct runtime_thread *thread);

#endif
