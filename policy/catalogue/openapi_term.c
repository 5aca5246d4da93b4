/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms and parts: what all the schemas say together about one place.
 *
 * A part holds the schemas of which *all* hold (`$ref`, `allOf`, a property that several of them
 * declare) and the choices of which *one* alternative holds (`oneOf`, `anyOf`). Kinds are
 * intersected over the former and united over the latter. A label written on any schema of a part
 * covers the whole part; an alternative may have its own, but wherever two could apply to the same
 * value the document is refused: the weaker one must never win by accident.
 */
#include "policy/catalogue/openapi.h"

#include "policy/base/guard.h"

/*
 * How an opened schema was come to: the schemas that led to it without a property or item between.
 */
struct frame {
    const struct schema *schema;
    const struct frame *above;
    unsigned depth;
};

/* ---- terms ---- */

static amanat_result term_intern(struct compiler *compiler, const size_t *key, size_t key_length,
                                 struct term term, struct term **out)
{
    const struct bytes bytes = bytes_of((const char *)key, key_length * sizeof(*key));
    struct term *known = map_get(&compiler->terms, bytes);
    if (known == NULL) {
        struct bytes kept = {0};
        TRY(arena_copy_bytes(compiler->arena, bytes, &kept));
        known = ARENA_NEW(compiler->arena, struct term);
        TRY_MEMORY(known);
        term.number = compiler->term_count++;
        *known = term;
        TRY(map_put(compiler->arena, &compiler->terms, kept, known));
    }
    *out = known;
    return AMANAT_OK;
}

static amanat_result follow_reference(struct schema *schema)
{
    if (schema->reference == NULL || schema->target != NULL) {
        return AMANAT_OK;
    }
    const struct document *target = openapi_follow(schema->owner, schema->reference);
    if (target == NULL) {
        schema->reference = NULL; /* reported; what it would have said is unknown */
        schema->kinds = 0;
        return AMANAT_OK;
    }
    return schema_of(schema->owner, target, &schema->target);
}

/* A schema that only refers to another, with nothing to add, is that other: recursion must lead
 * back to the same term. */
static bool is_mere_reference(const struct schema *schema)
{
    return schema->reference != NULL && schema->is_open && !schema->has_label &&
           schema->record == CATALOGUE_NONE && schema->subject == CATALOGUE_NONE &&
           schema->group_count == NULL && schema->all_of.count == 0 && schema->one_of.count == 0 &&
           schema->any_of.count == 0;
}

amanat_result term_of_schema(struct compiler *compiler, struct schema *schema, size_t inherited,
                             struct term **out)
{
    for (unsigned hops = 0; is_mere_reference(schema) && hops < COMPILER_DEPTH_LIMIT; hops++) {
        TRY(follow_reference(schema));
        schema = schema->target == NULL ? schema : schema->target;
    }
    const size_t key[] = {TERM_SCHEMA, schema->number, inherited};
    return term_intern(compiler, key, 3,
                       (struct term){.kind = TERM_SCHEMA, .schema = schema, .label_set = inherited},
                       out);
}

typedef VECTOR(struct term *) term_list;

static amanat_result term_list_add(struct compiler *compiler, term_list *list, struct term *term)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == term) {
            return AMANAT_OK;
        }
    }
    struct term **slot = VECTOR_PUSH(compiler->scratch, list);
    TRY_MEMORY(slot);
    *slot = term;
    return AMANAT_OK;
}

/* All or any of the terms; of one term, that term. The order stays that of the document: it decides
 * which of two declarations a message names. */
