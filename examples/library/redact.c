/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The redactor in a C program, without the gateway: records of every city come in, plates of Lahore
 * leave, names only by their first letter. Build it against the installed library:
 * cc redact.c $(pkg-config --cflags --libs amanat-policy)
 */
#include <amanat/redact.h>
#include <stdio.h>
#include <string.h>

static const char vocabulary[] = "labels: {person: {mask: {keep_first: 1}}, vehicle: {}}\n"
                                 "purposes: {any: {}}\n";

static const char service[] =
    "openapi: 3.0.3\n"
    "info: {title: cameras, version: '1'}\n"
    "x-amanat-service: cameras\n"
    "paths: {/seen: {get: {operationId: find, responses: {'200': {description: all, content: {\n"
    "  application/json: {schema: {type: array, items: {type: object, x-amanat-record: Sighting,\n"
    "    required: [city], properties: {city: {type: string},\n"
    "      plate: {type: string, x-amanat-label: vehicle},\n"
    "      owner: {type: string, x-amanat-label: person}}}}}}}}}}}\n";

static const char answer[] =
    "[{\"plate\": \"LEA-1234\", \"owner\": \"Hina\", \"city\": \"Lahore\"},"
    " {\"plate\": \"KHI-77\", \"owner\": \"Bilal\", \"city\": \"Karachi\"}]";

static bool only_lahore(void *context, const struct amanat_record *record,
                        struct amanat_record_modes *modes)
{
    const struct amanat_text city = amanat_record_attribute(record, "city");
    (void)context;
    (void)modes;
    return city.length == 8 && memcmp(city.at, "\"Lahore\"", 8) == 0;
}

static amanat_result print(void *context, struct amanat_text disclosed)
{
    return fwrite(disclosed.at, 1, disclosed.length, context) == disclosed.length
               ? AMANAT_OK
               : amanat_result_of(AMANAT_STATUS_IO);
}

int main(void)
{
    const struct amanat_source sources[] = {{"vocabulary.yaml", amanat_text_of(vocabulary)},
                                            {"services/cameras.yaml", amanat_text_of(service)}};
    const char *const read[] = {"city"};
    struct amanat_catalogue *catalogue = NULL;
    struct amanat_redactor *redactor = NULL;
    bool nothing = true;
    if (!amanat_is_ok(amanat_catalogue_compile(sources, 2, NULL, &catalogue))) {
        return 1;
    }
    struct amanat_plan *plan = amanat_plan_new(catalogue);
    const struct amanat_redactor_options options = {plan,  "find", 200, "application/json",
                                                    print, stdout};
    const bool done =
        amanat_is_ok(amanat_plan_allow(plan, "Sighting", "vehicle", AMANAT_MODE_REVEAL)) &&
        amanat_is_ok(amanat_plan_allow(plan, "Sighting", "person", AMANAT_MODE_MASK)) &&
        amanat_is_ok(amanat_plan_ask(plan, "Sighting", read, 1, only_lahore, NULL)) &&
        amanat_is_ok(amanat_redactor_new(&options, &redactor)) &&
        amanat_is_ok(amanat_redactor_feed(redactor, amanat_text_of(answer))) &&
        amanat_is_ok(amanat_redactor_finish(redactor, &nothing));
    amanat_redactor_free(redactor);
    amanat_plan_free(plan);
    amanat_catalogue_free(catalogue);
    return done ? 0 : 1;
}
