# SPDX-License-Identifier: Apache-2.0
"""compare_redact_modes.py REDACT_FILE COUNT SEED: random definitions of each mode on random values, hostile ones among them, through the
redactor and through redact_reference.py. And, without any reference: two spellings of one value look alike, what is scrubbed leaves no digits
of a number that was hidden in the text in one of its many spellings. Prints what differs and ends with 1."""
import base64
import ipaddress
import json
import random
import re
import subprocess
import sys

import redact_reference as reference
from compare_redact_reference import Lots

TOKENS = 40  # of one definition
MEMBER = re.compile(r'"k(\d+)":("(?:[^"\\]|\\.)*"|[^,}]*)', re.DOTALL)
DIGITS = ["0", "\u0660", "\u06f0", "\u0966", "\uff10", "\U0001d7ce", "\U0001d7f6"]  # zeros of some scripts
UNSEEN = ["", "", "", "\u200b", "\u200d", "\u00ad", "\u200e", "\u2067", "\ufeff", "\u0301", "\u064e", "\u20e3", "\u034f", "\u0001", "\u2065", "\U000e0100", "\U000e0fff"]
DASHES = list("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d\u2043")
BLANKS = list(" \u00a0\u202f\u2003\u3000\t\n")
BETWEEN = DASHES + BLANKS + list("._/\u06d4\u3002\u00b7\u2044\uff0f")


