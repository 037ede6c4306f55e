"""The API reference: a page a class of the contract, one a group of functions, one with the exceptions, and an index.

Every sentence comes from the docstrings of `hokusai_testkit/contract/api/` (and of `hokusai.exceptions`), which are
also what `help()` shows; nothing is written here but the frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import griffe

from hokusai_testkit.contract.case import Case
from makers.contract_source import (
    Area,
    Documented,
    areas,
    cases_by_promise,
    exceptions,
    imports_of,
    text_sections,
)
from makers.markdown import cell, code, text_of

__all__ = ["FOLDER", "pages"]

FOLDER = "api"
_SOURCE = "hokusai_testkit/contract/api"
NOTE = f"<!-- Made by docs/build.py from the docstrings of {_SOURCE}. Change those, then run it again. -->"
WIDTH = 100
"""Characters up to which a signature stands in one line."""

_INCIDENTS = frozenset(path.stem for path in (Path(__file__).parents[1] / "incidents").glob("[A-G][0-9][0-9].md"))
_IMPORT = re.compile(r" ?(Documented import: )?`from hokusai[^`]*`\.")
"""Stands on the page already."""
EXCEPTIONS = "exceptions"
"""The area whose classes stand together on one page."""
_CASES = "../../hokusai_testkit/contract/cases"
Held = Mapping[str, Sequence[tuple[str, Case]]]
Linker = Callable[[str], str]


def pages() -> dict[str, str]:
    """The text of every page by its path below `docs/`."""
    read, raised, held = areas(), exceptions(), cases_by_promise()
    link = _linker(read, raised)
    carried = {one.name: one for area in read if area.name == EXCEPTIONS for one in area.classes}
    made = {"index": _index(read), EXCEPTIONS: _exceptions(raised, carried, held, link)}
    for area in read:
        if area.name != EXCEPTIONS:
            made |= {one.name: _class(one, held, link) for one in area.classes}
        if area.functions:
            made[area.name] = _functions(area, held, link)
    return {f"{FOLDER}/{name}.md": text_of(lines) for name, lines in made.items()}


# -- links -------------------------------------------------------------------------------------------------------------


def _linker(read: Sequence[Area], raised: Sequence[griffe.Class]) -> Linker:
    """What makes links of the code spans that name something documented, and of the codes of incidents."""
    targets = {one.name: f"{EXCEPTIONS}.md#{one.name.lower()}" for one in raised}
    for area in (one for one in read if one.name != EXCEPTIONS):
        targets |= {function.name: f"{area.name}.md#{function.name}" for function in area.functions}
        for one in area.classes:
            targets[one.name] = f"{one.name}.md"
            targets |= {f"{one.name}.{method.name}": f"{one.name}.md#{method.name}" for method in one.methods}

    def link(text: str) -> str:
        spans = re.split(r"(```.*?```|`[^`\n]*`)", text, flags=re.DOTALL)
        return "".join(_link_span(span, targets) if span.startswith("`") else _link_codes(span) for span in spans)

    return link


def _link_span(span: str, targets: Mapping[str, str]) -> str:
    target = targets.get(span.strip("`").removesuffix("()"))
    return f"[{span}]({target})" if target else span


def _link_codes(text: str) -> str:
    return re.sub(r"\b[A-G]\d\d\b", lambda found: _incident(found[0]), text)


def _incident(name: str) -> str:
    return f"[{name}](../incidents/{name}.md)" if name in _INCIDENTS else name


# -- pages -------------------------------------------------------------------------------------------------------------


def _index(read: Sequence[Area]) -> Iterator[str]:
    yield NOTE
    yield "# The public Python API"
    yield ""
    yield "What every implementation of Hokusai's Python API promises, and `hokusai-minimal-sdk` keeps. The same"
    yield "sentences are what `help()` says of the SDK. The contract suite ([contract.md](../contract.md)) holds any"
    yield "implementation to them; each page names the cases that do. What is raised: [exceptions](exceptions.md)."
    for area in (one for one in read if one.name != EXCEPTIONS):
        yield ""
        yield f"## {area.subject.rstrip('.')}"
        yield ""
        yield "| | |"
        yield "|---|---|"
        for one in area.classes:
            yield f"| [`{one.name}`]({one.name}.md) | {cell(_summary(one.source))} |"
            for method in one.methods:
                if not method.name.startswith("_"):
                    yield f"| [`.{method.name}`]({one.name}.md#{method.name}) | {cell(_summary(method))} |"
        for one in area.functions:
            yield f"| [`{one.name}`]({area.name}.md#{one.name}) | {cell(_summary(one.methods[0]))} |"


def _summary(of: griffe.Object) -> str:
    return _IMPORT.sub("", of.docstring.value.split("\n\n")[0]) if of.docstring else ""


def _class(one: Documented, held: Held, link: Linker) -> Iterator[str]:
    yield NOTE
    yield f"# {one.name}"
    yield ""
    yield from _import_line(one.name)
    yield from _text(one.source, link)
    if one.constructor is not None:
        yield f"## {one.name}(...)"
        yield ""
        yield from _callable(one.constructor, one.name, one.name, held, link)
    if one.attributes:
        yield "## Fields"
        yield ""
        yield from _fields(one, link)
    for method in one.methods:
        yield f"## {'entry[...]' if method.name == '__getitem__' else method.name}"
        yield ""
        yield from _callable(method, method.name, f"{one.name}.{method.name}", held, link)
    yield "[All of the API](index.md)"


def _fields(one: Documented, link: Linker) -> Iterator[str]:
    yield "| field | type | |"
    yield "|---|---|---|"
    for field in one.attributes:
        yield f"| `{field.name}` | {code(_type(field.annotation))} | {cell(link(_whole(field)))} |"
    yield ""


def _functions(area: Area, held: Held, link: Linker) -> Iterator[str]:
    yield NOTE
    yield f"# {area.subject.rstrip('.')}"
    for one in area.functions:
        yield ""
        yield f"## {one.name}"
        yield ""
        yield from _import_line(one.name)
        yield from _callable(one.methods[0], one.name, one.name, held, link)
    yield "[All of the API](index.md)"


def _import_line(name: str) -> Iterator[str]:
    places = imports_of(name)
    if places:
        others = ", ".join(f"`{place}`" for place in places[1:])
        yield f"`from {places[0]} import {name}`" + (f"; also from {others}" if others else "")
        yield ""


def _exceptions(
    raised: Sequence[griffe.Class], carried: Mapping[str, Documented], held: Held, link: Linker
) -> Iterator[str]:
    """One page of all: what they mean, from the SDK; how they are made and what they carry, from the contract."""
    yield NOTE.replace(_SOURCE, "sdk/hokusai/exceptions.py")
    yield "# Exceptions"
    yield ""
    yield "`from hokusai import HokusaiException, ...` or `from hokusai.exceptions import ...`. Every error carries"
    yield "`message`, `code` (the incident when it is known, such as [A05](../incidents/A05.md)), `status_code`,"
    yield "`remedy` (what to do next) and `url`; the original is its `__cause__`. None ever holds a secret."
    for one in sorted(raised, key=lambda one: not one.bases):  # what an error carries comes after the errors
        bases = ", ".join(f"`{base}`" for base in one.bases)
        yield ""
        yield f"## {one.name}"
        yield ""
        yield f"Bases: {link(bases)}." if bases else ""
        yield ""
        yield from _text(one, link)
        promised = carried.get(one.name)
        if promised is not None and promised.constructor is not None:
            yield from _callable(promised.constructor, one.name, one.name, held, link)
        if promised is not None and promised.attributes:
            yield from _fields(promised, link)
    yield "[All of the API](index.md)"


# -- a method, a constructor or a function -----------------------------------------------------------------------------


def _callable(function: griffe.Function, call: str, promise: str, held: Held, link: Linker) -> Iterator[str]:
    styles = function.overloads or [function]
    if call != "__getitem__":
        yield "```pyi"
        yield from (_signature(call, style) for style in styles)
        yield "```"
        yield ""
    yield from _text(function, link)
    yield from _cases(held.get(promise, ()))


def _signature(call: str, function: griffe.Function) -> str:
    parts, kind = [], griffe.ParameterKind
    parameters = list(function.parameters)[1:]
    for number, one in enumerate(parameters):
        before = parameters[number - 1].kind if number else None
        if one.kind is kind.keyword_only and before not in (kind.keyword_only, kind.var_positional):
            parts.append("*")
        if before is kind.positional_only and one.kind is not kind.positional_only:
            parts.append("/")
        parts.append(_parameter(one))
    returned = _type(function.returns)
    result = f" -> {returned}" if returned else ""
    prefix = "await " if "async" in function.labels else ""
    line = f"{prefix}{call}({', '.join(parts)}){result}"
    return (
        line if len(line) <= WIDTH else "\n".join([f"{prefix}{call}(", *(f"    {one}," for one in parts), f"){result}"])
    )


_STARS = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}


def _parameter(one: griffe.Parameter) -> str:
    typed = f": {_type(one.annotation)}" if one.annotation is not None else ""
    default = f" = {one.default}" if _has_default(one) else ""
    return f"{_STARS.get(one.kind or griffe.ParameterKind.positional_or_keyword, '')}{one.name}{typed}{default}"


def _has_default(one: griffe.Parameter) -> bool:
    return one.default is not None and one.kind not in _STARS


def _type(annotation: object) -> str:
    """A type as it is written, an implementation's own objects by the name of their class."""
    return re.sub(r"\bOwn(?=[A-Z])", "", "" if annotation is None else str(annotation))


