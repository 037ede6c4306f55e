"""One HTTP/1.1 connection: Werkzeug's request handler with keep-alive.

Werkzeug's own `run_wsgi` closes the connection after each answer and sends "100 Continue" whatever the application
thinks. Here an answer leaves in one write, the connection stays open where HTTP allows it, and a body that nobody read
is drained or the connection closed, so that no request ever reads the rest of another. An answer that a fault breaks
(`messages.Wire`) ends its connection for the same reason.
"""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import time
import traceback
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler

from hokusai_mock.messages import DELIVERED, GONE, WAIT, WIRE, Wire
from hokusai_mock.pipeline import MARK
from hokusai_mock.server import line
from hokusai_mock.server.body import RequestBody

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Connection", "WSGIHost"]

DRAIN_LIMIT = 1024 * 1024
"""Bytes of an unread body that are read and forgotten to keep the connection; beyond it the connection closes.

A body whose length is known and within the limit is on its way anyway: it is read before the answer, so that who has
the answer finds the body in the journal. A longer one may be waiting for a refusal.
"""

TLS_HANDSHAKE = b"\x16"
"""The first byte of a TLS client; no request of HTTP begins with it."""

_BODYLESS = {204, 304}
_FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_LENGTH = re.compile(r"[0-9]{1,18}")
_BREAKS = "\r\n\0"
"""What would end a header before its end."""


class WSGIHost:
    """What Werkzeug's handler wants to know of its server: the application and where it listens."""

    multithread = True
    multiprocess = False
    passthrough_errors = False
    _server_version = ""

    def __init__(self, app: WSGIApplication, address: tuple[str, int], *, tls: bool = False) -> None:
        """Serve `app`, reached at `address` (host, port); with `tls` the connections are wrapped already."""
        self.app = app
        self.server_address = address
        self.ssl_context = tls or None  # Werkzeug asks only whether there is one: the URL scheme follows from it

    def log(self, kind: str, message: str, *args: object) -> None:
        """Write Werkzeug's rare complaints to stderr; the mock's own record is its journal."""
        print(f"hokusai-mock: {kind}: {message % args if args else message}", file=sys.stderr)  # noqa: T201

    def serve(self, connection: socket.socket, address: tuple[str, int]) -> None:
        """Serve every request of one connection until it ends."""
        Connection(connection, address, self)  # type: ignore[arg-type]


