/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes on any text: the first byte chooses mode and definition. A coarsened value is its own
 * coarsening (else a partner could learn more by asking twice), a prefix and a mask stay UTF-8.
 */
#include <stdint.h>

#include "policy/base/guard.h"
#include "policy/base/utf8.h"
#include "policy/redact/modes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool coarsen(unsigned choice, struct bytes text, struct buffer *out)
{
    static const struct decimal_step steps[] = {{1, 2}, {50, 2}, {7, 0}, {UINT64_MAX, 18}};
    if (choice % 2 == 0) {
        return mode_coarsen_time((enum time_unit)(choice / 2 % 4), text, out);
    }
    return mode_coarsen_step(steps[choice / 2 % 4], text, out);
}

static void check_coarsening(unsigned choice, struct bytes text)
{
    struct buffer once;
    struct buffer twice;
    buffer_init(&once, 1 << 20);
    buffer_init(&twice, 1 << 20);
    if (coarsen(choice, text, &once)) {
        ASSERT(once.length <= 256);
        /* a result of a step may have more digits than are read back */
        if (coarsen(choice, buffer_bytes(&once), &twice)) {
            ASSERT(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
        } else {
            ASSERT(choice % 2 == 1 && once.length > 64);
        }
    } else {
        ASSERT(once.length == 0);
    }
    buffer_clear(&once);
    buffer_clear(&twice);
}

static void check_text(unsigned choice, struct bytes text)
{
    const struct catalogue_label label = {
        .mask = {.kind = choice % 2 == 0 ? MASK_KEEP_FIRST : MASK_KEEP_LAST, .count = choice / 2}};
    struct buffer out;
    buffer_init(&out, 1 << 20);
    mode_mask(&label, NULL, text, &out);
    ASSERT(utf8_is_valid(buffer_bytes(&out)) && out.length <= text.length + 3);
    buffer_reset(&out);
    mode_coarsen_prefix(choice / 2, text, &out);
    ASSERT(utf8_is_valid(buffer_bytes(&out)) && bytes_start_with(text, buffer_bytes(&out)));
    buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct bytes text = bytes_of((const char *)data + 1, size - 1);
    check_coarsening(data[0], text);
    if (utf8_is_valid(text) && text.length < 1 << 19) {
        check_text(data[0], text);
    }
    return 0;
}