def _parameters(section: griffe.DocstringSectionParameters, of: griffe.Object, link: Linker) -> Iterator[str]:
    """What `Args:` says of each parameter; without it the text speaks of them."""
    known = {one.name: one for one in of.parameters} if isinstance(of, griffe.Function) else {}
    yield "| parameter | type | default | |"
    yield "|---|---|---|---|"
    for one in section.value:
        parameter = known.get(one.name.lstrip("*"))
        kind = code(_type(parameter.annotation)) if parameter else ""
        default = code(str(parameter.default)) if parameter and _has_default(parameter) else ""
        yield f"| `{one.name}` | {kind} | {default} | {cell(link(one.description))} |"
    yield ""


# -- texts -------------------------------------------------------------------------------------------------------------


def _whole(of: griffe.Object) -> str:
    return of.docstring.value if of.docstring else ""


def _text(of: griffe.Object, link: Linker) -> Iterator[str]:
    """The sections of a docstring, in their order."""
    for section in text_sections(of):
        if isinstance(section, griffe.DocstringSectionText):
            yield link(_IMPORT.sub("", section.value))
            yield ""
        elif isinstance(section, griffe.DocstringSectionRaises):
            yield from _list(
                "Raises", [(f"`{name}`", one.description) for one in section.value for name in _names(one)], link
            )
        elif isinstance(section, griffe.DocstringSectionAdmonition):
            yield f"**{section.title}:** {link(str(section.value.description))}"
            yield ""
        elif isinstance(section, griffe.DocstringSectionExamples):
            yield "```pycon"
            yield from (str(example[1]) for example in section.value)
            yield "```"
            yield ""
        elif isinstance(section, griffe.DocstringSectionParameters):
            yield from _parameters(section, of, link)
        else:
            yield from _list(section.kind.value.capitalize(), [_item(one) for one in section.value], link)


