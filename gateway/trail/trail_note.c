/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP signed-note, tlog-checkpoint and tlog-cosignature: reading strictly, writing canonically.
 * What is read comes from disks and networks that an adversary may hold; nothing in a note is
 * believed before a signature of a known key is checked.
 */
#include "gateway/trail/trail_note.h"

#include <stdio.h>
#include <string.h>

#include "gateway/trail/trail_tree.h"
#include "policy/base/arena.h"
#include "policy/base/base64.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"

#define DASH           "\xE2\x80\x94 " /* U+2014 EM DASH and a space */
#define SIGNATURE_SIZE 64u
#define TIME_SIZE      8u
#define KEY_ID_SIZE    4u

static amanat_result peer_fault(void)
{
    return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
}

/* The decoder of policy/base needs an arena; what notes hold is small and of fixed size. */
static amanat_result decode_base64(struct bytes text, uint8_t *out, size_t limit,
                                   size_t *out_length)
{
    struct arena *arena = NULL;
    struct bytes decoded = {0};

    if (text.length > 4 * (limit / 3 + 1)) {
        return peer_fault();
    }
    arena = arena_new(4096);
    TRY_MEMORY(arena);
    amanat_result result = base64_decode(arena, text, &decoded);
    if (amanat_is_ok(result) && decoded.length > limit) {
        result = peer_fault();
    }
    if (amanat_is_ok(result)) {
        if (decoded.length > 0) {
            memcpy(out, decoded.at, decoded.length);
        }
        *out_length = decoded.length;
    }
    arena_free(arena);
    return result;
}

amanat_result note_parse_digest(struct bytes text, struct trail_digest *out)
{
    uint8_t decoded[33];
    size_t length = 0;

    TRY(decode_base64(text, decoded, sizeof(decoded), &length));
    if (length != sizeof(out->at)) {
        return peer_fault();
    }
    memcpy(out->at, decoded, sizeof(out->at));
    return AMANAT_OK;
}

amanat_result note_parse_size(struct bytes text, uint64_t *out)
{
    uint64_t size = 0;

    if (text.length == 0 || text.length > 19 || (text.length > 1 && text.at[0] == '0')) {
        return peer_fault();
    }
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return peer_fault();
        }
        size = size * 10 + (uint64_t)(text.at[i] - '0');
    }
    if (size > TREE_SIZE_LIMIT) {
        return peer_fault();
    }
    *out = size;
    return AMANAT_OK;
}

/* White space as Unicode has it (White_Space=yes), for names. */
static bool is_space(uint32_t scalar)
{
    return scalar == ' ' || scalar == 0x85 || scalar == 0xA0 || scalar == 0x1680 ||
           (scalar >= 0x2000 && scalar <= 0x200A) || scalar == 0x2028 || scalar == 0x2029 ||
           scalar == 0x202F || scalar == 0x205F || scalar == 0x3000;
}

bool note_name_is_valid(struct bytes name)
{
    if (name.length == 0 || name.length > NOTE_NAME_LIMIT || !utf8_is_valid(name)) {
        return false;
    }
    for (size_t at = 0; at < name.length;) {
        const uint32_t scalar = utf8_next(name, &at);
        if (scalar < 0x20 || scalar == 0x7F || scalar == '+' || is_space(scalar)) {
            return false;
        }
    }
    return true;
}

/* Signed notes are UTF-8 and hold no ASCII control character but newline. */
static bool is_note_text(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        const unsigned char byte = (unsigned char)text.at[i];
        if ((byte < 0x20 && byte != '\n') || byte == 0x7F) {
            return false;
        }
    }
    return utf8_is_valid(text);
}

