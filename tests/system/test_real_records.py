# SPDX-License-Identifier: Apache-2.0
"""Real records behind a real gateway: every byte of every answer is what records/expected.py, which was written from what
the policies are meant to say, expects; and the trail of the run counts what was really disclosed.

The data (see records/README.md) is read from the folder shared with developers; without it all of this is skipped.
"""
import json
import lzma
import os
import pathlib
import shutil
import subprocess
import sys
from collections import Counter

import pytest

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "records"
sys.path.insert(0, str(FOLDER))

import harness  # noqa: E402  (conftest.py has put it in reach)
import expected  # noqa: E402
import respell  # noqa: E402
import spelling  # noqa: E402
from expected import CASES, Body, Secrets, answer_array, answer_lines, answer_one  # noqa: E402

CALLS = {"chicago": ("/crimes", "listCrimes"), "stopsearch": ("/searches", "listSearches"),
         "telemetry": ("/messages", "listMessages")}
TYPES = {"chicago": "application/json", "stopsearch": "application/json", "telemetry": "application/x-ndjson"}
OWN_HEADERS = {"access-id", "access-receipt", "date"}

by_name = {case.name: case for case in CASES}
all_cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def some_cases(*names):
    return pytest.mark.parametrize("case", [by_name[name] for name in names], ids=lambda case: case.name)


# ---- the world of these tests --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bodies(shared):
    """{service: what it answers}, unpacked once."""
    found = {}
    for service, name in Body.FILES.items():
        file = shared / "data" / f"{name}.xz"
        if not file.exists():
            pytest.skip(f"{file} is not there")
        found[service] = Body(service, lzma.decompress(file.read_bytes()))
    return found


def policy_folder():
    """The policy folder as {path: text}."""
    files = [*FOLDER.glob("*.yaml"), *FOLDER.glob("*.json"), *FOLDER.glob("*.cedar"), *FOLDER.glob("*/*.cedarschema"),
             *FOLDER.glob("services/*.yaml")]
    return {str(file.relative_to(FOLDER)): file.read_text(encoding="utf-8") for file in files}


@pytest.fixture(scope="module")
def gateway(bodies, start_gateway, upstream, issuer):
    partners = sorted({case.partner for case in CASES})
    return start_gateway(policy_folder(), {service: upstream.url for service in CALLS}, [(issuer, partners)], "[]")


