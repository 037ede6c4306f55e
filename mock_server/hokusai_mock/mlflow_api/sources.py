"""Where things may come from: the sources of model versions, and the hosts that a location may name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NoReturn
from urllib.parse import unquote, unquote_plus, urlparse, urlsplit

from hokusai_mock.mlflow_api.endpoints import Call
from hokusai_mock.mlflow_api.errors import StoreError, invalid

__all__ = ["Source", "check_host", "checked_source"]

_HOST_SCHEMES = frozenset({"http", "https", "ftp", "sftp"})
_PROXY = ("api", "2.0", "mlflow-artifacts", "artifacts")


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a model version: its URI, where its artifacts are, and the run that it came from (or `""`)."""

    uri: str
    storage_location: str
    run_id: str


def checked_source(call: Call, *, is_prompt: bool) -> Source:
    """The source that a request names, refused where its server would refuse it; a prompt's source is a mere word."""
    source = call.text("source")
    strict = call.profile.behaviour.sources_belong_to_their_owner
    if strict:
        check_host(source, "source")
    if is_prompt:
        return Source(source, *_storage_location(call, source))
    inherited = ""
    if strict and source.startswith("models:"):
        source, inherited = _registered_source(call, source)
    _check_path(call, source)
    if strict:
        _check_owner(call, source)
    storage, run_id = _storage_location(call, source)
    return Source(source, storage, inherited or run_id)


def check_host(uri: str, field: str) -> None:
    """Refuse locations on a host that is not the server's own; object stores have none."""
    parsed = urlsplit(uri)
    if parsed.scheme in _HOST_SCHEMES or (parsed.scheme == "mlflow-artifacts" and parsed.netloc):
        scheme = parsed.scheme
        raise invalid(
            f"'{field}' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host other than the "
            "tracking server's configured artifact storage, so the server would connect to the host named in the URI. "
            "Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow it."
        )


def _registered_source(call: Call, source: str) -> tuple[str, str]:
    """The source with its version as a number, and that version's run; a logged model stays as it is."""
    parts = urlparse(source).path.lstrip("/").split("/")
    if len(parts) == 1 and parts[0].startswith("m-"):
        return source, ""
    if len(parts) != 2 or not parts[1].isdecimal():
        _refuse_owner(source, "model_id")
    registry = call.store.registry
    registry.get(parts[0])
    version = registry.version(parts[0], int(parts[1]))
    if "run_id" in call.values and call.text("run_id") != version.run_id:
        raise invalid(
            f"Invalid model version source: '{source}'. The run_id and model_id request parameters must match the "
            "referenced model version."
        )
    return f"models:/{version.name}/{version.version}", version.run_id


def _check_owner(call: Call, source: str) -> None:
    """Refuse what the run or logged model that the request names does not hold."""
    run_id, model_id = call.text("run_id"), call.text("model_id")
    owner = "model_id" if model_id else "run_id"
    parsed, parts = urlsplit(source), _parts(source)
    if parsed.scheme == "runs" and (model_id or parsed.netloc or not run_id or parts[:1] != (run_id,)):
        _refuse_owner(source, owner)
    if parsed.scheme == "models" and len(parts) == 1 and (not model_id or parts[0] != model_id):
        _refuse_owner(source, "model_id")
    if parsed.scheme == "mlflow-artifacts" or (parsed.scheme in _HOST_SCHEMES and _through_proxy(parts)):
        root = _root_of_owner(call, source, run_id, model_id)
        within = urlsplit(root)[:2] == parsed[:2] and parts[: len(_parts(root))] == _parts(root)
        if not root or not within:
            _refuse_owner(source, owner)


def _through_proxy(parts: tuple[str, ...]) -> bool:
    return any(parts[at : at + len(_PROXY)] == _PROXY for at in range(len(parts)))


def _root_of_owner(call: Call, source: str, run_id: str, model_id: str) -> str:
    try:
        if model_id:
            return call.store.logged_models.get(model_id).artifact_uri
        return call.store.runs.get(run_id).artifact_uri if run_id else ""
    except StoreError:
        _refuse_owner(source, "model_id" if model_id else "run_id")


def _parts(uri: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in urlsplit(uri).path.split("/") if part)


def _refuse_owner(source: str, parameter: str) -> NoReturn:
    raise invalid(
        f"Invalid model version source: '{source}'. The {parameter} request parameter must identify the resource that "
        "contains the source."
    )


def _check_path(call: Call, source: str) -> None:
    """Refuse local paths (the mock has none) and sources that climb."""
    if _is_local(source):
        parameter = "model_id" if call.text("model_id") else "run_id"
        if call.profile.behaviour.sources_belong_to_their_owner:
            _root_of_owner(call, source, call.text("run_id"), call.text("model_id"))
        elif call.text("model_id"):
            call.store.logged_models.get(call.text("model_id"))
        elif call.text("run_id"):
            call.store.runs.get(call.text("run_id"))
        local = unquote(urlparse(source).path) if source.startswith("file:") else source
        raise invalid(
            f"Invalid model version source: '{local}'. To use a local path as a model version source, the {parameter} "
            "request parameter has to be specified and the local path has to be contained within the artifact "
            f"directory of the run specified by the {parameter}."
        )
    plain = source
    while (decoded := unquote_plus(plain)) != plain:
        plain = decoded
    path = re.sub(r"/+", "/", urlparse(plain).path.rstrip("/"))
    climbs = "\x00" in path or ".." in plain.split("/") or "/./" in f"{path}/"
    if climbs or (path and not PurePosixPath(path).is_absolute() and "/" in path and path.startswith(".")):
        raise invalid(
            f"Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp, "
            "objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references "
            "present. Please provide an absolute path."
        )


def _is_local(source: str) -> bool:
    return urlparse(source).scheme in ("", "file")


def _storage_location(call: Call, source: str) -> tuple[str, str]:
    """Where the artifacts of a source are, and the run that it came from; only `models:/` leads elsewhere."""
    if not source.startswith("models:"):
        return source, _run_of_model(call)
    path = urlparse(source).path.lstrip("/")
    logged_models_exist = call.profile.behaviour.logged_models_exist
    parts = path.split("/")
    try:
        if logged_models_exist and len(parts) == 1 and path.startswith("m-"):
            model = call.store.logged_models.get(path)
            return model.artifact_uri, model.source_run_id
        if len(parts) == 2 and parts[1].isdecimal():
            return call.store.registry.version(parts[0], int(parts[1])).storage_location, _run_of_model(call)
    except StoreError as error:
        raise StoreError(
            "INTERNAL_ERROR",
            f"Unable to fetch model from model URI source artifact location '{source}'.Error: {error.message}",
        ) from error
    raise StoreError(
        "INTERNAL_ERROR",
        f"Not a proper models:/ URI: {source}. Models URIs must be of the form 'models:/model_name/suffix' or "
        "'models:/model_name@alias' where suffix is a model version, stage, or the string 'latest' and where alias is "
        "a registered model alias. Only one of suffix or alias can be defined at a time.",
    )


def _run_of_model(call: Call) -> str:
    model_id = call.text("model_id")
    if not model_id or not call.profile.behaviour.logged_models_exist or call.text("run_id"):
        return ""
    return call.store.logged_models.get(model_id).source_run_id
