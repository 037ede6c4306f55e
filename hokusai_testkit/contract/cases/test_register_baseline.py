"""`ModelRegistry.register_baseline`: ISSUE-2, the call that refused `model_name`.

Every case uses `model_name`, the name that the issue is about, and looks at the registry by raw HTTP.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.failures import ContractViolation
from hokusai_testkit.contract.models import ROWS, linear_model, model_files
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform
from hokusai_testkit.contract.wire import ModelVersion

METHOD = "ModelRegistry.register_baseline"
CALL = 'ModelRegistry().register_baseline(model=model, model_name="fraud")'
MODEL = ("package:mlflow", "package:pandas")

test_register_baseline_signature = signature_case(METHOD, "test_register_baseline_signature")


def _only_version(platform: Platform, name: str | None = None) -> ModelVersion:
    name = name or platform.model("fraud")
    versions = platform.tracking.versions(name)
    if len(versions) != 1:
        raise ContractViolation(
            "wrong-result", expected=f"one version of {name!r} is registered", actual=f"there are {len(versions)}"
        )
    return versions[0]


@case(METHOD, call=CALL, criteria=("C3", "C4", "C6"), writes=True, needs=MODEL)
def test_model_name_names_the_registered_model(sdk: Sdk, platform: Platform) -> None:
    """`model_name` is the name of the registered model, and nothing else is registered."""
    sdk.ModelRegistry().register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    expect.equal(platform.tracking.model_names(), [platform.model("fraud")], "the registered models")
    _only_version(platform)


@case(
    METHOD,
    call=CALL + '\nModelRegistry().register_baseline(model=model, model_type="fraud")'
    '\nModelRegistry().register_baseline(model, "fraud")',
    criteria=("C1", "C4"),
    writes=True,
    needs=(*MODEL, "fresh"),
)
def test_every_call_style_registers_the_same_model(sdk: Sdk, platform: Platform) -> None:
    """`model_name`, `model_type` and the second position are names for the same thing: one model, three versions."""
    registry = sdk.ModelRegistry()
    registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    registry.register_baseline(model=linear_model(), model_type=platform.model("fraud"))
    registry.register_baseline(linear_model(), platform.model("fraud"))
    expect.equal(
        [version.number for version in platform.tracking.versions(platform.model("fraud"))],
        ["1", "2", "3"],
        "the versions",
    )


@case(METHOD, call=CALL, criteria=("C3", "C6"), writes=True, needs=MODEL)
def test_artifact_is_really_there(sdk: Sdk, platform: Platform) -> None:
    """The version points at a run, and the model's files lie where the version says."""
    sdk.ModelRegistry().register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    version = _only_version(platform)
    prefix = f"runs:/{version.run_id}/"
    expect.that(version.source.startswith(prefix), f"the source lies in the run: {prefix}...", version.source)
    run = platform.tracking.run(version.run_id or "")
    folder = version.source.removeprefix(prefix)
    paths = platform.tracking.artifact_paths(run, folder)
    expect.that(f"{folder}/MLmodel" in paths, f"{folder}/MLmodel is among the run's artifacts", paths)
    expect.that(platform.tracking.download(run, f"{folder}/MLmodel"), "MLmodel has content", "it is empty")


@case(METHOD, call=CALL, criteria=("C6",), writes=True, needs=MODEL)
def test_run_is_finished(sdk: Sdk, platform: Platform) -> None:
    """The run that holds the artifact is FINISHED, not left open."""
    sdk.ModelRegistry().register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    run = platform.tracking.run(_only_version(platform).run_id or "")
    expect.equal(run.status, "FINISHED", "the status of the run")


@case(METHOD, call=CALL, criteria=("C6",), writes=True, needs=MODEL)
def test_first_version_is_one(sdk: Sdk, platform: Platform) -> None:
    """The first version is 1.0.0, written as the version's tag `version`."""
    sdk.ModelRegistry().register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    expect.equal(_only_version(platform).tags.get("version"), "1.0.0", "the tag `version`")


