"""The other backend: an application that forwards to a real MLflow server and hands its answers back.

It takes the place of `mlflow_api` behind the gateway, or of the whole server when plain; journal, faults and scenarios
stay in front of it. `backend.py` is the address, `connections.py` keeps connections, `translation.py` says what of a
request and an answer is passed on, `application.py` puts them together. Bodies stream both ways and are never held.
"""

from __future__ import annotations

from hokusai_mock.upstream.application import Upstream
from hokusai_mock.upstream.backend import Backend, BackendError

__all__ = ["Backend", "BackendError", "Upstream"]
