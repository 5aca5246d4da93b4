# SPDX-License-Identifier: Apache-2.0
"""`amanat test` from outside: folders with tests that pass, that fail and that are broken."""
import functools
import json
import pathlib
import shlex
import shutil
import xml.etree.ElementTree

import harness
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def amanat(amanat, tmp_path):
    return functools.partial(amanat, cwd=tmp_path)


@pytest.fixture
def folder(tmp_path):
    """The example's policy folder as ./lahore, beside its facts, without its tests."""
    shutil.copytree(EXAMPLES / "lahore", tmp_path / "lahore", ignore=shutil.ignore_patterns("*_test.yaml"))
    shutil.copy(EXAMPLES / "cases.cedarentities.json", tmp_path)
    (tmp_path / "lahore" / "tests").mkdir(exist_ok=True)
    return tmp_path / "lahore"


HEAD = """\
now: 2026-11-22T12:00:00Z
facts: [../../cases.cedarentities.json]
agents:
  lahore: {id: ravi-cameras/desk-2}
  bank: {id: indus-bank/fraud-desk, claims: {role: fraud-analyst}}
tests:
"""

SIGHTINGS = """\
  - name: sightings
    agent: lahore
    operation: findSightings
    need: {purpose: vehicle-crime, case: FIR-512/2026}
    parameters: {plate: LEB-4471}
    upstream:
      body:
        count: 1
        sightings:
          - {plate: LEB-4471, seenAt: "2026-01-19T01:45:28Z", city: Lahore, owner: {cnic: "35202-0000001-8"}}
    expect:
"""

# What each expectation comes to: nothing, or the lines of the failure.
EXPECTATIONS = {
    "decision: permitted": "",
    "status: 200": "",
    "policies: [stolen-vehicle-call]": "",
    "plan: {vehicle: record, person: forbidden, person.name: withheld, person.cnic: record, others: withheld, "
    "time: record, place: record}": "",
    "plan: {person: forbidden}": """\
    plan
      - person.cnic: forbidden
      + person.cnic: record
      - person.name: forbidden
      + person.name: withheld
""",
    'body: {sightings: [{plate: LEB-4471, seenAt: "2026-01-19T01:45:28Z", city: Lahore, owner: {cnic: "[CNIC]"}}]}': "",
    """body_text: '{"sightings":[{"plate":"LEB-4471","seenAt":"2026-01-19T01:45:28Z","city":"Lahore","owner":"""
    """{"cnic":"[CNIC]"}}]}'""": "",
    "body_text: '{\"sightings\":[]}'": """\
    body
        {
      -   "sightings": []
      +   "sightings": [
      +     {
      +       "plate": "LEB-4471",
      +       "seenAt": "2026-01-19T01:45:28Z",
      +       "city": "Lahore",
      +       "owner": {
      +         "cnic": "[CNIC]"
      +       }
      +     }
      +   ]
        }
""",
    "decision: refused": """\
    decision
      - refused
      + permitted: 200
""",
    "problem: not-found": """\
    problem
      - not-found
      + permitted: 200
""",
    "status: 404": """\
    status
      - 404
      + permitted: 200
""",
    "policies: [insurer-call]": """\
    policies that decided the call
      - insurer-call
      + stolen-vehicle-call
""",
    "plan: {vehicle.plate: reveal, account: withheld}": """\
    plan
      - vehicle.plate: reveal
      + vehicle.plate: record
      - account: withheld
      + account: no field of this operation has this label
""",
    "errors: [insurer-call]": """\
    policies that could not be evaluated
      - insurer-call
""",
}

EXPLAIN = ("    why: amanat explain lahore --agent ravi-cameras/desk-2 --operation findSightings --need "
           "'purpose=\"vehicle-crime\", case=\"FIR-512/2026\"' --parameter plate=LEB-4471 "
           "--facts lahore/tests/../../cases.cedarentities.json --now 2026-11-22T12:00:00Z\n")


def write(folder, text, name="x_test.yaml"):
    (folder / "tests" / name).write_text(text)


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=str)
def test_an_expectation_holds_or_is_shown_beside_what_came(amanat, folder, expectation):
    failure = EXPECTATIONS[expectation]
    write(folder, f"{HEAD}{SIGHTINGS}      {expectation}\n")
    done = amanat("test", "lahore", code=3 if failure else 0)
    lines = [line for line in done.stdout.splitlines(keepends=True) if ": note: " not in line]
    if failure:
        assert "".join(lines) == (f"lahore/tests/x_test.yaml:7: FAILED: sightings\n{failure}{EXPLAIN}"
                                  "(- was expected, + came)\n0 passed, 1 failed\n")
    else:
        assert "".join(lines) == "1 passed, 0 failed\n"


