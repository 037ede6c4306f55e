"""Whatever the secret, its encoding and its surroundings: not one byte sequence of it survives."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hokusai_mock.redaction import PUBLIC_KEYS, Redactor, find_survivors
from hokusai_mock.redaction.labels import LABEL

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=8, max_size=40).filter(
    lambda secret: len(set(secret)) > 4 and secret not in PUBLIC_KEYS
)
SURROUNDINGS = st.text(max_size=60)


def without_labels(text: str) -> str:
    """A secret may be a word that labels are made of (`credential`)."""
    return LABEL.sub("", text)


def double(encode: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: encode(encode(text))


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda text: quote(text, safe=""),
    "url twice": double(lambda text: quote(text, safe="")),
    "url, lower case": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "form": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "json twice": double(lambda text: json.dumps(text)[1:-1]),
    "json, all escaped": lambda text: "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in text),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(secret=SECRETS, before=SURROUNDINGS, after=SURROUNDINGS)
@settings(max_examples=60, deadline=None)
def test_known_secret_survives_in_no_encoding(encoding: str, secret: str, before: str, after: str) -> None:
    spelled = ENCODINGS[encoding](secret)
    clean = without_labels(Redactor([secret]).text(before + spelled + after))
    assert spelled not in clean
    assert secret not in clean


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@given(secret=SECRETS, before=st.binary(max_size=20), after=st.binary(max_size=20))
@settings(max_examples=100, deadline=None)
def test_known_secret_survives_at_no_base64_alignment(
    encode: Callable[[bytes], bytes], secret: str, before: bytes, after: bytes
) -> None:
    encoded = encode(before + secret.encode() + after).decode()
    clean = Redactor([secret]).text(encoded)
    assert find_survivors(clean.encode(), [secret]) == 0
    assert clean != encoded


@given(secret=SECRETS, before=SURROUNDINGS, after=SURROUNDINGS)
@settings(max_examples=60, deadline=None)
def test_known_secret_survives_in_no_body(secret: str, before: str, after: str) -> None:
    redactor = Redactor([secret])
    text = before + secret + after
    assert secret not in without_labels(redactor.bytes(text.encode()).decode())
    assert secret not in without_labels(gzip.decompress(redactor.bytes(gzip.compress(text.encode()))).decode())
    body = json.dumps({"outer": [text, {text: 1}]}).encode()
    clean = redactor.bytes(body, "application/json")
    assert secret not in without_labels(json.dumps(json.loads(clean), ensure_ascii=False))
    assert find_survivors(clean, [secret]) == 0


@given(secret=SECRETS, length=st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_no_half_of_a_known_secret_ends_a_body_that_was_cut(secret: str, length: int) -> None:
    cut = min(len(secret), max(4, length))
    clean = Redactor([secret]).bytes(f"some words and {secret[:cut]}".encode(), cut=True).decode()
    assert not clean.endswith(secret[:cut])


@given(
    name=st.sampled_from(["password", "X-API-Key", "client_secret", "HOKUSAI_API_KEY", "accessToken"]),
    value=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30),
)
@settings(max_examples=200, deadline=None)
def test_value_under_a_telling_name_does_not_leave(name: str, value: str) -> None:
    assume(any(character.isalnum() for character in value))
    assume(value not in PUBLIC_KEYS and value.lower() not in {"true", "false", "null", "none", "undefined"})
    assume(not value.startswith("$"))
    redactor = Redactor()
    assert redactor.json({name: value})[name] != value
    assert redactor.header(name, value) != value
    body = json.dumps({name: value, "other": 1}).encode()
    assert json.loads(redactor.bytes(body, "application/json"))[name] != value
    form = f"a=1&{name}={quote_plus(value)}"
    assert redactor.bytes(form.encode(), "application/x-www-form-urlencoded").decode() != form


@given(text=st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_redacted_and_redacting_again_changes_nothing(text: str) -> None:
    redactor = Redactor(salt="s")
    once = redactor.text(text)
    assert redactor.text(once) == once


@given(data=st.binary(max_size=300), content_type=st.sampled_from([None, "application/json", "text/plain"]))
@settings(max_examples=300, deadline=None)
def test_any_body_can_be_redacted(data: bytes, content_type: str | None) -> None:
    assert isinstance(Redactor(["some-secret-1"]).bytes(data, content_type, cut=True), bytes)
