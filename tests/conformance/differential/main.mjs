// SPDX-License-Identifier: Apache-2.0
// Generates cases, asks both engines and compares. `cedar_differential` beside this folder starts it and says how.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateCase } from './case.mjs';
import { difference } from './compare.mjs';
import { Coverage } from './coverage.mjs';
import { Engine } from './engine.mjs';
import { readable, readKept, writeKept } from './kept.mjs';
import { Oracle } from './oracle.mjs';
import { shrink } from './shrink.mjs';

const BATCH = 64;
const PROGRESS_SECONDS = 5;
const MOST_FAILURES = 20;

const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        install: { type: 'string' },
        engine: { type: 'string' },
        results: { type: 'string' },
        seconds: { type: 'string' },
        print: { type: 'boolean' },
        replay: { type: 'boolean' },
        record: { type: 'boolean' },
    },
});

class Run {
    constructor() {
        this.oracle = new Oracle(`${options.install}/`);
        this.engine = new Engine(options.engine);
        this.coverage = new Coverage();
        this.started = Date.now();
        this.shown = this.started;
        this.passed = 0;
        this.failed = 0;
    }

    get seconds() {
        return (Date.now() - this.started) / 1000;
    }

    async cases(count, seed) {
        for (let index = 0; index < count && !this.isOver(); index += BATCH) {
            const batch = Array.from({ length: Math.min(BATCH, count - index) }, (_, i) => ({ index: index + i, ...generateCase(seed, index + i, this.oracle) }));
            await this.batch(batch, seed);
            this.progress(count);
        }
    }

    isOver() {
        return this.failed >= MOST_FAILURES || (options.seconds !== undefined && this.seconds >= Number(options.seconds));
    }

    // Our engine works while the official one does.
    async batch(batch, seed) {
        const ours = this.engine.askAll(batch.map(({ case: given }) => given));
        const official = batch.map(({ case: given }) => this.oracle.answer(given));
        const answers = await ours;
        for (let i = 0; i < batch.length && !this.isOver(); i++) {
            await this.compare(batch[i], answers[i].answer, official[i], seed);
        }
    }

    async compare({ kind, index, case: given }, ours, official, seed) {
        if (official === null) {
            this.coverage.add('official engine crashed');
            return;
        }
        const step = difference(ours, official, given);
        this.passed += step === null ? 1 : 0;
        if (step === null) {
            this.coverage.take(kind, given, official, (text) => this.oracle.json(text));
        } else {
            this.failed++;
            await this.report(`seed_${seed}_case_${index}`, given, step);
        }
    }

    async difference(given) {
        const official = this.oracle.answer(given);
        const [{ answer, notes }] = await this.engine.askAll([given]);
        return { step: official === null ? null : difference(answer, official, given), ours: answer, official, notes, reasons: this.oracle.notes };
    }

    async report(name, given, step) {
        const small = await shrink(given, async (candidate) => (await this.difference(candidate)).step === step);
        const { ours, official, notes, reasons } = await this.difference(small);
        const file = join(options.results, `${name}.json`);
        mkdirSync(options.results, { recursive: true });
        writeKept(file, [{ about: step, case: small, answer: official }]);
        console.log(`DISAGREEMENT ${name}: ${step}\n${readable(small)}
  ours      ${JSON.stringify(ours)}\n            ${notes.join('\n            ')}`);
        console.log(`  official  ${JSON.stringify(official)}\n            ${reasons.join('\n            ')}\n  written to ${file}`);
    }

    // Kept cases: do both engines give the answer that is in the file?
    async replay(path) {
        for (const { about, case: given, answer } of readKept(path)) {
            const { step, ours, official, notes, reasons } = await this.difference(given);
            const isKept = JSON.stringify(official) === JSON.stringify(answer);
            const isFine = step === null && isKept;
            this.passed += isFine ? 1 : 0;
            this.failed += isFine ? 0 : 1;
            if (!isFine) {
                console.log(`FAILED ${path}: ${about}: ${step ?? 'the official engine answers otherwise'}`);
                console.log(`  ours     ${JSON.stringify(ours)}\n    ${notes.join('\n    ')}`);
                console.log(`  official ${JSON.stringify(official)}\n    ${reasons.join('\n    ')}`);
            }
        }
    }

    // Writes the official engine's answers into a file of kept cases.
    record(path) {
        writeKept(path, readKept(path).map(({ about, case: given }) => ({ about, case: given, answer: this.oracle.answer(given) })));
    }

    progress(count) {
        if (Date.now() - this.shown >= PROGRESS_SECONDS * 1000) {
            this.shown = Date.now();
            const done = this.passed + this.failed;
            console.log(`${done} of ${count} cases, ${this.failed} disagreements, ${Math.round(done / this.seconds)} cases a second`);
        }
    }

    async finish() {
        await this.engine.stop();
        if (this.coverage.cases > 0) {
            console.log(`official engine ${this.oracle.version}; ${this.seconds.toFixed(1)} s, ${Math.round(
                (this.passed + this.failed) / this.seconds)} cases a second`);
            console.log(this.coverage.lines().join('\n'));
        }
        console.log(`${this.passed} passed, ${this.failed} failed`);
        return this.failed > 0 ? 3 : this.passed > 0 ? 0 : 1;
    }
}

async function main() {
    const [count, seed] = positionals.map(Number);
    if (options.print) {
        console.log(readable(generateCase(seed, count, new Oracle(`${options.install}/`))));
        return 0;
    }
    const run = new Run();
    if (options.record) {
        positionals.forEach((path) => run.record(path));
    }
    if (options.replay || options.record) {
        for (const path of positionals) {
            await run.replay(path);
        }
    } else {
        await run.cases(count, seed);
    }
    return run.finish();
}

if (!existsSync(options.engine)) {
    console.error(`${options.engine} is not built`);
    process.exit(1);
}
process.exitCode = await main();
