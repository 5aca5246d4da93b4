/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of policy/catalogue: vocabulary.yaml and the OpenAPI documents of services/, compiled
 * to what the rest needs: operations with typed parameters, and for each response body a graph of
 * *nodes* that says, for every place in a document, which label it has, which record it begins and
 * which kinds of values may stand there.
 *
 * All of it is immutable once compiled and lives in the ruleset's arena. It implements design 2
 * ("Services are OpenAPI documents") for OpenAPI 3.0 and 3.1.
 */
#ifndef AMANAT_POLICY_CATALOGUE_CATALOGUE_H
#define AMANAT_POLICY_CATALOGUE_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/catalogue/problem.h"
#include "policy/catalogue/vocabulary.h"

/** Where something is declared. */
struct catalogue_place {
    const char *source;
    unsigned line;
    unsigned column;
};

/* ---- values and their places ---- */

/**
 * Kinds of JSON values, as bits of a set. INTEGER is a number that is spelt without fraction and
 * exponent.
 */
enum catalogue_kind {
    CATALOGUE_KIND_NULL = 1,
    CATALOGUE_KIND_BOOLEAN = 2,
    CATALOGUE_KIND_INTEGER = 4,
    CATALOGUE_KIND_NUMBER = 8, /* any number; a schema `number` allows INTEGER too */
    CATALOGUE_KIND_STRING = 16,
    CATALOGUE_KIND_ARRAY = 32,
    CATALOGUE_KIND_OBJECT = 64
};

/** The Cedar type that a record's property or a parameter has (design 2, "Record attributes"). */
enum attribute_type {
    ATTRIBUTE_NONE = 0, /* cannot be read by a policy */
    ATTRIBUTE_STRING,
    ATTRIBUTE_LONG,
    ATTRIBUTE_BOOL,
    ATTRIBUTE_DATETIME, /* format date-time */
    ATTRIBUTE_DATE,     /* format date: also a Cedar datetime */
    ATTRIBUTE_IPADDR,
    ATTRIBUTE_DECIMAL,
    ATTRIBUTE_SET,   /* array of scalars: `element` */
    ATTRIBUTE_RECORD /* object: `fields` */
};

/** One attribute of a record type, or a field of such an attribute. */
struct catalogue_attribute {
    struct bytes name;
    enum attribute_type type;
    bool optional;                             /* not required, nullable, or a decimal */
    const struct catalogue_attribute *element; /* of a SET */
    const struct catalogue_attribute *fields;  /* of a RECORD */
    size_t field_count;
    const struct catalogue_attribute *unreadable; /* of a RECORD: its other properties, of NONE */
    size_t unreadable_count;
    const char *why_unreadable; /* of NONE: "it is a list of objects" */
    struct catalogue_place place;
    /** The values allowed (strings decoded, numbers as spelt), if any. */
    const struct bytes *enumeration;
    size_t enumeration_count;
    bool read; /* set by disclosure before the ruleset is published: some policy reads it */
};

/** A kind of record: `x-amanat-record`. One name has one shape in the whole folder. */
struct catalogue_record {
    struct bytes name;
    struct bytes service; /* the service whose document declares it, for messages */
    struct catalogue_place place;
    struct catalogue_attribute *attributes; /* in the order of the document */
    size_t attribute_count;
    const struct catalogue_attribute *unreadable; /* its other properties, of NONE */
    size_t unreadable_count;
    /** Labels that occur in it directly or in a record inside it; sorted, no duplicates. */
    const size_t *labels;
    size_t label_count;
    /** Of these, the labels of its own fields. */
    const size_t *own_labels;
    size_t own_label_count;
    const size_t *services; /* indexes of the services in which it occurs */
    size_t service_count;
};

/** How large a value may be. */
struct catalogue_bounds {
    bool has_minimum, has_maximum; /* of integers and numbers that fit int64 */
    int64_t minimum, maximum;
    size_t max_length; /* code points */
};

/** The labels of the field that one value names: `sort=plate`. */
struct catalogue_value_labels {
    const size_t *labels; /* sorted, each once */
    size_t label_count;   /* 0: the value names no field */
};

