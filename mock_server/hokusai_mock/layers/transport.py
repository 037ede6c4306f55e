"""What may happen to an answer on its way back; on a healthy line it arrives whole.

It writes the answer's fate into the journal entry as soon as the connection knows it.
"""

from __future__ import annotations

from hokusai_mock.messages import Handler, Request, Response

__all__ = ["transport"]


def transport(request: Request, forward: Handler) -> Response:
    """Pass the request on and note how much of the answer left."""
    entry = request.entry

    def delivered(body_bytes: int, complete: bool) -> None:
        if entry is not None:
            body = request.environ["wsgi.input"]  # it keeps what passed by, so that the journal never has to read
            entry.body, entry.body_size = body.teed, body.size
            entry.close(entry.status, body_bytes, "sent" if complete else "cut", request.world.clock.now_ms())

    request.environ["hokusai_mock.delivered"] = delivered
    return forward(request)
