"""One broken promise fails its own cases and no others: the suite against copies of the SDK with one thing gone."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hokusai_testkit.contract.promises import PROMISES
from hokusai_testkit.contract.results import CaseResult, RunResult
from hokusai_testkit.contract.runner import Selection, run

AROUND = "unknown_model or tracking_carries_the_key or run_is_finished or (signature and ISSUE)"
"""Cases of other methods that are run beside those of the broken one; with all of them each test would take as long as
the whole suite. The proof `mutations` plants many more defects."""

Edit = Callable[[ast.ClassDef, ast.FunctionDef], None]


@pytest.fixture
def mutated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Edit], RunResult]:
    """Return a function that applies an edit to one method of a copy of the SDK and runs the suite on the copy."""

    def mutate(promise: str, edit: Edit) -> RunResult:
        (original,) = importlib.util.find_spec("hokusai").submodule_search_locations
        copy = tmp_path / "copy" / "hokusai"
        shutil.copytree(original, copy, ignore=shutil.ignore_patterns("__pycache__"))
        _edit_method(copy, *promise.split("."), edit)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(copy.parent), os.environ.get("PYTHONPATH", "")]))
        return run(Selection(keyword=f"({promise} and not local_mode) or {AROUND}"))

    return mutate


def _edit_method(package: Path, owner: str, method: str, edit: Edit) -> None:
    for file in package.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name == owner:
                (function,) = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == method)
                edit(node, function)
                file.write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
                return
    raise LookupError(f"{owner}.{method} is not in the SDK")


def _delete(owner: ast.ClassDef, function: ast.FunctionDef) -> None:
    owner.body.remove(function)


def _rename_model_name(owner: ast.ClassDef, function: ast.FunctionDef) -> None:
    (argument,) = (a for a in [*function.args.args, *function.args.kwonlyargs] if a.arg == "model_name")
    argument.arg = "name_of_the_model"
    function.body.insert(0, ast.parse("model_name = name_of_the_model").body[0])


def _failed(result: RunResult) -> list[CaseResult]:
    return [case for case in result.cases if case.outcome not in ("pass", "disabled")]


def _acting_on(result: RunResult, promise: str) -> set[str]:
    return {case.info.id for case in result.cases if case.info.method == promise and case.outcome != "disabled"}


@pytest.mark.parametrize("promise", ["ModelVersionManager.list_versions", "PerformanceTracker.track_inference"])
def test_a_deleted_method_fails_exactly_its_own_cases(mutated, promise):
    result = mutated(promise, _delete)
    failed = _failed(result)
    assert {case.info.id for case in failed} == _acting_on(result, promise)
    assert {case.info.issue for case in failed} == {PROMISES[promise].issue}
    for case in failed:
        assert case.outcome == "fail"
        assert case.reason.code == "missing-method"
        assert PROMISES[promise].method in case.reason.text.split("documented:")[1].split("reproduce:")[0]


def test_a_renamed_model_name_fails_exactly_the_cases_of_its_issue(mutated):
    result = mutated("ModelRegistry.register_baseline", _rename_model_name)
    failed = _failed(result)
    assert {case.info.id for case in failed} == _acting_on(result, "ModelRegistry.register_baseline")
    assert {case.info.issue for case in failed} == {"ISSUE-2"}
    for case in failed:
        assert "model_name" in case.reason.text.split("documented:")[1].split("reproduce:")[0]
        assert "model_name" in case.reason.text.split("actual:")[1]
