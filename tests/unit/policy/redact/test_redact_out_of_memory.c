/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation fails once: from documents to disclosed bytes through amanat/redact.h, first
 * with only the n-th allocation failing, then with all from the n-th on. Whatever fails says MEMORY
 * (or LIMIT, where a buffer could not grow), and what was written until then is the beginning of
 * what is written with memory, so nothing undisclosed leaves and nothing is left out in silence.
 * Nothing is written any more after a failure.
 *
 * OpenSSL's allocations fail too. It sets itself up once in a process, so whether a process
 * survives that is tried in processes of their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "amanat/redact.h"
#include "tests/support/failing_memory.h"

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(size);
}

static void *openssl_realloc(void *at, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(at, size);
}

static void openssl_free(void *at, const char *file, int line)
{
    (void)file;
    (void)line;
    free(at);
}

/* ---- One whole use of the library ---- */

static const char vocabulary[] =
    "labels:\n"
    "  person: {mask: {keep_first: 1}, tokenize: {length: 16}}\n"
    "  person.cnic: {mask: {pattern: '(\\d{5})-\\d{7}-(\\d)', replace: '$1-*-$2'}}\n"
    "  person.born: {coarsen: {age_band: 10}}\n"
    "  vehicle: {tokenize: {link: person}}\n"
    "  time: {coarsen: {time: month}}\n"
    "  place: {coarsen: {step: 0.01}}\n"
    "  town: {coarsen: {map: {Gulberg: Lahore}, other: elsewhere}}\n"
    "  net: {coarsen: {ip_prefix: {v4: 24}}}\n"
    "  note: {scrub: [cnic, email]}\n"
    "  few: {min_group: 5}\n"
    "purposes: {any: {}}\n"
    "subjects: {cnic: {normalise: digits}}\n";

static const char service[] =
    "openapi: 3.1.0\n"
    "info: {title: t, version: '1'}\n"
    "x-amanat-service: cameras\n"
    "paths:\n"
    "  /all: {get: {operationId: all, responses: {'200': {description: d, content: {\n"
    "    application/json: {schema: {type: object, properties: {\n"
    "      title: {type: string, x-amanat-label: place},\n"
    "      about: {type: string, x-amanat-label: note},\n"
    "      seen: {type: array, items: {$ref: '#/components/schemas/Sighting'}}}}}}}}}}\n"
    "  /lines: {get: {operationId: lines, responses: {'200': {description: d, content: {\n"
    "    application/x-ndjson: {schema: {$ref: '#/components/schemas/Sighting'}}}}}}}\n"
    "components: {schemas: {Sighting: {type: object, x-amanat-record: Sighting,\n"
    "  x-amanat-group-count: count,\n"
    "  required: [city], properties: {\n"
    "    city: {type: string},\n"
    "    cnic: {type: string, x-amanat-label: person.cnic, x-amanat-subject: cnic},\n"
    "    name: {type: string, x-amanat-label: person},\n"
    "    born: {type: string, x-amanat-label: person.born},\n"
    "    plate: {type: string, x-amanat-label: vehicle},\n"
    "    at: {type: string, x-amanat-label: time},\n"
    "    point: {type: array, items: {type: number, x-amanat-label: place}},\n"
    "    town: {type: string, x-amanat-label: town},\n"
    "    from: {type: string, x-amanat-label: net},\n"
    "    note: {type: string, x-amanat-label: note},\n"
    "    count: {type: integer, x-amanat-label: few},\n"
    "    more: {type: object, additionalProperties: {type: string, x-amanat-label: note}},\n"
    "    inner: {type: array, items: {$ref: '#/components/schemas/Sighting'}}}}}}\n";

struct use {
    struct amanat_catalogue *catalogue;
    struct amanat_plan *plan;
    struct amanat_redactor *redactor;
    const char *operation;
    const char *content_type;
    const char *body;
    size_t piece; /* bytes of the body that are fed at once */
    char *written;
    size_t written_length;
    bool has_failed; /* a function said so */
    bool wrote_after_failure;
};

static bool not_karachi(void *context, const struct amanat_record *record,
                        struct amanat_record_modes *modes)
{
    const struct amanat_text city = amanat_record_attribute(record, "city");
    (void)context;
    if (city.length == 8 && memcmp(city.at, "\"Multan\"", 8) == 0) {
        amanat_record_limit(modes, "person", AMANAT_MODE_MASK);
        amanat_record_limit(modes, "note", AMANAT_MODE_WITHHELD);
    }
    return city.length != 9 || memcmp(city.at, "\"Karachi\"", 9) != 0;
}

/* Room for all of it was made before anything fails. */
static amanat_result take(void *context, struct amanat_text disclosed)
{
    struct use *use = context;
    use->wrote_after_failure = use->wrote_after_failure || use->has_failed;
    memcpy(use->written + use->written_length, disclosed.at, disclosed.length);
    use->written_length += disclosed.length;
    return AMANAT_OK;
}