class World:
    """The gateway, its one upstream, and how each case calls."""

    def __init__(self, gateway, upstream):
        self.gateway, self.upstream = gateway, upstream

    def secrets(self, case):
        keys = self.gateway.folder / "keys"
        return Secrets((keys / "tokenize.key").read_bytes(), (keys / "pseudonym.key").read_bytes(), case.partner)

    def serve(self, content, service, seed=None):
        """The upstream answers CONTENT: with its length in one piece, or cut into chunks by lot."""
        if seed is None:
            self.upstream.answer = harness.http_answer(content, content_type=TYPES[service])
        else:
            head = harness.http_answer(b"", content_type=TYPES[service], length=False,
                                       headers=["Transfer-Encoding: chunked"])
            self.upstream.answer = [head, *respell.chunks(content, seed)]

    def need(self, case):
        return f"purpose={case.purpose}" + (f", basis={case.basis}" if case.basis else "")

    def target(self, case, rest=""):
        return f"/{case.service}{CALLS[case.service][0]}{rest}"

    def client(self, case):
        """httpx as this case's agent."""
        return harness.httpx_client(self.gateway.port, self.gateway.pki.authority.certificate,
                                    self.gateway.pki.client(case.partner),
                                    self.gateway.token(case.partner, case.agent), self.need(case))

    def get(self, case, rest=""):
        with self.client(case) as client:
            return client.get(self.target(case, rest))

    def raw(self, case):
        """The answer as it is framed: (head, [chunk, …]), one chunk where there is a Content-Length."""
        client = self.gateway.client(case.partner, token=self.gateway.token(case.partner, case.agent))
        connection, reader = client.connect()
        with connection:
            connection.sendall(client.request(self.target(case), need=self.need(case)))
            return read_framed(reader)

    def check_trail(self, access, case, answer):
        """The entries of an access: windows, counts, pseudonyms."""
        entries = sorted(self.gateway.trail.accesses(access), key=lambda entry: entry["part"])
        assert [entry["part"] for entry in entries] == list(range(len(entries)))
        assert [entry["last"] for entry in entries] == [False] * (len(entries) - 1) + [True]
        secrets = self.secrets(case)
        for entry in entries:
            assert (entry["partner"], entry["service"], entry["operation"], entry["decision"]) == (
                case.partner, case.service, CALLS[case.service][1], "permit")
            assert entry["agent"] == secrets.pseudonym_of("agent", f"{case.partner}/{case.agent}")
            assert (entry["need"]["purpose"], entry["need"].get("basis")) == (case.purpose, case.basis)
        windows = [entry for entry in entries if "bytes" in entry]
        assert [entry["bytes"] for entry in windows] == [len(window) for window in answer.windows]
        assert disclosed_of(windows) == answer.disclosed
        records = [entry["records"] for entry in windows if "records" in entry]
        assert sum(record["disclosed"] for record in records) == answer.records
        left_out = sum(record["left_out"] for record in records)
        if case.service == "telemetry":  # records inside one that is left out may be counted with it or not
            assert left_out >= answer.outermost_left_out
        else:
            assert left_out == answer.left_out
        told = {subject for entry in entries for subject in entry.get("subjects", [])}
        assert told == {secrets.pseudonym_of(*subject) for subjects in answer.subjects for subject in subjects}


def disclosed_of(entries):
    """{(label, mode): n} over all windows."""
    total = Counter()
    for entry in entries:
        for label, modes in entry.get("disclosed", {}).items():
            total.update({(label, mode): number for mode, number in modes.items()})
    return total


def read_framed(reader):
    head = []
    while (line := reader.readline()) != b"\r\n":
        assert line.endswith(b"\r\n")
        head.append(line.decode().strip())
    headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in head[1:]}
    if headers.get("transfer-encoding") != "chunked":
        return headers, [reader.read(int(headers["content-length"]))]
    found = []
    while size := int(reader.readline(), 16):
        found.append(reader.read(size))
        assert reader.readline() == b"\r\n"
    assert reader.readline() == b"\r\n"
    return headers, found


@pytest.fixture(scope="module")
def world(gateway, upstream):
    return World(gateway, upstream)


def assert_same_bytes(found, wanted):
    """Like ==, with the first difference instead of five megabytes."""
    if found != wanted:
        at = next((i for i, (a, b) in enumerate(zip(found, wanted)) if a != b), min(len(found), len(wanted)))
        pytest.fail(f"differs at byte {at} of {len(found)}, expected {len(wanted)}:\n"
                    f"found    …{found[max(0, at - 200):at + 200]!r}\nexpected …{wanted[max(0, at - 200):at + 200]!r}")


# ---- what is expected is plausible (no gateway needed) -------------------------------------------------------------


PUBLISHED = Secrets(bytes(range(32)), bytes(range(32, 64)), "city-university")


def test_reader_keeps_every_byte_of_the_data(bodies):
    for service in ("chicago", "stopsearch"):
        assert bodies[service].tree.compact().encode() == bodies[service].content.strip()
    assert b"".join(node.compact().encode() + b"\n" for node in bodies["telemetry"].tree) == bodies["telemetry"].content


