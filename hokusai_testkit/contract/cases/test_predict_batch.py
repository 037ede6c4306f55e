"""`HokusaiInferencePipeline.predict_batch`: ISSUE-4, a method that did not exist.

Models are built here, uploaded and registered by raw HTTP, so these cases do not depend on registering.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hokusai_testkit.contract import api, expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.models import COLUMNS, ROWS, model_files, predictions
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform

METHOD = "HokusaiInferencePipeline.predict_batch"
CALL = 'HokusaiInferencePipeline(registry).predict_batch(data, "fraud")'
VERSION_CALL = 'HokusaiInferencePipeline(registry).predict_batch(data, "fraud", {!r})'
MODEL = ("package:mlflow", "package:pandas")

test_predict_batch_signature = signature_case(METHOD, "test_predict_batch_signature")


def _arrange(platform: Platform, *models: tuple[float, str | None]) -> None:
    """Register `fraud` with one version per (factor of the model, semantic version)."""
    tracking = platform.tracking
    tracking.create_model(platform.name("fraud"))
    for factor, semantic in models:
        run = tracking.create_run()
        tracking.upload(run, "model", model_files(factor))
        tracking.create_version(platform.name("fraud"), run=run, semantic=semantic)


def _pipeline(sdk: Sdk) -> api.HokusaiInferencePipeline:
    return sdk.HokusaiInferencePipeline(sdk.ModelRegistry())


def _check(sdk: Sdk, platform: Platform, data: Any) -> None:
    expect.equal(_pipeline(sdk).predict_batch(data, platform.name("fraud")), predictions(2.0), "the predictions")


@case(METHOD, call=CALL, criteria=("C4", "C6"), writes=True, needs=MODEL)
def test_list_of_rows(sdk: Sdk, platform: Platform) -> None:
    """A list of rows gives one prediction per row, from the registered model itself, in the order of the rows."""
    _arrange(platform, (2.0, "1.0.0"))
    _check(sdk, platform, ROWS)


@case(METHOD, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_data_frame(sdk: Sdk, platform: Platform) -> None:
    """A pandas DataFrame gives one prediction per row."""
    import pandas as pd  # noqa: PLC0415 - an input of this case only

    _arrange(platform, (2.0, "1.0.0"))
    _check(sdk, platform, pd.DataFrame(ROWS, columns=list(COLUMNS)))


@case(METHOD, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_numpy_array(sdk: Sdk, platform: Platform) -> None:
    """A numpy array of shape (N, features) gives N predictions."""
    import numpy as np  # noqa: PLC0415 - an input of this case only

    _arrange(platform, (2.0, "1.0.0"))
    _check(sdk, platform, np.array(ROWS))


@case(METHOD, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_dict_of_columns(sdk: Sdk, platform: Platform) -> None:
    """A dict of columns of N values gives N predictions."""
    _arrange(platform, (2.0, "1.0.0"))
    _check(sdk, platform, {name: [row[index] for row in ROWS] for index, name in enumerate(COLUMNS)})


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level="full", needs=MODEL)
def test_many_rows_keep_their_order(sdk: Sdk, platform: Platform) -> None:
    """200 rows come back as 200 predictions in the order of the rows."""
    _arrange(platform, (1.0, "1.0.0"))
    rows = [[float((7 * number) % 200), 0.0] for number in range(200)]
    expect.equal(_pipeline(sdk).predict_batch(rows, platform.name("fraud")), predictions(1.0, rows), "the predictions")


@case(METHOD, call=VERSION_CALL.format("1.0.0"), criteria=("C4", "C6"), writes=True, needs=MODEL)
def test_semantic_version(sdk: Sdk, platform: Platform) -> None:
    """`model_version` as a semantic version chooses the version with that tag, also when it is not the latest."""
    _arrange(platform, (2.0, "1.0.0"), (3.0, "1.1.0"))
    result = _pipeline(sdk).predict_batch(ROWS, platform.name("fraud"), "1.0.0")
    expect.equal(result, predictions(2.0), "the predictions of version 1.0.0")


@case(METHOD, call=VERSION_CALL.format("2"), criteria=("C4",), writes=True, needs=MODEL)
def test_mlflow_number(sdk: Sdk, platform: Platform) -> None:
    """`model_version` as MLflow's number chooses that version; it needs no semantic version."""
    _arrange(platform, (2.0, "1.0.0"), (3.0, None))
    result = _pipeline(sdk).predict_batch(ROWS, platform.name("fraud"), "2")
    expect.equal(result, predictions(3.0), "the predictions of MLflow's version 2")


