"""The end of a connection, over real sockets: resets, ends in good order, peers that have gone."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator

import pytest

from hokusai_mock.server import line


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's and the client's end of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=10)
        server, _ = listener.accept()
    yield server, client
    server.close()
    client.close()


@pytest.fixture(params=["poll", "peek"])
def way(request, monkeypatch):
    """How a system tells that a peer has gone: most know no POLLRDHUP."""
    if request.param == "peek":
        monkeypatch.delattr(select, "POLLRDHUP", raising=False)


def test_a_reset_comes_behind_all_that_was_sent(pair):
    server, client = pair
    sent = b"x" * 3_000_000
    received = bytearray()
    ends: list[str] = []

    def read() -> None:
        try:
            while data := client.recv(65536):
                received.extend(data)
        except ConnectionResetError:
            ends.append("reset")

    reader = threading.Thread(target=read)
    reader.start()
    server.sendall(sent)
    with server.makefile("rb"):  # whoever has streams of it does not keep it open
        line.reset(server)
    reader.join(10)

    assert (len(received), ends) == (len(sent), ["reset"])


def test_a_reset_waits_no_longer_than_a_second_for_a_peer_that_does_not_read(pair, monkeypatch):
    server, _ = pair
    monkeypatch.setattr(line, "_LAST_BYTES", 0.01)
    server.setblocking(False)
    while select.select([], [server], [], 0)[1]:
        server.send(b"x" * 65536)
    line.reset(server)

    assert server.fileno() == -1


def test_an_end_in_good_order_leaves_the_rest_to_be_read(pair):
    server, client = pair
    server.sendall(b"the rest")
    line.end(server)

    assert (client.recv(100), client.recv(100)) == (b"the rest", b"")


def test_ending_a_connection_that_has_ended_is_no_error(pair):
    server, client = pair
    line.reset(client)
    with pytest.raises(ConnectionResetError):
        server.recv(1)
    line.end(server)
    line.reset(server)

    assert server.fileno() == -1


@pytest.mark.usefixtures("way")
def test_a_peer_is_there_until_it_ends_its_side(pair):
    server, client = pair
    assert not line.peer_has_gone(server)
    client.sendall(b"a pipelined request")
    assert select.select([server], [], [], 10)[0]
    assert not line.peer_has_gone(server)
    server.recv(100)
    client.close()
    assert select.select([server], [], [], 10)[0]

    assert line.peer_has_gone(server)


@pytest.mark.skipif(not hasattr(select, "POLLRDHUP"), reason="only Linux tells an end apart from bytes before it")
def test_a_peer_that_left_bytes_behind_has_gone_too(pair):
    server, client = pair
    client.sendall(b"a pipelined request")
    client.close()
    poll = select.poll()
    poll.register(server, select.POLLRDHUP)
    assert poll.poll(10_000)

    assert line.peer_has_gone(server)
