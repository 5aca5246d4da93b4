/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/performance/redact: the redactor by its public API, fed in pieces of 64 KiB, with a
 * redactor of its own for each body. The plans are those of the peers.
 */
#include "amanat/redact.h"
#include "tests/performance/redact_rounds.h"

#define PIECE_BYTES ((size_t)65536)

static const char vocabulary[] =
    "labels: {number: {}, status: {}, claim: {}, notes: {}, plate: {}, vehicle: {},\n"
    "  name: {mask: {text: '***'}}, cnic: {}, phone: {mask: {keep_last: 2}}, email: {},\n"
    "  home: {}, place: {}, sighting: {}, point: {coarsen: {step: 0.01}}}\n"
    "purposes: {any: {}}\n";

static const char service[] =
    "openapi: 3.0.3\n"
    "info: {title: claims, version: '1'}\n"
    "x-amanat-service: claims\n"
    "paths: {/claims: {get: {operationId: find, responses: {'200': {description: all, content: {\n"
    "  application/json: {schema: {type: array, items: {$ref: "
    "'#/components/schemas/Claim'}}}}}}}}}\n"
    "components:\n"
    "  schemas:\n"
    "    Claim:\n"
    "      type: object\n"
    "      x-amanat-record: Claim\n"
    "      required: [city]\n"
    "      properties:\n"
    "        id: {type: string, x-amanat-label: number}\n"
    "        status: {type: string, x-amanat-label: status}\n"
    "        filed: {type: string, x-amanat-label: claim}\n"
    "        amount: {type: number, x-amanat-label: claim}\n"
    "        verified: {type: boolean, x-amanat-label: claim}\n"
    "        tags: {type: array, x-amanat-label: claim, items: {type: string}}\n"
    "        vehicle:\n"
    "          type: object\n"
    "          properties:\n"
    "            plate: {type: string, x-amanat-label: plate}\n"
    "            make: {type: string, x-amanat-label: vehicle}\n"
    "            model: {type: string, x-amanat-label: vehicle}\n"
    "            colour: {type: string, x-amanat-label: vehicle}\n"
    "            year: {type: integer, x-amanat-label: vehicle}\n"
    "        owner:\n"
    "          type: object\n"
    "          properties:\n"
    "            name: {type: string, x-amanat-label: name}\n"
    "            cnic: {type: string, x-amanat-label: cnic}\n"
    "            phone: {type: string, x-amanat-label: phone}\n"
    "            email: {type: string, x-amanat-label: email}\n"
    "            address:\n"
    "              type: object\n"
    "              properties:\n"
    "                house: {type: integer, x-amanat-label: home}\n"
    "                street: {type: string, x-amanat-label: home}\n"
    "                area: {type: string, x-amanat-label: place}\n"
    "                postcode: {type: string, x-amanat-label: place}\n"
    "        city: {type: string, x-amanat-label: place}\n"
    "        reads:\n"
    "          type: array\n"
    "          items:\n"
    "            type: object\n"
    "            properties:\n"
    "              camera: {type: string, x-amanat-label: sighting}\n"
    "              at: {type: string, x-amanat-label: sighting}\n"
    "              lat: {type: number, x-amanat-label: point}\n"
    "              lon: {type: number, x-amanat-label: point}\n"
    "              lane: {type: integer, x-amanat-label: sighting}\n"
    "              speed: {type: number, x-amanat-label: sighting}\n"
    "        notes: {type: string, x-amanat-label: notes}\n";

enum {
    R = AMANAT_MODE_REVEAL,
    C = AMANAT_MODE_COARSEN,
    M = AMANAT_MODE_MASK,
    W = AMANAT_MODE_WITHHELD
};

/* What each plan allows of each label; `cnic`, `email`, `home` and `notes` never leave. */
static const struct {
    const char *label;
    int modes[PLAN_COUNT]; /* most, measured, coarse, few, dependent */
} allowed[] = {
    {"number", {R, R, R, R, R}},   {"status", {R, R, R, R, R}},  {"plate", {R, R, R, R, R}},
    {"claim", {R, R, R, W, R}},    {"vehicle", {R, R, R, W, R}}, {"place", {R, R, R, W, R}},
    {"sighting", {R, R, R, W, R}}, {"point", {R, C, C, W, R}},   {"name", {R, M, R, W, R}},
    {"phone", {W, M, W, W, W}},
};

static struct amanat_catalogue *catalogue;
static struct amanat_plan *plan;

static bool only_lahore(void *context, const struct amanat_record *record,
                        struct amanat_record_modes *modes)
{
    const struct amanat_text city = amanat_record_attribute(record, "city");
    (void)context;
    (void)modes;
    return city.length == 8 && memcmp(city.at, "\"Lahore\"", 8) == 0;
}

static amanat_result take(void *context, struct amanat_text disclosed)
{
    sink_take((struct sink *)context, disclosed.at, disclosed.length);
    return AMANAT_OK;
}

static bool allow_labels(enum plan name)
{
    for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
        const enum amanat_mode mode = (enum amanat_mode)allowed[i].modes[name];
        if (mode != AMANAT_MODE_WITHHELD &&
            !amanat_is_ok(amanat_plan_allow(plan, "Claim", allowed[i].label, mode))) {
            return false;
        }
    }
    return true;
}

static bool make_plan(enum plan name)
{
    static const char *const read[] = {"city"};
    const struct amanat_source sources[] = {{"vocabulary.yaml", amanat_text_of(vocabulary)},
                                            {"services/claims.yaml", amanat_text_of(service)}};
    if (!amanat_is_ok(amanat_catalogue_compile(sources, 2, NULL, &catalogue))) {
        return false;
    }
    plan = amanat_plan_new(catalogue);
    return plan != NULL && allow_labels(name) &&
           (name != PLAN_DEPENDENT ||
            amanat_is_ok(amanat_plan_ask(plan, "Claim", read, 1, only_lahore, NULL)));
}

static bool feed(struct amanat_redactor *redactor, const char *body, size_t length)
{
    bool nothing = false;
    for (size_t at = 0; at < length; at += PIECE_BYTES) {
        const size_t left = length - at;
        const struct amanat_text piece = {body + at, left < PIECE_BYTES ? left : PIECE_BYTES};
        if (!amanat_is_ok(amanat_redactor_feed(redactor, piece))) {
            fprintf(stderr, "refused: %s\n", amanat_redactor_fault(redactor));
            return false;
        }
    }
    return amanat_is_ok(amanat_redactor_finish(redactor, &nothing)) && !nothing;
}

static int redact(enum plan name, const char *body, size_t length, struct sink *sink)
{
    struct amanat_redactor *redactor = NULL;
    (void)name;
    const struct amanat_redactor_options options = {plan, "find", 200, "application/json",
                                                    take, sink};
    const bool done =
        amanat_is_ok(amanat_redactor_new(&options, &redactor)) && feed(redactor, body, length);
    amanat_redactor_free(redactor);
    return done ? 1 : 0;
}

int main(int argc, char **argv)
{
    const enum plan name = argc < 2 ? PLAN_COUNT : plan_of(argv[1]);
    if (name != PLAN_COUNT && !make_plan(name)) {
        return 2;
    }
    const int status = measure(redact, argc, argv);
    amanat_plan_free(plan);
    amanat_catalogue_free(catalogue);
    return status;
}
