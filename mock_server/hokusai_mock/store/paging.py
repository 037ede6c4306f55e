"""Page tokens: MLflow's own form, the base64 of `{"offset": N}`."""

from __future__ import annotations

import base64
import binascii
import json

from hokusai_mock.store.errors import StoreError, invalid

__all__ = ["offset_of", "token_for"]


def token_for(offset: int) -> str:
    """The token of the page that starts at `offset`."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def offset_of(token: str | None) -> int:
    """Where the page of a token starts; no token is the first page."""
    if not token:
        return 0
    if not token.isascii():
        raise StoreError("INTERNAL_ERROR", "string argument should contain only ASCII characters")
    try:
        decoded = base64.b64decode(token)
    except (binascii.Error, ValueError):
        raise invalid("Invalid page token, could not base64-decode") from None
    try:
        parsed = json.loads(decoded)
    except ValueError:
        raise invalid(f"Invalid page token, decoded value={decoded!r}") from None
    offset = parsed.get("offset") if isinstance(parsed, dict) else None
    if not offset:
        raise invalid(f"Invalid page token, parsed value={parsed}")
    try:
        return int(offset)
    except (TypeError, ValueError):
        raise invalid(f"Invalid page token, not stringable {offset}") from None
