"""The runs that an `ExperimentManager` writes and reads again: improvement experiments and comparisons.

What is compared is in `_comparison.py`, how a run is written in `_writing.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hokusai._backend import Backend
from hokusai.exceptions import InvalidParameterError
from hokusai.tracking._numbers import is_metric_name, rounded
from hokusai.tracking._times import utc
from hokusai.tracking._writing import CompleteRun

if TYPE_CHECKING:
    from hokusai.tracking._comparison import Comparison

__all__ = ["checked_id", "comparison_run", "improvement_run", "read_history", "search_all"]

_KIND = "hokusai.kind"
_IMPROVEMENT, _COMPARISON = "improvement_experiment", "model_comparison"
_BASELINE, _CANDIDATE = "baseline_model_id", "candidate_model_id"
_RECOMMENDATION, _DATASET = "recommendation", "test_dataset"
_GAIN = "improvement_"
_PAGE = 1000
_PARAM_LIMIT = 500
"""Characters of a parameter's value that every MLflow server accepts (2.9.2 refuses more)."""


def checked_id(value: object, parameter: str) -> str:
    """Return a model id, or raise `InvalidParameterError` that names the parameter."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidParameterError(f"{parameter} must be the id of a registered model, not {value!r}.")
    if "'" in value and '"' in value:
        raise InvalidParameterError(f"{parameter} cannot hold both kinds of quotes: {value!r}.")
    return value


def improvement_run(experiment: str, baseline_model_id: str, contributed_data: object) -> CompleteRun:
    """Return the run of an improvement experiment: what was contributed, as parameters.

    Texts, numbers and booleans are kept as they are, dicts of them by dotted names; of lists, arrays and tables only
    how much it is: contributed data itself is never sent to the tracking server.
    """
    if not isinstance(contributed_data, Mapping) or not contributed_data:
        raise InvalidParameterError("contributed_data must be a dict that says what was contributed.")
    params = dict(_described(contributed_data, "contributed_data"))
    tags = {_KIND: _IMPROVEMENT, _BASELINE: baseline_model_id}
    return CompleteRun(experiment, f"improve {baseline_model_id} {uuid.uuid4().hex[:8]}", tags, params=params)


def _described(data: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        name = f"{prefix}.{key}"
        if not isinstance(key, str) or not is_metric_name(name):
            raise InvalidParameterError(f"{prefix} has the key {key!r}, which MLflow does not accept as a name.")
        if isinstance(value, Mapping):
            yield from _described(value, name)
        elif value is None or isinstance(value, (str, int, float)):
            yield name, _text(value, name)
        elif hasattr(value, "__len__") and getattr(value, "ndim", 1) > 0:
            yield f"{name}.count", str(len(value))
        else:
            yield name, _text(value.item() if hasattr(value, "item") else value, name)


def _text(value: object, name: str) -> str:
    text = str(value)
    if len(text) > _PARAM_LIMIT:
        raise InvalidParameterError(
            f"{name} has {len(text)} characters; MLflow keeps at most {_PARAM_LIMIT} of a parameter.",
            remedy="Give a summary or a hash of it.",
        )
    return text


def comparison_run(experiment: str, baseline_id: str, candidate_id: str, found: Comparison) -> CompleteRun:
    """Return the run that records a comparison."""
    metrics = {
        **{f"baseline_{name}": value for name, value in found.baseline_metrics.items()},
        **{f"candidate_{name}": value for name, value in found.candidate_metrics.items()},
        **{f"{_GAIN}{name}": value for name, value in found.improvements.items()},
    }
    tags = {
        _KIND: _COMPARISON,
        _BASELINE: baseline_id,
        _CANDIDATE: candidate_id,
        _RECOMMENDATION: found.recommendation,
        _DATASET: found.test_dataset,
    }
    return CompleteRun(experiment, f"compare {baseline_id} {candidate_id}", tags, metrics=metrics)


def read_history(backend: Backend, experiment: str, baseline_model_id: str | None) -> list[dict[str, Any]]:
    """Return what `get_experiment_history` promises, the newest first; `[]` where there is no such experiment."""
    client = backend.client
    known = client.get_experiment_by_name(experiment)
    if known is None:
        return []
    wanted = "" if baseline_model_id is None else f" and tags.{_BASELINE} = {_quoted(baseline_model_id)}"
    runs = [
        run
        for kind in (_IMPROVEMENT, _COMPARISON)
        for run in search_all(client, str(known.experiment_id), f"tags.`{_KIND}` = '{kind}'{wanted}")
    ]
    runs.sort(key=lambda run: (run.info.start_time, run.info.run_id), reverse=True)
    return [_entry(run) for run in runs]


def _entry(run: Any) -> dict[str, Any]:
    tags, metrics = run.data.tags, run.data.metrics
    gains = {name.removeprefix(_GAIN): value for name, value in metrics.items() if name.startswith(_GAIN)}
    return {
        "run_id": str(run.info.run_id),
        "baseline_model": tags.get(_BASELINE),
        "candidate_model": tags.get(_CANDIDATE),
        "improvement": rounded(sum(gains.values()) / len(gains)) if gains else None,
        "improvements": gains,
        "recommendation": tags.get(_RECOMMENDATION),
        "test_dataset": tags.get(_DATASET),
        "timestamp": utc(run.info.start_time),
    }


def search_all(client: Any, experiment_id: str, query: str) -> list[Any]:
    """Return every finished run of an experiment that matches, page by page; one that broke off was never finished."""
    found: list[Any] = []
    token: str | None = None
    while True:
        page = client.search_runs(
            [experiment_id], f"{query} and attributes.status = 'FINISHED'", max_results=_PAGE, page_token=token
        )
        found.extend(page)
        token = page.token
        if not token:
            return found


def _quoted(value: str) -> str:
    return f'"{value}"' if "'" in value else f"'{value}'"
