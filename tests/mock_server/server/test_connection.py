"""HTTP on one connection: keep-alive, framing, bodies that nobody read, "100 Continue"."""

from __future__ import annotations

import http.client
import socket
import threading
from typing import Any

import pytest

from hokusai_mock.messages import DELIVERED
from hokusai_mock.server.connection import DRAIN_LIMIT


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def deaf(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers without reading the body."""
    start_response("413 Too Large", [("Content-Length", "2")])
    return [b"no"]


def in_chunks(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", [])
    return iter([b"one", b"", b"two"])


def test_one_connection_serves_many_requests(serve, wire):
    _, port = serve(echo)
    client = wire(port)
    for text in (b"first", b"second", b""):
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))
        assert client.answer()[2] == text


def test_requests_sent_at_once_are_answered_in_order(serve, wire):
    _, port = serve(echo)
    client = wire(port)
    one = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"
    client.send(one + b"a" + one + b"b")
    assert [client.answer()[2], client.answer()[2]] == [b"a", b"b"]


def test_a_tls_client_on_a_plain_port_is_refused_at_once(serve, wire):
    _, port = serve(echo)
    client = wire(port)
    client.send(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03")  # a greeting without a line end
    assert client.answer()[0] == 400
    assert client.closed()


def test_http_1_0_closes_the_connection(serve, wire):
    _, port = serve(echo)
    client = wire(port)
    client.send(b"GET / HTTP/1.0\r\n\r\n")
    status, headers, _ = client.answer()
    assert (status, headers["connection"]) == (200, "close")
    assert client.closed()


def test_connection_close_of_the_client_is_honoured(serve, wire):
    _, port = serve(echo)
    client = wire(port)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert client.answer()[1]["connection"] == "close"
    assert client.closed()


def test_an_unread_body_does_not_become_the_next_request(serve, wire):
    _, port = serve(deaf)
    client = wire(port)
    body = b"GET /smuggled HTTP/1.1\r\n\r\n"
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    assert client.answer()[0] == 413
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert client.answer()[0] == 413


def test_a_long_unread_body_closes_the_connection(serve, wire):
    _, port = serve(deaf)
    client = wire(port)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (3 * DRAIN_LIMIT))
    threading.Thread(target=_send_quietly, args=(client, b"x" * 3 * DRAIN_LIMIT), daemon=True).start()
    assert client.answer()[0] == 413


def _send_quietly(client: Any, data: bytes) -> None:
    try:
        client.send(data)
    except OSError:
        return  # the server closed on us, as it should


def test_continue_is_sent_when_the_application_reads(serve, wire):
    _, port = serve(echo)
    client = wire(port)
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert client.head()[0] == 100
    client.send(b"ok")
    assert client.answer()[2] == b"ok"


def test_a_refused_upload_is_answered_before_it_is_sent(serve, wire):
    _, port = serve(deaf)
    client = wire(port)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n")
    assert client.answer()[0] == 413
    assert client.closed()


def test_a_chunked_upload_is_read_to_its_end(serve, wire):
    _, port = serve(echo)
    client = wire(port)
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert client.answer()[2] == b"abcde"
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nz")
    assert client.answer()[2] == b"z"


def test_an_answer_without_a_length_is_sent_in_chunks(serve):
    _, port = serve(in_chunks)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(2):
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.read() == b"onetwo"
    connection.close()


def test_an_answer_that_arrived_whole_is_delivered_though_the_connection_ends_at_once(serve, wire):
    reports: list[tuple[int | None, int, str]] = []
    gone, over = threading.Event(), threading.Event()

    class Streamed:
        def __iter__(self) -> Any:
            yield b"all of it"
            gone.wait(5)

        def close(self) -> None:
            over.set()

    def stream(environ: dict[str, Any], start_response: Any) -> Streamed:
        environ["hokusai_mock.delivered"] = lambda *report: reports.append(report)
        start_response("200 OK", [("Content-Length", "9")])
        return Streamed()

    acceptor, port = serve(stream)
    client = wire(port)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.answer()[2] == b"all of it"
    assert reports == [(200, 9, "sent")]  # known to whoever has the answer
    for served in list(acceptor._connections.values()):
        served.socket.shutdown(socket.SHUT_RDWR)  # as stop() does it
    gone.set()
    assert over.wait(5)
    acceptor.stop()
    assert reports == [(200, 9, "sent")]


def test_head_has_headers_and_no_body(serve, wire):
    _, port = serve(deaf)
    client = wire(port)
    client.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.head()[1]["content-length"] == "2"
    assert client.answer()[2] == b"no"


def test_an_upload_that_breaks_off_is_an_error_for_the_application(serve, wire):
    seen: list[str] = []
    done = threading.Event()

    def reader(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            environ["wsgi.input"].read()
        except ConnectionError as error:
            seen.append(type(error).__name__)
            raise
        finally:
            done.set()
        return []

    _, port = serve(reader)
    client = wire(port)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
    client.close()
    assert done.wait(5)
    assert seen == ["ConnectionAbortedError"]


def test_an_error_in_the_application_is_a_500_and_is_printed(serve, wire, capsys):
    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise RuntimeError("boom")

    _, port = serve(broken)
    client = wire(port)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.answer()[0] == 500
    assert client.closed()
    assert "RuntimeError: boom" in capsys.readouterr().err


def test_the_delivered_bytes_are_reported(serve, wire):
    reports: list[tuple[int | None, int, str]] = []

    def reporting(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["hokusai_mock.delivered"] = lambda *report: reports.append(report)
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    _, port = serve(reporting)
    client = wire(port)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert client.answer()[2] == b"hello"
    assert client.closed()
    assert reports == [(200, 5, "sent")]


@pytest.mark.parametrize("size", [1, 500_000, DRAIN_LIMIT])
def test_a_body_that_nobody_read_is_known_before_the_answer_is(serve, wire, size):
    known: list[tuple[str, int]] = []

    def refusing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ[DELIVERED] = lambda status, count, fate: known.append((fate, environ["wsgi.input"].size))
        return deaf(environ, start_response)

    _, port = serve(refusing)
    client = wire(port)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    assert client.answer()[0] == 413
    assert known == [("sent", size)]


def test_an_answer_to_an_error_in_the_application_is_reported_too(serve, wire, capsys):
    reports: list[tuple[int | None, int, str]] = []

    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ[DELIVERED] = lambda *report: reports.append(report)
        raise RuntimeError("boom")

    _, port = serve(broken)
    client = wire(port)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.answer()[0] == 500
    assert reports == [(500, 0, "sent")]
    assert "boom" in capsys.readouterr().err


@pytest.mark.parametrize("header", [("X-A", "a\r\nX-Evil: 1"), ("X-A\nX-Evil", "1"), ("X-A", "a\0b")])
def test_a_header_with_a_line_break_never_leaves(serve, wire, capsys, header):
    def careless(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [header])
        return [b"hello"]

    _, port = serve(careless)
    client = wire(port)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    status, headers, _ = client.answer()
    assert (status, set(headers)) == (500, {"content-length", "connection"})
    assert "line break" in capsys.readouterr().err
