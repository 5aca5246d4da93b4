// SPDX-License-Identifier: Apache-2.0
// Makes a case small: tries everything that could be left out and keeps what still disagrees at the same step. Lists lose
// runs of items, objects members, texts tokens and then characters; brackets are replaced by what stands inside.
import { Spelling } from './exact_json.mjs';
import { tokensOf } from './tokens.mjs';

const TRIES = 6000;

class Shrinker {
    constructor(given, stillFails) {
        this.given = given;
        this.stillFails = stillFails;
        this.tries = 0;
    }

    // Takes the candidate if it fails too.
    async take(candidate) {
        if (this.tries++ >= TRIES || !isCase(candidate) || JSON.stringify(candidate) === JSON.stringify(this.given)) {
            return false;
        }
        const fails = await this.stillFails(candidate);
        if (fails) {
            this.given = candidate;
        }
        return fails;
    }

    // Shortens a sequence by runs of half its length, a quarter … one; `put` makes the candidate.
    async sequence(read, put) {
        for (let run = Math.ceil(read().length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
            for (let at = 0; at < read().length;) {
                const items = read();
                const shorter = [...items.slice(0, at), ...items.slice(at + run)];
                at += await this.take(put(shorter)) ? 0 : run;
            }
        }
    }

    async text(read, put) {
        await this.hoist(read, put);
        await this.sequence(() => tokensOf(read()), (tokens) => put(tokens.join('')));
        await this.replace(read, put);
        await this.sequence(() => [...read()], (characters) => put(characters.join('')));
    }

    // Puts what stands in inner brackets in the place of outer ones.
    async hoist(read, put) {
        for (let again = true; again;) {
            again = false;
            const tokens = tokensOf(read());
            for (const [outer, inner] of nestedPairs(tokens)) {
                const shorter = [...tokens.slice(0, outer[0]), ...tokens.slice(...inner), ...tokens.slice(outer[1])].join('');
                if (await this.take(put(shorter))) {
                    again = true;
                    break;
                }
            }
        }
    }

    // Replaces brackets and words by the simplest of their kind.
    async replace(read, put) {
        for (let at = 0; at < tokensOf(read()).length; at++) {
            const tokens = tokensOf(read());
            for (const simpler of /^"/.test(tokens[at]) ? ['""', '"a"'] : /^\d+$/.test(tokens[at]) ? ['0', '1'] : []) {
                if (tokens[at] !== simpler && await this.take(put([...tokens.slice(0, at), simpler, ...tokens.slice(at + 1)].join('')))) {
                    break;
                }
            }
        }
    }

    async value(path) {
        const read = () => path.reduce((value, key) => value?.[key], this.given);
        const value = read();
        if (Array.isArray(value)) {
            await this.sequence(read, (items) => this.with(path, items));
        } else if (isObject(value)) {
            await this.sequence(() => Object.entries(read()), (entries) => this.with(path, Object.fromEntries(entries)));
        } else if (typeof value === 'string') {
            await this.text(read, (text) => this.with(path, text));
        }
        for (const key of isObject(read()) || Array.isArray(read()) ? Object.keys(read()) : []) {
            await this.value([...path, key]);
        }
    }

    with([key, ...rest], value, within = this.given) {
        const copy = Array.isArray(within) ? [...within] : { ...within };
        copy[key] = rest.length === 0 ? value : this.with(rest, value, within[key]);
        return copy;
    }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Spelling);

// Whether everything is there without which it would be no case at all.
function isCase({ policies, links, entities, requests }) {
    return [policies, links, entities, requests].every(Array.isArray)
        && links.every(({ template, id, values }) => [template, id, values].every((part) => part !== undefined))
        && requests.every(({ principal, action, resource, context }) => [principal, action, resource].every((uid) => uid?.type !== undefined
            && uid.id !== undefined) && context !== undefined);
}

// Pairs of token ranges: a bracket with its contents, and the contents of one inside of it.
function nestedPairs(tokens) {
    const open = [];
    const brackets = [];
    tokens.forEach((each, at) => {
        if (/^[([{]$/.test(each)) {
            open.push(at);
        } else if (/^[)\]}]$/.test(each) && open.length > 0) {
            brackets.push([open.pop(), at + 1]);
        }
    });
    return brackets.flatMap((outer) => [[outer, [outer[0] + 1, outer[1] - 1]],
        ...brackets.filter((inner) => inner[0] > outer[0] && inner[1] < outer[1]).map((inner) => [outer, inner])]);
}

// The smallest case found for which `stillFails` (of a case; a promise of a truth value) holds.
export async function shrink(given, stillFails) {
    const shrinker = new Shrinker(given, stillFails);
    for (let size = Infinity; JSON.stringify(shrinker.given).length < size;) {
        size = JSON.stringify(shrinker.given).length;
        for (const part of ['links', 'requests', 'policies', 'entities', 'schema']) {
            await shrinker.value([part]);
        }
    }
    return shrinker.given;
}
