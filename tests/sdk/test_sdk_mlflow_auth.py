"""`setup_mlflow_auth` with servers that want what it configures, and the status against what was really sent."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import hokusai
from hokusai import ModelRegistry, get_mlflow_auth_status, setup_mlflow_auth
from hokusai._mlflow import select_plugin
from hokusai.exceptions import (
    ConfigurationError,
    InvalidParameterError,
    MLflowAuthenticationError,
    MLflowConnectionError,
)
from hokusai_mock import MockServer, Sandbox

PASSWORD = "hk_test_password"


@pytest.fixture(autouse=True)
def tls_as_before() -> Iterator[None]:
    """Take back what MLflow falls back to for TLS: it belongs to the process."""
    import mlflow.environment_variables as variables

    names = ("INSECURE_TLS", "CLIENT_CERT_PATH", "SERVER_CERT_PATH")
    found = [getattr(variables, f"MLFLOW_TRACKING_{name}") for name in names]
    before = [variable.default for variable in found]
    yield
    for variable, default in zip(found, before, strict=True):
        variable.default = default


def use(environment: dict[str, str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


@pytest.fixture
def basic(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A plain MLflow server with users and passwords, and nothing in the environment but its address."""
    use(sandbox.scenario("auth.basic_server"), monkeypatch)
    monkeypatch.delenv("HOKUSAI_API_KEY")
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.setenv("NETRC", os.path.join(os.environ["HOME"], "netrc"))
    return sandbox


def schemes(sandbox: Sandbox) -> set[str | None]:
    return {call["auth"]["scheme"] for call in sandbox.calls()}


def test_basic_registers_a_model_on_a_server_that_wants_it(basic: Sandbox, estimator: Any) -> None:
    status = setup_mlflow_auth(basic.tracking_uri, username="someone", password=PASSWORD)
    ModelRegistry(basic.tracking_uri, mode="online").register_baseline(estimator, model_name="m")
    assert (status["auth_type"], status["source"]) == ("basic", "setup_mlflow_auth()")
    assert schemes(basic) == {"Basic"}


def test_a_wrong_password_is_told_by_validating(basic: Sandbox) -> None:
    with pytest.raises(MLflowAuthenticationError) as caught:
        setup_mlflow_auth(basic.tracking_uri, username="someone", password="hk_test_wrong")
    assert (caught.value.code, caught.value.status_code) == ("A15", 401)
    assert "hk_test_wrong" not in str(caught.value)


def test_without_validating_nothing_is_sent(basic: Sandbox) -> None:
    setup_mlflow_auth(basic.tracking_uri, username="someone", password="hk_test_wrong", validate=False)
    assert basic.calls() == []


def test_plain_mlflow_code_is_authenticated_too(basic: Sandbox) -> None:
    import mlflow

    setup_mlflow_auth(basic.tracking_uri, username="someone", password=PASSWORD)
    mlflow.set_experiment("plain")
    assert schemes(basic) == {"Basic"}
    assert "MLFLOW_TRACKING_PASSWORD" not in os.environ


