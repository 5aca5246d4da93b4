// SPDX-License-Identifier: Apache-2.0
// Is the schema that Amanat derives from services and vocabulary one that Cedar's own tools can work with? The official
// engine parses what `amanat schema` prints, and both validate the same policies against it: those of the demo, and a list
// of right and wrong ones for each folder. `cedar_folders` beside this folder starts it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
    options: { install: { type: 'string' }, root: { type: 'string' }, amanat: { type: 'string' } },
});
const cedar = createRequire(`${options.install}/`)('@cedar-policy/cedar-wasm/nodejs');

const of = (action, type, condition) => `(principal, action == Action::"${action}", resource is ${type}) when { ${condition} };`;

// Policies without effect and id, each on one line. Half of them are wrong. None asks with `has` for what nothing has, which
// is a fault here only.
const LAHORE = [
    of('reveal:place.city', 'Sighting', 'resource.city == "Lahore"'),
    of('reveal:place.city', 'Sighting', 'resource.cty == "Lahore"'),
    of('reveal:place.city', 'Alert', 'resource.status == "open"'),
    of('reveal:alert.kind', 'Alert', 'resource.status == "open"'),
    of('reveal:alert.kind', 'Alert', 'resource.amount > 7'),
    of('reveal:alert.kind', 'Alert', 'resource has amount && resource.amount > 7'),
    of('reveal:alert.kind', 'Alert', 'resource has amount && resource.amount.lessThan(decimal("7.0"))'),
    of('mask:person.cnic', 'Sighting', 'resource.owner.cnic == "1"'),
    of('mask:person.cnic', 'Sighting', 'resource has owner.cnic && resource.owner.cnic like "35*"'),
    of('coarsen:place.latitude', 'Incident', 'resource has position.latitude && '
        + 'resource.position.latitude.greaterThan(decimal("31.0"))'),
    of('coarsen:place.latitude', 'Incident', 'resource has position && resource.position.latitude.greaterThan(decimal("31.0"))'),
    of('coarsen:time', 'Incident', 'resource.occurredAt < context.now'),
    of('coarsen:time', 'Incident', 'resource.occurredAt < "2026-01-01"'),
    of('coarsen:vehicle.plate', 'Sighting', 'true'),
    of('findSightings', 'Service', 'context.parameters has plate && context.parameters.plate == "LEB-1"'),
    of('findSightings', 'Service', 'context.parameters.plate == "LEB-1"'),
    of('findSightings', 'Service', 'context.parameters has from && context.parameters.from < context.now'),
    of('findSightings', 'Service', 'context.parameters.limit == 1'),
    of('findSightings', 'Sighting', 'true'),
    of('query:vehicle.plate', 'Service', 'context.parameters has plate'),
    of('query:vehicle.plate', 'Service', 'context.network.address.isInRange(ip("10.0.0.0/8")) && context.authentication.token'),
    of('query:vehicle', 'Service', 'true'),
    of('query:person.name', 'Service', 'true'),
    of('submit:time', 'Service', 'true'),
    '(principal, action in Action::"query:vehicle", resource) when { context.need.signed };',
    '(principal, action in [Action::"reveal:person", Action::"mask:account"], resource is Alert) when { principal.partner.city == "x" };',
    '(principal, action in Action::"disclose", resource) when { resource.city == "Lahore" };',
    '(principal, action in Action::"disclose", resource) when { resource has city && resource.city == "Lahore" };',
    '(principal is Partner, action, resource);',
    '(principal in Agent::"a", action, resource);',
    '(principal, action, resource in Partner::"ravi-cameras");',
    '(principal, action, resource in Service::"anpr") when { context.need has case && context.need.case.open };',
    '(principal, action, resource in Service::"anpr") when { context.need.case.open };',
    '(principal, action, resource) when { context.need has basis && context.need.basis == 7 };',
    '(principal, action, resource) when { context.need.purpose in [Purpose::"research", Purpose::"investigation"] };',
    '(principal, action in Action::"reveal:vehicel", resource);',
    '(principal, action, resource is Sightng);',
];

