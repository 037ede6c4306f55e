"""Which known incident an answer stands for: decisions on values, no I/O.

Only what can be told from one answer is named here. Everything that needs several observations is the doctor's work,
not the SDK's. The incidents themselves are in `_known.py`; calls without an answer in `_silences.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from hokusai import _known as known
from hokusai._known import Incident
from hokusai._silences import name_silence
from hokusai.auth._credentials import origin_of
from hokusai.auth.mlflow_plugin import SeenResponse

__all__ = [
    "Incident",
    "is_html",
    "name_absence",
    "name_answer",
    "name_detour",
    "name_misplaced",
    "name_silence",
    "name_status",
]


def name_answer(seen: SeenResponse) -> Incident | None:
    """Name the incident that an answer stands for; `None` when it is not one of the known ones."""
    for incident in _candidates(seen, _json(seen.body), seen.body.strip()):
        return incident
    return None


def _candidates(seen: SeenResponse, body: dict[str, object], text: str) -> Iterator[Incident]:
    """Yield the fitting incidents, the most telling first."""
    detail = str(body.get("detail", ""))
    if seen.status in (401, 403):
        yield from _refusals(seen, body, detail, text)
    elif seen.status in (404, 405):
        yield from _not_there(seen, body, detail, text)
    elif seen.status >= 500:
        yield from _failures(seen, body, detail, text)
    elif 300 <= seen.status < 400:
        yield known.MOVED
    elif seen.status < 300 and (not body or is_html(seen)):
        yield known.LOGIN_PAGE if "login" in text.lower() else known.NOT_JSON
    elif seen.status == 400:
        yield _bad_request(text)
    elif seen.status in _BY_STATUS:
        yield _BY_STATUS[seen.status]


_BY_STATUS = {
    402: known.BALANCE,
    407: known.PROXY_PAGE,
    413: known.TOO_LARGE,
    422: known.REFUSED_VALUE,
    429: known.LIMIT,
}


def _bad_request(text: str) -> Incident:
    """Tell the two pages of a web server in front of MLflow from MLflow's own refusal of a value."""
    if "No required SSL certificate was sent" in text:
        return known.CLIENT_CERTIFICATE
    return known.PLAIN_TO_TLS if "plain HTTP request was sent to HTTPS port" in text else known.REFUSED_VALUE


_GATEWAY_WORDS = ("Missing Authentication Token", "Forbidden", "No API key found in request")
"""What API gateways say in JSON that know neither Hokusai nor MLflow."""
_TEXTS = {
    "Permission denied": known.GRANT,
    "Invalid Host header": known.HOST,
    "Cross-origin request blocked": known.ORIGIN,
}
"""How the refusals of MLflow's own server begin."""


def _refusals(seen: SeenResponse, body: dict[str, object], detail: str, text: str) -> Iterator[Incident]:
    if body.get("error") == "REGISTRY_ADMIN_REQUIRED" or detail.startswith("Admin access required"):
        yield known.ADMIN
    if detail == "API key required":
        yield {"bearer": known.STRIPPED, "basic": known.LOGIN_SENT}.get(seen.scheme.lower(), known.NO_KEY)
    if detail.startswith("Invalid or expired API key"):
        yield known.BAD_KEY
    if seen.headers.get("www-authenticate", "").lower().startswith("basic"):
        yield known.BASIC
    if detail.startswith("Insufficient permissions") or "required_scope" in body:
        yield known.SCOPE
    if set(body) == {"message"} and (body["message"] in _GATEWAY_WORDS or "x-amzn-errortype" in seen.headers):
        yield known.FOREIGN_GATEWAY
    for beginning, incident in _TEXTS.items():
        if text.startswith(beginning):
            yield incident
    if seen.status == 403 and not text:
        yield known.OTHER_PROGRAM
    if "via" in seen.headers and "proxy" in text.lower():
        yield known.PROXY_PAGE
    if is_html(seen):
        yield known.BLOCK_PAGE if seen.status == 403 else known.LOGIN_PAGE
    if seen.status == 403 and not body:
        yield known.UPSTREAM_REFUSAL


