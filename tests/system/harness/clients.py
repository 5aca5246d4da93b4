# SPDX-License-Identifier: Apache-2.0
"""Ways to ask a gateway: a raw client that sees whether a message was complete, httpx, and curl."""
import dataclasses
import json
import socket
import ssl
import subprocess

import httpx

PATIENCE = 120  # seconds for one read; only a gateway that hangs gets there


@dataclasses.dataclass(frozen=True)
class Response:
    """What came back. `complete` is false if the message ended before its framing said so (RFC 9112 §8)."""
    status: int
    headers: list  # of (name in lower case, value), in order
    body: bytes
    complete: bool

    def header(self, name):
        values = [value for key, value in self.headers if key == name]
        return values[0] if values else None

    @property
    def access(self):
        return self.header("access-id")

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        """The last part of the problem's type, or None."""
        if self.header("content-type") != "application/problem+json":
            return None
        return self.json["type"].removeprefix("urn:amanat:problem:")

    @property
    def anonymous(self):
        """All that the partner sees, without what is this access's own: ids, receipt, time."""
        own = {"access-id", "access-receipt", "date"}
        body = self.body.replace(self.access.encode(), b"ID") if self.access else self.body
        return self.status, [pair for pair in self.headers if pair[0] not in own], body, self.complete


def read_response(reader, method="GET"):
    """One response from a buffered reader, or None when nothing came."""
    try:
        line = reader.readline()
    except OSError:
        return None
    if not line.endswith(b"\r\n"):
        return None
    status = int(line.split(b" ")[1])
    headers = []
    try:
        while (line := reader.readline()) != b"\r\n":
            if not line.endswith(b"\r\n"):
                return Response(status, headers, b"", False)
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name.lower(), value.strip()))
    except OSError:
        return Response(status, headers, b"", False)
    body, complete = read_body(reader, dict(headers), status, method)
    return Response(status, headers, body, complete)


def read_body(reader, headers, status, method):
    if method == "HEAD" or status in (204, 304):
        return b"", True
    body = b""
    try:
        if headers.get("transfer-encoding") == "chunked":
            while True:
                line = reader.readline()
                if not line.endswith(b"\r\n"):
                    return body, False
                size = int(line.split(b";")[0], 16)
                chunk = reader.read(size + 2)
                body += chunk[:size]
                if not chunk.endswith(b"\r\n"):
                    return body, False
                if size == 0:
                    return body, True
        length = int(headers.get("content-length", 0))
        body = reader.read(length)
        return body, len(body) == length
    except OSError:
        return body, False


class Client:
    """One partner's agent on raw sockets. Each call opens a connection unless `keep` was used as a context."""

    def __init__(self, port, authority, pair=None, token=None):
        self.port = port
        self.token = token
        self.context = ssl.create_default_context(cafile=str(authority))
        if pair is not None:
            self.context.load_cert_chain(str(pair.certificate), str(pair.key))

    def connect(self):
        """A TLS connection and its buffered reader."""
        raw = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection = self.context.wrap_socket(raw, server_hostname="localhost")
        except OSError:
            raw.close()
            raise
        return connection, connection.makefile("rb")

    def request(self, target, method="GET", need="", token=..., headers=(), body=b""):
        """The bytes of one request. HEADERS are whole lines; a token of None sends none."""
        token = self.token if token is ... else token
        lines = [f"{method} {target} HTTP/1.1", f"Host: localhost:{self.port}"]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        if need:
            lines.append(f"Need: {need}")
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, *headers]).encode("latin-1") + b"\r\n\r\n" + body

    def send(self, content, method="GET"):
        """Sends bytes on a new connection and reads one response; None when the gateway said nothing."""
        try:
            connection, reader = self.connect()
        except OSError:
            return None
        with connection:
            try:
                connection.sendall(content)
            except OSError:
                pass  # refused early: what it said before is still to be read
            return read_response(reader, method)

    def get(self, target, **options):
        return self.send(self.request(target, **options))

    def call(self, method, target, **options):
        return self.send(self.request(target, method, **options), method)


def httpx_client(port, authority, pair, token=None, need=None, **options):
    """An httpx client with the partner's certificate, token and need on every request."""
    headers = {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if need:
        headers["Need"] = need
    return httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=str(authority), headers=headers,
                        cert=(str(pair.certificate), str(pair.key)), timeout=PATIENCE, trust_env=False, **options)


def curl(url, authority, pair, *arguments):
    """Runs curl; gives the finished process with bytes."""
    return subprocess.run(["curl", "-sS", "-i", "--noproxy", "*", "--cacert", str(authority), "--cert",
                           str(pair.certificate), "--key", str(pair.key), *arguments, url], capture_output=True,
                          check=False)
