/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass along the tape judges and emits, a second one counts: whether a field was disclosed is
 * certain only when all records around it have turned out to stand.
 */
#include "policy/redact/release.h"

#include "policy/base/guard.h"
#include "policy/base/vector.h"
#include "policy/redact/planted_leak.h"

struct judge {
    const struct release *release;
    struct hold *hold;
    size_t label_count;
    struct record_attribute *attributes; /* sorted by record */
    /* of each record, one more at the end; NULL: no record has any */
    size_t *first_attribute;
    VECTOR(uint8_t *) modes;    /* of each label, one array for each depth of records; reused */
    VECTOR(uint8_t *) memories; /* of the asker, likewise */
    VECTOR(struct record_question) around; /* records that the tape is inside, outermost first */
};

static struct undisclosed_bytes held_text(const struct hold *hold, size_t offset, size_t length)
{
    return (struct undisclosed_bytes){
        bytes_of(hold->text.at == NULL ? NULL : hold->text.at + offset, length)};
}

/* Attributes stand in the order of the body, those of an inner record between those of the outer
 * one: a counting sort by record puts each record's together. */
static amanat_result sort_attributes(struct judge *judge)
{
    const struct hold *hold = judge->hold;
    struct arena *scratch = judge->release->scratch;
    const size_t records = hold->records.count;
    if (hold->attributes.count == 0) {
        return AMANAT_OK;
    }
    size_t *first = arena_allocate_array(scratch, records + 2, sizeof(*first));
    judge->attributes =
        arena_allocate_array(scratch, hold->attributes.count, sizeof(*judge->attributes));
    TRY_MEMORY(first);
    TRY_MEMORY(judge->attributes);
    for (size_t i = 0; i < hold->attributes.count; i++) {
        first[hold->attributes.items[i].record + 2]++;
    }
    for (size_t i = 2; i < records + 2; i++) {
        first[i] += first[i - 1];
    }
    for (size_t i = 0; i < hold->attributes.count; i++) {
        const struct held_attribute *held = &hold->attributes.items[i];
        judge->attributes[first[held->record + 1]++] = (struct record_attribute){
            held->index, bytes_of(hold->attribute_text.at + held->offset, held->length)};
    }
    judge->first_attribute = first;
    return AMANAT_OK;
}

/* Fails if the answer is stronger than what the plan says is possible: then the plan was broken,
 * and nothing of the body can be trusted to it. */
static amanat_result take_answer(const struct plan_record *plan, size_t label_count, uint8_t *modes)
{
    for (size_t label = 0; label < label_count; label++) {
        const struct plan_verdict *verdict = &plan->verdicts[label];
        if (!verdict->depends_on_record) {
            modes[label] = verdict->strongest;
        } else if (modes[label] > verdict->strongest) {
            return amanat_result_of(AMANAT_STATUS_BUG);
        }
    }
    return AMANAT_OK;
}

/* The modes of the record that begins, about which is asked; all withheld when it does not count.
 */
static amanat_result find_modes(struct judge *judge, const struct record_question *question,
                                uint8_t *modes)
{
    const struct plan *plan = judge->release->plan;
    const struct plan_record *plan_record = &plan->records[question->record];
    bool valid = false;
    TRY(plan->ask(plan->ask_context, question, judge->around.items, judge->around.count, modes,
                  &valid));
    if (!valid) {
        memset(modes, DISCLOSURE_WITHHELD, judge->label_count);
        return AMANAT_OK;
    }
    return take_answer(plan_record, judge->label_count, modes);
}

/* Whether the record or one around it has more attributes than are read: nobody can judge it. */
static bool reads_too_much(const struct hold *hold, size_t record)
{
    while (record != CATALOGUE_NONE && !hold->records.items[record].reads_too_much) {
        record = hold->records.items[record].parent;
    }
    return record != CATALOGUE_NONE;
}

/* The mode of what a budget is for, and whose it is. Shape stands with its record.
 * `modes`: NULL where nothing is asked. */
static enum disclosure_mode mode_of_budget(const struct hold_budget *budget, const uint8_t *modes,
                                           size_t *out_label)
{
    *out_label = CATALOGUE_NONE;
    if (budget->place->node->label_count == 0) {
        return DISCLOSURE_REVEAL;
    }
    if (modes == NULL) {
        *out_label = budget->place->label;
        return (enum disclosure_mode)budget->place->strongest;
    }
    const enum disclosure_mode mode = place_weakest_mode(budget->place->node, modes, out_label);
    return place_allows_mode(budget->place, mode) ? mode : DISCLOSURE_WITHHELD;
}

