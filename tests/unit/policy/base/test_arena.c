/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: its limit, zeroed and aligned memory, rewinding, and that nothing stays readable in
 * what it keeps. */
#include "policy/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_arena__gives_zeroed_memory(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    (void)state;
    for (size_t size = 0; size < 600; size += 7) {
        char *memory = arena_allocate(arena, size);
        assert_non_null(memory);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xAA, size);
    }
    arena_free(arena);
}

static void test_arena__aligns_for_any_type(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    (void)state;
    for (size_t size = 1; size < 40; size++) {
        assert_int_equal((uintptr_t)arena_allocate(arena, size) % _Alignof(max_align_t), 0);
    }
    arena_free(arena);
}

static void test_arena__refuses_past_its_limit(void **state)
{
    struct arena *arena = arena_new(1024);
    (void)state;
    assert_non_null(arena_allocate(arena, 1000));
    assert_false(arena_is_exhausted(arena));
    assert_null(arena_allocate(arena, 100));
    assert_true(arena_is_exhausted(arena));
    assert_null(arena_format(arena, "%0100d", 1));
    assert_true(arena_used(arena) <= 1024);
    assert_non_null(arena_allocate(arena, 0));
    arena_free(arena);
}

static void test_arena__refuses_sizes_that_overflow(void **state)
{
    struct arena *arena = arena_new(1024);
    (void)state;
    assert_null(arena_allocate(arena, SIZE_MAX));
    assert_null(arena_allocate(arena, SIZE_MAX - 8));
    assert_null(arena_allocate_array(arena, SIZE_MAX / 2, 3));
    assert_int_equal(arena_used(arena), 0);
    arena_free(arena);
}

static void test_arena__takes_blocks_larger_than_its_own(void **state)
{
    struct arena *arena = arena_new((size_t)8 << 20);
    (void)state;
    char *large = arena_allocate(arena, (size_t)4 << 20);
    assert_non_null(large);
    memset(large, 1, (size_t)4 << 20);
    assert_non_null(arena_allocate(arena, 16));
    arena_free(arena);
}

static void test_arena__copies_bytes_with_a_nul_after_them(void **state)
{
    struct arena *arena = arena_new(1024);
    struct bytes copy = {0};
    (void)state;
    assert_true(amanat_is_ok(arena_copy_bytes(arena, BYTES("a\0b"), &copy)));
    assert_int_equal(copy.length, 3);
    assert_memory_equal(copy.at, "a\0b", 4);
    assert_true(amanat_is_ok(arena_copy_bytes(arena, (struct bytes){0}, &copy)));
    assert_int_equal(copy.length, 0);
    assert_string_equal(copy.at, "");
    const amanat_result full = arena_copy_bytes(arena, bytes_of(copy.at, 2000), &copy);
    assert_int_equal(full.status, AMANAT_STATUS_MEMORY);
    assert_int_equal(copy.length, 0);
    arena_free(arena);
}

static void test_arena__formats_strings(void **state)
{
    struct arena *arena = arena_new(1024);
    (void)state;
    assert_string_equal(arena_format(arena, "%s-%d", "a", 5), "a-5");
    assert_true(bytes_equal(arena_format_bytes(arena, "%s", "xyz"), BYTES("xyz")));
    arena_free(arena);
}

static void test_arena__rewinds_to_a_mark(void **state)
{
    struct arena *arena = arena_new((size_t)1 << 20);
    (void)state;
    char *kept = arena_allocate(arena, 10);
    memcpy(kept, "kept", 5);
    const size_t used = arena_used(arena);
    for (unsigned round = 0; round < 100; round++) {
        const struct arena_mark mark = arena_mark(arena);
        for (unsigned i = 0; i < 20; i++) {
            char *memory = arena_allocate(arena, 20000);
            assert_non_null(memory);
            assert_int_equal(memory[19999], 0);
            memset(memory, 0xAA, 20000);
        }
        arena_rewind(arena, mark);
        assert_int_equal(arena_used(arena), used);
        assert_string_equal(kept, "kept");
    }
    arena_free(arena);
}

static void test_arena__is_usable_again_after_a_reset(void **state)
{
    struct arena *arena = arena_new(8192);
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        assert_non_null(arena_allocate(arena, 8000));
        assert_null(arena_allocate(arena, 8000));
        arena_reset(arena);
        assert_false(arena_is_exhausted(arena));
        assert_int_equal(arena_used(arena), 0);
        char *memory = arena_allocate(arena, 64);
        assert_int_equal(memory[0], 0);
        memset(memory, 0xAA, 64);
    }
    arena_free(arena);
    arena_free(NULL);
}

#ifndef AMANAT_ARENA_SEPARATE_BLOCKS
/* Looks at memory that the arena still owns after a rewind: the mark's block stays allocated. */
static void test_arena__wipes_what_is_rewound(void **state)
{
    struct arena *arena = arena_new(4096);
    (void)state;
    assert_non_null(arena_allocate(arena, 16));
    const struct arena_mark mark = arena_mark(arena);
    char *secret = arena_allocate(arena, 64);
    memset(secret, 's', 64);
    arena_rewind(arena, mark);
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(((volatile char *)secret)[i], 0);
    }
    memset(secret, 's', 16); /* so that the reset has something to wipe */
    secret = arena_allocate(arena, 64);
    memset(secret, 's', 64);
    arena_reset(arena);
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(((volatile char *)secret)[i], 0);
    }
    arena_free(arena);
}
#endif

static void count_freed(void *object)
{
    (*(int *)object)++;
}

static void test_arena__frees_what_it_owns(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    int freed[3] = {0};
    (void)state;
    assert_true(amanat_is_ok(arena_own(arena, &freed[0], count_freed)));
    const struct arena_mark mark = arena_mark(arena);
    assert_true(amanat_is_ok(arena_own(arena, &freed[1], count_freed)));
    arena_rewind(arena, mark);
    assert_int_equal(freed[0], 0);
    assert_int_equal(freed[1], 1);
    arena_reset(arena);
    assert_int_equal(freed[0], 1);
    assert_true(amanat_is_ok(arena_own(arena, &freed[2], count_freed)));
    arena_free(arena);
    assert_int_equal(freed[0], 1);
    assert_int_equal(freed[1], 1);
    assert_int_equal(freed[2], 1);
    arena = arena_new(1);
    assert_int_equal(arena_own(arena, &freed[0], count_freed).status, AMANAT_STATUS_MEMORY);
    arena_free(arena);
    assert_int_equal(freed[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__frees_what_it_owns),
        cmocka_unit_test(test_arena__gives_zeroed_memory),
        cmocka_unit_test(test_arena__aligns_for_any_type),
        cmocka_unit_test(test_arena__refuses_past_its_limit),
        cmocka_unit_test(test_arena__refuses_sizes_that_overflow),
        cmocka_unit_test(test_arena__takes_blocks_larger_than_its_own),
        cmocka_unit_test(test_arena__copies_bytes_with_a_nul_after_them),
        cmocka_unit_test(test_arena__formats_strings),
        cmocka_unit_test(test_arena__rewinds_to_a_mark),
        cmocka_unit_test(test_arena__is_usable_again_after_a_reset),
#ifndef AMANAT_ARENA_SEPARATE_BLOCKS
        cmocka_unit_test(test_arena__wipes_what_is_rewound),
#endif
    };
    return cmocka_run_group_tests_name("policy.base.arena", tests, NULL, NULL);
}
