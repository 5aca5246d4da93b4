/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic of the extension types, used by the table of operations. Constructors from text are in
 * cedar.h.
 */
#ifndef AMANAT_POLICY_CEDAR_EXTENSION_H
#define AMANAT_POLICY_CEDAR_EXTENSION_H

#include "policy/cedar/cedar.h"

/** Writes the text inside `decimal("…")`: at least one digit after the point. */
void cedar_decimal_append(struct buffer *buffer, int64_t ten_thousandths);

bool cedar_ip_is_loopback(const struct cedar_ip *ip);
bool cedar_ip_is_multicast(const struct cedar_ip *ip);

/** Whether the whole of `inner` lies in `outer`; false across families. */
bool cedar_ip_is_in_range(const struct cedar_ip *inner, const struct cedar_ip *outer);

/** A total order. */
int cedar_ip_compare(const struct cedar_ip *a, const struct cedar_ip *b);

/** Writes the text inside `ip("…")`; the prefix only when it is not the whole length. */
void cedar_ip_append(struct buffer *buffer, const struct cedar_ip *ip);

/** Midnight of the day, also before 1970; false on overflow. */
bool cedar_datetime_to_date(int64_t milliseconds, int64_t *out);

/** Milliseconds since that midnight: 0 to 86,399,999. */
int64_t cedar_datetime_to_time(int64_t milliseconds);

/** Writes `datetime("…")`, or an offset from 1970 for what has no such text. */
void cedar_datetime_append(struct buffer *buffer, int64_t milliseconds);

#endif
