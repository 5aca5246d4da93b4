/* SPDX-License-Identifier: Apache-2.0 */
/* Front door of policy/redact. */
#ifndef AMANAT_POLICY_REDACT_REDACT_H
#define AMANAT_POLICY_REDACT_REDACT_H

#include "policy/redact/provenance.h"

#endif
