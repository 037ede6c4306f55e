"""An MLflow server without a socket: requests go straight to the application."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hokusai_mock.messages import Request, Response
from hokusai_mock.mlflow_api import MlflowApplication
from hokusai_mock.world import World, WorldOptions

API = "/api/2.0/mlflow/"
APPLICATION = MlflowApplication()


class Server:
    """A world and the way to ask it."""

    def __init__(self, world: World, application: MlflowApplication = APPLICATION) -> None:
        self.world = world
        self.application = application

    def ask(
        self,
        method: str,
        target: str,
        payload: Any = None,
        *,
        body: bytes | None = None,
        stream: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Send a request; a target without a leading slash is below `/api/2.0/mlflow/`."""
        path, _, query = (target if target.startswith("/") else API + target).partition("?")
        content = json.dumps(payload).encode() if payload is not None else body or b""
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": "127.0.0.1:5000",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": "" if stream else str(len(content)),
            "wsgi.input": stream or io.BytesIO(content),
            "wsgi.url_scheme": "http",
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()},
        }
        return self.application.handle(Request(environ, path, self.world))

    def json(self, method: str, target: str, payload: Any = None) -> Any:
        """The JSON of an answer that must be a 200."""
        response = self.ask(method, target, payload)
        assert response.status == 200, response.body
        return json.loads(content(response))


def content(response: Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


MakeServer = Callable[..., Server]


@pytest.fixture
def make_server() -> Iterator[MakeServer]:
    """`make_server(mlflow="mlflow-2.9", application=..., **options)`; plain unless told otherwise."""
    worlds: list[World] = []

    def make(application: MlflowApplication = APPLICATION, **options: Any) -> Server:
        world = World(f"w{len(worlds)}", WorldOptions(**{"plain": True, **options}))
        worlds.append(world)
        return Server(world, application)

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    return make_server()
