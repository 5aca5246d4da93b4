/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One OpenAPI document as a whole: its version, its service's name, local references, and how
 * faults are reported. `servers` and `security` are passed over on purpose: where a service lives
 * and how the gateway proves itself to it is the operator's affair (design 2).
 */
#include "policy/catalogue/openapi.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/catalogue/vocabulary_read.h"

/* References to references: nobody needs more, and a cycle ends here. */
#define REFERENCES_LIMIT 32
#define MESSAGE_LENGTH   1024

/* ---- messages ---- */

/* Whether this code was reported at this place before; without memory it counts as new. */
static bool was_reported(struct compiler *compiler, struct catalogue_place place, const char *code)
{
    const struct bytes key = arena_format_bytes(compiler->arena, "%u:%u:%s:%s", place.line,
                                                place.column, code, place.source);
    if (map_get(&compiler->reported, key) != NULL) {
        return true;
    }
    (void)amanat_is_ok(map_put(compiler->arena, &compiler->reported, key, compiler));
    return false;
}

void compiler_report(struct compiler *compiler, enum amanat_severity severity,
                     struct catalogue_place place, const char *code, const char *format, ...)
{
    if (was_reported(compiler, place, code)) {
        return;
    }
    char text[MESSAGE_LENGTH];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (severity == AMANAT_SEVERITY_ERROR) {
        compiler->errors++;
        amanat_diagnostics_add(compiler->diagnostics, severity, code, place.source, place.line,
                               place.column, "%s", text);
        return;
    }
    struct waiting_note *note = VECTOR_PUSH(compiler->arena, &compiler->notes);
    if (note != NULL) {
        note->severity = severity;
        note->code = code;
        note->place = place;
        note->text = arena_format(compiler->arena, "%s", text);
    }
}

void compiler_flush_notes(struct compiler *compiler)
{
    static const enum amanat_severity order[] = {AMANAT_SEVERITY_WARNING, AMANAT_SEVERITY_NOTE};
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        for (size_t i = 0; i < compiler->notes.count; i++) {
            const struct waiting_note *note = &compiler->notes.items[i];
            if (note->severity == order[k] && note->text != NULL) {
                amanat_diagnostics_add(compiler->diagnostics, note->severity, note->code,
                                       note->place.source, note->place.line, note->place.column,
                                       "%s", note->text);
            }
        }
    }
}

