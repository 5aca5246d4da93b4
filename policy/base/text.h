/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the public API as bytes, and back (amanat/text.h). */
#ifndef AMANAT_POLICY_BASE_TEXT_H
#define AMANAT_POLICY_BASE_TEXT_H

#include "amanat/text.h"
#include "policy/base/bytes.h"

static inline struct bytes bytes_of_text(struct amanat_text text)
{
    return bytes_of(text.at, text.length);
}

static inline struct amanat_text text_of_bytes(struct bytes bytes)
{
    return (struct amanat_text){bytes.at, bytes.length};
}

#endif
