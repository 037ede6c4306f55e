"""The filter language: what is read, and that nothing is ignored silently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.store.errors import StoreError
from hokusai_mock.store.filter_language import Kind, UnreadableClauses, parse_filter, parse_order_by

NAMES = st.sampled_from(
    ["name", "tags.team", "tag.`mlflow.prompt.is_prompt`", 'params."a b"', "metrics.loss", "attr.`x y`"]
)
TEXTS = st.text(st.characters(blacklist_characters="'\\", blacklist_categories=("Cs",)), max_size=8)
VALUES = TEXTS.map(lambda text: f"'{text}'") | st.floats(allow_nan=False, allow_infinity=False).map(repr)
COMPARISONS = st.tuples(NAMES, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "LIKE", "ilike"]), VALUES)


@given(st.lists(COMPARISONS, min_size=1, max_size=4), st.sampled_from([" AND ", " and ", "\n  And\t"]))
def test_comparisons_joined_by_and_are_read_as_written(parts: list[tuple[str, str, str]], joint: str) -> None:
    parsed = parse_filter(joint.join(f"{name} {operator} {value}" for name, operator, value in parts))
    assert [(one.identifier, one.operator, one.value.text) for one in parsed] == [
        (name, operator.upper(), value) for name, operator, value in parts
    ]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parsed = parse_filter(text)
    except (UnreadableClauses, StoreError):
        return
    leftover = text
    for one in parsed:
        leftover = leftover.replace(one.identifier, "", 1).replace(one.value.text, "", 1)
    assert not any(letter.isalpha() and letter.upper() not in "ANDLIKENOT" for letter in leftover)


@pytest.mark.parametrize(
    ("text", "unreadable"),
    [
        ("name = 'a' OR name = 'b'", ["OR"]),
        ("name =", ["name", "="]),
        ("name LIKE", ["name", "LIKE"]),
        ("(name = 'a')", ["(name = 'a')"]),
        ("name = 'a", ["name", "=", "'", "a"]),
        ("name IS NULL", ["name", "IS", "NULL"]),
        ("name = 'a';", [";"]),
        ("name BETWEEN 1", ["name", "BETWEEN", "1"]),
    ],
)
def test_what_is_no_comparison_is_named(text: str, unreadable: list[str]) -> None:
    with pytest.raises(UnreadableClauses) as caught:
        parse_filter(text)
    assert caught.value.texts == unreadable


def test_lists_are_read_with_and_without_not() -> None:
    inside, outside = parse_filter("run_id IN ('a', 'b') AND run_id NOT IN ('c')")
    assert (inside.operator, inside.value.kind, inside.value.items) == ("IN", Kind.LIST, ("a", "b"))
    assert (outside.operator, outside.value.items) == ("NOT IN", ("c",))


@pytest.mark.parametrize(
    ("text", "complaint"), [("a IN ()", "empty list"), ("a IN ('x' 'y')", "ill-formed"), ("a IN (1)", "type")]
)
def test_bad_lists_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(StoreError, match=complaint):
        parse_filter(text)


def test_a_comparison_of_comparisons_is_refused() -> None:
    with pytest.raises(StoreError, match="Expected 'Identifier' found 'a > 0'"):
        parse_filter("a > 0 > 1")


@pytest.mark.parametrize(
    ("clause", "identifier", "ascending"),
    [("name", "name", True), ("metrics.`a b` desc", "metrics.`a b`", False), ("tags.x-y ASC", "tags.x-y", True)],
)
def test_orders_are_read(clause: str, identifier: str, ascending: bool) -> None:
    parsed = parse_order_by(clause)
    assert (parsed.identifier, parsed.ascending) == (identifier, ascending)


@pytest.mark.parametrize("clause", ["", "name SIDEWAYS", "name ASC NULLS", "= x", "True", "null DESC"])
def test_bad_orders_are_refused(clause: str) -> None:
    with pytest.raises(StoreError, match="order_by clause"):
        parse_order_by(clause)


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("tags.k AND name IN ('a', 'b')", ["tags.k", "name", "IN", "('a', 'b')"]),
        ("tags.k AND a = 'b' AND name IN ('a')", ["tags.k"]),
        ("tags.k AND name = 'a'", ["tags.k"]),
    ],
)
def test_a_lone_identifier_swallows_a_list_that_follows_it(text: str, unread: list[str]) -> None:
    with pytest.raises(UnreadableClauses) as caught:
        parse_filter(text)
    assert caught.value.texts == unread


@pytest.mark.parametrize("text", ["a/b", "a / b % 2"])
def test_arithmetic_is_unreadable_as_a_whole(text: str) -> None:
    with pytest.raises(UnreadableClauses) as caught:
        parse_filter(text)
    assert caught.value.texts == [text]
