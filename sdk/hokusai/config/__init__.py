"""Configuration: the documented names. Values are resolved in `_resolver.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokusai._lazy import lazy

if TYPE_CHECKING:
    from hokusai.config._setup import configure, init, setup
    from hokusai.config.mlflow_auth import get_mlflow_auth_status, get_mlflow_status, setup_mlflow_auth

__all__ = ["configure", "get_mlflow_auth_status", "get_mlflow_status", "init", "setup", "setup_mlflow_auth"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "configure": "hokusai.config._setup",
        "get_mlflow_auth_status": "hokusai.config.mlflow_auth",
        "get_mlflow_status": "hokusai.config.mlflow_auth",
        "init": "hokusai.config._setup",
        "setup": "hokusai.config._setup",
        "setup_mlflow_auth": "hokusai.config.mlflow_auth",
    },
)
