/* SPDX-License-Identifier: Apache-2.0 */
/* Every diagnostic of OpenAPI documents, with the place that it names. */
#include "catalogue_fixture.h"

#define LABELLED    "{type: string, x-amanat-label: note}"
#define OK_RESPONSE "responses: {204: {description: d}}"

static void test_openapi__refuses_a_document_at_the_place(void **state)
{
    (void)state;
    static const struct marked_case cases[] = {
        {"type", "must be an object", "@@[]\n"},
        {"version", "3.0.x or 3.1.x", "openapi: @@2.0.0\nx-amanat-service: s\npaths: {}\n"},
        {"version", "3.0.x or 3.1.x", "@@x-amanat-service: s\npaths: {}\n"},
        {"service", "is missing", "@@openapi: 3.1.0\npaths: {}\n"},
        {"service", "named like", "openapi: 3.1.0\nx-amanat-service: @@ANPR\npaths: {}\n"},
        {"type", "`paths` must be", "@@" FIXTURE_HEAD},
        {"extension", "did you mean `x-amanat-label`",
         FIXTURE_SCHEMA("{type: string, @@x-amanat-labels: note}")},
        {"extension", "did you mean `x-amanat-label`",
         FIXTURE_SCHEMA("{type: string, @@X-Amanat-Label: note}")},
        {"extension", "means nothing at this place",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, @@x-amanat-label: note, " OK_RESPONSE
                      "}}}\n"},
        {"extension", "means nothing at this place",
         FIXTURE_HEAD "paths: {}\n@@x-amanat-record: R\n"},
        {"extension", "there is no `x-amanat-colour`",
         FIXTURE_HEAD "paths: {}\ncomponents: {schemas: {A: {@@x-amanat-colour: red}}}\n"},
        {"extension", "means nothing at this place",
         FIXTURE_SCHEMA("{type: object, properties: {a: " LABELLED "}, discriminator: "
                        "{propertyName: a, @@x-amanat-label: note}}")},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_ERROR, cases,
                   sizeof(cases) / sizeof(cases[0]));
}

static void test_openapi__refuses_labels_at_the_place(void **state)
{
    (void)state;
    static const struct marked_case cases[] = {
        {"unknown-label", "did you mean `note`",
         FIXTURE_SCHEMA("{type: string, x-amanat-label: @@notes}")},
        {"unknown-label", "no label `zzzzzzzz`",
         FIXTURE_SCHEMA("{type: string, x-amanat-label: @@zzzzzzzz}")},
        {"label", "a label or a list", FIXTURE_SCHEMA("{type: string, x-amanat-label: @@1}")},
        {"label", "1 to 16", FIXTURE_SCHEMA("{type: string, x-amanat-label: @@[]}")},
        {"label", "stands twice", FIXTURE_SCHEMA("{type: string, x-amanat-label: [note, @@note]}")},
        {"unknown-subject", "did you mean `cnic`",
         FIXTURE_SCHEMA("{type: string, x-amanat-subject: @@cnc}")},
        {"subject", "stands on strings",
         FIXTURE_SCHEMA("@@{type: array, items: {type: string}, x-amanat-subject: cnic}")},
        {"two-subjects", "two kinds of subjects",
         FIXTURE_SCHEMA(
             "{type: string, x-amanat-subject: cnic, allOf: [@@{x-amanat-subject: plate}]}")},
        {"record", "named like `Sighting`",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: @@sighting}")},
        {"record", "named like `Sighting`",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: @@Service}")},
        {"record", "stands on objects only",
         FIXTURE_SCHEMA("@@{type: string, x-amanat-record: R}")},
        {"record", "stands on objects only",
         FIXTURE_SCHEMA("@@{x-amanat-record: R, x-amanat-label: note}")},
        {"two-records", "two kinds of records",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: A, allOf: [@@{x-amanat-record: B}]}")},
        {"two-records", "alternatives begin different",
         FIXTURE_SCHEMA("{oneOf: [{type: object, x-amanat-record: A}, @@{type: object, "
                        "x-amanat-record: B}]}")},
        {"two-records", "alternatives begin different",
         FIXTURE_SCHEMA("{oneOf: [{type: object}, @@{type: object, x-amanat-record: B}]}")},
        {"record-shape", "`b` differs",
         FIXTURE_SCHEMA("{type: array, items: {type: object, properties: {"
                        "x: {type: object, x-amanat-record: R, properties: {a: {type: string}}}, "
                        "y: @@{type: object, x-amanat-record: R, properties: {a: {type: string}, "
                        "b: {type: string}}}}}}")},
        {"record-shape", "`a` differs",
         FIXTURE_SCHEMA(
             "{type: object, properties: {"
             "x: {type: object, x-amanat-record: R, properties: {a: {type: string}}}, "
             "y: @@{type: object, x-amanat-record: R, properties: {a: {type: integer}}}}}")},
        {"two-labels", "`person.name` and `note`",
         FIXTURE_SCHEMA(
             "{type: string, x-amanat-label: person.name, allOf: [@@{x-amanat-label: note}]}")},
        {"two-labels", "`person.name` and `note`",
         FIXTURE_SCHEMA("{oneOf: [{type: string, x-amanat-label: person.name}, @@{type: integer, "
                        "x-amanat-label: note}]}")},
        {"two-labels", "`note` and no label",
         FIXTURE_SCHEMA("{anyOf: [{type: string, x-amanat-label: note}, @@{type: integer}]}")},
        {"two-labels", "`person.name` and `note`",
         FIXTURE_SCHEMA(
             "{oneOf: [{type: object, x-amanat-label: person.name, properties: {a: {type: "
             "string}}}, "
             "{type: object, x-amanat-label: note, properties: {a: @@{type: string}}}]}")},
        {"two-labels", "`note` and no label",
         FIXTURE_SCHEMA("{oneOf: [{type: object, properties: {a: " LABELLED "}}, "
                        "{type: object, properties: {a: @@{type: string}}}]}")},
        {"two-labels", "`note` and `time`",
         FIXTURE_SCHEMA(
             "{oneOf: [{type: object, properties: {a: " LABELLED "}}, "
             "{type: object, additionalProperties: @@{type: string, x-amanat-label: time}}]}")},
        {"mode-type", "`person.cnic` defines `mask`",
         FIXTURE_SCHEMA("@@{type: integer, x-amanat-label: person.cnic}")},
        {"mode-type", "`person.cnic` defines `mask`",
         FIXTURE_SCHEMA("@@{type: [string, boolean], x-amanat-label: person.cnic}")},
        {"mode-type", "`person.name` defines `mask`",
         FIXTURE_SCHEMA(
             "{type: object, x-amanat-label: person.name, properties: {age: @@{type: number}}}")},
        {"mode-type", "`time` defines `coarsen`",
         FIXTURE_SCHEMA("@@{type: integer, x-amanat-label: time}")},
        {"mode-type", "`place.point` defines `coarsen`",
         FIXTURE_SCHEMA("@@{type: boolean, x-amanat-label: place.point}")},
        {"mode-meaning", "`person.cnic` and `person.name` define `mask` differently",
         FIXTURE_SCHEMA("@@{type: string, x-amanat-label: [person.name, person.cnic]}")},
        {"mode-meaning", "`note` and `remark` define `scrub` differently",
         FIXTURE_SCHEMA("@@{type: string, x-amanat-label: [note, remark]}")},
        {"mode-meaning", "`time` and `place.point` define `coarsen` differently",
         FIXTURE_SCHEMA("@@{type: string, x-amanat-label: [place.point, note, time]}")},
        {"type", "state the `type`", FIXTURE_SCHEMA("@@{format: date-time, x-amanat-label: time}")},
        {"type", "state the `type`",
         FIXTURE_SCHEMA("{type: object, x-amanat-label: note, properties: {a: @@{maxLength: 3}}}")},
        {"open-choice", "lets anything stand",
         FIXTURE_SCHEMA("{x-amanat-label: note, anyOf: [{}, @@{type: object, properties: {a: "
                        "{type: string}}}]}")},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_ERROR, cases,
                   sizeof(cases) / sizeof(cases[0]));
}

