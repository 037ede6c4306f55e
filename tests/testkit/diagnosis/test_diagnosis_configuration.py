"""The effective configuration: where values come from, and what is derived from the tracking URI."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_testkit.diagnosis.configuration import (
    Configuration,
    Setting,
    fingerprint,
    is_loopback,
    resolve,
    without_user_info,
)


def of(uri: str, endpoint: str = "https://registry.hokus.ai/api") -> Configuration:
    return Configuration(None, None, Setting(endpoint, "default"), Setting(uri, "MLFLOW_TRACKING_URI"))


def test_nothing_set_means_the_documented_defaults(tmp_path: Path) -> None:
    found = resolve({}, tmp_path, tmp_path)

    assert found.tracking_uri.value == "https://registry.hokus.ai/api/mlflow"
    assert found.key is None
    assert found.key_needed


def test_the_environment_wins_over_files_and_empty_counts_as_unset(tmp_path: Path) -> None:
    tmp_path.joinpath("hokusai.ini").write_text("[default]\napi_key = from-file\napi_endpoint = https://file/api\n")
    found = resolve({"HOKUSAI_API_KEY": "from-env", "MLFLOW_TRACKING_URI": ""}, tmp_path / "home", tmp_path)

    assert found.api_key == Setting("from-env", "HOKUSAI_API_KEY")
    assert found.tracking_uri.value == "https://file/api/mlflow"


def test_the_first_configuration_file_that_exists_is_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.joinpath(".hokusai").mkdir(parents=True)
    home.joinpath(".hokusai/config").write_text("[default]\napi_key = first\n")
    tmp_path.joinpath("hokusai.ini").write_text("[default]\napi_key = second\n")
    found = resolve({}, home, tmp_path)

    assert found.api_key == Setting("first", str(home / ".hokusai/config"))


def test_a_file_that_cannot_be_read_is_a_problem_not_an_error(tmp_path: Path) -> None:
    tmp_path.joinpath("hokusai.ini").write_text("api_key = no section\n")
    found = resolve({}, tmp_path / "home", tmp_path)

    assert found.problems == (f"{tmp_path / 'hokusai.ini'} cannot be read: MissingSectionHeaderError",)


@pytest.mark.parametrize(
    ("uri", "base", "root"),
    [
        ("https://h/api/mlflow/", "https://h/api/mlflow", "https://h"),
        ("http://h:5/s/x/api/mlflow", "http://h:5/s/x/api/mlflow", "http://h:5/s/x"),
        ("http://user:pass@h:5/mlflow", "http://h:5/mlflow", "http://h:5"),
        ("http://h:5000", "http://h:5000", "http://h:5000"),
        ("http://h/#/experiments", "http://h", "http://h"),
    ],
)
def test_base_and_root_are_cut_out_of_the_tracking_uri(uri: str, base: str, root: str) -> None:
    assert (of(uri).base, of(uri).root) == (base, root)


@pytest.mark.parametrize(
    "uri", ["registry.hokus.ai/api/mlflow", "http:/h", "", "file:///tmp/x", "http://h:port/", "http://[::1"]
)
def test_what_is_no_http_url_is_recognised(uri: str) -> None:
    assert not of(uri).is_http


@pytest.mark.parametrize(
    ("uri", "endpoint", "needed"),
    [
        ("https://registry.hokus.ai/mlflow", "https://other/api", True),
        ("http://127.0.0.1:1/s/x/api/mlflow", "http://127.0.0.1:1/s/x/api", True),
        ("http://127.0.0.1:1/s/x", "http://127.0.0.1:1/s/x/api", False),
        ("http://127.0.0.1:1/apix", "http://127.0.0.1:1/api", False),
        ("https://nothokus.ai/mlflow", "https://registry.hokus.ai/api", False),
    ],
)
def test_a_key_is_needed_below_the_endpoint_and_at_the_platform(uri: str, endpoint: str, needed: bool) -> None:
    assert of(uri, endpoint).key_needed is needed


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("localhost.evil.example", False)],
)
def test_loopback_is_this_machine_only(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_user_info_is_taken_out_of_urls() -> None:
    assert without_user_info("http://me:secret@h:1/p@q") == "http://h:1/p@q"


@given(st.text(min_size=6))
def test_a_fingerprint_never_shows_more_than_prefix_and_length(tail: str) -> None:
    shown = fingerprint("hk_test_" + tail, b"salt")

    assert shown.startswith(f"hk_test_..., {len(tail) + 8} characters, #")
    assert len(shown) == len(f"hk_test_..., {len(tail) + 8} characters, # this run") + 4


def test_equal_secrets_have_equal_fingerprints_in_one_run_only() -> None:
    assert fingerprint("a-secret", b"1") == fingerprint("a-secret", b"1")
    assert fingerprint("a-secret", b"1") != fingerprint("a-secret", b"2")
