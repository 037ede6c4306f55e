"""Endpoints of artifacts that only browsers ask for: one file of a run, a version or a logged model, small uploads."""

from __future__ import annotations

import posixpath
from io import BytesIO

from hokusai_mock.messages import JSON_TYPE, Response
from hokusai_mock.mlflow_api import files, pages, paths
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.errors import Crash, StoreError, does_not_exist, invalid
from hokusai_mock.mlflow_api.validation import version_number

__all__: list[str] = []

_AJAX = "/ajax-api/2.0/mlflow/"
_MAX_UPLOAD = 10 * 1024 * 1024


@endpoint("GET", "/get-artifact", streams=True, provenance="proved")
def get_artifact(call: Call) -> Response:
    """A file of a run."""
    query = dict(reversed(call.request.query))
    if "path" not in query:
        return _path_is_missing(call)
    path = files.safe(call, query["path"])
    with call.request.world.lock:
        uri = call.store.runs.get(query.get("run_id") or query.get("run_uuid") or "None").artifact_uri
    return _download_below(call, uri, path)


def _path_is_missing(call: Call) -> Response:
    if not call.profile.behaviour.missing_parameters_are_bad_requests:
        raise Crash
    return pages.bad_request()


def _download_below(call: Call, uri: str, path: str) -> Response:
    root = paths.root_of(uri)
    if root is None:
        raise invalid(f"the mock keeps no artifacts at {uri}; only mlflow-artifacts:/ locations are its own")
    full = posixpath.join(root, path)
    artifact = call.store.artifacts.get(full)
    if artifact is None:
        if not call.profile.behaviour.missing_files_are_refused:
            raise Crash
        raise does_not_exist(f"No such artifact: '{full}'")
    return files.attachment(call, full, artifact)


@endpoint("GET", "/model-versions/get-artifact", streams=True, provenance="proved")
def get_model_version_artifact(call: Call) -> Response:
    """A file of a model version."""
    query = dict(reversed(call.request.query))
    if "path" not in query:
        return _path_is_missing(call)
    path = files.safe(call, query["path"])
    name = query.get("name", "")
    if not name:
        raise invalid("Missing value for required parameter 'name'.", "name_is_empty")
    number = version_number(query.get("version", ""))
    with call.request.world.lock:
        version = call.store.registry.version(name, number)
    return _download_below(call, version.storage_location, path)


@endpoint("GET", f"{_AJAX}logged-models/<model_id>/artifacts/files", streams=True, provenance="proved")
def get_logged_model_artifact(call: Call) -> Response:
    """A file of a logged model."""
    path = dict(reversed(call.request.query)).get("artifact_file_path")
    if not path:
        raise StoreError("BAD_REQUEST", 'Request must include the "artifact_file_path" query parameter.')
    path = files.safe(call, path)
    with call.request.world.lock:
        uri = call.store.logged_models.get(call.parameters["model_id"]).artifact_uri
    return _download_below(call, uri, path)


@endpoint("POST", f"{_AJAX}upload-artifact", streams=True, provenance="proved")
def upload_artifact_of_a_run(call: Call) -> Response:
    """Keep a small file of a run; where its experiment keeps artifacts is not looked at, as on the real server."""
    query = dict(reversed(call.request.query))
    for name in ("run_uuid", "path"):
        if not query.get(name):
            raise invalid(f"Request must specify {name}.")
    path = files.safe(call, query["path"])
    if (call.request.content_length or 0) > _MAX_UPLOAD:
        raise invalid("Artifact size is too large. Max size is 10MB.")
    data = call.request.stream.read(_MAX_UPLOAD)
    if not data:
        raise invalid("Request must specify data.")
    with call.request.world.lock:
        run = call.store.runs.get(query["run_uuid"])
    if not path:
        raise Crash  # the run's own folder cannot be written like a file
    files.receive(call, posixpath.join(run.experiment_id, run.run_id, "artifacts", path), BytesIO(data))
    return Response(200, b"", [("Content-Type", JSON_TYPE)])
