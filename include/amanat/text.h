/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that go into the libraries and come out of them. */
#ifndef AMANAT_TEXT_H
#define AMANAT_TEXT_H

#include <stddef.h>

#include "amanat/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/** UTF-8 that the caller owns. It need not end in NUL and may hold NUL: Cedar strings do. */
struct amanat_text {
    const char *at; /* may be NULL when length is 0 */
    size_t length;  /* bytes */
};

/** A NUL-terminated string as a text. */
AMANAT_PUBLIC struct amanat_text amanat_text_of(const char *string);

/** A text that the library made: NUL-terminated, the NUL not counted. */
struct amanat_owned_text {
    char *at;
    size_t length;
};

/** Frees the bytes and empties the text; one that is empty (all zero) is fine. */
AMANAT_PUBLIC void amanat_owned_text_clear(struct amanat_owned_text *text);

/**
 * A text with the name that diagnostics give it, perhaps that of a file. Policies and schemas may
 * be in Cedar's syntax or in its JSON format: a text that begins with `{` is JSON.
 */
struct amanat_source {
    const char *name; /* NUL-terminated; NULL: "" */
    struct amanat_text text;
};

#ifdef __cplusplus
}
#endif

#endif