amanat_result note_parse_signature(struct bytes line, struct note_signature *out)
{
    uint8_t decoded[128];
    size_t length = 0;
    struct note_signature signature = {0};

    if (!bytes_start_with(line, BYTES(DASH))) {
        return peer_fault();
    }
    line = bytes_from(line, sizeof(DASH) - 1);
    const size_t space = bytes_find(line, ' ');
    signature.name = bytes_first(line, space);
    if (space == line.length || !note_name_is_valid(signature.name)) {
        return peer_fault();
    }
    TRY(decode_base64(bytes_from(line, space + 1), decoded, sizeof(decoded), &length));
    if (length <= KEY_ID_SIZE) {
        return peer_fault();
    }
    memcpy(signature.id, decoded, KEY_ID_SIZE);
    length -= KEY_ID_SIZE;
    if (length <= sizeof(signature.at)) {
        /* Longer ones are of types that we cannot check: kept as "some signature" with length 0. */
        memcpy(signature.at, decoded + KEY_ID_SIZE, length);
        signature.length = length;
    }
    *out = signature;
    return AMANAT_OK;
}

/* Where the signatures begin: after the last empty line. */
static size_t find_signatures(struct bytes note)
{
    for (size_t i = note.length; i >= 2; i--) {
        if (note.at[i - 1] == '\n' && note.at[i - 2] == '\n') {
            return i;
        }
    }
    return 0;
}

amanat_result note_parse(struct bytes note, struct note *out)
{
    const size_t start = note.length > NOTE_LIMIT ? 0 : find_signatures(note);
    struct bytes rest = bytes_from(note, start);

    if (start < 2 || rest.length == 0 || !is_note_text(note)) {
        return peer_fault();
    }
    out->text = bytes_first(note, start - 1);
    out->signature_count = 0;
    while (rest.length > 0) {
        const size_t end = bytes_find(rest, '\n');
        if (end == rest.length || out->signature_count == NOTE_SIGNATURES_LIMIT) {
            return peer_fault();
        }
        TRY(note_parse_signature(bytes_first(rest, end), &out->signatures[out->signature_count]));
        out->signature_count += 1;
        rest = bytes_from(rest, end + 1);
    }
    return AMANAT_OK;
}

amanat_result note_parse_checkpoint(struct bytes text, struct note_checkpoint *out)
{
    struct note_checkpoint checkpoint = {0};
    struct bytes lines[3];

    for (size_t i = 0; i < 3; i++) {
        const size_t end = bytes_find(text, '\n');
        if (end == text.length) {
            return peer_fault();
        }
        lines[i] = bytes_first(text, end);
        text = bytes_from(text, end + 1);
    }
    if (text.length != 0 || !note_name_is_valid(lines[0])) {
        return peer_fault();
    }
    checkpoint.origin = lines[0];
    TRY(note_parse_size(lines[1], &checkpoint.size));
    TRY(note_parse_digest(lines[2], &checkpoint.root));
    *out = checkpoint;
    return AMANAT_OK;
}

void note_append_checkpoint(struct buffer *buffer, const struct note_checkpoint *checkpoint)
{
    buffer_append(buffer, checkpoint->origin);
    buffer_append_byte(buffer, '\n');
    buffer_append_number(buffer, (int64_t)checkpoint->size);
    buffer_append_byte(buffer, '\n');
    base64_append(buffer, bytes_of((const char *)checkpoint->root.at, sizeof(checkpoint->root.at)));
    buffer_append_byte(buffer, '\n');
}

static void compute_key_id(struct bytes name, enum note_type type, const uint8_t key[32],
                           uint8_t out[KEY_ID_SIZE])
{
    char hashed[NOTE_NAME_LIMIT + 2 + 32];
    struct trail_digest digest;

    ASSERT(name.length <= NOTE_NAME_LIMIT);
    memcpy(hashed, name.at, name.length);
    hashed[name.length] = '\n';
    hashed[name.length + 1] = (char)type;
    memcpy(hashed + name.length + 2, key, 32);
    tree_hash_bytes(bytes_of(hashed, name.length + 2 + 32), &digest);
    memcpy(out, digest.at, KEY_ID_SIZE);
}

