"""Which addresses a backend may have: decided before anything is opened."""

from __future__ import annotations

import socket

import pytest

from hokusai_mock import MockServer
from hokusai_mock.server.mock import ServerError
from hokusai_mock.upstream import Backend


def test_an_address_is_taken_apart():
    backend = Backend.parse("https://mlflow.example.org/team/")
    assert (backend.secure, backend.host, backend.port, backend.prefix) == (True, "mlflow.example.org", 443, "/team")
    assert (backend.netloc, backend.url) == ("mlflow.example.org", "https://mlflow.example.org/team")
    assert Backend.parse("http://[::1]:5000").host == "::1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "localhost:5000"}, "http://"),
        ({"backend": "sqlite:///mlflow.db"}, "http://"),
        ({"backend": "http://"}, "no host"),
        ({"backend": "http://127.0.0.1:x"}, "no URL"),
        ({"backend": "http://127.0.0.1:5000/?a=1"}, "neither query nor fragment"),
        ({"backend": "http://127.0.0.1:5000", "profile": "mlflow-2.9"}, "the version of MLflow is the backend's"),
        ({"backend": "http://localhost:5000", "port": 5000}, "this mock itself"),
        ({"backend": "http://127.0.0.1:5000", "scenario": "version.server"}, "the version is the backend's"),
    ],
)
def test_an_impossible_backend_is_refused_before_anything_is_opened(options, message):
    with pytest.raises(ServerError, match=message):
        MockServer(**options)


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(ServerError, match="user or password") as refused:
        MockServer(backend="http://me:sesame-open@127.0.0.1:5000")
    assert "sesame" not in str(refused.value)


def test_a_silent_address_is_no_error_and_says_why():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert Backend.parse(url).unreachable() is None
    assert "refused" in (Backend.parse(url).unreachable() or "")
