# SPDX-License-Identifier: Apache-2.0
"""The demo runs and says what it shows. Packages and the build are the quickstart script's affair, not tested here."""
import subprocess
import sys

from conftest import ROOT


def test_demo_shows_and_checks_everything(programs, tmp_path):
    done = subprocess.run([sys.executable, str(ROOT / "examples" / "demo.py"), "--programs", str(programs),
                           "--folder", str(tmp_path / "demo")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    for words in ('"cnic": "[CNIC]"', "byte for byte the same 403", "the same 3 tokens for the same 3 people",
                  "the two cannot join their files", "7 calls, 7 entries", "trail, checkpoint and ledger verify",
                  "verification refuses the copy and names entry", "Change mask to reveal in line",
                  "Everything above was checked. What was started is stopped."):
        assert words in done.stdout, words
    too_wide = [line for line in done.stdout.splitlines() if len(line) > 100 and str(tmp_path) not in line]
    assert not too_wide


def test_demo_stops_with_a_failure_when_something_is_not_as_it_says(programs, tmp_path):
    """A planted fault: a gateway that cannot start. The demo must not end with 0."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "demo_service").symlink_to(programs / "demo_service")
    (folder / "amanat").symlink_to("/bin/false")
    done = subprocess.run([sys.executable, str(ROOT / "examples" / "demo.py"), "--programs", str(folder),
                           "--folder", str(tmp_path / "demo")], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "Everything above was checked" not in done.stdout
