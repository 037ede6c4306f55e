"""The filter language of MLflow's searches: text to comparisons. What a key means is decided in `search_rules.py`.

Grammar: comparisons joined by AND (which MLflow also accepts doubled, leading, trailing or left out):

    comparison = identifier operator value | identifier ["NOT"] "IN" "(" string {"," string} ")"
               | identifier "IS" ["NOT"] "NULL"                  where the search knows nulls (from 3.17 on)
    operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE"
    identifier = name {"." name}        a name may stand in backticks or double quotes

Whatever else stands in a filter is refused and named, never ignored. Beside filters, `order_by` clauses are parsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from hokusai_mock.store.errors import invalid

__all__ = ["Comparison", "Kind", "OrderBy", "Token", "UnreadableClauses", "parse_filter", "parse_order_by"]


class Kind(Enum):
    """What a token is."""

    STRING = "string"
    NUMBER = "number"
    IDENTIFIER = "identifier"
    OPERATOR = "operator"
    LIST = "list"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    """One token with its text as written and where it starts; a list carries its items, unquoted."""

    kind: Kind
    text: str
    start: int = 0
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison as written; `operator` in capitals."""

    identifier: str
    operator: str
    value: Token


@dataclass(frozen=True, slots=True)
class OrderBy:
    """One ordering clause: the key as written, and its direction."""

    identifier: str
    ascending: bool


class UnreadableClauses(Exception):
    """Tokens that belong to no comparison; each search words its refusal."""

    def __init__(self, texts: list[str], before: tuple[Comparison, ...] = ()) -> None:
        """Name the tokens as they were written, and the comparisons that stand before the first of them."""
        super().__init__(", ".join(texts))
        self.texts = texts
        self.before = before


