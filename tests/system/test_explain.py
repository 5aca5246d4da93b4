# SPDX-License-Identifier: Apache-2.0
"""`amanat explain`: what it says of the demo's accesses (as users see it, in tests/snapshots/explain), and of a folder with
every kind of reason; and that what it says is what `amanat preview` then does."""
import json
import pathlib
import re

import demo
import harness
import pytest
import yaml
from demo_world import FACTS
from demo_world import POLICIES as LAHORE

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNAPSHOTS = ROOT / "tests" / "snapshots" / "explain"
YES, NO = 0, 3


# ---- the demo

SIGHTING = {"number": "S-1", "plate": "LEB-4471", "seenAt": "2026-01-19T01:45:28Z", "city": "Lahore",
            "position": {"latitude": 31.5204, "longitude": 74.3587},
            "vehicle": {"make": "Suzuki", "model": "Mehran", "colour": "white"},
            "owner": {"name": "Nobody", "cnic": "35202-0000001-8", "phone": "0300-0000001"}}
ALERT = {"number": "A-1", "kind": "structuring", "status": "confirmed", "raisedAt": "2026-01-19T01:45:28Z",
         "amount": 123456, "holder": {"account": "PK00INDS0000000000000417", "bank": "indus-bank",
                                      "cnic": "35202-0000001-8", "name": "Nobody"}}
INCIDENT = {"number": "I-1", "category": "theft", "outcome": "open", "occurredAt": "2026-01-19T01:45:28Z",
            "city": "Lahore", "position": {"latitude": 31.5204, "longitude": 74.3587},
            "complainant": {"name": "Nobody", "cnic": "35202-0000001-8", "phone": "0300-0000001"}, "narrative": "text"}

CAMERA = ("--agent", "ravi-cameras/desk-2", "--operation", "findSightings", "--parameter", "plate=LEB-4471")
BANK = ("--agent", "indus-bank/desk", "--operation", "listAccountAlerts", "--need", demo.FRAUD_NEED,
        "--parameter", "account=PK00INDS0000000000000417")
INSURER = ("--agent", "chenab-insurance/desk", *BANK[2:])
RESEARCH = ("--agent", "bolan-university/researcher-1", "--operation", "listIncidents", "--need", demo.RESEARCH_NEED)

ACCESSES = {  # name of the snapshot: exit code, words, the service's answer
    "open-case-records": (YES, (*CAMERA, "--need", demo.STOLEN_NEED), {"sightings": [
        *[SIGHTING] * 3, *[{**SIGHTING, "city": "Karachi"}] * 2, {"plate": "LEB-4471"}]}),
    "open-case": (YES, (*CAMERA, "--need", demo.STOLEN_NEED), None),
    "foreign-case": (NO, (*CAMERA, "--need", 'purpose=vehicle-crime, case="FIR-640/2026"'), None),
    "unknown-case": (NO, (*CAMERA, "--need", 'purpose=vehicle-crime, case="FIR-1/2026"'), None),
    "no-role": (NO, INSURER, None),
    "asking-by-time": (NO, (*RESEARCH, "--parameter", "from=2026-01-01T00:00:00Z"), None),
    "research": (YES, RESEARCH, {"incidents": [INCIDENT]}),
    "unknown-purpose": (NO, (*CAMERA, "--need", "purpose=vehicle-crimes"), None),
    "unknown-partner": (NO, ("--agent", "ravi-camera/desk-2", *CAMERA[2:], "--need", demo.STOLEN_NEED), None),
}


def explain(amanat, folder, words, body=None, code=YES, **options):
    words = ["explain", folder, *words, *(["-"] if body is not None else [])]
    return amanat(*words, code=code, input=None if body is None else json.dumps(body), **options).stdout


def without_lines(text):
    """A line that is added to the demo's policies changes nothing that the snapshots show."""
    return re.sub(r"(\.cedar):\d+(:\d+)?", r"\1", text)


@pytest.mark.parametrize("name", ACCESSES)
def test_the_demo_is_explained_as_the_snapshot_shows(amanat, name):
    code, words, body = ACCESSES[name]
    expected = (SNAPSHOTS / f"{name}.txt").read_text()
    found = explain(amanat, LAHORE, (*words, "--facts", FACTS), body, code)
    assert without_lines(found) == without_lines(expected)


