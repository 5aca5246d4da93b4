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

static void test_vocabulary__reads_what_is_compiled_for_a_mode(void **state)
{
    (void)state;
    struct fixture fixture =
        read_vocabulary("labels:\n"
                        "  a: {mask: {pattern: '(\\d{5})-\\d{7}-(\\d)', replace: '$1-$$-$2'}}\n"
                        "  b: {coarsen: {bucket: [-1.5, 0, 18]}}\n"
                        "  c: {coarsen: {bucket: {child: 0, adult: 18}}}\n"
                        "  d: {coarsen: {age_band: 10}}\n"
                        "  e: {coarsen: {map: {Gulberg: Lahore, 302: x}, other: elsewhere}}\n"
                        "  f: {coarsen: {ip_prefix: {v4: 24, v6: 48}}}\n"
                        "  g: {scrub: [cnic, {name: fir, pattern: 'FIR-\\d+/\\d{4}'}]}\n");
    const struct catalogue_label *labels = fixture.catalogue->vocabulary.labels;
    assert_int_equal(labels[0].mask.kind, MASK_PATTERN);
    assert_int_equal(labels[0].mask.part_count, 5);
    assert_int_equal(labels[0].mask.parts[0].group, 1);
    assert_true(bytes_equal_string(labels[0].mask.parts[2].text, "$"));
    assert_int_equal(labels[1].coarsen.bucket_count, 3);
    assert_true(labels[1].coarsen.buckets[0].negative);
    assert_int_equal(labels[1].coarsen.buckets[0].bound.digits, 15);
    assert_true(catalogue_label_coarsens_numbers(&labels[1]));
    assert_true(bytes_equal_string(labels[2].coarsen.buckets[1].name, "adult"));
    assert_false(catalogue_label_coarsens_numbers(&labels[2]));
    assert_int_equal(labels[3].coarsen.band, 10);
    const struct bytes *mapped = map_get(&labels[4].coarsen.map, BYTES("302"));
    assert_non_null(mapped);
    assert_true(labels[4].coarsen.has_other);
    assert_int_equal(labels[5].coarsen.prefix_v4, 24);
    assert_int_equal(labels[5].coarsen.prefix_v6, 48);
    assert_int_equal(labels[6].scrub.count, 2);
    assert_true(bytes_equal_string(labels[6].scrub.patterns[1].name, "fir"));
    fixture_free(&fixture);
}

/* From metres to degrees, rounded up to millionths: 500 / 110574, and with the cosine of 31.5 and
 * of 60 degrees (0.5) against 111320. */
static void test_vocabulary__makes_a_step_of_a_grid(void **state)
{
    (void)state;
    struct fixture fixture =
        read_vocabulary("labels:\n"
                        "  a: {coarsen: {grid: {metres: 500}}}\n"
                        "  b: {coarsen: {grid: {metres: 500, latitude: 31.5}}}\n"
                        "  c: {coarsen: {grid: {metres: 1000, latitude: -60}}}\n");
    const struct catalogue_label *labels = fixture.catalogue->vocabulary.labels;
    static const uint64_t digits[] = {4522, 5268, 17967};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(labels[i].coarsen.kind, COARSEN_STEP);
        assert_int_equal(labels[i].coarsen.step.scale, 6);
        assert_int_equal(labels[i].coarsen.step.digits, digits[i]);
    }
    fixture_free(&fixture);
}