_NAME = r"(?:[^\W\d]\w*|`[^`]*`|\"[^\"]*\")"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<string>'(?:''|\\'|[^'])*')
    | (?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<not_null>NOT\s+NULL\b)
    | (?P<identifier>{_NAME}(?:\.(?:\w+|`[^`]*`|\"[^\"]*\"))*\.?)
    | (?P<operator><=|>=|!=|<>|==|=|<|>)
    | (?P<other>\S)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_WORD_OPERATORS = frozenset({"LIKE", "ILIKE"})
_ARITHMETIC = frozenset("+-*/%")
_SWALLOWED = 2
"""So many things after a lone identifier MLflow takes with it, looking for a list; a list among them goes unread."""
_WORDS = frozenset({"AND", "OR", "IN", "NOT", "IS", "NULL"})


@lru_cache(maxsize=512)
def parse_filter(text: str, *, nulls: bool = False) -> tuple[Comparison, ...]:
    """Parse a filter; `UnreadableClauses` names what is no comparison. The same text is parsed once."""
    tokens = _tokens(text)
    comparisons: list[Comparison] = []
    unreadable: list[str] = []
    position = swallowed = understood = 0
    while position < len(tokens):
        found, end = _null_test(tokens, position) if nulls else (None, position)
        if found is None:
            found, end = _comparison(tokens, position)
        if found is not None and not (swallowed and found.value.kind is Kind.LIST):
            comparisons.append(found)
            _refuse_chain(found, tokens, end)
        else:
            end = _group(tokens, position)
            if tokens[position].text.upper() != "AND":
                understood = understood if unreadable else len(comparisons)
                last = tokens[end - 1]
                unreadable.append(text[tokens[position].start : last.start + len(last.text)])
                if tokens[position].kind is Kind.IDENTIFIER and not swallowed:
                    swallowed = 1 + _SWALLOWED
        position, swallowed = end, max(swallowed - 1, 0)
    if unreadable:
        raise UnreadableClauses(unreadable, tuple(comparisons[:understood]))
    return tuple(comparisons)


def _tokens(text: str) -> list[Token]:
    tokens = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        value, start = match[kind], match.start(kind)
        if kind == "not_null":
            tokens.append(Token(Kind.OTHER, value, start))
        elif kind == "identifier" and value.upper() in _WORD_OPERATORS:
            tokens.append(Token(Kind.OPERATOR, value, start))
        elif kind == "identifier" and value.upper() in _WORDS:
            tokens.append(Token(Kind.OTHER, value, start))
        else:
            tokens.append(Token(Kind(kind), value, start))
    return tokens


def _null_test(tokens: list[Token], at: int) -> tuple[Comparison | None, int]:
    """`a IS NULL` or `a IS NOT NULL` at a token, and where the next thing starts; the value is the word NULL."""
    words = [token.text.upper().split() for token in tokens[at + 1 : at + 3]]
    if tokens[at].kind is Kind.IDENTIFIER and words in ([["IS"], ["NULL"]], [["IS"], ["NOT", "NULL"]]):
        return Comparison(tokens[at].text, " ".join(words[0] + words[1]), tokens[at + 2]), at + 3
    return None, at


def _comparison(tokens: list[Token], at: int) -> tuple[Comparison | None, int]:
    """The comparison that starts at a token, and where the next thing starts."""
    first, second, third = (tokens[at + step] if at + step < len(tokens) else None for step in range(3))
    if first is None or second is None or third is None:
        return None, at
    if first.kind in (Kind.STRING, Kind.NUMBER) and second.kind is Kind.OPERATOR:
        raise invalid(f"Invalid comparison clause. Expected 'Identifier' found '{first.text}'")
    if first.kind is not Kind.IDENTIFIER:
        return None, at
    if second.kind is Kind.OPERATOR:
        if third.kind in (Kind.STRING, Kind.NUMBER, Kind.IDENTIFIER):
            return Comparison(first.text, second.text.upper(), third), at + 3
        return None, at
    negated = second.text.upper() == "NOT" and third.text.upper() == "IN"
    if negated or second.text.upper() == "IN":
        items, end = _list(tokens, at + (3 if negated else 2))
        if items is not None:
            return Comparison(first.text, "NOT IN" if negated else "IN", items), end
    return None, at


def _list(tokens: list[Token], at: int) -> tuple[Token | None, int]:
    if at >= len(tokens) or tokens[at].text != "(":
        return None, at
    end = next((i for i in range(at, len(tokens)) if tokens[i].text == ")"), None)
    if end is None:
        return None, at
    inside = tokens[at + 1 : end]
    items, commas = inside[::2], inside[1::2]
    if not items:
        raise invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but got empty list"
        )
    if any(comma.text != "," for comma in commas) or any(item.kind is Kind.IDENTIFIER for item in items):
        raise invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list."
        )
    if any(item.kind is not Kind.STRING for item in items):
        listed = ", ".join(item.text for item in items)
        raise invalid(
            "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different "
            f"type in list: ({listed})"
        )
    text = "(" + ", ".join(item.text for item in items) + ")"
    return Token(Kind.LIST, text, tokens[at].start, tuple(item.text[1:-1] for item in items)), end + 1


def _group(tokens: list[Token], at: int) -> int:
    """Where what starts at a token ends: after its closing parenthesis or its arithmetic, else after the token."""
    operands = (Kind.IDENTIFIER, Kind.NUMBER)
    if tokens[at].kind in operands:
        while at + 2 < len(tokens) and tokens[at + 1].text in _ARITHMETIC and tokens[at + 2].kind in operands:
            at += 2
    depth = 0
    for index in range(at, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[index].text, 0)
        if depth <= 0:
            return index + 1
    return at + 1


def _refuse_chain(found: Comparison, tokens: list[Token], at: int) -> None:
    """`a > 0 > 1` compares a comparison."""
    if at < len(tokens) and tokens[at].kind is Kind.OPERATOR:
        written = f"{found.identifier} {found.operator} {found.value.text}"
        raise invalid(f"Invalid comparison clause. Expected 'Identifier' found '{written}'")


_KEYWORDS = frozenset({"TRUE", "FALSE", "NULL", "NONE", "KEY"})
"""Words of SQL that somebody may send as a key; MLflow's parser does not take them for one."""
_ORDER = re.compile(rf"\s*(?P<key>{_NAME}(?:\.(?:[^\s`\"]+|`[^`]*`|\"[^\"]*\"))*)(?:\s+(?P<direction>\S+))?\s*")


@lru_cache(maxsize=128)
def parse_order_by(clause: str) -> OrderBy:
    """Parse `key`, `key ASC` or `key DESC` (in any case)."""
    match = _ORDER.fullmatch(clause)
    if match is None or match["key"].upper() in _KEYWORDS:
        raise invalid(f"Invalid order_by clause '{clause}'. Could not be parsed.")
    direction = (match["direction"] or "asc").lower()
    if direction not in ("asc", "desc"):
        raise invalid(f"Invalid ordering key in order_by clause '{clause}'.")
    return OrderBy(match["key"], direction == "asc")
