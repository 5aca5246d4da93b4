/* SPDX-License-Identifier: Apache-2.0 */
/* Plain reading; the programs that use it are not exposed to anybody. */
#include "tests/conformance/conformance_file.h"

#include <stdio.h>

bool conformance_read_file(struct arena *arena, const char *path, struct bytes *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    bool fine = fseek(file, 0, SEEK_END) == 0;
    const long length = fine ? ftell(file) : -1;
    char *text = length < 0 ? NULL : arena_allocate(arena, (size_t)length);
    rewind(file);
    fine = text != NULL && fread(text, 1, (size_t)length, file) == (size_t)length;
    (void)fclose(file);
    if (fine) {
        *out = bytes_of(text, (size_t)length);
    }
    return fine;
}
