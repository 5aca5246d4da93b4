# SPDX-License-Identifier: Apache-2.0
"""`amanat who-can`: what it says of the demo (as users see it, in tests/snapshots/who-can), of a folder with every kind of
condition, and that it agrees with what single accesses get."""
import json
import pathlib
import re

import harness
import pytest
from demo_world import FACTS
from demo_world import POLICIES as LAHORE

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNAPSHOTS = ROOT / "tests" / "snapshots" / "who-can"
NO = 3


def who_can(amanat, action, folder):
    return json.loads(amanat("who-can", action, folder, "--output", "json").stdout)


# ---- the demo

ACTIONS = ["findSightings", "listAccountAlerts", "query:time", "disclose:person", "reveal:person.phone", "reveal"]


@pytest.mark.parametrize("action", ACTIONS)
def test_the_demo_is_as_the_snapshot_shows(amanat, action):
    expected = (SNAPSHOTS / f"{action.replace(':', '-')}.txt").read_text()
    without_lines = [re.sub(r"(\.cedar):\d+", r"\1", text)
                     for text in (amanat("who-can", action, LAHORE).stdout, expected)]
    assert re.sub(" +", " ", without_lines[0]) == re.sub(" +", " ", without_lines[1])


@pytest.mark.parametrize("action", ACTIONS)
def test_lines_are_those_of_the_policies(amanat, action):
    for row in who_can(amanat, action, LAHORE)["permits"]:
        lines = (LAHORE / row["file"]).read_text().splitlines()
        assert lines[row["line"] - 1] == f'@id("{row["policy"]}")'
        for condition in row["conditions"]:
            assert lines[condition["line"] - 1][condition["column"] - 1:].startswith(condition["text"])


OPERATIONS = {"findSightings": ["--parameter", "plate=LEB-4471"], "listIncidents": [],
              "listAccountAlerts": ["--parameter", "account=PK00INDS0000000000000417"]}
MEETS_CONDITIONS = {("findSightings", "ravi-cameras", "vehicle-crime"), ("listIncidents", "bolan-university", "research"),
                    ("listAccountAlerts", "indus-bank", "fraud-prevention")}
