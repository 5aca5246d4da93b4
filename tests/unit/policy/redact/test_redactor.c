/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The redactor's rules, one row each: a description (redact_case.h), a body, what comes out and the
 * account of it. Every row runs whole, at every split in two, and byte by byte, under every way of
 * marking.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redact_splits.h"

/* Sightings in an envelope: {"count": 1, "meta": {…}, "sightings": [{…, "owner": {…}}]}. Labels by
 * the first letter of the member. */
#define VOCABULARY                                                                                 \
    "\"labels\":{\"plate\":{\"mask\":{\"keep_last\":1}},\"cnic\":{\"mask\":{\"text\":\"[CNIC]\"}," \
    "\"tokenize\":{\"length\":16}},\"time\":{\"coarsen\":{\"time\":\"month\"}},\"count\":{},"      \
    "\"note\":{},"                                                                                 \
    "\"group\":{\"min_group\":5,\"coarsen\":{\"step\":10}}},"                                      \
    "\"subjects\":{\"cnic\":\"digits\",\"plate\":\"upper-alnum\"},"
#define NODES                                                                                      \
    "\"text\":{\"kinds\":[\"string\"]},"                                                           \
    "\"plate\":{\"kinds\":[\"string\",\"null\"],\"labels\":[\"plate\"],\"subject\":\"plate\"},"    \
    "\"cnic\":{\"kinds\":[\"string\"],\"labels\":[\"cnic\"],\"subject\":\"cnic\"},"                \
    "\"time\":{\"kinds\":[\"string\",\"null\"],\"labels\":[\"time\"]},"                            \
    "\"speed\":{\"kinds\":[\"integer\"],\"labels\":[\"note\"]},"                                   \
    "\"few\":{\"kinds\":[\"integer\",\"null\"],\"labels\":[\"group\"]},"                           \
    "\"some\":{\"kinds\":[\"string\",\"number\"],\"labels\":[\"note\",\"group\"]},"                \
    "\"groups\":{\"kinds\":[\"array\"],\"items\":\"few\"},"                                        \
    "\"tags\":{\"kinds\":[\"array\"],\"items\":\"note\"},"                                         \
    "\"labelled-tags\":{\"kinds\":[\"array\"],\"labels\":[\"note\"],\"items\":\"note\"},"          \
    "\"note\":{\"kinds\":[\"string\",\"number\",\"boolean\",\"null\"],\"labels\":[\"note\"]},"     \
    "\"both\":{\"kinds\":[\"string\"],\"labels\":[\"note\",\"cnic\"]},"                            \
    "\"open\":{\"kinds\":[\"object\"],\"labels\":[\"note\"],\"anything\":true},"                   \
    "\"map\":{\"kinds\":[\"object\"],\"members\":{\"id\":\"text\"},\"additional\":\"note\"},"      \
    "\"map-of-cnics\":{\"kinds\":[\"object\"],\"additional\":\"cnic\"},"                           \
    "\"anyone\":{\"kinds\":[\"object\"],\"labels\":[\"cnic\"],\"anything\":true},"                 \
    "\"camera\":{\"kinds\":[\"object\"],\"members\":{\"note\":\"note\",\"id\":\"text\"}},"         \
    "\"owner\":{\"kinds\":[\"object\"],\"record\":\"Owner\",\"members\":{\"cnic\":\"cnic\","       \
    "\"note\":\"note\",\"city\":\"text\"}},"                                                       \
    "\"sighting\":{\"kinds\":[\"object\"],\"record\":\"Sighting\",\"members\":{"                   \
    "\"plate\":\"plate\",\"time\":\"time\",\"city\":\"text\",\"speed\":\"speed\","                 \
    "\"few\":\"few\",\"some\":\"some\","                                                           \
    "\"tags\":\"tags\",\"ltags\":\"labelled-tags\",\"both\":\"both\",\"open\":\"open\","           \
    "\"map-of-cnics\":\"map-of-cnics\",\"anyone\":\"anyone\","                                     \
    "\"map\":\"map\",\"camera\":\"camera\",\"owner\":\"owner\",\"owners\":\"owners\","             \
    "\"either\":\"either\",\"maps\":\"maps\",\"rows\":\"rows\",\"id\":\"text\"}},"                 \
    "\"rows\":{\"kinds\":[\"array\"],\"items\":\"row\"},"                                          \
    "\"row\":{\"kinds\":[\"object\"],\"members\":{\"cnic\":\"plain-cnic\"},\"additional\":"        \
    "\"note\"},"                                                                                   \
    "\"either\":{\"kinds\":[\"string\",\"array\"],\"labels\":[\"time\"],\"items\":\"note\"},"      \
    "\"maps\":{\"kinds\":[\"object\"],\"additional\":\"cnics\"},"                                  \
    "\"cnics\":{\"kinds\":[\"array\"],\"items\":\"cnic-or\"},"                                     \
    "\"cnic-or\":{\"kinds\":[\"string\",\"object\"],\"labels\":[\"cnic\"],"                        \
    "\"members\":{\"cnic\":\"plain-cnic\"}},"                                                      \
    "\"plain-cnic\":{\"kinds\":[\"string\"],\"labels\":[\"cnic\"]},"                               \
    "\"owners\":{\"kinds\":[\"array\"],\"items\":\"owner\"},"                                      \
    "\"sightings\":{\"kinds\":[\"array\"],\"items\":\"sighting\"},"                                \
    "\"count\":{\"kinds\":[\"integer\"],\"labels\":[\"count\"]},"                                  \
    "\"meta\":{\"kinds\":[\"object\"],\"members\":{\"count\":\"count\",\"plate\":\"plate\","       \
    "\"inner\":\"meta\",\"time\":\"time\"}},"                                                      \
    "\"envelope\":{\"kinds\":[\"object\"],\"members\":{\"count\":\"count\",\"meta\":\"meta\","     \
    "\"sightings\":\"sightings\",\"note\":\"note\",\"id\":\"text\"}}"
