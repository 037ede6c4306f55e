"""Who may talk to the admin API: loopback names, no foreign web page, and off loopback only with the token.

Pure: it reads a WSGI environ and returns why it refuses. A web page of another origin must neither read nor change
anything, nor a host name that was rebound to loopback.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

__all__ = ["PAGE_HEADERS", "refuse"]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

PAGE_HEADERS = (("X-Frame-Options", "DENY"), ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")

_FOREIGN = frozenset({"cross-site", "same-site"})


def refuse(environ: Mapping[str, Any], allowed_hosts: Collection[str], token: str | None) -> str | None:
    """Return the reason why this request may not use the admin API, or `None` when it may."""
    host = environ.get("HTTP_HOST", "")
    name = _name(host)
    if name not in LOOPBACK_NAMES and name not in allowed_hosts:
        return f"the Host {host!r} is not a loopback name; allow it with --allow-host if it is yours"
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and _netloc(origin) != host.lower():
        return "the request comes from a web page of another origin"
    if environ.get("HTTP_SEC_FETCH_SITE", "").lower() in _FOREIGN:
        return "the request comes from a web page of another site"
    if token is None:
        return None
    import hmac  # noqa: PLC0415 - most mocks have no token

    if not hmac.compare_digest(
        environ.get("HTTP_X_HOKUSAI_TESTKIT_TOKEN", "").encode("utf-8", "replace"), token.encode()
    ):
        return "the admin token is missing or wrong; send it in X-Hokusai-Testkit-Token"
    return None


def _netloc(origin: str) -> str | None:
    """Host and port of an Origin; `None` for what is no origin, which is nobody's own."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _name(host: str) -> str:
    """The host name of a Host header, lower-cased, without port and brackets; empty for what is none."""
    match = _HOST.fullmatch(host)
    return (match[1] or match[2]).lower() if match else ""
