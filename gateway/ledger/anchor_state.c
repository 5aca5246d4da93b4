/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of an anchor. */
#include "gateway/ledger/anchor_state.h"

#define SECOND          INT64_C(1000000)
#define LONGEST_BACKOFF (15 * 60 * SECOND)
#define REPEAT_LIMIT    3u

void anchor_state_init(struct anchor_state *state, int64_t every, int64_t max_age, uint64_t covered,
                       uint64_t newest, int64_t since)
{
    *state = (struct anchor_state){.covered = covered,
                                   .newest = newest > covered ? newest : covered,
                                   .waits = newest > covered,
                                   .waits_since = since,
                                   .last_sent = INT64_MIN / 2,
                                   .every = every,
                                   .max_age = max_age};
}

bool anchor_state_advance(struct anchor_state *state, uint64_t newest, int64_t now)
{
    state->newest = newest > state->newest ? newest : state->newest;
    if (state->newest > state->covered && !state->waits) {
        state->waits = true;
        state->waits_since = now;
    }
    if (state->phase == ANCHOR_PHASE_IDLE && state->newest > state->covered) {
        state->phase = ANCHOR_PHASE_DUE;
    }
    if (state->phase == ANCHOR_PHASE_BACK_OFF && now >= state->next_at) {
        state->phase = ANCHOR_PHASE_DUE;
    }
    return state->phase == ANCHOR_PHASE_DUE && now - state->last_sent >= state->every;
}

void anchor_state_sent(struct anchor_state *state, uint64_t size, int64_t now)
{
    state->phase = ANCHOR_PHASE_IN_FLIGHT;
    state->sent = size;
    state->last_sent = now;
}

void anchor_state_succeed(struct anchor_state *state)
{
    if (state->phase == ANCHOR_PHASE_STOPPED) {
        return;
    }
    state->covered = state->sent > state->covered ? state->sent : state->covered;
    state->failures = 0;
    /* What came since the request was sent is younger than the request. */
    state->waits = state->newest > state->covered;
    state->waits_since = state->last_sent;
    state->phase = state->waits ? ANCHOR_PHASE_DUE : ANCHOR_PHASE_IDLE;
}

static int64_t back_off(unsigned failures, uint32_t chance)
{
    const unsigned doublings = failures > 10 ? 10 : failures - 1;
    int64_t whole = SECOND << doublings;

    whole = whole > LONGEST_BACKOFF ? LONGEST_BACKOFF : whole;
    return whole / 2 + (int64_t)(chance % (uint32_t)(whole / 2 + 1));
}

void anchor_state_fail(struct anchor_state *state, int64_t now, uint32_t chance)
{
    if (state->phase == ANCHOR_PHASE_STOPPED) {
        return;
    }
    state->failures += 1;
    state->failures_total += 1;
    state->phase = ANCHOR_PHASE_BACK_OFF;
    state->next_at = now + back_off(state->failures, chance);
}

void anchor_state_repeat(struct anchor_state *state, int64_t now, uint32_t chance)
{
    anchor_state_fail(state, now, chance);
    /* A witness that says something else each time would keep us busy for ever. */
    if (state->phase == ANCHOR_PHASE_BACK_OFF && state->failures <= REPEAT_LIMIT) {
        state->next_at = now;
        state->last_sent = now - state->every;
    }
}

void anchor_state_stop(struct anchor_state *state)
{
    state->phase = ANCHOR_PHASE_STOPPED;
}

int64_t anchor_state_age(const struct anchor_state *state, int64_t now)
{
    return state->waits ? now - state->waits_since : 0;
}

enum anchor_urgency anchor_state_urgency(const struct anchor_state *state, int64_t now)
{
    const int64_t age = anchor_state_age(state, now);

    if (age > state->max_age) {
        return ANCHOR_URGENCY_OVERDUE;
    }
    return age > state->max_age / 2 ? ANCHOR_URGENCY_WARN : ANCHOR_URGENCY_NONE;
}
