/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a file of policy tests by tables of keys; private to policy_test_read.c and
 * policy_test_expect.c. Every fault is a diagnostic at its place; reading goes on behind it, and
 * what could not be read stays as it was.
 */
#ifndef AMANAT_GATEWAY_COMMAND_POLICY_TEST_KEYS_H
#define AMANAT_GATEWAY_COMMAND_POLICY_TEST_KEYS_H

#include "gateway/command/policy_test.h"

struct test_reader {
    struct arena *arena;
    const char *source;
    struct amanat_diagnostics *diagnostics;
    struct policy_test_file *file;
    bool is_faulty;
    bool is_out_of_memory;
};

/** Reads a key's value into its place, whose type the function knows. */
typedef void test_read_fn(struct test_reader *reader, const struct document *value, void *place);

struct test_key {
    const char *name;
    test_read_fn *read; /* NULL: known, and read elsewhere */
    size_t offset;
};

/** At most so many rows. */
#define KEYS_LIMIT 16

#define KEY(name, read, type, member)                                                              \
    {                                                                                              \
        (name), (read), offsetof(struct type, member)                                              \
    }
#define KEY_COUNT(keys) (sizeof(keys) / sizeof((keys)[0]))

/** The three ways to give a body, for a struct policy_test_content. */
#define BODY_KEYS(type, member)                                                                    \
    KEY("body", test_reader_body, type, member),                                                   \
        KEY("body_text", test_reader_body_text, type, member),                                     \
        KEY("body_file", test_reader_body_file, type, member)

/**
 * Reads the keys of an object in the order of the table, so that a key may rely on those before it.
 * `what` says what is expected where it is no object.
 */
void test_reader_keys(struct test_reader *reader, const struct document *object, const char *what,
                      const struct test_key *keys, size_t count, void *base);

/* ---- values ---- */

test_read_fn test_reader_bytes;  /* struct bytes, not empty */
test_read_fn test_reader_text;   /* struct policy_test_text, not empty */
test_read_fn test_reader_texts;  /* struct policy_test_texts */
test_read_fn test_reader_flag;   /* bool */
test_read_fn test_reader_status; /* unsigned, 100 to 599 */
test_read_fn test_reader_body;   /* these three: struct policy_test_content */
test_read_fn test_reader_body_text;
test_read_fn test_reader_body_file;
test_read_fn test_reader_expect; /* struct policy_test_expect (policy_test_expect.c) */

/** That all numbers in a value are spelt as JSON spells them; YAML has more ways. */
void test_reader_check_numbers(struct test_reader *reader, const struct document *value);

/* ---- faults ---- */

struct policy_test_place test_reader_place_of(const struct document *document);

#define FAULT(reader, place, code, ...)                                                            \
    do {                                                                                           \
        const struct policy_test_place fault_place_ = (place);                                     \
        (reader)->is_faulty = true;                                                                \
        amanat_diagnostics_add((reader)->diagnostics, AMANAT_SEVERITY_ERROR, (code),               \
                               (reader)->source, fault_place_.line, fault_place_.column,           \
                               __VA_ARGS__);                                                       \
    } while (0)

void test_reader_wrong_kind(struct test_reader *reader, const struct document *value,
                            const char *expected);

/** Whether it is of that kind; if not, it is told. */
bool test_reader_has_kind(struct test_reader *reader, const struct document *value,
                          enum document_kind kind, const char *expected);

/** "unknown WHAT `word`", with the known one that was probably meant. */
void test_reader_unknown_word(struct test_reader *reader, struct policy_test_place place,
                              const char *what, struct bytes word, const struct bytes *known,
                              size_t count);

/** Zeroed memory of the arena, or NULL, which is remembered. */
void *test_reader_allocate(struct test_reader *reader, size_t count, size_t size);

#endif
