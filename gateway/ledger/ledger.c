/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's side of anchors, on the control thread's loop. A timer asks each anchor's state
 * machine whether a request is due; an answer is judged by witness_protocol.c; what was cosigned is
 * appended to anchors/done/<id>.notes, durable, and told by an `anchor` entry. Only when that entry
 * is durable too does the answer count.
 *
 *   anchors/pending/<id>.request    the request as sent, durable before it is sent
 *   anchors/pending/<id>.stopped    it said that this trail was rolled back or forked: no start
 *                                   serves again while this witness is configured
 *   anchors/done/<id>.notes         every checkpoint that was cosigned, each with its cosignature,
 *                                   one after the other
 *
 * <id> is "witness-" and the witness's key id in hex.
 */
#include "gateway/ledger/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/base.h"

#define TURN         (RUNTIME_SECOND / 4)
#define BODY_LIMIT   65536u
#define PATH_SIZE    4096u
#define ID_SIZE      32u
#define WINDOW_LIMIT (2u * NOTE_LIMIT)
#define PATIENCE     (60 * RUNTIME_SECOND) /* for one answer, however slowly it drips */

struct anchor;

/* An `anchor` entry under way. It outlives an anchor that is freed meanwhile. */
struct told {
    struct anchor *anchor; /* NULL: nobody wants to know any more */
};

struct anchor {
    struct ledger *ledger;
    const struct config_anchor *config;
    struct note_vkey vkey;
    char id[ID_SIZE];
    struct http_address address;
    struct tls_context *tls;
    char target[PATH_SIZE];
    struct anchor_state state;
    uint64_t known_size; /* what the witness has seen last, as far as we know */
    uint64_t done_size;  /* bytes of the done file */
    bool knows_done;     /* the done file is there */
    enum anchor_urgency said;
    bool said_configuration;

    /* of the request in flight */
    struct http_client *client;
    struct buffer request;
    struct buffer checkpoint; /* the note that was sent */
    struct note_checkpoint head;
    struct bytes text; /* in `checkpoint` */
    uint64_t old_size;
    unsigned status;
    struct buffer answer;
    struct told *told;
};

struct ledger {
    struct ledger_options options;
    const struct runtime_clock *clock;
    const struct runtime_random *random;
    const struct files *files;
    struct runtime_timer *timer;
    struct anchor *anchors;
    size_t anchor_count;
    struct note *note;
    _Atomic bool allows;
};

static void raise_alarm(const struct anchor *anchor, enum ledger_alarm alarm, const char *text)
{
    const struct ledger_options *options = &anchor->ledger->options;

    if (options->alarm != NULL) {
        options->alarm(options->alarm_context, alarm, anchor->vkey.name, text);
    }
}

static uint32_t draw(const struct ledger *ledger)
{
    uint32_t chance = 0;
    const amanat_result result = runtime_random_fill(ledger->random, &chance, sizeof(chance));
    (void)result; /* without chance there is no jitter, nothing worse */
    return chance;
}

static void anchor_path(const struct anchor *anchor, const char *folder, const char *suffix,
                        char out[PATH_SIZE])
{
    const int length =
        snprintf(out, PATH_SIZE, "%s/anchors/%s/%s%s", trail_folder(anchor->ledger->options.trail),
                 folder, anchor->id, suffix);
    ASSERT(length > 0 && length < (int)PATH_SIZE);
}

/* ---- what was answered before ---- */

/* Where the note ends whose signatures begin at `start`: after the last line that is a signature.
 */
static size_t end_of_signatures(struct bytes text, size_t start)
{
    static const struct bytes dash = BYTES_INIT("\xE2\x80\x94 ");
    size_t end = start;

    while (end < text.length && bytes_start_with(bytes_from(text, end), dash)) {
        const size_t length = bytes_find(bytes_from(text, end), '\n');
        if (length == text.length - end) {
            break;
        }
        end += length + 1;
    }
    return end;
}

