"""What a failed case says: the documented call, what was expected, what happened, how to see it again."""

from __future__ import annotations

import types

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case
from hokusai_testkit.contract.failures import ArrangementError, ContractViolation, describe_exception
from hokusai_testkit.contract.sdk import Sdk, SdkImportError


class _Registry:
    def register_baseline(self, model=None, model_type=None): ...


@pytest.fixture
def sdk(monkeypatch) -> Sdk:
    module = types.ModuleType("some_sdk")
    module.ModelRegistry = _Registry
    monkeypatch.setitem(__import__("sys").modules, "some_sdk", module)
    return Sdk("some_sdk")


def _case(body, method="ModelRegistry.register_baseline"):
    def test_the_name(sdk):
        """The model is registered under its name."""
        body(sdk)

    return case(method, call='register_baseline(model=model, model_name="fraud")', criteria=("C1",))(test_the_name)


def test_what_the_implementation_raises_is_explained(sdk):
    run = _case(lambda sdk: sdk.ModelRegistry().register_baseline(model=1, model_name="fraud"))
    with pytest.raises(ContractViolation) as caught:
        run(sdk=sdk)
    lines = str(caught.value).splitlines()
    assert lines[0] == "ModelRegistry.register_baseline: The model is registered under its name."
    assert lines[1] == '  documented: register_baseline(model=model, model_name="fraud")'
    assert lines[2] == "  reproduce:  hokusai-testkit contract --sdk some_sdk -k the_name"
    assert "unexpected keyword argument 'model_name'" in lines[4]
    assert caught.value.code == "raised"
    assert isinstance(caught.value.__cause__, TypeError)


def test_a_missing_method_is_a_failure_before_anything_runs(sdk, monkeypatch):
    monkeypatch.delattr(_Registry, "register_baseline")
    with pytest.raises(ContractViolation, match="has no method 'register_baseline'") as caught:
        _case(lambda sdk: pytest.fail("the case ran"))(sdk=sdk)
    assert caught.value.code == "missing-method"


def test_a_missing_class_is_a_failure_of_its_cases(sdk):
    with pytest.raises(ContractViolation, match="from some_sdk import PerformanceTracker") as caught:
        _case(lambda sdk: None, "PerformanceTracker.flush")(sdk=sdk)
    assert caught.value.code == "missing-class"


def test_a_broken_signature_names_the_call_that_does_not_bind(sdk):
    from hokusai_testkit.contract.case import signature_case  # noqa: PLC0415 - a case is made by calling it

    with pytest.raises(ContractViolation, match=r"model_name=<model_name>.* binds") as caught:
        signature_case("ModelRegistry.register_baseline", "test_it")(sdk=sdk)
    assert caught.value.code == "signature"


def test_what_the_suite_cannot_arrange_is_no_failure_of_the_implementation(sdk):
    def broken(sdk):
        raise ArrangementError("the target is gone")

    with pytest.raises(ArrangementError, match="the target is gone"):
        _case(broken)(sdk=sdk)


def test_an_implementation_that_exits_the_interpreter_fails_the_case(sdk):
    def leave(sdk):
        raise SystemExit(3)

    with pytest.raises(ContractViolation, match="SystemExit: 3"):
        _case(leave)(sdk=sdk)


def test_a_module_that_is_not_there_says_what_to_install():
    with pytest.raises(SdkImportError, match=r"pip install .* --sdk MODULE"):
        Sdk("no_such_sdk")


def test_an_unequal_value_shows_both():
    with pytest.raises(ContractViolation) as caught:
        expect.equal(["1.9.0"], ["1.10.0"], "the versions")
    assert (caught.value.expected, caught.value.actual) == ("the versions: ['1.10.0']", "['1.9.0']")


def test_an_exception_is_described_with_its_place():
    try:
        raise KeyError("model_id")
    except KeyError as problem:
        text = describe_exception(problem)
    assert text.startswith("KeyError: 'model_id' (test_contract_failures.py:")


class _Errors:
    class Refused(Exception):
        code, status_code, remedy = "A05", 403, "ask"

    def exception(self, name):
        return getattr(self, name)


def _expect_refused(problem, demands):
    with expect.raises(_Errors(), "Refused", **demands):
        if problem is not None:
            raise problem


@pytest.mark.parametrize(
    ("demands", "problem"),
    [
        ({}, None),
        ({}, ValueError("another")),
        ({"code": "A06"}, _Errors.Refused("no")),
        ({"naming": "model_name"}, _Errors.Refused("no")),
        ({"unless": "secret"}, _Errors.Refused("the secret")),
    ],
)
def test_an_error_that_is_not_the_documented_one_is_a_violation(demands, problem):
    with pytest.raises(ContractViolation) as caught:
        _expect_refused(problem, demands)
    assert caught.value.code == "wrong-error"
    assert "secret" not in caught.value.actual


def test_the_documented_error_is_accepted():
    with expect.raises(_Errors(), "Refused", code="A05", status_code=403, naming="no", remedy=True, unless="secret"):
        raise _Errors.Refused("no")


def test_an_error_without_a_remedy_is_a_violation(monkeypatch):
    monkeypatch.setattr(_Errors.Refused, "remedy", "")
    with pytest.raises(ContractViolation, match="remedy"), expect.raises(_Errors(), "Refused", remedy=True):
        raise _Errors.Refused("no")


def test_two_classes_of_one_name_are_told_apart_by_their_modules():
    twin = type("Refused", (Exception,), {"__module__": "another_copy.exceptions"})
    with pytest.raises(ContractViolation) as caught:
        _expect_refused(twin("no"), {})
    assert "another_copy.exceptions" in caught.value.actual
