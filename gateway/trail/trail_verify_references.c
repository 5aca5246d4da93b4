/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verification: what entries name outside the segments must be there, byte for byte: rulesets, torn
 * tails in quarantine, answers of anchors.
 */
#include "gateway/trail/trail_verify_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/base64.h"
#include "policy/base/guard.h"

#define ANSWER_LIMIT   (1u << 20)
#define MANIFEST_LIMIT (4u << 20)
#define FOLDERS_LIMIT  256u /* of folders in folders: a path of a ruleset has 512 bytes */

int64_t verify_number_of(const struct document *entry, const char *key)
{
    const struct document *value = document_get(entry, key);
    int64_t number = -1;

    return value != NULL && document_integer(value, &number) ? number : -1;
}

static bool digest_of(const struct document *entry, const char *key, struct trail_digest *out)
{
    return hex_read(document_get_string(entry, key), out->at, sizeof(out->at));
}

/* A name from an entry that is to be opened: inside the folder, nothing else. */
static bool name_is_inside(struct bytes name, const char *parent)
{
    if (!bytes_start_with(name, bytes_of_string(parent)) || name.length > 400) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        if ((unsigned char)name.at[i] < 0x20 ||
            (name.at[i] == '.' && i + 1 < name.length && name.at[i + 1] == '.')) {
            return false;
        }
    }
    return true;
}

/* Hashes a file of any size; `limit` is what it may have. */
static amanat_result hash_file(struct verify *verify, const char *name, uint64_t limit,
                               struct trail_digest *out, bool *out_there)
{
    const struct files *files = verify->files;
    char path[LAYOUT_PATH_SIZE];
    char piece[32768];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    uint64_t done = 0;
    int64_t taken = 0;

    layout_path(verify->options->folder, name, path);
    const int file = files->open(files->context, path, FILES_READ);
    *out_there = file >= 0;
    bool ok = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;
    while (ok && file >= 0 && done <= limit &&
           (taken = files->read_at(files->context, file, piece, sizeof(piece), done)) > 0) {
        ok = EVP_DigestUpdate(hash, piece, (size_t)taken) == 1;
        done += (uint64_t)taken;
    }
    ok = ok && EVP_DigestFinal_ex(hash, out->at, NULL) == 1;
    EVP_MD_CTX_free(hash);
    if (file >= 0) {
        (void)files->close(files->context, file);
    }
    if (!ok) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    if (taken < 0 || (file < 0 && file != -ENOENT && file != -ENOTDIR)) {
        return verify_unreadable(verify, name);
    }
    return done > limit ? verify_fault(verify, name, VERIFY_NO_ENTRY, "is longer than it was")
                        : AMANAT_OK;
}

/* One line of a manifest: digest, length and path. */
struct manifest_line {
    struct trail_digest digest;
    uint64_t length;
    struct bytes path;
};

static bool parse_manifest_line(struct bytes line, struct manifest_line *out)
{
    const size_t hex = 2 * sizeof(out->digest.at);

    if (line.length < hex + 4 ||
        !hex_read(bytes_first(line, hex), out->digest.at, sizeof(out->digest.at)) ||
        line.at[hex] != ' ') {
        return false;
    }
    line = bytes_from(line, hex + 1);
    const size_t space = bytes_find(line, ' ');
    if (space >= line.length ||
        !amanat_is_ok(note_parse_size(bytes_first(line, space), &out->length))) {
        return false;
    }
    out->path = bytes_from(line, space + 1);
    return name_is_inside(out->path, "");
}

static amanat_result check_ruleset_file(struct verify *verify, const char *folder,
                                        struct bytes text, uint64_t entry)
{
    char name[LAYOUT_PATH_SIZE];
    struct manifest_line line;
    struct trail_digest found;
    bool there = false;

    if (!parse_manifest_line(text, &line) ||
        snprintf(name, sizeof(name), "%s/files/%.*s", folder, BYTES_PRINTF(line.path)) >=
            (int)sizeof(name)) {
        return verify_fault(verify, folder, entry, "the manifest of its ruleset is malformed");
    }
    TRY(hash_file(verify, name, line.length, &found, &there));
    return there && tree_digest_equal(&line.digest, &found)
               ? AMANAT_OK
               : verify_fault(verify, name, entry,
                              there ? "is not what the ruleset had" : "is missing in the ruleset");
}