#define RECORDS                                                                                    \
    "\"records\":{\"Sighting\":[{\"name\":\"city\",\"type\":\"string\"}],"                         \
    "\"Owner\":[{\"name\":\"city\",\"type\":\"string\",\"optional\":true}]},"
#define GRAPH(root) "{" VOCABULARY RECORDS "\"nodes\":{" NODES "},\"root\":\"" root "\","

/* Everything revealed that is named; nothing asked. */
#define REVEAL_PLATES "\"plan\":{\"Sighting\":{\"plate\":\"reveal\"}},\"service\":{}}"
#define REVEAL_NOTES                                                                               \
    "\"plan\":{\"Sighting\":{\"note\":\"reveal\"}},\"service\":{\"count\":\"reveal\"}}"
#define REVEAL_GROUPS                                                                              \
    "\"plan\":{\"Sighting\":{\"group\":\"reveal\",\"note\":\"reveal\"}},"                          \
    "\"service\":{\"group\":\"reveal\",\"note\":\"reveal\"}}"
#define COARSEN_GROUPS                                                                             \
    "\"plan\":{\"Sighting\":{\"group\":[\"reveal\"]}},\"service\":{},\"answers\":{\"Sighting\":"   \
    "[{\"modes\":{\"group\":\"coarsen\"}}]}}"
#define MASK_CNICS                                                                                 \
    "\"plan\":{\"Sighting\":{\"plate\":\"reveal\",\"cnic\":\"mask\"}},\"service\":{}}"
#define OWNERS_ONLY "\"plan\":{\"Sighting\":{},\"Owner\":{\"cnic\":\"reveal\"}},\"service\":{}}"
#define BOTH_RECORDS                                                                               \
    "\"plan\":{\"Sighting\":{\"plate\":\"reveal\"},\"Owner\":{\"cnic\":\"mask\"}},\"service\":{}}"
#define BY_CITY                                                                                    \
    "\"plan\":{\"Sighting\":{\"plate\":[\"reveal\"],\"note\":\"reveal\"},"                         \
    "\"Owner\":{\"cnic\":[\"mask\"],\"note\":\"reveal\"}},"                                        \
    "\"answers\":{\"Sighting\":[{\"when\":[\"city\",\"\\\"LHR\\\"\"],"                             \
    "\"modes\":{\"plate\":\"reveal\"}},{\"modes\":{\"plate\":\"mask\"}}],"                         \
    "\"Owner\":[{\"modes\":{\"cnic\":\"mask\"}}]},"                                                \
    "\"forbids\":[{\"record\":\"Sighting\",\"when\":[\"city\",\"\\\"KHI\\\"\"],"                   \
    "\"labels\":[\"cnic\"]}],\"service\":{}}"
#define EVERYTHING                                                                                 \
    "\"plan\":{\"Sighting\":{\"plate\":\"reveal\",\"time\":\"coarsen\",\"note\":\"reveal\","       \
    "\"cnic\":\"mask\"},\"Owner\":{\"cnic\":\"tokenize\",\"note\":\"reveal\"}},"                   \
    "\"service\":{\"plate\":\"mask\",\"time\":\"coarsen\",\"count\":\"reveal\",\"note\":"          \
    "\"reveal\"}}"

struct row {
    const char *rule;
    const char *description;
    const char *body;
    const char *expected; /* NULL: nothing, or refused */
    const char *account;  /* NULL: not compared */
    enum redact_fault fault;
};

