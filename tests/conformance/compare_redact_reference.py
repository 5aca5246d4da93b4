# SPDX-License-Identifier: Apache-2.0
"""compare_redact_reference.py REDACT_FILE COUNT SEED [SMALL RANDOM]: random catalogues, plans and bodies through the redactor and
through redact_reference.py; prints the first cases in which they differ and ends with 1. SMALL and RANDOM are redact_file's."""
import base64
import json
import random
import subprocess
import sys

import redact_reference

# Of each label one of several meanings, chosen for each case; `e` is a count that is left out when it is small.
MEANINGS = {
    "a": [{"mask": {"text": "[A\"]"}, "tokenize": {"length": 16}, "coarsen": {"time": unit}} for unit in ("month", "hour")]
    + [{"mask": {"pattern": r"(\d{5})-\d{7}-(\d)", "replace": "$1-$$-$2"}, "tokenize": {"length": 51}, "coarsen": {"age_band": 10}, "scrub": ["cnic"]},
       {"mask": {"pattern": "(.)(.)?.*", "replace": "$2<$1>"}, "tokenize": {"length": 13}, "coarsen": {"age_band": 7}, "scrub": ["phone", "email"]}],
    "b": [{"mask": {"keep_first": 1}, "coarsen": kind} for kind in (
        {"step": 0.05}, {"bucket": [-1.5, 0, 18]}, {"bucket": {"few": 0, "many": 10}}, {"age_band": 20}, {"grid": {"metres": 500, "latitude": 31.5}})],
    "c": [{"mask": {"keep_last": 2}, "tokenize": {"link": "a"}, "coarsen": kind} for kind in (
        {"prefix": 2}, {"map": {"LHR": "Punjab", "KHI": "Sindh"}}, {"map": {"LHR": "Punj\"ab"}, "other": "else"}, {"ip_prefix": {"v4": 20, "v6": 40}},
        {"ip_prefix": {"v6": 64}})],
    "d": [{}, {"scrub": ["cnic", "phone", "iban", "card"]}, {"scrub": ["plate", "email", "cnic", {"name": "fir", "pattern": r"FIR-\d+/\d{4}"}]},
          {"scrub": [{"name": "d", "pattern": r"(?<!\d)\d"}, "iban"]}],
    "e": [{"min_group": 7, "coarsen": {"step": 5}}],
}
LABELS = list(MEANINGS)
MODES = redact_reference.MODES
NAMES = ["n", "35202-1234567-1", "name", "\u00e9t\u00e9", "x-1", "z", "key", "list", "inner"]
TEXTS = ["", "a", "LHR", "KHI", "\u0627\u0645\u0627\u0646\u062a", "e\u0301", "\U0001f600\U0001f600\U0001f600", "2026-03-31T23:30:00-02:00", "2026-01-17", "2024-02-29T12:00:00",
         "12.34", "-0.01", "1e2", "35202-1234567-1", "a\tb\u0000\u007f", "\"\\/", "long " * 9,
         "1990-05-17", "1936-11-22", "2026-11-23", "36", "151", "203.0.113.77", "2001:db8:aaaa::1", "10.0.0.256", "fe80::1%1",
         "of 35202\u20131234567\u20131, \u06f3\u06f5\u06f2\u06f0\u06f2\u00a01234567 1", "352\u00ad02-1234567-\u200d1\u0301", "3520212345671x35202123456712",
         "3 5 2 0 2 1 2 3 4 5 6 7 1", "0300-1234567/+92 (300) 1234567", "a.b@example.pk,x@\uff45.co", "PK36 SCBL 0000 0011 2345 6702 und GB82WEST12345698765432",
         "PK36SCBL0000001123456703", "4111-1111-1111-1111 4111 1111 1111 1112", "LEA-1234 leb 12 3456 FIR-512/2026", "\uff2c\uff25\uff21\u2014\u0661\u0662\u0663\u0664",
         "1234567", "12345678", "\u00bd\u2462\U0001d7d8", "\ufdfa" * 3]
