// SPDX-License-Identifier: Apache-2.0
// Generates entities and contexts: JSON values of the types that a schema gives, with the escapes of Cedar's JSON format
// written out or left out. Integers are BigInt, so that nothing is rounded.
import { Spelling } from './exact_json.mjs';
import { attributeName, entityId, extensionFunction, extensionText, long, string, tagName } from './words.mjs';


export class Values {
    // `implicit`: escapes may be left out, because a schema says the types. `wrongness`: how often a value is wrong.
    constructor(random, model, { implicit, wrongness }) {
        this.random = random;
        this.model = model;
        this.implicit = implicit;
        this.wrongness = wrongness;
    }

    uid(name) {
        const type = this.model.entities.find((entity) => entity.name === name);
        const isKnown = type?.ids && !this.random.chance(this.wrongness);
        return { type: name, id: isKnown ? this.random.pick(type.ids) : entityId(this.random) };
    }

    entity(name) {
        const uid = this.uid(name);
        return this.implicit && this.random.chance(0.4) ? uid : { __entity: uid };
    }

    extension(name) {
        const arg = extensionText(this.random, name, this.wrongness);
        const call = { fn: extensionFunction[name], arg };
        return this.implicit ? this.random.weighted([[3, arg], [1, call], [3, { __extn: call }]]) : { __extn: call };
    }

    offset() {
        const part = (fn, type) => ({ __extn: { fn, arg: extensionText(this.random, type, 0) } });
        return { __extn: { fn: 'offset', args: [part('datetime', 'datetime'), part('duration', 'duration')] } };
    }

    record(attributes) {
        const value = {};
        for (const { name, optional, type } of attributes) {
            const isLeftOut = this.random.chance(optional ? 0.4 : this.wrongness);
            if (!isLeftOut) {
                value[name] = this.value(type);
            }
        }
        if (this.random.chance(this.wrongness)) {
            value[attributeName(this.random)] = this.wrong();
        }
        return value;
    }

    value(type) {
        const { random } = this;
        if (random.chance(this.wrongness / 2)) {
            return this.wrong();
        }
        switch (type.kind) {
            case 'Bool': return random.chance(0.5);
            case 'Long': return long(random);
            case 'String': return string(random);
            case 'Entity': return this.entity(type.name);
            case 'Extension': return type.name === 'datetime' && random.chance(0.1) ? this.offset() : this.extension(type.name);
            case 'Set': return random.times(0, 4, () => this.value(type.element));
            default: return this.record(type.attributes);
        }
    }

    // Something of no particular type.
    wrong() {
        const { random } = this;
        return random.pick([true, 1n, 'a', [], {}, null, [1n, 'a'], { a: { b: [] } }, new Spelling('1.0'), new Spelling('1e3'),
            new Spelling('-0'), 9223372036854775808n, -9223372036854775809n, { __entity: { type: 'User' } }, { __entity: { type: 'User', id: 'a', x: 1n } },
            { __entity: { type: 'A :: B', id: 'a' } }, { __entity: { type: '', id: 'a' } }, { __entity: 'User::"a"' },
            { __entity: { type: 'User', id: 'a' }, b: 1n }, { __extn: { fn: 'ip', arg: '1.2.3.4' } }, { __extn: { fn: 'ip', arg: 1n } },
            { __extn: { fn: 'nothing', arg: 'x' } }, { __extn: { fn: 'decimal', args: ['1.0'] } }, { __extn: { fn: 'ip' } },
            { __extn: 'ip' }, { __expr: '1' }, { type: 'User', id: 'a' }, { fn: 'ip', arg: '::' },
            { __extn: { fn: 'isIpv4', arg: { __extn: { fn: 'ip', arg: '1.2.3.4' } } } }]);
    }
}

// ---- Stores

// Uids of entities that will be in the store, shuffled: parents come after their children, so that no cycle arises.
function uidsOf(random, model, values) {
    const uids = new Map();
    for (const type of model.entities) {
        for (let count = random.between(0, 4); count > 0; count--) {
            const uid = values.uid(type.name);
            uids.set(JSON.stringify(uid), { uid, type });
        }
    }
    return random.shuffled([...uids.values()]);
}

// A long chain of entities of one type that can be in itself.
function chainOf(random, model) {
    const type = model.entities.find((entity) => model.ancestors.get(entity.name).has(entity.name) && entity.ids === null);
    return type === undefined || !random.chance(0.3) ? []
        : random.times(3, 30, (i) => ({ uid: { type: type.name, id: `c${i}` }, type }));
}

function parentsOf(random, model, list, index, values) {
    const { type } = list[index];
    const allowed = model.ancestors.get(type.name);
    const isAllowed = (name) => allowed.has(name) || random.chance(values.wrongness / 4);
    const parents = list.slice(index + 1).filter((other) => isAllowed(other.type.name) && random.chance(0.4)).slice(0, 4)
        .map((other) => other.uid);
    if (allowed.size > 0 && random.chance(0.15)) {
        parents.push(values.uid(random.pick([...allowed])));
    }
    return parents.map((uid) => random.chance(0.3) ? { __entity: uid } : uid);
}

function tagsOf(random, type, values) {
    if (type.tags === null) {
        return random.chance(0.1) ? { tags: {} } : random.chance(values.wrongness) ? { tags: { t: 1n } } : {};
    }
    const tags = {};
    random.times(0, 3, () => { tags[tagName(random)] = values.value(type.tags); });
    return random.chance(0.9) ? { tags } : {};
}

function entityJson(random, model, list, index, values) {
    const { uid, type } = list[index];
    return {
        uid: random.chance(0.3) ? { __entity: uid } : uid,
        attrs: values.record(type.ids === null ? type.shape.attributes : []),
        parents: parentsOf(random, model, list, index, values),
        ...tagsOf(random, type, values),
    };
}

// Faults of a whole store.
const faults = [
    (random, store) => store.push({ uid: { type: 'Undeclared', id: 'a' }, attrs: {}, parents: [] }),
    (random, store) => store.push(store[0] ?? 1n),
    (random, store) => store.push({ ...store[0], attrs: { zz: 1n } }),
    (random, store) => { if (store.length > 0) { store[0].parents = [store[0].uid]; } },
    (random, store) => {
        if (store.length > 1) {
            store[0].parents = [store[1].uid];
            store[1].parents = [store[0].uid];
        }
    },
    (random, store) => { if (store.length > 0) { delete random.pick(store)[random.pick(['uid', 'attrs', 'parents'])]; } },
    (random, store) => { if (store.length > 0) { random.pick(store)[random.pick(['more', 'tags', 'attrs'])] = 1n; } },
    (random, store) => { if (store.length > 0) { random.pick(store).parents = random.pick([null, {}, [1n], ['User::"a"']]); } },
    (random, store, model) => store.push({ uid: model.actions[0].uid, attrs: {}, parents: model.actions[0].parents }),
    (random, store, model) => store.push({ uid: model.actions[0].uid, attrs: { a: 1n }, parents: [] }),
    (random, store) => store.push({ uid: { type: 'Action', id: 'undeclared' }, attrs: {}, parents: [] }),
];

export function generateEntities(random, model, values) {
    const list = [...chainOf(random, model), ...uidsOf(random, model, values)];
    const store = random.shuffled(list.map((_, index) => entityJson(random, model, list, index, values)));
    if (random.chance(values.wrongness * 2)) {
        random.pick(faults)(random, store, model);
    }
    return store;
}
