// SPDX-License-Identifier: Apache-2.0
// Generates expressions of a wanted type for one request environment {principal, action, resource, context}: mostly
// well-typed in Cedar's strict sense, reading optional attributes and tags behind `has` and `hasTag`, with wrong ones
// strewn in as often as `wrongness` says.
//
// An expression is {text, level}: the level of the grammar's rule that it is, so that parentheses stand where they must
// and, now and then, where they need not.
import { boolType, entityOf, extensionOf, longType, setOf, stringType, typeKey } from './schema.mjs';
import { attributeName, extensionFunction, extensionText, extensionTypes, isIdentifier, literal, long, pattern, string, tagName }
    from './words.mjs';

const IF = 0, OR = 1, AND = 2, RELATION = 3, ADD = 4, MULTIPLY = 5, UNARY = 6, MEMBER = 7;
const PATH_DEPTH = 3;

const node = (level, text) => ({ level, text });

export class Expressions {
    constructor(random, model, environment, values, wrongness) {
        this.random = random;
        this.model = model;
        this.environment = environment;
        this.values = values;
        this.wrongness = wrongness;
        this.paths = this.allPaths();
    }

    // The text of an expression where a rule of `level` is expected.
    at(level, { level: has, text }) {
        return has < level || this.random.chance(0.05) ? `(${text})` : text;
    }

    // ---- Paths: what can be read from the variables

    allPaths() {
        const { principal, action, resource, context } = this.environment;
        const roots = [['principal', entityOf(principal)], ['resource', entityOf(resource)], ['context', context],
            ['action', entityOf(action.type)]];
        const paths = [];
        for (const [text, type] of roots) {
            this.addPaths(paths, { text, type, guards: [] }, PATH_DEPTH);
        }
        return paths;
    }

    addPaths(paths, path, depth) {
        path.key = typeKey(path.type);
        paths.push(path);
        for (const attribute of depth > 0 && paths.length < 200 ? this.attributesOf(path.type) : []) {
            const guard = `${path.text} ${attribute.name}`;
            const guards = attribute.optional ? [...path.guards, { guard, test: this.hasText(path.text, attribute.name) }] : path.guards;
            this.addPaths(paths, { text: path.text + this.access(attribute.name), type: attribute.type, guards }, depth - 1);
        }
    }

    attributesOf(type) {
        return type.kind === 'Entity' ? this.entityType(type.name)?.shape?.attributes ?? [] : type.attributes ?? [];
    }

    entityType(name) {
        return this.model.entities.find((entity) => entity.name === name);
    }

    access(name) {
        return isIdentifier(name) && this.random.chance(0.9) ? `.${name}` : `[${literal(this.random, name)}]`;
    }

    // A guard as an expression.
    hasText(path, name) {
        const key = isIdentifier(name) && this.random.chance(0.9) ? name : literal(this.random, name);
        return node(RELATION, `${path} has ${key}`);
    }

    usable(known, accepts) {
        return this.paths.filter((path) => accepts(path.type) && path.guards.every(({ guard }) => known.has(guard)));
    }

    usableOf(type, known) {
        const wanted = typeKey(type);
        return this.paths.filter(({ key, guards }) => key === wanted && guards.every(({ guard }) => known.has(guard)));
    }

    // ---- Any type

    // An expression of `type`; `known` are the guards that hold here.
    of(type, depth, known) {
        const { random } = this;
        if (random.chance(this.wrongness)) {
            return this.wrong(depth, known);
        }
        const paths = this.usableOf(type, known);
        if (paths.length > 0 && random.chance(0.45)) {
            return node(MEMBER, random.pick(paths).text);
        }
        if (depth > 0 && random.chance(type.kind === 'Bool' ? 0 : 0.08)) {
            return this.conditional(type, depth - 1, known);
        }
        const make = { Bool: 'bool', Long: 'long', String: 'text', Entity: 'entity', Set: 'set', Record: 'record', Extension: 'extension' };
        return this[make[type.kind]](type, depth, known);
    }

    wrong(depth, known) {
        const { random } = this;
        return random.weighted([
            [4, () => this.of(this.someType(1), Math.max(depth - 1, 0), known)],
            [2, () => node(MEMBER, random.pick(this.paths).text)],
            [2, () => node(MEMBER, random.pick(this.paths).text + this.access(attributeName(random)))],
            [1, () => node(MEMBER, `${random.pick(this.paths).text}.getTag(${literal(random, tagName(random))})`)],
            [1, () => node(MEMBER, `${random.pick(extensionTypes.map((type) => extensionFunction[type]))}(${this.wrongArguments()})`)],
            [1, () => node(MEMBER, '[]')],
            [1, () => node(MEMBER, `Undeclared::${literal(random, 'a')}`)],
            [1, () => this.wrongCall(depth, known)],
        ])();
    }

