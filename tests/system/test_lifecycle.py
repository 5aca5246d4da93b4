# SPDX-License-Identifier: Apache-2.0
"""The life of accesses and of the gateway: clients and services that fail at every point, reload, stop, workers.

Whatever happens, an access whose agent is known has entries that are numbered without gaps and of which only the last
one says that it is the last; and what a partner gets is whole, or visibly broken.
"""
import dataclasses
import json
import os
import pathlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import harness
import pytest
from demo_processes import wait_until
from harness import CLOSE, NEED, RESET, Stall
from harness.clients import read_body

PERSON = {"name": "Canary Name", "cnic": "35202-0000001-1", "city": "Lahore"}
PATH = "/people/people"
ANSWER = b'{"people":[{"name":"Canary Name","cnic":"[CNIC]","city":"Lahore"}]}'
WITHOUT_NAMES = b'{"people":[{"cnic":"[CNIC]","city":"Lahore"}]}'
NAMELESS = {**harness.PEOPLE,
            "people.cedar": harness.PEOPLE["people.cedar"].replace('Action::"reveal:person.name", ', "")}


def people(number, padding=0):
    """A body of so many records, each longer by the padding."""
    return json.dumps({"people": [{**PERSON, "name": f"{index}{'x' * padding}"} for index in range(number)]}).encode()


MANY = people(1000, 1000)  # four windows


def head_of(body):
    return harness.http_answer(body)[:-len(body)]


class Begun:
    """A response in chunks that is read piece by piece; `head` is it without its body."""

    def __init__(self, reader):
        self.reader = reader
        self.head = harness.read_response(reader, "HEAD")
        self.body = b""
        assert self.head.header("transfer-encoding") == "chunked", self.head

    def read_chunk(self):
        size = int(self.reader.readline(), 16)
        chunk = self.reader.read(size + 2)
        assert len(chunk) == size + 2
        self.body += chunk[:-2]

    def read_rest(self):
        """The whole response."""
        rest, complete = read_body(self.reader, dict(self.head.headers), self.head.status, "GET")
        return dataclasses.replace(self.head, body=self.body + rest, complete=complete)


def ends_of(gateway, access):
    """The entries of one access, once the last one is there."""
    def whole():
        entries = gateway.trail.accesses(access)
        return entries if entries and entries[-1]["last"] else None
    return wait_until(f"{access} has its last entry", whole)


def assert_numbered(entries):
    assert [entry["part"] for entry in entries] == list(range(len(entries)))
    assert [entry["last"] for entry in entries] == [False] * (len(entries) - 1) + [True]


def newest_access(gateway, known):
    """The one access in the trail whose id is not among the known ones."""
    return gateway.trail.wait_for("a new entry", lambda entry: entry["kind"] == "access"
                                  and entry["access"] not in known)["access"]


def known_accesses(gateway):
    return {entry["access"] for entry in gateway.trail.entries("access")}


@pytest.fixture(autouse=True)
def answer(upstream):
    upstream.start_over(harness.json_answer({"people": [PERSON]}))


# --- the service fails ---

@pytest.mark.parametrize("last", [CLOSE, RESET])
@pytest.mark.parametrize("sent", [
    [], [b"HTTP/1.1 2"], [head_of(MANY)], [head_of(MANY), MANY[:1000]], [head_of(MANY), MANY[:200000]],
])
def test_a_service_that_fails_before_the_first_window_is_a_502(gateway, upstream, sent, last):
    upstream.answer = [*sent, last]
    response = gateway.client().get(PATH, need=NEED)
    assert (response.status, response.problem) == (502, "upstream") and response.complete
    entries = ends_of(gateway, response.access)
    assert_numbered(entries)
    assert entries[-1]["fault"] == "upstream"
    (line,) = [line for line in gateway.log.splitlines() if b"upstream-failed" in line and response.access.encode() in line]
    assert b" reason=" in line


