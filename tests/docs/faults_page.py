"""The generated parts of `docs/faults.md`: the reference of effects, and what clients make of them.

    python tests/docs/faults_page.py     write them anew (needs requests, urllib3, httpx and curl)

The reference comes from the dataclasses of the effects, the table from `client_outcomes.py`.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import typing
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from client_outcomes import CLIENTS, Outcome, outcomes, versions

from hokusai_mock.faults import EFFECTS
from hokusai_mock.faults.interface import Effect
from hokusai_mock.schema import AtLeast, Between, Seconds

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"

_MARKS = "<!-- generated: {0} -->\n{1}<!-- end: {0} -->"


def part(page: str, name: str) -> str:
    """The generated part of that name, as the page has it."""
    found = re.search(_MARKS.format(re.escape(name), "(.*?)"), page, re.DOTALL)
    if found is None:
        raise LookupError(f"{PAGE.name} has no part {name!r}: {_MARKS.format(name, '...')}")
    return found[1]


def with_part(page: str, name: str, text: str) -> str:
    """The page with `text` as its generated part of that name."""
    return page.replace(_MARKS.format(name, part(page, name)), _MARKS.format(name, text))


# -- the reference -----------------------------------------------------------------------------------------------------


def reference() -> str:
    """Every effect: what it does, where it is at home, its parameters."""
    return "\n" + "\n".join(_described(effect) for effect in EFFECTS.values())


def _described(effect: type[Effect]) -> str:
    text = inspect.cleandoc(effect.__doc__ or "")
    lines = [f"### `{effect.name}`", "", text, "", f"At home in the layer `{effect.home}`{_acts(effect)}.", ""]
    rows = list(_parameters(effect))
    if rows:
        lines += ["| parameter | value | default |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _acts(effect: type[Effect]) -> str:
    if effect.only_delays:
        return "; the layer's own answer goes on its way"
    return "; it works on the layer's own answer, so the layer acts with `before` too" if effect.alters else ""


def _parameters(effect: Any) -> typing.Iterator[str]:
    hints = typing.get_type_hints(effect, include_extras=True)
    for field in dataclasses.fields(effect):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = (
            "required" if required else "" if field.default in (None, dataclasses.MISSING) else _shown(field.default)
        )
        yield f"| `{field.name}` | {_value(hints[field.name])} | {default} |"


def _shown(value: object) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _value(annotation: Any) -> str:
    """The type of a parameter, in words."""
    if type(None) in get_args(annotation):
        annotation = next(choice for choice in get_args(annotation) if choice is not type(None))
    if annotation == Seconds:
        return 'seconds, or text such as `"250ms"`'
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    bounds = [mark for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, AtLeast | Between)]
    if bounds:
        bound = bounds[0]
        limits = f"from {bound.minimum}" + (f" to {bound.maximum}" if isinstance(bound, Between) else " up")
        return f"{_value(annotation.__origin__)} {limits}"
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Any: "any JSON"}
    return words.get(annotation, "a table of texts")


# -- the table ---------------------------------------------------------------------------------------------------------


def table(found: dict[str, dict[str, Outcome]], made_with: dict[str, str]) -> str:
    """One row a fault, one column a client."""
    head = [f"{name} {made_with[name]}" for name in CLIENTS]
    rows = [[title, *(row[name].cell() for name in CLIENTS)] for title, row in found.items()]
    lines = [["fault", *head], ["---"] * (len(head) + 1), *rows]
    return "\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n\n"


def documented(page: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The versions that the page's table was made with, and its cells by fault and client."""
    rows = [line.strip("| ").split(" | ") for line in part(page, "clients").splitlines() if line.startswith("|")]
    head, _, *body = rows
    names = [cell.partition(" ")[0] for cell in head[1:]]
    made_with = {name: cell.partition(" ")[2] for name, cell in zip(names, head[1:], strict=True)}
    return made_with, {title: dict(zip(names, cells, strict=True)) for title, *cells in body}


def main() -> int:
    """Write the generated parts anew."""
    made_with = versions()
    if missing := [name for name in CLIENTS if name not in made_with]:
        sys.stderr.write(f"the table needs all of its clients; {missing[0]} is not installed\n")
        return 2
    page = with_part(PAGE.read_text("utf-8"), "effects", reference())
    PAGE.write_text(with_part(page, "clients", table(outcomes(list(CLIENTS)), made_with)), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
