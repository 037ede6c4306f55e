"""What `ModelRegistry.register_baseline` refuses, and how it reports what goes wrong.

Every case uses `model_name`, the name that ISSUE-2 is about.
"""

from __future__ import annotations

import threading
import warnings
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case
from hokusai_testkit.contract.models import linear_model
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk

METHOD = "ModelRegistry.register_baseline"
CALL = 'ModelRegistry().register_baseline(model=model, model_name="fraud")'
MODEL = ("package:mlflow", "package:pandas")
PLAYED = ("platform", *MODEL, "scenarios")
FULL = "full"


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b", 7])
@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=(*MODEL, "journal"))
def test_name_that_is_none(sdk: Sdk, platform: Platform, name: Any) -> None:
    """A blank name, one with / or :, and what is no text are refused by the parameter's name."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="model_name"):
        registry.register_baseline(model=linear_model(), model_name=name)
    expect.nothing_written(platform)


@pytest.mark.parametrize("kind", ["an object that cannot predict", "a class", "a URI of another scheme"])
@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=(*MODEL, "journal"))
def test_model_that_is_none(sdk: Sdk, platform: Platform, kind: str) -> None:
    """What cannot become a model is refused before anything is created."""
    model: Any = {
        "an object that cannot predict": object(),
        "a class": type(linear_model()),
        "a URI of another scheme": "s3://bucket/model",
    }[kind]
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="model"):
        registry.register_baseline(model=model, model_name=platform.model("fraud"))
    expect.nothing_written(platform)


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=(*MODEL, "journal"))
def test_model_that_cannot_be_saved(sdk: Sdk, platform: Platform) -> None:
    """A model that cannot be pickled is a RegistryException that says what to do; nothing is created."""
    model = linear_model()
    model.lock = threading.Lock()
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "RegistryException", remedy=True):
        registry.register_baseline(model=model, model_name=platform.model("fraud"))
    expect.nothing_written(platform)


@pytest.mark.parametrize("value", ["high", float("nan"), float("inf"), None])
@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", metrics={"auc": 0.5})',
    criteria=("C5",),
    level=FULL,
    needs=(*MODEL, "journal"),
)
def test_metric_that_is_no_number(sdk: Sdk, platform: Platform, value: Any) -> None:
    """A metric that is no finite number is refused by its name, before anything is created."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="auc"):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"), metrics={"auc": value})
    expect.nothing_written(platform)


@pytest.mark.parametrize("metadata", [{"team": object()}, ["team"], {"version": "1.2"}, {"version": "latest"}])
@case(
    METHOD,
    call='register_baseline(model=model, model_name="fraud", metadata={"team": "risk"})',
    criteria=("C5",),
    level=FULL,
    needs=(*MODEL, "journal"),
)
def test_metadata_that_cannot_be_kept(sdk: Sdk, platform: Platform, metadata: Any) -> None:
    """Metadata that JSON cannot hold, or a `version` in it that is no semantic version, is refused."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="metadata"):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"), metadata=metadata)
    expect.nothing_written(platform)


@case(
    METHOD,
    call='register_baseline(model_name="fraud", mlflow_run_id=run_id)',
    criteria=("C5",),
    level=FULL,
    writes=True,
    needs=(*MODEL, "journal"),
)
def test_run_without_a_model(sdk: Sdk, platform: Platform) -> None:
    """A run that holds no model is refused by its id, before anything is registered."""
    run = platform.tracking.create_run()
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming=run.id):
        registry.register_baseline(model_name=platform.model("fraud"), mlflow_run_id=run.id)
    expect.nothing_written(platform)


@case(
    METHOD,
    call='register_baseline(model_name="fraud", mlflow_run_id=run_id)',
    criteria=("C5",),
    level=FULL,
    needs=(*MODEL, "journal"),
)
def test_run_that_does_not_exist(sdk: Sdk, platform: Platform) -> None:
    """A run that does not exist is an error with the server's status, and nothing is registered."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "RegistryException", status_code=404):
        registry.register_baseline(model_name=platform.model("fraud"), mlflow_run_id="0" * 32)
    expect.nothing_written(platform)


@case(
    METHOD,
    call='register_baseline("runs:/<run id>/model", model_name="fraud", mlflow_run_id=another_run_id)',
    criteria=("C5",),
    level=FULL,
    writes=True,
    needs=(*MODEL, "journal"),
)
def test_run_and_uri_that_contradict_each_other(sdk: Sdk, platform: Platform) -> None:
    """A URI and a run id of different runs are refused, before anything is registered."""
    one, other = platform.tracking.create_run(), platform.tracking.create_run()
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming=other.id):
        registry.register_baseline(f"runs:/{one.id}/model", model_name=platform.model("fraud"), mlflow_run_id=other.id)
    expect.nothing_written(platform)


