"""The effect `delay`: the real answer, later."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from hokusai_mock.faults.interface import Effect, Layer, Occasion, whole_body
from hokusai_mock.schema import ImpossibleError, Seconds

if TYPE_CHECKING:
    from hokusai_mock.messages import Response

__all__ = ["Delay", "Distribution"]

Distribution = Literal["fixed", "uniform", "lognormal"]

_SIGMA = 0.5
_PIECES_A_SECOND = 100


@dataclass(frozen=True, slots=True)
class Delay(Effect):
    """Wait, then go on; with `when = "after"` the layer acts first.

    Every request waits `delay` and an addition, drawn anew: `uniform` draws it from 0 to `jitter`; of `lognormal`
    ones half are below `jitter`, one in a hundred is above 3.2 times as much. A `jitter` without a `distribution` is
    uniform. `per_byte` is waited for each byte of the body, which then trickles.
    """

    name: ClassVar[str] = "delay"
    home: ClassVar[Layer] = "transport"
    only_delays: ClassVar[bool] = True

    delay: Seconds = 0.0
    jitter: Seconds = 0.0
    distribution: Distribution | None = None
    per_byte: Seconds = 0.0

    def __post_init__(self) -> None:
        """Refuse what would not wait, and a distribution that contradicts the jitter."""
        if not (self.delay or self.jitter or self.per_byte):
            raise ImpossibleError("a delay waits: give 'delay', 'jitter' or 'per_byte'")
        if self.distribution == "fixed" and self.jitter:
            raise ImpossibleError("a fixed delay has no 'jitter': choose 'uniform' or 'lognormal', or leave it out")
        if self.distribution in ("uniform", "lognormal") and not self.jitter:
            raise ImpossibleError(f"a {self.distribution} delay needs 'jitter', the size of what is drawn")

    def apply(self, occasion: Occasion) -> Response:
        """Wait, then let the request go on."""
        occasion.wait(self.delay + self._addition(occasion))
        response = occasion.answer()
        if self.per_byte:
            body = whole_body(response)
            response.body = self._trickle(body, occasion)
            if not response.is_framed:
                response.headers.append(("Content-Length", str(len(body))))
        return response

    def _addition(self, occasion: Occasion) -> float:
        if not self.jitter:
            return 0.0
        draw = occasion.draw()
        if self.distribution == "lognormal":
            from statistics import NormalDist  # noqa: PLC0415 - slow to import, and rarely needed

            return self.jitter * math.exp(_SIGMA * NormalDist().inv_cdf(max(draw, 2**-53)))
        return self.jitter * draw

    def _trickle(self, body: bytes, occasion: Occasion) -> Iterator[bytes]:
        yield b""  # the head leaves at once
        size = max(1, math.ceil(min(len(body), 1 / (self.per_byte * _PIECES_A_SECOND))))
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            occasion.wait(self.per_byte * len(piece))
            yield piece