/* What lies in a folder of a ruleset, with all folders in it. */
struct ruleset_count {
    struct verify *verify;
    const char *folder;
    unsigned depth;
    uint64_t files;
    bool broken;
};

static void count_file(void *context, const char *name);

static void count_files(struct ruleset_count *count)
{
    char path[LAYOUT_PATH_SIZE];
    const struct files *files = count->verify->files;

    layout_path(count->verify->options->folder, count->folder, path);
    if (files->list(files->context, path, count_file, count) < 0) {
        count->broken = true;
    }
}

static void count_file(void *context, const char *name)
{
    struct ruleset_count *count = context;
    const struct files *files = count->verify->files;
    char inner[LAYOUT_PATH_SIZE - 1024];
    char path[LAYOUT_PATH_SIZE];
    struct files_status status = {0};

    if (count->broken || count->depth == 0 ||
        snprintf(inner, sizeof(inner), "%s/%s", count->folder, name) >= (int)sizeof(inner) ||
        strlen(inner) + strlen(count->verify->options->folder) + 2 > sizeof(path)) {
        count->broken = true;
        return;
    }
    layout_path(count->verify->options->folder, inner, path);
    if (files->status(files->context, path, &status) < 0 || !status.is_folder) {
        count->files += 1;
        return;
    }
    struct ruleset_count below = {count->verify, inner, count->depth - 1, 0, false};
    count_files(&below);
    count->files += below.files;
    count->broken = below.broken;
}

/* A file that the manifest does not name never took effect, and would mislead whoever reads the
 * folder. */
static amanat_result check_nothing_more(struct verify *verify, const char *folder, uint64_t named,
                                        uint64_t entry)
{
    char inner[160];
    struct ruleset_count count = {verify, inner, FOLDERS_LIMIT, 0, false};

    (void)snprintf(inner, sizeof(inner), "%s/files", folder);
    if (named > 0) {
        count_files(&count);
    }
    return !count.broken && count.files == named
               ? AMANAT_OK
               : verify_fault(verify, inner, entry,
                              "holds something that its ruleset did not have");
}

static amanat_result check_manifest(struct verify *verify, const char *folder, struct bytes text,
                                    uint64_t entry)
{
    size_t end = bytes_find(text, '\n');
    uint64_t named = 0;

    if (!bytes_equal_string(bytes_first(text, end), "amanat-ruleset v1")) {
        return verify_fault(verify, folder, entry, "the manifest of its ruleset is malformed");
    }
    while (end < text.length) {
        text = bytes_from(text, end + 1);
        if (text.length == 0) {
            return check_nothing_more(verify, folder, named, entry);
        }
        end = bytes_find(text, '\n');
        TRY(check_ruleset_file(verify, folder, bytes_first(text, end), entry));
        named += 1;
    }
    return verify_fault(verify, folder, entry, "the manifest of its ruleset is malformed");
}

amanat_result verify_policy(struct verify *verify, const struct document *document, uint64_t entry)
{
    char folder[128];
    char name[160];
    struct trail_digest digest;
    struct trail_digest found;
    struct buffer held;
    bool there = false;

    if (!digest_of(document, "ruleset", &digest)) {
        return verify_fault(verify, verify->segment, entry, "names no ruleset");
    }
    for (size_t i = 0; i < verify->ruleset_count; i++) {
        if (tree_digest_equal(&verify->rulesets[i], &digest)) {
            return AMANAT_OK;
        }
    }
    (void)snprintf(folder, sizeof(folder), "rulesets/%.*s",
                   BYTES_PRINTF(document_get_string(document, "ruleset")));
    (void)snprintf(name, sizeof(name), "%s/MANIFEST", folder);
    TRY(verify_read_file(verify, name, MANIFEST_LIMIT, &held, &there));
    tree_hash_bytes(buffer_bytes(&held), &found);
    amanat_result result = AMANAT_OK;
    if (!there || !tree_digest_equal(&found, &digest)) {
        result = verify_fault(verify, name, entry,
                              there ? "is not the ruleset that took effect"
                                    : "the ruleset that took effect is missing");
    } else {
        result = check_manifest(verify, folder, buffer_bytes(&held), entry);
    }
    buffer_clear(&held);
    TRY(result);
    verify->report->rulesets += 1;
    if (verify->ruleset_count < VERIFY_RULESET_LIMIT) {
        verify->rulesets[verify->ruleset_count] = digest;
        verify->ruleset_count += 1;
    }
    return AMANAT_OK;
}