static amanat_result term_of_list(struct compiler *compiler, enum term_kind kind,
                                  const term_list *list, struct term **out)
{
    if (list->count <= 1) {
        *out = list->count == 0 ? NULL : list->items[0];
        return AMANAT_OK;
    }
    size_t *key = arena_allocate_array(compiler->scratch, list->count + 1, sizeof(*key));
    struct term **items = arena_allocate_array(compiler->arena, list->count, sizeof(struct term *));
    TRY_MEMORY(key);
    TRY_MEMORY(items);
    key[0] = (size_t)kind;
    for (size_t i = 0; i < list->count; i++) {
        items[i] = list->items[i];
        key[i + 1] = items[i]->number;
    }
    return term_intern(compiler, key, list->count + 1,
                       (struct term){.kind = kind, .items = items, .count = list->count}, out);
}

/* ---- opening: schemas ---- */

static amanat_result count_step(struct compiler *compiler, struct catalogue_place place,
                                bool *out_stop)
{
    *out_stop = false;
    if (++compiler->part_steps > COMPILER_PART_LIMIT || ++compiler->steps > COMPILER_STEPS_LIMIT) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, place, "limit",
                        "too many schemas meet at this place");
        *out_stop = true;
    }
    return AMANAT_OK;
}

static bool part_holds(const struct part *part, const struct schema *schema)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        if (part->schemas.items[i].schema == schema) {
            return true;
        }
    }
    return false;
}

static bool leads_to_itself(const struct schema *schema, const struct frame *above)
{
    for (; above != NULL; above = above->above) {
        if (above->schema == schema) {
            compiler_report(schema->owner->compiler, AMANAT_SEVERITY_ERROR, schema_place(schema),
                            "schema-cycle",
                            "this schema leads back to itself without a property or item between");
            return true;
        }
    }
    return false;
}

static amanat_result add_schema(struct compiler *compiler, struct part *part, struct schema *schema,
                                const struct frame *above)
{
    bool stop = false;
    TRY(count_step(compiler, schema_place(schema), &stop));
    if (stop || leads_to_itself(schema, above) || part_holds(part, schema)) {
        return AMANAT_OK;
    }
    struct frame *frame = ARENA_NEW(compiler->scratch, struct frame);
    struct part_schema *slot = VECTOR_PUSH(compiler->scratch, &part->schemas);
    TRY_MEMORY(frame);
    TRY_MEMORY(slot);
    *frame = (struct frame){schema, above, above == NULL ? 1 : above->depth + 1};
    *slot = (struct part_schema){schema, frame};
    if (frame->depth > COMPILER_DEPTH_LIMIT) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, schema_place(schema), "limit",
                        "schemas are nested too deeply here");
        return AMANAT_OK;
    }
    TRY(follow_reference(schema));
    if (schema->target != NULL) {
        TRY(add_schema(compiler, part, schema->target, frame));
    }
    for (size_t i = 0; i < schema->all_of.count; i++) {
        TRY(add_schema(compiler, part, schema->all_of.items[i], frame));
    }
    return AMANAT_OK;
}

/* ---- opening: labels ---- */

static void refuse_two_labels(struct compiler *compiler, struct catalogue_place place, size_t one,
                              size_t other)
{
    compiler_report(compiler, AMANAT_SEVERITY_ERROR, place, "two-labels",
                    "this place would have two different labels: %s and %s",
                    label_set_text(compiler, one), label_set_text(compiler, other));
}

/* The label that schemas of this part say themselves; `inherited` where none does. */
static void decide_label(struct compiler *compiler, struct part *part, size_t inherited)
{
    part->label_set = inherited;
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        if (!schema->has_label) {
            continue;
        }
        if (part->is_explicit && part->label_set != schema->label_set) {
            refuse_two_labels(compiler, schema_place(schema), part->label_set, schema->label_set);
        }
        part->label_set = schema->label_set;
        part->is_explicit = true;
    }
}