static size_t start_of_text(struct bytes text, size_t blank)
{
    unsigned newlines = 0;

    for (size_t i = blank; i > 0; i--) {
        if (text.at[i - 1] == '\n' && ++newlines == 3) {
            return i;
        }
    }
    return 0;
}

/* The newest note in `text` that both we and the witness signed; `*out_end` is where it ends. */
static bool find_last_answer(struct anchor *anchor, struct bytes text, size_t *out_end,
                             uint64_t *out_size, uint64_t *out_time)
{
    struct note *note = anchor->ledger->note;
    struct note_checkpoint checkpoint;

    for (size_t i = text.length; i >= 2; i--) {
        if (text.at[i - 1] != '\n' || text.at[i - 2] != '\n') {
            continue;
        }
        const size_t start = start_of_text(text, i - 2);
        const size_t end = end_of_signatures(text, i);
        if (amanat_is_ok(note_parse(bytes_of(text.at + start, end - start), note)) &&
            amanat_is_ok(note_parse_checkpoint(note->text, &checkpoint)) &&
            note_is_signed_by(note, &anchor->vkey, out_time)) {
            *out_end = end;
            *out_size = checkpoint.size;
            return true;
        }
    }
    return false;
}

static amanat_result cut_done(struct anchor *anchor, const char *path, uint64_t size)
{
    const struct files *files = anchor->ledger->files;
    const int file = files->open(files->context, path, FILES_UPDATE);
    int result = file;

    if (file >= 0) {
        result = files->truncate(files->context, file, size);
        if (result >= 0) {
            result = files->sync(files->context, file);
        }
        (void)files->close(files->context, file);
    }
    return result < 0 ? amanat_result_of(AMANAT_STATUS_IO) : AMANAT_OK;
}

static amanat_result read_window(const struct files *files, const char *path, uint64_t offset,
                                 struct buffer *out)
{
    char chunk[16384];
    const int file = files->open(files->context, path, FILES_READ);
    int64_t taken = -1;

    while (file >= 0 && (taken = files->read_at(files->context, file, chunk, sizeof(chunk),
                                                offset + out->length)) > 0) {
        buffer_append(out, bytes_of(chunk, (size_t)taken));
        TRY(buffer_check(out));
    }
    if (file >= 0) {
        (void)files->close(files->context, file);
    }
    return taken < 0 ? amanat_result_of(AMANAT_STATUS_IO) : AMANAT_OK;
}

