"""What cases about predicting arrange: registered models, by raw HTTP, that answer in a way which can be told.

`linear` models say which version and which row an answer came from; `odd` ones answer in other types, too few, or not
at all. The classes are made inside of functions, so that they are pickled by value.
"""

from __future__ import annotations

import asyncio
import tempfile
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from hokusai_testkit.contract import api
from hokusai_testkit.contract.models import model_files
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk

__all__ = ["MODEL", "NAME", "Odd", "ask", "downloads", "linear", "odd", "pipeline_of"]

MODEL = ("package:mlflow", "package:pandas")
"""What a case that loads a model needs."""

NAME = "fraud"

Odd = Literal["text", "vector", "whole", "record", "short", "failing", "telling", "strict", "processing"]


def linear(platform: Platform, *versions: tuple[float, str | None], base: str = NAME) -> str:
    """Register a model with one version a (factor, semantic version); returns the model's name."""
    name = platform.name(base)
    if name not in platform.tracking.model_names():
        platform.tracking.create_model(name)
    for factor, semantic in versions:
        _version(platform, name, model_files(factor), semantic)
    return name


def odd(platform: Platform, kind: Odd) -> str:
    """Register a model with one version, 1.0.0, that answers as `kind` says; returns the model's name."""
    name = platform.name(NAME)
    platform.tracking.create_model(name)
    _version(platform, name, _odd_files(kind), "1.0.0")
    return name


def pipeline_of(sdk: Sdk, **arguments: Any) -> api.HokusaiInferencePipeline:
    """Make the pipeline under test, for the platform of the case."""
    return sdk.HokusaiInferencePipeline(sdk.ModelRegistry(), **arguments)


def ask(sdk: Sdk, pipeline: api.HokusaiInferencePipeline, name: str, data: Any, **fields: Any) -> api.InferenceResponse:
    """Let `pipeline` answer one request."""
    request = sdk.InferenceRequest(request_id="r-1", model_type=name, data=data, **fields)
    return asyncio.run(pipeline.predict(request))


def downloads(platform: Platform) -> int:
    """Count the downloads of model files that the implementation made."""
    return sum("/mlflow-artifacts/artifacts/" in entry["path"] for entry in platform.received())


def _version(platform: Platform, name: str, files: Mapping[str, bytes], semantic: str | None) -> None:
    run = platform.tracking.create_run()
    platform.tracking.upload(run, "model", files)
    platform.tracking.create_version(name, run=run, semantic=semantic)


@lru_cache(maxsize=16)
def _odd_files(kind: Odd) -> Mapping[str, bytes]:
    from mlflow import pyfunc  # noqa: PLC0415 - heavy, and only here

    with tempfile.TemporaryDirectory(prefix="hokusai-contract-") as folder:
        path = Path(folder) / "model"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client's advice about pickling is not for these models
            pyfunc.save_model(str(path), python_model=_odd_model(kind), pip_requirements=["mlflow", "pandas"])
        return {str(file.relative_to(path).as_posix()): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def _odd_model(kind: Odd) -> Any:
    from mlflow import pyfunc  # noqa: PLC0415 - heavy, and only here

    class Answering(pyfunc.PythonModel):  # type: ignore[misc]
        # Without type hints, which newer clients take for a schema; the names are MLflow's.
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ARG002
            import os  # noqa: PLC0415 - pickled by value: it brings its imports along

            import pandas  # noqa: PLC0415

            frame = pandas.DataFrame(model_input)
            if kind == "telling":
                raise RuntimeError(f"the feature store said no to {os.environ.get('HOKUSAI_API_KEY')}")
            if kind == "strict" and frame.isna().any(axis=None):
                raise ValueError("Input X contains NaN.")
            if kind == "failing":
                raise RuntimeError("the weights are broken")
            first = frame.iloc[:, 0]
            if kind == "text":
                return [f"row {value:g}" for value in first]
            if kind == "vector":
                return frame.iloc[:, :2].to_numpy() * 2
            if kind == "whole":
                return first.to_numpy().astype("int32")
            if kind == "record":
                return pandas.DataFrame({"score": first * 2, "label": "yes"})
            return first.to_numpy()[:1] if kind == "short" else first.to_numpy()

    class Processing(Answering):
        def preprocess(self, rows):  # type: ignore[no-untyped-def]
            return [[value * 10 for value in row] for row in rows]

        def postprocess(self, predictions):  # type: ignore[no-untyped-def]
            return [f"{value:g} points" for value in predictions]

    return Processing() if kind == "processing" else Answering()
