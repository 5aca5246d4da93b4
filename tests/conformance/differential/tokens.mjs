// SPDX-License-Identifier: Apache-2.0
// Cuts a text into tokens, roughly as Cedar does and without ever failing: for changing and shrinking texts.

const token = /\s+|\/\/[^\n]*|"(?:\\.|[^"\\])*"|\?[a-z]+|[A-Za-z_][A-Za-z0-9_]*|\d+|::|==|!=|<=|>=|&&|\|\||./gsu;

export const tokensOf = (text) => text.match(token) ?? [];

const blanks = [' ', '\n', '\t', '\r\n', '  ', ' // comment " }\n', '\n//\n', '\u00a0', '\u2003', '\f', '\u0085', '\u2028'];

// The same text with other blanks and with comments.
export function respaced(random, text) {
    return tokensOf(text).map((each) => /^\s/u.test(each) || random.chance(0.05) ? `${/^\s/u.test(each) ? '' : ''}${
        random.pick(blanks)}${/^\s/u.test(each) ? '' : each}` : each).join('');
}