static const struct row rows[] = {
    {"what is not permitted is absent, unlabelled and undeclared too",
     GRAPH("sighting") REVEAL_PLATES,
     "{\"id\":\"7\",\"plate\":\"LEA 1234\",\"time\":\"2026-01-17\",\"x\":{\"plate\":[1,{}]}}",
     "{\"plate\":\"LEA 1234\"}",
     "{\"disclosed\":{\"plate=reveal\":1},\"withheld\":{\"time\":1},\"unlabelled\":2,"
     "\"wrong_type\":0,\"records\":1,\"left_out\":0,\"subjects\":[[\"plate\",\"LEA1234\"]]}",
     0},
    {"a zeroed plan discloses nothing", GRAPH("sighting") "\"plan\":{},\"service\":{}}",
     "{\"plate\":\"LEA 1234\"}", NULL, NULL, 0},
    {"white space goes, spelling and order stay", GRAPH("sighting") EVERYTHING,
     " {\n\"tags\" : [ 1.50e+1 , \"\\u00e9\\/\" ,true , null ] , \"pl\\u0061te\": \"\\u004c\" }\t",
     "{\"tags\":[1.50e+1,\"\\u00e9\\/\",true,null],\"pl\\u0061te\":\"\\u004c\"}",
     "{\"disclosed\":{\"plate=reveal\":1,\"note=reveal\":4},\"withheld\":{},\"unlabelled\":0,"
     "\"wrong_type\":0,\"records\":1,\"left_out\":0,\"subjects\":[[\"plate\",\"L\"]]}",
     0},
    {"null of a revealed field is null, in another mode withheld", GRAPH("sighting") EVERYTHING,
     "{\"plate\":null,\"time\":null}", "{\"plate\":null}",
     "{\"disclosed\":{\"plate=reveal\":1},\"withheld\":{\"time\":1},\"unlabelled\":0,"
     "\"wrong_type\":0,\"records\":1,\"left_out\":0,\"subjects\":[]}",
     0},
    {"a wrong JSON type is withheld and counted, once for a container",
     GRAPH("sighting") EVERYTHING,
     "{\"plate\":7,\"time\":{\"a\":[1,2]},\"speed\":1.0,\"tags\":\"x\",\"camera\":3,\"both\":"
     "\"b\"}",
     "{\"both\":\"[CNIC]\"}",
     "{\"disclosed\":{\"cnic=mask\":1},\"withheld\":{\"plate\":1,\"time\":1,\"note\":1},"
     "\"unlabelled\":2,\"wrong_type\":5,\"records\":1,\"left_out\":0,\"subjects\":[[\"plate\","
     "\"7\"]]}",
     0},
    {"an integer has neither fraction nor exponent", GRAPH("sighting") EVERYTHING,
     "{\"speed\":120,\"plate\":\"a\"}", "{\"speed\":120,\"plate\":\"a\"}", NULL, 0},
    {"an integer with an exponent is none", GRAPH("sighting") EVERYTHING,
     "{\"speed\":12e1,\"plate\":\"a\"}", "{\"plate\":\"a\"}", NULL, 0},
    {"null is a value of a field also where it is not declared", GRAPH("sighting") EVERYTHING,
     "{\"speed\":null,\"both\":null,\"plate\":\"a\"}", "{\"speed\":null,\"plate\":\"a\"}", NULL, 0},
    {"null where shape is declared is a wrong type", GRAPH("sighting") EVERYTHING,
     "{\"camera\":null,\"tags\":null,\"plate\":\"a\"}", "{\"plate\":\"a\"}",
     "{\"disclosed\":{\"plate=reveal\":1},\"withheld\":{},\"unlabelled\":2,"
     "\"wrong_type\":2,\"records\":1,\"left_out\":0,\"subjects\":[[\"plate\",\"A\"]]}",
     0},
    {"several labels: the weakest mode, of its label", GRAPH("sighting") EVERYTHING,
     "{\"both\":\"35202\"}", "{\"both\":\"[CNIC]\"}", NULL, 0},
    {"several labels, one withheld", GRAPH("sighting") REVEAL_NOTES,
     "{\"both\":\"35202\",\"speed\":1}", "{\"speed\":1}", NULL, 0},
    {"a withheld text where an array of something revealed could be",
     GRAPH("sighting") REVEAL_NOTES,
     "{\"speed\":1,\"time\":\"2026-01-02\",\"either\":\"2026-01-02\"}                        ",
     "{\"speed\":1}",
     "{\"disclosed\":{\"note=reveal\":1},\"withheld\":{\"time\":2},\"unlabelled\":0,\"wrong_type\":"
     "0,"
     "\"records\":1,\"left_out\":0,\"subjects\":[]}",
     0},
    {"a mask does not cover what an undeclared name leads to, but objects in it",
     GRAPH("sighting") MASK_CNICS,
     "{\"maps\":{\"x\":[\"35202\",{\"cnic\":\"1\"},\"35202\",{\"cnic\":\"2\"}]},\"id\":\"          "
     "            \"}",
     "{\"maps\":{\"x\":[{\"cnic\":\"[CNIC]\"},{\"cnic\":\"[CNIC]\"}]}}",
     "{\"disclosed\":{\"cnic=mask\":2},\"withheld\":{\"cnic\":2},\"unlabelled\":1,\"wrong_type\":0,"
     "\"records\":1,\"left_out\":0,\"subjects\":[]}",
     0},
    {"it stands where only undeclared names could lead to something",
     GRAPH("sighting") REVEAL_NOTES,
     "{\"rows\":[{\"cnic\":\"1\"},{\"cnic\":\"2\"}],\"speed\":1,\"id\":\"                     \"}",
     "{\"rows\":[],\"speed\":1}", NULL, 0},
    {"an array that is shape stands, even empty", GRAPH("sighting") REVEAL_NOTES,
     "{\"speed\":1,\"tags\":[],\"owners\":[{\"note\":\"x\"}]}", "{\"speed\":1,\"tags\":[]}", NULL,
     0},
    {"a labelled array stands, even empty, where it is revealed", GRAPH("sighting") REVEAL_NOTES,
     "{\"speed\":1,\"ltags\":[]}", "{\"speed\":1,\"ltags\":[]}", NULL, 0},
    {"other shape is left out when nothing in it is disclosed", GRAPH("sighting") REVEAL_NOTES,
     "{\"speed\":1,\"camera\":{\"id\":\"c\"},\"map\":{\"id\":\"m\"}}", "{\"speed\":1}", NULL, 0},
    {"undeclared members where additionalProperties names their label",
     GRAPH("sighting") REVEAL_NOTES, "{\"map\":{\"id\":\"m\",\"a\":1,\"b\":{\"c\":2},\"d\":\"e\"}}",
     "{\"map\":{\"a\":1,\"d\":\"e\"}}", NULL, 0},
    {"a name that no schema declares is data of its value's label: a mask would not cover it",
     GRAPH("sighting") MASK_CNICS,
     "{\"plate\":\"LEA-1\",\"map-of-cnics\":{\"35202\":\"x\",\"35203\":\"y\"},"
     "\"anyone\":[\"z\",{\"35204\":[\"w\"]},[{\"35205\":{}}]]}",
     "{\"plate\":\"LEA-1\",\"anyone\":[\"[CNIC]\"]}", NULL, 0},
    {"a count of few is left out, as if it was not there", GRAPH("sighting") REVEAL_GROUPS,
     "{\"few\":4,\"speed\":1}", "{\"speed\":1}",
     "{\"disclosed\":{\"note=reveal\":1},\"withheld\":{\"group\":1},\"unlabelled\":0,"
     "\"wrong_type\":0,\"records\":1,\"left_out\":0,\"subjects\":[]}",
     0},
    {"one of enough is not, however long", GRAPH("sightings") REVEAL_GROUPS,
     "[{\"few\":5},{\"few\":99999999999999999999999}]",
     "[{\"few\":5},{\"few\":99999999999999999999999}]", NULL, 0},
    {"a record of which only a small count could be disclosed is left out",
     GRAPH("sightings") REVEAL_GROUPS, "[{\"few\":0},{\"few\":-9},{\"few\":null},{\"few\":6}]",
     "[{\"few\":6}]", NULL, 0},
    {"what is no whole number is no count", GRAPH("sightings") REVEAL_GROUPS,
     "[{\"some\":\"long enough\"},{\"some\":12.0},{\"some\":1e9},{\"few\":\"9\"},{\"some\":12}]",
     "[{\"some\":12}]", NULL, 0},
    {"the bound holds outside records too", GRAPH("groups") REVEAL_GROUPS, "[1,4,5,9]", "[5,9]",
     NULL, 0},
    {"a small count is left out in every mode, however it would be rounded",
     GRAPH("sightings") COARSEN_GROUPS,
     "[{\"city\":\"a\",\"few\":4},{\"city\":\"a\",\"few\":5},{\"few\":27,\"city\":\"a\"}]",
     "[{\"few\":0},{\"few\":20}]", NULL, 0},
    {"a small count comes twice as little as a large one", GRAPH("sighting") REVEAL_GROUPS,
     "{\"speed\":1,\"few\":3,\"few\":2}", NULL, NULL, REDACT_FAULT_DUPLICATE},
    {"an open door lets everything out, empty containers too", GRAPH("sighting") REVEAL_NOTES,
     "{\"open\":{\"a\":[{},[],{\"b\":null}],\"c\":-0.0}}",
     "{\"open\":{\"a\":[{},[],{\"b\":null}],\"c\":-0.0}}", NULL, 0},
    {"a record without a field of its own is left out with those inside",
     GRAPH("sightings") OWNERS_ONLY, "[{\"plate\":\"a\",\"owner\":{\"cnic\":\"1-2\"}}]", "[]",
     "{\"disclosed\":{},\"withheld\":{\"plate\":1,\"cnic\":1},\"unlabelled\":0,\"wrong_type\":0,"
     "\"records\":0,\"left_out\":2,\"subjects\":[]}",
     0},
    {"records inside records; left out ones do not name subjects", GRAPH("sightings") BOTH_RECORDS,
     "[{\"plate\":\"a-1\",\"owner\":{\"cnic\":\"1-2\"}},{\"id\":\"x\",\"owner\":{\"cnic\":\"3\"}},"
     "{\"owners\":[{\"city\":\"4\"},{\"cnic\":5}],\"plate\":\"b\"}]",
     "[{\"plate\":\"a-1\",\"owner\":{\"cnic\":\"[CNIC]\"}},{\"owners\":[],\"plate\":\"b\"}]",
     "{\"disclosed\":{\"plate=reveal\":2,\"cnic=mask\":1},\"withheld\":{\"cnic\":2},"
     "\"unlabelled\":2,\"wrong_type\":1,\"records\":3,\"left_out\":4,"
     "\"subjects\":[[\"cnic\",\"12\"],[\"plate\",\"A1\"],[\"plate\",\"B\"]]}",
     0},
    {"subjects of withheld fields count in a disclosed record", GRAPH("sighting") REVEAL_NOTES,
     "{\"plate\":\"lea-1\",\"speed\":7}", "{\"speed\":7}",
     "{\"disclosed\":{\"note=reveal\":1},\"withheld\":{\"plate\":1},\"unlabelled\":0,"
     "\"wrong_type\":0,\"records\":1,\"left_out\":0,\"subjects\":[[\"plate\",\"LEA1\"]]}",
     0},
    {"the verdict is asked at the end, attributes may come last", GRAPH("sightings") BY_CITY,
     "[{\"plate\":\"abc\",\"city\":\"LHR\"},{\"plate\":\"abc\",\"city\":\"ISB\"}]",
     "[{\"plate\":\"abc\"},{\"plate\":\"***c\"}]", NULL, 0},
    {"a record without a required attribute, or with a wrong one, is left out",
     GRAPH("sightings") BY_CITY,
     "[{\"plate\":\"abc\"},{\"plate\":\"abc\",\"city\":7},{\"plate\":\"abc\",\"city\":null},"
     "{\"plate\":\"abc\",\"city\":[\"LHR\"]},{\"speed\":1,\"city\":\"LHR\"}]",
     "[{\"speed\":1}]",
     "{\"disclosed\":{\"note=reveal\":1},\"withheld\":{\"plate\":4},\"unlabelled\":4,"
     "\"wrong_type\":3,\"records\":1,\"left_out\":4,\"subjects\":[]}",
     0},
    {"a forbid on the record around reaches the one inside, also when its attribute comes last",
     GRAPH("sightings") BY_CITY,
     "[{\"speed\":1,\"owner\":{\"cnic\":\"1\",\"note\":2},\"city\":\"KHI\"},"
     "{\"speed\":1,\"owner\":{\"cnic\":\"1\",\"note\":2},\"city\":\"ISB\"}]",
     "[{\"speed\":1,\"owner\":{\"note\":2}},{\"speed\":1,\"owner\":{\"cnic\":\"[CNIC]\",\"note\":2}"
     "}]",
     NULL, 0},
    {"an invalid record takes those inside with it", GRAPH("sightings") BY_CITY,
     "[{\"speed\":1,\"owner\":{\"cnic\":\"1\",\"note\":2}}]", "[]", NULL, 0},
    {"outside records the service's verdicts hold", GRAPH("envelope") EVERYTHING,
     "{\"id\":1,\"count\":2,\"meta\":{\"inner\":{\"inner\":{\"plate\":\"LEA "
     "1\"}}},\"sightings\":[]}",
     "{\"count\":2,\"meta\":{\"inner\":{\"inner\":{\"plate\":\"***1\"}}},\"sightings\":[]}",
     "{\"disclosed\":{\"plate=mask\":1,\"count=reveal\":1},\"withheld\":{},\"unlabelled\":1,"
     "\"wrong_type\":1,\"records\":0,\"left_out\":0,\"subjects\":[[\"plate\",\"LEA1\"]]}",
     0},
    {"shape outside records is left out when empty", GRAPH("envelope") EVERYTHING,
     "{\"meta\":{\"inner\":{\"inner\":{\"x\":1}},\"time\":\"never\"},\"count\":3}", "{\"count\":3}",
     "{\"disclosed\":{\"count=reveal\":1},\"withheld\":{\"time\":1},\"unlabelled\":1,"
     "\"wrong_type\":0,\"records\":0,\"left_out\":0,\"subjects\":[]}",
     0},
    {"withheld subjects outside records are not named", GRAPH("envelope") REVEAL_NOTES,
     "{\"meta\":{\"plate\":\"LEA 1\"},\"count\":3}", "{\"count\":3}",
     "{\"disclosed\":{\"count=reveal\":1},\"withheld\":{\"plate\":1},\"unlabelled\":0,"
     "\"wrong_type\":0,\"records\":0,\"left_out\":0,\"subjects\":[]}",
     0},
    {"a standing array makes the shape around it stand", GRAPH("envelope") REVEAL_PLATES,
     "{\"note\":1,\"sightings\":[{\"id\":\"1\"}]}", "{\"sightings\":[]}", NULL, 0},
    {"a root record with nothing disclosed", GRAPH("sighting") REVEAL_PLATES, "{\"id\":\"1\"}",
     NULL, NULL, 0},
    {"a root of the wrong type", GRAPH("sighting") REVEAL_PLATES, "[{\"plate\":\"a\"}]", NULL, NULL,
     0},
    {"a root that is a field", GRAPH("note") EVERYTHING, " \"\\u0061\" ", "\"\\u0061\"", NULL, 0},
    {"a root that is a number", GRAPH("note") EVERYTHING, "-1.50", "-1.50", NULL, 0},
    {"a root field that is withheld", GRAPH("cnic") EVERYTHING, "\"1\"", NULL, NULL, 0},
    {"a revealed string outside records", GRAPH("envelope") EVERYTHING,
     "{\"note\":\"long \\u0061nd \xc3\xa9\",\"count\":1}",
     "{\"note\":\"long \\u0061nd \xc3\xa9\",\"count\":1}", NULL, 0},
    /* lines */
    {"each line is a document", GRAPH("sighting") "\"ndjson\":true," REVEAL_PLATES,
     "{\"plate\":\"a\"}\n\n{\"id\":\"x\"}\r\n \n{\"plate\":\"b\"}",
     "{\"plate\":\"a\"}\n{\"plate\":\"b\"}\n", NULL, 0},
    {"no line left: an empty body", GRAPH("sighting") "\"ndjson\":true," REVEAL_PLATES,
     "{\"id\":\"a\"}\n{}\n", "", NULL, 0},
    {"no line at all", GRAPH("sighting") "\"ndjson\":true," REVEAL_PLATES, "", "", NULL, 0},
    {"lines that are shape", GRAPH("envelope") "\"ndjson\":true," EVERYTHING,
     "{\"count\":1}\n{\"id\":1}\n{\"note\":\"x\"}\n", "{\"count\":1}\n{\"note\":\"x\"}\n", NULL, 0},
    {"lines that are fields", GRAPH("note") "\"ndjson\":true," EVERYTHING, "1\n\"a\"\n[]\nnull",
     "1\n\"a\"\nnull\n", NULL, 0},
    {"a document may not go over a line", GRAPH("sighting") "\"ndjson\":true," REVEAL_PLATES,
     "{\"plate\":\n\"a\"}", NULL, NULL, REDACT_FAULT_SYNTAX},
    /* duplicates */
    {"a name that could be disclosed, twice", GRAPH("sighting") REVEAL_PLATES,
     "{\"plate\":\"a\",\"pl\\u0061te\":\"b\"}", NULL, NULL, REDACT_FAULT_DUPLICATE},
    {"a name that is read, twice", GRAPH("sighting") BY_CITY,
     "{\"plate\":\"a\",\"city\":\"LHR\",\"city\":\"LHR\"}", NULL, NULL, REDACT_FAULT_DUPLICATE},
    {"a name that is not read, twice", GRAPH("sighting") REVEAL_PLATES,
     "{\"plate\":\"a\",\"city\":\"LHR\",\"city\":\"KHI\"}", "{\"plate\":\"a\"}", NULL, 0},
    {"a name that is withheld or undeclared, twice", GRAPH("sighting") REVEAL_PLATES,
     "{\"time\":1,\"time\":2,\"x\":1,\"x\":{\"y\":1,\"y\":2},\"plate\":\"a\"}", "{\"plate\":\"a\"}",
     NULL, 0},
    {"shape that may hold something, twice", GRAPH("sighting") REVEAL_NOTES,
     "{\"camera\":{},\"camera\":{}}", NULL, NULL, REDACT_FAULT_DUPLICATE},
    {"an undeclared name that could be disclosed, twice", GRAPH("sighting") REVEAL_NOTES,
     "{\"map\":{\"a\":1,\"b\":2,\"\\u0061\":3}}", NULL, NULL, REDACT_FAULT_DUPLICATE},
    {"the same name in different objects", GRAPH("sighting") REVEAL_NOTES,
     "{\"open\":{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}}",
     "{\"open\":{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}}", NULL, 0},
    {"twice in an open door", GRAPH("sighting") REVEAL_NOTES,
     "{\"open\":{\"x\":[{\"a\":1,\"a\":1}]}}", NULL, NULL, REDACT_FAULT_DUPLICATE},
    /* malformed, also where it is withheld */
    {"a fault in a withheld part refuses the body", GRAPH("sighting") REVEAL_PLATES,
     "{\"plate\":\"a\",\"id\":[1,}", NULL, NULL, REDACT_FAULT_SYNTAX},
    {"half a surrogate pair in a withheld string", GRAPH("sighting") REVEAL_PLATES,
     "{\"plate\":\"a\",\"id\":\"\\ud800\"}", NULL, NULL, REDACT_FAULT_ENCODING},
    {"the input ends too early", GRAPH("sighting") REVEAL_PLATES, "{\"plate\":\"a\"", NULL, NULL,
     REDACT_FAULT_TRUNCATED},
    {"trailing data", GRAPH("sighting") REVEAL_PLATES, "{\"plate\":\"a\"}x", NULL, NULL,
     REDACT_FAULT_SYNTAX},
    {"no value", GRAPH("sighting") REVEAL_PLATES, " ", NULL, NULL, REDACT_FAULT_SYNTAX},
    {"depth counts everywhere", GRAPH("sighting") "\"depth\":3," REVEAL_PLATES, "{\"x\":[[[1]]]}",
     NULL, NULL, REDACT_FAULT_DEPTH},
    {"the limit of depth itself", GRAPH("sighting") "\"depth\":3," REVEAL_PLATES,
     "{\"plate\":\"a\",\"x\":[[1]]}", "{\"plate\":\"a\"}", NULL, 0},
    /* size: name 7 + value 5 + 2, brackets 4 */
    {"a record within its limit", GRAPH("sighting") "\"limit\":18," REVEAL_PLATES,
     "{\"plate\":\"abc\"}", "{\"plate\":\"abc\"}", NULL, 0},
    {"a record over its limit", GRAPH("sighting") "\"limit\":17," REVEAL_PLATES,
     "{\"plate\":\"abc\"}", NULL, NULL, 0},
    {"what is withheld does not count", GRAPH("sighting") "\"limit\":18," REVEAL_PLATES,
     "{\"time\":\"a very long text that nobody will see\",\"camera\":{\"note\":[1,2,3]},"
     "\"a name that nobody declared and nobody sees\":1,\"tags\":[1,2,3,4,5,6,7,8],"
     "\"plate\":\"abc\",\"owner\":{\"cnic\":\"12345678901234567890\"}}",
     "{\"plate\":\"abc\"}", NULL, 0},
    {"shape in which nothing is does not count either",
     GRAPH("sighting") "\"limit\":14," REVEAL_NOTES,
     "{\"camera\":{\"id\":\"1\"},\"map\":{\"id\":\"7\"},\"speed\":1,\"camera2\":{}}",
     "{\"speed\":1}", NULL, 0},
    {"a field outside records over the limit is withheld",
     GRAPH("envelope") "\"limit\":5," EVERYTHING, "{\"count\":123456,\"note\":\"x\"}",
     "{\"note\":\"x\"}", NULL, 0},
    {"a number of the wrong type may be long", GRAPH("envelope") "\"limit\":5," EVERYTHING,
     "{\"count\":123456.0,\"note\":\"a revealed string streams\"}",
     "{\"note\":\"a revealed string streams\"}", NULL, 0},
};