/* Only the end is read; an answer that a crash tore is cut off (its request will be sent again). */
static amanat_result load_done(struct anchor *anchor, uint64_t *out_covered, uint64_t *out_time)
{
    const struct files *files = anchor->ledger->files;
    char path[PATH_SIZE];
    struct files_status status;
    struct buffer window;
    size_t end = 0;

    anchor_path(anchor, "done", ".notes", path);
    const int found = files->status(files->context, path, &status);
    if (found == -ENOENT) {
        return AMANAT_OK;
    }
    if (found < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    anchor->knows_done = true;
    const uint64_t offset = status.size > WINDOW_LIMIT ? status.size - WINDOW_LIMIT : 0;
    buffer_init(&window, WINDOW_LIMIT + 65536);
    amanat_result result = read_window(files, path, offset, &window);
    if (amanat_is_ok(result)) {
        if (find_last_answer(anchor, buffer_bytes(&window), &end, out_covered, out_time)) {
            anchor->done_size = offset + end;
        } else if (offset > 0) {
            result = amanat_result_of(AMANAT_STATUS_CORRUPT);
        }
    }
    if (amanat_is_ok(result) && anchor->done_size < status.size) {
        result = cut_done(anchor, path, anchor->done_size);
    }
    buffer_clear(&window);
    return result;
}

/* ---- answers ---- */

static void note_told(void *context, amanat_result result, const struct durable_entry *entry)
{
    struct told *told = context;
    struct anchor *anchor = told->anchor;

    (void)entry;
    free(told);
    if (anchor == NULL) {
        return;
    }
    anchor->told = NULL;
    if (!amanat_is_ok(result)) {
        anchor_state_fail(&anchor->state, runtime_clock_monotonic(anchor->ledger->clock),
                          draw(anchor->ledger));
        return;
    }
    anchor->known_size = anchor->state.sent;
    anchor_state_succeed(&anchor->state);
    if (anchor->said != ANCHOR_URGENCY_NONE || anchor->said_configuration) {
        raise_alarm(anchor, LEDGER_ALARM_RECOVERED, "the witness attests to the trail again");
    }
    anchor->said = ANCHOR_URGENCY_NONE;
    anchor->said_configuration = false;
}

static amanat_result submit_entry(struct anchor *anchor, const struct trail_anchor *entry)
{
    struct trail_salt salt;
    struct buffer line;
    struct told *told = calloc(1, sizeof(*told));

    TRY_MEMORY(told);
    told->anchor = anchor;
    buffer_init(&line, TRAIL_ENTRY_LIMIT);
    amanat_result result = runtime_random_fill(anchor->ledger->random, salt.at, sizeof(salt.at));
    if (amanat_is_ok(result)) {
        result = trail_entry_append_anchor(&line, entry, &salt);
    }
    const struct trail_submission submission = {.class = TRAIL_CLASS_OTHER,
                                                .lines = buffer_bytes(&line),
                                                .done = note_told,
                                                .context = told,
                                                .is_quiet = true,
                                                .loop = anchor->ledger->options.loop};
    if (amanat_is_ok(result)) {
        anchor->told = told;
        result = trail_submit(anchor->ledger->options.trail, &submission);
    }
    if (!amanat_is_ok(result)) {
        anchor->told = NULL;
        free(told);
    }
    buffer_clear(&line);
    return result;
}

static int append_done(struct anchor *anchor, struct bytes note)
{
    const struct files *files = anchor->ledger->files;
    char path[PATH_SIZE];
    char folder[PATH_SIZE];

    anchor_path(anchor, "done", ".notes", path);
    const int file =
        files->open(files->context, path, anchor->knows_done ? FILES_UPDATE : FILES_REPLACE);
    if (file < 0) {
        return file;
    }
    int result = files->truncate(files->context, file, anchor->done_size);
    if (result >= 0) {
        result = files_write_all(files, file, note, anchor->done_size);
    }
    if (result >= 0) {
        result = files->sync(files->context, file);
    }
    (void)files->close(files->context, file);
    if (result >= 0 && !anchor->knows_done && files_parent(path, folder, sizeof(folder))) {
        result = files->sync_folder(files->context, folder);
        anchor->knows_done = result >= 0;
    }
    return result;
}

/* A verified cosignature: durable, then told by an entry. */
static amanat_result keep_answer(struct anchor *anchor, const struct witness_answer_read *answer)
{
    struct buffer note;
    char file[128];
    struct trail_anchor entry = {.name = bytes_of_string(anchor->vkey.name),
                                 .kind = BYTES("witness"),
                                 .size = anchor->head.size,
                                 .root = anchor->head.root,
                                 .offset = anchor->done_size,
                                 .time = (int64_t)answer->time};

    buffer_init(&note, NOTE_LIMIT);
    buffer_append(&note, buffer_bytes(&anchor->checkpoint));
    buffer_append(&note, answer->signature);
    amanat_result result = buffer_check(&note);
    if (amanat_is_ok(result) && append_done(anchor, buffer_bytes(&note)) < 0) {
        result = amanat_result_of(AMANAT_STATUS_IO);
    }
    if (amanat_is_ok(result)) {
        (void)snprintf(file, sizeof(file), "anchors/done/%s.notes", anchor->id);
        entry.file = bytes_of_string(file);
        entry.bytes = note.length;
        tree_hash_bytes(buffer_bytes(&note), &entry.digest);
        anchor->done_size += note.length;
        result = submit_entry(anchor, &entry);
    }
    buffer_clear(&note);
    return result;
}

static void stop(struct anchor *anchor, enum ledger_alarm alarm, const char *text)
{
    char path[PATH_SIZE];

    anchor_state_stop(&anchor->state);
    atomic_store(&anchor->ledger->allows, false);
    raise_alarm(anchor, alarm, text);
    anchor_path(anchor, "pending", ".stopped", path);
    /* If this cannot be written, the witness will say it again after the next start. */
    (void)files_replace_durably(anchor->ledger->files, path,
                                alarm == LEDGER_ALARM_FORKED ? BYTES("forked\n")
                                                             : BYTES("rolled-back\n"));
}

/* What was said before the last start still holds. */
static amanat_result stop_again(struct anchor *anchor)
{
    char path[PATH_SIZE];
    struct buffer said;
    int failure = 0;

    anchor_path(anchor, "pending", ".stopped", path);
    buffer_init(&said, 64);
    const amanat_result result = files_read_whole(anchor->ledger->files, path, &said, &failure);
    const bool forked = bytes_equal_string(buffer_bytes(&said), "forked\n");
    buffer_clear(&said);
    if (failure == ENOENT) {
        return AMANAT_OK;
    }
    TRY(result);
    stop(anchor, forked ? LEDGER_ALARM_FORKED : LEDGER_ALARM_ROLLED_BACK,
         "before this start the witness said that this trail is not the one it has seen");
    return AMANAT_OK;
}

static void judge_answer(struct anchor *anchor, const struct witness_answer_read *answer)
{
    struct ledger *ledger = anchor->ledger;
    const int64_t now = runtime_clock_monotonic(ledger->clock);

    switch (answer->reply) {
    case WITNESS_REPLY_COSIGNED:
        if (!amanat_is_ok(keep_answer(anchor, answer))) {
            anchor_state_fail(&anchor->state, now, draw(ledger));
        }
        return;
    case WITNESS_REPLY_KNOWS_OTHER:
        anchor->known_size = answer->known_size;
        anchor_state_repeat(&anchor->state, now, draw(ledger));
        return;
    case WITNESS_REPLY_AHEAD:
        stop(anchor, LEDGER_ALARM_ROLLED_BACK,
             "the witness has seen more of this trail than there is: it was rolled back");
        return;
    case WITNESS_REPLY_FORKED:
        stop(anchor, LEDGER_ALARM_FORKED, "this trail is not the one that the witness has seen");
        return;
    case WITNESS_REPLY_CONFIGURATION:
        if (!anchor->said_configuration) {
            raise_alarm(anchor, LEDGER_ALARM_CONFIGURATION,
                        "the witness does not know this trail, or another key for it");
            anchor->said_configuration = true;
        }
        break;
    case WITNESS_REPLY_UNUSABLE:
        break;
    }
    anchor_state_fail(&anchor->state, now, draw(ledger));
}

/* ---- the exchange ---- */

static void close_client(struct anchor *anchor)
{
    http_client_close(anchor->client);
    anchor->client = NULL;
}

static void give_up(struct anchor *anchor)
{
    close_client(anchor);
    anchor_state_fail(&anchor->state, runtime_clock_monotonic(anchor->ledger->clock),
                      draw(anchor->ledger));
}

static void take_head(void *context, const struct http_response_head *head)
{
    struct anchor *anchor = context;
    anchor->status = head->status;
}

static void take_body(void *context, struct undisclosed_bytes body)
{
    struct anchor *anchor = context;
    buffer_append(&anchor->answer, body.bytes);
    if (anchor->answer.broken) {
        give_up(anchor);
    }
}

static void take_end(void *context)
{
    struct anchor *anchor = context;
    struct witness_answer_read answer;

    close_client(anchor);
    witness_read_answer(anchor->status, buffer_bytes(&anchor->answer), anchor->text,
                        anchor->old_size, anchor->head.size, &anchor->vkey, &answer);
    judge_answer(anchor, &answer);
}

static void take_failure(void *context, enum http_client_failure failure, enum http_refusal refusal)
{
    struct anchor *anchor = context;

    (void)failure;
    (void)refusal;
    give_up(anchor);
}

static amanat_result send_request(struct anchor *anchor)
{
    const struct config_url *url = &anchor->config->url;
    const struct http_client_options options = {.loop = anchor->ledger->options.loop,
                                                .address = anchor->address,
                                                .tls = anchor->tls,
                                                .host = anchor->tls == NULL ? NULL : url->host};
    const struct http_header header = {BYTES("Content-Type"), BYTES("text/plain")};
    const struct http_request_start start = {.method = BYTES("POST"),
                                             .target = bytes_of_string(anchor->target),
                                             .host = bytes_of_string(url->authority),
                                             .headers = &header,
                                             .header_count = 1,
                                             .framing = HTTP_FRAMING_LENGTH,
                                             .length = anchor->request.length};
    const struct http_client_handler handler = {.context = anchor,
                                                .on_head = take_head,
                                                .on_body = take_body,
                                                .on_end = take_end,
                                                .on_failure = take_failure};

    TRY(http_client_new(&options, &anchor->client));
    TRY(http_client_send(anchor->client, &start, &handler));
    TRY(http_client_write(anchor->client, buffer_bytes(&anchor->request)));
    return http_client_end(anchor->client);
}

/* Checkpoint and proof into `request`. */
static amanat_result build_request(struct anchor *anchor)
{
    struct trail *trail = anchor->ledger->options.trail;
    struct trail_digest proof[TREE_PROOF_LIMIT];
    size_t count = 0;

    buffer_reset(&anchor->checkpoint);
    buffer_reset(&anchor->request);
    buffer_reset(&anchor->answer);
    anchor->answer.broken = false;
    anchor->status = 0;
    TRY(trail_read_checkpoint(trail, &anchor->checkpoint));
    TRY(note_parse(buffer_bytes(&anchor->checkpoint), anchor->ledger->note));
    anchor->text = anchor->ledger->note->text;
    TRY(note_parse_checkpoint(anchor->text, &anchor->head));
    anchor->old_size = anchor->known_size;
    if (anchor->old_size > 0 && anchor->old_size < anchor->head.size) {
        TRY(trail_prove_consistency(trail, anchor->old_size, anchor->head.size, proof, &count));
    }
    witness_append_request(&anchor->request, anchor->old_size, proof, count,
                           buffer_bytes(&anchor->checkpoint));
    return buffer_check(&anchor->request);
}

static amanat_result begin_request(struct anchor *anchor)
{
    char path[PATH_SIZE];

    TRY(build_request(anchor));
    anchor_path(anchor, "pending", ".request", path);
    if (files_replace_durably(anchor->ledger->files, path, buffer_bytes(&anchor->request)) < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    return send_request(anchor);
}

static void send_when_due(struct anchor *anchor, uint64_t newest, int64_t now)
{
    if (anchor->client != NULL && now - anchor->state.last_sent > PATIENCE) {
        give_up(anchor);
    }
    if (!anchor_state_advance(&anchor->state, newest, now)) {
        return;
    }
    anchor_state_sent(&anchor->state, newest, now);
    if (!amanat_is_ok(begin_request(anchor))) {
        close_client(anchor);
        anchor_state_fail(&anchor->state, now, draw(anchor->ledger));
        return;
    }
    anchor->state.sent = anchor->head.size;
}

static void say_urgency(struct anchor *anchor, int64_t now)
{
    const enum anchor_urgency urgency = anchor_state_urgency(&anchor->state, now);

    if (urgency > anchor->said) {
        const bool overdue = urgency == ANCHOR_URGENCY_OVERDUE;
        anchor->said = urgency;
        if (overdue ? anchor->config->overdue != CONFIG_OVERDUE_WARN : true) {
            raise_alarm(anchor, overdue ? LEDGER_ALARM_OVERDUE : LEDGER_ALARM_WARN,
                        overdue ? "the witness has not attested to the trail for longer than "
                                  "max_age"
                                : "the witness has not attested to the trail for half of max_age");
        }
    }
}

static bool anchor_allows(const struct anchor *anchor, int64_t now)
{
    return anchor->state.phase != ANCHOR_PHASE_STOPPED &&
           (anchor->config->overdue != CONFIG_OVERDUE_DENY ||
            anchor_state_urgency(&anchor->state, now) != ANCHOR_URGENCY_OVERDUE);
}

static void turn(void *context)
{
    struct ledger *ledger = context;
    const int64_t now = runtime_clock_monotonic(ledger->clock);
    struct trail_state state;
    bool allows = true;

    trail_read_state(ledger->options.trail, &state);
    for (size_t i = 0; i < ledger->anchor_count; i++) {
        struct anchor *anchor = &ledger->anchors[i];
        send_when_due(anchor, state.checkpoint_size, now);
        say_urgency(anchor, now);
        allows = allows && anchor_allows(anchor, now);
    }
    atomic_store(&ledger->allows, allows);
    const amanat_result result = runtime_timer_start(ledger->timer, TURN);
    if (!amanat_is_ok(result)) {
        atomic_store(&ledger->allows, false); /* no memory: nobody would notice an overdue anchor */
    }
}

/* ---- opening ---- */

static amanat_result report(struct amanat_diagnostics *diagnostics, const char *source,
                            enum amanat_status status, const char *text)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "ledger", source, 0, 0, "%s", text);
    return amanat_result_of(status);
}

