/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case of the differential tests: a schema, policies with links, entities and requests in one
 * JSON object. The answer is one line of JSON with everything that two Cedar engines must agree
 * upon; cedar_differential writes the official engine's answer in the same form.
 *
 *     {"schema":"entity U; …","policies":["permit(…);", …],
 *      "links":[{"template":"policy1","id":"link0","values":{"?principal":{"type":…,"id":…}}}],
 *      "entities":[…],"requests":[{"principal":…,"action":…,"resource":…,"context":{…}}]}
 *
 * Without "schema" there is none. Policies are numbered policy0, policy1 … in their order. Schema
 * and policies may also be in their JSON formats. With "json":true the answer has what both look
 * like in JSON, keys sorted: "json":{"policies":[…],"schema":{…}}.
 *
 *     {"schema":true,"policies":true,"links":true,"invalid":["policy1"],"entities":true,
 *      "requests":[{"parsed":true,"valid":true,"decision":"allow","reasons":[…],"errors":[…]}]}
 *
 * Of one text that may hold several policies, "invalid" is `["*"]` if any of them is not valid.
 * A step that is not reached because an earlier one failed is null; requests are decided also when
 * they are not valid. Each request is decided in several ways (by unchecked and by validated
 * policies, by residuals); one that decides otherwise stands in "otherwise".
 */
#ifndef AMANAT_TESTS_CEDAR_CASE_H
#define AMANAT_TESTS_CEDAR_CASE_H

#include "policy/cedar/cedar.h"

/**
 * Appends the answer to `document`, which was read from `source`. CONFIG_FAULT with diagnostics
 * when it is no case; what is wrong inside of a case goes into the answer, and why into
 * `diagnostics`.
 */
AMANAT_MUST_CHECK amanat_result cedar_case_answer(struct arena *arena,
                                                  const struct document *document,
                                                  struct amanat_diagnostics *diagnostics,
                                                  struct buffer *answer);

/** Writes a document as JSON without blanks. */
void cedar_case_write_json(struct buffer *buffer, const struct document *document);

#endif