static void check_outcome(const struct row *row, const struct redact_outcome *outcome)
{
    const bool is_refused = row->fault != REDACT_FAULT_NONE;
    const struct bytes body = buffer_bytes(&outcome->body);
    if (outcome->fault != row->fault || amanat_is_ok(outcome->result) == is_refused ||
        (!is_refused && outcome->nothing != (row->expected == NULL)) ||
        (row->expected != NULL && !bytes_equal_string(body, row->expected))) {
        fail_msg("%s: fault %s, nothing %d, body %.*s", row->rule,
                 redact_fault_name(outcome->fault), outcome->nothing, BYTES_PRINTF(body));
    }
    if (row->account != NULL &&
        !bytes_equal_string(buffer_bytes(&outcome->account), row->account)) {
        fail_msg("%s: account %.*s", row->rule, BYTES_PRINTF(buffer_bytes(&outcome->account)));
    }
}

static void test_redactor__keeps_its_rules_at_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redact_outcome outcome;
        if (!redact_splits_agree_on(rows[i].description, rows[i].body, SIZE_MAX, &outcome)) {
            fail_msg("%s: not the same at every split", rows[i].rule);
        }
        check_outcome(&rows[i], &outcome);
        redact_outcome_clear(&outcome);
    }
}

static amanat_result take_nothing(void *context, const struct redact_window *window)
{
    (void)context;
    (void)window;
    return amanat_result_of(AMANAT_STATUS_IO);
}

