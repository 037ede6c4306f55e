"""What an endpoint is: one decorated function that takes a `Call` and returns the payload of its answer.

The decorator reads the request as its message, checks its rules, holds the world's lock and writes the answer. An
endpoint that streams bodies says so, takes care of the lock itself, and returns a `Response`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote_plus

from hokusai_mock.messages import Handler, Request, Response
from hokusai_mock.mlflow_api import layout, pages
from hokusai_mock.mlflow_api.errors import Crash, Detail, StoreError, TooLarge, invalid, to_response
from hokusai_mock.mlflow_api.validation import REQUIRED, Rule, check
from hokusai_mock.mlflow_api.wire import BOOL, Message, Repeated
from hokusai_mock.profiles import MlflowProfile
from hokusai_mock.store import MemoryStore

__all__ = ["API", "PARAMETERS", "Call", "Endpoint", "Provenance", "endpoint", "experiment_id", "registered"]

API = "/api/2.0/mlflow/"
PARAMETERS = "hokusai.mlflow.parameters"
"""Key of a request's environ under which routing leaves the parameters of the path."""

_BITS = 63
"""Of the store's integers, the sign apart."""

Provenance = Literal["proved", "documented", "assumed"]
"""proved: compared with real servers (`tests/fidelity`); documented: from MLflow's documents or source; assumed."""

Rules = Mapping[str, Sequence[Rule]]
Function = Callable[["Call"], "layout.Json | Response"]


class Call:
    """One request at an endpoint: what was sent, read as its message, and what it acts upon."""

    __slots__ = ("parameters", "profile", "request", "store", "values")

    def __init__(self, request: Request, values: dict[str, Any]) -> None:
        """`values` are the fields of the message that were sent."""
        world = request.world
        self.request = request
        self.values = values
        self.store: MemoryStore = world.store
        self.profile: MlflowProfile = world.mlflow
        self.parameters: Mapping[str, str] = request.environ.get(PARAMETERS, {})

    def text(self, name: str) -> str:
        """A text, empty when it was not sent."""
        value: str = self.values.get(name, "")
        return value

    def number(self, name: str, default: int = 0) -> int:
        """A whole number, `default` when it was not sent."""
        value: int = self.values.get(name, default)
        return value

    def flag(self, name: str) -> bool:
        """A boolean, false when it was not sent."""
        return bool(self.values.get(name))

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        value: list[str] = self.values.get(name, [])
        return value

    def items(self, name: str) -> list[dict[str, Any]]:
        """A list of messages."""
        value: list[dict[str, Any]] = self.values.get(name, [])
        return value

    def rows(self, name: str) -> list[tuple[str, str]]:
        """A list of `{key, value}` as pairs."""
        return [(item.get("key", ""), item.get("value", "")) for item in self.items(name)]

    def pairs(self, name: str) -> dict[str, str]:
        """A list of `{key, value}` as a dictionary; the last of equal keys wins."""
        return dict(self.rows(name))

    @property
    def run_id(self) -> str:
        """The run's id, which clients send under two names."""
        return self.text("run_id") or self.text("run_uuid")

    @property
    def experiment_id(self) -> str:
        """The experiment's id."""
        return experiment_id(self.text("experiment_id"), self.profile)

    @property
    def experiment_ids(self) -> Iterator[str]:
        """The ids of a search; read when it looks for them, after all else that it was given."""
        return (experiment_id(one, self.profile, "experiment_id_in_search") for one in self.texts("experiment_ids"))


