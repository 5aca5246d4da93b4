/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which parameters, and which members of request bodies, ask for a part of a list: those that are
 * called so, unless `x-amanat-paging` says otherwise. It only serves a warning: a name that is
 * missing here hides a warning, one too many gives one that can be accepted.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"

/* What they are called, without marks, in lower case, and without the `X-` of headers. Texts like
 * `from=Lahore` are no pages, so these page as numbers only. */
static const struct {
    const char *name;
    bool numbers_only;
} names[] = {
    {"limit", false},
    {"offset", false},
    {"page", false},
    {"pagesize", false},
    {"pagenumber", false},
    {"pagenum", false},
    {"pageno", false},
    {"pageindex", false},
    {"pagelimit", false},
    {"pageoffset", false},
    {"pagecursor", false},
    {"pagetoken", false},
    {"pageafter", false},
    {"pagebefore", false},
    {"perpage", false},
    {"itemsperpage", false},
    {"resultsperpage", false},
    {"recordsperpage", false},
    {"nextpage", false},
    {"nextpagetoken", false},
    {"nextcursor", false},
    {"nexttoken", false},
    {"paginationtoken", false},
    {"continuationtoken", false},
    {"resumptiontoken", false},
    {"skiptoken", false},
    {"scrollid", false},
    {"cursor", false},
    {"marker", false},
    {"size", false},
    {"skip", false},
    {"top", false},
    {"rows", false},
    {"maxrows", false},
    {"maxresults", false},
    {"maxitems", false},
    {"startindex", false},
    {"startat", false},
    {"startrow", false},
    {"startkey", false},
    {"exclusivestartkey", false},
    {"sinceid", false},
    {"maxid", false},
    {"batchsize", false},
    {"first", false},
    {"last", false},
    {"after", false},
    {"before", false},
    {"start", false},
    {"from", true},
    {"take", true},
    {"count", true},
    {"num", true},
    {"max", true},
};

static bool is_paging_name(struct bytes name, bool is_number)
{
    char plain[32];
    size_t length = 0;
    if (bytes_start_with(name, BYTES("X-")) || bytes_start_with(name, BYTES("x-"))) {
        name = bytes_from(name, 2);
    }
    for (size_t i = 0; i < name.length; i++) {
        const char lower = (char)(name.at[i] | 0x20);
        if (lower >= 'a' && lower <= 'z') {
            if (length == sizeof(plain)) {
                return false;
            }
            plain[length++] = lower;
        }
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (bytes_equal_string(bytes_of(plain, length), names[i].name)) {
            return is_number || !names[i].numbers_only;
        }
    }
    return false;
}

/* ---- `x-amanat-paging` ---- */

enum paging openapi_read_paging(struct openapi *openapi, const struct document *at)
{
    const struct document *value = document_get(at, "x-amanat-paging");
    if (value == NULL) {
        return PAGING_BY_NAME;
    }
    if (value->kind != DOCUMENT_BOOL) {
        OPENAPI_ERROR(openapi, value, "type", "`x-amanat-paging` must be true or false");
        return PAGING_NO;
    }
    return value->boolean ? PAGING_YES : PAGING_NO;
}

enum paging part_paging(const struct part *part)
{
    enum paging paging = PAGING_BY_NAME;
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        const enum paging said = openapi_read_paging(schema->owner, schema->at);
        paging = said == PAGING_BY_NAME ? paging : said;
    }
    return paging;
}

/* ---- what pages ---- */

/* `after: 2026-01-01` asks for a time, not for a page. */
bool paging_of_parameter(const struct catalogue_parameter *parameter, enum paging said)
{
    const enum attribute_type type = parameter->value.type;
    const bool is_number = type == ATTRIBUTE_LONG || type == ATTRIBUTE_DECIMAL;
    return said == PAGING_BY_NAME ? (type == ATTRIBUTE_STRING || is_number) &&
                                        is_paging_name(parameter->name, is_number)
                                  : said == PAGING_YES;
}

bool paging_of_member(const struct catalogue_member *member)
{
    const struct catalogue_node *node = member->node;
    const enum paging said = built_node_of(node)->paging;
    const unsigned kinds = node->kinds & ~(unsigned)CATALOGUE_KIND_NULL;
    const unsigned numbers = CATALOGUE_KIND_NUMBER | CATALOGUE_KIND_INTEGER;
    const unsigned texts = CATALOGUE_KIND_STRING | numbers;
    const bool has_format = node->rule != NULL && node->rule->format != ATTRIBUTE_NONE;
    if (node->label_count == 0 || said == PAGING_NO) {
        return false;
    }
    return said == PAGING_YES || (kinds != 0 && (kinds & ~texts) == 0 && !has_format &&
                                  is_paging_name(member->name, (kinds & ~numbers) == 0));
}
