"""The list of what is promised, read from the Protocols: one entry per method, constructor and documented function.

The only thing that stands here and not in `api` is which reported issue names which method.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hokusai_testkit.contract import api
from hokusai_testkit.contract.signatures import call_styles

__all__ = ["PROMISES", "Promise"]

_CLASS, _FUNCTION = "Class", "Function"

_ISSUE_OF = {
    "ExperimentManager.start_experiment": "ISSUE-1",
    "ModelRegistry.register_baseline": "ISSUE-2",
    "ModelVersionManager.get_latest_version": "ISSUE-3",
    "ModelVersionManager.list_versions": "ISSUE-3",
    "HokusaiInferencePipeline.predict_batch": "ISSUE-4",
    "PerformanceTracker.track_inference": "ISSUE-5",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """A documented method, constructor or function.

    `name` is `Class.method`, or for a constructor and a function its own name; these have `method` None. `owner` is
    what is imported. `function` is the Protocol's function, `issue` the reported issue that names this very method.
    """

    name: str
    owner: str
    method: str | None
    function: Callable[..., Any]
    issue: str | None

    @property
    def documented_calls(self) -> list[str]:
        """The call styles as the documents show them, types left out: `register_baseline(model, *, model_name)`."""
        return [f"{self.name}{_without_types(style)}" for style in call_styles(self.function)]


def _without_types(style: inspect.Signature) -> inspect.Signature:
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in style.parameters.values()]
    return style.replace(parameters=parameters, return_annotation=inspect.Signature.empty)


def _read() -> Iterator[Promise]:
    protocols = [name for name, found in vars(api).items() if isinstance(found, type)]
    for name in sorted(protocols):
        if name.endswith(_FUNCTION):
            function = _snake(name.removesuffix(_FUNCTION))
            yield Promise(function, function, None, getattr(api, name).__call__, _ISSUE_OF.get(function))
        elif f"{name}{_CLASS}" in protocols:
            yield Promise(name, name, None, getattr(api, f"{name}{_CLASS}").__call__, None)
            yield from _methods(name)


def _methods(owner: str) -> Iterator[Promise]:
    for method, function in vars(getattr(api, owner)).items():
        if inspect.isfunction(function) and not method.startswith("_"):
            name = f"{owner}.{method}"
            yield Promise(name, owner, method, function, _ISSUE_OF.get(name))


def _snake(name: str) -> str:
    """`setup_mlflow_auth` for `SetupMlflowAuth`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


PROMISES = MappingProxyType({promise.name: promise for promise in _read()})
"""Every promise by its name."""
