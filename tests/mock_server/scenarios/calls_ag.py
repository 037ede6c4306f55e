"""Calls that credentials and the SDK's own incidents need, beside those of `calls_mlflow.py` and `calls_http.py`.

Most are those of hand-made clients: the same search with the key sent in another way than the documents say.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from calls_http import platform, tracking, with_requests
from calls_mlflow import NAME, client

SEARCH = "/api/2.0/mlflow/experiments/search"
BOGUS = "hk_test_nobody"


def _key() -> str:
    return os.environ["HOKUSAI_API_KEY"]


def _search(headers: Callable[[], dict[str, str]], query: Callable[[], str] = str) -> Callable[[], Any]:
    return lambda: with_requests("POST", tracking(SEARCH) + query(), {"max_results": 1}, headers())


def _validate(*, in_header: bool) -> Any:
    """Ask the auth service, as the gateway does (the key in a header) or as the published SDK does (in the body)."""
    body = {"service_id": "platform"} if in_header else {"service_id": "platform", "api_key": _key()}
    return with_requests("POST", platform("/api/v1/keys/validate"), body, None if in_header else {})


def _create_event(run_id: str | None) -> Any:
    body = {
        "model_name": NAME,
        "version": "1",
        "token_id": "SCENARIO",
        "proposal_identifier": "SCENARIO",
        "metric_name": "accuracy",
        "baseline_value": 0.9,
        "mlflow_run_id": run_id,
    }
    return with_requests("POST", platform("/api/models/tokenized-registration-events"), body)


def _version() -> Any:
    client().create_registered_model(NAME)
    run = client().create_run("0")
    source = f"{run.info.artifact_uri}/model"
    return client().create_model_version(NAME, source, run.info.run_id)


def _delete_version() -> Any:
    return client().delete_model_version(NAME, _version().version)


def _histories() -> Any:
    """The values of one metric of two runs, as MLflow's web page asks for them: `run_id` stands in the query twice."""
    runs = [client().create_run("0").info.run_id for _ in range(2)]
    for run in runs:
        client().log_metric(run, "accuracy", 0.9)
    query = "&".join(["metric_key=accuracy", *(f"run_id={run}" for run in runs)])
    answer = with_requests("GET", tracking("/ajax-api/2.0/mlflow/metrics/get-history-bulk?" + query))
    return {**answer, "text": f"{sum(run in answer['text'] for run in runs)} of 2 runs"}


def _sorted_models() -> Any:
    """Models by two orders, by GET as MLflow's client asks for them; the names in the order of the answer."""
    for name in ("b", "a"):
        client().create_registered_model(name)
    found = client().search_registered_models(order_by=["last_updated_timestamp ASC", "name ASC"], max_results=10)
    return [one.name for one in found]


def _version_without_run() -> Any:
    client().create_registered_model(NAME)
    return client().create_model_version(NAME, "mlflow-artifacts:/models")


def _end_a_run() -> Any:
    """What every training script does: the fluent run ends, and newer clients print where to look at it."""
    import mlflow

    with mlflow.start_run() as run:
        return run.info.run_id


def _import_mlflow() -> Any:
    import mlflow

    return mlflow


def _providers() -> Any:
    """The distributions that provide the import name `hokusai`."""
    from importlib.metadata import packages_distributions

    return sorted(set(packages_distributions()["hokusai"]))


CALLS = {
    ("hokusai", "packages that provide hokusai"): _providers,
    ("requests", "auth.validate"): lambda: _validate(in_header=True),
    ("requests", "auth.validate with the key in the body"): lambda: _validate(in_header=False),
    ("requests", "events.register without a run"): lambda: _create_event(None),
    ("requests", "experiments.search as Api-Key"): _search(lambda: {"Api-Key": _key()}),
    ("requests", "experiments.search as BearerKEY"): _search(lambda: {"Authorization": f"Bearer{_key()}"}),
    ("requests", "experiments.search as Token"): _search(lambda: {"Authorization": f"Token {_key()}"}),
    ("requests", "experiments.search as X-API-Key"): _search(lambda: {"X-API-Key": _key()}),
    ("requests", "experiments.search as ?api_key="): _search(dict, lambda: f"?api_key={_key()}"),
    ("requests", "experiments.search as bearer"): _search(lambda: {"Authorization": f"bearer {_key()}"}),
    ("requests", "experiments.search with a bogus key"): _search(lambda: {"Authorization": f"Bearer {BOGUS}"}),
    ("requests", "experiments.search with two blanks"): _search(lambda: {"Authorization": f"Bearer  {_key()}"}),
    ("requests", "experiments.search without a key"): _search(dict),
    ("requests", "metrics.get_history of two runs"): _histories,
    ("requests", "models.list"): lambda: with_requests("GET", platform("/api/models/")),
    ("mlflow", "import"): _import_mlflow,
    ("mlflow", "model_versions.create without a run"): _version_without_run,
    ("mlflow", "model_versions.delete"): _delete_version,
    ("mlflow", "registered_models.search by two orders"): _sorted_models,
    ("mlflow", "start_run and end"): _end_a_run,
}
