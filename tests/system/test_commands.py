# SPDX-License-Identifier: Apache-2.0
"""The commands of administrators, from outside: check, schema, format, preview, keys. Exit codes 0 yes, 3 no, 1 could not, 2 usage."""
import json
import pathlib
import re
import shutil
import stat

import demo
import pytest
import records
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from demo_world import FACTS
from demo_world import POLICIES as LAHORE



@pytest.fixture
def folder(tmp_path):
    return pathlib.Path(shutil.copytree(LAHORE, tmp_path / "lahore"))


# ---- check and schema

def test_check_accepts_the_example(amanat):
    assert ": ok: 14 policies, 3 services" in amanat("check", "--strict", LAHORE).stdout


def test_check_in_json_lists_what_it_found(amanat):
    answer = json.loads(amanat("check", LAHORE, "--output", "json").stdout)
    assert answer["ok"] is True
    notes = [message for message in answer["diagnostics"] if message["severity"] == "note"]
    assert notes and all(message["line"] > 0 and message["file"].endswith(".yaml") for message in notes)


def test_a_stale_or_missing_schema_fails_the_check_and_is_mended_by_schema_write(amanat, folder):
    schema = folder / "schema.cedarschema"
    schema.write_text(schema.read_text() + "\n")
    assert "[schema-stale]" in amanat("check", folder, code=3).stderr
    schema.unlink()
    assert "[schema-missing]" in amanat("check", folder, code=3).stderr
    amanat("schema", folder, "--write")
    amanat("check", folder)
    assert schema.read_bytes() == (LAHORE / "schema.cedarschema").read_bytes()
    assert amanat("schema", folder).stdout == schema.read_text()


FAULTS = [
    ("vocabulary.yaml", "purposes:", "purposes:\npurposes:", r"vocabulary\.yaml:\d+:1: error: .*\[duplicate-key\]"),
    ("vehicle-crime.cedar", "permit (", "permitt (", r"vehicle-crime\.cedar:\d+:\d+: error: "),
    ("services/anpr.yaml", "x-amanat-label:", "x-amanat-labl:", r"services/anpr\.yaml:\d+:\d+: error: .*x-amanat-label"),
    ("partners.cedarentities.json", "[", "[,", r"partners\.cedarentities\.json:\d+:\d+: error: "),
    ("model/lahore.cedarschema", "entity", "entty", r"model/lahore\.cedarschema:\d+:\d+: error: "),
]


@pytest.mark.parametrize("file, old, new, expected", FAULTS, ids=[fault[0] for fault in FAULTS])
def test_check_names_file_line_and_column(amanat, folder, file, old, new, expected):
    path = folder / file
    path.write_text(path.read_text().replace(old, new, 1))
    assert re.search(expected, amanat("check", folder, code=3).stderr)


# ---- format

UNTIDY = 'permit(principal,action,resource)when{true}; // all'
TIDY = 'permit (principal, action, resource)\nwhen { true }; // all\n'


def test_the_example_is_formatted(amanat):
    assert amanat("format", "--check", LAHORE).stdout == ""


def test_format_prints_one_file_or_standard_input(amanat, tmp_path):
    file = tmp_path / "a.cedar"
    file.write_text(UNTIDY)
    assert amanat("format", file).stdout == TIDY
    assert amanat("format", "-", input=UNTIDY).stdout == TIDY
    assert amanat("format", "--schema", "-", input="entity A{};").stdout == "entity A {};\n"
    assert file.read_text() == UNTIDY


def test_format_checks_and_writes_all_of_a_folder(amanat, folder):
    policy, model, schema = folder / "never.cedar", folder / "model" / "lahore.cedarschema", folder / "schema.cedarschema"
    tidy = {file: file.read_bytes() for file in (policy, model, schema)}
    policy.write_text(policy.read_text().replace("forbid (", "forbid("))
    model.write_text(model.read_text().replace("entity ", "entity  "))
    policy.chmod(0o604)
    untidy = {str(policy), str(model)}
    assert set(amanat("format", "--check", folder, code=3).stdout.splitlines()) == untidy
    inode = schema.stat().st_ino
    assert set(amanat("format", "--write", folder).stdout.splitlines()) == untidy
    assert {file: file.read_bytes() for file in tidy} == tidy
    assert stat.S_IMODE(policy.stat().st_mode) == 0o604
    assert schema.stat().st_ino == inode  # what was formatted is not written again
    assert not list(folder.rglob(".*"))
    assert amanat("format", "--write", folder).stdout == ""


