/* SPDX-License-Identifier: Apache-2.0
 *
 * The data services of the demo: serves files of JSON records (one a line, made by records.py) over
 * HTTP on loopback. A file anpr.jsonl is the service `anpr`; which paths a service has is the table
 * ROUTES. Records leave as they are written in the file, with members that the OpenAPI documents do
 * not declare, so that the demo shows default deny.
 *
 * This is no part of the gateway. evhttp serves here because only the demo and its gateway ask; it
 * has known parsing holes in Debian's version and must never face anybody else. GET /bytes/N
 * answers N bytes of records, for measurements; GET /requests tells how many questions were
 * answered, so that the demo can prove that none was asked.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <getopt.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAXIMUM_SERVICES = 8, MAXIMUM_BYTES = 64 * 1024 * 1024, MAXIMUM_NAME = 64 };

/* One operation of one service. A path is BEFORE, or BEFORE value AFTER: then the value must be
 * that of MEMBER. */
struct route {
    const char *service;
    const char *before;
    const char *after;
    const char *member;
    const char *time; /* what the parameters from and to compare */
    const char *list; /* the member of the answer that holds the records */
};

static const struct route ROUTES[] = {
    {"anpr", "/sightings", NULL, NULL, "seenAt", "sightings"},
    {"fraud", "/accounts/", "/alerts", "holder.account", "raisedAt", "alerts"},
    {"incidents", "/incidents", NULL, NULL, "occurredAt", "incidents"},
};

struct record {
    char *text; /* exactly as in the file */
    size_t length;
    json_t *document; /* the same, for the filters */
};

struct service {
    char name[MAXIMUM_NAME];
    struct record *records;
    size_t count;
    uint64_t requests;
    const char *key; /* what X-Service-Key must say, or NULL */
    struct evhttp *server;
    struct evbuffer *bytes; /* the body that /bytes/N gave last */
};

static void fail(const char *what, const char *about)
{
    fprintf(stderr, "demo_service: %s: %s\n", about, what);
    exit(1);
}

static void *must(void *memory)
{
    if (memory == NULL) {
        fail("out of memory", "start");
    }
    return memory;
}

/* --- records --- */

static void add_record(struct service *service, const char *line, size_t length, const char *file)
{
    json_error_t error;
    json_t *document = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(document)) {
        fprintf(stderr, "%s:%zu: a record must be an object: %s\n", file, service->count + 1,
                error.text);
        exit(1);
    }
    service->records =
        must(realloc(service->records, (service->count + 1) * sizeof *service->records));
    struct record *record = &service->records[service->count++];
    record->text = must(malloc(length));
    memcpy(record->text, line, length);
    record->length = length;
    record->document = document;
}

static void read_records(struct service *service, const char *file)
{
    FILE *stream = fopen(file, "r");
    if (stream == NULL) {
        fail("cannot be read", file);
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, stream)) > 0) {
        if (line[length - 1] == '\n') {
            length--;
        }
        if (length > 0) {
            add_record(service, line, (size_t)length, file);
        }
    }
    free(line);
    fclose(stream);
}

static void name_service(struct service *service, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash == NULL ? file : slash + 1;
    const size_t length = strcspn(base, ".");
    if (length == 0 || length >= sizeof service->name) {
        fail("the file's name must be the service's", file);
    }
    memcpy(service->name, base, length);
    service->name[length] = '\0';
}

