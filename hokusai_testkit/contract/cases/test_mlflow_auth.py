"""`setup_mlflow_auth` and `get_mlflow_auth_status`: plain MLflow servers, and the truth about what is sent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS, Sdk
from hokusai_testkit.contract.targets import Platform

SETUP = "setup_mlflow_auth"
STATUS = "get_mlflow_auth_status"
PASSWORD = "hk_test_password"  # noqa: S105 - a fixture's

test_setup_mlflow_auth_signature = signature_case(SETUP, "test_setup_mlflow_auth_signature")
test_get_mlflow_auth_status_signature = signature_case(STATUS, "test_get_mlflow_auth_status_signature")
test_get_mlflow_status_signature = signature_case("get_mlflow_status", "test_get_mlflow_status_signature")


@pytest.mark.parametrize("name", [SETUP, STATUS])
@case(SETUP, call=f"from hokusai.config import {SETUP}", criteria=("C1",), level="full")
def test_mlflow_auth_imports(sdk: Sdk, name: str) -> None:
    """Both functions can be imported from `hokusai` and from `hokusai.config`, and are the same there."""
    found = [sdk.imported(place, name) for place in DOCUMENTED_IMPORTS[name]]
    expect.that(all(one is found[0] for one in found), "every import gives the same function", found)


@case("get_mlflow_status", call="from hokusai.config import get_mlflow_status", criteria=("C1",), level="full")
def test_two_names_of_the_status_are_one_function(sdk: Sdk) -> None:
    """`get_mlflow_status` is `get_mlflow_auth_status`."""
    one, other = sdk.imported("config", "get_mlflow_status"), sdk.imported("config", STATUS)
    expect.that(one is other, "the two names are one function", (one, other))


# -- setup_mlflow_auth -------------------------------------------------------------------------------------------------


def _basic_server(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the platform a plain MLflow server with users and passwords, and leave no credential in the environment."""
    platform.play("auth.basic_server")
    _without_keys(monkeypatch)


