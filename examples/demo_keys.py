# SPDX-License-Identifier: Apache-2.0
"""Makes certificates, token keys, secrets and signing keys for the demo and for the end-to-end tests.

Every private key says that it is a demo key: a line before -----BEGIN in PEM files, a file NAME.demo beside raw ones.
`amanat serve` refuses such keys on anything but loopback.
"""
import base64
import dataclasses
import datetime
import hashlib
import ipaddress
import json
import os
import pathlib

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

MARK = b"amanat demo key: not for production\n"


def write_private(path, content):
    """Writes what nobody else may read, from its first byte on."""
    path = pathlib.Path(path)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    return path


def write_private_key(path, key, marked=True):
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption())
    return write_private(path, (MARK if marked else b"") + pem)


def write_secret(path, marked=True):
    """32 random bytes, as `secrets` in amanat.yaml wants them."""
    path = write_private(path, os.urandom(32))
    if marked:
        path.with_name(path.name + ".demo").write_bytes(MARK)
    return path


@dataclasses.dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as files."""
    certificate: pathlib.Path
    key: pathlib.Path


class Authority:
    """A certificate authority with its files in a folder: NAME.pem, and what it issues beside it."""

    def __init__(self, folder, name="authority", marked=True):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.marked = marked
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"amanat demo {name}")])
        built = self._builder(self.subject, self.key.public_key(), 30).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        self.certificate = self._write(name, built)

    def _builder(self, subject, public_key, days):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject).public_key(public_key)
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=max(1, -days + 1)))
                .not_valid_after(now + datetime.timedelta(days=days)))

    def _write(self, name, builder):
        path = self.folder / f"{name}.pem"
        path.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path

    def issue(self, name, uris=(), hosts=(), server=False, days=30):
        """A server certificate for HOSTS (addresses or names), or a client certificate for URIS; DAYS < 0: expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.UniformResourceIdentifier(uri) for uri in uris]
        for host in hosts:
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                names.append(x509.DNSName(host))
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, key.public_key(), days).add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True).add_extension(
            x509.ExtendedKeyUsage([usage]), critical=False).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Pair(self._write(name, builder), write_private_key(self.folder / f"{name}.key", key, self.marked))

    def issue_client(self, partner, **options):
        return self.issue(partner, uris=[f"urn:partner:{partner}"], **options)

    def issue_server(self, name="server", hosts=("127.0.0.1", "localhost"), **options):
        return self.issue(name, hosts=hosts, server=True, **options)


class TokenIssuer:
    """An identity provider in miniature: one key, its JWKS, and tokens signed with it."""

    def __init__(self, url="https://idp.demo.example", algorithm="ES256", identifier="demo-1"):
        self.url = url
        self.algorithm = algorithm
        self.identifier = identifier
        self.key = (rsa.generate_private_key(65537, 2048) if algorithm.startswith(("RS", "PS"))
                    else ec.generate_private_key(ec.SECP256R1()))

    def jwks(self):
        reader = jwt.algorithms.RSAAlgorithm if self.algorithm.startswith(("RS", "PS")) else jwt.algorithms.ECAlgorithm
        if reader is jwt.algorithms.RSAAlgorithm:
            public = json.loads(reader.to_jwk(self.key.public_key()))
            public.pop("key_ops", None)
        else:  # PyJWT 2.6 cannot write EC keys
            numbers = self.key.public_key().public_numbers()
            public = {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32, "big")),
                      "y": encode(numbers.y.to_bytes(32, "big"))}
        return {"keys": [{**public, "kid": self.identifier, "alg": self.algorithm, "use": "sig"}]}

    def write_jwks(self, path):
        pathlib.Path(path).write_text(json.dumps(self.jwks(), indent=2) + "\n", encoding="utf-8")
        return path

    def claims(self, partner, agent, lifetime=3600, **others):
        """The claims of a good token; a claim given as None is left out."""
        now = int(datetime.datetime.now(datetime.timezone.utc).timestamp())
        all_claims = {"iss": self.url, "aud": "amanat", "client_id": partner, "sub": agent, "iat": now,
                      "exp": now + lifetime, **others}
        return {name: value for name, value in all_claims.items() if value is not None}

    def sign(self, claims, **header):
        return jwt.encode(claims, self.key, self.algorithm, headers={"kid": self.identifier, **header})

    def token(self, partner, agent, **claims):
        return self.sign(self.claims(partner, agent, **claims))


def encode(content):
    """base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class NoteSigner:
    """An Ed25519 key that signs C2SP notes: the log's (kind 1) or a witness's (cosignatures, kind 4)."""

    def __init__(self, path, name, kind=1, marked=True):
        key = ed25519.Ed25519PrivateKey.generate()
        self.key = write_private_key(path, key, marked)
        public = bytes([kind]) + key.public_key().public_bytes(serialization.Encoding.Raw,
                                                               serialization.PublicFormat.Raw)
        digest = hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8]
        self.vkey = f"{name}+{digest}+{base64.b64encode(public).decode()}"
