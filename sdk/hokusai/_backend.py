"""Where an SDK object's MLflow calls go: online, local, or (per unit of work) the fallback from one to the other.

Reads never fall back. A unit of work (a run, a registration) chooses its place once, before its first write. Error
translation is in `_errors.py`, the local store in `_local_store.py`, the rules of configuration in `config/`.
"""

from __future__ import annotations

import contextvars
import json
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from hokusai import _errors, _mlflow
from hokusai._local_store import LocalStore
from hokusai.auth._credentials import ACTIVE, TABLE, Credential
from hokusai.auth.mlflow_plugin import SeenResponse, read_response, watch_responses
from hokusai.config._http import check_http_variables
from hokusai.config._resolver import Mode, Settings
from hokusai.exceptions import (
    ConfigurationError,
    HokusaiException,
    HokusaiFallbackWarning,
    MLflowAuthenticationError,
    MLflowConnectionError,
    RegistryException,
)

__all__ = ["Backend", "Place", "Status", "check_server", "same_platform", "within"]

CHECK_SECONDS = 10.0
"""How long a connection check may take in all, retries included."""

_PAUSES = (0.25, 0.5)
_REGISTRY_PROBE = ("/api/2.0/mlflow/registered-models/search", {"max_results": "1"})
_ARTIFACT_PROBE = ("/api/2.0/mlflow-artifacts/artifacts", {"path": "hokusai-probe"})
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Status:
    """What an object is connected to: its `mode`, whether it is `degraded` (work is kept locally), why, and where."""

    mode: Mode
    degraded: bool
    cause: str | None
    store: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where one unit of work is written: its client, its tracking URI, and whether it is the fallback."""

    client: Any
    uri: str
    local: LocalStore | None
    fallback_from: str | None = None

    def experiment(self, name: str) -> str:
        """Return the id of the experiment `name`, creating it; safe against others who create it at the same time."""
        found = self.client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        location = self.local.artifact_location(name) if self.local else None
        try:
            return str(self.client.create_experiment(name, artifact_location=location))
        except _mlflow.error_types():
            with watch_responses():  # apart: what this asks is no reason why creating it failed
                found = self.client.get_experiment_by_name(name)
            if found is None:
                raise
            return str(found.experiment_id)

    def tags(self) -> dict[str, str]:
        """Return the tags that mark what was written here in place of another server, and by which process.

        The process tells `hokusai sync` whether a run that still says RUNNING is at work or was left behind.
        """
        if not self.fallback_from:
            return {}
        return {"hokusai.kept_for": self.fallback_from, "hokusai.kept_by": f"{socket.gethostname()}:{os.getpid()}"}


class Backend:
    """The one way from an SDK object to MLflow."""

    def __init__(self, settings: Settings) -> None:
        """Take over resolved settings; sends nothing."""
        self.settings = settings
        self._cause: str | None = None
        self._warned = False
        if settings.mode == "online":
            check_http_variables(_mlflow.most_retries)
            if settings.credential is not None:
                TABLE.add(settings.credential)
            _mlflow.select_plugin()  # without a key too: its response hook tells the status of what is refused

    @property
    def uri(self) -> str:
        """The tracking URI that reads go to."""
        return self._local().uri if self.settings.mode == "local" else self.settings.tracking_uri

    @property
    def local_uri(self) -> str:
        """The tracking URI of the local store in use."""
        return self._local().uri

    @property
    def status(self) -> Status:
        """The state as of the last connection check."""
        degraded = self._cause is not None
        local = degraded or self.settings.mode == "local"
        store = str(self._local().folder) if local else self.settings.tracking_uri
        return Status(self.settings.mode, degraded, self._cause, store)

    @property
    def client(self) -> Any:
        """The client for reads; never the fallback, so that an outage never looks like an empty registry."""
        return self._local().client() if self.settings.mode == "local" else _mlflow.client(self.settings.tracking_uri)

    def check(self, probe: tuple[str, dict[str, str]] = _REGISTRY_PROBE) -> None:
        """Check the connection when an object is made: raises what the rules of fallback do not forgive."""
        if self.settings.mode == "online":
            self._validate_key()
            self._reachable(probe)

    def _validate_key(self) -> None:
        """Ask the auth service about the key, where the user wants that (`HOKUSAI_VALIDATE_API_KEY`, `setup()`)."""
        from hokusai.auth import _validation  # noqa: PLC0415 - few want it

        if self.settings.api_key is not None and _validation.wanted():
            _validation.validate_key(self.settings.api_key, timeout=min(CHECK_SECONDS, self.settings.timeout))

    def unit(self, action: str, *, fallback: bool = True) -> Place:
        """Choose where a unit of work is written; from here on the place does not change.

        Without `fallback` a server that does not answer raises, whatever the rules of fallback say.
        """
        local = self._local()
        if self.settings.mode == "local":
            return Place(local.client(), local.uri, local)
        if self._reachable(_REGISTRY_PROBE, action, fallback=fallback):
            return Place(_mlflow.client(self.settings.tracking_uri), self.settings.tracking_uri, None)
        return Place(local.client(), local.uri, local, self.settings.tracking_uri)

    def kept_place(self, store: str) -> Place:
        """Return the place of a unit of work that began as a fallback in the local store `store`.

        Raises:
            ConfigurationError: it is the store of another MLflow minor version, or of another HOKUSAI_LOCAL_STORE.
        """
        local = self._local()
        if store != local.uri:
            raise ConfigurationError(
                f"This work began in the local store {store}; the one in use is {local.uri}.",
                remedy="Use the MLflow minor version and the HOKUSAI_LOCAL_STORE with which it began.",
            )
        return Place(local.client(), local.uri, local, self.settings.tracking_uri)

    def instead(self, error: HokusaiException) -> Place | None:
        """Return where to keep what the server did not take because of `error`; `None` where the rules forbid it.

        For the rest of a unit of work in which the server failed. Says nothing to the user: whoever asks does.
        """
        if self.settings.mode == "local" or not self._forgives(error):
            return None
        local = self._local()
        return Place(local.client(), local.uri, local, self.settings.tracking_uri)

    @contextmanager
    def calling(self, action: str, default: type[HokusaiException] = RegistryException) -> Iterator[None]:
        """Run MLflow calls with this object's key, and raise what fails in them as the SDK's own error."""
        with _as(self.settings.credential), watch_responses() as seen:
            try:
                yield
            except _mlflow.error_types() as error:
                probe = _probe_after(error)
                raise _errors.to_error(
                    error,
                    seen,
                    uri=self.uri,
                    action=action,
                    default=default,
                    ask_again=lambda: _ask_quietly(self.settings.tracking_uri, probe),
                ) from error
            except ModuleNotFoundError as error:
                told = _errors.from_absence(error, uri=self.uri, action=action, default=default)
                if told is None:
                    raise
                raise told from error

    def _local(self) -> LocalStore:
        return LocalStore(self.settings.local_store)

    def _reachable(
        self, probe: tuple[str, dict[str, str]], action: str = "use MLflow", *, fallback: bool = True
    ) -> bool:
        """Check the server; `False` when work is to be kept locally, an exception when the rules say so."""
        uri = self.settings.tracking_uri
        if not _is_http(uri):
            return True
        try:
            with _as(self.settings.credential):
                check_server(uri, probe, action, min(CHECK_SECONDS, self.settings.timeout))
        except (MLflowConnectionError, MLflowAuthenticationError) as error:
            if not fallback or not self._forgives(error):
                raise
            self._degrade(error)
            return False
        self._cause = None
        return True

    def _forgives(self, error: HokusaiException) -> bool:
        """Apply `mode` and `HOKUSAI_OPTIONAL_MLFLOW` to a failed check."""
        if self.settings.explicit_online or self.settings.optional_mlflow is False:
            return False
        return _is_outage(error) or self.settings.optional_mlflow is True

    def _degrade(self, error: HokusaiException) -> None:
        self._cause = f"[{error.code}] {error.message}" if error.code else error.message
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{error.message} New work is kept in the local store {self._local().folder} until the server answers.",
                HokusaiFallbackWarning,
                stacklevel=_level_of_caller(),
            )


def check_server(
    uri: str,
    probe: tuple[str, dict[str, str]] = _REGISTRY_PROBE,
    action: str = "use MLflow",
    seconds: float = CHECK_SECONDS,
) -> None:
    """Ask the server once or, where there is no answer or a 5xx, up to three times; at most `seconds` in all.

    Raises:
        MLflowAuthenticationError: 401 or 403.
        MLflowConnectionError: no answer, a 5xx, or something that is not MLflow.
    """
    deadline = time.monotonic() + seconds
    pauses = list(_PAUSES[: _mlflow.max_retries()])
    while (failure := _check_once(uri, probe, action, deadline)) is not None:
        if not pauses or not _is_outage(failure) or time.monotonic() + pauses[0] >= deadline:
            raise failure
        time.sleep(pauses.pop(0))


def _check_once(uri: str, probe: tuple[str, dict[str, str]], action: str, deadline: float) -> HokusaiException | None:
    """Ask once; return what is wrong, or `None` when an MLflow server answers."""
    seconds = max(0.1, deadline - time.monotonic())
    try:
        answer = within(seconds, lambda: _ask(uri, probe, seconds))
    except _mlflow.error_types() as error:
        failure = _errors.to_error(
            error, [], uri=uri, action=action, default=MLflowConnectionError, ask_again=lambda: None
        )
        failure.__cause__ = error
        return failure
    if answer is None:
        return MLflowConnectionError(
            f"Could not {action}: no answer in time ({uri}).",
            uri,
            code="D03",
            remedy="Check firewall and VPN; if it connects, tell the platform team.",
            url=uri,
        )
    if not _is_mlflow(answer):
        return _errors.from_answer(answer, uri=uri, action=action, default=MLflowConnectionError)
    return None


def _ask(uri: str, probe: tuple[str, dict[str, str]], seconds: float) -> SeenResponse:
    path, params = probe
    patience = min(seconds, _mlflow.request_timeout())
    response = _mlflow.request(uri, path, params, (min(3.0, patience), min(5.0, patience)))
    with response:
        return read_response(response)


def _probe_after(error: BaseException) -> tuple[str, dict[str, str]]:
    """What to ask after a failed call: artifacts may be refused where all else works."""
    return _ARTIFACT_PROBE if "/mlflow-artifacts/" in str(error) else _REGISTRY_PROBE


def _ask_quietly(uri: str, probe: tuple[str, dict[str, str]]) -> SeenResponse | None:
    """Ask once for the body that MLflow's retries threw away; `None` when there is no answer."""
    try:
        return within(CHECK_SECONDS, lambda: _ask(uri, probe, CHECK_SECONDS))
    except _mlflow.error_types():
        return None


