"""What a fault effect is. One module an effect; what an effect does not know: when it fires and for which requests.

An effect answers in the place of its layer, alters the layer's own answer, or only takes time. What it does to the
connection it does not do itself: it says so in the answer (`messages.Wire`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from hokusai_mock.messages import GONE
from hokusai_mock.schema import AtLeast, SchemaError

if TYPE_CHECKING:
    from hokusai_mock.messages import Request, Response

__all__ = ["LAYERS", "Bytes", "Effect", "FaultError", "Layer", "Occasion", "When", "whole_body"]

Layer = Literal["listener", "transport", "edge", "gateway", "mlflow", "handler"]
When = Literal["before", "after"]

LAYERS: tuple[Layer, ...] = ("listener", "transport", "edge", "gateway", "mlflow", "handler")
"""Where an effect can be attached, in the order in which a request passes them."""

Bytes = Annotated[int, AtLeast(0)]
"""A number of bytes."""


class FaultError(SchemaError):
    """A fault rule is misspelt, impossible, or cannot be played; nothing was changed."""


class Occasion:
    """One request that a rule has taken, as the rule's effect sees it."""

    __slots__ = ("answer", "draw", "request")

    def __init__(self, request: Request, answer: Callable[[], Response], draw: Callable[[], float]) -> None:
        """Hand `request` to an effect."""
        self.request = request
        self.answer = answer
        """The layer's own answer. With `when = "before"` this is what lets the layer act; call it once at most."""
        self.draw = draw
        """A fraction from 0 to below 1, the same in every run for the same request of the same client."""

    def wait(self, seconds: float) -> None:
        """Hold the request for `seconds` x `time_scale`.

        `ConnectionAbortedError` when the sandbox ends meanwhile or the client goes: there is nobody to answer then.
        """
        if seconds and not self.request.world.wait(seconds, self.request.environ.get(GONE)):
            raise ConnectionAbortedError("nobody waits for the answer any more")


class Effect(ABC):
    """An effect: its fields are the keys of the `with` table of a `[[fault]]`, a frozen dataclass."""

    __slots__ = ()

    name: ClassVar[str]
    """The effect's name in a `[[fault]]` table."""
    home: ClassVar[Layer] = "edge"
    """The layer that a rule is attached to when it names none."""
    alters: ClassVar[bool] = False
    """Whether the effect works on the layer's own answer, so that the layer acts whatever `when` says."""
    only_delays: ClassVar[bool] = False
    """Whether the layer's own answer stays what it is."""

    @abstractmethod
    def apply(self, occasion: Occasion) -> Response:
        """Answer `occasion.request`: with an answer of its own, or with the layer's, altered in place."""


def whole_body(response: Response) -> bytes:
    """The body of an answer in one piece; a streamed one is read to its end."""
    if isinstance(response.body, bytes):
        return response.body
    try:
        return b"".join(response.body)
    finally:
        response.discard()
