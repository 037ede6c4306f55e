"""The table of errors speaks of every situation that a user of the SDK can meet, and helps in each."""

from __future__ import annotations

from pathlib import Path

import pytest

from hokusai_mock import scenarios
from makers import errors

ROWS = errors.rows()
FAILING = [row for row in ROWS if row.exception]
OUTSIDE = {
    "client.retries_ten": "whether ten retries are too many depends on the MLflow installed, not on the SDK",
}
"""Files that say nothing about the SDK, and why."""


def test_every_situation_is_in_the_table() -> None:
    assert set(scenarios.names()) - {row.scenario for row in ROWS} == set(OUTSIDE)


@pytest.mark.parametrize("row", FAILING, ids=lambda row: f"{row.scenario} {row.call}")
def test_every_error_says_what_to_do(row: errors.Row) -> None:
    assert row.remedy
    assert row.remedy == row.remedy.strip()


@pytest.mark.parametrize(
    "row", [row for row in FAILING if not row.scenario.startswith("sdk.")], ids=lambda row: f"{row.scenario} {row.call}"
)
def test_every_error_of_the_sdk_is_named(row: errors.Row) -> None:
    assert row.code


def test_no_time_out_is_promised_for_a_call_that_does_not_exist() -> None:
    import hokusai  # noqa: PLC0415 - the SDK is optional where the kit alone is tested

    text = Path(__file__).parents[2].joinpath("docs", "timeouts.md").read_text("utf-8")
    named = (
        "setup_mlflow_auth",
        "get_mlflow_auth_status",
        "ModelRegistry",
        "ExperimentManager",
        "setup",
        "HokusaiAuth",
    )
    assert [name for name in named if f"`{name}()`" not in text] == []
    methods = ("start_experiment", "register_baseline", "register_tokenized_model", "renotify", "track_inference")
    owners = (hokusai.ModelRegistry, hokusai.ExperimentManager, hokusai.PerformanceTracker)
    assert [name for name in methods if not any(hasattr(owner, name) for owner in owners)] == []
    assert [name for name in methods if f"`{name}`" not in text] == []
