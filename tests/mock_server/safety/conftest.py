"""The mock as a WSGI callable, and a client that sends what a browser would not let a page send."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from hokusai_mock.app import create_app
from hokusai_mock.pipeline import AdminOptions
from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

HOST = "127.0.0.1:8765"


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Mock:
    """Every layer from the server's WSGI interface on, without a socket."""

    def __init__(self, worlds: Worlds, options: AdminOptions | None = None) -> None:
        self.worlds = worlds
        self.app = create_app(worlds, options)

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        stream: Any = None,
    ) -> Answer:
        """Send a request whose path is not percent-encoded, as WSGI hands it over; chunked when it has a `stream`."""
        path, _, query = target.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path.encode("utf-8", "surrogatepass").decode("latin-1"),
            "QUERY_STRING": query,
            "HTTP_HOST": HOST,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8765",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": "" if stream else str(len(body)),
            "wsgi.input": stream or io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        started: list[Any] = []
        chunks = self.app(environ, lambda status, sent, exc_info=None: started.append((int(status[:3]), list(sent))))
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return Answer(*started[-1], content)


@pytest.fixture
def wsgi() -> Iterator[Mock]:
    mock = Mock(Worlds(WorldOptions(seed=1)))
    yield mock
    assert [(world.id, world.errors) for world in mock.worlds.all() if world.errors] == []
    mock.worlds.close()