PARTNERS = ["ravi-cameras", "clifton-cameras", "indus-bank", "chenab-insurance", "bolan-university"]
PURPOSES = ["investigation", "vehicle-crime", "fraud-prevention", "public-interest", "research"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_is_not_listed_is_refused_and_who_meets_the_conditions_is_not(amanat, operation):
    rows = who_can(amanat, operation, LAHORE)["permits"]
    for partner in PARTNERS:
        for purpose in PURPOSES:
            basis = ", basis=research-agreement" if purpose == "research" else ""
            answer = json.loads(amanat(
                "explain", LAHORE, "--agent", f"{partner}/a", "--operation", operation, "--need",
                f'purpose={purpose}{basis}, case="FIR-512/2026"', *OPERATIONS[operation], "--facts", FACTS,
                "--claim", "role=fraud-analyst", "--output", "json", code=None).stdout)
            listed = any(partner in row["partners"] and purpose in row["purposes"] for row in rows)
            permitted = answer["call"]["answer"] == "permitted"
            assert permitted <= listed
            assert permitted == ((operation, partner, purpose) in MEETS_CONDITIONS)


# ---- every kind of condition

FOLDER = {
    "vocabulary.yaml": """\
labels:
  person.name: {mask: {keep_first: 1}}
  person.age: {}
  place: {}
purposes:
  top: {}
  low: {in: [top]}
  else: {}
""",
    "model/model.cedarschema": """\
entity Region;
entity Role;
entity Partner in [Region] = { city: String };
entity Agent in [Partner, Role] = { partner: Partner, role?: String };
entity Purpose in [Purpose];
""",
    "partners.cedarentities.json": """\
[{"uid": {"type": "Partner", "id": "acme"}, "attrs": {"city": "Lahore"}, "parents": [{"type": "Region", "id": "north"}]},
 {"uid": {"type": "Partner", "id": "other"}, "attrs": {"city": "Karachi"}, "parents": []},
 {"uid": {"type": "Partner", "id": "third"}, "attrs": {"city": "Lahore"}, "parents": []}]
""",
    "services/people.yaml": harness.policy.service("people", "listPeople", harness.policy.list_of("Person"), """\
    Person:
      type: object
      x-amanat-record: Person
      required: [open]
      properties:
        name: {type: string, x-amanat-label: person.name}
        age: {type: integer, x-amanat-label: person.age}
        open: {type: boolean}
""", parameters="{name: place, in: query, schema: {type: string}, x-amanat-label: place}"),
}
EVERYBODY = {"acme", "other", "third"}
ALL = {"top", "low", "else"}

# scope of the principal, conditions; partners, purposes, what remains to be met
ROWS = [
    ("principal", "", [(EVERYBODY, ALL, [])]),
    ('principal in Partner::"acme"', "", [({"acme"}, ALL, [])]),
    ('principal is Agent in Partner::"acme"', "", [({"acme"}, ALL, [])]),
    ('principal in Region::"north"', "", [({"acme"}, ALL, [])]),
    ('principal in Role::"clerk"', "", [(EVERYBODY, ALL, ['principal in Role::"clerk"'])]),
    ('principal == Agent::"other/x"', "", [({"other"}, ALL, ['principal == Agent::"other/x"'])]),
    ("principal", 'when { context.need.purpose == Purpose::"top" }', [(EVERYBODY, {"top"}, [])]),
    ("principal", 'when { context.need.purpose in Purpose::"top" }', [(EVERYBODY, {"top", "low"}, [])]),
    ("principal", 'unless { context.need.purpose in Purpose::"top" }', [(EVERYBODY, {"else"}, [])]),
    ("principal", 'when { !(context.need.purpose == Purpose::"low") }', [(EVERYBODY, {"top", "else"}, [])]),
    ("principal", 'when { [Purpose::"low", Purpose::"else"].contains(context.need.purpose) }',
     [(EVERYBODY, {"low", "else"}, [])]),
    ("principal", 'when { principal.partner.city == "Lahore" }', [({"acme", "third"}, ALL, [])]),
    ("principal", 'when { principal.partner in Region::"north" && context.need.signed }',
     [({"acme"}, ALL, ["context.need.signed"])]),
    ("principal", 'when { context.need.purpose in Purpose::"top" || context.need.signed }',
     [(EVERYBODY, {"top", "low"}, []),
      (EVERYBODY, {"else"}, ['context.need.purpose in Purpose::"top" || context.need.signed'])]),
    ("principal", "when { resource.open } unless { context.network.address.isLoopback() }",
     [(EVERYBODY, ALL, ["resource.open", "context.network.address.isLoopback()"])]),
    ("principal", 'when { principal in Partner::"acme" }',
     [(EVERYBODY, ALL, ['principal in Partner::"acme"'])]),  # an agent may be in a role, too: it depends
]


@pytest.fixture
def folder(tmp_path):
    return harness.write_files(tmp_path, FOLDER)


def rows_of(answer, key="permits"):
    return [(row["policy"], set(row["partners"]), set(row["purposes"]),
             [condition["text"] for condition in row["conditions"]]) for row in answer[key]]


@pytest.mark.parametrize("scope, conditions, expected", ROWS)
def test_partners_and_purposes_are_evaluated_and_the_rest_is_shown(amanat, folder, scope, conditions, expected):
    (folder / "p.cedar").write_text(
        f'@id("p") permit ({scope}, action == Action::"reveal:person.age", resource is Person) {conditions};')
    answer = who_can(amanat, "reveal:person.age", folder)
    assert rows_of(answer) == [("p", *row) for row in expected]
    assert not answer["forbids"]


def policies(folder, *texts):
    (folder / "p.cedar").write_text("\n".join(texts))


PERMIT = '@id("p") permit (principal, action in [Action::"reveal:person", Action::"mask:person"], resource is Person);'


def test_a_group_is_shown_by_mode_with_its_labels(amanat, folder):
    policies(folder, PERMIT)
    for action in "disclose:person", "disclose":
        rows = who_can(amanat, action, folder)["permits"]
        assert [(row["mode"], row["labels"], row["on"]) for row in rows] == [
            ("reveal", ["person.name", "person.age"], ["Person"]), ("mask", ["person.name"], ["Person"])]
    row, = who_can(amanat, "mask:person", folder)["permits"]
    assert row["labels"] == ["person.name"]


def test_what_is_forbidden_for_certain_is_not_listed(amanat, folder):
    policies(folder, PERMIT,
             '@id("f") forbid (principal in Partner::"other", action in Action::"disclose:person.name", resource)',
             'when { context.need.purpose in Purpose::"top" };')
    answer = who_can(amanat, "reveal:person.name", folder)
    assert rows_of(answer) == [("p", {"acme", "third"}, ALL, []), ("p", {"other"}, {"else"}, [])]
    assert rows_of(answer, "forbids") == [("f", {"other"}, {"top", "low"}, [])]
    rows = who_can(amanat, "reveal:person", folder)["permits"]
    assert {(tuple(row["labels"]), tuple(row["partners"]), tuple(row["purposes"])) for row in rows} == {
        (("person.name", "person.age"), ("acme", "third"), ("top", "low", "else")),
        (("person.age",), ("other",), ("top", "low")), (("person.name", "person.age"), ("other",), ("else",))}


def test_a_forbid_under_conditions_is_shown_beside_the_permit(amanat, folder):
    policies(folder, PERMIT, '@id("f") forbid (principal, action in Action::"disclose:person", resource is Person)',
             "when { resource.open } unless { context.need.signed };",
             '@id("g") forbid (principal, action == Action::"query:place", resource);')
    answer = who_can(amanat, "reveal:person.age", folder)
    assert rows_of(answer) == [("p", EVERYBODY, ALL, [])]
    assert rows_of(answer, "forbids") == [("f", EVERYBODY, ALL, ["resource.open", "context.need.signed"])]
    assert [condition["unless"] for condition in answer["forbids"][0]["conditions"]] == [False, True]
    text = amanat("who-can", "reveal:person.age", folder).stdout
    assert "\nforbidden: reveal\n" in text and "if not: context.need.signed  (p.cedar:3)" in text


def test_nobody_is_said_with_its_reason(amanat, folder):
    policies(folder, PERMIT)
    assert amanat("who-can", "listPeople", folder).stdout == "listPeople: nobody, the folder has no permit for it\n"
    policies(folder, PERMIT, '@id("f") forbid (principal, action, resource);')
    text = amanat("who-can", "disclose:person", folder).stdout
    assert text.startswith("disclose:person: nobody, whatever is permitted is forbidden again\n")


def test_nothing_in_the_text_steers_a_terminal(amanat, folder):
    policies(folder, PERMIT.replace('"p"', r'"p\u{1b}[2J"'))
    text = amanat("who-can", "reveal:person", folder).stdout
    assert "\x1b" not in text and r"p\x1B[2J (p.cedar:1)" in text
    text = amanat("explain", folder, "--agent", "acme/\x1b", "--operation", "listPeople", "--need", "purpose=top",
                  code=NO).stdout
    assert "\x1b" not in text and "permitted by p" in text


def test_another_resource_type_is_not_in_question(amanat, folder):
    policies(folder, '@id("p") permit (principal, action in [Action::"reveal", Action::"listPeople"], resource is Service);')
    assert who_can(amanat, "reveal:person.age", folder)["permits"] == []


TEAMS = harness.policy.service("teams", "listTeams", harness.policy.list_of("Team"), """\
    Team:
      type: object
      x-amanat-record: Team
      properties:
        place: {type: string, x-amanat-label: place}
        people: {type: array, items: {$ref: "#/components/schemas/Person"}}
""")


def test_a_permit_counts_for_records_with_such_a_field_and_a_forbid_for_those_around_too(amanat, folder):
    service = FOLDER["services/people.yaml"]
    (folder / "services/teams.yaml").write_text(TEAMS + service[service.index("    Person:\n"):])
    team = '@id("t") permit (principal, action in [Action::"reveal:person.age", Action::"reveal:place"], resource is Team);'
    policies(folder, PERMIT, team)
    rows = who_can(amanat, "reveal:person.age", folder)["permits"]
    assert [(row["policy"], row["on"]) for row in rows] == [("p", ["Person of people", "Person of teams"])]
    assert [row["on"] for row in who_can(amanat, "reveal:place", folder)["permits"]] == [["Team"]]
    policies(folder, PERMIT, team,
             '@id("f") forbid (principal in Partner::"acme", action in Action::"disclose:person.age", resource is Team);')
    answer = who_can(amanat, "reveal:person.age", folder)
    assert [(row["policy"], row["on"], row["partners"]) for row in answer["forbids"]] == [("f", ["Team"], ["acme"])]
    assert who_can(amanat, "reveal:place", folder)["forbids"] == []


def test_an_unknown_action_is_told_with_the_name_that_was_meant_and_is_no_answer(amanat, folder):
    policies(folder, PERMIT)
    assert "did you mean `reveal:person.name`?" in amanat("who-can", "reveal:person.nam", folder, code=2).stderr
    answer = json.loads(amanat("who-can", "reveal:person.nam", folder, "--output", "json", code=2).stdout)
    assert answer["ok"] is False and answer["diagnostics"][0]["code"] == "usage"
    amanat("who-can", folder, code=2)
