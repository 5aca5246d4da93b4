/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of policy/redact: the answer of a service goes in, exactly what the plan allows comes
 * out, in windows.
 *
 *   redactor_feed(undisclosed_bytes) … redactor_finish()
 *        └─▶ on_window(window): disclosed bytes, and the account of what is in them
 *
 * Promise (design 4.2, non-interference): what comes out is a function of what may be disclosed and
 * of what policies' verdicts read. Memory is bounded: the bytes of one outermost record that are
 * candidates for disclosure or read by a policy, plus one window. Everything is checked to be valid
 * JSON (RFC 8259), also what is withheld.
 */
#ifndef AMANAT_POLICY_REDACT_REDACT_H
#define AMANAT_POLICY_REDACT_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/bytes.h"
#include "policy/catalogue/catalogue.h"
#include "policy/redact/json_marks.h"
#include "policy/redact/plan.h"
#include "policy/redact/provenance.h"

/**
 * A window is cut where the next record (outside records: the next byte) would pass this (design
 * 3.8).
 */
#define REDACT_WINDOW_BYTES ((size_t)262144)

/**
 * The most distinct subjects of one window. A bound that refused or cut would let withheld
 * identifiers show; so what is beyond it is counted (`subjects_dropped`) and not named.
 */
#define REDACT_SUBJECT_LIMIT ((size_t)65536)

/**
 * The memory that one outermost record may need while it is held, for a record_limit: an ordinary
 * one needs a few KiB. It is the only limit that all candidates share, disclosed or not, and it is
 * far: a record that has no others inside it reaches it only with several labels at their limits in
 * values of a few bytes. Beyond it the outermost record is left out. An eighth of it is for what
 * policies read.
 */
#define REDACT_HOLD_BYTES(record_limit) (((size_t)64 << 20) + (size_t)64 * (record_limit))

/**
 * What is disclosed of one outermost record must fit into this; else it is left out. Only what
 * would leave counts.
 */
#define REDACT_UNIT_BYTES(record_limit) (((size_t)64 << 10) + (size_t)4 * (record_limit))

/** An identifier is read from the first so many bytes of its value as it is spelt. */
#define REDACT_IDENTIFIER_BYTES ((size_t)1024)

/**
 * A subject that a disclosed record or field is about. The identifier is normalised; it is
 * undisclosed data.
 */
struct redact_subject {
    size_t kind; /* index in the vocabulary's subjects */
    struct bytes identifier;
};

/**
 * What one window discloses; the trail's entry is written from it. Lives until on_window returns.
 */
struct redact_window {
    struct disclosed_bytes bytes;
    bool first;
    bool last;                                          /* the body is complete with it */
    const uint64_t (*disclosed)[DISCLOSURE_MODE_COUNT]; /* [label][mode]: fields disclosed */
    /** [label]: labelled fields withheld; unlabelled ones are not counted by label. */
    const uint64_t *withheld;
    uint64_t withheld_unlabelled;
    uint64_t wrong_type; /* leaves of a wrong JSON type, withheld */
    uint64_t records_disclosed;
    uint64_t records_left_out;
    uint64_t records_over_limit; /* of those: left out because of a limit */
    /** Each once, sorted; only of disclosed records and fields. */
    const struct redact_subject *subjects;
    size_t subject_count;
    uint64_t subjects_dropped; /* at least so many mentions could not be named: the bound above */
};

/**
 * Takes a window. The bytes must be copied if they are needed longer. A failure ends the redaction
 * with it.
 */
typedef amanat_result redact_window_fn(void *context, const struct redact_window *window);

/** Why a body was refused: a closed list, for problems, metrics and the trail. */
enum redact_fault {
    REDACT_FAULT_NONE = 0,
    REDACT_FAULT_SYNTAX,   /* not RFC 8259, a BOM, trailing data, no value at all */
    REDACT_FAULT_ENCODING, /* not UTF-8, or half a surrogate pair, wherever it stands */
    REDACT_FAULT_DEPTH,    /* deeper than the limit */
    /** A name that could be disclosed or is read comes twice in one object. */
    REDACT_FAULT_DUPLICATE,
    REDACT_FAULT_NAMES,     /* undeclared names that could be disclosed: more than 32 MiB at once */
    REDACT_FAULT_TRUNCATED, /* the input ended too early */
    REDACT_FAULT_INTERNAL   /* memory, or the question could not be answered */
};
const char *redact_fault_name(enum redact_fault fault);

struct redactor_options {
    const struct plan *plan;
    const struct catalogue_node *root; /* of the media type */
    bool ndjson;                       /* each line is a document of `root` */
    size_t depth_limit;                /* nesting; 0 = 512 */
    /**
     * Bytes of one record that are candidates under the same labels; bytes of one record that
     * policies read; bytes of one field outside records that cannot stream. 0 = 1 MiB. What passes
     * it is dropped: a record is left out if the verdict would have disclosed what was dropped, or
     * could not be found for want of what is read, and goes on as if those labels had never stood
     * in it if the verdict withholds them; a field outside records is withheld. Only the account
     * tells.
     */
    size_t record_limit;
    json_mark_fn *mark; /* how structure is found; NULL: the best way; tests try each */
    redact_window_fn *on_window;
    void *context;
};

struct redactor;

/**
 * A redactor for one body; what `options` points to must live as long. MEMORY, or CONFIG_FAULT for
 * an impossible plan.
 */
AMANAT_MUST_CHECK amanat_result redactor_new(const struct redactor_options *options,
                                             struct redactor **out);

/** Wipes and frees; NULL is fine. */
void redactor_free(struct redactor *redactor);

/**
 * Takes the next bytes of the body, split anywhere. PEER_FAULT when the body is refused
 * (redactor_fault says why); nothing comes out any more after a failure.
 */
AMANAT_MUST_CHECK amanat_result redactor_feed(struct redactor *redactor,
                                              struct undisclosed_bytes bytes);

/**
 * Ends the body: gives the last window (`last` true, even when it is empty). `*out_nothing` = true
 * when nothing of the body was disclosed at all (a root that is left out): the caller answers as
 * for a record that is not there, and no window was given. (NDJSON without any line left gives one
 * empty last window instead.)
 */
AMANAT_MUST_CHECK amanat_result redactor_finish(struct redactor *redactor, bool *out_nothing);

enum redact_fault redactor_fault(const struct redactor *redactor);

/** Records that were left out of a body of which nothing was disclosed: for the trail alone. */
struct redact_left_out {
    uint64_t records;
    uint64_t over_limit; /* of those: because of a limit */
};
struct redact_left_out redactor_left_out(const struct redactor *redactor);

/**
 * A body that is not JSON and whose media type's labels are all revealed passes whole, cut into
 * windows. `plan` decides: REFUSED if any label is not REVEAL outside records.
 */
AMANAT_MUST_CHECK amanat_result redactor_new_whole(const struct redactor_options *options,
                                                   const size_t *labels, size_t label_count,
                                                   struct redactor **out);

/**
 * A declared response header, if the plan reveals all its labels; else no bytes. Same rule as for
 * whole bodies.
 */
bool redact_header(const struct plan *plan, const size_t *labels, size_t label_count,
                   struct undisclosed_bytes value, struct disclosed_bytes *out);

#endif
