"""MLflow's request-auth plug-in, entry point `mlflow.request_auth_provider`, name `hokusai`.

The only code of the SDK that MLflow loads: importing it is cheap and never fails. It acts only when selected
(`MLFLOW_TRACKING_AUTH=hokusai`, or by the SDK itself). The auth object sees the final URL of every call: it sends the
key where the key belongs, and anywhere else does what requests would have done without it (netrc, then user-info).
Which secret goes where is decided in `_credentials.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hokusai.auth._credentials import ACTIVE, TABLE, Credential, origin_of
from hokusai.auth._key import Secret
from hokusai.config._resolver import ambient_secret, standing_credential
from hokusai.config._uris import check_transport
from hokusai.exceptions import ConfigurationError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

__all__ = [
    "NAME",
    "HokusaiRequestAuth",
    "HokusaiRequestAuthProvider",
    "SeenResponse",
    "read_response",
    "watch_responses",
]

NAME = "hokusai"
_BODY_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class SeenResponse:
    """An error answer as it stood on the wire: MLflow's own exceptions do not keep the status."""

    status: int
    url: str
    body: str
    content_type: str
    headers: dict[str, str]
    downgraded: bool = False
    """Whether it answers a GET that a redirect made of a POST."""
    scheme: str = ""
    """The scheme of the `Authorization` header that the request left with (`Bearer`, `Basic`); empty without one."""


_seen: ContextVar[list[SeenResponse] | None] = ContextVar("hokusai_seen_responses", default=None)


@contextmanager
def watch_responses() -> Iterator[list[SeenResponse]]:
    """Collect the error answers (400 and above) that this thread's MLflow calls get inside the block."""
    seen: list[SeenResponse] = []
    token = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(token)


def forget_answers() -> None:
    """Forget what earlier requests of the watched call were answered: a new one is under way, and fails by itself."""
    seen = _seen.get()
    if seen is not None:
        seen.clear()


def _note(response: Response, *_: Any, downgraded: bool = False, **__: Any) -> None:
    """Response hook: remember an error answer for whoever watches."""
    if response.status_code in (301, 302, 303) and response.request.method == "POST":
        # The request that requests makes of this one has the same hooks: so its answer is known for what it is.
        response.request.hooks["response"] = [partial(_note, downgraded=True)]
    seen = _seen.get()
    if seen is not None and response.status_code >= 400:
        len(response.content)  # an answer that breaks off fails here just as it would have without this hook
        seen.append(replace(read_response(response), downgraded=downgraded))


def read_response(response: Response) -> SeenResponse:
    """Keep what identifies an incident of a `requests` response; its body is cut at 64 KiB."""
    import requests  # noqa: PLC0415 - loaded long before by whoever made the response

    try:
        body = response.content[:_BODY_LIMIT].decode("utf-8", "replace")
    except (requests.RequestException, RuntimeError):
        body = ""  # cut short, or streamed away: the status alone still tells something
    return SeenResponse(
        status=response.status_code,
        url=response.url.partition("?")[0],
        body=body,
        content_type=response.headers.get("Content-Type", ""),
        headers={name.lower(): value for name, value in response.headers.items()},
        scheme=_scheme_of(response.request),
    )


def _scheme_of(request: PreparedRequest | None) -> str:
    return _sent(request).partition(" ")[0] if request is not None else ""


def _sent(request: PreparedRequest) -> Secret:
    """Return the `Authorization` header of a request; libraries may have put it there as bytes."""
    headers: Mapping[str, Any] = request.headers or {}
    value = headers.get("Authorization", "")
    return Secret(value.decode("latin-1") if isinstance(value, bytes) else value)


class HokusaiRequestAuth:
    """The `requests` auth object: called once for every request, with its final URL."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add `Authorization` where it belongs; leave any other request as requests would have made it."""
        url = request.url or ""
        forget_answers()
        credential = _credential_for(url)
        if credential:
            request.headers["Authorization"] = credential.header
        else:
            _drop_own_key(request)
            _as_without_sdk(request, url)
        request.hooks.setdefault("response", []).append(_note)
        return request

    def __repr__(self) -> str:
        return "HokusaiRequestAuth()"


def _credential_for(url: str) -> Credential | None:
    """Choose by the call that is running, else by what holds for the whole process."""
    active = ACTIVE.get()
    if active and active.rank(origin_of(url), "") is not None:
        _check_verified(url)
        return active
    credential = standing_credential(url)
    if credential is not None:
        check_transport(url)
        _check_verified(url)
    return credential


def _check_verified(url: str) -> None:
    """Refuse to send a secret to a server whose certificate is not checked because another one's need not be."""
    origin, spared = origin_of(url), TABLE.unverified
    if spared is not None and origin.scheme == "https" and origin != spared:
        raise ConfigurationError(
            f"Certificates are not checked in this process since setup_mlflow_auth(insecure_tls=True) for "
            f"{spared.host}: a secret for {origin.host} would go to whoever answers.",
            code="D06",
            remedy="Give that server's authority as ca_bundle_path, or speak to it in a process of its own.",
            url=url,
        )


def _drop_own_key(request: PreparedRequest) -> None:
    """Take back our own key where MLflow itself put it (as MLFLOW_TRACKING_TOKEN) on a call to another host."""
    sent = _sent(request)
    secrets = (*TABLE.secrets(), ambient_secret())
    if any(secret and secret in sent for secret in secrets):
        del request.headers["Authorization"]


def _as_without_sdk(request: PreparedRequest, url: str) -> None:
    """Do what requests does when it is given no auth object: an entry of netrc wins, then user-info in the URL."""
    from requests.auth import HTTPBasicAuth  # noqa: PLC0415 - the caller is requests
    from requests.utils import get_auth_from_url, get_netrc_auth  # noqa: PLC0415

    login = get_netrc_auth(url) or get_auth_from_url(url)
    if any(login):
        HTTPBasicAuth(*login)(request)


class HokusaiRequestAuthProvider:
    """What MLflow registers: it asks for the name, and for the auth object once a request."""

    def get_name(self) -> str:
        """Return the name by which `MLFLOW_TRACKING_AUTH` selects this provider."""
        return NAME

    def get_auth(self) -> HokusaiRequestAuth:
        """Return the auth object for one request."""
        return HokusaiRequestAuth()
