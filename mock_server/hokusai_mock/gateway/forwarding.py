"""What is lost of a request between the gateway and MLflow; which era loses what is in the platform profile."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from hokusai_mock.messages import Request
from hokusai_mock.profiles import PlatformProfile

__all__ = ["forwarded"]


def forwarded(request: Request, inner: str, platform: PlatformProfile) -> Request:
    """Return `request` as MLflow receives it, under the path `inner`."""
    passed = request.with_path(inner)
    if request.method not in platform.body_methods:
        passed = passed.without_body()
    if request.query_string and not platform.keeps_repeated_parameters:
        # A dictionary keeps the place of the first of equal names and the value of the last.
        passed = passed.with_query(urlencode(dict(parse_qsl(request.query_string, keep_blank_values=True))))
    return passed
