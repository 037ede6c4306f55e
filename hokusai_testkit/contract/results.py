"""What a run of the contract suite found: one value per case, the counts, the verdict of three values, the JSON.

Pure data and decisions; running the cases is `runner`, showing the outcome is `hokusai_testkit.reports`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["CRITERIA", "ISSUES", "OUTCOMES", "CaseInfo", "CaseResult", "Outcome", "Reason", "RunResult", "verdict_of"]

SCHEMA_VERSION = 1

Outcome = Literal["pass", "fail", "skip", "disabled", "error"]
OUTCOMES: tuple[Outcome, ...] = ("pass", "fail", "skip", "disabled", "error")

ISSUES: dict[str, str] = {
    "ISSUE-1": "ExperimentManager authenticates with one key, or says why not",
    "ISSUE-2": "register_baseline takes model_name as well as model_type",
    "ISSUE-3": "get_latest_version and list_versions exist and answer",
    "ISSUE-4": "predict_batch loads the registered model and predicts",
    "ISSUE-5": "track_inference records to MLflow",
}
"""The five failures that third-party developers reported, and what must be true now."""

CRITERIA: dict[str, str] = {
    "C1": "documented methods match the implementation",
    "C2": "MLflow authentication is configured or optional",
    "C3": "registration completes without authentication errors",
    "C4": "missing methods are implemented",
    "C5": "error messages guide users to resolution",
    "C6": "an integration suite validates the public API",
}
"""The success criteria; a true verdict needs a passing case for every one that was selected."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a case did not pass: `code` for machines (`missing-method`, `deselected:level`), `text` for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class CaseInfo:
    """What a case is, known before it runs."""

    id: str
    method: str
    issue: str | None
    criteria: tuple[str, ...]
    level: str
    summary: str = ""
    writes: bool = False
    needs: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            "id": self.id,
            "method": self.method,
            "issue": self.issue,
            "criteria": list(self.criteria),
            "level": self.level,
            "summary": self.summary,
            "writes": self.writes,
            "needs": list(self.needs),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CaseInfo:
        """Read what `to_json` wrote."""
        return cls(
            data["id"],
            data["method"],
            data["issue"],
            tuple(data["criteria"]),
            data["level"],
            data.get("summary", ""),
            data.get("writes", False),
            tuple(data.get("needs", ())),
        )


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came out of one case. `reason` is None exactly when the case passed; `duration_s` is in seconds.

    `journal` has a line for each of the last requests of a case that did not pass, `requests` how many there were in
    all where they were counted.
    """

    info: CaseInfo
    outcome: Outcome
    reason: Reason | None = None
    duration_s: float = 0.0
    journal: tuple[str, ...] = ()
    requests: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the case as it stands in the result file."""
        reason = None if self.reason is None else {"code": self.reason.code, "text": self.reason.text}
        return {
            **self.info.to_json(),
            "outcome": self.outcome,
            "reason": reason,
            "duration_s": round(self.duration_s, 3),
            "journal": list(self.journal),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CaseResult:
        """Read what `to_json` wrote."""
        reason = None if data["reason"] is None else Reason(data["reason"]["code"], data["reason"]["text"])
        journal = tuple(data.get("journal", ()))
        return cls(CaseInfo.from_json(data), data["outcome"], reason, data["duration_s"], journal, data.get("requests"))


@dataclass(frozen=True, slots=True)
class RunResult:
    """A whole run. `target`, `implementation` and `selection` are JSON objects that say what was run against what."""

    target: Mapping[str, Any]
    implementation: Mapping[str, Any]
    selection: Mapping[str, Any]
    cases: tuple[CaseResult, ...]
    duration_s: float = field(default=0.0)

    @property
    def verdict(self) -> bool | None:
        """True, false, or None when not everything that was selected ran."""
        return verdict_of(self.cases)

    @property
    def counts(self) -> dict[str, int]:
        """Number of cases by outcome, and `total`."""
        counts: dict[str, int] = {outcome: sum(case.outcome == outcome for case in self.cases) for outcome in OUTCOMES}
        return {**counts, "total": len(self.cases)}

    def to_json(self) -> dict[str, Any]:
        """Return the result in the published form."""
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "target": dict(self.target),
            "implementation": dict(self.implementation),
            "selection": dict(self.selection),
            "counts": self.counts,
            "duration_s": round(self.duration_s, 3),
            "cases": [case.to_json() for case in self.cases],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunResult:
        """Read what `to_json` wrote; verdict and counts follow from the cases."""
        cases = tuple(CaseResult.from_json(case) for case in data["cases"])
        return cls(data["target"], data["implementation"], data["selection"], cases, data.get("duration_s", 0.0))


def verdict_of(cases: Iterable[CaseResult]) -> bool | None:
    """Decide a run: False when a case failed, None when one that was selected did not run to its end, else True.

    Disabled cases do not count. A criterion is selected when a case that was not disabled carries it, and each needs a
    pass; a skip is never a pass, and a run without a single pass proves nothing.
    """
    selected = [case for case in cases if case.outcome != "disabled"]
    if any(case.outcome == "fail" for case in selected):
        return False
    if not selected or any(case.outcome != "pass" for case in selected):
        return None
    return True
