# SPDX-License-Identifier: Apache-2.0
"""The parts of the demo that are not the gateway: records, the services that serve them, what the screen shows."""
import decimal
import json
import re
import urllib.error
import urllib.request

import demo_screen
import pytest
import records
from conftest import PROGRAMS, ROOT
from demo_processes import Program


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    records.write_all(folder)
    return folder


def load(folder, name):
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def test_records_are_the_same_each_time(folder, tmp_path):
    records.write_all(tmp_path)
    for name in ("anpr", "fraud", "incidents"):
        assert (tmp_path / f"{name}.jsonl").read_bytes() == (folder / f"{name}.jsonl").read_bytes()


def test_every_personal_number_is_of_the_range_that_marks_it_as_made(folder):
    text = "".join((folder / f"{name}.jsonl").read_text() for name in ("anpr", "fraud", "incidents"))
    assert len(load(folder, "incidents")) == 240
    numbers = re.findall(r"\b\d{5}-\d{7}-\d\b", text)
    assert numbers and all(re.fullmatch(r"(35202|42101)-0000\d{3}-\d", number) for number in numbers)
    phones = re.findall(r"\b03\d\d-\d{7}\b", text)
    assert phones and all(re.fullmatch(r"0300-0000\d{3}", phone) for phone in phones)
    accounts = re.findall(r"\bPK\w{22}\b", text)
    assert accounts and all(account.startswith("PK00") for account in accounts)


def test_the_story_has_its_records(folder):
    stolen = [record["city"] for record in load(folder, "anpr") if record["plate"] == "LEB-4471"]
    assert stolen.count("Lahore") >= 2 and "Karachi" in stolen
    asked = [alert for alert in load(folder, "fraud") if alert["holder"]["account"] == "PK00INDS0000000000000417"]
    assert [alert["status"] for alert in asked] == ["confirmed", "confirmed", "dismissed"]
    assert asked[0]["counterparty"] == asked[1]["counterparty"]


@pytest.fixture(scope="module")
def services(folder, tmp_path_factory):
    if not (PROGRAMS / "demo_service").exists():
        pytest.skip(f"{PROGRAMS}/demo_service is not built")
    key = folder / "key"
    key.write_text("the key\n")
    program = Program("services", [PROGRAMS / "demo_service", "--listen", "127.0.0.1:0", "--key-file", key]
                      + [f"--data={folder}/{name}.jsonl" for name in ("anpr", "fraud", "incidents")],
                      tmp_path_factory.mktemp("said"))
    yield dict(program.listeners())
    assert program.stop() == 0


def ask(port, path, key="the key"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"X-Service-Key": key})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize("service,path,keeps", [
    ("anpr", "/sightings?plate=LEB-4471", lambda record: record["plate"] == "LEB-4471"),
    ("anpr", "/sightings?plate=NONE", lambda record: False),
    ("fraud", "/accounts/PK00INDS0000000000000417/alerts",
     lambda record: record["holder"]["account"] == "PK00INDS0000000000000417"),
    ("incidents", "/incidents?category=robbery&from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z",
     lambda record: record["category"] == "robbery" and record["occurredAt"].startswith("2026-02")),
])
def test_services_answer_what_was_asked(folder, services, service, path, keeps):
    status, body = ask(services[service], path)
    expected = [record for record in load(folder, service) if keeps(record)]
    answer = json.loads(body)
    assert status == 200 and answer["count"] == len(expected) and expected in answer.values()


def test_services_want_their_key_and_know_their_paths(services):
    assert ask(services["anpr"], "/sightings?plate=LEB-4471", key="wrong")[0] == 401
    assert ask(services["anpr"], "/incidents")[0] == 404
    assert ask(services["fraud"], "/accounts//alerts")[0] == 404


@pytest.mark.parametrize("size", [64, 1024, 65536, 1048576])
def test_bodies_for_measurements_have_exactly_the_size(services, size):
    status, body = ask(services["anpr"], f"/bytes/{size}")
    assert status == 200 and len(body) == size
    assert json.loads(body)["records"] or size < 256


def test_services_refuse_to_listen_anywhere_but_on_loopback(folder, services, tmp_path):
    program = Program("open", [PROGRAMS / "demo_service", "--listen", "0.0.0.0:0", f"--data={folder}/anpr.jsonl"],
                      tmp_path)
    assert program.process.wait() == 1


def test_two_answers_stand_side_by_side_line_by_line():
    own = {"node": "x", "list": [{"a": 1, "b": decimal.Decimal("31.123"), "city": "L"}, {"a": 2, "city": "K"}]}
    got = {"list": [{"a": 1, "b": decimal.Decimal("31.10")}]}
    rows = demo_screen.align(own, got, [True, False])
    assert rows == [
        ("{", "│", "{"),
        ('  "node": "x",', "✕", ""),
        ('  "list": [', "│", '  "list": ['),
        ("    {", "│", "    {"),
        ('      "a": 1,', "│", '      "a": 1,'),
        ('      "b": 31.123,', "≈", '      "b": 31.10'),
        ('      "city": "L"', "✕", ""),
        ("    },", "│", "    }"),
        ('    { "city": "K", … }', "✕", ""),
        ("  ]", "│", "  ]"),
        ("}", "│", "}"),
    ]


def test_the_policy_folder_says_what_the_demo_expects():
    """The views in demo.py and the labels in the services must not drift apart in silence."""
    import demo
    import yaml
    labels = yaml.safe_load((ROOT / "examples" / "lahore" / "vocabulary.yaml").read_text())["labels"]
    for view in (demo.CAMERA_VIEW, demo.BANK_VIEW, demo.INSURER_VIEW, demo.RESEARCH_VIEW):
        for label, mode, _ in view.values():
            assert label in labels and (mode == "reveal" or mode in labels[label]), (label, mode)
