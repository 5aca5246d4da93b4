/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the files of a policy folder to a ruleset, in the order in which things depend on each
 * other:
 *
 *   vocabulary.yaml, services/ ─▶ catalogue ─▶ derived schema ┐
 *   model/…cedarschema ───────────────────────────────────────┴▶ schema ─▶ entities, facts
 *   …cedar ─▶ policy set ─▶ which attributes of records are read, which policies speak of an action
 */
#include "policy/disclosure/ruleset.h"

#include <stdlib.h>

#include "policy/base/base.h"
#include "policy/disclosure/ruleset_parts.h"

/* A ruleset of ten thousand policies takes some tens of MiB; a folder that takes more is a mistake
 * or an attack. */
#define RULESET_ARENA_LIMIT  ((size_t)1 << 30)
#define DERIVED_SCHEMA_LIMIT ((size_t)64 << 20)
#define LAYOUTS_LIMIT        ((size_t)32 << 20)
#define DERIVED_SCHEMA_NAME  "(derived from vocabulary.yaml and services/)"

static bool is_model(struct bytes path)
{
    return bytes_start_with(path, BYTES("model/")) && bytes_end_with(path, BYTES(".cedarschema"));
}

static bool is_policy_text(struct bytes path)
{
    return bytes_end_with(path, BYTES(".cedar"));
}

static bool is_entities(struct bytes path)
{
    return bytes_end_with(path, BYTES(".cedarentities.json"));
}

static amanat_result copy_sources(struct arena *arena, const struct catalogue_source *sources,
                                  size_t count, const struct catalogue_source **out)
{
    struct catalogue_source *copies = arena_allocate_array(arena, count, sizeof(*copies));
    TRY_MEMORY(copies);
    for (size_t i = 0; i < count; i++) {
        TRY(arena_copy_bytes(arena, sources[i].path, &copies[i].path));
        TRY(arena_copy_bytes(arena, sources[i].text, &copies[i].text));
    }
    *out = copies;
    return AMANAT_OK;
}

/* ---- schema ---- */

/* Paths are copied with a NUL after them (copy_sources), so that they serve as source names. */
static amanat_result parse_schema(struct arena *arena, const struct ruleset_sources *sources,
                                  struct bytes derived, struct amanat_diagnostics *diagnostics,
                                  const struct cedar_schema **out)
{
    struct cedar_schema_source *texts =
        arena_allocate_array(arena, sources->folder_count + 1, sizeof(*texts));
    TRY_MEMORY(texts);
    size_t count = 0;
    for (size_t i = 0; i < sources->folder_count; i++) {
        if (is_model(sources->folder[i].path)) {
            texts[count++] =
                (struct cedar_schema_source){sources->folder[i].path.at, sources->folder[i].text};
        }
    }
    texts[count++] = (struct cedar_schema_source){DERIVED_SCHEMA_NAME, derived};
    return cedar_schema_parse(arena, texts, count, diagnostics, out);
}

static amanat_result derive(struct arena *arena, const struct catalogue *catalogue, bool has_case,
                            struct bytes *out)
{
    struct buffer buffer;
    buffer_init(&buffer, DERIVED_SCHEMA_LIMIT);
    catalogue_write_schema(catalogue, has_case, &buffer);
    amanat_result result = buffer_check(&buffer);
    if (amanat_is_ok(result)) {
        result = arena_copy_bytes(arena, buffer_bytes(&buffer), out);
    }
    buffer_clear(&buffer);
    return result;
}

void ruleset_quote_folder(const struct ruleset_sources *sources,
                          struct amanat_diagnostics *diagnostics)
{
    for (size_t i = 0; i < sources->folder_count; i++) {
        amanat_diagnostics_quote(diagnostics, sources->folder[i].path.at,
                                 sources->folder[i].text.at, sources->folder[i].text.length);
    }
}

