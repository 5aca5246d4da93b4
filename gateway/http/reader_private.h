/* SPDX-License-Identifier: Apache-2.0 */
/* What only the connections of this folder need of the reader. */
#ifndef AMANAT_GATEWAY_HTTP_READER_PRIVATE_H
#define AMANAT_GATEWAY_HTTP_READER_PRIVATE_H

#include "gateway/http/reader.h"

/**
 * Wipes and frees the memory of the last head; only between messages. It comes back with the next
 * one.
 */
void http_reader_release(struct http_reader *reader);

#endif
