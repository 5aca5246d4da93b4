/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One state machine for all anchors (trail.md 5), pure: what is to be done now, and what an answer
 * changes.
 *
 *   | phase     | left by                         | to                     |
 *   | --------- | ------------------------------- | ---------------------- |
 *   | idle      | a newer checkpoint              | due                    |
 *   | due       | sending it                      | in flight              |
 *   | in flight | an answer that verifies         | idle                   |
 *   | in flight | a failure                       | back-off               |
 *   | back-off  | 1 s … 15 min, doubled each      | due                    |
 *   |           | time, half of it by chance      |                        |
 *   | any       | we were rolled back, or forked  | stopped, for good      |
 *
 * The newest checkpoint covers all older ones, so there is never more than one request.
 */
#ifndef AMANAT_GATEWAY_LEDGER_ANCHOR_STATE_H
#define AMANAT_GATEWAY_LEDGER_ANCHOR_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum anchor_phase {
    ANCHOR_PHASE_IDLE = 0,
    ANCHOR_PHASE_DUE,
    ANCHOR_PHASE_IN_FLIGHT,
    ANCHOR_PHASE_BACK_OFF,
    ANCHOR_PHASE_STOPPED
};

enum anchor_urgency {
    ANCHOR_URGENCY_NONE = 0,
    ANCHOR_URGENCY_WARN,   /* half of max_age is over */
    ANCHOR_URGENCY_OVERDUE /* all of it */
};

/** Times are monotonic microseconds. */
struct anchor_state {
    enum anchor_phase phase;
    uint64_t covered;    /* size that somebody outside has attested to */
    uint64_t newest;     /* size of the newest checkpoint */
    uint64_t sent;       /* size in flight */
    bool waits;          /* a checkpoint is not covered … */
    int64_t waits_since; /* … since then */
    int64_t last_sent;
    int64_t next_at;   /* of BACK_OFF */
    unsigned failures; /* since the last success */
    uint64_t failures_total;
    int64_t every; /* shortest time between two requests */
    int64_t max_age;
};

/** Starts with what was covered and signed before; if the two differ, that has been so since
 * `since`. */
void anchor_state_init(struct anchor_state *state, int64_t every, int64_t max_age, uint64_t covered,
                       uint64_t newest, int64_t since);

/** Tells the newest checkpoint and the time; true when a request is to be sent now. */
bool anchor_state_advance(struct anchor_state *state, uint64_t newest, int64_t now);

/** A request for `size` was sent; it succeeded; it failed (`chance` = any random number); nothing
 * may go on. */
void anchor_state_sent(struct anchor_state *state, uint64_t size, int64_t now);
void anchor_state_succeed(struct anchor_state *state);
void anchor_state_fail(struct anchor_state *state, int64_t now, uint32_t chance);
/** The other side knew another size: the next request goes out at once. */
void anchor_state_repeat(struct anchor_state *state, int64_t now, uint32_t chance);
void anchor_state_stop(struct anchor_state *state);

/** How long the oldest checkpoint that nobody outside has seen has waited; 0 when there is none. */
int64_t anchor_state_age(const struct anchor_state *state, int64_t now);
enum anchor_urgency anchor_state_urgency(const struct anchor_state *state, int64_t now);

#endif
