/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONTestSuite through a redactor that reveals everything: `json_test_suite_redact FOLDER`. Files
 * that begin with y_ must come out with the same meaning, n_ must never complete. All must be
 * the same under every way of marking, whole and however they are cut (redact_splits.h). One
 * deliberate difference: a name that could be disclosed and comes twice refuses the body, so
 * y_object_duplicated_key*.json are refused. What becomes of the i_ files, which RFC 8259 leaves
 * open, says the table below: each is accepted, or refused for the fault that is named.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance_file.h"
#include "redact_splits.h"

static const char description[] =
    "{\"labels\":{\"all\":{}},\"records\":{},\"root\":\"anything\",\"nodes\":{\"anything\":"
    "{\"kinds\":[],\"labels\":[\"all\"],\"anything\":true}},\"service\":{\"all\":\"reveal\"},"
    "\"plan\":{},\"depth\":128}";

/* Numbers of any size pass as they are spelt: nothing here computes with them. No Unicode text
 * holds half a surrogate pair, so it is refused wherever it stands, as what is not UTF-8 is (also
 * RFC 8259 §8.1). A BOM is not part of JSON. */
static const struct {
    const char *name; /* begins so */
    enum redact_fault fault;
} open_files[] = {
    {"i_number_", REDACT_FAULT_NONE},
    {"i_object_key_lone_2nd_surrogate", REDACT_FAULT_ENCODING},
    {"i_string_1st_surrogate_but_2nd_missing", REDACT_FAULT_ENCODING},
    {"i_string_1st_valid_surrogate_2nd_invalid", REDACT_FAULT_ENCODING},
    {"i_string_UTF-16LE_with_BOM", REDACT_FAULT_SYNTAX},
    {"i_string_UTF-8_invalid_sequence", REDACT_FAULT_ENCODING},
    {"i_string_UTF8_surrogate_U+D800", REDACT_FAULT_ENCODING},
    {"i_string_incomplete_surrogate_and_escape_valid", REDACT_FAULT_ENCODING},
    {"i_string_incomplete_surrogate_pair", REDACT_FAULT_ENCODING},
    {"i_string_incomplete_surrogates_escape_valid", REDACT_FAULT_ENCODING},
    {"i_string_invalid_lonely_surrogate", REDACT_FAULT_ENCODING},
    {"i_string_invalid_surrogate", REDACT_FAULT_ENCODING},
    {"i_string_invalid_utf-8", REDACT_FAULT_ENCODING},
    {"i_string_inverted_surrogates_U+1D11E", REDACT_FAULT_ENCODING},
    {"i_string_iso_latin_1", REDACT_FAULT_ENCODING},
    {"i_string_lone_second_surrogate", REDACT_FAULT_ENCODING},
    {"i_string_lone_utf8_continuation_byte", REDACT_FAULT_ENCODING},
    {"i_string_not_in_unicode_range", REDACT_FAULT_ENCODING},
    {"i_string_overlong_sequence_", REDACT_FAULT_ENCODING},
    {"i_string_truncated-utf-8", REDACT_FAULT_ENCODING},
    {"i_string_utf16BE_no_BOM", REDACT_FAULT_SYNTAX},      /* NUL where a value begins */
    {"i_string_utf16LE_no_BOM", REDACT_FAULT_SYNTAX},      /* NUL behind the bracket */
    {"i_structure_500_nested_arrays", REDACT_FAULT_DEPTH}, /* the limit here is 128 */
    {"i_structure_UTF-8_BOM_empty_object", REDACT_FAULT_SYNTAX},
};

/* Whether the outcome is the one of the table; false for a file that is not in it. */
static bool is_as_listed(const char *name, enum redact_fault fault)
{
    for (size_t i = 0; i < sizeof(open_files) / sizeof(open_files[0]); i++) {
        if (strncmp(name, open_files[i].name, strlen(open_files[i].name)) == 0) {
            return fault == open_files[i].fault;
        }
    }
    return false;
}

