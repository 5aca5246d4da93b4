// SPDX-License-Identifier: Apache-2.0
// Our engine: the program cedar_engine, a line in, a line out. When it dies it is started again, and the case that it died
// of has the answer null.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Engine {
    constructor(program) {
        this.program = program;
        this.start();
    }

    start() {
        this.waiting = [];
        const child = spawn(this.program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
        child.on('error', (error) => { throw error; });
        child.stdin.on('error', () => {});
        this.exited = new Promise((resolve) => child.on('close', resolve));
        createInterface({ input: child.stdout }).on('line', (line) => this.waiting.shift().resolve(JSON.parse(line)));
        this.exited.then(() => this.waiting.splice(0).forEach(({ resolve }) => resolve(null)));
        this.child = child;
    }

    // {answer, notes}; null when the program has ended meanwhile.
    ask(given) {
        return new Promise((resolve) => {
            this.waiting.push({ resolve });
            this.child.stdin.write(`${JSON.stringify(given)}\n`);
        });
    }

    // Answers in order. A batch that the program did not survive is asked again case by case.
    async askAll(cases) {
        const answers = await Promise.all(cases.map((given) => this.ask(given)));
        if (!answers.includes(null)) {
            return answers;
        }
        const again = [];
        for (const given of cases) {
            if (this.child.exitCode !== null || this.child.signalCode !== null) {
                this.start();
            }
            const answer = await this.ask(given);
            await (answer === null ? this.exited : null);
            again.push(answer ?? { answer: null, notes: ['the program died'] });
        }
        return again;
    }

    stop() {
        this.child.stdin.end();
        return this.exited;
    }
}
