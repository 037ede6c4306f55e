"""What a hostile or broken client writes: it hurts nobody but itself, and leaves no error inside the mock."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from hokusai_mock import MockServer, Sandbox


def say(mock: MockServer, data: bytes) -> bytes:
    """Send bytes, end the sending side, and return all that comes back."""
    with socket.create_connection(("127.0.0.1", mock.port), timeout=10) as client:
        answer = b""
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(65536):
                answer += piece
        except OSError:
            pass  # the server hung up on what it did not want to read
        return answer


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: \xb2\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n",
        b"Content-Length: abc\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ],
)
def test_a_body_without_a_clear_end_is_never_read_as_the_next_request(
    mock: MockServer, sandbox: Sandbox, framing: bytes
) -> None:
    head = f"POST /s/{sandbox.id}/health HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
    say(mock, head + framing + b"\r\n" + SMUGGLED)
    assert [entry["path"] for entry in sandbox.journal] == ["/health"]
    assert mock.sandbox().calls("GET", "/smuggled") == []


@pytest.mark.parametrize("chunks", [b"zz\r\nabc\r\n", b"-1\r\n", b"5\r\nab", b"\r\n", b"5\r\nabcdeXX0\r\n\r\n"])
@pytest.mark.parametrize("path", ["/api/mlflow/api/2.0/mlflow/experiments/create", "/health"])
def test_chunks_that_cannot_be_read_end_the_connection_and_are_no_error_of_the_mock(
    mock: MockServer, sandbox: Sandbox, chunks: bytes, path: str
) -> None:
    head = f"POST /s/{sandbox.id}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer hk_test_admin\r\n"
    say(mock, head.encode() + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert sandbox.errors == []
    assert len(sandbox.journal) == 1


_PIECES = st.sampled_from(
    b"GET|POST| |/|/s/x/health|/_testkit/v1| HTTP/1.1| HTTP/9.9|\r\n|\n|\0|:|Host: 127.0.0.1|Host: evil.test|{}|%|"
    b"<long>|Content-Length: 7|Transfer-Encoding: chunked|Expect: 100-continue|%2e%2e|\xff\xfe|0\r\n\r\n".split(b"|")
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=20)), max_size=14).map(b"".join))
def test_no_bytes_upset_the_server(mock: MockServer, capfd: pytest.CaptureFixture[str], data: bytes) -> None:
    say(mock, data.replace(b"<long>", b"A" * 70_000))
    assert b"200 OK" in say(mock, b"GET /s/after/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert capfd.readouterr().err == ""
    assert mock.sandbox("x").errors == []


@pytest.mark.parametrize("line", [b"GET", b"\x1b[31m<script>alert(1)</script> / HTTP/1.1", b"GET / HTTP/9.9"])
def test_what_is_no_request_is_refused_without_an_echo(
    mock: MockServer, capfd: pytest.CaptureFixture[str], line: bytes
) -> None:
    answer = say(mock, line + b"\r\nHost: 127.0.0.1\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0].split()[1] in (b"400", b"401", b"505")
    assert b"X-Hokusai-Testkit: " in head
    assert b"script" not in answer
    assert b"\x1b" not in answer
    assert body.startswith(b"{")
    assert capfd.readouterr().err == ""