@case(METHOD, call=VERSION_CALL.format("champion"), criteria=("C4",), writes=True, needs=MODEL)
def test_alias(sdk: Sdk, platform: Platform) -> None:
    """`model_version` as an alias chooses the version that the alias points at."""
    _arrange(platform, (2.0, "1.0.0"), (3.0, "1.1.0"))
    platform.tracking.set_alias(platform.name("fraud"), "champion", "1")
    result = _pipeline(sdk).predict_batch(ROWS, platform.name("fraud"), model_version="champion")
    expect.equal(result, predictions(2.0), "the predictions of the alias 'champion'")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_values_are_plain_python(sdk: Sdk, platform: Platform) -> None:
    """The answer is a list, and its values are Python's own numbers, not numpy's."""
    _arrange(platform, (2.0, "1.0.0"))
    result = _pipeline(sdk).predict_batch(ROWS, platform.name("fraud"))
    expect.equal(type(result), list, "the type of the answer")
    expect.equal({type(value) for value in result}, {float}, "the types of the predictions")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level="full", needs=MODEL)
def test_asking_again_gives_the_same(sdk: Sdk, platform: Platform) -> None:
    """A second call with the same rows (a cache hit, where there is a cache) gives the same shape and values."""
    _arrange(platform, (2.0, "1.0.0"))
    pipeline = _pipeline(sdk)
    first, second = (
        pipeline.predict_batch(ROWS, platform.name("fraud")),
        pipeline.predict_batch(ROWS, platform.name("fraud")),
    )
    expect.equal(second, first, "the second answer")


@case(METHOD, call=CALL + "  # inside a running event loop", criteria=("C4",), writes=True, level="full", needs=MODEL)
def test_inside_a_running_event_loop(sdk: Sdk, platform: Platform) -> None:
    """It works where an event loop already runs, as in a notebook."""
    _arrange(platform, (2.0, "1.0.0"))

    async def notebook() -> list[Any]:
        return _pipeline(sdk).predict_batch(ROWS, platform.name("fraud"))

    expect.equal(asyncio.run(notebook()), predictions(2.0), "the predictions")


@case(METHOD, call=CALL, criteria=("C2",), writes=True, level="full", needs=("platform", *MODEL, "journal"))
def test_model_is_fetched_with_the_key(sdk: Sdk, platform: Platform) -> None:
    """Registry calls and artifact downloads all carry the key as a bearer token."""
    _arrange(platform, (2.0, "1.0.0"))
    _pipeline(sdk).predict_batch(ROWS, platform.name("fraud"))
    expect.authenticated_with_one_key(platform)


@case(METHOD, call='HokusaiInferencePipeline(registry).predict_batch(data, "nothing")', criteria=("C5",))
def test_unknown_model(sdk: Sdk, platform: Platform) -> None:
    """A model that does not exist raises ModelNotFoundError and names it."""
    with expect.raises(sdk, "ModelNotFoundError", naming=platform.name("nothing")):
        _pipeline(sdk).predict_batch(ROWS, platform.name("nothing"))


@case(METHOD, call=VERSION_CALL.format("9.9.9"), criteria=("C5",), writes=True, needs=MODEL)
def test_unknown_version(sdk: Sdk, platform: Platform) -> None:
    """A version that does not exist raises ModelNotFoundError and names it."""
    _arrange(platform, (2.0, "1.0.0"))
    with expect.raises(sdk, "ModelNotFoundError", naming="9.9.9"):
        _pipeline(sdk).predict_batch(ROWS, platform.name("fraud"), "9.9.9")


@case(
    METHOD, call='predict_batch(data, "runs:/<run id>/model")', criteria=("C5",), writes=True, level="full", needs=MODEL
)
def test_uri_is_not_a_model_name(sdk: Sdk, platform: Platform) -> None:
    """Loading a model runs its code, so only the registry's models are loaded: a URI is refused."""
    run = platform.tracking.create_run()
    platform.tracking.upload(run, "model", model_files(2.0))
    with expect.raises(sdk, "HokusaiException"):
        _pipeline(sdk).predict_batch(ROWS, f"runs:/{run.id}/model")


@case(METHOD, call=CALL, criteria=("C5",), writes=True, needs=("scenarios", "registry-role", *MODEL))
def test_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key raises with the incident's code and the status, never a made-up prediction."""
    _arrange(platform, (2.0, "1.0.0"))
    pipeline = _pipeline(sdk)
    platform.play("auth.admin_required")
    with expect.raises(sdk, "HokusaiException", code="A05", status_code=403, remedy=True):
        pipeline.predict_batch(ROWS, platform.name("fraud"))
