/* SPDX-License-Identifier: Apache-2.0 */
/* Random OpenAPI documents: objects, arrays, scalars, open doors and records that refer to each
 * other, in circles too. Labels stand where their modes have a meaning. */
#include "interference_folder.h"

#include <stdio.h>

#include "policy/base/guard.h"

static const char vocabulary_text[] =
    "labels:\n"
    "  text: {mask: {text: \"[T\\\"]\"}, tokenize: {length: 16}}\n"
    "  first: {mask: {keep_first: 2}, coarsen: {prefix: 3}}\n"
    "  last: {mask: {keep_last: 2}, tokenize: {length: 13}, coarsen: {time: month}}\n"
    "  moment: {coarsen: {time: hour}}\n"
    "  point: {coarsen: {step: 0.05}}\n"
    "  band: {coarsen: {bucket: [0, 18, 65]}}\n"
    "  age: {coarsen: {age_band: 10}}\n"
    "  town: {coarsen: {map: {Gulberg: Lahore, Johar: Lahore}, other: elsewhere}}\n"
    "  net: {coarsen: {ip_prefix: {v4: 24, v6: 48}}}\n"
    "  digits: {mask: {pattern: '[0-9]{5}', replace: '#'}, tokenize: {link: text}}\n"
    "  note: {scrub: [cnic]}\n"
    "  group: {min_group: 5}\n"
    "  plain: {}\n"
    "  plain.deep: {}\n"
    "purposes:\n  test: {}\n"
    "subjects:\n  cnic: {normalise: digits}\n";

/* Of the answer; noninterference_live has the same table. */
static const char headers[] = "\"X-Plain\": {\"x-amanat-label\": \"plain\"}, "
                              "\"X-Deep\": {\"x-amanat-label\": \"plain.deep\"}, "
                              "\"X-Text\": {\"x-amanat-label\": \"text\"}, "
                              "\"X-Note\": {\"x-amanat-label\": \"note\"}, "
                              "\"X-Unlabelled\": {}";

static const char *const labels[] = {"plain", "text",   "first",      "last", "moment", "town",
                                     "net",   "digits", "plain.deep", "note", "point"};
static const char *const number_labels[] = {"plain", "point", "plain.deep", "band", "age"};
#define LABEL_COUNT        11
#define NUMBER_LABEL_COUNT 5

const char *const interference_names[] = {"a",
                                          "name",
                                          "b",
                                          "list",
                                          "inner",
                                          "\xC3\xA9t\xC3\xA9",
                                          "x-1",
                                          "k\"\\q",
                                          "",
                                          "key",
                                          "a_rather_long_name_that_somebody_chose",
                                          "z"};
const size_t interference_name_count = sizeof(interference_names) / sizeof(interference_names[0]);

struct writer {
    struct choices *choices;
    struct buffer *out;
    unsigned count;  /* of schemas */
    unsigned at;     /* the present one */
    unsigned number; /* of the service */
};

static void write_name(struct writer *writer, unsigned name)
{
    buffer_append_json_string(writer->out, bytes_of_string(interference_names[name]));
}

/* Mostly a later schema, sometimes any: then the graph has circles. */
static void write_reference(struct writer *writer)
{
    const unsigned later = writer->count - writer->at - 1;
    const unsigned target = later == 0 || chance(writer->choices, 10)
                                ? choose(writer->choices, writer->count)
                                : writer->at + 1 + choose(writer->choices, later < 4 ? later : 4);
    buffer_append_format(writer->out, "{\"$ref\": \"#/components/schemas/S%u\"}", target);
}

static void write_labels(struct writer *writer, unsigned percent, bool numbers)
{
    const char *const *from = numbers ? number_labels : labels;
    const unsigned count = numbers ? NUMBER_LABEL_COUNT : LABEL_COUNT;
    if (!chance(writer->choices, percent)) {
        return;
    }
    const unsigned one = choose(writer->choices, count);
    const unsigned other = (one + 1 + choose(writer->choices, count - 1)) % count;
    if (chance(writer->choices, 15)) {
        buffer_append_format(writer->out, ", \"x-amanat-label\": [\"%s\", \"%s\"]", from[one],
                             from[other]);
    } else {
        buffer_append_format(writer->out, ", \"x-amanat-label\": \"%s\"", from[one]);
    }
}

