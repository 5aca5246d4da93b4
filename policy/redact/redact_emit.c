/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that makes disclosed bytes from undisclosed ones. There are six places, each
 * marked `Disclosed:` with the reason; the rest of the file keeps commas and brackets.
 */
#include "policy/redact/redact_emit.h"

#include "policy/base/guard.h"
#include "policy/redact/json_run.h"
#include "policy/redact/json_text.h"
#include "policy/redact/planted_leak.h"
#include "policy/redact/redact.h"

void emitter_init(struct emitter *emitter, struct window *window, struct modes *modes,
                  struct arena *arena, bool by_line)
{
    *emitter =
        (struct emitter){.window = window, .modes = modes, .arena = arena, .by_line = by_line};
    /* bounded by what is put in: one record, or a field with the names around it */
    buffer_init(&emitter->staging, SIZE_MAX / 2);
}

void emitter_clear(struct emitter *emitter)
{
    buffer_clear(&emitter->staging);
    *emitter = (struct emitter){0};
}

static inline struct emit_frame *innermost(struct emitter *emitter)
{
    const size_t count = emitter->frames.count;
    return count == 0 ? NULL : &emitter->frames.items[count - 1];
}

static inline void write_comma(struct emitter *emitter)
{
    const struct emit_frame *parent = innermost(emitter);
    if (parent != NULL && parent->holds) {
        buffer_append_byte(&emitter->staging, ',');
    }
}

/* The comma and the name before a value. */
static void write_prefix(struct emitter *emitter, struct undisclosed_bytes name)
{
    write_comma(emitter);
    if (name.bytes.length > 0) {
        buffer_append(&emitter->staging, name.bytes);
        buffer_append_byte(&emitter->staging, ':');
    }
}

/* A value stands where the innermost open container is the one around it. */
static inline void note_that_it_stands(struct emitter *emitter)
{
    struct emit_frame *parent = innermost(emitter);
    if (parent != NULL) {
        parent->holds = true;
        return;
    }
    emitter->any = true;
    if (emitter->by_line) {
        buffer_append_byte(&emitter->staging, '\n');
    }
}

amanat_result emit_open(struct emitter *emitter, struct undisclosed_bytes name, bool is_array,
                        enum emit_stand stand)
{
    const struct emit_frame *parent = innermost(emitter);
    const size_t outer_record = parent == NULL ? 0 : parent->record;
    const size_t start = emitter->staging.length;
    write_prefix(emitter, name);
    buffer_append_byte(&emitter->staging, is_array ? '[' : '{');
    struct emit_frame *frame = VECTOR_PUSH(emitter->arena, &emitter->frames);
    TRY_MEMORY(frame);
    frame->stand = stand;
    frame->is_array = is_array;
    frame->start = start;
    frame->record = stand == EMIT_WITH_OWN_FIELD ? emitter->frames.count : outer_record;
    return buffer_check(&emitter->staging);
}

static bool frame_stands(const struct emit_frame *frame)
{
    switch (frame->stand) {
    case EMIT_ALWAYS:
        return true;
    case EMIT_WITH_OWN_FIELD:
        return frame->has_field;
    case EMIT_WHEN_HOLDING:
        break;
    }
    return frame->holds;
}

amanat_result emit_close(struct emitter *emitter, bool *out_stands)
{
    ASSERT(emitter->frames.count > 0);
    const struct emit_frame frame = *innermost(emitter);
    const bool stands = emitter->committed == emitter->frames.count || frame_stands(&frame);
    emitter->frames.count--;
    if (emitter->committed > emitter->frames.count) {
        emitter->committed = emitter->frames.count;
    }
    if (stands) {
        buffer_append_byte(&emitter->staging, frame.is_array ? ']' : '}');
        note_that_it_stands(emitter);
    } else {
        buffer_truncate(&emitter->staging, frame.start);
    }
    *out_stands = stands;
    return buffer_check(&emitter->staging);
}

amanat_result emit_field(struct emitter *emitter, struct undisclosed_bytes name,
                         enum json_event_kind kind, struct undisclosed_bytes value,
                         enum disclosure_mode mode, size_t label, bool *out_disclosed)
{
    const size_t start = emitter->staging.length;
    bool disclosed = false;
    if (mode == DISCLOSURE_WITHHELD) {
        *out_disclosed = false;
        return AMANAT_OK;
    }
    if (json_text_is_one_piece(name.bytes, value.bytes)) {
        write_comma(emitter);
        buffer_append(&emitter->staging, bytes_of(name.bytes.at, name.bytes.length + 1));
    } else {
        write_prefix(emitter, name);
    }
    /* Disclosed: the caller's mode for this field; modes_apply writes nothing that the mode does
     * not allow. It becomes disclosed_bytes in emit_commit. */
    TRY(modes_apply(emitter->modes, mode, label, kind, value, &emitter->staging, &disclosed));
    struct emit_frame *parent = innermost(emitter);
    if (!disclosed) {
        buffer_truncate(&emitter->staging, start);
        if (PLANTED_LEAK(1) && parent != NULL) { /* it leaves its comma */
            parent->holds = true;
        }
    } else {
        if (parent != NULL && parent->record > 0) {
            emitter->frames.items[parent->record - 1].has_field = true;
        }
        note_that_it_stands(emitter);
    }
    *out_disclosed = disclosed;
    return buffer_check(&emitter->staging);
}

