/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generation: the ruleset with everything of the configuration that goes with it. It is made
 * whole by the control thread or not at all; workers only read it (design 4.7).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/proxy/proxy_parts.h"
#include "policy/base/base.h"

/* A header that the service's document declares as a parameter would go up twice. */
static amanat_result check_headers(const struct config_service *service,
                                   const struct catalogue_parameter *parameter,
                                   struct amanat_diagnostics *diagnostics)
{
    for (size_t i = 0; i < service->header_count; i++) {
        const char *name = service->headers[i].name;
        if (parameter->place == PARAMETER_IN_HEADER && strlen(name) == parameter->name.length &&
            strncasecmp(name, parameter->name.at, parameter->name.length) == 0) {
            amanat_diagnostics_add(
                diagnostics, AMANAT_SEVERITY_ERROR, "header", service->headers_file, 0, 0,
                "the document of the service declares the header `%s` as a parameter, so it would "
                "be sent twice: take it out of one of them",
                name);
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    return AMANAT_OK;
}

static amanat_result check_parameters(const struct config_service *service,
                                      const struct catalogue_service *wanted,
                                      struct amanat_diagnostics *diagnostics)
{
    for (size_t i = 0; i < wanted->operation_count; i++) {
        const struct catalogue_operation *operation = &wanted->operations[i];
        for (size_t k = 0; k < operation->parameter_count; k++) {
            TRY(check_headers(service, &operation->parameters[k], diagnostics));
        }
    }
    return AMANAT_OK;
}

static amanat_result make_service(const struct config *config,
                                  const struct catalogue_service *wanted,
                                  struct amanat_diagnostics *diagnostics, struct proxy_service *out)
{
    const struct config_service *service = config_find_service(config, wanted->name);
    if (service == NULL) {
        amanat_diagnostics_add(
            diagnostics, AMANAT_SEVERITY_ERROR, "service-without-address", config->source, 0, 0,
            "the policy folder has a service `%.*s`, but `services:` does not say where it lives",
            BYTES_PRINTF(wanted->name));
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    out->config = service;
    TRY(check_parameters(service, wanted, diagnostics));
    TRY(http_address_resolve(service->url.host, service->url.port, diagnostics, &out->address));
    if (service->url.is_tls) {
        TRY(tls_client_context_new(&(struct tls_client_options){.ca = service->ca,
                                                                .certificate = service->certificate,
                                                                .key = service->key},
                                   diagnostics, &out->tls));
    }
    return AMANAT_OK;
}

static amanat_result make_services(struct proxy_generation *generation,
                                   struct amanat_diagnostics *diagnostics)
{
    const struct catalogue *catalogue = ruleset_catalogue(generation->ruleset);
    generation->services = calloc(catalogue->service_count + 1, sizeof(*generation->services));
    TRY_MEMORY(generation->services);
    generation->service_count = catalogue->service_count;
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < catalogue->service_count; i++) {
        const amanat_result one = make_service(generation->config, &catalogue->services[i],
                                               diagnostics, &generation->services[i]);
        result = amanat_is_ok(one) ? result : one;
    }
    return result;
}

static amanat_result make_tls(struct proxy_generation *generation,
                              struct amanat_diagnostics *diagnostics)
{
    const struct config_tls *tls = &generation->config->tls;
    const unsigned required = generation->config->identity.require & CONFIG_REQUIRE_CERTIFICATE;
    const struct tls_server_options options = {
        .certificate = tls->certificate,
        .key = tls->key,
        .client_ca = tls->client_ca,
        .client_certificate = required != 0            ? TLS_CLIENT_CERTIFICATE_REQUIRED
                              : tls->client_ca != NULL ? TLS_CLIENT_CERTIFICATE_OPTIONAL
                                                       : TLS_CLIENT_CERTIFICATE_NONE};
    return tls_server_context_new(&options, diagnostics, &generation->tls);
}

static amanat_result copy_digests(struct proxy_generation *generation,
                                  const struct proxy_generation_parts *parts)
{
    generation->ruleset_digest = parts->ruleset_digest;
    generation->facts_digests = calloc(parts->facts_count + 1, sizeof(*generation->facts_digests));
    TRY_MEMORY(generation->facts_digests);
    for (size_t i = 0; i < parts->facts_count; i++) {
        generation->facts_digests[i] = parts->facts_digests[i];
    }
    generation->facts_count = parts->facts_count;
    return AMANAT_OK;
}

static amanat_result fill(struct proxy_generation *generation,
                          const struct proxy_generation_parts *parts,
                          struct amanat_diagnostics *diagnostics)
{
    TRY(copy_digests(generation, parts));
    TRY(identity_verifier_new(&generation->config->identity, diagnostics, &generation->verifier));
    TRY(make_tls(generation, diagnostics));
    return make_services(generation, diagnostics);
}

amanat_result proxy_generation_new(const struct proxy_generation_parts *parts,
                                   struct amanat_diagnostics *diagnostics,
                                   struct proxy_generation **out)
{
    struct proxy_generation *generation = calloc(1, sizeof(*generation));
    if (generation == NULL) {
        config_free(parts->config);
        ruleset_unref(parts->ruleset);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    atomic_init(&generation->references, 1);
    generation->config = parts->config;
    generation->ruleset = parts->ruleset;
    const amanat_result result = fill(generation, parts, diagnostics);
    if (!amanat_is_ok(result)) {
        proxy_generation_unref(generation);
        return result;
    }
    *out = generation;
    return AMANAT_OK;
}

struct proxy_generation *proxy_generation_ref(struct proxy_generation *generation)
{
    atomic_fetch_add_explicit(&generation->references, 1, memory_order_relaxed);
    return generation;
}

void proxy_generation_unref(struct proxy_generation *generation)
{
    if (generation == NULL ||
        atomic_fetch_sub_explicit(&generation->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < generation->service_count; i++) {
        tls_context_unref(generation->services[i].tls);
    }
    free(generation->services);
    free(generation->facts_digests);
    tls_context_unref(generation->tls);
    identity_verifier_unref(generation->verifier);
    ruleset_unref(generation->ruleset);
    config_free(generation->config);
    free(generation);
}

const struct config *proxy_generation_config(const struct proxy_generation *generation)
{
    return generation->config;
}
