"""The mock Hokusai platform: `from hokusai_mock import MockServer`.

Attributes are loaded on first use, so that importing this package (or `hokusai_mock.redaction`, or the scenario data)
loads no Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hokusai_mock._version import __version__

if TYPE_CHECKING:
    from hokusai_mock.sandbox import Sandbox
    from hokusai_mock.server.mock import MockServer

__all__ = ["MockServer", "Sandbox", "__version__"]

_LAZY = {"MockServer": "hokusai_mock.server.mock", "Sandbox": "hokusai_mock.sandbox"}


def __getattr__(name: str) -> Any:
    """Import `MockServer` and `Sandbox` when they are first asked for."""
    if name in _LAZY:
        from importlib import import_module  # noqa: PLC0415 - the point is to import late

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