static amanat_result load_vkey(struct anchor *anchor, struct amanat_diagnostics *diagnostics)
{
    struct buffer text;
    const char *path = anchor->config->vkey;

    buffer_init(&text, 4096);
    amanat_result result = files_read_whole(anchor->ledger->files, path, &text, NULL);
    if (!amanat_is_ok(result) ||
        !amanat_is_ok(note_parse_vkey(buffer_bytes(&text), &anchor->vkey)) ||
        anchor->vkey.type != NOTE_TYPE_COSIGNATURE) {
        result = report(diagnostics, path, AMANAT_STATUS_CONFIG_FAULT,
                        "this is no verifier key of a witness (name+id+base64, type 0x04)");
    }
    buffer_clear(&text);
    return result;
}

static amanat_result load_state(struct anchor *anchor, struct amanat_diagnostics *diagnostics)
{
    struct ledger *ledger = anchor->ledger;
    const int64_t now = runtime_clock_monotonic(ledger->clock);
    const int64_t wall = runtime_clock_wall(ledger->clock);
    uint64_t covered = 0;
    uint64_t time = 0;
    struct trail_state state;

    const amanat_result result = load_done(anchor, &covered, &time);
    if (!amanat_is_ok(result)) {
        return report(diagnostics, anchor->id, result.status,
                      "cannot use what this witness answered before");
    }
    anchor->known_size = covered;
    trail_read_state(ledger->options.trail, &state);
    /* What has waited while we were away has waited since the last answer. */
    int64_t age = covered == 0 ? 0 : wall - (int64_t)time * RUNTIME_SECOND;
    age = age < 0 ? 0 : age;
    anchor_state_init(&anchor->state, anchor->config->every, anchor->config->max_age, covered,
                      state.checkpoint_size, now - age);
    return stop_again(anchor);
}

