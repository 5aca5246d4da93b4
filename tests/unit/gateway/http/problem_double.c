/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for policy/catalogue/problem.c where that is not built yet. */
#include "policy/catalogue/catalogue.h"

const struct problem_kind *problem_kind(enum problem_name name)
{
    static const struct problem_kind malformed = {"malformed", 400, "Malformed", "send it right"};
    static const struct problem_kind limit = {"limit", 413, "Limit", "send less"};
    return name == PROBLEM_LIMIT ? &limit : &malformed;
}

unsigned problem_status(const struct problem *problem)
{
    return problem->status != 0 ? problem->status : problem_kind(problem->name)->status;
}