def test_format_writes_through_a_symbolic_link(amanat, tmp_path):
    (tmp_path / "real.cedar").write_text(UNTIDY)
    (tmp_path / "link.cedar").symlink_to("real.cedar")
    amanat("format", "--write", tmp_path / "link.cedar")
    assert (tmp_path / "link.cedar").is_symlink()
    assert (tmp_path / "real.cedar").read_text() == TIDY


def test_format_writes_through_nothing_that_lies_where_it_prepares_the_file(amanat, tmp_path):
    (tmp_path / "a.cedar").write_text(UNTIDY)
    (tmp_path / "other").write_text("other")
    (tmp_path / ".a.cedar.new").hardlink_to(tmp_path / "other")
    amanat("format", "--write", tmp_path / "a.cedar")
    assert (tmp_path / "a.cedar").read_text() == TIDY and (tmp_path / "other").read_text() == "other"


def test_format_leaves_what_does_not_parse_and_goes_on(amanat, tmp_path):
    bad, good = tmp_path / "a.cedar", tmp_path / "b.cedar"
    bad.write_text("permit(principal,action);")
    good.write_text(UNTIDY)
    done = amanat("format", "--write", tmp_path, code=3)
    assert re.search(r"a\.cedar:1:\d+: error: ", done.stderr)
    assert bad.read_text() == "permit(principal,action);"
    assert good.read_text() == TIDY


def test_format_cannot_write_where_nobody_may(amanat, tmp_path):
    file = tmp_path / "nowhere" / "a.cedar"
    assert "error" in amanat("format", "--write", file, code=1).stderr


def test_format_in_json(amanat, tmp_path):
    file = tmp_path / "a.cedar"
    file.write_text(UNTIDY)
    assert json.loads(amanat("format", file, "--output", "json").stdout) == {
        "ok": True, "files": [{"file": str(file), "formatted": False, "text": TIDY}], "diagnostics": []}
    assert json.loads(amanat("format", "--check", file, "--output", "json", code=3).stdout) == {
        "ok": False, "files": [{"file": str(file), "formatted": False}], "diagnostics": []}
    answer = json.loads(amanat("format", "-", "--output", "json", input="permit", code=3).stdout)
    assert not answer["ok"] and answer["files"] == [] and answer["diagnostics"][0]["line"] == 1


@pytest.mark.parametrize("arguments", [["--check", "--write", "a.cedar"], ["a.cedar", "b.cedar"], [LAHORE],
                                       ["--write", "-"], []])
def test_format_says_how_it_is_used(amanat, arguments):
    assert "usage: amanat format" in amanat("format", *arguments, code=2).stderr


# ---- preview

CALLS = [  # agent, operation, need, parameters, the service's records, their name in the answer
    ("ravi-cameras/desk-2", "findSightings", demo.STOLEN_NEED, ["plate=LEB-4471"], "anpr", "sightings"),
    ("indus-bank/fraud-desk", "listAccountAlerts", demo.FRAUD_NEED, ["account=PK00INDS0000000000000417"], "fraud",
     "alerts"),
    ("bolan-university/researcher-1", "listIncidents", demo.RESEARCH_NEED, [], "incidents", "incidents"),
]


def preview(amanat, folder, call, body, code=0):
    agent, operation, need, parameters, _, _ = call
    words = [word for parameter in parameters for word in ("--parameter", parameter)]
    return amanat("preview", folder, "--agent", agent, "--operation", operation, "--need", need, "--facts", FACTS, "--claim", "role=fraud-analyst",
                  *words,
                  "-", input=body, code=code)


def test_preview_shows_the_body_or_the_problem(amanat):
    body = json.dumps({"sightings": [{"plate": "LEB-4471", "seenAt": "2026-01-19T01:45:28Z", "city": "Lahore",
                                      "owner": {"cnic": "35202-0000001-8", "phone": "0300-0000001"}}]})
    answer = json.loads(preview(amanat, LAHORE, CALLS[0], body).stdout)
    assert answer["sightings"][0]["plate"] == "LEB-4471"
    assert answer["sightings"][0]["owner"] == {"cnic": "[CNIC]"}
    refused = preview(amanat, LAHORE, (*CALLS[0][:2], "purpose=vehicle-crime", *CALLS[0][3:]), body, code=3)
    assert json.loads(refused.stdout)["type"] == "urn:amanat:problem:not-permitted"


