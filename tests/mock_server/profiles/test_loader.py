"""MLflow profiles are found by name, parsed once, and complete."""

from __future__ import annotations

import pytest

from hokusai_mock import profiles
from hokusai_mock.profiles import loader

FACTS = [
    "old",
    "experiment_id",
    "location",
    "json",
    "value",
    "path",
    "hint",
    "noun",
    "resolved",
    "label",
    "start",
    "length",
    "limit",
    "prefix",
    "key",
    "metric_value",
    "comparator",
    "valid",
    "name",
    "now",
    "description",
    "text",
]


def test_names_are_those_of_the_files() -> None:
    assert {"mlflow-2.9", "mlflow-3.9"} <= set(profiles.mlflow_names())


def test_profile_is_parsed_once() -> None:
    assert profiles.mlflow("mlflow-3.9") is profiles.mlflow("mlflow-3.9")


def test_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(profiles.ProfileError, match=r"did you mean 'mlflow-3\.9'"):
        profiles.mlflow("mlflow-39")
    with pytest.raises(profiles.ProfileError, match=r"there are mlflow-2\.\d+, "):
        profiles.mlflow("zzz")


@pytest.mark.parametrize("name", profiles.mlflow_names())
def test_routes_are_methods_and_paths_without_repetition(name: str) -> None:
    routes = profiles.mlflow(name).routes
    assert len(set(routes)) == len(routes)
    assert all(method.isupper() and path.startswith("/") for method, path in routes)


def test_api_routes_have_a_twin_for_browsers() -> None:
    routes = profiles.mlflow("mlflow-3.9").routes
    assert ("GET", "/api/2.0/mlflow/runs/get") in routes
    assert ("GET", "/ajax-api/2.0/mlflow/runs/get") in routes


@pytest.mark.parametrize("name", profiles.mlflow_names())
def test_every_text_can_be_filled_with_what_refusals_bring(name: str) -> None:
    facts = dict.fromkeys(FACTS, "x")
    for text in profiles.mlflow(name).texts.values():
        assert text.format(**facts)


def test_profile_with_a_missing_or_unknown_key_is_refused() -> None:
    data = {
        "version": "1",
        "generation": 1,
        "routes": {"both": "", "other": ""},
        "behaviour": {},
        "limits": {},
        "texts": {},
    }
    with pytest.raises(profiles.ProfileError, match="the profile 'x' has a missing or an unknown key"):
        loader._profile("x", data)