@pytest.mark.parametrize("last", [CLOSE, RESET, b"!"])
def test_a_service_that_fails_after_release_began_breaks_the_message(gateway, upstream, last):
    first_came = threading.Event()
    upstream.answer = [head_of(MANY), MANY[:600000], Stall(first_came), last, CLOSE]
    client = gateway.client()
    connection, reader = client.connect()
    with connection:
        connection.sendall(client.request(PATH, need=NEED))
        begun = Begun(reader)
        begun.read_chunk()
        first_came.set()
        rest = b""
        try:
            rest = reader.read()
        except OSError:
            pass
    assert not rest.endswith(b"0\r\n\r\n"), "a body that is not whole looks whole"
    entries = ends_of(gateway, begun.head.access)
    assert_numbered(entries)
    assert entries[-1]["fault"] == "upstream"


def test_a_kept_connection_that_the_service_closed_costs_nobody_an_answer(start_gateway, upstream):
    """A gateway of its own: in a shared one, a connection that is about to end could meet another test's POST."""
    gateway = start_gateway(upstreams={"people": upstream.url})
    body = harness.json_answer({"people": [PERSON]})
    upstream.answer = [body, CLOSE]
    client = gateway.client()
    for _ in range(20):
        assert client.get(PATH, need=NEED).body == ANSWER


# --- the partner goes away ---

def leave(gateway, content, until):
    """Sends bytes, waits, and goes; gives the id of the access that this was."""
    known = known_accesses(gateway)
    connection, reader = gateway.client().connect()
    with connection, reader:
        connection.sendall(content)
        until(reader)
    return newest_access(gateway, known)


def test_a_partner_who_goes_while_the_service_thinks_leaves_an_entry(gateway, upstream):
    never = threading.Event()
    upstream.answer = [Stall(never), CLOSE]
    access = leave(gateway, gateway.client().request(PATH, need=NEED), lambda reader: upstream.wait_requests(1))
    entries = ends_of(gateway, access)
    never.set()
    assert_numbered(entries)
    assert entries[0]["fault"] == "partner" and entries[0]["decision"] == "permit"
    assert "status" not in entries[0]


def test_a_partner_who_goes_in_the_middle_of_the_answer_leaves_entries(gateway, upstream):
    never = threading.Event()
    upstream.answer = [head_of(MANY), MANY[:600000], Stall(never), CLOSE]
    access = leave(gateway, gateway.client().request(PATH, need=NEED), lambda reader: reader.read(300000))
    entries = ends_of(gateway, access)
    never.set()
    assert_numbered(entries)
    assert entries[-1]["fault"] == "partner"


def test_a_partner_who_goes_while_asking_leaves_an_entry_and_the_service_alone(gateway, upstream):
    content = gateway.client().request(PATH, "POST", need=NEED,
                                       headers=["Content-Type: application/json", "Content-Length: 100",
                                                "Expect: 100-continue"])
    access = leave(gateway, content, harness.read_response)  # 100: the head was read
    assert_numbered(ends_of(gateway, access))
    assert not upstream.requests


def test_partners_who_go_at_any_moment_leave_whole_accounts(start_gateway, upstream):
    """Many go at moments that nobody chose: every account is whole, and the gateway ends in order."""
    gateway = start_gateway(upstreams={"people": upstream.url})
    upstream.answer = harness.http_answer(MANY)
    client = gateway.client()
    request = client.request(PATH, need=NEED)

    def ask_and_go(number):
        try:
            connection, reader = client.connect()
            with connection, reader:
                connection.sendall(request * (1 + number % 2))
                reader.read(number * 3001)
        except OSError:
            pass

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(ask_and_go, range(200)))
    gateway.stop()
    accounts = {}
    for entry in gateway.trail.entries("access"):
        accounts.setdefault(entry["access"], []).append(entry)
    for entries in accounts.values():
        assert_numbered(entries)
    gateway.trail.assert_sound()


# --- policies that cannot be evaluated ---

