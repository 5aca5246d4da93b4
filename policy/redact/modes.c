/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the mode's file by mode and kind of value; what no line here allows is withheld. */
#include "policy/redact/modes.h"

#include "policy/base/guard.h"
#include "policy/redact/json_text.h"

amanat_result modes_init(struct modes *modes, const struct plan *plan, size_t value_limit)
{
    *modes = (struct modes){.vocabulary = &plan->catalogue->vocabulary};
    buffer_init(&modes->text, value_limit);
    /*
     * a mask's text comes from the vocabulary; everything else is shorter than the value or short
     */
    buffer_init(&modes->result, SIZE_MAX / 2);
    return token_keys_init(&modes->token_keys, plan);
}

void modes_clear(struct modes *modes)
{
    token_keys_clear(&modes->token_keys);
    buffer_clear(&modes->text);
    buffer_clear(&modes->result);
}

static bool coarsen_text(const struct catalogue_label *label, struct bytes text, struct buffer *out)
{
    switch (label->coarsen.kind) {
    case COARSEN_TIME:
        return mode_coarsen_time(label->coarsen.unit, text, out);
    case COARSEN_STEP:
        return mode_coarsen_step(label->coarsen.step, text, out);
    case COARSEN_PREFIX:
        mode_coarsen_prefix(label->coarsen.prefix, text, out);
        return true;
    }
    return false;
}

static amanat_result apply_to_string(struct modes *modes, enum disclosure_mode mode, size_t index,
                                     struct bytes token, bool *out_disclosed)
{
    const struct catalogue_label *label = &modes->vocabulary->labels[index];
    json_text_decode(token, &modes->text);
    TRY(buffer_check(&modes->text));
    const struct bytes text = buffer_bytes(&modes->text);
    if (mode == DISCLOSURE_COARSEN) {
        *out_disclosed = coarsen_text(label, text, &modes->result);
    } else if (mode == DISCLOSURE_MASK) {
        mode_mask(label, text, &modes->result);
        *out_disclosed = true;
    } else if (mode == DISCLOSURE_TOKENIZE) {
        TRY(mode_tokenize(&modes->token_keys, index, label, text, &modes->result));
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
    } else if (kind == JSON_EVENT_NUMBER && mode == DISCLOSURE_COARSEN &&
               label->coarsen.kind == COARSEN_STEP) {
        disclosed = mode_coarsen_step(label->coarsen.step, token, &modes->result);
        if (disclosed) {
            buffer_append(out, buffer_bytes(&modes->result));
        }
    }
    *out_disclosed = disclosed;
    return buffer_check(&modes->result);
}

amanat_result modes_apply(struct modes *modes, enum disclosure_mode mode, size_t label,
                          enum json_event_kind kind, struct undisclosed_bytes token,
                          struct buffer *out, bool *out_disclosed)
{
    *out_disclosed = false;
    if (mode == DISCLOSURE_REVEAL) {
        buffer_append(out, token.bytes);
        *out_disclosed = true;
        return buffer_check(out);
    }
    if (mode == DISCLOSURE_WITHHELD || !modes->vocabulary->labels[label].defines[mode]) {
        return AMANAT_OK;
    }
    const size_t before = out->length;
    bool disclosed = false;
    amanat_result result = change(modes, mode, label, kind, token.bytes, out, &disclosed);
    buffer_reset(&modes->text);
    buffer_reset(&modes->result);
    if (amanat_is_ok(result)) {
        result = buffer_check(out);
    }
    if (!amanat_is_ok(result)) {
        buffer_truncate(out, before);
        return result;
    }
    *out_disclosed = disclosed;
    return AMANAT_OK;
}
