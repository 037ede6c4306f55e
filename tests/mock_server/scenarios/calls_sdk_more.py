"""What the Hokusai SDK has for the calls of other clients, so that the plays of a file can be played with it too.

The calls by the names of its documents are in `calls_sdk.py`.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from calls_mlflow import model
from calls_sdk import registry

MODEL = "30"
_ADDRESS = "0x" + "0" * 40


def _versions() -> Any:
    from hokusai import ModelVersionManager

    return ModelVersionManager(registry()).list_versions("any")


def _delete_version() -> Any:
    made = registry().register_baseline(model=model(), model_name="scenario")
    return registry().delete_model_version(made.model_id)


def _platform(method: str, path: str, **more: Any) -> Callable[[], Any]:
    """A call of the platform's own interface, below `HOKUSAI_API_ENDPOINT`."""

    def call() -> Any:
        from hokusai.auth import AuthenticatedClient

        with AuthenticatedClient(timeout=1.0).request(method, path, **more) as answer:
            return {"status_code": answer.status_code, "text": answer.text[:400]}

    return call


def _validate() -> Any:
    """Have the auth service validate the key, as the SDK does with `HOKUSAI_VALIDATE_API_KEY=true`."""
    from hokusai.auth import HokusaiAuth

    service = os.environ["HOKUSAI_API_ENDPOINT"].removesuffix("/api")
    return HokusaiAuth(os.environ["HOKUSAI_API_KEY"], auth_service_url=service).validate()


CALLS = {
    ("hokusai", "auth.validate"): _validate,
    ("hokusai", "contributions.create"): _platform(
        "POST", f"/v1/models/{MODEL}/contributions", json={"rows": []}, headers={"Idempotency-Key": "scenario-1"}
    ),
    ("hokusai", "contributors.impact"): _platform("GET", f"/models/contributors/{_ADDRESS}/impact"),
    ("hokusai", "experiments.search"): _versions,
    ("hokusai", "model_versions.delete"): _delete_version,
    ("hokusai", "models.list"): _platform("GET", "/models/"),
    ("hokusai", "serving.predict"): _platform(
        "POST", f"/v1/models/{MODEL}/predict", json={"inputs": {"text": "scenario"}}
    ),
    ("hokusai", "serving.predict with rows"): _platform(
        "POST", "/v1/models/21/predict", json={"rows": [{"text": "scenario"}]}
    ),
}