/* The text of the member at a dotted path, or NULL: only strings can be asked by. */
static const char *find_text(const json_t *document, const char *path)
{
    char name[MAXIMUM_NAME];
    while (document != NULL) {
        const size_t length = strcspn(path, ".");
        if (length >= sizeof name) {
            return NULL;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        document = json_object_get(document, name);
        if (path[length] == '\0') {
            return json_string_value(document);
        }
        path += length + 1;
    }
    return NULL;
}

/* --- questions --- */

struct question {
    const struct route *route;
    char *value; /* of the path, or NULL */
    struct evkeyvalq parameters;
    size_t limit;
    const char *sort; /* a member, after '-' from the last to the first; or NULL */
};

static bool satisfies(const struct question *question, const struct record *record)
{
    if (question->value != NULL) {
        const char *text = find_text(record->document, question->route->member);
        if (text == NULL || strcmp(text, question->value) != 0) {
            return false;
        }
    }
    for (const struct evkeyval *pair = question->parameters.tqh_first; pair != NULL;
         pair = pair->next.tqe_next) {
        const bool from = strcmp(pair->key, "from") == 0;
        const bool to = strcmp(pair->key, "to") == 0;
        if (strcmp(pair->key, "limit") == 0 || strcmp(pair->key, "sort") == 0) {
            continue;
        }
        const char *text =
            find_text(record->document, from || to ? question->route->time : pair->key);
        if (text == NULL) {
            return false;
        }
        /*
         * All times in the files are of one form, in UTC: their order is the order of their text.
         */
        const int order = strcmp(text, pair->value);
        if ((from && order < 0) || (to && order >= 0) || (!from && !to && order != 0)) {
            return false;
        }
    }
    return true;
}

/* Whether A comes after B in the order that is asked for. */
static bool comes_after(const struct question *question, const struct record *a,
                        const struct record *b)
{
    const bool backwards = question->sort[0] == '-';
    const char *left = find_text(a->document, question->sort + backwards);
    const char *right = find_text(b->document, question->sort + backwards);
    const int order = strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
    return backwards ? order < 0 : order > 0;
}

/* Puts one more record among the found ones, after those that it equals. */
static void insert(const struct question *question, const struct record **found, size_t count,
                   const struct record *record)
{
    size_t at = count;
    while (question->sort != NULL && at > 0 && comes_after(question, found[at - 1], record)) {
        found[at] = found[at - 1];
        at--;
    }
    found[at] = record;
}

static struct evbuffer *answer(const struct service *service, const struct question *question)
{
    struct evbuffer *list = must(evbuffer_new());
    const struct record **found = must(calloc(service->count + 1, sizeof(struct record *)));
    size_t count = 0;
    for (size_t i = 0; i < service->count; i++) {
        if (satisfies(question, &service->records[i])) {
            insert(question, found, count++, &service->records[i]);
        }
    }
    count = count < question->limit ? count : question->limit;
    for (size_t i = 0; i < count; i++) {
        evbuffer_add(list, i == 0 ? "" : ",", i == 0 ? 0 : 1);
        evbuffer_add(list, found[i]->text, found[i]->length);
    }
    free(found);
    struct evbuffer *body = must(evbuffer_new());
    evbuffer_add_printf(body, "{\"node\": \"%s-2.internal\", \"count\": %zu, \"%s\": [",
                        service->name, count, question->route->list);
    evbuffer_add_buffer(body, list);
    evbuffer_add(body, "]}", 2);
    evbuffer_free(list);
    return body;
}

/* A body of exactly SIZE bytes: records of one shape, then one member that fills the rest. */
static struct evbuffer *make_bytes(size_t size)
{
    static const char start[] = "{\"records\":[", middle[] = "],\"rest\":\"", end[] = "\"}";
    const size_t frame = sizeof start + sizeof middle + sizeof end - 3;
    struct evbuffer *body = must(evbuffer_new());
    evbuffer_add(body, start, sizeof start - 1);
    for (unsigned int i = 0;; i++) {
        char record[256];
        const int length = snprintf(
            record, sizeof record,
            "%s{\"number\":\"S-%06u\",\"plate\":\"LEB-%04u\",\"seenAt\":\"2026-03-%02uT%02u:00:"
            "00Z\","
            "\"city\":\"%s\",\"owner\":{\"cnic\":\"35202-%07u-1\",\"phone\":\"0300-%07u\"}}",
            i == 0 ? "" : ",", i % 1000000, i % 10000, i % 28 + 1, i % 24,
            i % 4 == 3 ? "Karachi" : "Lahore", i % 1000, i % 1000);
        if (evbuffer_get_length(body) + (size_t)length + frame > size) {
            break;
        }
        evbuffer_add(body, record, (size_t)length);
    }
    evbuffer_add(body, middle, sizeof middle - 1);
    while (evbuffer_get_length(body) + sizeof end - 1 < size) {
        evbuffer_add(body, "x", 1);
    }
    evbuffer_add(body, end, sizeof end - 1);
    return body;
}

static void send_json(struct evhttp_request *request, int status, struct evbuffer *body)
{
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                      "application/json");
    evhttp_send_reply(request, status, NULL, body);
}

