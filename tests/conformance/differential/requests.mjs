// SPDX-License-Identifier: Apache-2.0
// Generates requests: mostly of environments that the policies were made for, about entities of the store.
import { someEnvironment } from './policies.mjs';
import { entityId } from './words.mjs';

const plain = (uid) => uid.__entity ?? uid;

function entityOfType(random, store, name, values) {
    const there = store.filter((entity) => entity?.uid && plain(entity.uid)?.type === name);
    return there.length > 0 && random.chance(0.85) ? plain(random.pick(there).uid) : values.uid(name);
}

// A request's fault: what is undeclared, what cannot be read, another's context.
const faults = [
    (random, request) => ({ ...request, principal: { type: 'Undeclared', id: 'a' } }),
    (random, request) => ({ ...request, resource: { type: 'Undeclared', id: entityId(random) } }),
    (random, request) => ({ ...request, action: { type: 'Action', id: 'undeclared' } }),
    (random, request) => ({ ...request, action: request.principal }),
    (random, request) => ({ ...request, principal: request.resource, resource: request.principal }),
    (random, request) => ({ ...request, principal: { type: 'A b', id: 'a' } }),
    (random, request) => ({ ...request, resource: { type: 'if', id: 'a' } }),
    (random, request) => ({ ...request, context: { ...request.context, more: 1n } }),
    (random, request) => ({ ...request, context: {} }),
    (random, request) => ({ ...request, context: { __entity: request.principal } }),
    (random, request) => ({ ...request, context: { __extn: { fn: 'ip', arg: '::' } } }),
    (random, request, model) => ({ ...request, action: random.pick(model.actions).uid }),
];

export function generateRequests(random, model, environments, store, values, wrongness) {
    return random.times(1, 4, () => {
        const environment = random.chance(0.8) ? random.pick(environments) : someEnvironment(random, model);
        const chosen = (variable) => random.chance(0.7) && environment.named?.[variable]
            || entityOfType(random, store, environment[variable], values);
        const request = {
            principal: chosen('principal'),
            action: environment.action,
            resource: chosen('resource'),
            context: values.record(environment.context.attributes),
        };
        return random.chance(wrongness) ? random.pick(faults)(random, request, model) : request;
    });
}
