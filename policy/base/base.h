/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of policy/base: what every folder above stands on. Nothing here knows about policies,
 * people or networks.
 */
#ifndef AMANAT_POLICY_BASE_BASE_H
#define AMANAT_POLICY_BASE_BASE_H

#include "policy/base/arena.h"
#include "policy/base/base64.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"
#include "policy/base/calendar.h"
#include "policy/base/document.h"
#include "policy/base/guard.h"
#include "policy/base/map.h"
#include "policy/base/similar.h"
#include "policy/base/sorted.h"
#include "policy/base/utf8.h"
#include "policy/base/vector.h"
#include "policy/base/visible.h"
#include "policy/base/wipe.h"

#endif