@all_cases
def test_expectation_is_valid_and_never_invents(bodies, case):
    """What is expected parses, has as many records as it counts, and holds only members of the original records."""
    answer = bodies[case.service].expect(case, PUBLISHED)
    if case.service == "telemetry":
        found = [json.loads(line) for line in answer.body.splitlines()]
        served = [json.loads(line) for line in bodies[case.service].content.splitlines()]
    else:
        found, served = json.loads(answer.body), json.loads(bodies[case.service].content)
    assert found and len(found) == len(answer.outermost) <= len(served)
    known = {path for record in served for path in paths(record)}
    assert {path for record in found for path in paths(record)} <= known
    assert b"".join(answer.windows) == answer.body and max(map(len, answer.windows)) <= expected.WINDOW


def paths(value, path=()):
    yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from paths(member, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, (*path, 0))


def test_expectation_by_hand(bodies):
    """A few records whose answers were worked out with pencil and paper."""
    def first(name):
        return bodies[by_name[name].service].expect(by_name[name], PUBLISHED).outermost[0]
    assert first("chicago-district-eleven-investigation") == (
        '{"Case Number":"HY***","Block":"081XX***","Primary Type":"NARCOTICS","Description":"[description]",'
        '"Location Description":"***","Beat":"04","Ward":"0","X Coordinate":1198000,"Y Coordinate":1851000,'
        '"Latitude":41.74,"Longitude":-87.55,"Location":"(41.74"}')
    assert first("chicago-metro-news-journalism") == (
        '{"Primary Type":"NARCOTICS","Description":"[description]","Arrest":true,"Updated On":"02/15/2015"}')
    assert first("stopsearch-borough-south-oversight") == (
        '{"type":"Person search","datetime":"2019-02-01T00:10:00+00:00","location":{"latitude":"51.459288",'
        '"longitude":"0.065016"},"gender":"M***","self_defined_ethnicity":"White***","officer_defined_ethnicity":"***",'
        '"legislation":"Police and Criminal Evidence Act 1984 (section 1)",'
        '"object_of_search":"Evidence of offences under the Act","outcome":"A no further action disposal"}')
    assert first("telemetry-fleet-owner-maintenance").startswith(
        '{"metadata":{"logFileName":"bsmLogDu***","serialId":{"streamId":"801780cb***","bundleSize":222,"bundleId":71,'
        '"recordId":221}},"payload":{"data":{"coreData":{"msgCnt":95,"id":"31325431","position":{"latitude":40.5657318,')
    assert '"latOffset":-9E-7,' in first("telemetry-map-maker-mapping")


@pytest.mark.parametrize("size, value, low", [
    ("0.01", "41.747693646", "41.74"), ("0.01", "-87.549035389", "-87.55"), ("1000", "1198273", "1198000"),
    ("0.00001", "-9E-7", "-0.00001"), ("0.05", "0.1", "0.10"), ("25", "-0.1", "-25"), ("25", "0.3", "0"),
    ("0.01", "-0.00", "0.00"), ("0.01", "1e65", None), ("0.01", "1" * 65, None)])
def test_expected_steps(size, value, low):
    number = spelling.read(value)
    assert expected.step("label", size, "ni").text(number, PUBLISHED) == low


# ---- every byte ----------------------------------------------------------------------------------------------------


@all_cases
def test_agent_gets_exactly_its_bytes(world, bodies, case):
    body = bodies[case.service]
    world.serve(body.content, case.service)
    response = world.get(case)
    answer = body.expect(case, world.secrets(case))
    assert response.status_code == 200
    assert_same_bytes(response.content, answer.body)
    assert response.headers["content-type"] == TYPES[case.service]
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["disclosure"]
    if len(answer.windows) == 1:
        assert response.headers["content-length"] == str(len(answer.body))
    else:
        assert response.headers["transfer-encoding"] == "chunked"
    world.check_trail(response.headers["access-id"], case, answer)


@some_cases("chicago-city-police-investigation", "chicago-harbor-insurance-claims", "stopsearch-borough-south-oversight",
            "telemetry-road-authority-operations", "telemetry-map-maker-mapping")
