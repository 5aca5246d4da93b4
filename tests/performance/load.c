/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A closed-loop HTTPS load on one port of 127.0.0.1: each connection is a thread that sends the
 * same request again as soon as the answer is complete. Neither wrk nor h2load can present a client
 * certificate; that is the only reason for this program.
 *
 *   load PORT CONNECTIONS SECONDS CA CERTIFICATE KEY < request
 *
 * CERTIFICATE and KEY may be "-". The request is sent as it stands; answers must be 200 with a
 * Content-Length (RFC 9112 §6.3). Prints one line of JSON. It goes nowhere but to loopback, for 60
 * seconds at most, and ends by itself.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_CONNECTIONS = 256,
    MOST_SECONDS = 60,
    REQUEST_BYTES = 65536,
    HEAD_BYTES = 16384,
    /* one histogram bucket a microsecond, up to a quarter of a second */
    BUCKETS = 250000,
    /* a connection that fails this often in a row is given up */
    MOST_FAILURES = 10
};

static char request[REQUEST_BYTES];
static size_t request_length;
static SSL_CTX *context;
static in_port_t port;
static int64_t end_microseconds;

struct connection {
    pthread_t thread;
    uint64_t answers;
    uint64_t errors;
    uint64_t body_bytes;
    uint32_t *buckets;
};

static int64_t now_microseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static SSL *connect_once(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = port};
    struct timeval patience = {.tv_sec = 10};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    SSL *ssl = SSL_new(context);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ssl == NULL) {
        goto failed;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1) {
        goto failed;
    }
    return ssl;
failed:
    SSL_free(ssl);
    if (fd >= 0) {
        (void)close(fd);
    }
    return NULL;
}

static void disconnect(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);
    (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    (void)close(fd);
}

/* The value of Content-Length in a head that ends with an empty line; negative if it has none. */
static long content_length(const char *head)
{
    static const char name[] = "content-length:";
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, sizeof name - 1) == 0) {
            return strtol(line + 2 + sizeof name - 1, NULL, 10);
        }
    }
    return -1;
}

/* One request and its whole answer. */
static bool exchange(SSL *ssl, uint64_t *body_bytes)
{
    static const char expected[] = "HTTP/1.1 200 ";
    char head[HEAD_BYTES + 1];
    size_t have = 0;
    const char *blank = NULL;
    long body;
    size_t left;

    if (SSL_write(ssl, request, (int)request_length) != (int)request_length) {
        return false;
    }
    while (blank == NULL) {
        int got = have == HEAD_BYTES ? 0 : SSL_read(ssl, head + have, (int)(HEAD_BYTES - have));
        if (got <= 0) {
            return false;
        }
        have += (size_t)got;
        head[have] = '\0';
        blank = strstr(head, "\r\n\r\n");
    }
    body = content_length(head);
    if (strncmp(head, expected, sizeof expected - 1) != 0 || body < 0) {
        return false;
    }
    left = have - (size_t)(blank + 4 - head);
    if (left > (size_t)body) {
        return false;
    }
    left = (size_t)body - left;
    while (left > 0) {
        char more[HEAD_BYTES];
        int got = SSL_read(ssl, more, (int)(left < sizeof more ? left : sizeof more));
        if (got <= 0) {
            return false;
        }
        left -= (size_t)got;
    }
    *body_bytes += (uint64_t)body;
    return true;
}

static void *run_connection(void *argument)
{
    struct connection *connection = argument;
    SSL *ssl = NULL;
    unsigned failures = 0;

    while (failures < MOST_FAILURES) {
        int64_t began = now_microseconds();
        if (began >= end_microseconds) {
            break;
        }
        if (ssl == NULL) {
            ssl = connect_once();
        }
        if (ssl == NULL || !exchange(ssl, &connection->body_bytes)) {
            connection->errors++;
            failures++;
            if (ssl != NULL) {
                disconnect(ssl);
                ssl = NULL;
            }
            continue;
        }
        int64_t took = now_microseconds() - began;
        connection->buckets[took < BUCKETS ? took : BUCKETS - 1]++;
        connection->answers++;
        failures = 0;
    }
    if (ssl != NULL) {
        disconnect(ssl);
    }
    return NULL;
}

static bool make_context(const char *authority, const char *certificate, const char *key)
{
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_load_verify_file(context, authority) != 1) {
        return false;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return strcmp(certificate, "-") == 0 ||
           (SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1);
}

static double percentile(const struct connection *connections, size_t count, uint64_t answers,
                         double share)
{
    uint64_t seen = 0;
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        for (size_t i = 0; i < count; i++) {
            seen += connections[i].buckets[bucket];
        }
        if ((double)seen >= share * (double)answers) {
            return (double)bucket / 1000.0;
        }
    }
    return 0;
}

static void report(const struct connection *connections, size_t count, double seconds)
{
    uint64_t answers = 0;
    uint64_t errors = 0;
    uint64_t body_bytes = 0;

    for (size_t i = 0; i < count; i++) {
        answers += connections[i].answers;
        errors += connections[i].errors;
        body_bytes += connections[i].body_bytes;
    }
    (void)printf("{\"answers\":%llu,\"errors\":%llu,\"body_bytes\":%llu,\"seconds\":%.3f,"
                 "\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
                 (unsigned long long)answers, (unsigned long long)errors,
                 (unsigned long long)body_bytes, seconds,
                 percentile(connections, count, answers, 0.50),
                 percentile(connections, count, answers, 0.99));
}

int main(int argc, char **argv)
{
    static struct connection connections[MOST_CONNECTIONS];
    long count = argc == 7 ? strtol(argv[2], NULL, 10) : 0;
    long seconds = argc == 7 ? strtol(argv[3], NULL, 10) : 0;
    int64_t began;

    if (count < 1 || count > MOST_CONNECTIONS || seconds < 1 || seconds > MOST_SECONDS) {
        (void)fprintf(stderr,
                      "usage: load PORT CONNECTIONS SECONDS CA CERTIFICATE KEY < request\n");
        return 2;
    }
    request_length = fread(request, 1, sizeof request, stdin);
    if (request_length == 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
        !make_context(argv[4], argv[5], argv[6])) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    port = htons((in_port_t)strtol(argv[1], NULL, 10));
    began = now_microseconds();
    end_microseconds = began + seconds * 1000000;
    for (long i = 0; i < count; i++) {
        connections[i].buckets = calloc(BUCKETS, sizeof *connections[i].buckets);
        if (connections[i].buckets == NULL ||
            pthread_create(&connections[i].thread, NULL, run_connection, &connections[i]) != 0) {
            (void)fprintf(stderr, "load: cannot start connection %ld\n", i);
            return 1;
        }
    }
    for (long i = 0; i < count; i++) {
        (void)pthread_join(connections[i].thread, NULL);
    }
    report(connections, (size_t)count, (double)(now_microseconds() - began) / 1e6);
    for (long i = 0; i < count; i++) {
        free(connections[i].buckets);
    }
    SSL_CTX_free(context);
    return 0;
}