def test_a_forbid_that_cannot_be_evaluated_withholds_and_is_an_alarm(start_gateway, upstream):
    """A record's age overflows in a forbid: its names are withheld, and the log names the policy, not the record."""
    policies = {**harness.PEOPLE, "people.cedar": harness.PEOPLE["people.cedar"] + """
@id("overflowing")
forbid (principal, action == Action::"reveal:person.name", resource is Person)
when { resource has age && resource.age * 9223372036854775807 == 0 };
"""}
    gateway = start_gateway(policies, {"people": upstream.url})
    upstream.answer = harness.json_answer({"people": [{**PERSON, "age": 77077}, PERSON]})
    response = gateway.client().get(PATH, need=NEED)
    assert [sorted(person) for person in response.json["people"]] == [["age", "city", "cnic"], ["city", "cnic", "name"]]
    said = wait_until("the alarm", lambda: next(
        (line for line in gateway.program.log_lines() if "event=policy-error" in line), None))
    assert "policy=overflowing" in said and response.access in said and "77077" not in said


# --- how one asks ---

def test_head_says_what_get_would(gateway, upstream):
    client = gateway.client()
    for body in (people(1), people(0), MANY):
        upstream.answer = harness.http_answer(body)
        by_get, by_head = client.get(PATH, need=NEED), client.call("HEAD", PATH, need=NEED)
        assert by_head.body == b"" and (by_head.status, by_head.anonymous[1]) == (200, by_get.anonymous[1])
        assert upstream.requests[-1].method == "GET"
        assert_numbered(ends_of(gateway, by_head.access))


def test_head_of_what_is_not_there_and_of_what_is_hidden_is_the_same(gateway, upstream):
    client = gateway.client()
    hidden = harness.json_answer({**PERSON, "city": "Karachi"}, headers=["X-Total: 1"])
    missing = harness.json_answer({"detail": "no such person"}, status=404, headers=["X-Total: 0"])
    for method in ("GET", "HEAD"):
        answers = []
        for upstream.answer in (hidden, missing):
            answers.append(client.call(method, PATH + "/35202-0000001-1", need=NEED).anonymous)
        assert answers[0] == answers[1] and answers[0][0] == 404


def test_requests_sent_at_once_are_answered_in_order(gateway, upstream):
    upstream.answer = lambda request: harness.json_answer(
        {"people": [{**PERSON, "name": request.target.partition("=")[2]}]})
    client = gateway.client()
    connection, reader = client.connect()
    with connection:
        connection.sendall(b"".join(client.request(f"{PATH}?city=city-{number}", need=NEED) for number in range(30)))
        for number in range(30):
            response = harness.read_response(reader)
            assert response.json["people"][0]["name"] == f"city-{number}"


def test_a_client_that_expects_to_continue_is_told_so(gateway, upstream):
    upstream.answer = harness.json_answer([PERSON])
    body = b'{"city":"Lahore"}'
    client = gateway.client()
    connection, reader = client.connect()
    with connection:
        connection.sendall(client.request(PATH, "POST", need=NEED, headers=[
            "Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue"]))
        assert harness.read_response(reader).status == 100
        connection.sendall(body)
        assert harness.read_response(reader).status == 200


@pytest.mark.parametrize("chunks", [b"0\r\n\r\n", b"0\r\nTrailer-Of-Ours: x\r\n\r\n"])
def test_a_required_body_of_no_chunks_is_missing(gateway, upstream, chunks):
    client = gateway.client()
    response = client.send(client.request(PATH, "POST", need=NEED, headers=[
        "Transfer-Encoding: chunked", "Content-Type: application/json"]) + chunks)
    assert (response.status, response.problem) == (400, "malformed")
    assert not upstream.requests


def test_a_body_that_is_too_long_is_refused_however_it_is_sent(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"body_bytes": 1000}})
    client = gateway.client()
    for headers, body in ((["Content-Length: 1001"], b"x" * 1001),
                          (["Transfer-Encoding: chunked"], b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n"),
                          (["Transfer-Encoding: chunked"], b"64\r\n" + b"x" * 100 + b"\r\n" + b"3e9\r\n")):
        request = client.request(PATH, "POST", need=NEED, headers=["Content-Type: application/json", *headers])
        response = client.send(request + body)
        assert (response.status, response.problem) == (413, "limit")
    assert not upstream.requests
    assert client.get(PATH, need=NEED).body == ANSWER


def test_a_long_answer_is_never_held_in_memory_whole(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"workers": 1}})
    body = people(60000, 1000)
    upstream.answer = harness.http_answer(body)
    client = gateway.client()
    connection, reader = client.connect()
    with connection:
        connection.sendall(client.request(PATH, need=NEED))
        response = harness.read_response(reader)
    assert response.complete and response.body.count(b"[CNIC]") == 60000
    status = pathlib.Path(f"/proc/{gateway.program.pid}/status").read_text(encoding="utf-8")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    if os.environ.get("AMANAT_PRESET") not in ("asan", "tsan"):  # sanitizers hold what was freed
        assert peak * 1024 < len(body), "the answer was held in memory"
    assert_numbered(ends_of(gateway, response.access))


