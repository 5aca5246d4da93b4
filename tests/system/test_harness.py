# SPDX-License-Identifier: Apache-2.0
"""The harness itself: a test that asks a broken tool proves nothing."""
import socket
import threading

import harness
import pytest
from harness.clients import read_response


def ask(upstream, content=b"GET /x?y=1 HTTP/1.1\r\nHost: a\r\n\r\n"):
    with socket.create_connection(("127.0.0.1", upstream.port)) as connection:
        connection.sendall(content)
        return read_response(connection.makefile("rb"))


@pytest.fixture(name="upstream")
def fresh_upstream():
    service = harness.Upstream()
    yield service
    service.close()


def test_upstream_answers_exactly_what_it_is_told(upstream):
    upstream.answer = harness.json_answer({"a": 1}, headers=["X-Odd: \xff"])
    response = ask(upstream)
    assert (response.status, response.body, response.complete) == (200, b'{"a": 1}', True)
    assert response.header("x-odd") == "\xff"
    assert upstream.requests[0].target == "/x?y=1"


def test_upstream_reads_bodies_of_both_kinds(upstream):
    upstream.answer = harness.json_answer({})
    ask(upstream, b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
    ask(upstream, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert [request.body for request in upstream.requests] == [b"abc", b"abc"]


@pytest.mark.parametrize("parts", [
    [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", harness.CLOSE],
    [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", harness.CLOSE],
    [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", harness.RESET],
])
def test_client_sees_that_a_message_is_broken(upstream, parts):
    upstream.answer = parts
    assert not ask(upstream).complete


def test_upstream_stalls_until_it_is_told(upstream):
    event = threading.Event()
    upstream.answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", harness.Stall(event), b"cd"]
    found = []
    asking = threading.Thread(target=lambda: found.append(ask(upstream)))
    asking.start()
    upstream.wait_requests(1)
    assert not found
    event.set()
    asking.join()
    assert found[0].body == b"abcd"


def test_starting_over_waits_for_what_was_asked_before(upstream):
    """Whoever asked may have gone: the service still has to do with it."""
    event = threading.Event()
    upstream.answer = [harness.Stall(event), harness.CLOSE]
    with socket.create_connection(("127.0.0.1", upstream.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        upstream.wait_requests(1)
    starting_over = threading.Thread(target=upstream.start_over, args=(harness.json_answer({}),))
    starting_over.start()
    assert len(upstream.requests) == 1
    event.set()
    starting_over.join()
    assert not upstream.requests
    assert ask(upstream).status == 200


def test_a_certificate_of_the_authority_is_taken_and_a_foreign_one_is_not(tmp_path):
    pki = harness.Pki(tmp_path)
    upstream = harness.Upstream(harness.json_answer({}), pair=pki.server)
    own = harness.Client(upstream.port, pki.authority.certificate)
    foreign = harness.Client(upstream.port, pki.foreign.certificate)
    assert own.get("/").status == 200
    assert foreign.get("/") is None
    upstream.close()


def test_trail_reader_notices_a_changed_line(tmp_path):
    import hashlib
    import json
    folder = tmp_path / "segments"
    folder.mkdir()
    previous, lines = hashlib.sha256(b"").hexdigest(), []
    for number in range(3):
        line = json.dumps({"_prev": previous, "_seq": number, "_time": f"2026-01-01T00:00:0{number}Z",
                           "kind": "access", "access": "a"}).encode()
        lines.append(line)
        previous = hashlib.sha256(b"\0" + line).hexdigest()
    file = folder / "000000000000.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n" + b'{"torn')
    trail = harness.Trail(tmp_path)
    trail.assert_sound()
    assert len(trail.accesses("a")) == 3
    file.write_bytes(b"\n".join([lines[0], lines[1].replace(b'"a"', b'"b"'), lines[2]]) + b"\n")
    with pytest.raises(AssertionError):
        trail.assert_sound()
