"""What counts as a secret: by the name it stands under, or by its own shape. Data and small pure functions only."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["LEARNED_LENGTH", "PUBLIC_KEYS", "SHAPES", "Shape", "kind_of_name", "kind_of_value", "looks_random"]

PUBLIC_KEYS = frozenset({"hk_test_admin", "hk_test_default", "hk_test_reader"})
"""The mock's own keys: public constants, the same in every installation, never redacted."""

LEARNED_LENGTH = 8
"""Values shorter than this are redacted where they stand and not searched for elsewhere: they are too common."""

_KIND_BY_WORDS = {
    "api_key": "api-key",
    "api_keys": "api-key",
    "access_key": "access-key",
    "access_key_id": "access-key",
    "access_keys": "access-key",
    "account_key": "access-key",
    "auth": "credential",
    "authorization": "credential",
    "credential": "credential",
    "credentials": "credential",
    "cookie": "cookie",
    "session_id": "cookie",
    "sessionid": "cookie",
    "jwt": "token",
    "token": "token",
    "token_plaintext": "token",
    "tokens": "token",
    "passphrase": "password",
    "passwd": "password",
    "password": "password",
    "passwords": "password",
    "pwd": "password",
    "private_key": "private-key",
    "secret": "secret",
    "secret_key": "secret",
    "secrets": "secret",
    "sig": "signature",
    "signature": "signature",
    "signing_key": "secret",
}
"""A name is sensitive when it is one of these, or ends with one after an underscore (`HOKUSAI_API_KEY`)."""

_RUN_TOGETHER = {"apikey": "api-key", "password": "password", "passwd": "password", "accesstoken": "token"}
"""Endings that need no underscore before them (`MYPASSWORD`)."""

_HARMLESS = ("page_token", "continuation_token", "max_tokens", "num_tokens", "total_tokens", "completion_tokens")
"""Names that end like a secret and hold none: MLflow's pagination, token counts of language models."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=4096)
def kind_of_name(name: str) -> str | None:
    """The kind of secret that stands under `name` (a header, key, parameter or variable), or `None`."""
    return _kind_of_words(_CAMEL.sub("_", name)) or _kind_of_words(name)  # `apiKey`, and `aPIKEY` for `apikey`


def _kind_of_words(name: str) -> str | None:
    words = _SEPARATORS.sub("_", name.lower()).strip("_")
    if words.endswith(_HARMLESS):
        return None
    pieces = words.split("_")
    for start in range(max(0, len(pieces) - 3), len(pieces)):
        kind = _KIND_BY_WORDS.get("_".join(pieces[start:]))
        if kind:
            return kind
    return next((kind for ending, kind in _RUN_TOGETHER.items() if pieces[-1].endswith(ending)), None)


class Shape(NamedTuple):
    """A token that is recognised wherever it stands; group 1 of `pattern`, if there is one, is the secret itself."""

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...]
    """Lower-case text without which the pattern cannot match: a cheap test before the expensive one."""


SHAPES = (
    Shape(
        "private-key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S),
        ("private key",),
    ),
    Shape("api-key", re.compile(r"hk_[A-Za-z0-9_]{6,}"), ("hk_",)),
    Shape("jwt", re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"), ("eyj",)),
    Shape("aws-key", re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}"), ("akia", "asia")),
    Shape(
        "github-token",
        re.compile(r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"),
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    ),
    Shape("huggingface-token", re.compile(r"(?:hf_|api_org_)[A-Za-z0-9]{20,}"), ("hf_", "api_org_")),
    Shape("databricks-token", re.compile(r"dapi[0-9a-f]{32}(?:-\d+)?"), ("dapi",)),
    Shape("bearer", re.compile(r"\bbearer(?:\s|\+|%20)+([A-Za-z0-9._~+/=-]{8,})", re.I), ("bearer",)),
    Shape("basic", re.compile(r"\bbasic(?:\s|\+|%20)+([A-Za-z0-9+/_-]{8,}={0,2})", re.I), ("basic",)),
)
"""Token shapes, the most telling first. No left word boundary: `%20hk_...` and `\\nhk_...` must match as well."""


def kind_of_value(value: str) -> str | None:
    """The kind of a value that has a known token shape from its first to its last character, or `None`."""
    for shape in SHAPES:
        if shape.pattern.groups == 0 and shape.pattern.fullmatch(value):
            return shape.kind
    return None


def looks_random(value: str) -> bool:
    """Tell a credential from an English word: `bearer authentication` is prose, a lower-case word is no secret."""
    return len(value) >= LEARNED_LENGTH and not (value.isalpha() and (value.islower() or value.istitle()))
