"""The strict reader of tables: what it accepts, converts and refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.schema import (
    AtLeast,
    ImpossibleError,
    Key,
    Matches,
    SchemaError,
    Seconds,
    did_you_mean,
    parse_seconds,
    read,
)


@dataclass(frozen=True)
class Inner:
    level: Literal["low", "high"] = "low"


@dataclass(frozen=True)
class Outer:
    name: Annotated[str, Matches(r"[a-z]+", "lower-case letters")]
    count: Annotated[int, AtLeast(1)] | None = None
    wait: Seconds = 0.0
    with_: Annotated[Mapping[str, str], Key("with")] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)
    items: tuple[Inner, ...] = ()
    anything: Any = None

    def __post_init__(self) -> None:
        if self.count == 13:
            raise ImpossibleError("thirteen does not go")


def test_a_table_becomes_its_dataclass_with_reserved_words_renamed() -> None:
    table = {"name": "abc", "wait": "250ms", "with": {"a": "b"}, "inner": {"level": "high"}, "items": [{}]}

    assert read(Outer, table, "t") == Outer("abc", None, 0.25, {"a": "b"}, Inner("high"), (Inner(),))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"nam": "a"}, r"t: unknown key 'nam'; did you mean 'name'\?"),
        ({}, "t: 'name' is missing"),
        ({"name": 3}, "'name' must be text, not 3"),
        ({"name": "A"}, "'name' must be lower-case letters, not 'A'"),
        ({"name": "a", "count": True}, "'count' must be a whole number, not true"),
        ({"name": "a", "count": 0}, "'count' must be at least 1, not 0"),
        ({"name": "a", "count": 13}, "t: thirteen does not go"),
        ({"name": "a", "wait": "soon"}, "'wait' must be seconds"),
        ({"name": "a", "wait": -1}, "'wait' must be a duration of zero or more"),
        ({"name": "a", "inner": {"level": "hihg"}}, r"'inner': 'level' cannot be 'hihg'; did you mean 'high'\?"),
        ({"name": "a", "inner": []}, "'inner': expected a table, not a list"),
        ({"name": "a", "items": {}}, "'items' must be a list, not a table"),
        ({"name": "a", "items": [{}, {"x": 1}]}, "'items' 2: unknown key 'x'"),
        ({"name": "a", "with": {"k": 1}}, "'with': 'k' must be text, not 1"),
        ([], "t: expected a table, not a list"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(table: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        read(Outer, table, "t")


@given(st.floats(0, 1e6), st.sampled_from([("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]))
def test_a_duration_means_its_number_times_its_unit(number: float, unit: tuple[str, float]) -> None:
    text = f"{number:.3f}{unit[0]}"

    assert parse_seconds(text) == float(f"{number:.3f}") * unit[1]


@given(st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=8) | st.lists(st.integers())))
def test_any_table_is_either_read_or_refused_in_words(table: dict[str, Any]) -> None:
    try:
        outcome: object = read(Outer, table, "t")
    except SchemaError as error:
        outcome = error

    assert isinstance(outcome, Outer) or str(outcome).startswith("t")


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("tls.expird", "; did you mean 'tls.expired'? (known: net.reset, tls.expired, tls.wrong_name)"),
        ("tls", "; there are tls.expired, tls.wrong_name"),
        ("zz", "; known: net.reset, tls.expired, tls.wrong_name"),
    ],
)
def test_an_unknown_word_is_answered_with_those_that_were_perhaps_meant(word: str, sentence: str) -> None:
    assert did_you_mean(word, ["tls.expired", "net.reset", "tls.wrong_name"]) == sentence
