"""MLflow's server as an application: a `Request` in, a `Response` out, no Flask and no socket.

`application.py` is the way of a request: security checks, routing, endpoint. `endpoints.py` holds what an endpoint is;
one module a resource holds the endpoints. What differs between versions of MLflow is asked of the profile.
"""

from __future__ import annotations

from hokusai_mock.mlflow_api.application import MlflowApplication

__all__ = ["MlflowApplication"]
