"""HTTP to the platform itself (not to MLflow): one request, and its answer or an error of the SDK's family.

The key goes out by the same auth object as MLflow's calls, so to its own origin only; a redirect of a writing call is
not followed, and takes the key off where it leads to another host. Retrying, and what the answers mean, is the
caller's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hokusai import _errors
from hokusai._incidents import name_answer
from hokusai.auth._credentials import ACTIVE, Credential
from hokusai.auth.mlflow_plugin import HokusaiRequestAuth, SeenResponse, read_response
from hokusai.config._uris import check_transport
from hokusai.exceptions import (
    AuthenticationError,
    AuthorizationError,
    HokusaiException,
    RateLimitError,
)

if TYPE_CHECKING:
    from requests import Response

__all__ = ["ask", "refusal"]

_FOLLOWED = ("GET", "HEAD", "OPTIONS")
"""Methods whose redirects are followed: a write, and what it carries, goes where it was addressed to or nowhere."""


def ask(
    method: str,
    url: str,
    credential: Credential | None,
    *,
    action: str,
    timeout: float | tuple[float, float],
    params: Mapping[str, Any] | None = None,
    json: Any = None,
    headers: Mapping[str, str] | None = None,
    tls: Mapping[str, Any] | None = None,
) -> Response:
    """Make one request with `credential` where it belongs.

    `timeout` is in seconds: for the whole call, whatever the other side does meanwhile; as a pair, for connecting and
    for each read, where the caller bounds the whole. `tls` is `verify` and `cert` of requests, where they are not its
    defaults.

    Raises:
        ConfigurationError: the key would travel over plain http.
        HokusaiException: no answer; `code` says why (D01, D02, D03, ...).
    """
    import requests  # noqa: PLC0415 - `import hokusai` must stay free of it

    from hokusai._backend import within  # noqa: PLC0415 - imports this package in turn

    if credential is not None:
        check_transport(url)

    def send() -> Response:
        return requests.request(
            method,
            url,
            params=params,
            json=json,
            headers=dict(headers or {}),
            timeout=timeout,
            auth=HokusaiRequestAuth(),
            allow_redirects=method.upper() in _FOLLOWED,
            **(tls or {}),
        )

    token = ACTIVE.set(credential)
    try:
        response = send() if isinstance(timeout, tuple) else within(timeout, send)
    except requests.RequestException as error:
        raise _errors.no_answer(error, url=url, action=action) from error
    finally:
        ACTIVE.reset(token)
    if response is None:
        raise _errors.no_answer(requests.Timeout("no answer in time"), url=url, action=action)
    return response


def refusal(response: Response, action: str) -> HokusaiException:
    """Return the error for an answer of 300 and above."""
    seen = read_response(response)
    fields = _errors.described(seen, url=seen.url, action=action, incident=name_answer(seen))
    message = fields.pop("message")
    if seen.status == 429:
        wait = _errors.retry_after(seen.headers.get("retry-after"))
        return RateLimitError(message, wait, status_code=429, **fields)
    return _family(seen)(message, status_code=seen.status, **fields)


def _family(seen: SeenResponse) -> type[HokusaiException]:
    return {401: AuthenticationError, 403: AuthorizationError}.get(seen.status, HokusaiException)
