/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/text.h"

#include <stdlib.h>

struct amanat_text amanat_text_of(const char *string)
{
    return text_of_bytes(bytes_of_string(string));
}

void amanat_owned_text_clear(struct amanat_owned_text *text)
{
    free(text->at);
    *text = (struct amanat_owned_text){0};
}
