// SPDX-License-Identifier: Apache-2.0
// Files of kept cases, arrays of {about, case, answer}: read and written so that numbers stay exact and people can read them.
import { readFileSync, writeFileSync } from 'node:fs';
import { exactParse, exactText, Spelling } from './exact_json.mjs';

const WIDTH = 240;

// On one line where it fits, else opened.
function layout(value, indent) {
    const line = exactText(value);
    if (line.length + indent.length <= WIDTH || typeof value !== 'object' || value === null || value instanceof Spelling) {
        return line;
    }
    const inner = `${indent}  `;
    const [open, close] = Array.isArray(value) ? '[]' : '{}';
    const parts = Array.isArray(value) ? value.map((item) => layout(item, inner))
        : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${layout(item, inner)}`);
    return parts.length === 0 ? line : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
}

export const readable = (value) => layout(value, '');
export const readKept = (path) => exactParse(readFileSync(path, 'utf8'));
export const writeKept = (path, entries) => writeFileSync(path, `${readable(entries)}\n`);
