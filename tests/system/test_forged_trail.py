# SPDX-License-Identifier: Apache-2.0
"""What a malicious operator, a thief of the disk or a bad disk can do to a trail: `amanat verify` says no (3), never
hangs, and agrees with verify_trail.py, which shares no code with it."""
import base64
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess

import pytest
from test_trail_commands import AMANAT, BIN, Log, root
from verify_trail import Fault
from verify_trail import verify as verify_elsewhere

MEMORY_LIMIT = 512 * 1024 * 1024


class Forger:
    """A trail folder in our hands, and what can be done to it without any secret and with the log's key."""

    def __init__(self, made, folder):
        self.made = made
        self.folder = folder / "trail"
        shutil.copytree(made / "trail", self.folder)
        self.vkey = (made / "trail.vkey").read_text()
        for file in self.folder.rglob("*"):
            file.chmod(0o750 if file.is_dir() else 0o640)

    def path(self, name):
        return self.folder / name

    def one(self, pattern):
        return next(iter(sorted(self.folder.glob(pattern))))

    def segments(self):
        return sorted(self.folder.glob("segments/*.jsonl"))

    def lines(self):
        return [line for segment in self.segments() for line in segment.read_bytes().split(b"\n")[:-1]]

    def write(self, lines):
        """The same segments with other lines; what is left over goes into the last."""
        firsts = [int(segment.stem) for segment in self.segments()] + [None]
        for segment, first, end in zip(self.segments(), firsts, firsts[1:]):
            segment.write_bytes(b"".join(line + b"\n" for line in lines[first:end]))

    def edit(self, number, change):
        lines = self.lines()
        lines[number] = change(lines[number])
        self.write(lines)

    def chained(self, lines):
        """Numbers and links made right again: all that can be done without the key."""
        previous, out = hashlib.sha256(b"").hexdigest(), []
        for number, line in enumerate(lines):
            line = re.sub(rb'^\{"_prev":"[0-9a-f]{64}","_seq":\d+', b'{"_prev":"%s","_seq":%d' % (previous.encode(), number),
                          line)
            line = re.sub(rb',"_tx":\d+,', b',"_tx":%d,' % (number + 1), line, count=1)
            previous = hashlib.sha256(b"\0" + line).hexdigest()
            out.append(line)
        return out

    def sign(self):
        """With a key: tiles, floor, log and checkpoint of what now lies in the segments, all as they should be."""
        log = Log((self.folder / "origin").read_text().strip())
        leaves = [hashlib.sha256(b"\0" + line).digest() for line in self.lines()]
        shutil.rmtree(self.folder / "tile")
        write_tiles(self.folder / "tile", leaves)
        text, note = log.checkpoint(leaves)
        for name, content in (("vkey", log.vkey() + "\n"), ("floor", text), ("checkpoint", note), ("checkpoint.log", note)):
            self.path(name).write_text(content)
        self.vkey = log.vkey() + "\n"


def write_tiles(folder, leaves):
    level, hashes = 0, leaves
    while hashes:
        for at in range(0, len(hashes), 256):
            tile = hashes[at:at + 256]
            name = f"{at // 256:03d}" + ("" if len(tile) == 256 else f".p/{len(tile)}")
            file = folder / str(level) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"".join(tile))
        hashes = [root(hashes[at:at + 256]) for at in range(0, len(hashes) - 255, 256)]
        level += 1


def change_answer(line):
    return line.replace(b'"permit"', b'"refuse"')


def swap(lines, one, other):
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def is_anchor(line):
    return b'"kind":"anchor"' in line


def rechained_with_the_key(forger, keep_answers):
    lines = [line for line in forger.lines() if keep_answers or not is_anchor(line)]
    lines[700] = change_answer(lines[700])
    forger.write(forger.chained(lines))
    forger.sign()
    if not keep_answers:
        shutil.rmtree(forger.folder / "anchors/done")
        (forger.folder / "anchors/done").mkdir()


def cut_to(forger, size):
    forger.write(forger.lines()[:size])
    for segment in forger.segments():
        if segment.stat().st_size == 0:
            segment.unlink()


def older_checkpoint(forger):
    """The whole state of an earlier moment, but for what the witness answered since."""
    notes = forger.path("checkpoint.log").read_text().split("\n\u2014 ")
    first = notes[0] + "\n\u2014 " + notes[1].split("\n")[0] + "\n"
    forger.path("checkpoint").write_text(first)
    forger.path("checkpoint.log").write_text(first)
    forger.path("floor").write_text(notes[0])
    cut_to(forger, int(notes[0].split("\n")[1]))


def replaced(name, content):
    def forge(forger):
        forger.path(name).write_bytes(content)
    return forge


def removed(pattern):
    def forge(forger):
        found = forger.one(pattern)
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    return forge


def flipped(pattern):
    """One bit, as a bad disk does it."""
    def forge(forger):
        file = forger.one(pattern)
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    return forge


def special(pattern, make):
    def forge(forger):
        file = forger.one(pattern)
        file.unlink()
        make(file)
    return forge


def huge(pattern):
    def forge(forger):
        os.truncate(forger.one(pattern), 64 << 30)
    return forge


