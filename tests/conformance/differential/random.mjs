// SPDX-License-Identifier: Apache-2.0
// Pseudo-random choices that depend on two numbers only, seed and case: the same pair gives the same case on every
// machine (mulberry32 over 32-bit integers, no floating point of the platform but a division).

function mix(a, b) {
    let h = (a ^ 0x9e3779b9) >>> 0;
    for (const part of [b >>> 0, a >>> 0, Math.floor(b / 4294967296)]) {
        h = Math.imul(h ^ part, 0x85ebca6b);
        h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
        h = (h ^ (h >>> 16)) >>> 0;
    }
    return h;
}

export class Random {
    constructor(seed, index) {
        this.state = mix(seed, index);
    }

    // A number in [0, 1).
    fraction() {
        this.state = (this.state + 0x6d2b79f5) >>> 0;
        let t = this.state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }

    below(count) {
        return Math.floor(this.fraction() * count);
    }

    between(least, most) {
        return least + this.below(most - least + 1);
    }

    chance(probability) {
        return this.fraction() < probability;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    // One of [[weight, what], …].
    weighted(choices) {
        let rest = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
        for (const [weight, what] of choices) {
            rest -= weight;
            if (rest < 0) {
                return what;
            }
        }
        return choices[choices.length - 1][1];
    }

    shuffled(list) {
        const copy = [...list];
        for (let i = copy.length - 1; i > 0; i--) {
            const j = this.below(i + 1);
            [copy[i], copy[j]] = [copy[j], copy[i]];
        }
        return copy;
    }

    sample(list, count) {
        return this.shuffled(list).slice(0, count);
    }

    times(least, most, make) {
        return Array.from({ length: this.between(least, most) }, (_, i) => make(i));
    }
}
