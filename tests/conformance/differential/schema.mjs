// SPDX-License-Identifier: Apache-2.0
// Generates schemas as models, which the other generators read, and writes them in Cedar's schema syntax.
//
// A type is {kind: 'Bool' | 'Long' | 'String'}, {kind: 'Entity', name}, {kind: 'Set', element}, {kind: 'Extension', name} or
// {kind: 'Record', attributes: [{name, optional, type}]}; a type that is written as the name of a common type has that
// name in `alias`. Names in the model are full names.
import { attributeName, commonTypeName, entityId, extensionTypes, isIdentifier, literal, namespaceNames, typeName, actionNames }
    from './words.mjs';

export const boolType = { kind: 'Bool' };
export const longType = { kind: 'Long' };
export const stringType = { kind: 'String' };
export const setOf = (element) => ({ kind: 'Set', element });
export const entityOf = (name) => ({ kind: 'Entity', name });
export const extensionOf = (name) => ({ kind: 'Extension', name });

const qualified = (namespace, name) => namespace === '' ? name : `${namespace}::${name}`;
export const namespaceOf = (name) => name.includes('::') ? name.slice(0, name.lastIndexOf('::')) : '';
export const uidType = (namespace) => qualified(namespace, 'Action');

// A text that is equal for equal types.
export function typeKey(type) {
    switch (type.kind) {
        case 'Set': return `Set<${typeKey(type.element)}>`;
        case 'Record': return `{${type.attributes.map(({ name, optional, type: of }) =>
            `${JSON.stringify(name)}${optional ? '?' : ''}:${typeKey(of)}`).sort().join()}}`;
        default: return `${type.kind}:${type.name ?? ''}`;
    }
}

// ---- Types

class Types {
    constructor(random, entityNames) {
        this.random = random;
        this.entityNames = entityNames;
        this.common = [];
    }

    record(depth, most) {
        const names = [...new Set(this.random.times(0, most, () => attributeName(this.random)))];
        return {
            kind: 'Record',
            attributes: names.map((name) => ({ name, optional: this.random.chance(0.35), type: this.type(depth - 1) })),
        };
    }

    type(depth) {
        const { random } = this;
        if (this.common.length > 0 && random.chance(0.2)) {
            return random.pick(this.common);
        }
        return random.weighted([
            [2, () => boolType],
            [3, () => longType],
            [3, () => stringType],
            [4, () => entityOf(random.pick(this.entityNames))],
            [3, () => extensionOf(random.pick(extensionTypes))],
            [depth > 0 ? 3 : 0, () => setOf(this.type(depth - 1))],
            [depth > 0 ? 2 : 0, () => this.record(depth, 3)],
        ])();
    }
}

// ---- Models

function entityTypes(random, namespaces) {
    const types = [];
    const names = new Set();
    for (let count = random.between(1, 5); count > 0; count--) {
        const namespace = random.pick(namespaces);
        const name = typeName(random);
        const taken = random.chance(0.9) ? types.some((type) => type.local === name) : names.has(qualified(namespace, name));
        if (!taken) {
            names.add(qualified(namespace, name));
            types.push({ namespace, local: name, name: qualified(namespace, name), parents: [], attributes: [], tags: null, ids: null });
        }
    }
    return types;
}

function fillEntityType(random, types, model, entity) {
    if (random.chance(0.15)) {
        entity.ids = [...new Set(random.times(1, 4, () => entityId(random)))];
        return;
    }
    const candidates = random.chance(0.9) ? model.entities.filter((other) => other.ids === null) : model.entities;
    entity.parents = random.sample(candidates, random.between(0, 2)).map((other) => other.name);
    entity.shape = types.common.length > 0 && random.chance(0.1)
        ? types.common.find((type) => type.kind === 'Record') ?? types.record(2, 5) : types.record(2, 5);
    entity.tags = random.chance(0.3) ? types.type(1) : null;
}

function commonTypes(random, types, namespaces) {
    const names = [...new Set(random.times(0, 3, () => commonTypeName(random)))];
    return names.map((local) => {
        const namespace = random.pick(namespaces);
        const type = random.chance(0.5) ? types.record(2, 4) : types.type(1);
        const common = { ...type, alias: qualified(namespace, local) };
        types.common.push(common);
        return { namespace, local, name: common.alias, type };
    });
}

function appliesTo(random, types, model) {
    const names = model.entities.map((entity) => entity.name);
    const records = types.common.filter((type) => type.kind === 'Record');
    return {
        principals: random.sample(names, random.between(1, 2)),
        resources: random.sample(names, random.between(1, 2)),
        context: random.chance(0.2) && records.length > 0 ? random.pick(records) : types.record(2, 4),
    };
}

function actions(random, types, model, namespaces) {
    const made = [];
    for (const id of random.sample(actionNames, random.between(1, 4))) {
        const namespace = random.pick(namespaces);
        made.push({
            namespace,
            id,
            uid: { type: uidType(namespace), id },
            parents: random.sample(made, random.between(0, 2)).map((action) => action.uid),
            appliesTo: random.chance(0.85) ? appliesTo(random, types, model) : null,
        });
    }
    return made;
}

