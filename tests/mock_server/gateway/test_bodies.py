"""Bodies and queries are read, and wrong ones reported, as FastAPI does: side by side with the real one."""

from __future__ import annotations

import asyncio
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.gateway.bodies import (
    Choice,
    Field,
    Flag,
    Malformed,
    Model,
    Number,
    Object,
    Text,
    TextMap,
    check_fields,
)

FIELDS = {
    "word": Field(Text(min_length=1, strip=True)),
    "value": Field(Number()),
    "kind": Field(Choice(("one", "two", "three"))),
    "schema": Field(Object(), required=False, nullable=True),
    "tags": Field(TextMap(), required=False, nullable=True),
    "note": Field(Text(max_length=5), required=False, nullable=True),
}
MODEL = Model("Body", FIELDS, {"word": "a", "value": 1, "kind": "one"})
GOOD = {"word": "a", "value": 1, "kind": "one"}

JSON = "application/json"


def read(body, content_type=JSON):
    return MODEL.read(body if isinstance(body, bytes) else json.dumps(body).encode(), content_type)


def first(body):
    _, errors = read(body)
    return errors[0]["type"], errors[0]["loc"]


def test_a_good_body_is_read_with_its_defaults():
    values, errors = read({**GOOD, "word": " a ", "more": [1]})
    assert errors == []
    assert values == {"word": "a", "value": 1.0, "kind": "one", "schema": None, "tags": None, "note": None}


def test_every_error_is_reported_in_the_order_of_the_fields():
    _, errors = read({"word": "", "value": "x", "note": "longer", "tags": {"a": 1, "b": "c", "d": None}})
    assert [(one["type"], one["loc"]) for one in errors] == [
        ("string_too_short", ["body", "word"]),
        ("float_parsing", ["body", "value"]),
        ("missing", ["body", "kind"]),
        ("string_type", ["body", "tags", "a"]),
        ("string_type", ["body", "tags", "d"]),
        ("string_too_long", ["body", "note"]),
    ]


def test_what_no_decoder_takes_is_malformed():
    for body in (b"\xff", b"[" * 200_000, b'{"value": ' + b"1" * 5000 + b"}"):
        with pytest.raises(Malformed):
            read(body)


def test_null_is_no_body():
    """FastAPI 0.125, which the platform ran, says so; newer ones call it a wrong model."""
    assert first(b"null") == ("missing", ["body"])


def test_a_number_that_is_none_leaves_no_trace_in_the_answer():
    _, errors = read(b'{"word": "a", "value": NaN, "kind": "one"}')
    assert errors[0]["type"] == "finite_number"
    assert errors[0]["input"] is None


def test_a_half_of_a_surrogate_pair_is_no_text():
    assert first(b'{"word": "\\ud800", "value": 1, "kind": "one"}') == ("string_unicode", ["body", "word"])


@pytest.mark.parametrize("word", ["true", "True", "1", "on", "yes", "T", "y"])
def test_words_that_mean_yes(word):
    assert check_fields({"flag": Field(Flag())}, {"flag": word}, "query") == ({"flag": True}, [])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3))
def test_a_number_is_finite_or_refused(value):
    number, errors = Number().read(value, ("body", "value"))
    assert bool(errors) == (number is None)
    assert number is None or math.isfinite(number)


# -- side by side with the real one ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    """A FastAPI application with the same body, asked without a socket; where full MLflow is, FastAPI is."""
    fastapi = pytest.importorskip("fastapi", reason="FastAPI comes with full MLflow 3.9 and newer")
    pydantic = pytest.importorskip("pydantic")
    from enum import Enum  # noqa: PLC0415
    from typing import Annotated, Any  # noqa: PLC0415

    kind = Enum("kind", {"one": "one", "two": "two", "three": "three"}, type=str)
    word = Annotated[str, pydantic.StringConstraints(min_length=1, strip_whitespace=True)]
    body = pydantic.create_model(
        "Body",
        word=(word, ...),
        value=(Annotated[float, pydantic.Field(allow_inf_nan=False)], ...),
        kind=(kind, ...),
        schema=(dict[str, Any] | None, None),
        tags=(dict[str, str] | None, None),
        note=(Annotated[str, pydantic.StringConstraints(max_length=5)] | None, None),
    )
    app = fastapi.FastAPI()
    app.post("/")(_endpoint(body))
    return lambda content, content_type: asyncio.run(_ask(app, content, content_type))


def _endpoint(body):
    def endpoint(sent):
        return sent

    endpoint.__annotations__ = {"sent": body}
    return endpoint


async def _ask(app, content, content_type):
    sent = []
    headers = [(b"content-type", content_type.encode())] if content_type else []
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}

    async def receive():
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message):
        sent.append(message)

    await app({**scope, "http_version": "1.1", "scheme": "http", "server": ("x", 80)}, receive, send)
    return sent[0]["status"], json.loads(b"".join(one.get("body", b"") for one in sent[1:]))


WRONG = [
    {},
    [],
    "text",
    7,
    {**GOOD, "word": None},
    {**GOOD, "word": "   "},
    {**GOOD, "word": 3},
    {**GOOD, "value": "x"},
    {**GOOD, "value": None},
    {**GOOD, "value": []},
    {**GOOD, "value": "inf"},
    {**GOOD, "kind": "four"},
    {**GOOD, "kind": 1},
    {**GOOD, "schema": []},
    {**GOOD, "tags": "x"},
    {**GOOD, "tags": {"a": 1, "b": None}},
    {**GOOD, "note": "longer"},
    {"value": 1},
    GOOD,
    {**GOOD, "value": "1.5"},
    {**GOOD, "value": True},
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("body", [json.dumps(one).encode() for one in WRONG] + [b"", b"{", b"nul", b'{"a": 1,}'])
def test_the_real_one_says_the_same(real, body):
    status, payload = real(body, JSON)
    values, errors = read(body)
    assert (status == 200) is (not errors)
    if status == 422:
        assert errors == payload["detail"]
    else:
        assert {name: values[name] for name in ("word", "value", "kind")} == {
            name: payload[name] for name in ("word", "value", "kind")
        }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/vnd.api+json", "application/x-www-form-urlencoded"]
)
def test_the_real_one_reads_the_same_content_types_as_json(real, content_type):
    body = json.dumps(GOOD).encode()
    assert (real(body, content_type)[0] == 200) is (not read(body, content_type)[1])