/** What a scalar of a request body must satisfy beyond its kind. */
struct catalogue_rule {
    bool is_enumerated;              /* it must be one of these */
    const struct bytes *enumeration; /* strings decoded, numbers as spelt */
    size_t enumeration_count;
    /** One for each of them, if they name fields; else NULL. */
    const struct catalogue_value_labels *value_labels;
    enum attribute_type format; /* of strings: DATETIME, DATE, IPADDR; else any */
    struct catalogue_bounds bounds;
};

struct catalogue_node;

struct catalogue_member {
    struct bytes name; /* decoded */
    const struct catalogue_node *node;
    /**
     * Index of the record's attribute that this member is, or CATALOGUE_NONE; only below a record
     * node.
     */
    size_t attribute;
    bool is_required; /* `required` lists it: of request bodies, unless it is `readOnly` */
};

/**
 * One place in a document. Nodes form a graph (recursion is a cycle). What is not in the graph is
 * withheld.
 *
 * A node is a *leaf field* when it has labels and a scalar stands there; *shape* when it has no
 * label of its own but labels lie below it. A labelled node's declared properties have inherited
 * the label already (each member's node says its own labels), so a walker never looks upwards.
 */
struct catalogue_node {
    unsigned kinds;       /* set of enum catalogue_kind that may stand here */
    const size_t *labels; /* its labels; a field gets the weakest of their modes */
    size_t label_count;   /* 0: not a field */
    size_t record;        /* index of the record type that begins here, or CATALOGUE_NONE */
    /** Index of the kind of subject that a value here identifies, or CATALOGUE_NONE. */
    size_t subject;
    bool has_labels_below;            /* something below (or here) has a label */
    bool has_records_below;           /* a record begins here or below */
    struct catalogue_member *members; /* of an object; sorted by name (bytes_compare) */
    size_t member_count;
    /** Undeclared members, when additionalProperties says so explicitly. */
    const struct catalogue_node *additional;
    const struct catalogue_node *items; /* of an array */
    /** Schema {} with a label: every value, at any depth, is a field of these labels. */
    bool is_anything;
    bool is_read_only;                 /* `readOnly`: no request needs it */
    const struct catalogue_rule *rule; /* of request bodies; NULL: none */
};

/** The declared member of that name, or NULL (then `additional` speaks, if there). */
const struct catalogue_member *catalogue_node_find_member(const struct catalogue_node *node,
                                                          struct bytes name);

/* ---- operations ---- */

enum parameter_place { PARAMETER_IN_PATH = 0, PARAMETER_IN_QUERY, PARAMETER_IN_HEADER };

/** Whose attribute the gateway sets a parameter from: `x-amanat-bind`. */
enum binding_owner { BINDING_NONE = 0, BINDING_PARTNER, BINDING_AGENT };

/** A parameter that may be sent, or that the gateway sets. */
struct catalogue_parameter {
    struct bytes name; /* as declared; header names compare without case */
    enum parameter_place place;
    bool required;
    /** Its type; a SET for arrays (repeated or comma-separated: `explode`). */
    struct catalogue_attribute value;
    bool explode;
    const size_t *labels;
    size_t label_count;
    /** One for each value of the enumeration, if its values name fields; else NULL. */
    const struct catalogue_value_labels *value_labels;
    struct {
        enum binding_owner owner; /* NONE: whoever calls may send it, if it is labelled */
        struct bytes attribute;   /* of the owner */
    } binding;
    bool is_paging;                 /* it asks for a part of a list */
    unsigned line, column;          /* where the service's document declares it */
    size_t subject;                 /* or CATALOGUE_NONE */
    struct catalogue_bounds bounds; /* max_length: by default CATALOGUE_PARAMETER_LENGTH */
};
#define CATALOGUE_PARAMETER_LENGTH 4096

/** Whether who calls may send it: it, or what its values name, must be labelled. */
static inline bool catalogue_parameter_is_open(const struct catalogue_parameter *parameter)
{
    return parameter->binding.owner == BINDING_NONE &&
           (parameter->label_count > 0 || parameter->value_labels != NULL);
}

/** The type of its single values: of the items where it is an array. */
static inline const struct catalogue_attribute *
catalogue_parameter_item(const struct catalogue_parameter *parameter)
{
    return parameter->value.type == ATTRIBUTE_SET ? parameter->value.element : &parameter->value;
}

