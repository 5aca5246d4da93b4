/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `noninterference_pairs FOLDER SERVICES PAIRS SEED RECORD_LIMIT`: the pairs of `noninterference`
 * for a whole gateway. Writes a policy folder with so many random services, whose plans are made by
 * random Cedar policies, and then, on standard output, PAIRS pairs of answers for each service:
 *
 *   {"service": "s1", "type": "application/json", "revealed": ["plain"], "lengths": [17, 19]}\n
 *   the 17 bytes of one document and the 19 of the other
 *
 * `revealed`: the labels that headers of this service show. Whoever asks is
 * Agent::"acme/agent-1" for the purpose `test`. noninterference_live starts gateway and service.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "interference_case.h"
#include "interference_folder.h"
#include "interference_pair.h"
#include "interference_policy.h"
#include "policy/base/guard.h"
#include "policy/disclosure/disclosure.h"

#define SERVICES_LIMIT 100
#define LISTINGS       20 /* of 100 services: they give answers of several windows */
#define LONG_PAIRS     20 /* of 300 pairs of a list */
#define LONG_BYTES     ((size_t)1600 << 10) /* most policies show some of it */
#define PATH_SIZE      4096

struct live_service {
    struct interference_case made;
    struct choices of_case;
    struct buffer policies;
    char service_path[64];
    char policies_path[64];
    struct catalogue_call call;
    struct access_decision decision;
};

struct live {
    const char *folder;
    unsigned long services;
    unsigned long pairs;
    uint64_t seed;
    size_t record_limit; /* 0: the usual one */
    struct arena *arena;
    struct live_service all[SERVICES_LIMIT];
    struct ruleset *ruleset;
};

/* ---- the folder ---- */

/* Every generated folder compiles: `amanat check` says why this one does not. */
static struct ruleset *compile(const struct live *live, const struct catalogue_source *sources,
                               size_t count)
{
    struct ruleset *ruleset = NULL;
    const struct ruleset_sources folder = {.folder = sources, .folder_count = count};
    if (!amanat_is_ok(ruleset_compile(&folder, NULL, &ruleset))) {
        fprintf(stderr, "the folder %s does not compile\n", live->folder);
        exit(1);
    }
    return ruleset;
}

static int compare_paths(const void *a, const void *b)
{
    const struct catalogue_source *left = a;
    const struct catalogue_source *right = b;
    return bytes_compare(left->path, right->path);
}

/* Draws until the catalogue takes the service: not every random document is right. */
static void make_service(struct live *live, unsigned number)
{
    struct live_service *service = &live->all[number];
    for (uint64_t attempt = 0; service->made.catalogue == NULL; attempt++) {
        if (service->made.arena != NULL) {
            interference_case_clear(&service->made);
        }
        choices_begin(&service->of_case, mix(mix(live->seed, number), attempt));
        interference_case_make_folder(&service->made, &service->of_case, number, LISTINGS);
        service->made.record_limit = live->record_limit;
        service->made.bulk_share = service->made.is_listing ? LONG_PAIRS : 1;
        service->made.bulk_bytes = LONG_BYTES;
    }
    buffer_init(&service->policies, 1 << 20);
    interference_policy_write(&service->made, &service->of_case, &service->policies);
    (void)snprintf(service->service_path, sizeof(service->service_path), "services/s%u.json",
                   number);
    (void)snprintf(service->policies_path, sizeof(service->policies_path), "s%u.cedar", number);
}

static void make_directory(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        perror(path);
        exit(1);
    }
}