/* What one choice makes of the label: all alternatives in which a scalar may stand must agree. */
static size_t label_of_choice(struct compiler *compiler, const struct part *part,
                              const struct choice *choice, bool *out_explicit)
{
    const struct part *decisive = NULL;
    for (size_t i = 0; i < choice->count; i++) {
        const struct part *alternative = choice->alternatives[i];
        const bool scalar = (alternative->kinds & part->kinds & CATALOGUE_SCALARS) != 0;
        if (!scalar) {
            continue;
        }
        if (decisive != NULL && decisive->result_label_set != alternative->result_label_set) {
            refuse_two_labels(compiler, alternative->place, decisive->result_label_set,
                              alternative->result_label_set);
        }
        decisive = decisive == NULL ? alternative : decisive;
    }
    for (size_t i = 0; decisive == NULL && i < choice->count; i++) {
        if (choice->alternatives[i]->result_label_set != LABEL_SET_NONE) {
            decisive = choice->alternatives[i];
        }
    }
    *out_explicit = decisive != NULL && decisive->result_is_explicit;
    return decisive == NULL ? part->label_set : decisive->result_label_set;
}

static void decide_result(struct compiler *compiler, struct part *part)
{
    part->result_label_set = part->label_set;
    part->result_is_explicit = part->is_explicit;
    for (size_t i = 0; i < part->choices.count; i++) {
        bool is_explicit = false;
        const size_t label_set =
            label_of_choice(compiler, part, &part->choices.items[i], &is_explicit);
        if (label_set == part->result_label_set) {
            continue;
        }
        const bool overrides = is_explicit && part->result_label_set == part->label_set;
        if (part->result_label_set != LABEL_SET_NONE && !overrides) {
            refuse_two_labels(compiler, part->place, part->result_label_set, label_set);
        }
        part->result_label_set = label_set;
        part->result_is_explicit = part->result_is_explicit || is_explicit;
    }
}

static void decide_kinds(struct part *part)
{
    part->kinds = CATALOGUE_ANY_KIND;
    part->is_open = true;
    for (size_t i = 0; i < part->schemas.count; i++) {
        part->kinds &= part->schemas.items[i].schema->kinds;
        part->is_open = part->is_open && part->schemas.items[i].schema->is_open;
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        unsigned kinds = 0;
        bool is_open = false;
        for (size_t k = 0; k < part->choices.items[i].count; k++) {
            kinds |= part->choices.items[i].alternatives[k]->kinds;
            is_open = is_open || part->choices.items[i].alternatives[k]->is_open;
        }
        part->kinds &= kinds;
        part->is_open = part->is_open && is_open;
    }
}

/* ---- opening: the whole ---- */

typedef VECTOR(const struct term *) pending_list;

static amanat_result gather(struct compiler *compiler, struct part *part, const struct term *term,
                            const struct frame *above, size_t override, size_t *inherited,
                            pending_list *pending)
{
    if (term->kind == TERM_ALL) {
        for (size_t i = 0; i < term->count; i++) {
            TRY(gather(compiler, part, term->items[i], above, override, inherited, pending));
        }
        return AMANAT_OK;
    }
    if (term->kind == TERM_ANY) {
        const struct term **slot = VECTOR_PUSH(compiler->scratch, pending);
        TRY_MEMORY(slot);
        *slot = term;
        return AMANAT_OK;
    }
    const size_t here = override == LABEL_SET_KEEP ? term->label_set : override;
    const size_t first = part->schemas.count;
    TRY(add_schema(compiler, part, term->schema, above));
    bool says_itself = false;
    for (size_t i = first; i < part->schemas.count; i++) {
        says_itself = says_itself || part->schemas.items[i].schema->has_label;
    }
    if (*inherited == LABEL_SET_KEEP || *inherited == LABEL_SET_NONE) {
        *inherited = here;
    } else if (here != LABEL_SET_NONE && here != *inherited && !says_itself && !part->is_explicit) {
        refuse_two_labels(compiler, schema_place(term->schema), *inherited, here);
    }
    if (first == 0) {
        part->place = schema_place(term->schema);
    }
    return AMANAT_OK;
}

static amanat_result open_part(struct compiler *compiler, const struct term *term, size_t override,
                               const struct frame *above, struct part **out);

