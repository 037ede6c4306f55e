"""What stands before the routes of newer servers: the check of the Host header, the block of foreign origins, headers.

Which version does what is in the profile; 2.9 does nothing of it.
"""

from __future__ import annotations

import re
from fnmatch import translate
from urllib.parse import urlsplit

from hokusai_mock.messages import Request, Response
from hokusai_mock.profiles import MlflowProfile

__all__ = ["Guard"]

_WRITES = frozenset({"POST", "PUT", "DELETE", "PATCH"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_PREFLIGHT = [
    ("Content-Type", "text/plain; charset=utf-8"),
    (
        "Vary",
        "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
    ),
    ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS, PATCH"),
    ("Access-Control-Max-Age", "600"),
    ("Access-Control-Allow-Credentials", "true"),
]
_NATIVE = ("/api/2.0/mlflow-artifacts/artifacts/", "/ajax-api/2.0/mlflow-artifacts/artifacts/")
_KNOWN_HOSTS = 256


class Guard:
    """The checks of one profile."""

    def __init__(self, profile: MlflowProfile) -> None:
        """Prepare the patterns once; a request costs a dictionary look-up."""
        self._security = profile.security
        self._native = profile.behaviour.artifacts_are_native
        self._patterns = [re.compile(_pattern(one)) for one in profile.security.allowed_hosts]
        self._hosts: dict[str, bool] = {}
        self._headers = [*profile.security.headers]
        if profile.security.blocks_foreign_origins:
            self._headers.append(("Vary", "Origin"))

    def refuse(self, request: Request) -> Response | None:
        """The answer to a request that the routes never see, or `None`."""
        # What comes through the gateway carries the gateway's own upstream host, which is allowed.
        if self._patterns and request.world.plain and not self._host_allowed(request):
            body = b"Invalid Host header - possible DNS rebinding attack detected"
            return Response(403, body, [("Content-Type", "text/plain")])
        if not self._security.blocks_foreign_origins:
            return None
        origin = request.environ.get("HTTP_ORIGIN")
        return None if origin is None else self._refuse_origin(request, origin)

    def _refuse_origin(self, request: Request, origin: str) -> Response | None:
        answered = self._security.answers_foreign_origins or _is_local(origin)
        if request.method == "OPTIONS" and request.header("Access-Control-Request-Method"):
            if not answered:
                return Response(400, b"Disallowed CORS origin", [*_PREFLIGHT])
            return Response(200, b"OK", [*_PREFLIGHT, ("Access-Control-Allow-Origin", origin)])
        if request.method in _WRITES and request.path.startswith(self._security.guarded) and not _is_local(origin):
            headers = _cors(origin) if answered else [("Vary", "Origin")]
            return Response(403, b"Cross-origin request blocked", [("Content-Type", "text/plain"), *headers])
        return None

    def finish(self, request: Request, response: Response) -> Response:
        """Add the headers that every answer of the routes carries."""
        headers = response.headers
        headers += self._headers
        if self._security.blocks_foreign_origins:
            origin = request.environ.get("HTTP_ORIGIN")
            if origin is not None and (self._security.answers_foreign_origins or _is_local(origin)):
                headers[-1:] = _cors(origin, once=self._native and request.path.startswith(_NATIVE))
            if request.method == "OPTIONS" and response.status == 200 and request.path.startswith("/api/"):
                response.status = 204
        return response

    def _host_allowed(self, request: Request) -> bool:
        host = request.environ.get("HTTP_HOST", "")
        allowed = self._hosts.get(host)
        if allowed is None:
            if len(self._hosts) >= _KNOWN_HOSTS:
                self._hosts.clear()
            allowed = self._hosts[host] = any(pattern.match(host) for pattern in self._patterns)
        return allowed or request.path in self._security.unchecked_paths


def _pattern(allowed: str) -> str:
    """A pattern with `*` as a regular expression; brackets stand for themselves."""
    return translate(allowed.replace("[", "[[]", 1))


def _is_local(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in _LOCAL
    except ValueError:
        return False


def _cors(origin: str, *, once: bool = False) -> list[tuple[str, str]]:
    # Two layers of the real server each vary a local origin; only one of them is around FastAPI's own routes.
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "*"),
        ("Vary", "Origin, Origin" if _is_local(origin) and not once else "Origin"),
    ]
