"""Endpoints of artifacts: the proxy that clients upload to and download from, and the listings of runs and models."""

from __future__ import annotations

import posixpath
from mimetypes import MimeTypes
from posixpath import basename, splitext

from hokusai_mock.messages import Response
from hokusai_mock.mlflow_api import layout, paths
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.errors import Crash, StoreError, invalid
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.runs import RUN_ID
from hokusai_mock.mlflow_api.validation import INTEGER, REQUIRED, STRING, version_number
from hokusai_mock.mlflow_api.wire import INT64, TEXT, Message, Repeated
from hokusai_mock.store import ArtifactTooLarge
from hokusai_mock.store.artifacts import Artifact, ArtifactInfo

__all__: list[str] = []

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
_FILE = f"{PROXY}/<path:artifact_path>"

# fmt: off
_TEXT_ENDINGS = frozenset((
    "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml", "xml",
    "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "MLmodel", "MLproject",
))
# fmt: on
_TYPES = MimeTypes()
"""Python's own table, whatever the machine's says."""


def _safe(call: Call, path: str) -> str:
    return paths.safe(path, escapes_control_characters=call.profile.behaviour.control_characters_are_escaped)


def _file_type(path: str) -> str:
    """The type of a file by its name, as MLflow guesses it: what a person can read is text."""
    name = basename(path)
    ending = splitext(name)[1].lstrip(".") or name
    if ending in _TEXT_ENDINGS:
        return "text/plain"
    return _TYPES.guess_type(name)[0] or "application/octet-stream"


def _attachment(call: Call, path: str, artifact: Artifact) -> Response:
    headers = [
        ("Content-Type", _file_type(path)),
        ("Content-Disposition", f"attachment; filename={basename(path)}"),
    ]
    if not call.profile.security.headers:
        headers.append(("X-Content-Type-Options", "nosniff"))  # newer servers send it with everything
    if artifact.spooled is None:
        return Response(200, artifact.data, headers)
    return Response(200, artifact.chunks(), [*headers, ("Content-Length", str(artifact.size))])


@endpoint("PUT", _FILE, streams=True, provenance="proved")
def upload_artifact(call: Call) -> Response:
    """Keep the body as a file; above the upload limit it is refused and nothing is kept."""
    request = call.request
    path = _safe(call, call.parameters["artifact_path"])
    limit = request.world.options.max_upload
    if (request.content_length or 0) > limit:
        return _too_large(limit)
    try:
        call.store.artifacts.receive(path, request.stream, limit)
    except ArtifactTooLarge:
        return _too_large(limit)
    return layout.answer({})


def _too_large(limit: int) -> Response:
    message = f"hokusai-testkit: the artifact is larger than {limit} bytes; raise --max-upload if that is meant"
    return layout.refusal(413, "INVALID_PARAMETER_VALUE", message)


@endpoint("GET", _FILE, streams=True, provenance="proved")
def download_artifact(call: Call) -> Response:
    """A file, as an attachment."""
    path = _safe(call, call.parameters["artifact_path"])
    return _attachment(call, path, _existing(call, path))


def _existing(call: Call, path: str) -> Artifact:
    artifact = call.store.artifacts.get(path)
    if artifact is None:
        raise StoreError(
            "INTERNAL_ERROR",
            "The following failures occurred while downloading one or more artifacts from ./mlartifacts:\n"
            f"##### File {path} #####\n[Errno 2] No such file or directory: './mlartifacts/{path}'",
        )
    return artifact


@endpoint("DELETE", _FILE, streams=True, provenance="proved")
def delete_artifact(call: Call) -> Response:
    """Remove a file or a folder; old servers stumble over files."""
    path = _safe(call, call.parameters["artifact_path"])
    store = call.store.artifacts
    if store.get(path) is not None and not call.profile.behaviour.artifact_files_can_be_deleted:
        raise Crash
    store.delete(path)
    return layout.answer({})


@endpoint("GET", PROXY, Message(path=TEXT), provenance="proved")
def list_proxied_artifacts(call: Call) -> Json:
    """What is in a folder of the artifact root, by name alone."""
    folder = _safe(call, call.text("path")) if "path" in call.values else ""
    files = [_file_info(one, basename(one.path)) for one in call.store.artifacts.listing(folder)]
    return {"files": files} if files else {}


