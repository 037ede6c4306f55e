"""Where faults attach: around a layer, by its name, before or after it acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokusai_mock.keys import identify, present
from hokusai_mock.messages import Handler, Request, Response

if TYPE_CHECKING:
    from hokusai_mock.faults.interface import Layer

__all__ = ["fault_point"]


def fault_point(layer: Layer, handler: Handler) -> Handler:
    """Wrap `handler`, which acts for `layer`: a rule of that layer may answer instead of it, or after it has acted.

    Without a rule at the layer it costs one dictionary look-up at most.
    """

    def guarded(request: Request) -> Response:
        board = request.world.fault_board
        if board is None or not board.active(layer):
            return handler(request)
        return board.around(layer, request, handler, _key_of)

    return guarded


def _key_of(request: Request) -> tuple[str, str | None]:
    """How a rule sees the key of a request: `none`, `valid` or `invalid`, and its role where it is known."""
    presented = present(request)
    if presented is None:
        return "none", None
    key = identify(request.world.keys, presented)
    return ("valid" if key is not None and key.valid else "invalid"), key.role if key else None
