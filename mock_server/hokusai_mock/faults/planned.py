"""Effects of the closed list that scenario files may name and that cannot be played yet.

Each becomes a module of its own, with its `apply`, and leaves this file. Durations are seconds before `time_scale`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from hokusai_mock.faults.interface import Parameters
from hokusai_mock.schema import AtLeast, Between, Seconds

__all__ = ["PLANNED"]

Bytes = Annotated[int, AtLeast(0)]


@dataclass(frozen=True, slots=True)
class Delay(Parameters):
    """Wait, then go on; `jitter` is the greatest addition, `per_byte` waits again for each byte of the answer."""

    name: ClassVar[str] = "delay"
    delay: Seconds
    jitter: Seconds = 0.0
    distribution: Literal["fixed", "uniform", "lognormal"] = "fixed"
    per_byte: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class DelayThenStatus(Parameters):
    """Wait, then answer as the effect `status` does."""

    name: ClassVar[str] = "delay_then_status"
    delay: Seconds
    status: Annotated[int, Between(200, 599)]
    json: Any = None
    html: str | None = None
    text: str | None = None
    xml: str | None = None
    empty: bool = False
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reset(Parameters):
    """Reset the connection after `after_bytes` of the answer."""

    name: ClassVar[str] = "reset"
    after_bytes: Bytes = 0


@dataclass(frozen=True, slots=True)
class Hang(Parameters):
    """Send nothing for `hold`; absent: until the sandbox is reset."""

    name: ClassVar[str] = "hang"
    hold: Seconds | None = None


@dataclass(frozen=True, slots=True)
class CloseBeforeStatus(Parameters):
    """Close the connection in good order before the status line."""

    name: ClassVar[str] = "close_before_status"


@dataclass(frozen=True, slots=True)
class Truncate(Parameters):
    """Declare the whole length, send `sent` bytes of the body, close."""

    name: ClassVar[str] = "truncate"
    sent: Bytes
    chunked: bool = False


@dataclass(frozen=True, slots=True)
class WrongLength(Parameters):
    """Declare a length that differs from the true one by `difference` bytes."""

    name: ClassVar[str] = "wrong_length"
    difference: int


@dataclass(frozen=True, slots=True)
class BrokenChunk(Parameters):
    """A chunked answer whose second chunk has no valid size."""

    name: ClassVar[str] = "broken_chunk"


@dataclass(frozen=True, slots=True)
class Garbage(Parameters):
    """Bytes that are not HTTP."""

    name: ClassVar[str] = "garbage"
    size: Bytes = 64


@dataclass(frozen=True, slots=True)
class InvalidJson(Parameters):
    """The real answer, cut so that its JSON does not end."""

    name: ClassVar[str] = "invalid_json"


@dataclass(frozen=True, slots=True)
class WrongContentType(Parameters):
    """The real answer under another content type."""

    name: ClassVar[str] = "wrong_content_type"
    content_type: str


@dataclass(frozen=True, slots=True)
class Redirect(Parameters):
    """Send the client elsewhere: the same host with https, or `location` (placeholders as in `[client]`)."""

    name: ClassVar[str] = "redirect"
    status: Literal[301, 302, 303, 307, 308] = 302
    location: str | None = None


PLANNED: dict[str, type[Parameters]] = {
    effect.name: effect
    for effect in (
        Delay,
        DelayThenStatus,
        Reset,
        Hang,
        CloseBeforeStatus,
        Truncate,
        WrongLength,
        BrokenChunk,
        Garbage,
        InvalidJson,
        WrongContentType,
        Redirect,
    )
}
