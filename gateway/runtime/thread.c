/* SPDX-License-Identifier: Apache-2.0 */
/* pthreads with a name and without signals. */
#include "gateway/runtime/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "policy/base/guard.h"

struct runtime_thread {
    pthread_t id;
    char name[16]; /* the kernel keeps 15 bytes and a NUL */
    void (*function)(void *);
    void *context;
};

static void *run_thread(void *argument)
{
    struct runtime_thread *thread = argument;
    (void)prctl(PR_SET_NAME, thread->name);
    thread->function(thread->context);
    return NULL;
}

amanat_result runtime_thread_start(const char *name, void (*function)(void *), void *context,
                                   struct runtime_thread **out)
{
    struct runtime_thread *thread = calloc(1, sizeof(*thread));
    TRY_MEMORY(thread);
    thread->function = function;
    thread->context = context;
    (void)snprintf(thread->name, sizeof(thread->name), "%s", name);
    /* A new thread inherits the mask; there is no moment in which it could take a signal. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    const int failure = pthread_create(&thread->id, NULL, run_thread, thread);
    ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (failure != 0) {
        free(thread);
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    *out = thread;
    return AMANAT_OK;
}

void runtime_thread_join(struct runtime_thread *thread)
{
    if (thread != NULL) {
        ASSERT(pthread_join(thread->id, NULL) == 0);
        free(thread);
    }
}
