# SPDX-License-Identifier: Apache-2.0
"""`amanat verify`, `search` and `witness` as people run them, on trails that our own writer made (make_trail); the witness
is asked by a log of this file's own: foreign keys, foreign trees, foreign proofs."""
import base64
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

BIN = pathlib.Path(os.environ.get("AMANAT_BIN_DIR", "build/dev/bin"))
AMANAT = BIN / "amanat"


def amanat(*arguments):
    return subprocess.run([AMANAT, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([BIN / "make_trail", folder, "1200"], check=True)
    return folder


def test_verify_says_how_strong_the_evidence_is(made):
    run = amanat("verify", made / "trail", "--vkey", made / "trail.vkey", "--witness", made / "witness.vkey",
                 "--require", "witnessed")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 witness outside saw" in run.stdout.splitlines()[-1]
    weaker = amanat("verify", made / "trail", "--require", "witnessed")
    assert weaker.returncode == 3
    assert "nobody outside" in weaker.stdout and "weaker" in weaker.stdout
    answer = json.loads(amanat("verify", made / "trail", "--output", "json").stdout)
    assert answer["verified"] and not answer["pinned"] and answer["evidence"] == "self"
    assert answer["kinds"]["access"] >= 1200


def test_verify_names_segment_entry_and_reason(made, tmp_path):
    subprocess.run(["cp", "-r", made / "trail", tmp_path / "trail"], check=True)
    segment = tmp_path / "trail/segments/000000000512.jsonl"
    segment.chmod(0o640)
    lines = segment.read_text().splitlines(keepends=True)
    lines[100] = lines[100].replace('"permit"', '"refuse"')
    segment.write_text("".join(lines))
    run = amanat("verify", tmp_path / "trail")
    assert run.returncode == 3
    assert "segments/000000000512.jsonl, entry 612: is not what was hashed" in run.stdout
    fault = json.loads(amanat("verify", tmp_path / "trail", "--output", "json").stdout)["fault"]
    assert fault["entry"] == 612 and fault["file"] == "segments/000000000512.jsonl"


def test_verify_could_not_is_not_no(tmp_path, made):
    assert amanat("verify", tmp_path / "nothing").returncode in (1, 3)
    assert amanat("verify", made / "trail", "--vkey", made / "nothing").returncode == 1
    assert amanat("verify", made / "trail", "--witness", made / "trail.vkey").returncode == 1
    assert amanat("verify").returncode == 2
    assert amanat("verify", made / "trail", "--require", "everything").returncode == 2


def test_search_reads_well_in_100_columns(made):
    run = amanat("search", made / "trail", "--partner", "ravi-cameras", "--limit", "20")
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split()[0] == "entry" and "purpose" in lines[0]
    numbers = [int(line.split()[0]) for line in lines[1:] if line[0] != " "]
    assert len(numbers) == 20 and numbers == sorted(numbers, reverse=True)
    assert ["reveal", "vehicle.plate", "1"] in [line.split() for line in lines]


def test_search_filters(made):
    everything = amanat("search", made / "trail", "--limit", "0", "--output", "json").stdout.splitlines()
    entries = [json.loads(line) for line in everything]
    assert all(entry["kind"] == "access" for entry in entries)
    assert amanat("search", made / "trail", "--partner", "nobody").stdout == "no entries match\n"
    assert amanat("search", made / "trail", "--until", "2020-01-01").stdout == "no entries match\n"
    since = entries[10]["_time"]
    newer = amanat("search", made / "trail", "--since", since, "--limit", "0", "--output", "json").stdout.splitlines()
    assert newer == everything[:11]
    assert amanat("search", made / "trail", "--since", "yesterday").returncode == 2
    kinds = {json.loads(line)["kind"]
             for line in amanat("search", made / "trail", "--all", "--limit", "0", "--output", "json").stdout.splitlines()}
    assert {"access", "policy", "anchor", "refused"} <= kinds


# ---- the witness, asked by a log of ours ----

def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:half]), root(leaves[half:]))


