"""How an answer announces its length, for effects that make it lie; no effect itself."""

from __future__ import annotations

from hokusai_mock.messages import Response

__all__ = ["chunked", "declare", "undeclare"]


def declare(response: Response, length: int) -> None:
    """Announce a body of `length` bytes, whatever the body is."""
    undeclare(response)
    response.headers.append(("Content-Length", str(length)))


def chunked(response: Response) -> None:
    """Announce a body in chunks; who calls this writes them."""
    undeclare(response)
    response.headers.append(("Transfer-Encoding", "chunked"))


def undeclare(response: Response) -> None:
    """Announce nothing: the server will announce what is true."""
    framing = ("content-length", "transfer-encoding")
    response.headers = [pair for pair in response.headers if pair[0].lower() not in framing]
