"""`ExperimentManager.start_experiment`: ISSUE-1, the 403 of `experiments/get-by-name`."""

from __future__ import annotations

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform

METHOD = "ExperimentManager.start_experiment"
CALL = 'with ExperimentManager().start_experiment("churn"): ...'

test_start_experiment_signature = signature_case(METHOD, "test_start_experiment_signature")


@case(METHOD, call=CALL, criteria=("C2", "C6"), writes=True)
def test_run_is_found_in_the_named_experiment(sdk: Sdk, platform: Platform) -> None:
    """The experiment is made when it is missing, and one run is opened in it."""
    with sdk.ExperimentManager().start_experiment(platform.name("churn")):
        pass
    expect.equal(len(platform.tracking.runs(platform.name("churn"))), 1, "the number of runs in the experiment 'churn'")


@case(METHOD, call=CALL, criteria=("C6",), writes=True)
def test_experiment_that_exists_is_used(sdk: Sdk, platform: Platform) -> None:
    """A run opens in an experiment that existed before; no second one is made."""
    experiment_id = platform.tracking.create_experiment(platform.name("churn"))
    with sdk.ExperimentManager().start_experiment(platform.name("churn")):
        pass
    runs = platform.tracking.runs(platform.name("churn"))
    expect.equal([run.experiment_id for run in runs], [experiment_id], "the experiments of the runs in 'churn'")


@case(METHOD, call=CALL, criteria=("C6",), writes=True)
def test_run_is_finished_after_the_block(sdk: Sdk, platform: Platform) -> None:
    """The run is FINISHED once the block has ended."""
    with sdk.ExperimentManager().start_experiment(platform.name("churn")):
        pass
    expect.equal(
        [run.status for run in platform.tracking.runs(platform.name("churn"))], ["FINISHED"], "the status of the run"
    )


@case(METHOD, call=CALL, criteria=("C6",), writes=True)
def test_exception_of_the_block_arrives_unchanged(sdk: Sdk, platform: Platform) -> None:
    """What the block raises reaches the caller, and the run is FAILED."""
    problem, arrived = KeyError("mine"), None
    try:
        _raise_inside(sdk, platform.name("churn"), problem)
    except KeyError as caught:
        arrived = caught
    expect.that(arrived is problem, "the block's own exception arrives", arrived or "it was swallowed")
    statuses = [run.status for run in platform.tracking.runs(platform.name("churn"))]
    expect.equal(statuses, ["FAILED"], "the status of the run")


@case(METHOD, call=CALL + "  # mlflow.log_metric inside", criteria=("C6",), writes=True, needs=("package:mlflow",))
def test_metrics_logged_inside_belong_to_the_run(sdk: Sdk, platform: Platform) -> None:
    """Inside the block the run is MLflow's active run, so `mlflow.log_metric` writes to it."""
    with sdk.ExperimentManager().start_experiment(platform.name("churn")):
        import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

        mlflow.log_metric("accuracy", 0.75)
    metrics = [run.metrics for run in platform.tracking.runs(platform.name("churn"))]
    expect.equal(metrics, [{"accuracy": 0.75}], "the metrics of the runs in 'churn'")


@case(METHOD, call=CALL, criteria=("C6",), level="full", writes=True, needs=("package:mlflow",))
def test_no_run_is_active_afterwards(sdk: Sdk, platform: Platform) -> None:
    """After the block no run of it is active any more."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    with sdk.ExperimentManager().start_experiment(platform.name("churn")):
        pass
    expect.that(mlflow.active_run() is None, "no run is active after the block", mlflow.active_run())


@case(METHOD, call=CALL, criteria=("C2",), writes=True, needs=("platform", "journal"))
def test_every_request_carries_the_key(sdk: Sdk, platform: Platform) -> None:
    """Every request reaches the platform with the key as a bearer token."""
    with sdk.ExperimentManager().start_experiment(platform.name("churn")):
        pass
    expect.authenticated_with_one_key(platform)


@case(METHOD, call="# HOKUSAI_API_KEY alone\n" + CALL, criteria=("C2",), writes=True, needs=("platform", "journal"))
def test_one_key_is_enough(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """`HOKUSAI_API_KEY` alone authenticates MLflow too: no MLFLOW_TRACKING_TOKEN, no MLFLOW_TRACKING_URI."""
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with sdk.ExperimentManager().start_experiment(platform.name("churn")):
        pass
    expect.authenticated_with_one_key(platform)


@case(METHOD, call="ExperimentManager(registry).start_experiment(name)", criteria=("C2",), level="full", writes=True)
def test_registry_as_first_argument(sdk: Sdk, platform: Platform) -> None:
    """The older documented style works: a registry as the first argument."""
    registry = sdk.ModelRegistry()
    older_style: object = registry
    with sdk.ExperimentManager(older_style).start_experiment(platform.name("churn")):  # type: ignore[arg-type]
        pass
    expect.equal(len(platform.tracking.runs(platform.name("churn"))), 1, "the number of runs in the experiment 'churn'")


@case(
    METHOD,
    call=CALL,
    criteria=("C2", "C5"),
    needs=(
        "scenarios",
        "registry-role",
    ),
)
def test_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A key without the registry role is refused with the incident's code, the status and what to do."""
    platform.play("auth.admin_required")
    with (
        expect.raises(
            sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
        ),
        sdk.ExperimentManager().start_experiment(platform.name("churn")),
    ):
        pass


@case(METHOD, call=CALL, criteria=("C2", "C5"), needs=("platform",))
def test_key_that_is_not_valid(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the platform does not know is refused as such, with what to do."""
    monkeypatch.setenv("HOKUSAI_API_KEY", "hk_test_unknown")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hk_test_unknown")
    with (
        expect.raises(
            sdk, "MLflowAuthenticationError", code="A03", status_code=401, remedy=True, unless="hk_test_unknown"
        ),
        sdk.ExperimentManager().start_experiment(platform.name("churn")),
    ):
        pass


@case(METHOD, call="# without HOKUSAI_API_KEY\n" + CALL, criteria=("C2", "C5"), needs=("platform", "journal"))
def test_no_key_at_all(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key the error comes before any request and says how to give one."""
    monkeypatch.delenv("HOKUSAI_API_KEY")
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    with (
        expect.raises(sdk, "ConfigurationError", code="A01", naming="HOKUSAI_API_KEY", remedy=True),
        sdk.ExperimentManager().start_experiment(platform.name("churn")),
    ):
        pass
    expect.nothing_sent(platform)


@case(METHOD, call="# HOKUSAI_MOCK_MODE=true\n" + CALL, criteria=("C2",), level="full", needs=("journal",))
def test_local_mode_needs_no_platform(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow is optional: with HOKUSAI_MOCK_MODE=true the same code runs without key and network."""
    monkeypatch.delenv("HOKUSAI_API_KEY", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", "true")
    with sdk.ExperimentManager().start_experiment(platform.name("churn")) as run:
        expect.that(run.info.run_id, "the run has an id", run)
    expect.nothing_sent(platform)


def _raise_inside(sdk: Sdk, name: str, problem: Exception) -> None:
    with sdk.ExperimentManager().start_experiment(name):
        raise problem
