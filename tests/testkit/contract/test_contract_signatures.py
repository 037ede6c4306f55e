"""The signature engine, on synthetic contracts and implementations."""

from __future__ import annotations

import abc
import functools
import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import overload

from hokusai_testkit.contract.signatures import Call, call_styles, calls_of, conformance, implementation_of


class Contract:
    def method(self, model, name=None, metadata=None): ...

    @overload
    def styled(self, model: Any, model_type: str) -> None: ...
    @overload
    def styled(self, model: Any, *, model_name: str) -> None: ...
    def styled(self, model: Any, model_type: str = "", *, model_name: str = "") -> None: ...

    def nothing_required(self, a=None, b=None): ...


def judge(implementation_class: type, name: str = "method") -> bool | None:
    return conformance(getattr(Contract, name), implementation_of(implementation_class, name)).conforms


def test_the_documented_signature_itself_conforms():
    class Same:
        def method(self, model, name=None, metadata=None): ...

    assert judge(Same) is True


def test_extra_optional_parameters_are_allowed_at_the_end_and_by_name():
    class More:
        def method(self, model, name=None, metadata=None, extra=1, *, another=2, **rest): ...

    assert judge(More) is True


@pytest.mark.parametrize(
    "parameters",
    [
        "model, metadata=None, name=None",  # reordered
        "model, label=None, metadata=None",  # renamed
        "model, name=None",  # missing
        "model, new=None, name=None, metadata=None",  # inserted in front of documented ones
        "model, name, metadata=None",  # required where documented as optional
        "model, name=None, metadata=None, *, must",  # a new required parameter
        "model, *, name=None, metadata=None",  # by name only
        "model, name=None, metadata=None, /",  # by position only
        "",  # takes nothing
    ],
)
def test_a_signature_that_breaks_a_documented_call_does_not_conform(parameters):
    namespace: dict[str, Any] = {}
    exec(f"class Broken:\n    def method(self, {parameters}): ...", namespace)
    assert judge(namespace["Broken"]) is False


def test_an_inserted_parameter_is_refused_although_the_call_binds():
    class Inserted:
        def method(self, model, new=None, name=None, metadata=None): ...

    finding = conformance(Contract.method, implementation_of(Inserted, "method"))
    assert finding.call == Call(("model", "name"), ())
    assert finding.why == "the value of 'name' arrives as 'new'"


def test_a_renamed_parameter_is_named_with_the_call_that_fails():
    class Renamed:
        def styled(self, model=None, model_type="", *, name=""): ...

    finding = conformance(Contract.styled, implementation_of(Renamed, "styled"))
    assert finding.conforms is False
    assert str(finding.call) == "(model=<model>, model_name=<model_name>)"
    assert "model_name" in str(finding.why)


@pytest.mark.parametrize("parameters", ["*args, **kwargs", "model, *rest, **kwargs"])
def test_values_that_only_reach_a_catch_all_leave_it_undecided(parameters):
    namespace: dict[str, Any] = {}
    exec(f"class Loose:\n    def method(self, {parameters}): ...", namespace)
    assert judge(namespace["Loose"]) is None


def test_a_catch_all_for_names_does_not_take_what_is_documented_by_position():
    class NamesOnly:
        def method(self, model, name=None, **options): ...

    assert judge(NamesOnly) is False


def test_a_wrapper_that_says_nothing_is_judged_by_what_it_wraps():
    def wrapped(function):
        @functools.wraps(function)
        def outer(*args, **kwargs):
            return function(*args, **kwargs)

        return outer

    class Good:
        @wrapped
        def method(self, model, name=None, metadata=None): ...

    class Bad:
        @wrapped
        def method(self, model, label=None, metadata=None): ...

    assert judge(Good) is True
    assert judge(Bad) is False


def test_a_wrapper_with_parameters_of_its_own_is_judged_by_them():
    def narrow(function):
        @functools.wraps(function)
        def outer(self, model):
            return function(self, model)

        return outer

    class Narrowed:
        @narrow
        def method(self, model, name=None, metadata=None): ...

    assert judge(Narrowed) is False


def test_static_class_and_partial_methods_are_read_as_instances_see_them():
    class Kinds:
        @staticmethod
        def method(model, name=None, metadata=None): ...

        @classmethod
        def styled(cls, model, model_type="", *, model_name=""): ...

        def _general(self, flag, a=None, b=None): ...

        nothing_required = functools.partialmethod(_general, True)

    assert [judge(Kinds, name) for name in ("method", "styled", "nothing_required")] == [True, True, True]


def test_an_abstract_class_is_read_without_making_an_instance():
    class Abstract(abc.ABC):
        @abc.abstractmethod
        def method(self, model, name=None, metadata=None): ...

    assert judge(Abstract) is True


def test_a_coroutine_function_against_a_plain_contract_is_undecided():
    class Async:
        async def method(self, model, name=None, metadata=None): ...

    assert judge(Async) is None


def test_a_missing_method_and_a_property_are_refused():
    class Odd:
        @property
        def method(self): ...

    with pytest.raises(AttributeError):
        implementation_of(Odd, "styled")
    with pytest.raises(TypeError, match="not callable"):
        implementation_of(Odd, "method")


def test_overloads_are_the_call_styles_and_their_optional_parts_need_not_bind_alone():
    assert len(call_styles(Contract.styled)) == 2

    class NeedsAModel:
        def styled(self, model, model_type=None, model_name=None): ...

    assert judge(NeedsAModel, "styled") is True


def test_a_contract_without_required_parameters_demands_the_empty_call():
    class Wants:
        def nothing_required(self, a, b=None): ...

    assert judge(Wants, "nothing_required") is False


def test_every_split_of_positionals_is_tried_once():
    (style,) = call_styles(Contract.method)
    calls = list(calls_of(style))
    assert len(calls) == len(set(calls))
    assert set(calls) == {
        Call((), ("model",)),
        Call(("model",), ()),
        Call((), ("model", "name")),
        Call(("model",), ("name",)),
        Call(("model", "name"), ()),
        Call((), ("model", "metadata")),
        Call(("model",), ("metadata",)),
        Call((), ("model", "name", "metadata")),
        Call(("model",), ("name", "metadata")),
        Call(("model", "name"), ("metadata",)),
        Call(("model", "name", "metadata"), ()),
    }


NAMES = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1, max_size=5)


@given(NAMES, st.data())
def test_a_signature_conforms_to_itself_and_to_no_other_order(names, data):
    required = data.draw(st.integers(0, len(names)))
    parameters = [
        inspect.Parameter(
            name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=inspect.Parameter.empty if i < required else None
        )
        for i, name in enumerate(names)
    ]
    order = data.draw(st.permutations(parameters))
    order.sort(key=lambda parameter: parameter.default is None)

    def contract(self): ...

    def implementation(): ...

    self_parameter = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    contract.__signature__ = inspect.Signature([self_parameter, *parameters])  # type: ignore[attr-defined]
    implementation.__signature__ = inspect.Signature(order)  # type: ignore[attr-defined]
    assert conformance(contract, implementation).conforms is (order == parameters)
