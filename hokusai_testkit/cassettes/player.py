"""Plays a cassette as a server on a port: for threads, processes and clients in any language.

Requests are matched by method, path and query, each interaction is played once, in the order of the recording. What was
not recorded is handed to `on_miss`, or answered with 501 and remembered: a test that caused it fails.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hokusai_mock.messages import MARK
from hokusai_mock.server.acceptor import Acceptor, listen
from hokusai_mock.server.connection import WSGIHost
from hokusai_testkit.cassettes.file import Interaction, read
from hokusai_testkit.cassettes.replay import mlflow_path

__all__ = ["Miss", "Player"]

Miss = Callable[[str, str, bytes, dict[str, str]], "tuple[int, list[tuple[str, str]], bytes]"]
"""Answers a request that was not recorded: (method, path with query, body, headers) -> (status, headers, body)."""

_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})
_HOST = "127.0.0.1"


class Player:
    """A server that answers with what the cassette at `path` holds."""

    def __init__(self, path: Path, on_miss: Miss | None = None) -> None:
        """Read the cassette; `CassetteError` for a file that is none, `OSError`."""
        self._interactions = read(path).interactions
        self._left = list(self._interactions)
        self._on_miss = on_miss
        self._lock = threading.Lock()
        self._acceptor = Acceptor()
        self.path = path
        self.url = ""
        self.misses: list[str] = []
        """Requests that were asked for and not recorded, as `METHOD path`."""

    @property
    def played(self) -> frozenset[int]:
        """Numbers of the interactions that were played, from 1."""
        with self._lock:
            left = {one.number for one in self._left}
        return frozenset(one.number for one in self._interactions) - left

    @property
    def tracking_uri(self) -> str:
        """The tracking URI below which the recorded requests of MLflow's client lie."""
        for one in self._interactions:
            path = urlsplit(str(one.uri.value)).path
            inner = mlflow_path(path)
            if inner is not None and path.endswith(inner):
                return self.url + path[: len(path) - len(inner)]
        return self.url

    def start(self) -> Player:
        """Open a free port on loopback; `url` says which."""
        listener = listen(_HOST, 0)
        address = listener.getsockname()[:2]
        self.url = f"http://{_HOST}:{address[1]}"
        self._acceptor.add(listener, WSGIHost(self, (address[0], address[1])).serve)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self._acceptor.stop()

    def __enter__(self) -> Player:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request: a WSGI application."""
        body = _body(environ)
        target = environ["PATH_INFO"] + (f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else "")
        one = self._take(environ["REQUEST_METHOD"], target)
        if one is not None:
            status, headers, content = one.status, _recorded_headers(one), _content(one)
        elif self._on_miss is not None:
            status, headers, content = self._on_miss(environ["REQUEST_METHOD"], target, body, _headers(environ))
        else:
            status, headers, content = self._missed(environ["REQUEST_METHOD"], target)
        length = [] if status in (204, 304) else [("Content-Length", str(len(content)))]
        start_response(f"{status} ", [*headers, *length, MARK])
        return (content,)

    def _take(self, method: str, target: str) -> Interaction | None:
        wanted = _key(method, target)
        with self._lock:
            for index, one in enumerate(self._left):
                if _key(one.method, str(one.uri.value)) == wanted:
                    return self._left.pop(index)
        return None

    def _missed(self, method: str, target: str) -> tuple[int, list[tuple[str, str]], bytes]:
        path = target.partition("?")[0]
        same = [one for one in self._interactions if urlsplit(str(one.uri.value)).path.endswith(path)]
        why = "it was played already" if same else "it was not recorded"
        with self._lock:
            self.misses.append(f"{method} {path}: {why}")
        message = (
            f"hokusai-testkit: {self.path.name} has no answer to {method} {path}: {why}. Record it again with "
            "--hokusai-record=rewrite, or what is missing with --hokusai-record=new."
        )
        content = json.dumps({"error_code": "NOT_IMPLEMENTED", "message": message}).encode()
        return 501, [("Content-Type", "application/json")], content


def _key(method: str, uri: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    parts = urlsplit(uri)
    return method, parts.path, tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))


def _body(environ: dict[str, Any]) -> bytes:
    content: bytes = environ["wsgi.input"].read()
    return content


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    found = {
        name[5:].replace("_", "-").title(): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    found.pop("Host", None)
    found.pop("Connection", None)
    if environ.get("CONTENT_TYPE"):
        found["Content-Type"] = environ["CONTENT_TYPE"]
    return found


def _recorded_headers(one: Interaction) -> list[tuple[str, str]]:
    return [(header.name, header.value) for header in one.answer_headers if header.name.lower() not in _FRAMING]


def _content(one: Interaction) -> bytes:
    if one.answer is None or one.method == "HEAD":
        return b""
    value = one.answer.value
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