static void send_words(struct evhttp_request *request, int status, const char *words)
{
    struct evbuffer *body = must(evbuffer_new());
    evbuffer_add_printf(body, "{\"error\": \"%s\"}", words);
    send_json(request, status, body);
    evbuffer_free(body);
}

static void send_bytes(struct service *service, struct evhttp_request *request,
                       const char *size_text)
{
    char *end;
    const unsigned long size = strtoul(size_text, &end, 10);
    if (*end != '\0' || size == 0 || size > MAXIMUM_BYTES) {
        send_words(request, 400, "no such size");
        return;
    }
    if (service->bytes == NULL || evbuffer_get_length(service->bytes) != size) {
        if (service->bytes != NULL) {
            evbuffer_free(service->bytes);
        }
        service->bytes = make_bytes(size);
    }
    struct evbuffer *body = must(evbuffer_new());
    evbuffer_add_buffer_reference(body, service->bytes);
    send_json(request, 200, body);
    evbuffer_free(body);
}

/* Whether PATH is the route's; sets VALUE to a copy of its variable part, if it has one. */
static bool is_path_of(const struct route *route, const char *path, char **value)
{
    if (route->after == NULL) {
        return strcmp(path, route->before) == 0;
    }
    const size_t before = strlen(route->before), after = strlen(route->after), whole = strlen(path);
    if (whole <= before + after || strncmp(path, route->before, before) != 0 ||
        strcmp(path + whole - after, route->after) != 0) {
        return false;
    }
    char *text = must(strndup(path + before, whole - before - after));
    *value = must(evhttp_uridecode(text, 0, NULL));
    free(text);
    return true;
}

static void send_records(const struct service *service, struct evhttp_request *request,
                         const char *path, const char *query)
{
    struct question question = {.limit = SIZE_MAX};
    for (size_t i = 0; i < sizeof ROUTES / sizeof ROUTES[0] && question.route == NULL; i++) {
        if (strcmp(ROUTES[i].service, service->name) == 0 &&
            is_path_of(&ROUTES[i], path, &question.value)) {
            question.route = &ROUTES[i];
        }
    }
    if (question.route == NULL) {
        send_words(request, 404, "no such path");
        return;
    }
    if (evhttp_parse_query_str(query == NULL ? "" : query, &question.parameters) != 0) {
        send_words(request, 400, "no such question");
    } else {
        const char *limit = evhttp_find_header(&question.parameters, "limit");
        if (limit != NULL) {
            question.limit = strtoul(limit, NULL, 10);
        }
        question.sort = evhttp_find_header(&question.parameters, "sort");
        struct evbuffer *body = answer(service, &question);
        send_json(request, 200, body);
        evbuffer_free(body);
        evhttp_clear_headers(&question.parameters);
    }
    free(question.value);
}

static void receive(struct evhttp_request *request, void *context)
{
    struct service *service = context;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = evhttp_uri_get_path(uri);
    if (path != NULL && strcmp(path, "/requests") == 0) {
        struct evbuffer *body = must(evbuffer_new());
        evbuffer_add_printf(body, "{\"requests\": %llu}", (unsigned long long)service->requests);
        send_json(request, 200, body);
        evbuffer_free(body);
        return;
    }
    service->requests++;
    const char *key =
        evhttp_find_header(evhttp_request_get_input_headers(request), "X-Service-Key");
    if (service->key != NULL && (key == NULL || strcmp(key, service->key) != 0)) {
        send_words(request, 401, "this service wants its key");
    } else if (path != NULL && strncmp(path, "/bytes/", 7) == 0) {
        send_bytes(service, request, path + 7);
    } else {
        send_records(service, request, path == NULL ? "" : path, evhttp_uri_get_query(uri));
    }
}

