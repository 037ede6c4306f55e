"""Which known incident an answer, or the lack of one, stands for: decisions on values, no I/O.

The codes are those of the incident catalogue; only what can be told from one answer is named here. Everything that
needs several observations is the doctor's work, not the SDK's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from hokusai.auth._credentials import origin_of
from hokusai.auth.mlflow_plugin import SeenResponse

__all__ = ["Incident", "is_html", "name_absence", "name_answer", "name_detour", "name_silence"]


@dataclass(frozen=True, slots=True)
class Incident:
    """A known cause: its code, one sentence about it, and what to do next."""

    code: str
    cause: str
    remedy: str


_ADMIN = Incident(
    "A05",
    "the model registry wants an admin key, and this key is valid but not an admin's",
    "Ask the platform team to give this key the registry admin role (scope mlflow:admin). A new key would not help.",
)
_NO_KEY = Incident(
    "A01",
    "the request arrived without a key that the platform could read",
    "Set HOKUSAI_API_KEY in this very process; a proxy on the way may also have taken the header out.",
)
_BAD_KEY = Incident(
    "A03",
    "the key is wrong, expired or revoked",
    "Check which key is in use with get_mlflow_auth_status(), then issue a new one. Waiting does not help.",
)
_BASIC = Incident(
    "A15",
    "this is a plain MLflow server that wants a user name and a password",
    "Use setup_mlflow_auth(tracking_uri, username=..., password=...), or correct the tracking URI.",
)
_SCOPE = Incident("A06", "the key lacks the write scope", "Ask for a key with the scope model:write or mlflow:write.")
_GRANT = Incident(
    "A16", "the user has no permission for this experiment or model", "Ask its owner for EDIT permission."
)
_HOST = Incident(
    "B11",
    "the MLflow server does not accept the host name it was called by",
    "The server's operator adds the name to --allowed-hosts (MLFLOW_SERVER_ALLOWED_HOSTS).",
)
_ORIGIN = Incident("B13", "the MLflow server blocks cross-origin requests", "The operator allows the origin.")
_OTHER_PROGRAM = Incident(
    "B10", "another program seems to own the port (on a Mac: AirPlay on 5000)", "Use another port, or stop the program."
)
_BLOCK_PAGE = Incident(
    "B14",
    "a firewall or content network in front of the platform blocked the request",
    "Send its block id and your egress address to the platform team; try from another network.",
)
_LOGIN_PAGE = Incident(
    "A17",
    "a login page answered instead of the API",
    "Use the host name that bypasses single sign-on, or a service token for it.",
)
_BALANCE = Incident("A20", "the account's balance does not cover the call", "Top up the account.")
_MOUNT = Incident(
    "B01",
    "the platform answered, but nothing is mounted at this path",
    "Use <endpoint>/mlflow as tracking URI, for example https://registry.hokus.ai/api/mlflow.",
)
_PREFIX = Incident("B02", "the tracking URI lacks its base path", "Append /api/mlflow to the tracking URI.")
_DOUBLED = Incident(
    "B03",
    "the path of the tracking URI is wrong or doubled",
    "End the tracking URI where the server's base path ends, before /api/2.0.",
)
_LISTENER = Incident("B04", "a load balancer has no rule for this path", "Tell the platform team; keep https.")
_LOGGED_MODELS = Incident(
    "E01",
    "the server is too old for logged models",
    "Use a client of the server's major version (pip install 'mlflow<3').",
)
_MISSING = Incident(
    "E04", "what was asked for does not exist there", "Check the name, and that this is the right server."
)
_REFUSED_VALUE = Incident("E03", "the server refused a value", "Correct the value that the answer names.")
_LIMIT = Incident("C11", "too many requests", "Wait as long as the server asks for, and send less at once.")
_TOO_LARGE = Incident("F01", "the upload is larger than a limit on the way", "Ask for a higher limit, or log less.")
_UPSTREAM = Incident(
    "C02",
    "the platform's gateway cannot reach MLflow behind it",
    "Nothing is wrong with your key. Tell the platform team, and try again later.",
)
_SLOW = Incident("C04", "MLflow behind the gateway did not answer in time", "Send smaller requests; try again later.")
_AUTH_DOWN = Incident(
    "C05", "the platform's authentication service is down", "Wait and try again. Do not change the key."
)
_NO_ARTIFACTS = Incident("F02", "the server's artifact storage is switched off", "The operator has to switch it on.")
_ARTIFACTS_ONLY = Incident(
    "F02", "this server carries artifacts alone (--artifacts-only)", "Use the tracking server's address."
)
_OBJECT_STORE = Incident(
    "F03",
    "the files of this experiment lie in an object store that the client speaks to itself, and a package for it is "
    "not installed",
    "Make a new experiment on a server that serves artifacts, or install the package and the store's credentials.",
)
_GATEWAY = Incident(
    "C03",
    "a load balancer or gateway answered in place of the platform",
    "Wait a moment and try again; if it stays, tell the platform team. Your key is not the cause.",
)
_NOT_JSON = Incident(
    "E05", "the answer is not MLflow's: a proxy, portal or web page stands at this address", "Check the tracking URI."
)


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
        yield from _failures(seen, detail, text)
    elif seen.status < 400 and (not body or is_html(seen)):
        yield _LOGIN_PAGE if "login" in text.lower() else _NOT_JSON
    else:
        yield from ({402: [_BALANCE], 413: [_TOO_LARGE], 429: [_LIMIT], 400: [_REFUSED_VALUE]}.get(seen.status, []))


def _refusals(seen: SeenResponse, body: dict[str, object], detail: str, text: str) -> Iterator[Incident]:
    if body.get("error") == "REGISTRY_ADMIN_REQUIRED" or detail.startswith("Admin access required"):
        yield _ADMIN
    if detail == "API key required":
        yield _NO_KEY
    if detail.startswith("Invalid or expired API key"):
        yield _BAD_KEY
    if seen.headers.get("www-authenticate", "").lower().startswith("basic"):
        yield _BASIC
    if detail.startswith("Insufficient permissions") or "required_scope" in body:
        yield _SCOPE
    if text == "Permission denied":
        yield _GRANT
    if text.startswith("Invalid Host header"):
        yield _HOST
    if text.startswith("Cross-origin request blocked"):
        yield _ORIGIN
    if seen.status == 403 and not text:
        yield _OTHER_PROGRAM
    if is_html(seen):
        yield _BLOCK_PAGE if seen.status == 403 else _LOGIN_PAGE


def _not_there(seen: SeenResponse, body: dict[str, object], detail: str, text: str) -> Iterator[Incident]:
    if "/logged-models" in seen.url:
        yield _LOGGED_MODELS
    if detail == "Not Found":
        yield _MOUNT
    if body.get("error_code") == "RESOURCE_NOT_FOUND":
        yield _DOUBLED if "api/" in str(body.get("message", "")) else _PREFIX
    if body.get("error_code") == "RESOURCE_DOES_NOT_EXIST":
        yield _MISSING
    if text == "Not Found" and not is_html(seen):
        yield _LISTENER
    if is_html(seen):
        yield _DOUBLED


def _failures(seen: SeenResponse, detail: str, text: str) -> Iterator[Incident]:
    if detail.startswith("Failed to connect to MLflow server"):
        yield _UPSTREAM
    if detail.startswith("MLflow server request timeout"):
        yield _SLOW
    if detail.startswith("Authentication service"):
        yield _AUTH_DOWN
    if "ARTIFACTS_DISABLED" in text or "--serve-artifacts" in text:
        yield _NO_ARTIFACTS
    if "--artifacts-only" in text:
        yield _ARTIFACTS_ONLY
    if seen.status in (502, 503, 504) and not _json(text):
        yield _GATEWAY


_STORES = ("boto3", "botocore", "google.cloud", "azure", "pyarrow", "paramiko", "pysftp")


def name_absence(package: str | None) -> Incident | None:
    """Name the incident behind a package that MLflow wanted and did not find."""
    return _OBJECT_STORE if package is not None and package.startswith(_STORES) else None


def _json(body: str) -> dict[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


_REDIRECTED = Incident(
    "D10",
    "a redirect led to another address, and the key is taken off on such a way",
    "Put the address that answered into the tracking URI (https:// where it says http://). Your key is not the cause.",
)


_DOWNGRADED = Incident(
    "D10",
    "a redirect turned the request into another one, without its content",
    "Put the address that the redirect names into the tracking URI (https:// where it says http://).",
)


def name_detour(seen: SeenResponse, asked: str) -> Incident | None:
    """Name the redirect that spoilt a request: it made a read of a write, or took the key off.

    The key is off where a keyless request has reached another origin than `asked`, a base URL.
    """
    if seen.downgraded and 400 <= seen.status < 500:
        return _DOWNGRADED
    if seen.status != 401 or origin_of(seen.url) == origin_of(asked) or "/api/2.0/mlflow/" not in seen.url:
        return None
    return _REDIRECTED if _NO_KEY in _candidates(seen, _json(seen.body), seen.body.strip()) else None


def is_html(seen: SeenResponse) -> bool:
    """Tell a page made for people."""
    return "html" in seen.content_type.lower() or seen.body.lstrip()[:15].lower().startswith(("<!doctype", "<html"))


_SILENCES: tuple[tuple[tuple[str, ...], tuple[str, ...], Incident], ...] = (
    (
        ("NameResolutionError", "gaierror"),
        ("Failed to resolve", "Name or service not known"),
        Incident("D01", "the host name does not resolve", "Check its spelling, the VPN and the DNS settings."),
    ),
    (
        ("ProxyError",),
        (),
        Incident("D09", "the HTTP proxy refused the connection", "Set NO_PROXY for the host, or the proxy's login."),
    ),
    (
        (),
        ("Missing dependencies for SOCKS support",),
        Incident(
            "D09",
            "a SOCKS proxy is set, and the package that speaks SOCKS is not installed",
            "Name the host in NO_PROXY, unset ALL_PROXY, or install it: pip install 'requests[socks]'.",
        ),
    ),
    (
        (),
        ("Could not find a suitable TLS CA certificate bundle", "Could not find the TLS "),
        Incident(
            "D06",
            "a file with certificates that is set does not exist",
            "Correct the path in MLFLOW_TRACKING_SERVER_CERT_PATH, MLFLOW_TRACKING_CLIENT_CERT_PATH or "
            "REQUESTS_CA_BUNDLE.",
        ),
    ),
    (
        (),
        ("WRONG_VERSION_NUMBER", "record layer failure"),
        Incident("D07", "https was spoken to a port that is not", "Correct the scheme or the port of the URI."),
    ),
    (
        ("SSLError", "SSLCertVerificationError"),
        (),
        Incident(
            "D06",
            "the server's certificate was not accepted",
            "Set MLFLOW_TRACKING_SERVER_CERT_PATH (or REQUESTS_CA_BUNDLE) to the CA's file.",
        ),
    ),
    (
        ("ConnectionRefusedError",),
        ("Connection refused", "actively refused"),
        Incident("D02", "nothing listens at this address", "Check host and port, and that the server is running."),
    ),
    (
        ("ConnectTimeoutError", "ConnectTimeout", "ReadTimeoutError", "ReadTimeout", "TimeoutError"),
        (),
        Incident(
            "D03", "there was no answer in time", "Check firewall and VPN; if it connects, tell the platform team."
        ),
    ),
    (
        ("IncompleteRead",),
        (),
        Incident("D05", "the answer was cut off", "Try again; if it stays, a proxy on the way has a limit."),
    ),
    (
        ("ConnectionResetError", "RemoteDisconnected", "ConnectionAbortedError", "BrokenPipeError", "ProtocolError"),
        (),
        Incident(
            "D04", "the connection was cut by the other side", "Try again; a limit of size or time may be the cause."
        ),
    ),
)


def name_silence(class_names: set[str], text: str) -> Incident | None:
    """Name the incident behind a call that got no answer, by the exceptions in its chain and their texts."""
    for classes, phrases, incident in _SILENCES:
        if class_names & set(classes) or any(phrase in text for phrase in phrases):
            return incident
    return None