    wrongArguments() {
        const { random } = this;
        return random.pick(['', '1', 'context', '"1.0", "2.0"', literal(random, extensionText(random, random.pick(extensionTypes), 0.8))]);
    }

    // An extension's method with any operand and any number of arguments.
    wrongCall(depth, known) {
        const { random } = this;
        const method = random.pick(['lessThan', 'isIpv4', 'isInRange', 'offset', 'toDate', 'durationSince', 'toDays', 'isLoopback']);
        const operands = random.times(0, 2, () => this.at(IF, this.of(this.someType(1), 0, known)));
        return node(MEMBER, `${this.at(MEMBER, this.of(this.someType(1), Math.max(depth - 1, 0), known))}.${method}(${operands.join(', ')})`);
    }

    someType(depth) {
        const { random } = this;
        const paths = this.paths.filter(({ type }) => type.kind !== 'Record');
        return random.weighted([
            [3, () => longType],
            [2, () => stringType],
            [1, () => boolType],
            [3, () => extensionOf(random.pick(extensionTypes))],
            [2, () => entityOf(random.pick(this.model.entities).name)],
            [4, () => random.pick(paths).type],
            [depth > 0 ? 3 : 0, () => setOf(this.someType(depth - 1))],
            [depth > 0 ? 2 : 0, () => this.someRecord(depth - 1)],
        ])();
    }

    someRecord(depth) {
        const names = [...new Set(this.random.times(0, 3, () => attributeName(this.random)))];
        return { kind: 'Record', attributes: names.map((name) => ({ name, optional: false, type: this.someType(depth) })) };
    }

    conditional(type, depth, known) {
        const guard = this.guardOrBool(depth, known);
        const then = this.at(IF, this.of(type, depth, guard.known));
        return node(IF, `if ${this.at(IF, guard)} then ${then} else ${this.at(IF, this.of(type, depth, known))}`);
    }

    // ---- Bool

    bool(type, depth, known) {
        const { random } = this;
        if (depth <= 0) {
            return random.chance(0.2) ? node(MEMBER, random.pick(['true', 'false'])) : this.atom(0, known);
        }
        return random.weighted([
            [5, () => this.and(depth - 1, known)],
            [3, () => this.or(depth - 1, known)],
            [2, () => node(UNARY, '!'.repeat(random.weighted([[8, 1], [1, 2], [1, 4]])) + this.at(MEMBER, this.bool(type, depth - 1, known)))],
            [1, () => this.conditional(type, depth - 1, known)],
            [12, () => this.atom(depth - 1, known)],
        ])();
    }

    and(depth, known) {
        const parts = [];
        for (let count = this.random.weighted([[6, 2], [2, 3], [1, 5]]); count > 0; count--) {
            const part = this.guardOrBool(depth, known);
            parts.push(this.at(RELATION, part));
            if (part.opens !== undefined && this.random.chance(0.6)) {
                parts.push(this.at(RELATION, this.about(part.opens, depth, part.known)));
            }
            known = part.known;
        }
        return { ...node(AND, parts.join(' && ')), known };
    }

    // A Bool about something that a guard has just opened.
    about({ text, type }, depth, known) {
        const other = (wanted) => this.at(ADD, this.of(wanted, depth, known));
        const { random } = this;
        switch (type.kind) {
            case 'Bool': return node(MEMBER, text);
            case 'Long': return node(RELATION, `${text} ${random.pick(['<', '<=', '>', '>=', '==', '!='])} ${other(type)}`);
            case 'String': return node(RELATION, random.chance(0.5) ? `${text} like ${pattern(random)}` : `${text} != ${other(type)}`);
            case 'Set': return node(MEMBER, random.chance(0.5) ? `${text}.contains(${other(type.element)})` : `${text}.isEmpty()`);
            default: return node(RELATION, `${text} ${random.pick(['==', '!='])} ${other(type)}`);
        }
    }

    or(depth, known) {
        const parts = this.random.times(2, 3, () => this.at(AND, this.of(boolType, depth, known)));
        return node(OR, parts.join(' || '));
    }

    // A Bool, in `known` with what it proves.
    guardOrBool(depth, known) {
        const guard = this.random.chance(0.5) ? this.guard(known) : null;
        return guard ?? { ...this.of(boolType, depth, known), known };
    }

