"""Registering a model for a token: a version of an artifact that is already logged, then the registration event.

Everything that can be refused is refused first: parameters, the way of the event, the run of the artifact. The event
stands in the version's tags from its creation on, so that there is never a version whose event is lost. The sending is
in `_notifying.py`, the rules of names and tags in `_tokens.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hokusai._backend import Backend
from hokusai.core import _sources
from hokusai.core._events import canonical
from hokusai.core._notifying import Delivery, keep_event, kept_event, notify
from hokusai.core._order import Order
from hokusai.core._registration import REGISTRATION, registering
from hokusai.core._tokenized_model import (
    EVENT_TAG,
    PROPOSAL_TAG,
    RUN_TAG,
    STATE_TAG,
    TokenizedModel,
    read_tokenized,
)
from hokusai.core._tokens import (
    BASELINE_TAG,
    METRIC_TAG,
    TOKEN_TAG,
    finite,
    has_token_tags,
    normalized,
    tag_texts,
)
from hokusai.core._versions import ModelVersion, check_name, find_version, read_versions, search_versions
from hokusai.exceptions import InvalidParameterError, ModelNotFoundError

__all__ = ["TokenOrder", "find_tokenized", "register_tokenized", "renotify", "tokenized_by_token"]

_PROPOSALS = ("proposal_identifier", "proposal_ticker", "canonical_identifier", "ticker")
"""Additional tags that name the proposal, the most telling first; without any it is the token's own."""

_STATUS_TAG = "hokusai_status"
_TEXT_LIMIT = 500
_EVENT_LIMIT = 100_000
"""Characters of a tag's value that servers of 3.x take; 2.x takes 5,000 and refuses the version itself."""


class _Source(NamedTuple):
    """Where an artifact lies, and the run that it belongs to."""

    uri: str
    run_id: str


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """A checked wish to register an artifact for a token."""

    uri: str
    name: str
    token_id: str
    metric: str
    baseline: float
    extra: dict[str, str] = field(default_factory=dict)
    spec: dict[str, str] = field(default_factory=dict)
    api_schema: dict[str, Any] | None = None

    @classmethod
    def checked(
        cls,
        *,
        model_uri: object,
        model_name: object,
        token_id: object,
        metric_name: object,
        baseline_value: object,
        additional_tags: object = None,
        api_schema: object = None,
        **spec: object,
    ) -> TokenOrder:
        """Check everything that can be checked without a server; `InvalidParameterError` names the parameter."""
        if not isinstance(model_uri, str):
            raise InvalidParameterError(f"model_uri must be a runs:/ or models:/ URI, not {model_uri!r}.")
        _sources.check_uri(model_uri, "model_uri")
        baseline = finite(baseline_value)
        if baseline is None:
            raise InvalidParameterError(f"baseline_value must be numeric (and finite), not {baseline_value!r}.")
        order = cls(
            uri=model_uri,
            name=check_name(model_name, "model_name"),
            token_id=normalized(token_id),
            metric=_text(metric_name, "metric_name"),
            baseline=baseline,
            extra=tag_texts(additional_tags, "additional_tags"),
            spec={name: _text(value, name) for name, value in spec.items() if value is not None},
            api_schema=_schema(api_schema),
        )
        order._check_extra()
        if len(canonical(order.event("0" * 32, "0" * 9))) > _EVENT_LIMIT:
            raise InvalidParameterError(
                f"api_schema and additional_tags make an event of more than {_EVENT_LIMIT} characters."
            )
        return order

    @property
    def proposal(self) -> str:
        """The proposal that the token belongs to."""
        named = (self.extra.get(name, "").strip() for name in _PROPOSALS)
        return next((name for name in named if name), self.token_id)

    def event(self, run_id: str, version: str) -> dict[str, Any]:
        """Return the registration event's fields."""
        event: dict[str, Any] = {
            "model_name": self.name,
            "version": version,
            "token_id": self.token_id,
            "proposal_identifier": self.proposal,
            "metric_name": self.metric,
            "baseline_value": self.baseline,
            "mlflow_run_id": run_id,
            **self.spec,
        }
        if len(self.uri) <= _TEXT_LIMIT:
            event["model_uri"] = self.uri
        if self.api_schema is not None:
            event["api_schema"] = self.api_schema
        if self.extra:
            event["tags"] = dict(self.extra)
        return event

    def tags(self, run_id: str) -> dict[str, str]:
        """Return the version's tags; the event in them lacks the number, which only the server can give."""
        return {
            **self.extra,
            **self._own_tags(),
            RUN_TAG: run_id,
            EVENT_TAG: canonical(self.event(run_id, "")),
            STATE_TAG: "pending",
        }

    def spec_tags(self) -> dict[str, str]:
        """Return what is said about measuring, as tags of version and run."""
        return {f"hokusai.{name}": value for name, value in self.spec.items()}

    def _own_tags(self) -> dict[str, str]:
        return {
            TOKEN_TAG: self.token_id,
            METRIC_TAG: self.metric,
            BASELINE_TAG: str(self.baseline),
            _STATUS_TAG: "registered",
            PROPOSAL_TAG: self.proposal,
            **self.spec_tags(),
        }

    def _check_extra(self) -> None:
        """Refuse additional tags that contradict, or would take the place of, Hokusai's own."""
        own = self._own_tags()
        for name, value in self.extra.items():
            if name in (RUN_TAG, EVENT_TAG, STATE_TAG, REGISTRATION) or own.get(name, value) != value:
                raise InvalidParameterError(
                    f"additional_tags[{name!r}] is a tag that registering writes itself: leave it out."
                )