def test_preview_of_a_malformed_body_shows_nothing_of_it(amanat):
    body = '{"sightings":[{"plate":"LEB-4471","seenAt":"2026-01-19T01:45:28Z","city":"Lahore"}'
    refused = preview(amanat, LAHORE, CALLS[0], body, code=3)
    assert "LEB-4471" not in refused.stdout + refused.stderr
    assert json.loads(refused.stdout)["type"] == "urn:amanat:problem:upstream"


def leaves(value, path=()):
    """Every scalar with the names on the way to it, as often as it is there."""
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in leaves(item, (*path, name))]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, path)]
    return [(path, value)]


def record_lines():
    return [(path.relative_to(LAHORE), number)
            for path in sorted((LAHORE / "services").glob("*.yaml"))
            for number, line in enumerate(path.read_text().splitlines()) if "x-amanat-record" in line]


def bodies(folder):
    """An answer of each service with all of its records."""
    records.write_all(folder)
    for call in CALLS:
        rows = [json.loads(line) for line in (folder / f"{call[4]}.jsonl").read_text().splitlines()]
        yield call, json.dumps({call[5]: rows, "count": len(rows)})


@pytest.mark.parametrize("file, number", record_lines(), ids=str)
def test_without_a_record_nothing_more_is_disclosed(amanat, folder, tmp_path, file, number):
    """A lost x-amanat-record must never widen anything (design 2): the folder does not compile, or answers shrink."""
    lines = (folder / file).read_text().splitlines(keepends=True)
    del lines[number]
    (folder / file).write_text("".join(lines))
    if amanat("schema", folder, "--write", code=None).returncode != 0:
        return
    for call, body in bodies(tmp_path / "records"):
        before = leaves(json.loads(preview(amanat, LAHORE, call, body).stdout))
        assert len(before) > 5
        after = preview(amanat, folder, call, body, code=None)
        for leaf in leaves(json.loads(after.stdout)) if after.returncode == 0 else []:
            before.remove(leaf)


# ---- keys and usage

def test_keys_init_makes_private_keys_and_never_overwrites(amanat, tmp_path):
    keys = tmp_path / "keys"
    amanat("keys", "init", keys)
    for name, size in (("tokenize.key", 32), ("pseudonym.key", 32), ("trail.pem", None)):
        mode = stat.S_IMODE((keys / name).stat().st_mode)
        assert mode == 0o600
        assert size is None or len((keys / name).read_bytes()) == size
    key = load_pem_private_key((keys / "trail.pem").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    before = {file.name: file.read_bytes() for file in keys.iterdir()}
    amanat("keys", "init", keys, code=1)
    assert before == {file.name: file.read_bytes() for file in keys.iterdir()}


def cnics(amanat, folder, keys):
    """The tokens that the bank sees, with these keys."""
    agent, operation, need, parameters, service, name = CALLS[1]
    records.write_all(keys.parent / "records")
    rows = [json.loads(line) for line in (keys.parent / "records" / f"{service}.jsonl").read_text().splitlines()]
    done = amanat("preview", folder, "--agent", agent, "--operation", operation, "--need", need, "--facts", FACTS,
                  "--claim", "role=fraud-analyst", "--parameter", parameters[0], "--secrets", keys, "-",
                  input=json.dumps({name: rows, "count": len(rows)}))
    return re.findall(r'"cnic":"([^"]*)"', done.stdout)


def test_keys_rotate_keeps_the_old_key_of_tokens_for_one_overlap(amanat, folder, tmp_path):
    keys = tmp_path / "keys"
    amanat("keys", "init", keys)
    old = {file.name: file.read_bytes() for file in keys.iterdir()}
    tokens = [cnics(amanat, folder, keys)]
    amanat("keys", "rotate", keys)
    new = {file.name: file.read_bytes() for file in keys.iterdir()}
    assert new["tokenize.previous.key"] == old["tokenize.key"] != new["tokenize.key"]
    assert {**new, "tokenize.key": old["tokenize.key"]} == {**old, "tokenize.previous.key": old["tokenize.key"]}
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in keys.iterdir())
    tokens.append(cnics(amanat, folder, keys))
    refused = amanat("keys", "rotate", keys, code=1)
    assert "tokenize.previous.key: error: the last rotation still overlaps" in refused.stderr
    assert new == {file.name: file.read_bytes() for file in keys.iterdir()}
    (keys / "tokenize.previous.key").unlink()
    tokens.append(cnics(amanat, folder, keys))
    # before, both during the overlap, after
    assert len(tokens[0]) > 3 and all(len(token) == 16 for token in tokens[0] + tokens[2])
    assert tokens[1] == [f"{after}.{before}" for before, after in zip(tokens[0], tokens[2])]
    amanat("keys", "rotate", tmp_path / "nowhere", code=1)


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["check"], ["check", "a", "b"], ["check", "--nonsense", "a"],
                                       ["preview", "a"], ["check", "--output", "xml", "a"], ["keys", "burn", "a"],
                                       ["check", "-n", "a"], ["help", "nonsense"]])