/* --- start --- */

/* Splits 127.0.0.1:0. Only loopback: this program has no defences. */
static uint16_t read_address(char *address)
{
    char *colon = strrchr(address, ':');
    struct in_addr parsed;
    if (colon == NULL) {
        fail("want ADDRESS:PORT", address);
    }
    *colon = '\0';
    if (inet_pton(AF_INET, address, &parsed) != 1 || (ntohl(parsed.s_addr) >> 24) != 127) {
        fail("serves on 127.0.0.0/8 only", address);
    }
    const unsigned long port = strtoul(colon + 1, NULL, 10);
    if (port > UINT16_MAX) {
        fail("no such port", colon + 1);
    }
    return (uint16_t)port;
}

static void serve(struct service *service, struct event_base *base, const char *address,
                  uint16_t port)
{
    service->server = must(evhttp_new(base));
    evhttp_set_allowed_methods(service->server, EVHTTP_REQ_GET);
    evhttp_set_gencb(service->server, receive, service);
    struct evhttp_bound_socket *bound =
        evhttp_bind_socket_with_handle(service->server, address, port);
    struct sockaddr_in actual;
    socklen_t length = sizeof actual;
    if (bound == NULL ||
        getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&actual, &length) != 0) {
        fail("cannot listen", address);
    }
    printf("%s http://%s:%u\n", service->name, address, (unsigned int)ntohs(actual.sin_port));
}

static void stop(evutil_socket_t number, short what, void *base)
{
    (void)number;
    (void)what;
    event_base_loopbreak(base);
}

static void clear(struct service *service)
{
    for (size_t i = 0; i < service->count; i++) {
        free(service->records[i].text);
        json_decref(service->records[i].document);
    }
    free(service->records);
    evhttp_free(service->server);
    if (service->bytes != NULL) {
        evbuffer_free(service->bytes);
    }
}

/* The first line of the key file, in memory that lives as long as the program. */
static const char *read_key(const char *file)
{
    static char key[256];
    FILE *stream = fopen(file, "r");
    if (stream == NULL || fgets(key, sizeof key, stream) == NULL) {
        fail("cannot be read", file);
    }
    fclose(stream);
    key[strcspn(key, "\r\n")] = '\0';
    return key;
}

int main(int count, char **arguments)
{
    static const struct option OPTIONS[] = {
        {"listen", required_argument, NULL, 'l'},
        {"data", required_argument, NULL, 'd'},
        {"key-file", required_argument, NULL, 'k'},
        {NULL, 0, NULL, 0},
    };
    static struct service services[MAXIMUM_SERVICES];
    size_t used = 0;
    char *address = NULL;
    const char *key = NULL;
    for (int option; (option = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1;) {
        if (option == 'l') {
            address = optarg;
        } else if (option == 'k') {
            key = read_key(optarg);
        } else if (option == 'd' && used < MAXIMUM_SERVICES) {
            name_service(&services[used], optarg);
            read_records(&services[used++], optarg);
        } else {
            return 2;
        }
    }
    if (address == NULL || used == 0) {
        fprintf(stderr,
                "usage: demo_service --listen 127.0.0.1:0 [--key-file FILE] --data FILE.jsonl …\n");
        return 2;
    }
    const uint16_t port = read_address(address);
    struct event_base *base = must(event_base_new());
    struct event *terminate = must(evsignal_new(base, SIGTERM, stop, base));
    event_add(terminate, NULL);
    for (size_t i = 0; i < used; i++) {
        services[i].key = key;
        serve(&services[i], base, address, port);
    }
    printf("ready\n");
    fflush(stdout);
    event_base_dispatch(base);
    for (size_t i = 0; i < used; i++) {
        clear(&services[i]);
    }
    event_free(terminate);
    event_base_free(base);
    return 0;
}