static amanat_result make_plan(struct use *use)
{
    static const uint8_t secret[32] = {7};
    static const struct {
        const char *label;
        enum amanat_mode mode;
    } allowed[] = {{"person", AMANAT_MODE_TOKENIZE},     {"person.cnic", AMANAT_MODE_MASK},
                   {"person.born", AMANAT_MODE_COARSEN}, {"vehicle", AMANAT_MODE_TOKENIZE},
                   {"time", AMANAT_MODE_COARSEN},        {"place", AMANAT_MODE_COARSEN},
                   {"town", AMANAT_MODE_COARSEN},        {"net", AMANAT_MODE_COARSEN},
                   {"note", AMANAT_MODE_REVEAL},         {"few", AMANAT_MODE_REVEAL}};
    const char *const read[] = {"city"};
    use->plan = amanat_plan_new(use->catalogue);
    if (use->plan == NULL) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        STEP(amanat_plan_allow(use->plan, "Sighting", allowed[i].label, allowed[i].mode));
    }
    STEP(amanat_plan_allow(use->plan, "", "place", AMANAT_MODE_REVEAL));
    STEP(amanat_plan_allow(use->plan, "", "note", AMANAT_MODE_REVEAL));
    STEP(amanat_plan_set_token_key(use->plan, secret, "partner"));
    amanat_plan_set_now(use->plan, INT64_C(1793318400000));
    return amanat_plan_ask(use->plan, "Sighting", read, 1, not_karachi, NULL);
}

static amanat_result redact(struct use *use)
{
    bool nothing = false;
    const size_t length = strlen(use->body);
    const struct amanat_redactor_options options = {use->plan,         use->operation, 200,
                                                    use->content_type, take,           use};
    STEP(amanat_redactor_new(&options, &use->redactor));
    for (size_t at = 0; at < length; at += use->piece) {
        const size_t left = length - at;
        STEP(amanat_redactor_feed(
            use->redactor,
            (struct amanat_text){use->body + at, left < use->piece ? left : use->piece}));
    }
    return amanat_redactor_finish(use->redactor, &nothing);
}

static amanat_result run(struct use *use)
{
    const struct amanat_source sources[] = {{"vocabulary.yaml", amanat_text_of(vocabulary)},
                                            {"services/cameras.yaml", amanat_text_of(service)}};
    STEP(amanat_catalogue_compile(sources, 2, NULL, &use->catalogue));
    STEP(make_plan(use));
    return redact(use);
}

static void clear(struct use *use)
{
    amanat_redactor_free(use->redactor);
    amanat_plan_free(use->plan);
    amanat_catalogue_free(use->catalogue);
}

/* ---- The bodies ---- */

#define SIGHTING                                                                                   \
    "{\"secret\":\"KEEPOUT\",\"city\":\"%s\",\"cnic\":\"35202-1234567-1\",\"name\":\"Hina\","      \
    "\"born\":\"1990-05-17\",\"plate\":\"LEA-1234\",\"at\":\"2026-03-31T23:30:00Z\","              \
    "\"point\":[31.5203696,-74.3587473],\"town\":\"Johar\",\"from\":\"192.0.2.7\","                \
    "\"note\":\"see 35202-1234567-1, \\u00e9t\\u00e9\",\"count\":%u,"                              \
    "\"more\":{\"a\\u0062\":\"x%s\",\"other\":\"KEEPOUT@example.org\"},\"inner\":[%s]}"

static char small_sightings[4 << 10]; /* with records inside */
static char body[2][1200 << 10];
static char expected[1200 << 10];
static char written[1200 << 10];

static size_t write_sightings(char *out, size_t room, const char *separator)
{
    static char inner[2 << 10];
    size_t length = 0;
    static const char *const towns[] = {"Lahore", "Karachi", "Multan"};
    for (unsigned i = 0; i < 3; i++) {
        (void)snprintf(inner, sizeof(inner), SIGHTING, towns[2 - i], 3 + i, "", "");
        length += (size_t)snprintf(out + length, room - length, "%s" SIGHTING,
                                   i == 0 ? "" : separator, towns[i], 7 - 2 * i, "\\/", inner);
    }
    return length;
}

/* A string that streams, another that does not, records, and more than a window. */
static void write_json(char *out, size_t room)
{
    const size_t title = 300 << 10;
    size_t length = (size_t)snprintf(out, room, "{\"title\": \"");
    memset(out + length, 't', title);
    length += title;
    (void)write_sightings(small_sightings, sizeof(small_sightings), ", ");
    (void)snprintf(out + length, room - length,
                   "\\u00e9\", \"about\": \"write to a@b.example\", \"seen\": [%s]}",
                   small_sightings);
}

/* ---- The test ---- */

static void begin(struct use *use, bool is_json, size_t piece)
{
    *use = (struct use){.operation = is_json ? "all" : "lines",
                        .content_type = is_json ? "application/json" : "application/x-ndjson",
                        .body = body[is_json ? 0 : 1],
                        .piece = piece,
                        .written = written};
    allocations = 0;
}

