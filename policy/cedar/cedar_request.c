/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of a request against a schema (Cedar: RequestEntityValidator). All faults are
 * reported. */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_conformance.h"

static bool check_part(const struct cedar_conformance *conformance, const char *what,
                       const struct cedar_entity_uid *uid, const struct bytes *types, size_t count)
{
    if (!cedar_conformance_uid(conformance, what, uid)) {
        return false;
    }
    return cedar_names_contain(types, count, uid->type) ||
           cedar_conformance_fault(conformance, "%s: the action does not apply to the type `%.*s`",
                                   what, BYTES_PRINTF(uid->type));
}

amanat_result cedar_request_validate(const struct cedar_schema *schema,
                                     const struct cedar_request *request,
                                     struct amanat_diagnostics *diagnostics)
{
    const struct cedar_conformance conformance = {
        .schema = schema, .source = "", .diagnostics = diagnostics};
    const struct cedar_value empty = {.kind = CEDAR_VALUE_RECORD, .depth = 1};
    const struct cedar_action *action = cedar_schema_action(schema, &request->action);
    if (action == NULL) {
        (void)cedar_conformance_fault(&conformance, "the action `%.*s::\"%.*s\"` is not declared",
                                      BYTES_PRINTF(request->action.type),
                                      BYTES_PRINTF(request->action.id));
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    const bool principal = check_part(&conformance, "the principal", &request->principal,
                                      action->principal_types, action->principal_type_count);
    const bool resource = check_part(&conformance, "the resource", &request->resource,
                                     action->resource_types, action->resource_type_count);
    const bool context = cedar_conformance_value(
        &conformance, action->context,
        request->context.kind == CEDAR_VALUE_NONE ? &empty : &request->context);
    return principal && resource && context ? AMANAT_OK
                                            : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}