@case(
    METHOD,
    call='register_baseline("models:/risk/1", model_name="fraud")',
    criteria=("C5",),
    level=FULL,
    needs=(*MODEL, "journal"),
)
def test_uri_of_a_model_that_does_not_exist(sdk: Sdk, platform: Platform) -> None:
    """A `models:/` URI of a model that does not exist is refused by its name, before anything is registered."""
    missing = platform.name("no-such-model")
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming=missing):
        registry.register_baseline(f"models:/{missing}/1", model_name=platform.model("fraud"))
    expect.nothing_written(platform)


@pytest.mark.parametrize(
    ("scenario", "code", "status"),
    [("auth.key_invalid", "A03", 401), ("auth.read_only_scope", "A06", 403), ("auth.upstream_403", None, 403)],
)
@case(METHOD, call=CALL, criteria=("C3", "C5"), level=FULL, needs=PLAYED)
def test_refused_key_is_reported_with_its_cause(
    sdk: Sdk, platform: Platform, scenario: str, code: str | None, status: int
) -> None:
    """401 and 403 are MLflowAuthenticationError with status, the incident's code and what to do; never a fallback."""
    registry = sdk.ModelRegistry()
    platform.play(scenario)
    wanted: dict[str, Any] = {"code": code} if code else {}
    with expect.raises(
        sdk, "MLflowAuthenticationError", status_code=status, remedy=True, unless=platform.api_key, **wanted
    ):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    platform.heal()
    expect.equal(platform.tracking.model_names(), [], "the registered models")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=PLAYED)
def test_rate_limit_is_reported_with_the_wait(sdk: Sdk, platform: Platform) -> None:
    """429 is a RateLimitError, never an outage that is worked around."""
    registry = sdk.ModelRegistry()
    platform.play("limit.rate")
    with expect.raises(sdk, "RateLimitError", status_code=429, remedy=True, unless=platform.api_key):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=PLAYED)
def test_artifacts_that_the_gateway_refuses(sdk: Sdk, platform: Platform) -> None:
    """Where only artifacts are refused, the error says so, and no version is made that points at nothing."""
    registry = sdk.ModelRegistry()
    platform.play("artifact.disabled_gateway")
    with expect.raises(sdk, "MLflowConnectionError", code="F02", status_code=503, remedy=True, unless=platform.api_key):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    platform.heal()
    expect.equal(platform.tracking.versions(platform.model("fraud")), [], "the versions")


@case(METHOD, call=CALL, criteria=("C5", "C6"), level=FULL, needs=(*PLAYED, "journal"))
def test_registration_that_broke_off_is_gone_on_with(sdk: Sdk, platform: Platform) -> None:
    """The server failed after the run was made: the same call made again goes on, with that run and one version."""
    registry = sdk.ModelRegistry()
    platform.play("artifact.disabled_gateway")
    with expect.raises(sdk, "MLflowConnectionError"):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    platform.heal()
    registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    made = [entry["path"].rpartition("/mlflow/")[2] for entry in platform.received() if entry["status"] == 200]
    counts = {path: made.count(path) for path in ("runs/create", "model-versions/create")}
    expect.equal(counts, {"runs/create": 1, "model-versions/create": 1}, "what was created, by the call")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=PLAYED)
def test_registration_that_broke_off_names_what_exists(sdk: Sdk, platform: Platform) -> None:
    """The server failed after the run was made: the error names the run, and says that the call can be made again."""
    registry = sdk.ModelRegistry()
    platform.play("artifact.disabled_gateway")
    try:
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    except sdk.exception("MLflowConnectionError") as problem:
        text = str(problem)
    else:
        text = "no error"
    created = [entry for entry in platform.received() if entry["path"].endswith("/runs/update")]
    runs = [entry for entry in platform.received() if "/artifacts/" in entry["path"] and entry["method"] == "PUT"]
    expect.equal(created, [], "runs that were reported as finished")
    run_id = runs[0]["path"].split("/artifacts/")[1].split("/")[1] if runs else "a run"
    expect.that(run_id in text, f"the error names the run {run_id}", text)
    expect.that("same call again" in text, "the error says that the same call goes on", text)


@case(METHOD, call=CALL, criteria=("C2", "C5"), level=FULL, needs=(*PLAYED, "journal"))
def test_outage_keeps_the_model_in_the_local_store(sdk: Sdk, platform: Platform) -> None:
    """Without `mode`, an outage at the start keeps the registration locally: a `local:` id, no number, one warning."""
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        entry = registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
    kinds = [item.category.__name__ for item in told if item.category.__name__ == "HokusaiFallbackWarning"]
    expect.equal(kinds, ["HokusaiFallbackWarning"], "the warnings about it")
    expect.that(entry.model_id.startswith("local:"), "model_id begins with local:", entry.model_id)
    expect.equal((entry.version, entry.mlflow_version), ("1.0.0", None), "version and mlflow_version")
    expect.nothing_written(platform)


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=PLAYED)
def test_outage_raises_where_the_environment_says_so(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `HOKUSAI_OPTIONAL_MLFLOW=false` an outage raises; nothing is kept locally in silence."""
    monkeypatch.setenv("HOKUSAI_OPTIONAL_MLFLOW", "false")
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True, unless=platform.api_key):
        registry.register_baseline(model=linear_model(), model_name=platform.model("fraud"))
