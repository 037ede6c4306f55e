"""The API reference holds every promise and every case, and writes signatures and docstrings as users read them."""

from __future__ import annotations

import re
from pathlib import Path

import griffe
import pytest

from hokusai_testkit.contract.promises import PROMISES
from makers import api
from makers.contract_source import cases_by_promise

PAGES = api.pages()
TEXTS = "\n".join(PAGES.values())


@pytest.mark.parametrize("name", PROMISES)
def test_a_promise_has_its_heading_its_signature_and_its_cases(name: str) -> None:
    promise = PROMISES[name]
    pages = [text for text in PAGES.values() if f"\n# {promise.owner}\n" in text or f"\n## {promise.owner}\n" in text]
    called = promise.method or name
    headings = [f"\n## {heading}\n" for heading in (promise.method or name, f"{name}(...)")]

    assert any(
        any(heading in page for heading in headings) and re.search(rf"^(await )?{called}\(", page, re.MULTILINE)
        for page in pages
    )
    absent = [facts.id for _, facts in cases_by_promise().get(name, []) if facts.summary not in "".join(pages)]
    assert absent == []


SAMPLE = '''
"""A sample: what is read."""

__all__ = ["Sample"]

class Sample(Protocol):
    """Samples. Documented import: `from hokusai import Sample`."""

    def take(self, size: int, /, *others: str, registry: OwnModelRegistry | None = None, **more: float) -> list[str]:
        """Take one, as `ConfigurationError` and A05 say.

        Args:
            size: rows, at least 1.
            registry: where to look | at what.

        Returns:
            The names.

        Raises:
            MLflowAuthenticationError, MLflowConnectionError: no answer.
            InvalidParameterError: a size below 1.
        """

    async def wait(self, *, timeout_in_seconds: float = 30.0, words_that_follow: str = "none, if not given") -> None:
        """Wait."""
'''


@pytest.fixture
def sample() -> griffe.Module:
    return griffe.visit("sample", Path("sample.py"), SAMPLE)


def written(sample: griffe.Module, method: str) -> list[str]:
    function = sample[f"Sample.{method}"]
    link = api._linker([], api.exceptions())
    return "\n".join(api._callable(function, method, f"Sample.{method}", {}, link)).splitlines()


def test_a_signature_shows_how_each_parameter_is_given(sample: griffe.Module) -> None:
    assert written(sample, "take")[1] == (
        "take(size: int, /, *others: str, registry: ModelRegistry | None = None, **more: float) -> list[str]"
    )


def test_a_long_signature_has_a_line_a_parameter(sample: griffe.Module) -> None:
    assert written(sample, "wait")[1:6] == [
        "await wait(",
        "    *,",
        "    timeout_in_seconds: float = 30.0,",
        "    words_that_follow: str = 'none, if not given',",
        ") -> None",
    ]


def test_parameters_results_and_errors_of_a_docstring_stand_on_the_page(sample: griffe.Module) -> None:
    lines = written(sample, "take")

    assert "| `registry` | `ModelRegistry \\| None` | `None` | where to look \\| at what. |" in lines
    assert "- `list[str]`: The names." in lines
    assert (
        "- [`MLflowAuthenticationError`](exceptions.md#mlflowauthenticationerror), "
        "[`MLflowConnectionError`](exceptions.md#mlflowconnectionerror): no answer."
    ) in lines
    assert "- [`InvalidParameterError`](exceptions.md#invalidparametererror): a size below 1." in lines


def test_classes_and_incidents_in_a_text_are_links(sample: griffe.Module) -> None:
    lines = written(sample, "take")

    assert (
        "Take one, as [`ConfigurationError`](exceptions.md#configurationerror) and [A05](../incidents/A05.md) say."
        in lines
    )
