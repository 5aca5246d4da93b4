/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event loop per thread (libevent), with two lists of its own:
 *
 * - *posted* tasks, added by any thread, run in the order of posting on the loop's thread;
 * - the *closing list*: objects that libevent or a callback further up the stack may still refer
 * to. They are never freed in a callback but put on this list, which is emptied once per turn of
 * the loop, when no callback runs.
 *
 * Everything here except post, post_task and stop belongs to the thread that runs the loop (before
 * it runs: to the one that made it).
 */
#ifndef AMANAT_GATEWAY_RUNTIME_LOOP_H
#define AMANAT_GATEWAY_RUNTIME_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/result.h"

struct event_base;
struct runtime_loop;

typedef void runtime_task_fn(void *context);

/**
 * A task that its owner embeds, so that posting it cannot fail. It must not be posted again before
 * it has run.
 */
struct runtime_task {
    runtime_task_fn *run;
    void *context;
    struct runtime_task *next; /* the loop's */
};

/** A new loop whose queue of runtime_loop_post holds at most `post_limit` tasks. MEMORY or IO. */
AMANAT_MUST_CHECK amanat_result runtime_loop_new(size_t post_limit, struct runtime_loop **out);

/**
 * Runs what is still posted and empties the closing list, then frees the loop; not from within it.
 * NULL is fine.
 */
void runtime_loop_free(struct runtime_loop *loop);

/** The libevent base, for whoever registers events of its own. It belongs to the loop. */
struct event_base *runtime_loop_base(struct runtime_loop *loop);

/** Runs until runtime_loop_stop. IO when libevent fails. */
AMANAT_MUST_CHECK amanat_result runtime_loop_run(struct runtime_loop *loop);

/**
 * Runs one turn: waits for something to happen, handles all of it, empties the lists. For tests and
 * tools.
 */
AMANAT_MUST_CHECK amanat_result runtime_loop_turn(struct runtime_loop *loop);

/** Makes runtime_loop_run return after the current turn; from any thread, also before it runs. */
void runtime_loop_stop(struct runtime_loop *loop);

/**
 * Runs `function(context)` on the loop's thread; from any thread. LIMIT when the queue is full,
 * MEMORY.
 */
AMANAT_MUST_CHECK amanat_result runtime_loop_post(struct runtime_loop *loop,
                                                  runtime_task_fn *function, void *context);

/**
 * The same with memory of the caller's, and therefore without failure; in one queue with
 * runtime_loop_post.
 */
void runtime_loop_post_task(struct runtime_loop *loop, struct runtime_task *task);

/**
 * Calls `dispose(object)` at the end of this turn, outside of every callback. `task` lies in the
 * object (or lives as long). Own thread only.
 */
void runtime_loop_close_later(struct runtime_loop *loop, struct runtime_task *task,
                              runtime_task_fn *dispose, void *object);

#endif
