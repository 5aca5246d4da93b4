/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restricted Damerau-Levenshtein distance (optimal string alignment): letters are inserted, left
 * out, replaced, or two neighbours are exchanged. What fingers and naming habits do counts less
 * than a letter. Candidates that cannot win are left early, by their letters or in mid-table.
 */
#include "policy/base/similar.h"

#include <limits.h>
#include <stdio.h>

enum {
    COST_LETTER = 4,    /* one wrong, missing, superfluous or exchanged letter */
    COST_CASE = 1,      /* `Plate` for `plate` */
    COST_SEPARATOR = 1, /* `plate-number` for `plate_number`, `plateNumber` or `platenumber` */
};

static bool is_separator(char byte)
{
    return byte == '-' || byte == '_' || byte == '.' || byte == ' ';
}

static char fold(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static unsigned lesser(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* What it costs that one word has this byte and the other has nothing. */
static unsigned cost_alone(char byte)
{
    return is_separator(byte) ? COST_SEPARATOR : COST_LETTER;
}

static unsigned cost_of_pair(char a, char b)
{
    if (a == b) {
        return 0;
    }
    if (fold(a) == fold(b)) {
        return COST_CASE;
    }
    return is_separator(a) && is_separator(b) ? COST_SEPARATOR : COST_LETTER;
}

/* The letters of a word as a set of bits: one edit changes at most two of them. */
static unsigned letters_of(struct bytes word)
{
    unsigned letters = 0;
    for (size_t i = 0; i < word.length; i++) {
        if (!is_separator(word.at[i])) {
            letters |= 1U << ((unsigned char)fold(word.at[i]) & 31);
        }
    }
    return letters;
}

static bool letters_are_near(unsigned a, unsigned b, unsigned limit)
{
    return (unsigned)__builtin_popcount(a ^ b) * COST_LETTER <= 2 * limit;
}

/* A third of the letters may be wrong, but never half of them: beyond that it is another word. */
static unsigned limit_for(struct bytes a, struct bytes b)
{
    const unsigned longer = (unsigned)(a.length > b.length ? a.length : b.length);
    const unsigned third = COST_LETTER * ((longer + 1) / 3);
    const unsigned half = COST_LETTER * longer / 2;
    return half == 0 ? 0 : lesser(third > 0 ? third : COST_CASE, half - 1);
}

/* One cell of the table from its neighbours; `before` is the row two above. */
static unsigned cell(struct bytes a, struct bytes b, size_t i, size_t j, const unsigned *before,
                     const unsigned *above, const unsigned *row)
{
    const char x = a.at[i - 1];
    const char y = b.at[j - 1];
    unsigned cost = above[j - 1] + cost_of_pair(x, y);
    cost = lesser(cost, above[j] + cost_alone(x));
    cost = lesser(cost, row[j - 1] + cost_alone(y));
    if (i > 1 && j > 1 && x != y && fold(x) == fold(b.at[j - 2]) && fold(a.at[i - 2]) == fold(y)) {
        cost = lesser(cost, before[j - 2] + COST_LETTER);
    }
    return cost;
}

/* The distance of two words that are not too long, or something above `limit`. */
static unsigned distance(struct bytes a, struct bytes b, unsigned limit)
{
    unsigned rows[3][SIMILAR_LONGEST_WORD + 1] = {0};
    for (size_t j = 1; j <= b.length; j++) {
        rows[0][j] = rows[0][j - 1] + cost_alone(b.at[j - 1]);
    }
    unsigned least_above = 0;
    for (size_t i = 1; i <= a.length; i++) {
        const unsigned *before = rows[(i + 1) % 3];
        const unsigned *above = rows[(i - 1) % 3];
        unsigned *row = rows[i % 3];
        row[0] = above[0] + cost_alone(a.at[i - 1]);
        unsigned least = row[0];
        for (size_t j = 1; j <= b.length; j++) {
            row[j] = cell(a, b, i, j, before, above, row);
            least = lesser(least, row[j]);
        }
        /* An exchange reaches over one row: two rows beyond the limit end it. */
        if (least > limit && least_above > limit) {
            return limit + 1;
        }
        least_above = least;
    }
    return rows[a.length % 3][b.length];
}

void similar_begin(struct similar *similar, struct bytes wanted)
{
    *similar = (struct similar){.wanted = wanted, .cost = UINT_MAX, .letters = letters_of(wanted)};
}

static bool is_comparable(struct bytes word)
{
    return word.length > 0 && word.length <= SIMILAR_LONGEST_WORD;
}

void similar_offer(struct similar *similar, struct bytes candidate)
{
    if (similar->cost == 0 || similar->offered == SIMILAR_MOST_CANDIDATES ||
        !is_comparable(similar->wanted)) {
        return;
    }
    similar->offered++;
    if (!is_comparable(candidate)) {
        return;
    }
    const unsigned limit = lesser(limit_for(similar->wanted, candidate), similar->cost - 1);
    if (!letters_are_near(similar->letters, letters_of(candidate), limit)) {
        return;
    }
    const unsigned cost = distance(similar->wanted, candidate, limit);
    if (cost <= limit) {
        similar->cost = cost;
        similar->nearest = candidate;
    }
}

static void offer_all(struct similar *similar, const struct bytes *candidates, size_t count)
{
    for (size_t i = 0; i < count && i < SIMILAR_MOST_CANDIDATES; i++) {
        similar_offer(similar, candidates[i]);
    }
}

bool similar_word(struct bytes wanted, const struct bytes *candidates, size_t count,
                  struct bytes *out)
{
    struct similar similar;
    similar_begin(&similar, wanted);
    offer_all(&similar, candidates, count);
    if (similar.cost == UINT_MAX) {
        return false;
    }
    *out = similar.nearest;
    return true;
}

const char *similar_hint_of(const struct similar *similar, char room[SIMILAR_HINT_SIZE])
{
    if (similar->cost == UINT_MAX || similar->cost == 0) {
        return ""; /* nobody meant the word that stands there */
    }
    (void)snprintf(room, SIMILAR_HINT_SIZE, "; did you mean `%.*s`?",
                   BYTES_PRINTF(similar->nearest));
    return room;
}

const char *similar_hint(struct bytes wanted, const struct bytes *candidates, size_t count,
                         char room[SIMILAR_HINT_SIZE])
{
    struct similar similar;
    similar_begin(&similar, wanted);
    offer_all(&similar, candidates, count);
    return similar_hint_of(&similar, room);
}