static struct bytes trim(struct bytes text)
{
    while (text.length > 0 && strchr(" \t\r\n", text.at[text.length - 1]) != NULL) {
        text.length -= 1;
    }
    while (text.length > 0 && strchr(" \t\r\n", text.at[0]) != NULL) {
        text = bytes_from(text, 1);
    }
    return text;
}

amanat_result note_parse_vkey(struct bytes text, struct note_vkey *out)
{
    struct note_vkey vkey = {0};
    uint8_t key[33];
    uint8_t id[KEY_ID_SIZE];
    size_t length = 0;

    text = trim(text);
    const size_t first = bytes_find(text, '+');
    const struct bytes name = bytes_first(text, first);
    const struct bytes rest =
        first == text.length ? bytes_of(NULL, 0) : bytes_from(text, first + 1);
    const size_t second = bytes_find(rest, '+');
    if (!note_name_is_valid(name) || second == rest.length ||
        !hex_read(bytes_first(rest, second), vkey.id, sizeof(vkey.id))) {
        return peer_fault();
    }
    TRY(decode_base64(bytes_from(rest, second + 1), key, sizeof(key), &length));
    if (length != sizeof(key) || (key[0] != NOTE_TYPE_ED25519 && key[0] != NOTE_TYPE_COSIGNATURE)) {
        return peer_fault();
    }
    vkey.type = (enum note_type)key[0];
    memcpy(vkey.key, key + 1, sizeof(vkey.key));
    memcpy(vkey.name, name.at, name.length);
    compute_key_id(name, vkey.type, vkey.key, id);
    if (memcmp(id, vkey.id, sizeof(id)) != 0) {
        return peer_fault();
    }
    *out = vkey;
    return AMANAT_OK;
}

amanat_result note_vkey_of(struct bytes name, enum note_type type, EVP_PKEY *key,
                           struct note_vkey *out)
{
    struct note_vkey vkey = {.type = type};
    size_t length = sizeof(vkey.key);

    if (!note_name_is_valid(name) || key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(key, vkey.key, &length) != 1 || length != sizeof(vkey.key)) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    memcpy(vkey.name, name.at, name.length);
    compute_key_id(name, type, vkey.key, vkey.id);
    *out = vkey;
    return AMANAT_OK;
}

void note_append_vkey(struct buffer *buffer, const struct note_vkey *vkey)
{
    char key[33];

    key[0] = (char)vkey->type;
    memcpy(key + 1, vkey->key, sizeof(vkey->key));
    buffer_append_string(buffer, vkey->name);
    buffer_append_byte(buffer, '+');
    hex_append(buffer, bytes_of((const char *)vkey->id, sizeof(vkey->id)));
    buffer_append_byte(buffer, '+');
    base64_append(buffer, bytes_of(key, sizeof(key)));
}