static void write_scalar(struct writer *writer)
{
    static const char *const types[] = {"\"string\"",  "[\"string\", \"null\"]",
                                        "\"integer\"", "\"number\"",
                                        "\"boolean\"", "[\"string\", \"integer\"]"};
    const unsigned drawn = choose(writer->choices, 9);
    const unsigned type = drawn < 6 ? drawn : 0;
    buffer_append_format(writer->out, "{\"type\": %s", types[type]);
    write_labels(writer, 80, type >= 2);
    if (type == 0 && chance(writer->choices, 40)) {
        buffer_append_string(writer->out, ", \"x-amanat-subject\": \"cnic\"");
    }
    buffer_append_byte(writer->out, '}');
}

static void write_properties(struct writer *writer)
{
    const unsigned first = choose(writer->choices, (unsigned)interference_name_count);
    const unsigned count = 1 + choose(writer->choices, 6);
    buffer_append_string(writer->out, "{\"type\": \"object\", \"properties\": {");
    for (unsigned i = 0; i < count; i++) {
        buffer_append_string(writer->out, i == 0 ? "" : ", ");
        write_name(writer, (first + i) % (unsigned)interference_name_count);
        buffer_append_string(writer->out, ": ");
        write_reference(writer);
    }
    buffer_append_byte(writer->out, '}');
}

static void write_object(struct writer *writer)
{
    write_properties(writer);
    if (chance(writer->choices, 50)) {
        /* one name has one shape in a whole folder */
        buffer_append_format(writer->out, ", \"x-amanat-record\": \"R%uOf%u\"", writer->at,
                             writer->number);
    }
    write_labels(writer, 8, false);
    if (chance(writer->choices, 20)) {
        buffer_append_string(writer->out, ", \"additionalProperties\": ");
        write_reference(writer);
    }
    buffer_append_byte(writer->out, '}');
}

static void write_array(struct writer *writer)
{
    buffer_append_string(writer->out, "{\"type\": \"array\", \"items\": ");
    write_reference(writer);
    write_labels(writer, 8, false);
    buffer_append_byte(writer->out, '}');
}

/* Two schemas at one place; the compiler refuses what contradicts itself. */
static void write_union(struct writer *writer)
{
    static const char *const keys[] = {"oneOf", "anyOf", "allOf"};
    buffer_append_format(writer->out, "{\"%s\": [", keys[choose(writer->choices, 3)]);
    write_reference(writer);
    buffer_append_string(writer->out, ", ");
    write_reference(writer);
    buffer_append_string(writer->out, "]}");
}

static void write_schema(struct writer *writer)
{
    const bool is_late = writer->at + 3 > writer->count;
    const unsigned drawn = is_late ? 9 : choose(writer->choices, writer->at < 2 ? 6 : 10);
    if (drawn < 3) {
        write_object(writer);
    } else if (drawn < 6) {
        write_array(writer);
    } else if (drawn == 7 && chance(writer->choices, 40)) {
        write_union(writer);
    } else if (drawn == 6 && chance(writer->choices, 50)) {
        buffer_append_format(writer->out, "{\"x-amanat-label\": \"%s\"}",
                             labels[choose(writer->choices, LABEL_COUNT)]);
    } else {
        write_scalar(writer);
    }
}

/* What most services are: a list of records (lines, if NDJSON) of which some are left out. With it
 * the generator makes bodies of several windows; and with batches of them, which are records too,
 * such as are about as long as what may be disclosed of an outermost record. Nobody sees whom one
 * is about. */
