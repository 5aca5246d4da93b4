/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: make_trail FOLDER ENTRIES
 *
 * Makes FOLDER/trail with our own writer (so many accesses, a ruleset, refusals, a tick of the
 * clock in between), has it cosigned by a witness over HTTP on loopback (FOLDER/witness), and
 * leaves FOLDER/trail.vkey and FOLDER/witness.vkey: what the foreign verifiers of this folder are
 * run on.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/ledger.h"
#include "policy/base/base.h"

#define PATH_SIZE 1024u
#define BATCH     1000u

struct maker {
    char folder[PATH_SIZE - 64];
    EVP_PKEY *trail_key;
    EVP_PKEY *witness_key;
    struct trail *trail;
    uint64_t written; /* entries before the witness's answers */
    struct runtime_loop *loop;
    struct ledger *ledger;
    struct runtime_timer *timer;
};

static void must(amanat_result result, const char *what)
{
    if (!amanat_is_ok(result)) {
        (void)fprintf(stderr, "make_trail: %s: %s\n", what, amanat_status_name(result.status));
        exit(1);
    }
}

static void write_file(const struct maker *maker, const char *name, struct bytes bytes)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", maker->folder, name);
    if (files_replace_durably(files_system(), path, bytes) < 0) {
        must(amanat_result_of(AMANAT_STATUS_IO), path);
    }
}

static void write_vkey(const struct maker *maker, const char *name, const char *key_name,
                       enum note_type type, EVP_PKEY *key)
{
    struct note_vkey vkey;
    struct buffer text;
    must(note_vkey_of(bytes_of_string(key_name), type, key, &vkey), name);
    buffer_init(&text, 1024);
    note_append_vkey(&text, &vkey);
    buffer_append_byte(&text, '\n');
    write_file(maker, name, buffer_bytes(&text));
    buffer_clear(&text);
}

static void submit(struct maker *maker, enum trail_class class, const struct buffer *lines)
{
    const struct trail_submission submission = {.class = class, .lines = buffer_bytes(lines)};
    must(trail_submit_and_wait(maker->trail, &submission, NULL), "submit");
}

static void write_policy(struct maker *maker)
{
    static const struct trail_file files[] = {
        {BYTES_INIT("policies/open.cedar"), BYTES_INIT("permit (principal, action, resource);\n")},
        {BYTES_INIT("vocabulary.yaml"), BYTES_INIT("labels:\n  note: {}\n")}};
    const struct trail_salt salt = {{1, 2, 3}};
    struct trail_policy policy = {.policy_count = 1};
    struct buffer line;

    must(trail_store_ruleset(maker->trail, files, 2, NULL, &policy.ruleset), "ruleset");
    buffer_init(&line, TRAIL_ENTRY_LIMIT);
    must(trail_entry_append_policy(&line, &policy, &salt), "policy");
    submit(maker, TRAIL_CLASS_OTHER, &line);
    buffer_clear(&line);
}

/* One access; names are not ASCII now and then, and some windows have very many subjects. */
/* So that there is a checkpoint of an earlier moment, however late the publisher gets to run. */
static void wait_for_checkpoint(const struct maker *maker)
{
    struct trail_state state = {0};

    while (state.checkpoint_size == 0) {
        (void)sched_yield();
        trail_read_state(maker->trail, &state);
    }
}

static void append_access(struct buffer *lines, unsigned number)
{
    const struct trail_disclosed disclosed[] = {{BYTES("vehicle.plate"), {1, 0, 0, 0}},
                                                {BYTES("person.cnic"), {0, 0, 1, 1}}};
    const struct trail_count withheld[] = {{BYTES("person.name"), number % 4}};
    const struct bytes policies[] = {BYTES("stolen-vehicle \"call\""), BYTES("\xD8\xA7\xDA\xBE")};
    struct trail_pseudonym subjects[700];
    struct trail_salt salt = {{0}};
    struct trail_access access = {.last = true,
                                  .partner = BYTES("ravi-cameras"),
                                  .agent = BYTES("p:AAAAAAAAAAAAAAAAAAAAAA"),
                                  .need = {.purpose = BYTES("vehicle-crime")},
                                  .operation = BYTES("findSightings"),
                                  .decision = TRAIL_DECISION_PERMIT,
                                  .policies = policies,
                                  .policy_count = 2,
                                  .disclosed = disclosed,
                                  .disclosed_count = 2,
                                  .withheld = withheld,
                                  .withheld_count = 1,
                                  .subjects = subjects,
                                  .subject_count = number % 97 == 0 ? 700 : number % 3,
                                  .status = 200};

    memcpy(access.access.at, &number, sizeof(number));
    must(runtime_random_fill(runtime_random_real(), salt.at, sizeof(salt.at)), "random");
    for (size_t i = 0; i < access.subject_count; i++) {
        must(trail_pseudonym(BYTES("key"), BYTES("plate"), bytes_of((const char *)&i, sizeof(i)),
                             &subjects[i]),
             "pseudonym");
    }
    must(trail_entry_append_access(lines, &access, &salt, NULL), "access");
}

static void write_accesses(struct maker *maker, unsigned count)
{
    struct buffer lines;

    buffer_init(&lines, 32u << 20);
    for (unsigned i = 0; i < count; i++) {
        append_access(&lines, i);
        if (lines.length > 1u << 20 || i % BATCH == BATCH - 1 || i + 1 == count) {
            submit(maker, TRAIL_CLASS_ACCESS, &lines);
            buffer_reset(&lines);
        }
    }
    buffer_clear(&lines);
}

