/* SPDX-License-Identifier: Apache-2.0 */
/* Reading documents as Cedar data: what entities and contexts have in common. */
#ifndef AMANAT_POLICY_CEDAR_JSON_H
#define AMANAT_POLICY_CEDAR_JSON_H

#include "policy/cedar/cedar.h"

struct cedar_json {
    struct arena *arena;
    const struct cedar_schema *schema; /* NULL: nothing is checked but syntax */
    const char *source;
    struct amanat_diagnostics *diagnostics;
};

/** A fault at a document's place; CONFIG_FAULT. */
__attribute__((format(printf, 3, 4))) AMANAT_MUST_CHECK amanat_result
cedar_json_fault(const struct cedar_json *json, const struct document *at, const char *format, ...);

/** A value of `type`, or of any type when that is NULL. */
AMANAT_MUST_CHECK amanat_result cedar_json_value(const struct cedar_json *json,
                                                 const struct cedar_type *type,
                                                 const struct document *document,
                                                 struct cedar_value *out);

/**
 * The members of an object as a plain record, whatever its keys; `type` is a record type or NULL.
 */
AMANAT_MUST_CHECK amanat_result cedar_json_record(const struct cedar_json *json,
                                                  const struct cedar_type *type,
                                                  const struct document *document,
                                                  struct cedar_value *out);

/** An object whose values all have one type (tags). */
AMANAT_MUST_CHECK amanat_result cedar_json_uniform_record(const struct cedar_json *json,
                                                          const struct cedar_type *type,
                                                          const struct document *document,
                                                          struct cedar_value *out);

AMANAT_MUST_CHECK amanat_result cedar_json_uid(const struct cedar_json *json,
                                               const struct document *document,
                                               struct cedar_entity_uid *out);

#endif
