"""The implementation's command line, called in this process: the console script `hokusai` of its distribution."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
from dataclasses import dataclass
from typing import Any

from hokusai_testkit.contract.failures import ContractViolation, describe_exception
from hokusai_testkit.contract.sdk import Sdk

__all__ = ["Called", "hokusai"]


@dataclass(frozen=True, slots=True)
class Called:
    """What a call of the command returned and said."""

    code: int
    out: str
    err: str


def hokusai(sdk: Sdk, *words: str) -> Called:
    """Call `hokusai WORDS` as its console script does; a `ContractViolation` where there is no such command."""
    called = f"hokusai {' '.join(words)}"
    main = _main(sdk, called)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            returned = main(list(words))
        except SystemExit as end:
            returned = end.code
        except Exception as problem:
            raise ContractViolation(
                "raised",
                expected=f"`{called}` ends with an exit code, never a traceback",
                actual=describe_exception(problem),
            ) from problem
    code = returned if isinstance(returned, int) else 0 if returned is None else 1
    return Called(code, out.getvalue(), err.getvalue())


def _main(sdk: Sdk, called: str) -> Any:
    """Return the function behind the console script, as the implementation's distribution declares it."""
    package = sdk.module_name.partition(".")[0]
    for script in importlib.metadata.entry_points(group="console_scripts"):
        module, _, name = script.value.partition(":")
        if script.name == "hokusai" and module.partition(".")[0] == package:
            return getattr(importlib.import_module(module), name)
    raise ContractViolation(
        "missing-command",
        expected=f"`{called}` can be called",
        actual=f"no installed distribution declares the console script `hokusai` for the package {package!r}",
    )
