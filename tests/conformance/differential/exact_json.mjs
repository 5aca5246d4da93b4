// SPDX-License-Identifier: Apache-2.0
// JSON whose numbers stay as they are spelt: integers are BigInt here, all other numbers Spelling. (JSON.rawJSON of Node 20
// would do for writing, but garbles texts that have characters beyond Latin-1.)

export class Spelling {
    constructor(text) {
        this.text = text;
    }
}

const nativeStringify = JSON.stringify;

export function exactText(value) {
    if (typeof value === 'bigint') {
        return value.toString();
    }
    if (value instanceof Spelling) {
        return value.text;
    }
    if (Array.isArray(value)) {
        return `[${value.map((item) => exactText(item ?? null)).join(',')}]`;
    }
    if (typeof value !== 'object' || value === null) {
        return nativeStringify(value);
    }
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${nativeStringify(key)}:${exactText(member)}`).join(',')}}`;
}

// Numbers are made strings with this mark in front before JavaScript reads them.
const mark = '\ue000number:';
const stringOrNumber = /"(?:\\.|[^"\\])*"|-?\d[\d.eE+-]*/gs;

function revive(key, value) {
    if (typeof value !== 'string' || !value.startsWith(mark)) {
        return value;
    }
    const text = value.slice(mark.length);
    return /^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : new Spelling(text);
}

export const exactParse = (text) =>
    JSON.parse(text.replace(stringOrNumber, (each) => each.startsWith('"') ? each : `"${mark}${each}"`), revive);

// Lets code that we do not own write exact numbers: the official engine's wrapper, which calls JSON.stringify.
export function makeStringifyExact() {
    JSON.stringify = (value, ...rest) => rest.length === 0 ? exactText(value) : nativeStringify(value, ...rest);
}