#define COUNT "count: {type: integer, x-amanat-label: group}"

static void test_openapi__refuses_group_counts_at_the_place(void **state)
{
    (void)state;
    static const struct marked_case cases[] = {
        {"group-count", "names the property",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: R, x-amanat-group-count: @@7, properties: "
                        "{count: {type: integer}}}")},
        {"group-count", "only a record",
         FIXTURE_SCHEMA("{type: object, x-amanat-group-count: @@count, properties: {count: {type: "
                        "integer}}}")},
        {"group-count", "has no property `cuont`",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: R, x-amanat-group-count: @@cuont, "
                        "properties: {count: {type: integer}}}")},
        {"group-count", "is an integer",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: R, x-amanat-group-count: @@count, "
                        "properties: {count: {type: number, x-amanat-label: group}}}")},
        {"group-count", "two properties",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: R, x-amanat-group-count: count, allOf: "
                        "[{x-amanat-group-count: @@number}], properties: {" COUNT
                        ", number: {type: integer, x-amanat-label: note}}}")},
        {"extension", "means nothing at this place",
         FIXTURE_PARAMETER("{name: a, in: query, @@x-amanat-group-count: a, schema: " LABELLED
                           "}")},
        /* a label with a bound stands on counts alone */
        {"group-count", "`group` has a `min_group`",
         FIXTURE_SCHEMA("{type: object, properties: {total: @@{type: integer, x-amanat-label: "
                        "group}}}")},
        {"group-count", "`group` has a `min_group`",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: R, x-amanat-group-count: count, "
                        "properties: {" COUNT ", total: @@{type: integer, x-amanat-label: [note, "
                        "group]}}}")},
        {"group-count", "`group` has a `min_group`",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: R, x-amanat-group-count: count, "
                        "properties: {" COUNT ", more: {type: object, properties: {count: @@{type: "
                        "integer, x-amanat-label: group}}}}}")},
        {"group-count", "`group` has a `min_group`", FIXTURE_SCHEMA("@@{x-amanat-label: group}")},
        {"group-count", "`group` has a `min_group`",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {description: d, "
                      "content: {application/json: {schema: {type: object, x-amanat-record: R, "
                      "x-amanat-group-count: count, properties: {count: {$ref: "
                      "'#/components/schemas/N'}, total: {$ref: '#/components/schemas/N'}}}}}}}}}}"
                      "\ncomponents: {schemas: {N: @@{type: integer, x-amanat-label: group}}}\n"},
        {"group-count", "`group` has a `min_group`",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {204: {description: d, "
                      "headers: {X-Total: @@{x-amanat-label: group, schema: {type: integer}}}}}}}}"
                      "\n"},
        {"group-count", "`group` has a `min_group`",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {description: d, "
                      "content: {@@text/csv: {x-amanat-label: group}}}}}}}\n"},
    };
    static const struct marked_case warnings[] = {
        {"group-count", "no label with a `min_group`",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: R, x-amanat-group-count: @@count, "
                        "properties: {count: {type: integer, x-amanat-label: note}}}")},
        /* the count of a record around others is their sum */
        {"group-count", "give the sum a label of its own",
         FIXTURE_SCHEMA("{type: object, x-amanat-record: R, x-amanat-group-count: @@count, "
                        "properties: {" COUNT ", parts: {type: array, items: {type: object, "
                        "properties: {part: {type: object, x-amanat-record: S, "
                        "x-amanat-group-count: count, properties: {" COUNT "}}}}}}}")},
        {"group-count", "give the sum a label of its own",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {description: d, "
                      "content: {application/json: {schema: {$ref: '#/components/schemas/R'}}}}}}}}"
                      "\ncomponents: {schemas: {R: {type: object, x-amanat-record: R, "
                      "x-amanat-group-count: @@count, properties: {" COUNT
                      ", parts: {type: array, items: {$ref: '#/components/schemas/R'}}}}}}\n"},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_ERROR, cases,
                   sizeof(cases) / sizeof(cases[0]));
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_WARNING, warnings,
                   sizeof(warnings) / sizeof(warnings[0]));
}

static void test_openapi__takes_the_count_of_a_record(void **state)
{
    (void)state;
    struct fixture fixture = fixture_service(
        "services/s.yaml",
        BYTES(FIXTURE_SCHEMA("{type: array, items: {type: object, x-amanat-record: R, "
                             "x-amanat-group-count: count, properties: {count: {type: [integer, "
                             "'null'], x-amanat-label: [note, group]}}}}")));
    assert_int_equal(amanat_diagnostics_count(fixture.diagnostics), 0);
    fixture_free(&fixture);
}

static void test_openapi__refuses_schemas_at_the_place(void **state)
{
    (void)state;
    static const struct marked_case cases[] = {
        {"type", "a schema must be an object", FIXTURE_SCHEMA("@@text")},
        {"type", "`type` is one of", FIXTURE_SCHEMA("{type: @@strnig}")},
        {"type", "`properties` must be", FIXTURE_SCHEMA("{properties: @@[]}")},
        {"type", "`allOf` must be a list", FIXTURE_SCHEMA("{allOf: @@[]}")},
        {"type", "`enum` must be a list", FIXTURE_SCHEMA("{type: string, enum: @@a}")},
        {"unsupported", "`patternProperties`",
         FIXTURE_SCHEMA("{type: object, @@patternProperties: {a: {}}}")},
        {"unsupported", "`prefixItems`", FIXTURE_SCHEMA("{type: array, @@prefixItems: [{}]}")},
        {"unsupported", "`if`", FIXTURE_SCHEMA("{type: object, @@if: {}}")},
        {"unsupported", "`then`", FIXTURE_SCHEMA("{type: object, @@then: {}}")},
        {"unsupported", "`else`", FIXTURE_SCHEMA("{type: object, @@else: {}}")},
        {"unsupported", "`$dynamicRef`", FIXTURE_SCHEMA("{@@$dynamicRef: '#a'}")},
        {"unsupported", "`dependentSchemas`", FIXTURE_SCHEMA("{@@dependentSchemas: {}}")},
        {"unsupported", "`$id`", FIXTURE_SCHEMA("{@@$id: 'http://x'}")},
        {"unsupported", "as `false` only", FIXTURE_SCHEMA("{unevaluatedProperties: @@true}")},
        {"reference", "within the document", FIXTURE_SCHEMA("{$ref: @@'other.yaml#/a'}")},
        {"reference", "leads nowhere", FIXTURE_SCHEMA("{$ref: @@'#/components/schemas/X'}")},
        {"reference", "must be a string", FIXTURE_SCHEMA("{$ref: @@1}")},
        {"schema-cycle", "leads back to itself",
         FIXTURE_SCHEMA("{$ref: '#/components/schemas/A'}") "components: {schemas: {A: @@{$ref: "
                                                            "'#/components/schemas/A'}}}\n"},
        {"schema-cycle", "leads back to itself",
         FIXTURE_SCHEMA(
             "{$ref: '#/components/schemas/A'}") "components: {schemas: {A: @@{allOf: [{type: "
                                                 "object}, {$ref: '#/components/schemas/A'}]}}}\n"},
        {"schema-cycle", "leads back to itself",
         FIXTURE_SCHEMA(
             "{$ref: '#/components/schemas/A'}") "components: {schemas: {A: @@{oneOf: [{type: "
                                                 "string}, {$ref: '#/components/schemas/A'}]}}}\n"},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_ERROR, cases,
                   sizeof(cases) / sizeof(cases[0]));
    static const struct marked_case of_30[] = {
        {"type", "nullable: true",
         "openapi: 3.0.3\nx-amanat-service: s\npaths: {/a: {get: {operationId: a, responses: {200: "
         "{description: d, "
         "content: {application/json: {schema: {type: @@[string]}}}}}}}}\n"},
        {"type", "nullable: true",
         "openapi: 3.0.3\nx-amanat-service: s\npaths: {/a: {get: {operationId: a, responses: {200: "
         "{description: d, "
         "content: {application/json: {schema: {type: @@'null'}}}}}}}}\n"},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_ERROR, of_30, 2);
}

static void test_openapi__refuses_operations_at_the_place(void **state)
{
    (void)state;
    static const struct marked_case cases[] = {
        {"path", "made of segments", FIXTURE_HEAD "paths: {@@a: {}}\n"},
        {"path", "made of segments", FIXTURE_HEAD "paths: {@@'/a/x{id}': {}}\n"},
        {"path", "made of segments", FIXTURE_HEAD "paths: {@@/a//b: {}}\n"},
        {"path", "made of segments", FIXTURE_HEAD "paths: {@@/a/../b: {}}\n"},
        {"path", "made of segments", FIXTURE_HEAD "paths: {@@/a%20b: {}}\n"},
        {"path", "cannot be told", FIXTURE_HEAD "paths:\n  /a/{b}: {}\n  @@/a/{c}: {}\n"},
        {"type", "a path item must be", FIXTURE_HEAD "paths: {/a: @@1}\n"},
        {"reference", "leads nowhere", FIXTURE_HEAD "paths: {/a: {$ref: @@'#/x'}}\n"},
        {"reference", "back to itself", FIXTURE_HEAD "paths: {/a: {$ref: @@'#/paths/~1a'}}\n"},
        {"method", "TRACE", FIXTURE_HEAD "paths: {/a: {@@trace: {}}}\n"},
        {"type", "an operation must be", FIXTURE_HEAD "paths: {/a: {get: @@[]}}\n"},
        {"operation-id", "is missing", FIXTURE_HEAD "paths: {/a: {@@get: {" OK_RESPONSE "}}}\n"},
        {"operation-id", "made of letters",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: @@'a:b', " OK_RESPONSE "}}}\n"},
        {"operation-id", "made of letters",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: @@reveal, " OK_RESPONSE "}}}\n"},
        {"operation-id", "services/s.yaml:4",
         FIXTURE_HEAD "paths:\n  /a: {get: {operationId: a, " OK_RESPONSE
                      "}}\n  /b: {get: {operationId: @@a, " OK_RESPONSE "}}\n"},
        {"responses", "is missing", FIXTURE_HEAD "paths: {/a: {@@get: {operationId: a}}}\n"},
        {"status", "200, 4XX or default",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {@@20: {}}}}}\n"},
        {"status", "200, 4XX or default",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {@@4xx: {}}}}}\n"},
        {"media-type", "name one media type",
         FIXTURE_HEAD
         "paths: {/a: {get: {operationId: a, responses: {200: {content: {@@'*/*': {}}}}}}}\n"},
        {"media-type", "stands twice",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {content: {text/csv: "
                      "{}, @@'Text/CSV; charset=utf-8': {}}}}}}}\n"},
        {"header", "no header that a document may declare",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {headers: "
                      "{@@Content-Length: {}}}}}}}\n"},
        {"request-body", "no request body",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, requestBody: @@{}, " OK_RESPONSE "}}}\n"},
        {"body", "is `submit`",
         FIXTURE_HEAD
         "paths: {/a: {post: {operationId: a, requestBody: {x-amanat-body: @@send}, " OK_RESPONSE
         "}}}\n"},
        {"path-parameter", "is not declared",
         FIXTURE_HEAD "paths: {'/{id}': {@@get: {operationId: a, " OK_RESPONSE "}}}\n"},
        {"path-parameter", "stands twice",
         FIXTURE_HEAD "paths: {'/{id}/{id}': {@@get: {operationId: a, parameters: [{name: id, in: "
                      "path, required: true, schema: " LABELLED "}], " OK_RESPONSE "}}}\n"},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_ERROR, cases,
                   sizeof(cases) / sizeof(cases[0]));
}

