"""Registration events: what is asked of one, who may send it, what becomes of it."""

from __future__ import annotations

import pytest

URL = "/api/models/tokenized-registration-events"
MLFLOW = "/api/mlflow/api/2.0/mlflow"
EVENT = {
    "model_name": "scorer",
    "version": "1",
    "token_id": "SLS",
    "proposal_identifier": "SLS",
    "metric_name": "accuracy",
    "baseline_value": 0.85,
    "mlflow_run_id": "0" * 32,
}


def event(**changes):
    return {**EVENT, **changes}


def send(platform, **changes):
    return platform.ask("POST", URL, json=event(**changes))


def test_an_event_is_emitted_and_kept(platform):
    run_id = platform.model()
    answer = send(platform, mlflow_run_id=run_id)
    assert (answer.status, answer.json) == (
        200,
        {
            "status": "ok",
            "model_id": "scorer/1/SLS",
            "model_name": "scorer",
            "version": "1",
            "event_emitted": True,
            "detail": None,
        },
    )
    (kept,) = platform.state.events
    assert kept["event"]["current_value"] == kept["event"]["baseline_value"] == 0.85
    assert (kept["by"], kept["version_known"], kept["run_known"]) == ("admin", True, True)


def test_metadata_become_tags_of_version_and_run(platform):
    run_id = platform.model()
    send(platform, mlflow_run_id=run_id, eval_spec="spec-1", api_schema={"b": 1, "a": 2})
    version = platform.ask("GET", f"{MLFLOW}/model-versions/get?name=scorer&version=1").json["model_version"]
    run = platform.ask("GET", f"{MLFLOW}/runs/get?run_id={run_id}").json["run"]
    wanted = {"hokusai.eval_spec": "spec-1", "hokusai.api_schema": '{"a": 2, "b": 1}'}
    for tags in (version["tags"], run["data"]["tags"]):
        assert wanted.items() <= {tag["key"]: tag["value"] for tag in tags}.items()


def test_an_event_for_a_version_that_mlflow_does_not_know_is_emitted_all_the_same(platform):
    assert send(platform, eval_spec="spec-1").status == 200
    (kept,) = platform.state.events
    assert (kept["version_known"], kept["run_known"]) == (False, False)


def test_the_same_event_twice_is_emitted_twice_under_the_same_id(platform):
    assert [send(platform).json["model_id"] for _ in range(2)] == ["scorer/1/SLS"] * 2
    assert platform.state.events.total == 2


def test_a_null_run_id_is_refused_after_the_model_was_registered(platform):
    answer = send(platform, mlflow_run_id=None)
    assert (answer.status, answer.json) == (
        422,
        {
            "detail": [
                {
                    "type": "string_type",
                    "loc": ["body", "mlflow_run_id"],
                    "msg": "Input should be a valid string",
                    "input": None,
                }
            ]
        },
    )
    assert len(platform.state.events) == 0


@pytest.mark.parametrize("name", EVENT)
def test_every_documented_field_is_required(platform, name):
    body = event()
    del body[name]
    answer = platform.ask("POST", URL, json=body)
    assert answer.status == 422
    assert answer.detail == [{"type": "missing", "loc": ["body", name], "msg": "Field required", "input": body}]


@pytest.mark.parametrize(
    "changes",
    [
        {"model_name": "  "},
        {"baseline_value": "high"},
        {"eval_spec": " "},
        {"scorer_ref": "x" * 501},
        {"tags": {"a": 1}},
        {"api_schema": []},
    ],
)
def test_wrong_fields_are_refused_by_name(platform, changes):
    answer = send(platform, **changes)
    assert answer.status == 422
    assert answer.detail[0]["loc"][:2] == ["body", *changes]


def test_more_fields_are_ignored_and_blanks_around_words_too(platform):
    answer = send(platform, more=1, model_name=" scorer ", current_value=0.9, tags=None)
    assert answer.json["model_id"] == "scorer/1/SLS"


def test_a_key_that_may_only_read_may_not_send_events(platform):
    answer = platform.ask("POST", URL, json=EVENT, key="hk_test_reader")
    assert (answer.status, answer.json) == (403, {"detail": "Insufficient permissions for model registration events"})
    assert platform.ask("POST", URL, json=EVENT, key="hk_test_default").status == 200


@pytest.mark.parametrize("changes", [{"publisher": "failing"}, {}])
def test_what_the_publisher_does_not_take_is_502(platform, changes):
    platform.set(**changes)
    answer = send(platform, current_value=0.5 if not changes else 0.9)
    assert (answer.status, answer.json) == (502, {"detail": "Failed to emit model registration event"})
    assert len(platform.state.events) == 0


def test_the_body_is_looked_at_before_limit_and_rights(platform):
    platform.set(route_limit=0)
    assert platform.ask("POST", URL, json={}, key="hk_test_reader").status == 422
    assert platform.ask("POST", URL, json=EVENT, key="hk_test_reader").status == 429
    platform.set(route_limit=9)
    assert platform.ask("POST", URL, json=EVENT, key="hk_test_reader").status == 403


def test_the_route_is_there_under_both_mounts(platform):
    assert platform.ask("POST", "/models/tokenized-registration-events", json=EVENT).status == 200
    assert platform.ask("POST", "/api/api/models/tokenized-registration-events", json=EVENT).status == 404


def test_of_a_long_event_the_name_is_kept_and_not_the_body(platform):
    assert send(platform, tags={"long": "x" * 70_000}).status == 200
    (kept,) = platform.state.events
    assert (kept["model_id"], kept["event"]) == ("scorer/1/SLS", None)