@pytest.mark.parametrize("name", ACCESSES)
def test_places_are_those_of_the_policy_and_of_the_condition(amanat, name):
    code, words, body = ACCESSES[name]
    found = explain(amanat, LAHORE, (*words, "--facts", FACTS), body, code)
    for policy, file, line in re.findall(r"(\S+) \((\S+\.cedar):(\d+)\)", found):
        assert (LAHORE / file).read_text().splitlines()[int(line) - 1] == f'@id("{policy}")'
    for file, line, column, condition in re.findall(r"(\S+\.cedar):(\d+):(\d+)  (.*)", found):
        assert (LAHORE / file).read_text().splitlines()[int(line) - 1][int(column) - 1:].startswith(condition)


@pytest.mark.parametrize("name", ACCESSES)
def test_json_has_the_same_answer_as_the_text(amanat, name):
    code, words, body = ACCESSES[name]
    words = (*words, "--facts", FACTS)
    text = explain(amanat, LAHORE, words, body, code)
    answer = json.loads(explain(amanat, LAHORE, (*words, "--output", "json"), body, code))
    assert text.startswith(f"{'permitted' if answer['permitted'] else 'refused'}: {answer['status']}")
    assert answer["permitted"] == (code == YES)
    places = [*answer.get("places", []), *answer.get("records", [])]
    for label in [label for place in places for label in place["labels"]]:
        assert label["label"] in text and label["mode"] in text
    for policy in re.findall(r'"id":"([^"]+)"', json.dumps(answer.get("call", {}).get("permits", []))):
        assert policy in text


# ---- what is explained is what happens

def labelled_values(document, schema, record, label=None):
    """(label, value) of each labelled leaf of a record, by the service's document alone."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    label = schema.get("x-amanat-label", label)
    if "properties" not in schema:
        return [(label, record)] if label else []
    return [pair for name, part in schema["properties"].items() if name in record
            for pair in labelled_values(document, part, record[name], label)]


def leaves(value):
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if items is None else [leaf for item in items for leaf in leaves(item)]


RECORDS = [  # words, the service, its record type, the answer's name, a record, what differs in it
    ((*CAMERA, "--need", demo.STOLEN_NEED), "anpr", "Sighting", "sightings", SIGHTING),
    ((*CAMERA, "--need", demo.STOLEN_NEED), "anpr", "Sighting", "sightings", {**SIGHTING, "city": "Karachi"}),
    ((*BANK, "--claim", "role=fraud-analyst"), "fraud", "Alert", "alerts", ALERT),
    ((*INSURER, "--claim", "role=claims-investigator"), "fraud", "Alert", "alerts", ALERT),
    ((*INSURER, "--claim", "role=claims-investigator"), "fraud", "Alert", "alerts", {**ALERT, "status": "open"}),
    (RESEARCH, "incidents", "Incident", "incidents", INCIDENT),
]


def find_record(document, name):
    parts = document if isinstance(document, list) else document.values() if isinstance(document, dict) else []
    if isinstance(document, dict) and document.get("x-amanat-record") == name:
        return document
    return next((found for part in parts if (found := find_record(part, name))), None)


@pytest.mark.parametrize("words, service, record_type, name, record", RECORDS)
def test_what_is_explained_is_what_preview_discloses(amanat, words, service, record_type, name, record):
    words = (*words, "--facts", FACTS)
    body = json.dumps({name: [record]})
    answer = json.loads(explain(amanat, LAHORE, (*words, "--output", "json"), {name: [record]}))
    place = (answer["records"] or answer["places"])[0]
    assert place["record"] == record_type
    modes = {label["label"]: label["mode"] for label in place["labels"]}
    assert not any(label["dependsOnRecord"] for label in place["labels"]) or not answer["records"]
    shown = leaves(json.loads(amanat("preview", LAHORE, *words, "-", input=body).stdout)[name])
    document = yaml.safe_load((LAHORE / "services" / f"{service}.yaml").read_text())
    values = labelled_values(document, find_record(document, record_type), record)
    assert len(shown) == len([label for label, _ in values if modes[label] != "withheld"])
    for label, value in values:
        assert (value in shown) == (modes[label] == "reveal"), label


# ---- every kind of reason

FOLDER = {
    "vocabulary.yaml": """\
