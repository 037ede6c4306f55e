"""A recording as the text of a cassette: vcrpy's format, without secrets, with a header that vcrpy ignores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from http import HTTPStatus
from typing import NamedTuple

from hokusai_mock._version import __version__
from hokusai_mock.recording.exchange import Exchange
from hokusai_mock.recording.notation import body, items, quoted
from hokusai_mock.redaction import Redactor

__all__ = ["About", "Interaction", "Pairs", "redacted", "text"]

Pairs = list[tuple[str, str]]

_PASSES = 4
"""A secret that is learned late is looked for again in what came before; each pass can teach the next."""


class Interaction(NamedTuple):
    """One exchange as it may leave: every part redacted."""

    method: str
    uri: str
    headers: Pairs
    sent: bytes | None
    status: int
    answer_headers: Pairs
    answer: bytes


class About(NamedTuple):
    """What the header of a cassette says."""

    sandbox: str
    recorded_ms: int
    backend_version: str | None
    """Version of the real MLflow server behind the mock; `None` without one, or when it did not tell."""
    has_backend: bool


def redacted(exchanges: Sequence[Exchange], redactor: Redactor) -> list[Interaction]:
    """The exchanges without secrets, in order."""
    known = -1
    interactions: list[Interaction] = []
    for _ in range(_PASSES):
        if len(redactor.secrets) == known:
            break
        known = len(redactor.secrets)
        interactions = [_redact(exchange, redactor) for exchange in exchanges]
    return interactions


def _redact(exchange: Exchange, redactor: Redactor) -> Interaction:
    response = exchange.response
    assert response is not None, "only complete exchanges are recorded"
    uri = redactor.url(exchange.uri)
    headers = redactor.headers(exchange.headers)
    sent = redactor.bytes(
        exchange.request_body.read(),
        _value(exchange.headers, "Content-Type"),
        encoding=_value(exchange.headers, "Content-Encoding"),
    )
    answer_headers = redactor.headers(response.headers)
    answer = redactor.bytes(
        exchange.response_body.read(),
        response.header("Content-Type"),
        encoding=response.header("Content-Encoding"),
    )
    if exchange.method != "HEAD":
        answer_headers = _with_length(answer_headers, len(answer))
    framed = any(name in ("Content-Length", "Transfer-Encoding") for name, _ in headers)
    return Interaction(
        exchange.method,
        uri,
        _with_length(headers, len(sent)) if framed else headers,
        sent if framed else None,
        response.status,
        answer_headers,
        answer,
    )


def _with_length(headers: Pairs, length: int) -> Pairs:
    """The headers with the length of the body as it stands in the cassette: dechunked, and without its secrets."""
    kept = [pair for pair in headers if pair[0].lower() not in ("content-length", "transfer-encoding")]
    return [*kept, ("Content-Length", str(length))]


def _value(headers: Pairs, wanted: str) -> str | None:
    return next((value for name, value in headers if name == wanted), None)


def text(about: About, exchanges: Sequence[Exchange], interactions: Sequence[Interaction], redactor: Redactor) -> str:
    """The whole cassette; `exchanges` are all that arrived, `interactions` those that can be played back."""
    lines = [*_header(about, exchanges, len(interactions), redactor)]
    lines.append("interactions:" if interactions else "interactions: []")
    for interaction in interactions:
        lines += _interaction(interaction)
    lines += ["version: 1", ""]
    return "\n".join(lines)


def _header(about: About, exchanges: Sequence[Exchange], played: int, redactor: Redactor) -> Iterator[str]:
    moment = datetime.fromtimestamp(about.recorded_ms / 1000, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    versions = [about.backend_version] if about.has_backend else [exchange.mlflow for exchange in exchanges]
    agents = [value for exchange in exchanges for name, value in exchange.headers if name == "User-Agent"]
    left_out = Counter(exchange.left_out for exchange in exchanges if exchange.left_out)
    yield "# A cassette of hokusai-testkit; vcrpy plays `interactions` and ignores the rest. Secrets were replaced."
    yield "hokusai_testkit:"
    yield "  format: 1"
    yield f"  recorded: {quoted(moment)}"
    yield f"  verified: {quoted(moment)}"
    yield f"  kit: {quoted(__version__)}"
    yield f"  sandbox: {quoted(about.sandbox)}"
    yield f"  server: {quoted('backend' if about.has_backend else 'mock')}"
    lists = {
        "mlflow": _distinct(versions),
        "platform": _distinct(exchange.platform for exchange in exchanges),
        "clients": [redactor.text(agent) for agent in _distinct(agents)],
    }
    lists["left_out"] = [f"{count} {reason}" for reason, count in sorted(left_out.items())]
    yield from items("  ", lists)
    yield f"  exchanges: {played}"


def _distinct(values: Iterator[str | None] | Sequence[str | None]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]


def _interaction(one: Interaction) -> Iterator[str]:
    yield "- request:"
    yield f"    method: {quoted(one.method)}"
    yield f"    uri: {quoted(one.uri)}"
    yield f"    body: {'null' if one.sent is None else body(one.sent)}"
    yield from _headers(one.headers)
    yield "  response:"
    yield "    status:"
    yield f"      code: {one.status}"
    yield f"      message: {quoted(_phrase(one.status))}"
    yield from _headers(one.answer_headers)
    yield "    body:"
    yield f"      string: {body(one.answer)}"


def _headers(pairs: Pairs) -> Iterator[str]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    yield "    headers:" if grouped else "    headers: {}"
    yield from items("      ", grouped)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
