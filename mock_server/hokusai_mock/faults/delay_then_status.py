"""The effect `delay_then_status`: a gateway that waits for what is behind it, gives up and says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hokusai_mock.faults.interface import Occasion
from hokusai_mock.faults.status import Status
from hokusai_mock.schema import Seconds

if TYPE_CHECKING:
    from hokusai_mock.messages import Response

__all__ = ["DelayThenStatus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayThenStatus(Status):
    """Wait for `delay`, then answer as the effect `status` does."""

    name: ClassVar[str] = "delay_then_status"

    delay: Seconds

    def apply(self, occasion: Occasion) -> Response:
        """Wait, then answer with the status."""
        occasion.wait(self.delay)
        return Status.apply(self, occasion)
