/* SPDX-License-Identifier: Apache-2.0 */
/* Problem documents as JSON. */
#include "gateway/http/problem.h"

static void append_member(struct buffer *buffer, const char *name, struct bytes text)
{
    buffer_append_format(buffer, ",\"%s\":", name);
    buffer_append_json_string(buffer, text);
}

void http_write_problem(struct buffer *buffer, const struct problem *problem, struct bytes access)
{
    const struct problem_kind *kind = problem_kind(problem->name);
    buffer_append_format(buffer, "{\"type\":\"urn:amanat:problem:%s\"", kind->name);
    append_member(buffer, "title", bytes_of_string(kind->title));
    buffer_append_format(buffer, ",\"status\":%u", problem_status(problem));
    if (access.length > 0) {
        append_member(buffer, "access", access);
    }
    append_member(buffer, "detail",
                  problem->detail.length > 0 ? problem->detail : bytes_of_string(kind->detail));
    if (problem->parameter.length > 0) {
        append_member(buffer, "parameter", problem->parameter);
    }
    buffer_append_byte(buffer, '}');
}