@case(METHOD, call=CALL, criteria=("C6",), writes=True, needs=MODEL)
def test_next_version_follows_the_highest(sdk: Sdk, platform: Platform) -> None:
    """Without a version given it is the next minor after the highest by number: after 1.10.0 comes 1.11.0."""
    tracking = platform.tracking
    tracking.create_model(platform.model("fraud"))
    run = tracking.create_run()
    for semantic in ("1.10.0", "1.9.0"):
        tracking.create_version(platform.model("fraud"), run=run, semantic=semantic)
    sdk.ModelRegistry().register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    expect.equal(tracking.versions(platform.model("fraud"))[-1].tags.get("version"), "1.11.0", "the tag `version`")


@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", metadata={"version": "2.3.0"})',
    criteria=("C1", "C6"),
    writes=True,
    needs=MODEL,
)
def test_version_from_metadata(sdk: Sdk, platform: Platform) -> None:
    """`metadata["version"]` is the semantic version that is written."""
    registry = sdk.ModelRegistry()
    registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"), metadata={"version": "2.3.0"})
    expect.equal(_only_version(platform).tags.get("version"), "2.3.0", "the tag `version`")


@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", metrics={"accuracy": 0.75})',
    criteria=("C1",),
    writes=True,
    needs=MODEL,
)
def test_entry_describes_what_was_registered(sdk: Sdk, platform: Platform) -> None:
    """The entry holds the semantic version, MLflow's number as a string, and the metrics that were given."""
    registry = sdk.ModelRegistry()
    entry = registry.register_baseline(
        model=linear_model(), model_name=platform.model("fraud"), metrics={"accuracy": 0.75}
    )
    version = _only_version(platform)
    expect.equal(entry.version, "1.0.0", "entry.version")
    expect.equal(entry.mlflow_version, version.number, "entry.mlflow_version")
    expect.equal(dict(entry.metrics), {"accuracy": 0.75}, "entry.metrics")


@case(METHOD, call=CALL + '["model_id"]', criteria=("C1",), writes=True, needs=MODEL)
def test_entry_answers_as_attribute_and_key(sdk: Sdk, platform: Platform) -> None:
    """`entry.model_id` and `entry["model_id"]` are both documented, and equal; so are the other fields."""
    entry = sdk.ModelRegistry().register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    _only_version(platform)
    expect.that(entry.model_id, "model_id is not empty", entry)
    for field in ("model_id", "version", "mlflow_version", "metrics"):
        expect.equal(entry[field], getattr(entry, field), f"entry[{field!r}]")


@case(
    METHOD,
    call='register_baseline(model=RandomForestClassifier(), model_name="fraud")',
    criteria=("C1", "C3"),
    writes=True,
    needs=(*MODEL, "package:sklearn"),
)
def test_scikit_learn_estimator(sdk: Sdk, platform: Platform) -> None:
    """A scikit-learn estimator is registered as it is, in MLflow's scikit-learn flavour."""
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415 - an input of this case only

    model = LinearRegression().fit(ROWS, [row[0] for row in ROWS])
    sdk.ModelRegistry().register_baseline(model=model, model_name=platform.model("fraud"))
    description = _mlmodel(platform)
    expect.that("sklearn:" in description, "MLmodel has the flavour sklearn", description)


@case(
    METHOD,
    call='register_baseline(model=hokusai_model, model_name="fraud")',
    criteria=("C1", "C3"),
    writes=True,
    needs=MODEL,
)
def test_hokusai_model(sdk: Sdk, platform: Platform) -> None:
    """A `HokusaiModel` of the user's own is registered; its `version` is the semantic version."""
    sdk.ModelRegistry().register_baseline(
        model=_hokusai_model(sdk, version="3.1.0"), model_name=platform.model("fraud")
    )
    expect.equal(_only_version(platform).tags.get("version"), "3.1.0", "the tag `version`")
    expect.that("python_function:" in _mlmodel(platform), "MLmodel has the flavour python_function", "it has not")


