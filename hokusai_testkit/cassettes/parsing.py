"""Both of vcrpy's formats as containers of leaves: every text can be replaced where it stands, nothing else changes.

YAML is read by its nodes, so that comments, order and layout survive; only plain data and `!!binary` are taken, never
a tag that makes an object. What a cassette is made of is in `file`.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hokusai_mock.recording.notation import body, quoted

__all__ = ["CassetteError", "Json", "Part", "Reading", "UnsafeTagError", "Yaml", "as_text"]

_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map"))
_BINARY = "tag:yaml.org,2002:binary"


class CassetteError(ValueError):
    """The file is no cassette that can be read; the message says what to do."""


class UnsafeTagError(CassetteError):
    """The file has a YAML tag that makes an object, which old versions of vcrpy execute."""


@dataclass(slots=True)
class Part:
    """One text of a cassette: where it stands, and how it is put back. Bytes where the file says binary."""

    place: str
    value: str | bytes
    line: int
    put: Callable[[str | bytes], None] = field(repr=False)


def as_text(value: str | bytes) -> str:
    """Bytes as text, so that the same bytes come of it again."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


class Reading:
    """A parsed file: containers are dicts and lists, leaves are whatever the format needs to put a text back."""

    def root(self) -> Any:
        """The whole file as containers of leaves."""
        raise NotImplementedError

    def plain(self, leaf: Any) -> Any:
        """Leaves and containers as plain data."""
        raise NotImplementedError

    def line(self, leaf: Any) -> int:
        """The line at which a leaf begins, from 1."""
        raise NotImplementedError

    def part(self, place: str, leaf: Any) -> Part:
        """A leaf as a text that can be put back; `place` names it for people."""
        raise NotImplementedError

    def render(self) -> str:
        """The file with everything that was put back; unchanged where nothing was."""
        raise NotImplementedError

    def set_about(self, name: str, value: str) -> None:
        """Set one entry of the kit's header block."""
        raise NotImplementedError


class Json(Reading):
    """vcrpy's JSON: written again as vcrpy writes it."""

    def __init__(self, text: str) -> None:
        try:
            self._root: Any = json.loads(text)
        except ValueError as error:
            raise CassetteError(f"it is no JSON: {error}") from error
        self._text, self._changed = text, False
        self._leaves: list[tuple[Any, Any]] = []

    def root(self) -> Any:
        """The whole file as containers of leaves."""
        return self._root if not isinstance(self._root, dict) else _Leaf.tree(self._root)

    def plain(self, leaf: Any) -> Any:
        """Leaves and containers as plain data."""
        if isinstance(leaf, _Leaf):
            return leaf.value
        if isinstance(leaf, dict):
            return {key: self.plain(value) for key, value in leaf.items()}
        return [self.plain(value) for value in leaf] if isinstance(leaf, list) else leaf

    def line(self, leaf: Any) -> int:  # noqa: ARG002 - JSON has no places
        """The first: JSON knows no places."""
        return 1

    def part(self, place: str, leaf: Any) -> Part:
        """A value that is put back into its container."""
        value = leaf.value
        if leaf.key == "base64_string":
            value = b64decode(value)

        def put(new: str | bytes) -> None:
            self._changed = True
            raw = new if isinstance(new, bytes) else new.encode("utf-8", "surrogateescape")
            leaf.container[leaf.key] = b64encode(raw).decode() if leaf.key == "base64_string" else as_text(new)

        return Part(place, value if isinstance(value, (str, bytes)) else str(value), 1, put)

    def render(self) -> str:
        """The file as vcrpy writes it; as it was where nothing was put back."""
        return json.dumps(self._root, indent=4) + "\n" if self._changed else self._text

    def set_about(self, name: str, value: str) -> None:
        """Set one entry of the kit's header block."""
        self._changed = True
        self._root.setdefault("hokusai_testkit", {})[name] = value


@dataclass(slots=True)
class _Leaf:
    container: Any
    key: Any
    value: Any

    @classmethod
    def tree(cls, container: Any) -> Any:
        items = container.items() if isinstance(container, dict) else enumerate(container)
        made = {
            key: cls.tree(value) if isinstance(value, (dict, list)) else cls(container, key, value)
            for key, value in items
        }
        return made if isinstance(container, dict) else list(made.values())


