/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics in Prometheus' text format. Numbers only: nothing here names a partner, an agent or a
 * label. */
#include "gateway/command/serve_metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "policy/base/base.h"

#define TEXT_LIMIT ((size_t)1 << 20)

struct serve_metrics {
    struct http_server *server;
    struct http_address listener;
    struct runtime_metrics *metrics;
    struct trail *trail;
    const struct ledger *ledger;
};

static void append_row(struct buffer *text, const char *name, const char *kind, const char *help,
                       int64_t value)
{
    buffer_append_format(text, "# HELP %s %s\n# TYPE %s %s\n%s %" PRId64 "\n", name, help, name,
                         kind, name, value);
}

static void append_trail(struct trail *trail, struct buffer *text)
{
    struct trail_state state;
    trail_read_state(trail, &state);
    append_row(text, "amanat_trail_entries", "gauge", "Durable entries.", (int64_t)state.size);
    append_row(text, "amanat_trail_commits_total", "counter", "Synchronous writes.",
               (int64_t)state.commits);
    append_row(text, "amanat_trail_checkpoint_entries", "gauge",
               "Entries under the newest checkpoint.", (int64_t)state.checkpoint_size);
    append_row(text, "amanat_trail_checkpoint_age_microseconds", "gauge",
               "Age of the newest checkpoint, -1 without one.", state.checkpoint_age);
    append_row(text, "amanat_trail_queued_entries", "gauge", "Entries that wait to be written.",
               (int64_t)state.queued_entries);
    append_row(text, "amanat_trail_failed_writes_total", "counter", "Writes that failed.",
               (int64_t)state.failed_writes);
    append_row(text, "amanat_trail_expired_total", "counter", "Entries that waited too long.",
               (int64_t)state.expired);
    append_row(text, "amanat_trail_available", "gauge", "Whether accesses can be recorded.",
               state.available ? 1 : 0);
}

/* One row for each anchor; its name is a word of the configuration. */
static void append_anchors(const struct ledger *ledger, struct buffer *text)
{
    struct ledger_anchor_state state;
    for (size_t i = 0; ledger_read_state(ledger, i, &state); i++) {
        buffer_append_format(text,
                             "amanat_anchor_covered_entries{anchor=\"%s\"} %" PRIu64 "\n"
                             "amanat_anchor_uncovered_entries{anchor=\"%s\"} %" PRIu64 "\n"
                             "amanat_anchor_age_microseconds{anchor=\"%s\"} %" PRId64 "\n"
                             "amanat_anchor_failures_total{anchor=\"%s\"} %" PRIu64 "\n",
                             state.name, state.covered, state.name, state.uncovered, state.name,
                             state.age, state.name, state.failures);
    }
}

static amanat_result answer(struct serve_metrics *server, struct http_response *response)
{
    static const struct http_header headers[] = {
        {BYTES_INIT("Content-Type"), BYTES_INIT("text/plain; version=0.0.4; charset=utf-8")}};
    struct buffer text;
    buffer_init(&text, TEXT_LIMIT);
    runtime_metrics_write(server->metrics, &text);
    append_trail(server->trail, &text);
    append_anchors(server->ledger, &text);
    const struct http_response_start start = {.status = 200,
                                              .headers = headers,
                                              .header_count = 1,
                                              .framing = HTTP_FRAMING_LENGTH,
                                              .length = text.length};
    amanat_result result = buffer_check(&text);
    if (amanat_is_ok(result)) {
        result = http_response_begin(response, &start);
    }
    if (amanat_is_ok(result)) {
        result = http_response_write_own(response, (struct own_bytes){buffer_bytes(&text)});
    }
    buffer_clear(&text);
    return result;
}

static amanat_result answer_elsewhere(struct http_response *response)
{
    return http_response_begin(
        response, &(struct http_response_start){.status = 404, .framing = HTTP_FRAMING_LENGTH});
}

static void *begin(void *context, struct http_response *response,
                   const struct http_request_head *head, const struct http_peer *peer)
{
    struct serve_metrics *server = context;
    const bool is_metrics =
        bytes_equal_string(head->method, "GET") && bytes_equal_string(head->path, "/metrics");
    (void)peer;
    const amanat_result result = is_metrics ? answer(server, response) : answer_elsewhere(response);
    if (!amanat_is_ok(result) || !amanat_is_ok(http_response_end(response))) {
        http_response_abort(response);
    }
    return NULL;
}

static void ignore_body(void *request, struct bytes body)
{
    (void)request;
    (void)body;
}

static void ignore_end(void *request)
{
    (void)request;
}

static void ignore_abort(void *request, enum http_abort reason, enum http_refusal refusal)
{
    (void)request;
    (void)reason;
    (void)refusal;
}

static amanat_result listen_at(struct serve_metrics *server, struct runtime_loop *loop,
                               const char *text, struct amanat_diagnostics *diagnostics)
{
    const struct http_server_options options = {.loop = loop,
                                                .handler = {.context = server,
                                                            .on_request = begin,
                                                            .on_body = ignore_body,
                                                            .on_body_end = ignore_end,
                                                            .on_abort = ignore_abort},
                                                .limits = {.connections = 64}};
    struct http_address address;
    TRY(http_address_parse(text, &address));
    TRY(http_server_new(&options, &server->server));
    return http_server_listen(server->server, &address, false, diagnostics, &server->listener);
}

amanat_result serve_metrics_new(struct runtime_loop *loop, const char *address,
                                struct runtime_metrics *metrics, struct trail *trail,
                                const struct ledger *ledger, struct amanat_diagnostics *diagnostics,
                                struct serve_metrics **out)
{
    struct serve_metrics *server = calloc(1, sizeof(*server));
    TRY_MEMORY(server);
    server->metrics = metrics;
    server->trail = trail;
    server->ledger = ledger;
    const amanat_result result = listen_at(server, loop, address, diagnostics);
    if (!amanat_is_ok(result)) {
        serve_metrics_free(server);
        return result;
    }
    *out = server;
    return AMANAT_OK;
}

struct http_address serve_metrics_listener(const struct serve_metrics *server)
{
    return server->listener;
}

void serve_metrics_free(struct serve_metrics *server)
{
    if (server != NULL) {
        http_server_free(server->server);
        free(server);
    }
}
