"""A cassette as it stands in its file: interactions of parts that can be replaced where they stand.

How YAML and JSON are read and put back is in `parsing`; what is good or bad about the content is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hokusai_testkit.cassettes.parsing import CassetteError, Json, Part, Reading, UnsafeTagError, Yaml, as_text

__all__ = ["Cassette", "CassetteError", "Header", "Interaction", "Part", "UnsafeTagError", "read"]

LARGEST = 256 * 1024 * 1024
"""Bytes of the largest file that is read."""


@dataclass(slots=True)
class Header:
    """A header with one value; `name` as it is written."""

    name: str
    part: Part

    @property
    def value(self) -> str:
        """The value as text."""
        return as_text(self.part.value)


@dataclass(slots=True)
class Interaction:
    """One request and its answer. `number` counts from 1."""

    number: int
    line: int
    method: str
    uri: Part
    headers: list[Header]
    body: Part | None
    status: int
    answer_headers: list[Header]
    answer: Part | None

    def header(self, name: str, *, of_answer: bool = False) -> Header | None:
        """The first header of that name, in any case."""
        found = self.answer_headers if of_answer else self.headers
        return next((header for header in found if header.name.lower() == name.lower()), None)


@dataclass(slots=True)
class Cassette:
    """A file that was read. `about` is the kit's header block, empty where another tool recorded."""

    path: Path
    about: dict[str, Any]
    version: Any
    interactions: list[Interaction]
    render: Callable[[], str] = field(repr=False)
    set_about: Callable[[str, str], None] = field(repr=False)


def read(path: Path) -> Cassette:
    """Read the cassette at `path`.

    Raises `UnsafeTagError` for a tag that makes an object, `CassetteError` for everything else that is no cassette,
    and `OSError`.
    """
    if path.stat().st_size > LARGEST:
        raise CassetteError(f"it is larger than {LARGEST >> 20} MiB")
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise CassetteError(f"it is no UTF-8 text: {error.reason} at byte {error.start}") from error
    reading = Json(text) if text.lstrip().startswith("{") else Yaml(text)
    root = reading.root()
    if not isinstance(root, dict) or not isinstance(root.get("interactions"), list):
        raise CassetteError("it has no list `interactions`: it is no cassette of vcrpy")
    interactions = [_interaction(reading, number, item) for number, item in enumerate(root["interactions"], 1)]
    about = reading.plain(root.get("hokusai_testkit"))
    return Cassette(
        path,
        about if isinstance(about, dict) else {},
        reading.plain(root.get("version")),
        interactions,
        reading.render,
        reading.set_about,
    )


def _interaction(reading: Reading, number: int, item: Any) -> Interaction:
    where = f"interaction {number}"
    try:
        request, response = item["request"], item["response"]
        status = response["status"]
        body = response["body"]
        answer = body.get("string", body.get("base64_string")) if isinstance(body, dict) else body
        return Interaction(
            number,
            reading.line(request["uri"]),
            str(reading.plain(request["method"])),
            reading.part(f"{where}: uri", request["uri"]),
            _headers(reading, f"{where}: request", request.get("headers")),
            _body(reading, f"{where}: request body", request.get("body")),
            int(reading.plain(status["code"] if isinstance(status, dict) else status)),
            _headers(reading, f"{where}: response", response.get("headers")),
            _body(reading, f"{where}: response body", answer),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CassetteError(f"{where} is not in vcrpy's format ({type(error).__name__}: {error})") from error


def _headers(reading: Reading, where: str, table: Any) -> list[Header]:
    return [
        Header(str(name), reading.part(f"{where} header {name}", value))
        for name, values in (table or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]


def _body(reading: Reading, where: str, value: Any) -> Part | None:
    if isinstance(value, dict):  # {"string": ..., "encoding": ...}
        value = value.get("string")
    return None if value is None or reading.plain(value) is None else reading.part(where, value)
