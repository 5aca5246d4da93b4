/* SPDX-License-Identifier: Apache-2.0 */
/* vocabulary.yaml: what is read of it, and every fault with its position. */
#include "catalogue_fixture.h"

static struct fixture read_vocabulary(const char *text)
{
    const struct catalogue_source source = {BYTES("vocabulary.yaml"), bytes_of_string(text)};
    struct fixture fixture = fixture_compile(&source, 1);
    if (!amanat_is_ok(fixture.result)) {
        fixture_print(&fixture);
        fail_msg("the vocabulary does not compile");
    }
    return fixture;
}

static void test_vocabulary__numbers_parents_before_children(void **state)
{
    (void)state;
    struct fixture fixture =
        read_vocabulary("labels:\n  a.b.c: {}\n  a: {mask: {text: x}}\n  d:\n");
    const struct vocabulary *vocabulary = &fixture.catalogue->vocabulary;
    static const struct {
        const char *name;
        size_t parent;
        unsigned line;
    } expected[] = {
        {"a", CATALOGUE_NONE, 3}, {"a.b", 0, 0}, {"a.b.c", 1, 2}, {"d", CATALOGUE_NONE, 4}};
    assert_int_equal(vocabulary->label_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(bytes_equal_string(vocabulary->labels[i].name, expected[i].name));
        assert_int_equal(vocabulary->labels[i].parent, expected[i].parent);
        assert_int_equal(vocabulary->labels[i].line, expected[i].line);
        assert_true(vocabulary->labels[i].defines[DISCLOSURE_REVEAL]);
        assert_int_equal(vocabulary_find_label(vocabulary, bytes_of_string(expected[i].name)), i);
    }
    assert_true(vocabulary->labels[0].defines[DISCLOSURE_MASK]);
    assert_false(vocabulary->labels[2].defines[DISCLOSURE_MASK]);
    assert_int_equal(vocabulary_find_label(vocabulary, BYTES("b")), CATALOGUE_NONE);
    fixture_free(&fixture);
}

static void test_vocabulary__reads_modes(void **state)
{
    (void)state;
    struct fixture fixture = read_vocabulary(
        "labels:\n"
        "  a: {about: x, dpv: \"pd:X\", mask: {text: \"\"}, tokenize: {length: 13}}\n"
        "  b: {mask: {keep_first: 1}, tokenize: {length: 51}}\n"
        "  c: {mask: {keep_last: 4}, coarsen: {time: hour}}\n"
        "  d: {coarsen: {step: 0.50}}\n"
        "  e: {coarsen: {step: 1000}}\n"
        "  f: {coarsen: {prefix: 2}}\n");
    const struct catalogue_label *labels = fixture.catalogue->vocabulary.labels;
    assert_int_equal(labels[0].mask.kind, MASK_TEXT);
    assert_int_equal(labels[0].tokenize.length, 13);
    assert_int_equal(labels[1].mask.kind, MASK_KEEP_FIRST);
    assert_int_equal(labels[1].mask.count, 1);
    assert_int_equal(labels[2].mask.kind, MASK_KEEP_LAST);
    assert_int_equal(labels[2].mask.count, 4);
    assert_int_equal(labels[2].coarsen.unit, TIME_UNIT_HOUR);
    assert_int_equal(labels[3].coarsen.step.digits, 50);
    assert_int_equal(labels[3].coarsen.step.scale, 2);
    assert_int_equal(labels[4].coarsen.step.digits, 1000);
    assert_int_equal(labels[4].coarsen.step.scale, 0);
    assert_int_equal(labels[5].coarsen.kind, COARSEN_PREFIX);
    assert_int_equal(labels[5].coarsen.prefix, 2);
    fixture_free(&fixture);
}

