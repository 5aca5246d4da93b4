/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of refusals (design 3, "Problems"). Every detail tells the partner what to do next, and
 * none of them depends on what exists behind the gateway: the same refusal has the same bytes.
 */
#include "policy/catalogue/problem.h"

#include <stddef.h>

static const struct problem_kind kinds[PROBLEM_NAME_COUNT] = {
    [PROBLEM_OVERLOADED] = {"overloaded", 503, "The gateway is busy",
                            "Nothing was asked of the service. Try again after the time that "
                            "Retry-After names."},
    [PROBLEM_MALFORMED] = {"malformed", 400, "The request is malformed",
                           "Send the request as the service's document describes it: every "
                           "parameter once, spelt in its declared type, and a body that is valid "
                           "JSON of the declared shape."},
    [PROBLEM_UNDECLARED] = {"undeclared", 400, "Something was sent that may not be used",
                            "Leave out parameters and body members that the service's document "
                            "does not offer for use."},
    [PROBLEM_NEED] = {"need", 400, "The need is missing or not understood",
                      "Declare a purpose of the agreed vocabulary, and a legal basis that this "
                      "purpose lists, in the Need header or in the token."},
    [PROBLEM_UNAUTHENTICATED] = {"unauthenticated", 401, "It is not known who is asking",
                                 "Present a valid client certificate and a valid token that name "
                                 "the same partner."},
    [PROBLEM_NOT_PERMITTED] = {"not-permitted", 403, "This call is not permitted",
                               "No policy permits this call for the declared need. Declare the "
                               "need that applies, or ask the administrator of the service."},
    [PROBLEM_PARAMETER_NOT_PERMITTED] =
        {"parameter-not-permitted", 403, "Asking by this is not permitted",
         "Leave out the parameter that is named, or declare a need for which a policy permits "
         "asking by it."},
    [PROBLEM_NOT_FOUND] = {"not-found", 404, "There is nothing here",
                           "Nothing is disclosed at this address for the declared need. Check the "
                           "path and the identifiers in it."},
    [PROBLEM_METHOD] = {"method", 405, "This method is not offered here",
                        "Use one of the methods that the Allow header lists."},
    [PROBLEM_NOT_ACCEPTABLE] = {"not-acceptable", 406, "No such representation is offered",
                                "Accept a media type that the service's document declares for "
                                "this operation."},
    [PROBLEM_MEDIA_TYPE] = {"media-type", 415, "This kind of body is not taken",
                            "Send the body in a JSON media type that the service's document "
                            "declares for this operation, in UTF-8 and without a "
                            "Content-Encoding."},
    [PROBLEM_LIMIT] = {"limit", 429, "A limit is reached",
                       "Send less: a smaller request, or fewer of them, after the time that "
                       "Retry-After names if there is one."},
    [PROBLEM_UPSTREAM] = {"upstream", 502, "The service did not answer as agreed",
                          "The service's answer could not be used. Try again later; if it stays, "
                          "tell the administrator of the service the access id."},
    [PROBLEM_UPSTREAM_TIMEOUT] = {"upstream-timeout", 504, "The service did not answer in time",
                                  "Try again later, or ask for less at once."},
    [PROBLEM_TRAIL] = {"trail", 503, "Accesses cannot be recorded at the moment",
                       "Nothing is disclosed while nothing can be recorded. Try again after the "
                       "time that Retry-After names."},
};

const struct problem_kind *problem_kind(enum problem_name name)
{
    const size_t index = (size_t)name;
    return &kinds[index < PROBLEM_NAME_COUNT ? index : PROBLEM_OVERLOADED];
}

unsigned problem_status(const struct problem *problem)
{
    return problem->status != 0 ? problem->status : problem_kind(problem->name)->status;
}
