"""One request and what came of it, over real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hokusai_testkit.diagnosis.exchange import body_class, exchange, proxy_for, redirect


@contextmanager
def raw(answer: bytes) -> Iterator[str]:
    """A server that answers one connection with exactly these bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    finally:
        thread.join()
        listener.close()


def test_status_and_body_of_an_error_are_seen(serve: Callable[..., Any]) -> None:
    stub = serve({"/x": (503, {"detail": "down"}, {"Retry-After": "1", "X-Hokusai-Testkit": "1.0", "Server": "edge"})})
    facts = exchange("POST", stub.url + "/x", payload={"a": 1})

    assert (facts["status"], facts["body_json"], facts["dialect"]) == (503, {"detail": "down"}, "hokusai")
    assert facts["headers"] == {"retry-after": "1"}
    assert len(stub.requests) == 1


def test_a_redirect_is_reported_not_followed(serve: Callable[..., Any]) -> None:
    stub = serve({"/x": (302, "", {"Location": "https://login.example/"})})
    facts = exchange("GET", stub.url + "/x", headers={"Authorization": "Bearer k"})

    assert (facts["status"], facts["location"], len(stub.requests)) == (302, "https://login.example/", 1)


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("/elsewhere", "same-origin"),
        ("http://h:5000/elsewhere", "same-origin"),
        ("https://h/x", "https"),
        ("https://h:5000/x", "https"),
        ("http://h:5001/x", "other-origin"),
        ("https://other/x", "other-origin"),
        ("//other/x", "other-origin"),
    ],
)
def test_a_redirect_is_told_by_where_it_leads(location: str, kind: str) -> None:
    assert redirect("http://h:5000/x", location) == kind


def test_a_closed_port_is_an_errno(closed_port: int) -> None:
    facts = exchange("GET", f"http://127.0.0.1:{closed_port}/")

    assert (facts["answered"], facts["errno"] in (111, 61, 10061)) == (False, True)


@pytest.mark.parametrize(
    ("answer", "truncated", "text"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", True, "short"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole", False, "whole"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ntwice\r\n5\r\ncu", True, "twice"),
    ],
)
def test_a_body_shorter_than_declared_is_noticed(answer: bytes, truncated: bool, text: str) -> None:
    with raw(answer) as url:
        facts = exchange("GET", url)

    assert (facts["truncated"], facts["body_text"]) == (truncated, text)


@pytest.mark.parametrize("answer", [b"", b"\x16\x03\x01garbage\r\n\r\n"])
def test_what_is_not_http_is_no_answer(answer: bytes) -> None:
    with raw(answer) as url:
        assert exchange("GET", url)["answered"] is False


def test_silence_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        facts = exchange("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=0.05)

    assert (facts["answered"], facts["error"]) == (False, "timeout")


@pytest.mark.parametrize(
    ("content_type", "text", "kind"),
    [
        ("text/html", "<p>", "html"),
        ("application/json", "<!doctype html><title>x", "html"),
        ("", "<html>", "html"),
        ("text/plain", '{"a": 1}', "json"),
        ("application/json", '{"a": ', "text"),
        ("application/xml", "<Error/>", "xml"),
        ("text/html", "2.9.2", "text"),
        ("text/html", "  \n", "empty"),
    ],
)
def test_a_body_is_classed_by_what_it_is(content_type: str, text: str, kind: str) -> None:
    assert body_class(content_type, text) == kind


def test_the_proxy_is_the_one_that_urllib_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "localhost,inside.example")

    assert proxy_for("http://outside.example/x") == "http://proxy.example:3128"
    assert proxy_for("http://inside.example:80/x") is None
    assert proxy_for("https://outside.example/x") is None
