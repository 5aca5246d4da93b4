/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) from bytes that come in pieces of any size: every byte is checked here, also of
 * what nobody will ever see. It knows no labels and keeps no text: names, strings, numbers and
 * literals are handed on in pieces of the input, as they are spelt.
 *
 * There are two ways through it. json_scanner_next goes byte by byte, can stop anywhere and finds
 * all faults. A run (json_run.h) takes whole tokens from marks that are made for 64 bytes at a
 * time, and leaves to the other whatever it is not certain of.
 *
 * Checked: the whole grammar, UTF-8 of strings (Unicode 15 table 3-7), surrogates in pairs,
 * nesting. It uses no recursion; a level of nesting costs one bit.
 */
#ifndef AMANAT_POLICY_REDACT_JSON_SCANNER_H
#define AMANAT_POLICY_REDACT_JSON_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/bytes.h"
#include "policy/redact/json_marks.h"
#include "policy/redact/redact.h"

enum json_event_kind {
    JSON_EVENT_FAULT = 0,  /* `fault` says why; nothing more comes */
    JSON_EVENT_NEED_INPUT, /* all of the input is used */
    JSON_EVENT_OBJECT_BEGIN,
    JSON_EVENT_OBJECT_END,
    JSON_EVENT_ARRAY_BEGIN,
    JSON_EVENT_ARRAY_END,
    JSON_EVENT_NAME,   /* a piece of a member's name, quotes included */
    JSON_EVENT_STRING, /* a piece of a string, quotes included */
    JSON_EVENT_NUMBER, /* a piece of a number */
    JSON_EVENT_TRUE,   /* a piece of a literal */
    JSON_EVENT_FALSE,
    JSON_EVENT_NULL,
    JSON_EVENT_DOCUMENT_END, /* a whole value, and for NDJSON its line, is over */
    JSON_EVENT_INPUT_END     /* after the last document */
};

struct json_event {
    enum json_event_kind kind;
    struct bytes piece; /* of names and scalars; part of the input, may be empty at the end */
    bool begins;        /* the piece is the token's first */
    bool ends;          /* … and its last */
    bool is_integer;    /* of a NUMBER that ends: neither fraction nor exponent was spelt */
    enum redact_fault fault;
};

/** What may come next, outside tokens. */
enum json_expects {
    JSON_EXPECTS_VALUE = 0,
    JSON_EXPECTS_FIRST_VALUE, /* or ] */
    JSON_EXPECTS_FIRST_NAME,  /* or } */
    JSON_EXPECTS_NAME,
    JSON_EXPECTS_COLON,
    JSON_EXPECTS_AFTER /* , or the closing bracket; at depth 0 the end of the document */
};

struct json_scanner {
    bool by_line; /* NDJSON: a line feed outside a value ends a document */
    size_t depth_limit;
    size_t depth;
    unsigned char *is_object; /* one bit for each open container */
    uint8_t expects;          /* enum json_expects */
    uint8_t token;            /* private from here, but to runs (json_run.h) */
    uint8_t token_event;
    uint8_t string_state;
    uint8_t number_state;
    uint8_t hex_left;
    uint16_t hex_value;
    bool high_surrogate; /* the low half must follow */
    uint8_t utf8_left;
    uint8_t utf8_low, utf8_high; /* what the next continuation byte may be */
    uint8_t literal_at;
    bool any_document;
    bool over;
    enum redact_fault fault;
    json_mark_fn *mark;
    struct json_stretch stretch; /* of the input at hand */
};

/** MEMORY when the bits of `depth_limit` levels cannot be had. */
AMANAT_MUST_CHECK amanat_result json_scanner_init(struct json_scanner *scanner, size_t depth_limit,
                                                  bool by_line);
void json_scanner_clear(struct json_scanner *scanner);

/** To be called before new input is read: what is marked belongs to the old one. */
static inline void json_scanner_begin_input(struct json_scanner *scanner)
{
    scanner->stretch.length = 0;
}

/**
 * The next event of `input` from `*position`, which moves on. `at_end`: nothing comes after
 * `input`.
 */
struct json_event json_scanner_next(struct json_scanner *scanner, struct bytes input,
                                    size_t *position, bool at_end);

/** Whether the byte alone, behind a backslash, makes an escape (RFC 8259 §7). */
static inline bool json_is_short_escape(char byte)
{
    switch (byte) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    default:
        return false;
    }
}

/* ---- for runs ---- */

/** Whether whole tokens may come now: inside a container, no token is open. */
bool json_scanner_can_run(const struct json_scanner *scanner);

/** Whether the innermost container, which there must be, is an object. */
static inline bool json_scanner_is_in_object(const struct json_scanner *scanner)
{
    const size_t level = scanner->depth - 1;
    return (scanner->is_object[level / 8] >> (level % 8) & 1) != 0;
}

/** Notes that a container was opened; the depth has been compared with its limit. */
static inline void json_scanner_push(struct json_scanner *scanner, bool is_object)
{
    const size_t level = scanner->depth++;
    const unsigned bit = 1U << (level % 8);
    const unsigned others = scanner->is_object[level / 8] & ~bit;
    scanner->is_object[level / 8] = (unsigned char)(is_object ? others | bit : others);
}

#endif