# --- reload ---

def reloads(gateway, word):
    return gateway.log.count(word)


def reload_and_wait(gateway, policies, word=b"event=reloaded"):
    before = reloads(gateway, word)
    gateway.reload(policies)
    wait_until("the gateway speaks of the reload", lambda: reloads(gateway, word) > before)


def test_a_running_access_keeps_the_ruleset_that_it_began_with(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"workers": 1}})
    go_on = threading.Event()
    content = harness.json_answer({"people": [PERSON]})
    upstream.answer = [Stall(go_on), content]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(gateway.client().get, PATH, need=NEED)
        upstream.wait_requests(1)
        reload_and_wait(gateway, NAMELESS)
        upstream.answer = content
        new = wait_until("the new ruleset is in force", lambda: next(
            (response for response in [gateway.client().get(PATH, need=NEED)]
             if response.body == WITHOUT_NAMES), None))
        go_on.set()
        old = running.result()
    assert old.body == ANSWER
    [old_entry], [new_entry] = gateway.trail.accesses(old.access), gateway.trail.accesses(new.access)
    assert old_entry["ruleset"] != new_entry["ruleset"]


@pytest.mark.parametrize("file,text", [
    ("people.cedar", "permit (principal, action, resource)"),
    ("people.cedar", '@id("x") permit (principal == Nobody::"x", action, resource);'),
    ("services/people.yaml", "openapi: 3.1.0\n"),
    ("vocabulary.yaml", "labels: {}\n"),
    ("partners.cedarentities.json", "[{}]"),
])
def test_a_ruleset_that_does_not_compile_changes_nothing_and_says_why(start_gateway, upstream, file, text):
    gateway = start_gateway(upstreams={"people": upstream.url})
    before = gateway.client().get(PATH, need=NEED)
    said = len(gateway.program.log)
    reload_and_wait(gateway, {**harness.PEOPLE, file: text}, b"event=reload-refused")
    after = gateway.client().get(PATH, need=NEED)
    assert after.anonymous == before.anonymous
    assert ": error: " in gateway.program.log[said:]
    assert len({entry["ruleset"] for entry in gateway.trail.entries("access")}) == 1
    assert len(gateway.trail.entries("policy")) == 1


def test_under_load_each_answer_is_of_the_ruleset_that_its_entry_names(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"workers": 2}})
    enough = threading.Event()
    seen = [gateway.client().get(PATH, need=NEED)]

    def ask():
        client = gateway.client()
        request = client.request(PATH, need=NEED)
        connection, reader = client.connect()
        with connection:
            while not enough.is_set():
                connection.sendall(request)
                seen.append(harness.read_response(reader))

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(ask) for _ in range(4)]
        for number in range(10):
            policies, body = ((NAMELESS, WITHOUT_NAMES), (harness.PEOPLE, ANSWER))[number % 2]
            reload_and_wait(gateway, policies)
            wait_until("somebody was answered by it", lambda: seen[-1].body == body)
        enough.set()
        for client in running:
            client.result()
    gateway.stop()
    rulesets = {entry["access"]: entry["ruleset"] for entry in gateway.trail.entries("access")}
    bodies = {}
    for response in seen:
        assert response.status == 200 and response.complete
        bodies.setdefault(rulesets[response.access], set()).add(response.body)
    assert sorted(bodies.values(), key=len) and all(len(found) == 1 for found in bodies.values())
    assert {body for found in bodies.values() for body in found} == {ANSWER, WITHOUT_NAMES}


