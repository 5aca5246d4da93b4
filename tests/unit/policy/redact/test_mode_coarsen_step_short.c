/* SPDX-License-Identifier: Apache-2.0 */
/* Short numbers beside the same ones spelt so long that only the general way takes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/redact/modes.h"

static uint32_t draw(uint32_t *seed, uint32_t count)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % count;
}

/* Some number with at most nine digits on each side of the point. */
static void write_number(uint32_t *seed, char *out, size_t size, bool *out_has_point)
{
    static const uint32_t ranges[] = {2, 10, 1000, 999999999};
    const char *sign = draw(seed, 2) == 0 ? "-" : "";
    const uint32_t whole = draw(seed, ranges[draw(seed, 4)]);
    *out_has_point = draw(seed, 3) > 0;
    if (*out_has_point) {
        const int decimals = (int)draw(seed, 6) + 1;
        const uint32_t fraction = draw(seed, 2) == 0 ? 0 : draw(seed, 10);
        snprintf(out, size, "%s%u.%0*u", sign, whole, decimals, fraction);
    } else {
        snprintf(out, size, "%s%u", sign, whole);
    }
}

static void test_mode_coarsen_step_short__says_what_the_long_way_says(void **state)
{
    static const struct decimal_step steps[] = {{1, 0},  {5, 0},   {1000, 0}, {1, 2},
                                                {25, 2}, {125, 3}, {7, 9},    {1000000, 6}};
    uint32_t seed = 1;
    (void)state;
    for (size_t round = 0; round < 200000; round++) {
        char number[64];
        char longer[128];
        bool has_point = false;
        struct buffer quick;
        struct buffer slow;
        const struct decimal_step step = steps[draw(&seed, 8)];
        buffer_init(&quick, 256);
        buffer_init(&slow, 256);
        write_number(&seed, number, sizeof(number), &has_point);
        snprintf(longer, sizeof(longer), "%s%s000000000000", number, has_point ? "" : ".");
        assert_true(mode_coarsen_short_step(step, bytes_of_string(number), &quick));
        assert_false(mode_coarsen_short_step(step, bytes_of_string(longer), &slow));
        assert_true(mode_coarsen_step(step, bytes_of_string(longer), &slow));
        if (!bytes_equal(buffer_bytes(&quick), buffer_bytes(&slow))) {
            fail_msg("%s: %.*s and %.*s", number, BYTES_PRINTF(buffer_bytes(&quick)),
                     BYTES_PRINTF(buffer_bytes(&slow)));
        }
        buffer_clear(&quick);
        buffer_clear(&slow);
    }
}

static void test_mode_coarsen_step_short__leaves_the_rest_to_the_long_way(void **state)
{
    static const char *const texts[] = {"",    "-",    "01", "-01",        "1.",           ".5",
                                        "1e1", "1.5e", "+1", "1234567890", "1.0123456789", "1.5x",
                                        " 1",  "1 "};
    struct buffer out;
    (void)state;
    buffer_init(&out, 256);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct decimal_step step = {1, 2};
        assert_false(mode_coarsen_short_step(step, bytes_of_string(texts[i]), &out));
        assert_int_equal(out.length, 0);
    }
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode_coarsen_step_short__says_what_the_long_way_says),
        cmocka_unit_test(test_mode_coarsen_step_short__leaves_the_rest_to_the_long_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