static amanat_result check_model(const struct cedar_schema *schema,
                                 struct amanat_diagnostics *diagnostics)
{
    static const char *const required[] = {"Partner", "Agent", "Purpose"};
    bool whole = true;
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (cedar_schema_entity_type(schema, bytes_of_string(required[i])) == NULL) {
            amanat_diagnostics_add(
                diagnostics, AMANAT_SEVERITY_ERROR, "model-incomplete", "model/", 0, 0,
                "the model declares no `entity %s`; it must declare Partner, Agent and Purpose",
                required[i]);
            whole = false;
        }
    }
    return whole ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

/* Names that the derived part will declare, for a model that mentions them. */
static struct bytes declare_derived_types(struct arena *arena, const struct catalogue *catalogue)
{
    struct bytes text = BYTES("entity Service;");
    for (size_t i = 0; i < catalogue->record_count; i++) {
        text = arena_format_bytes(arena, "%.*s entity %.*s;", BYTES_PRINTF(text),
                                  BYTES_PRINTF(catalogue->records[i].name));
    }
    return text;
}

/* The first parse, of the model alone, finds out what it declares: Need mentions a case only if
 * there is a Case (design 2). A model with faults gets its diagnostics from the second. */
static amanat_result compile_schema(struct arena *arena, const struct ruleset_sources *sources,
                                    const struct catalogue *catalogue,
                                    struct amanat_diagnostics *diagnostics, bool *out_has_case,
                                    struct bytes *out_derived, const struct cedar_schema **out)
{
    const struct cedar_schema *model = NULL;
    *out_has_case = false;
    if (amanat_is_ok(
            parse_schema(arena, sources, declare_derived_types(arena, catalogue), NULL, &model))) {
        TRY(check_model(model, diagnostics));
        *out_has_case = cedar_schema_entity_type(model, BYTES("Case")) != NULL;
    }
    TRY(derive(arena, catalogue, *out_has_case, out_derived));
    const amanat_result result = parse_schema(arena, sources, *out_derived, diagnostics, out);
    amanat_diagnostics_quote(diagnostics, DERIVED_SCHEMA_NAME, out_derived->at,
                             out_derived->length);
    return result;
}

/*
 * The model's texts and what is derived from them, formatted as `amanat format` does it; one by
 * one, because two of them may have the same name space.
 */
static amanat_result write_schema(struct arena *arena, const struct ruleset_sources *sources,
                                  struct bytes derived, struct amanat_diagnostics *diagnostics,
                                  struct buffer *out)
{
    buffer_append_string(out, "// Written by `amanat schema`: do not edit. Cedar's editors read "
                              "it; the gateway does not.\n");
    for (size_t i = 0; i < sources->folder_count; i++) {
        const struct catalogue_source *file = &sources->folder[i];
        if (is_model(file->path)) {
            buffer_append_format(out, "\n// From %.*s\n", BYTES_PRINTF(file->path));
            TRY(cedar_format_schema(arena, file->path.at, file->text, diagnostics, out));
        }
    }
    buffer_append_string(out, "\n// Derived from vocabulary.yaml and services/\n");
    return cedar_format_schema(arena, DERIVED_SCHEMA_NAME, derived, diagnostics, out);
}

amanat_result ruleset_write_schema(const struct ruleset_sources *sources,
                                   struct amanat_diagnostics *diagnostics, struct buffer *out)
{
    struct arena *arena = arena_new(RULESET_ARENA_LIMIT);
    TRY_MEMORY(arena);
    struct ruleset_sources copies = {.folder_count = sources->folder_count};
    struct catalogue *catalogue = NULL;
    const struct cedar_schema *schema = NULL;
    struct bytes derived = {0};
    bool has_case = false;
    amanat_result result =
        copy_sources(arena, sources->folder, sources->folder_count, &copies.folder);
    if (amanat_is_ok(result)) {
        result =
            catalogue_compile(arena, copies.folder, copies.folder_count, diagnostics, &catalogue);
    }
    if (amanat_is_ok(result)) {
        result =
            compile_schema(arena, &copies, catalogue, diagnostics, &has_case, &derived, &schema);
    }
    if (amanat_is_ok(result)) {
        result = write_schema(arena, &copies, derived, diagnostics, out);
    }
    ruleset_quote_folder(&copies, diagnostics);
    arena_free(arena);
    return result;
}