NUMBERS = ["0", "-0", "7", "12.345", "-12.345", "1e3", "1.0", "-1E-2", "123456789012345678901234567890", "0.05", "1e65", "9.99e-64", "36", "90.5", "3520212345671", "-3520212345671"]
SCALARS = ["null", "boolean", "integer", "number", "string"]


class Lots:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, items):
        return self.random.choice(items)

    def chance(self, part):
        return self.random.random() < part


class Maker(Lots):
    # -- descriptions --

    def attribute(self, name, node, nodes, depth=0):
        """The attribute that a node can be, as the catalogue would derive it, or None."""
        kinds = nodes[node]["kinds"]
        if "record" in nodes[node] or nodes[node].get("anything"):  # what has no type is no attribute
            return None
        found = {"name": name, "optional": self.chance(0.6)}
        if kinds[0] == "string":
            found["type"] = "string"
        elif kinds[0] in ("integer", "number", "boolean"):
            found["type"] = {"integer": "long", "number": "decimal", "boolean": "bool"}[kinds[0]]
        elif kinds[0] == "array" and depth == 0 and "items" in nodes[node]:
            element = self.attribute("", nodes[node]["items"], nodes, 1)
            if element is None or element["type"] in ("set", "record"):
                return None
            found.update(type="set", element=element)
        elif kinds[0] == "object" and depth < 2:
            fields = [self.attribute(key, child, nodes, depth + 1) for key, child in nodes[node].get("members", {}).items()]
            found.update(type="record", fields=[field for field in fields if field])
        else:
            return None
        return found

    def nodes(self):
        count = self.random.randint(4, 10)
        names = [f"n{i}" for i in range(count)]
        nodes = {}
        for i, name in enumerate(names):
            shape = self.one(["object", "object", "array", "scalar", "scalar", "scalar"]) if i > 1 else self.one(["object", "array", "object"])
            shape = "scalar" if i >= count - 2 else shape
            later = names[i + 1:i + 4] or names
            child = lambda: self.one(names) if self.chance(0.1) else self.one(later)
            node = {"kinds": [shape]}
            if shape == "scalar":
                node["kinds"] = [self.one(SCALARS[1:])] + (["null"] if self.chance(0.3) else [])
            if shape == "array" and self.chance(0.95):
                node["items"] = child()
            if shape == "object":
                node["members"] = {key: child() for key in self.random.sample(NAMES, self.random.randint(2 if i < 2 else 0, 6))}
                if self.chance(0.15):
                    node["additional"] = child()
                if self.chance(0.4):
                    node["record"] = self.one(["R", "S"])
            if self.chance(0.05):
                node["kinds"].append(self.one(["object", "array", "string"]))
            if self.chance(0.75 if shape == "scalar" else 0.1):
                node["labels"] = self.random.sample(LABELS, 2 if self.chance(0.2) else 1)
            if node.get("labels") and self.chance(0.06) and "record" not in node:
                node["anything"] = True
            if shape == "scalar" and self.chance(0.3):
                node["subject"] = self.one(["cnic", "plate", "other"])
            nodes[name] = node
        return nodes

    def one_shape_per_record(self, nodes):
        """One record name has one shape: the other nodes of that name lose theirs."""
        seen = {}
        for name, node in nodes.items():
            if "record" in node and seen.setdefault(node["record"], name) != name:
                del node["record"]
        return seen

    def case(self):
        nodes = self.nodes()
        shapes = self.one_shape_per_record(nodes)
        records, plan, answers = {}, {}, {}
        for record in ("R", "S"):
            listed = []
            for key, child in nodes[shapes[record]]["members"].items() if record in shapes else []:
                attribute = self.attribute(key, child, nodes)
                if attribute and self.chance(0.7):
                    attribute["unread"] = self.chance(0.3)
                    listed.append(attribute)
            records[record] = listed
            plan[record] = {label: [self.one(MODES[1:] + ["reveal"] * 3)] if self.chance(0.4) else self.one(MODES + ["reveal", "reveal"]) for label in LABELS if self.chance(0.9)}
            answers[record] = [self.answer(listed, plan[record]) for _ in range(2)] + [self.answer([], plan[record])]
        forbids = [{"record": self.one(["R", "S"]), "labels": self.random.sample(LABELS, 2)} for _ in range(self.random.randint(0, 1))]
        for forbid in forbids:
            if records[forbid["record"]]:
                forbid["when"] = self.when(records[forbid["record"]])
        labels = {label: self.one(meanings) for label, meanings in MEANINGS.items()}
        return {"labels": labels, "now": "2026-11-22", "previous": self.one(["", "fedcba9876543210fedcba9876543210"]), "subjects": {"cnic": "digits", "plate": "exact", "other": "lower"}, "records": records, "nodes": nodes, "root": "n0",
                "ndjson": self.chance(0.2), "depth": self.one([0, 0, 0, 6]), "limit": self.one([0, 0, 0, 8, 16, 24, 40, 80, 160]), "service": {label: self.one(MODES + ["reveal"]) for label in LABELS if self.chance(0.8)},
                "plan": plan, "answers": answers, "forbids": forbids, "partner": self.one(["acme", "ravi-cameras"])}

    def when(self, listed):
        attribute = self.one(listed)
        values = {"string": [json.dumps(t, ensure_ascii=False) for t in TEXTS[1:4]], "long": ["0", "7"], "decimal": NUMBERS[:4], "bool": ["true"], "set": ["[]", "[7]"],
                  "record": ["{}"]}
        return [attribute["name"], self.one(values[attribute["type"]])]

    def answer(self, listed, plan):
        weaker = {}
        for label, mode in plan.items():
            if isinstance(mode, list) and self.chance(0.9):
                weaker[label] = self.one(MODES[:MODES.index(mode[0]) + 1])
        return {"modes": weaker, **({"when": self.when(listed)} if listed else {})}

    # -- bodies --

    def space(self):
        return self.one([" ", "\t", "\r", "  "]) if self.chance(0.05) else ""

    def string(self, text):
        out = json.dumps(text, ensure_ascii=self.chance(0.5))
        if text and self.chance(0.1):
            units = text.encode("utf-16-be")
            out = '"' + "".join(f"\\u{units[i]:02x}{units[i + 1]:02X}" for i in range(0, len(units), 2)) + '"'
        return out

    def scalar(self, kind):
        if kind == "string":
            return self.string(self.one(TEXTS))
        if kind == "integer":
            return self.one(["0", "7", "-0", "12345", "1.0", "2e1"] if self.chance(0.2) else ["0", "7", "42"])
        if kind == "number":
            return self.one(NUMBERS)
        return self.one(["true", "false"]) if kind == "boolean" else "null"

    def anything(self, depth):
        kind = self.one(SCALARS + ["array", "object"]) if depth < 4 else self.one(SCALARS)
        if kind == "array":
            return "[" + ",".join(self.anything(depth + 1) for _ in range(self.random.randint(0, 3))) + "]"
        if kind == "object":
            return "{" + ",".join(self.string(self.one(NAMES)) + ":" + self.anything(depth + 1) for _ in range(self.random.randint(0, 2))) + "}"
        return self.scalar(kind)

    def value(self, nodes, name, depth=0):
        node = nodes[name] if name else None
        if node is None or node.get("anything") or depth > 7 or self.chance(0.03):
            return self.anything(depth)
        kind = self.one(node["kinds"])
        if kind == "array":
            return "[" + ",".join(self.space() + self.value(nodes, node.get("items"), depth + 1) for _ in range(self.random.randint(0, 3))) + "]"
        if kind != "object":
            return self.scalar(kind) + self.space()
        members = node.get("members", {})
        keys = [key for key in members if self.chance(0.8)]
        self.random.shuffle(keys)
        if self.chance(0.2):
            keys.insert(self.random.randint(0, len(keys)), self.one(NAMES + ["unknown"]))
        parts = [self.space() + self.string(key) + self.space() + ":" + self.space()
                 + self.value(nodes, members.get(key, node.get("additional")), depth + 1) for key in keys]
        return "{" + ("," + self.space()).join(parts) + "}"

    def body(self, case):
        if case["ndjson"]:
            text = "\n".join(self.value(case["nodes"], "n0") if self.chance(0.9) else self.space() for _ in range(self.random.randint(0, 4)))
            text += self.one(["", "\n", "\n\n"])
        else:
            text = self.space() + self.value(case["nodes"], "n0") + self.one(["", "\n", " "])
        body = bytearray(text.encode("utf-8", "surrogatepass"))
        if body and self.chance(0.05):
            at = self.random.randrange(len(body))
            body[at:at + self.random.randint(0, 2)] = self.one([b"", b"\x00", b"\xc3", b"}", b",", b"\\", b"\"", b"\xed\xa0\x80", b"\\ud800"])
        return bytes(body)