    // `x has a` or `x.hasTag("k")` for something optional that can be reached, or null.
    guard(known) {
        const { random } = this;
        const open = this.paths.filter(({ guards }) => guards.length > 0 && !guards.every(({ guard }) => known.has(guard)));
        const tagged = this.usable(known, (type) => type.kind === 'Entity' && (this.entityType(type.name)?.tags ?? null) !== null);
        if (tagged.length > 0 && random.chance(open.length > 0 ? 0.4 : 1)) {
            return this.tagGuard(random.pick(tagged), known);
        }
        if (open.length === 0) {
            return null;
        }
        const path = random.pick(open);
        const { guard, test } = path.guards.find((missing) => !known.has(missing.guard));
        const opened = new Set([...known, guard]);
        return { ...test, known: opened, ...path.guards.every((each) => opened.has(each.guard)) ? { opens: path } : {} };
    }

    tagGuard(path, known) {
        const tag = literal(this.random, tagName(this.random));
        const text = `${path.text}.getTag(${tag})`;
        const test = node(MEMBER, `${path.text}.hasTag(${tag})`);
        const type = this.entityType(path.type.name).tags;
        if (!this.paths.some((other) => other.text === text)) {
            this.addPaths(this.paths, { text, type, guards: [...path.guards, { guard: text, test }] }, 1);
        }
        return { ...test, known: new Set([...known, text]), opens: { text, type } };
    }

    atom(depth, known) {
        const { random } = this;
        return random.weighted([
            [5, () => this.equality(depth, known)],
            [5, () => this.order(depth, known)],
            [4, () => this.membership(depth, known)],
            [2, () => this.is(depth, known)],
            [3, () => this.has(known)],
            [3, () => this.like(depth, known)],
            [4, () => this.setTest(depth, known)],
            [2, () => this.hasTag(depth, known)],
            [3, () => this.extensionTest(depth, known)],
        ])();
    }

    equality(depth, known) {
        const type = this.someType(2);
        const operator = this.random.pick(['==', '==', '!=']);
        return node(RELATION, `${this.at(ADD, this.of(type, depth, known))} ${operator} ${this.at(ADD, this.of(type, depth, known))}`);
    }

    order(depth, known) {
        const type = this.random.pick([longType, longType, extensionOf('datetime'), extensionOf('duration')]);
        const operator = this.random.pick(['<', '<=', '>', '>=']);
        return node(RELATION, `${this.at(ADD, this.of(type, depth, known))} ${operator} ${this.at(ADD, this.of(type, depth, known))}`);
    }

    entityNameFrom(known) {
        const paths = this.usable(known, (type) => type.kind === 'Entity');
        return this.random.chance(0.8) ? this.random.pick(paths).type.name : this.random.pick(this.model.entities).name;
    }

    ancestorName(name) {
        const ancestors = [...this.model.ancestors.get(name) ?? []];
        return ancestors.length > 0 && this.random.chance(0.7) ? this.random.pick(ancestors) : name;
    }

    membership(depth, known) {
        const name = this.entityNameFrom(known);
        const above = entityOf(this.ancestorName(name));
        const right = this.of(this.random.chance(0.5) ? above : setOf(above), depth, known);
        return node(RELATION, `${this.at(ADD, this.of(entityOf(name), depth, known))} in ${this.at(ADD, right)}`);
    }

    is(depth, known) {
        const name = this.entityNameFrom(known);
        const asked = this.random.chance(0.7) ? name : this.random.pick(this.model.entities).name;
        const text = `${this.at(ADD, this.of(entityOf(name), depth, known))} is ${asked}`;
        return node(RELATION, this.random.chance(0.3)
            ? `${text} in ${this.at(ADD, this.of(entityOf(this.ancestorName(asked)), depth, known))}` : text);
    }

    has(known) {
        const { random } = this;
        const path = random.pick(this.usable(known, (type) => type.kind === 'Entity' || type.kind === 'Record'));
        const names = this.attributesOf(path.type).map(({ name }) => name);
        const name = names.length > 0 && random.chance(0.8) ? random.pick(names) : attributeName(random);
        if (!isIdentifier(name)) {
            return node(RELATION, `${path.text} has ${literal(random, name)}`);
        }
        const rest = random.chance(0.3) ? this.hasPath(path.type, name) : '';
        return node(RELATION, `${path.text} has ${name}${rest}`);
    }

    hasPath(type, name) {
        const inner = this.attributesOf(type).find((attribute) => attribute.name === name)?.type;
        const names = (inner === undefined ? [] : this.attributesOf(inner)).map((attribute) => attribute.name).filter(isIdentifier);
        return names.length > 0 ? `.${this.random.pick(names)}` : this.random.chance(this.wrongness * 5) ? '.a' : '';
    }

    like(depth, known) {
        return node(RELATION, `${this.at(ADD, this.of(stringType, depth, known))} like ${pattern(this.random)}`);
    }