def test_an_unexpected_refusal_is_told_with_its_words(amanat, folder):
    write(folder, HEAD + SIGHTINGS.replace("FIR-512", "FIR-377") + "      body: {sightings: []}\n")
    assert """\
    decision
      - permitted
      + refused: 403 not-permitted: name an open case of yours that lists this plate
""" in amanat("test", "lahore", code=3).stdout


@pytest.mark.parametrize("need", ["{purpose: vehicle-crime, case: FIR-377/2026}", "purpose=vehicle-crime, case=FIR-1",
                                  "{purpose: vehicle-crime, reason: 'a \"b\" \\\\ c''s ü %'}"])
def test_the_command_that_explains_can_be_run_as_it_stands(amanat, folder, need):
    write(folder, HEAD + SIGHTINGS.replace("{purpose: vehicle-crime, case: FIR-512/2026}", need) + "      status: 200\n")
    why, = [line for line in amanat("test", "lahore", code=3).stdout.splitlines() if line.startswith("    why: ")]
    program, *arguments = shlex.split(why.removeprefix("    why: "))
    assert program == "amanat" and arguments[0] == "explain"
    assert "stolen-vehicle-call" in amanat(*arguments, code=3).stdout


def test_a_policy_that_cannot_be_evaluated_fails_a_test_that_does_not_say_so(amanat, folder):
    (folder / "broken.cedar").write_text("""\
@id("broken")
permit (principal, action == Action::"findSightings", resource)
when { 9223372036854775807 + (if context.now < context.now then 1 else 1) > 0 };
""")
    write(folder, f"{HEAD}{SIGHTINGS}      decision: permitted\n")
    assert "    policies that could not be evaluated\n      + broken\n" in amanat("test", "lahore", code=3).stdout
    write(folder, f"{HEAD}{SIGHTINGS}      errors: [broken]\n")
    amanat("test", "lahore")


def test_policies_that_no_test_exercises_are_notes_and_in_strict_runs_failures(amanat, folder):
    write(folder, f"{HEAD}{SIGHTINGS}      decision: permitted\n")
    done = amanat("test", "lahore")
    unexercised = {line.split("`")[1] for line in done.stdout.splitlines() if ": note: no test has" in line}
    assert "fraud-desk-call" in unexercised and "never-a-phone-number" in unexercised
    assert not unexercised & {"stolen-vehicle-call", "stolen-vehicle-query", "stolen-vehicle-fields"}
    done = amanat("test", "lahore", "--strict", code=3)
    assert {line.split("`")[1] for line in done.stdout.splitlines() if ": error: no test has" in line} == unexercised
    assert "1 passed, 0 failed" in done.stdout
    assert ": note: " not in amanat("test", "lahore", "--only", "sightings", "--strict").stdout


def test_the_example_has_a_test_for_each_policy(amanat):
    assert ", 0 failed" in amanat("test", EXAMPLES / "lahore", "--strict").stdout


@pytest.mark.parametrize("policy", sorted(
    (path.name, index) for path in (EXAMPLES / "lahore").glob("*.cedar")
    for index in range(path.read_text().count('@id("'))), ids=str)
def test_the_example_notices_each_policy_that_is_lost(amanat, tmp_path, policy):
    """Mutation: without any one of its policies the demo folder's tests do not pass."""
    shutil.copytree(EXAMPLES / "lahore", tmp_path / "lahore")
    shutil.copy(EXAMPLES / "cases.cedarentities.json", tmp_path)
    path = tmp_path / "lahore" / policy[0]
    head, *policies = path.read_text().split('@id("')
    del policies[policy[1]]
    path.write_text(head + "".join('@id("' + text for text in policies))
    amanat("test", "lahore", code=3)


NASTY = 'a \\"<&>\' \\e[31m \\x9b \\ufffe]]> ü'


def test_junit_is_xml_whatever_tests_are_called(amanat, folder, tmp_path):
    write(folder, HEAD + SIGHTINGS.replace("name: sightings", f'name: "{NASTY}"') + "      decision: refused\n")
    write(folder, f"{HEAD}{SIGHTINGS}      decision: permitted\n", "other_test.yaml")
    amanat("test", "lahore", "--junit", "out.xml", code=3)
    root = xml.etree.ElementTree.parse(tmp_path / "out.xml").getroot()
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "2", "1")
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("tests/other_test.yaml", "1", "0"), ("tests/x_test.yaml", "1", "1")]
    case = root[1][0]
    assert case.get("name") == "a \"<&>' \\x1B[31m \\u{9B} �]]> ü"
    assert (case.get("file"), case.get("line")) == ("lahore/tests/x_test.yaml", "7")
    assert case.find("failure").text == "    decision\n      - refused\n      + permitted: 200\n"
    amanat("test", "lahore", "--junit", "no/such/folder.xml", code=1)


