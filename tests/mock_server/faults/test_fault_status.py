"""The effect `status`: bodies, content types, headers, pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hokusai_mock.faults.pages import PAGES, page
from hokusai_mock.faults.status import Status
from hokusai_mock.messages import Response
from hokusai_mock.schema import SchemaError, read


def answer(**fields: Any) -> Response:
    return read(Status, fields, "with").apply(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ({"json": {"detail": "é"}}, "application/json", '{"detail":"é"}'),
        ({"text": "Not Found"}, "text/plain; charset=utf-8", "Not Found"),
        ({"html": "<p>hello</p>"}, "text/html", "<p>hello</p>"),
        ({"xml": "<Error/>"}, "application/xml", "<Error/>"),
    ],
)
def test_a_body_comes_with_its_content_type(body: dict[str, Any], content_type: str, expected: str) -> None:
    response = answer(status=418, **body)

    assert (response.status, response.header("Content-Type"), response.body) == (418, content_type, expected.encode())


def test_an_empty_answer_has_neither_body_nor_content_type() -> None:
    response = answer(status=200, empty=True)

    assert (response.body, response.headers) == (b"", [])


def test_a_named_page_is_sent_with_its_status() -> None:
    response = answer(status=503, html="load-balancer")

    assert b"<title>503 Service Unavailable</title>" in response.body  # type: ignore[operator]


@pytest.mark.parametrize(("name", "status"), [(name, status) for name, status in PAGES.items() if status])
def test_a_page_of_one_status_announces_it_whatever_it_is_sent_with(name: str, status: int) -> None:
    assert f"<h1>{status} " in page(name, 200)


def test_headers_are_sent_and_replace_the_content_type() -> None:
    response = answer(status=503, text="x", headers={"Retry-After": "1", "content-type": "text/x"})

    assert response.headers == [("Retry-After", "1"), ("content-type", "text/x")]


def test_content_type_replaces_the_one_of_the_body() -> None:
    assert answer(status=502, html="bad-gateway", content_type="text/plain").header("Content-Type") == "text/plain"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"status": 502, "json": {}, "text": "x"}, "one body, not json and text"),
        ({"status": 204, "text": "x"}, "status 204 has no body"),
        ({"status": 99}, "between 200 and 599"),
        ({"status": 502, "html": "bad-gatway"}, r"no HTML page is called 'bad-gatway'.*did you mean 'bad-gateway'\?"),
        ({"status": 502, "headers": {"X\r\nY": "1"}}, "not the name of a header"),
        ({"status": 502, "headers": {"X": "a\r\nSet-Cookie: b"}}, "characters that end a header"),
        ({"status": 502, "headers": {"X": "€"}}, "HTTP cannot carry"),
        ({"status": 502, "headers": {"Content-Length": "3"}}, "belongs to the server"),
        ({"status": 502, "content_type": "a\nb"}, "characters that end a header"),
    ],
)
def test_answers_that_cannot_be_sent_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        answer(**fields)


def test_json_bodies_are_written_as_the_gateway_writes_them() -> None:
    body = answer(status=403, json={"a": [1, 2], "b": None}).body

    assert body == b'{"a":[1,2],"b":null}'
    assert json.loads(body) == {"a": [1, 2], "b": None}