struct catalogue_media_type {
    struct bytes name; /* "application/json", lower case, without parameters */
    bool is_json;      /* application/json or …+json */
    bool is_ndjson;    /* application/x-ndjson, application/jsonl, application/ndjson */
    const struct catalogue_node *root; /* of JSON and of each NDJSON line */
    /** Of a body that is not JSON: x-amanat-label on the media type or its schema. */
    const size_t *labels;
    size_t label_count;
};

struct catalogue_header {
    struct bytes name; /* lower case */
    const size_t *labels;
    size_t label_count;
};

struct catalogue_response {
    unsigned status;                                /* 200; 4 for "4XX"; 0 for "default" */
    const struct catalogue_media_type *media_types; /* none: the status has no body */
    size_t media_type_count;
    const struct catalogue_header *headers;
    size_t header_count;
};

struct catalogue_request_body {
    bool required;
    bool submit; /* x-amanat-body: submit: its fields need submit:LABEL instead of query:LABEL */
    const struct catalogue_media_type *media_types;
    size_t media_type_count;
};

/** A member of a request body that asks for a part of a list. */
struct catalogue_paging_member {
    struct bytes name;
    unsigned line, column;
};

struct catalogue_operation {
    struct bytes id;     /* the Cedar action */
    struct bytes method; /* "GET" */
    struct bytes route;  /* the template with its service: "/anpr/sightings/{id}" */
    size_t service;      /* index */
    const struct catalogue_parameter *parameters;
    size_t parameter_count;
    const struct catalogue_request_body *body; /* or NULL */
    const struct catalogue_response *responses;
    size_t response_count;
    const size_t *labels; /* all labels that occur in its responses; sorted */
    size_t label_count;
    const size_t *outside_labels; /* of these, those on fields outside every record */
    size_t outside_label_count;
    const size_t *records; /* all record types that occur in its responses; sorted */
    size_t record_count;
    const size_t
        *asked; /* labels by which it is searched: parameters, members of its body; sorted */
    size_t asked_count;
    const struct catalogue_paging_member *paging_members;
    size_t paging_member_count;
    bool is_safe; /* GET, HEAD, OPTIONS (RFC 9110 §9.2.1) */
};

struct catalogue_service {
    struct bytes name;   /* x-amanat-service */
    struct bytes source; /* its document's path */
    const struct catalogue_operation *operations;
    size_t operation_count;
};

/** Where one label occurs in the whole folder. */
struct catalogue_label_use {
    /** In responses, on fields outside every record, headers or whole bodies. */
    bool outside_records;
    bool queried;   /* on parameters, or on members of bodies that are searched by */
    bool submitted; /* on members of bodies with x-amanat-body: submit */
};

struct catalogue {
    struct vocabulary vocabulary;
    const struct catalogue_label_use *label_uses; /* one for each label */
    const struct catalogue_service *services;
    size_t service_count;
    struct catalogue_record *records;
    size_t record_count;
};

/** Whether a list of labels (or of other indexes) has this one. */
bool catalogue_lists(const size_t *list, size_t count, size_t index);

/** One file of the policy folder. */
struct catalogue_source {
    struct bytes path; /* "services/anpr.yaml", relative to the folder */
    struct bytes text;
};

/**
 * Compiles the vocabulary and the service documents among `sources` (others are passed over):
 * vocabulary.yaml, and services/…yaml, .yml or .json. CONFIG_FAULT with a diagnostic for every
 * fault. Warnings and notes: unlabelled leaves ("unlabelled"), open doors ("open-door"). Source
 * texts must live as long as the catalogue.
 */
AMANAT_MUST_CHECK amanat_result catalogue_compile(struct arena *arena,
                                                  const struct catalogue_source *sources,
                                                  size_t source_count,
                                                  struct amanat_diagnostics *diagnostics,
                                                  struct catalogue **out);

/**
 * Appends the derived part of the Cedar schema (design 2, "Policies are plain Cedar"), without the
 * model: Service, record entities, the types Need and Access, mode, disclose, query, submit and
 * operation actions. `model_has_case`: the model declares Case. Deterministic: the same folder
 * gives the same text.
 */
