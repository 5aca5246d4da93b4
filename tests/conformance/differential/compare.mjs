// SPDX-License-Identifier: Apache-2.0
// Whether two answers agree. `deliberate` is the whole list of differences that are meant to be.

// A context that is not of its action's type we refuse when it is read; the official engine reads more (a record where the
// schema says Long) and refuses it when it validates the request.
const deliberate = [
    { step: 'parsed', applies: (ours, official) => !ours.parsed && official.valid === false },
];

// The first step at which the engines differ, as words, or null. The official engine's undefined is not compared.
export function difference(ours, official) {
    if (ours === null) {
        return 'our engine died';
    }
    for (const step of ['schema', 'policies', 'links', 'invalid', 'json', 'entities']) {
        if (official[step] !== undefined && JSON.stringify(ours[step]) !== JSON.stringify(official[step])) {
            return step;
        }
    }
    return official.requests === undefined ? null : requestsDiffer(ours.requests ?? [], official.requests ?? []);
}

function requestsDiffer(ours, official) {
    for (let i = 0; i < official.length; i++) {
        const step = ['otherwise', 'parsed', 'valid', 'decision', 'reasons', 'errors'].find((name) =>
            JSON.stringify(ours[i]?.[name]) !== JSON.stringify(official[i][name]));
        if (step !== undefined && !deliberate.some((rule) => rule.step === step && rule.applies(ours[i], official[i]))) {
            return `request: ${step}`;
        }
    }
    return null;
}
