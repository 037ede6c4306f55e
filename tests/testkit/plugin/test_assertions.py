"""The nearest recorded requests and how they differ: decided on journal entries alone."""

from __future__ import annotations

from typing import Any

from hokusai_mock.sandbox import Calls
from hokusai_testkit.assertions import explain, nearest


def entry(n: int, method: str = "POST", path: str = "/api/2.0/mlflow/runs/create", **fields: Any) -> dict[str, Any]:
    return {"n": n, "method": method, "path": path, "status": 200, "body": "", **fields}


def asked(journal: list[dict[str, Any]], method: str | None = None, path: str | None = None, **match: Any) -> Calls:
    return Calls([], journal=journal, method=method, path=path, match=match)


def shown(journal: list[dict[str, Any]], **match: Any) -> list[str]:
    """What is said of the first near request."""
    return [line.strip() for line in explain([asked(journal, **match)])[2:]]


def test_the_nearest_is_shown_first() -> None:
    journal = [
        entry(1, "GET", "/health"),
        entry(2, "GET"),
        entry(3, path="/api/2.0/mlflow/runs/creat"),
        entry(4, path="/api/2.0/mlflow/experiments/create"),
        entry(5, path="/api/2.0/mlflow/experiments/create", status=500),
    ]
    found = nearest(asked(journal, "POST", "runs/create", status=200))
    assert [near.entry["n"] for near in found] == [3, 2, 4]


def test_differences_name_each_field() -> None:
    assert shown([entry(1)], method="GET", path="runs/get", status=404) == [
        "method: POST, not GET",
        "path: /api/2.0/mlflow/runs/create, not runs/get",
        "status: 200, not 404",
    ]


def test_json_bodies_are_compared_member_by_member() -> None:
    recorded = entry(1, body='{"name": "iris", "n": 2, "old": 0}')
    assert shown([recorded], body={"name": "iris", "n": 1, "new": True}) == [
        "body.n: 2, not 1",
        "body.old: 0, not absent",
        "body.new: absent, not True",
    ]


def test_bodies_that_are_no_json_are_compared_as_they_are() -> None:
    assert shown([entry(1, body="{oops")], body={"a": 1}) == ["body: '{oops', not {'a': 1}"]
    assert shown([entry(1, body="x" * 500)], body="y")[0].endswith("(502 characters), not 'y'")


def test_questions_without_an_answer_are_explained_first() -> None:
    journal = [entry(1)]
    answered = Calls(journal, journal=journal, method="POST", path=None, match={})
    lines = explain([asked(journal, "GET"), answered])
    assert lines == [
        "calls('GET') found 0 of 1 recorded request",
        "  near: #1 POST /api/2.0/mlflow/runs/create -> 200",
        "    method: POST, not GET",
    ]
    assert explain([answered]) == [
        "calls('POST') found 1 of 1 recorded request",
        "  #1 POST /api/2.0/mlflow/runs/create -> 200",
    ]
    assert explain([]) == []
