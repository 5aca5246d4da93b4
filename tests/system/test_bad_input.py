# SPDX-License-Identifier: Apache-2.0
"""What a broken or hostile service may send: nothing undisclosed gets through, and a bad body is never complete.

Also: canary values in every input appear nowhere in trail, log, metrics or problems.
"""
import base64
import decimal
import gzip
import json
import tarfile

import harness
import pytest
from conftest import SHARED
from harness import CLOSE, NEED, http_answer, json_answer

PERSON = {"name": "Ali", "cnic": "35202-0000001-1", "city": "Lahore"}
SHOWN = {"name": "Ali", "cnic": "[CNIC]", "city": "Lahore"}


def ask(gateway, upstream, answer, target="/people/people"):
    upstream.answer = answer
    return gateway.client().get(target, need=NEED)


def assert_not_answered(response):
    """Either a problem, or a message that breaks off; never a complete answer of the service."""
    assert response is not None
    if response.complete:
        assert (response.status, response.problem) in ((502, "upstream"), (504, "upstream-timeout")), response
    assert b"CANARY" not in response.body


# --- the JSON test suite ---

SUITE = SHARED / "conformance" / "json" / "json-test-suite.tar.xz"
TWICE = ("y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json")


@pytest.fixture(scope="module")
def suite(shared):
    with tarfile.open(SUITE) as archive:
        return {member.name.rsplit("/", 1)[-1]: archive.extractfile(member).read()
                for member in archive.getmembers() if member.isfile() and member.name.endswith(".json")}


def meaning(text):
    """The value, with numbers as they are spelt."""
    return json.loads(text, parse_float=decimal.Decimal, parse_int=decimal.Decimal)


def test_each_good_file_of_the_suite_passes_with_equal_meaning(gateway, upstream, suite):
    files = sorted(name for name in suite if name.startswith("y_") and name not in TWICE)
    assert len(files) > 90
    wrong = {}
    for name in files:
        response = ask(gateway, upstream, http_answer(suite[name]), "/people/anything")
        if response.status != 200 or meaning(response.body) != meaning(suite[name]):
            wrong[name] = response
    assert not wrong


def test_no_bad_file_of_the_suite_is_ever_a_complete_response(gateway, upstream, suite):
    files = sorted(name for name in suite if name.startswith("n_") or name in TWICE)
    assert len(files) > 180
    wrong = {}
    for name in files:
        response = ask(gateway, upstream, http_answer(suite[name]), "/people/anything")
        if response is None or (response.complete and response.status != 502):
            wrong[name] = response
    assert not wrong


def test_a_doubtful_file_of_the_suite_is_answered_or_refused_but_breaks_nothing(gateway, upstream, suite):
    for name in sorted(name for name in suite if name.startswith("i_")):
        response = ask(gateway, upstream, http_answer(suite[name]), "/people/anything")
        assert response is not None and (response.status in (200, 502) or not response.complete), name
    assert ask(gateway, upstream, json_answer({"people": [PERSON]})).json == {"people": [SHOWN]}


# --- bodies: what is in them ---

