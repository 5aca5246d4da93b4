/* SPDX-License-Identifier: Apache-2.0 */
/* Making nodes of expressions, for both parsers: of Cedar's syntax and of JSON. */
#include "policy/cedar/cedar_ast.h"

#include "policy/base/guard.h"

amanat_result cedar_expression_new(struct arena *arena, enum cedar_expression_kind kind,
                                   unsigned line, unsigned column,
                                   const struct cedar_expression *const *operands, size_t count,
                                   struct cedar_expression **out)
{
    struct cedar_expression *made = ARENA_NEW(arena, struct cedar_expression);
    TRY_MEMORY(made);
    *made = (struct cedar_expression){
        .kind = kind, .line = line, .column = column, .operands = operands, .operand_count = count};
    for (size_t i = 0; i < count; i++) {
        made->depth = operands[i]->depth > made->depth ? operands[i]->depth : made->depth;
    }
    made->depth++;
    if (made->depth > CEDAR_EXPRESSION_DEPTH_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    *out = made;
    return AMANAT_OK;
}

bool cedar_variable_find(struct bytes name, enum cedar_variable *out)
{
    static const char *const variables[] = {[CEDAR_VARIABLE_PRINCIPAL] = "principal",
                                            [CEDAR_VARIABLE_ACTION] = "action",
                                            [CEDAR_VARIABLE_RESOURCE] = "resource",
                                            [CEDAR_VARIABLE_CONTEXT] = "context"};
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (bytes_equal_string(name, variables[i])) {
            *out = (enum cedar_variable)i;
            return true;
        }
    }
    return false;
}
