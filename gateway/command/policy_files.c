/* SPDX-License-Identifier: Apache-2.0 */
/* From files on disk to the sources that policy/disclosure compiles; and back to disk. */
#include "gateway/command/policy_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

const char *policy_files_given(struct arena *arena, const char *path)
{
    const bool is_told_apart =
        path[0] == '/' || strncmp(path, "./", 2) == 0 || strncmp(path, "../", 3) == 0;
    return is_told_apart ? path : arena_format(arena, "./%s", path);
}

amanat_result policy_files_compile(const struct arguments *arguments, const char *folder,
                                   struct arena *arena, struct amanat_diagnostics *diagnostics,
                                   struct ruleset **out)
{
    static const struct policy_files_limits limits = {0};
    const size_t count = arguments_count(arguments, "facts");
    const char **facts = arena_allocate_array(arena, count, sizeof(*facts));
    struct ruleset_sources sources;
    TRY_MEMORY(facts);
    for (size_t i = 0; i < count; i++) {
        facts[i] = policy_files_given(arena, arguments_at(arguments, "facts", i));
        TRY_MEMORY(facts[i]);
    }
    TRY(policy_files_read(folder, facts, count, &limits, arena, diagnostics, &sources));
    return ruleset_compile(&sources, diagnostics, out);
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

/* ---- Replacing ---- */

/* Hidden beside the file, so that nobody takes it for a policy: `a/.b.cedar.new`. */
static bool name_temporary(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const int length = snprintf(out, size, "%.*s.%s.new", (int)(name - path), path, name);
    return length > 0 && (size_t)length < size;
}

static bool write_all(int file, struct bytes bytes)
{
    while (bytes.length > 0) {
        const ssize_t written = write(file, bytes.at, bytes.length);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes = bytes_from(bytes, written < 0 ? 0 : (size_t)written);
    }
    return true;
}

/* The owner first: changing it takes bits of the mode away. */
static bool take_after(int file, const struct stat *old)
{
    return (fchown(file, old->st_uid, old->st_gid) == 0 || errno == EPERM) &&
           fchmod(file, old->st_mode & 07777) == 0;
}

/* What a run that was broken off left there is taken away, never written through: it may be a link
 * to something else. */
static bool write_temporary(const char *path, const struct stat *old, struct bytes text)
{
    (void)unlink(path);
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        return false;
    }
    const bool written =
        write_all(file, text) && (old == NULL || take_after(file, old)) && fsync(file) == 0;
    return close(file) == 0 && written;
}

amanat_result policy_files_replace(const char *path, struct bytes text,
                                   struct amanat_diagnostics *diagnostics)
{
    char target[PATH_MAX];
    char temporary[PATH_MAX];
    struct stat old;
    const bool is_there = realpath(path, target) != NULL && stat(target, &old) == 0;
    const char *to = is_there ? target : path;
    const bool named = name_temporary(to, temporary, sizeof(temporary));
    if (named && write_temporary(temporary, is_there ? &old : NULL, text) &&
        rename(temporary, to) == 0) {
        return AMANAT_OK;
    }
    const int reason = named ? errno : ENAMETOOLONG;
    if (named) {
        (void)unlink(temporary);
    }
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "cannot-write", path, 0, 0,
                           "cannot be written: %s", strerror(reason));
    return amanat_result_of(AMANAT_STATUS_IO);
}
