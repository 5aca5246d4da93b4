/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from the whole graph of nodes, once it is complete: what has labels below it, which
 * labels and records an operation or a record can hold, and where each label occurs. Each question
 * is one walk with a stack of its own, so that deep graphs cost memory and no C stack.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"

struct walk {
    struct compiler *compiler;
    const struct catalogue_node **stack;
    size_t count;
    unsigned *marks; /* one for each node: the round in which it was met */
    unsigned round;
    bool *labels;  /* one for each label: met in this round */
    bool *records; /* one for each kind of record */
};

/* A label occurs where a scalar may stand under it. */
static bool is_field(const struct catalogue_node *node)
{
    return node->label_count > 0 && (node->kinds & CATALOGUE_SCALARS) != 0;
}

static size_t child_count(const struct catalogue_node *node)
{
    return node->member_count + 2;
}

static const struct catalogue_node *child_at(const struct catalogue_node *node, size_t index)
{
    if (index < node->member_count) {
        return node->members[index].node;
    }
    return index == node->member_count ? node->additional : node->items;
}

/* ---- walks ---- */

static amanat_result walk_init(struct compiler *compiler, struct walk *walk)
{
    const size_t nodes = compiler->nodes.count;
    *walk = (struct walk){
        .compiler = compiler,
        .stack = arena_allocate_array(compiler->scratch, nodes, sizeof(struct catalogue_node *)),
        .marks = arena_allocate_array(compiler->scratch, nodes, sizeof(unsigned)),
        .labels =
            arena_allocate_array(compiler->scratch, compiler->vocabulary.label_count, sizeof(bool)),
        .records = arena_allocate_array(compiler->scratch, compiler->records.count, sizeof(bool)),
    };
    TRY_MEMORY(walk->stack);
    TRY_MEMORY(walk->marks);
    TRY_MEMORY(walk->labels);
    TRY_MEMORY(walk->records);
    return AMANAT_OK;
}

static void walk_begin(struct walk *walk)
{
    walk->round++;
    walk->count = 0;
    for (size_t i = 0; i < walk->compiler->vocabulary.label_count; i++) {
        walk->labels[i] = false;
    }
    for (size_t i = 0; i < walk->compiler->records.count; i++) {
        walk->records[i] = false;
    }
}

static void walk_push(struct walk *walk, const struct catalogue_node *node)
{
    if (node != NULL && walk->marks[built_node_of(node)->number] != walk->round) {
        walk->marks[built_node_of(node)->number] = walk->round;
        walk->stack[walk->count++] = node;
    }
}

static void note_labels(struct walk *walk, const size_t *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        walk->labels[labels[i]] = true;
    }
}

/* Meets everything below what was pushed; `enter_records` false: not what lies in a record. */
static void walk_run(struct walk *walk, bool enter_records)
{
    while (walk->count > 0) {
        const struct catalogue_node *node = walk->stack[--walk->count];
        if (is_field(node)) {
            note_labels(walk, node->labels, node->label_count);
        }
        if (node->record != CATALOGUE_NONE) {
            walk->records[node->record] = true;
        }
        if (node->record != CATALOGUE_NONE && !enter_records) {
            walk_push(walk, node->items);
            continue;
        }
        for (size_t i = 0; i < child_count(node); i++) {
            walk_push(walk, child_at(node, i));
        }
    }
}

/* ---- has_labels_below, has_records_below ---- */

struct parents {
    size_t *starts; /* of each node's run in `numbers`, and one more */
    size_t *numbers;
};

