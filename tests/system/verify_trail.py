#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An independent verifier of a trail folder, written from the formats alone (design: trail.md; RFC 6962, C2SP
signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature). It shares no code with the gateway.

usage: verify_trail.py TRAIL [--vkey FILE] [--witness FILE]…

Checks every entry's bytes, number, link, commit and time; leaf hashes and roots at every checkpoint of checkpoint.log,
at the floor and at every answer in anchors/done; Ed25519 signatures; cosignatures of the given witnesses; hash tiles and
entry bundles; rulesets against their digests; quarantined bytes against their entries. Prints a summary; exit code 3 at
the first fault. As a module: verify(folder, vkey=None, witnesses=()) returns a Report or raises Fault.
"""
import argparse
import base64
import dataclasses
import hashlib
import json
import pathlib
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = re.compile(
    rb'\{"_prev":"([0-9a-f]{64})","_seq":(0|[1-9][0-9]*),"_time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)",'
    rb'"_tx":([1-9][0-9]*),')
DASH = "\u2014 "


class Fault(Exception):
    """The trail is not what was written; the text says where."""


@dataclasses.dataclass
class Key:
    name: str
    kind: int
    key_id: bytes
    public: Ed25519PublicKey

    @classmethod
    def parse(cls, text):
        name, key_id, rest = text.strip().split("+", 2)
        blob = base64.b64decode(rest, validate=True)
        kind, public = blob[0], blob[1:]
        if hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4].hex() != key_id or len(public) != 32:
            raise Fault(f"verifier key of {name}: the key id is wrong")
        return cls(name, kind, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(public))

    def verifies(self, text, name, blob):
        """The time of a cosignature, 0 of a plain signature, None when it is none of this key's."""
        if name != self.name or blob[:4] != self.key_id:
            return None
        signature, message, time = blob[4:], text, 0
        if self.kind == 4:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = b"cosignature/v1\ntime %d\n" % time + text
        try:
            self.public.verify(signature, message)
        except InvalidSignature as wrong:
            raise Fault(f"a signature of {self.name} is not valid") from wrong
        return time


@dataclasses.dataclass
class Checkpoint:
    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: list
    source: str
    length: int


@dataclasses.dataclass
class Report:
    entries: int = 0
    covered: int = 0
    kinds: dict = dataclasses.field(default_factory=dict)
    checkpoints: int = 0
    tiles: int = 0
    rulesets: int = 0
    witnessed: dict = dataclasses.field(default_factory=dict)
    root: bytes = b""


def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b"\x01" + left + right)


class Tree:
    """All leaf hashes; the root of any size by the recursion of RFC 6962 section 2.1, made iterative."""

    def __init__(self):
        self.leaves = []
        self.edge = []

    def append(self, leaf):
        size, hash_ = len(self.leaves), leaf
        self.leaves.append(leaf)
        while size & 1:
            hash_ = node(self.edge.pop(), hash_)
            size >>= 1
        self.edge.append(hash_)

    def root(self):
        if not self.edge:
            return sha256(b"")
        hash_ = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            hash_ = node(left, hash_)
        return hash_

    def heights(self):
        """Hashes at heights 0, 8, 16 … as tiles hold them."""
        level = self.leaves
        while level:
            yield level
            above = []
            for start in range(0, len(level) - 255, 256):
                row = level[start:start + 256]
                while len(row) > 1:
                    row = [node(row[i], row[i + 1]) for i in range(0, len(row), 2)]
                above.append(row[0])
            level = above


def parse_checkpoint(text, source):
    lines = text.decode().split("\n")
    if len(lines) != 4 or lines[3] != "" or not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
        raise Fault(f"{source}: no checkpoint")
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)


def parse_notes(data, source):
    """The notes of a file, one after the other."""
    notes, lines, at = [], data.decode().split("\n"), 0
    if lines[-1] != "":
        raise Fault(f"{source}: ends in the middle of a line")
    lines.pop()
    while at < len(lines):
        text = ("\n".join(lines[at:at + 3]) + "\n").encode()
        if len(lines) < at + 5 or lines[at + 3] != "":
            raise Fault(f"{source}: no signed note")
        end = at + 4
        signatures = []
        while end < len(lines) and lines[end].startswith(DASH):
            name, blob = lines[end][2:].split(" ")
            signatures.append((name, base64.b64decode(blob, validate=True)))
            end += 1
        if not signatures:
            raise Fault(f"{source}: a note without signature")
        length = len(("\n".join(lines[at:end]) + "\n").encode())
        notes.append(Checkpoint(*parse_checkpoint(text, source), text, signatures, source, length))
        at = end
    return notes


