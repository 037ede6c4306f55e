"""`Keyed`: results that answer `result.version` and `result["version"]` alike, as the published documents use both."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar

__all__ = ["Keyed"]


class Keyed:
    """Mixed into a frozen dataclass: its fields, and the properties that `_further` names, answer as keys too.

    `dict(result)` and `**result` work.
    """

    __slots__ = ()
    _further: ClassVar[tuple[str, ...]] = ()

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(f"{name!r}; there is: {', '.join(self.keys())}")
        return getattr(self, name)

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def keys(self) -> tuple[str, ...]:
        """Return the names that are answered."""
        return (*(known.name for known in fields(self)), *self._further)  # type: ignore[arg-type]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of `name`, or `default` for a name that there is not."""
        return getattr(self, name) if name in self.keys() else default
