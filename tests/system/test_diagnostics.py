# SPDX-License-Identifier: Apache-2.0
"""What an administrator reads when a policy folder is broken in many places: the whole of standard error, as a snapshot
for reviewers (tests/snapshots/diagnostics)."""
import json
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNAPSHOTS = ROOT / "tests" / "snapshots" / "diagnostics"

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

# Policies that are written as Cedar wants it and cannot work, or are perhaps not what their author thinks.
MISTAKEN = """\
@id("misspelt")
forbid (principal in Partnr::"ravi-cameras", action == Action::"reveal:vehicel", resource is Sighting in Service::"anrp")
when { context.need.purpose in Purpose::"vehicle-crim" && resource.cty == "Lahore" };

@id("asks-for-nothing")
forbid (principal, action in Action::"disclose:person", resource)
when { resource has onwer && resource.position.latitude == decimal("1.0") };

@id("any-resource")
permit (principal, action in Action::"reveal:place", resource);

@id("other-parameter")
permit (principal, action == Action::"findSightings", resource == Service::"anpr")
when { context.parameters has plat || context.parameters.limit == 1 || principal.rol == "clerk" };

@id("group")
forbid (principal, action == Action::"disclose:person", resource);

@id("stolen-vehicle-call")
forbid (principal == ?principal, action, resource);
"""
LEAKY = """\
@id("hide-the-cnic")
forbid (principal, action == Action::"mask:person.cnic", resource);

@id("see-all")
permit (principal, action in Action::"reveal:person", resource is Sighting);

@id("ask-by-account")
permit (principal in Partner::"bolan-university", action in Action::"query", resource is Service)
when { context.need.purpose in Purpose::"research" };

@id("any-open-case")
permit (principal, action == Action::"findSightings", resource == Service::"anpr")
when { context.need has case && context.need.case.open };

@id("never")
permit (principal, action == Action::"findSightings", resource == Service::"anpr")
when { 1 == 2 };
"""


def check(programs, folder, *options):
    return subprocess.run([str(programs / "amanat"), "check", *options, folder.name], cwd=folder.parent, text=True,
                          capture_output=True, check=False)


def test_policies_that_cannot_work_are_refused_mistake_by_mistake(programs, tmp_path):
    folder = pathlib.Path(shutil.copytree(ROOT / "examples" / "lahore", tmp_path / "lahore"))
    (folder / "mistaken.cedar").write_text(MISTAKEN)
    first = check(programs, folder)  # what one finds only when the ids are right
    assert first.returncode == 3 and "[duplicate-id]" in first.stderr
    (folder / "mistaken.cedar").write_text(MISTAKEN.replace("stolen-vehicle-call", "slot"))
    done = check(programs, folder)
    assert done.returncode == 3
    assert done.stderr == (SNAPSHOTS / "mistaken-policies.txt").read_text()


def test_policies_that_leak_are_warned_of_and_strictly_refused(programs, tmp_path):
    folder = pathlib.Path(shutil.copytree(ROOT / "examples" / "lahore", tmp_path / "lahore"))
    (folder / "leaky.cedar").write_text(LEAKY)
    done = check(programs, folder)
    assert done.returncode == 0 and "ok: 19 policies, 3 services" in done.stdout
    assert done.stderr == (SNAPSHOTS / "leaky-policies.txt").read_text()
    strict = check(programs, folder, "--strict")
    assert strict.returncode == 3 and strict.stdout == ""
    assert strict.stderr == done.stderr + "lahore: not ok: 0 errors, 6 warnings\n"
    answer = json.loads(check(programs, folder, "--strict", "--output", "json").stdout)
    assert not answer["ok"] and {m["severity"] for m in answer["diagnostics"]} == {"warning", "note"}


def test_a_broken_folder_is_explained_mistake_by_mistake(programs, tmp_path):
    folder = pathlib.Path(shutil.copytree(ROOT / "examples" / "lahore", tmp_path / "lahore"))
    (folder / "broken.cedar").write_text(POLICIES)
    for file, old, new in EDITS:
        text = (folder / file).read_text()
        assert old in text, f"{file} no longer has `{old}`"
        (folder / file).write_text(text.replace(old, new, 1))
    done = check(programs, folder)
    assert done.returncode == 3
    assert "\x1b" not in done.stderr
    assert done.stderr == (SNAPSHOTS / "broken-folder.txt").read_text()


def test_colour_is_for_terminals_that_want_it(programs, tmp_path):
    """`script` gives the program a terminal."""
    (tmp_path / "a.cedar").write_text("permit;")
    command = f"{programs / 'amanat'} check {tmp_path}"
    for environment, coloured in [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False),
                                  ({"TERM": "dumb"}, False)]:
        done = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/bin:/bin", **environment})
        assert ("\x1b[" in done.stdout) == coloured, done.stdout
