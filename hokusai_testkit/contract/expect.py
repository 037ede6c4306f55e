"""What cases use instead of bare asserts: each says what the contract expects and what was seen instead."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from hokusai_testkit.contract.failures import ContractViolation, describe_exception
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform

__all__ = ["authenticated_with_one_key", "equal", "nothing_sent", "nothing_written", "raises", "that"]

_SHOWN = 400


def equal(actual: object, expected: object, what: str) -> None:
    """Demand that `actual` equals `expected`; `what` names the thing, as in "the versions of 'fraud'"."""
    if actual != expected:
        raise ContractViolation("wrong-result", expected=f"{what}: {_short(expected)}", actual=_short(actual))


def that(condition: object, expected: str, actual: object) -> None:
    """Demand `condition`; `expected` says it as a sentence, `actual` is what was seen instead."""
    if not condition:
        raise ContractViolation("wrong-result", expected=expected, actual=_short(actual))


@contextlib.contextmanager
def raises(
    sdk: Sdk,
    name: str,
    *,
    naming: str | None = None,
    remedy: bool = False,
    unless: str | None = None,
    **attributes: object,
) -> Iterator[None]:
    """Demand that the block raises `<sdk>.exceptions.<name>` with these `attributes`.

    `naming` is a text that the message must hold, `unless` one that it must not (a secret); with `remedy` the error
    says what to do next.
    """
    wanted = sdk.exception(name)
    described = name + "".join(f", {key}={value!r}" for key, value in attributes.items())
    try:
        yield
    except wanted as problem:
        _check_error(problem, described, naming=naming, remedy=remedy, unless=unless, attributes=attributes)
        return
    except ContractViolation:
        raise
    except (Exception, SystemExit) as problem:
        actual, kind = describe_exception(problem), type(problem)
        if kind.__name__ == wanted.__name__:  # two classes of one name: an implementation that is there twice
            described, actual = f"{described} of {wanted.__module__}", f"{actual} (of {kind.__module__})"
        raise ContractViolation("wrong-error", expected=described, actual=actual) from problem
    raise ContractViolation("wrong-error", expected=described, actual="no exception was raised")


def authenticated_with_one_key(platform: Platform) -> None:
    """Demand that the platform was asked, every time with the one key as `Authorization: Bearer`, nowhere else."""
    received = platform.received()
    that(received, "the platform receives requests", "it received none")
    for entry in received:
        request = f"{entry['method']} {entry['path']}"
        auth = entry["auth"]
        seen = f"{request} came with scheme {auth['scheme']!r}, key {auth['key']!r}"
        that(
            auth["scheme"] == "Bearer" and auth["key"] == "admin",
            "every request carries the key as Authorization: Bearer",
            seen,
        )
        names = {name.lower() for name, _ in entry["headers"]}
        that("x-api-key" not in names, "the key travels in no other header", f"{request} carries X-API-Key")


def nothing_sent(platform: Platform, matching: Callable[[dict[str, Any]], bool] = lambda _: True) -> None:
    """Demand that no request (of those that `matching` accepts) reached the platform."""
    sent = [f"{entry['method']} {entry['path']}" for entry in platform.received() if matching(entry)]
    that(not sent, "no such request is sent", sent)


def nothing_written(platform: Platform) -> None:
    """Demand that no request reached the platform that could have made or changed anything."""
    nothing_sent(platform, lambda entry: entry["method"] != "GET" and not entry["path"].endswith("/search"))


def _check_error(
    problem: BaseException,
    described: str,
    *,
    naming: str | None,
    remedy: bool,
    unless: str | None,
    attributes: dict[str, object],
) -> None:
    for key, value in attributes.items():
        if getattr(problem, key, None) != value:
            seen = f"{key}={getattr(problem, key, None)!r} in {describe_exception(problem)}"
            raise ContractViolation("wrong-error", expected=described, actual=seen) from problem
    text = str(problem)
    if naming is not None and naming not in text:
        raise ContractViolation("wrong-error", expected=f"the message names {naming!r}", actual=text) from problem
    if remedy and not getattr(problem, "remedy", None):
        expected = "the error carries a remedy: what to do next"
        raise ContractViolation("wrong-error", expected=expected, actual=f"remedy is empty in: {text}") from problem
    if unless is not None and unless in text + repr(problem):
        expected = "the message holds no secret"
        raise ContractViolation("wrong-error", expected=expected, actual="the API key stands in it") from problem


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
