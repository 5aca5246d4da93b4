/* SPDX-License-Identifier: Apache-2.0 */
/* From files on disk to the sources that policy/disclosure compiles. */
#include "gateway/command/policy_files.h"

#include "gateway/config/config.h"
#include "policy/base/base.h"

#define DEFAULT_LIMIT ((size_t)256 << 20)

static amanat_result read_folder(const char *folder, size_t limit, struct arena *arena,
                                 struct amanat_diagnostics *diagnostics,
                                 struct ruleset_sources *out)
{
    struct config_policy_files files;
    TRY(config_read_policy_folder(folder, limit, arena, diagnostics, &files));
    struct catalogue_source *sources = arena_allocate_array(arena, files.count, sizeof(*sources));
    TRY_MEMORY(sources);
    for (size_t i = 0; i < files.count; i++) {
        sources[i] = (struct catalogue_source){files.items[i].path, files.items[i].bytes};
    }
    out->folder = sources;
    out->folder_count = files.count;
    return AMANAT_OK;
}

static amanat_result read_facts(const char *const *facts, size_t count, size_t limit,
                                struct arena *arena, struct amanat_diagnostics *diagnostics,
                                struct ruleset_sources *out)
{
    struct catalogue_source *sources = arena_allocate_array(arena, count, sizeof(*sources));
    TRY_MEMORY(sources);
    for (size_t i = 0; i < count; i++) {
        sources[i].path = bytes_of_string(facts[i]);
        TRY(config_read_file(facts[i], limit, arena, diagnostics, &sources[i].text));
    }
    out->facts = sources;
    out->facts_count = count;
    return AMANAT_OK;
}

amanat_result policy_files_read(const char *folder, const char *const *facts, size_t facts_count,
                                const struct policy_files_limits *limits, struct arena *arena,
                                struct amanat_diagnostics *diagnostics, struct ruleset_sources *out)
{
    struct ruleset_sources sources = {0};
    TRY(read_folder(folder, limits->folder == 0 ? DEFAULT_LIMIT : limits->folder, arena,
                    diagnostics, &sources));
    TRY(read_facts(facts, facts_count, limits->fact == 0 ? DEFAULT_LIMIT : limits->fact, arena,
                   diagnostics, &sources));
    *out = sources;
    return AMANAT_OK;
}

const struct catalogue_source *policy_files_find(const struct ruleset_sources *sources,
                                                 const char *path)
{
    for (size_t i = 0; i < sources->folder_count; i++) {
        if (bytes_equal_string(sources->folder[i].path, path)) {
            return &sources->folder[i];
        }
    }
    return NULL;
}
