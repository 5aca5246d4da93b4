# SPDX-License-Identifier: Apache-2.0
"""An upstream service that answers exactly the bytes that it is told, in the pieces that it is told.

One thread a connection, raw sockets, no HTTP library: what a broken or hostile service may send, this sends.
"""
import dataclasses
import json
import select
import socket
import ssl
import threading

from demo_processes import PATIENCE, wait_until

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
        self._waiting = set()  # connections on which nothing of a request has been read
        self._busy = set()  # all others
        self._context = None
        if pair is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(pair.certificate, pair.key)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'http' if pair is None else 'https'}://127.0.0.1:{self.port}"
        self._told_to_end, self._end = socket.socketpair()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self):
        self._end.close()
        self._accepting.join()

    def start_over(self, answer):
        """For the next test: lets what was asked before end, forgets it, and gives this answer from now on. Whoever asked
        may have gone long ago; without waiting, a request of an earlier test could still be counted in this one."""
        wait_until("the service has done with what was asked before", self._is_quiet)
        self.requests.clear()
        self.answer = answer

    def _is_quiet(self):
        with self._condition:
            readable, _, _ = select.select([self._listener, *self._waiting], [], [], 0)
            return not readable and not self._busy

    def wait_requests(self, number, patience=PATIENCE):
        """Waits until so many requests have come."""
        with self._condition:
            assert self._condition.wait_for(lambda: len(self.requests) >= number, patience)
            return list(self.requests)

    def _accept(self):
        with self._listener, self._told_to_end:
            while True:
                readable, _, _ = select.select([self._listener, self._told_to_end], [], [])
                if self._told_to_end in readable:
                    return
                with self._condition:  # from the queue to the set in one step, for _is_quiet
                    try:
                        connection, _ = self._listener.accept()
                    except OSError:
                        continue  # it has gone again
                    self._busy.add(connection)
                threading.Thread(target=self._keep, args=(connection,), daemon=True).start()

    def _keep(self, accepted):
        connection = accepted
        try:
            connection.setblocking(True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                connection = self._context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
                connection.do_handshake()
            self._serve(accepted, connection)
        except OSError:
            pass  # the gateway went away: its affair, tests look at what it did
        finally:
            connection.close()
            with self._condition:
                self._busy.discard(accepted)

    def _wait_readable(self, accepted, connection):
        """Waits for a request or the end; from one set to the other before anything is read, for _is_quiet."""
        with self._condition:
            self._waiting.add(connection)
            self._busy.discard(accepted)
        select.select([connection], [], [])
        with self._condition:
            self._busy.add(accepted)
            self._waiting.discard(connection)

    def _serve(self, accepted, connection):
        with connection.makefile("rb") as reader:
            while True:
                self._wait_readable(accepted, connection)
                request = read_request(reader)
                if request is None:
                    return
                answer = self.answer  # before anybody hears of the request, who may then change it
                with self._condition:
                    self.requests.append(request)
                    self._condition.notify_all()
                if not self._send(connection, answer(request) if callable(answer) else answer):
                    return

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
