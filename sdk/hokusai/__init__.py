"""The Hokusai SDK: the documented names, loaded on first use.

Importing this package loads neither MLflow, pandas, numpy nor requests. A missing optional dependency raises an
ImportError that names the extra when something that needs it is first used. No code lives here.
"""

from __future__ import annotations

from hokusai._lazy import lazy
from hokusai._version import __version__

TYPE_CHECKING = False  # as type checkers know it: importing `typing` takes longer than everything else here

if TYPE_CHECKING:
    from hokusai.auth import HokusaiAuth
    from hokusai.config import configure, get_mlflow_auth_status, init, setup, setup_mlflow_auth
    from hokusai.core import (
        HokusaiInferencePipeline,
        HokusaiModel,
        ModelRegistry,
        ModelRegistryEntry,
        ModelVersionManager,
    )
    from hokusai.exceptions import (
        ABTestException,
        AuthenticationError,
        AuthorizationError,
        ConfigurationError,
        HokusaiAuthError,
        HokusaiException,
        HokusaiFallbackWarning,
        InferenceException,
        InvalidParameterError,
        MethodNotImplementedError,
        MissingMLExtraError,
        MLflowAuthenticationError,
        MLflowConnectionError,
        ModelNotFoundError,
        NotificationError,
        RateLimitError,
        RegistryException,
        VersioningException,
    )
    from hokusai.tracking import ExperimentManager, PerformanceTracker

__all__ = [
    "ABTestException",
    "AuthenticationError",
    "AuthorizationError",
    "ConfigurationError",
    "ExperimentManager",
    "HokusaiAuth",
    "HokusaiAuthError",
    "HokusaiException",
    "HokusaiFallbackWarning",
    "HokusaiInferencePipeline",
    "HokusaiModel",
    "InferenceException",
    "InvalidParameterError",
    "MLflowAuthenticationError",
    "MLflowConnectionError",
    "MethodNotImplementedError",
    "MissingMLExtraError",
    "ModelNotFoundError",
    "ModelRegistry",
    "ModelRegistryEntry",
    "ModelVersionManager",
    "NotificationError",
    "PerformanceTracker",
    "RateLimitError",
    "RegistryException",
    "VersioningException",
    "__version__",
    "configure",
    "get_mlflow_auth_status",
    "init",
    "setup",
    "setup_mlflow_auth",
]

_LAZY = {
    "HokusaiAuth": "hokusai.auth.hokusai_auth",
    "configure": "hokusai.config._setup",
    "get_mlflow_auth_status": "hokusai.config.mlflow_auth",
    "init": "hokusai.config._setup",
    "setup": "hokusai.config._setup",
    "setup_mlflow_auth": "hokusai.config.mlflow_auth",
    "HokusaiInferencePipeline": "hokusai.core.inference",
    "HokusaiModel": "hokusai.core.models",
    "ModelRegistry": "hokusai.core.registry",
    "ModelRegistryEntry": "hokusai.core.registry",
    "ModelVersionManager": "hokusai.core.versioning",
    "ExperimentManager": "hokusai.tracking.experiments",
    "PerformanceTracker": "hokusai.tracking.performance",
}
_EXCEPTIONS = {name: "hokusai.exceptions" for name in __all__ if name not in _LAZY and name != "__version__"}

__getattr__, __dir__ = lazy(__name__, {**_LAZY, **_EXCEPTIONS})