static struct redactor_options options_of(const struct redact_case *redact_case)
{
    return (struct redactor_options){
        .plan = &redact_case->plan, .root = redact_case->root, .on_window = take_nothing};
}

/* Neighbours are held in one piece where nothing stands between them: the same account, the same
 * bytes and the same limit as where white space keeps them apart. */
static void test_redactor__neighbours_cost_and_count_alike_joined_or_apart(void **state)
{
    static const char joined[] = "[{\"owner\":{\"cnic\":\"1\",\"note\":\"n\"},\"speed\":120,"
                                 "\"plate\":\"LEA-1\",\"both\":\"b\","
                                 "\"id\":\"7\",\"time\":\"2026-01-02\",\"tags\":[\"a\",\"b\"]}]";
    static const char apart[] = "[{\"owner\":{\"cnic\":\"1\", \"note\":\"n\"},\"speed\" :120 "
                                ",\"plate\": \"LEA-1\" ,\"both\":\"b\","
                                "\"id\":\"7\",\"time\":\"2026-01-02\",\"tags\":[\"a\", \"b\"]}]";
    (void)state;
    for (unsigned limit = 1; limit < 140; limit++) {
        char description[8192];
        snprintf(description, sizeof(description), GRAPH("sightings") "\"limit\":%u," EVERYTHING,
                 limit);
        struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
        struct redact_outcome one =
            redact_case_run(redact_case, bytes_of(joined, sizeof(joined) - 1), NULL, NULL);
        struct redact_outcome other =
            redact_case_run(redact_case, bytes_of(apart, sizeof(apart) - 1), NULL, NULL);
        assert_int_equal(one.fault, other.fault);
        assert_true(bytes_equal(buffer_bytes(&one.body), buffer_bytes(&other.body)));
        assert_true(bytes_equal(buffer_bytes(&one.account), buffer_bytes(&other.account)));
        assert_true(limit > 1 || one.body.length == strlen("[]"));
        assert_true(limit < 139 || one.body.length > strlen("[]"));
        redact_outcome_clear(&one);
        redact_outcome_clear(&other);
        redact_case_free(redact_case);
    }
}