class Yaml(Reading):
    """YAML by its nodes: a text is replaced between its two marks."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[tuple[int, int, str]] = []
        self._node = _compose(text)
        for node in _nodes(self._node):
            if node.tag not in _PLAIN_TAGS and node.tag not in (_BINARY, "tag:yaml.org,2002:timestamp"):
                raise UnsafeTagError(
                    f"line {node.start_mark.line + 1}: the tag {_shown(node.tag)} makes an object, and vcrpy before "
                    "8.2.1 runs code for it: do not play this file; record it again, or delete the entry"
                )

    def root(self) -> Any:
        """The whole file as containers of leaves."""
        return _tree(self._node)

    def plain(self, leaf: Any) -> Any:
        """Leaves and containers as plain data."""
        if isinstance(leaf, dict):
            return {key: self.plain(value) for key, value in leaf.items()}
        if isinstance(leaf, list):
            return [self.plain(value) for value in leaf]
        return None if leaf is None else _value(leaf)

    def line(self, leaf: Any) -> int:
        """The line at which a node begins, from 1."""
        return int(leaf.start_mark.line) + 1

    def part(self, place: str, leaf: Any) -> Part:
        """A scalar that is put back between its two marks."""
        value = _value(leaf)

        def put(new: str | bytes) -> None:
            start, end = leaf.start_mark.index, leaf.end_mark.index
            old = self._text[start:end]
            tail = old[len(old.rstrip("\r\n")) :] if old.rstrip(" ").endswith("\n") else ""
            self._edits.append((start, end, _scalar(new) + tail))

        return Part(place, value if isinstance(value, (str, bytes)) else str(value), self.line(leaf), put)

    def render(self) -> str:
        """The text with every edit in its place."""
        pieces, end = [], 0
        for start, stop, new in sorted(self._edits):
            pieces += [self._text[end:start], new]
            end = stop
        return "".join([*pieces, self._text[end:]])

    def set_about(self, name: str, value: str) -> None:
        """Set one entry of the kit's header block."""
        root = self.root()
        leaf = (root.get("hokusai_testkit") or {}).get(name)
        if leaf is not None:
            self._edits.append((leaf.start_mark.index, leaf.end_mark.index, quoted(value)))
        elif "hokusai_testkit" not in root:
            self._edits.append((0, 0, f"hokusai_testkit:\n  {name}: {quoted(value)}\n"))
        else:
            first = self._node.value[[key.value for key, _ in self._node.value].index("hokusai_testkit")][1]
            indent = " " * first.start_mark.column
            self._edits.append((first.start_mark.index, first.start_mark.index, f"{name}: {quoted(value)}\n{indent}"))


def _compose(text: str) -> Any:
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise CassetteError(
            "reading YAML needs PyYAML, which comes with vcrpy: pip install 'hokusai-testkit[recording]'"
        ) from error
    try:
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise CassetteError(f"it is no YAML: {where}{getattr(error, 'problem', None) or error}") from error
    if node is None:
        raise CassetteError("it is empty")
    return node


def _nodes(node: Any, depth: int = 0) -> Iterator[Any]:
    if depth > 50:
        raise CassetteError("it is nested too deeply, or refers to itself")
    yield node
    if isinstance(node.value, list):
        for item in node.value:
            for below in item if isinstance(item, tuple) else (item,):
                yield from _nodes(below, depth + 1)


def _tree(node: Any) -> Any:
    """Mappings as dicts, sequences as lists, scalars as their nodes."""
    if node.id == "mapping":
        return {key.value: _tree(value) for key, value in node.value}
    return [_tree(item) for item in node.value] if node.id == "sequence" else node


def _value(node: Any) -> Any:
    if node.tag == _BINARY:
        return b64decode("".join(node.value.split()))
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "int":
        return int(node.value.replace("_", ""), 0)
    if kind == "bool":
        return node.value.lower() in ("true", "yes", "on")
    return node.value


def _scalar(value: str | bytes) -> str:
    return quoted(value) if isinstance(value, str) else body(value)


def _shown(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
