"""Profiles: how versions of MLflow (`loader.py`) and eras of the platform (`platforms.py`) differ, as data."""

from __future__ import annotations

from hokusai_mock.profiles.loader import MlflowProfile, ProfileError, mlflow, mlflow_names
from hokusai_mock.profiles.platforms import PlatformProfile, platform, platform_names

__all__ = [
    "MlflowProfile",
    "PlatformProfile",
    "ProfileError",
    "mlflow",
    "mlflow_names",
    "platform",
    "platform_names",
]
