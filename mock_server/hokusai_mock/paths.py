"""Which paths belong to the MLflow registry for the real gateway: one list for the key check and for fault rules."""

from __future__ import annotations

__all__ = ["REGISTRY_PREFIXES"]

REGISTRY_PREFIXES = (
    "/mlflow",
    "/api/mlflow",
    "/api/2.0/mlflow",
    "/api/2.0/preview/mlflow",
    "/api/2.0/mlflow-artifacts",
    "/ajax-api/2.0/mlflow",
    "/ajax-api/2.0/mlflow-artifacts",
)
"""Compared with the beginning of the path in lower case, as plain text: `/mlflowX` belongs to the registry too."""
