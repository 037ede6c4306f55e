"""The documented imports and constructors. Which issue a class belongs to is a matter of its methods, not of these."""

from __future__ import annotations

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS, Sdk

test_registry_signature = signature_case("ModelRegistry", "test_registry_signature")
test_version_manager_signature = signature_case("ModelVersionManager", "test_version_manager_signature")
test_pipeline_signature = signature_case("HokusaiInferencePipeline", "test_pipeline_signature")
test_experiment_manager_signature = signature_case("ExperimentManager", "test_experiment_manager_signature")
test_performance_tracker_signature = signature_case("PerformanceTracker", "test_performance_tracker_signature")


def _check_imports(sdk: Sdk, name: str) -> None:
    classes = {place: sdk.imported(place, name) for place in DOCUMENTED_IMPORTS[name]}
    expect.equal(len(set(classes.values())), 1, f"the number of different classes called {name}")


@case("ModelRegistry", call="from hokusai.core.registry import ModelRegistry", criteria=("C1",))
def test_registry_imports(sdk: Sdk) -> None:
    """Every documented import of ModelRegistry works and gives the same class."""
    _check_imports(sdk, "ModelRegistry")


@case("ModelVersionManager", call="from hokusai.core.versioning import ModelVersionManager", criteria=("C1",))
def test_version_manager_imports(sdk: Sdk) -> None:
    """Every documented import of ModelVersionManager works and gives the same class."""
    _check_imports(sdk, "ModelVersionManager")


@case("HokusaiInferencePipeline", call="from hokusai.core import HokusaiInferencePipeline", criteria=("C1",))
def test_pipeline_imports(sdk: Sdk) -> None:
    """Every documented import of HokusaiInferencePipeline works and gives the same class."""
    _check_imports(sdk, "HokusaiInferencePipeline")


@case("ExperimentManager", call="from hokusai.tracking import ExperimentManager", criteria=("C1",))
def test_experiment_manager_imports(sdk: Sdk) -> None:
    """Every documented import of ExperimentManager works and gives the same class."""
    _check_imports(sdk, "ExperimentManager")


@case("PerformanceTracker", call="from hokusai.tracking import PerformanceTracker", criteria=("C1",))
def test_performance_tracker_imports(sdk: Sdk) -> None:
    """Every documented import of PerformanceTracker works and gives the same class."""
    _check_imports(sdk, "PerformanceTracker")
