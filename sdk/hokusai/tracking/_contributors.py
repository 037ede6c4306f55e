"""Who contributed: ids and Ethereum addresses as callers give them. No MLflow here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hokusai.exceptions import InvalidParameterError

__all__ = ["checked_address", "contributor_of"]

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def checked_address(value: object, parameter: str) -> str:
    """Return an Ethereum address as it was given, or raise `InvalidParameterError` that names the parameter."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise InvalidParameterError(
            f"{parameter} must be an Ethereum address (0x and 40 hexadecimal digits), not {value!r}."
        )
    return value


def contributor_of(data_contribution: Mapping[str, Any]) -> dict[str, str | None]:
    """Return id and address of the contributor: `contributor_id`, `contributor_address`, or `contributor` for either.

    What was not said is `None`. What begins with `0x` is meant as an address. `InvalidParameterError` for what is no
    text, for a malformed address, and for two keys that say different things.
    """
    said = {key: _text(data_contribution, key) for key in ("contributor", "contributor_id", "contributor_address")}
    either, name, address = said.values()
    if address is not None:
        checked_address(address, "data_contribution['contributor_address']")
    if either is None:
        return {"id": name, "address": address}
    if either.lower().startswith("0x"):
        checked_address(either, "data_contribution['contributor']")
        if address is not None and address.lower() != either.lower():
            raise _conflict("contributor_address", either, address)
        return {"id": name, "address": address or either}
    if name is not None and name != either:
        raise _conflict("contributor_id", either, name)
    return {"id": either, "address": address}


def _text(data_contribution: Mapping[str, Any], key: str) -> str | None:
    value = data_contribution.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise InvalidParameterError(f"data_contribution[{key!r}] must be a text, not {value!r}.")
    return value


def _conflict(key: str, either: str, other: str) -> InvalidParameterError:
    return InvalidParameterError(
        f"data_contribution has contributor={either!r} and {key}={other!r}: they are two names for the same thing."
    )