class Maker(Lots):
    def digits(self, least, most):
        return "".join(self.one("0123456789") for _ in range(self.random.randint(least, most)))

    # -- tokens --

    def token(self, text):
        """A JSON string of this text, each character spelt in one of the ways that JSON has."""
        out = ""
        for character in text:
            units = character.encode("utf-16-be")
            escaped = "".join(f"\\u{units[i]:02{self.one('xX')}}{units[i + 1]:02{self.one('xX')}}" for i in range(0, len(units), 2))
            plain = json.dumps(character, ensure_ascii=False)[1:-1]
            out += escaped if self.chance(0.1) else "\\/" if character == "/" and self.chance(0.3) else plain
        return f'"{out}"'

    # -- values --

    def number(self):
        whole = self.one(["0", self.digits(1, 3).lstrip("0") or "0", self.digits(1, 20).lstrip("0") or "0", self.digits(55, 70).lstrip("0") or "0"])
        fraction = self.one(["", "", "." + self.digits(1, 4), "." + self.digits(1, 20), "." + "0" * self.random.randint(1, 64), "." + self.digits(40, 66)])
        exponent = self.one(["", "", "", self.one("eE") + self.one(["", "+", "-"]) + self.one(["", "0", "0000"]) + str(self.random.randint(0, 70))])
        return self.one(["", "", "-"]) + whole + fraction + exponent

    def respelt(self, number):
        """The same number, spelt with another exponent."""
        mantissa, _, exponent = number.lower().partition("e")
        sign, mantissa = ("-", mantissa[1:]) if mantissa[0] == "-" else ("", mantissa)
        whole, _, fraction = mantissa.partition(".")
        digits, point = whole + fraction, len(whole) + int(exponent or 0)
        at = self.random.randint(1, len(digits))
        out = digits[:at].lstrip("0") or "0"
        return sign + out + ("." + digits[at:] if digits[at:] else "") + f"{self.one('eE')}{point - at}"

    def not_quite(self, text):
        """The text, or one that differs from it a little."""
        if not text or self.chance(0.85):
            return text
        at = self.random.randrange(len(text))
        return text[:at] + self.one(["", " ", "0", "-", "+", ".", "e", ":", "T", "Z", "\u0661", "\0", "%1", "ffff"]) + text[at + self.random.randint(0, 1):]

    def date(self):
        year = self.one([0, 1, 4, 100, 400, 1582, 1875, 1900, 1936, 1969, 1970, 2000, 2004, 2024, 2025, 2026, 2027, 9996, 9999, self.random.randint(0, 9999)])
        month, day = self.one([(2, 28), (2, 29), (3, 1), (12, 31), (1, 1), (11, 21), (11, 22), (11, 23), (self.random.randint(0, 13), self.random.randint(0, 32))])
        return f"{year:04d}-{month:02d}-{day:02d}"

    def time(self):
        hour, minute, second = self.one([(0, 0, 0), (23, 59, 59), (23, 59, 60), (4, 59, 60), (24, 0, 0), tuple(self.random.randint(0, 61) for _ in "hms")])
        fraction = self.one(["", "", ".5", ".", "." + self.digits(1, 30)])
        offset = self.one(["", "Z", "z", "+05:00", "-00:00", "+00:01", "-23:59", "+23:59", "+24:00", f"{self.one('+-')}{self.digits(2, 2)}:{self.digits(2, 2)}"])
        return f"{self.one('TTt ')}{hour:02d}:{minute:02d}:{second:02d}{fraction}{offset}"

    def moment(self):
        return self.date() + (self.time() if self.chance(0.7) else "")

    def address(self):
        if self.chance(0.4):
            return ".".join(self.one(["0", "255", "256", "010", str(self.random.randint(0, 255))]) for _ in range(self.one([4, 4, 4, 3, 5])))
        value = self.random.getrandbits(128) & self.random.getrandbits(128)
        value &= self.one([(1 << 128) - 1, ~(0xffffffff << 48), (1 << 48) - 1, ~0xffff, ~(0xffffffffffff << 16)])
        value |= self.one([0, 0, 0xffff << 32, 0x2002 << 112, 0x64ff9b << 96])
        address = ipaddress.IPv6Address(value)
        words = address.exploded.split(":")
        mapped = ":".join(words[:6]) + ":" + str(ipaddress.IPv4Address(value & 0xffffffff))
        return self.one([str(address), address.exploded, address.exploded.upper(), mapped, str(address) + self.one(["%eth0", "/64", "::", ":"]),
                         ":".join(word.lstrip("0") or "0" for word in words)])

    def text(self):
        alphabet = "ab9 -\u0301\u064e\u0627\u0645\u00e9\U0001f600\U0001f1f5\u200d\ufdfa\uff21\"\\/\b\n\0\x7f\u2028\u202e"
        return "".join(self.one(alphabet) for _ in range(self.one([0, 1, 2, 3, 4, 5, 6, 7, 9, 20])))

    # -- definitions: (mode, definition, a value for it, whether numbers go too) --

    def step(self):
        digits = self.digits(1, self.one([1, 2, 18])).rjust(1, "0")
        at = self.random.randint(0, len(digits) - 1)
        step = (digits[:len(digits) - at].lstrip("0") or "0") + ("." + digits[len(digits) - at:] if at else "")
        return step if re.search("[1-9]", step) else "0.05"

    def bounds(self):
        found = sorted({float(f"{self.random.randint(-999, 999)}e-{self.random.randint(0, 3)}") for _ in range(self.random.randint(1, 6))})
        return [int(bound) if bound == int(bound) else bound for bound in found]

    def definition(self):
        kind = self.random.randrange(11)
        if kind == 0:
            return "coarsen", {"step": self.step()}, self.number, True
        if kind == 1:
            grid = {"metres": self.random.randint(10, 500000), "latitude": self.random.randint(-8500, 8500) / 100}
            return "coarsen", {"grid": grid}, lambda: f"{self.one(['', '-'])}{self.random.randint(0, 180)}.{self.digits(1, 12)}", True
        if kind == 2:
            bounds = self.bounds()
            if self.chance(0.5):
                return "coarsen", {"bucket": bounds}, self.number, True
            return "coarsen", {"bucket": {f"b{i}": bound for i, bound in enumerate(bounds)}}, self.number, True
        if kind == 3:
            return "coarsen", {"age_band": self.random.randint(1, 90)}, lambda: self.one([self.moment(), self.number(), str(self.random.randint(-1, 152))]), True
        if kind in (4, 5):
            return "coarsen", {"time": self.one(["hour", "day", "month", "year"])}, self.moment, False
        if kind == 6:
            bits = {"v4": self.random.randint(8, 31), "v6": self.random.randint(16, 64)}
            return "coarsen", self.one([{"ip_prefix": bits}, {"ip_prefix": {"v6": bits["v6"]}}]), self.address, False
        if kind == 7:
            return "coarsen", {"prefix": self.random.randint(1, 8)}, self.text, False
        if kind == 8:
            return "mask", {self.one(["keep_first", "keep_last"]): self.random.randint(1, 5)}, self.text, False
        if kind == 9:
            texts = [self.text() for _ in range(6)]
            entries = {text: self.text() for text in texts[:4]}
            other = {"other": self.text()} if self.chance(0.5) else {}
            return "coarsen", {"map": entries, **other}, lambda: self.one(texts), False
        return "tokenize", {"length": self.random.randint(13, 51)}, self.text, False

    # -- hidden numbers: (scrub, what must not be left) --

    def spelt(self, text):
        """A number with the digits of a script, and with what nobody sees between."""
        zero = ord(self.one(DIGITS))
        out = "".join((chr(zero + int(c)) if c.isdigit() else c) + self.one(UNSEEN) for c in text)
        return re.sub("-", lambda _: self.one(DASHES), out)

    def cnic(self):
        digits = self.one("123456789") + self.digits(12, 12)
        apart = self.one(["", "", "", self.one(BETWEEN)])
        groups = [apart.join(digits[begin:end]) for begin, end in ((0, 5), (5, 12), (12, 13))]
        between = "".join(self.one(BETWEEN) for _ in range(self.random.randint(0, 3))) if apart == "" or self.chance(0.5) else apart
        return "cnic", digits, between.join(groups)

    def phone(self):
        digits = "3" + self.digits(9, 9)
        gap = self.one(["", " ", "-", ".", "/", " - "])
        local = self.one([f"{digits[:3]}{gap}{digits[3:]}", gap.join([digits[:3], digits[3:6], digits[6:]]), f"({digits[:3]}){gap}{digits[3:]}", digits])
        return "phone", digits, self.one(["0", "+92", "0092", "+92 ", "0092-", "+92 (0)", "92-", "92 (0)", "(0)"]) + local

    def iban(self):
        rest = "SCBL" + self.digits(16, 16)
        check = 98 - int("".join(str(int(c, 36)) for c in rest + "PK00")) % 97
        text = f"PK{check:02d}{rest}"
        text = self.one([text, text.lower(), self.one([" ", "-", "  ", "\r\n"]).join(text[i:i + 4] for i in range(0, 24, 4))])
        return "iban", rest[4:], text

    def card(self):
        digits = self.one("23456") + self.digits(14, 14)
        total = sum(int(c) if i % 2 else sum(divmod(2 * int(c), 10)) for i, c in enumerate(digits))
        digits += str(-total % 10)
        return "card", digits, self.one(["", " ", "-", ".", "\u00a0", " - "]).join(digits[i:i + 4] for i in range(0, 16, 4))

    def hidden(self):
        name, digits, text = self.one([self.cnic, self.phone, self.iban, self.card])()
        before = self.one(["", "CNIC ", "x", "\u0634\u0646\u0627\u062e\u062a\u06cc: ", "2026 ", "12, ", "no.", "\U0001f600", "(", "'", "\u2460", "1\ufe0f\u20e3", "\u278a"]) if name != "phone" else self.one(["", "ph: ", "\u0641\u0648\u0646 ", "\u2461"])
        behind = self.one(["", ".", ",", " and", "\u06d4 ", "\u00b9", ")", ";x", "\u0964"])
        spelt = self.spelt(text)
        if before in ("\u2460", "\u2461", "1\ufe0f\u20e3", "\u278a") or behind == "\u00b9":
            spelt = spelt.replace("\u20e3", "")  # decorated within and beside it at once is not promised
        return name, digits, before + spelt + behind


