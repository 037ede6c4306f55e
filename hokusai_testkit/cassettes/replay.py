"""Asking a server again what a cassette asked: ids that the server gives anew are followed through later requests.

Here is how a recorded request becomes one for another server. What its answer is worth is decided in `verify`.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

__all__ = ["Answer", "Ids", "NotSentError", "Server", "mlflow_path"]

_MOUNTS = ("/api/mlflow", "/mlflow", "")
_REST = re.compile(r"/(?:ajax-)?api/\d\.\d/mlflow|/(?:health|version|get-artifact)$")
_LONG = 16
"""An id of this many characters is recognized inside a longer text (an artifact's path); a shorter one only alone."""


class NotSentError(ValueError):
    """The request cannot be made again; the message says why."""


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    content_type: str
    body: bytes


def mlflow_path(path: str) -> str | None:
    """A recorded path as MLflow's own server sees it, whatever it was mounted on; `None` for one of another program."""
    path = re.sub(r"^/s/[^/]+", "", path)
    for mount in _MOUNTS:
        inner = path.removeprefix(mount)
        if path.startswith(mount) and _REST.match(inner):
            return inner
    return None


class Ids:
    """What a server calls the things that are called otherwise in a recording."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._now: dict[str, str] = {}

    def learn(self, recorded: Any, answered: Any) -> None:
        """Take from two answers to the same request what is called otherwise now."""
        for old, new in _pairs(recorded, answered):
            if old and old != new:
                self._now.setdefault(old, new)

    def text(self, text: str) -> str:
        """`text` with the names of now: as a whole, or with every long id in it."""
        if text in self._now:
            return self._now[text]
        for old, new in self._now.items():
            if len(old) >= _LONG and old in text:
                text = text.replace(old, new)
        return text

    def json(self, value: Any) -> Any:
        """A JSON value with the names of now."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        return {key: self.json(item) for key, item in value.items()} if isinstance(value, dict) else value


def _pairs(old: Any, new: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Texts that stand at the same place of both, under a name that tells of an id or a place."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() & new.keys():
            yield from _pairs(old[name], new[name], name)
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in zip(old, new, strict=False):
            yield from _pairs(one, other, key)
    elif isinstance(old, str) and isinstance(new, str) and _NAMES.search(key):
        yield old, new


_NAMES = re.compile(r"(?:^|_)(?:id|uuid|uri|location|source|version|token)$")


class Server:
    """The server that is asked: at a tracking URI, with a key."""

    def __init__(self, tracking_uri: str, key: str | None, timeout: float) -> None:
        """`ValueError` for a URI that is no http(s) address. `timeout` is in seconds, a request."""
        parts = urlsplit(tracking_uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the target is an address such as http://127.0.0.1:5000, not {tracking_uri!r}")
        if parts.username or parts.password:
            raise ValueError("the target must not hold a user or a password: name a variable with --api-key-env")
        self._parts, self._key, self._timeout = parts, key, timeout

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine's own."""
        return self._parts.hostname in ("127.0.0.1", "::1", "localhost")

    def ask(self, method: str, uri: str, body: bytes | None, content_type: str | None, ids: Ids) -> Answer:
        """Make a recorded request again. `NotSentError` for one that cannot be, `OSError` when there is no answer."""
        parts = urlsplit(uri)
        inner = mlflow_path(parts.path)
        if inner is None:
            raise NotSentError(f"{parts.path} is no path of MLflow's REST API")
        if "<redacted:" in unquote(uri):
            raise NotSentError("a secret stood in its address, which the recording does not hold")
        path = "/".join(quote(ids.text(unquote(piece)), safe="") for piece in inner.split("/"))
        query = urlencode([(name, ids.text(value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)])
        target = self._parts.path.rstrip("/") + path + (f"?{query}" if query else "")
        return self._send(method, target, _translated(body, content_type, ids), content_type)

    def _send(self, method: str, target: str, body: bytes | None, content_type: str | None) -> Answer:
        headers = {"Connection": "close", **({"Content-Type": content_type} if content_type else {})}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        secure = self._parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._timeout)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.getheader("Content-Type") or "", response.read())
        except http.client.HTTPException as error:
            raise OSError(f"no HTTP answer: {error!r}") from error
        finally:
            connection.close()


def _translated(body: bytes | None, content_type: str | None, ids: Ids) -> bytes | None:
    if not body or "json" not in (content_type or ""):
        return body
    try:
        return json.dumps(ids.json(json.loads(body))).encode()
    except ValueError:
        return body