    setTest(depth, known) {
        const { random } = this;
        const element = random.chance(0.7) ? this.someType(0) : this.someType(1);
        const set = this.at(MEMBER, this.of(setOf(element), depth, known));
        return node(MEMBER, random.weighted([
            [3, () => `${set}.contains(${this.at(IF, this.of(element, depth, known))})`],
            [2, () => `${set}.containsAll(${this.at(IF, this.of(setOf(element), depth, known))})`],
            [2, () => `${set}.containsAny(${this.at(IF, this.of(setOf(element), depth, known))})`],
            [1, () => `${set}.isEmpty()`],
        ])());
    }

    hasTag(depth, known) {
        const { random } = this;
        const entity = this.of(entityOf(this.entityNameFrom(known)), depth, known);
        const tag = random.chance(0.7) ? literal(random, tagName(random)) : this.at(IF, this.of(stringType, depth, known));
        return node(MEMBER, `${this.at(MEMBER, entity)}.hasTag(${tag})`);
    }

    extensionTest(depth, known) {
        const { random } = this;
        const operand = (type) => this.of(extensionOf(type), depth, known);
        return node(MEMBER, random.weighted([
            [2, () => `${this.at(MEMBER, operand('decimal'))}.${random.pick(['lessThan', 'lessThanOrEqual', 'greaterThan',
                'greaterThanOrEqual'])}(${this.at(IF, operand('decimal'))})`],
            [2, () => `${this.at(MEMBER, operand('ipaddr'))}.isInRange(${this.at(IF, operand('ipaddr'))})`],
            [2, () => `${this.at(MEMBER, operand('ipaddr'))}.${random.pick(['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'])}()`],
        ])());
    }

    // ---- Other types

    long(type, depth, known) {
        const { random } = this;
        const operand = (level) => this.at(level, this.of(longType, depth - 1, known));
        if (depth <= 0) {
            return this.number();
        }
        return random.weighted([
            [5, () => this.number()],
            [3, () => node(ADD, `${operand(ADD)} ${random.pick('+-')} ${operand(MULTIPLY)}`)],
            [2, () => node(MULTIPLY, `${operand(MULTIPLY)} * ${operand(UNARY)}`)],
            [1, () => node(UNARY, '-'.repeat(random.weighted([[6, 1], [1, 2], [1, 4]])) + this.bracketed(operand(IF)))],
            [1, () => node(MEMBER, `${this.at(MEMBER, this.of(extensionOf('duration'), depth - 1, known))}.${
                random.pick(['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'])}()`)],
        ])();
    }

    bracketed(text) {
        return `(${text})`;
    }

    number() {
        const value = long(this.random);
        const digits = `${this.random.chance(0.05) ? '00' : ''}${value < 0n ? -value : value}`;
        return value < 0n ? node(UNARY, `-${digits}`) : node(MEMBER, digits);
    }

    text() {
        return node(MEMBER, literal(this.random, string(this.random)));
    }

    entity({ name }) {
        if (this.random.chance(this.wrongness)) {
            return node(MEMBER, `${name}::${literal(this.random, string(this.random))}`);
        }
        const isAction = name === this.environment.action.type && this.entityType(name) === undefined;
        const uid = isAction ? this.random.pick(this.model.actions.filter((action) => action.uid.type === name)).uid : this.values.uid(name);
        return node(MEMBER, `${uid.type}::${literal(this.random, uid.id)}`);
    }

    set({ element }, depth, known) {
        const items = this.random.times(this.random.chance(this.wrongness) ? 0 : 1, 3, () => this.at(IF, this.of(element, depth - 1, known)));
        return node(MEMBER, `[${items.join(', ')}${this.random.chance(0.05) && items.length > 0 ? ',' : ''}]`);
    }

    record({ attributes }, depth, known) {
        const fields = this.random.shuffled(attributes).filter(({ optional }) => !optional || this.random.chance(0.5));
        const texts = fields.map(({ name, type }) => {
            const key = isIdentifier(name) && this.random.chance(0.7) ? name : literal(this.random, name);
            return `${key}: ${this.at(IF, this.of(type, depth - 1, known))}`;
        });
        return node(MEMBER, `{${texts.join(', ')}}`);
    }

    extension({ name }, depth, known) {
        const { random } = this;
        const operand = (type) => this.of(extensionOf(type), depth - 1, known);
        if (depth > 0 && name === 'datetime' && random.chance(0.4)) {
            const start = this.at(MEMBER, operand('datetime'));
            return node(MEMBER, random.chance(0.5) ? `${start}.toDate()` : `${start}.offset(${this.at(IF, operand('duration'))})`);
        }
        if (depth > 0 && name === 'duration' && random.chance(0.4)) {
            const start = this.at(MEMBER, operand('datetime'));
            return node(MEMBER, random.chance(0.5) ? `${start}.toTime()` : `${start}.durationSince(${this.at(IF, operand('datetime'))})`);
        }
        return node(MEMBER, `${extensionFunction[name]}(${literal(random, extensionText(random, name, this.wrongness))})`);
    }
}
