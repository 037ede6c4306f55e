"""Endpoints of the datasets that runs used, as browsers list them. Evaluation datasets are not implemented."""

from __future__ import annotations

import json

from hokusai_mock.messages import JSON_TYPE, Response
from hokusai_mock.mlflow_api.endpoints import Call, endpoint, experiment_id
from hokusai_mock.mlflow_api.errors import invalid
from hokusai_mock.mlflow_api.experiments import STAGES_OF_VIEW
from hokusai_mock.mlflow_api.pages import HTML
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.wire import TEXT, Message, Repeated
from hokusai_mock.store.search import search_runs

__all__: list[str] = []

_CONTEXT = "mlflow.data.context"
_MAX_EXPERIMENTS = 20


@endpoint(
    "POST",
    "/ajax-api/2.0/mlflow/experiments/search-datasets",
    Message(experiment_ids=Repeated(TEXT)),
    provenance="proved",
)
def search_datasets(call: Call) -> Json | Response:
    """The datasets that runs of the experiments used, each once a context."""
    given = call.texts("experiment_ids")
    if not given:
        raise invalid("SearchDatasets request must specify at least one experiment_id.")
    if len(given) > _MAX_EXPERIMENTS:
        raise invalid(
            f"SearchDatasets request cannot specify more than {_MAX_EXPERIMENTS} experiment_ids. "
            f"Received {len(given)} experiment_ids."
        )
    ids = [experiment_id(one, call.profile, "experiment_id_of_datasets") for one in given]
    runs, _ = search_runs(
        call.store.runs,
        experiment_ids=ids,
        stages=STAGES_OF_VIEW["ALL"],
        filter_text="",
        order_by=(),
        max_results=-1,
        page_token="",
    )
    found = {
        (run.experiment_id, dataset.name, dataset.digest, dict(dataset.tags).get(_CONTEXT))
        for run in runs
        for dataset in run.datasets.values()
    }
    names = ("experiment_id", "name", "digest", "context")
    summaries = [dict(zip(names, one, strict=True)) for one in sorted(found, key=lambda one: (*one[:3], one[3] or ""))]
    if not call.profile.behaviour.datasets_are_messages:
        body = json.dumps({"dataset_summaries": summaries}, sort_keys=True) + "\n"
        return Response(200, body.encode(), [("Content-Type", JSON_TYPE)])
    shown = [{name: value for name, value in one.items() if value is not None} for one in summaries]
    return {"dataset_summaries": shown} if shown else {}


@endpoint("POST", "/api/2.0mlflow/experiments/search-datasets", streams=True, provenance="documented")
def search_datasets_at_the_odd_path(_: Call) -> Response:
    """The route that the real server makes of a path without its slash; it answers nothing."""
    return Response(404, b"", [("Content-Type", HTML)])