class Connection(WSGIRequestHandler):
    """Reads requests from one socket and answers them through the WSGI application."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    def handle_one_request(self) -> None:
        """Read one request and answer it; a TLS greeting on a port without TLS is refused before it is read on.

        It need not hold a line end, and a client that waits for the server's part would wait for ever.
        """
        if self.rfile.peek(1)[:1] == TLS_HANDSHAKE:  # type: ignore[attr-defined]
            self.send_error(400)
        else:
            super().handle_one_request()

    def run_wsgi(self) -> None:
        """Answer one request; the connection stays open unless HTTP, the client or an unread body forbids it."""
        environ = self.make_environ()
        body = self._body(environ)
        environ["wsgi.input"] = body
        environ[GONE] = self._client_has_gone
        answer = _Answer()
        try:
            chunks = self.server.app(environ, answer.start)
            try:
                wire = environ.get(WIRE)
                if wire is None:
                    self._send(environ, answer, chunks)
                else:
                    self._send_broken(wire, environ, answer, chunks)
            finally:
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
            self._delivered(environ, answer, "cut", has_status=answer.sent)
            return
        except Exception:  # noqa: BLE001 - the last line: an application error becomes a 500 and is printed
            self.close_connection = True
            self.server.log("error", f"uncaught in the application:\n{traceback.format_exc()}")
            answer.status, answer.body_bytes = (answer.status, answer.body_bytes) if answer.sent else (500, 0)
            self._delivered(environ, answer, "cut" if answer.sent else "sent")
            if not answer.sent:
                with contextlib.suppress(OSError):
                    self.wfile.write(_FAILED)
            return
        if wire is None and not body.complete:
            if body.refused or not body.drain(DRAIN_LIMIT):
                self.close_connection = True
            self._delivered(environ, answer, "sent")

    def handle_expect_100(self) -> bool:
        """Do nothing yet: the body sends "100 Continue" when it is read, so that a 413 comes before the upload."""
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse what is no HTTP request, in few words and without an echo of what was sent."""
        self.close_connection = True
        body = b'{"error":"hokusai-testkit: this is no HTTP request that can be read: %b"}' % _reason(code).encode()
        mark = "{}: {}".format(*MARK)
        head = f"HTTP/1.1 {code:d} {_reason(code)}\r\nContent-Type: application/json\r\n{mark}\r\n"
        self.wfile.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Stay silent: the journal is the record."""

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the journal is the record."""

    def _body(self, environ: dict[str, Any]) -> RequestBody:
        expects = environ.get("HTTP_EXPECT", "").strip().lower() == "100-continue"
        on_read = self._continue if expects else None
        chunked = environ.get("wsgi.input_terminated", False)
        environ["wsgi.input_terminated"] = True  # the body below ends where it ends, whatever its framing
        if chunked:
            if environ.pop("CONTENT_LENGTH", ""):
                self.close_connection = True  # two lengths: whoever stands in between may believe the other one
            return RequestBody(self.rfile, None, on_read)  # type: ignore[arg-type]
        length = environ.get("CONTENT_LENGTH", "")
        if environ.get("HTTP_TRANSFER_ENCODING") or (length and _LENGTH.fullmatch(length) is None):
            # Where the body ends is not known: nothing after the head may be taken for another request.
            self.close_connection = True
            environ["CONTENT_LENGTH"] = length = ""
        return RequestBody(self.rfile, int(length or 0), on_read)  # type: ignore[arg-type]

    def _continue(self) -> None:
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _send(self, environ: dict[str, Any], answer: _Answer, chunks: Iterable[bytes]) -> None:
        length_known = answer.has("content-length")
        bodyless = self.command == "HEAD" or answer.status in _BODYLESS or answer.status < 200
        if not length_known and not bodyless and isinstance(chunks, list | tuple):
            answer.headers.append(("Content-Length", str(sum(len(chunk) for chunk in chunks))))
            length_known = True
        chunked = not length_known and not bodyless and self.request_version == "HTTP/1.1"
        if chunked:
            answer.headers.append(("Transfer-Encoding", "chunked"))
        elif not length_known and not bodyless:
            self.close_connection = True
        body_in: RequestBody = environ["wsgi.input"]
        if not body_in.refused and 0 < int(environ.get("CONTENT_LENGTH") or 0) <= DRAIN_LIMIT:
            body_in.drain(DRAIN_LIMIT)
        head = self._head(answer)
        if isinstance(chunks, list | tuple):
            body = b"" if bodyless else b"".join(chunks)
            answer.body_bytes = len(body)
            # Reported first: who has the whole answer may look at the journal at once.
            self._delivered(environ, answer, "sent")
            self.wfile.write(head + body)
            answer.sent = True
            return
        whole = int(answer.value("content-length")) if length_known and not bodyless else None
        reported = False
        for chunk in () if bodyless else chunks:
            if chunk:
                answer.body_bytes += len(chunk)
                if answer.body_bytes == whole:
                    reported = True
                    self._delivered(environ, answer, "sent")
                self.wfile.write(head + (b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk))
            elif head:  # nothing yet, said first: the head does not wait for the body
                self.wfile.write(head)
            answer.sent, head = True, b""
        if not reported:
            self._delivered(environ, answer, "sent")
        if rest := head + (b"0\r\n\r\n" if chunked else b""):
            # Never an empty write: it fails on a connection that is being closed, though all has been delivered.
            self.wfile.write(rest)
        answer.sent = True

    def _send_broken(self, wire: Wire, environ: dict[str, Any], answer: _Answer, chunks: Iterable[bytes]) -> None:
        """Send what a fault makes of the answer, then end the connection: nobody may take the rest for another."""
        self.close_connection = True
        body_in: RequestBody = environ["wsgi.input"]
        if not body_in.refused:
            # Bytes of the request that nobody has read would turn any end into a reset, and a reset into a broken pipe.
            body_in.drain(sys.maxsize)
        head = b"" if wire.headless else self._head(answer)
        has_body = self.command != "HEAD" and answer.status not in _BODYLESS
        data = (head + b"".join(chunks) if has_body else head)[: wire.limit]
        answer.body_bytes = max(0, len(data) - len(head))
        has_status = not wire.headless and b"\r\n" in data
        self._delivered(environ, answer, wire.fate, has_status=has_status)
        if data:
            self.wfile.write(data)
            answer.sent = has_status
        if wire.hold:
            environ[WAIT](wire.hold, self._client_has_gone)
            self._delivered(environ, answer, wire.fate, has_status=has_status)
        if wire.fate == "reset":
            line.reset(self.connection)
        else:
            line.end(self.connection)

    def _client_has_gone(self) -> bool:
        return line.peer_has_gone(self.connection)

    def _head(self, answer: _Answer) -> bytes:
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if not answer.has("date"):
            lines.append(f"Date: {_http_date(int(time.time()))}")
        if answer.has("connection"):
            self.close_connection = self.close_connection or answer.value("connection").lower() == "close"
        elif self.close_connection:
            lines.append("Connection: close")
        text = "".join(lines)
        if any(character in text for character in _BREAKS):
            raise ValueError(
                "a header of the answer contains a line break; whoever made it must quote what it was given"
            )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _delivered(self, environ: dict[str, Any], answer: _Answer, fate: str, *, has_status: bool = True) -> None:
        report = environ.get(DELIVERED)
        if report is not None:
            report(answer.status if has_status else None, answer.body_bytes, fate)


class _Answer:
    """What the application handed to `start_response`, and how much of it left."""

    __slots__ = ("body_bytes", "headers", "reason", "sent", "status")

    def __init__(self) -> None:
        self.status = 500
        self.reason = ""
        self.headers: list[tuple[str, str]] = []
        self.sent = False
        self.body_bytes = 0

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG002
        code, _, reason = status.partition(" ")
        self.status, self.reason, self.headers = int(code), reason or _reason(int(code)), list(headers)
        return self._write

    def _write(self, data: bytes) -> None:  # noqa: ARG002 - WSGI's signature
        raise TypeError("the write callable of WSGI is not supported: return the body instead")

    def has(self, name: str) -> bool:
        return any(key.lower() == name for key, _ in self.headers)

    def value(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name)


@lru_cache(maxsize=2)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