/* ---- local references (RFC 6901 in a URI fragment) ---- */

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* One token of a pointer: percent-decoded (RFC 6901 §6), then ~1 and ~0. False when malformed. */
static bool decode_token(struct bytes token, char *out, size_t *out_length)
{
    size_t length = 0;
    for (size_t i = 0; i < token.length; i++) {
        char byte = token.at[i];
        if (byte == '%') {
            const int high = i + 2 < token.length ? hex_digit(token.at[i + 1]) : -1;
            const int low = i + 2 < token.length ? hex_digit(token.at[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            byte = (char)(high * 16 + low);
            i += 2;
        }
        out[length++] = byte;
    }
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        if (out[i] == '~') {
            i++;
            if (i == length || (out[i] != '0' && out[i] != '1')) {
                return false;
            }
            out[written++] = out[i] == '0' ? '~' : '/';
        } else {
            out[written++] = out[i];
        }
    }
    *out_length = written;
    return true;
}

static const struct document *step_into(const struct document *at, struct bytes key)
{
    if (at->kind != DOCUMENT_ARRAY) {
        return document_get_bytes(at, key);
    }
    const struct document number = {.kind = DOCUMENT_NUMBER, .text = key};
    int64_t index = 0;
    if (!document_integer(&number, &index) || index < 0 || (uint64_t)index >= at->count) {
        return NULL;
    }
    return &at->items[index];
}

static const struct document *find_pointer(struct openapi *openapi, struct bytes pointer)
{
    const struct document *at = openapi->root;
    size_t start = 0;
    while (at != NULL && start < pointer.length) {
        if (pointer.at[start] != '/') {
            return NULL;
        }
        const struct bytes rest = bytes_from(pointer, start + 1);
        const struct bytes token = bytes_first(rest, bytes_find(rest, '/'));
        char *decoded = arena_allocate(openapi->compiler->scratch, token.length + 1);
        size_t length = 0;
        if (decoded == NULL || !decode_token(token, decoded, &length)) {
            return NULL;
        }
        at = step_into(at, bytes_of(decoded, length));
        start += token.length + 1;
    }
    return at;
}

const struct document *openapi_follow(struct openapi *openapi, const struct document *reference)
{
    if (reference->kind != DOCUMENT_STRING) {
        OPENAPI_ERROR(openapi, reference, "reference", "`$ref` must be a string");
        return NULL;
    }
    const struct bytes text = reference->text;
    if (!bytes_start_with(text, BYTES("#"))) {
        OPENAPI_ERROR(openapi, reference, "reference",
                      "only references within the document are followed: write it as "
                      "`#/components/…`");
        return NULL;
    }
    const struct arena_mark mark = arena_mark(openapi->compiler->scratch);
    const struct document *target = find_pointer(openapi, bytes_from(text, 1));
    arena_rewind(openapi->compiler->scratch, mark);
    if (target == NULL) {
        OPENAPI_ERROR(openapi, reference, "reference", "`%.*s` leads nowhere",
                      BYTES_PRINTF(bytes_first(text, text.length < 200 ? text.length : 200)));
    }
    return target;
}

const struct document *openapi_resolve(struct openapi *openapi, const struct document *object,
                                       const char *what)
{
    const struct document *at = object;
    for (size_t i = 0; at != NULL && at->kind == DOCUMENT_OBJECT; i++) {
        const struct document *reference = document_get(at, "$ref");
        if (reference == NULL) {
            return at;
        }
        if (i == REFERENCES_LIMIT) {
            OPENAPI_ERROR(openapi, reference, "reference",
                          "this reference leads back to itself or through too many others");
            return NULL;
        }
        at = openapi_follow(openapi, reference);
    }
    if (at != NULL) {
        OPENAPI_ERROR(openapi, at, "type", "%s must be an object, not %s", what,
                      document_kind_name(at->kind));
    }
    return NULL;
}

/* ---- the root ---- */

static void read_version(struct openapi *openapi)
{
    const struct document *version = document_get(openapi->root, "openapi");
    const struct bytes text = version == NULL ? bytes_of(NULL, 0) : version->text;
    openapi->is_30 = bytes_start_with(text, BYTES("3.0"));
    if (!openapi->is_30 && !bytes_start_with(text, BYTES("3.1"))) {
        OPENAPI_ERROR(openapi, version == NULL ? openapi->root : version, "version",
                      "`openapi` must be 3.0.x or 3.1.x");
    }
}

static struct bytes read_service_name(struct openapi *openapi)
{
    const struct document *name = document_get(openapi->root, "x-amanat-service");
    if (name == NULL) {
        OPENAPI_ERROR(openapi, openapi->root, "service",
                      "`x-amanat-service` is missing: the name of the service, such as `anpr`");
        return bytes_of(NULL, 0);
    }
    if (name->kind != DOCUMENT_STRING || !catalogue_is_name(name->text)) {
        OPENAPI_ERROR(openapi, name, "service",
                      "a service is named like `anpr`: lower-case letters, digits and hyphens, "
                      "beginning with a letter");
        return bytes_of(NULL, 0);
    }
    for (size_t i = 0; i < openapi->compiler->services.count; i++) {
        const struct service_entry *other = &openapi->compiler->services.items[i];
        if (bytes_equal(other->service.name, name->text)) {
            OPENAPI_ERROR(openapi, name, "service", "the service `%.*s` is described in %.*s too",
                          BYTES_PRINTF(name->text), BYTES_PRINTF(other->service.source));
        }
    }
    return name->text;
}

amanat_result openapi_compile(struct compiler *compiler, const char *source,
                              const struct document *root)
{
    struct openapi openapi = {.compiler = compiler, .source = source, .root = root};
    /* Schemas keep pointing to their document for as long as the compiler runs. */
    struct openapi *kept = ARENA_NEW(compiler->arena, struct openapi);
    TRY_MEMORY(kept);
    *kept = openapi;
    if (root->kind != DOCUMENT_OBJECT) {
        OPENAPI_ERROR(kept, root, "type", "an OpenAPI document must be an object");
        return AMANAT_OK;
    }
    read_version(kept);
    openapi_check_extensions(kept);
    const struct bytes name = read_service_name(kept);
    struct service_entry *entry = VECTOR_PUSH(compiler->arena, &compiler->services);
    TRY_MEMORY(entry);
    entry->service.name = name;
    entry->service.source = bytes_of_string(source);
    kept->service = compiler->services.count - 1;
    return openapi_read_paths(kept);
}