static amanat_result find_parents(struct compiler *compiler, struct parents *out)
{
    const size_t nodes = compiler->nodes.count;
    out->starts = arena_allocate_array(compiler->scratch, nodes + 2, sizeof(size_t));
    TRY_MEMORY(out->starts);
    size_t edges = 0;
    for (size_t i = 0; i < nodes; i++) {
        const struct catalogue_node *node = &compiler->nodes.items[i]->node;
        for (size_t k = 0; k < child_count(node); k++) {
            if (child_at(node, k) != NULL) {
                out->starts[built_node_of(child_at(node, k))->number + 2]++;
                edges++;
            }
        }
    }
    for (size_t i = 2; i < nodes + 2; i++) {
        out->starts[i] += out->starts[i - 1];
    }
    out->numbers = arena_allocate_array(compiler->scratch, edges, sizeof(size_t));
    TRY_MEMORY(out->numbers);
    for (size_t i = 0; i < nodes; i++) {
        const struct catalogue_node *node = &compiler->nodes.items[i]->node;
        for (size_t k = 0; k < child_count(node); k++) {
            if (child_at(node, k) != NULL) {
                out->numbers[out->starts[built_node_of(child_at(node, k))->number + 1]++] = i;
            }
        }
    }
    return AMANAT_OK;
}

static amanat_result mark_upwards(struct compiler *compiler, const struct parents *parents,
                                  bool of_labels)
{
    const size_t nodes = compiler->nodes.count;
    size_t *stack = arena_allocate_array(compiler->scratch, nodes, sizeof(size_t));
    bool *marked = arena_allocate_array(compiler->scratch, nodes, sizeof(bool));
    TRY_MEMORY(stack);
    TRY_MEMORY(marked);
    size_t count = 0;
    for (size_t i = 0; i < nodes; i++) {
        const struct catalogue_node *node = &compiler->nodes.items[i]->node;
        marked[i] = of_labels ? node->label_count > 0 : node->record != CATALOGUE_NONE;
        if (marked[i]) {
            stack[count++] = i;
        }
    }
    while (count > 0) {
        const size_t at = stack[--count];
        struct catalogue_node *node = &compiler->nodes.items[at]->node;
        if (of_labels) {
            node->has_labels_below = true;
        } else {
            node->has_records_below = true;
        }
        for (size_t i = parents->starts[at]; i < parents->starts[at + 1]; i++) {
            if (!marked[parents->numbers[i]]) {
                marked[parents->numbers[i]] = true;
                stack[count++] = parents->numbers[i];
            }
        }
    }
    return AMANAT_OK;
}

/* ---- modes ---- */

/*
 * Modes keep the type (design 3): what a label's modes make of a text they cannot make of a number.
 */
static void check_modes(struct compiler *compiler, const struct built_node *built)
{
    const struct catalogue_node *node = &built->node;
    const unsigned no_text = node->kinds & CATALOGUE_SCALARS & ~(unsigned)CATALOGUE_KIND_STRING;
    for (size_t i = 0; i < node->label_count && !node->is_anything && no_text != 0; i++) {
        const struct catalogue_label *label = &compiler->vocabulary.labels[node->labels[i]];
        const bool coarsens =
            label->defines[DISCLOSURE_COARSEN] &&
            (!catalogue_label_coarsens_numbers(label) || (no_text & CATALOGUE_KIND_BOOLEAN) != 0);
        const char *mode = label->defines[DISCLOSURE_MASK]       ? "mask"
                           : label->defines[DISCLOSURE_TOKENIZE] ? "tokenize"
                           : coarsens                            ? "coarsen"
                                                                 : NULL;
        if (mode != NULL) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, built->place, "mode-type",
                            "`%.*s` defines `%s`, which cannot keep the type of a number or "
                            "boolean: give this field another label",
                            BYTES_PRINTF(label->name), mode);
        }
    }
}

/* Which mode two labels mean different things by; NULL: none. A label that scrubs what it reveals
 * means another thing by reveal than one that does not. */
static const char *differs_in(const struct catalogue_label *a, const struct catalogue_label *b)
{
    static const struct {
        enum disclosure_mode mode;
        const char *name;
    } modes[] = {
        {DISCLOSURE_MASK, "mask"}, {DISCLOSURE_COARSEN, "coarsen"}, {DISCLOSURE_REVEAL, "scrub"}};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        const enum disclosure_mode mode = modes[i].mode;
        if (a->defines[mode] && b->defines[mode] &&
            !bytes_equal(a->definitions[mode], b->definitions[mode])) {
            return modes[i].name;
        }
    }
    return NULL;
}