def test_json_has_results_and_unexercised_policies(amanat, folder):
    write(folder, HEAD + SIGHTINGS.replace("name: sightings", f'name: "{NASTY}"') + "      decision: refused\n")
    answer = json.loads(amanat("test", "lahore", "--output", "json", code=3).stdout)
    assert (answer["ok"], answer["passed"], answer["failed"]) == (False, 0, 1)
    assert answer["tests"][0]["file"] == "lahore/tests/x_test.yaml" and answer["tests"][0]["line"] == 7
    assert answer["tests"][0]["failure"].startswith("    decision\n")
    assert {"policy", "file", "line"} == set(answer["unexercised"][0])


def test_nothing_in_a_test_steers_the_terminal(amanat, folder):
    write(folder, HEAD + SIGHTINGS.replace("name: sightings", f'name: "{NASTY}"')
          + '      body_text: "\\e]0;title\\x07"\n')
    said = amanat("test", "lahore", code=3).stdout
    assert not [byte for byte in said if byte != "\n" and (ord(byte) < 32 or 127 <= ord(byte) < 160)]


def test_only_and_verbose_choose_what_is_run_and_listed(amanat, folder):
    calls = "    calls:\n      - {name: one}\n      - {name: two}\n      - {name: three}\n"
    write(folder, f"{HEAD}{SIGHTINGS}      decision: permitted\n{calls}")
    assert "3 passed" in amanat("test", "lahore").stdout
    done = amanat("test", "lahore", "--only", "x_test*t", "--verbose")
    assert [line.split(": ")[-1] for line in done.stdout.splitlines()[:-1]] == ["one", "two", "three"]
    assert "1 passed" in amanat("test", "lahore", "--only", "two").stdout
    assert "[no-tests]" in amanat("test", "lahore", "--only", "four", code=3).stderr


BROKEN = [  # what stands in the file, and the message about it
    (HEAD + "  - {name: n, agent: lahore, operation: findSighting, expect: {status: 200}}\n",
     ":7:41: error: the folder has no operation `findSighting`; did you mean `findSightings`?"),
    (HEAD + "  - {name: n, agent: lahore, operation: findSightings, expect: {plan: {person.cnik: mask}}}\n",
     ":7:72: error: the folder has no label `person.cnik`; did you mean `person.cnic`?"),
    (HEAD + "  - {name: n, agent: lahore, operation: findSightings, expect: {policies: [insurer-cal]}}\n",
     ":7:76: error: the folder has no policy `insurer-cal`; did you mean `insurer-call`?"),
    (HEAD + "  - {name: n, agent: ravi, operation: findSightings, expect: {status: 200}}\n",
     ":7:22: error: unknown agent `ravi`"),
    (HEAD + "  - {name: n, agent: bank, operation: findSightings, upstream: {body_file: no.json}, expect: {status: 1}}\n",
     ":7:76: error: cannot read `lahore/tests/no.json`"),
    (HEAD + "  - {name: n\n", "error: "),
]


@pytest.mark.parametrize("text, message", BROKEN, ids=[message for _, message in BROKEN])
@pytest.mark.parametrize("command", ["test", "check"])
def test_broken_tests_are_told_with_their_place(amanat, folder, command, text, message):
    write(folder, text.replace("status: 1}", "status: 200}"))
    assert message in amanat(command, "lahore", code=3).stderr


