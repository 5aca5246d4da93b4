// SPDX-License-Identifier: Apache-2.0
// Puts one case together. `kind` says what was wanted of it; what it turned out to be, the engines say.
import { generateEntities, Values } from './entities.mjs';
import { spoil } from './malformed.mjs';
import { generatePolicies } from './policies.mjs';
import { Random } from './random.mjs';
import { generateRequests } from './requests.mjs';
import { generateSchema, schemaText } from './schema.mjs';

const kinds = [
    [42, { name: 'well-typed', wrongness: 0, dataWrongness: 0, schema: true }],
    [8, { name: 'wrong data', wrongness: 0, dataWrongness: 0.03, schema: true }],
    [20, { name: 'ill-typed', wrongness: 0.04, dataWrongness: 0, schema: true }],
    [8, { name: 'without schema', wrongness: 0.08, dataWrongness: 0, schema: false }],
    [2, { name: 'wrong data, no schema', wrongness: 0.08, dataWrongness: 0.03, schema: false }],
    [12, { name: 'spoilt policies', wrongness: 0, dataWrongness: 0, schema: true }],
    [8, { name: 'spoilt schema', wrongness: 0, dataWrongness: 0, schema: true }],
];

// Case number `index` of a seed: {kind, case}.
export function generateCase(seed, index) {
    const random = new Random(seed, index);
    const kind = random.weighted(kinds);
    const model = generateSchema(random);
    const implicit = kind.schema && random.chance(0.7);
    const values = new Values(random, model, { implicit, wrongness: kind.dataWrongness });
    const { policies, links, environments } = generatePolicies(random, model, values, kind.wrongness);
    const entities = generateEntities(random, model, values);
    const requests = generateRequests(random, model, environments, entities, values, 0.1 + kind.dataWrongness);
    const text = schemaText(random, model);
    const made = { ...kind.schema ? { schema: text } : {}, policies, links, entities, requests };
    if (kind.name === 'spoilt policies') {
        made.policies = [spoil(random, policies.join('\n'))];
        made.links = [];
    } else if (kind.name === 'spoilt schema') {
        made.schema = spoil(random, text);
    }
    return { kind: kind.name, case: made };
}
