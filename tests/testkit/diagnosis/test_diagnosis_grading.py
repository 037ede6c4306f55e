"""Grades: what each observation is worth, as plain values."""

from __future__ import annotations

from typing import Any

import pytest

from hokusai_mock import scenarios
from hokusai_mock.scenarios import vocabulary
from hokusai_testkit.diagnosis.configuration import Configuration, Setting
from hokusai_testkit.diagnosis.grading import GRADERS, Grade, Surroundings, describe
from hokusai_testkit.diagnosis.probes import PROBES

CONFIGURATION = Configuration(None, None, Setting("https://h/api", "default"), Setting("https://h/api/mlflow", "X"))


def grade(check: str, facts: dict[str, Any], **others: dict[str, Any]) -> Grade:
    known = {name.replace("_", "."): value for name, value in others.items()}
    return GRADERS[check](facts, Surroundings(CONFIGURATION, known, b"salt"))


def answer(status: int, text: str, body_class: str = "json", **more: Any) -> dict[str, Any]:
    return {"answered": True, "status": status, "body_class": body_class, "body_text": text, **more}


def test_every_probe_has_a_grader() -> None:
    assert set(GRADERS) == set(PROBES)


def test_the_probes_that_files_look_at_are_those_of_the_doctor_and_those_listed_as_planned() -> None:
    planned = {name for name in vocabulary.PLANNED if name in vocabulary.PROBES}

    assert set(PROBES) | planned == set(vocabulary.PROBES)
    assert set(PROBES) & planned == set()


def test_a_planned_fact_belongs_to_a_probe_that_there_is() -> None:
    facts = vocabulary.PLANNED - set(vocabulary.PROBES)

    assert {fact.rpartition(".")[0] for fact in facts} <= set(PROBES)


def test_a_signature_that_looks_at_what_is_planned_is_unproved() -> None:
    assert scenarios.load("client.netrc").unproved == ["creds.effective.scheme", "creds.effective.source"]
    assert not scenarios.load("client.netrc").named_by_doctor
    assert scenarios.load("auth.admin_required").unproved == []
    assert scenarios.load("auth.admin_required").named_by_doctor


@pytest.mark.parametrize(("major", "status"), [(3, "fail"), (2, "pass"), (None, "warn")])
def test_missing_logged_models_weigh_by_the_client(major: int | None, status: str) -> None:
    client = {"mlflow_major": major, "mlflow_version": f"{major}.1"}

    assert (
        grade("server.capabilities", {"logged_models": False, "registered_models": True}, env_versions=client).status
        == status
    )


@pytest.mark.parametrize(
    ("health", "status"),
    [
        (answer(200, "{}", body_json={"status": "healthy"}), "pass"),
        (answer(200, "{}", body_json={"status": "degraded"}), "warn"),
        (answer(200, "OK", "text"), "pass"),
        (answer(404, "<p>", "html"), "warn"),
        (answer(302, "", "empty", location="https://login.example"), "warn"),
        (answer(503, "<p>", "html"), "fail"),
        ({"answered": False, "error": "timeout", "errno": None}, "fail"),
    ],
)
def test_health_is_graded_by_what_it_says(health: dict[str, Any], status: str) -> None:
    assert grade("http.open", {"health": health, "version": answer(200, "3.9.0", "text")}).status == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "pass"),
        ({"mlflow_version": None}, "warn"),
        ({"hokusai_distributions": ["hokusai-minimal-sdk", "hokusai-ml-platform"]}, "warn"),
        ({"mlflow_skinny_version": "3.17.2"}, "warn"),
    ],
)
def test_odd_installations_are_warned_about(changes: dict[str, Any], status: str) -> None:
    facts: dict[str, Any] = {
        "python_version": "3.11.1",
        "python_executable": "python",
        "mlflow_version": "3.9.0",
        "mlflow_skinny_version": "3.9.0",
        "requests_version": "2.0",
        "urllib3_version": None,
        "hokusai_distributions": [],
    }

    assert grade("env.versions", {**facts, **changes}).status == status


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (answer(403, '{"detail": "no"}', server="uvicorn"), '403 by uvicorn json {"detail": "no"}'),
        (answer(200, '{"experiments": [' + "1," * 99), "200 json"),
        (answer(200, "OK", "text"), "200 text OK"),
        (answer(502, "<html>", "html", truncated=True), "502 html cut off"),
        ({"answered": False, "error": "Connection refused", "errno": 111}, "Connection refused (errno 111)"),
    ],
)
def test_an_answer_is_told_in_few_words_without_the_users_data(facts: dict[str, Any], words: str) -> None:
    assert describe(facts) == words
