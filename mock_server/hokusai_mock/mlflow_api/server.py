"""Endpoints about the server itself."""

from __future__ import annotations

from hokusai_mock.messages import JSON_TYPE, Response
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.pages import HTML

__all__: list[str] = []


@endpoint("GET", "/health", streams=True, provenance="proved")
def health(call: Call) -> Response:
    """The server is up. HEAD is answered by Flask whatever answers GET."""
    return Response.text("OK", content_type=HTML if call.request.method == "HEAD" else call.profile.health_type)


@endpoint("GET", "/version", streams=True, provenance="proved")
def version(call: Call) -> Response:
    """The version of MLflow."""
    return Response.text(call.profile.version, content_type=HTML)


@endpoint("GET", "/server-info", streams=True, provenance="proved")
@endpoint("GET", "/api/3.0/mlflow/server-info", streams=True, provenance="proved")
def server_info(call: Call) -> Response:
    """What kind of store the server has, and what it can do."""
    return Response(200, call.profile.server_info.encode(), [("Content-Type", JSON_TYPE)])


@endpoint("GET", "/", streams=True, provenance="assumed")
def root(call: Call) -> Response:
    """A page that says what this is: the mock has no user interface."""
    page = (
        "<!doctype html><title>MLflow</title><p>hokusai-testkit plays an MLflow server, version "
        f"{call.profile.version}, without its user interface.\n"
    )
    return Response.text(page, content_type=HTML)
