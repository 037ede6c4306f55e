"""MLflow as the platform's own routes see it: they ask it over its REST interface, as the real service does.

So they show what is in the sandbox's store, or in the backend, and feel a fault that is played before MLflow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from hokusai_mock.messages import Handler, Request, Response

__all__ = ["Tracking", "TrackingError", "upstream_failure"]

Json = dict[str, Any]

_API = "/api/2.0/mlflow/"
_DROPPED = ("HTTP_ORIGIN", "HTTP_EXPECT", "HTTP_TRANSFER_ENCODING", "HTTP_ACCEPT_ENCODING", "RAW_URI", "REQUEST_URI")

PROXY_TIMEOUT_S = 30.0
"""Seconds after which the gateway gives MLflow up."""


class TrackingError(Exception):
    """MLflow refused, or was not there; `status` is its answer's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """`code` and `message` as MLflow's JSON has them, or made of a body that is none."""
        super().__init__(message)
        self.status, self.code = status, code

    @property
    def missing(self) -> bool:
        """Whether MLflow is there and does not know what was asked for."""
        return self.code == "RESOURCE_DOES_NOT_EXIST"


def upstream_failure(request: Request) -> Response | None:
    """The gateway's answer when the setting `upstream` keeps MLflow from it; `None` when it is up."""
    settings = request.world.settings
    if settings.upstream == "up":
        return None
    if settings.upstream == "refused":
        return Response.json({"detail": f"Failed to connect to MLflow server at {settings.upstream_url}"}, 502)
    if settings.upstream == "timeout":
        request.world.wait(PROXY_TIMEOUT_S)
        return Response.json({"detail": f"MLflow server request timeout after {PROXY_TIMEOUT_S}s"}, 504)
    return Response.json({"detail": "Internal server error while proxying to MLflow"}, 500)


class Tracking:
    """Asks MLflow in the course of one request; what it asks is not in the journal."""

    __slots__ = ("_mlflow", "_request")

    def __init__(self, request: Request, mlflow: Handler) -> None:
        """Ask on behalf of `request`."""
        self._request, self._mlflow = request, mlflow

    def get(self, endpoint: str, **query: str | int) -> Json:
        """GET an endpoint below `/api/2.0/mlflow/`; `TrackingError` for anything but a 200 with an object."""
        return self._ask("GET", endpoint, urlencode(query), b"")

    def send(self, method: str, endpoint: str, payload: Json) -> Json:
        """Send an object to an endpoint below `/api/2.0/mlflow/`."""
        return self._ask(method, endpoint, "", json.dumps(payload).encode())

    def versions(self, name: str | None = None) -> Iterator[Json]:
        """All model versions, or those of one model, as MLflow orders them."""
        query: dict[str, str | int] = {"max_results": 10_000}
        if name is not None:
            quote = '"' if "'" in name else "'"
            query["filter"] = f"name={quote}{name}{quote}"
        while True:
            page = self.get("model-versions/search", **query)
            yield from page.get("model_versions", [])
            if not (token := page.get("next_page_token")):
                return
            query["page_token"] = token

    def _ask(self, method: str, endpoint: str, query: str, body: bytes) -> Json:
        answer = upstream_failure(self._request)
        if answer is None:
            answer = self._mlflow(self._inner(method, _API + endpoint, query, body))
        content = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
        answer.discard()
        if answer.wire is not None:
            raise TrackingError(502, "INTERNAL_ERROR", "the connection to MLflow broke")
        try:
            payload = json.loads(content)
        except ValueError:
            payload = None
        if answer.status == 200 and isinstance(payload, dict):
            return payload
        said = payload if isinstance(payload, dict) else {}
        message = said.get("message") or said.get("detail") or f"MLflow answered {answer.status}"
        raise TrackingError(answer.status, str(said.get("error_code", "INTERNAL_ERROR")), str(message))

    def _inner(self, method: str, path: str, query: str, body: bytes) -> Request:
        environ = {name: value for name, value in self._request.environ.items() if name not in _DROPPED}
        environ.update(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": "application/json" if body else "",
                "CONTENT_LENGTH": str(len(body)) if body else "",
                "wsgi.input": BytesIO(body),
            }
        )
        return Request(environ, path, self._request.world)
