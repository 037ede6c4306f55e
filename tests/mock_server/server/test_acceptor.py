"""The accept loop: many connections, an innocent neighbour, a stop that frees the port, a fork that leaves no trace."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

import pytest

from hokusai_mock.server.acceptor import listen
from hokusai_mock.server.connection import WSGIHost


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_requests_that_hang_do_not_slow_another(serve, wire):
    release = threading.Event()

    def sometimes_hanging(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/hang":
            release.wait(10)
        return hello(environ, start_response)

    _, port = serve(sometimes_hanging)
    hanging = [wire(port) for _ in range(12)]
    for one in hanging:
        one.send(b"GET /hang HTTP/1.1\r\nHost: x\r\n\r\n")
    innocent = wire(port)
    innocent.send(GET)
    assert innocent.answer()[2] == b"hello"
    release.set()
    assert all(one.answer()[2] == b"hello" for one in hanging)


def test_stop_frees_the_port_and_ends_idle_connections(serve, wire):
    acceptor, port = serve(hello)
    idle = [wire(port) for _ in range(64)]
    for one in idle:
        one.send(GET)
        assert one.answer()[0] == 200
    acceptor.stop()
    assert all(one.closed() for one in idle)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    listen("127.0.0.1", port).close()


def test_a_taken_port_is_reported_by_the_system(serve):
    _, port = serve(hello)
    with pytest.raises(OSError, match="in use"):
        listen("127.0.0.1", port)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_holds_neither_port_nor_connections(serve, wire):
    acceptor, port = serve(hello)
    client = wire(port)
    client.send(GET)
    assert client.answer()[0] == 200
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write_end)
        os.read(read_end, 1)  # live until the parent has looked
        os._exit(0)
    os.close(read_end)
    try:
        client.send(GET)
        assert client.answer()[0] == 200, "the parent's connection survives the fork"
        acceptor.stop()
        assert client.closed(), "nobody else holds the connection open"
        listen("127.0.0.1", port).close()
    finally:
        os.close(write_end)
        assert os.waitpid(child, 0)[1] == 0


def test_a_listener_comes_and_goes_while_others_serve(serve, wire):
    acceptor, port = serve(hello)
    stays = wire(port)
    stays.send(GET)
    assert stays.answer()[0] == 200
    for _ in range(20):
        listener = listen("127.0.0.1", 0)
        address = listener.getsockname()
        acceptor.add(listener, WSGIHost(hello, address).serve)
        goes = wire(address[1])
        goes.send(GET)
        assert goes.answer()[2] == b"hello"
        acceptor.remove(listener)
        assert goes.closed()
        listen("127.0.0.1", address[1]).close()
    stays.send(GET)
    assert stays.answer()[0] == 200, "no connection of another listener was touched"


def test_a_listener_that_comes_after_the_stop_is_closed(serve):
    acceptor, _ = serve(hello)
    acceptor.stop()
    late = listen("127.0.0.1", 0)
    acceptor.add(late, lambda connection, address: None)
    assert late.fileno() == -1
    acceptor.remove(late)


def test_a_connection_that_no_thread_can_serve_is_turned_away(serve, wire, monkeypatch):
    _, port = serve(hello)

    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("hokusai_mock.server.acceptor.threading.Thread.start", none_left)
        assert wire(port).closed()
    innocent = wire(port)
    innocent.send(GET)
    assert innocent.answer()[0] == 200


def test_no_thread_is_left_after_stop(serve, wire):
    before = set(threading.enumerate())
    acceptor, port = serve(hello)
    client = wire(port)
    client.send(GET)
    client.answer()
    acceptor.stop()
    assert set(threading.enumerate()) <= before


def test_stop_waits_for_a_connection_that_is_just_ending(serve, wire, monkeypatch):
    """Its thread has given the connection up, and would else end a moment after `stop`."""
    closing, may_close = threading.Event(), threading.Event()
    close, join = socket.socket.close, threading.Thread.join
    ending: list[threading.Thread] = []

    def close_slowly(sock: socket.socket) -> None:
        if threading.current_thread().name.endswith("(_serve)") and not closing.is_set():
            ending.append(threading.current_thread())
            closing.set()
            may_close.wait(10)
        close(sock)

    def join_and_let_go(thread: threading.Thread, timeout: float | None = None) -> None:
        if thread in ending:
            may_close.set()
        join(thread, timeout)

    acceptor, port = serve(hello)
    client = wire(port)
    monkeypatch.setattr(socket.socket, "close", close_slowly)
    monkeypatch.setattr(threading.Thread, "join", join_and_let_go)
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert client.answer()[0] == 200
    assert closing.wait(10)
    try:
        acceptor.stop()
        assert not ending[0].is_alive()
    finally:
        may_close.set()