static void test_openapi__refuses_parameters_at_the_place(void **state)
{
    (void)state;
    static const struct marked_case cases[] = {
        {"type", "`parameters` must be a list", FIXTURE_HEAD "paths: {/a: {parameters: @@{}}}\n"},
        {"parameter", "needs a `name`", FIXTURE_PARAMETER("@@{in: query, schema: " LABELLED "}")},
        {"parameter", "path, query, header",
         FIXTURE_PARAMETER("@@{name: a, schema: " LABELLED "}")},
        {"parameter", "cookies never go",
         FIXTURE_PARAMETER("{name: a, in: @@cookie, schema: " LABELLED "}")},
        {"style", "default style `form`",
         FIXTURE_PARAMETER("{name: a, in: query, style: @@deepObject, schema: " LABELLED "}")},
        {"parameter", "by a `schema`", FIXTURE_PARAMETER("@@{name: a, in: query}")},
        {"parameter", "by a `schema`",
         FIXTURE_PARAMETER("{name: a, in: query, content: @@{application/json: {}}}")},
        {"parameter", "two parameters",
         FIXTURE_PARAMETER("{name: a, in: query, schema: " LABELLED
                           "}, @@{name: a, in: query, schema: " LABELLED "}")},
        {"parameter", "two parameters",
         FIXTURE_PARAMETER("{name: a, in: query, schema: " LABELLED
                           "}, @@{name: a, in: header, schema: " LABELLED "}")},
        {"parameter", "two parameters", /* one header, whatever its case */
         FIXTURE_PARAMETER("{name: X-City, in: header, schema: " LABELLED
                           "}, @@{name: x-city, in: header, schema: " LABELLED "}")},
        {"header", "no header that",
         FIXTURE_PARAMETER("{name: @@Traceparent, in: header, schema: " LABELLED "}")},
        {"path-parameter", "no segment `{a}`",
         FIXTURE_PARAMETER("@@{name: a, in: path, required: true, schema: " LABELLED "}")},
        {"parameter", "required: true",
         FIXTURE_PARAMETER("@@{name: a, in: path, schema: " LABELLED "}")},
        {"header", "no header that",
         FIXTURE_PARAMETER("{name: @@Host, in: header, schema: " LABELLED "}")},
        {"header", "no header that",
         FIXTURE_PARAMETER("{name: @@'a b', in: header, schema: " LABELLED "}")},
        {"header", "no header that",
         FIXTURE_PARAMETER("{name: @@Need, in: header, schema: " LABELLED "}")},
        {"parameter-type", "one scalar type",
         FIXTURE_PARAMETER("{name: a, in: query, schema: @@{type: object}}")},
        {"parameter-type", "one scalar type",
         FIXTURE_PARAMETER("{name: a, in: query, schema: @@{type: [string, integer]}}")},
        {"parameter-type", "one scalar type",
         FIXTURE_PARAMETER("{name: a, in: query, schema: @@{}}")},
        {"parameter-type", "one scalar type",
         FIXTURE_PARAMETER("{name: a, in: query, schema: @@{type: array, items: {type: array, "
                           "items: {type: string}}}}")},
        {"two-labels", "different labels",
         FIXTURE_PARAMETER("@@{name: a, in: query, x-amanat-label: time, schema: " LABELLED "}")},
        {"type", "must be true or false",
         FIXTURE_PARAMETER("{name: a, in: query, required: @@yes, schema: " LABELLED "}")},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_ERROR, cases,
                   sizeof(cases) / sizeof(cases[0]));
}

