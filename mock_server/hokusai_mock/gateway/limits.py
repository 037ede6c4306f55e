"""Rate limits, counted in windows of the world's clock: per key for the whole platform, per route and client.

The live service has a limiter per key that never acts, because it stands outside of the key check; the setting
`rate_limit` plays it as it was meant. What acts there are limits per route, counted after the body was validated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from hokusai_mock.gateway.admission import principal, retry_after
from hokusai_mock.messages import Response
from hokusai_mock.platform_state import Window

if TYPE_CHECKING:
    from hokusai_mock.messages import Request
    from hokusai_mock.world import World

__all__ = ["Verdict", "count", "limit_key", "limit_route"]

MINUTE_S = 60.0
_MANY = 10_000
"""Windows in memory beyond which those that have ended are forgotten."""


class Verdict(NamedTuple):
    """Whether a request is within its limit, how many more are, and when the window ends."""

    allowed: bool
    remaining: int
    ends_ms: int


def count(world: World, counter: str, limit: int, window_s: float, *, renews: bool = False) -> Verdict:
    """Count one request. A window begins with its first request and is fixed, or begins anew with each (`renews`)."""
    with world.lock:
        windows, now = world.platform_state.windows, world.clock.now_ms()
        known = windows.get(counter)
        fresh = known is None or now >= known.ends_ms
        counted = 1 if fresh or known is None else known.requests + 1
        ends_ms = now + round(window_s * 1000) if fresh or known is None or renews else known.ends_ms
        if len(windows) > _MANY:
            for name in [name for name, window in windows.items() if now >= window.ends_ms]:
                del windows[name]
        windows[counter] = Window(ends_ms, counted)
        return Verdict(counted <= limit, max(limit - counted, 0), ends_ms)


def limit_key(request: Request) -> tuple[Response | None, list[tuple[str, str]]]:
    """Count a request of a key, if there is a limit: the refusal or `None`, and headers for whatever is answered."""
    world, settings = request.world, request.world.settings
    if settings.rate_limit is None:
        return None, []
    role = principal(request).role
    verdict = count(
        world, f"key {role}", settings.rate_limit, settings.rate_window_s, renews=settings.rate_window_renews
    )
    headers = []
    if settings.rate_limit_headers:
        headers = [
            ("X-RateLimit-Limit", str(settings.rate_limit)),
            ("X-RateLimit-Remaining", str(verdict.remaining)),
            ("X-RateLimit-Reset", str(verdict.ends_ms // 1000)),
        ]
    if verdict.allowed:
        return None, headers
    seconds = max(1, math.ceil((verdict.ends_ms - world.clock.now_ms()) / 1000))
    wait = retry_after(world, settings, usual=str(seconds))
    retry = [("Retry-After", wait)] if wait is not None else []
    return Response.json({"detail": "Rate limit exceeded"}, 429, retry), headers


def limit_route(request: Request, route: str, per_minute: int) -> Response | None:
    """Count a request of this client at a route; the refusal when it is one too many, as slowapi writes it."""
    world, settings = request.world, request.world.settings
    limit = per_minute if settings.route_limit is None else settings.route_limit
    client = request.environ.get("REMOTE_ADDR", "")
    if count(world, f"route {route} {client}", limit, MINUTE_S).allowed:
        return None
    wait = retry_after(world, settings)
    retry = [("Retry-After", wait)] if wait is not None else []
    return Response.json({"error": f"Rate limit exceeded: {limit} per 1 minute"}, 429, retry)