PEOPLE_TESTS = """\
now: 2026-11-22T12:00:00Z
agents: {desk: {id: acme/desk}}
tests:
  - name: search
    agent: desk
    operation: searchPeople
    need: purpose=check
    request: {body: {city: Lahore}}
    upstream: {body: [{name: Not Anybody, city: Lahore, note: no}, {name: Nobody, city: Karachi}]}
    expect: {decision: permitted, body: [{name: Not Anybody, city: Lahore}], policies: [check-calls]}
  - name: search by what may not be asked by
    agent: desk
    operation: searchPeople
    need: purpose=check
    expect: {decision: refused}
    calls:
      - {name: name, request: {body: {name: Nobody}}, expect: {problem: parameter-not-permitted}}
      - {name: hint, request: {body: {hint: x}}, expect: {problem: undeclared}}
      - {name: form, request: {type: text/plain, body_text: city=Lahore}, expect: {problem: media-type}}
      - {name: nonsense, request: {body_text: "{"}, expect: {problem: malformed}}
      - {name: nothing, expect: {problem: malformed, detail: this operation needs a request body}}
  - name: a body that is not taken
    agent: desk
    operation: listPeople
    request: {body: {}}
    expect: {problem: undeclared, detail: this operation takes no request body}
  - name: lists
    agent: desk
    operation: listPeople
    need: {purpose: check}
    parameters: {cities: [Lahore, Karachi]}
    expect: {decision: permitted}
  - name: a record of another city is as if it were not there
    agent: desk
    operation: getPerson
    need: {purpose: check}
    parameters: {cnic: 35202-0000001-8}
    expect: {decision: permitted, status: 404, problem: not-found}
    calls:
      - {name: it is there, upstream: {body: {name: Nobody, city: Karachi}}}
      - {name: it is not, upstream: {status: 404, body: {}}}
"""


def test_request_bodies_are_taken_as_the_gateway_takes_them(amanat, tmp_path):
    harness.write_files(tmp_path / "people", harness.PEOPLE)
    (tmp_path / "people" / "tests").mkdir()
    write(tmp_path / "people", PEOPLE_TESTS)
    assert "10 passed, 0 failed" in amanat("test", "people").stdout


def test_what_calls_have_in_common_is_told_once(amanat, folder):
    write(folder, HEAD + SIGHTINGS.replace("findSightings", "findSighting") + "      status: 200\n    calls: [{}, {}]\n")
    said = amanat("test", "lahore", code=3).stderr
    assert said.count("error: ") == 1 and "   9 |     operation: findSighting\n" in said


def test_facts_stand_in_files_or_in_the_test(amanat, folder):
    text = f"{HEAD}{SIGHTINGS}      decision: permitted\n"
    inline = """facts:
  - uid: {type: Case, id: FIR-512/2026}
    attrs: {open: true, plates: [LEB-4471], partners: [{__entity: {type: Partner, id: ravi-cameras}}]}
    parents: []
"""
    facts = "facts: [../../cases.cedarentities.json]\n"
    write(folder, text)
    write(folder, text.replace(facts, inline), "y_test.yaml")
    assert "2 passed" in amanat("test", "lahore").stdout
    write(folder, text.replace(facts, inline.replace("open: true", "open: false")), "y_test.yaml")
    assert "1 passed, 1 failed" in amanat("test", "lahore", code=3).stdout
    write(folder, text.replace(facts, inline.replace("Case", "Cas")), "y_test.yaml")
    assert "tests/y_test.yaml (the entity at line 3)" in amanat("test", "lahore", code=3).stderr
    write(folder, text.replace("cases.", "no."))
    assert "lahore/tests/x_test.yaml:2:9: error: cannot read" in amanat("test", "lahore", code=3).stderr


def test_a_folder_without_tests_is_no_success(amanat, folder):
    assert "[no-tests]" in amanat("test", "lahore", code=3).stderr
    write(folder, "", "cameras_tests.yaml")
    assert "`cameras_tests.yaml` is not read" in amanat("test", "lahore", code=3).stderr
    amanat("check", "lahore")
    shutil.rmtree(folder / "tests")
    amanat("check", "lahore")
    amanat("test", "lahore", code=3)
    amanat("test", "nowhere", code=1)
    amanat("test", code=2)


def test_without_a_service_every_status_and_body_is_what_the_gateway_would_give(programs, amanat, folder):
    """The same access through `preview`, byte for byte."""
    body = {"count": 1, "sightings": [{"plate": "LEB-4471", "seenAt": "2026-01-19T01:45:28Z", "city": "Lahore",
                                       "owner": {"cnic": "35202-0000001-8"}}]}
    (folder / "tests" / "answer.json").write_text(json.dumps(body))
    shown = amanat("preview", "lahore", "--agent", "ravi-cameras/desk-2", "--operation", "findSightings", "--need",
                   'purpose=vehicle-crime, case="FIR-512/2026"', "--parameter", "plate=LEB-4471", "--facts",
                   "cases.cedarentities.json", "--now", "2026-11-22T12:00:00Z", "lahore/tests/answer.json").stdout
    head = SIGHTINGS[:SIGHTINGS.index("    upstream")]
    write(folder, f"{HEAD}{head}    upstream: {{body_file: answer.json}}\n    expect: {{body_text: {json.dumps(shown)}}}\n")
    amanat("test", "lahore")
