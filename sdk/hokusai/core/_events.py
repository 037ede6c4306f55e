"""The registration event: its body, where it goes, and what an answer to it means. Decides on values, without I/O.

Fields as the platform's route wants them (`POST <endpoint>/models/tokenized-registration-events`): names and texts that
are not blank, a finite `baseline_value`, and the id of a run, which must not be null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hokusai._incidents import Incident, name_answer, name_silence
from hokusai.auth._credentials import is_hokusai, origin_of
from hokusai.auth.mlflow_plugin import SeenResponse
from hokusai.config._resolver import Settings, check_endpoint, check_transport
from hokusai.exceptions import ConfigurationError

__all__ = ["State", "Verdict", "canonical", "event_url", "judge_answer", "judge_silence", "platform_url"]

State = Literal["pending", "sent", "refused", "unknown"]

_ROUTE = "/models/tokenized-registration-events"
_PASSED_ON_NOTHING = ("Failed to emit", "Authentication service")
"""Beginnings of `detail` by which the platform says of a 5xx that the event went no further."""

_NOT_SENT = frozenset(
    {
        "ConnectTimeout",
        "ConnectTimeoutError",
        "NewConnectionError",
        "NameResolutionError",
        "ProxyError",
        "SSLError",
        "ConnectionRefusedError",
        "InvalidURL",
    }
)
"""Exceptions of requests and urllib3 after which nothing of a request has left."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an event: its state and, unless it was sent, why and which incident that is."""

    state: State
    cause: str = ""
    code: str | None = None
    hint: str | None = None
    """What to do about the cause; that the model must not be registered again is added to it."""
    answer: Mapping[str, Any] | None = None
    """The platform's own words, where it took the event."""


def canonical(event: Mapping[str, Any]) -> str:
    """Return an event as JSON text in its one form: keys sorted, no blanks, ASCII."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), allow_nan=False)


def platform_url(endpoint: str, path: str) -> str:
    """Return the URL of one of the platform's own routes below `endpoint`, whether that ends in `/api` or not."""
    base = endpoint.rstrip("/")
    return f"{base}{path}" if base.endswith("/api") else f"{base}/api{path}"


def event_url(settings: Settings, endpoint: str | None) -> str:
    """Return where events go: `endpoint`, else the registry's own API endpoint. Refuses what must fail.

    Raises:
        ConfigurationError: no URL (B08), no key where one is needed (A01), or the key does not belong there.
    """
    base = settings.api_endpoint if endpoint is None else check_endpoint(endpoint, "notification_api_endpoint")
    url, origin = platform_url(base, _ROUTE), origin_of(base)
    if settings.credential is None:
        if is_hokusai(origin) or origin == origin_of(settings.api_endpoint):
            raise ConfigurationError(
                f"The registration event needs an API key, and there is none for {url}. Nothing was registered.",
                code="A01",
                remedy="Set HOKUSAI_API_KEY, or pass notify_site=False to register without telling the site.",
                url=url,
            )
        return url
    if settings.credential.rank(origin, "") is None:
        raise ConfigurationError(
            f"The API key belongs to {settings.api_endpoint}, so it is not sent to {base}. Nothing was registered.",
            remedy=f"Make the registry with ModelRegistry(api_endpoint={base!r}, ...), or correct "
            "notification_api_endpoint.",
            url=url,
        )
    check_transport(url)
    return url


def judge_answer(seen: SeenResponse) -> Verdict:
    """Say what an answer tells about the event: whether it was taken, refused, or nobody knows."""
    body = _object(seen.body)
    if seen.status < 300:
        return _judge_success(seen, body)
    if seen.status < 400:
        place = seen.headers.get("location", "another address").partition("?")[0]
        hint = "Put the address that answers into the API endpoint."
        return Verdict("refused", f"a redirect leads to {place}, which is not followed", "D10", hint)
    incident = name_answer(seen)
    if seen.status >= 500 and not str(body.get("detail", "")).startswith(_PASSED_ON_NOTHING):
        return Verdict("unknown", f"HTTP {seen.status} does not say how far it came", "F04")
    if incident is None or seen.status == 404:
        return Verdict("refused", _said(seen, body), "F04" if incident is None else incident.code)
    return Verdict("refused", incident.cause if seen.status != 422 else _said(seen, body), *_named(incident))


def _judge_success(seen: SeenResponse, body: dict[str, Any]) -> Verdict:
    if body.get("event_emitted") is True:
        return Verdict("sent", answer=body)
    if body.get("event_emitted") is False:
        return Verdict("refused", f"the platform did not emit it: {body.get('detail') or 'no reason given'}", "F04")
    return Verdict("unknown", f"HTTP {seen.status} came from something that is not the platform", "E05")


def judge_silence(classes: set[str], text: str) -> Verdict:
    """Say what no answer tells: nothing was sent, or the platform may have it."""
    incident = name_silence(classes, text)
    if classes & _NOT_SENT and "ReadTimeout" not in classes:
        cause = incident.cause if incident else "the platform was not reached"
        return Verdict("pending", cause, *(_named(incident) if incident else ("F04",)))
    cause = incident.cause if incident else "the connection broke"
    return Verdict("unknown", cause, "F04")


def _named(incident: Incident) -> tuple[str, str]:
    return incident.code, incident.remedy


def _said(seen: SeenResponse, body: Mapping[str, Any]) -> str:
    """Return what the platform says; of a 422 the fields that it names."""
    detail = body.get("detail", body.get("error"))
    if isinstance(detail, list):
        fields = [_field(item) for item in detail if isinstance(item, Mapping)]
        return f"the platform refuses {', '.join(fields)} (HTTP {seen.status})"
    return f"the platform says {detail!r} (HTTP {seen.status})" if detail else f"the platform says HTTP {seen.status}"


def _field(item: Mapping[str, Any]) -> str:
    return f"{'.'.join(str(part) for part in item.get('loc', [])[1:]) or 'the body'}: {item.get('msg', 'no reason')}"


def _object(body: str) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
