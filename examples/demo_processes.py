# SPDX-License-Identifier: Apache-2.0
"""Starts programs, waits until they say that they are ready, and stops them by their process id.

Standard output goes to a file, not to a pipe, so that a program outlives whoever started it (`--keep`).
"""
import pathlib
import re
import signal
import subprocess
import time

ADDRESS = re.compile(r"(127\.0\.0\.1|\[::1\]|localhost):(\d+)")
PATIENCE = 120  # seconds; only a machine that hangs gets there


class Failure(Exception):
    """Something that was to be shown is not so."""


def wait_until(what, condition, patience=PATIENCE):
    """Asks CONDITION until it gives something true, and gives that back."""
    end = time.monotonic() + patience
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failure(f"waited {patience} s in vain: {what}")
        time.sleep(0.01)


class Program:
    """One running program with the files that hold what it said."""

    def __init__(self, name, arguments, folder, environment=None):
        self.name = name
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.output_file = folder / f"{name}.out"
        self.log_file = folder / f"{name}.log"
        with self.output_file.open("wb") as output, self.log_file.open("ab") as log:
            # A session of its own: Ctrl-C reaches only the one who started it, who then stops it in order.
            self.process = subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=log, env=environment, start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    @property
    def output(self):
        return self.output_file.read_text(encoding="utf-8", errors="replace")

    @property
    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def log_lines(self):
        """The lines of the log that are written whole."""
        log = self.log
        return log[:log.rfind("\n") + 1].splitlines()

    def is_running(self):
        return self.process.poll() is None

    def wait_ready(self):
        """Returns the lines before `ready`."""
        def lines():
            said = self.output.splitlines()
            if "ready" in said:
                return said[:said.index("ready")] or [""]
            if not self.is_running():
                raise Failure(f"{self.name} ended with {self.process.returncode} before it was ready:\n"
                              f"{self.output}{self.log}")
            return None
        return wait_until(f"{self.name} is ready", lines)

    def listeners(self):
        """The addresses that it listens on, as (first word of the line, port)."""
        found = []
        for line in self.wait_ready():
            address = ADDRESS.search(line)
            if address:
                found.append((line.split()[0], int(address.group(2))))
        return found

    def signal(self, number):
        if self.is_running():
            self.process.send_signal(number)

    def stop(self):
        """Asks it to end; gives its exit code. Kills it only if it does not listen."""
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not end when it was asked to") from None

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.process.wait()
