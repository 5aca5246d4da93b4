// SPDX-License-Identifier: Apache-2.0
// The words that everything generated is made of: names, strings, numbers, texts of extension values. Small pools, so
// that things meet; in each pool those at which engines go wrong.

export const reservedWords = ['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', '__cedar'];

export const attributeNames = ['a', 'b', 'c', 'name', 'owner', 'level', 'addr', 'when'];
const oddAttributeNames = ['if', 'in', '', 'two words', 'q"uote', '\u00e9', '\u{1F600}', 'a\u0000b', '__proto_', 'a.b', '1x',
    'principal', 'permit', '_', 'type', 'id', '__entity_', 'uid'];
const typeNames = ['User', 'Group', 'Doc', 'Folder', 'Org', 'T', 'permit', '_e', 'Set_', 'when'];
const commonTypeNames = ['Address', 'Info', 'Num', 'Tags', 'Ctx', 'principal'];
const oddTypeNames = ['Long', 'Bool', 'Boolean', 'String', 'Set', 'Record', 'Entity', 'Extension', 'ipaddr', 'decimal', 'Action', '__cedar', 'if',
    'Datetime'];
export const namespaceNames = ['A', 'A::B', 'C', 'forbid::context', '_n'];
export const actionNames = ['view', 'edit', 'all', 'some', 'x y', '', '\u{1F511}', 'a"b', 'in', 'nul\u0000'];
const ids = ['a', 'b', 'c', 'd', '', 'x y', 'nul\u0000', 'q"\\', '\u00e9', 'e\u0301', '\u{10FFFF}', '*', 'a\nb'];
const strings = ['', 'a', 'b', 'ab', 'abc', 'aab', 'aaaaab', 'a*b', '*', '**', '\\', '"', '\'', '\n', '\r\n', '\t', '\u0000',
    'a\u0000b', '\u007f', '\u00e9', 'e\u0301', '\ud7ff', '\ufeff', '\uffff', '\u{1F600}', '\u{1F600}a', '\u{10FFFF}', '\u2028',
    'ip', '1.2', '{"a":1}', '::', 'A::"b"', '?principal'];
const tagNames = ['t', 'u', '', 'k k', '\u{1F600}'];

const longs = [0n, 1n, -1n, 2n, 3n, 7n, -7n, 10n, 100n, 1000n, 2147483647n, -2147483648n, 4294967296n, 3037000499n,
    3037000500n, 9007199254740991n, 9007199254740993n, -9007199254740993n, 4611686018427387904n, 9223372036854775806n,
    9223372036854775807n, -9223372036854775807n, -9223372036854775808n];

const extensionTexts = {
    decimal: ['0.0', '1.0', '1.0000', '-0.5', '12.34', '0.0001', '-0.0001', '922337203685477.5807', '-922337203685477.5808',
        '00.10', '-0.0', '3.14'],
    ipaddr: ['127.0.0.1', '10.0.0.1', '10.0.0.1/24', '10.0.0.0/24', '10.0.0.0/8', '0.0.0.0/0', '255.255.255.255', '224.0.0.1',
        '224.0.0.0/4', '224.0.0.0/3', '127.0.0.0/7', '::', '::1', '::1/127', 'ff00::1', 'ff00::/8', 'ff00::/7', '::/0', '1:2:3:4:5:6:7::',
        '::2:3:4:5:6:7:8', 'ABCD:ef01::/32', '::ffff:7f00:1', '192.168.0.0/16', '10.0.0.0/32', '2001:db8::1/128'],
    datetime: ['1970-01-01', '2024-02-29', '2024-10-15T11:38:02Z', '2024-10-15T11:38:02.101Z', '2024-10-15T11:38:02.101-0700',
        '2024-10-15T11:38:02+1130', '0000-01-01', '0000-01-01T00:00:00+2359', '9999-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z',
        '9999-12-31T23:59:59.999-2359', '1900-03-01', '2000-02-29'],
    duration: ['0ms', '1ms', '-1ms', '1d', '1d2h3m4s5ms', '-1d', '24h', '86400000ms', '90m', '9223372036854775807ms',
        '-9223372036854775808ms', '106751991167d7h12m55s807ms', '007s', '-0d', '86399999ms'],
};

