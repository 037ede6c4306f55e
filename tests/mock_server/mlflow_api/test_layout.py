"""Answers are laid out as the standard library lays them out."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.mlflow_api.layout import answer, indented, refusal

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_indented_is_what_json_dumps_gives(value: object) -> None:
    assert indented(value) == json.dumps(value, indent=2)


def test_an_empty_message_is_an_empty_object() -> None:
    assert answer({}).body == b"{}"


def test_a_refusal_stands_in_one_line() -> None:
    response = refusal(404, "RESOURCE_DOES_NOT_EXIST", "no é")
    assert response.status == 404
    assert response.body == b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no \\u00e9"}'