/* Ends the loop when the witness has seen everything that was written before. */
static void look(void *context)
{
    struct maker *maker = context;
    struct ledger_anchor_state anchor;
    struct trail_state state;

    trail_read_state(maker->trail, &state);
    if (ledger_read_state(maker->ledger, 0, &anchor) && anchor.covered > 0 &&
        anchor.covered == state.checkpoint_size && state.checkpoint_size >= maker->written) {
        runtime_loop_stop(maker->loop);
        return;
    }
    must(runtime_timer_start(maker->timer, RUNTIME_SECOND / 50), "timer");
}

static void have_it_witnessed(struct maker *maker)
{
    char folder[PATH_SIZE];
    char trail_vkey[PATH_SIZE];
    char witness_vkey[PATH_SIZE];
    char authority[HTTP_ADDRESS_TEXT_SIZE];
    const struct witness_log_options log = {.vkey = trail_vkey};
    const struct witness_options options = {.name = "witness.example/w1",
                                            .folder = folder,
                                            .key = maker->witness_key,
                                            .logs = &log,
                                            .log_count = 1};
    struct witness *witness = NULL;
    struct witness_server *server = NULL;
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();

    struct trail_state state;
    trail_read_state(maker->trail, &state);
    maker->written = state.size;
    (void)snprintf(folder, sizeof(folder), "%s/witness", maker->folder);
    (void)snprintf(trail_vkey, sizeof(trail_vkey), "%s/trail.vkey", maker->folder);
    (void)snprintf(witness_vkey, sizeof(witness_vkey), "%s/witness.vkey", maker->folder);
    must(runtime_loop_new(64, &maker->loop), "loop");
    must(witness_open(&options, diagnostics, &witness), "witness");
    must(witness_server_new(maker->loop, witness, "127.0.0.1:0", "/w", diagnostics, &server),
         "witness server");
    const struct http_address listener = witness_server_listener(server);
    http_address_text(&listener, authority);
    const struct config_anchor anchor = {
        .kind = CONFIG_ANCHOR_WITNESS,
        .url = {.text = authority,
                .host = "127.0.0.1",
                .authority = authority,
                .port = (unsigned)strtoul(strrchr(authority, ':') + 1, NULL, 10),
                .path = "/w"},
        .every = 1,
        .max_age = 300 * RUNTIME_SECOND,
        .vkey = witness_vkey};
    const struct ledger_options ledger_options = {
        .loop = maker->loop, .trail = maker->trail, .anchors = &anchor, .anchor_count = 1};
    must(ledger_new(&ledger_options, diagnostics, &maker->ledger), "ledger");
    must(runtime_timer_new(maker->loop, look, maker, &maker->timer), "timer");
    must(runtime_timer_start(maker->timer, 0), "timer");
    must(runtime_loop_run(maker->loop), "loop");
    runtime_timer_free(maker->timer);
    ledger_free(maker->ledger);
    witness_server_free(server);
    witness_close(witness);
    amanat_diagnostics_free(diagnostics);
}

static void open_trail(struct maker *maker)
{
    static const char *const reasons[] = {"tls", "token-expired"};
    char folder[PATH_SIZE];
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();

    (void)snprintf(folder, sizeof(folder), "%s/trail", maker->folder);
    const struct trail_options options = {.folder = folder,
                                          .origin = "audit.example/made-1",
                                          .key = maker->trail_key,
                                          .refusal_reasons = reasons,
                                          .refusal_reason_count = 2,
                                          .checkpoint_ms = 20,
                                          .queue_deadline_ms = 3600 * 1000,
                                          .reserve_bytes = 65536,
                                          .segment_entries = 512};
    must(trail_open(&options, diagnostics, &maker->trail), "trail");
    must(trail_start(maker->trail), "start");
    amanat_diagnostics_free(diagnostics);
}

int main(int argc, char **argv)
{
    static struct maker maker;

    if (argc != 3 || strlen(argv[1]) >= sizeof(maker.folder)) {
        (void)fputs("usage: make_trail FOLDER ENTRIES\n", stderr);
        return 2;
    }
    (void)snprintf(maker.folder, sizeof(maker.folder), "%s", argv[1]);
    (void)files_make_folder_durably(files_system(), maker.folder);
    maker.trail_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    maker.witness_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    write_vkey(&maker, "trail.vkey", "audit.example/made-1", NOTE_TYPE_ED25519, maker.trail_key);
    write_vkey(&maker, "witness.vkey", "witness.example/w1", NOTE_TYPE_COSIGNATURE,
               maker.witness_key);
    open_trail(&maker);
    write_policy(&maker);
    wait_for_checkpoint(&maker);
    write_accesses(&maker, (unsigned)strtoul(argv[2], NULL, 10));
    have_it_witnessed(&maker);
    for (unsigned i = 0; i < 1000; i++) {
        trail_count_refused(maker.trail, i % 2); /* the last entry, which no witness has seen */
    }
    trail_close(maker.trail);
    runtime_loop_free(maker.loop);
    EVP_PKEY_free(maker.trail_key);
    EVP_PKEY_free(maker.witness_key);
    return 0;
}
