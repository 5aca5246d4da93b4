/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONTestSuite (https://github.com/nst/JSONTestSuite) through the strict reader: `json_test_suite
 * FOLDER`. Files that begin with y_ must be accepted, n_ refused, i_ are the reader's choice. One
 * deliberate difference: RFC 8259 §4 only says that names SHOULD be unique; we refuse duplicates
 * (document.h), so y_object_duplicated_key*.json are expected to be refused.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/document.h"

#define LARGEST_FILE ((size_t)4 << 20)

static bool read_file(const char *path, char *content, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    *length = fread(content, 1, LARGEST_FILE, file);
    const bool whole = feof(file) != 0;
    (void)fclose(file);
    return whole;
}

static bool accepts(struct bytes text)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    const struct document *document = NULL;
    const amanat_result result = document_from_json(arena, "file", text, NULL, &document);
    if (!amanat_is_ok(result) && result.status != AMANAT_STATUS_CONFIG_FAULT) {
        fprintf(stderr, "unexpected status %s\n", amanat_status_name(result.status));
        exit(1);
    }
    arena_free(arena);
    return amanat_is_ok(result);
}

/* 1 = as expected, 0 = not. */
static int check_file(const char *folder, const char *name, char *content)
{
    char path[4096];
    size_t length = 0;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!read_file(path, content, &length)) {
        return 0;
    }
    const bool accepted = accepts(bytes_of(content, length));
    const bool duplicates = strncmp(name, "y_object_duplicated_key", 23) == 0;
    if (name[0] == 'i') {
        printf("%s: %s (either is right)\n", name, accepted ? "accepted" : "refused");
        return 1;
    }
    if (accepted == (name[0] == 'y' && !duplicates)) {
        return 1;
    }
    fprintf(stderr, "%s: wrongly %s\n", name, accepted ? "accepted" : "refused");
    return 0;
}

int main(int count, char **arguments)
{
    DIR *folder = count == 2 ? opendir(arguments[1]) : NULL;
    char *content = malloc(LARGEST_FILE);
    unsigned files = 0;
    unsigned right = 0;
    if (folder == NULL || content == NULL) {
        fprintf(stderr, "usage: json_test_suite FOLDER\n");
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strstr(entry->d_name, ".json") != NULL && strchr("yni", entry->d_name[0]) != NULL) {
            files++;
            right += (unsigned)check_file(arguments[1], entry->d_name, content);
        }
    }
    (void)closedir(folder);
    free(content);
    printf("%u files, %u as expected\n", files, right);
    return files > 300 && right == files ? 0 : 1;
}
