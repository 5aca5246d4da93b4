/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formatter on every policy text and schema of the official corpus: `cedar_format DIR`, where
 * DIR holds `corpus-tests/`. Each must keep its tokens and comments, and a second run must change
 * nothing. Ends with a line "N passed, M failed"; exit status 3 when one failed, 2 when there was
 * none.
 */
#include <glob.h>
#include <stdio.h>

#include "policy/base/base.h"
#include "tests/conformance/conformance_file.h"
#include "tests/support/cedar_formatted.h"

struct counts {
    size_t passed;
    size_t failed;
};

static void check_file(const char *path, bool is_schema, struct counts *counts)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct bytes text;
    bool parses = false;
    const char *fault = "it cannot be read";
    if (arena != NULL && conformance_read_file(arena, path, &text)) {
        fault = cedar_formatted_fault(text, is_schema, &parses);
        fault = fault == NULL && !parses ? "it does not parse" : fault;
    }
    if (fault != NULL) {
        (void)printf("FAILED %s: %s\n", path, fault);
    }
    counts->failed += fault == NULL ? 0 : 1;
    counts->passed += fault == NULL ? 1 : 0;
    arena_free(arena);
}

static void check_files(const char *root, const char *pattern, bool is_schema,
                        struct counts *counts)
{
    char path[4096];
    glob_t found = {0};
    (void)snprintf(path, sizeof(path), "%s/%s", root, pattern);
    if (glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            check_file(found.gl_pathv[i], is_schema, counts);
        }
    }
    globfree(&found);
}

int main(int argc, char **argv)
{
    struct counts counts = {0};
    if (argc != 2) {
        (void)fprintf(stderr, "usage: cedar_format DIR\n");
        return 1;
    }
    check_files(argv[1], "corpus-tests/*.cedar", false, &counts);
    check_files(argv[1], "corpus-tests/*.cedarschema", true, &counts);
    (void)printf("%zu passed, %zu failed\n", counts.passed, counts.failed);
    return counts.failed > 0 ? 3 : counts.passed == 0 ? 2 : 0;
}