def test_each_window_is_one_chunk(world, bodies, case):
    body = bodies[case.service]
    world.serve(body.content, case.service)
    headers, chunks = world.raw(case)
    answer = body.expect(case, world.secrets(case))
    assert [len(chunk) for chunk in chunks] == [len(window) for window in answer.windows]
    assert_same_bytes(b"".join(chunks), answer.body)
    world.check_trail(headers["access-id"], case, answer)


@some_cases("chicago-metro-news-journalism", "stopsearch-youth-charity-advocacy", "telemetry-city-university-research")
def test_curl_gets_the_same(world, bodies, case):
    body = bodies[case.service]
    world.serve(body.content, case.service)
    gateway = world.gateway
    done = harness.curl(f"https://127.0.0.1:{gateway.port}{world.target(case)}", gateway.pki.authority.certificate,
                        gateway.pki.client(case.partner), "-H",
                        f"Authorization: Bearer {gateway.token(case.partner, case.agent)}",
                        "-H", f"Need: {world.need(case)}")
    assert done.returncode == 0, done.stderr
    head, content = done.stdout.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert_same_bytes(content, body.expect(case, world.secrets(case)).body)


@some_cases("chicago-district-eleven-investigation", "stopsearch-city-university-research",
            "telemetry-city-university-research", "telemetry-map-maker-mapping")
def test_chunks_of_the_service_do_not_show(world, bodies, case):
    body = bodies[case.service]
    world.serve(body.content, case.service, seed=20150208)
    _, chunks = world.raw(case)
    answer = body.expect(case, world.secrets(case))
    assert_same_bytes(b"".join(chunks), answer.body)
    assert [len(chunk) for chunk in chunks] == [len(window) for window in answer.windows]


@some_cases("chicago-city-university-research", "stopsearch-met-oversight-oversight", "telemetry-fleet-owner-maintenance")
def test_white_space_of_the_service_does_not_show(world, bodies, case):
    body = bodies[case.service]
    content = (respell.lines(body.tree, "lines") if case.service == "telemetry"
               else respell.pretty(body.tree, "pretty"))
    assert len(content) > len(body.content)
    world.serve(content, case.service, seed="pretty")
    assert_same_bytes(world.get(case).content, body.expect(case, world.secrets(case)).body)


WRONG = ("Block", "Ward", "Latitude", "Location", "Updated On", "Description", "Year")


@some_cases("chicago-city-police-investigation", "chicago-district-eleven-investigation",
            "chicago-city-university-research", "chicago-harbor-insurance-claims", "stopsearch-borough-south-oversight",
            "stopsearch-youth-charity-advocacy")
def test_other_spellings_of_the_same_records(world, bodies, case):
    """Escapes, exponents, another order, undeclared members, values of a wrong type."""
    wrong = WRONG if case.service == "chicago" else ()
    content = respell.pretty(respell.respell(bodies[case.service].tree, "respell", wrong), "spaces")
    body = Body(case.service, content)
    world.serve(content, case.service, seed="respell")
    response = world.get(case)
    answer = body.expect(case, world.secrets(case))
    assert_same_bytes(response.content, answer.body)
    world.check_trail(response.headers["access-id"], case, answer)


# ---- what is not due does not show in any way ----------------------------------------------------------------------


def test_what_is_withheld_does_not_show(world, bodies):
    """The press gets the same from a service that has only what the press may see and the policies read."""
    case = by_name["chicago-metro-news-journalism"]
    kept = {"Primary Type", "Description", "Updated On", "Arrest", "Domestic", "District", "X Coordinate"}
    records = [spelling.Object([member for member in node.members if member[1] in kept])
               for node in bodies["chicago"].tree.items if node.get("Arrest") and not node.get("Domestic")]
    world.serve(bodies["chicago"].content, "chicago")
    whole = world.get(case)
    world.serve(spelling.Array(records).compact().encode(), "chicago")
    less = world.get(case)
    assert whole.content == less.content
    assert visible(whole) == visible(less)