static void test_redactor__refuses_impossible_plans(void **state)
{
    struct redact_case *redact_case =
        redact_case_new(bytes_of_string(GRAPH("sighting") EVERYTHING));
    struct plan_verdict depending[5] = {{DISCLOSURE_REVEAL, true}};
    struct redactor *redactor = NULL;
    struct plan plan = redact_case->plan;
    struct redactor_options options = options_of(redact_case);
    (void)state;
    options.plan = NULL;
    assert_int_equal(redactor_new(&options, &redactor).status, AMANAT_STATUS_CONFIG_FAULT);
    options.plan = &plan;
    plan.service = depending;
    assert_int_equal(redactor_new(&options, &redactor).status, AMANAT_STATUS_CONFIG_FAULT);
    plan = redact_case->plan;
    plan.tokenize_key = BYTES("short");
    assert_int_equal(redactor_new(&options, &redactor).status, AMANAT_STATUS_CONFIG_FAULT);
    plan = redact_case->plan;
    options.root = NULL;
    assert_int_equal(redactor_new(&options, &redactor).status, AMANAT_STATUS_CONFIG_FAULT);
    assert_null(redactor);
    redact_case_free(redact_case);
}

static amanat_result answer_too_strong(void *context, const struct record_question *record,
                                       const struct record_question *outer, size_t outer_count,
                                       uint8_t *modes, bool *out_valid)
{
    (void)context;
    (void)record;
    (void)outer;
    (void)outer_count;
    modes[0] = DISCLOSURE_REVEAL;
    *out_valid = true;
    return AMANAT_OK;
}

