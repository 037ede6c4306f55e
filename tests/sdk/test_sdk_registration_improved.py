from __future__ import annotations

import json
from typing import Any

import pytest

from hokusai import HokusaiModel, ModelRegistry
from hokusai.exceptions import (
    HokusaiFallbackWarning,
    InvalidParameterError,
    MLflowConnectionError,
    ModelNotFoundError,
)
from hokusai_mock import Sandbox

ALICE = "0x" + 40 * "a"
DELTAS = {"auc": 0.02}


class Doubler(HokusaiModel):
    def predict(self, data: Any) -> list[Any]:
        return [2 * value for value in data]


def test_an_improvement_is_found_by_its_id_and_leads_back_to_its_baseline(registry: ModelRegistry) -> None:
    baseline = registry.register_baseline(Doubler(), model_name="m", metrics={"auc": 0.5})
    entry = registry.register_improved_model(Doubler(), baseline.model_id, DELTAS, ALICE, metrics={"auc": 0.52})
    assert (entry.version, entry.is_baseline, entry.metrics) == ("1.1.0", False, {"auc": 0.52})
    found = registry.get_model_by_id(entry.model_id)
    assert (found.baseline_id, found.delta_metrics, found.contributor_address) == (baseline.model_id, DELTAS, ALICE)
    assert [step["model_id"] for step in registry.get_model_lineage(entry.model_id)] == [
        baseline.model_id,
        entry.model_id,
    ]


def test_an_improvement_with_its_baselines_id_is_refused(registry: ModelRegistry, platform: Sandbox) -> None:
    with pytest.raises(InvalidParameterError, match="id of its own"):
        registry.register_improved_model(Doubler(model_id="same"), "same", DELTAS, ALICE)
    assert platform.calls("POST") == []


def test_no_deltas_are_refused(registry: ModelRegistry, platform: Sandbox) -> None:
    with pytest.raises(InvalidParameterError, match="delta_metrics"):
        registry.register_improved_model(Doubler(), "b", {}, ALICE)
    assert platform.calls("POST") == []


def test_an_unknown_baseline_is_answered_with_the_nearest(registry: ModelRegistry) -> None:
    registry.register_baseline(Doubler(model_id="fraud-baseline"), model_name="m")
    with pytest.raises(ModelNotFoundError, match="fraud-baseline"):
        registry.register_improved_model(Doubler(), "fraud-baselin", DELTAS, ALICE)


def test_an_improvement_of_what_a_fallback_kept_is_kept_beside_it(platform: Sandbox) -> None:
    platform.scenario("gateway.lb_error", status=503)
    with pytest.warns(HokusaiFallbackWarning):
        registry = ModelRegistry()
    baseline = registry.register_baseline(Doubler(), model_name="m")
    entry = registry.register_improved_model(Doubler(), baseline.model_id, DELTAS, ALICE)
    assert entry.model_id.startswith("local:")
    assert entry.tags["baseline_id"] == baseline.model_id.removeprefix("local:")
    assert json.loads(entry.tags["delta_metrics"]) == DELTAS


def test_an_improvement_of_what_is_on_the_server_does_not_fall_back(platform: Sandbox) -> None:
    registry = ModelRegistry()
    baseline = registry.register_baseline(Doubler(), model_name="m")
    platform.scenario("gateway.lb_error", status=503)
    with pytest.raises(MLflowConnectionError):
        registry.register_improved_model(Doubler(), baseline.model_id, DELTAS, ALICE)