bool note_vkey_equal(const struct note_vkey *a, const struct note_vkey *b)
{
    return strcmp(a->name, b->name) == 0 && a->type == b->type &&
           memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

static amanat_result sign_bytes(EVP_PKEY *key, struct bytes bytes, uint8_t out[SIGNATURE_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t length = SIGNATURE_SIZE;
    amanat_result result = amanat_result_of(AMANAT_STATUS_BUG);

    if (context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestSign(context, out, &length, (const unsigned char *)bytes.at, bytes.length) == 1 &&
        length == SIGNATURE_SIZE) {
        result = AMANAT_OK;
    }
    EVP_MD_CTX_free(context);
    return result;
}

static bool verify_bytes(const uint8_t key[32], struct bytes bytes,
                         const uint8_t signature[SIGNATURE_SIZE])
{
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool valid = public_key != NULL && context != NULL &&
                       EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1 &&
                       EVP_DigestVerify(context, signature, SIGNATURE_SIZE,
                                        (const unsigned char *)bytes.at, bytes.length) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    return valid;
}

static void append_signature_line(struct buffer *out, struct bytes name, struct bytes blob)
{
    buffer_append_string(out, DASH);
    buffer_append(out, name);
    buffer_append_byte(out, ' ');
    base64_append(out, blob);
    buffer_append_byte(out, '\n');
}

amanat_result note_sign(struct bytes text, struct bytes name, EVP_PKEY *key, struct buffer *out)
{
    struct note_vkey vkey;
    uint8_t blob[KEY_ID_SIZE + SIGNATURE_SIZE];

    TRY(note_vkey_of(name, NOTE_TYPE_ED25519, key, &vkey));
    memcpy(blob, vkey.id, KEY_ID_SIZE);
    TRY(sign_bytes(key, text, blob + KEY_ID_SIZE));
    buffer_append(out, text);
    buffer_append_byte(out, '\n');
    append_signature_line(out, name, bytes_of((const char *)blob, sizeof(blob)));
    return buffer_check(out);
}

/* The bytes that a cosignature signs. */
static amanat_result append_cosigned(struct buffer *out, struct bytes text, uint64_t time)
{
    buffer_append_format(out, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
    buffer_append(out, text);
    return buffer_check(out);
}

amanat_result note_cosign(struct bytes text, struct bytes name, EVP_PKEY *key, uint64_t time,
                          struct buffer *out)
{
    struct note_vkey vkey;
    struct buffer cosigned;
    uint8_t blob[KEY_ID_SIZE + TIME_SIZE + SIGNATURE_SIZE];

    TRY(note_vkey_of(name, NOTE_TYPE_COSIGNATURE, key, &vkey));
    memcpy(blob, vkey.id, KEY_ID_SIZE);
    for (unsigned i = 0; i < TIME_SIZE; i++) {
        blob[KEY_ID_SIZE + i] = (uint8_t)(time >> (8 * (TIME_SIZE - 1 - i)));
    }
    buffer_init(&cosigned, NOTE_LIMIT + 64);
    amanat_result result = append_cosigned(&cosigned, text, time);
    if (amanat_is_ok(result)) {
        result = sign_bytes(key, buffer_bytes(&cosigned), blob + KEY_ID_SIZE + TIME_SIZE);
    }
    buffer_clear(&cosigned);
    TRY(result);
    append_signature_line(out, name, bytes_of((const char *)blob, sizeof(blob)));
    return buffer_check(out);
}

static bool cosignature_is_valid(struct bytes text, const struct note_signature *signature,
                                 const struct note_vkey *vkey, uint64_t *out_time)
{
    struct buffer cosigned;
    uint64_t time = 0;

    if (signature->length != TIME_SIZE + SIGNATURE_SIZE) {
        return false;
    }
    for (unsigned i = 0; i < TIME_SIZE; i++) {
        time = time << 8 | signature->at[i];
    }
    buffer_init(&cosigned, NOTE_LIMIT + 64);
    const bool valid = amanat_is_ok(append_cosigned(&cosigned, text, time)) &&
                       verify_bytes(vkey->key, buffer_bytes(&cosigned), signature->at + TIME_SIZE);
    buffer_clear(&cosigned);
    if (valid && out_time != NULL) {
        *out_time = time;
    }
    return valid;
}

bool note_signature_is_valid(struct bytes text, const struct note_signature *signature,
                             const struct note_vkey *vkey, uint64_t *out_time)
{
    if (!bytes_equal_string(signature->name, vkey->name) ||
        memcmp(signature->id, vkey->id, KEY_ID_SIZE) != 0) {
        return false;
    }
    if (vkey->type == NOTE_TYPE_COSIGNATURE) {
        return cosignature_is_valid(text, signature, vkey, out_time);
    }
    return signature->length == SIGNATURE_SIZE && verify_bytes(vkey->key, text, signature->at);
}

bool note_is_signed_by(const struct note *note, const struct note_vkey *vkey, uint64_t *out_time)
{
    for (size_t i = 0; i < note->signature_count; i++) {
        if (note_signature_is_valid(note->text, &note->signatures[i], vkey, out_time)) {
            return true;
        }
    }
    return false;
}