/* The members between edits, and what their modes make of these. */
static amanat_result write_piece(struct emitter *emitter, struct bytes members,
                                 const struct emit_edit *edits, size_t edit_count,
                                 bool *out_disclosed)
{
    size_t at = 0;
    *out_disclosed = true;
    for (size_t i = 0; i < edit_count && *out_disclosed; i++) {
        const struct emit_edit *edit = &edits[i];
        const struct undisclosed_bytes value = {bytes_of(members.at + edit->offset, edit->length)};
        /* Disclosed: the mode of each label in it, which is reveal where there is no edit. */
        buffer_append(&emitter->staging, bytes_of(members.at + at, edit->offset - at));
        TRY(modes_apply(emitter->modes, edit->mode, edit->label, json_run_kind(*value.bytes.at),
                        value, &emitter->staging, out_disclosed));
        at = edit->offset + edit->length;
    }
    buffer_append(&emitter->staging, bytes_from(members, at));
    return buffer_check(&emitter->staging);
}

amanat_result emit_piece(struct emitter *emitter, struct undisclosed_bytes members,
                         const struct emit_edit *edits, size_t edit_count, bool *out_disclosed)
{
    struct emit_frame *parent = innermost(emitter);
    const size_t start = emitter->staging.length;
    ASSERT(parent != NULL && parent->record > 0);
    write_comma(emitter);
    TRY(write_piece(emitter, members.bytes, edits, edit_count, out_disclosed));
    if (!*out_disclosed) {
        buffer_truncate(&emitter->staging, start);
        return AMANAT_OK;
    }
    emitter->frames.items[parent->record - 1].has_field = true;
    parent->holds = true;
    return AMANAT_OK;
}

size_t emit_open_length(const struct emitter *emitter)
{
    const size_t count = emitter->frames.count;
    return emitter->staging.length - emitter->frames.items[count - 1].start;
}

void emit_forget_fields(struct emitter *emitter)
{
    innermost(emitter)->has_field = false;
}

amanat_result emit_commit(struct emitter *emitter, bool as_unit)
{
    /* Every open container stands now, and holds the one inside it. */
    for (size_t i = emitter->committed; i < emitter->frames.count; i++) {
        if (i > 0) {
            emitter->frames.items[i - 1].holds = true;
        }
    }
    emitter->committed = emitter->frames.count;
    /* Disclosed: what is staged are fields and pieces that emit_field and emit_piece let through,
     * and the names and brackets around them. */
    const struct disclosed_bytes staged = {buffer_bytes(&emitter->staging)};
    TRY(as_unit ? window_add_unit(emitter->window, staged)
                : window_add_bytes(emitter->window, staged));
    buffer_reset(&emitter->staging);
    return AMANAT_OK;
}

amanat_result emit_begin_string(struct emitter *emitter, struct undisclosed_bytes name)
{
    struct emit_frame *parent = innermost(emitter);
    write_prefix(emitter, name);
    if (parent != NULL) {
        parent->holds = true;
    }
    TRY(buffer_check(&emitter->staging));
    return emit_commit(emitter, false);
}

amanat_result emit_string_piece(struct emitter *emitter, struct undisclosed_bytes piece, bool ends)
{
    /* Disclosed: the caller found the field's mode to be reveal. */
    const struct disclosed_bytes disclosed = {piece.bytes};
    TRY(window_add_bytes(emitter->window, disclosed));
    if (ends && emitter->frames.count == 0) {
        note_that_it_stands(emitter);
        return emit_commit(emitter, false);
    }
    return AMANAT_OK;
}

/*
 * Whether the plan reveals a body or header that has all these labels; without labels nothing does.
 * What a label scrubs cannot be found in bytes that are no JSON string.
 */
static bool reveals_all(const struct plan *plan, const size_t *labels, size_t label_count)
{
    if (plan == NULL || plan->service == NULL || label_count == 0) {
        return false;
    }
    for (size_t i = 0; i < label_count; i++) {
        const struct plan_verdict *verdict = &plan->service[labels[i]];
        if (verdict->strongest != DISCLOSURE_REVEAL || verdict->depends_on_record ||
            plan->catalogue->vocabulary.labels[labels[i]].scrub.count > 0) {
            return false;
        }
    }
    return true;
}

bool redact_header(const struct plan *plan, const size_t *labels, size_t label_count,
                   struct undisclosed_bytes value, struct disclosed_bytes *out)
{
    if (!reveals_all(plan, labels, label_count)) {
        return false;
    }
    /* Disclosed: every label of the header is revealed outside records. */
    *out = (struct disclosed_bytes){value.bytes};
    return true;
}

amanat_result emit_whole(const struct plan *plan, const size_t *labels, size_t label_count,
                         struct window *window, struct undisclosed_bytes bytes)
{
    if (!reveals_all(plan, labels, label_count)) {
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    /* Disclosed: every label of the media type is revealed outside records. */
    return window_add_bytes(window, (struct disclosed_bytes){bytes.bytes});
}
