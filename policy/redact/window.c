/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts windows and keeps their accounts; see window.h. */
#include "policy/redact/window.h"

#include <stdlib.h>
#include <string.h>

#include "policy/base/guard.h"

amanat_result account_init(struct account *account, size_t label_count)
{
    *account = (struct account){.label_count = label_count};
    account->disclosed = calloc(label_count + 1, sizeof(*account->disclosed));
    account->withheld = calloc(label_count + 1, sizeof(*account->withheld));
    account->touched = calloc(label_count + 1, sizeof(*account->touched));
    TRY_MEMORY(account->disclosed);
    TRY_MEMORY(account->withheld);
    TRY_MEMORY(account->touched);
    return AMANAT_OK;
}

void account_clear(struct account *account)
{
    free(account->disclosed);
    free(account->withheld);
    free(account->touched);
    *account = (struct account){0};
}

static void empty_withheld(struct account *account)
{
    for (size_t i = 0; i < account->touched_count; i++) {
        account->withheld[account->touched[i]] = 0;
    }
    account->touched_count = 0;
    account->withheld_unlabelled = 0;
    account->wrong_type = 0;
    account->records_disclosed = 0;
    account->records_left_out = 0;
    account->records_over_limit = 0;
}

static void empty_account(struct account *account)
{
    memset(account->disclosed, 0, account->label_count * sizeof(*account->disclosed));
    empty_withheld(account);
}

void account_move(struct account *account, struct account *from)
{
    for (size_t i = 0; i < from->touched_count; i++) {
        const size_t label = from->touched[i];
        const uint64_t count = from->withheld[label] - 1;
        account_withhold(account, label);
        account->withheld[label] += count;
    }
    account->withheld_unlabelled += from->withheld_unlabelled;
    account->wrong_type += from->wrong_type;
    account->records_disclosed += from->records_disclosed;
    account->records_left_out += from->records_left_out;
    account->records_over_limit += from->records_over_limit;
    empty_withheld(from);
}

amanat_result window_init(struct window *window, const struct vocabulary *vocabulary,
                          redact_window_fn *give, void *context)
{
    *window = (struct window){.give = give, .context = context};
    /*
     * one record may be longer than a window; how long, the record limit and the masks' texts say
     */
    buffer_init(&window->bytes, SIZE_MAX / 2);
    TRY(account_init(&window->account, vocabulary->label_count));
    return subject_set_init(&window->subjects, vocabulary);
}

void window_clear(struct window *window)
{
    buffer_clear(&window->bytes);
    account_clear(&window->account);
    subject_set_clear(&window->subjects);
}

static amanat_result give(struct window *window, bool is_last)
{
    const struct account *account = &window->account;
    struct redact_window given = {
        .bytes = {buffer_bytes(&window->bytes)},
        .first = !window->any_given,
        .last = is_last,
        .disclosed = (const uint64_t(*)[DISCLOSURE_MODE_COUNT])(uintptr_t)account->disclosed,
        .withheld = account->withheld,
        .withheld_unlabelled = account->withheld_unlabelled,
        .wrong_type = account->wrong_type,
        .records_disclosed = account->records_disclosed,
        .records_left_out = account->records_left_out,
        .records_over_limit = account->records_over_limit,
    };
    TRY(subject_set_list(&window->subjects, &given.subjects, &given.subject_count));
    given.subjects_dropped = window->subjects.dropped;
    window->any_given = true;
    const amanat_result result = window->give(window->context, &given);
    buffer_reset(&window->bytes);
    empty_account(&window->account);
    subject_set_reset(&window->subjects);
    return result;
}

amanat_result window_make_room(struct window *window, size_t length)
{
    const size_t used = window->bytes.length;
    if (used > 0 && (used >= REDACT_WINDOW_BYTES || length > REDACT_WINDOW_BYTES - used)) {
        return give(window, false);
    }
    return AMANAT_OK;
}

amanat_result window_add_bytes(struct window *window, struct disclosed_bytes bytes)
{
    struct bytes rest = bytes.bytes;
    while (rest.length > 0) {
        TRY(window_make_room(window, 1));
        const size_t room = REDACT_WINDOW_BYTES - window->bytes.length;
        const size_t length = rest.length < room ? rest.length : room;
        buffer_append(&window->bytes, bytes_first(rest, length));
        TRY(buffer_check(&window->bytes));
        rest = bytes_from(rest, length);
    }
    return AMANAT_OK;
}

amanat_result window_add_unit(struct window *window, struct disclosed_bytes unit)
{
    TRY(window_make_room(window, unit.bytes.length));
    buffer_append(&window->bytes, unit.bytes);
    return buffer_check(&window->bytes);
}

amanat_result window_finish(struct window *window)
{
    return give(window, true);
}
