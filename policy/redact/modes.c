/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the mode's file by mode and kind of value; what no line here allows is withheld. */
#include "policy/redact/modes.h"

#include "policy/base/guard.h"
#include "policy/redact/json_text.h"
#include "policy/redact/planted_leak.h"

amanat_result modes_init(struct modes *modes, const struct plan *plan, size_t value_limit)
{
    *modes = (struct modes){.vocabulary = &plan->catalogue->vocabulary, .now = plan->now};
    buffer_init(&modes->text, value_limit);
    /* what the vocabulary says, or pieces of the value: at most nine times its length */
    buffer_init(&modes->result, SIZE_MAX / 2);
    scrub_init(&modes->scrub);
    return token_keys_init(&modes->token_keys, plan);
}

void modes_clear(struct modes *modes)
{
    token_keys_clear(&modes->token_keys);
    scrub_clear(&modes->scrub);
    pattern_matcher_free(modes->matcher);
    modes->matcher = NULL;
    buffer_clear(&modes->text);
    buffer_clear(&modes->result);
}

static bool coarsen_by_map(const struct catalogue_label *label, struct bytes text,
                           struct buffer *out)
{
    const struct bytes *found = map_get(&label->coarsen.map, text);
    if (found == NULL && !label->coarsen.has_other) {
        return false;
    }
    buffer_append(out, found == NULL ? label->coarsen.other : *found);
    return true;
}

static bool coarsen_text(const struct modes *modes, const struct catalogue_label *label,
                         struct bytes text, struct buffer *out)
{
    switch (label->coarsen.kind) {
    case COARSEN_TIME:
        return mode_coarsen_time(label->coarsen.unit, text, out);
    case COARSEN_STEP:
        return mode_coarsen_step(label->coarsen.step, text, out);
    case COARSEN_PREFIX:
        mode_coarsen_prefix(label->coarsen.prefix, text, out);
        return true;
    case COARSEN_BUCKET:
        return mode_coarsen_bucket(label->coarsen.buckets, label->coarsen.bucket_count, text, out);
    case COARSEN_AGE_BAND:
        return mode_coarsen_age(label->coarsen.band, modes->now, false, text, out);
    case COARSEN_MAP:
        return coarsen_by_map(label, text, out);
    case COARSEN_IP_PREFIX:
        return mode_coarsen_address(label->coarsen.prefix_v4, label->coarsen.prefix_v6, text, out);
    }
    return false;
}

static bool coarsen_number(const struct modes *modes, const struct catalogue_label *label,
                           struct bytes token, struct buffer *out)
{
    switch (label->coarsen.kind) {
    case COARSEN_STEP:
        return mode_coarsen_step(label->coarsen.step, token, out);
    case COARSEN_BUCKET:
        return !label->coarsen.buckets_have_names &&
               mode_coarsen_bucket(label->coarsen.buckets, label->coarsen.bucket_count, token, out);
    case COARSEN_AGE_BAND:
        return mode_coarsen_age(label->coarsen.band, modes->now, true, token, out);
    default:
        return false;
    }
}

static amanat_result mask(struct modes *modes, const struct catalogue_label *label,
                          struct bytes text)
{
    if (label->mask.kind == MASK_PATTERN && modes->matcher == NULL) {
        TRY(pattern_matcher_new(&modes->matcher));
    }
    mode_mask(label, modes->matcher, text, &modes->result);
    return AMANAT_OK;
}

static amanat_result apply_to_string(struct modes *modes, enum disclosure_mode mode, size_t index,
                                     struct bytes token, bool *out_disclosed)
{
    const struct catalogue_label *label = &modes->vocabulary->labels[index];
    json_text_decode(token, &modes->text);
    TRY(buffer_check(&modes->text));
    const struct bytes text = buffer_bytes(&modes->text);
    if (mode == DISCLOSURE_COARSEN) {
        *out_disclosed = coarsen_text(modes, label, text, &modes->result);
    } else if (mode == DISCLOSURE_MASK) {
        TRY(mask(modes, label, text));
        *out_disclosed = true;
    } else if (mode == DISCLOSURE_TOKENIZE) {
        TRY(mode_tokenize(&modes->token_keys, index, modes->vocabulary, text, &modes->result));
        *out_disclosed = true;
    }
    return buffer_check(&modes->result);
}

/* Everything but reveal. */
static amanat_result change(struct modes *modes, enum disclosure_mode mode, size_t index,
                            enum json_event_kind kind, struct bytes token, struct buffer *out,
                            bool *out_disclosed)
{
    bool disclosed = false;
    const struct catalogue_label *label = &modes->vocabulary->labels[index];
    if (kind == JSON_EVENT_STRING) {
        TRY(apply_to_string(modes, mode, index, token, &disclosed));
        if (disclosed) {
            buffer_append_json_string(out, buffer_bytes(&modes->result));
        }
    } else if (kind == JSON_EVENT_NUMBER && mode == DISCLOSURE_COARSEN) {
        disclosed = coarsen_number(modes, label, token, out);
    }
    *out_disclosed = disclosed;
    return buffer_check(&modes->result);
}

static amanat_result reveal(struct modes *modes, size_t index, enum json_event_kind kind,
                            struct bytes token, struct buffer *out, bool *out_disclosed)
{
    bool disclosed = true;
    const struct catalogue_label *label = &modes->vocabulary->labels[index];
    if (label->scrub.count > 0 && kind == JSON_EVENT_STRING) {
        return scrub_string(&modes->scrub, label, token, out, out_disclosed);
    }
    if (label->scrub.count > 0 && kind == JSON_EVENT_NUMBER) {
        TRY(scrub_is_clean(&modes->scrub, label, token, &disclosed));
    }
    if (disclosed) {
        buffer_append(out, token);
    }
    *out_disclosed = disclosed;
    return buffer_check(out);
}

amanat_result modes_apply(struct modes *modes, enum disclosure_mode mode, size_t label,
                          enum json_event_kind kind, struct undisclosed_bytes token,
                          struct buffer *out, bool *out_disclosed)
{
    *out_disclosed = false;
    if (mode == DISCLOSURE_REVEAL ||
        (PLANTED_LEAK(5) && kind == JSON_EVENT_NULL && mode != DISCLOSURE_WITHHELD)) {
        return reveal(modes, label, kind, token.bytes, out, out_disclosed);
    }
    if (mode == DISCLOSURE_WITHHELD || !modes->vocabulary->labels[label].defines[mode]) {
        return AMANAT_OK;
    }
    const size_t before = out->length;
    bool disclosed = false;
    amanat_result result = change(modes, mode, label, kind, token.bytes, out, &disclosed);
    if (kind == JSON_EVENT_STRING) {
        buffer_reset(&modes->text);
        buffer_reset(&modes->result);
    }
    if (amanat_is_ok(result)) {
        result = buffer_check(out);
    }
    if (!amanat_is_ok(result) || !disclosed) {
        buffer_truncate(out, before);
    }
    TRY(result);
    *out_disclosed = disclosed;
    return AMANAT_OK;
}

amanat_result modes_allow_name(struct modes *modes, size_t label, struct undisclosed_bytes name,
                               bool *out_allowed)
{
    *out_allowed = true;
    if (label == CATALOGUE_NONE || modes->vocabulary->labels[label].scrub.count == 0) {
        return AMANAT_OK;
    }
    return scrub_is_clean(&modes->scrub, &modes->vocabulary->labels[label], name.bytes,
                          out_allowed);
}

bool modes_must_see_whole(const struct modes *modes, size_t label)
{
    return label != CATALOGUE_NONE && modes->vocabulary->labels[label].scrub.count > 0;
}
