"""Where no route is, the platform answers as FastAPI's router does; browsers of any origin may ask."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/nope", 404, None),
        ("GET", "/api/health", 404, None),
        ("POST", "/api/v1/models/baseline", 404, None),
        ("GET", "/contributors/0x1/impact", 404, None),
        ("GET", "/api/models//1", 404, None),
        ("HEAD", "/health", 405, "GET"),
        ("POST", "/api/models/scorer/1", 405, "GET"),
        ("PUT", "/api/models/register", 405, "POST"),
    ],
)
def test_paths_and_methods_without_a_route(platform, method, path, status, allow):
    answer = platform.ask(method, path)
    assert (answer.status, answer.headers.get("allow")) == (status, allow)
    assert answer.json == {"detail": {404: "Not Found", 405: "Method Not Allowed"}[status]}


@pytest.mark.parametrize(
    ("path", "moved"),
    [
        ("/api/models", "/api/models/"),
        ("/api/models?name=a%20b", "/api/models/?name=a%20b"),
        ("/health/", "/health"),
        ("/api/models/m/1/", "/api/models/m/1"),
    ],
)
def test_a_slash_too_few_or_too_many_is_moved(platform, path, moved):
    answer = platform.ask("GET", path)
    assert (answer.status, answer.headers["location"]) == (307, f"http://127.0.0.1:8765{moved}")


def test_a_path_cannot_smuggle_a_header_into_the_redirect(platform):
    answer = platform.ask("GET", "/api/models/a\r\nX-Evil: 1/1/")
    assert answer.status == 307
    assert "\r" not in answer.headers["location"]
    assert "\n" not in answer.headers["location"]


@pytest.mark.parametrize("path", ["/", "/api/health", "/sentry-debug", "/debug", "/api/models"])
def test_everything_but_health_and_documents_wants_a_key(platform, path):
    assert platform.ask("GET", path, key=None).json == {"detail": "API key required"}


@pytest.mark.parametrize("path", ["/healthXYZ", "/versions", "/docs"])
def test_open_paths_are_a_prefix_and_no_promise_of_a_route(platform, path):
    assert platform.ask("GET", path, key=None).status == 404


def test_a_route_that_is_not_played_says_so(platform):
    answer = platform.ask("GET", "/api/v1/benchmarks/7")
    assert (answer.status, answer.detail) == (501, "hokusai-testkit does not play GET /api/v1/benchmarks/7")


def test_a_page_of_any_origin_may_ask_and_read(platform):
    asked = platform.ask(
        "OPTIONS",
        "/api/models/",
        key=None,
        origin="https://shop.example",
        access_control_request_method="GET",
        access_control_request_headers="authorization",
    )
    assert (asked.status, asked.body) == (200, b"OK")
    assert asked.headers["access-control-allow-headers"] == "authorization"
    answer = platform.ask("GET", "/api/models/", origin="https://shop.example")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_key_check_stands_outside_and_says_nothing_to_pages(platform):
    refused = platform.ask("GET", "/api/models/", key=None, origin="https://shop.example")
    assert refused.status == 401
    assert "access-control-allow-origin" not in refused.headers
