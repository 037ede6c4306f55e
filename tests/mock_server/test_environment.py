"""The environment table: what is set, what is removed, and how it meets a variable that is there already."""

from __future__ import annotations

from hokusai_mock import environment

ROOT = "http://127.0.0.1:1234/s/x"


def test_every_url_lies_inside_the_sandbox():
    changes = environment.table(ROOT, api_key="hk_test_admin")
    urls = {name: value for name, value in changes.items() if value and value.startswith("http")}
    assert {"HOKUSAI_API_ENDPOINT", "MLFLOW_TRACKING_URI", "HOKUSAI_AUTH_SERVICE_URL", "WEBHOOK_URL"} <= set(urls)
    assert all(value.startswith(ROOT) for value in urls.values())


def test_the_token_is_the_key():
    changes = environment.table(ROOT, api_key="hk_test_admin")
    assert changes["HOKUSAI_API_KEY"] == changes["MLFLOW_TRACKING_TOKEN"] == "hk_test_admin"


def test_a_plain_server_has_no_key_and_lies_at_the_root():
    changes = environment.table(ROOT, api_key="hk_test_admin", plain=True)
    assert (changes["MLFLOW_TRACKING_URI"], changes["HOKUSAI_API_ENDPOINT"]) == (ROOT, f"{ROOT}/api")
    assert changes["HOKUSAI_API_KEY"] is None
    assert changes["MLFLOW_TRACKING_TOKEN"] is None


def test_what_would_win_over_the_mock_is_removed():
    base = dict.fromkeys(environment.REMOVED, "left over")
    result = environment.apply(environment.table(ROOT, api_key="k"), {**base, "PATH": "/bin"})
    assert not set(environment.REMOVED) & set(result)
    assert result["PATH"] == "/bin"


def test_hosts_without_a_proxy_are_kept():
    base = {"NO_PROXY": "intranet.example,localhost"}
    result = environment.apply({"NO_PROXY": environment.LOOPBACK, "no_proxy": environment.LOOPBACK}, base)
    assert result["NO_PROXY"] == "intranet.example,localhost,127.0.0.1,::1"
    assert result["no_proxy"] == environment.LOOPBACK


def test_a_scenario_may_unset_no_proxy():
    assert environment.apply({"NO_PROXY": None}, {"NO_PROXY": "x"}) == {}
