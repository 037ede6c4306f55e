"""Random calls to the MLflow API, as hypothesis strategies: what is likely to be sent, and now and then what is not.

A call holds placeholders (`{run_3}`) for what earlier answers contained; what the answers should be is not written
here. Names are drawn from few, so that calls meet the same things again and again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from step import API, ARTIFACTS, JSON_HEADERS, NO_RUN, Step, step

__all__ = ["GROUPS", "Known", "beginning"]


@dataclass
class Known:
    """What a sequence of calls has made so far; `prefix` keeps its names apart from those of other sequences."""

    prefix: str
    experiments: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    logged_models: list[str] = field(default_factory=list)
    calls: int = 0


Draw = Callable[[st.SearchStrategy[Any]], Any]
Value = Callable[[Known], st.SearchStrategy[Any]]

ODD = st.sampled_from([None, "", " ", 0, -1, 1.5, True, [], {}, "x" * 600, "é'\"", 10**20, ["a"], {"a": 1}, "1", "a/b"])
"""What a field is not meant to hold."""

_NEVER_ODD = {"source"}
"""An odd source is a local path to the real server, which resolves it in the folder where it was started."""

WORDS = st.sampled_from(["a", "b", "ab", "B", "é"])
KEYS = st.sampled_from(["k", "l", "mlflow.note"])
TIMES = st.integers(0, 5)


def of(strategy: st.SearchStrategy[Any]) -> Value:
    return lambda _: strategy


def one_of(names: Callable[[Known], list[str]], missing: str) -> Value:
    """Mostly something that is there."""
    return lambda known: st.sampled_from([*(f"{{{name}}}" for name in names(known)[-4:]), missing])


EXPERIMENT = one_of(lambda known: known.experiments, "987654")
RUN = one_of(lambda known: known.runs, NO_RUN)
LOGGED_MODEL = one_of(lambda known: known.logged_models, f"m-{NO_RUN}")
NAME: Value = lambda known: st.sampled_from(["a", "b", "c"]).map(lambda word: f"{known.prefix}{word}")  # noqa: E731
VERSION = of(st.sampled_from(["1", "2", "3", "9"]))
TAG = of(st.fixed_dictionaries({"key": KEYS, "value": WORDS}))
TAGS = of(st.lists(st.fixed_dictionaries({"key": KEYS, "value": WORDS}), max_size=3))
NUMBERS = st.sampled_from([0, 1, -1.5, 0.1, 1e300, "NaN", "Infinity", "-Infinity", 3])
METRIC = {"key": KEYS, "value": NUMBERS, "timestamp": TIMES, "step": TIMES}
STAGE = of(st.sampled_from(["Staging", "production", "Archived", "None", "nope"]))
ALIAS = of(st.sampled_from(["champion", "Other", "latest", "v1"]))
VIEW = of(st.sampled_from(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]))
SIZE = of(st.sampled_from([1, 2, 3, 100]))
TOKEN = of(st.sampled_from(["", "eyJvZmZzZXQiOiAyfQ==", "eyJvZmZzZXQiOiAxMDB9", "!"]))

TEXT_TESTS = st.sampled_from(["= 'a'", "!= 'a'", "LIKE 'a%'", "LIKE '%b'", "ILIKE 'B'", "= 'é'", "IN ('a', 'b')"])
NUMBER_TESTS = st.sampled_from(["= 1", "> 0", "<= 0.1", "!= 0", "< 3", ">= -1.5"])


def filters(texts: str, numbers: str) -> st.SearchStrategy[str]:
    """Comparisons joined by AND."""
    parts = [
        st.builds("{} {}".format, st.sampled_from(names.split()), tests)
        for names, tests in ((texts, TEXT_TESTS), (numbers, NUMBER_TESTS))
        if names
    ]
    odd = st.sampled_from(["nope = 'a'", "tags.k", "tags.k = a", "metrics.k = 'a'", "name = \"a\" OR name = 'b'"])
    return st.lists(st.one_of(*parts, *parts, *parts, odd), max_size=3).map(" AND ".join)


def orders(keys: str) -> st.SearchStrategy[list[str]]:
    clause = st.builds("{} {}".format, st.sampled_from(keys.split()), st.sampled_from(["ASC", "DESC", "asc"]))
    return st.lists(clause, max_size=2)


@dataclass(frozen=True)
class Call:
    """One endpoint: its fields, those that are nearly always sent first; `makes` names what its answer contains."""

    method: str
    path: str
    required: Mapping[str, Value] = field(default_factory=dict)
    optional: Mapping[str, Value] = field(default_factory=dict)
    makes: tuple[str, str] | None = None
    """(list of `Known`, way to its id in the answer)"""
    raw: bool = False
    """The field `body` is the body."""

    def step(self, known: Known, draw: Draw) -> Step:
        """Draw one request."""
        values = {name: draw(value(known)) for name, value in self.required.items()}
        values |= {name: draw(value(known)) for name, value in self.optional.items() if draw(st.booleans())}
        path = self.path if self.path.startswith("/") else API + self.path
        for name in [name for name in values if f"<{name}>" in path]:
            path = path.replace(f"<{name}>", quote(str(values.pop(name)), safe="{}/"))
        if not self.raw and values and draw(st.integers(0, 9)) == 0:
            self._spoil(values, draw)
        known.calls += 1
        capture = {}
        if self.makes is not None:
            kind, way = self.makes
            name = f"{kind}_{known.calls}"
            getattr(known, kind).append(name)
            capture = {name: way}
        if self.raw:
            return Step("", self.method, path, values["body"], {}, capture)
        if self.method == "GET":
            query = urlencode({name: _text(value) for name, value in values.items()}, doseq=True, safe="{}")
            return Step("", "GET", f"{path}?{query}" if query else path, None, {}, capture)
        return Step("", self.method, path, json.dumps(values), JSON_HEADERS, capture)

    @staticmethod
    def _spoil(values: dict[str, Any], draw: Draw) -> None:
        name = draw(st.sampled_from(sorted(values)))
        if name in _NEVER_ODD or draw(st.booleans()):
            del values[name]
        else:
            values[name] = draw(ODD)


def _text(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, list) else str(value)


_BY_EXPERIMENT = {"experiment_id": EXPERIMENT}
_BY_RUN = {"run_id": RUN}
_BY_NAME = {"name": NAME}
_BY_VERSION = {"name": NAME, "version": VERSION}
_TAG = {"key": of(KEYS), "value": of(WORDS)}
_KEY = {"key": of(KEYS)}
_PAGES = {"max_results": SIZE, "page_token": TOKEN}

EXPERIMENTS = (
    Call("POST", "experiments/create", {"name": NAME}, {"tags": TAGS}, ("experiments", "experiment_id")),
    Call("GET", "experiments/get", _BY_EXPERIMENT),
    Call("GET", "experiments/get-by-name", {"experiment_name": NAME}),
    Call("POST", "experiments/update", {**_BY_EXPERIMENT, "new_name": NAME}),
    Call("POST", "experiments/delete", _BY_EXPERIMENT),
    Call("POST", "experiments/restore", _BY_EXPERIMENT),
    Call("POST", "experiments/set-experiment-tag", {**_BY_EXPERIMENT, **_TAG}),
    Call("POST", "experiments/delete-experiment-tag", {**_BY_EXPERIMENT, **_KEY}),
    Call(
        "POST",
        "experiments/search",
        {"max_results": SIZE},
        {
            "filter": of(filters("name tags.k tags.l", "creation_time")),
            "order_by": of(orders("name experiment_id creation_time last_update_time")),
            "view_type": VIEW,
            "page_token": TOKEN,
        },
    ),
)
RUNS = (
    Call(
        "POST",
        "runs/create",
        {**_BY_EXPERIMENT, "start_time": lambda known: st.just(1000 + known.calls), "run_name": of(WORDS)},
        {"tags": TAGS, "user_id": of(WORDS)},
        ("runs", "run.info.run_id"),
    ),
    Call("GET", "runs/get", _BY_RUN),
    Call(
        "POST",
        "runs/update",
        _BY_RUN,
        {
            "status": of(st.sampled_from(["FINISHED", "FAILED", "RUNNING"])),
            "end_time": of(TIMES),
            "run_name": of(WORDS),
        },
    ),
    Call("POST", "runs/delete", _BY_RUN),
    Call("POST", "runs/restore", _BY_RUN),
)
LOGGING = (
    Call("POST", "runs/log-metric", {**_BY_RUN, **{name: of(value) for name, value in METRIC.items()}}),
    Call("POST", "runs/log-parameter", {**_BY_RUN, **_TAG}),
    Call("POST", "runs/set-tag", {**_BY_RUN, **_TAG}),
    Call("POST", "runs/delete-tag", {**_BY_RUN, **_KEY}),
    Call(
        "POST",
        "runs/log-batch",
        _BY_RUN,
        {"metrics": of(st.lists(st.fixed_dictionaries(METRIC), max_size=4)), "params": TAGS, "tags": TAGS},
    ),
    Call("GET", "metrics/get-history", {**_BY_RUN, "metric_key": of(KEYS), "max_results": SIZE}),
    Call(
        "POST",
        "runs/log-inputs",
        _BY_RUN,
        {
            "datasets": of(
                st.lists(
                    st.fixed_dictionaries(
                        {
                            "dataset": st.fixed_dictionaries(
                                {"name": WORDS, "digest": WORDS, "source_type": WORDS, "source": WORDS}
                            ),
                            "tags": st.lists(
                                st.fixed_dictionaries({"key": st.just("mlflow.data.context"), "value": WORDS}),
                                max_size=1,
                            ),
                        }
                    ),
                    max_size=2,
                )
            )
        },
    ),
)
RUN_SEARCHES = (
    Call(
        "POST",
        "runs/search",
        {"experiment_ids": lambda known: st.lists(EXPERIMENT(known), max_size=2)},
        {
            "filter": of(
                filters(
                    "tags.k tags.l params.k params.l attributes.run_name status tag.`mlflow.note` dataset.name",
                    "metrics.k metrics.l metrics.`mlflow.note` start_time attributes.end_time",
                )
            ),
            "order_by": of(orders("metrics.k metrics.l params.k tags.k start_time end_time run_name status")),
            "run_view_type": VIEW,
            **_PAGES,
        },
    ),
)
MODELS = (
    Call("POST", "registered-models/create", _BY_NAME, {"tags": TAGS, "description": of(WORDS)}),
    Call("GET", "registered-models/get", _BY_NAME),
    Call("POST", "registered-models/rename", {**_BY_NAME, "new_name": NAME}),
    Call("PATCH", "registered-models/update", {**_BY_NAME, "description": of(WORDS)}),
    Call("DELETE", "registered-models/delete", _BY_NAME),
    Call("POST", "registered-models/set-tag", {**_BY_NAME, **_TAG}),
    Call("DELETE", "registered-models/delete-tag", {**_BY_NAME, **_KEY}),
    Call("POST", "registered-models/alias", {**_BY_VERSION, "alias": ALIAS}),
    Call("GET", "registered-models/alias", {**_BY_NAME, "alias": ALIAS}),
    Call("DELETE", "registered-models/alias", {**_BY_NAME, "alias": ALIAS}),
    Call("POST", "registered-models/get-latest-versions", _BY_NAME, {"stages": of(st.just(["Staging", "None"]))}),
    Call(
        "GET",
        "registered-models/search",
        {},
        {
            "filter": of(filters("name tags.k tags.l", "")),
            "order_by": of(orders("name last_updated_timestamp timestamp")),
            **_PAGES,
        },
    ),
)
VERSIONS = (
    Call(
        "POST",
        "model-versions/create",
        {**_BY_NAME, "source": of(st.sampled_from(["s3://b/a", "mlflow-artifacts:/0/x", "models:/x/1", "/local"]))},
        {"tags": TAGS, "description": of(WORDS), "run_id": RUN, "run_link": of(WORDS)},
    ),
    Call("GET", "model-versions/get", _BY_VERSION),
    Call("GET", "model-versions/get-download-uri", _BY_VERSION),
    Call("PATCH", "model-versions/update", _BY_VERSION, {"description": of(WORDS)}),
    Call("DELETE", "model-versions/delete", _BY_VERSION),
    Call("POST", "model-versions/set-tag", {**_BY_VERSION, **_TAG}),
    Call("DELETE", "model-versions/delete-tag", {**_BY_VERSION, **_KEY}),
    Call(
        "POST",
        "model-versions/transition-stage",
        {**_BY_VERSION, "stage": STAGE},
        {"archive_existing_versions": of(st.booleans())},
    ),
    Call(
        "GET",
        "model-versions/search",
        {},
        {
            "filter": lambda known: st.one_of(
                filters("name tags.k tags.l source_path run_id", "version_number"),
                NAME(known).map(lambda name: f"name = '{name}'"),
            ),
            "order_by": of(orders("name version_number creation_timestamp last_updated_timestamp")),
            **_PAGES,
        },
    ),
)
LOGGED_MODELS = (
    Call(
        "POST",
        "logged-models",
        {**_BY_EXPERIMENT, "name": of(WORDS)},
        {"model_type": of(WORDS), "tags": TAGS, "params": TAGS, "source_run_id": RUN},
        ("logged_models", "model.info.model_id"),
    ),
    Call("GET", "logged-models/<model_id>", {"model_id": LOGGED_MODEL}),
    Call(
        "PATCH",
        "logged-models/<model_id>",
        {
            "model_id": LOGGED_MODEL,
            "status": of(st.sampled_from(["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"])),
        },
    ),
    Call("DELETE", "logged-models/<model_id>", {"model_id": LOGGED_MODEL}),
    Call("PATCH", "logged-models/<model_id>/tags", {"model_id": LOGGED_MODEL, "tags": TAGS}),
    Call("DELETE", "logged-models/<model_id>/tags/<key>", {"model_id": LOGGED_MODEL, "key": of(KEYS)}),
    Call(
        "POST",
        "logged-models/search",
        {"experiment_ids": lambda known: st.lists(EXPERIMENT(known), max_size=2)},
        {"filter": of(filters("name tags.k params.k model_type", "metrics.k")), "max_results": SIZE},
    ),
)
_FOLDERS = st.sampled_from(["d", "d/e", "d/é", "d/a b.txt", "d/f.json"])
_FOLDER: Value = lambda known: _FOLDERS.map(lambda path: f"{known.prefix}/{path}")  # noqa: E731
_FILE: Value = lambda known: _FOLDERS.map(lambda path: f"{known.prefix}/{path}/x.txt")  # noqa: E731
ARTIFACT_CALLS = (
    Call("PUT", f"{ARTIFACTS}/<path>", {"path": _FILE, "body": of(WORDS)}, raw=True),
    Call("GET", f"{ARTIFACTS}/<path>", {"path": _FILE}),
    Call("DELETE", f"{ARTIFACTS}/<path>", {"path": _FOLDER}),
    Call("GET", ARTIFACTS, {"path": _FOLDER}),
    Call("GET", "artifacts/list", _BY_RUN, {"path": of(_FOLDERS)}),
)

GROUPS = {
    "experiments": EXPERIMENTS,
    "runs": RUNS,
    "logging": LOGGING,
    "run searches": RUN_SEARCHES,
    "registered models": MODELS,
    "model versions": VERSIONS,
    "logged models": LOGGED_MODELS,
    "artifacts": ARTIFACT_CALLS,
}
"""Calls by what they are about: a sequence draws a group first."""


def beginning(known: Known) -> list[Step]:
    """One experiment, run, registered model, version and logged model."""
    name = f"{known.prefix}a"
    known.experiments.append("experiments_0")
    known.runs.append("runs_0")
    known.logged_models.append("logged_models_0")
    in_experiment = {"experiment_id": "{experiments_0}"}
    return [
        step("", "POST", "experiments/create", {"name": name}, experiments_0="experiment_id"),
        step("", "POST", "runs/create", {**in_experiment, "start_time": 1, "run_name": "a"}, runs_0="run.info.run_id"),
        step("", "POST", "logged-models", {**in_experiment, "name": "a"}, logged_models_0="model.info.model_id"),
        step("", "POST", "registered-models/create", {"name": name}),
        step("", "POST", "model-versions/create", {"name": name, "source": "s3://b/a"}),
    ]
