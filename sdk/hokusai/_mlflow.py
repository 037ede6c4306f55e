"""The one adapter for MLflow: everything in it that is private, or differs between 2.9 and 3.17, is here.

MLflow is imported on first use, never with this module. Nothing here knows Hokusai's names, tags or modes.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from hokusai.auth.mlflow_plugin import NAME, HokusaiRequestAuthProvider
from hokusai.exceptions import MissingMLExtraError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "client",
    "client_requirement",
    "create_version",
    "download",
    "download_uri",
    "end_run",
    "error_types",
    "installed",
    "installed_requirement",
    "minor_version",
    "open_local",
    "quiet",
    "request",
    "require",
    "select_plugin",
    "set_tls",
    "set_tracking_uri",
    "tls_of",
    "untraced",
    "version",
]

_lock = threading.RLock()


def require(module: str = "mlflow") -> Any:
    """Import an optional dependency; an ImportError names the extra that brings it."""
    if module in sys.modules:
        return import_module(module)  # waits for a thread that is importing it at this moment
    try:
        with quiet():  # 2.9 uses what its own dependencies have deprecated since
            return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        if package not in str(error) and (error.name or "").partition(".")[0] not in ("numpy", "pandas", "mlflow"):
            raise
        raise MissingMLExtraError(
            f"Hokusai needs {error.name or package} for this, which is not installed.",
            name=error.name or package,
            code="G05",
            remedy="Install the extra that fits: pip install 'hokusai-minimal-sdk[ml]' (full MLflow) or "
            "'hokusai-minimal-sdk[skinny]' (mlflow-skinny).",
        ) from error


def version() -> str:
    """Return MLflow's version, for example `3.9.0`."""
    return str(require("mlflow.version").VERSION)


def minor_version() -> str:
    """Return `<major>.<minor>` of MLflow: local stores of different minor versions are kept apart."""
    return ".".join(version().split(".")[:2])


def error_types() -> tuple[type[Exception], ...]:
    """Return what MLflow's calls raise when the other side refuses, fails or is not reached."""
    import requests  # noqa: PLC0415 - `import hokusai` must stay free of it

    return (require("mlflow.exceptions").MlflowException, requests.RequestException)


# --- authentication -----------------------------------------------------------------------------------------------


def select_plugin() -> None:
    """Select the request-auth plug-in for this process, without touching `os.environ`.

    `MLFLOW_TRACKING_AUTH` is read by MLflow at every call and falls back to `.default`, which MLflow does not document;
    the way out is to set the variable itself to `hokusai`. The plug-in is registered by hand where the entry point was
    not seen: the SDK used from a source tree.
    """
    registry = require("mlflow.tracking.request_auth.registry")._request_auth_provider_registry
    with _lock:
        if not any(provider.get_name() == NAME for provider in registry):
            registry.register(HokusaiRequestAuthProvider)
    require("mlflow.environment_variables").MLFLOW_TRACKING_AUTH.default = NAME


def set_tls(insecure: bool, client_certificate: str | tuple[str, str] | None, authorities: str | None) -> None:
    """Set what MLflow falls back to for TLS when its own variables are not set.

    MLflow's variable for the client certificate takes one file; what it falls back to goes to requests as it is, which
    takes a certificate and its key as two files too.
    """
    variables = require("mlflow.environment_variables")
    if insecure:
        variables.MLFLOW_TRACKING_INSECURE_TLS.default = True
    if client_certificate:
        variables.MLFLOW_TRACKING_CLIENT_CERT_PATH.default = client_certificate
    if authorities:
        variables.MLFLOW_TRACKING_SERVER_CERT_PATH.default = authorities


def has_client_certificate() -> bool:
    """Tell whether `set_tls` was given a client certificate in this process; loads nothing."""
    variables = sys.modules.get("mlflow.environment_variables")
    return variables is not None and bool(variables.MLFLOW_TRACKING_CLIENT_CERT_PATH.default)


def request(uri: str, path: str, params: dict[str, str], timeout: tuple[float, float]) -> Any:
    """Make one GET that is never retried, with MLflow's own TLS and authentication settings; returns the response.

    `timeout` is (connect, read) in seconds. Raises `MlflowException` when there is no answer at all.
    """
    rest_utils = require("mlflow.utils.rest_utils")
    return rest_utils.http_request(
        _host_creds(uri), path, "GET", max_retries=0, raise_on_status=False, params=params, timeout=timeout
    )


def tls_of(uri: str) -> dict[str, Any]:
    """Return `verify` and `cert`, as requests takes them, with which MLflow speaks to the server at `uri`."""
    creds = _host_creds(uri)
    return {"verify": creds.verify, "cert": creds.client_cert_path}


