# SPDX-License-Identifier: Apache-2.0
"""compare_redact_data.py REDACT_FILE FOLDER RECORDS PLANS [SMALL RANDOM]: real records (../shared/data) through the redactor and
through redact_reference.py under several plans: each file as it is, as the other format (array or NDJSON), and each record as a
body of its own (each under one of the plans). RECORDS of each file, 0: all. Structure is found in the data; which fields have labels says DATA. SMALL and
RANDOM are redact_file's. Ends with 77 where the folder is missing."""
import json
import lzma
import pathlib
import random
import sys

import redact_reference
from compare_redact_reference import compare

LABELS = {
    "case": {"mask": {"keep_last": 3}, "tokenize": {"length": 16}},
    "person": {"mask": {"keep_first": 1}, "tokenize": {"length": 13}, "coarsen": {"map": {"White": "some", "18-24": "young", "10-17": "young"}, "other": "other"}},
    "place": {"mask": {"pattern": "(.*) [^ ]+", "replace": "$1 *"}, "tokenize": {"link": "case"}, "coarsen": {"prefix": 5}},
    "point": {"mask": {"text": "somewhere"}, "coarsen": {"step": 0.01}},
    "area": {"mask": {"keep_last": 1}, "coarsen": {"bucket": {"few": 0, "some": 8, "many": 20}}},
    "time": {"mask": {"text": "then"}, "coarsen": {"time": "month"}},
    "note": {"mask": {"keep_first": 5}, "scrub": ["plate", "phone", {"name": "section", "pattern": r"section \d+"}, {"name": "weight", "pattern": r"\d+ ?GMS"}]},
    "speed": {"coarsen": {"step": 5}},
    "number": {"coarsen": {"bucket": [0, 100, 1000000]}},
    "kind": {},
    "open": {},
}
# Per file the name of its records, its members' labels by path (what is not named is unlabelled), subjects, records inside and
# what policies may read.
DATA = {
    "chicago-crimes-2015.json": {
        "record": "Crime",
        "labels": {"ID": ["case"], "Case Number": ["case"], "Date": ["time"], "Block": ["place"], "IUCR": ["kind"], "Primary Type": ["kind"],
                   "Description": ["note"], "Location Description": ["note", "kind"], "Arrest": ["kind"], "Beat": ["area"], "District": ["area"],
                   "Ward": ["area"], "X Coordinate": ["number"], "Y Coordinate": ["number"], "Year": ["number"], "Latitude": ["point"],
                   "Longitude": ["point"], "Location": ["point", "place"]},
        "subjects": {"Case Number": "case", "ID": "case"},
        "records": {},
        "reads": ["Arrest", "Primary Type", "District", "Year", "Latitude"]},
    "uk-met-stop-and-search-2019-02.json": {
        "record": "Search",
        "labels": {"type": ["kind"], "datetime": ["time"], "involved_person": ["kind"], "operation": ["kind"], "location": ["place"],
                   "location.latitude": ["point"], "location.longitude": ["point"], "gender": ["person"], "age_range": ["person"],
                   "self_defined_ethnicity": ["person"], "officer_defined_ethnicity": ["person", "kind"], "legislation": ["note"],
                   "object_of_search": ["note"], "outcome": ["kind"], "outcome_linked_to_object_of_search": ["kind"]},
        "subjects": {"self_defined_ethnicity": "word"},
        "records": {},
        "reads": ["gender", "outcome", "operation", "location", "type"]},
    "vehicle-telemetry.ndjson": {
        "record": "Message",
        "labels": {"metadata.receivedMessageDetails.locationData.latitude": ["point"], "metadata.receivedMessageDetails.locationData.longitude": ["point"],
                   "metadata.receivedMessageDetails.locationData.speed": ["speed"], "metadata.serialId.streamId": ["case"],
                   "metadata.serialId.serialNumber": ["number"], "metadata.odeReceivedAt": ["time"], "metadata.recordGeneratedAt": ["time"],
                   "metadata.recordType": ["kind"], "payload.dataType": ["note"], "payload.data.coreData.id": ["case"],
                   "payload.data.coreData.position.latitude": ["point"], "payload.data.coreData.position.longitude": ["point"],
                   "payload.data.coreData.speed": ["speed"], "payload.data.coreData.heading": ["number", "speed"], "payload.data.coreData.size": ["kind"],
                   "payload.data.coreData.brakes.wheelBrakes": ["kind"], "payload.data.coreData.brakes.wheelBrakes.leftFront": ["kind"],
                   "payload.data.partII": ["kind"], "payload.data.partII[].id": ["kind"], "payload.data.partII[].value.pathPrediction": ["open"],
                   "payload.data.partII[].value.pathHistory.crumbData[].latOffset": ["point"],
                   "payload.data.partII[].value.pathHistory.crumbData[].lonOffset": ["point"],
                   "payload.data.partII[].value.pathHistory.crumbData[].timeOffset": ["number"]},
        "subjects": {"payload.data.coreData.id": "case", "metadata.serialId.streamId": "word"},
        "records": {"payload.data.partII[].value.pathHistory.crumbData[]": "Crumb"},
        "reads": ["metadata", "elevationOffset"]},
}
STRONG = ["reveal"] * 4


def records_of(text):
    """Each record as it is spelt."""
    if not text.startswith("["):
        return text.splitlines()
    decoder, at, found = json.JSONDecoder(), 1, []
    while text[at] != "]":
        at += len(text[at:at + 20]) - len(text[at:at + 20].lstrip(" \r\n,"))
        _, end = decoder.raw_decode(text, at)
        found.append(text[at:end])
        at = end
    return found


