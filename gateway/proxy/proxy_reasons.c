/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closed lists: the proxy's metrics, and the reasons of refusals that are only counted, in one row:
 * those of identity, then those of the HTTP reader, then the two kinds of 503.
 */
#include "gateway/proxy/proxy_parts.h"
#include "policy/base/base.h"

#define REASON_HTTP       ((size_t)IDENTITY_REFUSAL_COUNT)
#define REASON_TRAIL      (REASON_HTTP + HTTP_REFUSAL_COUNT)
#define REASON_OVERLOADED (REASON_TRAIL + 1)

_Static_assert(PROXY_METRIC_ROWS == PROXY_METRIC_COUNT, "the table has a row for each metric");

size_t proxy_reason_of_identity(enum identity_refusal refusal)
{
    return (size_t)refusal;
}

size_t proxy_reason_of_http(enum http_refusal refusal)
{
    return REASON_HTTP + (size_t)refusal;
}

size_t proxy_reason_of_problem(enum problem_name name)
{
    return name == PROBLEM_TRAIL ? REASON_TRAIL : REASON_OVERLOADED;
}

static void list_reasons(const char **reasons)
{
    for (size_t i = 0; i < IDENTITY_REFUSAL_COUNT; i++) {
        reasons[i] = identity_refusal_name((enum identity_refusal)i);
    }
    for (size_t i = 0; i < HTTP_REFUSAL_COUNT; i++) {
        reasons[REASON_HTTP + i] = http_refusal_name((enum http_refusal)i);
    }
    reasons[REASON_TRAIL] = "trail-unavailable";
    reasons[REASON_OVERLOADED] = "overloaded";
}

void proxy_names_init(struct proxy_names *names)
{
    list_reasons(names->reasons);
    for (size_t i = 0; i < PROBLEM_NAME_COUNT; i++) {
        names->problems[i] = problem_kind((enum problem_name)i)->name;
    }
    for (size_t i = 0; i <= REDACT_FAULT_INTERNAL; i++) {
        names->redact_faults[i] = redact_fault_name((enum redact_fault)i);
    }
    for (size_t i = 0; i < HTTP_CLIENT_FAILURE_COUNT; i++) {
        names->upstream_failures[i] = http_client_failure_name((enum http_client_failure)i);
    }
    const struct runtime_metric rows[PROXY_METRIC_ROWS] = {
        [PROXY_METRIC_REQUESTS] = {.name = "amanat_requests_total",
                                   .help = "Requests whose head was read."},
        [PROXY_METRIC_PERMITTED] = {.name = "amanat_permitted_total",
                                    .help = "Accesses that were permitted."},
        [PROXY_METRIC_PROBLEMS] = {.name = "amanat_problems_total",
                                   .help = "Answers that were problem documents.",
                                   .label = "problem",
                                   .values = names->problems,
                                   .value_count = PROBLEM_NAME_COUNT},
        [PROXY_METRIC_REFUSALS] = {.name = "amanat_refusals_total",
                                   .help = "Refusals before an agent was known, and 503s.",
                                   .label = "reason",
                                   .values = names->reasons,
                                   .value_count = PROXY_REASON_COUNT},
        [PROXY_METRIC_WINDOWS] = {.name = "amanat_windows_total",
                                  .help = "Windows that were released."},
        [PROXY_METRIC_BYTES] = {.name = "amanat_disclosed_bytes_total",
                                .help = "Bytes of windows that were released."},
        [PROXY_METRIC_REDACT_FAULTS] = {.name = "amanat_refused_bodies_total",
                                        .help = "Answers of services that were refused.",
                                        .label = "fault",
                                        .values = names->redact_faults,
                                        .value_count = REDACT_FAULT_INTERNAL + 1},
        [PROXY_METRIC_UPSTREAM_FAILURES] = {.name = "amanat_upstream_failures_total",
                                            .help = "Calls to services that failed.",
                                            .label = "failure",
                                            .values = names->upstream_failures,
                                            .value_count = HTTP_CLIENT_FAILURE_COUNT},
        [PROXY_METRIC_POLICY_ERRORS] = {.name = "amanat_policy_errors_total",
                                        .help = "Policies that could not be evaluated."},
        [PROXY_METRIC_BROKEN] = {.name = "amanat_broken_responses_total",
                                 .help = "Responses that ended in a broken message."},
    };
    memcpy(names->metrics, rows, sizeof(rows));
}
