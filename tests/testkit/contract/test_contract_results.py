"""The verdict, the counts and the published JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_testkit.contract.comparison import compare, compared_lines
from hokusai_testkit.contract.recorder import merged
from hokusai_testkit.contract.results import OUTCOMES, CaseInfo, CaseResult, RunResult, verdict_of


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["pass"], True),
        (["pass", "pass"], True),
        (["pass", "disabled"], True),
        (["pass", "fail"], False),
        (["fail", "skip"], False),
        (["fail", "error"], False),
        (["pass", "skip"], None),
        (["pass", "error"], None),
        (["disabled"], None),
        (["skip"], None),
        ([], None),
    ],
)
def test_verdict_has_three_values_and_a_skip_is_never_a_pass(result, outcomes, verdict):
    assert verdict_of(result(outcome) for outcome in outcomes) is verdict


@given(st.lists(st.sampled_from(OUTCOMES)))
def test_disabled_cases_never_touch_the_verdict(result, outcomes):
    cases = [result(outcome) for outcome in outcomes]
    assert verdict_of(cases) is verdict_of(case for case in cases if case.outcome != "disabled")


def test_the_json_has_the_published_form(result):
    run = RunResult({"name": "mock"}, {"name": "hokusai"}, {"level": "full"}, (result("pass"), result("fail")))
    assert run.to_json() == {
        "schema_version": 1,
        "verdict": False,
        "target": {"name": "mock"},
        "implementation": {"name": "hokusai"},
        "selection": {"level": "full"},
        "counts": {"pass": 1, "fail": 1, "skip": 0, "disabled": 0, "error": 0, "total": 2},
        "duration_s": 0.0,
        "cases": [
            {
                "id": "ModelRegistry/a",
                "method": "ModelRegistry",
                "issue": None,
                "criteria": ["C1"],
                "level": "core",
                "outcome": "pass",
                "reason": None,
                "duration_s": 0.25,
                "summary": "",
                "writes": False,
                "needs": [],
                "journal": [],
            },
            {
                "id": "ModelRegistry/a",
                "method": "ModelRegistry",
                "issue": None,
                "criteria": ["C1"],
                "level": "core",
                "outcome": "fail",
                "reason": {"code": "because", "text": "a ended as fail"},
                "duration_s": 0.25,
                "summary": "",
                "writes": False,
                "needs": [],
                "journal": [],
            },
        ],
    }


def test_a_case_result_survives_json(result):
    for outcome in OUTCOMES:
        case = result(outcome, issue="ISSUE-2", criteria=("C1", "C4"))
        assert CaseResult.from_json(json.loads(json.dumps(case.to_json()))) == case


def test_parts_of_several_workers_are_one_result_and_what_a_dead_worker_had_is_an_error(result):
    first, second, left_out = result("pass", name="a"), result("fail", name="b"), result("disabled", name="c")
    parts = [RunResult({}, {}, {}, (first, left_out)), RunResult({}, {}, {}, (second, left_out))]
    lost = CaseInfo("ModelRegistry/d", "ModelRegistry", None, ("C1",), "core")
    whole = merged(parts, [first.info, second.info, lost])
    assert [(case.info.id.rpartition("/")[2], case.outcome) for case in whole.cases] == [
        ("a", "pass"),
        ("c", "disabled"),
        ("b", "fail"),
        ("d", "error"),
    ]
    assert whole.cases[-1].reason.code == "not-run"


def test_changes_are_told_by_whether_they_are_worse(result):
    old = RunResult({}, {}, {}, (result("pass", name="a"), result("fail", name="b"), result("pass", name="gone")))
    new = RunResult({}, {}, {}, (result("skip", name="a"), result("pass", name="b"), result("pass", name="new")))
    found = compare(old, new)
    assert found.worse == (("ModelRegistry/a", "pass", "skip"),)
    assert found.better == (("ModelRegistry/b", "fail", "pass"),)
    assert (found.added, found.removed) == (("ModelRegistry/new",), ("ModelRegistry/gone",))
    assert list(compared_lines(compare(old, old))) == ["Nothing changed."]
