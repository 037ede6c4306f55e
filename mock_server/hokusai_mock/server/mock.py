"""`MockServer`: the mock platform on a port of this process.

with MockServer() as server:
    print(server.sandbox().tracking_uri)
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hokusai_mock import profiles
from hokusai_mock.pipeline import ADMIN_PREFIX, AdminOptions, Pipeline
from hokusai_mock.server.acceptor import Acceptor, listen
from hokusai_mock.server.connection import WSGIHost
from hokusai_mock.server.ground import ServerGround
from hokusai_mock.world import WorldError, WorldOptions
from hokusai_mock.worlds import DEFAULT, Worlds

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from hokusai_mock.recording import Recorder
    from hokusai_mock.sandbox import Sandbox
    from hokusai_mock.server.tls import MainTls
    from hokusai_mock.snapshots import StateFile

__all__ = ["MockServer", "ServerError"]

MEBIBYTE = 1024 * 1024
LARGEST_SCALE = 1000


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
        state: str | os.PathLike[str] | None = None,
        time_scale: float = 1.0,
        tls: str | None = None,
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
            state: file that keeps the state of all sandboxes: read now when it exists, written whole by `stop()` and
                whenever a snapshot is taken; it holds data as they are, readable by its owner alone.
            time_scale: what the seconds of delays and hangs are multiplied with, from 0 to 1,000; 0 waits for nothing.
            tls: speak TLS on the port: `valid`, `self-signed`, `wrong-name`, `expired`, `client-cert` (demanded of
                clients) or `plain-port` (none, though clients are told so). Control is on a port of its own then, see
                `control_url`. Certificates are made with trustme (`pip install 'hokusai-testkit[tls]'`).

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
        self._tls = None if tls is None else _main_tls(tls, host)
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
            time_scale=_checked_scale(time_scale),
            client_env={} if self._tls is None else self._tls.client_env,
        )
        self._ground = ServerGround(host)
        try:
            self.worlds = Worlds(options, max_sandboxes, self._ground.open)
        except WorldError as error:
            raise ServerError(str(error)) from error
        if record is not None:
            self.worlds.recorder = _recorder(Path(record), backend)
        if state is not None:
            self.worlds.state_file = _loaded_state(Path(state), self.worlds)
        self._token = admin_token
        self._admin = AdminOptions((*allow_hosts,) if _is_loopback(host) else (*allow_hosts, host), admin_token)
        self._acceptor: Acceptor | None = None
        self._pipeline: Pipeline | None = None
        self._port: int | None = None
        self._control_port: int | None = None

    @property
    def port(self) -> int:
        """The port that the mock listens on."""
        if self._port is None:
            raise ServerError("the mock is not running: call start(), or use it in a with statement")
        return self._port

    @property
    def url(self) -> str:
        """The base URL of the server, which is also that of the sandbox `default`; no slash at the end."""
        return f"{'http' if self._tls is None else 'https'}://{_bracketed(self.host)}:{self.port}"

    @property
    def control_url(self) -> str:
        """Where the admin API is reached, below `/_testkit/`: at `url`, or with TLS on a plain port on loopback."""
        if self._tls is None or self._control_port is None:
            return self.url
        return f"http://{_bracketed(_control_host(self.host))}:{self._control_port}"

    @property
    def ca(self) -> str | None:
        """With TLS: path of the certificate (PEM) that a client must trust to get through."""
        return None if self._tls is None else self._tls.ca

    @property
    def client_certificate(self) -> str | None:
        """With TLS that demands one: path of a client's certificate with its key (PEM) that the mock accepts."""
        return None if self._tls is None else self._tls.client_certificate

    def sandbox(self, name: str | None = None) -> Sandbox:
        """The handle on a sandbox, made on first use; default: the one that answers paths without `/s/<id>`."""
        from hokusai_mock.sandbox import Sandbox  # noqa: PLC0415 - a server in a process of its own needs no handle

        return Sandbox(self.control_url, name or DEFAULT, self._token)

    def start(self, *, listening: socket.socket | None = None) -> MockServer:
        """Open the port and serve; `OSError` when the port is taken, `ServerError` when scenarios lack theirs.

        `listening` is a non-blocking socket that listens already, on the mock's host: it is served, and closed by
        `stop()`.
        """
        if self._acceptor is not None or self._port is not None:
            raise ServerError("this mock was started before; make a new MockServer")
        self._pipeline = pipeline = Pipeline(self.worlds, self._admin, self._make_admin)
        listener = listen(self.host, self._wanted_port) if listening is None else listening
        self._port = listener.getsockname()[1]
        acceptor = Acceptor()
        if self._tls is None:
            acceptor.add(listener, WSGIHost(pipeline, (self.host, self._port)).serve)
        else:
            try:
                self._add_with_tls(acceptor, listener, pipeline, self._tls)
            except OSError:
                acceptor.stop()
                raise
        acceptor.start()
        self._acceptor = acceptor
        try:
            self._ground.start(acceptor, pipeline, self.worlds)
        except ValueError as error:
            self.stop()
            raise ServerError(str(error)) from error
        return self

    def _add_with_tls(self, acceptor: Acceptor, listener: socket.socket, pipeline: Pipeline, tls: MainTls) -> None:
        from hokusai_mock.server.tls import control_only  # noqa: PLC0415 - loaded already when there is TLS

        host = WSGIHost(pipeline, (self.host, self.port), tls=tls.speaks_tls)
        acceptor.add(listener, tls.around(host.serve, acceptor.go_on_as, lambda: self.worlds.get(DEFAULT)))
        control = listen(_control_host(self.host), 0)
        address = control.getsockname()[:2]
        self._control_port = address[1]
        reached = _control_host(self.host) if _is_everywhere(self.host) else self.host
        self.worlds.public_url = f"https://{_bracketed(reached)}:{self.port}"
        acceptor.add(control, WSGIHost(control_only(pipeline, ADMIN_PREFIX, self.url), address).serve)

    def _make_admin(self) -> WSGIApplication:
        from hokusai_mock.app import create_admin  # noqa: PLC0415 - Flask is imported when control is first used

        return create_admin(self.worlds)

    def stop(self) -> None:
        """Close the port and every connection, forget every sandbox; the port is free when this returns.

        A mock that records writes its cassettes now; `RecordingError` when one could not be written. A mock that keeps
        its state writes it now; `SnapshotError` when it could not.
        """
        acceptor, self._acceptor = self._acceptor, None
        recorder, self.worlds.recorder = self.worlds.recorder, None
        with contextlib.ExitStack() as last:  # whatever fails, the rest is done: from the bottom up
            if recorder is not None:
                last.callback(recorder.close)
                last.callback(recorder.write_all)
            if acceptor is not None and self._pipeline is not None:
                self.worlds.end()  # first of all: who waits in a world would hold up the end of its connection
                self._pipeline.close()  # so would who waits for the backend
                acceptor.stop()
                last.callback(self.worlds.close)
                if self.worlds.state_file is not None:
                    self.worlds.state_file.write(self.worlds)

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


