"""`help()` of the SDK says what the contract promises, word for word."""

from __future__ import annotations

import ast
import inspect

import pytest

from hokusai_testkit.contract.promises import PROMISES
from makers.help_texts import implementations, own_note, with_docstrings

IMPLEMENTATIONS = implementations()


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_help_says_what_is_promised(name: str) -> None:
    said = inspect.getdoc(IMPLEMENTATIONS[name]) or ""
    promised = {
        inspect.getdoc(PROMISES[other].function)
        for other, function in IMPLEMENTATIONS.items()
        if function is IMPLEMENTATIONS[name]
    }
    assert said.removesuffix(own_note(said)) in promised, (
        "the promise stands on the Protocol; `python docs/build.py` copies it into the SDK"
    )


def test_every_documented_method_is_there_to_be_told() -> None:
    assert [name for name, promise in PROMISES.items() if promise.method and name not in IMPLEMENTATIONS] == []


SOURCE = '''class One:
    @property
    def first(self):
        """Old."""
        return 1

    def second(self):
        # why
        return 2

    async def third(
        self,
    ):
        """Old

        and long.
        """


def fourth():
    """Old.

    Note:
        Beyond the promise.
    """
    return 4
'''


def test_docstrings_are_replaced_and_added_and_the_code_stays() -> None:
    said = {
        ("first", 2): "New.",
        ("second", 7): "Added.\n\nRaises:\n    ValueError: never.",
        ("third", 11): r"A \ in it.",
        ("fourth", 20): "Kept short.",
    }

    made = with_docstrings(SOURCE, said)

    tree = ast.parse(made)
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert {name: ast.get_docstring(node) for name, node in functions.items()} == {
        "first": "New.",
        "second": "Added.\n\nRaises:\n    ValueError: never.",
        "third": r"A \ in it.",
        "fourth": "Kept short.\n\nNote:\n    Beyond the promise.",
    }
    assert "# why" in made
    assert with_docstrings(made, {}) == made