/* What all of it comes to; returns how many allocations that takes. */
static size_t run_with_memory(bool is_json, size_t piece, size_t *out_length)
{
    struct use use;
    failing_from = 0;
    begin(&use, is_json, piece);
    assert_int_equal(run(&use).status, AMANAT_STATUS_OK);
    const size_t count = allocations;
    clear(&use);
    assert_true(use.written_length > 0);
    memcpy(expected, written, use.written_length);
    expected[use.written_length] = '\0';
    assert_null(strstr(expected, "Hina"));
    assert_null(strstr(expected, "KEEPOUT"));
    assert_non_null(strstr(expected, "[cnic]"));
    *out_length = use.written_length;
    return count;
}

static void fail_once(bool is_json, size_t piece, size_t n, size_t length)
{
    struct use use;
    begin(&use, is_json, piece);
    failing_from = n;
    const amanat_result result = run(&use);
    use.has_failed = !amanat_is_ok(result);
    if (use.redactor != NULL && use.has_failed) { /* nothing comes out any more */
        bool nothing = false;
        failing_from = 0;
        const struct amanat_text rest = amanat_text_of("{}");
        assert_false(amanat_is_ok(amanat_redactor_feed(use.redactor, rest)));
        assert_false(amanat_is_ok(amanat_redactor_finish(use.redactor, &nothing)));
    }
    failing_from = 0;
    clear(&use);
    if (use.has_failed && !is_want_of_memory(result)) {
        fail_msg("allocation %zu, pieces of %zu: %s", n, piece, amanat_status_name(result.status));
    }
    assert_false(use.wrote_after_failure);
    size_t same = 0;
    while (same < use.written_length && same < length && written[same] == expected[same]) {
        same++;
    }
    if (same < use.written_length || (!use.has_failed && same < length)) {
        const size_t rest = use.written_length - same;
        fail_msg("allocation %zu, pieces of %zu, byte %zu of %zu: other bytes: %.*s", n, piece,
                 same, length, (int)(rest < 200 ? rest : 200), written + same);
    }
}

static void fail_each(bool also_later)
{
    static const size_t pieces[] = {1 << 20, 61, 1};
    write_json(body[0], sizeof(body[0]));
    (void)write_sightings(body[1], sizeof(body[1]), "\n");
    fails_on = also_later;
    for (size_t i = 0; i < 6; i++) {
        size_t length = 0;
        const bool is_json = i % 2 == 0;
        (void)run_with_memory(is_json, pieces[i / 2], &length); /* OpenSSL is set up once */
        const size_t count = run_with_memory(is_json, pieces[i / 2], &length);
        for (size_t n = 1; n <= count; n++) {
            fail_once(is_json, pieces[i / 2], n, length);
        }
        print_message("%zu allocations\n", count);
    }
}

/* How a process ends in which the n-th allocation fails (0: none does) and OpenSSL is used for the
 * first time, and how many allocations it needs. */
static int status_of_first_use(size_t n, bool also_later, size_t *out_count)
{
    int ends[2];
    int status = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct use use;
        begin(&use, false, sizeof(body[1]));
        failing_from = n;
        fails_on = also_later;
        const amanat_result result = run(&use);
        failing_from = 0;
        clear(&use);
        const bool is_expected = amanat_is_ok(result) || (n > 0 && is_want_of_memory(result));
        const bool is_told = write(ends[1], &allocations, sizeof(allocations)) > 0;
        _exit(is_expected && is_told ? 0 : 1);
    }
    *out_count = 0;
    assert_int_equal(close(ends[1]), 0);
    (void)!read(ends[0], out_count, sizeof(*out_count));
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void
test_redactor__openssl_without_memory_when_it_is_first_used_ends_no_process(void **state)
{
    size_t count = 0;
    size_t ignored = 0;
    (void)state;
    (void)write_sightings(body[1], sizeof(body[1]), "\n");
    assert_int_equal(status_of_first_use(0, false, &count), 0);
    assert_true(count > 300);
    for (size_t n = 1; n <= count; n += 1 + n / 30) { /* the later they are, the more alike */
        for (int also_later = 0; also_later < 2; also_later++) {
            if (status_of_first_use(n, also_later == 1, &ignored) != 0) {
                fail_msg("allocation %zu of %zu", n, count);
            }
        }
    }
}

static void test_redactor__one_failing_allocation_discloses_nothing_more_or_less(void **state)
{
    (void)state;
    fail_each(false);
}

static void test_redactor__no_memory_from_any_point_on_discloses_nothing_more(void **state)
{
    (void)state;
    fail_each(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_redactor__openssl_without_memory_when_it_is_first_used_ends_no_process),
        cmocka_unit_test(test_redactor__one_failing_allocation_discloses_nothing_more_or_less),
        cmocka_unit_test(test_redactor__no_memory_from_any_point_on_discloses_nothing_more),
    };
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
