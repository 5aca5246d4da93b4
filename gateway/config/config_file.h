/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to gateway/config: looking at files that amanat.yaml names. Failures are diagnostics at
 * the place where the name stands.
 */
#ifndef AMANAT_GATEWAY_CONFIG_CONFIG_FILE_H
#define AMANAT_GATEWAY_CONFIG_CONFIG_FILE_H

#include <stdbool.h>

#include "gateway/config/config.h"

/** Who asks: the source and place of the word that names the file. */
struct config_file_request {
    const char *path;
    const char *source;
    struct config_place place;
    struct amanat_diagnostics *diagnostics;
};

/** Whether it is a regular file, or a folder, that we can open. CONFIG_FAULT. */
AMANAT_MUST_CHECK amanat_result config_file_check(const struct config_file_request *request);
AMANAT_MUST_CHECK amanat_result config_file_check_folder(const struct config_file_request *request);

/**
 * Reads a file that only its owner may read (no bit of 077 in its mode), at most 64 KiB.
 * `*out_is_demo` tells whether it says of itself that it is for demonstrations (CONFIG_DEMO_MARKER
 * as its first line, or NAME.demo beside it).
 */
AMANAT_MUST_CHECK amanat_result config_file_read_secret(const struct config_file_request *request,
                                                        struct arena *arena, struct bytes *out,
                                                        bool *out_is_demo);

/**
 * The lines `Name: value` of a headers_file; blank lines and lines that begin with # are passed
 * over.
 */
AMANAT_MUST_CHECK amanat_result config_file_parse_headers(const struct config_file_request *request,
                                                          struct bytes text, struct arena *arena,
                                                          const struct config_header **out_headers,
                                                          size_t *out_count);

#endif
