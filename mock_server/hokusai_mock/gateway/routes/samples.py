"""Model routes whose answers are fixed samples on the real service too: nobody should rely on their numbers.

They look at nothing. Which fields they have beyond those that the documents name is assumed.
"""

from __future__ import annotations

from hokusai_mock.gateway.bodies import Field, Json, Text
from hokusai_mock.gateway.route import Call, Routes, problem
from hokusai_mock.gateway.routes.schemas import answered, detail

__all__ = ["AFTER", "BEFORE"]

BEFORE = Routes("/models", "/api/models")
"""Those that stand before `/{name}/{version}`."""
AFTER = Routes("/models", "/api/models")

_SAMPLE = "A sample, always the same."
_METRICS = {"accuracy": 0.89, "precision": 0.87, "recall": 0.85, "f1_score": 0.86}


_VERSION = {"model_name": str, "version": str}


@BEFORE.route(
    "GET",
    "/compare",
    {
        200: answered(_SAMPLE, {"model1": dict, "model2": dict, "delta": dict, "recommendation": str}),
        400: detail("A model is not written as Name:Version."),
    },
    query={"model1": Field(Text()), "model2": Field(Text())},
    provenance="documented",
)
def compare(call: Call) -> Json:
    """Two versions, a difference, a recommendation."""
    names = (call.query["model1"], call.query["model2"])
    if any(len(name.split(":")) != 2 for name in names):
        raise problem(400, "Invalid model format. Use ModelName:Version")
    first, second = ({"name": one.split(":")[0], "version": one.split(":")[1], "metrics": _METRICS} for one in names)
    return {
        "model1": first,
        "model2": second,
        "delta": dict.fromkeys(_METRICS, 0.02),
        "recommendation": f"Use {names[1]}",
    }


@BEFORE.route("POST", "/evaluate", {200: answered(_SAMPLE, {"status": str, "results": dict})}, provenance="documented")
def evaluate(call: Call) -> Json:  # noqa: ARG001 - a route takes its call
    """Metrics of an evaluation."""
    return {"status": "completed", "results": dict(_METRICS)}


@BEFORE.route("POST", "/batch", {200: answered(_SAMPLE, {"status": str, "results": list})}, provenance="documented")
def batch(call: Call) -> Json:  # noqa: ARG001
    """The outcome of an action on many models."""
    return {"status": "completed", "results": []}


@AFTER.route(
    "GET",
    "/{name}/{version}/metrics",
    {200: answered(_SAMPLE, {**_VERSION, "metrics": dict})},
    provenance="documented",
)
def metrics(call: Call) -> Json:
    """Metrics of a version; the numbers are samples."""
    return {**_named(call), "metrics": dict(_METRICS)}


@AFTER.route(
    "GET",
    "/{name}/{version}/lineage",
    {200: answered(_SAMPLE, {**_VERSION, "lineage": list})},
    provenance="documented",
)
def lineage(call: Call) -> Json:
    """Lineage of a version; the entries are samples."""
    return {**_named(call), "lineage": []}


@AFTER.route(
    "GET",
    "/{name}/{version}/predictions",
    {200: answered(_SAMPLE, {**_VERSION, "predictions": list})},
    provenance="documented",
)
def predictions(call: Call) -> Json:
    """Predictions of a version; the entries are samples."""
    return {**_named(call), "predictions": []}


@AFTER.route(
    "GET",
    "/{name}/{version}/download",
    {200: answered(_SAMPLE, {**_VERSION, "download_url": str})},
    provenance="documented",
)
def download(call: Call) -> Json:
    """Where a version could be loaded from; the address is a sample."""
    return {**_named(call), "download_url": f"models:/{call.path['name']}/{call.path['version']}"}


def _named(call: Call) -> Json:
    return {"model_name": call.path["name"], "version": call.path["version"]}
