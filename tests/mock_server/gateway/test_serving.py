"""Serving: predictions, their failures, and the cold start of model 30 on the virtual clock."""

from __future__ import annotations

import pytest

PREDICT = "/api/v1/models/{}/predict"
INPUTS = {"inputs": {"a": 1, "b": [2, "x"]}}


def predict(platform, model_id="30", **body):
    return platform.ask("POST", PREDICT.format(model_id), json=body or INPUTS)


def test_info_tells_what_is_known(platform):
    info = platform.ask("GET", "/api/v1/models/21/info").json
    assert (info["model_id"], info["is_available"]) == ("21", True)
    of_mlflow = platform.ask("GET", "/api/v1/models/30/info").json
    assert (of_mlflow["name"], of_mlflow["storage_type"]) == ("Technical Task Router", "mlflow")
    unknown = platform.ask("GET", "/api/v1/models/99/info")
    assert (unknown.status, unknown.json) == (404, {"detail": "Model 99 not found"})


@pytest.mark.parametrize("model_id", ["21", "27", "30"])
def test_a_prediction_depends_on_model_and_inputs_alone(platform, model_id):
    answer = predict(platform, model_id)
    assert answer.status == 200
    assert set(answer.json) == {"model_id", "predictions", "metadata", "timestamp", "inference_log_id"}
    metadata = answer.json["metadata"]
    assert (metadata["api_version"], metadata["user_id"], metadata["api_key_id"]) == ("1.0", "user_admin", "key_admin")
    again = predict(platform, model_id, inputs={"b": [2, "x"], "a": 1})
    assert again.json["predictions"] == answer.json["predictions"]
    assert again.json["inference_log_id"] != answer.json["inference_log_id"]
    assert predict(platform, model_id, inputs={"a": 2}).json["predictions"] != answer.json["predictions"]


def test_two_models_predict_differently(platform):
    assert predict(platform, "27").json["predictions"]["score"] != predict(platform, "30").json["predictions"]


def test_an_unknown_model_and_an_unknown_method_are_refused(platform):
    assert predict(platform, "99").json == {"detail": "Model 99 not found"}
    answer = predict(platform, "21", inputs={}, options={"inference_method": "magic"})
    assert (answer.status, answer.json) == (400, {"detail": "Unknown inference method: magic"})


@pytest.mark.parametrize("body", [{}, {"inputs": 1}, {"inputs": {}, "options": []}])
def test_a_wrong_body_is_refused_with_a_link_and_a_request_id(platform, body):
    answer = platform.ask("POST", PREDICT.format("21"), json=body)
    assert answer.status == 422
    assert answer.headers["x-request-id"]
    (found,) = answer.detail
    assert found["loc"][0] in ("inputs", "options")
    assert found["url"] == f"https://errors.pydantic.dev/2.12/v/{found['type']}"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused_too(platform, body):
    assert platform.ask("POST", PREDICT.format("21"), body=body).status in (400, 422)


@pytest.mark.parametrize(
    ("state", "status", "detail"),
    [
        ("no_token", 500, "HuggingFace token not configured"),
        ("failing", 503, "Technical Task Router MLflow inference failed: the model server did not answer"),
    ],
)
def test_predictions_fail_as_they_were_seen_to(platform, state, status, detail):
    platform.set(inference=state)
    answer = predict(platform)
    assert (answer.status, answer.detail) == (status, detail)
    assert platform.ask("GET", "/api/v1/models/30/health").json["inference_ready"] is False
    assert platform.ask("GET", "/health", key=None).json["status"] == "healthy"


def test_a_prediction_that_takes_too_long_ends_after_25_seconds(platform):
    platform.set(inference="timeout")
    answer = predict(platform)
    assert (answer.status, set(answer.detail)) == (504, {"error", "request_id", "run_id"})
    assert answer.detail["request_id"] == answer.headers["x-request-id"]
    assert platform.waited == [25.0]


# -- cold start --------------------------------------------------------------------------------------------------------


def test_a_cold_start_refuses_then_times_out_then_serves(platform):
    platform.set(warm_up_s=90, slow_start_s=30)
    seen = []
    for _ in range(5):
        seen.append((platform.ask("GET", "/ready", key=None).status, predict(platform).status))
        platform.advance(30)
    assert seen == [(503, 503), (503, 503), (503, 503), (200, 504), (200, 200)]


def test_who_comes_too_early_is_told_when_to_come_again(platform):
    platform.set(warm_up_s=90)
    answer = predict(platform)
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    assert answer.detail == {
        "error": "model_not_ready",
        "model_id": "30",
        "warmup_state": "warming",
        "retry_after_s": 30,
    }
    assert predict(platform, "21").status == 200, "the other models are warm"


def test_readiness_says_what_it_waits_for(platform):
    platform.set(warm_up_s=90)
    ready = platform.ask("GET", "/ready", key=None).json
    assert (ready["ready"], ready["can_serve_traffic"], ready["degraded_mode"]) == (False, False, False)
    assert [check["name"] for check in ready["checks"] if not check["passed"]] == ["model_30_warmed"]
    assert platform.ask("GET", "/api/v1/models/30/health").json["readiness"] == {"warmup_state": "warming"}
    platform.advance(90)
    ready = platform.ask("GET", "/ready", key=None).json
    assert (ready["can_serve_traffic"], ready["warmup_duration_ms"]) == (True, 90_000)


def test_a_cold_start_may_also_end_after_so_many_requests(platform):
    platform.set(warm_up_requests=2)
    assert [predict(platform).status for _ in range(3)] == [503, 503, 200]


def test_the_health_of_an_unknown_model_is_a_200(platform):
    answer = platform.ask("GET", "/api/v1/models/99/health")
    assert (answer.status, answer.json) == (
        200,
        {"model_id": "99", "status": "unhealthy", "error": "404: Model 99 not found"},
    )
