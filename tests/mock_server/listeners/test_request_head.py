"""Request heads as listeners read them that are no HTTP servers: in any pieces, and never an error."""

from __future__ import annotations

import socket
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.listeners.request_head import Head, read_head


def read(*pieces: bytes) -> Head | None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for piece in pieces:
            theirs.sendall(piece)
        theirs.shutdown(socket.SHUT_WR)
        return read_head(ours)


def test_method_target_headers_and_what_came_after_them():
    head = read(b"post /a?b=c HTTP/1.1\r\nHost: h\r\nX-A:  b: c \r\n\r\nbody")
    assert head == Head(
        "POST",
        "/a?b=c",
        (("Host", "h"), ("X-A", "b: c")),
        b"post /a?b=c HTTP/1.1\r\nHost: h\r\nX-A:  b: c \r\n\r\n",
        b"body",
    )
    assert head.header("x-a") == "b: c"
    assert head.header("none") == ""


@given(cuts=st.lists(st.integers(0, 50), max_size=5))
def test_pieces_make_no_difference(cuts):
    whole = b"GET http://h:1/x HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\n\r\n"
    places = [0, *sorted(cuts), len(whole)]
    pieces = [whole[start:end] for start, end in pairwise(places)]
    assert read(*pieces) == read(whole)


@given(data=st.binary(max_size=200))
def test_anything_else_is_none_and_no_error(data):
    head = read(data)
    assert head is None or head.raw + head.rest == data


def test_a_head_without_end_is_given_up():
    assert read(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 11000) is None