labels:
  team.name: {}
  person.name: {mask: {keep_first: 1}}
  person.age: {}
  person.cnic: {mask: {text: "[CNIC]"}}
  total: {}
purposes:
  check: {}
""",
    "model/model.cedarschema": """\
entity Partner = { city: String } tags String;
entity Agent in [Partner] = { partner: Partner, role?: String };
entity Purpose in [Purpose];
""",
    "partners.cedarentities.json": """\
[{"uid": {"type": "Partner", "id": "acme"}, "attrs": {"city": "Lahore"}, "parents": [],
  "tags": {"desk": "north"}},
 {"uid": {"type": "Partner", "id": "other"}, "attrs": {"city": "Karachi"}, "parents": []}]
""",
    "services/teams.yaml": harness.policy.service(
        "teams", "listTeams", f"""{{type: object, properties: {{total: {{type: integer, x-amanat-label: total}},
        teams: {harness.policy.list_of("Team")}}}}}""", """\
    Team:
      type: object
      x-amanat-record: Team
      required: [closed, desk, weight]
      properties:
        name: {type: string, x-amanat-label: team.name}
        closed: {type: boolean}
        desk: {type: string}
        weight: {type: integer}
        people: {type: array, items: {$ref: "#/components/schemas/Person"}}
    Person:
      type: object
      x-amanat-record: Person
      properties:
        name: {type: string, x-amanat-label: person.name}
        age: {type: integer, x-amanat-label: person.age}
        cnic: {type: string, x-amanat-label: person.cnic}
"""),
    "policy.cedar": """\
@id("call")
permit (principal in Partner::"acme", action == Action::"listTeams", resource == Service::"teams");

@id("total")
permit (principal in Partner::"acme", action == Action::"reveal:total", resource is Service);

@id("teams-of-the-desk")
permit (principal in Partner::"acme", action == Action::"reveal:team.name", resource is Team)
when { principal.partner.hasTag("desk") && principal.partner.getTag("desk") == resource.desk };

@id("people")
permit (principal in Partner::"acme", action in [Action::"reveal:person", Action::"mask:person"], resource is Person)
unless { context.need.signed };

@id("closed-teams")
forbid (principal, action in Action::"disclose:person.name", resource is Team)
when { resource.closed };

@id("too-heavy")
forbid (principal, action == Action::"reveal:person.age", resource is Team)
when { resource.weight + 9223372036854775807 < 0 };

