"""What may happen to an answer on its way back; on a healthy line it arrives whole.

It writes the answer's fate into the journal entry as soon as the connection knows it, and lends the connection the
world's way of waiting, for an answer that is held back.
"""

from __future__ import annotations

from hokusai_mock.messages import DELIVERED, GONE, WAIT, Handler, Request, Response

__all__ = ["transport"]


def transport(request: Request, forward: Handler) -> Response:
    """Pass the request on and note how much of the answer left."""
    entry, environ = request.entry, request.environ

    def delivered(status: int | None, body_bytes: int, fate: str) -> None:
        if entry is not None:
            body = environ["wsgi.input"]  # it keeps what passed by, so that the journal never has to read
            entry.body, entry.body_size = body.teed, body.size
            entry.close(status, body_bytes, fate)

    environ[DELIVERED], environ[WAIT] = delivered, request.world.wait
    response = forward(request)
    if response.wire is not None and GONE not in environ:
        return _unbreakable()
    return response


def _unbreakable() -> Response:
    """The answer under a server whose connections are not ours."""
    problem = (
        "a fault that breaks the connection needs MockServer; under another WSGI server only answers can be faults"
    )
    return Response.json({"error": f"hokusai-testkit: {problem}"}, 501)
