"""A backend that is not there, silent, or breaks off: the real gateway's answers, and connections that stay sane."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from hokusai_mock import MockServer

VERSION = "/version"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("plain", [False, True])
def test_a_backend_that_is_not_there_is_a_502(start, ask, plain):
    url = nobody()
    box = start(backend=url, plain=plain).sandbox("x")
    answer = ask(box.tracking_uri + VERSION)
    assert answer.status == 502
    assert answer.json == {"detail": f"Failed to connect to MLflow server at {url}"}
    (entry,) = box.journal
    assert (entry["status"], entry["layer"], entry["fate"]) == (502, "gateway", "sent")


def test_a_silent_backend_is_a_504_after_the_timeout(scripted, start, ask):
    backend = scripted(lambda line: line.read() and line.hangs_up())
    box = start(backend=backend.url, backend_timeout=0.2).sandbox("x")
    answer = ask(box.tracking_uri + VERSION)
    assert (answer.status, answer.json) == (504, {"detail": "MLflow server request timeout after 0.2s"})


def test_the_timeout_of_the_real_gateway_is_the_default():
    with MockServer(backend=nobody()) as server:
        assert server.worlds.options.backend_timeout == 30.0


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b"this is not HTTP\r\n\r\n"],
    ids=["nothing", "half-a-body", "noise"],
)
def test_a_backend_that_breaks_off_is_a_500(scripted, start, ask, answer):
    backend = scripted(lambda line: line.read() and line.send(answer))
    refused = ask(start(backend=backend.url).sandbox("x").tracking_uri + VERSION, "POST", json={})
    assert (refused.status, refused.json) == (500, {"detail": "Internal server error while proxying to MLflow"})


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 300000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n30000\r\n"],
    ids=["length", "chunked"],
)
def test_an_answer_that_is_cut_while_it_streams_is_cut_for_the_client(scripted, start, ask, head):
    backend = scripted(lambda line: line.read() and line.send(b"HTTP/1.1 200 OK\r\n" + head + b"x" * 100_000))
    box = start(backend=backend.url).sandbox("x")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        ask(box.tracking_uri + VERSION)
    assert [entry["fate"] for entry in box.journal] == ["cut"]
    assert box.errors == []


def test_an_answer_without_a_length_ends_with_its_connection(scripted, start, ask):
    backend = scripted(lambda line: line.read() and line.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * 100_000))
    assert len(ask(start(backend=backend.url).sandbox("x").tracking_uri + VERSION).body) == 100_000


def test_chunks_are_handed_on_as_they_come(scripted, start):
    """The first chunk is with the client while the backend still waits to send the second."""

    def play(line):
        line.read()
        line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert line.hangs_up()

    parts = urlsplit(start(backend=scripted(play).url, plain=True).sandbox("x").url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    connection.request("GET", parts.path + VERSION)
    answer = connection.getresponse()
    try:
        assert answer.read1(100) == b"first"
    finally:
        answer.close()
        connection.close()


def test_an_answer_before_the_end_of_the_upload_arrives(scripted, start):
    def play(line):
        line.read()
        line.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        line.hangs_up()

    parts = urlsplit(start(backend=scripted(play).url, plain=True).sandbox("x").url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request("PUT", parts.path + "/file", b"x" * 100_000)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (413, b"big")
    finally:
        connection.close()


def test_a_kept_connection_that_the_backend_has_closed_is_not_used_again(scripted, start, ask):
    def play(line):
        if line.read():
            line.send(OK)  # and hangs up without a word about it

    backend = scripted(play)
    box = start(backend=backend.url, plain=True).sandbox("x")
    statuses = [ask(box.url + VERSION, method, json={}).status for method in ("POST", "POST", "GET")]
    assert statuses == [200, 200, 200]


def test_a_safe_request_that_meets_the_closing_end_is_sent_again(scripted, start, ask):
    def play(line):
        line.read()
        line.send(OK)
        if line.number == 1:
            line.read()  # the second request is read, and answered by hanging up
        else:
            line.hangs_up()

    backend = scripted(play)
    box = start(backend=backend.url, plain=True).sandbox("x")
    assert [ask(box.url + VERSION).status for _ in range(2)] == [200, 200]
    assert backend.connections == 2


def test_an_unsafe_request_is_never_sent_twice(scripted, start, ask):
    def play(line):
        line.read()
        line.send(OK)
        line.read()

    backend = scripted(play)
    box = start(backend=backend.url, plain=True).sandbox("x")
    assert ask(box.url + VERSION).status == 200
    assert ask(box.url + VERSION, "POST", json={}).status == 500
    assert backend.connections == 1


def test_redirects_are_handed_back(scripted, start, ask):
    moved = b"HTTP/1.1 308 Moved\r\nLocation: http://elsewhere.example/x\r\nContent-Length: 0\r\n\r\n"
    backend = scripted(lambda line: line.read() and line.send(moved))
    answer = ask(start(backend=backend.url).sandbox("x").tracking_uri + VERSION)
    assert (answer.status, answer.headers["location"]) == (308, "http://elsewhere.example/x")


def test_a_client_that_breaks_off_its_upload_leaves_nothing_behind(plain, start):
    box = start(backend=plain.url).sandbox("x")
    parts = urlsplit(box.tracking_uri)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as client:
        head = f"PUT {parts.path}/api/2.0/mlflow-artifacts/artifacts/0/half HTTP/1.1\r\nHost: x\r\n"
        client.sendall(f"{head}Authorization: Bearer hk_test_admin\r\nContent-Length: 100\r\n\r\nhalf".encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b"", "nobody is left to answer"
    assert box.errors == []
    assert [entry["fate"] for entry in box.journal] == ["cut"]


def test_stop_does_not_wait_for_a_silent_backend(scripted):
    backend = scripted(lambda line: line.read() and line.hangs_up())
    others = set(threading.enumerate())
    server = MockServer(backend=backend.url, plain=True).start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
        while not backend.connections:
            time.sleep(0)
        server.stop()
        waiting = [one for one in set(threading.enumerate()) - others if one.name.endswith("(_serve)")]
        assert waiting == [], "the thread that waited for the backend was woken, not left behind"
        assert client.recv(100) == b""