def _loaded_state(path: Path, worlds: Worlds) -> StateFile:
    from hokusai_mock.snapshots import StateFile  # noqa: PLC0415 - most mocks keep no state

    if worlds.options.backend is not None:
        raise ServerError(f"with a backend there is no state to keep: the data lie in {worlds.options.backend}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ServerError(f"cannot keep the state in {str(path)!r}: its folder does not exist or is not writable")
    file = StateFile(path)
    try:
        file.load(worlds)
    except WorldError as error:
        raise ServerError(str(error)) from error
    return file


def _checked_scale(factor: float) -> float:
    if not 0 <= factor <= LARGEST_SCALE:
        raise ServerError(f"time_scale must be between 0 and {LARGEST_SCALE}, not {factor}")
    return float(factor)


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


def _main_tls(kind: str, host: str) -> MainTls:
    from hokusai_mock.server.tls import MainTls  # noqa: PLC0415 - most mocks speak no TLS, and ssl takes its time

    try:
        return MainTls(kind, host)
    except ValueError as error:
        raise ServerError(str(error)) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _control_host(host: str) -> str:
    """The loopback address of the kind that `host` is."""
    return "::1" if ":" in host else "127.0.0.1"


def _is_everywhere(host: str) -> bool:
    return host in ("0.0.0.0", "::", "")  # noqa: S104 - recognized, not bound


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