def _host_creds(uri: str) -> Any:
    try:
        from mlflow.utils.credentials import get_default_host_creds  # noqa: PLC0415 - from 2.11 on
    except ImportError:
        from mlflow.tracking._model_registry.utils import get_default_host_creds  # noqa: PLC0415 - 2.9, 2.10
    return get_default_host_creds(uri)


# --- clients and stores -------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def client(uri: str) -> Any:
    """Return the `MlflowClient` whose runs and models are both at `uri`, whatever MLflow's global state says."""
    require()
    return require("mlflow.tracking").MlflowClient(tracking_uri=uri, registry_uri=uri)


@lru_cache(maxsize=64)
def open_local(uri: str, artifacts: Path) -> Any:
    """Return the client of the SQLite store `uri`, whose files go to `artifacts`.

    MLflow's client offers no way to say where a local store keeps its files: its constant is replaced while the store
    is opened (it is cached afterwards). Otherwise 2.x makes a folder `mlruns` where the process happens to be.
    """
    utils = require("mlflow.tracking._tracking_service.utils")
    with quiet("alembic", "alembic.runtime.migration", "mlflow.store.db.utils"):
        usual = utils.DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
        utils.DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH = str(artifacts)
        try:
            utils._get_store(uri)
            opened = client(uri)
            # The registry's store is opened on first use: do it here, where alembic is kept quiet.
            require("mlflow.tracking._model_registry.utils")._get_store(uri, uri)
        finally:
            utils.DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH = usual
    return opened


@contextmanager
def quiet(*loggers: str) -> Iterator[None]:
    """Keep what these loggers say below ERROR out of the user's logs, and Python warnings out of the user's sight.

    One thread at a time: levels and filters belong to the process, and would otherwise be put back in the wrong order.
    """
    quieted = [logging.getLogger(name) for name in loggers]
    with _lock:
        levels = [logger.level for logger in quieted]
        for logger in quieted:
            logger.setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            for logger, level in zip(quieted, levels, strict=True):
                logger.setLevel(level)