@case(
    METHOD,
    call='register_baseline(model="runs:/<run id>/model", model_name="fraud")',
    criteria=("C1",),
    level="full",
    writes=True,
    needs=MODEL,
)
def test_uri_of_a_logged_model(sdk: Sdk, platform: Platform) -> None:
    """A `runs:/` URI registers what is logged there, with its run id."""
    run = platform.tracking.create_run()
    platform.tracking.upload(run, "model", model_files())
    sdk.ModelRegistry().register_baseline(model=f"runs:/{run.id}/model", model_name=platform.model("fraud"))
    version = _only_version(platform)
    expect.equal((version.source, version.run_id), (f"runs:/{run.id}/model", run.id), "source and run id")


@case(
    METHOD,
    call='register_baseline(model_name="fraud", mlflow_run_id=run_id)',
    criteria=("C1",),
    level="full",
    writes=True,
    needs=MODEL,
)
def test_run_instead_of_a_model(sdk: Sdk, platform: Platform) -> None:
    """`mlflow_run_id` without a model registers what that run holds."""
    run = platform.tracking.create_run()
    platform.tracking.upload(run, "model", model_files())
    sdk.ModelRegistry().register_baseline(model_name=platform.model("fraud"), mlflow_run_id=run.id)
    expect.equal(_only_version(platform).run_id, run.id, "the run of the version")


@case(METHOD, call=CALL, criteria=("C2", "C3"), writes=True, needs=("platform", *MODEL, "journal"))
def test_every_request_carries_the_key(sdk: Sdk, platform: Platform) -> None:
    """Registry, tracking and artifact requests all reach the platform with the key as a bearer token."""
    sdk.ModelRegistry().register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    expect.authenticated_with_one_key(platform)
    refused = [entry["path"] for entry in platform.received() if entry["status"] in (401, 403)]
    expect.equal(refused, [], "requests answered with 401 or 403")


@case(
    METHOD,
    call='register_baseline(model=model, model_type="risk", model_name="fraud")',
    criteria=("C5",),
    needs=(*MODEL, "journal"),
)
def test_two_different_names_are_refused(sdk: Sdk, platform: Platform) -> None:
    """`model_type` and `model_name` with different values are refused before anything is created."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="model_name"):
        registry.register_baseline(linear_model(), "risk", model_name=platform.model("fraud"))
    expect.nothing_written(platform)


@case(
    METHOD,
    call='register_baseline(model=model)  # no name\nregister_baseline(model_name="fraud")  # no model',
    criteria=("C5",),
    needs=(*MODEL, "journal"),
)
def test_incomplete_calls_are_refused(sdk: Sdk, platform: Platform) -> None:
    """Without a name, or with neither model nor run, the call is refused before anything is created."""
    incomplete: Any = sdk.ModelRegistry().register_baseline
    with expect.raises(sdk, "InvalidParameterError", naming="model_name"):
        incomplete(model=linear_model())
    with expect.raises(sdk, "InvalidParameterError", naming="model"):
        incomplete(model_name=platform.model("fraud"))
    expect.nothing_written(platform)


@case(METHOD, call=CALL, criteria=("C3", "C5"), needs=(*MODEL, "scenarios", "registry-role"))
def test_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A key without the registry role is refused with the incident's code, the status and what to do."""
    registry = sdk.ModelRegistry()
    platform.play("auth.admin_required")
    with expect.raises(
        sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
    ):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    platform.heal()
    expect.equal(platform.tracking.model_names(), [], "the registered models")


@case(
    METHOD,
    call='ModelRegistry(mode="online").register_baseline(model=model, model_name="fraud")',
    criteria=("C5",),
    needs=(*MODEL, "scenarios"),
)
def test_outage_online(sdk: Sdk, platform: Platform) -> None:
    """With `mode="online"` an outage raises MLflowConnectionError with what to do; nothing falls back in silence."""
    registry = sdk.ModelRegistry(mode="online")
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True, unless=platform.api_key):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))


@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", metadata={"team": "risk"})',
    criteria=("C1", "C6"),
    writes=True,
    needs=MODEL,
)
def test_metadata_is_kept(sdk: Sdk, platform: Platform) -> None:
    """`metadata` is kept as the version's tag of that name, a JSON object that holds all of it."""
    metadata = {"team": "risk", "features": ["age", "amount"], "threshold": 0.5}
    sdk.ModelRegistry().register_baseline(linear_model(), model_name=platform.model("fraud"), metadata=metadata)
    expect.equal(json.loads(_only_version(platform).tags.get("metadata", "null")), metadata, "the tag `metadata`")


