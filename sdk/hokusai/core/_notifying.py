"""Sending the registration event of a version and noting in the version's tags what became of it.

`hokusai.event` keeps the event as canonical JSON, `hokusai.event_state` its state; both are on the version before
anything is sent, so that another process can send it again from them alone. What an answer means is decided in
`_events.py`. Nothing here registers anything.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hokusai import _errors, _mlflow
from hokusai._backend import Backend, within
from hokusai.auth._credentials import origin_of
from hokusai.auth._platform import ask
from hokusai.auth.mlflow_plugin import SeenResponse, read_response
from hokusai.config._resolver import Settings
from hokusai.core._events import Verdict, canonical, event_url, judge_answer, judge_silence
from hokusai.core._tokenized_model import EVENT_TAG, STATE_TAG, TokenizedModel, read_tokenized
from hokusai.core._versions import ModelVersion
from hokusai.exceptions import HokusaiException, InvalidParameterError, NotificationError, RegistryException

__all__ = ["Delivery", "delivery_of", "keep_event", "kept_event", "notify", "tls_for"]

_BODY_LIMIT = 4000
_STILL_TO_SEND = "The model is registered: do not register it again, but call renotify({name!r}, {version!r})"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an event is sent: to which URL, for how many seconds, and whether a failure is raised."""

    url: str
    seconds: float
    best_effort: bool = False


def delivery_of(
    settings: Settings, *, endpoint: str | None, seconds: object, best_effort: object = False, wanted: object = True
) -> Delivery | None:
    """Check how an event shall be sent; `None` when it shall not: it is not wanted, or the mode is local.

    Raises:
        InvalidParameterError: a value of another kind; the message names the parameter.
        ConfigurationError: the event could not be sent there (see `event_url`).
    """
    for parameter, value in (("notify_site", wanted), ("best_effort_notification", best_effort)):
        if not isinstance(value, bool):
            raise InvalidParameterError(f"{parameter} must be True or False, not {value!r}.")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < float("inf"):
        raise InvalidParameterError(f"notification_timeout must be a number of seconds above 0, not {seconds!r}.")
    if not wanted or settings.mode == "local":
        return None
    return Delivery(event_url(settings, endpoint), float(seconds), bool(best_effort))


def kept_event(version: ModelVersion) -> dict[str, Any]:
    """Return the event that a version's tags keep, with the version's own name and number."""
    text = version.tags.get(EVENT_TAG)
    if text is None:
        raise RegistryException(
            f"Version {version.number} of {version.name!r} keeps no registration event (tag {EVENT_TAG}).",
            remedy="Only versions made by register_tokenized_model of this SDK have one.",
        )
    try:
        event = json.loads(text)
    except ValueError as error:
        raise RegistryException(f"The tag {EVENT_TAG} of {version.name!r} {version.number} is no JSON.") from error
    if not isinstance(event, dict):
        raise RegistryException(f"The tag {EVENT_TAG} of {version.name!r} {version.number} is no JSON object.")
    return {**event, "model_name": version.name, "version": str(version.number)}


def keep_event(client: Any, version: ModelVersion) -> ModelVersion:
    """Write the event that a version keeps into its tags whole: with the number that the server gave it."""
    return _noted(client, version, EVENT_TAG, canonical(kept_event(version)), f"has the number {version.number}")


def notify(backend: Backend, client: Any, version: ModelVersion, delivery: Delivery) -> TokenizedModel:
    """Send the event that `version` keeps, note its state, and return the version as it then is.

    Raises:
        NotificationError: it did not arrive, unless `delivery` is best effort; `result` is the version all the same.
    """
    event = kept_event(version)
    version = keep_event(client, version)
    verdict, seen, problem = _send(backend, event, delivery)
    version = _noted(client, version, STATE_TAG, verdict.state, f"is {verdict.state}")
    if verdict.state == "sent":
        return read_tokenized(version, notification_response=dict(verdict.answer or {}))
    error = _error(version, verdict, seen, delivery)
    result = read_tokenized(version, notification_error=str(error))
    if delivery.best_effort:
        return result
    error.result = result
    raise error from problem


def _send(
    backend: Backend, event: Mapping[str, Any], delivery: Delivery
) -> tuple[Verdict, SeenResponse | None, BaseException | None]:
    """Send once; return the verdict, the answer where there was one, and what went wrong on the way."""

    def post() -> SeenResponse:
        # Half the time for connecting: a connection that is never made is then known as such.
        timeouts = (delivery.seconds / 2, delivery.seconds)
        with ask(
            "POST",
            delivery.url,
            backend.settings.credential,
            action="send the registration event",
            timeout=timeouts,
            json=dict(event),
            tls=tls_for(backend.settings, delivery.url),
        ) as response:
            return read_response(response)

    try:
        seen = within(delivery.seconds, post)
    except HokusaiException as error:
        failure = _errors.failure_of(error, [])
        return judge_silence(failure.classes, failure.text), None, error
    if seen is None:
        return judge_silence({"ReadTimeout"}, ""), None, None
    return judge_answer(seen), seen, None


def tls_for(settings: Settings, url: str) -> dict[str, Any]:
    """Return MLflow's own TLS settings for a route beside the tracking server; nothing for any other host."""
    beside = origin_of(url) == origin_of(settings.tracking_uri)
    return _mlflow.tls_of(settings.tracking_uri) if beside else {}


def _error(version: ModelVersion, verdict: Verdict, seen: SeenResponse | None, delivery: Delivery) -> NotificationError:
    label = f"{version.name!r} version {version.number}"
    message = f"{label} is registered in MLflow, but its registration event was not accepted: {verdict.cause}."
    if verdict.state == "unknown":
        message = (
            f"{label} is registered in MLflow, and it is unknown whether the site has its registration event: "
            f"{verdict.cause}. The site may have it."
        )
    remedy = _STILL_TO_SEND.format(name=version.name, version=str(version.number))
    look = " after a look at the site" if verdict.state == "unknown" else " when that is mended"
    return NotificationError(
        _errors.mask(message),
        status_code=seen.status if seen else None,
        response_body=_errors.mask(seen.body)[:_BODY_LIMIT] if seen else None,
        mlflow_registered=True,
        code=verdict.code,
        remedy=f"{verdict.hint} {remedy}{look}." if verdict.hint else f"{remedy}{look}.",
        url=delivery.url,
    )


def _noted(client: Any, version: ModelVersion, name: str, value: str, fact: str) -> ModelVersion:
    """Set a tag of a version, where it has another value, and return the version with it.

    A tag that cannot be written is told as a warning, and is no reason to take version or event for lost: the event
    without its number can be sent again too.
    """
    if version.tags.get(name) != value:
        try:
            client.set_model_version_tag(version.name, str(version.number), name, value)
        except _mlflow.error_types() as error:
            warnings.warn(
                f"The registration event of {version.name!r} version {version.number} {fact}, but this could not be "
                f"noted in its tag {name}: {_errors.mask(str(error))[:200]}",
                RuntimeWarning,
                stacklevel=5,
            )
    return replace(version, tags={**version.tags, name: value})
