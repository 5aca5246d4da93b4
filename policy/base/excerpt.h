/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line that a message is about, as it may be shown to people: no byte of a stranger's file
 * steers a terminal, and the caret stands under the character that is meant.
 */
#ifndef AMANAT_POLICY_BASE_EXCERPT_H
#define AMANAT_POLICY_BASE_EXCERPT_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/base/bytes.h"

/** Room for an excerpt and its NUL. */
#define EXCERPT_SIZE 640

struct excerpt {
    char text[EXCERPT_SIZE]; /* valid UTF-8; tabs are four blanks; cut parts are `…` */
    unsigned indent;         /* columns of a terminal before the place that is meant */
    unsigned width;          /* columns of the token there, at least 1 */
};

/** What words are made of, to see how much is to be underlined. */
enum excerpt_words {
    EXCERPT_CEDAR = 0, /* identifiers, paths, entities */
    EXCERPT_DOCUMENT   /* YAML and JSON: also with `-`, `.`, `/` and `:` inside */
};

/** Excerpt of a line without its end; `column` counts bytes from 1 and may lie behind the line. */
void excerpt_make(struct bytes line, unsigned column, enum excerpt_words words,
                  struct excerpt *out);

#endif
