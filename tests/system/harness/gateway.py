# SPDX-License-Identifier: Apache-2.0
"""Starts `amanat serve` with a policy folder and a configuration written for one test."""
import pathlib
import signal
import subprocess
import urllib.request

import yaml
from demo_keys import NoteSigner, write_secret
from demo_processes import Failure, Program, wait_until

from .clients import Client, httpx_client
from .policy import write_files
from .trail import Trail

ORIGIN = "test.example/gateway"

# As long as may be configured: whoever is stopped for a while, by a busy machine, is still waited for. A test of one of
# these limits sets its own.
PATIENT = {"header_timeout": "10m", "idle_timeout": "1h", "body_timeout": "1h", "write_timeout": "1h",
           "connect_timeout": "10m", "upstream_timeout": "1h", "upstream_idle": "1h", "max_age": "24h",
           "drain_timeout": "1h", "trail_deadline": "5m"}


class Gateway:
    """One gateway in one folder. It may be started again after `stop` or `kill`: the trail stays.

    POLICIES is {path: text}; UPSTREAMS is {service: url or its whole mapping in amanat.yaml}; CHANGES are merged into
    the configuration; FACTS is the text of an entities file.
    """

    def __init__(self, programs, folder, pki, issuers, policies, upstreams, facts="[]", changes=None):
        self.programs = pathlib.Path(programs)
        self.folder = pathlib.Path(folder)
        self.pki = pki
        self.issuers = issuers  # [(TokenIssuer, [partners])]
        (self.folder / "keys").mkdir(parents=True, exist_ok=True)
        self.policies = self.folder / "policies"
        write_files(self.policies, policies)
        self.facts = self.folder / "facts.cedarentities.json"
        self.facts.write_text(facts, encoding="utf-8")
        self.signer = NoteSigner(self.folder / "keys" / "trail.pem", ORIGIN)
        for name in ("tokenize", "pseudonym"):
            write_secret(self.folder / "keys" / f"{name}.key")
        self.configuration = merge(self._configuration(upstreams), changes or {})
        self.trail = Trail(self.folder / self.configuration["trail"]["folder"])
        self.program = None
        self.port = None
        self.metrics_port = None

    def _configuration(self, upstreams):
        tokens = []
        for number, (issuer, partners) in enumerate(self.issuers):
            file = self.folder / "keys" / f"idp-{number}.jwks.json"
            issuer.write_jwks(file)
            tokens.append({"issuer": issuer.url, "audience": "amanat", "keys": str(file), "partners": partners,
                           "partner": "client_id", "agent": "sub", "claims": ["role"]})
        return {
            "listen": ["127.0.0.1:0"],
            "tls": {"certificate": str(self.pki.server.certificate), "key": str(self.pki.server.key),
                    "client_ca": str(self.pki.authority.certificate)},
            "policies": "policies/",
            "facts": [self.facts.name],
            "services": {name: {"url": where} if isinstance(where, str) else where
                         for name, where in upstreams.items()},
            "identity": {"require": ["certificate", "token"], "certificate": {"san_uri_prefix": "urn:partner:"},
                         "tokens": tokens},
            "secrets": {"tokenize": "keys/tokenize.key", "pseudonym": "keys/pseudonym.key"},
            "trail": {"folder": "trail/", "origin": ORIGIN, "key": "keys/trail.pem"},
            "metrics": "127.0.0.1:0",
            "limits": PATIENT,
        }

    def start(self):
        file = self.folder / "amanat.yaml"
        file.write_text(yaml.safe_dump(self.configuration), encoding="utf-8")
        self.program = Program("gateway", [self.programs / "amanat", "serve", file], self.folder / "said")
        listeners = self.program.listeners()
        self.port = next(port for word, port in listeners if word != "metrics")
        self.metrics_port = next((port for word, port in listeners if word == "metrics"), None)
        return self

    def start_on_slow_disk(self):
        """Where the trail's deadline is short, a slow disk may cost a start: the entry of the ruleset has it too."""
        def started():
            try:
                return self.start()
            except Failure as failure:
                if "the ruleset could not be recorded in the trail" not in str(failure):
                    raise
                return None
        return wait_until("the ruleset is recorded in time", started)

    @property
    def log(self):
        return self.program.log_file.read_bytes() + self.program.output_file.read_bytes()

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as response:
            return response.read().decode()

    def reload(self, policies=None, facts=None):
        """Changes files and asks for a reload; the caller waits for what it expects of it."""
        if policies is not None:
            write_files(self.policies, policies)
        if facts is not None:
            self.facts.write_text(facts, encoding="utf-8")
        self.program.signal(signal.SIGHUP)

    def stop(self):
        """SIGTERM; a gateway always ends with 0."""
        if self.program is not None and self.program.is_running():
            code = self.program.stop()
            assert code == 0, f"the gateway ended with {code}:\n{self.program.log}"

    def kill(self):
        self.program.kill()

    def amanat(self, *arguments):
        return subprocess.run([str(self.programs / "amanat"), *map(str, arguments)], capture_output=True, text=True,
                              check=False)

    def token(self, partner, agent="agent-1", **claims):
        return self.issuers[0][0].token(partner, agent, **claims)

    def client(self, partner="acme", pair=None, token=..., **claims):
        """A raw client of this partner, with its good certificate and token unless told otherwise."""
        token = self.token(partner, **claims) if token is ... else token
        return Client(self.port, self.pki.authority.certificate, pair or self.pki.client(partner), token)

    def httpx(self, partner="acme", need=None, **options):
        return httpx_client(self.port, self.pki.authority.certificate, self.pki.client(partner), self.token(partner),
                            need, **options)


def merge(base, changes):
    """BASE with CHANGES put over it, mapping by mapping; None takes a member away."""
    merged = dict(base)
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = merge(merged[name], value)
        else:
            merged[name] = value
    return merged
