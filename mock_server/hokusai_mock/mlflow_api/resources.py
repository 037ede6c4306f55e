"""The resources of the API: importing a module registers its endpoints. A new resource is one name here."""

from __future__ import annotations

from hokusai_mock.mlflow_api import (
    artifacts,
    browser_artifacts,
    datasets,
    experiments,
    logged_models,
    metrics,
    model_versions,
    registered_models,
    run_data,
    runs,
    server,
)
from hokusai_mock.mlflow_api.endpoints import registered

__all__ = ["ENDPOINTS", "RESOURCES"]

RESOURCES = (
    artifacts,
    browser_artifacts,
    datasets,
    experiments,
    logged_models,
    metrics,
    model_versions,
    registered_models,
    run_data,
    runs,
    server,
)
"""Every module that has endpoints."""

ENDPOINTS = registered()
"""Every endpoint by (method, path)."""
