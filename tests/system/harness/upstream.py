# SPDX-License-Identifier: Apache-2.0
"""An upstream service that answers exactly the bytes that it is told, in the pieces that it is told.

One thread a connection, raw sockets, no HTTP library: what a broken or hostile service may send, this sends.
"""
import dataclasses
import json
import socket
import ssl
import threading

CLOSE = object()  # end the connection in order
RESET = object()  # end it with RST


@dataclasses.dataclass
class Stall:
    """Sends nothing until the event is set."""
    event: threading.Event


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: list  # of (name in lower case, value)
    body: bytes

    def header(self, name):
        return [value for key, value in self.headers if key == name]


def http_answer(body, status=200, headers=(), content_type="application/json", length=True):
    """One HTTP/1.1 answer; HEADERS may be anything, also what no sane service sends."""
    if isinstance(body, str):
        body = body.encode()
    lines = [f"HTTP/1.1 {status} Whatever"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if length:
        lines.append(f"Content-Length: {len(body)}")
    lines += headers
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def json_answer(value, **options):
    return http_answer(json.dumps(value), **options)


class Upstream:
    """Listens on loopback. `answer` is bytes, a list of parts (bytes, Stall, CLOSE, RESET) or a function of a request."""

    def __init__(self, answer=b"", pair=None):
        self.answer = answer
        self.requests = []
        self._condition = threading.Condition()
        self._context = None
        if pair is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(pair.certificate, pair.key)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'http' if pair is None else 'https'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def wait_requests(self, number, patience=60):
        """Waits until so many requests have come."""
        with self._condition:
            assert self._condition.wait_for(lambda: len(self.requests) >= number, patience)
            return list(self.requests)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                reader = connection.makefile("rb")
                while True:
                    request = read_request(reader)
                    if request is None:
                        return
                    answer = self.answer  # before anybody hears of the request, who may then change it
                    with self._condition:
                        self.requests.append(request)
                        self._condition.notify_all()
                    if not self._send(connection, answer(request) if callable(answer) else answer):
                        return
        except OSError:
            pass  # the gateway went away: its affair, tests look at what it did

    def _send(self, connection, parts):
        for part in parts if isinstance(parts, list) else [parts]:
            if part is CLOSE:
                return False
            if part is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return False
            if isinstance(part, Stall):
                part.event.wait()
            else:
                connection.sendall(part)
        return True


def read_request(reader):
    """One request as the gateway writes it, or None at the end."""
    line = reader.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ")
    headers = []
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name.lower(), value.strip()))
    known = dict(headers)
    if known.get("transfer-encoding") == "chunked":
        return Request(method, target, headers, read_chunks(reader))
    return Request(method, target, headers, reader.read(int(known.get("content-length", 0))))


def read_chunks(reader):
    body = b""
    while size := int(reader.readline().split(b";")[0], 16):
        body += reader.read(size)
        reader.readline()
    while reader.readline() not in (b"\r\n", b""):
        pass
    return body
