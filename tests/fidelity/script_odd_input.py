"""Steps with odd input: wrong types, nulls, nesting, huge numbers, unicode, malformed bodies, wrong methods.

They run last, on a run, an experiment and a registered model of their own, so that accepted oddities disturb nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from step import JSON_HEADERS, NO_RUN, Step, step

__all__ = ["odd_input"]

Payload = dict[str, Any]


def odd_input() -> Iterator[Step]:
    """All of them, in order."""
    yield step("create experiment for oddities", "POST", "experiments/create", {"name": "odd"}, odd="experiment_id")
    payload = {"experiment_id": "{odd}", "run_name": "odd", "start_time": 1}
    yield step("create run for oddities", "POST", "runs/create", payload, odd_run="run.info.run_id")
    yield step("create registered model for oddities", "POST", "registered-models/create", {"name": "odd"})
    version = {"name": "odd", "source": "s3://bucket/odd"}
    yield step("create model version for oddities", "POST", "model-versions/create", version)
    yield from _wrong_bodies()
    yield from _wrong_types()
    yield from _nested()
    yield from _numbers()
    yield from _texts()
    yield from _names()
    yield from _queries()
    yield from _wrong_methods()
    yield step("get run after oddities", "GET", "runs/get?run_id={odd_run}")
    yield step("get registered model after oddities", "GET", "registered-models/get?name=odd")
    yield step("get experiment after oddities", "GET", "experiments/get?experiment_id={odd}")


_RUN: Payload = {"run_id": "{odd_run}"}
_VERSION: Payload = {"name": "odd", "version": "1"}
_WRITES: tuple[tuple[str, str, Payload], ...] = (
    ("POST", "experiments/set-experiment-tag", {"experiment_id": "{odd}", "key": "k", "value": "v"}),
    ("POST", "experiments/update", {"experiment_id": "{odd}", "new_name": "odd"}),
    ("POST", "runs/create", {"experiment_id": "{odd}", "run_name": "r", "start_time": 1, "tags": []}),
    ("POST", "runs/update", {**_RUN, "status": "RUNNING", "end_time": 1, "run_name": "odd"}),
    ("POST", "runs/log-metric", {**_RUN, "key": "m", "value": 1, "timestamp": 1, "step": 1}),
    ("POST", "runs/log-parameter", {**_RUN, "key": "p", "value": "1"}),
    ("POST", "runs/set-tag", {**_RUN, "key": "t", "value": "v"}),
    ("POST", "runs/delete-tag", {**_RUN, "key": "t"}),
    ("POST", "runs/log-batch", {**_RUN, "metrics": [], "params": [], "tags": []}),
    ("POST", "runs/search", {"experiment_ids": ["{odd}"], "filter": "", "max_results": 1, "order_by": []}),
    ("POST", "registered-models/create", {"name": "odd2", "description": "d", "tags": []}),
    ("PATCH", "registered-models/update", {"name": "odd", "description": "d"}),
    ("POST", "registered-models/set-tag", {"name": "odd", "key": "k", "value": "v"}),
    ("DELETE", "registered-models/delete-tag", {"name": "odd", "key": "k"}),
    ("POST", "registered-models/alias", {"name": "odd", "alias": "a", "version": "1"}),
    ("DELETE", "registered-models/alias", {"name": "odd", "alias": "a"}),
    ("POST", "model-versions/create", {"name": "odd", "source": "s3://bucket/x", "run_id": "", "tags": []}),
    ("PATCH", "model-versions/update", {**_VERSION, "description": "d"}),
    ("POST", "model-versions/set-tag", {**_VERSION, "key": "k", "value": "v"}),
    ("POST", "model-versions/transition-stage", {**_VERSION, "stage": "None", "archive_existing_versions": False}),
    ("POST", "logged-models", {"experiment_id": "{odd}", "name": "odd", "params": [], "tags": []}),
    ("POST", "logged-models/search", {"experiment_ids": ["{odd}"], "filter": "", "max_results": 1, "order_by": []}),
)
"""Every write with its fields, none of which is odd."""


def _wrong_bodies() -> Iterator[Step]:
    for method, path, _ in _WRITES:
        yield step(f"malformed body: {method} {path}", method, path, raw='{"a": ', headers=JSON_HEADERS)
        yield step(f"empty object: {method} {path}", method, path, {})
        yield step(f"array: {method} {path}", method, path, [])
        yield step(f"no content type: {method} {path}", method, path, raw="{}", headers={})
    latin = {"Content-Type": "application/json; charset=latin-1"}
    create = "experiments/create"
    yield step("capitals in the content type", "POST", create, raw="{}", headers={"Content-Type": "Application/JSON"})
    yield step("another charset", "POST", create, raw='{"name": "\u00e9"}', headers=latin)
    yield step("byte order mark", "POST", create, raw="\ufeff{}", headers=JSON_HEADERS)
    yield step("field twice", "POST", create, raw='{"name": "first", "name": ""}', headers=JSON_HEADERS)
    yield step("body of a GET that is no JSON", "GET", "experiments/get", raw="{", headers=JSON_HEADERS)
    deep = '{"name": "", "x": ' + "[" * 50 + "]" * 50 + "}"
    yield step("deep nesting", "POST", create, raw=deep, headers=JSON_HEADERS)


def _wrong_types() -> Iterator[Step]:
    """Each field of each write once with a value of another type, and once null."""
    odd_values: dict[type, Any] = {str: {"a": 1}, int: [1], bool: "yes", list: "text"}
    for method, path, payload in _WRITES:
        for name, value in payload.items():
            odd = odd_values[type(value)]
            yield step(f"{name} of another type: {method} {path}", method, path, {**payload, name: odd})
        first = next(iter(payload))
        yield step(f"{first} is null: {method} {path}", method, path, {**payload, first: None})


def _nested() -> Iterator[Step]:
    for name, fields in (
        ("tags that hold a list", {"tags": [[]]}),
        ("tags that hold null", {"tags": [None]}),
        ("tag whose value is a number", {"tags": [{"key": "a", "value": 1}]}),
        ("tag whose value is null", {"tags": [{"key": "a", "value": None}]}),
        ("tag whose key is empty", {"tags": [{"key": "", "value": "x"}]}),
        ("tag whose key is a list", {"tags": [{"key": ["a"], "value": "x"}]}),
        ("param whose value is an object", {"params": [{"key": "a", "value": {}}]}),
        ("metrics that are null", {"metrics": None}),
        ("metric whose value is null", {"metrics": [{"key": "a", "value": None, "timestamp": 1}]}),
        ("metric whose value is a list", {"metrics": [{"key": "a", "value": [1], "timestamp": 1}]}),
        ("metric whose step is a text", {"metrics": [{"key": "a", "value": 1, "timestamp": 1, "step": "x"}]}),
        ("metric whose step is empty", {"metrics": [{"key": "a", "value": 1, "timestamp": 1, "step": ""}]}),
        ("metric with a key too many", {"metrics": [{"key": "a1", "value": 1, "timestamp": 1, "unit": "m"}]}),
        ("good metric after a bad one", {"metrics": [{"key": "a|", "value": 1, "timestamp": 1}, {"key": "a"}]}),
    ):
        yield step(f"log batch, {name}", "POST", "runs/log-batch", {**_RUN, **fields})
    for name, entry in (
        ("an empty dataset", {}),
        ("a dataset without digest", {"dataset": {"name": "n", "source_type": "s", "source": "s"}}),
        ("a dataset that is a text", {"dataset": "n"}),
        ("tags of null", {"dataset": {"name": "n", "digest": "d", "source_type": "s", "source": "s"}, "tags": None}),
    ):
        yield step(f"log inputs, {name}", "POST", "runs/log-inputs", {**_RUN, "datasets": [entry]})
    yield step("log outputs, an empty model", "POST", "runs/outputs", {**_RUN, "models": [{}]})
    yield step("log outputs, a missing model", "POST", "runs/outputs", {**_RUN, "models": [{"model_id": "m-0"}]})
    yield step("log outputs, models as a text", "POST", "runs/outputs", {**_RUN, "models": "m"})
    model = {"artifact_path": "m", "flavors": {}, "utc_time_created": "2026-01-01 00:00:00", "run_id": "r"}
    for name, text in (
        ("a list", "[]"),
        ("a text", '"m"'),
        ("flavors of null", json.dumps({**model, "flavors": None})),
    ):
        yield step(f"log model, {name}", "POST", "runs/log-model", {**_RUN, "model_json": text})


def _numbers() -> Iterator[Step]:
    def metric(name: str, raw: str, timestamp: str = "1", at: str = "0") -> Step:
        body = f'{{"run_id": "{{odd_run}}", "key": "n/{name}", "value": {raw}, "timestamp": {timestamp}, "step": {at}}}'
        return step(f"odd metric: {name}", "POST", "runs/log-metric", raw=body, headers=JSON_HEADERS)

    for name, raw in (
        ("NaN in small letters", '"nan"'),
        ("inf", '"inf"'),
        ("plus Infinity", '"+Infinity"'),
        ("bare Infinity", "Infinity"),
        ("bare minus Infinity", "-Infinity"),
        ("1e400", "1e400"),
        ("1e400 as a text", '"1e400"'),
        ("huge integer", "1" + "0" * 40),
        ("tiny", "5e-324"),
        ("minus zero", "-0.0"),
        ("seventeen digits", "0.12345678901234567"),
        ("underscore", '"1_000"'),
        ("blanks", '" 1 "'),
        ("empty text", '""'),
        ("hexadecimal", '"0x10"'),
        ("null", "null"),
        ("list", "[1]"),
    ):
        yield metric(name, raw)
    for name, raw in (
        ("greatest int64", "9223372036854775807"),
        ("beyond int64", "9223372036854775808"),
        ("float", "1.0"),
        ("fraction", "1.5"),
        ("exponent", "1e3"),
        ("text with blanks", '" 1"'),
        ("underscore text", '"1_0"'),
        ("false", "false"),
    ):
        yield metric(f"timestamp, {name}", "1", timestamp=raw)
        yield metric(f"step, {name}", "1", at=raw)
    yield metric("step, least int64", "1", at="-9223372036854775808")
    for value in ("NaN", "Infinity", "-Infinity"):
        entry = {"key": f"batch {value}", "value": value, "timestamp": 1}
        yield step(f"log batch, metric of {value}", "POST", "runs/log-batch", {**_RUN, "metrics": [entry]})
    bare = '{"run_id": "{odd_run}", "metrics": [{"key": "bare", "value": Infinity, "timestamp": 1}]}'
    yield step("log batch, bare Infinity", "POST", "runs/log-batch", raw=bare, headers=JSON_HEADERS)
    order = {
        "experiment_ids": ["{odd}"],
        "filter": "run_name = 'odd'",
        "order_by": ["metrics.`batch NaN` DESC"],
        "max_results": 2,
    }
    yield step("search runs ordered by NaN", "POST", "runs/search", order)
    for comparison in ("= 0", "> 0", "!= 0", "= 'NaN'"):
        only = {"experiment_ids": ["{odd}"], "filter": f"metrics.`batch NaN` {comparison}"}
        yield step(f"search runs, NaN {comparison}", "POST", "runs/search", only)
    for name, raw in (("2**31", "2147483648"), ("2**63", "9223372036854775808"), ("a float", "1e2"), ("minus", "-5")):
        body = f'{{"experiment_ids": ["{{odd}}"], "filter": "run_name = \'odd\'", "max_results": {raw}}}'
        yield step(f"search runs, max_results {name}", "POST", "runs/search", raw=body, headers=JSON_HEADERS)
    start: Payload = {"experiment_id": "{odd}", "run_name": "time"}
    yield step("create run, negative start", "POST", "runs/create", {**start, "start_time": -1})
    yield step("create run, huge start", "POST", "runs/create", {**start, "start_time": 2**62})
    yield step("update run, negative end", "POST", "runs/update", {**_RUN, "end_time": -1})
    yield step("update run, huge status", "POST", "runs/update", {**_RUN, "status": 99})


def _texts() -> Iterator[Step]:
    for name, text in (
        ("emoji", "\U0001f377"),
        ("combining", "e\u0301"),
        ("right to left", "\u05d0\u05d1"),
        ("line break", "a\nb"),
        ("tab", "a\tb"),
        ("null character", "a\u0000b"),
        ("lone surrogate", "\ud800"),
        ("quotes", 'it\'s "so"'),
        ("backslash", "a\\b"),
        ("HTML", "<b>&amp;</b>"),
        ("blanks around", "  a  "),
        ("empty", ""),
    ):
        yield step(f"tag value, {name}", "POST", "runs/set-tag", {**_RUN, "key": "text", "value": text})
        yield step(f"tag key, {name}", "POST", "runs/set-tag", {**_RUN, "key": text, "value": "x"})
        yield step(f"param value, {name}", "POST", "runs/log-parameter", {**_RUN, "key": f"p/{name}", "value": text})
        payload = {"name": "odd", "description": text}
        yield step(f"description, {name}", "PATCH", "registered-models/update", payload)
        tag = {"experiment_id": "{odd}", "key": "text", "value": text}
        yield step(f"experiment tag value, {name}", "POST", "experiments/set-experiment-tag", tag)
    for length in (250, 251, 8000):
        payload = {**_RUN, "key": "k" * length, "value": "x"}
        yield step(f"tag key of {length}", "POST", "runs/set-tag", payload)
    for length in (6000, 8000, 100_000, 100_001):
        tag = {"name": "odd", "key": f"long{length}", "value": "x" * length}
        yield step(f"registered model tag value of {length}", "POST", "registered-models/set-tag", tag)
        yield step(f"model version tag value of {length}", "POST", "model-versions/set-tag", {**tag, **_VERSION})
        drop = {"name": "odd", "key": f"long{length}"}
        yield step(f"delete tag of {length} of the model", "DELETE", "registered-models/delete-tag", drop)
        yield step(
            f"delete tag of {length} of the version", "DELETE", "model-versions/delete-tag", {**drop, **_VERSION}
        )
    for length in (5001, 100_001):
        tag = {"experiment_id": "{odd}", "key": f"e{length}", "value": "x" * length}
        yield step(f"experiment tag value of {length}", "POST", "experiments/set-experiment-tag", tag)
    yield step("description of 5001", "PATCH", "registered-models/update", {"name": "odd", "description": "d" * 5001})
    yield step("description back", "PATCH", "registered-models/update", {"name": "odd", "description": "odd"})
    yield step("run name of 1000", "POST", "runs/update", {**_RUN, "run_name": "n" * 1000})


def _names() -> Iterator[Step]:
    for name in (" ", ".", "..", "a/b", "a:b", "a%2Fb", "m-0", "\u6f22", "a\nb", "v1@x", "n" * 256, "n" * 300):
        shown = repr(name) if len(name) < 100 else f"{len(name)} characters"
        payload = {"name": name}
        yield step(f"registered model named {shown}", "POST", "registered-models/create", payload)
        yield step(f"delete registered model named {shown}", "DELETE", "registered-models/delete", payload)
        yield step(f"rename to {shown}", "POST", "registered-models/rename", {"name": "odd", "new_name": name})
        yield step(f"rename back from {shown}", "POST", "registered-models/rename", {"name": name, "new_name": "odd"})
    for name in (".", "a/b", "a:b", "#", "a\nb"):
        yield step(f"experiment named {name!r}", "POST", "experiments/create", {"name": f"odd {name}"})
    for location in (
        "/tmp/x",
        "file:///tmp/x",
        "relative/x",
        "s3://b/{odd}",
        "foo://x",
        "mlflow-artifacts://h:1/x",
        "..",
    ):
        payload = {"name": f"at {location}", "artifact_location": location}
        yield step(f"experiment at {location}", "POST", "experiments/create", payload)


def _queries() -> Iterator[Step]:
    for name, path in (
        ("empty parameter name", "experiments/get?=1&experiment_id={odd}"),
        ("parameter twice", "experiments/get?experiment_id={odd}&experiment_id=0"),
        ("unknown parameter", "experiments/get?experiment_id={odd}&x=y"),
        ("encoded ampersand", "registered-models/get?name=a%26b"),
        ("plus sign", "registered-models/get?name=a+b"),
        ("broken encoding", "registered-models/get?name=%zz"),
        ("invalid UTF-8", "registered-models/get?name=%ff"),
        ("flag that is no boolean", "logged-models/{model}?allow_deleted=maybe"),
        ("huge id", "experiments/get?experiment_id=99999999999999999999999"),
        ("negative id", "experiments/get?experiment_id=-1"),
        ("id with a blank", "experiments/get?experiment_id=%201"),
        ("id with zeros", "experiments/get?experiment_id=00"),
        ("id in other digits", "experiments/get?experiment_id=%D9%A1"),
        ("version with zeros", "model-versions/get?name=odd&version=01"),
        ("version with a sign", "model-versions/get?name=odd&version=-1"),
        ("version as a float", "model-versions/get?name=odd&version=1.0"),
        ("huge version", "model-versions/get?name=odd&version=99999999999999999999"),
        ("double slash", "//experiments/get?experiment_id=0"),
        ("capitals", "Experiments/Get?experiment_id=0"),
    ):
        full = "/api/2.0/mlflow" + path[1:] if path.startswith("//") else path
        yield step(f"query: {name}", "GET", full)
    yield step("doubled slash inside", "GET", "/api/2.0/mlflow//experiments/get?experiment_id=0")


def _wrong_methods() -> Iterator[Step]:
    for method, path in (
        ("PUT", "experiments/get"),
        ("GET", "runs/create"),
        ("DELETE", "runs/delete"),
        ("PATCH", "runs/update"),
        ("PUT", "runs/log-batch"),
        ("POST", "model-versions/get"),
        ("POST", "registered-models/delete"),
        ("PUT", "registered-models/alias"),
        ("POST", "metrics/get-history"),
        ("POST", "artifacts/list"),
        ("DELETE", "logged-models/search"),
        ("TRACE", "experiments/get"),
        ("FOO", "experiments/get"),
    ):
        yield step(f"wrong method: {method} {path}", method, path)
    yield step("wrong method: POST /version", "POST", "/version", {})
    yield step("head of a missing thing", "HEAD", f"runs/get?run_id={NO_RUN}")
    yield step("head of health", "HEAD", "/health")
    yield step("options of a path with a parameter", "OPTIONS", "logged-models/m-0")
    yield step("options of an unknown path", "OPTIONS", "nope")
