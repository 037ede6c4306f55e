"""Hokusai's public Python API as Protocols: what every implementation promises, and nothing about how.

This is the one source: the contract suite tests implementations against it and the API reference is made from it.
Where a method is documented in more than one call style, each style is an overload; a style allows exactly the calls
that its signature allows, by position and by name. `<Name>Class` is the class itself, called: its signature is the
constructor's. `<Name>Function` is a documented function, `setup` that of `SetupFunction`.

Lives here: signatures and promises, one module for each documented area. Not here: how they are tested (`cases/`),
which reported issue names which method (`promises`), from where each name is imported (`sdk`).
"""

from __future__ import annotations

# ruff: noqa: F403 - every module says in `__all__` what it promises
from hokusai_testkit.contract.api.ab_testing import *
from hokusai_testkit.contract.api.configuration import *
from hokusai_testkit.contract.api.exceptions import *
from hokusai_testkit.contract.api.experiments import *
from hokusai_testkit.contract.api.inference import *
from hokusai_testkit.contract.api.models import *
from hokusai_testkit.contract.api.performance import *
from hokusai_testkit.contract.api.registry import *
from hokusai_testkit.contract.api.results import *
from hokusai_testkit.contract.api.versioning import *
