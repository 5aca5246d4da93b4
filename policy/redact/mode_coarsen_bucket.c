/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coarsen by bucket: the last of ascending lower bounds that is not above the number, compared
 * exactly on the digits of the text. What is below the first bound lies in no bucket.
 */
#include "policy/redact/decimal.h"
#include "policy/redact/modes.h"

/* With n = |number| · 10^scale cut to an integer: what was cut matters below zero only. */
static bool is_below(const struct spelt_number *number, const struct coarsen_bucket *bucket)
{
    struct decimal_integer integer;
    const bool negative = number->negative && !decimal_is_zero(number);
    const bool bucket_negative = bucket->negative && bucket->bound.digits > 0;
    if (negative != bucket_negative) {
        return negative;
    }
    decimal_scale(number, bucket->bound.scale, &integer);
    const int order = decimal_compare(&integer, bucket->bound.digits);
    return negative ? order > 0 || (order == 0 && integer.cut) : order < 0;
}

bool mode_coarsen_bucket(const struct coarsen_bucket *buckets, size_t count, struct bytes text,
                         struct buffer *out)
{
    struct spelt_number number;
    size_t found = 0; /* number of bounds that are not above */
    if (!decimal_read(text, &number)) {
        return false;
    }
    while (found < count && !is_below(&number, &buckets[found])) {
        found++;
    }
    if (found == 0) {
        return false;
    }
    const struct coarsen_bucket *bucket = &buckets[found - 1];
    if (bucket->name.length > 0) {
        buffer_append(out, bucket->name);
    } else {
        decimal_write_step(bucket->bound, bucket->negative, out);
    }
    return true;
}