#define SORT(extensions)                                                                           \
    FIXTURE_PARAMETER(                                                                             \
        "{name: sort, in: query, schema: {enum: [plate, -plate, newest]}, " extensions "}")
#define BOUND(place, schema, extensions)                                                           \
    FIXTURE_PARAMETER("{name: a, in: " place ", schema: " schema ", " extensions "}")

static void test_openapi__refuses_extensions_of_parameters_at_the_place(void **state)
{
    (void)state;
    static const struct marked_case cases[] = {
        {"value-labels", "must be an object", SORT("x-amanat-value-labels: @@plate")},
        {"value-labels", "is none of the values; did you mean `plate`",
         SORT("x-amanat-value-labels: {@@plat: note, plate: note, -plate: note, newest: null}")},
        {"value-labels", "the value `newest` is not listed",
         SORT("x-amanat-value-labels: @@{plate: note, -plate: []}")},
        {"unknown-label", "did you mean `note`",
         SORT("x-amanat-value-labels: {plate: @@notes, -plate: note, newest: null}")},
        {"label", "`x-amanat-value-labels` must be a label",
         SORT("x-amanat-value-labels: {plate: @@1, -plate: note, newest: null}")},
        {"label", "stands twice",
         SORT("x-amanat-value-labels: {plate: [note, @@note], -plate: note, newest: null}")},
        {"value-labels", "needs an `enum`",
         FIXTURE_PARAMETER("{name: sort, in: query, schema: {type: string}, "
                           "x-amanat-value-labels: @@{plate: note}}")},
        {"value-labels", "in its schema too",
         FIXTURE_PARAMETER("{name: sort, in: query, schema: {enum: [plate], x-amanat-value-labels: "
                           "{plate: note}}, x-amanat-value-labels: @@{plate: note}}")},
        {"value-labels", "stands twice",
         FIXTURE_PARAMETER("{name: sort, in: query, schema: {enum: [plate], x-amanat-value-labels: "
                           "{plate: note}, allOf: [{x-amanat-value-labels: @@{plate: note}}]}}")},
        {"value-labels", "`b` is not listed",
         FIXTURE_PARAMETER("{name: sort, in: query, schema: {type: array, items: {enum: [a, b], "
                           "x-amanat-value-labels: @@{a: note}}}}")},
        {"value-labels", "needs an `enum`",
         FIXTURE_SCHEMA(
             "{type: string, x-amanat-label: note, x-amanat-value-labels: @@{a: note}}")},
        {"value-labels", "a label of its own",
         FIXTURE_SCHEMA("{enum: [a], x-amanat-value-labels: @@{a: note}}")},
        {"bind", "such as `partner.city`",
         BOUND("query", "{type: string}", "x-amanat-bind: @@city")},
        {"bind", "such as `partner.city`",
         BOUND("query", "{type: string}", "x-amanat-bind: @@partner.home.city")},
        {"bind", "such as `partner.city`", BOUND("query", "{type: string}", "x-amanat-bind: @@7")},
        {"bind", "such as `partner.city`",
         BOUND("query", "{type: string}", "x-amanat-bind: @@partner.")},
        {"bind", "who calls writes the path",
         FIXTURE_HEAD "paths: {'/{a}': {get: {operationId: a, responses: {204: {}}, parameters: "
                      "[{name: a, in: path, required: true, schema: {type: string}, "
                      "x-amanat-bind: @@partner.city}]}}}\n"},
        {"bind", "is a string without `format`",
         BOUND("query", "{type: number}", "x-amanat-bind: @@partner.city")},
        {"bind", "is a string without `format`",
         BOUND("header", "{type: string, format: date}", "x-amanat-bind: @@agent.since")},
        {"bind", "`x-amanat-label` says nothing",
         BOUND("query", "{type: string}", "x-amanat-bind: partner.city, x-amanat-label: @@note")},
        {"bind", "`x-amanat-subject` says nothing",
         BOUND("query", "{type: string}", "x-amanat-bind: partner.city, x-amanat-subject: @@cnic")},
        {"type", "must be true or false", BOUND("query", LABELLED, "x-amanat-paging: @@sometimes")},
        {"type", "must be true or false",
         BOUND("query", "{type: string, x-amanat-paging: @@1}", "x-amanat-label: note")},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_ERROR, cases,
                   sizeof(cases) / sizeof(cases[0]));
}

