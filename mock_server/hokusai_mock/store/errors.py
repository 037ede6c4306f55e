"""The store's refusals, by MLflow's own error codes."""

from __future__ import annotations

__all__ = ["ArtifactTooLarge", "StoreError", "StoreIsFull", "does_not_exist", "invalid"]


class StoreError(Exception):
    """A refusal. `code` is MLflow's error code; `kind` names the text of a profile that replaces `message`.

    A profile need not have that text; `facts` fill it. Nothing in the store was changed.
    """

    def __init__(self, code: str, message: str, kind: str | None = None, **facts: object) -> None:
        """Refuse with `message`."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.kind = kind
        self.facts = facts


class ArtifactTooLarge(Exception):
    """An upload is longer than the limit; nothing of it was kept."""


class StoreIsFull(ArtifactTooLarge):
    """An upload does not fit beside what is there; nothing of it was kept."""


def invalid(message: str, kind: str | None = None, **facts: object) -> StoreError:
    """The refusal of a value: INVALID_PARAMETER_VALUE."""
    return StoreError("INVALID_PARAMETER_VALUE", message, kind, **facts)


def does_not_exist(message: str) -> StoreError:
    """The refusal of a name or id that nothing has: RESOURCE_DOES_NOT_EXIST."""
    return StoreError("RESOURCE_DOES_NOT_EXIST", message)
