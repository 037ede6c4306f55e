"""The page for people: what it shows, what it never shows, and that nothing in it comes from elsewhere or runs."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search"


@pytest.fixture
def page(mock, sandbox, ask):
    def show(query: str = "", **options: object) -> str:
        answer = ask(f"{mock.url}/_testkit/?sandbox={sandbox.id}{query}", key=None, **options)
        assert answer.status == 200
        return answer.body.decode()

    return show


def test_it_shows_what_happens_in_a_sandbox(sandbox, ask, page):
    sandbox.scenario("gateway.lb_error", times=1)
    ask(sandbox.url + SEARCH, "POST", json={"max_results": 7})
    shown = page()
    for words in (sandbox.id, "gateway.lb_error", "mlflow-3.9", "max_results", "502, sent", "1 requests, 1 kept"):
        assert words in shown


def test_the_journal_is_filtered_as_the_query_asks(sandbox, ask, page):
    ask(f"{sandbox.url}/health", key=None)
    ask(f"{sandbox.url}/nothing", key=None)
    shown = page("&path=/health&status=200")
    assert "GET /health" in shown
    assert "GET /nothing" not in shown
    assert "must be a whole number" in page("&status=many")


def test_a_sandbox_that_does_not_exist_is_not_made_by_looking(mock, ask):
    before = mock.worlds.ids()
    assert b"There is no sandbox nobody" in ask(f"{mock.url}/_testkit/?sandbox=nobody", key=None).body
    assert mock.worlds.ids() == before


def test_what_a_client_sends_is_text_and_never_markup(sandbox, ask, page):
    evil = "<script>alert(1)</script>"
    ask(f"{sandbox.url}/{quote(evil)}?q={quote(evil)}", "POST", body=evil.encode(), key=None)
    shown = page()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert "<script" not in page(f"&path={quote(evil)}&status={quote(evil)}")


def test_secrets_are_redacted(sandbox, ask, page):
    secret = "hk_" + "live_" + "Q7" * 10
    ask(f"{sandbox.url}{SEARCH}?api_key={secret}", "POST", json={"api_key": secret}, key=secret)
    assert secret not in page()


def test_nothing_comes_from_elsewhere_and_nothing_runs(mock, ask, page):
    shown = page().replace('<link rel="icon" href="data:,">', "")
    assert re.findall(r"<script|<img|<link|<iframe|@import|url\(|\son\w+=|https?://", shown) == []
    headers = ask(f"{mock.url}/_testkit/", key=None).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_it_only_reads(mock, ask):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert ask(f"{mock.url}/_testkit/", method, key=None).status == 405


@pytest.mark.parametrize("headers", [{"Host": "rebound.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_foreign_pages_and_rebound_names_do_not_see_it(mock, ask, headers):
    answer = ask(f"{mock.url}/_testkit/", key=None, headers=headers)
    assert answer.status == 403
    assert b"error" in answer.body


def test_it_is_not_inside_of_a_sandbox(sandbox, ask):
    assert ask(f"{sandbox.url}/_testkit/", key=None).status == 401
