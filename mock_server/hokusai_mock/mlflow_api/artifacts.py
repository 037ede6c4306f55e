"""Endpoints of artifacts: the proxy that clients upload to and download from, and the listings of runs and models.

What browsers ask for beside it is in `browser_artifacts.py`, how a file is sent in `files.py`.
"""

from __future__ import annotations

import posixpath
from posixpath import basename
from urllib.parse import urlsplit

from hokusai_mock.messages import Response
from hokusai_mock.mlflow_api import files, layout, paths
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.errors import Collapse, Crash, Detail, StoreError, invalid, to_response
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.runs import RUN_ID
from hokusai_mock.mlflow_api.switches import is_native
from hokusai_mock.mlflow_api.validation import INTEGER, REQUIRED, STRING
from hokusai_mock.mlflow_api.wire import INT64, TEXT, Message, Repeated
from hokusai_mock.store.artifacts import ArtifactInfo

__all__: list[str] = []

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
_FILE = f"{PROXY}/<path:artifact_path>"
_OBJECT_STORES = frozenset({"s3", "gs", "wasbs", "abfss", "hdfs"})
"""Where servers look themselves for what clients list."""


@endpoint("PUT", _FILE, streams=True, provenance="proved")
def upload_artifact(call: Call) -> Response:
    """Keep the body as a file; above the upload limit it is refused and nothing is kept."""
    native = is_native("PUT", call.request.path, call.profile)
    try:
        path = _destination(call, native=native)
        files.receive(call, path)
    except StoreError as error:
        return to_response(error, call.profile, compact=native)
    return Response(200, b"", []) if native else layout.answer({})


def _destination(call: Call, *, native: bool) -> str:
    """Where an upload goes. A folder's name puts it into the folder, where that does not break the server."""
    given = call.parameters["artifact_path"]
    path, store = files.safe(call, given), call.store.artifacts
    if given.endswith("/") and not native:
        raise Crash
    if not path and not native:
        raise Crash  # the root is a folder
    parents = path.split("/")[:-1]
    below_a_file = any(store.get("/".join(parents[: depth + 1])) is not None for depth in range(len(parents)))
    if native:
        if not path or given.endswith("/"):
            raise Detail("Artifact path must include a filename (cannot end with '/').")
        if below_a_file or store.is_folder(path):
            raise Collapse
    elif below_a_file:
        raise Crash
    return posixpath.join(path, basename(path)) if store.is_folder(path) else path


@endpoint("GET", _FILE, streams=True, provenance="proved")
def download_artifact(call: Call) -> Response:
    """A file, as an attachment."""
    native, given = is_native("GET", call.request.path, call.profile), call.parameters["artifact_path"]
    try:
        path = files.safe(call, given)
        if call.store.artifacts.is_folder(path):
            if not native:
                raise Crash
            raise Detail(f"Artifact path refers to a directory, not a file: '{path}'")
        artifact = call.store.artifacts.get(path)
        if artifact is not None and given.endswith("/") and not native:
            raise Crash
        if artifact is None:
            raise _missing(path)
    except StoreError as error:
        return to_response(error, call.profile, compact=native)
    return files.attachment(call, path, artifact, asked=given if native else None)


def _missing(path: str) -> StoreError:
    text = (
        "The following failures occurred while downloading one or more artifacts from ./mlartifacts:\n"
        f"##### File {path} #####\n[Errno 2] No such file or directory: './mlartifacts/{path}'"
    )
    return StoreError("INTERNAL_ERROR", text, "artifact_not_found", path=path)


@endpoint("DELETE", _FILE, streams=True, provenance="proved")
def delete_artifact(call: Call) -> Response:
    """Remove a file or a folder; old servers stumble over files."""
    path = files.safe(call, call.parameters["artifact_path"])
    store = call.store.artifacts
    if store.get(path) is not None and not call.profile.behaviour.artifact_files_can_be_deleted:
        raise Crash
    store.delete(path)
    return layout.answer({})


@endpoint("GET", PROXY, Message(path=TEXT), provenance="proved")
def list_proxied_artifacts(call: Call) -> Json:
    """What is in a folder of the artifact root, by name alone."""
    folder = files.safe(call, call.text("path")) if "path" in call.values else ""
    listed = [_file_info(one, basename(one.path)) for one in call.store.artifacts.listing(folder)]
    return {"files": listed} if listed else {}


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
        if urlsplit(uri).scheme in _OBJECT_STORES:
            raise Crash  # a server without the store's package or credentials stumbles here
        return result
    folder = posixpath.join(root, path).rstrip("/")
    listed = [_file_info(one, posixpath.relpath(one.path, root)) for one in call.store.artifacts.listing(folder)]
    if listed:
        result["files"] = listed
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
    path = files.safe(call, call.text("path")) if "path" in call.values else ""
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
    path = files.safe(call, call.text(name)) if name in call.values else ""
    return _listing(call, call.store.logged_models.get(call.parameters["model_id"]).artifact_uri, path)


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
def refuse_multipart(call: Call) -> Response:
    """A server that keeps artifacts in its own file system has no multipart uploads."""
    files.safe(call, call.parameters["artifact_path"])
    raise StoreError("NOT_IMPLEMENTED", _MULTIPART)


# -- presigned URLs --------------------------------------------------------------------------------------------------

_RUN = {"run_id": (REQUIRED, STRING)}
_WHERE = {**_PATH, "expiration": (INTEGER,)}


@endpoint("GET", "/api/2.0/mlflow-artifacts/presigned/<path:artifact_path>", streams=True, provenance="proved")
def refuse_presigned(call: Call) -> Response:
    """A server that keeps artifacts in its own file system has no URLs to presign."""
    files.safe(call, call.parameters["artifact_path"])
    raise StoreError("NOT_IMPLEMENTED", "Multipart download is not supported for the current artifact repository")


@endpoint(
    "POST",
    "artifacts/presigned-download-url",
    Message(run_id=TEXT, path=TEXT, expiration=INT64),
    {**_RUN, **_WHERE},
    provenance="documented",
)
def refuse_presigned_download(call: Call) -> Json:
    """Artifacts behind the proxy have no presigned URLs."""
    files.safe(call, call.text("path"))
    scheme = urlsplit(call.store.runs.get(call.text("run_id")).artifact_uri).scheme
    raise invalid(
        f"Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: {scheme}). "
        "This endpoint requires a run with a direct cloud storage artifact URI."
    )


@endpoint(
    "POST",
    "artifacts/presigned-upload-url",
    Message(run_id=TEXT, model_id=TEXT, path=TEXT, expiration=INT64),
    {"run_id": (STRING,), "model_id": (STRING,), **_WHERE},
    provenance="documented",
)
def refuse_presigned_upload(call: Call) -> Json:
    """Artifacts behind the proxy have no presigned URLs."""
    run_id, model_id = call.text("run_id"), call.text("model_id")
    if bool(run_id) == bool(model_id):
        raise invalid("Exactly one of run_id and model_id must be provided.")
    files.safe(call, call.text("path"))
    store = call.store
    uri = store.runs.get(run_id).artifact_uri if run_id else store.logged_models.get(model_id).artifact_uri
    scheme = urlsplit(uri).scheme
    raise invalid(
        f"Presigned upload is not supported for proxied artifact storage (artifact URI scheme: {scheme}). "
        "This endpoint requires a direct cloud storage artifact URI."
    )
