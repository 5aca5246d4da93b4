/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a label says about coarsen: exactly one kind, with `other` beside `map`. The limits stand in
 * policy/redact/MODES.md, for administrators.
 */
#include <math.h>

#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/catalogue/vocabulary_reader.h"

#define REPORT          VOCABULARY_REPORT
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define KEEP_LIMIT      64
#define BUCKETS_LIMIT   256
#define MAP_LIMIT       65536
#define MAP_TEXT_LENGTH 1024
#define OLDEST_BAND     90 /* years of one band: all of it */
#define GRID_LEAST      10
#define GRID_MOST       500000
#define LATITUDE_MOST   85
#define GRID_DECIMALS   6 /* of a degree: 11 cm */

/* A degree of latitude is nowhere shorter (WGS 84, at the equator); one of longitude is this at the
 * equator and shrinks with the cosine. */
#define METRES_OF_LATITUDE  110574.0
#define METRES_OF_LONGITUDE 111320.0

__extension__ typedef __int128 wide;

static const struct bytes known_kinds[] = {
    BYTES_INIT("time"),   BYTES_INIT("step"),      BYTES_INIT("prefix"),
    BYTES_INIT("bucket"), BYTES_INIT("age_band"),  BYTES_INIT("map"),
    BYTES_INIT("grid"),   BYTES_INIT("ip_prefix"), BYTES_INIT("other")};

static bool read_time(struct vocabulary_reader *reader, const struct document_member *member,
                      struct catalogue_label *label)
{
    static const struct bytes names[] = {BYTES_INIT("year"), BYTES_INIT("month"), BYTES_INIT("day"),
                                         BYTES_INIT("hour")};
    label->coarsen.kind = COARSEN_TIME;
    for (size_t i = 0; i < COUNT_OF(names) && member->value.kind == DOCUMENT_STRING; i++) {
        if (bytes_equal(member->value.text, names[i])) {
            label->coarsen.unit = (enum time_unit)i;
            return true;
        }
    }
    char hint[SIMILAR_HINT_SIZE];
    REPORT(reader, &member->value, "mode", "`time` is one of hour, day, month, year%s",
           similar_hint(member->value.kind == DOCUMENT_STRING ? member->value.text : BYTES(""),
                        names, COUNT_OF(names), hint));
    return false;
}

static bool read_step(struct vocabulary_reader *reader, const struct document_member *member,
                      struct catalogue_label *label)
{
    label->coarsen.kind = COARSEN_STEP;
    if (vocabulary_read_decimal(&member->value, NULL, &label->coarsen.step) &&
        label->coarsen.step.digits > 0) {
        return true;
    }
    REPORT(reader, &member->value, "mode",
           "`step` must be a positive decimal such as 0.01, of at most 18 digits and without an "
           "exponent");
    return false;
}

/* ---- grid ---- */

/* Degrees, or a report. */
static bool read_latitude(struct vocabulary_reader *reader, const struct document *value,
                          double *out)
{
    struct decimal_step decimal = {0};
    bool negative = false;
    *out = 0;
    if (value == NULL) {
        return true;
    }
    const bool read = vocabulary_read_decimal(value, &negative, &decimal);
    *out = (double)decimal.digits / pow(10, (double)decimal.scale);
    if (!read || *out > LATITUDE_MOST) {
        REPORT(reader, value, "range", "`latitude` must be a decimal from -%d to %d", LATITUDE_MOST,
               LATITUDE_MOST);
        return false;
    }
    return true;
}

/* The step in degrees that is at least so many metres, also of longitude at that latitude: rounded
 * up, so that no cell is smaller than the vocabulary says. */
static struct decimal_step degrees_of(unsigned metres, double latitude)
{
    const double radians = latitude * 3.14159265358979323846 / 180;
    const double degree = fmin(METRES_OF_LATITUDE, METRES_OF_LONGITUDE * cos(radians));
    const double parts = ceil((double)metres * pow(10, GRID_DECIMALS) / degree);
    return (struct decimal_step){(uint64_t)parts, GRID_DECIMALS};
}