static amanat_result open_anchor(struct anchor *anchor, struct amanat_diagnostics *diagnostics)
{
    const struct config_url *url = &anchor->config->url;

    buffer_init(&anchor->request, WITNESS_REQUEST_LIMIT);
    buffer_init(&anchor->checkpoint, NOTE_LIMIT);
    buffer_init(&anchor->answer, BODY_LIMIT);
    if (anchor->config->kind != CONFIG_ANCHOR_WITNESS) {
        return report(diagnostics, url->text, AMANAT_STATUS_CONFIG_FAULT,
                      "this version has anchors of kind witness only");
    }
    TRY(load_vkey(anchor, diagnostics));
    (void)snprintf(anchor->id, sizeof(anchor->id), "witness-%02x%02x%02x%02x", anchor->vkey.id[0],
                   anchor->vkey.id[1], anchor->vkey.id[2], anchor->vkey.id[3]);
    if (snprintf(anchor->target, sizeof(anchor->target), "%s/add-checkpoint", url->path) >=
        (int)sizeof(anchor->target)) {
        return report(diagnostics, url->text, AMANAT_STATUS_CONFIG_FAULT, "this URL is too long");
    }
    TRY(http_address_resolve(url->host, url->port, diagnostics, &anchor->address));
    if (url->is_tls) {
        const struct tls_client_options tls = {.ca = anchor->config->ca};
        TRY(tls_client_context_new(&tls, diagnostics, &anchor->tls));
    }
    return load_state(anchor, diagnostics);
}

