# SPDX-License-Identifier: Apache-2.0
"""What an administrator reads when a policy folder is broken in many places: the whole of standard error, as a snapshot
for reviewers (tests/snapshots/diagnostics)."""
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "tests" / "snapshots" / "diagnostics" / "broken-folder.txt"

# Into copies of the example's files: policies that nobody would mistake for right ones, and slips in the other files.
POLICIES = """\
@id("no-semicolon")
permit (principal, action, resource is Sighting) when { true }

@id("operators")
permit (principal: Partner, action = Action::"reveal:vehicle", resource is Sighting)
when { resource.city = “Lahore” and not (principal.partner.city == 'Lahore') }
unless { 5 < 6 < 7 };

@id("quote)
permit (principal, action in [Action::"reveal:vehicle" Action::"reveal:time"], resource);

@id("methods")
permitt (principal action, resource)
when { context.need.case.plates.contain("LEB-1") && [1, 2 };

@id("steering")
permit (principal, action, resource) when { "\x1b[2J\u202e" == null };
"""
EDITS = [
    ("services/anpr.yaml", "x-amanat-label: vehicle.plate", "x-amanat-label: vehicle.plat"),
    ("services/fraud.yaml", "x-amanat-subject:", "x-amanat-subjct:"),
]


def test_a_broken_folder_is_explained_mistake_by_mistake(programs, tmp_path):
    folder = pathlib.Path(shutil.copytree(ROOT / "examples" / "lahore", tmp_path / "lahore"))
    (folder / "broken.cedar").write_text(POLICIES)
    for file, old, new in EDITS:
        text = (folder / file).read_text()
        assert old in text, f"{file} no longer has `{old}`"
        (folder / file).write_text(text.replace(old, new, 1))
    done = subprocess.run([str(programs / "amanat"), "check", "lahore"], cwd=tmp_path, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 3
    assert "\x1b" not in done.stderr
    assert done.stderr == SNAPSHOT.read_text()


def test_colour_is_for_terminals_that_want_it(programs, tmp_path):
    """`script` gives the program a terminal."""
    (tmp_path / "a.cedar").write_text("permit;")
    command = f"{programs / 'amanat'} check {tmp_path}"
    for environment, coloured in [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False),
                                  ({"TERM": "dumb"}, False)]:
        done = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/bin:/bin", **environment})
        assert ("\x1b[" in done.stdout) == coloured, done.stdout
