"""What a client names things never becomes a header, markup or a template: not in answers, pages, journal or errors."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

from .conftest import Answer, Mock

MARKUP = "<script>alert(1)</script>"
NAMES = (
    MARKUP,
    '"><img src=x onerror=alert(1)>',
    "{{1337*7331}}",
    "{% import os %}${1337*7331}#{1337*7331}",
    "{0.__class__}{name}%(x)s%s",
    "a\r\nX-Evil: 1\r\n\r\n<html>",
    "a\nSet-Cookie: evil=1",
    "\u2028\u0085X-Evil: 1",
    "\x1b[31mred\x07",
    "\0",
)
JSON = {"Content-Type": "application/json", "Authorization": "Bearer hk_test_admin"}
MOUNT = "/api/mlflow/api/2.0/mlflow"


def check(answer: Answer, asked: str) -> None:
    for name, value in answer.headers:
        assert not set("\r\n\0") & set(name + value), (asked, name, value)
        assert name.lower() not in ("x-evil", "set-cookie"), asked
    kind = answer.header("Content-Type") or ""
    assert b"9801547" not in answer.body, f"a template was filled for {asked}"
    if kind.startswith("text/html"):
        assert MARKUP.encode() not in answer.body, asked
        assert b"<img" not in answer.body, asked
    elif answer.body and b"<script" in answer.body:
        assert kind.startswith("application/json"), asked
        json.loads(answer.body)


def targets(name: str) -> list[tuple[str, str, Any]]:
    """Requests that carry a name everywhere where one can stand."""
    coded = quote(name, safe="")
    return [
        ("POST", f"{MOUNT}/experiments/create", {"name": name, "tags": [{"key": name[:200], "value": name}]}),
        ("POST", f"{MOUNT}/experiments/create", {"name": name}),
        ("GET", f"{MOUNT}/experiments/get-by-name?experiment_name={coded}", None),
        ("POST", f"{MOUNT}/experiments/search", {"max_results": 9, "filter": f"name = '{name}'", "order_by": [name]}),
        ("POST", f"{MOUNT}/registered-models/create", {"name": name, "description": name}),
        ("GET", f"{MOUNT}/registered-models/get?name={coded}", None),
        ("POST", f"{MOUNT}/runs/create", {"experiment_id": name, "run_name": name}),
        ("POST", f"{MOUNT}/runs/search", {"experiment_ids": ["0"], "page_token": name}),
        ("GET", f"{MOUNT}/{name}", None),
        ("GET", f"{MOUNT}//experiments/get?experiment_id={coded}", None),
        ("GET", f"/api/mlflow//api/2.0/mlflow-artifacts/artifacts/{name}", None),
        ("GET", f"/{name}", None),
        ("GET", f"/api/v1/models/{name}/info", None),
        ("POST", f"/api/v1/models/{name}/predict", {"inputs": name}),
        ("GET", f"/models/{name}", None),
        ("POST", "/api/v1/keys/validate", {"api_key": name, "service_id": name}),
        (name.replace(" ", "") or "GET", "/health", None),
    ]


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_ever_data(name: str, plain: bool) -> None:
    mock = Mock(Worlds(WorldOptions(seed=1, plain=plain)))
    for method, target, payload in targets(name):
        path = target.replace("/api/mlflow", "", 1) if plain else target
        body = b"" if payload is None else json.dumps(payload).encode()
        headers = {**JSON, "User-Agent": name, "X-Name": name, "X-Hokusai-Testkit-Client": name}
        check(mock.ask(method, f"/s/t{path}", body, headers=headers), f"{method} {path}")
    for path in ("", "/journal", "/journal?format=har", "/errors", "/keys"):
        answer = mock.ask("GET", f"/_testkit/v1/sandboxes/t{path}")
        assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
        assert answer.header("X-Content-Type-Options") == "nosniff"
        check(answer, path)
    for query in ("sandbox=t", f"sandbox={quote(name)}", f"sandbox=t&path={quote(name)}&method={quote(name)}"):
        page = mock.ask("GET", f"/_testkit/?{query}")
        assert (page.status, page.header("Content-Type")) == (200, "text/html; charset=utf-8")
        check(page, f"the dashboard with {query}")
    assert mock.worlds.get("t").errors == []
    mock.worlds.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "prefix", ["/_testkit/v1/", "/_testkit/v1/sandboxes/", "/_testkit/v1/sandboxes/t/", "/_testkit/", "/s/"]
)
def test_a_name_in_a_path_of_control_is_only_ever_data(wsgi: Mock, prefix: str, name: str) -> None:
    for method in ("GET", "POST", "DELETE", "PUT"):
        answer = wsgi.ask(method, prefix + name, b"{}", headers={"Content-Type": "application/json"})
        assert answer.status in (400, 404, 405), (method, prefix)
        check(answer, f"{method} {prefix}")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_body_of_control_is_only_ever_data(wsgi: Mock, name: str) -> None:
    for method, path, body in (
        ("POST", "/scenarios", {"name": name}),
        ("POST", "/scenarios", {"name": "auth.key_invalid", "params": {name: name}}),
        ("POST", "/faults", {name: name}),
        ("POST", "/faults", {"name": name, "layer": "edge", "effect": "status", "with": {"status": name}}),
        ("PUT", "/profile", {"mlflow": name}),
        ("POST", "/reset", {name: 1}),
    ):
        answer = wsgi.ask(method, f"/_testkit/v1{path}", json.dumps(body).encode(), headers=JSON)
        assert answer.status == 400, (path, body, answer.body)
        check(answer, path)


@pytest.mark.parametrize(
    "header",
    [
        {"X-A": "a\r\nX-Evil: 1"},
        {"X-A\r\nX-Evil": "1"},
        {"X-A": "a\nb"},
        {"X-A": "a\0b"},
        {"": "x"},
        {"a b": "x"},
        {"X-A": "\u20ac"},
    ],
)
def test_a_fault_cannot_have_a_header_with_a_line_break(wsgi: Mock, header: dict[str, str]) -> None:
    rule = {"layer": "edge", "effect": "status", "with": {"status": 503, "headers": header}}
    answer = wsgi.ask("POST", "/_testkit/v1/faults", json.dumps(rule).encode(), headers=JSON)
    assert answer.status == 400, answer.body
    assert b"header" in answer.body
    assert wsgi.ask("GET", "/health").status == 200