def description(definitions, mode, tokens):
    labels = re.sub(r'"step": "([^"]*)"', r'"step": \1', json.dumps(definitions))  # as it is spelt: no float
    members = {f"k{i}": "x" for i in range(len(tokens))}
    rest = {"now": "2026-11-22", "previous": "", "subjects": {}, "records": {}, "root": "root", "ndjson": False, "depth": 0, "limit": 0,
            "nodes": {"root": {"kinds": ["object"], "members": members}, "x": {"kinds": ["string", "number"], "labels": ["x"]}},
            "service": {"x": mode}, "plan": {}, "answers": {}, "forbids": [], "partner": "acme"}
    return f'{{"labels": {labels}, {json.dumps(rest)[1:]}'


def run(program, batches):
    """What becomes of each token of each (definition of label x, mode, tokens): a token, or None."""
    lines = ""
    for definition, mode, tokens in batches:
        body = "{" + ",".join(f'"k{i}":{token}' for i, token in enumerate(tokens)) + "}"
        lines += description({"x": definition}, mode, tokens) + "\n" + base64.b64encode(body.encode()).decode() + "\n"
    done = subprocess.run([program], input=lines.encode(), stdout=subprocess.PIPE, check=False)
    outcomes = done.stdout.decode().split("\n")[:-1]  # and a last line that says how many runs agreed
    if done.returncode != 0 or len(outcomes) != len(batches) + 1:
        sys.exit(f"redact_file ended with {done.returncode} after {len(outcomes)} of {len(batches)} bodies")
    found = []
    for batch, line in zip(batches, outcomes):
        outcome = json.loads(line)
        if outcome["fault"] != "none" or outcome["result"] != "ok":
            sys.exit(f"{outcome['fault']}, {outcome['result']}: {batch}")
        shown = {int(member[1]): member[2] for member in MEMBER.finditer(outcome["body"])}
        found.append([shown.get(i) for i in range(len(batch[2]))])
    return found


