"""A contract case: one decorated function that pytest collects, and what the suite knows about it.

`@case` keeps the facts (`Case`), makes sure that the method under test exists before the function runs, and turns
whatever the implementation raises into a `ContractViolation` that names the documented call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hokusai_testkit.contract.failures import ArrangementError, ContractViolation, describe_exception
from hokusai_testkit.contract.promises import PROMISES, Promise
from hokusai_testkit.contract.results import CRITERIA, CaseInfo
from hokusai_testkit.contract.sdk import Sdk

__all__ = ["CAPABILITIES", "Case", "case", "case_of", "signature_case"]

CAPABILITIES: dict[str, str] = {
    "platform": "Hokusai's gateway in front of MLflow: the key, its rights, `/api/models`, the platform's errors",
    "journal": "what the implementation sent can be looked at: `platform.received()`",
    "scenarios": "the target misbehaves on demand: `platform.play()`",
    "registry-role": "the registry wants the key of a registry admin, and refuses any other (A05)",
    "events": "registration events may be sent; they cannot be undone",
    "fresh": "models of any name, with versions that count from 1 and can be removed afterwards",
}
"""What a case may need of its target; a case whose target lacks one is disabled, `not-applicable:<capability>`."""

_ATTRIBUTE = "hokusai_contract_case"


@dataclass(frozen=True, slots=True)
class Case:
    """The facts about one case.

    `call` is the documented call as a user writes it; `needs` lists capabilities of the target (`CAPABILITIES`) and
    packages (`package:sklearn`); `writes` is whether anything is created on the target, what is arranged included.
    """

    name: str
    promise: Promise
    summary: str
    call: str
    criteria: tuple[str, ...]
    level: str
    writes: bool
    needs: frozenset[str]

    @property
    def id(self) -> str:
        """`Class.method/what_it_holds`: stable, whichever file the case stands in."""
        return f"{self.promise.name}/{self.name.removeprefix('test_')}"

    @property
    def info(self) -> CaseInfo:
        """The facts that results carry."""
        return CaseInfo(
            self.id,
            self.promise.name,
            self.promise.issue,
            self.criteria,
            self.level,
            self.summary,
            self.writes,
            tuple(sorted(self.needs)),
        )


def case(
    method: str,
    *,
    call: str,
    criteria: tuple[str, ...],
    level: str = "core",
    writes: bool = False,
    needs: tuple[str, ...] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a function as a contract case of `method` (`Class.method`, or `Class` for the constructor).

    The function takes the fixture `sdk` and what else it needs; its docstring is the promise in one sentence. The issue
    follows from the method. Raises ValueError for an unknown method, criterion, level or need, and without a
    docstring.
    """
    _validate(method, criteria, level, needs)

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        if not function.__doc__:
            raise ValueError(f"the case {function.__name__} needs a docstring: the promise that it holds")
        summary = " ".join(function.__doc__.split())
        name = function.__name__
        facts = Case(name, PROMISES[method], summary, call, criteria, level, writes, frozenset(needs))
        run = _guarded(function, facts)
        setattr(run, _ATTRIBUTE, facts)
        return run

    return decorate


def case_of(function: object) -> Case | None:
    """Return the facts of a decorated function, None for any other."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Case) else None


def signature_case(method: str, name: str) -> Callable[..., None]:
    """Return the case that every documented way to call `method` binds and lands under its documented names.

    `name` is the name that the case gets in its module, since pytest collects by it.
    """

    def check_signature(sdk: Sdk) -> None:
        sdk.check_signature(PROMISES[method])

    check_signature.__name__ = name
    check_signature.__doc__ = f"Every documented way to call {method} is accepted, each value under its own name."
    calls = "\n".join(PROMISES[method].documented_calls)
    criteria = ("C1", "C4") if PROMISES[method].issue else ("C1",)
    return case(method, call=calls, criteria=criteria)(check_signature)


def _validate(method: str, criteria: tuple[str, ...], level: str, needs: tuple[str, ...]) -> None:
    if method not in PROMISES:
        raise ValueError(f"{method!r} is on no Protocol; known are {', '.join(PROMISES)}")
    if unknown := [criterion for criterion in criteria if criterion not in CRITERIA]:
        raise ValueError(f"unknown criteria {unknown}; known are {', '.join(CRITERIA)}")
    if level not in ("core", "full"):
        raise ValueError(f"the level is 'core' or 'full', not {level!r}")
    if unknown := [need for need in needs if need not in CAPABILITIES and not need.startswith("package:")]:
        raise ValueError(f"unknown needs {unknown}; known are {', '.join(CAPABILITIES)} and package:NAME")


def _guarded(function: Callable[..., None], facts: Case) -> Callable[..., None]:
    """Wrap `function` so that every failure of the implementation arrives as an explained violation."""

    @functools.wraps(function)
    def run(sdk: Sdk, **fixtures: Any) -> None:
        __tracebackhide__ = True
        try:
            sdk.require(facts.promise)
            function(sdk=sdk, **fixtures)
        except ArrangementError:
            raise
        except ContractViolation as violation:
            raise _explained(violation, facts, sdk) from violation.__cause__
        except (Exception, SystemExit) as problem:
            raised = ContractViolation("raised", expected=facts.summary, actual=describe_exception(problem))
            raise _explained(raised, facts, sdk) from problem

    run.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return run


def _explained(violation: ContractViolation, facts: Case, sdk: Sdk) -> ContractViolation:
    chosen = "" if sdk.module_name == "hokusai" else f" --sdk {sdk.module_name}"
    return violation.explained(
        promise=f"{facts.promise.name}: {facts.summary}",
        documented=facts.call,
        reproduce=f"hokusai-testkit contract{chosen} -k {facts.name.removeprefix('test_')}",
    )
