# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests. Without a built `amanat` every test is skipped, and says so."""
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(os.environ.get("AMANAT_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
PROGRAMS = pathlib.Path(os.environ.get("AMANAT_BIN_DIR", ROOT / "build" / "dev" / "bin")).resolve()
SHARED = pathlib.Path(os.environ.get("AMANAT_SHARED_DIR", ROOT / ".." / "shared")).resolve()

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(ROOT / "examples")]

import harness  # noqa: E402  (needs the two folders above)


@pytest.fixture(scope="session")
def programs():
    if not (PROGRAMS / "amanat").exists():
        pytest.skip(f"{PROGRAMS}/amanat is not built")
    return PROGRAMS


@pytest.fixture
def amanat(programs):
    """Runs a command: amanat("check", folder, code=3). `code` None: it may end as it likes."""
    def run(*arguments, code=0, **options):
        done = subprocess.run([str(programs / "amanat"), *map(str, arguments)], capture_output=True, text=True,
                              check=False, **options)
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done
    return run


@pytest.fixture(scope="session")
def shared():
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} (data shared with developers) is not there")
    return SHARED


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return harness.Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def issuer():
    return harness.TokenIssuer()


@pytest.fixture(scope="module")
def upstream():
    """One upstream for the tests of a file; each test sets `answer`."""
    service = harness.Upstream()
    yield service
    service.close()


@pytest.fixture(scope="module")
def start_gateway(programs, pki, issuer, tmp_path_factory):
    """Starts gateways: start_gateway(policies, upstreams, …). Each must end with 0 when the file's tests are done."""
    started = []

    def start(policies=None, upstreams=None, issuers=None, facts=harness.policy.FACTS, changes=None, folder=None,
              begin=True):
        gateway = harness.Gateway(programs, folder or tmp_path_factory.mktemp("gateway"), pki,
                                  issuers or [(issuer, ["acme", "other"])], policies or harness.PEOPLE,
                                  upstreams or {}, facts, changes)
        started.append(gateway)
        return gateway.start() if begin else gateway

    yield start
    for gateway in started:
        gateway.stop()


@pytest.fixture(scope="module")
def gateway(start_gateway, upstream):
    """The gateway that most tests of a file share: the service `people` of harness.PEOPLE."""
    return start_gateway(upstreams={"people": upstream.url})