@pytest.mark.parametrize("body,expected", [
    ('{"people":[{"n\\u0061me":"Ali","cn\\u0069c":"35202-0000001-1","c\\u0069ty":"Lahore"}]}', {"people": [SHOWN]}),
    ('{"pe\\u006fple":[{"name":"Ali","cnic":"35202-0000001-1","city":"Lahore"}]}', {"people": [SHOWN]}),
    ('{"people":[{"name":"Ali","cnic":"35202-0000001-1","city":"L\\u0061hore"}]}', {"people": [SHOWN]}),
    ('{"people":[{"city":"Lahore","CANARY":1,"unlabelled":"CANARY","note":"CANARY","x":{"name":"CANARY"}}]}',
     {"people": [{"city": "Lahore"}]}),
    ('{"CANARY":{"people":[{"name":"CANARY","city":"Lahore"}]},"total":77,"people":[]}', {"people": []}),
    ('{"people":[{"city":"Lahore","name":["CANARY"]}]}', {"people": [{"city": "Lahore"}]}),
    ('{"people":[{"city":"Lahore","name":{"name":"CANARY"}}]}', {"people": [{"city": "Lahore"}]}),
    ('{"people":[{"city":"Lahore","name":7777}]}', {"people": [{"city": "Lahore"}]}),
    ('{"people":[{"city":"Lahore","age":"CANARY"}]}', {"people": [{"city": "Lahore"}]}),
    ('{"people":[{"city":"Lahore","age":7.5}]}', {"people": [{"city": "Lahore"}]}),
    ('{"people":[{"city":"Lahore","name":null,"cnic":null}]}', {"people": [{"city": "Lahore", "name": None}]}),
    ('{"people":[{"city":"Lahore","seenAt":"CANARY"}]}', {"people": [{"city": "Lahore"}]}),
    ('{"people":[{"city":"Lahore","seenAt":"2026-03-05T23:59:59+05:00"}]}',
     {"people": [{"city": "Lahore", "seenAt": "2026-03-01T00:00:00Z"}]}),
    ('{"people":[{"city":"Karachi","name":"CANARY"},{"city":"Lahore"}]}', {"people": [{"city": "Lahore"}]}),
    ('{"people":[{"name":"CANARY"},{"city":7,"name":"CANARY"},{"city":null,"name":"CANARY"},"CANARY",7,["CANARY"]]}',
     {"people": []}),
    ('{"people":[{"city":"Lahore","x":1,"x":2,"CANARY":[{"a":1,"a":2}]}]}', {"people": [{"city": "Lahore"}]}),
    (' \n\t{ "people" : [ { "city" : "Lahore" } ] } \r\n', {"people": [{"city": "Lahore"}]}),
])
def test_only_what_is_permitted_leaves(gateway, upstream, body, expected):
    response = ask(gateway, upstream, http_answer(body))
    assert response.status == 200 and response.complete
    assert response.json == expected
    assert b"CANARY" not in response.body and b"7777" not in response.body


@pytest.mark.parametrize("body", [
    '{"people":[{"name":"CANARY","name":"b","city":"Lahore"}]}',
    '{"people":[{"name":"CANARY","n\\u0061me":"b","city":"Lahore"}]}',
    '{"people":[{"city":"Lahore","city":"Karachi","name":"CANARY"}]}',
    '{"people":[{"city":"Karachi","city":"Lahore","name":"CANARY"}]}',
    '{"people":[],"people":[{"city":"Lahore","name":"CANARY"}]}',
    '{"people":[{"cnic":"1","cnic":"CANARY","city":"Lahore"}]}',
])
def test_a_name_that_could_be_disclosed_must_not_come_twice(gateway, upstream, body):
    assert_not_answered(ask(gateway, upstream, http_answer(body)))


def test_answers_that_differ_only_in_what_is_withheld_are_byte_identical(gateway, upstream):
    bodies = [
        '{"people":[{"name":"Ali","cnic":"35202-0000001-1","city":"Lahore"}]}',
        '{"total":1,"people":[{"name":"Ali","cnic":"42101-7777777-7","city":"Lahore","note":"x"}]}',
        '{"people":[{"city":"Karachi"},{"unlabelled":"y","name":"Ali","cnic":"1","city":"Lahore"}],"z":[[]]}',
        '{ "people" : [ {"name":"Ali" , "cnic":"\\u0031", "city":"Lahore"}, {"name":"no city"} ] }',
    ]
    seen = {repr(ask(gateway, upstream, http_answer(body)).anonymous) for body in bodies}
    assert len(seen) == 1, seen


# --- bodies: how they come ---

def chunked(*chunks, end=b"0\r\n\r\n", headers=""):
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n{headers}\r\n".encode()
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


GOOD = json.dumps({"people": [{**PERSON, "name": "CANARY"}]}).encode()


