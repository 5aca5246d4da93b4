# SPDX-License-Identifier: Apache-2.0
"""The small world of the demo: keys and certificates, services, ledger and gateway, all on loopback.

Everything that is made here lies in one folder (build/demo) and is made anew on each run.
"""
import dataclasses
import json
import pathlib
import shutil
import subprocess
import urllib.request

import demo_keys
import records
from demo_processes import Failure, Program

ORIGIN = "demo.example/lahore-1"
LEDGER = "demo.example/ledger"
SERVICES = ("anpr", "fraud", "incidents")
EXAMPLES = pathlib.Path(__file__).resolve().parent
POLICIES = EXAMPLES / "lahore"
FACTS = EXAMPLES / "cases.cedarentities.json"

# partner: (agent, claims)
PARTNERS = {
    "ravi-cameras": ("desk-2", {}),
    "indus-bank": ("analyst-7", {"role": "fraud-analyst"}),
    "chenab-insurance": ("claims-3", {"role": "claims-investigator"}),
    "bolan-university": ("urban-studies", {}),
}

GATEWAY = """\
# amanat.yaml of the demo, written by examples/demo_world.py.
listen: ["127.0.0.1:0"]
tls: {{certificate: pki/server.pem, key: pki/server.key, client_ca: pki/partners-ca.pem}}
policies: {policies}
facts: [{facts}]
services:
{services}
identity:
  require: [certificate, token]
  certificate: {{san_uri_prefix: "urn:partner:"}}
  tokens:
    - {{issuer: "{issuer}", audience: amanat, keys: pki/idp.jwks.json, partners: [{partners}],
       partner: client_id, agent: sub, claims: [role]}}
secrets: {{tokenize: keys/tokenize.key, pseudonym: keys/pseudonym.key}}
trail: {{folder: trail/, origin: {origin}, key: keys/trail.pem}}
ledger:
  - {{kind: witness, url: "http://127.0.0.1:{ledger_port}", vkey: ledger/ledger.vkey, max_age: 5m, overdue: alert}}
metrics: "127.0.0.1:0"
"""

WITNESS = """\
# witness.yaml of the demo, written by examples/demo_world.py.
listen: "127.0.0.1:0"
name: {name}
key: witness.pem
folder: log/
origins:
  - {{origin: {origin}, vkey: gateway.vkey}}
"""


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes


