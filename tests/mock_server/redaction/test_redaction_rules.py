"""What is a secret and what is not: names, shapes, public keys."""

from __future__ import annotations

import pytest

from hokusai_mock.redaction import PUBLIC_KEYS, Redactor
from hokusai_mock.redaction.rules import kind_of_name

HK = "hk_live_" + "4Kd9" * 6
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".c2lnbmF0dXJlLXBhcnQ"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("X-API-Key", "api-key"),
        ("HOKUSAI_API_KEY", "api-key"),
        ("apiKey", "api-key"),
        ("db.password", "password"),
        ("MYPASSWORD", "password"),
        ("MLFLOW_TRACKING_TOKEN", "token"),
        ("clientSecret", "secret"),
        ("X-Hokusai-Signature", "signature"),
        ("aws_secret_access_key", "access-key"),
        ("Proxy-Authorization", "credential"),
        ("X-Amz-Security-Token", "token"),
    ],
)
def test_telling_names(name: str, kind: str) -> None:
    assert kind_of_name(name) == kind


@pytest.mark.parametrize(
    "name",
    [
        "page_token",
        "next_page_token",
        "nextPageToken",
        "token_id",
        "hokusai_token_id",
        "key",
        "api_key_id",
        "max_tokens",
    ],
)
def test_names_that_only_look_telling(name: str) -> None:
    assert kind_of_name(name) is None


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        (HK, "api-key"),
        (JWT, "jwt"),
        ("AKIA" + "ABCDEFGH12345678", "aws-key"),
        ("ghp_" + "a1B2" * 9, "github-token"),
        ("github_pat_" + "a1B2" * 8, "github-token"),
        ("hf_" + "a1B2" * 8, "huggingface-token"),
        ("dapi" + "0a1b" * 8, "databricks-token"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "x={}", "see %20{} there", "\\n{}\\n", "'{}'", "<b>{}</b>", "https://h/{}/x"])
def test_token_shapes_are_found_anywhere(token: str, kind: str, around: str) -> None:
    clean = Redactor(salt="s").text(around.format(token))
    assert token not in clean
    assert f"<redacted:{kind}:" in clean


def test_bearer_and_basic_credentials_in_free_text() -> None:
    redactor = Redactor()
    clean = redactor.text("sent 'Bearer abc123def456' and then Basic dXNlcjpwYXNzd29yZDEyMw==")
    assert "abc123def456" not in clean
    assert "dXNlcjpw" not in clean
    assert redactor.counts == {"bearer": 1, "basic": 1}


@pytest.mark.parametrize(
    "text",
    [
        "Bearer authentication is required",
        "Basic authentication failed",
        "Invalid token: cannot be empty",
        '{"page_token": "abcdefgh12345678", "token_id": "MSG-AI-2"}',
        "password=None)",
        '{"api_key": null, "secret": ""}',
        "export HOKUSAI_API_KEY=$MY_KEY",
        "GET /api/2.0/mlflow/runs/search?max_results=10",
        '{"key": "accuracy", "value": "0.93"}',
    ],
)
def test_text_without_a_secret_is_left_alone(text: str) -> None:
    redactor = Redactor()
    assert redactor.text(text) == text
    assert not redactor.counts


@pytest.mark.parametrize("key", sorted(PUBLIC_KEYS))
def test_public_keys_stay_readable_everywhere(key: str) -> None:
    redactor = Redactor([key])
    assert redactor.header("Authorization", f"Bearer {key}") == f"Bearer {key}"
    assert redactor.header("X-API-Key", key) == key
    assert redactor.url(f"/x?api_key={key}&a=1") == f"/x?api_key={key}&a=1"
    assert redactor.json({"api_key": key}) == {"api_key": key}
    assert redactor.text(f"HOKUSAI_API_KEY={key}\n- {key}") == f"HOKUSAI_API_KEY={key}\n- {key}"
    assert redactor.text(f"https://user:{key}@host/").endswith(f":{key}@host/")


def test_key_that_begins_like_a_public_one_is_no_public_key() -> None:
    assert "hk_test_admin" not in Redactor().text("hk_test_admin2")
