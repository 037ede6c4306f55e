"""One HTTP request, never retried and never redirected, and what came of it as plain facts.

MLflow's client hides status, headers and body of what it retries; this is how the doctor sees them. Proxies of the
environment are honoured as urllib does it. Nothing is judged here beyond what kind of body it is.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

__all__ = ["Facts", "exchange", "proxy_for"]

Facts = dict[str, Any]
"""What a probe observed: names to JSON values."""

LIMIT = 64 * 1024
"""How much of a body is read, in bytes."""

_TELLING = (
    "cf-ray",
    "retry-after",
    "via",
    "www-authenticate",
    "proxy-authenticate",
    "x-amz-cf-id",
    "x-cache",
    "x-request-id",
    "x-ratelimit-remaining",
)
"""Headers that tell who answered; no other header is looked at, so that a real platform and a stand-in look alike."""

_USER_AGENT = "hokusai-testkit-doctor"

_NO_TUNNEL = "Tunnel connection failed: "
"""How http.client begins to tell what a proxy answered to CONNECT: a status and its phrase follow."""


def proxy_for(url: str) -> str | None:
    """The proxy that a request to `url` would take, as urllib reads the environment; `None`: directly."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    host = parts.netloc.rpartition("@")[2]
    return None if not proxy or urllib.request.proxy_bypass(host) else proxy


def exchange(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, payload: object = None, timeout: float = 10.0
) -> Facts:
    """Send one request and report what came back.

    `payload` is sent as JSON. `timeout` in seconds bounds connecting and each wait for bytes. The facts: `answered`;
    then `status`, `server`, `content_type`, `location`, `redirect` (where that leads), `headers`, `body_class` (json,
    html, text, xml, empty), `body_json` (an object, else absent), `body_text` (the beginning), `dialect`, `truncated`,
    `elapsed_s`; or `error` and `errno` when nothing came back, and `verify_code` (OpenSSL's number) when the reason was
    the server's certificate.
    """
    data = None if payload is None else json.dumps(payload).encode()
    fields = {"User-Agent": _USER_AGENT, "Accept": "application/json", **(headers or {})}
    if data is not None:
        fields["Content-Type"] = "application/json"
    started = time.monotonic()
    try:
        request = urllib.request.Request(url, data=data, headers=fields, method=method)  # noqa: S310 - http(s) only, checked
        with _opener().open(request, timeout=timeout) as response:
            facts = _answer(response)
        if facts["location"]:
            facts["redirect"] = redirect(url, facts["location"])
    except (OSError, http.client.HTTPException, ValueError) as error:
        facts = {"answered": False, **_failure(error)}
    facts["elapsed_s"] = round(time.monotonic() - started, 4)
    return facts


def _opener() -> urllib.request.OpenerDirector:
    """An opener that hands every status through: without the handlers that follow redirects and raise on errors."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPSHandler(context=_tls()))
    return opener


def _tls() -> ssl.SSLContext:
    """The trust that requests, and so MLflow, would have."""
    for name in ("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        path = os.environ.get(name)
        if path:
            if os.path.isdir(path):
                return ssl.create_default_context(capath=path)
            return ssl.create_default_context(cafile=path)
    with _unset("SSL_CERT_FILE", "SSL_CERT_DIR"):  # OpenSSL reads them, requests does not
        return ssl.create_default_context()


@contextlib.contextmanager
def _unset(*names: str) -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _failure(error: BaseException) -> Facts:
    """What an exchange failed with: the kind of failure, and its number, which is the same in every language."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError | socket.timeout):
        return {"error": "timeout", "errno": None}
    if isinstance(reason, ssl.SSLCertVerificationError):
        return {"error": f"TLS: {reason.reason}", "errno": None, "verify_code": reason.verify_code}
    if isinstance(reason, ssl.SSLError):
        return {"error": f"TLS: {reason.reason or reason.__class__.__name__}", "errno": None}
    if isinstance(reason, OSError) and str(reason).startswith(_NO_TUNNEL):
        return {"error": str(reason), "errno": None}
    if isinstance(reason, OSError):
        return {"error": reason.strerror or reason.__class__.__name__, "errno": reason.errno}
    return {"error": reason.__class__.__name__ if isinstance(reason, BaseException) else str(reason), "errno": None}


def _answer(response: Any) -> Facts:
    declared = response.headers.get("Content-Length")
    body, broken, errno = b"", False, None
    try:
        while len(body) < LIMIT and (block := response.read(LIMIT - len(body))):
            body += block
    except http.client.IncompleteRead as error:
        body, broken = body + error.partial, True
    except (OSError, http.client.HTTPException) as error:
        broken, errno = True, getattr(error, "errno", None)
    if declared and declared.isdigit() and len(body) < min(int(declared), LIMIT):
        broken = True
    cut = {"truncated": broken, "errno": errno} if errno is not None else {"truncated": broken}
    return {"answered": True, **cut, **_describe(response.status, response.headers, body)}


def _describe(status: int, headers: Any, body: bytes) -> Facts:
    content_type = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    text = body.decode("utf-8", "replace")
    facts: Facts = {
        "status": status,
        "server": headers.get("Server"),
        "content_type": content_type or None,
        "location": headers.get("Location"),
        "headers": {name: headers[name] for name in _TELLING if headers.get(name) is not None},
        "body_class": body_class(content_type, text),
        "body_text": text[:300],
    }
    if facts["body_class"] == "json":
        value = json.loads(text)
        if isinstance(value, dict):
            facts["body_json"] = value
    facts["dialect"] = dialect(status, facts.get("body_json"))
    return facts


def redirect(asked: str, location: str) -> str:
    """Where a redirect leads: to `https` on the same host, within the `same-origin`, or to an `other-origin`."""
    here, there = urlsplit(asked), urlsplit(urljoin(asked, location))
    if (here.scheme, there.scheme) == ("http", "https") and here.hostname == there.hostname:
        return "https"
    return "same-origin" if (here.scheme, here.netloc) == (there.scheme, there.netloc) else "other-origin"


def body_class(content_type: str, text: str) -> str:
    """What a body is, by what it says itself, then by its content type: json, html, xml, text or empty.

    MLflow sends its version and its `OK` as text/html: without any markup that is text.
    """
    beginning = text.lstrip("\ufeff \t\r\n")[:64].lower()
    if not beginning:
        return "empty"
    if beginning[0] in "{[" or content_type == "application/json":
        with contextlib.suppress(ValueError):
            json.loads(text)
            return "json"
    if beginning.startswith(("<!doctype html", "<html")) or (content_type == "text/html" and "<" in text):
        return "html"
    if content_type.endswith("xml") or beginning.startswith("<?xml"):
        return "xml"
    return "text"


def dialect(status: int, body: dict[str, Any] | None) -> str:
    """Whose manner an answer has: `hokusai` (`detail`), `mlflow` (`error_code`, or a result), or `other`."""
    if body is None:
        return "other"
    if "error_code" in body:
        return "mlflow"
    if "detail" in body:
        return "hokusai"
    return "mlflow" if status == 200 else "other"
