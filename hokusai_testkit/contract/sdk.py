"""The implementation under test: named by a module, imported when first asked for, each of its names on its own.

A class that cannot be imported, or a method that is missing, fails the cases that act on it and no others.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import inspect
import platform
from typing import Any

from hokusai_testkit.contract import api
from hokusai_testkit.contract.failures import ContractViolation, describe_exception, skip
from hokusai_testkit.contract.promises import Promise
from hokusai_testkit.contract.signatures import conformance, implementation_of

__all__ = ["DOCUMENTED_IMPORTS", "Sdk", "SdkImportError"]

DOCUMENTED_IMPORTS: dict[str, tuple[str, ...]] = {
    "ModelRegistry": ("", "core", "core.registry"),
    "ModelVersionManager": ("", "core", "core.versioning"),
    "HokusaiInferencePipeline": ("", "core", "core.inference"),
    "HokusaiModel": ("", "core", "core.models"),
    "InferenceRequest": ("core", "core.inference"),
    "InferenceResponse": ("core", "core.inference"),
    "CacheConfig": ("core", "core.inference"),
    "BatchProcessor": ("core", "core.inference"),
    "InferenceException": ("core", "core.inference", "exceptions"),
    "ModelTrafficRouter": ("core", "core.ab_testing"),
    "ABTestConfig": ("core", "core.ab_testing"),
    "ABTestResult": ("core", "core.ab_testing"),
    "TrafficSplit": ("core", "core.ab_testing"),
    "ABTestException": ("core", "core.ab_testing", "exceptions"),
    "ExperimentManager": ("", "tracking"),
    "PerformanceTracker": ("", "tracking"),
    "ModelFactory": ("core", "core.models"),
    "ModelType": ("core", "core.models"),
    "ClassificationModel": ("core", "core.models"),
    "RegressionModel": ("core", "core.models"),
    "CustomModel": ("core", "core.models"),
    "HokusaiAuth": ("", "auth"),
    "setup": ("",),
    "configure": ("",),
    "init": ("",),
    "setup_mlflow_auth": ("", "config"),
    "get_mlflow_auth_status": ("", "config"),
    "get_mlflow_status": ("config",),
    "HokusaiException": ("", "exceptions"),
    "MLflowAuthenticationError": ("", "exceptions"),
    "MLflowConnectionError": ("", "exceptions"),
    "ModelNotFoundError": ("", "exceptions"),
    "NotificationError": ("", "exceptions"),
    "RateLimitError": ("", "exceptions", "auth"),
}
"""The modules, relative to the SDK, from which each class and function can be imported by the documents."""


class SdkImportError(Exception):
    """The module named by `--sdk` cannot be imported at all; the message says why and what to install."""


class Sdk:
    """The implementation under test, by the names that users import: `sdk.ModelRegistry()`.

    Attributes are typed as the contract's own Protocols, so that the type checker proves of every case that it uses
    documented calls only.
    """

    ModelRegistry: api.ModelRegistryClass
    ModelVersionManager: api.ModelVersionManagerClass
    HokusaiInferencePipeline: api.HokusaiInferencePipelineClass
    InferenceRequest: api.InferenceRequestClass
    InferenceResponse: api.InferenceResponseClass
    CacheConfig: api.CacheConfigClass
    BatchProcessor: type[Any]
    InferenceException: type[Exception]
    ModelTrafficRouter: api.ModelTrafficRouterClass
    ABTestConfig: api.ABTestConfigClass
    ABTestResult: type[Any]
    TrafficSplit: type[Any]
    ABTestException: type[Exception]
    ExperimentManager: api.ExperimentManagerClass
    PerformanceTracker: api.PerformanceTrackerClass
    HokusaiModel: type[Any]
    ModelFactory: api.ModelFactoryClass
    HokusaiAuth: api.HokusaiAuthClass
    setup: api.SetupFunction
    configure: api.ConfigureFunction
    init: api.InitFunction
    setup_mlflow_auth: api.SetupMlflowAuthFunction
    get_mlflow_auth_status: api.GetMlflowAuthStatusFunction
    get_mlflow_status: api.GetMlflowStatusFunction
    HokusaiException: api.HokusaiExceptionClass
    MLflowAuthenticationError: api.MLflowAuthenticationErrorClass
    MLflowConnectionError: api.MLflowConnectionErrorClass
    ModelNotFoundError: api.ModelNotFoundErrorClass
    NotificationError: api.NotificationErrorClass
    RateLimitError: api.RateLimitErrorClass

    def __init__(self, module_name: str) -> None:
        """Import `module_name`; raises `SdkImportError`."""
        self.module_name = module_name
        try:
            self.module = importlib.import_module(module_name)
        except Exception as problem:
            raise SdkImportError(_why_not(module_name, problem)) from problem

    def __getattr__(self, name: str) -> Any:
        """Import the class `name` when a case first uses it."""
        if name.startswith("_") or name not in DOCUMENTED_IMPORTS:
            raise AttributeError(name)
        return self.class_named(name)

    def class_named(self, name: str) -> Any:
        """Return the documented class or function `name` from the first of its documented modules that gives it."""
        first, *others = DOCUMENTED_IMPORTS[name]
        try:
            return self.imported(first, name)
        except ContractViolation:
            for place in others:
                with contextlib.suppress(ContractViolation):
                    return self.imported(place, name)
            raise

    def imported(self, place: str, name: str) -> Any:
        """Do `from <sdk>.<place> import <name>`; a `ContractViolation` when that fails."""
        module = f"{self.module_name}.{place}" if place else self.module_name
        statement = f"from {module} import {name}"
        try:
            found = getattr(importlib.import_module(module), name)
        except Exception as problem:
            actual = f"`{statement}` raised {describe_exception(problem)}"
            raise ContractViolation("missing-class", expected=f"`{statement}` works", actual=actual) from problem
        kind, fits = ("class", isinstance(found, type)) if name[0].isupper() else ("function", callable(found))
        if not fits:
            raise ContractViolation(f"missing-{kind}", expected=f"{name} is a {kind}", actual=f"it is {found!r}")
        return found

    def exception(self, name: str) -> type[BaseException]:
        """Return the exception class `name` of `<sdk>.exceptions`."""
        found: type[BaseException] = self.imported("exceptions", name)
        if not issubclass(found, Exception):
            raise ContractViolation("missing-class", expected=f"{name} is an exception", actual=f"it is {found!r}")
        return found

    def require(self, promise: Promise) -> None:
        """Raise a `ContractViolation` that names the documented call when `promise` is not there to be called."""
        owner = self.class_named(promise.owner)
        if promise.method is None:
            return
        try:
            implementation_of(owner, promise.method)
        except AttributeError:
            if not _answers_dynamically(owner):
                raise ContractViolation(
                    "missing-method",
                    expected=f"{promise.name} exists",
                    actual=f"{promise.owner} of {self.module_name} has no method {promise.method!r}",
                ) from None
        except TypeError as problem:
            raise ContractViolation(
                "missing-method", expected=f"{promise.name} can be called", actual=str(problem)
            ) from None

    def check_signature(self, promise: Promise) -> None:
        """Raise a `ContractViolation` for the first documented call of `promise` that does not bind as documented.

        What no signature can tell (a catch-all, a coroutine function) ends as a skip: nothing was proved.
        """
        owner = self.class_named(promise.owner)
        implementation = owner if promise.method is None else implementation_of(owner, promise.method)
        finding = conformance(promise.function, implementation)
        if finding.conforms is False:
            raise ContractViolation(
                "signature",
                expected=f"{promise.name}{finding.call} binds, each value under its own name",
                actual=f"{finding.why}; the signature is {inspect.signature(implementation)}",
            )
        if finding.conforms is None:
            skip("undecided-signature", f"{promise.name}: no signature can tell, {finding.why}")

    def describe(self) -> dict[str, Any]:
        """Return what was tested, for the result: module, file, version, distribution, client and Python versions."""
        top = self.module_name.partition(".")[0]
        distributions = importlib.metadata.packages_distributions().get(top, [])
        return {
            "name": self.module_name,
            "file": getattr(self.module, "__file__", None),
            "version": vars(self.module).get("__version__"),
            "distribution": distributions[0] if distributions else None,
            "mlflow": _version_of("mlflow") or _version_of("mlflow-skinny"),
            "python": platform.python_version(),
        }


def _answers_dynamically(owner: type) -> bool:
    return any("__getattr__" in vars(base) or "__getattribute__" in vars(base) for base in owner.__mro__[:-1])


def _version_of(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _why_not(module_name: str, problem: Exception) -> str:
    missing = problem.name if isinstance(problem, ModuleNotFoundError) else None
    if missing and (module_name == missing or module_name.startswith(f"{missing}.")):
        return (
            f"No module named {missing!r} in this Python: there is nothing to test. Install the SDK "
            "(`pip install ./sdk[ml]` from a checkout, or `pip install hokusai-ml-platform`), or name another "
            "implementation with --sdk MODULE."
        )
    return (
        f"`import {module_name}` fails: {describe_exception(problem)}. Repair the installation "
        f'(`python -c "import {module_name}"` shows the whole traceback), or name another implementation with --sdk.'
    )
