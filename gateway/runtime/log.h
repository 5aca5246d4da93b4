/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line per event on standard error, `time=… level=… event=… key=value …`, written by
 * one write(2).
 *
 * There are formatters for words of ours and numbers, and none for what a person or a service sent:
 * no personal data in logs (invariant 4). Values are escaped all the same, so that no value can
 * forge a line. Any thread may write.
 */
#ifndef AMANAT_GATEWAY_RUNTIME_LOG_H
#define AMANAT_GATEWAY_RUNTIME_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/runtime/clock.h"
#include "policy/base/bytes.h"

enum runtime_log_level {
    RUNTIME_LOG_ERROR = 0, /* somebody must act */
    RUNTIME_LOG_WARNING,   /* handled; somebody should look */
    RUNTIME_LOG_NOTICE,    /* what an operator expects to see */
    RUNTIME_LOG_DEBUG
};

enum runtime_log_kind { RUNTIME_LOG_END = 0, RUNTIME_LOG_TEXT, RUNTIME_LOG_NUMBER };

struct runtime_log_field {
    enum runtime_log_kind kind;
    const char *key; /* [a-z0-9_.]+, a literal */
    struct bytes text;
    int64_t number;
};

/** A word of ours, an id of our making, a file name, a text for operators. */
static inline struct runtime_log_field runtime_log_text(const char *key, const char *text)
{
    return (struct runtime_log_field){
        .kind = RUNTIME_LOG_TEXT, .key = key, .text = bytes_of_string(text)};
}

static inline struct runtime_log_field runtime_log_bytes(const char *key, struct bytes text)
{
    return (struct runtime_log_field){.kind = RUNTIME_LOG_TEXT, .key = key, .text = text};
}

static inline struct runtime_log_field runtime_log_number(const char *key, int64_t number)
{
    return (struct runtime_log_field){.kind = RUNTIME_LOG_NUMBER, .key = key, .number = number};
}

struct runtime_log {
    const struct runtime_clock *clock;
    enum runtime_log_level level; /* what is less urgent is not written */
    int descriptor;               /* 2 */
};

/**
 * Writes one event. `fields` end with one of kind RUNTIME_LOG_END; NULL `log` writes nothing.
 * Longest line: 4,096 bytes.
 */
void runtime_log_write(const struct runtime_log *log, enum runtime_log_level level,
                       const char *event, const struct runtime_log_field *fields);

/**
 * runtime_log_event(log, RUNTIME_LOG_NOTICE, "stopped", runtime_log_number("open", 3), …): at least
 * one field.
 */
#define runtime_log_event(log, level, event, ...)                                                  \
    runtime_log_write((log), (level), (event), (const struct runtime_log_field[]){__VA_ARGS__, {0}})

#endif
