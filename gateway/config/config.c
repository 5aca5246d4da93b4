/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration's life: loaded, asked, freed. Reading is config_read.c, rules between keys
 * config_rules.c. */
#include "gateway/config/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/config/config_read.h"
#include "policy/base/document.h"
#include "policy/base/guard.h"
#include "policy/base/wipe.h"

/* A thousand services with long paths take one MiB. */
#define CONFIG_ARENA_LIMIT ((size_t)64 << 20)
#define CONFIG_FILE_LIMIT  ((size_t)4 << 20)

static amanat_result new_config(const char *path, struct config **out)
{
    struct config *config = calloc(1, sizeof(*config));
    TRY_MEMORY(config);
    config->arena = arena_new(CONFIG_ARENA_LIMIT);
    if (config->arena != NULL) {
        config->source = arena_format(config->arena, "%s", path);
    }
    if (config->source == NULL) {
        config_free(config);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    *out = config;
    return AMANAT_OK;
}

void config_free(struct config *config)
{
    if (config != NULL) {
        arena_free(config->arena);
        wipe(config, sizeof(*config));
        free(config);
    }
}

static amanat_result fill_config(struct config *config, struct bytes text, enum config_use use,
                                 struct amanat_diagnostics *diagnostics)
{
    struct config_reader reader = {.config = config, .use = use, .diagnostics = diagnostics};
    const char *slash = strrchr(config->source, '/');
    const int folder_length = slash == NULL ? 0 : (int)(slash - config->source) + 1;
    reader.folder = arena_format(config->arena, "%.*s", folder_length, config->source);
    TRY_MEMORY(reader.folder);
    TRY(document_from_yaml(config->arena, config->source, text, diagnostics, &reader.root));
    TRY(config_read(&reader));
    if (!reader.faulty) {
        TRY(config_apply_rules(&reader));
    }
    return reader.faulty ? amanat_result_of(AMANAT_STATUS_CONFIG_FAULT) : AMANAT_OK;
}

amanat_result config_parse(const char *path, struct bytes text, enum config_use use,
                           struct amanat_diagnostics *diagnostics, struct config **out)
{
    struct config *config = NULL;
    TRY(new_config(path, &config));
    const amanat_result result = fill_config(config, text, use, diagnostics);
    amanat_diagnostics_quote(diagnostics, path, text.at, text.length);
    if (!amanat_is_ok(result)) {
        config_free(config);
        return result;
    }
    *out = config;
    return AMANAT_OK;
}

amanat_result config_load(const char *path, enum config_use use,
                          struct amanat_diagnostics *diagnostics, struct config **out)
{
    struct arena *arena = arena_new(CONFIG_FILE_LIMIT + 4096);
    struct bytes text = {0};
    TRY_MEMORY(arena);
    amanat_result result = config_read_file(path, CONFIG_FILE_LIMIT, arena, diagnostics, &text);
    if (amanat_is_ok(result)) {
        result = config_parse(path, text, use, diagnostics, out);
    }
    arena_free(arena);
    return result;
}

amanat_result config_locate(const char *path, struct amanat_diagnostics *diagnostics,
                            struct config **out_config, const char **out_policies)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        *out_config = NULL;
        *out_policies = path;
        return AMANAT_OK;
    }
    const struct bytes name = bytes_of_string(path);
    if (bytes_end_with(name, BYTES(".cedar")) || bytes_end_with(name, BYTES(".cedarschema"))) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "file", path, 0, 0,
                               "expected the policy folder that it is in, or amanat.yaml");
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    TRY(config_load(path, CONFIG_TO_CHECK, diagnostics, out_config));
    *out_policies = (*out_config)->policies;
    return AMANAT_OK;
}

static bool refuse_open_listener(const struct config *config, const struct config_address *address,
                                 struct amanat_diagnostics *diagnostics)
{
    if (address->text == NULL || address->is_loopback) {
        return false;
    }
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "demo-keys", config->source,
                           address->place.line, address->place.column,
                           "a key is marked as a demo key, which everybody knows: with it the "
                           "gateway listens only on loopback, not on %s",
                           address->text);
    return true;
}

amanat_result config_check_listeners(const struct config *config,
                                     struct amanat_diagnostics *diagnostics)
{
    bool refused = false;
    for (size_t i = 0; config->demo_keys && i < config->listen.count; i++) {
        refused |= refuse_open_listener(config, &config->listen.items[i], diagnostics);
    }
    if (config->demo_keys) {
        refused |= refuse_open_listener(config, &config->metrics, diagnostics);
    }
    return refused ? amanat_result_of(AMANAT_STATUS_CONFIG_FAULT) : AMANAT_OK;
}

const struct config_service *config_find_service(const struct config *config, struct bytes name)
{
    for (size_t i = 0; i < config->services.count; i++) {
        if (bytes_equal_string(name, config->services.items[i].name)) {
            return &config->services.items[i];
        }
    }
    return NULL;
}