@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", metrics={"auc": 0.75})',
    criteria=("C1",),
    level="full",
    writes=True,
    needs=MODEL,
)
def test_version_has_the_documented_tags(sdk: Sdk, platform: Platform) -> None:
    """The version is tagged as the platform reads it: model_id, model_type, is_baseline, metrics, timestamp."""
    name = platform.model("fraud")
    entry = sdk.ModelRegistry().register_baseline(linear_model(), model_name=name, metrics={"auc": 0.75})
    tags = _only_version(platform).tags
    expect.equal(tags.get("model_id"), entry.model_id, "the tag `model_id`")
    expect.equal((tags.get("model_type"), tags.get("is_baseline")), (name, "true"), "model_type and is_baseline")
    expect.equal(json.loads(tags.get("metrics", "null")), {"auc": 0.75}, "the tag `metrics`")
    moment = datetime.fromisoformat(tags.get("timestamp", ""))
    expect.that(moment.tzinfo is None, "`timestamp` is naive UTC", tags.get("timestamp"))
    age = abs((datetime.now(timezone.utc).replace(tzinfo=None) - moment).total_seconds())
    expect.that(age < 3600, "`timestamp` is now, in UTC", tags.get("timestamp"))


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_run_and_version_bear_the_registration(sdk: Sdk, platform: Platform) -> None:
    """Run and version have one tag `hokusai.registration_id`, by which an interrupted call finds them again."""
    sdk.ModelRegistry().register_baseline(linear_model(), model_name=platform.model("fraud"))
    version = _only_version(platform)
    mark = version.tags.get("hokusai.registration_id")
    expect.that(mark, "the version has the tag `hokusai.registration_id`", version.tags)
    run = platform.tracking.run(version.run_id or "")
    expect.equal(run.tags.get("hokusai.registration_id"), mark, "the tag of the run")


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_entry_of_a_baseline(sdk: Sdk, platform: Platform) -> None:
    """The entry says that it is a baseline, of which model, and since when; it has no contributor and no gain."""
    name = platform.model("fraud")
    entry = sdk.ModelRegistry().register_baseline(linear_model(), model_name=name)
    expect.equal((entry.is_baseline, entry.model_type), (True, name), "is_baseline and model_type")
    nothing = (entry.baseline_id, entry.delta_metrics, entry.contributor_address)
    expect.equal(nothing, (None, None, None), "baseline_id, delta_metrics and contributor_address")
    expect.that(isinstance(entry.mlflow_version, str), "mlflow_version is a text", entry.mlflow_version)
    expect.that(isinstance(entry.timestamp, datetime), "timestamp is a datetime", entry.timestamp)


@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", metadata={"version": "1.0.0"})',
    criteria=("C1",),
    level="full",
    writes=True,
    needs=(*MODEL, "fresh"),
)
def test_version_that_is_taken_gives_way(sdk: Sdk, platform: Platform) -> None:
    """A version in `metadata` that exists already gives way to the next minor after the highest."""
    registry, name = sdk.ModelRegistry(), platform.model("fraud")
    for _ in range(2):
        entry = registry.register_baseline(linear_model(), model_name=name, metadata={"version": "1.0.0"})
    tags = [version.tags.get("version") for version in platform.tracking.versions(name)]
    expect.equal((tags, entry.version), (["1.0.0", "1.1.0"], "1.1.0"), "the tags `version`, and the last entry's")


@case(
    METHOD,
    call='register_baseline(model=hokusai_model, model_name="fraud", metadata={"version": "2.0.0"})',
    criteria=("C1",),
    level="full",
    writes=True,
    needs=MODEL,
)
def test_version_in_metadata_beats_the_models_own(sdk: Sdk, platform: Platform) -> None:
    """`metadata["version"]` comes before `model.version`; the model's own metrics are kept."""
    model = _hokusai_model(sdk, version="3.1.0")
    sdk.ModelRegistry().register_baseline(model, model_name=platform.model("fraud"), metadata={"version": "2.0.0"})
    tags = _only_version(platform).tags
    expect.equal(tags.get("version"), "2.0.0", "the tag `version`")
    expect.equal(json.loads(tags.get("metrics", "null")), {"accuracy": 0.5}, "the tag `metrics`")