def test_bearer_goes_to_its_server_and_to_no_other(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOKUSAI_API_KEY")
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    status = setup_mlflow_auth(platform.tracking_uri, token=platform.api_key)
    assert status["auth_type"] == "bearer"
    assert schemes(platform) == {"Bearer"}
    localhost = platform.tracking_uri.replace("127.0.0.1", "localhost")
    with pytest.raises(MLflowAuthenticationError) as caught:
        setup_mlflow_auth(localhost)
    assert caught.value.code == "A01"


@pytest.fixture
def mutual(
    sandbox: Sandbox, mock: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Sandbox, Path, str]:
    """A server that wants a client certificate; the PEM file with that and its key, and the authority's file."""
    pytest.importorskip("trustme")
    use(sandbox.scenario("tls.client_cert"), monkeypatch)
    for name in ("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    world = mock.worlds.get(sandbox.id)
    listener = world.listeners["main"]
    pem = tmp_path / "client.pem"
    pem.write_bytes(Path(listener.client_certificate or "").read_bytes())
    return sandbox, pem, str(listener.ca)


def two_files(pem: Path) -> tuple[str, str]:
    text = pem.read_text()
    start = text.index("-----BEGIN CERTIFICATE-----")
    certificate, key = pem.with_name("client.crt"), pem.with_name("client.key")
    certificate.write_text(text[start:])
    key.write_text(text[:start])
    return str(certificate), str(key)


def test_a_client_certificate_in_one_file_opens_the_door(mutual: tuple[Sandbox, Path, str]) -> None:
    sandbox, pem, authority = mutual
    setup_mlflow_auth(sandbox.tracking_uri, client_cert_path=str(pem), ca_bundle_path=authority)
    assert ModelRegistry(mode="online").status.degraded is False


def test_a_client_certificate_and_its_key_may_be_two_files(mutual: tuple[Sandbox, Path, str]) -> None:
    sandbox, pem, authority = mutual
    certificate, key = two_files(pem)
    setup_mlflow_auth(sandbox.tracking_uri, client_cert_path=certificate, client_key_path=key, ca_bundle_path=authority)
    assert ModelRegistry(mode="online").status.degraded is False


def test_without_the_certificate_the_error_names_the_argument(mutual: tuple[Sandbox, Path, str]) -> None:
    sandbox, _, authority = mutual
    with pytest.raises(MLflowConnectionError) as caught:
        setup_mlflow_auth(sandbox.tracking_uri, ca_bundle_path=authority)
    assert caught.value.code == "D06"
    assert "client_cert_path" in (caught.value.remedy or "")


def test_without_the_authority_the_server_is_not_trusted(mutual: tuple[Sandbox, Path, str]) -> None:
    sandbox, pem, _ = mutual
    with pytest.raises(MLflowConnectionError) as caught:
        setup_mlflow_auth(sandbox.tracking_uri, client_cert_path=str(pem))
    assert caught.value.code == "D06"


def test_a_server_whose_certificate_is_not_checked_takes_the_check_off_no_other(
    mutual: tuple[Sandbox, Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox, pem, _ = mutual
    key = sandbox.api_key
    monkeypatch.delenv("HOKUSAI_API_KEY", raising=False)
    setup_mlflow_auth(sandbox.tracking_uri, token=key, insecure_tls=True, client_cert_path=str(pem), validate=False)
    other = sandbox.tracking_uri.replace("127.0.0.1", "localhost")
    with pytest.raises(ConfigurationError, match="not checked") as caught:
        setup_mlflow_auth(other, token=key, client_cert_path=str(pem))
    assert caught.value.code == "D06"
    assert key not in str(caught.value)


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str | None]] = {
    "half a login": ({"username": "someone"}, InvalidParameterError, None),
    "the other half": ({"password": "word"}, InvalidParameterError, None),
    "two ways": ({"username": "a", "password": "b", "token": "c"}, InvalidParameterError, None),
    "a colon in the name": ({"username": "a:b", "password": "c"}, InvalidParameterError, None),
    "no check and a CA": ({"insecure_tls": True, "ca_bundle_path": "/x"}, InvalidParameterError, None),
    "a key alone": ({"client_key_path": "/x"}, InvalidParameterError, None),
    "no such certificate": ({"client_cert_path": "/nowhere.pem"}, ConfigurationError, "D06"),
    "no such CA": ({"ca_bundle_path": "/nowhere.pem"}, ConfigurationError, "D06"),
    "an unusable token": ({"token": "a\nb"}, ConfigurationError, "A14"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_work_is_refused_before_anything_is_changed(case: str) -> None:
    from hokusai.auth._credentials import TABLE

    arguments, kind, code = WRONG[case]
    with pytest.raises(kind) as caught:
        setup_mlflow_auth("https://mlflow.example", **arguments)
    assert getattr(caught.value, "code", None) == code
    assert TABLE.secrets() == ()


def test_a_secret_is_not_sent_over_plain_http_to_another_machine() -> None:
    with pytest.raises(ConfigurationError, match="unencrypted"):
        setup_mlflow_auth("http://mlflow.example", username="someone", password=PASSWORD)


def test_a_foreign_authentication_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_AWS_SIGV4", "true")
    with pytest.raises(ConfigurationError, match="AWS_SIGV4") as caught:
        setup_mlflow_auth("https://mlflow.example", token="hk_test_token")
    assert caught.value.code == "A12"


# --- the status -------------------------------------------------------------------------------------------------------


def nothing(_: pytest.MonkeyPatch) -> None:
    pass


def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hk_test_token")


def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "someone")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)


def half_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "someone")


def netrc(_: pytest.MonkeyPatch) -> None:
    path = Path(os.environ["NETRC"])
    path.write_text(f"machine 127.0.0.1 login someone password {PASSWORD}\n")
    path.chmod(0o600)


def credentials_file(_: pytest.MonkeyPatch) -> None:
    path = Path.home() / ".mlflow" / "credentials"
    path.parent.mkdir()
    path.write_text(f"[mlflow]\nmlflow_tracking_username = someone\nmlflow_tracking_password = {PASSWORD}\n")


def all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for prepare in (token, login, netrc, credentials_file):
        prepare(monkeypatch)


SENT: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str, str | None]] = {
    "nothing": (nothing, "none", None),
    "token": (token, "bearer", "MLFLOW_TRACKING_TOKEN"),
    "login": (login, "basic", "MLFLOW_TRACKING_USERNAME"),
    "half a login": (half_a_login, "none", None),
    "netrc": (netrc, "basic", "netrc"),
    "credentials file": (credentials_file, "basic", "credentials"),
    "all of them": (all_of_them, "basic", "netrc"),
}