/* ---- entities ---- */

static amanat_result add_entity_files(struct cedar_entities *entities,
                                      const struct cedar_schema *schema,
                                      const struct catalogue_source *sources, size_t count,
                                      struct amanat_diagnostics *diagnostics)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < count; i++) {
        const amanat_result one = cedar_entities_add_json(entities, schema, sources[i].path.at,
                                                          sources[i].text, diagnostics);
        if (!amanat_is_ok(one)) {
            result = one; /* go on: every file's faults are reported */
        }
    }
    return result;
}

static amanat_result add_purposes(struct ruleset *ruleset, struct cedar_entities *entities)
{
    const struct vocabulary *vocabulary = &ruleset->catalogue->vocabulary;
    for (size_t i = 0; i < vocabulary->purpose_count; i++) {
        const struct catalogue_purpose *purpose = &vocabulary->purposes[i];
        struct cedar_entity_uid *parents =
            arena_allocate_array(ruleset->arena, purpose->parent_count, sizeof(*parents));
        TRY_MEMORY(parents);
        for (size_t k = 0; k < purpose->parent_count; k++) {
            parents[k] = (struct cedar_entity_uid){BYTES("Purpose"),
                                                   vocabulary->purposes[purpose->parents[k]].name};
        }
        TRY(cedar_entities_add(
            entities, &(struct cedar_entity_parts){.uid = {BYTES("Purpose"), purpose->name},
                                                   .parents = parents,
                                                   .parent_count = purpose->parent_count}));
    }
    return AMANAT_OK;
}

static amanat_result add_services(const struct ruleset *ruleset, struct cedar_entities *entities)
{
    for (size_t i = 0; i < ruleset->catalogue->service_count; i++) {
        TRY(cedar_entities_add(
            entities, &(struct cedar_entity_parts){
                          .uid = {BYTES("Service"), ruleset->catalogue->services[i].name}}));
    }
    return AMANAT_OK;
}

/* Two stores: what the folder says, and over it the facts, which must not hide or repeat the
 * folder's entities. */
static amanat_result compile_entities(struct ruleset *ruleset,
                                      struct amanat_diagnostics *diagnostics)
{
    const struct ruleset_sources *sources = &ruleset->sources;
    struct cedar_entities *base = cedar_entities_new(ruleset->arena, NULL);
    TRY_MEMORY(base);
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < sources->folder_count; i++) {
        if (is_entities(sources->folder[i].path)) {
            const amanat_result one =
                add_entity_files(base, ruleset->schema, &sources->folder[i], 1, diagnostics);
            result = amanat_is_ok(one) ? result : one;
        }
    }
    TRY(result);
    TRY(add_purposes(ruleset, base));
    TRY(add_services(ruleset, base));
    TRY(cedar_entities_add_actions(base, ruleset->schema));
    TRY(cedar_entities_close(base, ruleset->schema, diagnostics));
    struct cedar_entities *facts = cedar_entities_new(ruleset->arena, base);
    TRY_MEMORY(facts);
    TRY(add_entity_files(facts, ruleset->schema, sources->facts, sources->facts_count,
                         diagnostics));
    TRY(cedar_entities_close(facts, ruleset->schema, diagnostics));
    for (size_t i = 0; i < cedar_entities_count(facts); i++) {
        const struct cedar_entity_uid *uid = cedar_entity_uid(cedar_entities_at(facts, i));
        if (cedar_entities_find(base, uid) != NULL) {
            amanat_diagnostics_add(
                diagnostics, AMANAT_SEVERITY_ERROR, "fact-in-folder", sources->facts[0].path.at, 0,
                0, "the facts repeat an entity of type %.*s that the policy folder has",
                BYTES_PRINTF(uid->type));
            result = amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    ruleset->folder_entities = base;
    ruleset->entities = facts;
    return result;
}

amanat_result ruleset_list_partners(const struct ruleset *ruleset, struct arena *arena,
                                    const struct bytes **out, size_t *out_count)
{
    const struct cedar_entities *const stores[] = {ruleset->folder_entities, ruleset->entities};
    VECTOR(struct bytes) names = {0};
    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        for (size_t k = 0; k < cedar_entities_count(stores[i]); k++) {
            const struct cedar_entity_uid *uid = cedar_entity_uid(cedar_entities_at(stores[i], k));
            if (bytes_equal(uid->type, BYTES("Partner"))) {
                struct bytes *name = VECTOR_PUSH(arena, &names);
                TRY_MEMORY(name);
                *name = uid->id;
            }
        }
    }
    *out = names.items;
    *out_count = names.count;
    return AMANAT_OK;
}