def visible(response):
    return response.status_code, [pair for pair in response.headers.multi_items() if pair[0] not in OWN_HEADERS]


def test_one_record(world, bodies):
    """A record by its number: whole, in part, and one that must look as if it did not exist."""
    case = by_name["chicago-district-eleven-investigation"]
    homicides = [node for node in bodies["chicago"].tree.items if node.get("Primary Type") == "HOMICIDE"]
    own = next(node for node in homicides if node.get("District") == "011")
    foreign = next(node for node in homicides if node.get("District") != "011")
    other = next(node for node in bodies["chicago"].tree.items
                 if node.get("District") == "010" and node.get("Primary Type") != "HOMICIDE")
    for node in (own, other):
        world.serve(node.compact().encode(), "chicago")
        response = world.get(case, f"/{node.get('ID')}")
        assert_same_bytes(response.content, answer_one(node, case.show, world.secrets(case)).body)
        assert world.upstream.requests[-1].target == f"/crimes/{node.get('ID')}"
    world.serve(foreign.compact().encode(), "chicago")
    assert answer_one(foreign, case.show, world.secrets(case)).body is None
    hidden = world.get(case, f"/{foreign.get('ID')}")
    world.upstream.answer = harness.json_answer({"message": "no such record"}, status=404, headers=["X-Reason: none"])
    missing = world.get(case, "/1")
    assert hidden.status_code == 404 and visible(hidden) == visible(missing)
    assert hidden.json() | {"access": ""} == missing.json() | {"access": ""}


# ---- what may be asked by ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, rest, upstream_target", [
    ("chicago-city-university-research", "?year=2015", "/crimes?year=2015"),
    ("chicago-city-police-investigation", "?district=011&year=2015", "/crimes?year=2015&district=011"),
    ("chicago-harbor-insurance-claims", "?type=MOTOR%20VEHICLE%20THEFT", "/crimes?type=MOTOR%20VEHICLE%20THEFT"),
    ("stopsearch-metro-news-journalism", "?outcome=Arrest", "/searches?outcome=Arrest"),
    ("telemetry-road-authority-operations", "?source=EV", "/messages?source=EV")])
def test_permitted_parameters_reach_the_service(world, bodies, name, rest, upstream_target):
    case = by_name[name]
    body = bodies[case.service]
    if case.service == "telemetry":
        few = body.tree[:3]
        content = b"".join(node.compact().encode() + b"\n" for node in few)
        answer = answer_lines(few, case.show, world.secrets(case))
    else:
        few = spelling.Array(body.tree.items[:40])
        content = few.compact().encode()
        answer = answer_array(few, case.show, world.secrets(case))
    world.serve(content, case.service)
    response = world.get(case, rest)
    assert world.upstream.requests[-1].target == upstream_target
    assert_same_bytes(response.content, answer.body)
    asked = [entry.get("asked", {}) for entry in world.gateway.trail.accesses(response.headers["access-id"])]
    assert sum(sum(counts.values()) for counts in asked) == rest.count("=")


@pytest.mark.parametrize("name, rest, status, problem", [
    ("chicago-city-university-research", "?district=011", 403, "parameter-not-permitted"),
    ("chicago-metro-news-journalism", "?type=HOMICIDE", 403, "parameter-not-permitted"),
    ("chicago-city-university-research", "/9955810", 403, "parameter-not-permitted"),
    ("stopsearch-youth-charity-advocacy", "?outcome=Arrest", 403, "parameter-not-permitted"),
    ("telemetry-map-maker-mapping", "?source=EV", 403, "parameter-not-permitted"),
    ("chicago-city-police-investigation", "?limit=10", 400, "undeclared"),
    ("chicago-city-police-investigation", "?beat=0422", 400, "undeclared"),
    ("chicago-city-police-investigation", "?year=last", 400, "malformed"),
    ("telemetry-road-authority-operations", "?source=XX", 400, "malformed")])