static void write_source(const char *folder, const struct catalogue_source *source)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%.*s", folder, BYTES_PRINTF(source->path));
    FILE *file = fopen(path, "wb");
    if (file == NULL ||
        fwrite(source->text.at, 1, source->text.length, file) != source->text.length ||
        fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_folder(const char *folder, const struct catalogue_source *sources, size_t count)
{
    char path[PATH_SIZE];
    make_directory(folder);
    (void)snprintf(path, sizeof(path), "%s/services", folder);
    make_directory(path);
    (void)snprintf(path, sizeof(path), "%s/model", folder);
    make_directory(path);
    for (size_t i = 0; i < count; i++) {
        write_source(folder, &sources[i]);
    }
}

/* All services in one folder, compiled as the gateway will compile it. */
static void make_folder(struct live *live)
{
    struct catalogue_source sources[3 + 2 * SERVICES_LIMIT];
    size_t count = 0;
    sources[count++] = (struct catalogue_source){BYTES("model/model.cedarschema"),
                                                 bytes_of_string(interference_model)};
    sources[count++] = (struct catalogue_source){BYTES("partners.cedarentities.json"),
                                                 bytes_of_string(interference_partners)};
    sources[count++] = (struct catalogue_source){BYTES("vocabulary.yaml"),
                                                 buffer_bytes(&live->all[0].made.vocabulary)};
    for (unsigned long i = 0; i < live->services; i++) {
        const struct live_service *service = &live->all[i];
        sources[count++] = (struct catalogue_source){bytes_of_string(service->service_path),
                                                     buffer_bytes(&service->made.service)};
        sources[count++] = (struct catalogue_source){bytes_of_string(service->policies_path),
                                                     buffer_bytes(&service->policies)};
    }
    write_folder(live->folder, sources, count);
    qsort(sources, count, sizeof(sources[0]), compare_paths);
    live->ruleset = compile(live, sources, count);
}

/* ---- the plans ---- */

/* The plan that the gateway will make, and with it the generator's knowledge of what may show. */
static void decide(struct live *live, struct live_service *service)
{
    const struct catalogue *catalogue = ruleset_catalogue(live->ruleset);
    char operation[32];
    struct problem problem = {0};
    const struct access_request request = {.partner = BYTES(INTERFERENCE_PARTNER),
                                           .agent = BYTES(INTERFERENCE_AGENT),
                                           .need = {.purpose = BYTES(INTERFERENCE_PURPOSE)},
                                           .call = &service->call,
                                           .address = BYTES("127.0.0.1"),
                                           .has_certificate = true,
                                           .has_token = true,
                                           .tokenize_key =
                                               BYTES("0123456789abcdef0123456789abcdef")};
    struct access_request *kept = ARENA_NEW(live->arena, struct access_request);
    ASSERT(kept != NULL);
    *kept = request;
    (void)snprintf(operation, sizeof(operation), "get%u", service->made.number);
    ASSERT(amanat_is_ok(catalogue_call_operation(catalogue, bytes_of_string(operation), NULL, 0,
                                                 live->arena, &service->call, &problem)));
    ASSERT(amanat_is_ok(access_decide(live->ruleset, kept, live->arena, &service->decision)));
    ASSERT(service->decision.verdict == ACCESS_PERMITTED);
    service->made.catalogue = catalogue;
    service->made.root = service->call.operation->responses[0].media_types[0].root;
    service->made.plan = *service->decision.plan;
    memset(service->made.known, 0, INTERFERENCE_KNOWN * sizeof(*service->made.known));
}

/* ---- the pairs ---- */

static void print_revealed(const struct live_service *service)
{
    const struct catalogue_operation *operation = service->call.operation;
    bool any = false;
    for (size_t i = 0; i < operation->outside_label_count; i++) {
        const size_t label = operation->outside_labels[i];
        const struct catalogue_label *named = &service->made.catalogue->vocabulary.labels[label];
        if (service->made.plan.service[label].strongest == DISCLOSURE_REVEAL &&
            named->scrub.count == 0) {
            printf("%s\"%.*s\"", any ? ", " : "", BYTES_PRINTF(named->name));
            any = true;
        }
    }
}

static void print_pair(const struct live_service *service, const struct interference_pair *pair)
{
    printf("{\"service\": \"s%u\", \"type\": \"%s\", \"revealed\": [", service->made.number,
           interference_media_type(&service->made));
    print_revealed(service);
    printf("], \"lengths\": [%zu, %zu]}\n", pair->side[0].length, pair->side[1].length);
    for (int side = 0; side < 2; side++) {
        const struct bytes bytes = buffer_bytes(&pair->side[side]);
        (void)fwrite(bytes.at, 1, bytes.length, stdout);
    }
}

static void print_pairs(struct live *live, struct live_service *service)
{
    struct choices of_pair = {0};
    struct interference_pair pair;
    interference_pair_init(&pair);
    decide(live, service);
    for (unsigned long i = 0; i < live->pairs; i++) {
        choices_begin(&of_pair, mix(mix(live->seed, service->made.number), i + 1));
        interference_pair_make(&pair, &service->made, &of_pair);
        print_pair(service, &pair);
    }
    interference_pair_clear(&pair);
    choices_clear(&of_pair);
}

static void clear(struct live *live)
{
    for (unsigned long i = 0; i < live->services; i++) {
        interference_case_clear(&live->all[i].made);
        choices_clear(&live->all[i].of_case);
        buffer_clear(&live->all[i].policies);
    }
    ruleset_unref(live->ruleset);
    arena_free(live->arena);
}

int main(int count, char **arguments)
{
    static struct live live;
    if (count != 6) {
        fprintf(stderr, "usage: noninterference_pairs FOLDER SERVICES PAIRS SEED RECORD_LIMIT\n");
        return 2;
    }
    live.folder = arguments[1];
    live.services = strtoul(arguments[2], NULL, 10);
    live.pairs = strtoul(arguments[3], NULL, 10);
    live.seed = strtoull(arguments[4], NULL, 10);
    live.record_limit = strtoul(arguments[5], NULL, 10);
    live.arena = arena_new((size_t)8 << 30);
    ASSERT(live.arena != NULL && live.services > 0 && live.services <= SERVICES_LIMIT);
    for (unsigned i = 0; i < live.services; i++) {
        make_service(&live, i);
    }
    make_folder(&live);
    for (unsigned i = 0; i < live.services; i++) {
        print_pairs(&live, &live.all[i]);
    }
    clear(&live);
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