def edited(number, change):
    return lambda forger: forger.edit(number, change)


def rewritten(change, chained):
    def forge(forger):
        lines = change(forger.lines())
        forger.write(forger.chained(lines) if chained else lines)
    return forge


def added(name, content=b"permit (principal, action, resource);\n"):
    def forge(forger):
        ruleset = forger.one("rulesets/*")
        (ruleset / name).parent.mkdir(parents=True, exist_ok=True)
        (ruleset / name).write_bytes(content)
    return forge


def swap_rulesets(forger):
    """The bytes of a ruleset that never took effect under the name of the one that did."""
    ruleset = forger.one("rulesets/*")
    file = sorted(ruleset.glob("files/**/*.cedar"))[0]
    content = file.read_bytes() + b"\npermit (principal, action, resource);\n"
    manifest = (ruleset / "MANIFEST").read_bytes()
    new = manifest.replace(hashlib.sha256(file.read_bytes()).hexdigest().encode(),
                           hashlib.sha256(content).hexdigest().encode())
    file.write_bytes(content)
    (ruleset / "MANIFEST").write_bytes(new)


def other_answer(forger):
    """A checkpoint and cosignature of another log, as good as they come, in the place of ours."""
    file = forger.one("anchors/done/*.notes")
    file.write_bytes((forger.made / "witness/log/checkpoint").read_bytes() * 2)


FORGERIES = {
    "one letter of an entry": edited(612, change_answer),
    "one letter of the first entry": edited(0, lambda line: line[:-2] + b"x" + line[-1:]),
    "an entry removed": rewritten(lambda lines: lines[:400] + lines[401:], False),
    "an entry removed and chained again": rewritten(lambda lines: lines[:400] + lines[401:], True),
    "an entry twice": rewritten(lambda lines: lines[:400] + [lines[400]] + lines[400:], False),
    "an entry twice and chained again": rewritten(lambda lines: lines[:400] + [lines[400]] + lines[400:], True),
    "two entries exchanged": rewritten(lambda lines: swap(lines, 40, 41), False),
    "two entries exchanged and chained again": rewritten(lambda lines: swap(lines, 40, 41), True),
    "an entry changed and chained again": rewritten(
        lambda lines: lines[:700] + [change_answer(lines[700])] + lines[701:], True),
    "the tail cut below the checkpoint": lambda forger: cut_to(forger, 1100),
    "a segment removed": removed("segments/000000000512.jsonl"),
    "the first segment removed": removed("segments/000000000000.jsonl"),
    "all segments removed": lambda forger: [segment.unlink() for segment in forger.segments()],
    "the moment before, but for the witness's answers": older_checkpoint,
    "checkpoint removed": removed("checkpoint"),
    "checkpoint.log removed": removed("checkpoint.log"),
    "checkpoint.log cut": lambda forger: os.truncate(forger.path("checkpoint.log"), 300),
    "checkpoint.log twice": lambda forger: forger.path("checkpoint.log").write_bytes(
        forger.path("checkpoint.log").read_bytes() * 2),
    "a bit of checkpoint": flipped("checkpoint"),
    "a bit of checkpoint.log": flipped("checkpoint.log"),
    "a bit of floor": flipped("floor"),
    "floor of nothing": replaced("floor", b"audit.example/made\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"),
    "vkey removed": removed("vkey"),
    "vkey of another": lambda forger: forger.path("vkey").write_text(
        Log(forger.path("origin").read_text().strip()).vkey() + "\n"),
    "vkey with a blank more": lambda forger: forger.path("vkey").write_text(forger.vkey.strip() + " \n"),
    "origin of another": replaced("origin", b"audit.example/other\n"),
    "a bit of a tile": flipped("tile/0/001"),
    "a tile removed": removed("tile/0/001"),
    "a bit of the partial tile": flipped("tile/0/004.p/*"),
    "a bit of a bundle": flipped("tile/entries/001"),
    "a ruleset removed": removed("rulesets/*"),
    "a bit of a ruleset": flipped("rulesets/*/files/*.yaml"),
    "a bit of a manifest": flipped("rulesets/*/MANIFEST"),
    "a file of a ruleset removed": removed("rulesets/*/files/*.yaml"),
    "a file added to a ruleset": added("files/policies/more.cedar"),
    "a file added deep in a ruleset": added("files/policies/a/b/c/more.cedar"),
    "another ruleset in its place": swap_rulesets,
    "answers removed": removed("anchors/done/*.notes"),
    "a bit of an answer": flipped("anchors/done/*.notes"),
    "answers cut": lambda forger: os.truncate(forger.one("anchors/done/*.notes"), 400),
    "answers of another log": other_answer,
    "chained again with the key, answers kept": lambda forger: rechained_with_the_key(forger, True),
    "a NUL in an entry": edited(30, lambda line: line[:-3] + b"\0" + line[-2:]),
    "CRLF": rewritten(lambda lines: [line + b"\r" for line in lines], False),
    "an empty line": rewritten(lambda lines: lines[:9] + [b""] + lines[9:], False),
    "a line of 9 KiB": edited(30, lambda line: line[:-1] + b',"zz":"' + b"x" * 9216 + b'"}'),
    "blanks in an entry": edited(30, lambda line: line.replace(b'","', b'", "')),
    "the last newline missing": lambda forger: os.truncate(forger.segments()[-1], forger.segments()[-1].stat().st_size - 1),
    "no segments but a folder": lambda forger: [shutil.rmtree(forger.path("segments")), forger.path("segments").mkdir()],
}

