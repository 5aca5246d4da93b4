/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: whole tokens, one after the other, read from the marks of a stretch. It is the quick way
 * beside json_scanner_next, and may only say *yes*: whatever it is not certain of (a fault, a token
 * that the stretch cuts, an escape in a name, the end of a document) it leaves where it stands,
 * before the token, for json_scanner_next to read byte by byte. So all faults come from there.
 *
 *   json_run_begin ─▶ step … step ─▶ json_run_end      the scanner's own state is right again
 *
 * A step that is not certain changes nothing. Inside a run `at` is where the next byte is read, and
 * `expects` what must come there, both as in json_scanner.c.
 */
#ifndef AMANAT_POLICY_REDACT_JSON_RUN_H
#define AMANAT_POLICY_REDACT_JSON_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/redact/json_marks.h"
#include "policy/redact/json_scanner.h"

/* Every step may look at so many bytes from `at` without asking. */
#define JSON_RUN_MARGIN 24

struct json_run {
    struct json_scanner *scanner;
    const struct json_stretch *stretch;
    struct bytes input;
    size_t at; /* in the stretch */
    enum json_expects expects;
};

enum json_run_next {
    JSON_RUN_UNSURE = 0, /* json_scanner_next must say */
    JSON_RUN_ITEM,       /* a name, or an element, begins at `at` */
    JSON_RUN_END         /* the container was closed; `at` is behind it */
};

struct json_run_scalar {
    enum json_event_kind kind;
    bool is_integer; /* of a number */
    struct bytes text;
};

/*
 * A run is small and goes by value where that is no inline function, so that the compiler can keep
 * it in registers.
 */

/** False: nothing can be read in this way from `position`. */
bool json_run_begin(struct json_scanner *scanner, struct bytes input, size_t position,
                    struct json_run *out);

/** Where the run ended; the scanner goes on from there. */
size_t json_run_end(struct json_run run);

/** A new stretch that begins at `run.at`; false: that would be the same one, or a short one. */
bool json_run_refill(struct json_run run);

/** Behind the white space at `at`; 0: it does not end here, or a line feed ends a document. */
size_t json_run_pass_space(const struct json_scanner *scanner, size_t at);

/** Behind the escape or the characters above U+007F at `at`; 0 if that is not certain. */
size_t json_run_pass_special(const struct json_stretch *stretch, size_t at);

/**
 * Inside a container, to its end and those of the containers around it down to `depth`, or as far
 * as it is certain. Adds the scalars passed to `*scalars`.
 */
struct json_run json_run_skip(struct json_run run, size_t depth, uint64_t *scalars);

/* A step that is not certain in the front half of a stretch is not uncertain because the stretch
 * ends; and marking again for every such step would make odd input slow. */
#define JSON_RUN_RETRY_FROM (JSON_STRETCH_BYTES / 2)

/** Whether there is a margin to read, which may need a new stretch. */
static inline bool json_run_has_more(struct json_run *run)
{
    if (run->at + JSON_RUN_MARGIN <= run->stretch->length) {
        return true;
    }
    const bool is_new = json_run_refill(*run);
    run->at = is_new ? 0 : run->at;
    return is_new && run->stretch->length >= JSON_RUN_MARGIN;
}

/** After a step that was not certain: a new stretch, if that can help. */
static inline bool json_run_may_retry(struct json_run *run)
{
    const bool is_new = run->at >= JSON_RUN_RETRY_FROM && json_run_refill(*run);
    run->at = is_new ? 0 : run->at;
    return is_new;
}

static inline char json_run_byte(const struct json_run *run)
{
    return run->stretch->at[run->at];
}

/* Behind the string whose opening quote is at `at`; 0: not certain. */
static inline size_t json_run_pass_string(const struct json_stretch *stretch, size_t at)
{
    size_t end = json_next_mark(stretch->stop, at + 1);
    while (end < stretch->length) {
        if (stretch->at[end] == '"') {
            return end + 1;
        }
        end = json_run_pass_special(stretch, end);
        if (end == 0) {
            return 0;
        }
        end = json_next_mark(stretch->stop, end);
    }
    return 0;
}

/* Behind the digits at `at`, at least one; 0: there is none, or they may go on. */
static inline size_t json_run_pass_digits(const struct json_stretch *stretch, size_t at)
{
    if (at >= stretch->length) {
        return 0;
    }
    const size_t end = json_next_mark(stretch->non_digit, at);
    return end == at || end >= stretch->length ? 0 : end;
}

