/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the configuration names. Mode and kind are asked of the open descriptor, never of the
 * name, so that what was checked is what is read. What a secret holds never reaches a message.
 */
#include "gateway/config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/base/guard.h"
#include "policy/base/vector.h"

#define SECRET_LIMIT ((size_t)64 << 10)

static amanat_result fail(const struct config_file_request *request, const char *code,
                          const char *text)
{
    const bool is_told = strcmp(request->path, request->source) == 0; /* before the message */
    amanat_diagnostics_add(request->diagnostics, AMANAT_SEVERITY_ERROR, code, request->source,
                           request->place.line, request->place.column, "%s%s%s",
                           is_told ? "" : request->path, is_told ? "" : ": ", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
static int open_to_read(const char *path)
{
    int descriptor = -1;
    do {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

/* Opens a regular file; the caller closes it. */
static amanat_result open_regular(const struct config_file_request *request, int *out_descriptor,
                                  struct stat *out_status)
{
    const int descriptor = open_to_read(request->path);
    if (descriptor < 0) {
        return fail(request, "file", strerror(errno));
    }
    if (fstat(descriptor, out_status) != 0 || !S_ISREG(out_status->st_mode)) {
        (void)close(descriptor);
        return fail(request, "file", "is no regular file");
    }
    *out_descriptor = descriptor;
    return AMANAT_OK;
}

amanat_result config_file_check(const struct config_file_request *request)
{
    int descriptor = -1;
    struct stat status;
    TRY(open_regular(request, &descriptor, &status));
    (void)close(descriptor);
    return AMANAT_OK;
}

amanat_result config_file_check_folder(const struct config_file_request *request)
{
    struct stat status;
    if (stat(request->path, &status) != 0) {
        return fail(request, "file", strerror(errno));
    }
    return S_ISDIR(status.st_mode) ? AMANAT_OK : fail(request, "file", "is no folder");
}

/* All bytes up to the end of the file; LIMIT when there are more than `limit`. */
static amanat_result read_whole(int descriptor, size_t size, size_t limit, struct arena *arena,
                                struct bytes *out)
{
    if (size > limit) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    char *content = arena_allocate(arena, size + 1);
    TRY_MEMORY(content);
    size_t length = 0;
    for (;;) {
        const ssize_t got = read(descriptor, content + length, size + 1 - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return amanat_result_of(AMANAT_STATUS_IO);
        }
        length += (size_t)got;
        if (length > size) { /* somebody writes to it at this moment */
            errno = EBUSY;
            return amanat_result_of(AMANAT_STATUS_IO);
        }
        if (got == 0) {
            content[length] = '\0';
            *out = bytes_of(content, length);
            return AMANAT_OK;
        }
    }
}

amanat_result config_read_file(const char *path, size_t limit, struct arena *arena,
                               struct amanat_diagnostics *diagnostics, struct bytes *out)
{
    const struct config_file_request request = {
        .path = path, .source = path, .diagnostics = diagnostics};
    int descriptor = -1;
    struct stat status;
    if (!amanat_is_ok(open_regular(&request, &descriptor, &status))) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    const amanat_result result = read_whole(descriptor, (size_t)status.st_size, limit, arena, out);
    const int reason = errno;
    (void)close(descriptor);
    if (result.status == AMANAT_STATUS_LIMIT) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "limit", path, 0, 0,
                               "is larger than %zu bytes", limit);
    } else if (result.status == AMANAT_STATUS_IO) {
        (void)fail(&request, "file", strerror(reason));
    }
    return result;
}

/* ---- secrets ---- */

static amanat_result refuse_readable_secret(const struct config_file_request *request,
                                            unsigned mode)
{
    char text[128];
    (void)snprintf(text, sizeof(text),
                   "is a secret, but others can read or write it (mode %04o): chmod 600 it",
                   mode & 07777);
    return fail(request, "secret", text);
}

static bool has_demo_file(const struct config_file_request *request, struct arena *arena)
{
    struct stat status;
    const char *beside = arena_format(arena, "%s.demo", request->path);
    return beside != NULL && stat(beside, &status) == 0;
}

amanat_result config_file_read_secret(const struct config_file_request *request,
                                      struct arena *arena, struct bytes *out, bool *out_is_demo)
{
    int descriptor = -1;
    struct stat status;
    TRY(open_regular(request, &descriptor, &status));
    amanat_result result = AMANAT_OK;
    if ((status.st_mode & 077) != 0) {
        result = refuse_readable_secret(request, status.st_mode);
    } else {
        result = read_whole(descriptor, (size_t)status.st_size, SECRET_LIMIT, arena, out);
        if (result.status == AMANAT_STATUS_LIMIT) {
            result = fail(request, "secret", "is larger than 65536 bytes, which no key is");
        } else if (result.status == AMANAT_STATUS_IO) {
            result = fail(request, "file", strerror(errno));
        }
    }
    (void)close(descriptor);
    if (amanat_is_ok(result)) {
        *out_is_demo =
            bytes_start_with(*out, BYTES(CONFIG_DEMO_MARKER)) || has_demo_file(request, arena);
    }
    return result;
}

/* ---- headers_file ---- */

/* RFC 9110 §5.6.2 */
static bool is_token(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        const char byte = text.at[i];
        const bool is_word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                             (byte >= 'a' && byte <= 'z');
        if (!is_word && (byte == '\0' || strchr("!#$%&'*+-.^_`|~", byte) == NULL)) {
            return false;
        }
    }
    return text.length > 0;
}

static bool is_value(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        const unsigned char byte = (unsigned char)text.at[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
            return false;
        }
    }
    return text.length > 0;
}

