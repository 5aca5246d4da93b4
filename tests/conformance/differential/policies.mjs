// SPDX-License-Identifier: Apache-2.0
// Generates policies, templates with their links, and the request environments that they were made for.
import { Expressions } from './expressions.mjs';
import { boolType, uidType } from './schema.mjs';
import { entityId, literal } from './words.mjs';
import { respaced } from './tokens.mjs';

const uidText = (random, { type, id }) => `${type}::${literal(random, id)}`;

// Some (action, principal type, resource type) that the schema allows, or one that it does not when it allows none.
export function someEnvironment(random, model) {
    const action = random.pick(model.actions.filter(({ appliesTo }) => appliesTo !== null)) ?? null;
    if (action === null) {
        const name = random.pick(model.entities).name;
        return { action: model.actions[0].uid, principal: name, resource: name, context: { kind: 'Record', attributes: [] } };
    }
    const { principals, resources, context } = action.appliesTo;
    return { action: action.uid, principal: random.pick(principals), resource: random.pick(resources), context };
}

// The scope's constraint on principal or resource. Most keep to the environment's type. An entity that it demands is noted
// in `named`, for requests.
function entityScope(random, model, values, variable, name, slots, named) {
    const ancestors = [name, ...model.ancestors.get(name) ?? []];
    const above = () => {
        if (slots !== null && random.chance(0.6)) {
            slots[`?${variable}`] = values.uid(random.pick(ancestors));
            return `?${variable}`;
        }
        return uidText(random, values.uid(random.pick(ancestors)));
    };
    const same = () => {
        const uid = values.uid(name);
        named[variable] = uid;
        if (slots !== null && random.chance(0.5)) {
            slots[`?${variable}`] = uid;
            return `?${variable}`;
        }
        return uidText(random, uid);
    };
    return random.weighted([
        [6, () => `${variable} is ${name}`],
        [2, () => `${variable} == ${same()}`],
        [2, () => `${variable} is ${name} in ${above()}`],
        [2, () => `${variable} in ${above()}`],
        [3, () => variable],
        [0.3, () => `${variable} is ${random.pick(model.entities).name}`],
    ])();
}

function actionScope(random, model, { action }) {
    const declared = model.actions.find(({ uid }) => uid.type === action.type && uid.id === action.id);
    const group = () => uidText(random, random.pick([action, ...declared.parents]));
    const others = () => random.times(0, 2, () => uidText(random, random.pick(model.actions).uid));
    return random.weighted([
        [6, () => `action == ${uidText(random, action)}`],
        [2, () => `action in ${group()}`],
        [2, () => `action in [${random.shuffled([group(), ...others()]).join(', ')}]`],
        [2, () => 'action'],
        [0.2, () => 'action in []'],
        [0.2, () => `action == ${uidType('')}::"undeclared"`],
    ])();
}

function annotations(random) {
    return random.weighted([
        [8, ''],
        [1, '@id("x")\n'],
        [1, '@if("a\\n") @note\n'],
    ]);
}

function conditions(random, expressions, depth) {
    const count = random.weighted([[1, 0], [8, 1], [2, 2], [1, 3]]);
    return Array.from({ length: count }, () => {
        const body = expressions.at(0, expressions.of(boolType, depth, new Set()));
        return `${random.chance(0.8) ? 'when' : 'unless'} { ${body} }`;
    }).join(' ');
}

function policyText(random, model, values, environment, slots, wrongness, named) {
    const expressions = new Expressions(random, model, environment, values, wrongness);
    const scope = [
        entityScope(random, model, values, 'principal', environment.principal, slots, named),
        actionScope(random, model, environment),
        entityScope(random, model, values, 'resource', environment.resource, slots, named),
    ].join(', ');
    const effect = random.chance(0.7) ? 'permit' : 'forbid';
    const text = `${annotations(random)}${effect}(${scope}${random.chance(0.05) ? ',' : ''}) ${
        conditions(random, expressions, random.between(0, 4))};`;
    return random.chance(0.1) ? respaced(random, text) : text;
}

function linkOf(random, slots, template, id, values) {
    const filled = {};
    for (const [slot, uid] of Object.entries(slots)) {
        filled[slot] = random.chance(0.6) ? uid : values.uid(uid.type);
    }
    return { template, id, values: filled };
}

// A fault of a link now and then: an id twice, a slot too many or too few, no such template.
function spoiled(random, link) {
    return random.weighted([
        [1, () => ({ ...link, id: 'policy0' })],
        [1, () => ({ ...link, template: 'policy0' })],
        [1, () => ({ ...link, template: 'nothing' })],
        [1, () => ({ ...link, values: {} })],
        [1, () => ({ ...link, values: { '?principal': { type: 'User', id: entityId(random) }, '?resource': { type: 'User', id: 'a' } } })],
    ])();
}

// {policies: texts, links, environments}.
export function generatePolicies(random, model, values, wrongness) {
    const made = { policies: [], links: [], environments: [] };
    for (let count = random.weighted([[5, 1], [4, 2], [4, 3], [2, 6], [1, 12]]); count > 0; count--) {
        const environment = someEnvironment(random, model);
        const slots = random.chance(0.2) ? {} : null;
        const template = `policy${made.policies.length}`;
        const named = {};
        made.policies.push(policyText(random, model, values, environment, slots, wrongness, named));
        made.environments.push({ ...environment, named });
        if (slots !== null && Object.keys(slots).length > 0) {
            made.links.push(...random.times(0, 3, (i) => linkOf(random, slots, template, `link${made.links.length + i}`, values)));
        }
    }
    if (made.links.length > 0 && random.chance(0.05)) {
        made.links.push(spoiled(random, made.links[0]));
    }
    return made;
}
