"""Model 30 warms up after a start: for how long it is not ready, and when it has come to itself.

Everything goes by the world's clock: a cold start of minutes is over as soon as the clock was advanced.
"""

from __future__ import annotations

from typing import NamedTuple

from hokusai_mock.gateway.route import Call

__all__ = ["WarmUp", "warming"]


class WarmUp(NamedTuple):
    """How far the warm-up is."""

    ready: bool
    """Predictions are taken."""
    slow: bool
    """They are taken, and time out."""

    @property
    def state(self) -> str:
        """In the platform's word."""
        return "ready" if self.ready else "warming"


def warming(call: Call) -> WarmUp:
    """The state of the warm-up: it began when a scenario set it."""
    settings = call.settings
    since_ms = call.world.set_since_ms("warm_up_s")
    if since_ms is None:
        since_ms = call.world.set_since_ms("slow_start_s")
    passed_s = float("inf") if since_ms is None else (call.now_ms - since_ms) / 1000
    ready = passed_s >= settings.warm_up_s and call.state.refused_predictions >= settings.warm_up_requests
    return WarmUp(ready, ready and passed_s < settings.warm_up_s + settings.slow_start_s)
