/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole tokens along the places. What becomes of each is decided in walk.c; here a name is guessed
 * from the one before it, a scalar that is only counted is counted, and what is withheld whole is
 * left to json_run_skip.
 */
#include "policy/redact/walk_run.h"

#include "policy/base/guard.h"
#include "policy/redact/json_run.h"
#include "policy/redact/walk_names.h"
#include "policy/redact/walk_piece.h"

/** A step's outcome besides its result. */
enum step { STEP_UNSURE = 0, STEP_TAKEN };

/* Behind the name at `at` that is not the expected one; 0: not certain. */
static size_t find_name_end(const struct json_run *run, const struct walk_frame *frame)
{
    const char *text = run->stretch->at + run->at;
    const size_t end = *text == '"' ? json_run_pass_string(run->stretch, run->at) : 0;
    const size_t length = end == 0 ? 0 : end - run->at;
    const bool may_be_too_long = length > frame->name_limit && walk_names_keeps_undeclared(frame);
    return may_be_too_long || memchr(text, '\\', length) != NULL ? 0 : end;
}

static inline enum step take_name(struct walk *walk, struct json_run *run, amanat_result *result)
{
    struct walk_frame *frame = &walk->frames.items[walk->frames.count - 1];
    const struct place *place = frame->place;
    const char *text = run->stretch->at + run->at;
    const size_t left = run->stretch->length - run->at;
    const size_t guess = place_expected(place, frame->last_name);
    if (guess < place->node->member_count && left >= PLACE_NAME_QUICK &&
        place_name_begins(text, left, &place->names[guess])) {
        const size_t length = place->names[guess].length - 1; /* without the colon */
        if (!json_run_pass_colon(run, run->at + length)) {
            return STEP_UNSURE;
        }
        *result = walk_names_take_declared(walk, frame, guess, bytes_of(text, length));
        return STEP_TAKEN;
    }
    const size_t start = run->at;
    const size_t end = find_name_end(run, frame);
    if (end == 0 || !json_run_pass_colon(run, end)) {
        return STEP_UNSURE;
    }
    *result = walk_names_take_whole(walk, frame, bytes_of(text, end - start));
    return STEP_TAKEN;
}

/* Nobody can see or reads it, so nothing of it is needed but its kind. */
static inline void count_scalar(struct walk *walk, const struct place *place,
                                const struct json_run_scalar *scalar)
{
    struct account *account = walk_account(walk);
    if (place == NULL) {
        account->withheld_unlabelled++;
        return;
    }
    account->wrong_type += place_allows(place, scalar->kind, scalar->is_integer) ? 0 : 1;
    account_withhold(account, place->label);
}

static inline enum step take_value(struct walk *walk, struct json_run *run, amanat_result *result)
{
    struct json_run_scalar scalar;
    const struct walk_frame *frame = &walk->frames.items[walk->frames.count - 1];
    const struct place *place = frame->is_array ? frame->place->items : frame->member;
    const enum json_event_kind kind = json_run_kind(json_run_byte(run));
    if (kind == JSON_EVENT_OBJECT_BEGIN || kind == JSON_EVENT_ARRAY_BEGIN) {
        if (!json_run_open(run, kind == JSON_EVENT_OBJECT_BEGIN)) {
            return STEP_UNSURE;
        }
        *result = walk_begin_container(walk, kind);
        return STEP_TAKEN;
    }
    if (kind == JSON_EVENT_FAULT || !json_run_scalar(run, kind, &scalar)) {
        return STEP_UNSURE;
    }
    if (place == NULL || place->is_counted) {
        count_scalar(walk, place, &scalar);
    } else {
        *result = walk_take_scalar(walk, place, kind, scalar.is_integer, scalar.text);
    }
    return STEP_TAKEN;
}

/* To the next item of the innermost container, or out of it. */
static inline enum step take_next(struct walk *walk, struct json_run *run, amanat_result *result)
{
    const bool is_array = walk->frames.items[walk->frames.count - 1].is_array;
    switch (json_run_next(run, is_array ? ']' : '}')) {
    case JSON_RUN_END:
        *result = walk_end_container(walk);
        return STEP_TAKEN;
    case JSON_RUN_ITEM:
        return STEP_TAKEN;
    case JSON_RUN_UNSURE:
        break;
    }
    return STEP_UNSURE;
}

static inline enum step skip(struct walk *walk, struct json_run *run)
{
    const size_t around = run->scanner->depth - walk->skip_depth;
    uint64_t scalars = 0;
    *run = json_run_skip(*run, around, &scalars);
    walk->skip_depth = run->scanner->depth - around;
    if (walk->skip_counts) {
        walk_account(walk)->withheld_unlabelled += scalars;
    }
    return walk->skip_depth == 0 ? STEP_TAKEN : STEP_UNSURE;
}

/* One member or element with its value, or what is left of it; or out of the container. */
static inline enum step take_item(struct walk *walk, struct json_run *run, amanat_result *result)
{
    if (run->expects != JSON_EXPECTS_VALUE && run->expects != JSON_EXPECTS_NAME) {
        const enum step step = take_next(walk, run, result);
        if (run->expects == JSON_EXPECTS_AFTER || step == STEP_UNSURE) {
            return step;
        }
    }
    if (run->expects == JSON_EXPECTS_NAME) {
        const enum step step = take_name(walk, run, result);
        if (step == STEP_UNSURE || !amanat_is_ok(*result)) {
            return step;
        }
    }
    return take_value(walk, run, result);
}

amanat_result walk_run(struct walk *walk, struct json_scanner *scanner, struct bytes input,
                       size_t *position)
{
    struct json_run begun;
    amanat_result result = AMANAT_OK;
    if (!json_run_begin(scanner, input, *position, &begun)) {
        return AMANAT_OK;
    }
    struct json_run run = begun; /* a copy whose address nobody has */
    while (scanner->depth > 0 && json_run_has_more(&run)) {
        if (run.expects != JSON_EXPECTS_NAME && run.expects != JSON_EXPECTS_VALUE &&
            walk->skip_depth == 0) {
            result = walk_take_neighbours(walk, &run);
            if (!amanat_is_ok(result) || !json_run_has_more(&run)) {
                break;
            }
        }
        const enum step step =
            walk->skip_depth > 0 ? skip(walk, &run) : take_item(walk, &run, &result);
        if (!amanat_is_ok(result) || (step == STEP_UNSURE && !json_run_may_retry(&run))) {
            break;
        }
    }
    *position = json_run_end(run);
    return result;
}