@case(
    METHOD,
    call='register_baseline(model=predict, model_name="fraud")',
    criteria=("C1", "C3"),
    level="full",
    writes=True,
    needs=MODEL,
)
def test_callable(sdk: Sdk, platform: Platform) -> None:
    """A function of the data is registered as it is, as a pyfunc model."""
    sdk.ModelRegistry().register_baseline(lambda data: [0 for _ in data], model_name=platform.model("fraud"))
    expect.that("python_function:" in _mlmodel(platform), "MLmodel has the flavour python_function", "it has not")


@case(METHOD, call=CALL, criteria=("C3",), level="full", writes=True, needs=MODEL)
def test_artifact_says_what_it_needs(sdk: Sdk, platform: Platform) -> None:
    """The artifact's requirements.txt pins the MLflow in use, so that it loads elsewhere."""
    sdk.ModelRegistry().register_baseline(linear_model(), model_name=platform.model("fraud"))
    version = _only_version(platform)
    run = platform.tracking.run(version.run_id or "")
    folder = version.source.removeprefix(f"runs:/{run.id}/")
    text = platform.tracking.download(run, f"{folder}/requirements.txt").decode()
    expect.that(re.search(r"^mlflow(-skinny)?==", text, re.MULTILINE), "requirements.txt pins MLflow", text)


@pytest.mark.parametrize("form", ["models:/{name}/1", "models:/{name}/1.0.0"])
@case(
    METHOD,
    call='register_baseline(model="models:/risk/1", model_name="fraud")',
    criteria=("C1",),
    level="full",
    writes=True,
    needs=(*MODEL, "fresh"),
)
def test_uri_of_a_registered_model(sdk: Sdk, platform: Platform, form: str) -> None:
    """A `models:/` URI, by number or semantic version, registers the same artifact of the same run."""
    tracking, other = platform.tracking, platform.name("risk")
    run = tracking.create_run()
    tracking.upload(run, "model", model_files())
    tracking.create_model(other)
    tracking.create_version(other, run=run, semantic="1.0.0")
    sdk.ModelRegistry().register_baseline(model=form.format(name=other), model_name=platform.model("fraud"))
    version = _only_version(platform)
    expect.equal((version.source, version.run_id), (f"runs:/{run.id}/model", run.id), "source and run id")


@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", mlflow_run_id=run_id)',
    criteria=("C1",),
    level="full",
    writes=True,
    needs=MODEL,
)
def test_model_is_logged_to_the_run_that_is_given(sdk: Sdk, platform: Platform) -> None:
    """With a model and `mlflow_run_id` the model is logged to that run, which stays open as it was."""
    run = platform.tracking.create_run()
    entry = sdk.ModelRegistry().register_baseline(
        linear_model(), model_name=platform.model("fraud"), mlflow_run_id=run.id
    )
    version = _only_version(platform)
    expect.equal(version.run_id, run.id, "the run of the version")
    files = platform.tracking.artifact_paths(run, version.source.removeprefix(f"runs:/{run.id}/"))
    expect.that(any(path.endswith("/MLmodel") for path in files), "the model's files are in the run", files)
    expect.equal(platform.tracking.run(run.id).status, "RUNNING", "the status of the caller's run")
    expect.that(entry.version, "the entry has a version", entry)