/* What was dropped from the record is counted; it is over the limit if that would be disclosed. */
static void judge_budgets(struct judge *judge, struct held_record *record, const uint8_t *modes)
{
    for (size_t i = record->budgets; i != 0; i = judge->hold->budgets.items[i - 1].next) {
        const struct hold_budget *budget = &judge->hold->budgets.items[i - 1];
        size_t label = CATALOGUE_NONE;
        if (!budget->is_passed) {
            continue;
        }
        record->is_over_limit |= mode_of_budget(budget, modes, &label) != DISCLOSURE_WITHHELD;
        if (label != CATALOGUE_NONE) {
            account_withhold_many(judge->release->pending, label, budget->dropped);
        }
    }
}

/* The asker's memory for a record at the present depth. */
static amanat_result clean_memory(struct judge *judge, uint8_t **out)
{
    struct arena *scratch = judge->release->scratch;
    const size_t length = judge->release->plan->record_memory;
    while (length > 0 && judge->memories.count <= judge->around.count) {
        uint8_t **slot = VECTOR_PUSH(scratch, &judge->memories);
        TRY_MEMORY(slot);
        *slot = arena_allocate(scratch, length);
        TRY_MEMORY(*slot);
    }
    if (length > 0) {
        *out = judge->memories.items[judge->around.count];
        **out = 0;
    }
    return AMANAT_OK;
}

/* Zeroed modes for a record at the present depth. */
static amanat_result clean_modes(struct judge *judge, uint8_t **out)
{
    struct arena *scratch = judge->release->scratch;
    while (judge->modes.count <= judge->around.count) {
        uint8_t **slot = VECTOR_PUSH(scratch, &judge->modes);
        TRY_MEMORY(slot);
        *slot = arena_allocate(scratch, judge->label_count);
        TRY_MEMORY(*slot);
    }
    *out = judge->modes.items[judge->around.count];
    memset(*out, DISCLOSURE_WITHHELD, judge->label_count);
    return AMANAT_OK;
}

static amanat_result begin_record(struct judge *judge, const struct hold_item *item)
{
    struct arena *scratch = judge->release->scratch;
    struct record_question question = {.record = item->place->inner_record};
    struct held_record *record = &judge->hold->records.items[item->record];
    uint8_t *modes = NULL;
    TRY(clean_memory(judge, &question.memory));
    if (judge->first_attribute != NULL) {
        const size_t first = judge->first_attribute[item->record];
        question.attributes = judge->attributes + first;
        question.attribute_count = judge->first_attribute[item->record + 1] - first;
    }
    if (judge->release->plan->records[question.record].asks) {
        TRY(clean_modes(judge, &modes));
        record->is_over_limit = reads_too_much(judge->hold, item->record);
    }
    if (modes != NULL && !record->is_over_limit) {
        TRY(find_modes(judge, &question, modes));
    }
    judge_budgets(judge, record, modes);
    struct record_question *around = VECTOR_PUSH(scratch, &judge->around);
    TRY_MEMORY(around);
    *around = question;
    return AMANAT_OK;
}

/* The mode of what stands at `place`, and whose it is: the plan's where nothing is asked about its
 * record, else the answer's. */
static enum disclosure_mode mode_at(const struct judge *judge, const struct place *place,
                                    size_t *out_label)
{
    if (!judge->release->plan->records[place->record].asks) {
        *out_label = place->label;
        return (enum disclosure_mode)place->strongest;
    }
    const uint8_t *modes = judge->modes.items[judge->around.count - 1];
    const enum disclosure_mode mode = place_weakest_mode(place->node, modes, out_label);
    return place_allows_mode(place, mode) ? mode : DISCLOSURE_WITHHELD;
}

static enum emit_stand stand_of(const struct judge *judge, const struct hold_item *item)
{
    const struct place *place = item->place;
    if (item->is_record) {
        return EMIT_WITH_OWN_FIELD;
    }
    if (place->node->label_count > 0) {
        size_t label;
        return mode_at(judge, place, &label) == DISCLOSURE_REVEAL ? EMIT_ALWAYS : EMIT_WHEN_HOLDING;
    }
    return item->is_array && place->can_disclose ? EMIT_ALWAYS : EMIT_WHEN_HOLDING;
}