def within(seconds: float, ask: Callable[[], _Result]) -> _Result | None:
    """Run `ask` for at most `seconds`; `None` when it takes longer (name resolution, for one, knows no time-out)."""
    results: list[_Result] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            results.append(ask())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            failures.append(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name="hokusai-check", daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    return results[0] if results else None


def _is_outage(error: HokusaiException) -> bool:
    """Tell an outage (no answer, or a 5xx) from a server that works and says no."""
    return isinstance(error, MLflowConnectionError) and (error.status_code is None or error.status_code >= 500)


def _is_mlflow(answer: SeenResponse) -> bool:
    """Tell an MLflow server's answer: a JSON object with status 200, or its own 404 for what does not exist."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return False
    if not isinstance(body, dict):
        return False
    return answer.status == 200 or (answer.status == 404 and body.get("error_code") == "RESOURCE_DOES_NOT_EXIST")


@contextmanager
def _as(credential: Credential | None) -> Iterator[None]:
    """Let the plug-in send this credential inside the block, ahead of any other that fits the same origin."""
    if credential is not None:
        TABLE.add(credential)  # threads that MLflow starts see the table only: the newest entry wins there
    token = ACTIVE.set(credential)
    try:
        yield
    finally:
        ACTIVE.reset(token)


def _level_of_caller() -> int:
    """Return the `stacklevel` at which a warning of the function that calls this names the user's own line."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in ("hokusai", "contextlib"):
        frame, level = frame.f_back, level + 1
    return level


def _is_http(uri: str) -> bool:
    return urlsplit(uri).scheme.lower() in ("http", "https")


def same_platform(one: str, other: str) -> bool:
    """Tell whether two tracking URIs are the same server: case of the host and a slash at the end do not matter."""
    return _plain(one) == _plain(other)


def _plain(uri: str) -> tuple[str, str, str]:
    parts = urlsplit(uri)
    return parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/")
