"""Messages are read as the real server's parser reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.mlflow_api.wire import BOOL, DOUBLE, INT64, KEY_VALUES, TEXT, Message, Repeated, enum

MESSAGE = Message(
    name=TEXT,
    max_results=INT64,
    value=DOUBLE,
    flag=BOOL,
    tags=KEY_VALUES,
    ids=Repeated(TEXT),
    view=enum(ACTIVE_ONLY=1, ALL=3),
)


def read(payload: dict[str, Any], *, ignore_unknown: bool = False) -> tuple[dict[str, Any], bool]:
    return MESSAGE.read(payload, ignore_unknown=ignore_unknown)


@pytest.mark.parametrize(
    ("field", "sent", "value"),
    [
        ("name", "x", "x"),
        ("max_results", 5, 5),
        ("max_results", "5", 5),
        ("max_results", 5.0, 5),
        ("value", 1, 1.0),
        ("value", "1.5", 1.5),
        ("value", "Infinity", float("inf")),
        ("value", "inf", float("inf")),
        ("view", 3, "ALL"),
        ("view", "3", "ALL"),
        ("view", "ALL", "ALL"),
        ("tags", [{"key": "a", "value": "b", "zzz": 1}], [{"key": "a", "value": "b"}]),
    ],
)
def test_values_that_fit_are_read(field: str, sent: object, value: object) -> None:
    assert read({field: sent}) == ({field: value}, True)


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("name", 5),
        ("max_results", True),
        ("max_results", 1.5),
        ("max_results", " 5"),
        ("max_results", 2**63),
        ("max_results", "abc"),
        ("value", float("nan")),
        ("value", "abc"),
        ("value", "nan"),
        ("name", "\ud800"),
        ("flag", "true"),
        ("flag", 1),
        ("ids", "x"),
        ("view", "FOO"),
    ],
)
def test_values_that_do_not_fit_end_the_reading(field: str, sent: object) -> None:
    values, complete = read({field: sent})
    assert (values.get(field) or None, complete) == (None, False)


def test_what_was_read_before_a_misfit_stays_and_what_follows_is_lost() -> None:
    assert read({"name": "x", "value": "abc", "max_results": 5}) == ({"name": "x"}, False)


def test_items_read_before_a_misfit_stay_in_their_list() -> None:
    payload = {"tags": [{"key": "a", "value": "b"}, {"key": "c", "value": 5}, {"key": "d"}]}
    assert read(payload) == ({"tags": [{"key": "a", "value": "b"}, {"key": "c"}]}, False)


def test_null_counts_as_absent_and_unknown_fields_are_ignored() -> None:
    assert read({"name": None, "zzz": 1}) == ({}, True)


def test_camel_case_names_mean_the_same_field() -> None:
    assert read({"maxResults": 5}) == ({"max_results": 5}, True)


def test_unknown_names_of_an_enumeration_may_be_ignored() -> None:
    assert read({"view": "FOO", "name": "x"}, ignore_unknown=True) == ({"name": "x"}, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["key", "value"]), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*MESSAGE.fields, "maxResults", "x"]), JSON))
def test_no_json_makes_the_reader_fail(payload: dict[str, Any]) -> None:
    values, _ = read(payload)
    assert set(values) <= set(MESSAGE.fields)
