"""`AuthenticatedClient`: the platform's own HTTP interface with the key of the configuration.

MLflow's interface is not its business; that is reached through MLflow's client.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hokusai.auth._key import hide
from hokusai.auth._platform import ask, refusal
from hokusai.config._resolver import resolve
from hokusai.exceptions import ConfigurationError, HokusaiException, InvalidParameterError

if TYPE_CHECKING:
    from requests import Response

    from hokusai.auth.hokusai_auth import HokusaiAuth

__all__ = ["AuthenticatedClient"]

_PAUSES = (1.0, 2.0)
_REPEATED = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing; others are sent once, since a failure does not say that nothing was done."""


class AuthenticatedClient:
    """Requests to `<api_endpoint>/<path>`, each with `Authorization: Bearer <key>`.

    `timeout` bounds one call in seconds, repetitions included. Reading calls are repeated twice where there is no
    answer or a 5xx, and follow redirects; writing calls do neither.

    Raises:
        ConfigurationError: no key (A01), or an unusable one (A14); nothing was sent.
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_endpoint: str | None = None,
        timeout: float = 30.0,
        *,
        auth: HokusaiAuth | None = None,
    ) -> None:
        """Resolve the configuration; sends nothing."""
        api_key = hide(api_key)
        if not timeout > 0:
            raise InvalidParameterError(f"timeout must be a number of seconds above 0, not {timeout!r}.")
        key = api_key if api_key is not None else getattr(auth, "api_key", None)
        endpoint = api_endpoint if api_endpoint is not None else getattr(auth, "api_endpoint", None)
        self._settings = resolve(None, key, endpoint, mode="local", timeout=timeout)
        if self._settings.credential is None:
            raise ConfigurationError(
                "No API key: none was passed, and HOKUSAI_API_KEY is not set.",
                code="A01",
                remedy='Set HOKUSAI_API_KEY, or call hokusai.setup(api_key="...").',
            )

    @property
    def api_endpoint(self) -> str:
        """The base URL of all paths."""
        return self._settings.api_endpoint

    def get(self, path: str, *, params: Mapping[str, Any] | None = None) -> Response:
        """Send `GET`; see `request`."""
        return self.request("GET", path, params=params)

    def post(self, path: str, *, json: Any = None) -> Response:
        """Send `POST` with a JSON body; see `request`."""
        return self.request("POST", path, json=json)

    def put(self, path: str, *, json: Any = None) -> Response:
        """Send `PUT` with a JSON body; see `request`."""
        return self.request("PUT", path, json=json)

    def delete(self, path: str) -> Response:
        """Send `DELETE`; see `request`."""
        return self.request("DELETE", path)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request and return its answer, a `requests.Response` with a status below 300.

        Raises:
            InvalidParameterError: `path` is a whole URL: the key belongs to the endpoint.
            AuthenticationError, AuthorizationError: 401 and 403; `code` says why.
            RateLimitError: 429; `retry_after` in seconds.
            HokusaiException: any other status of 300 and above, or no answer (`code` D01, D02, D03, ...).
        """
        if urlsplit(path).scheme or path.startswith("//"):
            raise InvalidParameterError("path must be a path below the endpoint, such as '/models', not a URL.")
        url = f"{self.api_endpoint}/{path.lstrip('/')}"
        action = f"{method.upper()} {path}"
        deadline = time.monotonic() + self._settings.timeout
        pauses = list(_PAUSES) if method.upper() in _REPEATED else []
        while True:
            outcome = self._once(method, url, action, deadline, params, json, headers)
            if not isinstance(outcome, HokusaiException):
                return outcome
            if not pauses or not _is_outage(outcome) or time.monotonic() + pauses[0] >= deadline:
                raise outcome
            time.sleep(pauses.pop(0))

    def _once(  # noqa: PLR0917 - what one request is made of
        self,
        method: str,
        url: str,
        action: str,
        deadline: float,
        params: Mapping[str, Any] | None,
        json: Any,
        headers: Mapping[str, str] | None,
    ) -> Response | HokusaiException:
        seconds = max(0.1, deadline - time.monotonic())
        try:
            response = ask(
                method,
                url,
                self._settings.credential,
                action=action,
                timeout=seconds,
                params=params,
                json=json,
                headers=headers,
            )
        except ConfigurationError:
            raise
        except HokusaiException as problem:
            return problem
        if response.status_code < 300:
            return response
        with response:
            return refusal(response, action)

    def __repr__(self) -> str:
        # Tracebacks show objects whose constructor has failed, too.
        settings = getattr(self, "_settings", None)
        return f"AuthenticatedClient(api_endpoint={settings.api_endpoint if settings else None!r})"


def _is_outage(problem: HokusaiException) -> bool:
    return problem.status_code is None or problem.status_code >= 500