def check_own(checkpoint, key):
    if checkpoint.origin != key.name:
        raise Fault(f"{checkpoint.source}: of another log")
    if not any(key.verifies(checkpoint.text, *signature) is not None for signature in checkpoint.signatures):
        raise Fault(f"{checkpoint.source}: not signed by the log's key")


def tile_path(index):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


def read_entries(folder, tree, report):
    """All entries in order, as (bytes, object); the chain is checked on the way."""
    previous, commit, time = sha256(b"").hex(), 0, ""
    segments = sorted((folder / "segments").glob("*.jsonl"))
    for segment in segments:
        if int(segment.stem) != len(tree.leaves):
            raise Fault(f"{segment.name}: begins with {int(segment.stem)}, expected {len(tree.leaves)}")
        data = segment.read_bytes()
        if data and not data.endswith(b"\n"):
            raise Fault(f"{segment.name}: ends in the middle of an entry")
        for line in data.split(b"\n")[:-1]:
            number = len(tree.leaves)
            where = f"{segment.name}: entry {number}"
            header = HEADER.match(line)
            if header is None or len(line) > 8192:
                raise Fault(f"{where}: no entry")
            if header[1].decode() != previous:
                raise Fault(f"{where}: does not link to the one before")
            if int(header[2]) != number:
                raise Fault(f"{where}: has number {int(header[2])}")
            if int(header[4]) not in (commit, commit + 1):
                raise Fault(f"{where}: commit {int(header[4])} after {commit}")
            if header[3].decode() <= time:
                raise Fault(f"{where}: time goes back")
            entry = json.loads(line)
            canonical = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            if canonical.encode() != line:
                raise Fault(f"{where}: not in the form of RFC 8785")
            if not re.fullmatch("[0-9a-f]{32}", entry.get("rid", "")):
                raise Fault(f"{where}: no salt")
            leaf = sha256(b"\x00" + line)
            previous, commit, time = leaf.hex(), int(header[4]), header[3].decode()
            tree.append(leaf)
            report.kinds[entry["kind"]] = report.kinds.get(entry["kind"], 0) + 1
            yield line, entry


def check_ruleset(folder, entry):
    store = folder / "rulesets" / entry["ruleset"]
    manifest = (store / "MANIFEST").read_bytes()
    if sha256(manifest).hex() != entry["ruleset"]:
        raise Fault(f"{store}: is not the ruleset of entry {entry['_seq']}")
    lines = manifest.decode().split("\n")
    if lines[0] != "amanat-ruleset v1" or lines[-1] != "":
        raise Fault(f"{store}: malformed manifest")
    for line in lines[1:-1]:
        digest, length, path = line.split(" ", 2)
        data = (store / "files" / path).read_bytes()
        if sha256(data).hex() != digest or len(data) != int(length):
            raise Fault(f"{store}: {path} is not what it was")


def check_references(folder, entry, report, seen):
    if entry["kind"] == "policy" and entry["ruleset"] not in seen:
        check_ruleset(folder, entry)
        seen.add(entry["ruleset"])
        report.rulesets += 1
    elif entry["kind"] == "recover" and "quarantine" in entry:
        if sha256((folder / entry["quarantine"]).read_bytes()).hex() != entry["digest"]:
            raise Fault(f"{entry['quarantine']}: not what entry {entry['_seq']} tells of")
    elif entry["kind"] == "anchor":
        data = (folder / entry["file"]).read_bytes()[entry["offset"]:entry["offset"] + entry["bytes"]]
        if sha256(data).hex() != entry["digest"]:
            raise Fault(f"{entry['file']}: not what entry {entry['_seq']} tells of")