static bool read_grid(struct vocabulary_reader *reader, const struct document_member *member,
                      struct catalogue_label *label)
{
    static const struct bytes known[] = {BYTES_INIT("metres"), BYTES_INIT("latitude")};
    unsigned metres = 0;
    double latitude = 0;
    label->coarsen.kind = COARSEN_STEP;
    if (!vocabulary_expect_object(reader, &member->value, "`grid`")) {
        return false;
    }
    bool read = true;
    for (size_t i = 0; i < member->value.count; i++) {
        const struct document_member *part = &member->value.members[i];
        if (bytes_equal(part->key, known[0])) {
            read = vocabulary_read_number(reader, part, GRID_LEAST, GRID_MOST, &metres) && read;
        } else if (!bytes_equal(part->key, known[1])) {
            vocabulary_refuse_key(reader, part, "`grid`", known, COUNT_OF(known));
            read = false;
        }
    }
    if (document_get(&member->value, "metres") == NULL) {
        REPORT(reader, &member->value, "mode", "`grid` needs `metres`");
        read = false;
    }
    read = read_latitude(reader, document_get(&member->value, "latitude"), &latitude) && read;
    if (read) {
        label->coarsen.step = degrees_of(metres, latitude);
    }
    return read;
}

/* ---- bucket ---- */

/* bound · 10^36 fits into 127 bits: 18 digits, moved by 18 places at most. */
static wide scaled(const struct coarsen_bucket *bucket)
{
    wide value = bucket->bound.digits;
    for (unsigned i = bucket->bound.scale; i < 18; i++) {
        value *= 10;
    }
    return bucket->negative ? -value : value;
}

static bool add_bucket(struct vocabulary_reader *reader, const struct document *value,
                       struct bytes name, struct coarsen_bucket *buckets, size_t *count)
{
    struct coarsen_bucket *bucket = &buckets[*count];
    *bucket = (struct coarsen_bucket){.name = name};
    if (!vocabulary_read_decimal(value, &bucket->negative, &bucket->bound)) {
        REPORT(reader, value, "mode",
               "a bucket begins at a decimal such as 18 or 0.5, of at most 18 digits and without "
               "an exponent");
        return false;
    }
    if (*count > 0 && scaled(bucket) <= scaled(bucket - 1)) {
        REPORT(reader, value, "mode", "buckets ascend: each begins above the one before it");
        return false;
    }
    (*count)++;
    return true;
}

static amanat_result read_bucket(struct vocabulary_reader *reader,
                                 const struct document_member *member,
                                 struct catalogue_label *label, bool *out_read)
{
    const struct document *value = &member->value;
    const bool has_names = value->kind == DOCUMENT_OBJECT;
    label->coarsen.kind = COARSEN_BUCKET;
    label->coarsen.buckets_have_names = has_names;
    if ((!has_names && value->kind != DOCUMENT_ARRAY) || value->count == 0 ||
        value->count > BUCKETS_LIMIT) {
        REPORT(reader, value, "mode",
               "`bucket` is a list of lower bounds such as [0, 18, 65], or an object of names "
               "with their lower bounds, with 1 to %d of them",
               BUCKETS_LIMIT);
        return AMANAT_OK;
    }
    struct coarsen_bucket *buckets =
        arena_allocate_array(reader->arena, value->count, sizeof(*buckets));
    TRY_MEMORY(buckets);
    *out_read = true;
    for (size_t i = 0; i < value->count; i++) {
        const struct document *bound = has_names ? &value->members[i].value : &value->items[i];
        const struct bytes name = has_names ? value->members[i].key : BYTES("");
        if (has_names && name.length == 0) {
            REPORT(reader, &value->members[i], "name", "a bucket's name must not be empty");
            *out_read = false;
        }
        *out_read =
            add_bucket(reader, bound, name, buckets, &label->coarsen.bucket_count) && *out_read;
    }
    label->coarsen.buckets = buckets;
    return AMANAT_OK;
}

/* ---- map ---- */

static bool is_map_text(const struct document *value)
{
    return value->kind == DOCUMENT_STRING && value->text.length <= MAP_TEXT_LENGTH;
}

static amanat_result read_map(struct vocabulary_reader *reader,
                              const struct document_member *member, struct catalogue_label *label,
                              bool *out_read)
{
    const struct document *value = &member->value;
    label->coarsen.kind = COARSEN_MAP;
    if (value->kind != DOCUMENT_OBJECT || value->count == 0 || value->count > MAP_LIMIT) {
        REPORT(reader, value, "mode",
               "`map` is an object of values and what stands for them, with 1 to %d of them",
               MAP_LIMIT);
        return AMANAT_OK;
    }
    *out_read = true;
    for (size_t i = 0; i < value->count; i++) {
        const struct document_member *entry = &value->members[i];
        struct bytes *text = ARENA_NEW(reader->arena, struct bytes);
        TRY_MEMORY(text);
        if (!is_map_text(&entry->value)) {
            REPORT(reader, &entry->value, "type",
                   "what stands for a value is a string of at most %d bytes", MAP_TEXT_LENGTH);
            *out_read = false;
        }
        *text = entry->value.text;
        TRY(map_put(reader->arena, &label->coarsen.map, entry->key, text));
    }
    return AMANAT_OK;
}

