"""The health family: what each route looks at, and what it says when that is broken."""

from __future__ import annotations

import pytest

from hokusai_mock.messages import Response


def down(request):
    return Response.text("<html>Bad Gateway</html>", 502, "text/html")


@pytest.fixture
def without_mlflow(make_platform):
    return make_platform(mlflow=down)


def test_health_never_looks_at_a_dependency(without_mlflow):
    without_mlflow.set(database="down")
    assert without_mlflow.ask("GET", "/health", key=None).json == {
        "status": "healthy",
        "version": "1.0.0",
        "services": {"api": "healthy", "dependency_checks": "skipped"},
        "timestamp": "2026-01-01T00:00:00",
        "system_info": None,
    }


def test_the_detailed_form_looks_and_breaks_in_the_observed_era(without_mlflow, observed):
    detailed = without_mlflow.ask("GET", "/health?detailed=true", key=None)
    assert (detailed.status, detailed.json["status"], detailed.json["services"]["mlflow"]) == (
        200,
        "degraded",
        "unhealthy",
    )
    broken = observed.ask("GET", "/health?detailed=true", key=None)
    assert (broken.status, broken.json) == (500, {"detail": "Internal server error"})
    assert observed.ask("GET", "/health?detailed=maybe", key=None).status == 422


def test_ready_without_mlflow_is_degraded_and_without_the_database_not_ready(without_mlflow):
    ready = without_mlflow.ask("GET", "/ready", key=None)
    assert (ready.status, ready.json["can_serve_traffic"], ready.json["degraded_mode"]) == (200, True, True)
    without_mlflow.set(database="down")
    ready = without_mlflow.ask("GET", "/ready", key=None)
    assert (ready.status, ready.json["can_serve_traffic"]) == (503, False)


PATHS = ("/api/health/mlflow", "/api/health/mlflow/detailed", "/api/health/mlflow/connectivity")


@pytest.mark.parametrize("path", PATHS)
def test_the_health_of_mlflow_is_the_same_on_three_paths(platform, without_mlflow, path):
    up = platform.ask("GET", path, key=None)
    assert (up.status, up.json["status"], up.json["sample_model"]) == (200, "ok", None)
    away = without_mlflow.ask("GET", path, key=None)
    assert (away.status, away.json["status"], away.json["error_type"]) == (503, "error", "MlflowException")


def test_a_gateway_that_cannot_reach_mlflow_says_so_everywhere(platform):
    platform.set(upstream="refused", upstream_url="http://127.0.0.1:18500")
    answer = platform.ask("GET", "/api/mlflow/version")
    detail = "Failed to connect to MLflow server at http://127.0.0.1:18500"
    assert (answer.status, answer.json) == (502, {"detail": detail})
    health = platform.ask("GET", "/api/health/mlflow", key=None)
    assert (health.status, health.json["error"]) == (503, detail)


@pytest.mark.parametrize(
    ("state", "status", "detail", "waited"),
    [
        ("timeout", 504, "MLflow server request timeout after 30.0s", [30.0]),
        ("reset", 500, "Internal server error while proxying to MLflow", []),
    ],
)
def test_a_slow_or_broken_mlflow(platform, state, status, detail, waited):
    platform.set(upstream=state)
    answer = platform.ask("GET", "/api/mlflow/version")
    assert (answer.status, answer.json, platform.waited) == (status, {"detail": detail}, waited)


def test_artifacts_may_be_switched_off_at_the_gateway(platform):
    platform.set(gateway_artifacts=False)
    answer = platform.ask("GET", "/api/mlflow/api/2.0/mlflow-artifacts/artifacts?path=x")
    assert (answer.status, answer.detail["error"]) == (503, "ARTIFACTS_DISABLED")
    assert platform.ask("GET", "/api/mlflow/version").status == 200


def test_mlflows_page_for_an_unknown_path_becomes_json_unless_it_is_passed_on(platform):
    path = "/api/mlflow/health/mlflow"
    assert platform.ask("GET", path).json == {
        "error_code": "RESOURCE_NOT_FOUND",
        "message": "The requested resource was not found: health/mlflow",
    }
    platform.set(rewrite_404=False)
    assert platform.ask("GET", path).headers["content-type"].startswith("text/html")


def test_mounts_can_be_chosen(platform):
    platform.set(mounts=("/mlflow",))
    assert platform.ask("GET", "/mlflow/version").status == 200
    assert platform.ask("GET", "/api/mlflow/version").json == {"detail": "Not Found"}


# -- the circuit breaker -----------------------------------------------------------------------------------------------


def state(platform):
    answer = platform.ask("GET", "/health/mlflow", key=None)
    return answer.status, answer.json["circuit_breaker_state"], answer.json["connected"]


def test_the_breaker_opens_after_five_failures_and_tries_again_after_a_minute(platform):
    assert state(platform) == (200, "CLOSED", True)
    platform.set(upstream="refused")
    assert [state(platform) for _ in range(4)] == [(200, "CLOSED", False)] * 4
    assert state(platform) == (503, "OPEN", False)
    platform.set(upstream="up")
    assert state(platform) == (503, "OPEN", False)
    platform.advance(60)
    assert state(platform) == (200, "CLOSED", True)


def test_an_open_breaker_breaks_its_own_health_in_the_observed_era(observed):
    observed.set(upstream="refused")
    for _ in range(4):
        observed.ask("GET", "/health/mlflow", key=None)
    assert state(observed) == (500, "UNKNOWN", False)


def test_anybody_may_reset_the_breaker(platform):
    platform.set(upstream="refused")
    for _ in range(5):
        state(platform)
    assert platform.ask("POST", "/health/mlflow/reset", key=None).status == 200
    assert state(platform) == (200, "CLOSED", False)


@pytest.mark.parametrize("path", ["/live", "/metrics", "/version", "/health/alb", "/health/status", "/openapi.json"])
def test_the_rest_of_the_family_answers_without_a_key(platform, path):
    assert platform.ask("GET", path, key=None).status == 200