/* Nobody is asked whether they may sort by what a service sorts by when nothing is sent. */
static void test_openapi__warns_of_a_default_that_names_a_field(void **state)
{
    (void)state;
    static const struct marked_case warnings[] = {
        {"value-labels", "the default `plate` names `note`",
         FIXTURE_PARAMETER("{name: sort, in: query, schema: {enum: [plate, newest], default: "
                           "@@plate}, x-amanat-value-labels: {plate: note, newest: null}}")},
        {"value-labels", "the default `plate` names `note`",
         FIXTURE_PARAMETER("{name: fields, in: query, schema: {type: array, items: {enum: [plate, "
                           "newest]}, default: [newest, @@plate]}, x-amanat-value-labels: {plate: "
                           "note, newest: null}}")},
        {"value-labels", "the default `plate` names `note`",
         FIXTURE_HEAD "paths: {/a: {post: {operationId: a, responses: {204: {}}, requestBody: "
                      "{content: {application/json: {schema: {type: object, properties: {sort: "
                      "{enum: [plate, newest], default: @@plate, x-amanat-label: note, "
                      "x-amanat-value-labels: {plate: note, newest: null}}}}}}}}}}\n"},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_WARNING, warnings,
                   sizeof(warnings) / sizeof(warnings[0]));
    struct fixture fixture = fixture_service(
        "services/s.yaml",
        BYTES(FIXTURE_PARAMETER("{name: sort, in: query, schema: {enum: [plate, newest], default: "
                                "newest}, x-amanat-value-labels: {plate: note, newest: null}}")));
    for (size_t i = 0; i < amanat_diagnostics_count(fixture.diagnostics); i++) {
        assert_string_not_equal(amanat_diagnostics_at(fixture.diagnostics, i)->code,
                                "value-labels");
    }
    fixture_free(&fixture);
}