def _names(raised: griffe.DocstringRaise) -> list[str]:
    """The classes of one line of `Raises`; a line may name several."""
    return [name.strip() for name in str(raised.annotation).strip("()").split(",")]


def _item(one: griffe.DocstringElement) -> tuple[str, str]:
    name = getattr(one, "name", "") or ""
    kind = _type(one.annotation)
    return (f"`{name}`" if name else f"`{kind}`" if kind else "", one.description)


def _list(title: str, items: Sequence[tuple[str, str]], link: Linker) -> Iterator[str]:
    """A section as a list; names that share a description stand in one line."""
    yield f"**{title}**"
    yield ""
    shared: dict[str, list[str]] = {}
    for name, description in items:
        shared.setdefault(" ".join(description.split()), []).append(name)
    for description, names in shared.items():
        named = ", ".join(link(name) for name in names if name)
        yield f"- {named}{': ' if named else ''}{link(description)}"
    yield ""


def _cases(held: Sequence[tuple[str, Case]]) -> Iterator[str]:
    if not held:
        return
    many = f"{len(held)} cases of the contract suite hold" if len(held) > 1 else "1 case of the contract suite holds"
    yield f"<details><summary>{many} this.</summary>"
    yield ""
    for file, facts in sorted(held, key=lambda one: one[1].name):
        yield f"- [`{facts.name.removeprefix('test_')}`]({_CASES}/{file}): {facts.summary}"
    yield ""
    yield "</details>"
    yield ""
