"""Our redaction in cassettes that vcrpy and pytest-recording record themselves, through their own hooks.

What is stored is redacted as the kit's own cassettes are; requests still match, because what was replaced counts as
equal to what is replaced now.
"""

from __future__ import annotations

import os
import re
import threading
from typing import Any
from urllib.parse import urlsplit

from hokusai_mock.pipeline import ADMIN_PREFIX
from hokusai_mock.redaction import Redactor, environment_secrets

__all__ = ["configure"]

_LABEL = re.compile(r"(?:<|%3C)redacted(?::|%3A)[a-z0-9-]+(?::|%3A)[0-9a-f]{4,}(?:>|%3E)", re.I)


def configure(vcr: Any) -> None:
    """Let a `vcr.VCR` store no secrets; what others have set on it is done first.

    A `before_record_request` of the user's own `vcr_config` takes the place of ours: vcrpy knows one.
    """
    filters = _Filters()
    vcr.before_record_request = _after(vcr.before_record_request, filters.request)
    vcr.before_record_response = _after(vcr.before_record_response, filters.response)
    vcr.register_matcher("query", _same_query)
    vcr.register_matcher("uri", _same_uri)


def _after(first: Any, then: Any) -> Any:
    """Both filters, one behind the other; a request that the first leaves out (None) stays out."""
    if first is None:
        return then
    functions = (*first, then) if isinstance(first, (list, tuple)) else (first, then)

    def both(message: Any) -> Any:
        for function in functions:
            message = function(message)
            if message is None:
                return None
        return message

    return both


class _Filters:
    """The two filters of one cassette; labels are numbered in it, so that recording again changes nothing."""

    def __init__(self) -> None:
        self._redactor = Redactor(environment_secrets(os.environ), ordinal=True)
        self._lock = threading.Lock()

    def request(self, request: Any) -> Any:
        if urlsplit(request.uri).path.startswith(ADMIN_PREFIX):
            return None  # the plugin's own: neither recorded nor played
        with self._lock:
            headers = _headers(self._redactor, request.headers.items())
            kind = headers.get("Content-Type", headers.get("content-type"))
            encoding = headers.get("Content-Encoding", headers.get("content-encoding"))
            body = request.body
            if isinstance(body, bytes):
                body = self._redactor.bytes(body, _one(kind), encoding=_one(encoding))
            elif isinstance(body, str):
                body = self._redactor.bytes(body.encode(), _one(kind)).decode("utf-8", "surrogateescape")
            return type(request)(request.method, self._redactor.url(request.uri), body, headers)

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            clean = dict(response)
            clean["headers"] = headers = _headers(self._redactor, response["headers"].items())
            named = {name.lower(): _one(value) for name, value in headers.items()}
            body = dict(response["body"])
            content = body.get("string")
            if isinstance(content, bytes):
                body["string"] = self._redactor.bytes(
                    content, named.get("content-type"), encoding=named.get("content-encoding")
                )
                if body["string"] != content and "content-length" in named:
                    for name in [name for name in headers if name.lower() == "content-length"]:
                        headers[name] = [str(len(body["string"]))]
            clean["body"] = body
            return clean


def _headers(redactor: Redactor, pairs: Any) -> dict[str, Any]:
    return {
        name: [redactor.header(name, one) for one in value]
        if isinstance(value, (list, tuple))
        else redactor.header(name, _one(value) or "")
        for name, value in pairs
    }


def _one(value: Any) -> str | None:
    value = value[0] if isinstance(value, (list, tuple)) and value else value
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _same_query(one: Any, other: Any) -> None:
    first, second = ([(name, _plain(value)) for name, value in request.query] for request in (one, other))
    assert first == second, f"{first} != {second}"


def _same_uri(one: Any, other: Any) -> None:
    assert _plain(one.uri) == _plain(other.uri), f"{_plain(one.uri)} != {_plain(other.uri)}"


def _plain(text: str) -> str:
    """`text` with all labels alike: who plays back need not have the secret that was recorded, nor one of its kind."""
    return _LABEL.sub("<redacted>", text)