static bool are_equal(const struct document *a, const struct document *b)
{
    if (a->kind != b->kind || a->boolean != b->boolean || a->count != b->count ||
        !bytes_equal(a->text, b->text)) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->kind == DOCUMENT_ARRAY
                ? !are_equal(&a->items[i], &b->items[i])
                : !bytes_equal(a->members[i].key, b->members[i].key) ||
                      !are_equal(&a->members[i].value, &b->members[i].value)) {
            return false;
        }
    }
    return true;
}

static bool means_the_same(struct bytes input, struct bytes output)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    const struct document *before = NULL;
    const struct document *after = NULL;
    const bool same = amanat_is_ok(document_from_json(arena, "input", input, NULL, &before)) &&
                      amanat_is_ok(document_from_json(arena, "output", output, NULL, &after)) &&
                      are_equal(before, after);
    arena_free(arena);
    return same;
}

static bool is_right(const char *name, struct bytes text, const struct redact_outcome *outcome)
{
    const bool duplicates = strncmp(name, "y_object_duplicated_key", 23) == 0;
    const bool passed = amanat_is_ok(outcome->result);
    if (passed && !means_the_same(text, buffer_bytes(&outcome->body))) {
        return false;
    }
    return name[0] == 'i' ? is_as_listed(name, outcome->fault)
                          : passed == (name[0] == 'y' && !duplicates);
}

/* The files are shorter than a block of marks; with something behind them they are read from marks
 * too. Nothing is expected of that but that it is always the same. */
static bool agrees_with_more(struct redact_splits *splits, struct redact_case *redact_case,
                             struct bytes text)
{
    static const char more[] = ",\"more than a block of marks has, so that everything before it is "
                               "read from marks\",12345678901234567890]";
    struct redact_outcome outcome;
    struct buffer longer;
    buffer_init(&longer, SIZE_MAX / 2);
    buffer_append_byte(&longer, '[');
    buffer_append(&longer, text);
    buffer_append_string(&longer, more);
    const bool agrees = redact_splits_agree(splits, redact_case, buffer_bytes(&longer), &outcome);
    redact_outcome_clear(&outcome);
    buffer_clear(&longer);
    return agrees;
}

/* 1 = as expected, 0 = not. */
static unsigned check_file(struct redact_splits *splits, struct redact_case *redact_case,
                           const char *folder, const char *name)
{
    char path[4096];
    struct bytes text = {0};
    struct redact_outcome outcome;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    struct arena *arena = arena_new((size_t)16 << 20);
    if (!conformance_read_file(arena, path, &text)) {
        exit(1);
    }
    const bool agrees = redact_splits_agree(splits, redact_case, text, &outcome) &&
                        agrees_with_more(splits, redact_case, text);
    const bool right = is_right(name, text, &outcome);
    if (!right || !agrees) {
        fprintf(stderr, "%s: %s, %s%s\n", name, amanat_is_ok(outcome.result) ? "passed" : "refused",
                redact_fault_name(outcome.fault), agrees ? "" : ", otherwise in pieces");
    }
    redact_outcome_clear(&outcome);
    arena_free(arena);
    return right && agrees ? 1 : 0;
}

int main(int count, char **arguments)
{
    DIR *folder = count == 2 ? opendir(arguments[1]) : NULL;
    unsigned files = 0;
    unsigned right = 0;
    struct redact_splits splits = {.small = 1000, .random = 8};
    if (folder == NULL) {
        fprintf(stderr, "usage: json_test_suite_redact FOLDER\n");
        return 2;
    }
    struct redact_case *redact_case =
        redact_case_new(bytes_of(description, sizeof(description) - 1));
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strstr(entry->d_name, ".json") != NULL && strchr("yni", entry->d_name[0]) != NULL) {
            files++;
            right += check_file(&splits, redact_case, arguments[1], entry->d_name);
        }
    }
    (void)closedir(folder);
    redact_case_free(redact_case);
    printf("%u files in %llu runs, %u as expected\n", files, (unsigned long long)splits.runs,
           right);
    return files > 300 && right == files ? 0 : 1;
}
