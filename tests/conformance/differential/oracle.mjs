// SPDX-License-Identifier: Apache-2.0
// The official engine (npm @cedar-policy/cedar-wasm), asked for an answer in the form of cedar_case.h. What it cannot be
// asked is undefined in the answer: a text that has several policies, templates among them.
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { exactParse, exactText, makeJsonExact } from './exact_json.mjs';

const engineName = '@cedar-policy/cedar-wasm/nodejs';
const schemaId = 'schema';
const policiesId = 'policies';

const isFine = (answer) => answer.type === 'success';

// What the wrapper throws is a refusal too: a value that is not of the format's types at all.
function refusable(call) {
    try {
        return call();
    } catch (error) {
        if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
            throw error;
        }
        return { type: 'failure', errors: [{ message: error.message }] };
    }
}

// Whether it may be a template: a string of a policy may hold the word too.
const hasSlot = (policy) => typeof policy === 'string' ? /\?(principal|resource)/.test(policy)
    : [policy.principal, policy.resource].some((scope) => (scope?.slot ?? scope?.in?.slot) !== undefined);

const sorted = (value) => exactParse(exactText(value, true));

// V8 of Node 20 dies ("unreachable code") when it throws away optimised code that calls WebAssembly.
setFlagsFromString('--no-turbo-inline-js-wasm-calls');

export class Oracle {
    // `folder`: where npm has installed it, ending in a slash.
    constructor(folder) {
        this.require = createRequire(folder);
        makeJsonExact();
        this.load();
    }

    load() {
        delete this.require.cache[this.require.resolve(engineName)];
        this.engine = this.require(engineName);
        this.crashes ??= 0;
    }

    get version() {
        return this.engine.getCedarVersion();
    }