static amanat_result add_choice(struct compiler *compiler, struct part *part, size_t count,
                                struct choice **out)
{
    *out = VECTOR_PUSH(compiler->scratch, &part->choices);
    TRY_MEMORY(*out);
    (*out)->alternatives = arena_allocate_array(compiler->scratch, count, sizeof(struct part *));
    TRY_MEMORY((*out)->alternatives);
    return AMANAT_OK;
}

static amanat_result open_alternatives(struct compiler *compiler, struct part *part,
                                       struct schema *const *schemas, size_t count,
                                       const struct frame *above)
{
    if (count == 0) {
        return AMANAT_OK;
    }
    struct choice *choice = NULL;
    TRY(add_choice(compiler, part, count, &choice));
    const size_t at = part->choices.count - 1;
    for (size_t i = 0; i < count; i++) {
        struct term *term = NULL;
        struct part *alternative = NULL;
        TRY(term_of_schema(compiler, schemas[i], part->label_set, &term));
        TRY(open_part(compiler, term, LABEL_SET_KEEP, above, &alternative));
        choice = &part->choices.items[at];
        choice->alternatives[choice->count++] = alternative;
    }
    return AMANAT_OK;
}

static amanat_result open_term_choice(struct compiler *compiler, struct part *part,
                                      const struct term *term, size_t override,
                                      const struct frame *above)
{
    struct choice *choice = NULL;
    TRY(add_choice(compiler, part, term->count, &choice));
    for (size_t i = 0; i < term->count; i++) {
        struct part *alternative = NULL;
        TRY(open_part(compiler, term->items[i], override, above, &alternative));
        choice->alternatives[choice->count++] = alternative;
    }
    return AMANAT_OK;
}

static amanat_result open_part(struct compiler *compiler, const struct term *term, size_t override,
                               const struct frame *above, struct part **out)
{
    struct part *part = ARENA_NEW(compiler->scratch, struct part);
    TRY_MEMORY(part);
    pending_list pending = {0};
    size_t inherited = LABEL_SET_KEEP;
    TRY(gather(compiler, part, term, above, override, &inherited, &pending));
    decide_label(compiler, part, inherited == LABEL_SET_KEEP ? LABEL_SET_NONE : inherited);
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct part_schema *entry = &part->schemas.items[i];
        const struct schema *schema = entry->schema;
        TRY(open_alternatives(compiler, part, schema->one_of.items, schema->one_of.count,
                              entry->frame));
        TRY(open_alternatives(compiler, part, schema->any_of.items, schema->any_of.count,
                              entry->frame));
    }
    const size_t passed_on = part->is_explicit ? part->label_set : override;
    for (size_t i = 0; i < pending.count; i++) {
        TRY(open_term_choice(compiler, part, pending.items[i], passed_on, above));
    }
    if (part->schemas.count == 0 && part->choices.count > 0) {
        part->place = part->choices.items[0].alternatives[0]->place;
    }
    decide_kinds(part);
    decide_result(compiler, part);
    *out = part;
    return AMANAT_OK;
}

amanat_result part_open(struct compiler *compiler, const struct term *term, struct part **out)
{
    compiler->part_steps = 0;
    return open_part(compiler, term, LABEL_SET_KEEP, NULL, out);
}

/* ---- what a part says of members and items ---- */

/* Undeclared members that an unlabelled `additionalProperties: true` lets stand are withheld as if
 * nothing was said: they count for no declared name. */
static bool additional_counts(const struct part *part, const struct schema *schema)
{
    return schema->additional != NULL &&
           !(schema->additional->is_open && !schema->additional->has_label &&
             schema->additional->reference == NULL && schema->additional->all_of.count == 0 &&
             schema->additional->one_of.count == 0 && schema->additional->any_of.count == 0 &&
             part->label_set == LABEL_SET_NONE);
}

enum projection { PROJECT_PROPERTY, PROJECT_ADDITIONAL, PROJECT_ITEMS };

