"""The mock as the other side of the exchange: a fresh world, driven without a socket."""

from __future__ import annotations

import io
from collections.abc import Mapping
from urllib.parse import unquote

from exchange import Answer, Send

from hokusai_mock.messages import Request
from hokusai_mock.mlflow_api import MlflowApplication
from hokusai_mock.world import World, WorldOptions

APPLICATION = MlflowApplication()


def fresh_world(profile: str) -> World:
    """A plain world that plays the profile."""
    world = World("fidelity", WorldOptions(mlflow=profile, plain=True))
    world.clock.freeze()
    return world


def sender(world: World) -> Send:
    """Send requests to the application, as the WSGI side would make them; each a millisecond after the last."""

    def send(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        world.clock.advance(1)
        path, _, query = target.partition("?")
        decoded = unquote(path, errors="replace")
        environ = {
            "REQUEST_METHOD": method,
            "QUERY_STRING": query,
            "PATH_INFO": decoded,
            "HTTP_HOST": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body or b""),
            "CONTENT_LENGTH": str(len(body)) if body is not None else "",
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        response = APPLICATION.handle(Request(environ, decoded, world))
        content = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        received = {}
        for name, value in response.headers:
            key = name.lower()
            received[key] = f"{received[key]}, {value}" if key in received else value
        return Answer(response.status, received, content)

    return send