def test_other_parameters_never_reach_the_service(world, name, rest, status, problem):
    before = len(world.upstream.requests)
    response = world.get(by_name[name], rest)
    assert (response.status_code, response.json()["type"]) == (status, f"urn:amanat:problem:{problem}")
    assert len(world.upstream.requests) == before


@pytest.mark.parametrize("name, need, status, problem", [
    ("telemetry-road-authority-operations", "purpose=operations", 403, "not-permitted"),
    ("chicago-city-police-investigation", "purpose=investigation, basis=curiosity", 400, "need"),
    ("chicago-city-police-investigation", "purpose=curiosity", 400, "need")])
def test_other_needs_never_reach_the_service(world, name, need, status, problem):
    before = len(world.upstream.requests)
    with world.client(by_name[name]) as client:
        response = client.get("/chicago/crimes", headers={"Need": need})
    assert (response.status_code, response.json()["type"]) == (status, f"urn:amanat:problem:{problem}")
    assert len(world.upstream.requests) == before


# ---- the trail of all this -----------------------------------------------------------------------------------------


def test_no_personal_data_in_the_trail(world, bodies):
    """Not one case number, block or device of the data, and no key."""
    written = b"\n".join(world.gateway.trail.lines())
    for node in bodies["chicago"].tree.items[::50]:
        assert node.get("Case Number").encode() not in written
        assert node.get("Block").encode() not in written
    assert b"31325431" not in written and b"detective-3" not in written


PYTHON_VERIFIER = HERE / "verify_trail.py"
GO_VERIFIER = HERE.parent / "conformance" / "verify_trail.go"


def verifier(name, world, folder):
    """The command of a verifier, without its arguments: the trail and the file of its key."""
    if name == "amanat":
        return [world.gateway.programs / "amanat", "verify"]
    if name == "python":
        if not PYTHON_VERIFIER.exists():
            pytest.skip(f"{PYTHON_VERIFIER} is not there")
        return [sys.executable, PYTHON_VERIFIER]
    if not GO_VERIFIER.exists() or shutil.which("go") is None:
        pytest.skip(f"{GO_VERIFIER} or Go is not there")
    program = folder / "verify_trail"
    subprocess.run(["go", "build", "-o", program, GO_VERIFIER], check=True, env={
        **os.environ, "GO111MODULE": "off", "GOPATH": f"{folder}:/usr/share/gocode", "GOCACHE": str(folder / "cache")})
    return [program]


@pytest.mark.parametrize("name", ["python", "go", "amanat"])
def test_trail_is_verified_by_strangers(world, tmp_path, name):
    """By a Python script and a Go program on golang.org/x/mod, which share no code with the gateway, and by its own
    command; and each notices one changed byte."""
    world.gateway.stop()
    world.gateway.trail.assert_sound()
    key = tmp_path / "trail.vkey"
    key.write_text(world.gateway.signer.vkey + "\n", encoding="utf-8")
    command = verifier(name, world, tmp_path)

    def verify(trail):
        arguments = [trail, key] if name == "go" else [trail, "--vkey", key]
        return subprocess.run([str(part) for part in [*command, *arguments]], capture_output=True, text=True, check=False)

    done = verify(world.gateway.trail.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    altered = tmp_path / "altered"
    shutil.copytree(world.gateway.trail.folder, altered)
    segment = sorted((altered / "segments").glob("*.jsonl"))[0]
    segment.chmod(0o600)
    content = segment.read_bytes()
    at = content.index(b'"reveal":', len(content) // 2) + len(b'"reveal":')
    segment.write_bytes(content[:at] + (b"1" if content[at:at + 1] != b"1" else b"2") + content[at + 1:])
    assert verify(altered).returncode not in (0, 2), "a changed byte went unnoticed"