def outlive_max_age(gateway, upstream, meanwhile):
    """An answer of several windows whose end comes after max_age; gives the response."""
    go_on = threading.Event()
    upstream.answer = [head_of(MANY), MANY[:600000], Stall(go_on), MANY[600000:]]
    client = gateway.client()
    connection, reader = client.connect()
    with connection, reader:
        connection.sendall(client.request(PATH, need=NEED))
        begun = Begun(reader)
        for _ in range(2):  # all windows that can be made so far: none waits for the partner any more
            begun.read_chunk()
        decided = time.monotonic()  # or earlier
        meanwhile()
        wait_until("max_age has passed", lambda: time.monotonic() > decided + 1.5)
        go_on.set()
        return begun.read_rest()


def test_an_access_that_outlives_max_age_is_decided_again(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"max_age": "1s", "workers": 1}})
    response = outlive_max_age(gateway, upstream, lambda: None)
    assert response.complete and len(response.json["people"]) == 1000


def test_an_access_that_outlives_max_age_and_its_ruleset_ends(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"max_age": "1s", "workers": 1}})
    response = outlive_max_age(gateway, upstream, lambda: reload_and_wait(gateway, NAMELESS))
    assert response.status == 200 and not response.complete
    entries = ends_of(gateway, response.access)
    assert_numbered(entries)
    assert entries[-1]["reason"] == "not-permitted"


# --- stop ---

def test_a_stop_lets_running_accesses_end_and_takes_no_new_ones(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url})
    go_on = threading.Event()
    upstream.answer = [head_of(MANY), MANY[:600000], Stall(go_on), MANY[600000:]]
    idle, _ = gateway.client().connect()
    with ThreadPoolExecutor(1) as pool, idle:
        running = pool.submit(gateway.client().get, PATH, need=NEED)
        upstream.wait_requests(1)
        upstream.answer = harness.json_answer({"people": [PERSON]})  # for who is still let in
        gateway.program.signal(15)
        wait_until("nobody is let in any more", lambda: gateway.client().get(PATH, need=NEED) is None)
        assert gateway.program.is_running()
        go_on.set()
        response = running.result()
    assert response.complete and len(response.json["people"]) == 1000
    assert gateway.program.process.wait(120) == 0
    assert_numbered(gateway.trail.accesses(response.access))
    gateway.trail.assert_sound()


def test_a_stop_does_not_wait_longer_than_it_may(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"drain_timeout": "0s"}})
    never = threading.Event()
    upstream.answer = [Stall(never), CLOSE]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(gateway.client().get, PATH, need=NEED)
        upstream.wait_requests(1)
        gateway.stop()
        assert running.result() is None
    never.set()
    [entry] = gateway.trail.entries("access")
    assert_numbered([entry])
    gateway.trail.assert_sound()


def test_workers_share_one_port(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"workers": 4}})

    def names():  # each thread names itself
        return [file.read_text(encoding="utf-8").strip()
                for file in pathlib.Path(f"/proc/{gateway.program.pid}/task").glob("*/comm")]

    wait_until("there are four workers", lambda: names().count("worker") == 4)
    client = gateway.client()
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: client.get(PATH, need=NEED), range(100)))
    assert {response.body for response in responses} == {ANSWER}
    assert len({response.access for response in responses}) == 100


def test_a_body_where_none_is_declared_is_withheld_without_waiting_for_its_end(start_gateway, upstream):
    files = harness.PEOPLE | {"services/people.yaml": harness.PEOPLE["services/people.yaml"].replace(
        "    post:\n      operationId: searchPeople\n", """        "202": {description: it is being looked up}
    post:
      operationId: searchPeople
""", 1)}
    gateway = start_gateway(files, upstreams={"people": upstream.url})
    never = threading.Event()
    upstream.answer = [b"HTTP/1.1 202 Accepted\r\nContent-Length: 600000\r\n\r\nCANARY", Stall(never), CLOSE]
    response = gateway.client().get(PATH, need=NEED)
    never.set()
    assert (response.status, response.body, response.complete) == (202, b"", True)
    assert len(ends_of(gateway, response.access)) == 1