static void test_vocabulary__reads_purposes_and_subjects(void **state)
{
    (void)state;
    struct fixture fixture =
        read_vocabulary("purposes:\n  b: {in: [a], basis: [x-1, x-2], about: t, dpv: t}\n  a: {}\n"
                        "subjects:\n  n: {normalise: lower, about: t}\n  m:\n");
    const struct vocabulary *vocabulary = &fixture.catalogue->vocabulary;
    const size_t b = vocabulary_find_purpose(vocabulary, BYTES("b"));
    const size_t a = vocabulary_find_purpose(vocabulary, BYTES("a"));
    assert_int_equal(vocabulary->purposes[b].parent_count, 1);
    assert_int_equal(vocabulary->purposes[b].parents[0], a);
    assert_true(catalogue_purpose_takes_basis(&vocabulary->purposes[b], BYTES("x-2")));
    assert_false(catalogue_purpose_takes_basis(&vocabulary->purposes[b], BYTES("x-3")));
    assert_true(catalogue_purpose_takes_basis(&vocabulary->purposes[a], BYTES("anything")));
    assert_int_equal(vocabulary->subjects[0].normalise, SUBJECT_LOWER);
    assert_int_equal(vocabulary->subjects[1].normalise, SUBJECT_EXACT);
    assert_int_equal(vocabulary_find_subject(vocabulary, BYTES("m")), 1);
    fixture_free(&fixture);
}

static void test_vocabulary__refuses_at_the_place(void **state)
{
    (void)state;
    static const struct marked_case cases[] = {
        {"type", "must be an object", "@@[]\n"},
        {"unknown-key", "did you mean `labels`", "@@label: {}\n"},
        {"type", "`labels` must be an object", "labels: @@[]\n"},
        {"name", "made of parts", "labels:\n  @@Person: {}\n"},
        {"name", "made of parts", "labels:\n  @@a..b: {}\n"},
        {"name", "made of parts", "labels:\n  @@a.: {}\n"},
        {"name", "made of parts", "labels:\n  @@1a: {}\n"},
        {"unknown-key", "`scrub` means nothing", "labels:\n  a: {@@scrub: [cnic]}\n"},
        {"unknown-key", "did you mean `mask`", "labels:\n  a: {@@maks: {text: x}}\n"},
        {"unknown-key", "means nothing in `coarsen`", "labels:\n  a: {coarsen: {@@map: {}}}\n"},
        {"unknown-key", "did you mean `keep_first`", "labels:\n  a: {mask: {@@keep_firts: 1}}\n"},
        {"type", "`about` must be a string", "labels:\n  a: {about: @@1}\n"},
        {"mode", "exactly one of text", "labels:\n  a: {mask: @@{}}\n"},
        {"mode", "exactly one of text", "labels:\n  a: {mask: @@{text: x, keep_last: 1}}\n"},
        {"type", "`text` must be a string", "labels:\n  a: {mask: {text: @@1}}\n"},
        {"range", "from 1 to 64", "labels:\n  a: {mask: {keep_first: @@0}}\n"},
        {"range", "from 13 to 51", "labels:\n  a: {tokenize: {length: @@12}}\n"},
        {"range", "from 13 to 51", "labels:\n  a: {tokenize: {length: @@52}}\n"},
        {"range", "from 2 to 1000000", "labels:\n  a: {min_group: @@1}\n"},
        {"range", "from 2 to 1000000", "labels:\n  a: {min_group: @@many}\n"},
        {"unknown-key", "did you mean `min_group`", "labels:\n  a: {@@min-group: 5}\n"},
        {"mode", "hour, day, month, year", "labels:\n  a: {coarsen: {time: @@week}}\n"},
        {"mode", "positive decimal", "labels:\n  a: {coarsen: {step: @@0}}\n"},
        {"mode", "positive decimal", "labels:\n  a: {coarsen: {step: @@-1}}\n"},
        {"mode", "positive decimal", "labels:\n  a: {coarsen: {step: @@1e3}}\n"},
        {"mode", "positive decimal", "labels:\n  a: {coarsen: {step: @@\"1\"}}\n"},
        {"name", "a purpose is named", "purposes:\n  @@Crime: {}\n"},
        {"unknown-purpose", "did you mean `crime`",
         "purposes:\n  crime: {}\n  b: {in: [@@crim]}\n"},
        {"type", "list of strings", "purposes:\n  b: {in: @@crime}\n"},
        {"type", "list of strings", "purposes:\n  b: {basis: @@[1]}\n"},
        {"unknown-key", "did you mean `basis`", "purposes:\n  b: {@@bases: [x]}\n"},
        {"purpose-cycle", "lies in itself", "purposes:\n  @@a: {in: [a]}\n"},
        {"purpose-cycle", "lies in itself",
         "purposes:\n  d: {in: [a]}\n  @@a: {in: [b]}\n  b: {in: [a]}\n"},
        {"name", "a kind of subject is named", "subjects:\n  @@CNIC: {}\n"},
        {"normalise", "digits, upper-alnum, lower", "subjects:\n  a: {normalise: @@digit}\n"},
        {"unknown-key", "did you mean `normalise`", "subjects:\n  a: {@@normalize: digits}\n"},
        {"duplicate-key", "", "labels:\n  a: {}\n  @@a: {}\n"},
    };
    fixture_expect("vocabulary.yaml", AMANAT_SEVERITY_ERROR, cases,
                   sizeof(cases) / sizeof(cases[0]));
}