# What only `amanat verify` looks at: spelling of the key file, order of the log, files that no manifest names.
ONLY_OURS = {"checkpoint.log twice", "vkey with a blank more", "a file added to a ruleset",
             "a file added deep in a ruleset"}

UNREADABLE = {
    "a segment that is a link": special("segments/000000000512.jsonl", lambda file: file.symlink_to("/dev/zero")),
    "a segment that is a pipe": special("segments/000000000512.jsonl", os.mkfifo),
    "a checkpoint that is a pipe": special("checkpoint", os.mkfifo),
    "a tile that is a pipe": special("tile/0/001", os.mkfifo),
    "an answer that is a pipe": special("anchors/done/*.notes", os.mkfifo),
    "a ruleset's file that is a pipe": special("rulesets/*/files/*.yaml", os.mkfifo),
    "a ruleset's file that is a link": special("rulesets/*/files/*.yaml", lambda file: file.symlink_to("/dev/zero")),
    "a huge segment": huge("segments/000000000512.jsonl"),
    "a huge checkpoint": huge("checkpoint"),
    "a huge checkpoint.log": huge("checkpoint.log"),
    "a huge tile": huge("tile/0/001"),
    "a huge answer": huge("anchors/done/*.notes"),
    "a huge file in a ruleset": huge("rulesets/*/files/*.yaml"),
    "a huge bundle": huge("tile/entries/001"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([BIN / "make_trail", folder, "1200"], check=True)
    return folder


def limit_memory():
    """Sanitizers reserve address space of their own: there the limit would measure them."""
    if os.environ.get("AMANAT_PRESET") not in ("asan", "tsan"):
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))


def verify(forger, *more, key=True):
    """With the key from outside, bounded memory, and never a crash."""
    pinned = forger.folder.parent / "pinned.vkey"
    pinned.write_text(forger.vkey)
    run = subprocess.run([AMANAT, "verify", forger.folder, "--output", "json", *(["--vkey", pinned] if key else []), *more],
                         capture_output=True, check=False, preexec_fn=limit_memory)
    assert run.returncode in (0, 1, 3), run
    return run.returncode, json.loads(run.stdout), run


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_trail_is_refused(made, tmp_path, name):
    forger = Forger(made, tmp_path)
    assert verify(forger)[0] == 0
    FORGERIES[name](forger)
    code, answer, _ = verify(forger)
    assert code == 3, answer
    assert answer["fault"]["file"] and answer["fault"]["reason"]
    if name in ONLY_OURS:
        return
    with pytest.raises((Fault, OSError, ValueError, KeyError, IndexError)):
        verify_elsewhere(forger.folder, forger.vkey, [(made / "witness.vkey").read_text()])


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_folder_that_was_laid_as_a_trap_neither_hangs_nor_passes(made, tmp_path, name):
    forger = Forger(made, tmp_path)
    UNREADABLE[name](forger)
    assert verify(forger)[0] in (1, 3)


def test_whoever_holds_the_key_can_rewrite_but_not_be_witnessed(made, tmp_path):
    forger = Forger(made, tmp_path)
    rechained_with_the_key(forger, False)
    assert verify(forger)[0] == 0  # it is the key's own statement, and nobody else's
    code, answer, _ = verify(forger, "--witness", made / "witness.vkey", "--require", "witnessed")
    assert code == 3 and answer["verified"] and not answer["strong_enough"]


def test_a_cosignature_of_another_witness_does_not_count(made, tmp_path):
    forger = Forger(made, tmp_path)
    other = Log("witness.example/w1")
    key_id = hashlib.sha256(b"witness.example/w1\n\4" + other.public).digest()[:4]
    (tmp_path / "other.vkey").write_text(
        f"witness.example/w1+{key_id.hex()}+{base64.b64encode(bytes([4]) + other.public).decode()}\n")
    code, answer, _ = verify(forger, "--witness", tmp_path / "other.vkey", "--require", "witnessed")
    assert code == 3 and answer["verified"] and answer["witnesses"] == 0


def test_the_span_that_no_witness_has_seen_is_told(made, tmp_path):
    """Whoever holds the key could still rewrite it. An entry that only tells of a witness's answer does not count."""
    forger = Forger(made, tmp_path)
    code, answer, _ = verify(forger, "--witness", made / "witness.vkey", "--require", "witnessed")
    assert code == 0
    newer = [line for line in forger.lines()[answer["witnessed"]:] if not is_anchor(line)]
    told = [(finding["entry"], finding["text"].split()[0]) for finding in answer["findings"]
            if finding["code"] == "unwitnessed"]
    assert newer and told == [(answer["witnessed"], str(len(newer)))]
    assert verify(forger)[1]["findings"] == []  # nobody asked for a witness