void catalogue_write_schema(const struct catalogue *catalogue, bool model_has_case,
                            struct buffer *out);

/* ---- from a request to an operation with typed parameters ---- */

/** A value of a parameter, decoded and typed. */
struct parameter_item {
    struct bytes text; /* decoded, valid UTF-8, without control characters */
    int64_t integer;   /* of LONG */
    bool boolean;      /* of BOOL */
};
struct parameter_value {
    const struct catalogue_parameter *parameter;
    const struct parameter_item *items; /* one, unless it is an array */
    size_t item_count;
    /** What is asked by: the parameter's labels, and those of fields that its values name. */
    const size_t *labels; /* each once */
    size_t label_count;
};

/**
 * Types one decoded value strictly: false when it is not spelt as the parameter's type wants it.
 */
bool catalogue_read_item(const struct catalogue_parameter *parameter, struct bytes text,
                         struct parameter_item *out);

/** A header field of a request, for header parameters. */
struct catalogue_request_header {
    struct bytes name;
    struct bytes value;
};

/** What was asked for. */
struct catalogue_call {
    const struct catalogue_service *service;
    const struct catalogue_operation *operation;
    /** Those that are used, in the order of the document. */
    const struct parameter_value *parameters;
    size_t parameter_count;
    struct bytes allow; /* with PROBLEM_METHOD: "GET, POST" */
};

/**
 * Finds the operation of method and target (origin form, already free of what gateway/http refuses)
 * and reads its parameters. REFUSED with `*out_problem` filled: not-found, method (and out->allow),
 * undeclared, malformed (ill-typed, repeated; `parameter` set). HEAD finds the GET operation.
 * Header parameters come from `headers`; other headers are passed over.
 */
AMANAT_MUST_CHECK amanat_result catalogue_route(const struct catalogue *catalogue,
                                                struct bytes method, struct bytes target,
                                                const struct catalogue_request_header *headers,
                                                size_t header_count, struct arena *arena,
                                                struct catalogue_call *out,
                                                struct problem *out_problem);

/**
 * Types textual values for an operation that is named (for `preview`): names and values as given,
 * same refusals.
 */
struct catalogue_named_value {
    struct bytes name;
    struct bytes value;
};
AMANAT_MUST_CHECK amanat_result catalogue_call_operation(const struct catalogue *catalogue,
                                                         struct bytes operation_id,
                                                         const struct catalogue_named_value *values,
                                                         size_t value_count, struct arena *arena,
                                                         struct catalogue_call *out,
                                                         struct problem *out_problem);

/**
 * Appends the upstream target, written anew from the typed values: "/sightings/7?plate=LEA%201234".
 */
void catalogue_write_target(const struct catalogue_call *call, struct buffer *out);

/** A request body after it was read against its schema. */
struct catalogue_body {
    struct bytes text; /* compact JSON written anew, to be sent upstream */
    struct bytes media_type;
    bool submit;
    const size_t *labels;     /* labels of the members used; sorted, each once */
    const size_t *label_uses; /* how often each was used */
    /** The JSON Pointer of each one's first use, made of declared names and numbers of items. */
    const struct bytes *label_pointers;
    size_t label_count;
    const struct catalogue_body_subject *subjects;
    size_t subject_count;
};
struct catalogue_body_subject {
    size_t kind;
    struct bytes identifier; /* as it was sent: see subject_normalise */
};

/**
 * Reads a JSON request body. REFUSED with a problem: media-type, malformed, undeclared (with its
 * JSON Pointer, RFC 6901).
 */
AMANAT_MUST_CHECK amanat_result catalogue_read_body(const struct catalogue_operation *operation,
                                                    struct bytes media_type, struct bytes body,
                                                    struct arena *arena, struct catalogue_body *out,
                                                    struct problem *out_problem);

/** The declared response of a status: exact, then class ("4XX"), then default; NULL if none. */
const struct catalogue_response *
catalogue_find_response(const struct catalogue_operation *operation, unsigned status);

/**
 * The declared media type that a Content-Type field value names (parameters passed over but
 * charset, which must be utf-8 for JSON); NULL if none.
 */
const struct catalogue_media_type *
catalogue_find_media_type(const struct catalogue_media_type *media_types, size_t count,
                          struct bytes content_type);

#endif
