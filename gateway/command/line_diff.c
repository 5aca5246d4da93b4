/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two texts by their longest common run of lines (dynamic programming over the
 * lines between what is the same at both ends). Where the table would be too large, all lines
 * between the ends count as different.
 */
#include "gateway/command/line_diff.h"

#include "policy/base/guard.h"
#include "policy/base/vector.h"

#define CONTEXT_LINES 3
#define TABLE_LIMIT   ((size_t)4 << 20) /* cells of 4 bytes */

typedef VECTOR(struct bytes) line_list;

enum mark { MARK_SAME = 0, MARK_EXPECTED, MARK_ACTUAL };

struct marked_line {
    enum mark mark;
    struct bytes line;
};

struct difference {
    struct arena *arena;
    line_list expected;
    line_list actual;
    VECTOR(struct marked_line) lines;
};

static amanat_result split_lines(struct arena *arena, struct bytes text, line_list *out)
{
    while (text.length > 0) {
        const size_t end = bytes_find(text, '\n');
        struct bytes *line = VECTOR_PUSH(arena, out);
        TRY_MEMORY(line);
        *line = bytes_first(text, end);
        text = bytes_from(text, end < text.length ? end + 1 : end);
    }
    return AMANAT_OK;
}

static amanat_result add_line(struct difference *difference, enum mark mark, struct bytes line)
{
    struct marked_line *slot = VECTOR_PUSH(difference->arena, &difference->lines);
    TRY_MEMORY(slot);
    *slot = (struct marked_line){mark, line};
    return AMANAT_OK;
}

/*
 * lengths[i * (m + 1) + k]: the longest common run of lines of expected[i…] and actual[k…]; NULL
 * where the texts are too long for it.
 */
static unsigned *measure(struct arena *arena, const struct bytes *expected, size_t n,
                         const struct bytes *actual, size_t m)
{
    if (n >= TABLE_LIMIT || m >= TABLE_LIMIT || (n + 1) * (m + 1) > TABLE_LIMIT) {
        return NULL;
    }
    unsigned *lengths = arena_allocate_array(arena, (n + 1) * (m + 1), sizeof(*lengths));
    for (size_t i = n; lengths != NULL && i-- > 0;) {
        for (size_t k = m; k-- > 0;) {
            const unsigned below = lengths[(i + 1) * (m + 1) + k];
            const unsigned right = lengths[i * (m + 1) + k + 1];
            lengths[i * (m + 1) + k] = bytes_equal(expected[i], actual[k])
                                           ? lengths[(i + 1) * (m + 1) + k + 1] + 1
                                           : (below > right ? below : right);
        }
    }
    return lengths;
}

static amanat_result compare_middle(struct difference *difference, const struct bytes *expected,
                                    size_t n, const struct bytes *actual, size_t m)
{
    const unsigned *lengths = measure(difference->arena, expected, n, actual, m);
    size_t i = 0;
    size_t k = 0;
    while (i < n || k < m) {
        const bool both = i < n && k < m;
        if (lengths != NULL && both && bytes_equal(expected[i], actual[k])) {
            TRY(add_line(difference, MARK_SAME, expected[i]));
            i++;
            k++;
        } else if (i < n && (!both || lengths == NULL ||
                             lengths[(i + 1) * (m + 1) + k] >= lengths[i * (m + 1) + k + 1])) {
            TRY(add_line(difference, MARK_EXPECTED, expected[i++]));
        } else {
            TRY(add_line(difference, MARK_ACTUAL, actual[k++]));
        }
    }
    return AMANAT_OK;
}

static amanat_result compare(struct difference *difference)
{
    const line_list *expected = &difference->expected;
    const line_list *actual = &difference->actual;
    size_t first = 0;
    size_t last = 0;
    const size_t least = expected->count < actual->count ? expected->count : actual->count;
    while (first < least && bytes_equal(expected->items[first], actual->items[first])) {
        TRY(add_line(difference, MARK_SAME, expected->items[first++]));
    }
    while (last < least - first && bytes_equal(expected->items[expected->count - 1 - last],
                                               actual->items[actual->count - 1 - last])) {
        last++;
    }
    TRY(compare_middle(difference, expected->items + first, expected->count - first - last,
                       actual->items + first, actual->count - first - last));
    for (size_t i = expected->count - last; i < expected->count; i++) {
        TRY(add_line(difference, MARK_SAME, expected->items[i]));
    }
    return AMANAT_OK;
}

static bool is_near_difference(const struct difference *difference, size_t index)
{
    const size_t first = index < CONTEXT_LINES ? 0 : index - CONTEXT_LINES;
    for (size_t i = first; i < difference->lines.count && i <= index + CONTEXT_LINES; i++) {
        if (difference->lines.items[i].mark != MARK_SAME) {
            return true;
        }
    }
    return false;
}

static void write_lines(struct buffer *out, const struct difference *difference, const char *indent)
{
    static const char *const marks[] = {"  ", "- ", "+ "};
    bool was_near = true;
    for (size_t i = 0; i < difference->lines.count; i++) {
        const struct marked_line *line = &difference->lines.items[i];
        const bool is_near = is_near_difference(difference, i);
        if (is_near) {
            buffer_append_format(out, "%s%s", indent, marks[line->mark]);
            buffer_append(out, line->line);
            buffer_append_byte(out, '\n');
        } else if (was_near) {
            buffer_append_format(out, "%s  …\n", indent);
        }
        was_near = is_near;
    }
}

amanat_result line_diff_append(struct buffer *out, struct arena *arena, struct bytes expected,
                               struct bytes actual, const char *indent)
{
    struct difference difference = {.arena = arena};
    TRY(split_lines(arena, expected, &difference.expected));
    TRY(split_lines(arena, actual, &difference.actual));
    TRY(compare(&difference));
    write_lines(out, &difference, indent);
    return AMANAT_OK;
}