@pytest.mark.parametrize("answer", [
    http_answer(gzip.compress(GOOD), headers=["Content-Encoding: gzip"]),
    http_answer(GOOD, headers=["Content-Encoding: gzip"]),
    http_answer(GOOD, headers=["Content-Encoding: identity, gzip"]),
    http_answer(gzip.compress(GOOD)),
    http_answer(GOOD, content_type="text/html"),
    http_answer(GOOD, content_type="text/plain"),
    http_answer(GOOD, content_type=None),
    http_answer(GOOD, content_type="application/json, text/html"),
    http_answer(GOOD, headers=["Content-Type: text/html"]),
    http_answer(b"\xef\xbb\xbf" + GOOD),
    http_answer(GOOD.decode().encode("utf-16")),
    http_answer(GOOD + b"{}"),
    http_answer(GOOD + b"\0"),
    http_answer(b""),
    http_answer(b" "),
    [http_answer(GOOD, length=False, headers=[f"Content-Length: {len(GOOD) + 5}"]), CLOSE],
    [http_answer(GOOD[:-3], length=False, headers=[f"Content-Length: {len(GOOD)}"]), CLOSE],
    http_answer(GOOD, headers=["Content-Length: 3"]),
    http_answer(GOOD, headers=["Transfer-Encoding: chunked"]),
    [http_answer(GOOD, length=False, headers=["Content-Length: -1"]), CLOSE],
    [chunked(GOOD[:10], GOOD[10:], end=b""), CLOSE],
    [chunked(GOOD[:10], end=b"xyz\r\n"), CLOSE],
    [chunked(GOOD[:10], end=b"fffffffffffffffff\r\n"), CLOSE],
    [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n Folded: CANARY\r\nContent-Length: 2\r\n\r\n{}", CLOSE],
    [b"HTTP/1.1 2OO OK\r\nContent-Length: 2\r\n\r\n{}", CLOSE],
    [b"CANARY\r\n\r\n", CLOSE],
    [b"", CLOSE],
    [harness.RESET],
    http_answer(GOOD, status=201),
    http_answer(GOOD, status=206, headers=["Content-Range: bytes 0-1/2"]),
    http_answer(GOOD, status=302, headers=["Location: http://127.0.0.1/CANARY"]),
    http_answer(GOOD, status=400),
    http_answer(GOOD, status=401, headers=["WWW-Authenticate: Basic realm=CANARY"]),
    http_answer(GOOD, status=403),
    http_answer(GOOD, status=500),
    http_answer(GOOD, status=503, headers=["Retry-After: 7"]),
    [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: CANARY\r\n\r\n", CLOSE],
])
def test_an_answer_that_is_not_as_declared_never_gets_through(gateway, upstream, answer):
    response = ask(gateway, upstream, answer)
    assert_not_answered(response)
    assert all("CANARY" not in value for _, value in response.headers)


def test_every_404_of_a_service_gets_the_same_answer(gateway, upstream):
    answers = [ask(gateway, upstream, http_answer(body, status=404, headers=headers, content_type=media),
                   "/people/people/35202-0000001-1").anonymous
               for body, headers, media in ((GOOD, ["X-Why: CANARY"], "application/json"), (b"", [], None),
                                            (b"CANARY", [], "text/plain"))]
    withheld = ask(gateway, upstream, json_answer({"city": "Karachi", "name": "CANARY"}),
                   "/people/people/35202-0000001-1")
    assert withheld.status == 404 and withheld.problem == "not-found"
    assert all(answer == withheld.anonymous for answer in answers)


def test_headers_that_are_not_declared_do_not_pass(gateway, upstream):
    response = ask(gateway, upstream, json_answer({"people": [PERSON]}, headers=[
        "Set-Cookie: CANARY=1", "X-Total: CANARY", "ETag: \"CANARY\"", "Server: CANARY", "Last-Modified: CANARY"]))
    assert response.status == 200
    assert "CANARY" not in repr(response.headers)
    allowed = {"content-type", "content-length", "cache-control", "access-id", "access-receipt", "disclosure", "date",
               "connection"}
    assert {name for name, _ in response.headers} <= allowed


@pytest.mark.parametrize("pieces", [1, 2, 7, 64])
def test_the_answer_does_not_depend_on_how_the_body_was_cut(gateway, upstream, pieces):
    body = json.dumps({"people": [PERSON] * 50}).encode()
    whole = ask(gateway, upstream, http_answer(body))
    size = len(body) // pieces + 1
    parts = [body[start:start + size] for start in range(0, len(body), size)]
    assert ask(gateway, upstream, chunked(*parts)).anonymous == whole.anonymous
    closing = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    assert ask(gateway, upstream, [closing, *parts, CLOSE]).anonymous == whole.anonymous


def test_a_body_that_turns_bad_after_many_windows_breaks_off(gateway, upstream):
    person = json.dumps({**PERSON, "name": "A" * 500}).encode()
    body = b'{"people":[' + b",".join([person] * 4000) + b',{"city":CANARY}]}'
    response = ask(gateway, upstream, http_answer(body))
    assert not response.complete or response.status == 502
    assert b"CANARY" not in response.body


def test_a_long_answer_is_complete_and_each_of_its_windows_has_an_entry(gateway, upstream):
    people = [{**PERSON, "name": f"{number:06d}" + "A" * 500} for number in range(4000)]
    response = ask(gateway, upstream, json_answer({"people": people}))
    assert response.complete and len(response.json["people"]) == 4000
    entries = gateway.trail.accesses(response.access)
    assert len(entries) > 1
    assert [entry["part"] for entry in entries] == sorted({entry["part"] for entry in entries})
    assert [entry["last"] for entry in entries] == [False] * (len(entries) - 1) + [True]
    assert sum(entry["records"]["disclosed"] for entry in entries) == 4000


# --- canaries ---

def test_canaries_in_every_input_appear_nowhere(start_gateway, upstream):
    """Values that partners and services send are in no file that the gateway writes and in no problem."""
    gateway = start_gateway(upstreams={"people": upstream.url})
    client = gateway.client(role="CANARY-role", jti="CANARY-jti", name="CANARY-claim")
    odd = gateway.client(token=gateway.token("acme", "CANARY-agent"))
    person = {"name": "CANARY-name", "cnic": "35202-4242424-2", "city": "Lahore", "note": "CANARY-note",
              "CANARY-key": "CANARY-value"}
    good = json_answer({"people": [person, {**person, "city": "CANARY-city"}]}, headers=["X-A: CANARY-header"])
    answers = [
        ask(gateway, upstream, good),
        client.get("/people/people?city=CANARY-parameter", need='purpose=check, reason="CANARY-reason"'),
        odd.get("/people/people", need='purpose=check, case="CANARY-case"', headers=["X-B: CANARY-request-header",
                                                                                   "Cookie: CANARY-cookie",
                                                                                   "traceparent: CANARY-trace"]),
        client.get("/people/people/35202-4242424-2", need=NEED),
        client.get("/people/people?CANARY-unknown=1", need=NEED),
        client.get("/people/people?sort=CANARY-sort", need=NEED),
        client.get("/people/CANARY-path", need=NEED),
        client.get("/people/people", need="purpose=canary-purpose"),
        client.get("/people/people", need="purpose=check, CANARY"),
        client.get("/people/people", need=NEED, token="CANARY-token"),
        client.get("/people/people", need=NEED, token=gateway.token("canary-partner")),
        client.call("POST", "/people/people", need=NEED, headers=["Content-Type: application/json"],
                    body=b'{"city":"CANARY-body","CANARY-member":1}'),
        client.call("CANARY", "/people/people", need=NEED),
    ]
    for answer in (http_answer("CANARY-not-json"), http_answer('{"people":[{"name":"CANARY-bad'),
                   json_answer({"error": "CANARY-error"}, status=500),
                   [b"HTTP/1.1 200 CANARY-reason\r\nCANARY-broken\r\n\r\n", CLOSE],
                   http_answer(b"CANARY-text", content_type="text/CANARY-media")):
        answers.append(ask(gateway, upstream, answer))
    metrics = gateway.metrics()
    gateway.stop()
    written = {"trail": gateway.trail.everything(), "log": gateway.log, "metrics": metrics.encode()}
    for number, response in enumerate(answers):
        if response is not None and response.problem:
            written[f"problem {number}"] = response.body + repr(response.headers).encode()
    secrets = [b"canary", b"35202-4242424-2", b"3520242424242"]
    for text in ("CANARY-name", "CANARY-agent", "CANARY-case", "CANARY-parameter", "35202-4242424-2"):
        secrets += [base64.b64encode(text.encode()).rstrip(b"=").lower(), text.encode().hex().encode()]
    found = [(where, secret) for where, content in written.items() for secret in secrets if secret in content.lower()]
    assert not found
    assert b"agent-1" not in written["trail"]