/* Behind fraction and exponent of the number whose whole part ends at `end`, if it has them. */
static inline size_t json_run_pass_fraction(const struct json_stretch *stretch, size_t end)
{
    const char *text = stretch->at;
    if (text[end] == '.') {
        end = json_run_pass_digits(stretch, end + 1);
        if (end == 0) {
            return 0;
        }
    }
    if ((text[end] | 0x20) != 'e') {
        return end;
    }
    const size_t sign = end + 1;
    const bool has_sign = sign < stretch->length && (text[sign] == '+' || text[sign] == '-');
    return json_run_pass_digits(stretch, has_sign ? sign + 1 : sign);
}

/* Behind the number at `at` (RFC 8259 §6), which another byte follows; 0: not certain. */
static inline size_t json_run_pass_number(const struct json_stretch *stretch, size_t at,
                                          bool *out_is_integer)
{
    const char *text = stretch->at;
    const size_t first = text[at] == '-' ? at + 1 : at;
    const size_t end = json_run_pass_digits(stretch, first);
    if (end == 0 || (text[first] == '0' && end - first > 1)) {
        return 0;
    }
    *out_is_integer = text[end] != '.' && (text[end] | 0x20) != 'e';
    return *out_is_integer ? end : json_run_pass_fraction(stretch, end);
}

/* Behind an ordinary number: no exponent, and all of it within 64 bytes. 0: it is another, or not
 * certain. */
static inline size_t json_run_pass_short_number(const struct json_stretch *stretch, size_t at,
                                                bool *out_is_integer)
{
    const char *text = stretch->at;
    const size_t first = at + (text[at] == '-' ? 1 : 0);
    uint64_t others = json_marks_from(stretch->non_digit, first);
    const size_t whole = others == 0 ? 0 : (size_t)__builtin_ctzll(others);
    size_t end = first + whole;
    if (whole == 0 || end >= stretch->length || (text[first] == '0' && whole > 1)) {
        return 0;
    }
    *out_is_integer = text[end] != '.';
    if (text[end] == '.') {
        others &= others - 1;
        const size_t next = others == 0 ? 0 : first + (size_t)__builtin_ctzll(others);
        if (next <= end + 1 || next >= stretch->length) {
            return 0;
        }
        end = next;
    }
    return (text[end] | 0x20) == 'e' ? 0 : end;
}

/* Behind the string at `at` if it is plain and short, as most are; 0: it is another. */
static inline size_t json_run_pass_short_string(const struct json_stretch *stretch, size_t at)
{
    const uint64_t stops = json_marks_from(stretch->stop, at + 1);
    const size_t end = at + 1 + (stops == 0 ? 0 : (size_t)__builtin_ctzll(stops));
    return stops != 0 && end < stretch->length && stretch->at[end] == '"' ? end + 1 : 0;
}

/* Behind the literal at `at`; 0: it is none. */
static inline size_t json_run_pass_literal(const struct json_stretch *stretch, size_t at,
                                           enum json_event_kind kind)
{
    const char *text = stretch->at + at;
    if (at + 5 > stretch->length) {
        return 0;
    }
    if (kind == JSON_EVENT_FALSE) {
        return memcmp(text + 1, "alse", 4) == 0 ? at + 5 : 0;
    }
    return memcmp(text, kind == JSON_EVENT_TRUE ? "true" : "null", 4) == 0 ? at + 4 : 0;
}

/* Passes the comma, or at the first item nothing; END at the bracket `closing`. */
static inline enum json_run_next json_run_next(struct json_run *run, char closing)
{
    const bool is_first =
        run->expects == JSON_EXPECTS_FIRST_NAME || run->expects == JSON_EXPECTS_FIRST_VALUE;
    size_t at = run->at;
    if ((unsigned char)run->stretch->at[at] <= ' ') {
        at = json_run_pass_space(run->scanner, at);
        if (at == 0) {
            return JSON_RUN_UNSURE;
        }
    }
    const char byte = run->stretch->at[at];
    if (byte == closing) {
        run->at = at + 1;
        run->expects = JSON_EXPECTS_AFTER;
        run->scanner->depth--;
        return JSON_RUN_END;
    }
    if (!is_first) {
        at++;
        if (byte != ',' || at >= run->stretch->length) {
            return JSON_RUN_UNSURE;
        }
        if ((unsigned char)run->stretch->at[at] <= ' ') {
            at = json_run_pass_space(run->scanner, at);
            if (at == 0) {
                return JSON_RUN_UNSURE;
            }
        }
    }
    run->at = at;
    run->expects = closing == '}' ? JSON_EXPECTS_NAME : JSON_EXPECTS_VALUE;
    return JSON_RUN_ITEM;
}

