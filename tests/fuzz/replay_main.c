/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without libFuzzer: every file of the folders (or every file) named on the
 * command line goes through LLVMFuzzerTestOneInput once, in the order of their names. So the
 * corpora are regression tests in the ordinary run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replayed;

static void fail(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    exit(1);
}

static void replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size == 0 ? 1 : size); /* exact, so that sanitizers see an overrun */
    if (file == NULL || data == NULL || fread(data, 1, size, file) != size) {
        fail(path);
    }
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
}

static void replay_folder(const char *folder);

static void replay(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        fail(path);
    }
    if (S_ISDIR(status.st_mode)) {
        replay_folder(path);
    } else {
        replay_file(path, (size_t)status.st_size);
    }
}

static void replay_folder(const char *folder)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) {
        fail(folder);
    }
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            const size_t size = strlen(folder) + strlen(entries[i]->d_name) + 2;
            char *path = malloc(size);
            if (path == NULL) {
                fail(folder);
            }
            (void)snprintf(path, size, "%s/%s", folder, entries[i]->d_name);
            replay(path);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        replay(arguments[i]);
    }
    printf("%zu inputs replayed\n", replayed);
    if (replayed == 0) {
        fprintf(stderr, "a corpus without a file proves nothing\n");
        return 1;
    }
    return 0;
}