@id("never-a-cnic")
forbid (principal, action == Action::"reveal:person.cnic", resource);
""",
}
TEAMS = ("--agent", "acme/a", "--operation", "listTeams", "--need", "purpose=check")
PERSON = {"name": "Nobody", "age": 40, "cnic": "1"}


def team(**changes):
    return {"name": "A", "closed": False, "desk": "north", "weight": -1, "people": [PERSON], **changes}


@pytest.fixture
def folder(tmp_path, amanat):
    harness.write_files(tmp_path, FOLDER)
    amanat("schema", tmp_path, "--write")
    return tmp_path


def explained(amanat, folder, *teams, code=YES):
    """{record type: [(count, {label: mode}, {(label, mode asked): question}) …]}"""
    body = {"total": 1, "teams": list(teams)} if teams else None
    answer = json.loads(explain(amanat, folder, (*TEAMS, "--output", "json"), body, code))
    found = {}
    for place in (answer["records"] if teams else answer["places"]):
        modes = {label["label"]: label["mode"] for label in place["labels"]}
        questions = {tuple(reversed(question["action"].split(":"))): question
                     for label in place["labels"] for question in label["modes"]}
        found.setdefault(place["record"], []).append((place.get("count"), modes, questions))
    return found


def ids(policies):
    return [policy["id"] for policy in policies]


def test_before_any_record_is_seen_it_says_what_depends_on_it(amanat, folder):
    places = explained(amanat, folder)
    _, outside, questions = places[None][0]
    assert outside == {"total": "reveal"} and ids(questions["total", "reveal"]["permits"]) == ["total"]
    _, _, team_questions = places["Team"][0]
    name = team_questions["team.name", "reveal"]
    assert name["answer"] == "depends-on-the-record" and ids(name["openPermits"]) == ["teams-of-the-desk"]
    outcomes = [condition["outcome"] for condition in name["openPermits"][0]["conditions"]]
    assert outcomes == ["holds", "depends-on-the-record"]
    _, modes, person = places["Person"][0]
    assert modes == {"person.name": "reveal", "person.age": "reveal", "person.cnic": "mask"}
    assert person["person.name", "reveal"]["answer"] == "depends-on-the-record"
    assert person["person.name", "reveal"]["openForbids"][0]["around"] == "Team"
    assert person["person.cnic", "reveal"]["answer"] == "forbidden"
    assert ids(person["person.cnic", "reveal"]["permits"]) == ["people"]


def test_records_that_stand_alike_are_one_group(amanat, folder):
    places = explained(amanat, folder, *[team()] * 40, *[team(desk="south")] * 2, team(closed=True))
    assert [count for count, _, _ in places["Team"]] == [41, 2]
    assert [modes["team.name"] for _, modes, _ in places["Team"]] == ["reveal", "withheld"]
    assert [count for count, _, _ in places["Person"]] == [42, 1]
    near = places["Team"][1][2]["team.name", "reveal"]["nearest"][0]
    assert near["conditions"][1]["reads"] == {"principal.partner": {"has": '{"desk": "north"}'},
                                              "resource.desk": {"is": '"south"'}}


def test_a_forbid_about_the_record_around_is_named_with_it(amanat, folder):
    (count, modes, questions), = explained(amanat, folder, team(closed=True))["Person"]
    assert count == 1 and modes["person.name"] == "withheld"
    for mode in "reveal", "mask":
        question = questions["person.name", mode]
        assert question["answer"] == "forbidden" and ids(question["permits"]) == ["people"]
        assert question["forbids"] == [{"id": "closed-teams", "file": "policy.cedar", "line": 15, "around": "Team"}]


def test_a_forbid_that_errs_forbids_and_says_why_and_where(amanat, folder):
    (_, modes, questions), = explained(amanat, folder, team(weight=1))["Person"]
    assert modes["person.age"] == "withheld"
    question = questions["person.age", "reveal"]
    assert ids(question["forbids"]) == ["too-heavy"] and ids(question["errors"]) == ["too-heavy"]
    assert (question["errors"][0]["errorLine"], question["errors"][0]["errorColumn"]) == (21, 24)
    text = explain(amanat, folder, TEAMS, {"teams": [team(weight=1)]})
    assert "forbidden by too-heavy (policy.cedar:19) through the Team around it, which errs, and so forbids" in text


def test_a_record_is_explained_by_the_labels_of_its_own_fields(amanat, folder):
    places = explained(amanat, folder, team())
    assert [set(modes) for _, modes, _ in places["Team"]] == [{"team.name"}]
    assert [set(modes) for _, modes, _ in places["Person"]] == [{"person.name", "person.age", "person.cnic"}]


def test_a_record_of_which_nothing_leaves_takes_the_records_inside_with_it(amanat, folder, tmp_path):
    text = explain(amanat, folder, TEAMS, {"teams": [team(), team(desk="south")]})
    assert "number 2\n    left out, with the records inside: nothing of its own can leave\n" in text
    assert text.count("left out") == 1
    (tmp_path / "body.json").write_text(json.dumps({"teams": [team(desk="south")]}))
    assert amanat("preview", folder, *TEAMS, tmp_path / "body.json").stdout == '{"teams":[]}'


ERRS = """
@id("errs")
forbid (principal, action in Action::"disclose:person.name", resource)
when { context.need.purpose == Purpose::"check" && 1 + 9223372036854775807 > 0 };
"""


def test_a_forbid_that_errs_whatever_the_record_is_forbids(amanat, folder, tmp_path):
    with (folder / "policy.cedar").open("a") as file:
        file.write(ERRS)
    text = explain(amanat, folder, TEAMS)
    assert "forbidden by errs (policy.cedar:26), which errs, and so forbids" in text and "mask: person.name" not in text
    (tmp_path / "body.json").write_text(json.dumps({"teams": [team()]}))
    assert "Nobody" not in amanat("preview", folder, *TEAMS, tmp_path / "body.json").stdout


def test_a_record_that_is_left_out_is_counted(amanat, folder):
    broken = {key: value for key, value in team().items() if key != "weight"}
    text = explain(amanat, folder, TEAMS, {"teams": [team(), broken]})
    assert "left out: an attribute that policies read is missing or of a wrong type" in text


def test_all_shows_every_permit_and_the_default_the_nearest_three(amanat, folder):
    more = "".join(f'@id("call-{number}") permit (principal in Partner::"other", action == Action::"listTeams", '
                   f'resource == Service::"teams") when {{ context.need.signed }};\n' for number in range(5))
    (folder / "more.cedar").write_text(more)
    words = ("--agent", "other/a", *TEAMS[2:])
    short = explain(amanat, folder, words, code=NO).split("\nlabels")[0]
    assert short.count("its scope") == 3 and "3 more are farther off: --all" in short
    assert explain(amanat, folder, (*words, "--all"), code=NO).split("\nlabels")[0].count("its scope") == 6
    nearest = json.loads(explain(amanat, folder, (*words, "--output", "json", "--all"), code=NO))["call"]["nearest"]
    assert ids(nearest) == [*(f"call-{number}" for number in range(5)), "call"]
    assert nearest[0]["conditions"][0]["reads"] == {"context.need.signed": {"is": "false"}}
    assert nearest[5]["scope"]["principal"] == {"matches": False, "demands": 'principal in Partner::"acme"',
                                                "found": 'Agent::"other/a" in Partner::"other"'}


# ---- exit codes and bad input

@pytest.mark.parametrize("command", ["explain", "preview"])
def test_who_asks_wrongly_is_told_and_is_not_refused(amanat, folder, command):
    for words, message in [
            (["--operation", "listTeams"], "error: --agent: expected PARTNER/NAME"),
            (["--agent", "acme", "--operation", "listTeams"], "error: --agent: expected PARTNER/NAME"),
            (["--agent", "acme/a", "--operation", "listTeam"], "error: --operation: no service has this operation; "
                                                               "did you mean `listTeams`?"),
            ([*TEAMS, "--parameter", "plate"], "error: --parameter: expected NAME=VALUE"),
            ([*TEAMS, "--status", "2OO"], "error: --status: expected a status, 100 to 599"),
            ([*TEAMS, "--now", "today"], "error: --now: expected a time")]:
        assert amanat(command, folder, *words, "-", code=2).stderr.startswith(message)
        answer = json.loads(amanat(command, folder, *words, "-", "--output", "json", code=2).stdout)
        assert answer["ok"] is False and message.endswith(answer["diagnostics"][0]["text"][:len(message) - 7])


def test_a_parameter_that_the_operation_has_not_is_named_to_the_administrator_alone(amanat):
    words = LAHORE, "--agent", "ravi-cameras/a", "--operation", "findSightings", "--need", "purpose=vehicle-crime"
    for command in "explain", "preview":
        done = amanat(command, *words, "--parameter", "plat=LEB-4471", "-", code=NO)
        assert "plat" not in done.stdout and "undeclared" in done.stdout
        assert done.stderr == ("warning: --parameter: findSightings has no parameter `plat`; did you mean `plate`? "
                               "[undeclared]\n")


def test_messages_tell_files_of_the_folder_from_those_that_were_given(amanat, folder, tmp_path):
    (tmp_path / "facts.json").write_text("[{")
    told = amanat("explain", folder, *TEAMS, "--facts", "facts.json", cwd=tmp_path, code=NO).stderr
    assert told.startswith("./facts.json:1:3: error: ")
    (folder / "policy.cedar").write_text("permit")
    assert amanat("explain", folder, *TEAMS, code=NO).stderr.startswith(f"{folder}/policy.cedar:1:7: error: ")


def test_exit_codes_are_previews(amanat, folder, tmp_path):
    amanat("explain", code=2)
    amanat("explain", folder, "--no-such", code=2)
    assert amanat("explain", folder / "nowhere", *TEAMS, code=None).returncode in (1, NO)
    refused = amanat("explain", folder, *TEAMS, "-", input='{"teams": [', code=NO)
    assert refused.stdout.startswith("refused: 502 upstream")
    assert "For the administrator" in amanat("explain", "--help").stdout