/* Framing and routing are the gateway's own affair. */
static bool is_reserved(struct bytes name)
{
    static const struct bytes reserved[] = {
        BYTES_INIT("host"),       BYTES_INIT("content-length"), BYTES_INIT("transfer-encoding"),
        BYTES_INIT("connection"), BYTES_INIT("keep-alive"),     BYTES_INIT("proxy-connection"),
        BYTES_INIT("te"),         BYTES_INIT("trailer"),        BYTES_INIT("upgrade"),
        BYTES_INIT("expect"),     BYTES_INIT("range"),          BYTES_INIT("accept-encoding"),
        BYTES_INIT("accept"),     BYTES_INIT("content-type"),   BYTES_INIT("traceparent"),
    };
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (name.length == reserved[i].length &&
            strncasecmp(name.at, reserved[i].at, name.length) == 0) {
            return true;
        }
    }
    return false;
}

static struct bytes trim(struct bytes text)
{
    while (text.length > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text = bytes_from(text, 1);
    }
    while (text.length > 0 && strchr(" \t\r", text.at[text.length - 1]) != NULL &&
           text.at[text.length - 1] != '\0') {
        text.length--;
    }
    return text;
}

static amanat_result fail_header(const struct config_file_request *request, unsigned line,
                                 const char *text)
{
    amanat_diagnostics_add(request->diagnostics, AMANAT_SEVERITY_ERROR, "header", request->path,
                           line, 1, "%s", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result parse_header(const struct config_file_request *request, unsigned line,
                                  struct bytes text, struct arena *arena, struct config_header *out)
{
    const size_t colon = bytes_find(text, ':');
    const struct bytes name = bytes_first(text, colon);
    if (colon == text.length || !is_token(name)) {
        return fail_header(request, line, "expected a line `Name: value`");
    }
    if (is_reserved(name)) {
        return fail_header(request, line, "this header is the gateway's own affair");
    }
    const struct bytes value = trim(bytes_from(text, colon + 1));
    if (!is_value(value)) {
        return fail_header(request, line, "the value is empty or holds control characters");
    }
    struct bytes name_copy = {0};
    struct bytes value_copy = {0};
    TRY(arena_copy_bytes(arena, name, &name_copy));
    TRY(arena_copy_bytes(arena, value, &value_copy));
    *out = (struct config_header){.name = name_copy.at, .value = value_copy.at};
    return AMANAT_OK;
}

amanat_result config_file_parse_headers(const struct config_file_request *request,
                                        struct bytes text, struct arena *arena,
                                        const struct config_header **out_headers, size_t *out_count)
{
    VECTOR(struct config_header) headers = {0};
    for (unsigned line = 1; text.length > 0; line++) {
        const size_t end = bytes_find(text, '\n');
        const struct bytes content = trim(bytes_first(text, end));
        text = bytes_from(text, end < text.length ? end + 1 : end);
        if (content.length > 0 && content.at[0] != '#') {
            struct config_header header = {0};
            TRY(parse_header(request, line, content, arena, &header));
            struct config_header *slot = VECTOR_PUSH(arena, &headers);
            TRY_MEMORY(slot);
            *slot = header;
        }
    }
    *out_headers = headers.items;
    *out_count = headers.count;
    return AMANAT_OK;
}
