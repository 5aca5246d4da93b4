/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: merkle_vectors FOLDER
 *
 * Holds our verification of inclusion and consistency proofs against the vectors of
 * transparency-dev/merkle (folders `inclusion` and `consistency`, one JSON file per case with
 * `wantErr`; its subtree proofs are of another protocol).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail.h"
#include "policy/base/base.h"

#define PROOF_LIMIT 128u

struct run {
    unsigned cases;
    unsigned wrong;
};

static bool read_digest(const struct document *vector, const char *key, struct trail_digest *out)
{
    const struct document *value = document_get(vector, key);
    return value != NULL && value->kind == DOCUMENT_STRING &&
           amanat_is_ok(note_parse_digest(value->text, out));
}

/*
 * A few consistency vectors hold roots of other lengths ("don't care"): their hash stands for them.
 */
static bool read_root(const struct document *vector, const char *key, struct trail_digest *out)
{
    const struct document *value = document_get(vector, key);
    if (value == NULL || value->kind != DOCUMENT_STRING) {
        return false;
    }
    if (!read_digest(vector, key, out)) {
        tree_hash_bytes(value->text, out);
    }
    return true;
}

/* The vectors hold sizes up to 2^64 - 1; ours end at 2^62, beyond which nothing is valid. */
static bool read_number(const struct document *vector, const char *key, uint64_t *out)
{
    const struct document *value = document_get(vector, key);
    return value != NULL && value->kind == DOCUMENT_NUMBER &&
           amanat_is_ok(note_parse_size(value->text, out));
}

static bool read_proof(const struct document *vector, struct trail_digest *out, size_t *out_count)
{
    const struct document *value = document_get(vector, "proof");

    *out_count = 0;
    if (value == NULL || value->kind == DOCUMENT_NULL) {
        return true;
    }
    if (value->kind != DOCUMENT_ARRAY || value->count > PROOF_LIMIT) {
        return false;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i].kind != DOCUMENT_STRING ||
            !amanat_is_ok(note_parse_digest(value->items[i].text, &out[i]))) {
            return false;
        }
    }
    *out_count = value->count;
    return true;
}

static bool inclusion_is_valid(const struct document *vector)
{
    struct trail_digest proof[PROOF_LIMIT];
    struct trail_digest leaf;
    struct trail_digest root;
    uint64_t index = 0;
    uint64_t size = 0;
    size_t count = 0;

    return read_digest(vector, "leafHash", &leaf) && read_digest(vector, "root", &root) &&
           read_number(vector, "leafIdx", &index) && read_number(vector, "treeSize", &size) &&
           read_proof(vector, proof, &count) &&
           tree_inclusion_is_valid(&leaf, index, size, proof, count, &root);
}

static bool consistency_is_valid(const struct document *vector)
{
    struct trail_digest proof[PROOF_LIMIT];
    struct trail_digest first;
    struct trail_digest second;
    uint64_t from = 0;
    uint64_t to = 0;
    size_t count = 0;

    return read_root(vector, "root1", &first) && read_root(vector, "root2", &second) &&
           read_number(vector, "size1", &from) && read_number(vector, "size2", &to) &&
           read_proof(vector, proof, &count) &&
           tree_consistency_is_valid(from, to, &first, &second, proof, count);
}

static void check_file(const char *path, bool inclusion, struct run *run)
{
    struct arena *arena = arena_new(1u << 20);
    struct buffer text;
    const struct document *vector = NULL;

    buffer_init(&text, 1u << 20);
    if (arena == NULL || !amanat_is_ok(files_read_whole(files_system(), path, &text, NULL)) ||
        !amanat_is_ok(document_from_json(arena, path, buffer_bytes(&text), NULL, &vector))) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        run->wrong += 1;
    } else {
        const struct document *wanted = document_get(vector, "wantErr");
        const bool valid = inclusion ? inclusion_is_valid(vector) : consistency_is_valid(vector);
        run->cases += 1;
        if (wanted == NULL || wanted->kind != DOCUMENT_BOOL || valid == wanted->boolean) {
            (void)fprintf(stderr, "%s: found %s\n", path, valid ? "valid" : "not valid");
            run->wrong += 1;
        }
    }
    buffer_clear(&text);
    arena_free(arena);
}

static void check_folder(const char *path, bool inclusion, struct run *run)
{
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char child[4096];
        struct stat status;
        (void)snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || stat(child, &status) != 0) {
            continue;
        }
        if (S_ISDIR(status.st_mode)) {
            check_folder(child, inclusion, run);
        } else if (strstr(entry->d_name, ".json") != NULL) {
            check_file(child, inclusion, run);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

int main(int argc, char **argv)
{
    struct run run = {0};
    char path[4096];

    if (argc != 2) {
        (void)fputs("usage: merkle_vectors FOLDER\n", stderr);
        return 2;
    }
    (void)snprintf(path, sizeof(path), "%s/inclusion", argv[1]);
    check_folder(path, true, &run);
    (void)snprintf(path, sizeof(path), "%s/consistency", argv[1]);
    check_folder(path, false, &run);
    (void)printf("%u vectors, %u wrong\n", run.cases, run.wrong);
    return run.cases >= 190 && run.wrong == 0 ? 0 : 1;
}
