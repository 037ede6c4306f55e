"""Of two mistakes in one request, the one that the real server meets first is the one it names (MLflow 3.9.0)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Server, content


def refusal(server: Server, target: str, payload: dict[str, Any]) -> tuple[int, str]:
    response = server.ask("POST", target, payload)
    return response.status, json.loads(content(response))["message"]


def test_a_stage_that_has_nothing_to_archive_is_named_before_a_version_that_is_no_number(server: Server) -> None:
    asked = {"name": "wine", "version": "two", "stage": "None", "archive_existing_versions": True}
    status, message = refusal(server, "model-versions/transition-stage", asked)
    assert (status, "not an Active stage" in message) == (500, True)
    status, message = refusal(server, "model-versions/transition-stage", {**asked, "archive_existing_versions": False})
    assert (status, "must be an integer" in message) == (400, True)


@pytest.mark.parametrize(
    ("filter_text", "expected"),
    [
        ("metrics.k = 'a' AND tags.k", "could not convert string to float"),
        ("tags.k AND metrics.k = 'a'", "Expected a list of comparisons"),
        ("metrics.k = 1 AND tags.k", "Expected a list of comparisons"),
    ],
)
def test_a_filter_for_logged_models_is_read_from_left_to_right(server: Server, filter_text: str, expected: str) -> None:
    _, message = refusal(server, "logged-models/search", {"experiment_ids": ["0"], "filter": filter_text})
    assert expected in message


def test_a_run_without_an_experiment_is_refused_for_the_deleted_default_experiment_first(server: Server) -> None:
    status, message = refusal(server, "runs/create", {"start_time": 1})
    assert (status, "FOREIGN KEY" in message) == (400, True)
    server.json("POST", "experiments/delete", {"experiment_id": "0"})
    status, message = refusal(server, "runs/create", {"start_time": 1})
    assert (status, "The experiment 0 must be in the 'active' state" in message) == (400, True)


def test_the_name_of_a_logged_model_is_looked_at_before_its_experiment(server: Server) -> None:
    _, message = refusal(server, "logged-models", {"experiment_id": "none", "name": "a/b"})
    assert "Invalid model name" in message


def test_a_page_token_that_is_not_ascii_is_an_error_of_the_tracking_store_and_a_crash_of_the_registry(
    server: Server,
) -> None:
    status, message = refusal(server, "runs/search", {"experiment_ids": ["0"], "page_token": "é"})
    assert (status, message) == (500, "string argument should contain only ASCII characters")
    for kind in ("registered-models", "model-versions"):
        crashed = server.ask("GET", f"{kind}/search?page_token=%C3%A9")
        assert (crashed.status, crashed.header("Content-Type")) == (500, "text/html; charset=utf-8")
