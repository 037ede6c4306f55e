"""What stands before the routes of newer servers: the check of the Host header, the block of foreign origins, headers.

Which version does what is in the profile; 2.9 does nothing of it. The settings of a world are what the server was
started with: `--allowed-hosts` and `--cors-allowed-origins`, and the prefix below which some versions look for paths.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch, translate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hokusai_mock.messages import Request, Response
from hokusai_mock.mlflow_api.switches import NATIVE_ARTIFACTS
from hokusai_mock.profiles import MlflowProfile

if TYPE_CHECKING:
    from hokusai_mock.settings import Settings

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
_KNOWN_HOSTS = 256


class Guard:
    """The checks of one profile, as one server was started."""

    def __init__(self, profile: MlflowProfile, settings: Settings) -> None:
        """Prepare the patterns once; a request costs a dictionary look-up."""
        security, prefix = profile.security, settings.static_prefix if profile.placement.guards_are_prefixed else ""
        self._security = security
        self._native = _native_paths(profile, settings.static_prefix) if profile.behaviour.artifacts_are_native else ()
        hosts = (settings.allowed_hosts or security.allowed_hosts) if security.allowed_hosts else ()
        self._patterns = [re.compile(_pattern(one)) for one in hosts] if "*" not in hosts else []
        self._hosts: dict[str, bool] = {}
        self._upstream_host = urlsplit(settings.upstream_url).netloc if settings.allowed_hosts else None
        self._unchecked = frozenset(prefix + path for path in security.unchecked_paths)
        self._origins = settings.allowed_origins
        self._unasked = max((one for one in settings.allowed_origins if "*" not in one), default=None)
        """The origin that is told to requests without one: the last of those that are no patterns."""
        self._guarded = tuple(prefix + path for path in security.guarded) + (NATIVE_ARTIFACTS if prefix else ())
        self._headers = [*security.headers]
        if security.blocks_foreign_origins:
            self._headers.append(("Vary", "Origin"))

    def refuse(self, request: Request) -> Response | None:
        """The answer to a request that the routes never see, or `None`."""
        if self._patterns and not self._host_allowed(request):
            body = b"Invalid Host header - possible DNS rebinding attack detected"
            return Response(403, body, [("Content-Type", "text/plain")])
        if not self._security.blocks_foreign_origins:
            return None
        origin = request.environ.get("HTTP_ORIGIN")
        return None if origin is None else self._refuse_origin(request, origin)

    def _refuse_origin(self, request: Request, origin: str) -> Response | None:
        known = self._is_known(origin)
        answered = self._security.answers_foreign_origins or known
        if request.method == "OPTIONS" and request.header("Access-Control-Request-Method"):
            if not answered:
                return Response(400, b"Disallowed CORS origin", [*_PREFLIGHT])
            return Response(200, b"OK", [*_PREFLIGHT, ("Access-Control-Allow-Origin", origin)])
        if request.method in _WRITES and request.path.startswith(self._guarded) and not known:
            headers = _cors(origin, twice=False) if answered else [("Vary", "Origin")]
            return Response(403, b"Cross-origin request blocked", [("Content-Type", "text/plain"), *headers])
        return None

    def finish(self, request: Request, response: Response) -> Response:
        """Add the headers that every answer of the routes carries."""
        headers = response.headers
        headers += self._headers
        if self._security.blocks_foreign_origins:
            origin = request.environ.get("HTTP_ORIGIN")
            native = request.path.startswith(self._native)
            if origin is None:
                if self._unasked is not None and not native:
                    headers[-1:] = _told(self._unasked)
            elif self._security.answers_foreign_origins or self._is_known(origin):
                headers[-1:] = _cors(origin, twice=self._is_known(origin) and not native)
            if request.method == "OPTIONS" and response.status == 200 and request.path.startswith("/api/"):
                response.status = 204
        return response

    def _is_known(self, origin: str) -> bool:
        if _is_local(origin):
            return True
        return any(fnmatch(origin, one) if "*" in one else origin == one for one in self._origins)

    def _host_allowed(self, request: Request) -> bool:
        if request.world.plain:
            host = request.environ.get("HTTP_HOST", "")
        elif self._upstream_host is None:
            return True  # what comes through the gateway carries the gateway's own upstream host
        else:
            host = self._upstream_host
        allowed = self._hosts.get(host)
        if allowed is None:
            if len(self._hosts) >= _KNOWN_HOSTS:
                self._hosts.clear()
            allowed = self._hosts[host] = any(pattern.match(host) for pattern in self._patterns)
        return allowed or request.path in self._unchecked


def _native_paths(profile: MlflowProfile, prefix: str) -> tuple[str, ...]:
    """What FastAPI answers without the Flask application behind it, whose layer tells origins a second time."""
    own = ("/health", *(start + "/3.0/mlflow/server-info" for start in ("/api", "/ajax-api")))
    moved = profile.placement.prefixed
    return (*NATIVE_ARTIFACTS, *(prefix + path if path.startswith(moved) else path for path in own))


def _pattern(allowed: str) -> str:
    """A pattern with `*` as a regular expression; brackets stand for themselves."""
    return translate(allowed.replace("[", "[[]", 1))


def _is_local(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in _LOCAL
    except ValueError:
        return False


def _told(origin: str) -> list[tuple[str, str]]:
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", "Origin, Origin"),
    ]


def _cors(origin: str, *, twice: bool) -> list[tuple[str, str]]:
    # Two layers of the real server each vary a known origin; only one of them is around FastAPI's own routes.
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "*"),
        ("Vary", "Origin, Origin" if twice else "Origin"),
    ]