static void test_openapi__knows_parameters_that_page(void **state)
{
    (void)state;
    static const struct {
        const char *parameter;
        bool is_paging;
    } cases[] = {
        {"{name: limit, in: query, schema: {type: integer}}", true},
        {"{name: 'page[size]', in: query, schema: {type: integer}}", true},
        {"{name: page_token, in: query, schema: {type: string}}", true},
        {"{name: $skip, in: query, schema: {type: integer}}", true},
        {"{name: perPage, in: query, schema: {type: integer}}", true},
        {"{name: X-Cursor, in: header, schema: {type: string}}", true},
        {"{name: X-Part, in: header, schema: {type: string}}", false},
        {"{name: X-Part, in: header, schema: {type: string}, x-amanat-paging: true}", true},
        {"{name: part, in: query, schema: {type: string, x-amanat-paging: true}}", true},
        {"{name: limit, in: query, schema: {type: number}}", true},
        {"{name: from, in: query, schema: {type: integer}}", true},
        {"{name: from, in: query, schema: {type: string}}", false},
        {"{name: after, in: query, schema: {type: string}}", true},
        {"{name: after, in: query, schema: {type: string, format: date-time}}", false},
        {"{name: limit, in: query, schema: {type: integer}, x-amanat-paging: false}", false},
        {"{name: speedLimit, in: query, schema: {type: integer}}", false},
        {"{name: aVeryLongNameThatIsNothingOfTheKindAtAll, in: query, schema: {type: string}}",
         false},
        {"{name: plate, in: query, schema: {type: string}}", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];
        (void)snprintf(text, sizeof(text), FIXTURE_PARAMETER("%s"), cases[i].parameter);
        struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(text));
        const struct catalogue_parameter *parameter =
            &fixture.catalogue->services[0].operations[0].parameters[0];
        if (parameter->is_paging != cases[i].is_paging) {
            fail_msg("%s", cases[i].parameter);
        }
        fixture_free(&fixture);
    }
}

