"""Endpoints that read metrics. Bulk histories come later."""

from __future__ import annotations

from math import isnan

from hokusai_mock.mlflow_api import render
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.runs import RUN_ID
from hokusai_mock.mlflow_api.validation import INTEGER, REQUIRED, STRING
from hokusai_mock.mlflow_api.wire import INT64, TEXT, Message
from hokusai_mock.store.entities import Metric
from hokusai_mock.store.search import page

__all__: list[str] = []


@endpoint(
    "GET",
    "metrics/get-history",
    Message(run_id=TEXT, run_uuid=TEXT, metric_key=TEXT, max_results=INT64, page_token=TEXT),
    {**RUN_ID, "metric_key": (STRING, REQUIRED), "max_results": (INTEGER,), "page_token": (STRING,)},
    provenance="proved",
)
def get_metric_history(call: Call) -> Json:
    """All values of a metric; a run or a metric that does not exist has none.

    Servers that know pages give as many values as `max_results` says, and none when it is not sent.
    """
    run = call.store.runs.find(call.run_id)
    values = list(run.history.get(call.text("metric_key"), {}).values()) if run else []
    token = None
    if call.profile.behaviour.metric_history_has_pages:
        values.sort(key=_order)
        values, token = page(values, call.text("page_token"), call.number("max_results"))
    result: Json = {"metrics": [render.metric(value) for value in values]} if values else {}
    if token:
        result["next_page_token"] = token
    return result


def _order(metric: Metric) -> tuple[int, int, float]:
    return metric.timestamp, metric.step, 0.0 if isnan(metric.value) else metric.value
