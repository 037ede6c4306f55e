from __future__ import annotations

import os
from pathlib import Path

import pytest

import hokusai
from hokusai.config._resolver import DEFAULT_ENDPOINT, flag, resolve
from hokusai.exceptions import ConfigurationError, InvalidParameterError

KEY = "hk_test_admin"


def test_the_default_endpoint_and_the_tracking_uri_below_it() -> None:
    settings = resolve(api_key=KEY)
    assert settings.api_endpoint == DEFAULT_ENDPOINT
    assert settings.tracking_uri == "https://registry.hokus.ai/api/mlflow"


def test_argument_beats_setup_beats_environment_beats_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("hokusai.ini").write_text("[default]\napi_key = hk_test_file\napi_endpoint = https://file.example/api\n")
    assert resolve().api_key == "hk_test_file"
    monkeypatch.setenv("HOKUSAI_API_KEY", "hk_test_env")
    monkeypatch.setenv("HOKUSAI_API_ENDPOINT", "https://env.example/api")
    assert (resolve().api_key, resolve().api_endpoint) == ("hk_test_env", "https://env.example/api")
    hokusai.setup(api_key="hk_test_setup", api_endpoint="https://setup.example/api")
    assert (resolve().api_key, resolve().api_endpoint) == ("hk_test_setup", "https://setup.example/api")
    chosen = resolve(api_key="hk_test_argument", api_endpoint="https://argument.example/api")
    assert (chosen.api_key, chosen.api_endpoint) == ("hk_test_argument", "https://argument.example/api")


def test_setup_configure_and_init_are_one_function() -> None:
    assert hokusai.setup is hokusai.configure is hokusai.init


def test_only_the_first_configuration_file_that_exists_is_read() -> None:
    home = Path.home() / ".hokusai"
    home.mkdir()
    (home / "config").write_text("[default]\napi_key = hk_test_home\n")
    Path("hokusai.ini").write_text("[default]\napi_key = hk_test_ini\napi_endpoint = https://ini.example/api\n")
    assert resolve().api_key == "hk_test_home"
    assert resolve().api_endpoint == DEFAULT_ENDPOINT


def test_a_folder_named_like_a_configuration_file_is_passed_over() -> None:
    Path(".hokusai").mkdir()
    Path("hokusai.ini").write_text("[default]\napi_key = hk_test_ini\n")
    assert resolve().api_key == "hk_test_ini"


def test_a_broken_configuration_file_is_named_without_its_content() -> None:
    Path("hokusai.ini").write_text("api_key = hk_test_secret\n")
    with pytest.raises(ConfigurationError) as caught:
        resolve()
    assert "hokusai.ini" in str(caught.value)
    assert "hk_test_secret" not in str(caught.value)


@pytest.mark.parametrize(
    "uri", ["registry.hokus.ai/api/mlflow", "127.0.0.1:5000", "localhost:5000", "http//host", "/srv/x"]
)
def test_a_tracking_uri_without_a_scheme_is_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(tracking_uri=uri, api_key=KEY)
    assert caught.value.code == "B08"


@pytest.mark.parametrize("uri", ["http:/host:1/x", "https:/host:1/x", "http//host:1/x", "//host:1/x", "host:1/x"])
def test_what_to_write_in_the_place_of_a_misspelt_scheme_is_a_whole_uri(uri: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(tracking_uri=uri, api_key=KEY)
    assert "https://host:1/x " in str(caught.value.remedy)


@pytest.mark.parametrize("argument", ["tracking_uri", "api_endpoint"])
def test_a_uri_with_user_info_is_refused_without_repeating_it(argument: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(api_key=KEY, **{argument: "https://someone:secret@registry.hokus.ai/api"})
    assert caught.value.code == "A12"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    ['"hk_test_x"', "'hk_test_x'", "hk_test_x\n", "hk_test\r_x", "\ufeffhk_test_x", "hk_test_x ", "hk_t\u00e9st_x"],
)
def test_an_unclean_key_is_refused_and_never_printed(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_API_KEY", key)
    with pytest.raises(ConfigurationError) as caught:
        resolve()
    assert caught.value.code == "A14"
    assert "hk_t" not in str(caught.value)
    assert "HOKUSAI_API_KEY" in str(caught.value)


def test_no_key_is_told_before_any_request() -> None:
    with pytest.raises(ConfigurationError) as caught:
        hokusai.ModelRegistry()
    assert caught.value.code == "A01"
    assert "HOKUSAI_API_KEY" in (caught.value.remedy or "")


@pytest.mark.parametrize("uri", ["https://registry.hokus.ai/api/mlflow", "https://other.hokus.ai/mlflow"])
def test_the_platform_needs_a_key_at_every_of_its_hosts(uri: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(tracking_uri=uri)
    assert caught.value.code == "A01"


def test_a_token_without_the_key_is_named() -> None:
    os.environ["MLFLOW_TRACKING_TOKEN"] = "hk_test_token"
    try:
        with pytest.raises(ConfigurationError, match="MLFLOW_TRACKING_TOKEN") as caught:
            resolve()
    finally:
        del os.environ["MLFLOW_TRACKING_TOKEN"]
    assert "hk_test_token" not in str(caught.value)


def test_a_plain_server_needs_no_key() -> None:
    assert resolve(tracking_uri="http://127.0.0.1:5000").credential is None


def test_local_mode_needs_no_key() -> None:
    assert resolve(mode="local").mode == "local"


def test_a_key_is_not_sent_over_plain_http_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="unencrypted"):
        resolve(api_key=KEY, api_endpoint="http://registry.example/api")
    monkeypatch.setenv("HOKUSAI_ALLOW_HTTP", "yes")
    assert resolve(api_key=KEY, api_endpoint="http://registry.example/api").credential is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.1"])
def test_loopback_may_be_plain_http(host: str) -> None:
    assert resolve(api_key=KEY, api_endpoint=f"http://{host}:5000/api").tracking_uri.startswith("http://")


@pytest.mark.parametrize("name", ["HOKUSAI_MOCK_MODE", "HOKUSAI_OPTIONAL_MLFLOW", "HOKUSAI_ALLOW_HTTP"])
@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("1", True),
        ("YES", True),
        ("on", True),
        ("false", False),
        ("0", False),
        ("No", False),
        ("off", False),
        ("", None),
    ],
)
def test_booleans_are_read_strictly(name: str, word: str, value: bool | None) -> None:
    assert flag(name, {name: word}) is value


@pytest.mark.parametrize("word", ["maybe", "2", "t", "enabled", "None"])
def test_any_other_word_is_no_boolean(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", word)
    with pytest.raises(ConfigurationError) as caught:
        resolve(api_key=KEY)
    assert caught.value.code == "F05"


def test_mock_mode_false_does_not_mean_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", "false")
    assert resolve(api_key=KEY).mode == "online"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="mode"):
        resolve(api_key=KEY, mode="offline")


@pytest.mark.parametrize(
    ("name", "value"), [("MLFLOW_TRACKING_AUTH", "kubernetes"), ("MLFLOW_TRACKING_AWS_SIGV4", "true")]
)
def test_a_foreign_authentication_is_a_named_conflict(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name) as caught:
        resolve(api_key=KEY)
    assert caught.value.code == "A12"


def test_secrets_appear_in_no_representation() -> None:
    auth = hokusai.setup(api_key="hk_test_secret")
    settings = resolve()
    shown = f"{auth!r} {settings!r} {settings.credential!r} {hokusai.HokusaiAuth('hk_test_secret')!r}"
    assert "hk_test_secret" not in shown
