"""No web page of another origin, and no host name that was rebound to loopback, gets at control: on every route.

The routes are those that Flask has, so that a new one is tested without being named here. A real browser tries the same
in `test_browser.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule

from hokusai_mock.pipeline import AdminOptions
from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

from .conftest import HOST, Mock

JSON = {"Content-Type": "application/json"}
FOREIGN = [
    {"Host": "rebound.example:8765"},
    {"Host": "127.0.0.1.nip.io:8765"},
    {"Host": "0.0.0.0:8765"},
    {"Host": "127.0.0.1:8765, evil.example"},
    {"Host": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:9"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def routes(mock: Mock) -> Iterator[tuple[str, str]]:
    """Method and path of every route of the admin API, and what is none."""
    rules: list[Rule] = list(mock.app.url_map.iter_rules())
    assert len(rules) > 20
    for rule in rules:
        assert rule.rule.startswith("/_testkit/"), "whatever Flask serves is behind the guard"
        path = rule.rule.replace("<id>", "victim").replace("<role>", "admin")
        assert "<" not in path, f"teach this test what to put into {path}"
        for method in rule.methods or ():
            yield method, path
    for path in ("/_testkit", "/_testkit/", "/_testkit/v1/", "/_testkit/nope"):
        for method in ("GET", "POST", "DELETE", "TRACE"):
            yield method, path


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda headers: "=".join(next(iter(headers.items()))))
def test_every_route_refuses_foreign_pages_and_changes_nothing(wsgi: Mock, foreign: dict[str, str]) -> None:
    before = wsgi.worlds.get("victim")
    for method, path in routes(wsgi):
        answer = wsgi.ask(method, path, b"{}", headers={**JSON, **foreign})
        assert (answer.status, list(answer.json)) == (403, ["error"]), (method, path)
        assert answer.header("X-Frame-Options") == "DENY"
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
    assert wsgi.worlds.ids() == ["default", "victim"]
    assert wsgi.worlds.get("victim") is before


def test_every_route_wants_the_token_when_there_is_one() -> None:
    mock = Mock(Worlds(WorldOptions()), AdminOptions(token="right"))
    for method, path in routes(mock):
        for token in ({}, {"X-Hokusai-Testkit-Token": "wrong"}, {"X-Hokusai-Testkit-Token": ""}):
            assert mock.ask(method, path, b"{}", headers={**JSON, **token}).status == 403, (method, path)
    with_token = {"X-Hokusai-Testkit-Token": "right"}
    assert mock.ask("GET", "/_testkit/v1/sandboxes/victim", headers=with_token).status == 200
    mock.worlds.close()


def test_no_answer_of_control_lets_another_origin_read_or_frame_it(wsgi: Mock) -> None:
    own = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    for method, path in routes(wsgi):
        answer = wsgi.ask(method, path, headers=own)
        assert answer.status != 403, (method, path)
        assert answer.header("X-Frame-Options") == "DENY", (method, path)
        assert answer.header("X-Content-Type-Options") == "nosniff", (method, path)
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")], (method, path)


def test_a_body_that_a_page_may_send_unasked_changes_nothing(wsgi: Mock) -> None:
    """Text, form and no type at all need no preflight: even without the guard's headers they are not taken."""
    simple = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")
    for method, path in routes(wsgi):
        for kind in simple:
            sent = json.dumps({"name": "healthy", "seed": 5}).encode()
            answer = wsgi.ask(method, path, sent, headers={"Content-Type": kind})
            assert answer.status in (400, 404, 405, 415) or method in ("GET", "HEAD", "OPTIONS"), (method, path, kind)


@pytest.mark.parametrize(
    "path",
    [
        "//_testkit/v1/sandboxes",
        "/./_testkit/v1/sandboxes",
        "/x/../_testkit/v1/sandboxes",
        "/_TESTKIT/v1/sandboxes",
        "/_testkit\\v1\\sandboxes",
        "/_testkit%2fv1/sandboxes",
        "/_testkit;x/v1/sandboxes",
        "/s/victim/_testkit/v1/sandboxes",
        "/s/victim//_testkit/v1/sandboxes",
        "/s/victim/../../_testkit/v1/sandboxes",
        "/s/../_testkit/v1/sandboxes",
        "/s/_testkit/v1/sandboxes",
        "/api/mlflow/_testkit/v1/sandboxes",
        "/api/mlflow/../../_testkit/v1/sandboxes",
        "/_testkit\0/v1/sandboxes",
        "/\uff3ftestkit/v1/sandboxes",
        "/_test\uff4bit/v1/sandboxes",
    ],
)
def test_no_other_spelling_of_the_path_leads_to_control(wsgi: Mock, path: str) -> None:
    wsgi.worlds.get("victim")
    answer = wsgi.ask("GET", path, headers={"Host": "rebound.example", "Authorization": "Bearer hk_test_admin"})
    assert answer.status in (301, 308, 400, 401, 403, 404, 405)
    assert b"max_sandboxes" not in answer.body
    assert b"victim" not in answer.body.replace(b"/s/victim", b"")
