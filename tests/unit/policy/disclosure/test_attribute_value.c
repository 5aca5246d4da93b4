/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to Cedar values of a declared type: what is exactly of its type has a value, what is
 * not has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "policy/disclosure/access_parts.h"

enum outcome { WRONG = 0, ABSENT, PRESENT };

static const struct bytes colours[] = {BYTES_INIT("red"), BYTES_INIT("blue")};
static const struct catalogue_attribute text = {.type = ATTRIBUTE_STRING};
static const struct catalogue_attribute decimal = {.type = ATTRIBUTE_DECIMAL, .optional = true};
static const struct catalogue_attribute fields[] = {
    {.name = BYTES_INIT("a"), .type = ATTRIBUTE_LONG},
    {.name = BYTES_INIT("b"), .type = ATTRIBUTE_STRING, .optional = true}};

static const struct {
    struct catalogue_attribute attribute;
    const char *json;
    enum outcome outcome;
    const char *cedar; /* the value as Cedar writes it, when present */
} rows[] = {
    {{.type = ATTRIBUTE_STRING}, "\"LEA\\u00201\"", PRESENT, "\"LEA 1\""},
    {{.type = ATTRIBUTE_STRING}, "7", WRONG, NULL},
    {{.type = ATTRIBUTE_STRING}, "null", WRONG, NULL},
    {{.type = ATTRIBUTE_STRING, .optional = true}, "null", ABSENT, NULL},
    {{.type = ATTRIBUTE_STRING, .enumeration = colours, .enumeration_count = 2},
     "\"blue\"",
     PRESENT,
     "\"blue\""},
    {{.type = ATTRIBUTE_STRING, .enumeration = colours, .enumeration_count = 2},
     "\"green\"",
     WRONG,
     NULL},
    {{.type = ATTRIBUTE_LONG}, "-9223372036854775808", PRESENT, "-9223372036854775808"},
    {{.type = ATTRIBUTE_LONG}, "9223372036854775807", PRESENT, "9223372036854775807"},
    {{.type = ATTRIBUTE_LONG}, "9223372036854775808", WRONG, NULL},
    {{.type = ATTRIBUTE_LONG}, "1.5", WRONG, NULL},
    {{.type = ATTRIBUTE_LONG}, "\"7\"", WRONG, NULL},
    {{.type = ATTRIBUTE_LONG}, "1e99999999999999999999", WRONG, NULL},
    {{.type = ATTRIBUTE_BOOL}, "true", PRESENT, "true"},
    {{.type = ATTRIBUTE_BOOL}, "\"true\"", WRONG, NULL},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true}, "0.1200", PRESENT, "decimal(\"0.12\")"},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true}, "1e2", PRESENT, "decimal(\"100.0\")"},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true}, "12345e-4", PRESENT, "decimal(\"1.2345\")"},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true}, "-0.0", PRESENT, "decimal(\"0.0\")"},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true}, "0.00001", ABSENT, NULL},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true},
     "922337203685477.5807",
     PRESENT,
     "decimal(\"922337203685477.5807\")"},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true}, "922337203685477.5808", ABSENT, NULL},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true},
     "-922337203685477.5808",
     PRESENT,
     "decimal(\"-922337203685477.5808\")"},
    {{.type = ATTRIBUTE_DECIMAL, .optional = true}, "\"1.0\"", WRONG, NULL},
    {{.type = ATTRIBUTE_DATETIME}, "\"1970-01-01T01:00:00+01:00\"", PRESENT, NULL},
    {{.type = ATTRIBUTE_DATETIME}, "\"1970-01-01\"", WRONG, NULL},
    {{.type = ATTRIBUTE_DATE}, "\"1970-01-01\"", PRESENT, NULL},
    {{.type = ATTRIBUTE_DATE}, "\"1970-02-30\"", WRONG, NULL},
    {{.type = ATTRIBUTE_IPADDR}, "\"10.0.0.1\"", PRESENT, "ip(\"10.0.0.1\")"},
    {{.type = ATTRIBUTE_IPADDR}, "\"10.0.0.256\"", WRONG, NULL},
    {{.type = ATTRIBUTE_SET, .element = &text}, "[\"b\",\"a\",\"b\"]", PRESENT, "[\"a\", \"b\"]"},
    {{.type = ATTRIBUTE_SET, .element = &text}, "[\"b\",7]", WRONG, NULL},
    {{.type = ATTRIBUTE_SET, .element = &text}, "[null]", WRONG, NULL},
    {{.type = ATTRIBUTE_SET, .element = &text}, "\"b\"", WRONG, NULL},
    {{.type = ATTRIBUTE_SET, .element = &decimal, .optional = true}, "[1.5,0.00001]", ABSENT, NULL},
    {{.type = ATTRIBUTE_RECORD, .fields = fields, .field_count = 2},
     "{\"a\":1,\"c\":2}",
     PRESENT,
     "{\"a\": 1}"},
    {{.type = ATTRIBUTE_RECORD, .fields = fields, .field_count = 2}, "{\"b\":\"x\"}", WRONG, NULL},
    {{.type = ATTRIBUTE_RECORD, .fields = fields, .field_count = 2},
     "{\"a\":1,\"b\":2}",
     WRONG,
     NULL},
};

static enum outcome outcome_of(struct arena *arena, size_t row, struct cedar_value *value)
{
    const struct document *document = NULL;
    bool present = false;
    assert_true(amanat_is_ok(
        document_from_json(arena, "", bytes_of_string(rows[row].json), NULL, &document)));
    const amanat_result result =
        attribute_value(arena, &rows[row].attribute, document, &present, value);
    if (result.status == AMANAT_STATUS_REFUSED) {
        return WRONG;
    }
    assert_true(amanat_is_ok(result));
    return present ? PRESENT : ABSENT;
}

static void test_attribute_value__is_exactly_of_its_type_or_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct cedar_value value = {0};
        struct buffer written;
        const enum outcome outcome = outcome_of(arena, i, &value);
        buffer_init(&written, 4096);
        if (outcome == PRESENT) {
            cedar_value_append(&written, &value);
        }
        if (outcome != rows[i].outcome ||
            (rows[i].cedar != NULL && !bytes_equal_string(buffer_bytes(&written), rows[i].cedar))) {
            print_error("%s: outcome %d, value %.*s\n", rows[i].json, (int)outcome,
                        BYTES_PRINTF(buffer_bytes(&written)));
            fail();
        }
        buffer_clear(&written);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attribute_value__is_exactly_of_its_type_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
