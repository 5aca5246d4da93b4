/* SPDX-License-Identifier: Apache-2.0 */
/* PCRE2 behind the front of pattern.h. */
#include "policy/base/pattern.h"

#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "policy/base/guard.h"

#define JIT_STACK_FIRST ((size_t)32 << 10)
#define JIT_STACK_MOST  ((size_t)512 << 10)

struct pattern {
    pcre2_code *code;
    unsigned group_count;
};

struct pattern_matcher {
    pcre2_match_context *context;
    pcre2_jit_stack *jit_stack;
    pcre2_match_data *data;
    size_t work;     /* that is left for this text */
    size_t position; /* in the text, of the step before */
};

static PCRE2_SPTR units_of(struct bytes text)
{
    return (PCRE2_SPTR)(text.at == NULL ? "" : text.at);
}

static void free_code(void *code)
{
    pcre2_code_free(code);
}

static amanat_result refuse(struct pattern_fault *out, size_t at, const char *why)
{
    out->at = at;
    (void)snprintf(out->text, sizeof(out->text), "%s", why);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result compile_code(struct bytes text, enum pattern_use use,
                                  struct pattern_fault *out_fault, pcre2_code **out)
{
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
    int error = 0;
    PCRE2_SIZE at = 0;
    if (text.length > PATTERN_LENGTH_LIMIT) {
        return refuse(out_fault, PATTERN_LENGTH_LIMIT, "it is longer than 1024 bytes");
    }
    if (use != PATTERN_SEARCHES_SHORT) {
        options |= PCRE2_AUTO_CALLOUT; /* count_work at each item of the pattern */
    }
    if (use == PATTERN_IS_WHOLE_TEXT) {
        options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    }
    *out = pcre2_compile(units_of(text), text.length, options, &error, &at, NULL);
    if (*out == NULL && error == PCRE2_ERROR_HEAP_FAILED) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    if (*out == NULL) {
        out_fault->at = at;
        (void)pcre2_get_error_message(error, (PCRE2_UCHAR *)out_fault->text,
                                      sizeof(out_fault->text));
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    /* without JIT the interpreter runs it, under the same limits */
    (void)pcre2_jit_compile(*out, PCRE2_JIT_COMPLETE);
    return AMANAT_OK;
}

amanat_result pattern_compile(struct arena *arena, struct bytes text, enum pattern_use use,
                              struct pattern_fault *out_fault, const struct pattern **out)
{
    pcre2_code *code = NULL;
    uint32_t matches_empty = 0;
    uint32_t groups = 0;
    struct pattern *pattern = ARENA_NEW(arena, struct pattern);
    TRY_MEMORY(pattern);
    TRY(compile_code(text, use, out_fault, &code));
    const amanat_result owned = arena_own(arena, code, free_code);
    if (!amanat_is_ok(owned)) {
        pcre2_code_free(code);
        return owned;
    }
    (void)pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY, &matches_empty);
    (void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (groups > PATTERN_GROUP_LIMIT) {
        return refuse(out_fault, text.length, "it has more than 32 groups");
    }
    if (matches_empty != 0 && use != PATTERN_IS_WHOLE_TEXT) {
        return refuse(out_fault, text.length, "it matches the empty text");
    }
    *pattern = (struct pattern){.code = code, .group_count = groups};
    *out = pattern;
    return AMANAT_OK;
}

unsigned pattern_group_count(const struct pattern *pattern)
{
    return pattern->group_count;
}

/* A step: it costs one and how far it is from the one before. */
static int count_work(pcre2_callout_block *step, void *context)
{
    struct pattern_matcher *matcher = context;
    const size_t position = step->current_position;
    const size_t cost = 1 + (position > matcher->position ? position - matcher->position
                                                          : matcher->position - position);
    matcher->position = position;
    if (cost > matcher->work) {
        matcher->work = 0;
        return PCRE2_ERROR_CALLOUT;
    }
    matcher->work -= cost;
    return 0;
}

amanat_result pattern_matcher_new(struct pattern_matcher **out)
{
    struct pattern_matcher *matcher = calloc(1, sizeof(*matcher));
    TRY_MEMORY(matcher);
    matcher->context = pcre2_match_context_create(NULL);
    matcher->jit_stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MOST, NULL);
    matcher->data = pcre2_match_data_create(PATTERN_GROUP_LIMIT + 1, NULL);
    if (matcher->context == NULL || matcher->data == NULL) {
        pattern_matcher_free(matcher);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    (void)pcre2_set_match_limit(matcher->context, PATTERN_STEP_LIMIT);
    (void)pcre2_set_depth_limit(matcher->context, PATTERN_STEP_LIMIT);
    (void)pcre2_set_heap_limit(matcher->context, PATTERN_HEAP_KIB);
    (void)pcre2_set_callout(matcher->context, count_work, matcher);
    /* NULL where there is no JIT: then none is needed */
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->jit_stack);
    *out = matcher;
    return AMANAT_OK;
}

void pattern_matcher_free(struct pattern_matcher *matcher)
{
    if (matcher != NULL) {
        pcre2_match_data_free(matcher->data);
        pcre2_jit_stack_free(matcher->jit_stack);
        pcre2_match_context_free(matcher->context);
        free(matcher);
    }
}

void pattern_matcher_begin(struct pattern_matcher *matcher, struct bytes text)
{
    matcher->work = PATTERN_WORK_LEAST + PATTERN_WORK_PER_BYTE * text.length;
}

enum pattern_answer pattern_find(struct pattern_matcher *matcher, const struct pattern *pattern,
                                 struct bytes text, size_t from)
{
    matcher->position = from;
    const int found = pcre2_match(pattern->code, units_of(text), text.length, from,
                                  PCRE2_NO_UTF_CHECK, matcher->data, matcher->context);
    if (found == PCRE2_ERROR_NOMATCH) {
        return PATTERN_NOT_FOUND;
    }
    return found > 0 ? PATTERN_FOUND : PATTERN_HIT_LIMIT;
}

struct bytes pattern_group(const struct pattern_matcher *matcher, struct bytes text,
                           unsigned number)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(matcher->data);
    ASSERT(number <= PATTERN_GROUP_LIMIT);
    /* unset groups, and a `\K` that stands behind the end, took nothing */
    if (ends[2 * number] == PCRE2_UNSET || ends[2 * number] > ends[2 * number + 1]) {
        return bytes_of(text.at, 0);
    }
    return bytes_of(text.at + ends[2 * number], ends[2 * number + 1] - ends[2 * number]);
}