static bool read_other(struct vocabulary_reader *reader, const struct document *coarsen,
                       struct catalogue_label *label)
{
    const struct document *other = document_get(coarsen, "other");
    if (other == NULL) {
        return true;
    }
    if (document_get(coarsen, "map") == NULL) {
        REPORT(reader, other, "mode", "`other` goes with `map` only");
        return false;
    }
    if (!is_map_text(other)) {
        REPORT(reader, other, "type", "`other` must be a string of at most %d bytes",
               MAP_TEXT_LENGTH);
        return false;
    }
    label->coarsen.has_other = true;
    label->coarsen.other = other->text;
    return true;
}

/* ---- addresses ---- */

static bool read_ip_prefix(struct vocabulary_reader *reader, const struct document_member *member,
                           struct catalogue_label *label)
{
    static const struct bytes known[] = {BYTES_INIT("v4"), BYTES_INIT("v6")};
    label->coarsen.kind = COARSEN_IP_PREFIX;
    if (member->value.kind != DOCUMENT_OBJECT || member->value.count == 0) {
        REPORT(reader, &member->value, "mode", "`ip_prefix` takes v4, v6 or both");
        return false;
    }
    bool read = true;
    for (size_t i = 0; i < member->value.count; i++) {
        const struct document_member *part = &member->value.members[i];
        if (bytes_equal(part->key, known[0])) {
            read = vocabulary_read_number(reader, part, 8, 31, &label->coarsen.prefix_v4) && read;
        } else if (bytes_equal(part->key, known[1])) {
            read = vocabulary_read_number(reader, part, 16, 64, &label->coarsen.prefix_v6) && read;
        } else {
            vocabulary_refuse_key(reader, part, "`ip_prefix`", known, COUNT_OF(known));
            read = false;
        }
    }
    return read;
}

/* ---- all kinds ---- */

/* The member that says the kind: the only one besides `other`; NULL after a report. */
static const struct document_member *find_kind(struct vocabulary_reader *reader,
                                               const struct document_member *mode)
{
    const struct document_member *found = NULL;
    size_t count = 0;
    for (size_t i = 0; mode->value.kind == DOCUMENT_OBJECT && i < mode->value.count; i++) {
        if (!bytes_equal(mode->value.members[i].key, BYTES("other"))) {
            found = &mode->value.members[i];
            count++;
        }
    }
    if (count != 1) {
        REPORT(reader, &mode->value, "mode",
               "`coarsen` takes exactly one of time, step, prefix, bucket, age_band, map, grid, "
               "ip_prefix");
        return NULL;
    }
    return found;
}

static amanat_result read_kind(struct vocabulary_reader *reader,
                               const struct document_member *member, struct catalogue_label *label,
                               bool *out_read)
{
    if (bytes_equal(member->key, known_kinds[0])) {
        *out_read = read_time(reader, member, label);
    } else if (bytes_equal(member->key, known_kinds[1])) {
        *out_read = read_step(reader, member, label);
    } else if (bytes_equal(member->key, known_kinds[2])) {
        label->coarsen.kind = COARSEN_PREFIX;
        *out_read = vocabulary_read_number(reader, member, 1, KEEP_LIMIT, &label->coarsen.prefix);
    } else if (bytes_equal(member->key, known_kinds[3])) {
        return read_bucket(reader, member, label, out_read);
    } else if (bytes_equal(member->key, known_kinds[4])) {
        label->coarsen.kind = COARSEN_AGE_BAND;
        *out_read = vocabulary_read_number(reader, member, 1, OLDEST_BAND, &label->coarsen.band);
    } else if (bytes_equal(member->key, known_kinds[5])) {
        return read_map(reader, member, label, out_read);
    } else if (bytes_equal(member->key, known_kinds[6])) {
        *out_read = read_grid(reader, member, label);
    } else if (bytes_equal(member->key, known_kinds[7])) {
        *out_read = read_ip_prefix(reader, member, label);
    } else {
        vocabulary_refuse_key(reader, member, "`coarsen`", known_kinds, COUNT_OF(known_kinds));
    }
    return AMANAT_OK;
}

amanat_result vocabulary_read_coarsen(struct vocabulary_reader *reader,
                                      const struct document_member *mode,
                                      struct catalogue_label *label)
{
    bool read = false;
    const struct document_member *member = find_kind(reader, mode);
    if (member != NULL) {
        TRY(read_kind(reader, member, label, &read));
        label->defines[DISCLOSURE_COARSEN] = read_other(reader, &mode->value, label) && read;
    }
    return AMANAT_OK;
}