const wrongExtensionTexts = {
    decimal: ['', '1', '1.', '.1', '1.00000', '+1.0', '1e3', '1.0 ', '922337203685477.5808', '-922337203685477.5809', '1.a',
        '\u0661.0', '--1.0', '1.2.3', '-.5', '1,0', '99999999999999999999.0'],
    ipaddr: ['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/00', '1.2.3.4/01', ':::', '1::2::3',
        '12345::', '::1.2.3.4', '::1%lo', '::1/129', '::1/0128', '::/1 ', '[::1]', '1.2.3.4\u0000', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7',
        '1:2:3:4:5:6:7:8::', '::g', ' ::1', '1.2.3.4/+8', '1.2.3.4/3 '],
    datetime: ['', '2024-1-1', '2024-13-01', '2024-02-30', '2023-02-29', '2024-10-15T24:00:00Z', '2024-10-15T11:60:02Z',
        '2024-10-15T11:38:60Z', '2024-10-15T11:38:02', '2024-10-15t11:38:02Z', '2024-10-15T11:38:02z', '2024-10-15T11:38:02.1Z',
        '2024-10-15T11:38:02.1011Z', '2024-10-15T11:38:02+2400', '2024-10-15T11:38:02+0060', '2024-10-15T11:38:02+07:00', '24-10-15',
        '+2024-10-15', '-2024-10-15', '2024-10-15 11:38:02Z', '2024-10-15Z', '+000010000-01-01', '2024-10-15T11:38Z', '2024-10-15T11:38:02.101'],
    duration: ['', '1', 'ms', '1s1m', '1d1d', '1 d', '+1d', '1D', '1.5h', '9223372036854775808ms', '-9223372036854775809ms',
        '106751991168d', '1w', '-', '--1d', '1d-1h', '9223372036854775807ms1d', '1h 2m', '1ms1s', '99999999999999999999ms'],
};

export const extensionTypes = Object.keys(extensionTexts);
export const extensionFunction = { decimal: 'decimal', ipaddr: 'ip', datetime: 'datetime', duration: 'duration' };

export const isIdentifier = (name) => /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reservedWords.includes(name);

export const attributeName = (random) => random.chance(0.9) ? random.pick(attributeNames) : random.pick(oddAttributeNames);
// Now and then a name that means something already, or will, as a common type's and an entity type's at once.
export const typeName = (random) => random.pick(random.chance(0.97) ? typeNames : oddTypeNames);
export const commonTypeName = (random) => random.chance(0.93) ? random.pick(commonTypeNames) : typeName(random);
export const entityId = (random) => random.chance(0.8) ? random.pick(ids.slice(0, 4)) : random.pick(ids);
export const tagName = (random) => random.pick(tagNames);

export function string(random) {
    return random.chance(0.85) ? random.pick(strings) : random.times(1, 6, () => random.pick(strings)).join('');
}

export function long(random) {
    if (random.chance(0.5)) {
        return BigInt(random.between(-4, 12));
    }
    return random.chance(0.9) ? random.pick(longs) : BigInt.asIntN(64, BigInt(random.below(4294967296)) * 2147483647n * 5n);
}

// A text for the constructor of an extension type, sometimes one that it refuses.
export function extensionText(random, type, wrongness) {
    return random.pick(random.chance(wrongness) ? wrongExtensionTexts[type] : extensionTexts[type]);
}

const escapes = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0', '\\': '\\\\', '"': '\\"', '\'': '\\\'' };

function hexEscape(random, code) {
    const digits = code.toString(16);
    const padded = random.chance(0.3) ? digits.padStart(random.between(1, 6), '0') : digits;
    return `\\u{${random.chance(0.3) ? padded.toUpperCase() : padded}}`;
}

// One character of a string literal, written in one of the ways that there are.
function literalCharacter(random, character, odd) {
    const code = character.codePointAt(0);
    if (random.chance(odd)) {
        return code < 128 && random.chance(0.5) ? `\\x${code.toString(16).padStart(2, '0')}` : hexEscape(random, code);
    }
    if (character === '\n' && random.chance(0.3)) {
        return character;
    }
    return character === '\'' && random.chance(0.5) ? character : escapes[character] ?? character;
}

export function literal(random, text) {
    const odd = random.chance(0.15) ? 0.4 : 0;
    return `"${[...text].map((character) => literalCharacter(random, character, odd)).join('')}"`;
}

// A pattern for `like`: pieces of strings, wildcards, escaped stars.
export function pattern(random) {
    const pieces = random.times(0, 6, () => random.weighted([
        [4, () => '*'],
        [1, () => '\\*'],
        [6, () => literal(random, string(random).replaceAll('*', '')).slice(1, -1)],
    ])());
    return `"${pieces.join('')}"`;
}