    // The answer, or null when the engine crashed (deep nesting); it is then loaded anew.
    answer(given) {
        try {
            this.notes = [];
            return this.steps({ links: [], entities: [], requests: [], ...given });
        } catch (error) {
            if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) {
                throw error;
            }
            this.crashes++;
            this.load();
            return null;
        }
    }

    // Notes why something failed; gives whether it did not.
    note(answer) {
        for (const { message, help } of answer.errors ?? []) {
            this.notes.push(help ? `${message} (${help})` : message);
        }
        return isFine(answer);
    }

    steps(given) {
        const answer = { schema: null, policies: null, links: null, invalid: null, ...given.json ? { json: null } : {}, entities: null,
            requests: null };
        if (given.schema !== undefined) {
            answer.schema = this.note(refusable(() => this.engine.preparseSchema(schemaId, given.schema)));
        }
        const set = this.policySet(given, answer);
        if (set !== null) {
            this.parsePolicies(set, answer);
        }
        if (answer.schema && answer.links) {
            answer.invalid = this.invalid(given, set);
        }
        if (answer.schema !== false && answer.links) {
            this.data(given, answer);
        }
        if (given.json && answer.schema !== false && answer.links) {
            answer.json = sorted({ schema: given.schema === undefined ? null : this.schemaJson(given.schema),
                policies: given.policies.map((policy) => this.json(policy)) });
        }
        return answer;
    }

    // Links and policies at once; only when that fails, policies alone.
    parsePolicies(set, answer) {
        answer.links = this.note(refusable(() => this.engine.preparsePolicySet(policiesId, set)));
        answer.policies = answer.links || this.note(refusable(() => this.engine.checkParsePolicySet({ ...set, templateLinks: [] })));
        answer.links = answer.policies ? answer.links : null;
    }

    // Ids of what is not valid. That no action applies is an error as up to version 4.12, in 4.13 a warning. Links of faulty
    // templates are left out: their fault is the template's.
    invalid(given, set) {
        const answer = this.engine.validate({ schema: given.schema, policies: set });
        const warnings = answer.validationWarnings.filter(({ error }) => error.message.includes('unable to find an applicable action'));
        const faults = [...answer.validationErrors, ...warnings];
        faults.forEach(({ error }) => this.notes.push(error.message));
        const ids = new Set(faults.map(({ policyId }) => policyId));
        if (given.policies.length < 2) {
            return ids.size > 0 ? ['*'] : [];
        }
        return [...ids].filter((id) => !given.links.some((link) => link.id === id && ids.has(link.template))).sort();
    }

    // Entities are fine if anything is decided with them; to be asked for that alone costs a parsing of the schema.
    data(given, answer) {
        const requests = given.requests.map((request) => this.request(given, request));
        answer.entities = requests.some(({ parsed }) => parsed) || this.note(refusable(() =>
            this.engine.checkParseEntities({ entities: given.entities, schema: given.schema ?? null })));
        answer.requests = answer.entities ? requests : null;
    }

    // The policies as the engine wants them, or null when they do not parse or cannot be handed over.
    policySet({ policies, links }, answer) {
        const set = policies.length === 1 && typeof policies[0] === 'string' ? this.setOfOne(policies[0], answer) : this.setOfMany(policies);
        return set === null ? null : {
            ...set,
            templateLinks: links.map(({ template, id, values }) => ({ templateId: template, newId: id, values })),
        };
    }

    setOfOne(text, answer) {
        if (!hasSlot(text)) {
            return { staticPolicies: text };
        }
        const parts = this.engine.policySetTextToParts(text);
        answer.policies = this.note(parts);
        if (!answer.policies) {
            return null;
        }
        const { policies, policy_templates: templates } = parts;
        if (templates.length === 0) {
            return { staticPolicies: text };
        }
        if (policies.length === 0 && templates.length === 1) {
            return { staticPolicies: {}, templates: { policy0: text } };
        }
        answer.links = answer.invalid = answer.entities = answer.requests = undefined;
        return null;
    }

    setOfMany(policies) {
        const set = { staticPolicies: {}, templates: {} };
        policies.forEach((text, index) => {
            const isTemplate = hasSlot(text) && isFine(refusable(() => this.engine.templateToJson(text)));
            set[isTemplate ? 'templates' : 'staticPolicies'][`policy${index}`] = text;
        });
        return set;
    }

    // Validated first; when that fails, decided without.
    request(given, request) {
        const hasSchema = given.schema !== undefined;
        const call = {
            ...request,
            context: request.context ?? {},
            ...hasSchema ? { preparsedSchemaName: schemaId } : {},
            preparsedPolicySetId: policiesId,
            entities: given.entities,
        };
        const validated = refusable(() => this.engine.statefulIsAuthorized({ ...call, validateRequest: hasSchema }));
        if (this.note(validated)) {
            return this.response(hasSchema ? true : null, validated.response);
        }
        const decided = refusable(() => this.engine.statefulIsAuthorized({ ...call, validateRequest: false }));
        return isFine(decided) ? this.response(false, decided.response)
            : { parsed: false, valid: null, decision: null };
    }

    response(valid, { decision, diagnostics }) {
        for (const { policyId, error } of diagnostics.errors) {
            this.notes.push(`${policyId}: ${error.message}`);
        }
        return {
            parsed: true,
            valid,
            decision,
            reasons: [...diagnostics.reason].sort(),
            errors: diagnostics.errors.map(({ policyId }) => policyId).sort(),
        };
    }

    // A policy or template in Cedar's JSON format, or null.
    json(policy) {
        const template = hasSlot(policy) ? refusable(() => this.engine.templateToJson(policy)) : { type: 'failure' };
        const answer = isFine(template) ? template : refusable(() => this.engine.policyToJson(policy));
        return isFine(answer) ? answer.json : null;
    }

    // A schema in its JSON format, or null.
    schemaJson(schema) {
        const answer = refusable(() => this.engine.schemaToJson(schema));
        return isFine(answer) ? answer.json : null;
    }
}
