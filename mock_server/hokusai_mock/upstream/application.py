"""The way of a request to the backend and of its answer back, and what is answered when there is none."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from hokusai_mock.messages import Request, Response
from hokusai_mock.upstream.backend import Backend
from hokusai_mock.upstream.connections import Connections, Link, Unreachable
from hokusai_mock.upstream.translation import answer_headers, request_headers, target

__all__ = ["Upstream"]

TIMEOUT = 30.0
"""Seconds that the real gateway waits for MLflow to connect, to take data or to answer."""

BLOCK = 64 * 1024
"""Bytes of a body that are held at a time; an answer up to this length is read in one piece."""

_BODYLESS = (204, 304)
_REPEATABLE = ("GET", "HEAD", "OPTIONS")


class ClientGone(ConnectionAbortedError):
    """The client broke off in the middle of its upload: nobody is left to answer."""


class Upstream:
    """A real MLflow server, with the interface of the one that the mock plays."""

    def __init__(self, backend: Backend, timeout: float = TIMEOUT) -> None:
        """Forward to `backend`; nothing is connected yet. `timeout` bounds every silence, in seconds."""
        self._backend, self._timeout = backend, timeout
        self._connections = Connections(backend, timeout)

    def handle(self, request: Request) -> Response:
        """Forward one request; `request.path` is relative to the server's root.

        A backend that cannot be reached, stays silent or breaks off is answered as the real gateway answers then: 502,
        504, 500. Redirects are handed back, not followed.
        """
        try:
            return self._exchange(request, self._connections.take())
        except ClientGone:
            raise
        except Unreachable:
            return self._failure(request, 502, f"Failed to connect to MLflow server at {self._backend.url}")
        except TimeoutError:
            return self._failure(request, 504, f"MLflow server request timeout after {self._timeout}s")
        except (OSError, http.client.HTTPException):
            return self._failure(request, 500, "Internal server error while proxying to MLflow")

    def close(self) -> None:
        """End every connection; requests under way are cut off."""
        self._connections.close()

    def _exchange(self, request: Request, link: Link) -> Response:
        try:
            answer = self._ask(request, link)
        except (http.client.RemoteDisconnected, ConnectionError):
            # The backend may close a kept connection in the moment in which it is used again.
            if not link.reused or request.method not in _REPEATABLE or _has_body(request):
                raise
            link = self._connections.take(fresh=True)
            answer = self._ask(request, link)
        return self._answer(request, link, answer)

    def _ask(self, request: Request, link: Link) -> http.client.HTTPResponse:
        try:
            _send(request, self._backend, link.connection)
            return link.connection.getresponse()
        except BaseException:
            self._connections.give_back(link, usable=False)
            raise

    def _answer(self, request: Request, link: Link, answer: http.client.HTTPResponse) -> Response:
        bodyless = request.method == "HEAD" or answer.status in _BODYLESS
        length = answer.length
        if not bodyless and (length is None or length > BLOCK):
            headers = answer_headers(answer.getheaders(), with_length=True)
            return Response(answer.status, _AnswerBody(self._connections, link, answer), headers)
        usable = False
        try:
            body = answer.read()
            usable = not answer.will_close
        finally:
            answer.close()
            self._connections.give_back(link, usable=usable)
        headers = answer_headers(answer.getheaders(), with_length=bodyless)
        return Response(answer.status, () if bodyless else body, headers)

    def _failure(self, request: Request, status: int, detail: str) -> Response:
        if self._connections.closed:
            raise ConnectionAbortedError("the mock is stopping")
        if request.entry is not None:
            request.entry.layer = "gateway"
        return Response.json({"detail": detail}, status)


class _AnswerBody:
    """The backend's body in pieces as they arrive. Cut short by the backend, it is cut short for the client too."""

    __slots__ = ("_answer", "_connections", "_link", "_usable")

    def __init__(self, connections: Connections, link: Link, answer: http.client.HTTPResponse) -> None:
        self._connections, self._answer = connections, answer
        self._link: Link | None = link
        self._usable = False

    def __iter__(self) -> Iterator[bytes]:
        answer, missing = self._answer, self._answer.length
        try:
            # Chunks are handed on as they come; a body of known length in full blocks.
            while data := answer.read1(BLOCK) if answer.chunked else answer.read(BLOCK):
                missing = None if missing is None else missing - len(data)
                yield data
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionAbortedError(f"the MLflow server broke off in the middle of its answer: {error}") from error
        if missing:
            raise ConnectionAbortedError(f"the MLflow server broke off {missing} bytes before the end of its answer")
        self._usable = not answer.will_close
        self.close()

    def close(self) -> None:
        """Let go of the connection; one whose answer was not read to its end is closed."""
        link, self._link = self._link, None
        if link is not None:
            self._answer.close()
            self._connections.give_back(link, usable=self._usable)


def _has_body(request: Request) -> bool:
    return request.header("Transfer-Encoding") is not None or bool(request.content_length)


def _send(request: Request, backend: Backend, connection: http.client.HTTPConnection) -> None:
    connection.putrequest(request.method, target(request, backend), skip_host=True, skip_accept_encoding=True)
    for name, value in request_headers(request, backend):
        connection.putheader(name, value)
    length = request.content_length
    chunked = length is None and request.header("Transfer-Encoding") is not None
    if chunked:
        connection.putheader("Transfer-Encoding", "chunked")
    elif length is not None or request.method in ("POST", "PUT", "PATCH"):
        connection.putheader("Content-Length", str(length or 0))
    try:
        connection.endheaders(_pieces(request) if chunked or length else None, encode_chunked=chunked)
    except ClientGone:
        raise
    except (BrokenPipeError, ConnectionResetError):
        pass  # a server may answer before it has read everything, and stop reading


def _pieces(request: Request) -> Iterator[bytes]:
    try:
        yield from request.pieces(BLOCK)
    except OSError as error:
        raise ClientGone(str(error)) from error
