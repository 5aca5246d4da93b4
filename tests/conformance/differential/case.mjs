// SPDX-License-Identifier: Apache-2.0
// Puts one case together. `kind` says what was wanted of it; what it turned out to be, the engines say.
import { generateEntities, Values } from './entities.mjs';
import { spoil, spoilJson } from './malformed.mjs';
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

// Some schemas and policies are given in JSON, as `oracle` converts them, and some of those are spoilt; of some texts their
// JSON is asked for (of a schema that was JSON the official engine gives back what it was given, even where it means the same).
function inJson(random, kind, made, oracle) {
    const convert = (text, json) => json(text) ?? text;
    const spoilt = (value, when) => typeof value === 'object' && when ? spoilJson(random, value) : value;
    if (made.schema !== undefined && random.chance(0.12)) {
        made.schema = spoilt(convert(made.schema, (text) => oracle.schemaJson(text)), kind.name === 'well-typed' && random.chance(0.3));
    }
    if (kind.name !== 'spoilt policies' && random.chance(0.15)) {
        made.policies = made.policies.map((text) => convert(text, (policy) => oracle.json(policy)));
        if (random.chance(0.3)) {
            made.policies = made.policies.map((policy) => spoilt(policy, random.chance(0.4)));
        }
    } else if (kind.name !== 'spoilt policies' && typeof made.schema !== 'object' && random.chance(0.12)) {
        made.json = true;
    }
}

// Case number `index` of a seed: {kind, case}.
export function generateCase(seed, index, oracle) {
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
    inJson(random, kind, made, oracle);
    return { kind: kind.name, case: made };
}
