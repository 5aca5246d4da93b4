// SPDX-License-Identifier: Apache-2.0
// Counts what the cases were, so that a reader of a run sees whether it could have found anything. Operators are counted
// where they were evaluated for certain: in conditions of policies that determined a decision, hence were true, in cases
// that are well-typed in every step; of `a || b` only `a` is then sure to have been evaluated, of `a && b` both.

const SAMPLED = 4; // one case of so many has its operators counted

export class Coverage {
    constructor() {
        this.counts = new Map();
        this.operators = new Map();
        this.cases = 0;
    }

    add(name, count = 1) {
        this.counts.set(name, (this.counts.get(name) ?? 0) + count);
    }

    // `official`: the answer; `json`: gives a policy's text in Cedar's JSON format.
    take(kind, given, official, json) {
        this.cases++;
        this.add(`wanted: ${kind}`);
        this.add('schemas in JSON', typeof given.schema === 'object' ? 1 : 0);
        this.add('policies in JSON', given.policies.filter((policy) => typeof policy === 'object').length);
        this.add('compared as JSON', official.json ? 1 : 0);
        for (const step of ['schema', 'policies', 'links', 'entities']) {
            if (official[step] !== null && official[step] !== undefined) {
                this.add(`${step}: ${official[step] ? 'fine' : 'refused'}`);
            }
        }
        if (official.invalid) {
            this.add(`validation: ${official.invalid.length === 0 ? 'all valid' : 'some invalid'}`);
            this.add('validation: policies invalid', official.invalid.length);
        }
        for (const request of official.requests ?? []) {
            this.addRequest(request);
        }
        if (official.invalid && official.requests && this.cases % SAMPLED === 0) {
            this.addOperators(given, official, json);
        }
    }

    addRequest({ parsed, valid, decision, reasons, errors }) {
        this.add('requests');
        this.add(parsed ? valid === false ? 'requests: not valid' : `requests: ${decision}` : 'requests: not readable');
        if (decision === 'deny' && valid !== false) {
            this.add(reasons.length > 0 ? 'requests: deny, forbidden' : 'requests: deny, by default');
        }
        if (errors?.length > 0) {
            this.add('requests: with policies in error');
        }
    }

    addOperators(given, official, json) {
        const determining = new Set(official.requests.filter(({ valid }) => valid).flatMap(({ reasons }) => reasons)
            .filter((id) => !official.invalid.includes(id)));
        for (const id of determining) {
            const name = given.links.find((link) => link.id === id)?.template ?? id;
            const policy = json(given.policies[Number(name.slice('policy'.length))] ?? '');
            for (const { kind, body } of policy?.conditions ?? []) {
                this.walk(body, kind === 'when');
            }
        }
    }

    // `known`: the value that the Bool had, or null.
    walk(expression, known) {
        const [operator, body] = Object.entries(expression)[0];
        this.operators.set(operator, (this.operators.get(operator) ?? 0) + 1);
        const walks = {
            Value: () => {}, Var: () => {},
            '!': () => this.walk(body.arg, known === null ? null : !known),
            '&&': () => { this.walk(body.left, known || null); if (known) { this.walk(body.right, true); } },
            '||': () => { this.walk(body.left, known === false ? false : null); if (known === false) { this.walk(body.right, false); } },
            'if-then-else': () => this.walk(body.if, null),
            Set: () => body.forEach((item) => this.walk(item, null)),
            Record: () => Object.values(body).forEach((item) => this.walk(item, null)),
        };
        (walks[operator] ?? (() => this.walkOperands(body)))();
    }

    walkOperands(body) {
        const operands = Array.isArray(body) ? body : [body.arg, body.left, body.right];
        operands.filter((operand) => operand !== undefined).forEach((operand) => this.walk(operand, null));
    }

    lines() {
        const list = (map) => [...map].sort(([a], [b]) => a < b ? -1 : 1).map(([name, count]) => `${name} ${count}`);
        const operators = list(this.operators);
        const rows = [];
        for (let at = 0; at < operators.length; at += 10) {
            rows.push(`  ${operators.slice(at, at + 10).join(', ')}`);
        }
        return [...list(this.counts).map((line) => `  ${line}`),
            `operators evaluated for certain in satisfied policies of valid requests (one case in ${SAMPLED} counted):`, ...rows];
    }
}