static void test_openapi__tells_what_is_withheld(void **state)
{
    (void)state;
    static const struct marked_case notes[] = {
        {"unlabelled", "a 200 $.b[].c has no label",
         FIXTURE_SCHEMA("{type: object, properties: {b: {type: array, items: {properties: {c: "
                        "@@{type: string}}}}}}")},
        {"unlabelled", "a 200 $.* has no label",
         FIXTURE_SCHEMA("{type: object, additionalProperties: @@{type: string}}")},
        {"unlabelled", "a 200 $ has no label", FIXTURE_SCHEMA("@@{}")},
        {"unlabelled", "a 200 $.a has no label",
         FIXTURE_SCHEMA("{type: object, properties: {a: @@{type: object}}}")},
        {"open-door", "a 200 $ lets anything pass under `note`",
         FIXTURE_SCHEMA("@@{x-amanat-label: note}")},
        {"open-door", "a 200 $.* lets anything pass",
         FIXTURE_SCHEMA("{type: object, x-amanat-label: note, additionalProperties: @@true}")},
        {"open-door", "a 200 $ lets the names of its members pass",
         FIXTURE_SCHEMA("@@{type: object, additionalProperties: {type: object, properties: {a: "
                        "{type: string, x-amanat-label: note}}}}")},
        {"unlabelled", "`a` has no label, so it may not be used",
         FIXTURE_PARAMETER("@@{name: a, in: query, schema: {type: string}}")},
        {"unlabelled", "the header `x-a`",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {headers: {X-A: "
                      "@@{schema: {type: string}}}}}}}}\n"},
        {"unlabelled", "a 200 has no label",
         FIXTURE_HEAD
         "paths: {/a: {get: {operationId: a, responses: {200: {content: {@@text/csv: {}}}}}}}\n"},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_NOTE, notes,
                   sizeof(notes) / sizeof(notes[0]));
    static const struct marked_case warnings[] = {
        {"unlabelled",
         "`a` has no label, so it may not be used, and the operation may not be called",
         FIXTURE_PARAMETER("@@{name: a, in: query, required: true, schema: {type: string}}")},
        {"ignored", "OpenAPI ignores",
         FIXTURE_PARAMETER("{name: @@Authorization, in: header, schema: {type: string}}")},
        {"closed", "nothing in a 200 $ is declared",
         FIXTURE_SCHEMA("@@{type: object, x-amanat-label: note}")},
        {"scrub", "`remark` scrubs what it reveals",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {description: d, "
                      "headers: {X-Note: @@{x-amanat-label: remark}}}}}}}\n"},
        {"scrub", "`remark` scrubs what it reveals",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {content: "
                      "{@@text/csv: {x-amanat-label: remark}}}}}}}\n"},
        {"content", "has no body",
         FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {204: {content: "
                      "@@{application/json: {}}}}}}}\n"},
        {"unsendable", "the required member `b` has no label",
         FIXTURE_HEAD "paths: {/a: {post: {operationId: a, requestBody: {content: "
                      "{application/json: {schema: {type: object, required: [a, b, c], "
                      "properties: {a: " LABELLED ", b: @@{type: string}, c: {type: string, "
                      "readOnly: true}}}}}}, " OK_RESPONSE "}}}\n"},
        {"request-body", "only JSON bodies",
         FIXTURE_HEAD "paths: {/a: {post: {operationId: a, requestBody: @@{content: {text/csv: "
                      "{}}}, " OK_RESPONSE "}}}\n"},
    };
    fixture_expect("services/s.yaml", AMANAT_SEVERITY_WARNING, warnings,
                   sizeof(warnings) / sizeof(warnings[0]));
}

static void test_openapi__refuses_one_name_for_two_services(void **state)
{
    (void)state;
    const struct catalogue_source sources[] = {
        {BYTES("services/b.yaml"), BYTES(FIXTURE_HEAD "paths: {}\n")},
        {BYTES("services/a.yaml"), BYTES(FIXTURE_HEAD "paths: {}\n")},
        {BYTES("vocabulary.yaml"), bytes_of_string(fixture_vocabulary)}};
    struct fixture fixture = fixture_compile(sources, 3);
    const struct marked_text where = {.line = 2, .column = 19};
    assert_int_equal(fixture.result.status, AMANAT_STATUS_CONFIG_FAULT);
    assert_true(fixture_has(&fixture, AMANAT_SEVERITY_ERROR, "service", "services/a.yaml", &where));
    assert_string_equal(amanat_diagnostics_at(fixture.diagnostics, 0)->source, "services/b.yaml");
    fixture_free(&fixture);
}

static void test_openapi__accepts_what_real_documents_hold(void **state)
{
    (void)state;
    static const char *const texts[] = {
        FIXTURE_HEAD
        "info: {title: t}\nservers: [{url: x}]\nsecurity: [{a: []}]\ntags: [{name: x}]\n"
        "x-logo: {url: x, x-amanat-like: 1}\npaths:\n  x-internal: 1\n  /: {summary: s, get: "
        "{operationId: a, "
        "deprecated: true, callbacks: {c: {'{$request.body#/u}': {post: {responses: {}}}}}, "
        "responses: {default: {description: d}}}}\n",
        FIXTURE_SCHEMA(
            "{type: object, properties: {x-amanat-label: {type: string}, a: {type: string, "
            "x-amanat-label: note, "
            "example: {x-amanat-foo: 1}, not: {const: b}, pattern: a+}}, minProperties: 1}"),
        FIXTURE_SCHEMA("{type: object, properties: {a: {type: string, x-amanat-label: note}}, "
                       "anyOf: [{required: [a]}, {required: [b]}], unevaluatedProperties: false}"),
        FIXTURE_SCHEMA("{anyOf: [{type: string, x-amanat-label: note}, {type: 'null'}]}"),
        FIXTURE_SCHEMA("{anyOf: [{type: string, x-amanat-label: note}, {type: object, properties: "
                       "{id: {type: string, x-amanat-label: time}}}]}"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(texts[i]));
        fixture_free(&fixture);
    }
}

/* Each doubles what the one before holds: 2^40 without a bound. */
static void test_openapi__survives_schemas_that_explode(void **state)
{
    (void)state;
    static const char *const before[] = {
        "oneOf: [{$ref: ", "type: object, properties: {a: {$ref: ", "allOf: [{$ref: "};
    static const char *const between[] = {"}, {allOf: [{$ref: ", "}, b: {$ref: ", "}, {$ref: "};
    static const char *const after[] = {"}]}]", "}}", "}]"};
    for (size_t k = 0; k < 3; k++) {
        struct buffer text;
        buffer_init(&text, (size_t)1 << 20);
        buffer_append_string(
            &text, FIXTURE_SCHEMA("{$ref: '#/components/schemas/S0'}") "components:\n  schemas:\n");
        for (unsigned i = 0; i < 40; i++) {
            buffer_append_format(&text,
                                 "    S%u: {%s'#/components/schemas/S%u'%s'#/components/schemas/"
                                 "S%u'%s}\n",
                                 i, before[k], i + 1, between[k], i + 1, after[k]);
        }
        buffer_append_string(&text, "    S40: {type: string, x-amanat-label: note}\n");
        const struct catalogue_source sources[] = {
            {BYTES("vocabulary.yaml"), bytes_of_string(fixture_vocabulary)},
            {BYTES("services/s.yaml"), buffer_bytes(&text)}};
        struct fixture fixture = fixture_compile(sources, 2);
        assert_int_equal(fixture.result.status,
                         k == 0 ? AMANAT_STATUS_CONFIG_FAULT : AMANAT_STATUS_OK);
        fixture_free(&fixture);
        buffer_clear(&text);
    }
}

static void test_catalogue__says_when_memory_ends(void **state)
{
    (void)state;
    struct fixture_folder folder = fixture_open_folder();
    const size_t needed = arena_used(folder.fixture.arena);
    for (size_t limit = 0; limit < needed; limit += needed / 97) {
        struct arena *arena = arena_new(limit);
        struct catalogue *catalogue = NULL;
        assert_non_null(arena);
        assert_int_equal(catalogue_compile(arena, folder.sources, 3, NULL, &catalogue).status,
                         AMANAT_STATUS_MEMORY);
        assert_null(catalogue);
        arena_free(arena);
    }
    fixture_free_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openapi__refuses_a_document_at_the_place),
        cmocka_unit_test(test_openapi__refuses_labels_at_the_place),
        cmocka_unit_test(test_openapi__refuses_group_counts_at_the_place),
        cmocka_unit_test(test_openapi__takes_the_count_of_a_record),
        cmocka_unit_test(test_openapi__refuses_schemas_at_the_place),
        cmocka_unit_test(test_openapi__refuses_operations_at_the_place),
        cmocka_unit_test(test_openapi__refuses_parameters_at_the_place),
        cmocka_unit_test(test_openapi__refuses_extensions_of_parameters_at_the_place),
        cmocka_unit_test(test_openapi__warns_of_a_default_that_names_a_field),
        cmocka_unit_test(test_openapi__knows_parameters_that_page),
        cmocka_unit_test(test_openapi__tells_what_is_withheld),
        cmocka_unit_test(test_openapi__refuses_one_name_for_two_services),
        cmocka_unit_test(test_openapi__accepts_what_real_documents_hold),
        cmocka_unit_test(test_openapi__survives_schemas_that_explode),
        cmocka_unit_test(test_catalogue__says_when_memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