/* ---- policies ---- */

static amanat_result parse_policies(struct ruleset *ruleset, struct amanat_diagnostics *diagnostics)
{
    ruleset->policies = cedar_policy_set_new(
        ruleset->arena, &(struct cedar_policy_set_options){CEDAR_POLICY_IDS_FROM_ANNOTATION});
    TRY_MEMORY(ruleset->policies);
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < ruleset->sources.folder_count; i++) {
        const struct catalogue_source *source = &ruleset->sources.folder[i];
        if (is_policy_text(source->path)) {
            const amanat_result one = cedar_policy_set_add_text(ruleset->policies, source->path.at,
                                                                source->text, diagnostics);
            result = amanat_is_ok(one) ? result : one;
        }
    }
    return result;
}

static void mark_read(struct catalogue *catalogue, struct bytes resource_type,
                      struct bytes attribute)
{
    for (size_t i = 0; i < catalogue->record_count; i++) {
        struct catalogue_record *record = &catalogue->records[i];
        if (resource_type.length > 0 && !bytes_equal(resource_type, record->name)) {
            continue;
        }
        for (size_t k = 0; k < record->attribute_count; k++) {
            record->attributes[k].read |= bytes_equal(record->attributes[k].name, attribute);
        }
    }
}

static amanat_result note_attribute(void *context, const struct cedar_policy *policy,
                                    struct bytes resource_type, struct bytes attribute)
{
    struct ruleset *ruleset = context;
    (void)policy;
    mark_read(ruleset->catalogue, resource_type, attribute);
    return AMANAT_OK;
}

struct bytes ruleset_label_action(struct arena *arena, const char *verb, struct bytes label)
{
    return arena_format_bytes(arena, "%s:%.*s", verb, BYTES_PRINTF(label));
}

bool ruleset_speaks_of(const struct ruleset *ruleset, const struct cedar_policy *policy,
                       const struct cedar_entity_uid *action)
{
    const struct cedar_action_scope *scope = &cedar_policy_scope(policy)->action;
    if (cedar_policy_kind(policy) == CEDAR_POLICY_TEMPLATE) {
        return false;
    }
    if (scope->kind == CEDAR_SCOPE_ANY) {
        return true;
    }
    for (size_t i = 0; i < scope->count; i++) {
        if (scope->kind == CEDAR_SCOPE_EQUAL
                ? cedar_entity_uid_equal(&scope->entities[i], action)
                : cedar_entities_is_in(ruleset->entities, action, &scope->entities[i])) {
            return true;
        }
    }
    return false;
}

static amanat_result index_action(struct ruleset *ruleset, struct bytes id,
                                  struct ruleset_action *out)
{
    const struct cedar_entity_uid uid = {BYTES("Action"), id};
    bool is_spoken_of = false;
    TRY_MEMORY(id.at);
    for (size_t i = 0; i < cedar_policy_set_count(ruleset->policies) && !is_spoken_of; i++) {
        is_spoken_of = ruleset_speaks_of(ruleset, cedar_policy_set_at(ruleset->policies, i), &uid);
    }
    *out = (struct ruleset_action){id, is_spoken_of};
    return AMANAT_OK;
}