def experiment_id(text: str, profile: MlflowProfile, kind: str = "experiment_id_not_integer") -> str:
    """The id that a text means, as the SQL store reads it: `01` is 1. Newer servers refuse what is no number."""
    strict = profile.behaviour.experiment_ids_are_integers
    try:
        number = int(text)
    except ValueError:
        if strict:
            message = f"Invalid experiment ID '{text}'. Experiment ID must be a valid integer."
            raise invalid(message, kind, text=text) from None
        return text
    if number.bit_length() > _BITS:
        if strict:
            raise StoreError("INTERNAL_ERROR", "Python int too large to convert to SQLite INTEGER")
        return text
    return str(number) if strict or text.isascii() else text


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A function with its route, its message and its rules."""

    method: str
    path: str
    function: Function
    message: Message
    rules: Rules
    rules_of: Callable[[MlflowProfile], Rules] | None
    streams: bool
    needs_body: bool
    provenance: Provenance

    def handler(self, profile: MlflowProfile) -> Handler:
        """The endpoint as a handler for requests to servers of a profile."""
        rules = self.rules_of(profile) if self.rules_of else self.rules
        function, message, streams, needs_body = self.function, self.message, self.streams, self.needs_body

        def handle(request: Request) -> Response:
            try:
                values = {} if streams else _read(request, message, rules, profile, needs_body=needs_body)
                call = Call(request, values)
                if streams:
                    result = function(call)
                else:
                    with request.world.lock:
                        result = function(call)
            except StoreError as error:
                return to_response(error, profile)
            except Crash:
                return pages.server_error()
            except (Detail, TooLarge) as refused:
                return refused.response()
            return result if isinstance(result, Response) else layout.answer(result)

        return handle


_ENDPOINTS: dict[tuple[str, str], Endpoint] = {}


def endpoint(
    method: str,
    path: str,
    message: Message | None = None,
    rules: Rules | Callable[[MlflowProfile], Rules] | None = None,
    *,
    streams: bool = False,
    needs_body: bool = False,
    provenance: Provenance,
) -> Callable[[Function], Function]:
    """Make a function the endpoint for a route; a path without a leading slash is below `/api/2.0/mlflow/`.

    `needs_body`: the real server stumbles when the body is not JSON, where others take it for an empty one.
    """
    full = path if path.startswith("/") else API + path

    def register(function: Function) -> Function:
        by_profile = rules if callable(rules) else None
        fixed = {} if rules is None or callable(rules) else rules
        _ENDPOINTS[method, full] = Endpoint(
            method, full, function, message or Message(), fixed, by_profile, streams, needs_body, provenance
        )
        return function

    return register


def registered() -> Mapping[tuple[str, str], Endpoint]:
    """The endpoints by (method, path) of the modules that were imported; `resources.py` imports all of them."""
    return _ENDPOINTS


# -- reading a request -----------------------------------------------------------------------------------------------


def _read(
    request: Request, message: Message, rules: Rules, profile: MlflowProfile, *, needs_body: bool
) -> dict[str, Any]:
    """The fields of the message; checked, but for queries of servers that do not check them."""
    lenient = profile.behaviour.unknown_enum_values_are_ignored
    if request.method == "GET" and request.query_string:
        if not profile.behaviour.query_is_validated:
            return _read_unchecked_query(request, message)
        payload = _from_query(request, message)
    else:
        sent = _from_body(request)
        if sent is None and needs_body:
            raise Crash
        if sent == [] and any(REQUIRED in of_name for of_name in rules.values()):
            raise Crash  # an empty list is looked up like an object
        payload = sent or {}
    if profile.behaviour.numbers_are_experiment_ids:
        _texts_for_experiment_ids(payload)
    values, complete = message.read(payload, ignore_unknown=lenient)
    if rules:
        check(rules, payload, profile, complete=complete)
    return values


def _from_query(request: Request, message: Message) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    for name, value in request.query:
        reader = message.fields.get(name)
        if reader is None:
            continue
        if isinstance(reader, Repeated):
            payload.setdefault(name, []).append(value)
        elif reader is BOOL:
            if value.lower() not in ("true", "false"):
                raise invalid(f"Invalid boolean value: {value}, must be 'true' or 'false'.")
            payload.setdefault(name, value.lower() == "true")
        else:
            payload.setdefault(name, value)
    return payload


def _read_unchecked_query(request: Request, message: Message) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    for element in request.query_string.split("&"):
        name, equals, value = element.partition("=")
        if not equals or "=" in value:
            raise Crash
        key, text = unquote_plus(name), unquote_plus(value)
        if key in payload:
            known = payload[key]
            payload[key] = [*(known if isinstance(known, list) else [known]), text]
        else:
            payload[key] = text
    for key, reader in message.fields.items():
        if isinstance(reader, Repeated) and isinstance(payload.get(key), str):
            payload[key] = [payload[key]]
    _texts_for_experiment_ids(payload)
    values, complete = message.read(payload, ignore_unknown=False)
    if not complete:
        raise Crash
    return values


def _from_body(request: Request) -> Any:
    """The JSON object (or empty list) in the body; `None` where there is none that could be read."""
    if request.method in ("POST", "PUT"):
        _check_content_type(request)
    body = request.body()
    if not body:
        return None
    try:
        payload = json.loads(body)
    except ValueError:
        return None
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)  # clients of MLflow 0 encoded twice
        except ValueError:
            raise Crash from None
    if payload is not None and payload != [] and not isinstance(payload, dict):
        raise Crash
    return payload


def _check_content_type(request: Request) -> None:
    content_type = request.environ.get("CONTENT_TYPE")
    if content_type == "application/json":
        return
    if not content_type:
        raise invalid("Bad Request. Content-Type header is missing.")
    if content_type.split(";")[0] != "application/json":
        raise invalid("Bad Request. Content-Type must be one of ['application/json'].")


def _texts_for_experiment_ids(payload: dict[str, Any]) -> None:
    """Clients of MLflow 0 sent numbers."""
    if "experiment_id" in payload:
        payload["experiment_id"] = str(payload["experiment_id"])
    if "experiment_ids" in payload:
        ids = payload["experiment_ids"]
        if not isinstance(ids, (list, str, dict)):
            raise Crash
        payload["experiment_ids"] = [str(one) for one in ids]