static amanat_result open_anchors(struct ledger *ledger, struct amanat_diagnostics *diagnostics)
{
    const struct ledger_options *options = &ledger->options;

    ledger->anchors = calloc(options->anchor_count + 1, sizeof(*ledger->anchors));
    ledger->note = calloc(1, sizeof(*ledger->note));
    if (ledger->anchors == NULL || ledger->note == NULL) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    for (size_t i = 0; i < options->anchor_count; i++) {
        ledger->anchors[i].ledger = ledger;
        ledger->anchors[i].config = &options->anchors[i];
        ledger->anchor_count = i + 1;
        TRY(open_anchor(&ledger->anchors[i], diagnostics));
        for (size_t k = 0; k < i; k++) {
            if (strcmp(ledger->anchors[k].id, ledger->anchors[i].id) == 0) {
                return report(diagnostics, options->anchors[i].vkey, AMANAT_STATUS_CONFIG_FAULT,
                              "this witness stands twice");
            }
        }
    }
    TRY(runtime_timer_new(options->loop, turn, ledger, &ledger->timer));
    return runtime_timer_start(ledger->timer, 0);
}

amanat_result ledger_new(const struct ledger_options *options,
                         struct amanat_diagnostics *diagnostics, struct ledger **out)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));

    TRY_MEMORY(ledger);
    ledger->options = *options;
    ledger->clock = options->clock == NULL ? runtime_clock_real() : options->clock;
    ledger->random = options->random == NULL ? runtime_random_real() : options->random;
    ledger->files = options->files == NULL ? files_system() : options->files;
    atomic_init(&ledger->allows, true);
    const amanat_result result = open_anchors(ledger, diagnostics);
    if (!amanat_is_ok(result)) {
        ledger_free(ledger);
        return result;
    }
    *out = ledger;
    return AMANAT_OK;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    runtime_timer_free(ledger->timer);
    for (size_t i = 0; i < ledger->anchor_count; i++) {
        struct anchor *anchor = &ledger->anchors[i];
        if (anchor->told != NULL) {
            anchor->told->anchor = NULL;
        }
        close_client(anchor);
        tls_context_unref(anchor->tls);
        buffer_clear(&anchor->request);
        buffer_clear(&anchor->checkpoint);
        buffer_clear(&anchor->answer);
    }
    free(ledger->anchors);
    free(ledger->note);
    free(ledger);
}

bool ledger_allows(const struct ledger *ledger)
{
    return ledger == NULL || atomic_load(&ledger->allows);
}

bool ledger_read_state(const struct ledger *ledger, size_t index, struct ledger_anchor_state *out)
{
    if (ledger == NULL || index >= ledger->anchor_count) {
        return false;
    }
    const struct anchor *anchor = &ledger->anchors[index];
    const int64_t now = runtime_clock_monotonic(ledger->clock);
    *out = (struct ledger_anchor_state){.name = anchor->vkey.name,
                                        .phase = anchor->state.phase,
                                        .urgency = anchor_state_urgency(&anchor->state, now),
                                        .covered = anchor->state.covered,
                                        .uncovered = anchor->state.newest - anchor->state.covered,
                                        .age = anchor_state_age(&anchor->state, now),
                                        .failures = anchor->state.failures_total};
    return true;
}
