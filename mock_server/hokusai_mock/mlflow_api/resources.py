"""The resources of the API: importing a module registers its endpoints. A new resource is one line here."""

from __future__ import annotations

from importlib import import_module

__all__ = ["load"]

_MODULES = (
    "artifacts",
    "experiments",
    "logged_models",
    "metrics",
    "model_versions",
    "registered_models",
    "run_data",
    "runs",
    "server",
)


def load() -> None:
    """Make every endpoint known."""
    for name in _MODULES:
        import_module(f"hokusai_mock.mlflow_api.{name}")