static struct schema *project_schema(const struct part *part, const struct schema *schema,
                                     enum projection projection, struct bytes name)
{
    if (projection == PROJECT_ITEMS) {
        return schema->items;
    }
    if (projection == PROJECT_PROPERTY) {
        struct schema *declared = map_get(&schema->property_indexes, name);
        if (declared != NULL) {
            return declared;
        }
    }
    return additional_counts(part, schema) ? schema->additional : NULL;
}

/*
 * `additionalProperties: false` of any schema that must hold closes the place for undeclared ones.
 */
static bool is_closed(const struct part *part)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        if (part->schemas.items[i].schema->is_closed) {
            return true;
        }
    }
    return false;
}

static amanat_result project(struct compiler *compiler, const struct part *part,
                             enum projection projection, struct bytes name, struct term **out)
{
    term_list all = {0};
    compiler->steps += part->schemas.count;
    if (compiler->steps > COMPILER_STEPS_LIMIT) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, part->place, "limit",
                        "too many schemas meet at this place");
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    if (projection == PROJECT_ADDITIONAL && is_closed(part)) {
        *out = NULL;
        return AMANAT_OK;
    }
    for (size_t i = 0; i < part->schemas.count; i++) {
        struct schema *found =
            project_schema(part, part->schemas.items[i].schema, projection, name);
        if (found != NULL) {
            struct term *term = NULL;
            TRY(term_of_schema(compiler, found, part->label_set, &term));
            TRY(term_list_add(compiler, &all, term));
        }
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        term_list any = {0};
        for (size_t k = 0; k < part->choices.items[i].count; k++) {
            struct term *term = NULL;
            TRY(project(compiler, part->choices.items[i].alternatives[k], projection, name, &term));
            if (term != NULL) {
                TRY(term_list_add(compiler, &any, term));
            }
        }
        struct term *choice = NULL;
        TRY(term_of_list(compiler, TERM_ANY, &any, &choice));
        if (choice != NULL) {
            TRY(term_list_add(compiler, &all, choice));
        }
    }
    return term_of_list(compiler, TERM_ALL, &all, out);
}

amanat_result part_property(struct compiler *compiler, const struct part *part, struct bytes name,
                            struct term **out)
{
    return project(compiler, part, PROJECT_PROPERTY, name, out);
}

amanat_result part_additional(struct compiler *compiler, const struct part *part, struct term **out)
{
    return project(compiler, part, PROJECT_ADDITIONAL, bytes_of(NULL, 0), out);
}

amanat_result part_items(struct compiler *compiler, const struct part *part, struct term **out)
{
    return project(compiler, part, PROJECT_ITEMS, bytes_of(NULL, 0), out);
}

struct catalogue_place part_property_place(const struct part *part, struct bytes name)
{
    struct catalogue_place place = {0};
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        for (size_t k = 0; k < schema->properties.count; k++) {
            if (bytes_equal(schema->properties.items[k].name, name)) {
                return schema->properties.items[k].place;
            }
        }
    }
    for (size_t i = 0; i < part->choices.count && place.line == 0; i++) {
        for (size_t k = 0; k < part->choices.items[i].count && place.line == 0; k++) {
            place = part_property_place(part->choices.items[i].alternatives[k], name);
        }
    }
    return place;
}

amanat_result part_collect_names(struct compiler *compiler, const struct part *part,
                                 struct name_list *out)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        for (size_t k = 0; k < schema->properties.count; k++) {
            const struct bytes name = schema->properties.items[k].name;
            if (map_get(&out->seen, name) != NULL) {
                continue;
            }
            TRY(map_put(compiler->scratch, &out->seen, name, out));
            struct bytes *slot = VECTOR_PUSH(compiler->scratch, &out->names);
            TRY_MEMORY(slot);
            *slot = name;
        }
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        for (size_t k = 0; k < part->choices.items[i].count; k++) {
            TRY(part_collect_names(compiler, part->choices.items[i].alternatives[k], out));
        }
    }
    return AMANAT_OK;
}

