"""Decides whether a callable can be called the way its contract documents: pure functions on signatures.

A contract is a function, or a set of `typing_extensions.overload`s: the documented call styles. A style conforms when
every call that it allows binds to the implementation *and* each value arrives under its documented name. Reading the
Protocols is `promises`; running an implementation is what the cases do.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from typing_extensions import get_overloads

__all__ = ["Call", "Finding", "call_styles", "calls_of", "check", "conformance", "implementation_of"]

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Call:
    """One documented way to call: which parameters are given by position (in this order) and which by name."""

    positional: tuple[str, ...]
    named: tuple[str, ...]

    def __str__(self) -> str:
        """Show the call as a user would write it: `(<model>, model_name=<model_name>)`."""
        arguments = [f"<{name}>" for name in self.positional] + [f"{name}=<{name}>" for name in self.named]
        return f"({', '.join(arguments)})"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out of binding: `conforms` is True, False, or None (only a behaviour case can tell).

    `call` is the documented call that decided, `why` what happened to it; both are None when everything bound.
    """

    conforms: bool | None
    call: Call | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    """A value that knows the parameter it was given for."""

    name: str


def call_styles(function: Callable[..., Any]) -> list[inspect.Signature]:
    """Return the documented call styles of a Protocol's `function`, without `self`: its overloads, else itself."""
    styles: Sequence[Callable[..., Any]] = get_overloads(function) or [function]
    return [_without_self(inspect.signature(style)) for style in styles]


def calls_of(style: inspect.Signature) -> Iterator[Call]:
    """Yield every call that `style` allows.

    Every split into positional and named arguments, with none, each one, each two and all of the optional parameters.
    """
    parameters = [p for p in style.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    positional = [p for p in parameters if p.kind in _POSITIONAL]
    for chosen in _choices(parameters):
        for count in range(len(positional) + 1):
            if all(p in chosen for p in positional[:count]) and not any(
                p.kind is p.POSITIONAL_ONLY and p in chosen for p in positional[count:]
            ):
                by_position = positional[:count]
                by_name = [p for p in chosen if p not in by_position]
                yield Call(tuple(p.name for p in by_position), tuple(p.name for p in by_name))


def check(call: Call, signature: inspect.Signature) -> Finding:
    """Bind `call` to the `signature` of an implementation and look under which names the values arrive."""
    try:
        bound = signature.bind(
            *(_Named(name) for name in call.positional), **{name: _Named(name) for name in call.named}
        )
    except TypeError as problem:
        return Finding(False, call, str(problem))
    undecided = None
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            undecided = f"{', '.join(v.name for v in value)} only arrives in *{name}"
        elif kind is inspect.Parameter.VAR_KEYWORD:
            undecided = f"{', '.join(value)} only arrives in **{name}"
        elif value.name != name:
            return Finding(False, call, f"the value of {value.name!r} arrives as {name!r}")
    return Finding(True) if undecided is None else Finding(None, call, undecided)


def conformance(function: Callable[..., Any], implementation: Callable[..., Any]) -> Finding:
    """Judge `implementation` (as an instance sees it, without `self`) by the Protocol's `function`.

    The outer signature of a decorated callable decides; where it says nothing (`*args, **kwargs`) the wrapped one does.
    """
    if inspect.iscoroutinefunction(implementation) != inspect.iscoroutinefunction(function):
        return Finding(None, None, "one of contract and implementation is a coroutine function, the other is not")
    finding = _judge(function, implementation, follow_wrapped=False)
    if finding.conforms is None and hasattr(implementation, "__wrapped__"):
        return _judge(function, implementation, follow_wrapped=True)
    return finding


def implementation_of(owner: type, name: str) -> Callable[..., Any]:
    """Return the attribute `name` of the class `owner` bound as its instances see it; no `__init__` is run.

    Raises AttributeError when the class has no such attribute, TypeError when it is not callable.
    """
    found = inspect.getattr_static(owner, name)
    if hasattr(found, "__get__") and not isinstance(found, (property, functools.cached_property)):
        found = found.__get__(_blank_instance(owner), owner)
    if not callable(found):
        raise TypeError(f"{owner.__name__}.{name} is not callable but {type(found).__name__}")
    return found  # type: ignore[no-any-return]


def _judge(function: Callable[..., Any], implementation: Callable[..., Any], *, follow_wrapped: bool) -> Finding:
    try:
        signature = inspect.signature(implementation, follow_wrapped=follow_wrapped)
    except (TypeError, ValueError) as problem:
        return Finding(None, None, f"it has no readable signature ({problem})")
    undecided = None
    for style in call_styles(function):
        for call in calls_of(style):
            finding = check(call, signature)
            if finding.conforms is False:
                return finding
            if finding.conforms is None:
                undecided = undecided or finding
    return undecided or Finding(True)


def _choices(parameters: list[inspect.Parameter]) -> Iterator[list[inspect.Parameter]]:
    """Yield the required parameters with none, one, two and all of the optional ones, in the order of the signature."""
    optional = [p for p in parameters if p.default is not p.empty]
    for size in sorted({0, 1, 2, len(optional)}):
        for extra in combinations(optional, size):
            yield [p for p in parameters if p.default is p.empty or p in extra]


def _without_self(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _blank_instance(owner: type) -> object:
    """An instance whose `__init__` never ran; for classes that refuse one (abstract, C), anything that binds."""
    try:
        return object.__new__(owner)
    except TypeError:
        return object()
