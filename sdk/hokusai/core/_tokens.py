"""The rules for token ids and for the tags of tokenized models. Decides on values, without I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from hokusai.exceptions import InvalidParameterError, RegistryException

__all__ = [
    "BASELINE_TAG",
    "METRIC_TAG",
    "TOKEN_TAG",
    "check_known_tags",
    "check_token_tags",
    "finite",
    "has_token_tags",
    "normalized",
    "tag_texts",
]

TOKEN_TAG = "hokusai_token_id"  # noqa: S105 - the name of a tag
METRIC_TAG = "benchmark_metric"
BASELINE_TAG = "benchmark_value"

_TOKEN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
_KEY_LIMIT = 250
"""Characters of a tag's name that every MLflow server accepts."""


def normalized(token_id: object) -> str:
    """Return a token id as it is stored: in upper case.

    Raises:
        InvalidParameterError: not 1 to 64 of `A-Za-z0-9-`, or a hyphen at an end.
    """
    if not isinstance(token_id, str):
        raise InvalidParameterError(f"Invalid token ID: it must be a string, not {token_id!r}.")
    if not _TOKEN.fullmatch(token_id):
        raise InvalidParameterError(
            f"Invalid token ID: {token_id[:80]!r} {_fault(token_id)}.",
            remedy="A token id has 1 to 64 letters, digits and hyphens (A-Z, a-z, 0-9, -), no hyphen at its ends.",
        )
    return token_id.upper()


def _fault(token_id: str) -> str:
    if not token_id:
        return "is empty"
    if len(token_id) > 64:
        return f"has {len(token_id)} characters"
    if token_id[0] == "-" or token_id[-1] == "-":
        return "has a hyphen at an end"
    return "holds other characters than letters, digits and hyphens"


def finite(value: object) -> float | None:
    """Return a real, finite number as a float; `None` for anything else, text and booleans included."""
    if isinstance(value, (bool, str, bytes)):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def check_token_tags(tags: Mapping[str, object]) -> None:
    """Demand the three tags that make a version a tokenized one; `RegistryException` names the one that is wrong."""
    for name in (TOKEN_TAG, METRIC_TAG, BASELINE_TAG):
        if name not in tags:
            raise RegistryException(
                f"The tag {name!r} is missing: this is no tokenized model.",
                remedy="Register it with register_tokenized_model.",
            )
    check_known_tags(tags)


def check_known_tags(tags: Mapping[str, object]) -> None:
    """Check those of Hokusai's own tags that are among `tags`; `RegistryException` names the one that is wrong."""
    if TOKEN_TAG in tags:
        try:
            normalized(tags[TOKEN_TAG])
        except InvalidParameterError as error:
            raise RegistryException(f"The tag {TOKEN_TAG!r} is wrong: {error.message}", remedy=error.remedy) from error
    metric = tags.get(METRIC_TAG, "any")
    if not isinstance(metric, str) or not metric.strip():
        raise RegistryException(f"The tag {METRIC_TAG!r} must name a metric, not {metric!r}.")
    if BASELINE_TAG in tags and _number(tags[BASELINE_TAG]) is None:
        raise RegistryException(f"The tag {BASELINE_TAG!r} must be a finite number, not {tags[BASELINE_TAG]!r}.")


def has_token_tags(tags: Mapping[str, str]) -> bool:
    """Tell whether a version's tags make it a tokenized model that can be read."""
    try:
        check_token_tags(tags)
    except RegistryException:
        return False
    return True


def _number(value: object) -> float | None:
    """Read a tag's number: a text in MLflow, perhaps a number in the caller's dict."""
    if isinstance(value, str):
        try:
            return finite(float(value))
        except ValueError:
            return None
    return finite(value)


def tag_texts(tags: object, parameter: str) -> dict[str, str]:
    """Return tags as MLflow keeps them, texts by name; numbers become texts. Leaves the caller's dict alone.

    Raises:
        InvalidParameterError: no dict, a name that is no text, or a value that is neither text nor number.
    """
    if tags is None:
        return {}
    if not isinstance(tags, Mapping):
        raise InvalidParameterError(f"{parameter} must be a dict, not {type(tags).__name__}.")
    texts: dict[str, str] = {}
    for name, value in tags.items():
        if not isinstance(name, str) or not name.strip() or len(name) > _KEY_LIMIT:
            raise InvalidParameterError(f"{parameter} has a name that is none: {str(name)[:80]!r}.")
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            raise InvalidParameterError(f"{parameter}[{name!r}] must be a text or a number, not {value!r}.")
        texts[name] = str(value)
    return texts
