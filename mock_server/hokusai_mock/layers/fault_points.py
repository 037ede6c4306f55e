"""Where faults attach: around a layer, by its name, before or after it acts."""

from __future__ import annotations

from hokusai_mock.faults import FaultBoard, KeyFacts, RequestFacts
from hokusai_mock.faults.interface import Layer, When
from hokusai_mock.keys import identify, present
from hokusai_mock.messages import Handler, Request, Response

__all__ = ["fault_point"]


def fault_point(layer: Layer, handler: Handler) -> Handler:
    """Wrap `handler`, which acts for `layer`: a rule of that layer may answer instead of it, or after it has acted.

    Without a rule at the layer it costs two dictionary look-ups.
    """

    def guarded(request: Request) -> Response:
        board = request.world.faults
        if board.active(layer, "before"):
            answer = _fault(board, layer, "before", request)
            if answer is not None:
                return answer
        response = handler(request)
        if board.active(layer, "after"):
            return _fault(board, layer, "after", request) or response
        return response

    return guarded


def _fault(board: FaultBoard, layer: Layer, when: When, request: Request) -> Response | None:
    """The answer of the rule that takes the request, noted in the journal; `None` when none does."""
    facts = RequestFacts(request.method, request.sandbox_path, request.header, lambda: _key_facts(request))
    decision = board.decide(layer, when, facts)
    if decision is None:
        return None
    if request.entry is not None:
        request.entry.faults.append(decision.name)
        request.entry.layer = layer
    return decision.apply(request)


def _key_facts(request: Request) -> KeyFacts:
    presented = present(request)
    if presented is None:
        return KeyFacts(None, None, "none")
    key = identify(request.world.keys, presented)
    state = "valid" if key is not None and key.valid else "invalid"
    return KeyFacts(presented.secret, key.role if key else None, state)
