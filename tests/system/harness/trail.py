# SPDX-License-Identifier: Apache-2.0
"""Reads a trail folder as a stranger would: lines, hashes, entries. Knows nothing of the code that wrote it."""
import hashlib
import json
import pathlib

from demo_processes import wait_until


class Trail:
    """The folder of one gateway's trail (format: design of the trail, sections 1 and 2)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def lines(self):
        """All whole lines, without their newlines."""
        found = []
        for segment in sorted((self.folder / "segments").glob("*.jsonl")):
            content = segment.read_bytes()
            found += content[:content.rfind(b"\n") + 1].splitlines()
        return found

    def entries(self, kind=None):
        entries = [json.loads(line) for line in self.lines()]
        return [entry for entry in entries if kind is None or entry["kind"] == kind]

    def accesses(self, identifier):
        """The entries of one Access-Id, in order."""
        return [entry for entry in self.entries("access") if entry["access"] == identifier]

    def wait_for(self, what, condition):
        """Waits until some entry satisfies the condition, and gives it back."""
        return wait_until(what, lambda: next((entry for entry in self.entries() if condition(entry)), None))

    def assert_sound(self):
        """Each entry names the hash of the one before it: SHA-256 over 0x00 and the line (RFC 6962 §2.1)."""
        previous = hashlib.sha256(b"").hexdigest()
        last_time = ""
        for number, line in enumerate(self.lines()):
            entry = json.loads(line)
            assert entry["_seq"] == number
            assert entry["_prev"] == previous, f"entry {number}"
            assert entry["_time"] > last_time, f"entry {number}"
            last_time = entry["_time"]
            previous = hashlib.sha256(b"\0" + line).hexdigest()

    def size(self):
        """Bytes of all files of the trail."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def everything(self):
        """The bytes of all its files, for tests that look for what must not be there."""
        return b"\n".join(file.read_bytes() for file in sorted(self.folder.rglob("*")) if file.is_file())
