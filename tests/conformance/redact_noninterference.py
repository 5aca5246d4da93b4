# SPDX-License-Identifier: Apache-2.0
"""redact_noninterference.py REDACT_FILE COUNT SEED: invariant 2 of design.md, tried at random.

Each pair of bodies agrees in what may be disclosed and in what policies read, and differs in everything else: values of what
is withheld (also what is scrubbed from a revealed string), undeclared members, order and spelling of withheld parts, withheld
names that come twice, white space. Whatever comes out (bytes, windows, refusal) must be the same. What must not differ is decided by the plan, as redact_reference.py
reads it; which window a byte is in is tried by adding long withheld parts to bodies of several windows.
"""
import json
import random
import re
import sys

import redact_reference
from compare_redact_reference import Maker, NAMES, outcomes_of


class Pair:
    """Writes one body twice; `noise` is the generator of everything that must not matter."""

    def __init__(self, case, maker, seed):
        self.case, self.maker = case, maker
        self.redactor = redact_reference.Redactor(case)
        self.nodes = self.redactor.case["nodes"]
        self.noise = random.Random(seed)

    def space(self):
        return "".join(self.noise.choice(" \t\r") for _ in range(self.noise.choice([0, 0, 0, 1, 3])))

    def junk(self, depth=0):
        """Any JSON value."""
        kind = self.noise.randrange(8 if depth < 3 else 6)
        if kind < 6:
            return self.noise.choice(["null", "true", "1e9", "-0.0", '"\\ud83d\\ude00"', '"' + "x" * self.noise.choice([0, 20, 60, 2000]) + '"'])
        parts = [self.junk(depth + 1) for _ in range(self.noise.randrange(4))]
        if kind == 6:
            return "[" + ",".join(parts) + self.space() + "]"
        return "{" + self.space() + ",".join(f'"{self.noise.choice("ab")}":{part}' for part in parts) + "}"

    def is_withheld(self, name, kind):
        """Nothing here or below can be disclosed, and no record whose verdict reads it begins below."""
        return name is None or not self.redactor.can_disclose(name, kind)

    # The plan of a body, made once by `maker`: a tree of (what, …); text of it is made twice.

    def tree(self, name, kind, depth=0, read=None):
        """`read`: the attribute that a policy reads here."""
        node = self.nodes[name] if name else None
        if read is not None:
            return ("fixed", self.fixed(read, name, depth))
        if self.is_withheld(name, kind):
            return ("junk",)
        if depth > 7:
            return ("fixed", "null")
        value = self.maker.one(node["kinds"])
        if node.get("anything"):
            return ("fixed", '"open"')
        if "e" in node.get("labels", []) and value not in ("array", "object") and self.maker.chance(0.5):
            return ("few",)  # its label has a `min_group`: nothing tells which small count it was, or what else
        if value == "array":
            items = [self.tree(node.get("items"), kind, depth + 1) for _ in range(self.maker.random.randint(0, 3))]
            return ("array", items)
        if value == "string" and self.scrubs_cnic(node, kind):
            return ("scrubbed", self.maker.one(["", "of ", "\\u00e9 "]), self.maker.one(["", ", seen", " \u0628"]))
        if value != "object":
            return ("scalar",) if self.redactor.is_withheld(node, kind) else ("fixed", self.maker.scalar(value))
        members = self.members(name, node, kind, depth) + self.undeclared_members(node, kind, depth)
        return ("object", members, self.withheld_names(node, node.get("record", kind)))

    def scrubs_cnic(self, node, kind):
        """Revealed to everybody, with what `cnic` finds replaced: which one it is, and how it is spelt, shows nowhere.
        Only a limit counts it, as it counts all that is spelt of a candidate."""
        if self.case.get("limit"):
            return False
        labels = node.get("labels", [])
        modes = self.case["service"] if kind is None else self.case["plan"][kind]
        return len(labels) == 1 and modes.get(labels[0]) == "reveal" and "cnic" in self.case["labels"][labels[0]].get("scrub", [])

    def cnic(self):
        digits = self.noise.choice("123456789") + "".join(self.noise.choice("123456789") for _ in range(12))
        if self.noise.random() < 0.5:
            digits = "".join(self.noise.choice([d, chr(0x6F0 + int(d)), chr(0xFF10 + int(d)), f"\\u{0x660 + int(d):04x}"]) for d in digits)
        parts = re.findall(r"\\u....|.", digits)
        between = self.noise.choice(["", "-", " ", "\u2013", "\\u00a0", "\u200d-\u00ad", " - ", "/", "\\/", "\\t"])
        return between.join("".join(parts[a:b]) for a, b in ((0, 5), (5, 12), (12, 13)))

    def open_door(self, name, kind, depth):
        """Where anything may stand: names inside show only if the plan could reveal the label."""
        value = self.maker.one(["string", "array", "object"]) if depth < 5 else "string"
        inner = redact_reference.undeclared(name)
        if value == "string":
            return ("fixed", self.maker.scalar("string"))
        if value == "array":
            return ("array", [self.open_door(name, kind, depth + 1) for _ in range(self.maker.random.randint(0, 2))])
        if self.is_withheld(inner, kind):
            return ("object", [], NAMES)
        return ("object", [(self.maker.string(key), self.open_door(inner, kind, depth + 1)) for key in NAMES if self.maker.chance(0.2)], [])

    def undeclared_members(self, node, kind, depth):
        inner = node.get("record", kind)
        if "additional" not in node or self.is_withheld(node["additional"], inner):
            return []
        keys = [key for key in NAMES + ["another"] if key not in node.get("members", {}) and self.maker.chance(0.3)]
        return [(self.maker.string(key), self.tree(node["additional"], inner, depth + 1)) for key in keys]

    def fixed(self, attribute, name, depth):
        """One spelling of an attribute; what is not one of its fields would be noise too, but is left out."""
        node = self.nodes[name]
        value = node["kinds"][0]
        if value == "array":
            items = [self.fixed(attribute["element"], node["items"], depth + 1) for _ in range(self.maker.random.randint(0, 2))]
            return "[" + ",".join(items) + "]"
        if value == "object":
            fields = {field["name"]: field for field in attribute.get("fields", [])}
            return "{" + ",".join(self.maker.string(key) + ":" + self.fixed(fields[key], child, depth + 1)
                                  for key, child in node.get("members", {}).items() if key in fields) + "}"
        return self.maker.scalar(value)

    def members(self, name, node, kind, depth):
        inner = node.get("record", kind)
        reads = {}
        if "record" in node and self.redactor.reads and self.redactor.inside(name):
            reads = self.redactor.attributes.get(node["record"], {})
        out = []
        keys = [key for key in node.get("members", {}) if self.maker.chance(0.85)]
        self.maker.random.shuffle(keys)
        for key in keys:
            child = node["members"][key]
            read = reads.get(key) if "record" not in self.nodes[child] else None
            if read is not None or not self.is_withheld(child, inner):
                out.append((self.maker.string(key), self.tree(child, inner, depth + 1, read)))
        return out

    def withheld_names(self, node, kind):
        """Undeclared names, if they lead to nothing that matters."""
        if "additional" in node and self.redactor.can_disclose(node["additional"], kind):
            return []
        return [key for key in NAMES + ["unknown", "another one that nobody declared"] if key not in node.get("members", {})]

    def text(self, tree):
        if tree[0] == "junk":
            return self.junk()
        if tree[0] == "few":
            return self.noise.choice(["0", "1", "6", "-7", "7.0", "8e9", "null", "true", '"12"', '""'])
        if tree[0] == "scrubbed":
            return f'"{tree[1]}{self.cnic()}{tree[2]}"'
        if tree[0] == "scalar":
            return self.noise.choice(["null", "true", "7", "1.5", '"text"'])
        if tree[0] == "fixed":
            return tree[1]
        if tree[0] == "array":
            parts = [self.text(item) for item in tree[1]]
            return "[" + ",".join(self.space() + part + self.space() for part in parts) + "]"
        parts = [self.space() + key + self.space() + ":" + self.space() + self.text(child) for key, child in tree[1]]
        names = tree[2]
        for _ in range(self.noise.randrange(4) if names else 0):
            member = json.dumps(self.noise.choice(names)) + self.space() + ":" + self.junk()
            parts.insert(self.noise.randint(0, len(parts)), self.space() + member)
        return "{" + ",".join(parts) + self.space() + "}"