def outcomes_of(program, pairs):
    """What redact_file makes of each (description, body), and how many runs of the redactor agreed on that."""
    lines, before = [], None
    for case, body in pairs:
        lines.append(("" if case is before else json.dumps(case)) + "\n" + base64.b64encode(body).decode() + "\n")
        before = case
    done = subprocess.run(program, input="".join(lines).encode(), stdout=subprocess.PIPE, check=False)
    outcomes = [json.loads(line) for line in done.stdout.decode().splitlines()]
    if done.returncode == 0 and len(outcomes) == len(pairs) + 1:
        return outcomes[:-1], outcomes[-1]["runs"]
    print(f"redact_file ended with {done.returncode} after {len(outcomes)} of {len(pairs)} bodies")
    if len(outcomes) < len(pairs):
        print(json.dumps(pairs[len(outcomes)][0]), pairs[len(outcomes)][1][:10000])
    sys.exit(1)


def differs(expected, got):
    if expected["fault"] == "duplicate":
        return got["fault"] != "duplicate"
    if expected["fault"] != "none":
        return got["fault"] == "none"  # which fault is met first may differ
    if got["fault"] != "none" or got["result"] != "ok":
        return True
    got["account"]["subjects"] = sorted({tuple(subject) for subject in got["account"]["subjects"]})
    if expected["nothing"]:
        return not got["nothing"]  # no window, so no account
    return any(got[key] != expected[key] for key in ("nothing", "body", "account"))


def compare(program, pairs):
    """How many differ, how many disclose something, and the runs. The first that differ are printed."""
    outcomes, runs = outcomes_of(program, pairs)
    wrong = disclosing = 0
    for (case, body), got in zip(pairs, outcomes):
        expected = redact_reference.redact(case, body)
        disclosing += bool(expected.get("body"))
        if differs(expected, got):
            wrong += 1
            if wrong <= 3:
                print("case     ", json.dumps(case), "\nbody     ", body[:3000], "\nexpected ", str(expected)[:3000], "\ngot      ", str(got)[:3000], "\n")
    return wrong, disclosing, runs


def main(maker_class):
    program, count, seed = [sys.argv[1]] + sys.argv[4:], int(sys.argv[2]), int(sys.argv[3])
    maker = maker_class(seed)
    pairs = []
    while len(pairs) < count:
        case = maker.case()
        pairs += [(case, maker.body(case)) for _ in range(4)]
    wrong, disclosing, runs = compare(program, pairs)
    print(f"{len(pairs)} cases in {runs} runs, {disclosing} disclose something, {wrong} differ")
    return 0 if wrong == 0 and disclosing > count // 4 else 1


if __name__ == "__main__":
    sys.exit(main(Maker))
