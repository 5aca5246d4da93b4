# SPDX-License-Identifier: Apache-2.0
"""The real program on a disk that fails: strace makes system calls of the running gateway fail, hang or kill it."""
import os
import shutil
import signal
import subprocess

import harness
import pytest
from demo_processes import wait_until
from harness import NEED

os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")  # LeakSanitizer does not work under strace

BODY = {"people": [{"name": "CANARY", "city": "Lahore"}]}


@pytest.fixture
def attach():
    """attach(gateway, inject) puts strace on it; skipped where that is not possible."""
    running = []

    def start(gateway, *injections):
        if shutil.which("strace") is None:
            pytest.skip("strace is not here")
        pid = gateway.program.process.pid
        log = gateway.folder / f"strace-{len(running)}.log"
        arguments = [argument for injection in injections for argument in ("-e", f"inject={injection}")]
        process = subprocess.Popen(["strace", "-f", "-o", str(log), *arguments, "-p", str(pid)],
                                   stderr=subprocess.PIPE, text=True)
        said = process.stderr.readline()
        if "attached" not in said:
            process.wait()
            pytest.skip(f"strace may not attach here: {said}")
        running.append(process)
        return process

    yield start
    for process in running:
        process.send_signal(signal.SIGINT)
        process.wait()
        process.stderr.close()


def detach(process):
    process.send_signal(signal.SIGINT)
    process.wait()


def ask(gateway):
    """One access; whatever is answered with data must be in the trail by then."""
    response = gateway.client().get("/people/people", need=NEED)
    if response.status == 200:
        assert len(gateway.trail.accesses(response.access)) == 1
    else:
        assert response.status == 503 and b"CANARY" not in response.body, response
    return response.status


def wait_served(gateway):
    """The deadline of entries is short here: a slow disk may refuse an access or two."""
    wait_until("an access is answered", lambda: ask(gateway) == 200)


@pytest.fixture
def gateway(start_gateway, upstream):
    upstream.answer = harness.json_answer(BODY)
    return start_gateway(upstreams={"people": upstream.url}, changes={"limits": {"trail_deadline": "2s"}},
                         begin=False).start_on_slow_disk()


FAULTS = {
    "a write fails": ["pwritev:error=EIO:when=2"],
    "writes fail for a while": ["pwritev:error=EIO:when=2..9"],
    "a write finds the disk full": ["pwritev:error=ENOSPC:when=3"],
    "writes find the disk full for a while": ["pwritev:error=ENOSPC:when=2..7"],
    "an fsync fails": ["fsync:error=EIO:when=2"],
    "every other fsync fails": ["fsync:error=EIO:when=1..20+2"],
    "a rename fails": ["rename:error=EIO:when=1..3"],
    "cutting fails": ["pwritev:error=EIO:when=2", "ftruncate:error=EIO:when=1..2"],
    "no file can be opened for writing": ["pwritev:error=EIO:when=2", "openat:error=ENOSPC:when=2..6"],
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_failing_disk_costs_answers_but_never_an_entry(gateway, attach, name):
    wait_served(gateway)
    tracer = attach(gateway, *FAULTS[name])
    log = gateway.folder / "strace-0.log"
    statuses = []

    def was_injected():
        statuses.append(ask(gateway))
        return "INJECTED" in log.read_text()

    wait_until("the fault", was_injected)
    statuses += [ask(gateway) for _ in range(12)]
    detach(tracer)
    wait_served(gateway)
    gateway.stop()
    gateway.trail.assert_sound()
    done = gateway.amanat("verify", gateway.trail.folder)
    assert done.returncode == 0, (statuses, done.stdout)


@pytest.mark.parametrize("call", ["pwritev:signal=KILL:when=3", "pwritev:signal=KILL:when=5", "fsync:signal=KILL:when=1",
                                  "fsync:signal=KILL:when=2", "fsync:signal=KILL:when=5", "rename:signal=KILL:when=1",
                                  "rename:signal=KILL:when=2", "rename:signal=KILL:when=3"])
def test_killed_in_the_middle_of_a_call_it_recovers(gateway, attach, call):
    wait_served(gateway)
    attach(gateway, call)

    def is_dead():
        try:
            ask(gateway)
        except (OSError, AttributeError):
            pass
        return not gateway.program.is_running()

    wait_until("it is killed", is_dead)
    gateway.kill()
    gateway.start_on_slow_disk()
    wait_served(gateway)
    gateway.stop()
    gateway.trail.assert_sound()
    done = gateway.amanat("verify", gateway.trail.folder)
    assert done.returncode == 0, done.stdout


def test_a_hanging_write_is_answered_at_the_deadline(gateway, attach):
    wait_served(gateway)
    known = len(gateway.trail.entries("access"))
    tracer = attach(gateway, "pwritev:delay_enter=3600000000:when=1")
    assert ask(gateway) == 503  # the write has not come back, and does not until strace lets go
    assert len(gateway.trail.entries("access")) == known
    detach(tracer)
    wait_served(gateway)
    gateway.stop()
    gateway.trail.assert_sound()


def test_a_start_whose_ruleset_cannot_be_recorded_says_so(gateway):
    if shutil.which("strace") is None:
        pytest.skip("strace is not here")
    gateway.stop()
    run = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "inject=pwritev:error=EIO",
                          str(gateway.programs / "amanat"), "serve", str(gateway.folder / "amanat.yaml")],
                         capture_output=True, text=True, check=False)
    if "PTRACE" in run.stderr:
        pytest.skip(f"strace may not trace here: {run.stderr}")
    assert run.returncode == 1 and "the ruleset could not be recorded in the trail (retry-later)" in run.stderr, run


def test_a_second_gateway_on_one_folder_is_refused(gateway):
    run = gateway.amanat("serve", gateway.folder / "amanat.yaml")
    assert run.returncode == 1 and "another process" in run.stderr
    wait_served(gateway)


def test_a_folder_that_cannot_be_written_is_refused(start_gateway, upstream):
    gateway = start_gateway(upstreams={"people": upstream.url}, begin=False)
    gateway.start()
    gateway.stop()
    lock = gateway.trail.folder / "lock"
    lock.unlink()
    os.mkfifo(lock)
    run = gateway.amanat("serve", gateway.folder / "amanat.yaml")
    assert run.returncode == 1 and "cannot open" in run.stderr
    lock.unlink()


def test_a_folder_that_was_set_back_is_refused(start_gateway, upstream, tmp_path):
    upstream.answer = harness.json_answer(BODY)
    gateway = start_gateway(upstreams={"people": upstream.url},
                            changes={"trail": {"floor": str(tmp_path / "floor")}})
    assert ask(gateway) == 200
    gateway.stop()
    shutil.copytree(gateway.trail.folder, tmp_path / "older")
    gateway.start()
    assert ask(gateway) == 200
    gateway.stop()
    shutil.rmtree(gateway.trail.folder)
    shutil.copytree(tmp_path / "older", gateway.trail.folder)
    run = gateway.amanat("serve", gateway.folder / "amanat.yaml")
    assert run.returncode == 3 and "set back" in run.stderr, run.stderr