/* A field of several labels gets the weakest of their modes. When two of them mean different things
 * by that mode, either one could show what the other hides. */
static void check_meanings(struct compiler *compiler, const struct built_node *built)
{
    const struct catalogue_node *node = &built->node;
    for (size_t i = 1; i < node->label_count; i++) {
        const struct catalogue_label *label = &compiler->vocabulary.labels[node->labels[i]];
        for (size_t k = 0; k < i; k++) {
            const struct catalogue_label *other = &compiler->vocabulary.labels[node->labels[k]];
            const char *mode = differs_in(label, other);
            if (mode != NULL) {
                compiler_report(compiler, AMANAT_SEVERITY_ERROR, built->place, "mode-meaning",
                                "`%.*s` and `%.*s` define `%s` differently, so that it would mean "
                                "two things for this field: give it another label",
                                BYTES_PRINTF(other->name), BYTES_PRINTF(label->name), mode);
            }
        }
    }
}

/* Names that no schema declares have no label of their own: before an object without one they are
 * data that leaves with the object. */
static void tell_open_names(struct compiler *compiler, const struct built_node *built)
{
    const struct catalogue_node *below = built->node.additional;
    if (below != NULL && below->label_count == 0 && below->has_labels_below) {
        compiler_report(compiler, AMANAT_SEVERITY_NOTE, built->place, "open-door",
                        "%s lets the names of its members pass with what is disclosed in them",
                        path_text(compiler, built->path));
    }
}

/* ---- lists ---- */

static amanat_result list_marked(struct arena *arena, const bool *marked, size_t count,
                                 const size_t **out, size_t *out_count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += marked[i] ? 1 : 0;
    }
    size_t *list = arena_allocate_array(arena, found, sizeof(*list));
    TRY_MEMORY(list);
    *out_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (marked[i]) {
            list[(*out_count)++] = i;
        }
    }
    *out = list;
    return AMANAT_OK;
}

/* ---- operations ---- */

static void push_responses(struct walk *walk, const struct catalogue_operation *operation)
{
    for (size_t i = 0; i < operation->response_count; i++) {
        const struct catalogue_response *response = &operation->responses[i];
        for (size_t k = 0; k < response->header_count; k++) {
            note_labels(walk, response->headers[k].labels, response->headers[k].label_count);
        }
        for (size_t k = 0; k < response->media_type_count; k++) {
            walk_push(walk, response->media_types[k].root);
            note_labels(walk, response->media_types[k].labels,
                        response->media_types[k].label_count);
        }
    }
}

static amanat_result summarise_operation(struct walk *walk, struct catalogue_operation *operation,
                                         bool *service_records, bool *in_responses)
{
    struct compiler *compiler = walk->compiler;
    walk_begin(walk);
    push_responses(walk, operation);
    walk_run(walk, true);
    for (size_t i = 0; i < compiler->nodes.count; i++) {
        if (walk->marks[i] == walk->round && !in_responses[i]) {
            in_responses[i] = true;
            tell_open_names(compiler, compiler->nodes.items[i]);
            check_modes(compiler, compiler->nodes.items[i]);
            check_meanings(compiler, compiler->nodes.items[i]);
        }
    }
    for (size_t i = 0; i < compiler->records.count; i++) {
        service_records[i] = service_records[i] || walk->records[i];
    }
    TRY(list_marked(compiler->arena, walk->labels, compiler->vocabulary.label_count,
                    &operation->labels, &operation->label_count));
    return list_marked(compiler->arena, walk->records, compiler->records.count, &operation->records,
                       &operation->record_count);
}

