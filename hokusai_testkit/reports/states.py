"""What several formats say alike: the state of a row, the heading, the verdict as a sentence, what was left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hokusai_testkit.contract.results import OUTCOMES, CaseResult, RunResult

__all__ = ["heading", "left_behind", "state", "verdict_line"]

_VERDICTS = {True: "TRUE", False: "FALSE", None: "NULL (not everything that was selected ran)"}


def state(cases: Sequence[CaseResult]) -> str:
    """Return what a row of cases shows: `kept`, `BROKEN`, `not shown` or `not selected`."""
    outcomes = {case.outcome for case in cases} - {"disabled"}
    if not outcomes:
        return "not selected"
    if "fail" in outcomes:
        return "BROKEN"
    return "kept" if outcomes == {"pass"} else "not shown"


def heading(result: RunResult) -> str:
    """Return what was tested against what, in one line."""
    sdk, target = result.implementation, result.target
    client = f"MLflow {sdk['mlflow']}" if sdk.get("mlflow") else "no MLflow"
    parts = [
        target["name"],
        target.get("version") or "",
        f"({', '.join(target['profiles'])})" if "profiles" in target else "",
    ]
    against = " ".join(part for part in parts if part)
    return f"{sdk['name']} {sdk.get('version') or ''} ({client}, Python {sdk.get('python')}) against {against}"


def verdict_line(result: RunResult) -> str:
    """Return the verdict and the counts as one sentence."""
    counts = result.counts
    numbers = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])
    return f"Verdict {_VERDICTS[result.verdict]}: {numbers} of {counts['total']} cases in {result.duration_s:.1f} s"


def left_behind(result: RunResult) -> Iterator[str]:
    """Say what a run on a server left there, nothing for the mock."""
    target = result.target
    if "run" not in target:
        return
    yield f"run {target['run']}: {target.get('requests', 0)} requests, {len(target.get('removed', []))} things removed"
    yield from (f"left: {what}" for what in target.get("left", []))
    yield from (f"cannot look: {what}" for what in target.get("cannot_look", []))