def expected_of(definition, mode, token):
    is_number = token[0] != '"'
    text = token if is_number else reference.decode(token)
    if mode == "coarsen":
        shown = reference.coarsen(definition["coarsen"], "2026-11-22", text, is_number)
    elif is_number:
        shown = None
    elif mode == "mask":
        shown = reference.mask(definition["mask"], text)
    else:
        shown = reference.tokenize({"x": definition}, reference.KEY, "acme", "x", text)
    return shown if shown is None or is_number else reference.json_string(shown)


def compare_modes(maker, program, count):
    batches, again = [], []
    for _ in range(count // TOKENS):
        mode, meaning, value, takes_numbers = maker.definition()
        tokens, alike = [], []
        while len(tokens) < TOKENS:
            text = value()
            if takes_numbers and reference.NUMBER.fullmatch(text) and maker.chance(0.5):
                tokens.append(text)
                alike.append(maker.respelt(text))
            else:
                text = maker.not_quite(text)
                tokens.append(maker.token(text))
                alike.append(maker.token(text))
        batches.append(({mode: meaning}, mode, tokens))
        again.append(({mode: meaning}, mode, alike))
    wrong = shown = 0
    for batch, got, alike, got_again in zip(batches, run(program, batches), again, run(program, again)):
        for token, out, other, out_again in zip(batch[2], got, alike[2], got_again):
            shown += out is not None
            expected = expected_of(batch[0], batch[1], token)
            # a spelling with more digits, or a larger exponent, than is read is withheld
            differ = out != out_again and None not in (out, out_again)
            if out != expected or differ:
                wrong += 1
                print(f"{batch[0]} {token}: {out}, expected {expected}; {other}: {out_again}")
    return shown, wrong


def is_hidden(digits, token):
    """Whether no spelling of the number is left, nor all but a few of its digits."""
    folded = "".join(map(reference.fold, reference.decode(token)))
    return digits[4:] not in re.sub("[^0-9]", "", folded)


def compare_scrubbing(maker, program, count):
    hidden = [maker.hidden() for _ in range(count)]
    batches = []
    for name, _, text in hidden:
        patterns = maker.one([[name], ["cnic", "iban", "phone", "email", "plate", "card"]])
        batches.append(({"scrub": patterns}, "reveal", [maker.token(text)]))
    wrong = 0
    for (name, digits, _), batch, got in zip(hidden, batches, run(program, batches)):
        token, out = batch[2][0], got[0]
        expected = reference.scrub(batch[0]["scrub"], token)
        if out != expected or (out is not None and not is_hidden(digits, out)):
            wrong += 1
            print(f"{name} {digits} in {token}: {out}, expected {expected}")
    return wrong


def main():
    program, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    maker = Maker(seed)
    shown, wrong = compare_modes(maker, program, count)
    wrong_scrubbed = compare_scrubbing(maker, program, count // 4)
    print(f"{count} values, {shown} show something, {wrong} differ; {count // 4} hidden numbers, {wrong_scrubbed} left or differ")
    return 0 if wrong == 0 and wrong_scrubbed == 0 and shown > count // 4 else 1


if __name__ == "__main__":
    sys.exit(main())
