/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as amanat.yaml, without looking at files; what is accepted keeps what config.h
 * promises. */
#include <stdint.h>

#include "gateway/config/config.h"
#include "policy/base/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct config *config = NULL;
    const amanat_result result =
        config_parse("folder/amanat.yaml", bytes_of((const char *)data, size), CONFIG_TO_CHECK,
                     diagnostics, &config);
    if (amanat_is_ok(result)) {
        ASSERT(amanat_diagnostics_errors(diagnostics) == 0);
        ASSERT(config->listen.count > 0 && config->listen.items[0].text != NULL);
        ASSERT(config->tls.certificate != NULL && config->tls.key != NULL);
        ASSERT(config->policies != NULL && config->trail.origin != NULL);
        ASSERT(config->identity.require != 0 && config->limits.window_bytes == 262144);
        for (size_t i = 0; i < config->services.count; i++) {
            const struct config_service *service = &config->services.items[i];
            ASSERT(service->url.host != NULL && service->url.port > 0 && service->timeout > 0);
            ASSERT(config_find_service(config, bytes_of_string(service->name)) == service);
        }
    } else {
        ASSERT(config == NULL);
        ASSERT(result.status == AMANAT_STATUS_MEMORY || amanat_diagnostics_errors(diagnostics) > 0);
    }
    config_free(config);
    amanat_diagnostics_free(diagnostics);
    return 0;
}
