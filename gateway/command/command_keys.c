/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat keys init FOLDER`: the secrets of a new gateway: tokenize.key and pseudonym.key (32
 * random bytes each) and trail.pem (the log's Ed25519 key). Never overwrites anything: a lost
 * pseudonym key cannot be made again.
 *
 * `amanat keys rotate FOLDER`: a new tokenize.key; the old one becomes tokenize.previous.key, which
 * must not be there: two generations overlap, never three. Each step leaves keys that can be used:
 *
 *   link tokenize.key as tokenize.previous.key · write tokenize.key.new · rename it to tokenize.key
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/report.h"
#include "gateway/config/config.h"
#include "policy/base/base.h"

static const struct arguments_option options[] = {{0}};

static const struct arguments_form form = {
    .words = "init|rotate FOLDER",
    .least_words = 2,
    .most_words = 2,
    .about = "Makes the secret keys of a new gateway, or a new key of tokens beside the old one.",
    .options = options};

static amanat_result fail(struct amanat_diagnostics *diagnostics, const char *path,
                          const char *text)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "keys", path, 0, 0, "%s", text);
    return amanat_result_of(AMANAT_STATUS_IO);
}

static bool write_all(int descriptor, struct bytes bytes)
{
    while (bytes.length > 0) {
        const ssize_t written = write(descriptor, bytes.at, bytes.length);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes = bytes_from(bytes, written < 0 ? 0 : (size_t)written);
    }
    return fsync(descriptor) == 0;
}

static amanat_result write_secret(const char *folder, const char *name, struct bytes bytes,
                                  struct amanat_diagnostics *diagnostics)
{
    char path[4096];
    const int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof(path)) {
        return fail(diagnostics, name, "the folder's name is too long");
    }
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return fail(diagnostics, path,
                    errno == EEXIST ? "it is there already and is not overwritten"
                                    : strerror(errno));
    }
    const bool written = write_all(descriptor, bytes);
    if (close(descriptor) != 0 || !written) {
        return fail(diagnostics, path, strerror(errno));
    }
    return AMANAT_OK;
}

static amanat_result write_random(const char *folder, const char *name,
                                  struct amanat_diagnostics *diagnostics)
{
    unsigned char secret[CONFIG_SECRET_SIZE];
    if (RAND_bytes(secret, sizeof(secret)) != 1) {
        return fail(diagnostics, name, "no randomness");
    }
    const amanat_result result =
        write_secret(folder, name, bytes_of((const char *)secret, sizeof(secret)), diagnostics);
    wipe(secret, sizeof(secret));
    return result;
}

static amanat_result write_signing_key(const char *folder, const char *name,
                                       struct amanat_diagnostics *diagnostics)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *memory = BIO_new(BIO_s_secmem());
    char *text = NULL;
    amanat_result result = fail(NULL, name, "");
    if (key != NULL && memory != NULL &&
        PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1) {
        const long length = BIO_get_mem_data(memory, &text);
        result = write_secret(folder, name, bytes_of(text, (size_t)length), diagnostics);
    } else {
        result = fail(diagnostics, name, "the key cannot be made");
    }
    BIO_free(memory);
    EVP_PKEY_free(key);
    return result;
}

static amanat_result init(const char *folder, struct amanat_diagnostics *diagnostics)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return fail(diagnostics, folder, strerror(errno));
    }
    TRY(write_random(folder, "tokenize.key", diagnostics));
    TRY(write_random(folder, "pseudonym.key", diagnostics));
    return write_signing_key(folder, "trail.pem", diagnostics);
}

static char *path_in(struct arena *arena, const char *folder, const char *name)
{
    return arena_format(arena, "%s/%s", folder, name);
}

/* What is in the folder now would also be there after a crash. */
static bool sync_folder(const char *folder)
{
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
    return descriptor >= 0 && close(descriptor) == 0 && synced;
}

static amanat_result replace_key(struct arena *arena, const char *folder,
                                 struct amanat_diagnostics *diagnostics)
{
    const char *current = path_in(arena, folder, "tokenize.key");
    const char *previous = path_in(arena, folder, "tokenize.previous.key");
    const char *fresh = path_in(arena, folder, "tokenize.key.new");
    TRY_MEMORY(current);
    TRY_MEMORY(previous);
    TRY_MEMORY(fresh);
    if (link(current, previous) != 0) {
        return errno == EEXIST ? fail(diagnostics, previous,
                                      "the last rotation still overlaps: take tokenize_previous "
                                      "out of amanat.yaml and remove this file first")
                               : fail(diagnostics, current, strerror(errno));
    }
    const amanat_result written = write_random(folder, "tokenize.key.new", diagnostics);
    if (!amanat_is_ok(written)) {
        (void)unlink(previous);
        return written;
    }
    if (!sync_folder(folder) || rename(fresh, current) != 0 || !sync_folder(folder)) {
        return fail(diagnostics, current, strerror(errno));
    }
    return AMANAT_OK;
}

static amanat_result rotate(const char *folder, struct amanat_diagnostics *diagnostics)
{
    struct arena *arena = arena_new((size_t)64 << 10);
    TRY_MEMORY(arena);
    const amanat_result result = replace_key(arena, folder, diagnostics);
    arena_free(arena);
    return result;
}

static void say_what_was_made(const struct arguments *arguments, bool rotates)
{
    const char *made = rotates ? "\"tokenize.key\",\"tokenize.previous.key\""
                               : "\"tokenize.key\",\"pseudonym.key\",\"trail.pem\"";
    if (arguments->json) {
        (void)printf("{\"made\":[%s]}\n", made);
    } else if (rotates) {
        (void)printf(
            "%s: tokenize.key is new, the one before it is tokenize.previous.key; name both "
            "in amanat.yaml (secrets: tokenize, tokenize_previous) until partners have the "
            "new tokens\n",
            arguments->words[1]);
    } else {
        (void)printf("%s: made tokenize.key, pseudonym.key and trail.pem; keep copies of the first "
                     "two where only you can read them\n",
                     arguments->words[1]);
    }
}

int command_keys(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const bool rotates = code < 0 && strcmp(arguments.words[0], "rotate") == 0;
    if (code < 0 && !rotates && strcmp(arguments.words[0], "init") != 0) {
        code = arguments_usage(&arguments, "keys knows `init` and `rotate`");
    }
    if (code < 0 && diagnostics != NULL) {
        code = report_exit_code(rotates ? rotate(arguments.words[1], diagnostics)
                                        : init(arguments.words[1], diagnostics));
        report_diagnostics(diagnostics, NULL, false);
        if (code == COMMAND_EXIT_YES) {
            say_what_was_made(&arguments, rotates);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arguments_clear(&arguments);
    return code < 0 ? COMMAND_EXIT_COULD_NOT : code;
}