def _not_there(seen: SeenResponse, body: dict[str, object], detail: str, text: str) -> Iterator[Incident]:
    if "/logged-models" in seen.url:
        yield known.LOGGED_MODELS
    if detail == "Not Found":
        yield known.NO_SUCH_ROUTE if _is_platforms(seen) else known.MOUNT
    if body.get("error_code") == "RESOURCE_NOT_FOUND":
        yield known.DOUBLED if "api/" in str(body.get("message", "")) else known.PREFIX
    if body.get("error_code") == "RESOURCE_DOES_NOT_EXIST":
        yield known.MISSING
    if text == "Not Found" and not is_html(seen):
        yield known.LISTENER
    if is_html(seen):
        yield known.DOUBLED if _is_werkzeug(text) else known.WEBSITE


def _is_werkzeug(text: str) -> bool:
    """Tell the page of MLflow's own web server for a path that it does not know."""
    return "requested URL" in text


_UNREADY = ("model_not_ready", "inference_timeout")
"""What the serving routes say of a model that does not answer."""


def _is_platforms(seen: SeenResponse) -> bool:
    """Tell the platform's own interface from MLflow's behind it."""
    return "mlflow" not in urlsplit(seen.url).path


def _failures(seen: SeenResponse, body: dict[str, object], detail: str, text: str) -> Iterator[Incident]:
    if detail.startswith("Failed to connect to MLflow server"):
        yield known.UPSTREAM
    if detail.startswith("MLflow server request timeout"):
        yield known.SLOW
    if detail.startswith("Authentication service"):
        yield known.AUTH_DOWN
    if "ARTIFACTS_DISABLED" in text or "--serve-artifacts" in text:
        yield known.NO_ARTIFACTS
    if "--artifacts-only" in text:
        yield known.ARTIFACTS_ONLY
    if "inference failed" in detail or any(f'"{error}"' in text for error in _UNREADY):
        yield known.NOT_READY
    if seen.status in (502, 503, 504) and not body:
        yield known.GATEWAY
    if "/v1/" in urlsplit(seen.url).path and "detail" in body:
        yield known.BROKEN_ROUTE


_STORES = ("boto3", "botocore", "google.cloud", "azure", "pyarrow", "paramiko", "pysftp")


def name_absence(package: str | None) -> Incident | None:
    """Name the incident behind a package that MLflow wanted and did not find."""
    return known.OBJECT_STORE if package is not None and package.startswith(_STORES) else None


def _json(body: str) -> dict[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def name_detour(seen: SeenResponse, asked: str) -> Incident | None:
    """Name the redirect that spoilt a request: it made a read of a write, or took the key off.

    The key is off where a keyless request has reached another origin than `asked`, a base URL.
    """
    if seen.downgraded and 400 <= seen.status < 500:
        return known.DOWNGRADED
    if seen.status != 401 or origin_of(seen.url) == origin_of(asked) or "/api/2.0/mlflow/" not in seen.url:
        return None
    return known.REDIRECTED if _json(seen.body).get("detail") == "API key required" else None


def name_misplaced(seen: SeenResponse, shorter: str | None) -> Incident | None:
    """Name what is wrong with the path of the tracking URI, where MLflow's own server does not know the path.

    `shorter` is the URI without the path that MLflow's client appends itself, if it ends with that.
    """
    if seen.status not in (404, 405) or "/logged-models" in seen.url:
        return None
    missing = _json(seen.body).get("error_code") == "RESOURCE_DOES_NOT_EXIST"
    if shorter is not None and not missing:
        return replace(known.DOUBLED, remedy=f"Write {shorter}: MLflow's client appends the rest itself.")
    return known.STATIC_PREFIX if is_html(seen) and _is_werkzeug(seen.body) else None


def name_status(status: int) -> Incident | None:
    """Name the incident behind a status alone: the body was lost, and was not there again when it was asked for."""
    if status == 429:
        return known.LIMIT
    return known.FLAPPING if status in (502, 503, 504) else None


def is_html(seen: SeenResponse) -> bool:
    """Tell a page made for people."""
    return "html" in seen.content_type.lower() or seen.body.lstrip()[:15].lower().startswith(("<!doctype", "<html"))
