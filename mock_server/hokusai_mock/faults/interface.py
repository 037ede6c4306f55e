"""What a fault effect is. One module an effect; what an effect does not know: when it fires and for which requests.

Effects of the closed list whose behaviour is still to come are named in `planned.py`: rules with them are read and
checked, but a `FaultBoard` refuses them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from hokusai_mock.schema import SchemaError

if TYPE_CHECKING:
    from hokusai_mock.messages import Request, Response

__all__ = ["LAYERS", "Effect", "FaultError", "Layer", "Parameters", "When"]

Layer = Literal["listener", "transport", "edge", "gateway", "mlflow", "handler"]
When = Literal["before", "after"]

LAYERS: tuple[Layer, ...] = ("listener", "transport", "edge", "gateway", "mlflow", "handler")
"""Where an effect can be attached, in the order in which a request passes them."""


class FaultError(SchemaError):
    """A fault rule is misspelt, impossible, or cannot be played; nothing was changed."""


class Parameters:
    """The `with` table of one effect: a frozen dataclass whose fields are the effect's parameters."""

    __slots__ = ()

    name: ClassVar[str]
    """The effect's name in a `[[fault]]` table."""


class Effect(Parameters, ABC):
    """An effect that can be played: its parameters know what is answered."""

    __slots__ = ()

    @abstractmethod
    def apply(self, request: Request) -> Response:
        """Answer `request` instead of the layer, or after the layer acted; its own answer is then thrown away."""