class World:
    """All parties of the demo. `stop` ends what was started, whatever happened before."""

    def __init__(self, programs, folder):
        self.programs_folder = pathlib.Path(programs)
        self.folder = pathlib.Path(folder)
        self.running = []
        self.services = {}
        self.url = None

    def clear(self):
        """Makes the folder anew, unless a demo that was kept still runs from it."""
        kept = self.folder / "running"
        pids = [pid for pid in kept.read_text().split() if self._is_ours(pid)] if kept.exists() else []
        if pids:
            raise Failure(f"a demo that was kept still runs. To stop it: kill {' '.join(pids)}")
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in ("keys", "ledger", "headers", "partners", "answers"):
            (self.folder / part).mkdir(parents=True)

    def _is_ours(self, pid):
        try:
            return self.programs_folder in pathlib.Path(f"/proc/{pid}/exe").resolve().parents
        except OSError:
            return False

    def keep(self):
        """Leaves everything running and notes what runs; gives the process ids in the order to stop them."""
        pids = [str(program.pid) for program in reversed(self.running)]
        (self.folder / "running").write_text("\n".join(pids) + "\n")
        return pids

    def make_keys(self):
        pki = self.folder / "pki"
        self.authority = demo_keys.Authority(pki, "partners-ca")
        self.authority.issue_server()
        self.issuer = demo_keys.TokenIssuer()
        self.issuer.write_jwks(pki / "idp.jwks.json")
        for name in ("tokenize", "pseudonym"):
            demo_keys.write_secret(self.folder / "keys" / f"{name}.key")
        self.log_key = demo_keys.NoteSigner(self.folder / "keys" / "trail.pem", ORIGIN)
        self.ledger_key = demo_keys.NoteSigner(self.folder / "ledger" / "witness.pem", LEDGER, kind=4)
        (self.folder / "ledger" / "ledger.vkey").write_text(self.ledger_key.vkey + "\n", encoding="utf-8")
        self.service_key = demo_keys.encode(demo_keys.os.urandom(24))
        demo_keys.write_private(self.folder / "headers" / "service.key", self.service_key.encode() + b"\n")
        demo_keys.write_private(self.folder / "headers" / "services.headers",
                                f"X-Service-Key: {self.service_key}\n".encode())
        for partner, (agent, claims) in PARTNERS.items():
            pair = self.authority.issue_client(partner)
            token = self.issuer.token(partner, agent, **claims)
            lines = {"cacert": self.authority.certificate, "cert": pair.certificate, "key": pair.key,
                     "header": f"Authorization: Bearer {token}"}
            text = "".join(f'{name} = "{value}"\n' for name, value in lines.items())
            demo_keys.write_private(self.folder / "partners" / f"{partner}.curl", text.encode())

    def make_records(self):
        records.write_all(self.folder / "records")

    def start(self, name, *arguments):
        program = Program(name, arguments, self.folder / "said")
        self.running.append(program)
        return program

    def start_services(self):
        for name in SERVICES:
            program = self.start(name, self.programs_folder / "demo_service", "--listen", "127.0.0.1:0",
                                 "--key-file", self.folder / "headers" / "service.key",
                                 "--data", self.folder / "records" / f"{name}.jsonl")
            self.services[name] = program.listeners()[0][1]

    def start_ledger(self):
        (self.folder / "ledger" / "gateway.vkey").write_text(self.log_key.vkey + "\n", encoding="utf-8")
        text = WITNESS.format(name=LEDGER, origin=ORIGIN)
        (self.folder / "ledger" / "witness.yaml").write_text(text, encoding="utf-8")
        program = self.start("ledger", self.programs_folder / "amanat", "witness",
                             self.folder / "ledger" / "witness.yaml")
        self.ledger_port = program.listeners()[0][1]

    def start_gateway(self):
        services = "\n".join(f'  {name}: {{url: "http://127.0.0.1:{port}", headers_file: headers/services.headers}}'
                             for name, port in self.services.items())
        text = GATEWAY.format(policies=json.dumps(str(POLICIES)), facts=json.dumps(str(FACTS)), services=services,
                              issuer=self.issuer.url, partners=", ".join(PARTNERS), origin=ORIGIN,
                              ledger_port=self.ledger_port)
        (self.folder / "amanat.yaml").write_text(text, encoding="utf-8")
        program = self.start("gateway", self.programs_folder / "amanat", "serve", self.folder / "amanat.yaml")
        ports = [port for word, port in program.listeners() if word != "metrics"]
        self.url = f"https://127.0.0.1:{ports[0]}"

    def stop(self):
        """Ends everything in the reverse order; a program that does not end well is a failure of the demo."""
        codes = {}
        for program in reversed(self.running):
            if program.is_running():
                codes[program.name] = program.stop()
        self.running = []
        bad = {name: code for name, code in codes.items() if code != 0}
        if bad:
            raise Failure(f"did not end well: {bad}")

    # --- what the parties do ---

    def amanat(self, *arguments):
        """Runs a command of the gateway's program to its end."""
        return subprocess.run([str(self.programs_folder / "amanat"), *map(str, arguments)], capture_output=True,
                              text=True, check=False)

    def ask_gateway(self, partner, path, need):
        """A partner's call, by curl: certificate and token are in the partner's .curl file."""
        answers = self.folder / "answers"
        done = subprocess.run(["curl", "-sS", "-K", str(self.folder / "partners" / f"{partner}.curl"),
                               "-H", f"Need: {need}", "-D", str(answers / "head"), "-o", str(answers / "body"),
                               self.url + path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"curl {path}: {done.stderr.strip()}")
        head = (answers / "head").read_text(encoding="latin-1").splitlines()
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        return Answer(int(head[0].split()[1]), headers, (answers / "body").read_bytes())

    def ask_service(self, path):
        """What the service itself says to whoever has its key. PATH begins with the service's name."""
        _, service, rest = path.split("/", 2)
        request = urllib.request.Request(f"http://127.0.0.1:{self.services[service]}/{rest}",
                                         headers={"X-Service-Key": self.service_key})
        with urllib.request.urlopen(request) as response:
            return response.read()

    def count_requests(self, service):
        return json.loads(self.ask_service(f"/{service}/requests"))["requests"]

    def trail_lines(self):
        """The lines of the trail, as bytes, with the file of each."""
        for segment in sorted((self.folder / "trail" / "segments").glob("*.jsonl")):
            for line in segment.read_bytes().splitlines():
                yield segment, line
