/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/runtime: the world (time, chance, threads, signals, log), replaceable in
 * tests.
 */
#ifndef AMANAT_GATEWAY_RUNTIME_RUNTIME_H
#define AMANAT_GATEWAY_RUNTIME_RUNTIME_H

#include "gateway/runtime/clock.h"
#include "gateway/runtime/files.h"
#include "gateway/runtime/log.h"
#include "gateway/runtime/loop.h"
#include "gateway/runtime/metrics.h"
#include "gateway/runtime/random.h"
#include "gateway/runtime/signals.h"
#include "gateway/runtime/thread.h"
#include "gateway/runtime/timer.h"

#endif