def test_wrong_usage_exits_with_2_and_says_how(amanat, arguments):
    assert "usage: amanat" in amanat(*arguments, code=2).stderr


def test_every_command_has_help(amanat):
    listed = [line.split()[0] for line in amanat("help").stdout.splitlines() if line.startswith("  ")]
    assert listed == ["serve", "check", "schema", "format", "preview", "explain", "who-can", "test", "verify", "search",
                      "witness", "keys"]
    for command in listed:
        said = amanat("help", command).stdout
        assert f"usage: amanat {command}" in said and max(map(len, said.splitlines())) <= 100
        assert amanat(command, "--help").stdout == amanat(command, "-h").stdout == said


def test_what_is_not_there_cannot_be_checked(amanat, tmp_path):
    nowhere = tmp_path / "nowhere"
    for words in ["check", nowhere], ["schema", nowhere], ["test", nowhere], ["who-can", "reveal", nowhere], ["format", nowhere]:
        assert amanat(*words, code=1).stderr.startswith(f"{nowhere}: error: No such file or directory [file]\n")
    assert "expected the policy folder that it is in" in amanat("check", LAHORE / "never.cedar", code=3).stderr


def test_check_tells_the_faults_of_tests_also_where_the_folder_does_not_compile(amanat, folder):
    (folder / "never.cedar").write_text("forbid")
    (folder / "tests" / "more_test.yaml").write_text("tests: [{nam: x}]")
    said = amanat("check", folder, code=3).stderr
    assert "never.cedar:1:7: error: " in said and "unknown key `nam`; did you mean `name`?" in said


def test_a_folder_without_policies_is_not_well_formatted(amanat, tmp_path):
    assert "[no-files]" in amanat("format", "--check", tmp_path, code=3).stderr


def test_what_is_left_out_of_a_long_list_is_counted(amanat, tmp_path):
    (tmp_path / "a.cedar").write_text("permit (principal action, resource);\n" * 1200)
    assert amanat("format", "--check", tmp_path, code=3).stderr.endswith("\n200 more errors are not listed\n")


def test_names_of_files_steer_no_terminal(amanat, tmp_path):
    file = tmp_path / "\x1b[2J\u202e.cedar"
    file.write_text("permit")
    assert f"{tmp_path}/\\x1B[2J\\u{{202E}}.cedar:1:7: error: " in amanat("format", file, code=3).stderr


@pytest.mark.parametrize("words", [["schema"], ["test"], ["who-can", "reveal"], ["check"], ["format", "--check"]])
def test_what_has_no_answer_says_why_in_json_too(amanat, folder, words):
    (folder / "never.cedar").write_text("forbid")
    (folder / "vocabulary.yaml").write_text("labels: {a: {msk: {}}}")
    answer = json.loads(amanat(*words, folder, "--output", "json", code=3).stdout)
    assert answer["ok"] is False and {"severity", "code", "file", "line", "column", "text"} <= set(answer["diagnostics"][0])
    assert all(message["file"].startswith(str(folder)) for message in answer["diagnostics"])
