"""Secrets are found where they stand, whatever the text around them is."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64encode

import pytest

from hokusai_mock.redaction import Redactor

SECRET = "tr0ub4dor&3"


@pytest.mark.parametrize(
    "text",
    [
        'password="tr0ub4dor&3"',
        '{"password": "tr0ub4dor&3", "a": 1}',
        '{"password": "tr0ub4dor&3',
        '{"outer": "{\\"password\\": \\"tr0ub4dor&3\\"}"}',
        "{'password': 'tr0ub4dor&3'}",
        "password: tr0ub4dor&3\nuser: a",
        "  - password: tr0ub4dor&3",
        "password:\n  - tr0ub4dor&3",
        "PGPASSWORD=tr0ub4dor%263 psql",
        "a=1&password=tr0ub4dor%263&b=2",
        "https://host/x?password=tr0ub4dor%263#top",
        "https://user:tr0ub4dor&3@host/path",
        "next=https%3A%2F%2Fhost%2F%3Fpassword%3Dtr0ub4dor%25263",
        "%7B%22password%22%3A%22tr0ub4dor%263%22%7D",
        "curl -H 'X-API-Key: tr0ub4dor&3' https://host",
        "X-API-Key: tr0ub4dor&3",
        'Content-Disposition: form-data; name="password"\r\n\r\ntr0ub4dor&3\r\n--x--',
    ],
)
def test_secret_under_a_telling_name_is_replaced(text: str) -> None:
    clean = Redactor().text(text)
    assert "tr0ub" not in clean
    assert "dor" not in clean
    assert "<redacted:" in clean


def test_the_rest_of_the_text_stays() -> None:
    clean = Redactor(salt="s").text('{"password": "tr0ub4dor&3", "name": "iris", "n": [1, 2]}')
    parsed = json.loads(clean)
    assert parsed.pop("password").startswith("<redacted:password:")
    assert parsed == {"name": "iris", "n": [1, 2]}


def test_secret_met_once_is_known_from_then_on() -> None:
    redactor = Redactor()
    label = redactor.header("X-API-Key", SECRET)
    assert redactor.text(f"the word is {SECRET}!") == f"the word is {label}!"


def test_equal_secrets_have_equal_labels_and_others_have_not() -> None:
    redactor = Redactor(salt="s")
    labels = [redactor.header("X-API-Key", value) for value in ("first-secret-1", "second-secret-2", "first-secret-1")]
    assert labels[0] == labels[2] != labels[1]
    assert redactor.json({"password": "first-secret-1"})["password"] == labels[0]


def test_many_secrets_never_share_a_label() -> None:
    redactor = Redactor(salt="s")
    labels = {redactor.header("X-API-Key", f"secret-number-{number}") for number in range(2000)}
    assert len(labels) == 2000


def test_labels_depend_on_the_salt_alone() -> None:
    values = {salt: Redactor(salt=salt).header("X-API-Key", SECRET) for salt in ("a", "b")}
    assert values["a"] != values["b"]
    assert Redactor(salt="a").header("X-API-Key", SECRET) == values["a"]


def test_redacting_twice_changes_nothing() -> None:
    redactor = Redactor([SECRET])
    once = redactor.text(f"Authorization: Bearer {SECRET}\nx-api-key={SECRET}&password=short {SECRET}")
    assert redactor.text(once) == once
    assert Redactor().text(once) == once


def test_short_value_is_replaced_where_it_stands_and_reported() -> None:
    redactor = Redactor(["abc"])
    assert redactor.text("pin abc") == "pin abc"
    clean = redactor.json({"password": "abc", "note": "abc"})
    assert clean["note"] == "abc"
    assert clean["password"].startswith("<redacted:password:")
    assert redactor.by_position_only == {"password": 1}


def test_headers_keep_scheme_cookie_names_and_order() -> None:
    clean = Redactor(salt="s").headers(
        [("Authorization", "Bearer abcdef123456"), ("Accept", "*/*"), ("Set-Cookie", "sid=abcdef98765; Path=/; Secure")]
    )
    assert [name for name, _ in clean] == ["Authorization", "Accept", "Set-Cookie"]
    assert clean[0][1].startswith("Bearer <redacted:bearer:")
    assert clean[1][1] == "*/*"
    assert clean[2][1].startswith("sid=<redacted:cookie:")
    assert clean[2][1].endswith("; Path=/; Secure")


def test_url_with_an_encoded_parameter_name() -> None:
    assert SECRET not in Redactor().url("/x?api%5Fkey=tr0ub4dor&b=1")
    assert Redactor().url("/x?b=1&c=%20").endswith("?b=1&c=%20")


def test_json_values_of_every_type_below_a_telling_key() -> None:
    clean = Redactor().json({"secrets": ["one-of-them-1", {"deep": "two-of-them-2"}, 12345678, True, None]})
    first, second, number, *rest = clean["secrets"]
    assert all(str(value).startswith("<redacted:") for value in (first, second["deep"], number))
    assert rest == [True, None]


def test_tag_whose_key_is_telling_loses_its_value() -> None:
    clean = Redactor().json({"tags": [{"key": "db_password", "value": "swordfish"}, {"key": "team", "value": "ml"}]})
    assert clean["tags"][0]["value"].startswith("<redacted:")
    assert clean["tags"][1]["value"] == "ml"


def test_secret_as_a_json_key() -> None:
    assert SECRET not in json.dumps(Redactor([SECRET]).json({SECRET: 1}))


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_compressed_bodies_are_opened_and_closed_again(compress: object) -> None:
    body = compress(json.dumps({"password": SECRET, "n": 1}).encode())  # type: ignore[operator]
    clean = Redactor().bytes(body, "application/json")
    assert SECRET.encode() not in zlib.decompress(clean, 47)
    assert json.loads(zlib.decompress(clean, 47))["n"] == 1


def test_gzip_that_cannot_be_opened_does_not_leave() -> None:
    assert b"\x1f\x8b" not in Redactor().bytes(b"\x1f\x8bbroken beyond repair")


def test_gzip_that_was_cut_loses_only_what_cannot_be_read() -> None:
    body = gzip.compress(("word " * 4000 + SECRET).encode())[:-12]
    clean = zlib.decompress(Redactor([SECRET]).bytes(body, cut=True), 47)
    assert clean.startswith(b"word word")
    assert SECRET.encode() not in clean


def test_binary_body_without_a_secret_is_unchanged() -> None:
    body = bytes(range(256)) * 8
    assert Redactor([SECRET]).bytes(body, "application/octet-stream") == body


def test_secret_inside_a_binary_body() -> None:
    body = b"\x80\x04\x95" + SECRET.encode() + b"\xff\xfe"
    clean = Redactor([SECRET]).bytes(body)
    assert SECRET.encode() not in clean
    assert clean.startswith(b"\x80\x04\x95")
    assert clean.endswith(b"\xff\xfe")


def test_basic_credentials_of_a_known_password() -> None:
    encoded = b64encode(f"someone:{SECRET}".encode()).decode()
    assert encoded not in Redactor([SECRET]).text(f"curl --header {encoded}")