amanat_result verify_recover(struct verify *verify, const struct document *document, uint64_t entry)
{
    char name[512];
    struct trail_digest digest;
    struct trail_digest found;
    bool there = false;
    const struct bytes quarantine = document_get_string(document, "quarantine");
    const struct bytes cause = document_get_string(document, "cause");

    verify_find(verify, "recover", entry,
                "%.*s in %.*s: %" PRId64 " bytes were cut off at %" PRId64,
                BYTES_PRINTF(bytes_first(cause, cause.length > 40 ? 40 : cause.length)),
                BYTES_PRINTF(document_get_string(document, "file")),
                verify_number_of(document, "bytes"), verify_number_of(document, "offset"));
    if (quarantine.length == 0) {
        return AMANAT_OK;
    }
    if (!name_is_inside(quarantine, "quarantine/") || !digest_of(document, "digest", &digest)) {
        return verify_fault(verify, verify->segment, entry, "names no quarantined bytes");
    }
    const int64_t bytes = verify_number_of(document, "bytes");
    const uint64_t limit = bytes < 0 ? 0 : (uint64_t)bytes;
    (void)snprintf(name, sizeof(name), "%.*s", BYTES_PRINTF(quarantine));
    TRY(hash_file(verify, name, limit, &found, &there));
    if (!there) {
        (void)snprintf(name, sizeof(name), "%.*s.unreported", BYTES_PRINTF(quarantine));
        TRY(hash_file(verify, name, limit, &found, &there));
    }
    return there && tree_digest_equal(&found, &digest)
               ? AMANAT_OK
               : verify_fault(verify, name, entry,
                              there ? "is not what was cut off" : "is missing");
}

amanat_result verify_anchor(struct verify *verify, const struct document *document, uint64_t entry)
{
    char name[512];
    char path[LAYOUT_PATH_SIZE];
    struct trail_digest digest;
    struct trail_digest found;
    const struct bytes file_name = document_get_string(document, "file");
    const int64_t offset = verify_number_of(document, "offset");
    const int64_t length = verify_number_of(document, "bytes");

    if (!name_is_inside(file_name, "anchors/done/") || offset < 0 || length <= 0 ||
        length > (int64_t)ANSWER_LIMIT || !digest_of(document, "digest", &digest)) {
        return verify_fault(verify, verify->segment, entry, "names no answer of an anchor");
    }
    (void)snprintf(name, sizeof(name), "%.*s", BYTES_PRINTF(file_name));
    layout_path(verify->options->folder, name, path);
    char *held = malloc((size_t)length);
    TRY_MEMORY(held);
    const int file = verify->files->open(verify->files->context, path, FILES_READ);
    int64_t taken = -1;
    if (file >= 0) {
        taken = verify->files->read_at(verify->files->context, file, held, (size_t)length,
                                       (uint64_t)offset);
        (void)verify->files->close(verify->files->context, file);
    }
    if (taken == length) {
        tree_hash_bytes(bytes_of(held, (size_t)length), &found);
    }
    free(held);
    if (taken != length || !tree_digest_equal(&found, &digest)) {
        return verify_fault(verify, name, entry,
                            "the answer that this entry tells of is not there");
    }
    for (size_t i = 0; i < verify->stream_count; i++) {
        struct stream *stream = &verify->streams[i];
        if (strcmp(stream->name, name) == 0 && (uint64_t)(offset + length) > stream->told) {
            stream->told = (uint64_t)(offset + length);
        }
    }
    return AMANAT_OK;
}
