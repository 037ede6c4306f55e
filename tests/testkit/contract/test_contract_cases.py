"""What every case must be, read from the cases themselves: no server is started, no SDK imported."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

from hokusai_testkit.contract import cases
from hokusai_testkit.contract.case import Case, case, case_of
from hokusai_testkit.contract.promises import PROMISES
from hokusai_testkit.contract.results import CRITERIA, ISSUES


def _functions() -> list[tuple[str, object]]:
    modules = [
        importlib.import_module(f"{cases.__name__}.{module.name}")
        for module in pkgutil.iter_modules(cases.__path__)
        if module.name.startswith("test_")
    ]
    return [(name, value) for module in modules for name, value in vars(module).items() if name.startswith("test_")]


ALL: dict[str, Case] = {name: facts for name, value in _functions() if (facts := case_of(value)) is not None}


def test_every_function_that_pytest_collects_is_a_case_under_its_own_name():
    assert [name for name, value in _functions() if case_of(value) is None] == []
    assert [name for name, facts in ALL.items() if facts.name != name] == []


def test_ids_are_unique():
    ids = [facts.id for _, value in _functions() if (facts := case_of(value)) is not None]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_has_a_signature_case_and_one_that_calls_it(promise):
    names = [facts.name for facts in ALL.values() if facts.promise.name == promise]
    assert sum(name.endswith("_signature") for name in names) == 1
    assert len(names) > 1


@pytest.mark.parametrize("issue", ISSUES)
def test_every_issue_has_cases_at_both_levels(issue):
    assert {facts.level for facts in ALL.values() if facts.promise.issue == issue} == {"core", "full"}


@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_criterion_has_core_cases(criterion):
    assert [facts.id for facts in ALL.values() if criterion in facts.criteria and facts.level == "core"]


def test_the_documented_call_of_a_case_names_its_method():
    odd = [facts.id for facts in ALL.values() if (facts.promise.method or facts.promise.owner) not in facts.call]
    assert odd == []


def test_cases_that_register_by_model_name_all_use_it():
    sources = {
        name: inspect.getsource(inspect.unwrap(value))
        for name, value in _functions()
        if (facts := case_of(value)) is not None
        and facts.promise.issue == "ISSUE-2"
        and not name.endswith("_signature")
    }
    assert [name for name, source in sources.items() if "model_name=" not in source] == []


def test_a_case_is_refused_when_its_facts_are_wrong():
    def test_nothing(sdk):
        """Hold nothing."""

    with pytest.raises(ValueError, match=r"ModelRegistry\.nothing"):
        case("ModelRegistry.nothing", call="", criteria=("C1",))
    with pytest.raises(ValueError, match="C9"):
        case("ModelRegistry", call="", criteria=("C9",))
    with pytest.raises(ValueError, match="middle"):
        case("ModelRegistry", call="", criteria=("C1",), level="middle")
    test_nothing.__doc__ = None
    with pytest.raises(ValueError, match="docstring"):
        case("ModelRegistry", call="", criteria=("C1",))(test_nothing)


def test_importing_the_suite_imports_no_implementation_and_no_mlflow():
    program = (
        "import sys, hokusai_testkit.contract.plugin, hokusai_testkit.contract.cases.test_predict_batch;"
        "print([name for name in ('hokusai', 'mlflow', 'pandas', 'numpy', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
