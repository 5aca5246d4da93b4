/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn of the loop: libevent waits and calls what became ready; then the tasks that were posted
 * by that moment run; then the closing list is emptied. Posting wakes a sleeping loop by an event
 * of its own.
 *
 * Lock order: `lock` is the innermost lock; nothing is called while it is held but libevent's
 * event_active, which takes the base's lock.
 */
#include "gateway/runtime/loop.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "policy/base/guard.h"

struct task_queue {
    struct runtime_task *first;
    struct runtime_task **last; /* where the next one is hung in */
};

struct runtime_loop {
    struct event_base *base;
    struct event *wake;
    pthread_mutex_t lock;     /* guards posted, posted_count, wake_pending */
    struct task_queue posted; /* by any thread */
    size_t posted_count;      /* of runtime_loop_post: those with memory of the loop's */
    bool wake_pending;
    size_t post_limit;
    struct task_queue closing; /* own thread only */
    atomic_bool stopped;
};

/* A task of runtime_loop_post, freed when it has run. */
struct posted_call {
    struct runtime_task task;
    runtime_task_fn *function;
    void *context;
    struct runtime_loop *loop;
};

static void empty_queue(struct task_queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void push_task(struct task_queue *queue, struct runtime_task *task)
{
    task->next = NULL;
    *queue->last = task;
    queue->last = &task->next;
}

/* Takes all of the queue, then runs it: what is added meanwhile waits for the next time. */
static void run_tasks(struct runtime_task *task)
{
    while (task != NULL) {
        struct runtime_task *next = task->next; /* running it may free it */
        task->run(task->context);
        task = next;
    }
}

static void wake_up(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    (void)context; /* waking was all: the tasks run at the end of the turn */
}

static void use_threads(void)
{
    ASSERT(evthread_use_pthreads() == 0);
}

/*
 * Without a cached time: libevent would count a timer from the moment when the turn began, so that
 * what is started late in a long turn (many callbacks, or a thread that was stopped meanwhile) ends
 * too early.
 */
static struct event_base *make_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME) == 0) {
        base = event_base_new_with_config(config);
    }
    if (config != NULL) {
        event_config_free(config);
    }
    return base;
}

amanat_result runtime_loop_new(size_t post_limit, struct runtime_loop **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    ASSERT(pthread_once(&once, use_threads) == 0);
    struct runtime_loop *loop = calloc(1, sizeof(*loop));
    TRY_MEMORY(loop);
    loop->post_limit = post_limit;
    empty_queue(&loop->posted);
    empty_queue(&loop->closing);
    atomic_init(&loop->stopped, false);
    ASSERT(pthread_mutex_init(&loop->lock, NULL) == 0);
    loop->base = make_base();
    loop->wake = loop->base == NULL ? NULL : event_new(loop->base, -1, EV_PERSIST, wake_up, loop);
    /* An event that waits for nothing keeps the base from finding itself idle and returning at
     * once. */
    const struct timeval long_time = {3600 * 24, 0};
    if (loop->wake == NULL || event_add(loop->wake, &long_time) != 0) {
        runtime_loop_free(loop);
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    *out = loop;
    return AMANAT_OK;
}

static bool run_lists(struct runtime_loop *loop)
{
    ASSERT(pthread_mutex_lock(&loop->lock) == 0);
    struct runtime_task *posted = loop->posted.first;
    empty_queue(&loop->posted);
    loop->wake_pending = false;
    ASSERT(pthread_mutex_unlock(&loop->lock) == 0);
    run_tasks(posted);
    struct runtime_task *closing = loop->closing.first;
    empty_queue(&loop->closing);
    run_tasks(closing);
    return posted != NULL || closing != NULL;
}

void runtime_loop_free(struct runtime_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    while (run_lists(loop)) {
        /* a task may post or close more */
    }
    if (loop->wake != NULL) {
        event_free(loop->wake);
    }
    if (loop->base != NULL) {
        event_base_free(loop->base);
    }
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

struct event_base *runtime_loop_base(struct runtime_loop *loop)
{
    return loop->base;
}

amanat_result runtime_loop_turn(struct runtime_loop *loop)
{
    /*
     * Objects closed before the loop ran, or by a closing object, must not wait for the next event.
     */
    const int flags = loop->closing.first == NULL ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK;
    if (event_base_loop(loop->base, flags) < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    (void)run_lists(loop);
    return AMANAT_OK;
}

amanat_result runtime_loop_run(struct runtime_loop *loop)
{
    while (!atomic_load(&loop->stopped)) {
        TRY(runtime_loop_turn(loop));
    }
    atomic_store(&loop->stopped, false);
    return AMANAT_OK;
}

/* With the lock held. One wake-up is enough until the list has been taken. */
static void wake_loop(struct runtime_loop *loop)
{
    if (!loop->wake_pending) {
        loop->wake_pending = true;
        event_active(loop->wake, EV_TIMEOUT, 0);
    }
}

void runtime_loop_stop(struct runtime_loop *loop)
{
    atomic_store(&loop->stopped, true);
    ASSERT(pthread_mutex_lock(&loop->lock) == 0);
    wake_loop(loop);
    ASSERT(pthread_mutex_unlock(&loop->lock) == 0);
}

static void run_posted_call(void *context)
{
    struct posted_call *call = context;
    struct runtime_loop *loop = call->loop;
    runtime_task_fn *function = call->function;
    void *argument = call->context;
    free(call);
    ASSERT(pthread_mutex_lock(&loop->lock) == 0);
    loop->posted_count--;
    ASSERT(pthread_mutex_unlock(&loop->lock) == 0);
    function(argument);
}

amanat_result runtime_loop_post(struct runtime_loop *loop, runtime_task_fn *function, void *context)
{
    struct posted_call *call = calloc(1, sizeof(*call));
    TRY_MEMORY(call);
    *call = (struct posted_call){{run_posted_call, call, NULL}, function, context, loop};
    ASSERT(pthread_mutex_lock(&loop->lock) == 0);
    const bool has_room = loop->posted_count < loop->post_limit;
    if (has_room) {
        loop->posted_count++;
        push_task(&loop->posted, &call->task);
        wake_loop(loop);
    }
    ASSERT(pthread_mutex_unlock(&loop->lock) == 0);
    if (!has_room) {
        free(call);
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    return AMANAT_OK;
}

void runtime_loop_post_task(struct runtime_loop *loop, struct runtime_task *task)
{
    ASSERT(pthread_mutex_lock(&loop->lock) == 0);
    push_task(&loop->posted, task);
    wake_loop(loop);
    ASSERT(pthread_mutex_unlock(&loop->lock) == 0);
}

void runtime_loop_close_later(struct runtime_loop *loop, struct runtime_task *task,
                              runtime_task_fn *dispose, void *object)
{
    *task = (struct runtime_task){dispose, object, NULL};
    push_task(&loop->closing, task);
}