@pytest.mark.parametrize("case", SENT)
def test_the_status_of_a_plain_server_is_what_is_really_sent(
    case: str, basic: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    prepare, auth_type, source = SENT[case]
    prepare(monkeypatch)
    status = get_mlflow_auth_status()
    select_plugin()
    with suppress(MlflowException):  # who is not let in has sent something all the same
        MlflowClient(basic.tracking_uri).search_experiments()
    assert status["auth_type"] == auth_type
    assert (status["source"] or "").endswith(source or "")
    assert {(scheme or "none").lower() for scheme in schemes(basic)} == {auth_type}
    assert status["is_configured"] is (auth_type != "none")


@pytest.mark.parametrize("prepare", [nothing, token, login, netrc, credentials_file, all_of_them])
def test_the_status_of_the_platform_is_what_is_really_sent(
    prepare: Callable[[pytest.MonkeyPatch], None], platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(monkeypatch)
    status = get_mlflow_auth_status()
    ModelRegistry(mode="online")
    assert (status["auth_type"], status["source"], status["is_remote"]) == ("bearer", "HOKUSAI_API_KEY", True)
    assert schemes(platform) == {"Bearer"}


CONFLICTS = {"A02": token, "A12": login, "A13": netrc}


@pytest.mark.parametrize("incident", CONFLICTS)
def test_a_conflict_is_named_without_a_secret(
    incident: str, platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    assert get_mlflow_auth_status()["conflicts"] == []
    CONFLICTS[incident](monkeypatch)
    (conflict,) = get_mlflow_auth_status()["conflicts"]
    assert conflict.startswith(f"{incident}: ")
    assert PASSWORD not in conflict
    assert "hk_test_token" not in conflict


def test_another_registry_uri_is_a_named_conflict(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")
    assert get_mlflow_auth_status()["conflicts"][0].startswith("B09: ")


def test_a_client_certificate_alone_is_mtls(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOKUSAI_API_KEY", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_TRACKING_CLIENT_CERT_PATH", "/client.pem")
    assert get_mlflow_auth_status()["auth_type"] == "mtls"


def test_local_mode_sends_nothing(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", "true")
    status = get_mlflow_auth_status()
    assert (status["auth_type"], status["is_remote"], status["is_configured"]) == ("none", False, True)
    assert status["source"] == "HOKUSAI_MOCK_MODE"


def test_the_source_of_a_key_is_named(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    key = platform.api_key
    monkeypatch.delenv("HOKUSAI_API_KEY")
    Path("hokusai.ini").write_text(f"[default]\napi_key = {key}\n")
    assert get_mlflow_auth_status()["source"] == "hokusai.ini"
    hokusai.setup(api_key=key)
    assert get_mlflow_auth_status()["source"] == "setup()"
    ModelRegistry(api_key=platform.keys["reader"], mode="local")
    assert get_mlflow_auth_status()["source"] == "setup()"