static void test_redactor__refuses_an_answer_that_is_stronger_than_the_plan(void **state)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(
        GRAPH("sighting") "\"plan\":{\"Sighting\":{\"plate\":[\"mask\"]}},\"service\":{}}"));
    (void)state;
    redact_case->plan.ask = answer_too_strong;
    struct redact_outcome outcome =
        redact_case_run(redact_case, BYTES("{\"plate\":\"abc\"}"), NULL, NULL);
    assert_int_equal(outcome.fault, REDACT_FAULT_INTERNAL);
    assert_int_equal(outcome.body.length, 0);
    redact_outcome_clear(&outcome);
    redact_case_free(redact_case);
}

#define RECORD_MEMORY 3

/* Marks what is around a record, which bears the mark again when others in it are asked about. */
static amanat_result note_memory(void *context, const struct record_question *record,
                                 const struct record_question *outer, size_t outer_count,
                                 uint8_t *modes, bool *out_valid)
{
    size_t *judged = context; /* records around others */
    assert_int_equal(*record->memory, 0);
    for (size_t i = 0; i < outer_count; i++) {
        uint8_t *memory = outer[i].memory;
        assert_ptr_not_equal(memory, record->memory);
        if (*memory == 0) {
            memset(memory, (int)++*judged, RECORD_MEMORY);
        }
        assert_int_equal(memory[RECORD_MEMORY - 1], *memory);
        assert_int_equal(*memory, *judged);
    }
    (void)modes;
    *out_valid = true;
    return AMANAT_OK;
}

