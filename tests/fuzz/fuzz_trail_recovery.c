/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery of a segment of any bytes, on a disk in memory: it is opened or refused, nothing else;
 * what was opened opens again and has lost nothing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/trail/trail_private.h"
#include "tests/unit/gateway/trail/trail_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool open_once(struct disk *disk, uint64_t *out_size)
{
    struct fixture fixture;
    struct trail *trail = NULL;

    fixture_init(&fixture, disk);
    const amanat_result result = trail_open(&fixture.options, NULL, &trail);
    ASSERT(amanat_is_ok(result) || result.status == AMANAT_STATUS_CORRUPT);
    if (amanat_is_ok(result)) {
        *out_size = trail->durable_size;
        trail_close(trail);
    }
    fixture_clear(&fixture);
    return amanat_is_ok(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct disk *empty;
    uint64_t first = 0;
    uint64_t second = 0;

    if (empty == NULL) {
        empty = disk_new();
        ASSERT(open_once(empty, &first));
    }
    struct disk *disk = disk_copy(empty);
    disk_put(disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", (const char *)data, size);
    if (open_once(disk, &first)) {
        ASSERT(open_once(disk, &second) && second >= first);
    }
    disk_free(disk);
    return 0;
}
