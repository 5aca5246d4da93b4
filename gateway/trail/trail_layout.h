/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names inside a trail folder (trail.md 1), and reading its parts: the list of segments and the
 * lines of one. Inside this folder only.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_LAYOUT_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_LAYOUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail_entry.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

#define LAYOUT_PATH_SIZE    PATH_MAX
#define LAYOUT_SEGMENT_SIZE 48

/** folder/name; the caller's paths were held against PATH_MAX when the trail was opened. */
void layout_path(const char *folder, const char *name, char out[LAYOUT_PATH_SIZE]);

/** "segments/000000000041.jsonl" */
void layout_segment_name(uint64_t first, char out[LAYOUT_SEGMENT_SIZE]);

/** First sequence numbers of all segments in ascending order, allocated with malloc. IO, MEMORY. */
AMANAT_MUST_CHECK amanat_result layout_list_segments(const struct files *files, const char *folder,
                                                     uint64_t **out, size_t *out_count);

/** The header that the trail thread puts in front of every entry. */
struct layout_header {
    struct trail_digest previous;
    uint64_t sequence;
    int64_t time; /* microseconds since 1970 */
    uint64_t commit;
};

/** Appends `{"_prev":…,"_seq":…,"_time":…,"_tx":…,`; check the buffer afterwards. */
void layout_append_header(struct buffer *buffer, const struct layout_header *header);

/** Reads exactly what layout_append_header writes; false for anything else. `*out_rest` is what
 * follows it. */
bool layout_parse_header(struct bytes line, struct layout_header *out, struct bytes *out_rest);

/** Whether a line (without newline) could be an entry: header, no control bytes, UTF-8, a closing
 * brace, not too long. */
bool layout_parse_line(struct bytes line, struct layout_header *out);

/** RFC 3339 with exactly six digits and Z. */
bool layout_parse_time(struct bytes text, int64_t *out);

enum layout_line {
    LAYOUT_LINE_END = 0,
    LAYOUT_LINE_WHOLE,
    LAYOUT_LINE_TOO_LONG,     /* longer than an entry may be; the next call skips the rest of it */
    LAYOUT_LINE_UNTERMINATED, /* the file ends without a newline */
    LAYOUT_LINE_UNREADABLE    /* the operating system could not */
};

/** Reads a segment line by line in bounded memory. */
struct layout_reader {
    const struct files *files;
    int file;
    uint64_t file_offset; /* of the next byte to read */
    size_t start;         /* of the unread bytes in `held` */
    size_t end;
    bool at_end;
    bool skips; /* the rest of a line that was too long */
    char held[2 * (TRAIL_ENTRY_LIMIT + 1) + 65536];
};

/** 0 or a negative errno; closed by layout_reader_close. `offset` is where a line begins. */
int layout_reader_open(struct layout_reader *reader, const struct files *files, const char *path,
                       uint64_t offset);
void layout_reader_close(struct layout_reader *reader);

/** The next line without newline, and where it begins; valid until the next call. */
enum layout_line layout_reader_next(struct layout_reader *reader, struct bytes *out,
                                    uint64_t *out_offset);

#endif