def check_tiles(folder, tree, covered, report):
    for level, hashes in enumerate(tree.heights()):
        published = covered >> (8 * level)
        for index in range((len(hashes) + 255) // 256):
            row = hashes[index * 256:index * 256 + 256]
            path = folder / "tile" / str(level) / tile_path(index)
            if path.exists():
                if path.read_bytes() != b"".join(row):
                    raise Fault(f"{path}: not the hashes of the entries")
                report.tiles += 1
            elif (index + 1) * 256 <= published:
                raise Fault(f"{path}: missing")
            partial = path.with_name(path.name + ".p")
            for part in partial.iterdir() if partial.is_dir() else ():
                if part.name.isdigit() and int(part.name) <= len(row):
                    if part.read_bytes() != b"".join(row[:int(part.name)]):
                        raise Fault(f"{part}: not the hashes of the entries")
                    report.tiles += 1
            width = published - index * 256
            if 0 < width < 256 and not path.exists() and not (partial / str(width)).exists():
                raise Fault(f"{partial / str(width)}: missing")


def check_bundles(folder, lines, report):
    for index in range(len(lines) // 256):
        path = folder / "tile" / "entries" / tile_path(index)
        if path.exists():
            want = b"".join(len(line).to_bytes(2, "big") + line for line in lines[index * 256:index * 256 + 256])
            if path.read_bytes() != want:
                raise Fault(f"{path}: not the entries")
            report.tiles += 1


def collect_heads(folder, key, witnesses, report):
    """Everything that claims to know the tree at some size: (size, root, source)."""
    heads = []
    log = parse_notes((folder / "checkpoint.log").read_bytes(), "checkpoint.log")
    newest = parse_notes((folder / "checkpoint").read_bytes(), "checkpoint")
    if len(newest) != 1 or log[-1].text != newest[0].text:
        raise Fault("checkpoint: is not the last of checkpoint.log")
    answers = []
    for path in sorted((folder / "anchors" / "done").iterdir()):
        answers += parse_notes(path.read_bytes(), path.name)
    for checkpoint in log + newest + answers:
        check_own(checkpoint, key)
        heads.append((checkpoint.size, checkpoint.root, checkpoint.source))
    for checkpoint in answers:
        for witness in witnesses:
            for signature in checkpoint.signatures:
                if witness.verifies(checkpoint.text, *signature) is not None:
                    report.witnessed[witness.name] = checkpoint.size
    if (folder / "floor").exists():
        origin, size, root = parse_checkpoint((folder / "floor").read_bytes(), "floor")
        if origin != key.name or size < newest[0].size:
            raise Fault("floor: of another log, or below the checkpoint")
        heads.append((size, root, "floor"))
    report.covered, report.root, report.checkpoints = newest[0].size, newest[0].root, len(log)
    return sorted(heads, key=lambda head: head[0])


def verify(folder, vkey=None, witnesses=()):
    folder, report, tree, lines, seen = pathlib.Path(folder), Report(), Tree(), [], set()
    own = (folder / "vkey").read_text()
    if vkey is not None and own.strip() != vkey.strip():
        raise Fault("vkey: not the key that was given")
    key = Key.parse(own)
    if (folder / "origin").read_text() != key.name + "\n":
        raise Fault("origin: not the name in the key")
    heads = collect_heads(folder, key, [Key.parse(witness) for witness in witnesses], report)

    def hold():
        while heads and heads[0][0] == len(tree.leaves):
            _, root, source = heads.pop(0)
            if root != tree.root():
                raise Fault(f"{source}: the root of {len(tree.leaves)} entries is another")

    hold()
    for line, entry in read_entries(folder, tree, report):
        check_references(folder, entry, report, seen)
        lines.append(line)
        hold()
    if heads:
        raise Fault(f"{heads[0][2]}: has seen {heads[0][0]} entries, here are {len(tree.leaves)}")
    check_tiles(folder, tree, report.covered, report)
    check_bundles(folder, lines, report)
    report.entries = len(lines)
    return report


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trail")
    parser.add_argument("--vkey")
    parser.add_argument("--witness", action="append", default=[])
    arguments = parser.parse_args()
    try:
        report = verify(arguments.trail, arguments.vkey and pathlib.Path(arguments.vkey).read_text(),
                        [pathlib.Path(path).read_text() for path in arguments.witness])
    except (Fault, OSError, ValueError, KeyError, IndexError) as fault:
        print(f"NOT whole: {fault}")
        return 3
    print(f"{report.entries} entries verify, {report.covered} under a signed checkpoint; {report.checkpoints} checkpoints,"
          f" {report.tiles} tiles and bundles, {report.rulesets} rulesets; witnessed: {report.witnessed or 'no'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