def _untouched_server(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it a plain server at an address that no case has set up anything for: credentials belong to origins."""
    _basic_server(platform, monkeypatch)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", platform.tracking_uri.replace("127.0.0.1", "localhost"))


def _without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOKUSAI_API_KEY", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def _schemes(platform: Platform) -> set[str]:
    return {str(entry["auth"]["scheme"]).lower() for entry in platform.received()}


@case(SETUP, call=f"{SETUP}(uri, username, password)", criteria=("C2",), needs=("journal", "scenarios", "platform"))
def test_basic_is_sent_to_its_server(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """User name and password let the registry in at a server that wants them, and leave no trace in `os.environ`."""
    _basic_server(platform, monkeypatch)
    before = dict(os.environ)
    sdk.setup_mlflow_auth(platform.tracking_uri, "someone", PASSWORD)
    sdk.ModelVersionManager(sdk.ModelRegistry(platform.tracking_uri, mode="online")).list_versions("nothing")
    expect.equal(_schemes(platform), {"basic"}, "the schemes that were sent")
    expect.equal(dict(os.environ), before, "the environment afterwards")


@case(SETUP, call=f"{SETUP}(uri, username=..., password=...)", criteria=("C5",), needs=("scenarios", "platform"))
def test_wrong_password_is_refused_by_name(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password is told when it is set, as A15, and not printed."""
    _basic_server(platform, monkeypatch)
    with expect.raises(
        sdk, "MLflowAuthenticationError", code="A15", status_code=401, remedy=True, unless="hk_test_mistaken"
    ):
        sdk.setup_mlflow_auth(platform.tracking_uri, username="someone", password="hk_test_mistaken")  # noqa: S106


@case(SETUP, call=f"{SETUP}(uri, token=..., validate=False)", criteria=("C2",), level="full", needs=("journal",))
def test_without_validating_nothing_is_sent(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """`validate=False` makes no request."""
    key = platform.api_key
    _without_keys(monkeypatch)
    sdk.setup_mlflow_auth(platform.tracking_uri, token=key, validate=False)
    expect.nothing_sent(platform)


@case(SETUP, call=f"{SETUP}(uri, token=...)", criteria=("C2",), level="full", needs=("journal", "platform"))
def test_bearer_is_sent_to_its_server(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token is sent as `Authorization: Bearer`."""
    key = platform.api_key
    _without_keys(monkeypatch)
    sdk.setup_mlflow_auth(platform.tracking_uri, token=key)
    expect.equal(_schemes(platform), {"bearer"}, "the schemes that were sent")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "half-a-login": ({"username": "someone"}, "InvalidParameterError"),
    "a-login-and-a-token": ({"username": "a", "password": "b", "token": "c"}, "InvalidParameterError"),
    "a-token-with-a-newline": ({"token": "hk_test_unclean\n"}, "ConfigurationError"),
    "a-certificate-that-is-not-there": ({"client_cert_path": "/nowhere/client.pem"}, "ConfigurationError"),
}


@pytest.mark.parametrize("what", REFUSED)
@case(SETUP, call=f"{SETUP}(uri, ...)", criteria=("C5",), level="full", needs=("journal",))
def test_what_cannot_work_is_refused(sdk: Sdk, platform: Platform, what: str) -> None:
    """Arguments that cannot work together, or at all, are refused before anything is sent."""
    arguments, kind = REFUSED[what]
    with expect.raises(sdk, kind, unless="hk_test_unclean"):
        sdk.setup_mlflow_auth(platform.tracking_uri, **arguments)
    expect.nothing_sent(platform)


@pytest.mark.usefixtures("platform")
@case(SETUP, call=f"{SETUP}(uri)", criteria=("C5",), level="full")
def test_server_that_is_not_there_is_told(sdk: Sdk) -> None:
    """A server that nobody listens at is an MLflowConnectionError (D02)."""
    with expect.raises(sdk, "MLflowConnectionError", code="D02", remedy=True):
        sdk.setup_mlflow_auth("http://127.0.0.1:9")


# -- the status --------------------------------------------------------------------------------------------------------


@case(STATUS, call=f"{STATUS}()", criteria=("C2",), needs=("journal", "platform"))
def test_status_tells_what_is_sent_to_the_platform(sdk: Sdk, platform: Platform) -> None:
    """The status says bearer, from HOKUSAI_API_KEY, remote and configured; nothing is sent to find out."""
    status = sdk.get_mlflow_auth_status()
    expect.nothing_sent(platform)
    expect.equal(status["tracking_uri"], platform.tracking_uri, "tracking_uri")
    expect.equal(
        (status["auth_type"], status["source"], status["is_remote"], status["is_configured"]),
        ("bearer", "HOKUSAI_API_KEY", True, True),
        "auth_type, source, is_remote and is_configured",
    )
    expect.that(platform.api_key not in repr(status), "the status holds no secret", "the key stands in it")


def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hk_test_another")


def _login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "someone")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)


def _netrc(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("home/netrc")
    path.write_text(f"default login someone password {PASSWORD}\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path.absolute()))


CONFLICTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {"A02": _token, "A12": _login, "A13": _netrc}


@pytest.mark.parametrize("incident", CONFLICTS)
@case(STATUS, call=f"{STATUS}()", criteria=("C2", "C5"), level="full", needs=("journal", "platform"))
def test_conflict_is_named_and_the_key_is_sent_all_the_same(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch, incident: str
) -> None:
    """Another token, a login or a .netrc entry is named as a conflict, and every request carries the one key."""
    CONFLICTS[incident](monkeypatch)
    conflicts = sdk.get_mlflow_auth_status()["conflicts"]
    expect.that(any(text.startswith(incident) for text in conflicts), f"a conflict begins with {incident}", conflicts)
    expect.that(PASSWORD not in repr(conflicts), "no conflict holds a secret", "the password stands in one")
    sdk.ModelVersionManager(sdk.ModelRegistry(mode="online")).list_versions("contract-nothing")
    expect.authenticated_with_one_key(platform)


@case(STATUS, call=f"{STATUS}()", criteria=("C2",), level="full", needs=("scenarios", "platform"))
def test_status_without_anything_to_send(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a plain server without credentials the status is none, remote, and not configured."""
    _untouched_server(platform, monkeypatch)
    status = sdk.get_mlflow_auth_status()
    expect.equal(
        (status["auth_type"], status["source"], status["is_remote"], status["is_configured"]),
        ("none", None, True, False),
        "auth_type, source, is_remote and is_configured",
    )


@case(STATUS, call=f"{STATUS}()", criteria=("C2",), level="full", needs=("scenarios", "platform"))
def test_status_of_a_login_is_basic(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """User name and password beat a token at a plain server, and the status says so."""
    _untouched_server(platform, monkeypatch)
    _token(monkeypatch)
    _login(monkeypatch)
    expect.equal(sdk.get_mlflow_auth_status()["auth_type"], "basic", "auth_type")