def _file_info(info: ArtifactInfo, path: str) -> Json:
    result: Json = {"path": path, "is_dir": info.is_dir}
    if info.size:
        result["file_size"] = info.size
    return result


def _listing(call: Call, uri: str, path: str) -> Json:
    """What is in a folder below the artifact URI of a run or model, by path below it."""
    result: Json = {"root_uri": uri}
    root = paths.root_of(uri)
    if root is None:
        return result
    folder = posixpath.join(root, path).rstrip("/")
    files = [_file_info(one, posixpath.relpath(one.path, root)) for one in call.store.artifacts.listing(folder)]
    if files:
        result["files"] = files
    return result


@endpoint(
    "GET",
    "artifacts/list",
    Message(run_id=TEXT, run_uuid=TEXT, path=TEXT, page_token=TEXT),
    {**RUN_ID, "path": (STRING,), "page_token": (STRING,)},
    provenance="proved",
)
def list_artifacts(call: Call) -> Json:
    """The artifacts of a run."""
    path = _safe(call, call.text("path")) if "path" in call.values else ""
    return _listing(call, call.store.runs.get(call.run_id).artifact_uri, path)


@endpoint(
    "GET",
    "logged-models/<model_id>/artifacts/directories",
    Message(artifact_directory_path=TEXT),
    {"artifact_directory_path": (STRING,)},
    provenance="proved",
)
def list_logged_model_artifacts(call: Call) -> Json:
    """The artifacts of a logged model."""
    name = "artifact_directory_path"
    path = _safe(call, call.text(name)) if name in call.values else ""
    return _listing(call, call.store.logged_models.get(call.parameters["model_id"]).artifact_uri, path)


@endpoint("GET", "/get-artifact", streams=True, provenance="proved")
def get_artifact(call: Call) -> Response:
    """A file of a run, as the user interface asks for it."""
    query = dict(call.request.query)
    if "path" not in query:
        raise Crash
    path = _safe(call, query["path"])
    with call.request.world.lock:
        uri = call.store.runs.get(query.get("run_id") or query.get("run_uuid") or "").artifact_uri
    return _download_below(call, uri, path)


def _download_below(call: Call, uri: str, path: str) -> Response:
    root = paths.root_of(uri)
    if root is None:
        raise invalid(f"the mock keeps no artifacts at {uri}; only mlflow-artifacts:/ locations are its own")
    full = posixpath.join(root, path)
    return _attachment(call, full, _existing(call, full))


@endpoint("GET", "/model-versions/get-artifact", streams=True, provenance="documented")
def get_model_version_artifact(call: Call) -> Response:
    """A file of a model version, as the user interface asks for it."""
    query = dict(call.request.query)
    if "path" not in query:
        raise Crash
    path = _safe(call, query["path"])
    number = version_number(query.get("version", ""))
    with call.request.world.lock:
        version = call.store.registry.version(query.get("name", ""), number)
    return _download_below(call, version.storage_location, path)


_MULTIPART = "Multipart upload is not supported for the current artifact repository"


_PART = Message(part_number=INT64, etag=TEXT, url=TEXT)
_PATH = {"path": (REQUIRED, STRING)}


@endpoint(
    "POST",
    "/api/2.0/mlflow-artifacts/mpu/create/<path:artifact_path>",
    Message(path=TEXT, num_parts=INT64),
    {**_PATH, "num_parts": (INTEGER,)},
    provenance="proved",
)
@endpoint(
    "POST",
    "/api/2.0/mlflow-artifacts/mpu/complete/<path:artifact_path>",
    Message(path=TEXT, upload_id=TEXT, parts=Repeated(_PART)),
    {**_PATH, "upload_id": (STRING,), "parts": (REQUIRED,)},
    provenance="documented",
)
@endpoint(
    "POST",
    "/api/2.0/mlflow-artifacts/mpu/abort/<path:artifact_path>",
    Message(path=TEXT, upload_id=TEXT),
    {**_PATH, "upload_id": (STRING,)},
    provenance="proved",
)
def refuse_multipart(_: Call) -> Response:
    """A server that keeps artifacts in its own file system has no multipart uploads."""
    raise StoreError("NOT_IMPLEMENTED", _MULTIPART)
