# SPDX-License-Identifier: Apache-2.0
"""Limits of a record (`limits.record_bytes`) through the whole gateway: what a verdict withholds shows nowhere, however long
it is; of what would have been disclosed and is too long the partner sees nothing but that the record is not there, and
only the trail tells why.
"""
import json

import harness
import pytest
from harness import NEED

LIMIT = 16 << 10  # the least that may be configured
SIZES = [0, 1, LIMIT - 40, LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT, 1 << 20, 5 << 20]

# Notes of people in Lahore are revealed, elsewhere withheld; names are revealed of all; `cnic` nobody may see.
POLICY = """\
@id("calls")
permit (principal in Partner::"acme", action in [Action::"listPeople", Action::"getPerson"], resource == Service::"people");
@id("queries")
permit (principal in Partner::"acme", action == Action::"query:person.cnic", resource == Service::"people");
@id("fields")
permit (principal in Partner::"acme", action in [Action::"reveal:person.name", Action::"reveal:place.city"],
        resource is Person in Service::"people");
@id("notes")
permit (principal in Partner::"acme", action == Action::"reveal:person.note", resource is Person in Service::"people")
when { resource.city == "Lahore" };
"""
ALI = {"name": "Ali", "city": "Karachi"}
SANA = {"name": "Sana", "city": "Lahore", "note": "tall"}


@pytest.fixture(scope="module")
def gateway(start_gateway, upstream):
    return start_gateway({**harness.PEOPLE, "people.cedar": POLICY}, {"people": upstream.url},
                         changes={"limits": {"record_bytes": LIMIT}})


@pytest.fixture
def ask(gateway, upstream):
    """ask(people) → what the partner gets when the service answers with these."""
    def asks(*people):
        upstream.answer = harness.json_answer({"people": people})
        return gateway.client().get("/people/people", need=NEED)
    return asks


def shown(response):
    assert response.status == 200 and response.complete
    return response.json["people"]


def records(gateway, response):
    """What the trail says of the answer's records."""
    [entry] = gateway.trail.accesses(response.access)
    return entry["records"]


@pytest.mark.parametrize("size", SIZES)
def test_what_the_verdict_withholds_shows_nowhere_whatever_its_size(ask, gateway, size):
    short = ask(ALI, SANA)
    long = ask({**ALI, "note": "n" * size, "cnic": "7" * size, "unlabelled": "u" * size, "unknown": "x" * size}, SANA)
    assert shown(long) == [ALI, SANA]
    assert long.anonymous == short.anonymous
    assert records(gateway, long) == records(gateway, short) == {"disclosed": 2, "left_out": 0}


def test_what_would_be_disclosed_and_is_too_long_leaves_its_record_out(ask, gateway):
    without = ask(ALI)
    over = ask(ALI, {**SANA, "note": "n" * LIMIT})
    assert shown(over) == [ALI]
    assert over.anonymous == without.anonymous
    assert records(gateway, without) == {"disclosed": 1, "left_out": 0}
    assert records(gateway, over) == {"disclosed": 1, "left_out": 1, "over_limit": 1}


def test_a_record_that_a_limit_leaves_out_looks_as_one_that_policies_leave_out(ask, gateway):
    incomplete = {name: value for name, value in SANA.items() if name != "city"}  # policies read it
    by_policy = ask(ALI, incomplete)
    by_limit = ask(ALI, {**SANA, "note": "n" * LIMIT})
    assert by_limit.anonymous == by_policy.anonymous
    assert records(gateway, by_policy) == {"disclosed": 1, "left_out": 1}


def test_each_label_has_the_limit_for_itself(ask, gateway):
    """The longest note that is disclosed is as long beside a long name, and beside long parts that are withheld."""
    def longest(**others):
        least, most = LIMIT // 2, LIMIT + 1
        while most - least > 1:
            middle = (least + most) // 2
            people = shown(ask({**SANA, **others, "note": "n" * middle}))
            least, most = (middle, most) if people else (least, middle)
        return least

    alone = longest()
    assert LIMIT - 64 < alone < LIMIT
    assert longest(name="m" * alone) == alone
    assert longest(cnic="7" * LIMIT, unlabelled="u" * LIMIT, unknown=["x" * LIMIT]) == alone


def test_what_policies_read_has_the_limit_too(ask, gateway):
    over = ask(ALI, {**SANA, "city": "L" * LIMIT})
    assert over.anonymous == ask(ALI).anonymous
    assert records(gateway, over) == {"disclosed": 1, "left_out": 1, "over_limit": 1}


def test_a_root_that_is_over_a_limit_is_not_found_like_one_that_is_not_there(gateway, upstream):
    answers = []
    for answer in (harness.json_answer({**SANA, "note": "n" * LIMIT}), harness.json_answer({"name": "Sana"}),
                   harness.http_answer("nobody", 404)):
        upstream.answer = answer
        answers.append(gateway.client().get("/people/people/35202-0000001-1", need=NEED))
    assert [answer.problem for answer in answers] == ["not-found"] * 3
    assert answers[0].anonymous == answers[1].anonymous == answers[2].anonymous
    assert records(gateway, answers[0]) == {"disclosed": 0, "left_out": 1, "over_limit": 1}
    assert records(gateway, answers[1]) == {"disclosed": 0, "left_out": 1}
    assert "records" not in gateway.trail.accesses(answers[2].access)[0]


def test_search_and_verify_know_of_limits(ask, gateway):
    response = ask(ALI, {**SANA, "note": "n" * LIMIT}, {**SANA, "note": "m" * LIMIT}, SANA)
    search = gateway.amanat("search", gateway.trail.folder, "--limit", "1")
    assert search.returncode == 0 and "2 of 4, 2 over a limit" in search.stdout, search.stdout + search.stderr
    assert max(map(len, search.stdout.splitlines())) <= 100
    [line] = gateway.amanat("search", gateway.trail.folder, "--limit", "1", "--output", "json").stdout.splitlines()
    assert json.loads(line)["access"] == response.access
    assert json.loads(line)["records"] == {"disclosed": 2, "left_out": 2, "over_limit": 2}
    verify = gateway.amanat("verify", gateway.trail.folder)
    assert verify.returncode == 0, verify.stdout + verify.stderr
    gateway.trail.assert_sound()