/* To the value behind the name that ends at `at`; false: not certain. */
static inline bool json_run_pass_colon(struct json_run *run, size_t at)
{
    const struct json_stretch *stretch = run->stretch;
    if (at + 2 > stretch->length) {
        return false;
    }
    if (stretch->at[at] != ':' || (unsigned char)stretch->at[at + 1] <= ' ') {
        at = (unsigned char)stretch->at[at] <= ' ' ? json_run_pass_space(run->scanner, at) : at;
        if (at == 0 || stretch->at[at] != ':' || at + 2 > stretch->length) {
            return false;
        }
        at = json_run_pass_space(run->scanner, at + 1);
        if (at == 0) {
            return false;
        }
        at--;
    }
    run->at = at + 1;
    run->expects = JSON_EXPECTS_VALUE;
    return true;
}

/* Behind the scalar at `at`, which begins with a byte of that kind; 0: not certain. */
static inline size_t json_run_pass_scalar(const struct json_stretch *stretch, size_t at,
                                          enum json_event_kind kind, bool *out_is_integer)
{
    *out_is_integer = false;
    if (kind == JSON_EVENT_STRING) {
        return json_run_pass_string(stretch, at);
    }
    return kind == JSON_EVENT_NUMBER ? json_run_pass_number(stretch, at, out_is_integer)
                                     : json_run_pass_literal(stretch, at, kind);
}

/* The scalar that begins at `at` with a byte of that kind; false: not certain. */
static inline bool json_run_scalar(struct json_run *run, enum json_event_kind kind,
                                   struct json_run_scalar *out)
{
    const struct json_stretch *stretch = run->stretch;
    const size_t start = run->at;
    const size_t end = json_run_pass_scalar(stretch, start, kind, &out->is_integer);
    if (end == 0) {
        return false;
    }
    out->kind = kind;
    out->text = bytes_of(stretch->at + start, end - start);
    run->at = end;
    run->expects = JSON_EXPECTS_AFTER;
    return true;
}

/* Goes into the container whose bracket is at `at`; false: it would be too deep. */
static inline bool json_run_open(struct json_run *run, bool is_object)
{
    struct json_scanner *scanner = run->scanner;
    if (scanner->depth >= scanner->depth_limit) {
        return false;
    }
    json_scanner_push(scanner, is_object);
    run->at++;
    run->expects = is_object ? JSON_EXPECTS_FIRST_NAME : JSON_EXPECTS_FIRST_VALUE;
    return true;
}

static inline bool json_run_is_scalar(enum json_event_kind kind)
{
    return kind >= JSON_EVENT_STRING && kind <= JSON_EVENT_NULL;
}

/** The kind of the value that begins with `byte`; FAULT: none does. */
static inline enum json_event_kind json_run_kind(char byte)
{
    static const uint8_t kinds[256] = {
        ['{'] = JSON_EVENT_OBJECT_BEGIN, ['['] = JSON_EVENT_ARRAY_BEGIN, ['"'] = JSON_EVENT_STRING,
        ['-'] = JSON_EVENT_NUMBER,       ['0'] = JSON_EVENT_NUMBER,      ['1'] = JSON_EVENT_NUMBER,
        ['2'] = JSON_EVENT_NUMBER,       ['3'] = JSON_EVENT_NUMBER,      ['4'] = JSON_EVENT_NUMBER,
        ['5'] = JSON_EVENT_NUMBER,       ['6'] = JSON_EVENT_NUMBER,      ['7'] = JSON_EVENT_NUMBER,
        ['8'] = JSON_EVENT_NUMBER,       ['9'] = JSON_EVENT_NUMBER,      ['t'] = JSON_EVENT_TRUE,
        ['f'] = JSON_EVENT_FALSE,        ['n'] = JSON_EVENT_NULL};
    return (enum json_event_kind)kinds[(unsigned char)byte];
}

#endif