const CATALOGUE = [
    of('reveal:vehicle.model', 'Sighting', 'resource.model == "corolla"'), // nullable
    of('reveal:vehicle.model', 'Sighting', 'resource has model && resource.model == "corolla"'),
    of('reveal:note', 'Sighting', 'resource has speed && resource.speed.greaterThan(decimal("60.0"))'), // a number
    of('reveal:note', 'Sighting', 'resource.speed > 60'),
    of('reveal:note', 'Sighting', 'resource has tags && resource.tags.contains("night")'), // an array
    of('reveal:note', 'Sighting', 'resource has tags && resource.tags == "night"'),
    of('reveal:note', 'Sighting', 'resource has "camera address" && resource["camera address"].isLoopback()'), // a name to quote
    of('reveal:note', 'Sighting', 'resource has "camera address" && resource["camera address"] == "127.0.0.1"'),
    of('reveal:place.point', 'Sighting', 'resource has point.latitude && resource.point.latitude == decimal("1.0")'), // nested
    of('reveal:place.point', 'Sighting', 'resource has point && resource.point has hall && resource.point.hall == "x"'),
    of('reveal:place.point', 'Sighting', 'resource has point && resource.point.hall == "x"'),
    of('reveal:place.city', 'Sighting', 'resource.owner.name == "x"'), // a record of its own
    of('reveal:place.city', 'Sighting', 'resource.related == [resource]'), // an array of records
    of('mask:person.cnic', 'Owner', 'resource has cnic && resource.cnic == "1"'),
    of('reveal:person.cnic', 'Sighting', 'true'), // the label occurs in Owner only
    of('coarsen:place.point', 'Service', 'true'),
    of('reveal:note', 'Parcel', 'resource.number == "7" && resource has kind && resource.kind == "urban"'), // an enum
    of('reveal:note', 'Parcel', 'resource has mortgaged && resource.mortgaged'),
    of('reveal:note', 'Parcel', 'resource.mortgaged'),
    of('reveal:note', 'Parcel', 'resource.area == decimal("1.0")'), // decimals may be missing although they are required
    of('reveal:note', 'Parcel', 'resource has registered && resource.registered < context.now'),
    of('reveal:note', 'Parcel', 'resource.history == resource.history'),
    of('readParcel', 'Service', 'context.parameters.number == "7"'), // in the path: required
    of('readParcel', 'Service', 'context.parameters.number == 7'),
    of('readSighting', 'Service', 'context.parameters.id > 0'),
    of('findSightings', 'Service', 'context.parameters has model && context.parameters.model.contains("mehran")'),
    of('findSightings', 'Service', 'context.parameters has "X-Camera" && context.parameters["X-Camera"]'),
    of('findSightings', 'Service', 'context.parameters["X-Camera"]'),
    of('findSightings', 'Service', 'context.parameters.debug'), // without a label
    of('submit:land.parcel', 'Service', 'context.need.signed'),
    of('query:place.city', 'Service', 'true'),
    of('submit:vehicle.plate', 'Service', 'true'),
    '(principal, action in Action::"submit", resource is Service);',
    '(principal, action in Action::"disclose:place", resource) when { resource.city == "x" };',
    '(principal, action in Action::"disclose:place", resource is Sighting) when { resource.city == "x" };',
    '(principal, action in Action::"coarsen:vehicle", resource);', // no label below vehicle defines it
];

const FOLDERS = [
    { name: 'examples/lahore', from: ['examples/lahore'], extra: LAHORE },
    { name: 'tests/snapshots/catalogue', from: ['tests/snapshots/catalogue', 'examples/lahore/model'], extra: CATALOGUE },
];

function amanat(code, ...words) {
    const done = spawnSync(options.amanat, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (done.error !== undefined || !code.includes(done.status)) {
        throw done.error ?? new Error(`amanat ${words.join(' ')}: exit code ${done.status}\n${done.stderr}`);
    }
    return done.stdout;
}

// The folder in a new place, with its additional policies in extra.cedar: one a line.
function copyFolder(folder, to) {
    for (const from of folder.from) {
        cpSync(join(options.root, from), from.endsWith('/model') ? join(to, 'model') : to, { recursive: true });
    }
    rmSync(join(to, 'derived.cedarschema'), { force: true });
    writeFileSync(join(to, 'extra.cedar'), folder.extra.map((text, i) => `@id("extra ${i + 1}") forbid ${text}\n`).join(''));
}

// id → text of all policies in the folder's own files.
function policiesOf(folder) {
    const found = new Map();
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.cedar'))) {
        const parts = cedar.policySetTextToParts(readFileSync(join(folder, file), 'utf8'));
        for (const text of parts.policies) {
            found.set(/@id\("([^"]*)"\)/.exec(text)[1], text);
        }
    }
    return found;
}

// A warning of the official engine that its formal model calls a fault.
const INAPPLICABLE = 'unable to find an applicable action';

// Ids of the policies that the official engine finds invalid against the schema.
function theirInvalid(schema, policies) {
    const answer = cedar.validate({
        validationSettings: { mode: 'strict' }, schema, policies: { staticPolicies: Object.fromEntries(policies) },
    });
    if (answer.type !== 'success') {
        throw new Error(JSON.stringify(answer.errors));
    }
    const noRequestFits = answer.validationWarnings.filter(({ error }) => error.message.includes(INAPPLICABLE));
    return new Set([...answer.validationErrors, ...noRequestFits].map(({ policyId }) => policyId));
}

// The same of ours: places in extra.cedar are policies; in another file an error is one that nobody expects.
function ourInvalid(folder) {
    const { diagnostics } = JSON.parse(amanat([0, 3], 'check', '--output', 'json', folder));
    const errors = diagnostics.filter(({ severity, code }) => severity === 'error' && !code.startsWith('schema-'));
    return new Map(errors.map(({ file, line, text }) => [
        file.endsWith('/extra.cedar') ? `extra ${line}` : `${file}:${line}`, text]));
}

let failures = 0;
for (const folder of FOLDERS) {
    const copy = mkdtempSync(join(tmpdir(), 'cedar-folders-'));
    try {
        copyFolder(folder, copy);
        const schema = amanat([0], 'schema', copy);
        const parsed = cedar.checkParseSchema(schema);
        if (parsed.type !== 'success') {
            throw new Error(`the official engine refuses the schema: ${JSON.stringify(parsed.errors)}`);
        }
        const policies = policiesOf(copy);
        const theirs = theirInvalid(schema, policies);
        const ours = ourInvalid(copy);
        for (const id of new Set([...theirs, ...ours.keys()])) {
            if (theirs.has(id) !== ours.has(id)) {
                failures++;
                console.log(`${folder.name}: ${policies.get(id) ?? id}\n    official engine: `
                    + `${theirs.has(id) ? 'invalid' : 'valid'}; here: ${ours.get(id) ?? 'valid'}`);
            }
        }
        if (theirs.size < 10 || policies.size - theirs.size < 10) {
            throw new Error('the list has too few right or wrong policies to say anything');
        }
        console.log(`${folder.name}: ${policies.size} policies, ${theirs.size} of them invalid`);
    } finally {
        rmSync(copy, { recursive: true });
    }
}
process.exitCode = failures === 0 ? 0 : 3;