def bodies(case, maker):
    tree_maker = Pair(case, maker, 0)
    trees = [tree_maker.tree(case["root"], None) for _ in range(maker.random.randint(1, 3) if case["ndjson"] else 1)]
    out = []
    for _ in range(2):
        tree_maker.noise = random.Random(maker.random.random())
        lines = [tree_maker.space() + tree_maker.text(tree) + tree_maker.space() for tree in trees]
        out.append("\n".join(lines).encode())
    return out


def long_bodies():
    """Several windows of records, with withheld parts of very different lengths."""
    case = {"labels": {"a": {}, "b": {}}, "subjects": {}, "records": {"R": []}, "root": "list", "ndjson": False,
            "nodes": {"list": {"kinds": ["array"], "items": "r"}, "r": {"kinds": ["object"], "record": "R", "members": {"a": "a", "b": "b"}},
                      "a": {"kinds": ["string"], "labels": ["a"]}, "b": {"kinds": ["string"], "labels": ["b"]}},
            "service": {}, "plan": {"R": {"a": "reveal"}}}
    records = [f'{{"a":"{i}{"x" * (i % 97)}"}}' for i in range(9000)]
    noisy = [record[:-1] + f',"b":"{"y" * (i % 211)}"}} ' for i, record in enumerate(records)]
    return case, ["[" + ",".join(records) + "]", "[\n" + " ,".join(noisy) + "]"]


def main():
    program, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    maker = Maker(seed)
    runs = []
    case, (plain, noisy) = long_bodies()
    runs += [(case, plain.encode()), (case, noisy.encode())]
    while len(runs) < 2 * count:
        case = maker.case()
        case["depth"] = 0  # that a body was too deep is admitted
        case["limit"] = maker.one([0, 0, 10, 40, 120, 400])  # only what may be disclosed or is read may count
        for _ in range(4):
            runs += [(case, body) for body in bodies(case, maker)]
    outcomes, _ = outcomes_of([program], runs)
    wrong = disclosing = different = 0
    for i in range(0, len(runs), 2):
        one, other = outcomes[i], outcomes[i + 1]
        disclosing += bool(one["body"])
        different += runs[i][1] != runs[i + 1][1]
        if any(one[key] != other[key] for key in ("result", "fault", "nothing", "windows")):
            wrong += 1
            if wrong <= 3:
                print("case  ", json.dumps(runs[i][0]), "\nbodies", runs[i][1], runs[i + 1][1], "\ngave  ", one, other, "\n")
    print(f"{len(runs) // 2} pairs, {different} of them differ, {disclosing} disclose something, {wrong} interfere")
    return 0 if wrong == 0 and disclosing > count // 4 and different > count // 2 else 1


if __name__ == "__main__":
    sys.exit(main())
