"""Turns what MLflow's client raises into the SDK's own family.

The status never comes from searching a message: it comes from the response itself where the exception holds one, from
the plug-in's response hook, or from urllib3's `ResponseError` when MLflow gave up retrying. Which incident an answer
stands for is decided in `_incidents.py`.
"""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from hokusai._incidents import (
    Incident,
    is_html,
    name_absence,
    name_answer,
    name_detour,
    name_misplaced,
    name_silence,
    name_status,
)
from hokusai.auth._credentials import TABLE
from hokusai.auth.mlflow_plugin import SeenResponse, read_response
from hokusai.config._resolver import ambient_secret
from hokusai.config._uris import without_api_path
from hokusai.exceptions import (
    HokusaiException,
    MLflowAuthenticationError,
    MLflowConnectionError,
    RateLimitError,
)

__all__ = ["Failure", "described", "failure_of", "from_absence", "from_answer", "mask", "no_answer", "to_error"]

_RETRIED = re.compile(r"too many (\d{3}) error responses")
_EXCERPT = 200
_SENDING = frozenset({"hokusai", "http", "mlflow", "requests", "socket", "ssl", "urllib3"})
"""The packages through which a request goes out."""
_SHORTEST = 4
"""Characters of a secret that can be told from a word."""
_SECRET_VARIABLES = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known about a failed call: the answer, or only its status, or what went wrong on the way."""

    answer: SeenResponse | None = None
    status: int | None = None
    classes: set[str] = field(default_factory=set)
    text: str = ""

    @property
    def reached(self) -> bool:
        """Whether the server answered at all."""
        return self.status is not None

    @property
    def hidden(self) -> bool:
        """Whether there was an answer of which not even the status is left: its `Retry-After` could not be read."""
        return "Invalid Retry-After header" in self.text


def failure_of(error: BaseException, seen: list[SeenResponse]) -> Failure:
    """Collect what an exception of MLflow's client, and the error answers seen during the call, tell."""
    chain = list(_chain(error))
    for link in chain:
        response = getattr(link, "response", None)
        if response is not None and getattr(response, "status_code", None):
            answer = read_response(response)
            return Failure(answer, answer.status)
    text = " ".join(str(link) for link in chain)
    retried = [match for link in chain for match in _RETRIED.findall(str(link)) if _is_response_error(link)]
    if retried:
        return Failure(None, int(retried[0]))
    names = {cls.__name__ for link in chain for cls in type(link).__mro__}
    if seen and "RestException" in names | {type(error).__name__}:
        return Failure(seen[-1], seen[-1].status)
    if seen and not name_silence(names, text):
        return Failure(seen[-1], seen[-1].status)
    return Failure(classes=names, text=text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that it hides: causes, contexts, urllib3's reasons, exceptions used as arguments."""
    waiting, known = [error], set()
    while waiting:
        link = waiting.pop(0)
        if id(link) in known:
            continue
        known.add(id(link))
        yield link
        hidden = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
        waiting.extend(item for item in hidden if isinstance(item, BaseException))


def _is_response_error(link: BaseException) -> bool:
    return any(cls.__name__ in ("ResponseError", "MaxRetryError", "RetryError") for cls in type(link).__mro__)


def to_error(
    error: BaseException,
    seen: list[SeenResponse],
    *,
    uri: str,
    action: str,
    default: type[HokusaiException],
    ask_again: Callable[[], SeenResponse | None],
) -> HokusaiException:
    """Return the SDK's error for `error`; `ask_again` makes one unretried request where only a status is known."""
    for link in _chain(error):
        if isinstance(link, HokusaiException):
            return link
    failure = failure_of(error, seen)
    forget_locals(error)
    answer = failure.answer or _second_look(failure, ask_again)
    if answer is not None:
        return from_answer(answer, uri=uri, action=action, default=default)
    if failure.status is not None:
        return from_answer(
            SeenResponse(failure.status, uri, "", "", {}), uri=uri, action=action, default=default, hollow=True
        )
    incident = name_silence(failure.classes, failure.text)
    if incident is not None:
        return _silence(incident, uri, action)
    return default(f"Could not {action}: {mask(_first_line(str(error)))}", url=_safe(uri))


def forget_locals(error: BaseException) -> None:
    """Clear the variables of the frames of HTTP libraries that `error` and what lies behind it left.

    They hold the key in plain bytes while they send it, and programs that print tracebacks with variables would print
    it. The frames of the user's own program, which may lie behind too, stay as they are.
    """
    for link in _chain(error):
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if str(frame.f_globals.get("__name__")).partition(".")[0] in _SENDING:
                with suppress(RuntimeError):  # it is still running
                    frame.clear()


def no_answer(error: BaseException, *, url: str, action: str) -> HokusaiException:
    """Return the error for a request to the platform itself that got no answer."""
    failure = failure_of(error, [])
    forget_locals(error)
    incident = name_silence(failure.classes, failure.text)
    if incident is None:
        return HokusaiException(f"Could not {action}: {mask(_first_line(str(error)))}", url=_safe(url))
    return HokusaiException(
        f"Could not {action}: {incident.cause} ({_safe(url)}).",
        code=incident.code,
        remedy=incident.remedy,
        url=_safe(url),
    )


def from_absence(
    error: ModuleNotFoundError, *, uri: str, action: str, default: type[HokusaiException]
) -> HokusaiException | None:
    """Return the SDK's error for a package that MLflow did not find; `None` when it means nothing in particular."""
    incident = name_absence(error.name)
    if incident is None:
        return None
    message = f"Could not {action}: {incident.cause} ({error.name})."
    return default(message, code=incident.code, remedy=incident.remedy, url=_safe(uri))


def _second_look(failure: Failure, ask_again: Callable[[], SeenResponse | None]) -> SeenResponse | None:
    """Return what the server says to one unretried request, where it refuses that in the same way."""
    again = ask_again() if failure.reached or failure.hidden else None
    if again is None or again.status < 400:
        return None
    return again if failure.status in (None, again.status) else None


def _silence(incident: Incident, uri: str, action: str) -> MLflowConnectionError:
    return MLflowConnectionError(
        f"Could not {action}: {incident.cause} ({_safe(uri)}).",
        tracking_uri=_safe(uri),
        code=incident.code,
        remedy=incident.remedy,
        url=_safe(uri),
    )


def from_answer(
    seen: SeenResponse,
    *,
    uri: str,
    action: str,
    default: type[HokusaiException],
    hollow: bool = False,
) -> HokusaiException:
    """Return the error for an answer of the tracking side; `hollow` when only its status is known."""
    if hollow:
        incident = name_status(seen.status)
    else:
        incident = name_detour(seen, uri) or name_misplaced(seen, without_api_path(uri)) or name_answer(seen)
    fields = described(seen, url=seen.url, action=action, incident=incident)
    message = fields.pop("message")
    if seen.status in (401, 403):
        return MLflowAuthenticationError(message, seen.status, **fields)
    if seen.status == 429:
        wait = retry_after(seen.headers.get("retry-after"))
        return RateLimitError(message, wait, status_code=429, **fields)
    if seen.status >= 500 or seen.status < 400:
        return MLflowConnectionError(message, _safe(uri), status_code=seen.status, **fields)
    return default(message, status_code=seen.status, **fields)


def described(seen: SeenResponse, *, url: str, action: str, incident: Incident | None) -> dict[str, Any]:
    """Return what every error about an answer carries: `message`, `code`, `remedy` and `url`."""
    cause = incident.cause if incident else _default_cause(seen.status)
    body = _first_line(_said(seen))
    said = f" The server said: {body}" if body else ""
    return {
        "message": mask(f"Could not {action}: {cause} (HTTP {seen.status} from {_safe(url)}).{said}"),
        "code": incident.code if incident else None,
        "remedy": incident.remedy if incident else _default_remedy(seen.status),
        "url": _safe(url),
    }


def _said(seen: SeenResponse) -> str:
    """Return the sentence of an error body: `detail` of the platform, `message` of MLflow, a text; never a page."""
    try:
        parsed = json.loads(seen.body)
    except ValueError:
        return "" if is_html(seen) else seen.body
    if isinstance(parsed, dict):
        for name in ("detail", "message"):
            if isinstance(parsed.get(name), str):
                return str(parsed[name])
    return seen.body


def _default_cause(status: int) -> str:
    if status in (401, 403):
        return "the server refused the credentials"
    return "the server failed" if status >= 500 else "the server refused the request"


def _default_remedy(status: int) -> str:
    if status in (401, 403):
        return "Check with get_mlflow_auth_status() what is sent, and to which server."
    if status >= 500:
        return "Try again later; if it stays, tell the server's operator."
    return "Look at what the server said, and at the address that it was asked at."


def retry_after(value: str | None) -> float | None:
    """Read a `Retry-After` header, seconds or an HTTP date, as seconds from now; `None` when there is none."""
    if not value:
        return None
    try:
        return max(0.0, float(int(value)))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def mask(text: str) -> str:
    """Take every secret this process knows out of a text."""
    known = (*TABLE.secrets(), ambient_secret(), *map(os.environ.get, _SECRET_VARIABLES))
    for secret in known:
        if secret and len(secret) >= _SHORTEST:
            text = text.replace(secret, "***")
    return text


def _first_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else line[:_EXCERPT] + "..."


def _safe(url: str) -> str:
    """Return `url` without user-info, query and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", "")) if host else url.partition("?")[0]