static amanat_result emit_opening(struct judge *judge, const struct hold_item *item)
{
    if (item->is_record) {
        TRY(begin_record(judge, item));
    }
    return emit_open(judge->release->emitter,
                     held_text(judge->hold, item->offset, item->name_length), item->is_array,
                     stand_of(judge, item));
}

static amanat_result emit_closing(struct judge *judge, const struct hold_item *item)
{
    bool stands = false;
    if (item->is_record && item->record == 0 &&
        emit_open_length(judge->release->emitter) > judge->release->unit_limit) {
        judge->hold->records.items[0].is_over_limit = true;
        emit_forget_fields(judge->release->emitter);
    }
    TRY(emit_close(judge->release->emitter, &stands));
    if (item->is_record) {
        judge->hold->records.items[item->record].stands = stands;
        judge->around.count--;
    }
    return AMANAT_OK;
}

static amanat_result emit_held_field(struct judge *judge, struct hold_item *item)
{
    bool disclosed = false;
    enum disclosure_mode mode = mode_at(judge, item->place, &item->label);
    if (judge->hold->records.items[item->record].is_over_limit) {
        mode = DISCLOSURE_WITHHELD;
    }
    TRY(emit_field(judge->release->emitter, held_text(judge->hold, item->offset, item->name_length),
                   (enum json_event_kind)item->value_kind,
                   held_text(judge->hold, hold_value_offset(item), item->value_length), mode,
                   item->label, &disclosed));
    item->mode = (uint8_t)(disclosed ? mode : DISCLOSURE_WITHHELD);
    return AMANAT_OK;
}

/* The mode of a label that is alone at its place. */
static enum disclosure_mode mode_of_label(const struct judge *judge, const struct hold_item *item,
                                          size_t label)
{
    const struct plan_record *plan =
        &judge->release->plan
             ->records[judge->hold->records.items[item->record].place->inner_record];
    return (enum disclosure_mode)(plan->asks ? judge->modes.items[judge->around.count - 1][label]
                                             : plan->verdicts[label].strongest);
}

static bool is_edited(const struct hold *hold, const struct hold_item *item, size_t label)
{
    for (size_t i = 0; i < item->edit_count; i++) {
        if (hold->edits.items[item->edit + i].label == label) {
            return true;
        }
    }
    return false;
}

/** What becomes of a piece. */
enum piece_end { PIECE_WITHHELD, PIECE_EMITTED, PIECE_EXPANDED };

/* Looks up the modes of all labels in the piece. One that is not reveal needs a value that is an
 * edit; and what is partly withheld must be looked into. */
static enum piece_end judge_piece(const struct judge *judge, const struct hold_item *item)
{
    struct hold *hold = judge->hold;
    size_t withheld = 0;
    bool is_one = true;
    for (size_t i = 0; i < item->tally_count; i++) {
        struct held_tally *tally = &hold->tallies.items[item->tally + i];
        const enum disclosure_mode mode = mode_of_label(judge, item, tally->label);
        tally->mode = (uint8_t)mode;
        withheld += mode == DISCLOSURE_WITHHELD ? 1 : 0;
        is_one = is_one && (mode == DISCLOSURE_REVEAL || mode == DISCLOSURE_WITHHELD ||
                            is_edited(hold, item, tally->label));
    }
    if (withheld == item->tally_count) {
        return PIECE_WITHHELD;
    }
    for (size_t i = 0; i < item->edit_count; i++) {
        struct emit_edit *edit = &hold->edits.items[item->edit + i];
        edit->mode = mode_of_label(judge, item, edit->label);
    }
    return is_one && withheld == 0 ? PIECE_EMITTED : PIECE_EXPANDED;
}

static void withhold_piece(struct hold *hold, const struct hold_item *item)
{
    for (size_t i = 0; i < item->tally_count; i++) {
        hold->tallies.items[item->tally + i].mode = DISCLOSURE_WITHHELD;
    }
}

/* `*out_expanded`: fields stand now where the piece stood, and have to be emitted. */
static amanat_result emit_held_piece(struct judge *judge, size_t index, bool *out_expanded)
{
    struct hold *hold = judge->hold;
    const struct hold_item *item = &hold->items.items[index];
    bool disclosed = false;
    if (hold->records.items[item->record].is_over_limit) {
        withhold_piece(hold, item);
        return AMANAT_OK;
    }
    const enum piece_end end = judge_piece(judge, item);
    if (end == PIECE_WITHHELD) {
        return AMANAT_OK;
    }
    if (end == PIECE_EMITTED) {
        const struct emit_edit *edits =
            item->edit_count == 0 ? NULL : hold->edits.items + item->edit;
        TRY(emit_piece(judge->release->emitter, held_text(hold, item->offset, item->value_length),
                       edits, item->edit_count, &disclosed));
    }
    *out_expanded = !disclosed;
    return disclosed ? AMANAT_OK : hold_expand(hold, index);
}