// A schema as a model: {entities, common, actions}.
export function generateSchema(random) {
    const namespaces = random.weighted([
        [4, ['']],
        [2, [random.pick(namespaceNames)]],
        [3, ['', random.pick(namespaceNames)]],
        [1, ['', ...random.sample(namespaceNames, 2)]],
    ]);
    const model = { entities: entityTypes(random, namespaces) };
    const types = new Types(random, model.entities.map((entity) => entity.name));
    model.common = commonTypes(random, types, namespaces);
    model.entities.forEach((entity) => fillEntityType(random, types, model, entity));
    model.actions = actions(random, types, model, namespaces);
    model.ancestors = ancestorTypes(model.entities);
    return model;
}

// Name of an entity type → names of all types that its entities can be in.
function ancestorTypes(entities) {
    const byName = new Map(entities.map((entity) => [entity.name, entity]));
    return new Map(entities.map((entity) => {
        const found = new Set();
        const todo = [...entity.parents];
        while (todo.length > 0) {
            const name = todo.pop();
            if (!found.has(name)) {
                found.add(name);
                todo.push(...(byName.get(name)?.parents ?? []));
            }
        }
        return [entity.name, found];
    }));
}

// ---- Cedar's schema syntax

class SchemaWriter {
    constructor(random) {
        this.random = random;
    }

    // The name as it can be written within a namespace.
    reference(name, namespace) {
        return namespaceOf(name) === namespace && this.random.chance(0.7) ? name.slice(name.lastIndexOf(':') + 1) : name;
    }

    name(name) {
        return isIdentifier(name) && this.random.chance(0.8) ? name : literal(this.random, name);
    }

    list(items) {
        return items.length === 1 && this.random.chance(0.6) ? items[0] : `[${items.join(', ')}]`;
    }

    builtin(name) {
        return this.random.chance(0.1) ? `__cedar::${name}` : name;
    }

    type(type, namespace) {
        if (type.alias !== undefined) {
            return this.reference(type.alias, namespace);
        }
        switch (type.kind) {
            case 'Set': return `Set<${this.type(type.element, namespace)}>`;
            case 'Record': return this.record(type, namespace);
            case 'Entity': return this.reference(type.name, namespace);
            case 'Extension': return this.builtin(type.name);
            default: return this.builtin(type.kind);
        }
    }

    annotations() {
        return this.random.chance(0.05) ? `@${this.random.pick(['doc', 'if', 'x_1'])}${this.random.pick(['', '("text\\n")'])} ` : '';
    }

    record(type, namespace) {
        const attributes = type.attributes.map(({ name, optional, type: of }) =>
            `${this.annotations()}${this.name(name)}${optional ? '?' : ''}: ${this.type(of, namespace)}`);
        return `{${attributes.join(', ')}${attributes.length > 0 && this.random.chance(0.2) ? ',' : ''}}`;
    }

    entity(entity) {
        const start = `${this.annotations()}entity ${entity.local}`;
        if (entity.ids !== null) {
            return `${start} enum [${entity.ids.map((id) => literal(this.random, id)).join(', ')}];`;
        }
        const parents = entity.parents.map((name) => this.reference(name, entity.namespace));
        const isEmpty = entity.shape.attributes.length === 0 && entity.shape.alias === undefined;
        const shape = isEmpty && this.random.chance(0.8) ? ''
            : ` ${entity.shape.alias !== undefined || this.random.chance(0.3) ? '= ' : ''}${this.record(entity.shape, entity.namespace)}`;
        return `${start}${parents.length > 0 ? ` in ${this.list(parents)}` : ''}${shape}`
            + `${entity.tags === null ? '' : ` tags ${this.type(entity.tags, entity.namespace)}`};`;
    }

    actionParent(uid, namespace) {
        return uid.type === uidType(namespace) && this.random.chance(0.7) ? this.name(uid.id)
            : `${uid.type}::${literal(this.random, uid.id)}`;
    }

    action(action) {
        const parents = action.parents.map((uid) => this.actionParent(uid, action.namespace));
        return `${this.annotations()}action ${this.name(action.id)}${parents.length > 0 ? ` in ${this.list(parents)}` : ''}`
            + `${action.appliesTo === null ? '' : ` appliesTo ${this.appliesTo(action)}`};`;
    }

    appliesTo({ namespace, appliesTo: { principals, resources, context } }) {
        const names = (list) => this.list(list.map((name) => this.reference(name, namespace)));
        const parts = [`principal: ${names(principals)}`, `resource: ${names(resources)}`];
        if (context.alias !== undefined || context.attributes.length > 0 || this.random.chance(0.3)) {
            parts.push(`context: ${this.type(context, namespace)}`);
        }
        return `{${this.random.shuffled(parts).join(', ')}${this.random.chance(0.2) ? ',' : ''}}`;
    }

    common({ namespace, local, type }) {
        return `${this.annotations()}type ${local} = ${this.type(type, namespace)};`;
    }
}

// The model as a text, its declarations in any order.
export function schemaText(random, model) {
    const writer = new SchemaWriter(random);
    const declarations = new Map();
    const declare = (namespace, text) => declarations.set(namespace, [...(declarations.get(namespace) ?? []), text]);
    model.common.forEach((common) => declare(common.namespace, writer.common(common)));
    model.entities.forEach((entity) => declare(entity.namespace, writer.entity(entity)));
    model.actions.forEach((action) => declare(action.namespace, writer.action(action)));
    return random.shuffled([...declarations]).map(([namespace, texts]) => {
        const body = random.shuffled(texts).join('\n');
        return namespace === '' ? body : `namespace ${namespace} {\n${body}\n}`;
    }).join('\n');
}