def register_tokenized(backend: Backend, order: TokenOrder, delivery: Delivery | None) -> TokenizedModel:
    """Register the version and send its event; without `delivery` the event is kept for later.

    A call that died in between is gone on with by the same call: it finds the version, and sends what is still pending.
    """
    action = f"register {order.name!r} for the token {order.token_id}"
    place = backend.unit(action, fallback=False)
    with backend.calling(action):
        source = _source(place.client, order)
    wish = Order(order.name, "tokenized", order.uri, source.run_id, numbered=False, tags=order.tags(source.run_id))
    with registering(backend, wish, place=place) as made, backend.calling(action):
        version = ModelVersion(order.name, made.number, None, source.uri, made.run_id, 0, made.tags)
        if delivery is None or version.tags.get(STATE_TAG) != "pending":
            return read_tokenized(keep_event(place.client, version))
        return notify(backend, place.client, version, delivery)


def _source(client: Any, order: TokenOrder) -> _Source:
    """Return where the artifact lies and its run, which is told what is said about measuring; or refuse."""
    source = _sources.resolve(client, order.uri, None)
    if not source.run_id:
        raise InvalidParameterError(
            f"model_uri={order.uri!r} belongs to no run, and the platform wants the id of one. Nothing was registered.",
            remedy="Log the model to a run and pass runs:/<run id>/<path>.",
            code="G10",
        )
    for name, value in order.spec_tags().items():
        client.set_tag(source.run_id, name, value)
    return _Source(source.uri, source.run_id)


def renotify(backend: Backend, wanted: object, version: object, delivery: Delivery | None) -> TokenizedModel:
    """Send the event of a registered version again, from its tags alone; registers nothing."""
    name, number = _of_result(wanted, version)
    with backend.calling(f"send the registration event of {name!r}"):
        found = _find(backend.client, name, number)
        kept_event(found)
        return read_tokenized(found) if delivery is None else notify(backend, backend.client, found, delivery)


def find_tokenized(backend: Backend, name: object, version: object) -> TokenizedModel:
    """Return a tokenized version; without `version` the latest one."""
    wanted = check_name(name, "model_name")
    with backend.calling(f"read the tokenized model {wanted!r}"):
        return read_tokenized(_find(backend.client, wanted, version))


def tokenized_by_token(backend: Backend, token_id: object) -> list[TokenizedModel]:
    """Return every version of every model that belongs to a token, by model name and number."""
    token = normalized(token_id)
    with backend.calling(f"list the models of the token {token}"):
        # Other tools may have stored it in lower case; a token id holds none of the wildcards of ILIKE.
        found = search_versions(backend.client, f"tag.{TOKEN_TAG} ILIKE '{token}'")
    return [read_tokenized(version) for version in _by_name(found) if has_token_tags(version.tags)]


def _by_name(versions: list[ModelVersion]) -> list[ModelVersion]:
    return sorted(versions, key=lambda version: (version.name, version.number))


def _find(client: Any, name: str, wanted: object) -> ModelVersion:
    """Return a version; for `None` the highest number among those that have token tags."""
    if wanted is not None:
        return find_version(client, name, wanted, "version")
    versions = read_versions(client, name)
    tokenized = [version for version in versions if has_token_tags(version.tags)]
    if not versions:
        return find_version(client, name, None)  # raises, and names the nearest
    if not tokenized:
        raise ModelNotFoundError(
            model_name=name,
            message=f"Model {name!r} has {len(versions)} versions, and none of them belongs to a token.",
            code="E04",
            remedy="Register one with register_tokenized_model.",
        )
    return tokenized[-1]


def _of_result(wanted: object, version: object) -> tuple[str, object]:
    """Return name and version of a result, or of a name and what was passed besides."""
    if isinstance(wanted, str):
        return check_name(wanted, "result_or_name"), version
    try:
        name, number = wanted["model_name"], wanted["version"]  # type: ignore[index]
    except (TypeError, KeyError):
        raise InvalidParameterError(
            f"result_or_name must be a result of register_tokenized_model or a model's name, not {wanted!r}."
        ) from None
    if version is not None and str(version) != str(number):
        raise InvalidParameterError(f"version={version!r} is not the version of the result, which is {number!r}.")
    return check_name(name, "result_or_name"), number


def _text(value: object, parameter: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidParameterError(f"{parameter} must be a text that is not blank, not {value!r}.")
    if len(value) > _TEXT_LIMIT:
        raise InvalidParameterError(f"{parameter} has {len(value)} characters; the platform takes {_TEXT_LIMIT}.")
    return value.strip()


def _schema(value: object) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InvalidParameterError(f"api_schema must be a dict, not {type(value).__name__}.")
    try:
        # A copy: what is sent, and what the tag keeps, must not follow later changes of the caller's.
        copied: dict[str, Any] = json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidParameterError(f"api_schema cannot be written as JSON: {error}.") from error
    return copied
