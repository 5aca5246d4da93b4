// SPDX-License-Identifier: Apache-2.0
// Whether two answers agree. `deliberate` is the whole list of differences that are meant to be.

const methodOfNothing = new RegExp('"(is(Ipv4|Ipv6|Loopback|Multicast|InRange)|(less|greater)Than(OrEqual)?|offset|durationSince|'
    + 'to(Date|Time|Days|Hours|Minutes|Seconds|Milliseconds))":\\[\\]');

const deliberate = [
    // A context that is not of its action's type we refuse when it is read; the official engine reads more (a record where
    // the schema says Long) and refuses it when it validates the request.
    { step: 'parsed', applies: (ours, official) => !ours.parsed && official.valid === false },
    // In JSON a method may be called on nothing, which no text can say; the official engine reads that, and cannot evaluate it.
    { step: 'policies', applies: (ours, official, given) => official.policies && methodOfNothing.test(JSON.stringify(given.policies)) },
];

const isMeant = (step, ...sides) => deliberate.some((rule) => rule.step === step && rule.applies(...sides));

// The first step at which the engines differ, as words, or null. The official engine's undefined is not compared.
export function difference(ours, official, given) {
    if (ours === null) {
        return 'our engine died';
    }
    for (const step of ['schema', 'policies', 'links', 'invalid', 'json', 'entities']) {
        if (official[step] !== undefined && JSON.stringify(ours[step]) !== JSON.stringify(official[step])) {
            return isMeant(step, ours, official, given) ? null : step;
        }
    }
    return official.requests === undefined ? null : requestsDiffer(ours.requests ?? [], official.requests ?? []);
}

function requestsDiffer(ours, official) {
    for (let i = 0; i < official.length; i++) {
        const step = ['otherwise', 'parsed', 'valid', 'decision', 'reasons', 'errors'].find((name) =>
            JSON.stringify(ours[i]?.[name]) !== JSON.stringify(official[i][name]));
        if (step !== undefined && !isMeant(step, ours[i], official[i])) {
            return `request: ${step}`;
        }
    }
    return null;
}