def build_database(database: Path) -> None:
    """Create the tables of a local store in the file `database` (2-8 s of migrations), in a process of its own.

    Alembic's configuration closes every log handler of the process it runs in, and 2.x prints each migration.
    """
    code = (
        "import sys; from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore; "
        "SqlAlchemyStore('sqlite:///' + sys.argv[1], sys.argv[2]).engine.dispose()"
    )
    done = subprocess.run(  # noqa: S603 - this interpreter, and a program of our own
        [sys.executable, "-W", "ignore", "-c", code, str(database), str(database.parent / "artifacts")],
        cwd=database.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or not database.is_file():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise OSError(f"MLflow {version()} could not create its tables: {last}")


# --- runs -----------------------------------------------------------------------------------------------------------


def end_run(mlflow_client: Any, run_id: str, status: str = "FINISHED", end_time: int | None = None) -> None:
    """End a run, now or at `end_time` (ms), without `set_terminated`, which from 2.22.5 on prints emoji (G12)."""
    tracking = mlflow_client._tracking_client
    run_status = require("mlflow.entities").RunStatus.from_string(status)
    flush = getattr(tracking.store, "shut_down_async_logging", None)
    if flush is not None:
        flush()
    ended = int(time.time() * 1000) if end_time is None else end_time
    tracking.store.update_run_info(run_id, run_status, ended, None)


def log_metrics(mlflow_client: Any, run_id: str, rows: list[tuple[str, float, int, int]]) -> None:
    """Log (name, value, timestamp in ms, step) rows in one request; at most 1000."""
    metric = require("mlflow.entities").Metric
    mlflow_client.log_batch(run_id, metrics=[metric(*row) for row in rows])


def log_texts(mlflow_client: Any, run_id: str, params: Mapping[str, str], tags: Mapping[str, str]) -> None:
    """Log parameters and tags in one request; at most 100 of each."""
    entities = require("mlflow.entities")
    mlflow_client.log_batch(
        run_id,
        params=[entities.Param(*item) for item in params.items()],
        tags=[entities.RunTag(*item) for item in tags.items()],
    )


def set_tracking_uri(uri: str | None) -> None:
    """Set MLflow's global tracking URI; unlike MLflow's own function it does not write `MLFLOW_TRACKING_URI`."""
    utils = require("mlflow.tracking._tracking_service.utils")
    if utils._tracking_uri == uri:
        return
    utils._tracking_uri = uri
    provider = sys.modules.get("mlflow.tracing.provider")
    reset = getattr(provider, "reset", None)
    if reset is not None:  # the tracer keeps the URI that it was made with
        reset()


# --- models ---------------------------------------------------------------------------------------------------------


def create_version(
    mlflow_client: Any,
    name: str,
    source: str,
    *,
    run_id: str | None,
    tags: dict[str, str],
    logged_model: str | None,
) -> Any:
    """Create a model version; `logged_model` (3.x) is the id that `models:/m-...` sources must come with."""
    extra = {"model_id": logged_model} if logged_model else {}
    return mlflow_client.create_model_version(name=name, source=source, run_id=run_id, tags=tags, **extra)


def download(mlflow_client: Any, run_id: str, path: str, target: str) -> str:
    """Download `path` of a run through its own client; returns the local folder."""
    return str(mlflow_client.download_artifacts(run_id, path, target))


def artifact_names(artifact_uri: str) -> list[tuple[str, bool]]:
    """What lies directly below an artifact URI of the tracking server in use: (name, whether it is a folder).

    Not by `list_artifacts` of the client: with a run id 3.x asks for logged models, which a 2.x server refuses.
    """
    repositories = require("mlflow.store.artifact.artifact_repository_registry")
    found = repositories.get_artifact_repository(artifact_uri).list_artifacts()
    return [(item.path.rsplit("/", 1)[-1], bool(item.is_dir)) for item in found]


def download_uri(uri: str, artifact_uri: str, target: str) -> str:
    """Download an artifact URI that names no run, as seen by the server at `uri`."""
    artifacts = require("mlflow.artifacts")
    return str(artifacts.download_artifacts(artifact_uri=artifact_uri, dst_path=target, tracking_uri=uri))


def save_pyfunc(model: Any, folder: Path, requirements: list[str], artifacts: dict[str, str] | None = None) -> None:
    """Save a `PythonModel` and the files that it loads, without letting MLflow infer what it needs."""
    with quiet("mlflow.pyfunc", "mlflow.types.utils", "mlflow.models.model"):
        untraced(require("mlflow.pyfunc").save_model)(
            str(folder), python_model=model, artifacts=artifacts, pip_requirements=requirements
        )


def save_sklearn(model: Any, folder: Path, requirements: list[str], serialization: str) -> None:
    """Save a scikit-learn estimator, without letting MLflow infer what it needs."""
    with quiet("mlflow.sklearn", "mlflow.models.model"):
        require("mlflow.sklearn").save_model(
            model, str(folder), serialization_format=serialization, pip_requirements=requirements
        )


def untraced(function: Any) -> Any:
    """Return an MLflow function without the wrapper that keeps tracing off while it runs.

    Up to 3.9 that wrapper sets tracing up anew afterwards, at MLflow's global tracking URI, and so makes a `mlflow.db`
    where the process happens to be.
    """
    return getattr(function, "__wrapped__", function)


@lru_cache(maxsize=1)
def skops_is_default() -> bool:
    """Tell whether `mlflow.sklearn` can write skops files and the package is there."""
    import inspect  # noqa: PLC0415

    flavour = require("mlflow.sklearn")
    if "skops" not in str(getattr(flavour, "SUPPORTED_SERIALIZATION_FORMATS", "")):
        return False
    default = inspect.signature(flavour.save_model).parameters["serialization_format"].default
    return default == "skops" and installed("skops")


@lru_cache(maxsize=64)  # reading it costs a millisecond, and what was imported does not change any more
def installed_requirement(distribution: str) -> str | None:
    """Return `name==version` of an installed distribution, or `None`."""
    try:
        return f"{distribution}=={metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return None


def client_requirement() -> str:
    """Return the requirement of the MLflow in use: the full package where it is installed, else skinny."""
    return installed_requirement("mlflow") or installed_requirement("mlflow-skinny") or f"mlflow=={version()}"


def installed(module: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec(module) is not None


def max_retries() -> int:
    """Return how often MLflow would retry a call: its variable or its default."""
    try:
        return int(require("mlflow.environment_variables").MLFLOW_HTTP_REQUEST_MAX_RETRIES.get())
    except ValueError:
        return 0  # MLflow itself will refuse the value in its own words


def most_retries() -> int:
    """Return the greatest number of retries that this MLflow takes: 9 in 2.9 to 3.9, 10 in 3.17."""
    validate = getattr(require("mlflow.utils.rest_utils"), "_validate_max_retries", None)
    if validate is None:  # 2.9 asserts the same in the middle of a call
        return 9
    try:
        validate(10)
    except error_types():
        return 9
    return 10


def request_timeout() -> float:
    """Return how many seconds MLflow would wait for an answer: its variable or its default."""
    try:
        seconds = float(require("mlflow.environment_variables").MLFLOW_HTTP_REQUEST_TIMEOUT.get())
    except ValueError:
        seconds = 0.0
    return seconds if seconds > 0 else float("inf")  # MLflow itself refuses other values in its own words
