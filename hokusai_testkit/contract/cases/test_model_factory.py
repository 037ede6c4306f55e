"""`ModelFactory` and the kinds of models that it makes. No server is needed."""

from __future__ import annotations

from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS, Sdk

CREATE = "ModelFactory.create_model"
CALL = 'ModelFactory.create_model("classification", "churn-1", "1.0.0")'
KINDS = {"classification": "ClassificationModel", "regression": "RegressionModel", "custom": "CustomModel"}
NAMES = ["ModelFactory", "ModelType", *KINDS.values()]

test_model_factory_signature = signature_case("ModelFactory", "test_model_factory_signature")
test_create_model_signature = signature_case(CREATE, "test_create_model_signature")


@case(
    "ModelFactory",
    call="from hokusai.core import ModelFactory, ModelType, ClassificationModel",
    criteria=("C1",),
    level="full",
)
def test_model_kinds_import(sdk: Sdk) -> None:
    """Every documented import of the factory and of its kinds works and gives the same class."""
    for name in NAMES:
        found = {sdk.imported(place, name) for place in DOCUMENTED_IMPORTS[name]}
        expect.equal(len(found), 1, f"the number of different classes called {name}")


@pytest.mark.parametrize("kind", KINDS)
@case(
    CREATE,
    call=CALL,
    criteria=("C1", "C6"),
    level="full",
)
def test_kind_makes_its_class(sdk: Sdk, kind: str) -> None:
    """Each kind gives its class, a HokusaiModel with the id and the version that were given."""
    made = sdk.ModelFactory().create_model(kind, "churn-1", "1.2.0", config={"depth": 3}, metadata={"team": "g"})
    expect.that(isinstance(made, sdk.class_named(KINDS[kind])), f"it is a {KINDS[kind]}", type(made).__name__)
    expect.that(isinstance(made, sdk.HokusaiModel), "it is a HokusaiModel", type(made).__mro__)
    expect.equal((made.model_id, made.version), ("churn-1", "1.2.0"), "model_id and version")


@case(CREATE, call='ModelFactory.create_model("regression", "price-1", "1.0.0")', criteria=("C1",), level="full")
def test_factory_is_called_on_the_class(sdk: Sdk) -> None:
    """The method works on the class itself too, as the documents show it."""
    factory: Any = sdk.ModelFactory
    expect.equal(factory.create_model("regression", "price-1", "1.0.0").model_id, "price-1", "model_id")


@case(CREATE, call='create_model("clasification", "churn-1", "1.0.0")', criteria=("C5",), level="full")
def test_unknown_kind_is_a_value_error(sdk: Sdk) -> None:
    """Another kind is a ValueError that names it."""
    factory = sdk.ModelFactory()
    try:
        factory.create_model("clasification", "churn-1", "1.0.0")
    except ValueError as problem:
        expect.that("clasification" in str(problem), "the message names the kind", problem)
    else:
        expect.that(False, "a ValueError is raised", "no exception was raised")


@case(CREATE, call=CALL + ".predict(data)", criteria=("C6",), level="full")
def test_no_prediction_is_made_up(sdk: Sdk) -> None:
    """A model that has nothing to predict by raises; the published SDK's constants are made up."""
    made = sdk.ModelFactory().create_model("classification", "churn-1", "1.0.0")
    try:
        answer = made.predict([[1.0, 2.0]])
    except Exception as problem:  # noqa: BLE001 - any error is better than an invented number
        expect.that(str(problem), "the error says why", repr(problem))
    else:
        expect.that(False, "nothing is predicted", answer)
