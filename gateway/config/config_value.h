/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to gateway/config: the small languages of values. Each returns NULL, or what is wrong as
 * a text for people.
 */
#ifndef AMANAT_GATEWAY_CONFIG_CONFIG_VALUE_H
#define AMANAT_GATEWAY_CONFIG_CONFIG_VALUE_H

#include "gateway/config/config.h"

/** "5m", "30s", "500ms", "250us", "24h" → microseconds. */
const char *config_parse_duration(struct bytes text, int64_t *out);

/** "262144", "16KiB", "1MiB", "2GiB" → bytes. */
const char *config_parse_size(struct bytes text, int64_t *out);

/** "127.0.0.1:8443", "[::1]:0"; numeric only. `text` must live as long as `*out`. */
const char *config_parse_address(const char *text, struct config_address *out);

/** "https://host:8443/base": no user, query or fragment. Strings are copied into the arena. */
const char *config_parse_url(struct arena *arena, const char *text, struct config_url *out);

/** Whether a numeric host (IPv6 without brackets) is a loopback address. */
bool config_is_loopback(const char *host);

#endif