static amanat_result emit_items(struct judge *judge)
{
    bool expanded = false;
    for (size_t i = 0; i < judge->hold->items.count; i += expanded ? 0 : 1) {
        struct hold_item *item = &judge->hold->items.items[i];
        expanded = false;
        switch ((enum hold_item_kind)item->kind) {
        case HOLD_PIECE:
            TRY(emit_held_piece(judge, i, &expanded));
            break;
        case HOLD_OPEN:
            TRY(emit_opening(judge, item));
            break;
        case HOLD_FIELD:
            TRY(emit_held_field(judge, item));
            break;
        case HOLD_CLOSE:
            TRY(emit_closing(judge, item));
            break;
        }
    }
    return AMANAT_OK;
}

/* A record inside one that is left out is gone with it. */
static void count_records(struct hold *hold, struct account *account)
{
    for (size_t i = 0; i < hold->records.count; i++) {
        struct held_record *record = &hold->records.items[i];
        if (record->parent != CATALOGUE_NONE && !hold->records.items[record->parent].stands) {
            record->stands = false;
        }
        account->records_over_limit += record->is_over_limit ? 1 : 0;
        if (record->stands) {
            account->records_disclosed++;
        } else {
            account->records_left_out++;
        }
    }
}

static void count_disclosed(struct account *account, size_t label, uint8_t mode, bool stands,
                            uint64_t count)
{
    if (mode != DISCLOSURE_WITHHELD && stands) {
        account->disclosed[label][mode] += count;
    } else {
        account_withhold_many(account, label, count);
    }
}

static void count_fields(const struct hold *hold, struct account *account)
{
    for (size_t i = 0; i < hold->items.count; i++) {
        const struct hold_item *item = &hold->items.items[i];
        const bool stands = hold->records.items[item->record].stands;
        if (item->kind == HOLD_FIELD) {
            count_disclosed(account, item->label, item->mode, stands, 1);
        }
        for (size_t j = 0; j < item->tally_count; j++) {
            const struct held_tally *tally = &hold->tallies.items[item->tally + j];
            count_disclosed(account, tally->label, tally->mode, stands, tally->count);
        }
    }
}

static amanat_result name_subjects(const struct hold *hold, struct window *window)
{
    for (size_t i = 0; i < hold->subjects.count; i++) {
        const struct held_subject *subject = &hold->subjects.items[i];
        if (hold->records.items[subject->record].stands) {
            TRY(subject_set_add(
                &window->subjects, subject->kind, (enum json_event_kind)subject->value_kind,
                bytes_of(hold->subject_text.at + subject->offset, subject->length)));
        }
    }
    if (hold->records.items[0].stands) {
        window->subjects.dropped += hold->subjects_dropped;
    }
    return AMANAT_OK;
}

/* The record's bytes and its account go to the same window. */
static amanat_result account_and_commit(const struct release *release, struct hold *hold)
{
    const bool stands = hold->records.items[0].stands;
    if (stands) {
        TRY(window_make_room(release->window, emit_staged_length(release->emitter)));
    } else if (PLANTED_LEAK(3)) { /* a record that is left out needs room, and plenty of it */
        TRY(window_make_room(release->window, 16 * hold->text.length));
    }
    struct account *account = &release->window->account;
    account_move(account, release->pending);
    count_records(hold, account);
    count_fields(hold, account);
    TRY(name_subjects(hold, release->window));
    return stands ? emit_commit(release->emitter, true) : AMANAT_OK;
}

amanat_result release_record(const struct release *release, struct hold *hold)
{
    struct judge judge = {.release = release,
                          .hold = hold,
                          .label_count = release->plan->catalogue->vocabulary.label_count};
    amanat_result result = sort_attributes(&judge);
    if (amanat_is_ok(result)) {
        result = emit_items(&judge);
    }
    if (amanat_is_ok(result)) {
        result = account_and_commit(release, hold);
    }
    arena_reset(release->scratch);
    hold_reset(hold);
    return result;
}
