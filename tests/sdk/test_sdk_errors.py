"""How a failed call becomes an error: the decision on answers, and what travels with it."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import dataclasses
import math
import pickle
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from hokusai import ModelRegistry, exceptions
from hokusai._errors import failure_of, from_absence, from_answer, retry_after, to_error
from hokusai._incidents import name_answer, name_silence
from hokusai.auth.mlflow_plugin import SeenResponse
from hokusai.exceptions import (
    HokusaiException,
    MLflowAuthenticationError,
    MLflowConnectionError,
    RateLimitError,
    RegistryException,
)
from hokusai_mock import Sandbox

HTML = "<!doctype html><title>x</title>"


def answer(status: int, body: str = "", content_type: str = "application/json", **headers: str) -> SeenResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return SeenResponse(status, "https://registry.hokus.ai/api/mlflow/x", body, content_type, sent)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (answer(401, '{"detail":"API key required"}'), "A01"),
        (answer(401, '{"detail":"Invalid or expired API key"}'), "A03"),
        (answer(401, "You are not authenticated", "text/plain", www_authenticate='Basic realm="mlflow"'), "A15"),
        (
            answer(403, '{"detail":"Admin access required for the model registry","error":"REGISTRY_ADMIN_REQUIRED"}'),
            "A05",
        ),
        (answer(403, '{"detail":"Insufficient permissions for this operation","error":"FORBIDDEN"}'), "A06"),
        (answer(403, "Permission denied", "text/plain"), "A16"),
        (answer(403, "Invalid Host header - possible DNS rebinding attack detected", "text/plain"), "B11"),
        (answer(403, "", ""), "B10"),
        (answer(403, HTML, "text/html"), "B14"),
        (answer(403, '{"message":"something else"}'), None),
        (answer(403, '{"message":"Missing Authentication Token"}'), "B14"),
        (answer(403, '{"message":"no"}', **{"x-amzn-errortype": "ForbiddenException"}), "B14"),
        (answer(403, "go away", "text/plain"), "A07"),
        (answer(407, HTML, "text/html"), "D09"),
        (answer(400, f"{HTML} No required SSL certificate was sent", "text/html"), "D06"),
        (answer(400, f"{HTML} The plain HTTP request was sent to HTTPS port", "text/html"), "D07"),
        (answer(404, f"{HTML} The requested URL was not found on the server", "text/html"), "B03"),
        (answer(404, HTML, "text/html"), "B01"),
        (answer(405, HTML, "text/html"), "B01"),
        (answer(404, '{"detail":"Not Found"}'), "B01"),
        (answer(404, '{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"x"}'), "E04"),
        (answer(404, '{"error_code":"RESOURCE_NOT_FOUND","message":"...: experiments/search"}'), "B02"),
        (answer(404, '{"error_code":"RESOURCE_NOT_FOUND","message":"...: api/mlflow/api/2.0/x"}'), "B03"),
        (answer(404, "Not Found", "text/plain"), "B04"),
        (answer(429, '{"detail":"Rate limit exceeded"}'), "C11"),
        (answer(413, HTML, "text/html"), "F01"),
        (answer(500, '{"detail":"Internal server error"}'), None),
        (answer(502, '{"detail":"Failed to connect to MLflow server at http://x"}'), "C02"),
        (answer(502, HTML, "text/html"), "C03"),
        (answer(503, HTML, "text/html"), "C03"),
        (answer(504, "", ""), "C03"),
        (answer(504, '{"detail":"MLflow server request timeout after 30.0s"}'), "C04"),
        (answer(503, '{"detail":"Authentication service unavailable"}'), "C05"),
        (answer(503, '{"detail":{"error":"ARTIFACTS_DISABLED","message":"x"}}'), "F02"),
        (answer(503, "Endpoint: /x disabled ... run `mlflow server` with `--serve-artifacts`", "text/html"), "F02"),
        (answer(503, "Endpoint: /x disabled ... running in `--artifacts-only` mode.", "text/html"), "F02"),
        (answer(200, HTML, "text/html"), "E05"),
        (answer(200, f"{HTML} Login", "text/html"), "A17"),
    ],
)
def test_an_answer_is_named(seen: SeenResponse, code: str | None) -> None:
    incident = name_answer(seen)
    assert (incident.code if incident else None) == code


@pytest.mark.parametrize(("scheme", "code"), [("Bearer", "A08"), ("Basic", "A12"), ("", "A01")])
def test_a_key_that_did_not_arrive_is_told_from_one_that_was_not_sent(scheme: str, code: str) -> None:
    seen = dataclasses.replace(answer(401, '{"detail":"API key required"}'), scheme=scheme)

    assert from_answer(seen, uri=seen.url, action="try", default=RegistryException).code == code


@pytest.mark.parametrize(
    ("asked", "code", "remedy"),
    [
        ("http://h:5000/api/2.0/mlflow", "B03", "Write http://h:5000:"),
        ("http://h:5000/ml/ajax-api/2.0/mlflow/", "B03", "Write http://h:5000/ml:"),
        ("http://h:5000/ml", "B06", "--static-prefix"),
        ("http://h:5000", "B06", "--static-prefix"),
    ],
)
def test_a_path_that_mlflows_server_does_not_know_is_told_by_the_tracking_uri(
    asked: str, code: str, remedy: str
) -> None:
    seen = answer(404, f"{HTML} The requested URL was not found on the server", "text/html")
    error = from_answer(seen, uri=asked, action="try", default=RegistryException)

    assert error.code == code
    assert remedy in (error.remedy or "")


@pytest.mark.parametrize(
    ("package", "code"), [("boto3", "F03"), ("google.cloud.storage", "F03"), ("numpy", None), (None, None)]
)
def test_a_missing_package_is_named_when_it_speaks_to_an_object_store(package: str | None, code: str | None) -> None:
    absence = ModuleNotFoundError(f"No module named {package!r}", name=package)
    told = from_absence(absence, uri="http://x", action="log", default=RegistryException)

    assert (told.code if told else None) == code


@pytest.mark.parametrize(
    ("names", "text", "code"),
    [
        ({"gaierror"}, "", "D01"),
        ({"MaxRetryError", "NewConnectionError"}, "Failed to establish: [Errno 111] Connection refused", "D02"),
        ({"ConnectTimeoutError"}, "", "D03"),
        ({"ConnectionResetError"}, "", "D04"),
        ({"IncompleteRead", "ProtocolError"}, "", "D05"),
        ({"SSLError"}, "CERTIFICATE_VERIFY_FAILED", "D06"),
        ({"SSLError"}, "[SSL: WRONG_VERSION_NUMBER] wrong version number", "D07"),
        ({"ProxyError"}, "", "D09"),
        ({"InvalidSchema"}, "Missing dependencies for SOCKS support.", "D09"),
        ({"OSError"}, "Could not find a suitable TLS CA certificate bundle, invalid path: /x", "D06"),
        ({"OSError"}, "Could not find the TLS certificate file, invalid path: /x", "D06"),
        ({"ValueError"}, "403", None),
    ],
)
def test_a_silence_is_named(names: set[str], text: str, code: str | None) -> None:
    incident = name_silence(names, text)
    assert (incident.code if incident else None) == code


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("https://registry.hokus.ai/api/mlflow", "A01"),
        ("https://registry.hokus.ai:443/api/mlflow", "A01"),
        ("http://registry.hokus.ai/api/mlflow", "D10"),
        ("https://old.hokus.ai/api/mlflow", "D10"),
    ],
)
def test_a_key_that_a_redirect_took_off_is_no_missing_key(asked: str, code: str) -> None:
    url = "https://registry.hokus.ai/api/mlflow/api/2.0/mlflow/experiments/search"
    seen = dataclasses.replace(answer(401, '{"detail":"API key required"}'), url=url)

    assert from_answer(seen, uri=asked, action="try", default=RegistryException).code == code


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_write_that_a_redirect_made_a_read_is_no_wrong_path(
    status: int, registry: ModelRegistry, platform: Sandbox, estimator: Any
) -> None:
    platform.scenario("redirect.same_host", status=status)
    with pytest.raises(RegistryException) as caught:
        registry.register_baseline(estimator, model_name="m")
    assert (caught.value.code, caught.value.status_code) == ("D10", 405)


def test_another_refusal_behind_a_redirect_keeps_its_name() -> None:
    seen = answer(401, '{"detail":"Invalid or expired API key"}')

    assert from_answer(seen, uri="http://h/mlflow", action="try", default=RegistryException).code == "A03"


def error_for(seen: SeenResponse) -> HokusaiException:
    return from_answer(seen, uri="https://registry.hokus.ai/api/mlflow", action="try", default=RegistryException)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, MLflowAuthenticationError),
        (403, MLflowAuthenticationError),
        (429, RateLimitError),
        (500, MLflowConnectionError),
        (503, MLflowConnectionError),
        (400, RegistryException),
        (404, RegistryException),
    ],
)
def test_the_status_decides_the_class(status: int, kind: type[HokusaiException]) -> None:
    error = error_for(answer(status, "{}"))
    assert type(error) is kind
    assert error.status_code == status


def test_a_number_in_a_message_is_no_status() -> None:
    failure = failure_of(ValueError("got 403 apples and error code 401"), [])
    assert failure.status is None


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert retry_after("60") == 60.0
    later = datetime.now(timezone.utc) + timedelta(seconds=90)
    assert retry_after(format_datetime(later)) == pytest.approx(90, abs=5)
    assert retry_after("soon") is None
    assert retry_after(None) is None
    assert error_for(answer(429, "{}", retry_after="7")).retry_after == 7.0  # type: ignore[attr-defined]


def test_an_own_error_in_the_chain_is_given_as_it_is() -> None:
    own = exceptions.ConfigurationError("x", code="A14")
    outer = RuntimeError("wrapped")
    outer.__cause__ = own
    found = to_error(outer, [], uri="http://x", action="try", default=RegistryException, ask_again=lambda: None)
    assert found is own


def test_what_a_server_echoes_of_the_key_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    from hokusai.auth._credentials import TABLE, Credential

    TABLE.add(Credential.bearer("hk_test_secret", ("https://registry.hokus.ai/api",)))
    assert "hk_test_secret" not in str(error_for(answer(401, '{"detail":"bad key hk_test_secret"}')))


RAISED = [
    name
    for name in exceptions.__all__
    if isinstance(getattr(exceptions, name), type) and issubclass(getattr(exceptions, name), Exception)
]


@pytest.mark.parametrize("name", RAISED)
def test_every_exception_can_be_pickled_and_has_a_message(name: str) -> None:
    kind = getattr(exceptions, name)
    error = kind("something happened")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert "something happened" in str(error)


def test_the_documented_family() -> None:
    assert issubclass(exceptions.InvalidParameterError, ValueError)
    assert issubclass(exceptions.MissingMLExtraError, ImportError)
    assert issubclass(exceptions.AuthenticationError, exceptions.HokusaiAuthError)
    assert issubclass(exceptions.AuthorizationError, exceptions.HokusaiAuthError)
    roots = [getattr(exceptions, name) for name in RAISED if not name.endswith("Warning")]
    assert all(issubclass(kind, HokusaiException) for kind in roots)


def test_a_message_says_code_and_remedy() -> None:
    error = MLflowAuthenticationError("It failed.", 403, code="A05", remedy="Ask for the role.", url="https://x/y")
    assert str(error) == "[A05] It failed. What to do: Ask for the role."


@pytest.mark.parametrize(
    ("role", "code", "status"), [("default", "A05", 403), ("reader", "A05", 403), (None, "A03", 401)]
)
def test_a_refused_key_is_explained_by_the_registry(
    platform: Sandbox, role: str | None, code: str, status: int
) -> None:
    key = platform.keys[role] if role else "hk_test_unknown"
    with pytest.raises(MLflowAuthenticationError) as caught:
        ModelRegistry(api_key=key)
    assert (caught.value.code, caught.value.status_code) == (code, status)
    assert key not in str(caught.value)
    assert caught.value.remedy


def test_a_403_in_the_middle_of_a_call_has_its_status(registry: ModelRegistry, platform: Sandbox) -> None:
    from hokusai import ModelVersionManager

    platform.scenario("auth.admin_required")
    with pytest.raises(MLflowAuthenticationError) as caught:
        ModelVersionManager(registry).list_versions("m")
    assert (caught.value.code, caught.value.status_code) == ("A05", 403)
    assert type(caught.value.__cause__).__name__ == "RestException"


def test_a_refused_upload_has_its_status(registry: ModelRegistry, platform: Sandbox, estimator: Any) -> None:
    platform.fault(
        layer="edge", effect="status", match={"paths": ["@artifacts"]}, **{"with": {"status": 413, "text": "x"}}
    )
    with pytest.raises(RegistryException) as caught:
        registry.register_baseline(estimator, model_name="m")
    assert (caught.value.code, caught.value.status_code) == ("F01", 413)
    assert platform.calls("POST", "*/registered-models/create") == []


def test_a_retried_status_is_asked_for_its_body_once(registry: ModelRegistry, platform: Sandbox) -> None:
    from hokusai import ModelVersionManager

    platform.fault(
        layer="gateway",
        effect="status",
        match={"paths": ["@registry"]},
        **{"with": {"status": 502, "json": {"detail": "Failed to connect to MLflow server at http://x"}}},
    )
    before = len(platform.calls())
    with pytest.raises(MLflowConnectionError) as caught:
        ModelVersionManager(registry).list_versions("m")
    assert (caught.value.code, caught.value.status_code) == ("C02", 502)
    assert len(platform.calls()) == before + 2


def test_an_unreadable_retry_after_hides_no_refusal(
    registry: ModelRegistry, platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai import ModelVersionManager

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    refusal = {"status": 429, "json": {"detail": "Rate limit exceeded"}, "headers": {"Retry-After": "soon"}}
    platform.fault(layer="gateway", effect="status", match={"paths": ["@registry"]}, **{"with": refusal})
    with pytest.raises(RateLimitError) as caught:
        ModelVersionManager(registry).list_versions("m")
    assert (caught.value.code, caught.value.status_code, caught.value.retry_after) == ("C11", 429, None)


@pytest.mark.parametrize(("value", "seconds"), [("2", 2.0), ("0", math.inf), ("soon", math.inf), (None, 120.0)])
def test_a_check_waits_no_longer_than_mlflow_would(
    value: str | None, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai import _mlflow

    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT", raising=False)
    if value is not None:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", value)
    assert _mlflow.request_timeout() == seconds


def test_a_name_that_does_not_resolve_is_d01() -> None:
    with pytest.raises(MLflowConnectionError) as caught:
        ModelRegistry("https://nowhere.invalid/mlflow", mode="online")
    assert caught.value.code == "D01"