static void write_listing(struct writer *writer, bool ndjson, bool is_batch)
{
    static const char *const counts[] = {"\"group\"", "[\"group\", \"plain.deep\"]",
                                         "[\"text\", \"group\"]"};
    static const char record[] =
        "{\"type\": \"object\", \"x-amanat-record\": \"Row%u\", \"x-amanat-group-count\": \"n\", "
        "\"properties\": {\"n\": {\"type\": \"integer\", \"x-amanat-label\": %s}, "
        "\"a\": {\"type\": \"string\", \"x-amanat-label\": \"plain\"}, "
        "\"name\": {\"type\": \"string\", \"x-amanat-label\": \"text\"}, "
        "\"key\": {\"type\": \"string\", \"x-amanat-label\": \"plain.deep\"}, "
        "\"x-1\": {\"type\": \"string\", \"x-amanat-subject\": \"cnic\"}}}";
    static const char batch[] =
        "{\"type\": \"object\", \"x-amanat-record\": \"Batch%u\", \"properties\": {\"list\": "
        "{\"type\": \"array\", \"items\": {\"$ref\": \"#/components/schemas/Row\"}}, "
        "\"b\": {\"type\": \"string\", \"x-amanat-label\": \"plain\"}}}";
    buffer_append_string(writer->out, "\"Row\": ");
    buffer_append_format(writer->out, record, writer->number, counts[choose(writer->choices, 3)]);
    buffer_append_string(writer->out, ", \"Batch\": ");
    buffer_append_format(writer->out, batch, writer->number);
    buffer_append_string(writer->out, ", \"S0\": ");
    buffer_append_format(writer->out, ndjson ? "%s" : "{\"type\": \"array\", \"items\": %s}",
                         is_batch ? "{\"$ref\": \"#/components/schemas/Batch\"}"
                                  : "{\"$ref\": \"#/components/schemas/Row\"}");
}

static void write_schemas(struct writer *writer)
{
    writer->count = 4 + choose(writer->choices, 9);
    for (; writer->at < writer->count; writer->at++) {
        buffer_append_format(writer->out, "%s\n  \"S%u\": ", writer->at == 0 ? "" : ",",
                             writer->at);
        write_schema(writer);
    }
}

static void write_service(struct interference_case *made, struct choices *choices)
{
    struct writer writer = {.choices = choices, .out = &made->service, .number = made->number};
    buffer_append_format(
        writer.out,
        "{\"openapi\": \"3.1.0\", \"x-amanat-service\": \"s%u\", \"info\": {\"title\": \"t\", "
        "\"version\": \"1\"}, \"paths\": {\"/p\": {\"get\": {\"operationId\": \"get%u\", "
        "\"responses\": {\"200\": {\"description\": \"d\", \"headers\": {%s},\n"
        "\"content\": {\"%s\": {\"schema\": {\"$ref\": \"#/components/schemas/S0\"}}}}}}}},\n"
        "\"components\": {\"schemas\": {",
        made->number, made->number, headers, interference_media_type(made));
    made->bulk_share = 1;
    made->bulk_bytes = (size_t)600 << 10;
    if (made->is_listing) {
        const bool is_batch = chance(choices, 40);
        made->bulk_share = is_batch ? 75 : 15;
        made->record_limit = is_batch ? 1500 + choose(choices, 4000) : made->record_limit;
        write_listing(&writer, made->ndjson, is_batch);
    } else {
        write_schemas(&writer);
    }
    buffer_append_string(writer.out, "}}}\n");
}

const char *interference_media_type(const struct interference_case *made)
{
    return made->ndjson ? "application/x-ndjson" : "application/json";
}

void interference_folder_compile(struct interference_case *made, struct choices *choices)
{
    buffer_append_string(&made->vocabulary, vocabulary_text);
    write_service(made, choices);
    const struct catalogue_source sources[] = {
        {BYTES("vocabulary.yaml"), buffer_bytes(&made->vocabulary)},
        {BYTES("services/s.json"), buffer_bytes(&made->service)}};
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct catalogue *catalogue = NULL;
    const amanat_result result =
        catalogue_compile(made->arena, sources, 2, diagnostics, &catalogue);
    if (amanat_is_ok(result)) {
        made->catalogue = catalogue;
        made->root = catalogue->services[0].operations[0].responses[0].media_types[0].root;
    }
    amanat_diagnostics_free(diagnostics);
}
