/* SPDX-License-Identifier: Apache-2.0 */
/* Structured-field dictionaries: what RFC 9651 accepts as text, what it refuses with the place of
 * the fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/http/http.h"
#include "policy/base/buffer.h"

/* Members as text: `key=?1`, `key=i5`, `key=t(token)`, `key=s(string)`, `key=d(display)`, `!` for a
 * repeated key. */
static void write_members(const struct http_structured_dictionary *dictionary, struct buffer *out)
{
    static const char kinds[] = {'?', 'i', 't', 's', 'd'};
    for (size_t i = 0; i < dictionary->count; i++) {
        const struct http_structured_member *member = &dictionary->members[i];
        buffer_append(out, member->key);
        buffer_append_string(out, member->repeated ? "!=" : "=");
        buffer_append_byte(out, kinds[member->kind]);
        if (member->kind == HTTP_STRUCTURED_BOOLEAN) {
            buffer_append_number(out, member->boolean);
        } else if (member->kind == HTTP_STRUCTURED_INTEGER) {
            buffer_append_number(out, member->integer);
        } else {
            buffer_append_byte(out, '(');
            buffer_append(out, member->text);
            buffer_append_byte(out, ')');
        }
        buffer_append_byte(out, ' ');
    }
    buffer_append_byte(out, '\0');
}

static const struct {
    struct bytes field;
    const char *members;
} accepted[] = {
    {BYTES_INIT(""), ""},
    {BYTES_INIT("  "), ""},
    {BYTES_INIT("purpose=vehicle-crime, case=\"FIR-512/2026\", basis=crpc-94"),
     "purpose=t(vehicle-crime) case=s(FIR-512/2026) basis=t(crpc-94) "},
    {BYTES_INIT("a=1"), "a=i1 "},
    {BYTES_INIT(" a=1 "), "a=i1 "},
    {BYTES_INIT("a=1\t , \tb=2"), "a=i1 b=i2 "},
    {BYTES_INIT("a=1,b=2"), "a=i1 b=i2 "},
    {BYTES_INIT("a=-0, b=007, c=-999999999999999"), "a=i0 b=i7 c=i-999999999999999 "},
    {BYTES_INIT("a=?1, b=?0, c"), "a=?1 b=?0 c=?1 "},
    {BYTES_INIT("*a.b_c-1*=x"), "*a.b_c-1*=t(x) "},
    {BYTES_INIT("a=*, b=T:/!#$%&'*+-.^_`|~9"), "a=t(*) b=t(T:/!#$%&'*+-.^_`|~9) "},
    {BYTES_INIT("a=\"\", b=\" \\\"\\\\, x=y\""), "a=s() b=s( \"\\, x=y) "},
    {BYTES_INIT("a=%\"\", b=%\"f%c3%bc %22%25\""), "a=d() b=d(f\xc3\xbc \"%) "},
    {BYTES_INIT("a=%\"\\\""), "a=d(\\) "},
    {BYTES_INIT("a=1, b=2, a=x"), "a!=t(x) b=i2 "},
    {BYTES_INIT("a, a"), "a!=?1 "},
};

static const struct {
    struct bytes field;
    unsigned column;
} refused[] = {
    {BYTES_INIT("A=1"), 1},
    {BYTES_INIT("1=1"), 1},
    {BYTES_INIT("a=1,"), 4},
    {BYTES_INIT("a=1, "), 4},
    {BYTES_INIT(",a=1"), 1},
    {BYTES_INIT("a=1,,b=2"), 5},
    {BYTES_INIT("a=1 b=2"), 5},
    {BYTES_INIT("a=1\t"), 4},
    {BYTES_INIT("\ta=1"), 1},
    {BYTES_INIT("a ="), 3},
    {BYTES_INIT("a= 1"), 3},
    {BYTES_INIT("a="), 3},
    {BYTES_INIT("a=-"), 4},
    {BYTES_INIT("a=1.5"), 3},
    {BYTES_INIT("a=1."), 3},
    {BYTES_INIT("a=1000000000000000"), 3},
    {BYTES_INIT("a=+1"), 3},
    {BYTES_INIT("a=?2"), 4},
    {BYTES_INIT("a=?"), 4},
    {BYTES_INIT("a=?true"), 4},
    {BYTES_INIT("a=\"b"), 3},
    {BYTES_INIT("a=\"b\\"), 6},
    {BYTES_INIT("a=\"b\\n\""), 6},
    {BYTES_INIT("a=\"\xc3\xbc\""), 4},
    {BYTES_INIT("a=\"\x7f\""), 4},
    {BYTES_INIT("a=\"\t\""), 4},
    {BYTES_INIT("a=%b"), 4},
    {BYTES_INIT("a=%\"b"), 3},
    {BYTES_INIT("a=%\"%C3%BC\""), 6},
    {BYTES_INIT("a=%\"%c\""), 7},
    {BYTES_INIT("a=%\"%c3\""), 3},
    {BYTES_INIT("a=%\"%ed%a0%80\""), 3},
    {BYTES_INIT("a=%\"\xc3\xbc\""), 5},
    {BYTES_INIT("a=(b)"), 3},
    {BYTES_INIT("a=:aGk=:"), 3},
    {BYTES_INIT("a=@1659578233"), 3},
    {BYTES_INIT("a=b;c"), 4},
    {BYTES_INIT("a;c"), 2},
    {BYTES_INIT("a=b\0"), 4},
    {BYTES_INIT("\0"), 1},
    {BYTES_INIT("a=\xff"), 3},
};

