/* SPDX-License-Identifier: Apache-2.0 */
/* Newest entries first: segments backwards, and the lines of each backwards, block by block. */
#include "gateway/trail/trail_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_layout.h"
#include "policy/base/guard.h"

#define BLOCK 65536u

struct search {
    const struct trail_search_options *options;
    const struct files *files;
    trail_match_fn on_match;
    void *context;
    struct arena *arena;
    uint64_t matches;
    uint64_t damaged;
    bool ends;
    char *held; /* BLOCK + one line */
};

static bool is_wanted(const struct trail_search_options *options, const struct document *entry,
                      enum trail_kind kind)
{
    const struct document *need = document_get(entry, "need");

    return (options->all_kinds || kind == TRAIL_KIND_ACCESS) &&
           (options->partner.length == 0 ||
            bytes_equal(document_get_string(entry, "partner"), options->partner)) &&
           (options->purpose.length == 0 ||
            bytes_equal(document_get_string(need, "purpose"), options->purpose));
}

static void take_line(struct search *search, struct bytes line)
{
    const struct trail_search_options *options = search->options;
    struct layout_header header;
    const struct document *entry = NULL;

    if (!layout_parse_line(line, &header)) {
        search->damaged += 1;
        return;
    }
    if (options->until != 0 && header.time >= options->until) {
        return;
    }
    if (header.time < options->since) {
        search->ends = true; /* times never go back, so all that is older lies before */
        return;
    }
    arena_reset(search->arena);
    if (!amanat_is_ok(document_from_json(search->arena, "", line, NULL, &entry))) {
        search->damaged += 1;
        return;
    }
    const struct trail_match match = {.sequence = header.sequence,
                                      .time = header.time,
                                      .kind = trail_kind_of(entry),
                                      .entry = entry,
                                      .line = line};
    if (!is_wanted(options, entry, match.kind)) {
        return;
    }
    search->matches += 1;
    search->ends = !search->on_match(search->context, &match) ||
                   (options->limit != 0 && search->matches >= options->limit);
}

/* Hands out the lines of held[0 … length-1] from the last; what stands before the first newline is
 * the end of a line that begins further up, and is kept. */
static size_t take_block(struct search *search, size_t length)
{
    size_t end = length;

    while (!search->ends) {
        size_t start = end;
        while (start > 0 && search->held[start - 1] != '\n') {
            start -= 1;
        }
        if (start == 0) {
            return end;
        }
        if (end > start) {
            take_line(search, bytes_of(search->held + start, end - start));
        }
        end = start - 1;
    }
    return 0;
}

static amanat_result read_exactly(const struct search *search, int file, char *out, size_t length,
                                  uint64_t offset)
{
    size_t done = 0;

    while (done < length) {
        const int64_t taken = search->files->read_at(search->files->context, file, out + done,
                                                     length - done, offset + done);
        if (taken <= 0) {
            return amanat_result_of(AMANAT_STATUS_IO);
        }
        done += (size_t)taken;
    }
    return AMANAT_OK;
}

static amanat_result search_file(struct search *search, int file, uint64_t size)
{
    uint64_t position = size;
    size_t kept = 0; /* bytes of an unfinished line at the start of `held` */

    while (position > 0 && !search->ends) {
        const size_t block = position < BLOCK ? (size_t)position : BLOCK;
        if (kept > TRAIL_ENTRY_LIMIT + 1) {
            search->damaged += 1;
            kept = 0;
        }
        memmove(search->held + block, search->held, kept);
        position -= block;
        TRY(read_exactly(search, file, search->held, block, position));
        kept = take_block(search, block + kept);
    }
    if (kept > 0 && !search->ends) {
        take_line(search, bytes_of(search->held, kept));
    }
    return AMANAT_OK;
}

static amanat_result search_segment(struct search *search, uint64_t first)
{
    char name[LAYOUT_SEGMENT_SIZE];
    char path[LAYOUT_PATH_SIZE];
    struct files_status status;

    layout_segment_name(first, name);
    layout_path(search->options->folder, name, path);
    const int file = search->files->open(search->files->context, path, FILES_READ);
    if (file < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    amanat_result result = amanat_result_of(AMANAT_STATUS_IO);
    if (search->files->status(search->files->context, path, &status) >= 0) {
        result = search_file(search, file, status.size);
    }
    (void)search->files->close(search->files->context, file);
    return result;
}

static amanat_result search_all(struct search *search)
{
    uint64_t *segments = NULL;
    size_t count = 0;
    amanat_result result = AMANAT_OK;

    TRY(layout_list_segments(search->files, search->options->folder, &segments, &count));
    for (size_t i = count; i > 0 && amanat_is_ok(result) && !search->ends; i--) {
        result = search_segment(search, segments[i - 1]);
    }
    free(segments);
    return result;
}

amanat_result trail_search(const struct trail_search_options *options, trail_match_fn on_match,
                           void *context, uint64_t *out_damaged)
{
    struct search search = {.options = options,
                            .files = options->files == NULL ? files_system() : options->files,
                            .on_match = on_match,
                            .context = context};
    amanat_result result = amanat_result_of(AMANAT_STATUS_MEMORY);

    if (strlen(options->folder) > LAYOUT_PATH_SIZE - 1024) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    search.arena = arena_new(1u << 20);
    /* A kept piece may be as long as a block when a file is damaged. */
    search.held = malloc(2 * BLOCK + TRAIL_ENTRY_LIMIT + 2);
    if (search.arena != NULL && search.held != NULL) {
        result = search_all(&search);
    }
    arena_free(search.arena);
    free(search.held);
    if (out_damaged != NULL) {
        *out_damaged = search.damaged;
    }
    return result;
}

amanat_result trail_parse_moment(struct bytes text, int64_t *out)
{
    static const char pattern[] = "0000-00-00T00:00:00.000000Z";
    char whole[sizeof(pattern)];

    if (text.length > 0 && text.at[text.length - 1] == 'Z') {
        text.length -= 1;
    }
    if (text.length != 10 && text.length != 16 && text.length != 19 && text.length != 26) {
        return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
    }
    memcpy(whole, pattern, sizeof(pattern));
    memcpy(whole, text.at, text.length);
    if (!layout_parse_time(bytes_of(whole, sizeof(pattern) - 1), out)) {
        return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
    }
    return AMANAT_OK;
}
