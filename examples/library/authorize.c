/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cedar in a C program: may the bank's analyst read this record? Build it against the installed
 * library: cc authorize.c $(pkg-config --cflags --libs amanat-policy)
 */
#include <amanat/policy.h>
#include <stdio.h>

static const char policies_text[] =
    "@id(\"own-city\")\n"
    "permit (principal in Partner::\"acme-bank\", action == Action::\"read\", resource is Record)\n"
    "when { resource.city == principal.city && context.purpose == \"fraud\" };\n";

static const char entities_text[] =
    "[{\"uid\": {\"type\": \"Agent\", \"id\": \"acme-bank/7\"}, \"attrs\": {\"city\": \"Lahore\"},"
    "  \"parents\": [{\"type\": \"Partner\", \"id\": \"acme-bank\"}]},"
    " {\"uid\": {\"type\": \"Record\", \"id\": \"1\"}, \"attrs\": {\"city\": \"Lahore\"},"
    "  \"parents\": []}]";

static struct amanat_source source(const char *name, const char *text)
{
    return (struct amanat_source){name, amanat_text_of(text)};
}

int main(void)
{
    const struct amanat_source rules = source("policies.cedar", policies_text);
    const struct amanat_source facts = source("entities.json", entities_text);
    const struct amanat_source need = source("context", "{\"purpose\": \"fraud\"}");
    struct amanat_request request = {{amanat_text_of("Agent"), amanat_text_of("acme-bank/7")},
                                     {amanat_text_of("Action"), amanat_text_of("read")},
                                     {amanat_text_of("Record"), amanat_text_of("1")},
                                     NULL};
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct amanat_policy_set *set = amanat_policy_set_new(AMANAT_POLICY_IDS_FROM_ANNOTATION);
    struct amanat_policies *policies = NULL;
    struct amanat_entities *entities = NULL;
    struct amanat_context *context = NULL;
    struct amanat_decision *decision = amanat_decision_new();
    if (amanat_is_ok(amanat_policy_set_add(set, &rules, diagnostics)) &&
        amanat_is_ok(amanat_policies_compile_unchecked(set, &policies)) &&
        amanat_is_ok(amanat_entities_parse(NULL, &facts, 1, diagnostics, &entities)) &&
        amanat_is_ok(amanat_context_parse(NULL, &request.action, &need, diagnostics, &context))) {
        request.context = context;
        const amanat_result asked = amanat_authorize(policies, entities, &request, decision);
        printf("%s",
               amanat_is_ok(asked) && amanat_decision_allows(decision) ? "allowed" : "denied");
        for (size_t i = 0; i < amanat_decision_reason_count(decision); i++) {
            const struct amanat_text id = amanat_decision_reason_at(decision, i);
            printf(" by %.*s", (int)id.length, id.at);
        }
        printf("\n");
    }
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *found = amanat_diagnostics_at(diagnostics, i);
        fprintf(stderr, "%s:%u:%u: %s\n", found->source, found->line, found->column, found->text);
    }
    amanat_decision_free(decision);
    amanat_context_free(context);
    amanat_entities_free(entities);
    amanat_policies_free(policies);
    amanat_policy_set_free(set);
    amanat_diagnostics_free(diagnostics);
}
