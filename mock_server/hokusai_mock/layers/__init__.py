"""What every request passes before it reaches an application, in this order: sandbox, journal, transport, edge.

A layer is a function that takes a request and the next handler; it knows its world, never another layer. Faults attach
to a layer by its name, before or after it acts (`fault_points.py`). `build` puts them in order.
"""

from __future__ import annotations

from collections.abc import Callable

from hokusai_mock.layers.edge import edge
from hokusai_mock.layers.fault_points import fault_point
from hokusai_mock.layers.journal import journal
from hokusai_mock.layers.transport import transport
from hokusai_mock.messages import Handler, Request, Response

__all__ = ["Layer", "build", "fault_point"]

Layer = Callable[[Request, Handler], Response]


def build(application: Handler) -> Handler:
    """Put the layers in front of `application`; the sandbox layer, which finds the world, comes before all of them."""
    platform = fault_point("edge", _bind(edge, application))
    # Inside of the layer: whatever a fault does to the line, the journal learns what became of the answer.
    line = _bind(transport, fault_point("transport", platform))
    return _bind(journal, line)


def _bind(layer: Layer, forward: Handler) -> Handler:
    def handle(request: Request) -> Response:
        return layer(request, forward)

    return handle
