"""A running mock and a sandbox of it, over real sockets; tests here do not use the kit's own pytest plugin."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from hokusai_mock import MockServer, Sandbox


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def mock() -> Iterator[MockServer]:
    from hokusai_mock import MockServer  # noqa: PLC0415 - most tests here need no server

    with MockServer(seed=1) as server:
        yield server


@pytest.fixture
def sandbox(mock: MockServer, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    handle = mock.sandbox(f"t{abs(hash(request.node.nodeid)) % 10**12}")
    yield handle
    assert handle.errors == [], "the mock met an internal error"
    handle.drop()


@pytest.fixture
def ask() -> Ask:
    """Send one request: `ask(url, method="GET", json=..., key=..., headers=...)`."""

    def send(
        url: str,
        method: str = "GET",
        *,
        json: Any = None,
        body: bytes | None = None,
        key: str | None = "hk_test_admin",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        parts = urlsplit(url)
        sent = dict(headers or {})
        if key:
            sent.setdefault("Authorization", f"Bearer {key}")
        if json is not None:
            body = _dump(json)
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    return send


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()
