"""A world behind the gateway, asked without sockets: its clock stands still and nothing waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

import pytest

from hokusai_mock.gateway import Gateway
from hokusai_mock.messages import Request, Response
from hokusai_mock.mlflow_api import MlflowApplication
from hokusai_mock.world import World, WorldOptions

MLFLOW = "/api/mlflow/api/2.0/mlflow"
START_MS = 1_767_225_600_000
"""The first of January 2026."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> Any:
        return self.json["detail"]


class Platform:
    """One world: `ask` sends a request to it, `set` changes its settings, `waited` is what it waited for."""

    def __init__(self, profile: str = "platform-documented", mlflow: Callable[[Request], Response] | None = None):
        self.world = World("platform", WorldOptions(platform=profile))
        self.world.clock.freeze(START_MS)
        self.waited: list[float] = []
        self.world.wait = self._wait  # type: ignore[method-assign]
        self._gateway = Gateway(mlflow or MlflowApplication().handle)

    def _wait(self, seconds: float, unless: Callable[[], bool] | None = None) -> bool:
        self.waited.append(seconds)
        return True

    @property
    def state(self):
        return self.world.platform_state

    def set(self, **settings: Any) -> None:
        self.world.set_settings(settings)

    def grant(self, role: str, **rights: Any) -> None:
        self.world.set_key(role, rights)

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(round(seconds * 1000))

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes = b"",
        key: str | None = "hk_test_admin",
        **headers: str,
    ) -> Answer:
        if json is not None:
            body = _dump(json)
            headers.setdefault("content_type", "application/json")
        if key is not None:
            headers.setdefault("authorization", f"Bearer {key}")
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8765",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "CONTENT_TYPE": headers.pop("content_type", ""),
            **{"HTTP_" + name.upper(): value for name, value in headers.items()},
        }
        answer = self._gateway.handle(Request(environ, path, self.world))
        content = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers}, content)

    # -- what tests need in MLflow -----------------------------------------------------------------------------------

    def model(self, name: str = "scorer", versions: int = 1, *, run: bool = True, **tags: str) -> str | None:
        """Register versions of a model with MLflow; returns the run of the last one."""
        self.ask("POST", f"{MLFLOW}/registered-models/create", json={"name": name})
        run_id = None
        for _ in range(versions):
            payload = {"name": name, "source": "mlflow-artifacts:/0/x/artifacts/model"}
            if run:
                made = self.ask("POST", f"{MLFLOW}/runs/create", json={"experiment_id": "0", "start_time": 1})
                run_id = made.json["run"]["info"]["run_id"]
                payload["run_id"] = run_id
            payload["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
            assert self.ask("POST", f"{MLFLOW}/model-versions/create", json=payload).status == 200
        return run_id


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def observed() -> Platform:
    return Platform("platform-2026-06")


@pytest.fixture
def make_platform() -> type[Platform]:
    return Platform
