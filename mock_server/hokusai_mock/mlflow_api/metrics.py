"""Endpoints that read metrics: the history of one, and the curves of many runs that browsers draw."""

from __future__ import annotations

import json
from math import isnan
from typing import Any

from hokusai_mock.messages import JSON_TYPE, Response
from hokusai_mock.mlflow_api import render
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.errors import Crash, invalid
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.runs import RUN_ID
from hokusai_mock.mlflow_api.validation import ARRAY, INTEGER, REQUIRED, STRING, STRINGS, Rule
from hokusai_mock.mlflow_api.wire import INT64, TEXT, Message, Repeated
from hokusai_mock.store.entities import Metric
from hokusai_mock.store.sampling import first_of_buckets, sampled_steps
from hokusai_mock.store.search import page

__all__: list[str] = []

_MAX_BULK = 25_000
_MAX_RUNS = 100
_MAX_VALUES_OF_A_RUN = 2500
_STEPS = range(-(2**63), 2**63 - 1)


@endpoint(
    "GET",
    "metrics/get-history",
    Message(run_id=TEXT, run_uuid=TEXT, metric_key=TEXT, max_results=INT64, page_token=TEXT),
    {**RUN_ID, "metric_key": (STRING, REQUIRED), "page_token": (STRING,)},
    provenance="proved",
)
def get_metric_history(call: Call) -> Json:
    """All values of a metric; a run or a metric that does not exist has none.

    Servers that know pages give as many values as `max_results` says, and some of them none when it is not sent.
    """
    values = _history(call, call.run_id, call.text("metric_key"))
    token = None
    behaviour = call.profile.behaviour
    if behaviour.metric_history_has_pages:
        values.sort(key=_by_time)
        if "max_results" in call.values or not behaviour.metric_history_is_whole_unless_limited:
            values, token = page(values, call.text("page_token"), call.number("max_results"))
    result: Json = {"metrics": [render.metric(value) for value in values]} if values else {}
    if token:
        result["next_page_token"] = token
    return result


def _history(call: Call, run_id: str, key: str) -> list[Metric]:
    run = call.store.runs.find(run_id)
    return list(run.history.get(key, {}).values()) if run else []


def _by_time(metric: Metric) -> tuple[int, int, float]:
    return metric.timestamp, metric.step, 0.0 if isnan(metric.value) else metric.value


def _by_step(metric: Metric) -> tuple[int, int, float, bool]:
    nan = isnan(metric.value)  # the SQL store keeps it as 0 with a mark
    return metric.step, metric.timestamp, 0.0 if nan else metric.value, nan


# -- curves ----------------------------------------------------------------------------------------------------------


@endpoint("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", streams=True, provenance="proved")
def get_metric_history_bulk(call: Call) -> Response:
    """The histories of one metric in several runs, one after the other; NaN stands bare in the answer."""
    query = call.request.query
    run_ids = [value for name, value in query if name == "run_id"]
    if not run_ids:
        raise invalid("GetMetricHistoryBulk request must specify at least one run_id.")
    limit = call.profile.limits.bulk_history_runs
    if len(run_ids) > limit:
        raise invalid(
            f"GetMetricHistoryBulk request cannot specify more than {limit} run_ids. Received {len(run_ids)} run_ids."
        )
    first = dict(reversed(query))
    if "metric_key" not in first:
        raise invalid("GetMetricHistoryBulk request must specify a metric_key.")
    try:
        count = min(int(first.get("max_results", _MAX_BULK)), _MAX_BULK)
    except ValueError:
        raise Crash from None
    with call.request.world.lock:
        metrics = [
            {"key": one.key, "run_id": one.run_id, "step": one.step, "timestamp": one.timestamp, "value": one.value}
            for run_id in sorted(set(run_ids))
            for one in sorted(_history(call, run_id, first["metric_key"]), key=_by_time)
        ]
    shown = metrics if count < 0 else metrics[:count]
    return Response(200, json.dumps({"metrics": shown}).encode() + b"\n", [("Content-Type", JSON_TYPE)])


def _too_many_runs(run_ids: Any) -> str:
    return (
        f"GetMetricHistoryBulkInterval request must specify at most {_MAX_RUNS} run_ids. "
        f"Received {len(run_ids)} run_ids."
    )


@endpoint(
    "GET",
    "metrics/get-history-bulk-interval",
    Message(run_ids=Repeated(TEXT), metric_key=TEXT, start_step=INT64, end_step=INT64, max_results=INT64),
    {
        "run_ids": (REQUIRED, ARRAY, STRINGS, Rule(lambda ids: len(ids) <= _MAX_RUNS, message=_too_many_runs)),
        "metric_key": (REQUIRED, STRING),
        "start_step": (INTEGER,),
        "end_step": (INTEGER,),
        "max_results": (
            INTEGER,
            Rule(
                lambda value: 1 <= int(value) <= _MAX_VALUES_OF_A_RUN,
                message=lambda _: f"max_results must be between 1 and {_MAX_VALUES_OF_A_RUN}.",
            ),
        ),
    },
    provenance="proved",
)
def get_metric_history_bulk_interval(call: Call) -> Json:
    """A sample of the histories of one metric in several runs, at most so many values or steps each."""
    first, last = call.values.get("start_step"), call.values.get("end_step")
    if (first is None) != (last is None):
        raise invalid("If either start step or end step are specified, both must be specified.")
    if first is not None and last is not None and first > last:
        raise invalid(f"end_step must be greater than start_step. Found start_step={first} and end_step={last}.")
    limit = call.number("max_results", _MAX_VALUES_OF_A_RUN)
    key = call.text("metric_key")
    histories = [sorted(_history(call, run_id, key), key=_by_step) for run_id in call.texts("run_ids")]
    if call.profile.behaviour.curves_are_sampled_in_buckets:
        low, high = call.number("start_step", _STEPS.start), call.number("end_step", _STEPS.stop)
        shown = [first_of_buckets([one for one in values if low <= one.step <= high], limit) for values in histories]
    else:
        steps = sampled_steps(
            [[one.step for one in values] for values in histories],
            first,
            last,
            limit,
            whole_range=call.profile.behaviour.curves_are_sampled_to_their_end,
        )
        shown = [[one for one in values if one.step in steps] for values in histories]
    metrics = [{**render.metric(one), "run_id": one.run_id} for values in shown for one in values]
    return {"metrics": metrics} if metrics else {}