/* Of what was met in this round: a required member without a label makes the body unsendable. */
static void warn_of_unsendable(const struct walk *walk)
{
    struct compiler *compiler = walk->compiler;
    for (size_t i = 0; i < compiler->nodes.count; i++) {
        const struct catalogue_node *node = &compiler->nodes.items[i]->node;
        for (size_t k = 0; walk->marks[i] == walk->round && k < node->member_count; k++) {
            const struct catalogue_member *member = &node->members[k];
            if (member->is_required && !member->node->is_read_only &&
                !member->node->has_labels_below) {
                compiler_report(compiler, AMANAT_SEVERITY_WARNING,
                                built_node_of(member->node)->place, "unsendable",
                                "the required member `%.*s` has no label, so no request body can "
                                "be sent with it, and none without it",
                                BYTES_PRINTF(member->name));
            }
        }
    }
}

/* What values of members that were met in this round name. */
static void note_named_fields(struct walk *walk)
{
    for (size_t i = 0; i < walk->compiler->nodes.count; i++) {
        const struct catalogue_rule *rule = walk->compiler->nodes.items[i]->node.rule;
        for (size_t k = 0; walk->marks[i] == walk->round && rule != NULL &&
                           rule->value_labels != NULL && k < rule->enumeration_count;
             k++) {
            note_labels(walk, rule->value_labels[k].labels, rule->value_labels[k].label_count);
        }
    }
}

/* Members of bodies, met in this round, that ask for a part of a list. */
static amanat_result list_paging(struct walk *walk, struct catalogue_operation *operation)
{
    VECTOR(struct catalogue_paging_member) found = {0};
    for (size_t i = 0; i < walk->compiler->nodes.count; i++) {
        const struct catalogue_node *node = &walk->compiler->nodes.items[i]->node;
        for (size_t k = 0; walk->marks[i] == walk->round && k < node->member_count; k++) {
            const struct catalogue_member *member = &node->members[k];
            if (member->node == NULL || !paging_of_member(member)) {
                continue;
            }
            const struct catalogue_place place = built_node_of(member->node)->place;
            struct catalogue_paging_member *slot = VECTOR_PUSH(walk->compiler->arena, &found);
            TRY_MEMORY(slot);
            *slot = (struct catalogue_paging_member){member->name, place.line, place.column};
        }
    }
    operation->paging_members = found.items;
    operation->paging_member_count = found.count;
    return AMANAT_OK;
}

static amanat_result summarise_outside(struct walk *walk, struct catalogue_operation *operation)
{
    walk_begin(walk);
    push_responses(walk, operation);
    walk_run(walk, false);
    return list_marked(walk->compiler->arena, walk->labels, walk->compiler->vocabulary.label_count,
                       &operation->outside_labels, &operation->outside_label_count);
}

/* Its own labels, and those of what its values name. */
static void note_parameter(struct walk *walk, const struct catalogue_parameter *parameter)
{
    note_labels(walk, parameter->labels, parameter->label_count);
    for (size_t k = 0; parameter->value_labels != NULL &&
                       k < catalogue_parameter_item(parameter)->enumeration_count;
         k++) {
        note_labels(walk, parameter->value_labels[k].labels,
                    parameter->value_labels[k].label_count);
    }
}

/* The labels by which the operation can be asked: the walk's. */
static void meet_asked(struct walk *walk, const struct catalogue_operation *operation)
{
    const struct catalogue_request_body *body = operation->body;
    walk_begin(walk);
    for (size_t i = 0; body != NULL && !body->submit && i < body->media_type_count; i++) {
        walk_push(walk, body->media_types[i].root);
    }
    walk_run(walk, true);
    warn_of_unsendable(walk);
    note_named_fields(walk);
    for (size_t i = 0; i < operation->parameter_count; i++) {
        note_parameter(walk, &operation->parameters[i]);
    }
}

static void meet_submitted(struct walk *walk, const struct catalogue_operation *operation)
{
    const struct catalogue_request_body *body = operation->body;
    walk_begin(walk);
    for (size_t i = 0; body != NULL && body->submit && i < body->media_type_count; i++) {
        walk_push(walk, body->media_types[i].root);
    }
    walk_run(walk, true);
    warn_of_unsendable(walk);
    note_named_fields(walk);
}

