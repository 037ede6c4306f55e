"""`MockServer`: the mock platform on a port of this process.

with MockServer() as server:
    print(server.sandbox().tracking_uri)
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hokusai_mock import profiles
from hokusai_mock.pipeline import AdminOptions, Pipeline
from hokusai_mock.server.acceptor import Acceptor, listen
from hokusai_mock.server.connection import WSGIHost
from hokusai_mock.server.ground import ServerGround
from hokusai_mock.world import WorldError, WorldOptions
from hokusai_mock.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from hokusai_mock.recording import Recorder
    from hokusai_mock.sandbox import Sandbox

__all__ = ["MockServer", "ServerError"]

MEBIBYTE = 1024 * 1024


class ServerError(ValueError):
    """The mock cannot be started as asked; the message says why and what to do."""


class MockServer:
    """A running mock platform with any number of isolated sandboxes."""

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        profile: str | Sequence[str] = (),
        plain: bool = False,
        seed: int | None = None,
        scenario: str | Sequence[str | tuple[str, Mapping[str, Any]]] = (),
        allow_hosts: Sequence[str] = (),
        admin_token: str | None = None,
        max_upload_mib: int = 64,
        max_sandboxes: int = 4096,
        backend: str | None = None,
        backend_timeout: float = 30.0,
        record: str | os.PathLike[str] | None = None,
    ) -> None:
        """Prepare a mock; `start()` or `with` opens the port.

        Args:
            port: TCP port; 0 picks a free one, see `url`.
            host: address to listen on; anything but loopback demands `admin_token`.
            profile: an MLflow profile (`mlflow-3.9`, the default), a platform profile, or one of each.
            plain: a plain MLflow server of the profile at the root: no gateway, no key.
            seed: makes ids reproducible; default: a random one.
            scenario: names, or (name, parameters), of scenarios active in every sandbox from its start.
            allow_hosts: host names besides loopback that may use the admin API.
            admin_token: demanded by the admin API when given.
            max_upload_mib: largest artifact in MiB; a larger one is answered with 413.
            max_sandboxes: how many sandboxes exist at most.
            backend: base URL of a real MLflow server that answers in the place of the memory store; gateway (unless
                `plain`), faults, scenarios and journal stay in front of it, and all sandboxes share its data. It need
                not run yet: until it does, requests are answered with 502.
            backend_timeout: seconds of silence after which the backend is given up with 504.
            record: folder for cassettes in vcrpy's format, one a sandbox (`<id>.yaml`), written by `stop()` and on
                demand (`Sandbox.write_cassette()`); made when it does not exist.

        Raises:
            ServerError: an unknown profile or scenario, a combination that makes no sense, or an open host without a
                token. Nothing was opened.
        """
        if not _is_loopback(host) and not admin_token:
            raise ServerError(
                f"listening on {host!r} opens the mock to other machines: give an admin token "
                "(--admin-token-file or HOKUSAI_TESTKIT_ADMIN_TOKEN), or listen on 127.0.0.1"
            )
        self.host, self._wanted_port = host, port
        self.seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
        names = [profile] if isinstance(profile, str) else list(profile)
        mlflow, platform = _split_profiles(names, plain=plain)
        if backend is not None:
            backend = _checked_backend(backend, names, host, port)
        scenarios = [scenario] if isinstance(scenario, str) else scenario
        options = WorldOptions(
            mlflow=mlflow,
            platform=platform,
            plain=plain,
            seed=self.seed,
            scenarios=tuple((item, {}) if isinstance(item, str) else item for item in scenarios),
            max_upload=max_upload_mib * MEBIBYTE,
            backend=backend,
            backend_timeout=backend_timeout,
        )
        self._ground = ServerGround(host)
        try:
            self.worlds = Worlds(options, max_sandboxes, self._ground.open)
        except WorldError as error:
            raise ServerError(str(error)) from error
        if record is not None:
            self.worlds.recorder = _recorder(Path(record), backend)
        self._token = admin_token
        self._admin = AdminOptions((*allow_hosts,) if _is_loopback(host) else (*allow_hosts, host), admin_token)
        self._acceptor: Acceptor | None = None
        self._pipeline: Pipeline | None = None
        self._port: int | None = None

    @property
    def port(self) -> int:
        """The port that the mock listens on."""
        if self._port is None:
            raise ServerError("the mock is not running: call start(), or use it in a with statement")
        return self._port

    @property
    def url(self) -> str:
        """The base URL of the server, which is also that of the sandbox `default`; no slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def sandbox(self, name: str | None = None) -> Sandbox:
        """The handle on a sandbox, made on first use; default: the one that answers paths without `/s/<id>`."""
        from hokusai_mock.sandbox import Sandbox  # noqa: PLC0415 - a server in a process of its own needs no handle

        return Sandbox(self.url, name or DEFAULT, self._token)

    def start(self) -> MockServer:
        """Open the port and serve; `OSError` when the port is taken, `ServerError` when scenarios lack theirs."""
        if self._acceptor is not None or self._port is not None:
            raise ServerError("this mock was started before; make a new MockServer")
        self._pipeline = pipeline = Pipeline(self.worlds, self._admin, self._make_admin)
        listener = listen(self.host, self._wanted_port)
        self._port = listener.getsockname()[1]
        acceptor = Acceptor()
        host = WSGIHost(pipeline, (self.host, self._port))
        acceptor.add(listener, host.serve)
        acceptor.start()
        self._acceptor = acceptor
        try:
            self._ground.start(acceptor, pipeline, self.worlds)
        except ValueError as error:
            self.stop()
            raise ServerError(str(error)) from error
        return self

    def _make_admin(self) -> WSGIApplication:
        from hokusai_mock.app import create_admin  # noqa: PLC0415 - Flask is imported when control is first used

        return create_admin(self.worlds)

    def stop(self) -> None:
        """Close the port and every connection, forget every sandbox; the port is free when this returns.

        A mock that records writes its cassettes now; `RecordingError` when one could not be written.
        """
        acceptor, self._acceptor = self._acceptor, None
        if acceptor is not None and self._pipeline is not None:
            self.worlds.end()  # first of all: who waits in a world would hold up the end of its connection
            self._pipeline.close()  # so would who waits for the backend
            acceptor.stop()
            self.worlds.close()
        recorder, self.worlds.recorder = self.worlds.recorder, None
        if recorder is not None:
            try:
                recorder.write_all()
            finally:
                recorder.close()

    def __enter__(self) -> MockServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _recorder(folder: Path, backend: str | None) -> Recorder:
    from hokusai_mock.recording import Recorder  # noqa: PLC0415 - most mocks do not record

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(f"cannot record into {str(folder)!r}: {error.strerror or error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ServerError(f"cannot record into {str(folder)!r}: it is not writable")
    if backend is None:
        return Recorder(folder, has_backend=False, backend_version=lambda: None)
    from hokusai_mock.upstream import Backend  # noqa: PLC0415 - only a mock with a backend loads its client

    return Recorder(folder, has_backend=True, backend_version=Backend.parse(backend).version)


def _checked_backend(url: str, profile_names: list[str], host: str, port: int) -> str:
    """The backend's URL in its plain form; refused when it cannot be one, is this mock, or a version is asked for."""
    from hokusai_mock.upstream import Backend, BackendError  # noqa: PLC0415 - only a mock with a backend loads its client

    try:
        backend = Backend.parse(url)
    except BackendError as error:
        raise ServerError(str(error)) from error
    if port and backend.port == port and (backend.host == host or _is_loopback(backend.host)):
        raise ServerError(f"the backend {url!r} is the address of this mock itself; choose another --port")
    if versions := [name for name in profile_names if not name.startswith("platform")]:
        raise ServerError(f"with a backend the version of MLflow is the backend's: drop the profile {versions[0]!r}")
    return backend.url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split_profiles(names: list[str], *, plain: bool) -> tuple[str, str]:
    """Sort profile names by kind; refuse an unknown one, two of a kind, and a platform where there is none."""
    defaults = WorldOptions()
    chosen: dict[str, str] = {}
    for name in names:
        kind = "platform" if name.startswith("platform") else "mlflow"
        if kind in chosen:
            raise ServerError(f"two {kind} profiles: {chosen[kind]!r} and {name!r}; give one of each kind at most")
        try:
            (profiles.platform if kind == "platform" else profiles.mlflow)(name)
        except ValueError as error:
            raise ServerError(str(error)) from error
        chosen[kind] = name
    if plain and "platform" in chosen:
        raise ServerError(f"a plain MLflow server has no gateway: drop the platform profile {chosen['platform']!r}")
    return chosen.get("mlflow", defaults.mlflow), chosen.get("platform", defaults.platform)