@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", metadata=metadata, metrics=metrics)',
    criteria=("C1",),
    level="full",
    writes=True,
    needs=MODEL,
)
def test_registering_leaves_the_callers_dicts_alone(sdk: Sdk, platform: Platform) -> None:
    """`metadata` and `metrics` are copied: neither call nor caller changes the other's."""
    metadata: dict[str, Any] = {"team": "risk"}
    metrics = {"auc": 0.75}
    entry = sdk.ModelRegistry().register_baseline(
        linear_model(), model_name=platform.model("fraud"), metadata=metadata, metrics=metrics
    )
    expect.equal((metadata, metrics), ({"team": "risk"}, {"auc": 0.75}), "the caller's dicts")
    metrics["auc"] = 0.0
    expect.equal(dict(entry.metrics), {"auc": 0.75}, "entry.metrics")


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_registering_leaves_the_active_run_alone(sdk: Sdk, platform: Platform) -> None:
    """The user's active run stays active, and nothing of the registration is written to it."""
    import mlflow  # noqa: PLC0415 - heavy, and only here

    registry = sdk.ModelRegistry()
    mine = platform.tracking.create_run()
    with mlflow.start_run(run_id=mine.id):
        registry.register_baseline(linear_model(), model_name=platform.model("fraud"), metrics={"auc": 0.75})
        active = mlflow.active_run()
        expect.equal(active and active.info.run_id, mine.id, "the active run")
    expect.that(_only_version(platform).run_id != mine.id, "the model lies in a run of its own", mine.id)
    expect.equal(dict(platform.tracking.run(mine.id).metrics), {}, "the metrics of the user's run")
    expect.equal(platform.tracking.artifact_paths(mine), [], "the files of the user's run")


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_registering_prints_nothing(sdk: Sdk, platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written to stdout, which belongs to the user's program."""
    sdk.ModelRegistry().register_baseline(linear_model(), model_name=platform.model("fraud"))
    expect.equal(capsys.readouterr().out, "", "what was written to stdout")


@case(METHOD, call=CALL, criteria=("C6",), level="full", writes=True, needs=(*MODEL, "fresh"))
def test_equal_calls_at_once_each_make_a_version(sdk: Sdk, platform: Platform) -> None:
    """Of calls from several threads none is lost, none is made twice, and each gets a semantic version of its own."""
    registry, name = sdk.ModelRegistry(), platform.model("fraud")
    model = linear_model()
    with ThreadPoolExecutor(4) as pool:
        entries = list(pool.map(lambda _: registry.register_baseline(model, model_name=name), range(4)))
    versions = {version.number: version.tags.get("version") for version in platform.tracking.versions(name)}
    expect.equal(sorted(versions), ["1", "2", "3", "4"], "MLflow's numbers")
    expect.equal(len(set(versions.values())), 4, "the number of different semantic versions")
    expect.equal({entry.mlflow_version or "": entry.version for entry in entries}, versions, "what the calls returned")


@pytest.mark.parametrize("scenario", ["contract.source_without_run", "route.delete_body", "data.race"])
@case(METHOD, call=CALL, criteria=("C3",), level="full", writes=True, needs=("platform", *MODEL, "scenarios"))
def test_registers_where_others_fail(sdk: Sdk, platform: Platform, scenario: str) -> None:
    """It works where sources need their run, where DELETE bodies are lost, and beside others who are quicker."""
    platform.play(scenario)
    entry = sdk.ModelRegistry(mode="online").register_baseline(linear_model(), model_name=platform.model("fraud"))
    expect.equal(entry.mlflow_version, _only_version(platform).number, "entry.mlflow_version")


def _mlmodel(platform: Platform) -> str:
    version = _only_version(platform)
    run = platform.tracking.run(version.run_id or "")
    folder = version.source.removeprefix(f"runs:/{run.id}/")
    return platform.tracking.download(run, f"{folder}/MLmodel").decode()


def _hokusai_model(sdk: Sdk, version: str) -> Any:
    """Return a `HokusaiModel` of a user's own, with the metric accuracy 0.5."""
    base, given = sdk.HokusaiModel, version

    class Doubler(base):  # type: ignore[misc, valid-type]
        model_id = "doubler"
        version = given

        def __init__(self) -> None:
            """Stay clear of the base's constructor, whose parameters are not documented."""

        def predict(self, data: Any) -> Any:
            """Return twice the data."""
            return [2 * row for row in data]

        def load(self, path: str) -> None:
            """Nothing to load."""

        def save(self, path: str) -> None:
            """Nothing to save."""

        def get_metrics(self) -> dict[str, float]:
            """Return one metric."""
            return {"accuracy": 0.5}

    return Doubler()
