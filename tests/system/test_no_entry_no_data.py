# SPDX-License-Identifier: Apache-2.0
"""No entry, no data: a gateway that is killed, a full disk, a flood of strangers."""
import os
import pathlib
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import harness
import pytest
from demo_processes import wait_until
from harness import NEED

BODY = {"people": [{"name": f"Person {number}", "cnic": f"35202-{number:07d}-1", "city": "Lahore"}
                   for number in range(20)]}
ROUNDS = int(os.environ.get("AMANAT_KILL_ROUNDS", "50"))
BAD_TOKENS = int(os.environ.get("AMANAT_BAD_TOKENS", "1000000"))
MEBIBYTE = 1024 * 1024


def hammer(gateway, received, enough):
    """Asks on one connection until the gateway dies; notes the Access-Id of each response that came in full."""
    client = gateway.client()
    request = client.request("/people/people", need=NEED)
    try:
        connection, reader = client.connect()
        with connection:
            while True:
                connection.sendall(request)
                response = harness.read_response(reader)
                if response is None or not response.complete:
                    return
                assert response.status == 200, response
                received.append(response.access)
                if len(received) >= enough[0]:
                    enough[1].set()
    except OSError:
        return


def test_killed_under_load_every_response_in_full_has_its_entry(start_gateway, upstream):
    upstream.answer = harness.json_answer(BODY)
    gateway = start_gateway(upstreams={"people": upstream.url}, begin=False)
    everything = []
    for round_number in range(ROUNDS):
        gateway.start()
        received, enough = [], (20 + round_number, threading.Event())
        with ThreadPoolExecutor(4) as clients:
            running = [clients.submit(hammer, gateway, received, enough) for _ in range(4)]
            was_enough = enough[1].wait(120)
            gateway.kill()
        assert was_enough, gateway.program.log
        for client in running:
            client.result()
        recorded = {entry["access"] for entry in gateway.trail.entries("access")}
        assert set(received) <= recorded, f"round {round_number}: a response without an entry"
        everything += received
    gateway.start()
    gateway.stop()
    gateway.trail.assert_sound()
    recorded = {entry["access"] for entry in gateway.trail.entries("access")}
    assert set(everything) <= recorded, "recovery lost an entry of a response that was received"
    done = gateway.amanat("verify", gateway.trail.folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 4 MiB, which only root can make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True,
                          check=False)
    if done.returncode != 0:
        pytest.skip("a tmpfs cannot be mounted here (not root?)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder):
    """Takes the last free byte."""
    file = pathlib.Path(folder) / "ballast"
    with file.open("ab", buffering=0) as stream:
        for size in (65536, 4096, 1):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError:
                pass
    return file


def test_a_full_disk_refuses_everybody_and_the_service_resumes_by_itself(start_gateway, upstream, small_disk):
    upstream.answer = harness.json_answer({"people": [{"name": "CANARY", "city": "Lahore"}]})
    gateway = start_gateway(upstreams={"people": upstream.url}, begin=False,
                            changes={"trail": {"folder": str(small_disk / "trail")},
                                     "limits": {"trail_reserve_bytes": 65536, "trail_deadline": "2s"}})
    client = gateway.start_on_slow_disk().client()

    def answered():
        """Whether an access was answered: then it is in the trail; otherwise it was refused as it should be."""
        response = client.get("/people/people", need=NEED)
        if response.status == 200:
            assert len(gateway.trail.accesses(response.access)) == 1
            return True
        assert (response.status, response.problem) == (503, "trail"), response
        assert response.header("retry-after")
        assert b"CANARY" not in response.body
        return False

    def refused_twenty_times():
        # The reserve that accesses may still use is not without end, and files that the gateway cuts or replaces leave
        # a little space: what is left is filled again and again.
        fill(small_disk)
        return not any(answered() for _ in range(20))

    wait_until("the service begins", answered)
    wait_until("the full disk refuses everybody", refused_twenty_times)
    (small_disk / "ballast").unlink()
    wait_until("the service resumes", answered)
    gateway.stop()
    gateway.trail.assert_sound()
    assert gateway.amanat("verify", gateway.trail.folder).returncode == 0


def flood(client, request, number):
    """Sends the request NUMBER times in batches on one connection, and reads the answers."""
    batch = 50
    sent = 0
    while sent < number:
        connection, reader = client.connect()
        with connection:
            try:
                while sent < number:
                    connection.sendall(request * batch)
                    for _ in range(batch):
                        response = harness.read_response(reader)
                        if response is None:
                            raise OSError
                        assert response.status == 401
                        sent += 1
            except OSError:
                continue  # the gateway may close after a refusal


def test_strangers_cannot_fill_the_disk(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url})
    before = gateway.trail.size()
    client = gateway.client()
    request = client.request("/people/people", need=NEED, token="a.b.c")
    with ThreadPoolExecutor(4) as strangers:
        for running in [strangers.submit(flood, client, request, BAD_TOKENS // 4) for _ in range(4)]:
            running.result()
    gateway.stop()
    assert gateway.trail.size() - before < MEBIBYTE
    folded = [entry for entry in gateway.trail.entries("refused")]
    assert sum(sum(entry["counts"].values()) for entry in folded) == BAD_TOKENS // 4 * 4, folded
    gateway.trail.assert_sound()
