# SPDX-License-Identifier: Apache-2.0
"""The gateway against a witness that lies, hangs, or is somebody else: it keeps serving, but stops for good when the
witness says that the trail was rolled back or forked. And the witness asked by many at once."""
import base64
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import harness
import pytest
from demo_processes import wait_until
from harness import NEED
from test_trail_commands import Log, amanat, ask, consistency, leaves_of, witness  # noqa: F401  (a fixture)

BODY = {"people": [{"name": "Ayesha", "city": "Lahore"}]}
NAME = "witness.example/liar"


def answer(body=b"", status=200):
    return [harness.upstream.http_answer(body, status=status, content_type="text/plain"), harness.upstream.CLOSE]


def checkpoint_of(request):
    return request.body.decode().split("\n\n", 1)[1]


def size_of(request):
    return int(checkpoint_of(request).split("\n")[1])


class Cosigner:
    """Signs cosignatures (C2SP tlog-cosignature) over whatever text it is told."""

    def __init__(self):
        pair = Log(NAME)
        self.key, self.public = pair.key, pair.public
        self.id = hashlib.sha256(NAME.encode() + b"\n\4" + self.public).digest()[:4]
        self.vkey = f"{NAME}+{self.id.hex()}+{base64.b64encode(bytes([4]) + self.public).decode()}"

    def line(self, text, time=1_800_000_000):
        signature = self.key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        return f"\u2014 {NAME} {base64.b64encode(self.id + time.to_bytes(8, 'big') + signature).decode()}\n".encode()

    def cosign(self, request):
        return answer(self.line(checkpoint_of(request).split("\n\n", 1)[0] + "\n"))


@pytest.fixture
def with_liar(start_gateway, upstream):
    upstream.answer = harness.json_answer(BODY)
    liars = []

    def start(say):
        liar, cosigner = harness.Upstream(), Cosigner()
        liars.append(liar)
        liar.answer = say(cosigner)
        gateway = start_gateway(upstreams={"people": upstream.url}, begin=False, changes={"ledger": [
            {"kind": "witness", "url": liar.url, "vkey": "liar.vkey", "max_age": "5m", "overdue": "alert"}]})
        (gateway.folder / "liar.vkey").write_text(cosigner.vkey + "\n")
        return gateway.start(), liar, cosigner

    yield start
    for liar in liars:
        liar.close()


def is_served(gateway):
    return gateway.client().get("/people/people", need=NEED).status == 200


def other_text(cosigner):
    """A good cosignature, over a checkpoint that is not the one that was sent."""
    return lambda request: answer(cosigner.line("test.example/gateway\n1\n" + "A" * 43 + "=\n"))


def other_key(cosigner):
    stranger = Cosigner()
    stranger.id = cosigner.id
    return stranger.cosign


LIES = {
    "a cosignature of another checkpoint": other_text,
    "a cosignature by another key": other_key,
    "no cosignature": lambda cosigner: lambda request: answer(b""),
    "words": lambda cosigner: lambda request: answer(b"\0\xff welcome \x1b[2J\n" * 50),
    "more than can be read": lambda cosigner: lambda request: answer(b"x" * 5_000_000),
    "another size each time, always smaller": lambda cosigner: lambda request: answer(b"0\n", 409),
    "a conflict about the size that was proven from": lambda cosigner: lambda request: answer(
        request.body.split(b"\n")[0][4:] + b"\n", 409) if not request.body.startswith(b"old 0\n") else answer(b"", 500),
    "a size that is none": lambda cosigner: lambda request: answer(b"-1\n", 409),
    "an error": lambda cosigner: lambda request: answer(b"oops", 500),
    "an answer that stops in the middle": lambda cosigner: lambda request: [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc", harness.upstream.CLOSE],
    "no HTTP": lambda cosigner: lambda request: [b"\x16\x03\x01 hello", harness.upstream.CLOSE],
    "that we are strangers": lambda cosigner: lambda request: answer(b"", 404),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_counts_for_nothing_and_stops_nobody(with_liar, name):
    gateway, liar, _ = with_liar(LIES[name])
    assert is_served(gateway)
    liar.wait_requests(2)
    assert is_served(gateway)
    gateway.stop()
    assert gateway.trail.entries("anchor") == []
    gateway.trail.assert_sound()
    done = gateway.amanat("verify", gateway.trail.folder)
    assert done.returncode == 0, done.stdout


def test_an_honest_answer_counts(with_liar):
    gateway, _, cosigner = with_liar(lambda cosigner: cosigner.cosign)
    gateway.trail.wait_for("an anchor entry", lambda entry: entry["kind"] == "anchor")
    gateway.stop()
    done = gateway.amanat("verify", gateway.trail.folder, "--witness", gateway.folder / "liar.vkey", "--require",
                          "witnessed")
    assert done.returncode == 0, done.stdout


STOPS = {
    "anchor-rolled-back": lambda cosigner: lambda request: answer(b"%d\n" % (size_of(request) + 1), 409),
    "anchor-forked": lambda cosigner: lambda request: answer(b"", 422),
}


@pytest.mark.parametrize("event", STOPS)
def test_rolled_back_or_forked_stops_the_service_also_after_a_restart(with_liar, event):
    gateway, liar, cosigner = with_liar(STOPS[event])
    wait_until("the alarm", lambda: event.encode() in gateway.log)
    response = gateway.client().get("/people/people", need=NEED)
    assert (response.status, response.problem) == (503, "trail"), response
    assert b"Ayesha" not in response.body
    gateway.stop()
    liar.answer = cosigner.cosign
    before = gateway.log.count(event.encode())
    gateway.start()
    wait_until("the alarm again", lambda: gateway.log.count(event.encode()) > before)
    assert gateway.client().get("/people/people", need=NEED).status == 503


def test_a_witness_that_never_answers_delays_nobody(with_liar):
    never = threading.Event()
    gateway, liar, _ = with_liar(lambda cosigner: [harness.upstream.Stall(never)])
    liar.wait_requests(1)
    for _ in range(5):
        assert is_served(gateway)
    gateway.stop()
    never.set()


def test_the_witness_asked_by_many_at_once_signs_one_history(witness):  # noqa: F811
    log, start = witness
    _, url, _ = start()
    assert ask(url, 0, [], log.checkpoint(leaves_of(21))[1]).status_code == 200
    requests = []
    for size in range(22, 38):
        for fork in (b"", b"fork"):
            leaves = leaves_of(size, fork)
            requests.append((consistency(21, leaves), log.checkpoint(leaves)[1]))
    with ThreadPoolExecutor(8) as askers:
        codes = [running.result().status_code
                 for running in [askers.submit(ask, url, 21, *request) for request in requests]]
    assert codes.count(200) == 1 and set(codes) <= {200, 409, 422}, codes


def test_a_second_witness_on_one_folder_is_refused(witness, tmp_path):  # noqa: F811
    _, start = witness
    start()
    run = amanat("witness", tmp_path / "witness.yaml")
    assert run.returncode == 1 and "another process" in run.stderr
