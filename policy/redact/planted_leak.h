/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Five leaks that tests plant, to show that the search for leaks finds them: PLANTED_LEAK(n) is
 * false, and gone, in every build but that of one test (tests/conformance/noninterference), which
 * compiles this folder a second time.
 */
#ifndef AMANAT_POLICY_REDACT_PLANTED_LEAK_H
#define AMANAT_POLICY_REDACT_PLANTED_LEAK_H

#ifdef AMANAT_PLANTED_LEAKS
extern int amanat_planted_leak; /* the test's */
#define PLANTED_LEAK(number) (amanat_planted_leak == (number))
#else
#define PLANTED_LEAK(number) 0
#endif

#endif