static void test_vocabulary__must_be_there(void **state)
{
    (void)state;
    struct fixture fixture = fixture_compile(NULL, 0);
    assert_int_equal(fixture.result.status, AMANAT_STATUS_CONFIG_FAULT);
    assert_int_equal(amanat_diagnostics_count(fixture.diagnostics), 1);
    assert_string_equal(amanat_diagnostics_at(fixture.diagnostics, 0)->code, "missing");
    fixture_free(&fixture);
}

static void test_subject_normalise__makes_spellings_equal(void **state)
{
    (void)state;
    static const struct {
        enum subject_normalise normalise;
        const char *text;
        const char *expected;
    } cases[] = {
        {SUBJECT_EXACT, " 35202-1 ", " 35202-1 "},
        {SUBJECT_DIGITS, "35202-1234567-1", "3520212345671"},
        {SUBJECT_DIGITS, "\xDB\xB3\xDB\xB5", "35"}, /* extended Arabic-Indic digits */
        {SUBJECT_DIGITS, "none", "none"},           /* nothing would be left */
        {SUBJECT_DIGITS, "", ""},
        {SUBJECT_UPPER_ALNUM, "lea-12 34", "LEA1234"},
        {SUBJECT_UPPER_ALNUM, "\xD9\x84 12",
         "\xD9\x84"
         "12"},
        {SUBJECT_LOWER, "A.B@Example", "a.b@example"},
        {SUBJECT_DIGITS,
         "\xFF"
         "1",
         "\xFF"
         "1"}, /* not UTF-8: as it is */
    };
    struct arena *arena = arena_new(4096);
    assert_non_null(arena);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes out = {0};
        assert_true(amanat_is_ok(
            subject_normalise(cases[i].normalise, bytes_of_string(cases[i].text), arena, &out)));
        assert_true(bytes_equal_string(out, cases[i].expected));
    }
    arena_free(arena);
}

static void test_problems__all_have_words_and_a_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROBLEM_NAME_COUNT; i++) {
        const struct problem_kind *kind = problem_kind((enum problem_name)i);
        assert_non_null(kind->name);
        assert_true(kind->status >= 400 && kind->status < 600);
        assert_true(strlen(kind->title) > 0 && strlen(kind->detail) > 0);
    }
    struct problem problem = {0};
    assert_int_equal(problem_status(&problem), 503);
    problem = (struct problem){.name = PROBLEM_LIMIT, .status = 431};
    assert_int_equal(problem_status(&problem), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vocabulary__numbers_parents_before_children),
        cmocka_unit_test(test_vocabulary__reads_modes),
        cmocka_unit_test(test_vocabulary__reads_purposes_and_subjects),
        cmocka_unit_test(test_vocabulary__refuses_at_the_place),
        cmocka_unit_test(test_vocabulary__must_be_there),
        cmocka_unit_test(test_subject_normalise__makes_spellings_equal),
        cmocka_unit_test(test_problems__all_have_words_and_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