static amanat_result use_labels(struct walk *walk, struct catalogue_operation *operation,
                                struct catalogue_label_use *uses)
{
    const size_t labels = walk->compiler->vocabulary.label_count;
    for (size_t i = 0; i < operation->outside_label_count; i++) {
        uses[operation->outside_labels[i]].outside_records = true;
    }
    meet_submitted(walk, operation);
    for (size_t i = 0; i < labels; i++) {
        uses[i].submitted = uses[i].submitted || walk->labels[i];
    }
    meet_asked(walk, operation);
    TRY(list_paging(walk, operation));
    for (size_t i = 0; i < labels; i++) {
        uses[i].queried = uses[i].queried || walk->labels[i];
    }
    return list_marked(walk->compiler->arena, walk->labels, labels, &operation->asked,
                       &operation->asked_count);
}

/* ---- records ---- */

static void meet_record(struct walk *walk, size_t record, const bool *in_responses, bool whole)
{
    struct compiler *compiler = walk->compiler;
    walk_begin(walk);
    for (size_t i = 0; i < compiler->nodes.count; i++) {
        const struct catalogue_node *node = &compiler->nodes.items[i]->node;
        for (size_t k = 0; node->record == record && in_responses[i] && k <= node->member_count;
             k++) {
            walk_push(walk, child_at(node, k));
        }
    }
    walk_run(walk, whole);
}

static amanat_result summarise_record(struct walk *walk, size_t record, const bool *in_responses)
{
    struct compiler *compiler = walk->compiler;
    struct catalogue_record *out = &compiler->records.items[record].record;
    meet_record(walk, record, in_responses, false);
    TRY(list_marked(compiler->arena, walk->labels, compiler->vocabulary.label_count,
                    &out->own_labels, &out->own_label_count));
    meet_record(walk, record, in_responses, true);
    return list_marked(compiler->arena, walk->labels, compiler->vocabulary.label_count,
                       &out->labels, &out->label_count);
}

static amanat_result summarise_services(struct walk *walk, struct catalogue_label_use *uses,
                                        bool *in_services, bool *in_responses)
{
    struct compiler *compiler = walk->compiler;
    const size_t records = compiler->records.count;
    for (size_t s = 0; s < compiler->services.count; s++) {
        struct service_entry *service = &compiler->services.items[s];
        for (size_t i = 0; i < service->operations.count; i++) {
            TRY(summarise_operation(walk, &service->operations.items[i], &in_services[s * records],
                                    in_responses));
            TRY(summarise_outside(walk, &service->operations.items[i]));
            TRY(use_labels(walk, &service->operations.items[i], uses));
        }
    }
    return AMANAT_OK;
}

amanat_result nodes_summarise(struct compiler *compiler, struct catalogue_label_use *uses)
{
    struct walk walk;
    struct parents parents;
    const size_t records = compiler->records.count;
    const size_t services = compiler->services.count;
    TRY(find_parents(compiler, &parents));
    TRY(mark_upwards(compiler, &parents, true));
    TRY(mark_upwards(compiler, &parents, false));
    TRY(walk_init(compiler, &walk));
    bool *in_services = arena_allocate_array(compiler->scratch, records * services, sizeof(bool));
    bool *in_responses =
        arena_allocate_array(compiler->scratch, compiler->nodes.count, sizeof(bool));
    bool *of_record = arena_allocate_array(compiler->scratch, services, sizeof(bool));
    TRY_MEMORY(in_services);
    TRY_MEMORY(in_responses);
    TRY_MEMORY(of_record);
    TRY(summarise_services(&walk, uses, in_services, in_responses));
    TRY(groups_check(compiler, in_responses));
    for (size_t i = 0; i < records; i++) {
        struct catalogue_record *record = &compiler->records.items[i].record;
        TRY(summarise_record(&walk, i, in_responses));
        for (size_t s = 0; s < services; s++) {
            of_record[s] = in_services[s * records + i];
        }
        TRY(list_marked(compiler->arena, of_record, services, &record->services,
                        &record->service_count));
    }
    return AMANAT_OK;
}
