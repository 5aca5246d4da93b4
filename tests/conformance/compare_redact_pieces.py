# SPDX-License-Identifier: Apache-2.0
"""compare_redact_pieces.py REDACT_FILE COUNT SEED [SMALL RANDOM]: as compare_redact_reference.py, with cases in which neighbours
share a fate (policy/redact/walk_piece.c): few labels of many in trees of containers, several kinds at a place, names in each
other's way, more members than have bits, and bodies that are mostly as declared."""
import json
import sys

import compare_redact_reference
from compare_redact_reference import MEANINGS, MODES, NUMBERS, TEXTS

PREFIXES = ["abcdefghijklmnopqrstuvwxyz"[:length] for length in range(1, 23)]
ODD_NAMES = ["", "\"", "\\", "tab\tbed", "\u00e9t\u00e9", "\U0001f600", "q\"q", "y" * 300]
LONG_NUMBERS = ["1" * length for length in (62, 63, 64, 65)] + ["0." + "1" * length for length in (60, 61, 62, 63, 64)]
# How much of something there is in one case: mostly nothing, so that most cases have long pieces.
SHARES = {"shared": [0, 0.12, 0.3], "unusual": [0, 0, 0.05], "labelled": [0, 0.1, 0.5], "kinds": [0, 0.12, 0.5], "anything": [0, 0, 0.1],
          "additional": [0, 0.1, 0.5], "wide": [0, 0.03, 0.2], "asked": [0, 0.3, 0.8], "revealed": [0.9, 0.5, 0.2], "attributes": [0.1, 0.5]}
SHARES_OF_BODY = {"space": [0, 0, 0.05], "odd": [0, 0.02, 0.1], "wrong": [0, 0, 0.05], "empty": [0, 0, 0.1], "present": [1, 0.9, 0.5],
                  "shuffled": [0, 0, 0.3], "twice": [0, 0, 0.02], "unknown": [0, 0.05, 0.5]}


