/* SPDX-License-Identifier: Apache-2.0 */
/* The hash map and the growing array. */
#include "policy/base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/base/vector.h"

static void test_map__finds_what_was_put_in_the_order_of_insertion(void **state)
{
    struct arena *arena = arena_new((size_t)4 << 20);
    struct map map = {0};
    static int values[5000];
    (void)state;
    assert_null(map_get(&map, BYTES("k0")));
    for (unsigned i = 0; i < 5000; i++) {
        const struct bytes key = arena_format_bytes(arena, "k%u", i);
        assert_true(amanat_is_ok(map_put(arena, &map, key, &values[i])));
    }
    assert_int_equal(map.count, 5000);
    for (unsigned i = 0; i < 5000; i++) {
        assert_ptr_equal(map_get(&map, arena_format_bytes(arena, "k%u", i)), &values[i]);
        assert_ptr_equal(map.entries[i].value, &values[i]);
    }
    assert_null(map_get(&map, BYTES("k5000")));
    assert_null(map_get(&map, BYTES("")));
    arena_free(arena);
}

static void test_map__replaces_a_value_in_place(void **state)
{
    struct arena *arena = arena_new(4096);
    struct map map = {0};
    int first = 1;
    int second = 2;
    (void)state;
    assert_true(amanat_is_ok(map_put(arena, &map, BYTES("a"), &first)));
    assert_true(amanat_is_ok(map_put(arena, &map, BYTES("b"), &first)));
    assert_true(amanat_is_ok(map_put(arena, &map, BYTES("a"), &second)));
    assert_int_equal(map.count, 2);
    assert_ptr_equal(map.entries[0].value, &second);
    assert_ptr_equal(map_get(&map, BYTES("b")), &first);
    arena_free(arena);
}

static void test_map__stays_whole_when_memory_ends(void **state)
{
    struct arena *arena = arena_new(2048);
    struct map map = {0};
    static const char keys[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    int value = 0;
    size_t put = 0;
    (void)state;
    while (put < 62 && amanat_is_ok(map_put(arena, &map, bytes_of(&keys[put], 1), &value))) {
        put++;
    }
    assert_true(put > 0 && put < 62);
    assert_int_equal(map.count, put);
    for (size_t i = 0; i < 62; i++) {
        assert_true((map_get(&map, bytes_of(&keys[i], 1)) != NULL) == (i < put));
    }
    arena_free(arena);
}

static void test_vector__grows_and_zeroes_new_items(void **state)
{
    struct arena *arena = arena_new((size_t)1 << 20);
    VECTOR(int) numbers = {0};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        int *slot = VECTOR_PUSH(arena, &numbers);
        assert_non_null(slot);
        assert_int_equal(*slot, 0);
        *slot = i;
    }
    assert_int_equal(numbers.count, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(numbers.items[i], i);
    }
    numbers.count = 10;
    assert_int_equal(*VECTOR_PUSH(arena, &numbers), 0);
    arena_free(arena);
}

static void test_vector__stays_whole_when_memory_ends(void **state)
{
    struct arena *arena = arena_new(512);
    VECTOR(int) numbers = {0};
    (void)state;
    for (int *slot = VECTOR_PUSH(arena, &numbers); slot != NULL;
         slot = VECTOR_PUSH(arena, &numbers)) {
        *slot = (int)numbers.count;
    }
    assert_true(numbers.count >= 4);
    for (size_t i = 0; i < numbers.count; i++) {
        assert_int_equal(numbers.items[i], i + 1);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map__finds_what_was_put_in_the_order_of_insertion),
        cmocka_unit_test(test_map__replaces_a_value_in_place),
        cmocka_unit_test(test_map__stays_whole_when_memory_ends),
        cmocka_unit_test(test_vector__grows_and_zeroes_new_items),
        cmocka_unit_test(test_vector__stays_whole_when_memory_ends),
    };
    return cmocka_run_group_tests_name("policy.base.map", tests, NULL, NULL);
}
