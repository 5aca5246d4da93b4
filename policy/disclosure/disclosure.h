/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of policy/disclosure: a policy folder becomes a ruleset, a ruleset and an access
 * become a decision with a plan. The one path for the proxy and for `amanat preview`.
 */
#ifndef AMANAT_POLICY_DISCLOSURE_DISCLOSURE_H
#define AMANAT_POLICY_DISCLOSURE_DISCLOSURE_H

#include "policy/disclosure/access.h"
#include "policy/disclosure/access_explain.h"
#include "policy/disclosure/ruleset.h"
#include "policy/disclosure/who_can.h"

#endif