class PieceMaker(compare_redact_reference.Maker):
    def draw(self, shares):
        self.share = {**getattr(self, "share", {}), **{what: self.one(parts) for what, parts in shares.items()}}

    def has(self, what):
        return self.chance(self.share[what])

    # -- descriptions --

    def names(self, count):
        names = {}
        while len(names) < count:
            kind = self.random.random()
            name = self.one(PREFIXES) if kind < 0.4 else self.one(ODD_NAMES) if kind < 0.45 else "f" + str(self.random.randrange(10 ** self.random.randint(1, 17)))
            names[name] = None
        return list(names)

    def scalar_node(self):
        node = {"kinds": [self.one(["string", "string", "integer", "number", "boolean"])] + (["null"] if self.chance(0.2) else [])}
        if self.chance(0.9):
            node["labels"] = self.labels_of_node()
        if self.has("unusual"):
            node["subject"] = self.one(["cnic", "plate", "other"])
        return node

    def labels_of_node(self):
        return [self.one(self.palette)] if self.chance(0.9) else self.random.sample(self.labels, self.random.randint(1, 2))

    def node(self, nodes, depth, shape=None):
        """The name of a node, with all that is in it; sometimes one that is known."""
        if nodes and not shape and self.has("shared"):
            return self.one(list(nodes))
        name = f"n{len(nodes)}"
        shape = shape or (self.one(["object", "array"] + ["scalar"] * 4) if depth < 10 and len(nodes) < self.most_nodes else "scalar")
        node = nodes[name] = self.scalar_node() if shape == "scalar" else {"kinds": [shape]}
        if shape != "scalar" and depth > 1 and self.has("labelled"):
            node["labels"] = self.labels_of_node()
        if depth < 8 and self.has("kinds"):
            node["kinds"] = list(dict.fromkeys(node["kinds"] + [self.one(["object", "array", "string", "null", "integer"])]))
        if node.get("labels") and self.has("anything"):
            node["anything"] = True
        if "object" in node["kinds"]:
            wide = self.has("wide")
            keys = self.names(self.random.randint(60, 75) if wide else self.one([1, 1, 2, 3, 4, 6, 10]))
            node["members"] = {key: self.node(nodes, depth + 1, "scalar" if wide and self.chance(0.95) else None) for key in keys}
            if self.has("additional"):
                node["additional"] = self.node(nodes, depth + 1)
            if shape == "object" and (depth == 1 or self.chance(0.1)) and not node.get("labels") and not node.get("anything") and self.free_records:
                node["record"] = self.free_records.pop()
        if "array" in node["kinds"]:
            node["items"] = self.node(nodes, depth + 1, "object" if depth == 0 else None)
        return name

    def case(self):
        self.draw(SHARES)
        labels = {label: self.one(meanings) for label, meanings in MEANINGS.items()}
        labels.update({f"l{i}": {} for i in range(45 if self.chance(0.15) else 0)})
        self.labels = list(labels)
        self.palette = self.random.sample(self.labels, self.one([1, 2, 3, len(labels)]))
        self.free_records = ["R", "S"]
        self.most_nodes = self.one([12, 25, 60, 120])
        nodes = {}
        self.node(nodes, 0, "array")
        shapes = {node["record"]: node for node in nodes.values() if "record" in node}
        records, plan, answers = {}, {}, {}
        for record in ("R", "S"):
            found = [self.attribute(key, child, nodes) for key, child in shapes.get(record, {}).get("members", {}).items() if self.has("attributes")]
            records[record] = [{**attribute, "unread": self.chance(0.3)} for attribute in found if attribute]
            modes = {label: "reveal" if self.has("revealed") else self.one(MODES) for label in labels}
            plan[record] = {label: [mode] if mode != MODES[0] and self.has("asked") else mode for label, mode in modes.items()}
            answers[record] = [self.answer(records[record], plan[record]) for _ in range(2)] + [self.answer([], plan[record])]
        return {"labels": labels, "now": "2026-11-22", "previous": "", "subjects": {"cnic": "digits", "plate": "exact", "other": "lower"},
                "records": records, "nodes": nodes, "root": "n0", "ndjson": self.chance(0.15), "depth": self.one([0, 0, 0, 4, 8]),
                "limit": self.one([0, 0, self.random.randint(1, 60), self.random.randint(1, 200), self.random.randint(200, 3000)]),
                "service": {label: self.one(MODES + ["reveal"]) for label in labels}, "plan": plan, "answers": answers, "forbids": [], "partner": "acme"}

    # -- bodies --

    def space(self):
        return self.one([" ", "\t", "\r", "  "]) if self.has("space") else ""

    def string(self, text):
        return super().string(text) if self.has("odd") else json.dumps(text, ensure_ascii=False)

    def scalar(self, kind):
        if self.has("odd"):
            return self.one(LONG_NUMBERS) if kind in ("integer", "number") and self.chance(0.5) else super().scalar(kind)
        if kind == "string":
            return self.string(self.one(TEXTS[:4]) if self.chance(0.5) else "x" * self.one([3, 9, 20, 20, 62, 63, 64, 65, 66]))
        return self.one(["0", "7", "42", "-1", "12345"] + NUMBERS[2:5] * (kind == "number")) if kind in ("integer", "number") else super().scalar(kind)

    def count_of_elements(self, depth):
        return 0 if self.has("empty") or self.left < -500 else self.one([1, 1, 2, 3, 5, 12] if depth else [3, 10, 30]) if self.left > 0 else 1

    def keys(self, members):
        keys = [key for key in members if self.has("present")] or ([] if self.has("empty") else list(members)[:1])
        if self.has("shuffled"):
            self.random.shuffle(keys)
        if keys and self.has("twice"):
            keys.append(self.one(keys))
        if self.has("unknown"):
            keys.insert(self.random.randint(0, len(keys)), self.one(["unknown", "u", "a", "ab"]) + str(self.random.randrange(50)))
        return keys if self.left > -500 else keys[:1]

    def value(self, nodes, name, depth=0):
        node = nodes[name] if name else {}
        self.left -= 1
        if not node or node.get("anything") or depth > 14 or self.has("wrong"):
            return self.anything(depth)
        kind = self.one(node["kinds"])
        if kind == "array":
            return "[" + ",".join(self.space() + self.value(nodes, node.get("items"), depth + 1) + self.space() for _ in range(self.count_of_elements(depth))) + "]"
        if kind != "object":
            return self.scalar(kind)
        members = node["members"]
        return "{" + ",".join(self.space() + self.string(key) + self.space() + ":" + self.space() + self.value(nodes, members.get(key, node.get("additional")), depth + 1)
                              for key in self.keys(members)) + self.space() + "}"

    def body(self, case):
        self.draw(SHARES_OF_BODY)
        self.left = self.one([20, 60, 200, 1000])
        return super().body(case) + b" " * 30  # so that the last pieces are whole


if __name__ == "__main__":
    sys.exit(compare_redact_reference.main(PieceMaker))
