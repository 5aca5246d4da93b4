/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of policy tests as JUnit XML, in the subset that CI systems have in common: suites,
 * cases, failures. There is no standard; XML itself is W3C's 1.0, fifth edition, whose §2.2 leaves
 * no room for control characters even when they are escaped.
 */
#include "gateway/command/policy_test_report.h"
#include "policy/base/base.h"

#define TEXT_LIMIT ((size_t)512 << 20)

static const char *xml_entity(char byte)
{
    static const struct {
        char byte;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\n', "&#10;"}};
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (entities[i].byte == byte) {
            return entities[i].entity;
        }
    }
    return NULL;
}

/* U+FFFE and U+FFFF are scalar values but no characters of XML (§2.2). */
static bool is_no_xml_character(struct bytes text, size_t at)
{
    return text.length - at >= 3 && text.at[at] == '\xEF' && text.at[at + 1] == '\xBF' &&
           (text.at[at + 2] == '\xBE' || text.at[at + 2] == '\xBF');
}

/* Text or the value of an attribute. */
static void append_xml(struct buffer *out, struct bytes raw)
{
    struct buffer text;
    buffer_init(&text, TEXT_LIMIT);
    visible_append_lines(&text, raw);
    const struct bytes visible = buffer_bytes(&text);
    for (size_t i = 0; i < visible.length; i++) {
        const char *entity = xml_entity(visible.at[i]);
        if (entity != NULL) {
            buffer_append_string(out, entity);
        } else if (is_no_xml_character(visible, i)) {
            buffer_append_string(out, "\xEF\xBF\xBD");
            i += 2;
        } else {
            buffer_append_byte(out, visible.at[i]);
        }
    }
    buffer_clear(&text);
}

static void append_attribute(struct buffer *out, const char *name, struct bytes value)
{
    buffer_append_format(out, " %s=\"", name);
    append_xml(out, value);
    buffer_append_byte(out, '"');
}

static void append_counts(struct buffer *out, size_t tests, size_t failures)
{
    buffer_append_format(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
                         tests, failures);
}

struct junit_case {
    struct bytes suite;
    struct bytes name;
    struct bytes path;
    unsigned line;
    struct bytes failure; /* no bytes: it passed */
};

static void append_case(struct buffer *out, const struct junit_case *test)
{
    buffer_append_string(out, "    <testcase");
    append_attribute(out, "classname", test->suite);
    append_attribute(out, "name", test->name);
    append_attribute(out, "file", test->path);
    buffer_append_format(out, " line=\"%u\"", test->line);
    if (test->failure.length == 0) {
        buffer_append_string(out, "/>\n");
        return;
    }
    buffer_append_string(out,
                         ">\n      <failure type=\"difference\" message=\"it came otherwise\">");
    append_xml(out, test->failure);
    buffer_append_string(out, "</failure>\n    </testcase>\n");
}

/* The results from `first` on that are of the same file. */
static size_t append_suite(struct buffer *out, const struct policy_test_results *results,
                           size_t first)
{
    const struct policy_test_file *file = results->items[first].test->file;
    const struct bytes suite = bytes_of_string(file->path);
    size_t end = first;
    size_t failures = 0;
    struct buffer path;
    buffer_init(&path, TEXT_LIMIT);
    policy_test_append_path(&path, results->folder, file->path);
    while (end < results->count && results->items[end].test->file == file) {
        failures += results->items[end++].failure.length > 0 ? 1 : 0;
    }
    buffer_append_string(out, "  <testsuite");
    append_attribute(out, "name", suite);
    append_counts(out, end - first, failures);
    for (size_t i = first; i < end; i++) {
        const struct policy_test *test = results->items[i].test;
        append_case(out, &(struct junit_case){suite, test->name, buffer_bytes(&path),
                                              test->place.line, results->items[i].failure});
    }
    buffer_append_string(out, "  </testsuite>\n");
    buffer_clear(&path);
    return end;
}

static void append_policies(struct buffer *out, const struct policy_test_results *results)
{
    const size_t count = results->unexercised_count;
    buffer_append_string(out, "  <testsuite name=\"policies\"");
    append_counts(out, count, count);
    for (size_t i = 0; i < count; i++) {
        const struct cedar_policy *policy = results->unexercised[i];
        struct buffer path;
        buffer_init(&path, TEXT_LIMIT);
        policy_test_append_path(&path, results->folder, cedar_policy_source(policy));
        append_case(out, &(struct junit_case){BYTES("policies"), cedar_policy_id(policy),
                                              buffer_bytes(&path), cedar_policy_line(policy),
                                              BYTES("no test has this policy decide anything")});
        buffer_clear(&path);
    }
    buffer_append_string(out, "  </testsuite>\n");
}

void policy_test_print_junit(FILE *stream, const struct policy_test_results *results)
{
    const size_t policies = results->is_strict ? results->unexercised_count : 0;
    struct buffer out;
    buffer_init(&out, TEXT_LIMIT);
    buffer_append_string(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    append_counts(&out, results->count + policies, results->failed + policies);
    for (size_t i = 0; i < results->count;) {
        i = append_suite(&out, results, i);
    }
    if (policies > 0) {
        append_policies(&out, results);
    }
    buffer_append_string(&out, "</testsuites>\n");
    (void)fwrite(out.at, 1, out.length, stream);
    buffer_clear(&out);
}
