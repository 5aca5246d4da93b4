// SPDX-License-Identifier: Apache-2.0
// JSON whose numbers stay as they are spelt: integers are BigInt here, all other numbers Spelling. (JSON.rawJSON of Node 20
// would do for writing, but garbles texts that have characters beyond Latin-1.)

export class Spelling {
    constructor(text) {
        this.text = text;
    }
}

const nativeStringify = JSON.stringify;
const nativeParse = JSON.parse;

// With `sorted` the keys of objects stand in the order of their bytes.
export function exactText(value, sorted = false) {
    if (typeof value === 'bigint') {
        return value.toString();
    }
    if (value instanceof Spelling) {
        return value.text;
    }
    if (Array.isArray(value)) {
        return `[${value.map((item) => exactText(item ?? null, sorted)).join(',')}]`;
    }
    if (typeof value !== 'object' || value === null) {
        return nativeStringify(value);
    }
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    if (sorted) {
        members.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }
    return `{${members.map(([key, member]) => `${nativeStringify(key)}:${exactText(member, sorted)}`).join(',')}}`;
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
    nativeParse(text.replace(stringOrNumber, (each) => each.startsWith('"') ? each : `"${mark}${each}"`), revive);

// Lets code that we do not own keep exact numbers: the official engine's wrapper, which calls JSON.stringify and JSON.parse.
export function makeJsonExact() {
    JSON.stringify = (value, ...rest) => rest.length === 0 ? exactText(value) : nativeStringify(value, ...rest);
    JSON.parse = (text, ...rest) => rest.length === 0 && /\d{16}/.test(text) ? exactParse(text) : nativeParse(text, ...rest);
}
