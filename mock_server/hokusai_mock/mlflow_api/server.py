"""Endpoints about the server itself."""

from __future__ import annotations

from hokusai_mock.messages import JSON_TYPE, Response
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.pages import HTML

__all__: list[str] = []


@endpoint("GET", "/health", streams=True, provenance="proved")
def health(_: Call) -> Response:
    """The server is up."""
    return Response.text("OK", content_type=HTML)


@endpoint("GET", "/version", streams=True, provenance="proved")
def version(call: Call) -> Response:
    """The version of MLflow."""
    return Response.text(call.profile.version, content_type=HTML)


@endpoint("GET", "/server-info", streams=True, provenance="proved")
def server_info(_: Call) -> Response:
    """What kind of store the server has."""
    return Response(200, b'{"store_type": "SqlStore"}\n', [("Content-Type", JSON_TYPE)])


@endpoint("GET", "/", streams=True, provenance="assumed")
def root(call: Call) -> Response:
    """A page that says what this is: the mock has no user interface."""
    page = (
        "<!doctype html><title>MLflow</title><p>hokusai-testkit plays an MLflow server, version "
        f"{call.profile.version}, without its user interface.\n"
    )
    return Response.text(page, content_type=HTML)