static void test_redactor__keeps_a_memory_for_each_record_around_others(void **state)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(GRAPH("sightings") BY_CITY));
    size_t judged = 0;
    (void)state;
    redact_case->plan.ask = note_memory;
    redact_case->plan.ask_context = &judged;
    redact_case->plan.record_memory = RECORD_MEMORY;
    struct redact_outcome outcome = redact_case_run(
        redact_case,
        BYTES("[{\"plate\":\"a\",\"owners\":[{\"cnic\":\"1\"},{\"cnic\":\"2\"},{\"note\":3}]},"
              "{\"plate\":\"b\"},{\"owner\":{\"cnic\":\"4\"},\"owners\":[{\"cnic\":\"5\"}]}]"),
        NULL, NULL);
    assert_int_equal(outcome.fault, REDACT_FAULT_NONE);
    assert_int_equal(judged, 2);
    redact_outcome_clear(&outcome);
    redact_case_free(redact_case);
}

static void test_redactor__ends_with_the_failure_of_its_taker(void **state)
{
    struct redact_case *redact_case =
        redact_case_new(bytes_of_string(GRAPH("sighting") EVERYTHING));
    const struct redactor_options options = options_of(redact_case);
    struct redactor *redactor = NULL;
    bool nothing = false;
    (void)state;
    assert_true(amanat_is_ok(redactor_new(&options, &redactor)));
    assert_true(amanat_is_ok(
        redactor_feed(redactor, (struct undisclosed_bytes){BYTES("{\"plate\":\"a\"}")})));
    assert_int_equal(redactor_finish(redactor, &nothing).status, AMANAT_STATUS_IO);
    assert_int_equal(redactor_fault(redactor), REDACT_FAULT_INTERNAL);
    assert_int_equal(redactor_feed(redactor, (struct undisclosed_bytes){BYTES("x")}).status,
                     AMANAT_STATUS_PEER_FAULT);
    redactor_free(redactor);
    redactor_free(NULL);
    redact_case_free(redact_case);
}

static void test_redactor__headers_and_whole_bodies_pass_only_if_revealed(void **state)
{
    struct redact_case *redact_case =
        redact_case_new(bytes_of_string(GRAPH("sighting") EVERYTHING));
    const struct redactor_options options = options_of(redact_case);
    static const size_t revealed[] = {3, 4}; /* count, note */
    static const size_t masked[] = {4, 0};   /* note, plate */
    const struct undisclosed_bytes value = {BYTES("value")};
    struct disclosed_bytes out = {{NULL, 0}};
    struct redactor *redactor = NULL;
    (void)state;
    assert_false(redact_header(&redact_case->plan, masked, 2, value, &out));
    assert_false(redact_header(&redact_case->plan, revealed, 0, value, &out));
    assert_int_equal(out.bytes.length, 0);
    assert_true(redact_header(&redact_case->plan, revealed, 2, value, &out));
    assert_true(bytes_equal_string(out.bytes, "value"));
    assert_int_equal(redactor_new_whole(&options, masked, 2, &redactor).status,
                     AMANAT_STATUS_REFUSED);
    assert_int_equal(redactor_new_whole(&options, revealed, 0, &redactor).status,
                     AMANAT_STATUS_REFUSED);
    assert_null(redactor);
    redact_case_free(redact_case);
}

static size_t one_byte(void *context, size_t at, size_t left)
{
    (void)context;
    (void)at;
    (void)left;
    return 1;
}

/* Strings change and do not stream; numbers and undeclared names cannot change, so they are
 * withheld; headers are no JSON. */
static void test_redactor__scrubs_wherever_a_label_is_revealed(void **state)
{
    static const char description[] =
        "{\"labels\":{\"note\":{\"scrub\":[\"cnic\"]}},\"root\":\"root\",\"nodes\":{"
        "\"root\":{\"kinds\":[\"object\"],\"members\":{\"note\":\"note\",\"open\":\"open\"}},"
        "\"note\":{\"kinds\":[\"string\"],\"labels\":[\"note\"]},"
        "\"open\":{\"kinds\":[\"object\"],\"labels\":[\"note\"],\"anything\":true}},"
        "\"service\":{\"note\":\"reveal\"}}";
    static const char body[] =
        "{\"note\":\"of 35202-1234567-1 \\u0061\",\"open\":{\"35202-1234567-1\":1,"
        "\"a\":{\"35202\\u002d1234567-1\":[{}]},\"35202-1234567-1\":2,"
        "\"n\":3520212345671,\"m\":7,\"s\":\"3520212345671\"}}";
    static const char expected[] =
        "{\"note\":\"of [cnic] \\u0061\",\"open\":{\"a\":{},\"m\":7,\"s\":\"[cnic]\"}}";
    static const size_t note = 0;
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct disclosed_bytes out;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct redact_outcome outcome =
            redact_case_run(redact_case, bytes_of_string(body), i == 0 ? NULL : one_byte, NULL);
        assert_int_equal(outcome.fault, REDACT_FAULT_NONE);
        assert_true(bytes_equal_string(buffer_bytes(&outcome.body), expected));
        redact_outcome_clear(&outcome);
    }
    assert_false(redact_header(&redact_case->plan, &note, 1,
                               (struct undisclosed_bytes){BYTES("text")}, &out));
    redact_case_free(redact_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redactor__neighbours_cost_and_count_alike_joined_or_apart),
        cmocka_unit_test(test_redactor__keeps_its_rules_at_every_split),
        cmocka_unit_test(test_redactor__refuses_impossible_plans),
        cmocka_unit_test(test_redactor__refuses_an_answer_that_is_stronger_than_the_plan),
        cmocka_unit_test(test_redactor__keeps_a_memory_for_each_record_around_others),
        cmocka_unit_test(test_redactor__ends_with_the_failure_of_its_taker),
        cmocka_unit_test(test_redactor__headers_and_whole_bodies_pass_only_if_revealed),
        cmocka_unit_test(test_redactor__scrubs_wherever_a_label_is_revealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