static void test_vocabulary__links_tokens(void **state)
{
    (void)state;
    struct fixture fixture = read_vocabulary("labels:\n"
                                             "  a: {tokenize: {link: b}}\n"
                                             "  b: {tokenize: {link: c.d}}\n"
                                             "  c.d: {tokenize: {length: 20}}\n");
    const struct vocabulary *vocabulary = &fixture.catalogue->vocabulary;
    const size_t root = vocabulary_find_label(vocabulary, BYTES("c.d"));
    for (size_t i = 0; i < 2; i++) {
        assert_true(vocabulary->labels[i].defines[DISCLOSURE_TOKENIZE]);
        assert_int_equal(vocabulary->labels[i].tokenize.link, root);
        assert_int_equal(vocabulary->labels[i].tokenize.length, 20);
    }
    assert_false(vocabulary->labels[root].tokenize.is_linked);
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

#define TEN     "xxxxxxxxxx"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG    HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

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
        {"unknown-key", "did you mean `mask`", "labels:\n  a: {@@maks: {text: x}}\n"},
        {"unknown-key", "means nothing in `coarsen`", "labels:\n  a: {coarsen: {@@mapp: {}}}\n"},
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
        {"mode", "did you mean `month`", "labels:\n  a: {coarsen: {time: @@months}}\n"},
        {"mode", "exactly one of time, step", "labels:\n  a: {coarsen: @@{}}\n"},
        {"mode", "exactly one of time, step",
         "labels:\n  a: {coarsen: @@{prefix: 1, age_band: 5}}\n"},
        {"range", "from 1 to 90", "labels:\n  a: {coarsen: {age_band: @@91}}\n"},
        {"range", "from 1 to 64", "labels:\n  a: {coarsen: {prefix: @@65}}\n"},
        {"mode", "list of lower bounds", "labels:\n  a: {coarsen: {bucket: @@18}}\n"},
        {"mode", "list of lower bounds", "labels:\n  a: {coarsen: {bucket: @@[]}}\n"},
        {"mode", "begins at a decimal", "labels:\n  a: {coarsen: {bucket: [0, @@1e3]}}\n"},
        {"mode", "begins at a decimal", "labels:\n  a: {coarsen: {bucket: {x: @@old}}}\n"},
        {"mode", "buckets ascend", "labels:\n  a: {coarsen: {bucket: [0, 18, @@18.0]}}\n"},
        {"mode", "buckets ascend", "labels:\n  a: {coarsen: {bucket: [0, @@-1]}}\n"},
        {"name", "must not be empty", "labels:\n  a: {coarsen: {bucket: {@@\"\": 1}}}\n"},
        {"mode", "object of values", "labels:\n  a: {coarsen: {map: @@{}}}\n"},
        {"mode", "object of values", "labels:\n  a: {coarsen: {map: @@x}}\n"},
        {"type", "string of at most 1024", "labels:\n  a: {coarsen: {map: {x: @@1}}}\n"},
        {"mode", "goes with `map`", "labels:\n  a: {coarsen: {prefix: 1, other: @@x}}\n"},
        {"type", "`other` must be a string",
         "labels:\n  a: {coarsen: {map: {x: y}, other: @@1}}\n"},
        {"type", "`grid` must be an object", "labels:\n  a: {coarsen: {grid: @@500}}\n"},
        {"mode", "`grid` needs `metres`", "labels:\n  a: {coarsen: {grid: @@{latitude: 1}}}\n"},
        {"range", "from 10 to 500000", "labels:\n  a: {coarsen: {grid: {metres: @@9}}}\n"},
        {"range", "from -85 to 85",
         "labels:\n  a: {coarsen: {grid: {metres: 10, latitude: @@85.1}}}\n"},
        {"range", "from -85 to 85",
         "labels:\n  a: {coarsen: {grid: {metres: 10, latitude: @@north}}}\n"},
        {"unknown-key", "did you mean `metres`",
         "labels:\n  a: {coarsen: {grid: {metres: 10, @@meters: 10}}}\n"},
        {"mode", "takes v4, v6 or both", "labels:\n  a: {coarsen: {ip_prefix: @@24}}\n"},
        {"range", "from 8 to 31", "labels:\n  a: {coarsen: {ip_prefix: {v4: @@32}}}\n"},
        {"range", "from 16 to 64", "labels:\n  a: {coarsen: {ip_prefix: {v6: @@128}}}\n"},
        {"unknown-key", "means nothing in `ip_prefix`",
         "labels:\n  a: {coarsen: {ip_prefix: {@@ipv4: 24}}}\n"},
        {"mode", "`pattern` and `replace` go together", "labels:\n  a: {mask: @@{pattern: x}}\n"},
        {"mode", "`pattern` and `replace` go together", "labels:\n  a: {mask: @@{replace: x}}\n"},
        {"unknown-key", "means nothing in a `mask`",
         "labels:\n  a: {mask: {pattern: x, replace: y, @@text: z}}\n"},
        {"pattern", "missing closing parenthesis",
         "labels:\n  a: {mask: {pattern: @@'(x', replace: y}}\n"},
        {"pattern", "longer than 1024",
         "labels:\n  a: {mask: {pattern: @@" LONG ", replace: y}}\n"},
        {"pattern", "no pattern that can be used",
         "labels:\n  a: {mask: {pattern: @@'(*UCP)\\d', replace: y}}\n"},
        {"type", "not empty", "labels:\n  a: {mask: {pattern: @@'', replace: y}}\n"},
        {"mode", "followed by the number of a group",
         "labels:\n  a: {mask: {pattern: '(x)', replace: @@$2}}\n"},
        {"mode", "followed by the number of a group",
         "labels:\n  a: {mask: {pattern: '(x)', replace: @@$0}}\n"},
        {"mode", "followed by the number of a group",
         "labels:\n  a: {mask: {pattern: '(x)', replace: @@$1$1}}\n"},
        {"mode", "followed by the number of a group",
         "labels:\n  a: {mask: {pattern: '(x)', replace: @@x$}}\n"},
        {"type", "`replace` must be a string",
         "labels:\n  a: {mask: {pattern: '(x)', replace: @@1}}\n"},
        {"mode", "exactly one of length, link",
         "labels:\n  a: {tokenize: @@{length: 16, link: a}}\n"},
        {"unknown-key", "did you mean `length`", "labels:\n  a: {tokenize: {@@lenght: 16}}\n"},
        {"unknown-label", "did you mean `plate`",
         "labels:\n  plate: {tokenize: {length: 16}}\n  a: {tokenize: {link: @@plates}}\n"},
        {"type", "not empty", "labels:\n  a: {tokenize: {link: @@1}}\n"},
        {"link", "`b` defines no `tokenize", "labels:\n  a: {tokenize: {link: @@b}}\n  b: {}\n"},
        {"link-cycle", "back to where it began", "labels:\n  a: {tokenize: {link: @@a}}\n"},
        {"mode", "list of 1 to 16", "labels:\n  a: {scrub: @@[]}\n"},
        {"mode", "list of 1 to 16", "labels:\n  a: {scrub: @@cnic}\n"},
        {"type", "is a name, or an object", "labels:\n  a: {scrub: [@@1]}\n"},
        {"unknown-pattern", "did you mean `cnic`", "labels:\n  a: {scrub: [@@cinc]}\n"},
        {"name", "stands twice", "labels:\n  a: {scrub: [cnic, @@cnic]}\n"},
        {"mode", "has a `name` and a `pattern`", "labels:\n  a: {scrub: [@@{name: x}]}\n"},
        {"unknown-key", "did you mean `pattern`",
         "labels:\n  a: {scrub: [{name: x, pattern: y, @@paterns: z}]}\n"},
        {"name", "not like one that is there",
         "labels:\n  a: {scrub: [{name: @@phone, pattern: y}]}\n"},
        {"name", "lower-case letters", "labels:\n  a: {scrub: [{name: @@FIR, pattern: y}]}\n"},
        {"pattern", "matches the empty text",
         "labels:\n  a: {scrub: [{name: x, pattern: @@'[0-9]*'}]}\n"},
        {"pattern", "compared with folded text",
         "labels:\n  a: {scrub: [{name: x, pattern: @@'\xDB\xB3'}]}\n"},
        {"pattern", "`x` matches `[cnic]`",
         "labels:\n  a: {scrub: [cnic, @@{name: x, pattern: '[a-z]{4}'}]}\n"},
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
        cmocka_unit_test(test_vocabulary__reads_what_is_compiled_for_a_mode),
        cmocka_unit_test(test_vocabulary__makes_a_step_of_a_grid),
        cmocka_unit_test(test_vocabulary__links_tokens),
        cmocka_unit_test(test_vocabulary__reads_purposes_and_subjects),
        cmocka_unit_test(test_vocabulary__refuses_at_the_place),
        cmocka_unit_test(test_vocabulary__must_be_there),
        cmocka_unit_test(test_subject_normalise__makes_spellings_equal),
        cmocka_unit_test(test_problems__all_have_words_and_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
