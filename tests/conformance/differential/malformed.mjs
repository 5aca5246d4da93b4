// SPDX-License-Identifier: Apache-2.0
// Spoils texts: tokens that are dropped, doubled, swapped or replaced, characters likewise, ends cut off, wrong escapes.
import { respaced, tokensOf } from './tokens.mjs';

const words = ['permit', 'forbid', 'when', 'unless', 'principal', 'action', 'resource', 'context', 'in', 'is', 'has', 'like', 'if',
    'then', 'else', 'true', 'false', '__cedar', '?principal', '?resource', '?x', '(', ')', '{', '}', '[', ']', ',', ';', ':', '::', '.', '@', '==',
    '!=', '<', '<=', '>', '>=', '&&', '||', '!', '-', '+', '*', '/', '%', '=', '|', '&', '$', '#', '~', '9223372036854775808', '18446744073709551616',
    '0x10', '1_000', '1.5', '007', '"', '\'a\'', '"\\*"', 'ip', 'decimal', 'isEmpty', 'contains', 'lessThan', 'A::B', 'A::"b"', 'Action', 'Action::"a"',
    'namespace', 'entity', 'type', 'appliesTo', 'enum', 'tags', 'Set', 'Set<Long>', 'Long', 'Boolean', 'String', 'Record', 'Entity', 'Extension',
    'attributes', '<', '>', '?', 'ipaddr', '__cedar::Long', '//', '/*', '\n', '\u00e9', '\u00a0', '\u{1F600}', '\u0000', '\ufeff', '\u200b', '@id("x")'];

const wrongEscapes = ['\\q', '\\u{110000}', '\\u{d800}', '\\u{}', '\\u{1234567}', '\\u{0_0_41}', '\\u{_41}', '\\u{41_}', '\\x80', '\\xg0', '\\x7', '\\u0041',
    '\\*', '\\\n', '\r', '\\a', '\\', '\\U{41}', '\\x7F', '\\X41', '\\u{ 41}', '\\0', '\\u{000041}', '\\N', '\\e', '\\b', '\\/', '\\?', '\\u{41'];

const edits = [
    (random, tokens, at) => tokens.splice(at, 1),
    (random, tokens, at) => tokens.splice(at, random.between(1, 5)),
    (random, tokens, at) => tokens.splice(at, 0, tokens[at]),
    (random, tokens, at) => tokens.splice(at, 0, random.pick(words)),
    (random, tokens, at) => tokens.splice(at, 0, ` ${random.pick(words)} `),
    (random, tokens, at) => tokens.splice(at, 1, random.pick(words)),
    (random, tokens, at) => tokens.splice(at, 1, random.pick(tokens)),
    (random, tokens, at) => {
        const other = random.below(tokens.length);
        [tokens[at], tokens[other]] = [tokens[other], tokens[at]];
    },
];

function editTokens(random, text) {
    const tokens = tokensOf(text);
    for (let count = random.weighted([[6, 1], [2, 2], [1, 4]]); count > 0 && tokens.length > 0; count--) {
        random.pick(edits)(random, tokens, random.below(tokens.length));
    }
    return tokens.join('');
}

function editCharacters(random, text) {
    const characters = [...text];
    for (let count = random.between(1, 2); count > 0 && characters.length > 0; count--) {
        const at = random.below(characters.length);
        const inserted = random.chance(0.5) ? random.pick(characters) : String.fromCodePoint(random.between(0, 127));
        characters.splice(at, random.below(2), ...random.chance(0.6) ? [inserted] : []);
    }
    return characters.join('');
}

// An escape, right or wrong, inside of a string.
function editString(random, text) {
    const quotes = [...text.matchAll(/"/g)].map(({ index }) => index);
    if (quotes.length === 0) {
        return editTokens(random, text);
    }
    const at = random.pick(quotes) + 1;
    return text.slice(0, at) + random.pick(wrongEscapes) + text.slice(at);
}

// Deep brackets and long chains, all far below the depth at which the official engine crashes.
function nest(random, text) {
    const depth = random.between(2, 40);
    const [open, close] = random.pick([['(', ')'], ['[', ']'], ['!', ''], ['-', ''], ['{a: ', '}.a'], ['if true then ', ' else false']]);
    return text.replace(/\b(true|false|principal|resource|context|\d+)\b(?!\s*[:(])/, (word) => open.repeat(depth) + word + close.repeat(depth));
}

export function spoil(random, text) {
    return random.weighted([
        [8, editTokens],
        [3, editCharacters],
        [2, editString],
        [1, (_, all) => [...all].slice(0, random.below(all.length + 1)).join('')],
        [1, nest],
        [0.5, respaced],
    ])(random, text);
}

// ---- JSON

const jsonValues = [null, true, 1n, '', 'a', [], {}, ['a'], 'Long', 'Set', 'Record', 'Entity', 'principal', 'All', '==', 'in', 'is', '?principal',
    { type: 'Long' }, { type: 'Set' }, { type: 'Nothing' }, { type: 'Record', attributes: {} }, { type: 'Entity', name: 'User' }, { Var: 'context' },
    { Value: 1n }, { Value: null }, { Value: [1n] }, { Value: { a: 1n } }, { Value: { __entity: { type: 'User', id: 'a' } } }, { Slot: '?principal' },
    { Value: { __extn: { fn: 'ip', arg: '::' } } }, { ip: [] }, { op: 'All' }, { __entity: { type: 'User', id: 'a' } }];
const jsonKeys = ['type', 'name', 'element', 'attributes', 'required', 'additionalAttributes', 'annotations', 'shape', 'tags', 'enum', 'memberOf',
    'memberOfTypes', 'appliesTo', 'principalTypes', 'resourceTypes', 'context', 'id', 'effect', 'principal', 'op', 'slot', 'entity', 'entities', 'in',
    'conditions', 'kind', 'body', 'left', 'right', 'arg', 'attr', 'pattern', '==', '!=', '!', 'neg', '.', 'has', 'is', 'Set', 'Record', 'more'];

function placesOf(value, places) {
    if (typeof value === 'object' && value !== null) {
        Object.keys(value).forEach((key) => {
            places.push([value, key]);
            placesOf(value[key], places);
        });
    }
    return places;
}

// A change somewhere in a copy of the value.
export function spoilJson(random, value) {
    const copy = structuredClone(value);
    const places = placesOf(copy, []);
    if (places.length === 0) {
        return copy;
    }
    const [within, key] = random.pick(places);
    const isList = Array.isArray(within);
    random.weighted([
        [3, () => put(within, key, random.pick(jsonValues))],
        [3, () => { isList ? within.splice(Number(key), 1) : delete within[key]; }],
        [2, () => { isList ? within.push(random.pick(jsonValues)) : put(within, random.pick(jsonKeys), random.pick(jsonValues)); }],
        [2, () => { const [other, name] = random.pick(places); put(within, key, structuredClone(other[name])); }],
        [1, () => { if (!isList) { put(within, random.pick(jsonKeys), within[key]); delete within[key]; } }],
    ])();
    return copy;
}

// An array only takes an array's place: where the official engine wants an object it takes an array too, as the values of
// the object's keys in the order of its source code. We refuse that on purpose.
function put(within, key, value) {
    if (!Array.isArray(value) || Array.isArray(within[key])) {
        within[key] = value;
    }
}
