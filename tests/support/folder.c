/* SPDX-License-Identifier: Apache-2.0 */
/* See folder.h. */
#include "tests/support/folder.h"

#include <string.h>

static const struct folder_file small_folder[] = {
    {"vocabulary.yaml", "labels:\n"
                        "  vehicle.plate: {mask: {keep_last: 2}}\n"
                        "  person.cnic: {mask: {text: \"[CNIC]\"}, tokenize: {length: 16}}\n"
                        "  place.city: {}\n"
                        "  count: {}\n"
                        "purposes:\n"
                        "  investigation: {}\n"
                        "  vehicle-crime: {in: [investigation], basis: [crpc-94]}\n"
                        "subjects:\n"
                        "  cnic: {normalise: digits}\n"
                        "  plate: {normalise: upper-alnum}\n"},
    {"model/model.cedarschema", "entity Partner = { city: String };\n"
                                "entity Agent in [Partner] = { partner: Partner, role?: String };\n"
                                "entity Purpose in [Purpose];\n"
                                "entity Case = { open: Bool, partners: Set<Partner> };\n"},
    {"partners.cedarentities.json", "[{\"uid\":{\"type\":\"Partner\",\"id\":\"acme\"},\"attrs\":{"
                                    "\"city\":\"Lahore\"},\"parents\":[]},"
                                    "{\"uid\":{\"type\":\"Partner\",\"id\":\"other\"},\"attrs\":{"
                                    "\"city\":\"Karachi\"},\"parents\":[]}]"},
    {"access.cedar", "@id(\"call\") @advice(\"name an open case of yours\")\n"
                     "permit (principal in Partner::\"acme\", action == Action::\"findSightings\", "
                     "resource == Service::\"anpr\")\n"
                     "when { context.need.purpose in Purpose::\"investigation\" && context.need "
                     "has case && context.need.case.open\n"
                     "       && context.need.case.partners.contains(principal.partner) };\n"
                     "@id(\"query\")\n"
                     "permit (principal in Partner::\"acme\", action == "
                     "Action::\"query:vehicle.plate\", resource == Service::\"anpr\");\n"
                     "@id(\"fields\")\n"
                     "permit (principal in Partner::\"acme\", action in "
                     "[Action::\"reveal:vehicle\", Action::\"mask:person.cnic\"],\n"
                     "        resource is Sighting in Service::\"anpr\")\n"
                     "when { resource.city == principal.partner.city };\n"
                     "@id(\"city\")\n"
                     "permit (principal in Partner::\"acme\", action == "
                     "Action::\"reveal:place.city\", resource is Sighting);\n"
                     "@id(\"total\")\n"
                     "permit (principal in Partner::\"acme\", action == Action::\"reveal:count\", "
                     "resource is Service);\n"},
    {"services/anpr.yaml",
     "openapi: 3.1.0\n"
     "info: {title: anpr, version: '1'}\n"
     "x-amanat-service: anpr\n"
     "paths:\n"
     "  /sightings:\n"
     "    get:\n"
     "      operationId: findSightings\n"
     "      parameters:\n"
     "        - {name: plate, in: query, schema: {type: string}, x-amanat-label: vehicle.plate, "
     "x-amanat-subject: plate}\n"
     "        - {name: cnic, in: query, schema: {type: string}, x-amanat-label: person.cnic}\n"
     "      responses:\n"
     "        '200':\n"
     "          description: found\n"
     "          content:\n"
     "            application/json:\n"
     "              schema:\n"
     "                type: object\n"
     "                properties:\n"
     "                  total: {type: integer, x-amanat-label: count}\n"
     "                  sightings:\n"
     "                    type: array\n"
     "                    items:\n"
     "                      type: object\n"
     "                      x-amanat-record: Sighting\n"
     "                      required: [city]\n"
     "                      properties:\n"
     "                        city: {type: string, x-amanat-label: place.city}\n"
     "                        plate: {type: string, x-amanat-label: vehicle.plate}\n"
     "                        cnic: {type: string, x-amanat-label: person.cnic, x-amanat-subject: "
     "cnic}\n"},
};

static const struct folder_file facts[] = {
    {"facts.cedarentities.json",
     "[{\"uid\":{\"type\":\"Case\",\"id\":\"FIR-1\"},\"attrs\":{\"open\":true,\"partners\":"
     "[{\"type\":\"Partner\",\"id\":\"acme\"}]},\"parents\":[]},"
     "{\"uid\":{\"type\":\"Case\",\"id\":\"FIR-2\"},\"attrs\":{\"open\":false,\"partners\":"
     "[{\"type\":\"Partner\",\"id\":\"acme\"}]},\"parents\":[]}]"},
};

static struct catalogue_source source_of(const struct folder_file *file)
{
    return (struct catalogue_source){bytes_of_string(file->path), bytes_of_string(file->text)};
}

struct ruleset *folder_compile(const struct folder_file *changes,
                               struct amanat_diagnostics *diagnostics)
{
    struct catalogue_source folder[32];
    size_t count = 0;
    const struct catalogue_source fact = source_of(&facts[0]);
    for (size_t i = 0; i < sizeof(small_folder) / sizeof(small_folder[0]); i++) {
        folder[count++] = source_of(&small_folder[i]);
    }
    for (; changes != NULL && changes->path != NULL; changes++) {
        size_t at = 0;
        while (at < count && !bytes_equal_string(folder[at].path, changes->path)) {
            at++;
        }
        folder[at] = source_of(changes);
        count += at == count ? 1 : 0;
    }
    struct ruleset *ruleset = NULL;
    const amanat_result result =
        ruleset_compile(&(struct ruleset_sources){folder, count, &fact, 1}, diagnostics, &ruleset);
    return amanat_is_ok(result) ? ruleset : NULL;
}

void folder_faults(const struct folder_file *changes, struct buffer *out)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct ruleset *ruleset = folder_compile(changes, diagnostics);
    if (ruleset != NULL && !amanat_is_ok(ruleset_lint(ruleset, diagnostics))) {
        buffer_append_string(out, "lint failed\n");
    }
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(diagnostics, i);
        if (message->severity != AMANAT_SEVERITY_NOTE) {
            buffer_append_format(out, "%s%u:%u %s: %s", out->length > 0 ? "\n" : "", message->line,
                                 message->column, message->code, message->text);
        }
    }
    buffer_append_byte(out, '\0');
    ruleset_unref(ruleset);
    amanat_diagnostics_free(diagnostics);
}