bool part_requires(const struct part *part, struct bytes name)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        if (schema_requires(part->schemas.items[i].schema, name)) {
            return true;
        }
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        const struct choice *choice = &part->choices.items[i];
        bool all = false;
        for (size_t k = 0; k < choice->count; k++) {
            const struct part *alternative = choice->alternatives[k];
            if ((alternative->kinds & CATALOGUE_KIND_OBJECT) == 0) {
                continue;
            }
            all = part_requires(alternative, name);
            if (!all) {
                break;
            }
        }
        if (all) {
            return true;
        }
    }
    return false;
}

/* ---- records, subjects, open doors ---- */

/* All alternatives in which an object may stand must begin the same record, or all none. */
static size_t record_of_choice(struct compiler *compiler, const struct part *part,
                               const struct choice *choice, size_t outer)
{
    size_t record = outer;
    bool is_first = true;
    for (size_t i = 0; i < choice->count; i++) {
        const struct part *alternative = choice->alternatives[i];
        if ((alternative->kinds & part->kinds & CATALOGUE_KIND_OBJECT) == 0) {
            continue;
        }
        size_t here = part_record(compiler, alternative);
        here = here == CATALOGUE_NONE ? outer : here;
        if (!is_first && here != record) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, alternative->place, "two-records",
                            "alternatives begin different records, or one begins none: give each "
                            "a member of its own");
        }
        record = here;
        is_first = false;
    }
    return record;
}

size_t part_record(struct compiler *compiler, const struct part *part)
{
    size_t record = CATALOGUE_NONE;
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        if (schema->record == CATALOGUE_NONE) {
            continue;
        }
        if (record != CATALOGUE_NONE && record != schema->record) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, schema_place(schema), "two-records",
                            "two kinds of records would begin at this place");
        }
        record = schema->record;
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        const size_t here = record_of_choice(compiler, part, &part->choices.items[i], record);
        if (record != CATALOGUE_NONE && here != record) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, part->place, "two-records",
                            "two kinds of records would begin at this place");
        }
        record = here;
    }
    return record;
}

size_t part_subject(struct compiler *compiler, const struct part *part)
{
    size_t subject = CATALOGUE_NONE;
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        if (schema->subject != CATALOGUE_NONE && subject != CATALOGUE_NONE &&
            subject != schema->subject) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, schema_place(schema), "two-subjects",
                            "two kinds of subjects would be identified at this place");
        }
        subject = schema->subject == CATALOGUE_NONE ? subject : schema->subject;
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        for (size_t k = 0; k < part->choices.items[i].count; k++) {
            const struct part *alternative = part->choices.items[i].alternatives[k];
            const size_t here = part_subject(compiler, alternative);
            if (here != CATALOGUE_NONE && subject != CATALOGUE_NONE && here != subject) {
                compiler_report(compiler, AMANAT_SEVERITY_ERROR, alternative->place, "two-subjects",
                                "two kinds of subjects would be identified at this place");
            }
            subject = here == CATALOGUE_NONE ? subject : here;
        }
    }
    return subject;
}

bool part_is_anything(struct compiler *compiler, const struct part *part)
{
    if (!part->is_open || part->kinds != CATALOGUE_ANY_KIND) {
        return false;
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        const struct choice *choice = &part->choices.items[i];
        for (size_t k = 0; k < choice->count; k++) {
            const struct part *alternative = choice->alternatives[k];
            if (!alternative->is_open && alternative->kinds != CATALOGUE_KIND_NULL &&
                part->result_label_set != LABEL_SET_NONE) {
                compiler_report(compiler, AMANAT_SEVERITY_ERROR, alternative->place, "open-choice",
                                "another alternative lets anything stand here, so this one would "
                                "say nothing: leave one of them out");
            }
        }
    }
    return true;
}
