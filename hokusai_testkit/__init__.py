"""The Hokusai test kit: a pytest plugin, a mock platform, a contract suite and a doctor.

`HokusaiServer`, `HokusaiSandbox` and `HokusaiCassette` are the types of the plugin's fixtures, for annotations. They
are imported when they are first asked for: every pytest run loads this package (PYTEST_DONT_REWRITE for the same
reason).
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is not imported here: type checkers know the name
if TYPE_CHECKING:
    from hokusai_mock._version import __version__
    from hokusai_testkit.fixtures.cassette import HokusaiCassette
    from hokusai_testkit.fixtures.sandbox import HokusaiSandbox
    from hokusai_testkit.fixtures.server import HokusaiServer

__all__ = ["HokusaiCassette", "HokusaiSandbox", "HokusaiServer", "__version__"]

_LAZY = {
    "HokusaiCassette": "hokusai_testkit.fixtures.cassette",
    "HokusaiSandbox": "hokusai_testkit.fixtures.sandbox",
    "HokusaiServer": "hokusai_testkit.fixtures.server",
    "__version__": "hokusai_mock._version",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module  # noqa: PLC0415 - the point is to import late

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
