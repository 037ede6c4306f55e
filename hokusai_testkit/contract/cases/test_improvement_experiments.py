"""`ExperimentManager.create_improvement_experiment`: a run that says what is to be improved, and with what."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.failures import ContractViolation
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.wire import Run

METHOD = "ExperimentManager.create_improvement_experiment"
CALL = 'ExperimentManager().create_improvement_experiment("fraud-1", {"contributor": "ann", "rows": 500})'
DATA: dict[str, Any] = {"contributor": "ann", "rows": 500, "features": [[31.5, "private"], [2.0, "private"]]}
FULL = "full"

test_create_improvement_experiment_signature = signature_case(METHOD, "test_create_improvement_experiment_signature")


def _created(sdk: Sdk, platform: Platform, data: dict[str, Any] = DATA) -> Run:
    """Create an experiment and return its run, as the manager's experiment has it."""
    name = platform.name("improvements")
    run_id = sdk.ExperimentManager(name).create_improvement_experiment(platform.name("fraud-1"), data)
    runs = {run.id: run for run in platform.tracking.runs(name)}
    if run_id not in runs:
        expected = f"the id of a run in the manager's experiment, which has {sorted(runs)}"
        raise ContractViolation("wrong-result", expected=expected, actual=repr(run_id))
    return runs[run_id]


@case(METHOD, call=CALL, criteria=("C1", "C6"), writes=True)
def test_improvement_experiment_is_a_run(sdk: Sdk, platform: Platform) -> None:
    """What is returned is the id of a run in the manager's experiment, and that run is FINISHED."""
    expect.equal(_created(sdk, platform).status, "FINISHED", "the status of the run")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_improvement_experiment_names_its_baseline(sdk: Sdk, platform: Platform) -> None:
    """The run is found by the tag `baseline_model_id`."""
    run = _created(sdk, platform)
    query = f"tags.baseline_model_id = '{platform.name('fraud-1')}'"
    found = [one.id for one in platform.tracking.runs(platform.name("improvements"), query)]
    expect.equal(found, [run.id], "the runs with the tag baseline_model_id")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_improvement_experiment_records_what_was_given(sdk: Sdk, platform: Platform) -> None:
    """Texts and numbers of the contribution stand in the run, as parameters or tags."""
    run = _created(sdk, platform)
    texts = {*run.params.values(), *run.tags.values()}
    expect.that({"ann", "500"} <= texts, "the run holds 'ann' and '500'", sorted(texts))


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_improvement_experiment_keeps_data_private(sdk: Sdk, platform: Platform) -> None:
    """The contributed rows themselves are not sent to the tracking server: neither in the run nor as a file."""
    run = _created(sdk, platform)
    texts = " ".join([*run.params.values(), *run.tags.values()])
    expect.that("private" not in texts and "31.5" not in texts, "no contributed row in the run", texts)
    expect.equal(platform.tracking.artifact_paths(run), [], "the files of the run")


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True)
def test_improvement_experiment_leaves_the_dict_alone(sdk: Sdk, platform: Platform) -> None:
    """The caller's dict is not changed."""
    data = copy.deepcopy(DATA)
    _created(sdk, platform, data)
    expect.equal(data, DATA, "contributed_data after the call")


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True, needs=("package:mlflow",))
def test_improvement_experiment_leaves_the_active_run_alone(sdk: Sdk, platform: Platform) -> None:
    """The user's active run stays active and as it was; the new run is another one."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    mine = platform.tracking.create_run()
    sdk.ModelRegistry()  # authenticates MLflow's own calls
    with mlflow.start_run(run_id=mine.id):
        run = _created(sdk, platform)
        active = mlflow.active_run()
        expect.equal(active and active.info.run_id, mine.id, "the active run")
    expect.that(run.id != mine.id, "a run of its own", "the user's active run was used")
    expect.equal(dict(platform.tracking.run(mine.id).params), {}, "the parameters of the user's own run")


@pytest.mark.parametrize("wrong", ["", "   ", None, 7])
@case(METHOD, call='create_improvement_experiment("", {})', criteria=("C5",), level=FULL, needs=("journal",))
def test_improvement_experiment_without_a_baseline(sdk: Sdk, platform: Platform, wrong: Any) -> None:
    """A blank id, or none, raises InvalidParameterError that names the parameter; nothing is written."""
    manager = sdk.ExperimentManager(platform.name("improvements"))
    with expect.raises(sdk, "InvalidParameterError", naming="baseline_model_id"):
        manager.create_improvement_experiment(wrong, DATA)
    expect.nothing_sent(platform, lambda entry: entry["method"] == "POST")


@pytest.mark.parametrize("wrong", [None, [], {}, "data"])
@case(METHOD, call='create_improvement_experiment("fraud-1", [])', criteria=("C5",), level=FULL, needs=("journal",))
def test_improvement_experiment_without_data(sdk: Sdk, platform: Platform, wrong: Any) -> None:
    """What is no dict, or an empty one, raises InvalidParameterError that names the parameter; nothing is written."""
    manager = sdk.ExperimentManager(platform.name("improvements"))
    with expect.raises(sdk, "InvalidParameterError", naming="contributed_data"):
        manager.create_improvement_experiment("fraud-1", wrong)
    expect.nothing_sent(platform, lambda entry: entry["method"] == "POST")


@case(METHOD, call=CALL, criteria=("C2", "C5"), level=FULL, needs=("scenarios", "registry-role"))
def test_improvement_experiment_without_rights(sdk: Sdk, platform: Platform) -> None:
    """A key that loses its rights is refused with the incident's code, the status and what to do."""
    manager = sdk.ExperimentManager(platform.name("improvements"))
    platform.play("auth.admin_required")
    refused = expect.raises(
        sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
    )
    with refused:
        manager.create_improvement_experiment("fraud-1", DATA)


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_improvement_experiment_prints_nothing(
    sdk: Sdk, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written to stdout."""
    _created(sdk, platform)
    expect.equal(capsys.readouterr().out, "", "what was written to stdout")