static void test_structured__reads_what_the_rfc_allows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        struct arena *arena = arena_new(1 << 16);
        struct http_structured_dictionary dictionary;
        struct buffer out;
        buffer_init(&out, 4096);
        const amanat_result result =
            http_structured_read(arena, "Need", accepted[i].field, NULL, &dictionary);
        if (!amanat_is_ok(result)) {
            print_error("%.*s\n", BYTES_PRINTF(accepted[i].field));
        }
        assert_true(amanat_is_ok(result));
        write_members(&dictionary, &out);
        assert_string_equal(out.at, accepted[i].members);
        buffer_clear(&out);
        arena_free(arena);
    }
}

static void test_structured__says_where_a_field_goes_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct arena *arena = arena_new(1 << 16);
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        struct http_structured_dictionary dictionary = {NULL, 77};
        const amanat_result result =
            http_structured_read(arena, "Need", refused[i].field, diagnostics, &dictionary);
        assert_int_equal(amanat_diagnostics_count(diagnostics), 1);
        const struct amanat_diagnostic *first = amanat_diagnostics_at(diagnostics, 0);
        if (first->column != refused[i].column) {
            print_error("%.*s: column %u, %s\n", BYTES_PRINTF(refused[i].field), first->column,
                        first->text);
        }
        assert_int_equal(result.status, AMANAT_STATUS_PEER_FAULT);
        assert_int_equal(first->column, refused[i].column);
        assert_string_equal(first->source, "Need");
        assert_int_equal(dictionary.count, 77); /* not written */
        amanat_diagnostics_free(diagnostics);
        arena_free(arena);
    }
}

static void test_structured__has_a_bound_of_members_and_of_memory(void **state)
{
    (void)state;
    struct buffer field;
    buffer_init(&field, 4096);
    for (int i = 0; i < 65; i++) {
        buffer_append_format(&field, "%sk%d", i == 0 ? "" : ",", i);
    }
    struct arena *arena = arena_new(1 << 16);
    struct http_structured_dictionary dictionary;
    assert_int_equal(
        http_structured_read(arena, "Need", buffer_bytes(&field), NULL, &dictionary).status,
        AMANAT_STATUS_PEER_FAULT);
    arena_free(arena);
    arena = arena_new(64);
    assert_int_equal(
        http_structured_read(arena, "Need", buffer_bytes(&field), NULL, &dictionary).status,
        AMANAT_STATUS_MEMORY);
    arena_free(arena);
    buffer_clear(&field);
}

static void test_headers__are_found_and_joined(void **state)
{
    (void)state;
    static const struct http_header headers[] = {{BYTES_INIT("need"), BYTES_INIT("a=1")},
                                                 {BYTES_INIT("x"), BYTES_INIT("y")},
                                                 {BYTES_INIT("need"), BYTES_INIT("b=2")}};
    struct arena *arena = arena_new(4096);
    struct bytes joined;
    assert_int_equal(http_headers_find(headers, 3, "need", &joined), 2);
    assert_true(bytes_equal(joined, BYTES("a=1")));
    assert_true(amanat_is_ok(http_headers_join(arena, headers, 3, "need", &joined)));
    assert_true(bytes_equal(joined, BYTES("a=1, b=2")));
    assert_true(amanat_is_ok(http_headers_join(arena, headers, 3, "x", &joined)));
    assert_true(bytes_equal(joined, BYTES("y")));
    assert_true(amanat_is_ok(http_headers_join(arena, headers, 3, "z", &joined)));
    assert_int_equal(joined.length, 0);
    assert_int_equal(http_headers_find(headers, 3, "z", NULL), 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structured__reads_what_the_rfc_allows),
        cmocka_unit_test(test_structured__says_where_a_field_goes_wrong),
        cmocka_unit_test(test_structured__has_a_bound_of_members_and_of_memory),
        cmocka_unit_test(test_headers__are_found_and_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