static amanat_result index_field_actions(struct ruleset *ruleset)
{
    const struct vocabulary *vocabulary = &ruleset->catalogue->vocabulary;
    ruleset->field_actions =
        arena_allocate_array(ruleset->arena, vocabulary->label_count * DISCLOSURE_MODE_COUNT,
                             sizeof(*ruleset->field_actions));
    TRY_MEMORY(ruleset->field_actions);
    for (size_t label = 0; label < vocabulary->label_count; label++) {
        for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
            if (vocabulary->labels[label].defines[mode]) {
                TRY(index_action(
                    ruleset,
                    ruleset_label_action(ruleset->arena,
                                         disclosure_mode_name((enum disclosure_mode)mode),
                                         vocabulary->labels[label].name),
                    &ruleset->field_actions[label * DISCLOSURE_MODE_COUNT + mode]));
            }
        }
    }
    return AMANAT_OK;
}

/* ---- the whole ---- */

static amanat_result compile(struct ruleset *ruleset, const struct ruleset_sources *sources,
                             struct amanat_diagnostics *diagnostics)
{
    struct bytes derived = {0};
    const struct cedar_checked_policies *checked = NULL;
    ruleset->sources.folder_count = sources->folder_count;
    ruleset->sources.facts_count = sources->facts_count;
    TRY(copy_sources(ruleset->arena, sources->folder, sources->folder_count,
                     &ruleset->sources.folder));
    TRY(copy_sources(ruleset->arena, sources->facts, sources->facts_count,
                     &ruleset->sources.facts));

    /* Policies do not need the catalogue to be read: parse them first, so that one run reports the
     * faults of both. */
    const amanat_result policies = parse_policies(ruleset, diagnostics);
    TRY(catalogue_compile(ruleset->arena, ruleset->sources.folder, ruleset->sources.folder_count,
                          diagnostics, &ruleset->catalogue));
    TRY(compile_schema(ruleset->arena, &ruleset->sources, ruleset->catalogue, diagnostics,
                       &ruleset->model_has_case, &derived, &ruleset->schema));
    TRY(compile_entities(ruleset, diagnostics));
    TRY(policies);
    TRY(cedar_policy_set_resource_attributes(ruleset->policies, note_attribute, ruleset));
    const amanat_result bindings = ruleset_check_bindings(ruleset, diagnostics);
    TRY(ruleset_check_policies(ruleset, diagnostics, &checked));
    TRY(cedar_compile(ruleset->arena, checked, &ruleset->compiled_policies));
    TRY(index_field_actions(ruleset));
    TRY(layouts_new(ruleset->arena, LAYOUTS_LIMIT, &ruleset->layouts));
    return bindings;
}

amanat_result ruleset_compile(const struct ruleset_sources *sources,
                              struct amanat_diagnostics *diagnostics, struct ruleset **out)
{
    struct ruleset *ruleset = calloc(1, sizeof(*ruleset));
    TRY_MEMORY(ruleset);
    atomic_init(&ruleset->references, 1);
    ruleset->arena = arena_new(RULESET_ARENA_LIMIT);
    const amanat_result result = ruleset->arena == NULL ? amanat_result_of(AMANAT_STATUS_MEMORY)
                                                        : compile(ruleset, sources, diagnostics);
    ruleset_quote_folder(&ruleset->sources, diagnostics);
    if (!amanat_is_ok(result)) {
        ruleset_unref(ruleset);
        return result;
    }
    *out = ruleset;
    return AMANAT_OK;
}

struct ruleset *ruleset_ref(struct ruleset *ruleset)
{
    atomic_fetch_add_explicit(&ruleset->references, 1, memory_order_relaxed);
    return ruleset;
}

void ruleset_unref(struct ruleset *ruleset)
{
    if (ruleset != NULL &&
        atomic_fetch_sub_explicit(&ruleset->references, 1, memory_order_acq_rel) == 1) {
        arena_free(ruleset->arena);
        free(ruleset);
    }
}

const struct catalogue *ruleset_catalogue(const struct ruleset *ruleset)
{
    return ruleset->catalogue;
}

size_t ruleset_policy_count(const struct ruleset *ruleset)
{
    return cedar_policy_set_count(ruleset->policies);
}

const struct cedar_policy_set *ruleset_policies(const struct ruleset *ruleset)
{
    return ruleset->policies;
}

const struct ruleset_sources *ruleset_sources(const struct ruleset *ruleset)
{
    return &ruleset->sources;
}