class Schema:
    """The nodes of a file's records, as the data has them."""

    def __init__(self, described, records):
        self.described, self.nodes = described, {}
        for record in records:
            self.see(json.loads(record), "")
        for node in self.nodes.values():
            node["kinds"] = sorted(node["kinds"] - ({"integer"} if "number" in node["kinds"] else set()))

    def see(self, value, path):
        node = self.nodes.setdefault(path, {"kinds": set()})
        for key in ("labels", "subjects", "records"):
            if path in self.described[key]:
                node[key if key == "labels" else key[:-1]] = self.described[key][path]
        if self.described["labels"].get(path) == ["open"]:
            node["anything"] = True
        if isinstance(value, dict):
            node["kinds"].add("object")
            for name, member in value.items():
                inner = f"{path}.{name}" if path else name
                node.setdefault("members", {})[name] = inner
                self.see(member, inner)
        elif isinstance(value, list):
            node["kinds"].add("array")
            for item in value:
                node["items"] = path + "[]"
                self.see(item, path + "[]")
        else:
            node["kinds"].add({bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}[type(value)])

    def attribute(self, name, path):
        node = self.nodes[path]
        kinds = [kind for kind in node["kinds"] if kind != "null"]
        types = {"integer": "long", "number": "decimal", "boolean": "bool", "string": "string", "object": "record"}
        if len(kinds) != 1 or kinds[0] not in types:
            return None
        found = {"name": name, "type": types[kinds[0]], "optional": True}
        if kinds[0] == "object":
            inner = [self.attribute(key, child) for key, child in node.get("members", {}).items()]
            found["fields"] = [attribute for attribute in inner if attribute and attribute["type"] != "record"]
        return found

    def attributes(self, path):
        """Those that policies read of the records at `path`."""
        members = self.nodes[path].get("members", {})
        return [self.attribute(name, child) for name, child in members.items() if name in self.described["reads"]]


def modes_of(label):
    return ["withheld"] + [mode for mode in redact_reference.MODES[1:4] if mode in LABELS[label]] + ["reveal"]


def verdicts(draw, number, asks):
    """Plan 0 reveals all, 1 gives the weakest mode there is, 2 reveals few; others are drawn, and ask."""
    found = {}
    for label in LABELS:
        modes = modes_of(label)
        mode = [modes[-1], modes[1], draw.choice(modes[:1] * 4 + modes[-1:])][number] if number < 3 else draw.choice(modes + STRONG)
        found[label] = [mode] if asks and draw.random() < 0.6 else mode
    return found


def answers(draw, plan, listed, samples):
    """Two that depend on what a record has, and one for the rest."""
    found = []
    for _ in range(2):
        read = draw.choice(listed) if listed else None
        when = json.dumps(draw.choice(samples).get(read["name"])) if read and read["type"] in ("string", "bool", "long") else None
        if when not in (None, "null"):
            found.append({"when": [read["name"], when]})
    found.append({})
    for answer in found:
        answer["modes"] = {label: draw.choice(redact_reference.MODES[:redact_reference.MODES.index(mode[0]) + 1] + [mode[0]] * 4)
                           for label, mode in plan.items() if isinstance(mode, list)}
    return found


def description(schema, described, records, number):
    draw = random.Random(f"{described['record']} {number}")
    types = {"": described["record"], **described["records"]}
    nodes = {**schema.nodes, "": {**schema.nodes[""], "record": described["record"]}, "all": {"kinds": ["array"], "items": ""}}
    samples = [json.loads(draw.choice(records)) for _ in range(20)]
    case = {"labels": LABELS, "now": "2026-11-22", "partner": "acme", "subjects": {"case": "upper-alnum", "word": "lower"},
            "nodes": nodes, "root": "all", "service": {}, "limit": [0, 300, 120][number % 3] if number > 3 else 0,
            "records": {name: schema.attributes(path) for path, name in types.items()}, "plan": {}, "answers": {}, "forbids": []}
    for name in types.values():
        case["plan"][name] = verdicts(draw, number, number > 2)
        case["answers"][name] = answers(draw, case["plan"][name], case["records"][name], samples)
    if number > 2:
        case["forbids"] = [{"record": described["record"], "labels": draw.sample(sorted(LABELS), 2), **{k: v for k, v in case["answers"][described["record"]][0].items() if k == "when"}}]
    return case


def bodies(name, case, records, some):
    """(description, body): the file as it is, in the other format, some records alone."""
    lines = {**case, "ndjson": True, "root": ""}
    array, ndjson = (case, "[" + ",".join(records) + "]"), (lines, "\n".join(records) + "\n")
    yield from (ndjson, array) if name.endswith(".ndjson") else (array, ndjson)
    alone = {**case, "root": ""}
    yield from ((alone, record) for record in some)


def main():
    program, folder, limit, plans = [sys.argv[1]] + sys.argv[5:], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    if not folder.is_dir():
        print(f"skipped: the data {folder} is not here")
        return 77
    failed = False
    for path in sorted(folder.glob("*.xz")):
        described = DATA[path.stem]
        records = records_of(lzma.decompress(path.read_bytes()).decode())
        records = records[:limit] if limit else records
        schema = Schema(described, records)
        for number in range(plans):
            case = description(schema, described, records, number)
            pairs = [(plan, body.encode()) for plan, body in bodies(path.stem, case, records, records[number::plans])]
            wrong, disclosing, runs = compare(program, pairs)
            print(f"{path.stem}, plan {number}: {len(pairs)} bodies in {runs} runs, {disclosing} disclose something, {wrong} differ", flush=True)
            failed |= wrong > 0 or disclosing == 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
