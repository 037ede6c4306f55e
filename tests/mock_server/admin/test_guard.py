"""Who may use the admin API: loopback names and one's own pages; off loopback only with the token."""

from __future__ import annotations

import pytest

from hokusai_mock.admin.guard import refuse

LOCAL = {"HTTP_HOST": "127.0.0.1:8765"}


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765"])
def test_loopback_names_may_come_in(host):
    assert refuse({"HTTP_HOST": host}, (), None) is None


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:8765",
        "127.0.0.1.nip.io",
        "",
        "[::1",
        "127.0.0.1@evil.example",
        "a@127.0.0.1",
        "127.0.0.1:1, evil.example",
        "127.0.0.1:x",
    ],
)
def test_other_hosts_are_refused_with_the_way_out(host):
    reason = refuse({"HTTP_HOST": host}, (), None)
    assert reason is not None
    assert "--allow-host" in reason


def test_an_allowed_host_may_come_in():
    assert refuse({"HTTP_HOST": "testbox:8765"}, ("testbox",), None) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:9999",
        "http://localhost:8765",
        "null",
        "",
        "http://[",
        "127.0.0.1:8765",
    ],
)
def test_a_foreign_origin_is_refused(origin):
    reason = refuse({**LOCAL, "HTTP_ORIGIN": origin}, (), None)
    assert reason is not None
    assert "origin" in reason


def test_the_mocks_own_pages_may_come_in():
    own = {**LOCAL, "HTTP_ORIGIN": "http://127.0.0.1:8765", "HTTP_SEC_FETCH_SITE": "same-origin"}
    assert refuse(own, (), None) is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site"])
def test_requests_that_browsers_mark_as_foreign_are_refused(site):
    reason = refuse({**LOCAL, "HTTP_SEC_FETCH_SITE": site}, (), None)
    assert reason is not None
    assert "another site" in reason


@pytest.mark.parametrize("sent", [None, "", "wrong", "sécret"])
def test_a_missing_or_wrong_token_is_refused(sent):
    environ = LOCAL if sent is None else {**LOCAL, "HTTP_X_HOKUSAI_TESTKIT_TOKEN": sent}
    reason = refuse(environ, (), "token")
    assert reason is not None
    assert "X-Hokusai-Testkit-Token" in reason


def test_the_right_token_may_come_in():
    assert refuse({**LOCAL, "HTTP_X_HOKUSAI_TESTKIT_TOKEN": "token"}, (), "token") is None