def consistency(m, leaves, whole=True):
    """RFC 6962 section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if m <= half:
        return consistency(m, leaves[:half], whole) + [root(leaves[half:])]
    return consistency(m - half, leaves[half:], False) + [root(leaves[:half])]


class Log:
    def __init__(self, name):
        self.name, self.key = name, Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.key_id = hashlib.sha256(name.encode() + b"\n\1" + self.public).digest()[:4]

    def vkey(self):
        return f"{self.name}+{self.key_id.hex()}+" + base64.b64encode(b"\1" + self.public).decode()

    def checkpoint(self, leaves):
        text = f"{self.name}\n{len(leaves)}\n{base64.b64encode(root(leaves)).decode()}\n"
        signature = base64.b64encode(self.key_id + self.key.sign(text.encode())).decode()
        return text, f"{text}\n\u2014 {self.name} {signature}\n"


def leaves_of(count, fork=b""):
    return [hashlib.sha256(b"\0" + bytes([i]) + (fork if i >= 20 else b"")).digest() for i in range(count)]


@pytest.fixture
def witness(tmp_path):
    log = Log("audit.example/foreign")
    (tmp_path / "log.vkey").write_text(log.vkey() + "\n")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "w.pem"], check=True)
    (tmp_path / "w.pem").chmod(0o600)
    (tmp_path / "witness.yaml").write_text(
        "listen: 127.0.0.1:0\nprefix: /w\nname: witness.example/w1\nkey: w.pem\nfolder: kept/\n"
        "origins:\n  - {origin: audit.example/foreign, vkey: log.vkey}\n")
    running = []

    def start():
        process = subprocess.Popen([AMANAT, "witness", tmp_path / "witness.yaml"], stdout=subprocess.PIPE, text=True)
        running.append(process)
        listening, vkey, ready = (process.stdout.readline().strip() for _ in range(3))
        assert ready == "ready", (listening, vkey)
        return process, f"http://{listening.split()[1]}/w/add-checkpoint", vkey.split(" ", 1)[1]

    yield log, start
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0


PATIENCE = 120  # seconds for one answer; only a witness that hangs gets there


def ask(url, old, proof, note):
    body = f"old {old}\n" + "".join(base64.b64encode(hash_).decode() + "\n" for hash_ in proof) + "\n" + note
    return httpx.post(url, content=body.encode(), timeout=PATIENCE)


def test_the_witness_cosigns_a_foreign_log(witness):
    from verify_trail import Key
    log, start = witness
    process, url, vkey = start()
    text, note = log.checkpoint(leaves_of(5))
    answer = ask(url, 0, [], note)
    assert answer.status_code == 200
    name, blob = re.fullmatch("\u2014 (\\S+) (\\S+)\n", answer.text).groups()
    assert Key.parse(vkey).verifies(text.encode(), name, base64.b64decode(blob)) > 1_700_000_000
    for size in (6, 7, 19, 33):
        previous = {6: 5, 7: 6, 19: 7, 33: 19}[size]
        assert ask(url, previous, consistency(previous, leaves_of(size)), log.checkpoint(leaves_of(size))[1]).status_code == 200
    answer = ask(url, 5, consistency(5, leaves_of(40)), log.checkpoint(leaves_of(40))[1])
    assert (answer.status_code, answer.text) == (409, "33\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"
    fork = leaves_of(40, b"fork")
    assert ask(url, 33, consistency(33, fork), log.checkpoint(fork)[1]).status_code == 422
    assert ask(url, 0, [], Log("audit.example/unknown").checkpoint(leaves_of(3))[1]).status_code == 404
    assert ask(url, 33, [], Log("audit.example/foreign").checkpoint(leaves_of(40))[1]).status_code == 403
    assert httpx.get(url, timeout=PATIENCE).status_code == 405
    assert httpx.post(url.replace("/w/", "/x/"), content=b"x", timeout=PATIENCE).status_code == 404
    assert httpx.post(url, content=b"x" * 100_000, timeout=PATIENCE).status_code == 413
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, url, _ = start()
    assert ask(url, 19, consistency(19, leaves_of(34)), log.checkpoint(leaves_of(34))[1]).text == "33\n"
    assert ask(url, 33, consistency(33, leaves_of(34)), log.checkpoint(leaves_of(34))[1]).status_code == 200


def test_the_witness_refuses_a_config_that_is_wrong(tmp_path, witness):
    good = (tmp_path / "witness.yaml").read_text()
    for old, new, word in [("origins:", "logs:", "unknown key"), ("name: witness.example/w1\n", "", "`name`"),
                           ("audit.example/foreign,", "audit.example/other,", "another origin"),
                           ("127.0.0.1:0", "nowhere", "address"), ("key: w.pem", "key: log.vkey", "private key")]:
        (tmp_path / "wrong.yaml").write_text(good.replace(old, new))
        run = amanat("witness", tmp_path / "wrong.yaml")
        assert run.returncode in (1, 3) and word in run.stderr, run.stderr
