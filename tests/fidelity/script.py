"""The exchange that is played against every real server and against the mock: requests only, no expectations.

A step names its request relative to `/api/2.0/mlflow/` (or from the root, with a leading slash). `{name}` in a path or
body stands for something an earlier answer contained; `capture` says which value of this answer gets which name.
Steps run in order on one fresh server: later ones see what earlier ones made. What the answers should be is not
written here: it is what the real servers answered (`recordings/`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from script_browser import browser_routes
from script_filters import newer_filters
from script_odd_input import odd_input
from step import ARTIFACTS, JSON_HEADERS, Step, step


def steps() -> list[Step]:
    """The whole exchange, in order; names are unique."""
    parts = (
        side_channels,
        experiments,
        experiment_search,
        odd_bodies,
        runs,
        metrics_params_tags,
        batches,
        run_search,
        run_lifecycle,
        artifacts,
        logged_models,
        logged_model_endings,
        registered_models,
        model_versions,
        aliases_and_stages,
        registry_search,
        registry_endings,
        browser_routes,
        odd_input,
        newer_filters,
    )
    return [one for part in parts for one in part()]


def side_channels() -> Iterator[Step]:
    yield step("health", "GET", "/health")
    yield step("health, wrong method", "POST", "/health", {})
    yield step("version", "GET", "/version")
    yield step("server info", "GET", "/server-info")
    yield step("server info under the API", "GET", "/api/3.0/mlflow/server-info")
    yield step("graphql", "POST", "/graphql", {"query": "{__typename}"})
    yield step("unknown endpoint", "GET", "nope")
    yield step("unknown endpoint, POST", "POST", "nope", {})
    yield step("unknown path at the root", "GET", "/nope/x")
    yield step("path of MLflow 1", "GET", "/api/2.0/preview/mlflow/experiments/get?experiment_id=0")
    yield step("trailing slash", "GET", "experiments/get/?experiment_id=0")
    yield step("wrong method", "GET", "experiments/create")
    yield step("wrong method, DELETE", "DELETE", "experiments/create")
    yield step("wrong method, PUT on a path parameter", "PUT", "logged-models/m-nope", {})
    yield step("options", "OPTIONS", "experiments/create")
    yield step("head", "HEAD", "experiments/get?experiment_id=0")
    yield step("foreign host", "GET", "experiments/get?experiment_id=0", headers={"Host": "evil.example.com"})
    yield step("foreign host on health", "GET", "/health", headers={"Host": "evil.example.com"})
    yield step("private host", "GET", "experiments/get?experiment_id=0", headers={"Host": "192.168.4.4:5000"})
    yield step(
        "foreign origin",
        "POST",
        "experiments/create",
        {"name": "cors"},
        headers={**JSON_HEADERS, "Origin": "https://evil.example.com"},
    )
    yield step(
        "foreign origin on a read",
        "GET",
        "experiments/get?experiment_id=0",
        headers={"Origin": "https://evil.example.com"},
    )
    yield step(
        "local origin",
        "POST",
        "experiments/search",
        {"max_results": 1, "filter": "name = 'none'"},
        headers={**JSON_HEADERS, "Origin": "http://localhost:3000"},
    )


def experiments() -> Iterator[Step]:
    yield step("default experiment", "GET", "experiments/get?experiment_id=0")
    yield step("default experiment, browser's prefix", "GET", "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0")
    yield step(
        "create experiment",
        "POST",
        "experiments/create",
        {"name": "exp-a", "tags": [{"key": "team", "value": "blue"}]},
        exp="experiment_id",
    )
    yield step("create experiment twice", "POST", "experiments/create", {"name": "exp-a"})
    yield step(
        "create experiment with a location",
        "POST",
        "experiments/create",
        {"name": "exp-b", "artifact_location": "mlflow-artifacts:/elsewhere"},
        exp_b="experiment_id",
    )
    yield step(
        "location with a fragment",
        "POST",
        "experiments/create",
        {"name": "exp-fragment", "artifact_location": "s3://bucket/a#b"},
    )
    yield step(
        "location with parent query",
        "POST",
        "experiments/create",
        {"name": "exp-query", "artifact_location": "s3://bucket/a?x=../b"},
    )
    yield step("location runs:", "POST", "experiments/create", {"name": "exp-runs", "artifact_location": "runs:/abc/x"})
    yield step("unicode name", "POST", "experiments/create", {"name": "éxp ß 漢字"}, exp_u="experiment_id")
    yield step(
        "get unicode name", "GET", "experiments/get-by-name?experiment_name=%C3%A9xp%20%C3%9F%20%E6%BC%A2%E5%AD%97"
    )
    yield step("experiment name of 501 characters", "POST", "experiments/create", {"name": "n" * 501})
    yield step("experiment name of spaces", "POST", "experiments/create", {"name": "  "})
    yield step("experiment without name", "POST", "experiments/create", {})
    yield step("experiment with empty name", "POST", "experiments/create", {"name": ""})
    yield step("experiment with null name", "POST", "experiments/create", {"name": None})
    yield step("experiment with numeric name", "POST", "experiments/create", {"name": 123})
    yield step("experiment with tags as object", "POST", "experiments/create", {"name": "exp-tags", "tags": {"a": "b"}})
    yield step(
        "experiment with unknown field",
        "POST",
        "experiments/create",
        {"name": "exp-unknown", "zzz": 1},
        exp_z="experiment_id",
    )
    yield step("get experiment", "GET", "experiments/get?experiment_id={exp}")
    yield step("get experiment, id in the body", "GET", "experiments/get", {"experiment_id": "{exp}"})
    yield step("get experiment by name", "GET", "experiments/get-by-name?experiment_name=exp-a")
    yield step("get missing experiment", "GET", "experiments/get?experiment_id=999999")
    yield step("get experiment with text id", "GET", "experiments/get?experiment_id=abc")
    yield step("get experiment without id", "GET", "experiments/get")
    yield step("get experiment with empty id", "GET", "experiments/get?experiment_id=")
    yield step("get missing experiment by name", "GET", "experiments/get-by-name?experiment_name=nope")
    yield step("get experiment by name without name", "GET", "experiments/get-by-name")
    yield step(
        "set experiment tag",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "key": "k", "value": "v"},
    )
    yield step(
        "set experiment tag again",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "key": "k", "value": "w"},
    )
    yield step(
        "set experiment tag, numeric id",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": 0, "key": "k", "value": "v"},
    )
    yield step(
        "set experiment tag without value",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "key": "empty"},
    )
    yield step(
        "set experiment tag without key",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "value": "v"},
    )
    yield step(
        "set experiment tag, long key",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "key": "k" * 300, "value": "v"},
    )
    yield step(
        "set experiment tag, long value",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "key": "k", "value": "v" * 5001},
    )
    yield step(
        "set experiment tag, bad key",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "key": "a$b", "value": "v"},
    )
    yield step(
        "set tag of missing experiment",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "999999", "key": "k", "value": "v"},
    )
    yield step(
        "delete experiment tag", "POST", "experiments/delete-experiment-tag", {"experiment_id": "{exp}", "key": "empty"}
    )
    yield step(
        "delete missing experiment tag",
        "POST",
        "experiments/delete-experiment-tag",
        {"experiment_id": "{exp}", "key": "empty"},
    )
    yield step(
        "rename experiment", "POST", "experiments/update", {"experiment_id": "{exp_z}", "new_name": "exp-renamed"}
    )
    yield step(
        "rename experiment to nothing", "POST", "experiments/update", {"experiment_id": "{exp_z}", "new_name": ""}
    )
    yield step(
        "rename experiment to a taken name",
        "POST",
        "experiments/update",
        {"experiment_id": "{exp_z}", "new_name": "exp-a"},
    )
    yield step("rename missing experiment", "POST", "experiments/update", {"experiment_id": "999999", "new_name": "x"})
    yield step("delete experiment", "POST", "experiments/delete", {"experiment_id": "{exp_z}"})
    yield step("delete experiment twice", "POST", "experiments/delete", {"experiment_id": "{exp_z}"})
    yield step("get deleted experiment", "GET", "experiments/get?experiment_id={exp_z}")
    yield step("get deleted experiment by name", "GET", "experiments/get-by-name?experiment_name=exp-renamed")
    yield step("create experiment named as a deleted one", "POST", "experiments/create", {"name": "exp-renamed"})
    yield step("create run in deleted experiment", "POST", "runs/create", {"experiment_id": "{exp_z}"})
    yield step("rename deleted experiment", "POST", "experiments/update", {"experiment_id": "{exp_z}", "new_name": "x"})
    yield step(
        "set tag of deleted experiment",
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp_z}", "key": "k", "value": "v"},
    )
    yield step("restore experiment", "POST", "experiments/restore", {"experiment_id": "{exp_z}"})
    yield step("restore active experiment", "POST", "experiments/restore", {"experiment_id": "{exp_z}"})
    yield step("delete missing experiment", "POST", "experiments/delete", {"experiment_id": "999999"})
    yield step("get experiment after changes", "GET", "experiments/get?experiment_id={exp}")


def experiment_search() -> Iterator[Step]:
    def search(name: str, /, **payload: Any) -> Step:
        return step(f"search experiments: {name}", "POST", "experiments/search", payload)

    yield search("all", max_results=100)
    yield step("search experiments with GET", "GET", "experiments/search?max_results=2&order_by=name+ASC")
    yield search("name", max_results=10, filter="name = 'exp-a'")
    yield search("name unlike", max_results=10, filter="name != 'exp-a' AND attribute.name LIKE 'exp-%'")
    yield search("name ILIKE", max_results=10, filter="name ILIKE 'EXP-A'")
    yield search("tag", max_results=10, filter="tags.team = 'blue'")
    yield search("tag differs", max_results=10, filter="tags.team != 'blue'")
    yield search("tag with backticks", max_results=10, filter="tag.`team` LIKE 'bl%'")
    yield search("creation time", max_results=10, filter="creation_time > 0 AND name = 'exp-a'")
    yield search("deleted only", max_results=10, view_type="DELETED_ONLY")
    yield search("all views by name", max_results=10, view_type="ALL", order_by=["name DESC"])
    yield search("view type as number", max_results=10, view_type=3, order_by=["name"])
    yield step(
        "search experiments: first page",
        "POST",
        "experiments/search",
        {"max_results": 2, "order_by": ["name"]},
        page="next_page_token",
    )
    yield step(
        "search experiments: second page",
        "POST",
        "experiments/search",
        {"max_results": 2, "order_by": ["name"], "page_token": "{page}"},
    )
    yield search("max_results 0", max_results=0)
    yield search("max_results -1", max_results=-1)
    yield search("max_results too big", max_results=1000000)
    yield search("max_results as text", max_results="abc")
    yield search("max_results as numeric text", max_results="1", order_by=["name"])
    yield search("no max_results")
    yield search("unknown attribute", max_results=10, filter="foo = 1")
    yield search("bad comparator", max_results=10, filter="name > 'a'")
    yield search("unquoted value", max_results=10, filter="name = abc")
    yield search("filter that ends early", max_results=10, filter="name =")
    yield search("filter with OR", max_results=10, filter="name = 'a' OR name = 'b'")
    yield search("unknown order", max_results=10, order_by=["foo bar"])
    yield search("unknown order key", max_results=10, order_by=["foo DESC"])
    yield search("bad token", max_results=10, page_token="!!!")
    yield search("bad view type", max_results=10, view_type="FOO")
    yield search("order_by as text", max_results=10, order_by="name")


def odd_bodies() -> Iterator[Step]:
    path = "experiments/create"
    yield step("malformed JSON", "POST", path, raw="{bad", headers=JSON_HEADERS)
    yield step("JSON array as body", "POST", path, raw="[1]", headers=JSON_HEADERS)
    yield step("JSON string as body", "POST", path, raw='"abc"', headers=JSON_HEADERS)
    yield step("double-encoded body", "POST", path, raw=json.dumps('{"name": ""}'), headers=JSON_HEADERS)
    yield step("number as body", "POST", path, raw="5", headers=JSON_HEADERS)
    yield step("null as body", "POST", path, raw="null", headers=JSON_HEADERS)
    yield step("empty body", "POST", path, raw="", headers=JSON_HEADERS)
    yield step("no content type", "POST", path, raw='{"name": "z"}', headers={})
    yield step("text content type", "POST", path, raw='{"name": "z"}', headers={"Content-Type": "text/plain"})
    yield step(
        "content type with charset",
        "POST",
        path,
        raw='{"name": ""}',
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    yield step(
        "form content type", "POST", path, raw="name=z", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    yield step(
        "camel case field",
        "POST",
        "experiments/search",
        raw='{"maxResults": 1, "orderBy": ["name"]}',
        headers=JSON_HEADERS,
    )
    yield step("number too big for int64", "POST", "experiments/search", {"max_results": 2**70})
    yield step("fraction for int64", "POST", "experiments/search", {"max_results": 1.5})
    yield step("whole float for int64", "POST", "experiments/search", {"max_results": 1.0, "order_by": ["name"]})
    yield step("bool for int64", "POST", "experiments/search", {"max_results": True})


def runs() -> Iterator[Step]:
    yield step(
        "create run",
        "POST",
        "runs/create",
        {
            "experiment_id": "{exp}",
            "user_id": "ann",
            "run_name": "first",
            "start_time": 1000,
            "tags": [{"key": "mlflow.user", "value": "ann"}, {"key": "colour", "value": "red"}],
        },
        run="run.info.run_id",
    )
    yield step(
        "create run without name",
        "POST",
        "runs/create",
        {"experiment_id": "{exp}", "start_time": 2000},
        run_b="run.info.run_id",
    )
    yield step(
        "create run, name in its tag",
        "POST",
        "runs/create",
        {"experiment_id": "{exp}", "start_time": 3000, "tags": [{"key": "mlflow.runName", "value": "tagged"}]},
        run_c="run.info.run_id",
    )
    yield step(
        "create run, two names",
        "POST",
        "runs/create",
        {"experiment_id": "{exp}", "run_name": "one", "tags": [{"key": "mlflow.runName", "value": "two"}]},
    )
    yield step(
        "create child run",
        "POST",
        "runs/create",
        {
            "experiment_id": "{exp}",
            "start_time": 4000,
            "run_name": "child",
            "tags": [{"key": "mlflow.parentRunId", "value": "{run}"}],
        },
        run_d="run.info.run_id",
    )
    yield step(
        "create run in experiment 0",
        "POST",
        "runs/create",
        {"experiment_id": 0, "run_name": "zero"},
        run_z="run.info.run_id",
    )
    yield step("create run in missing experiment", "POST", "runs/create", {"experiment_id": "999999"})
    yield step("create run without experiment", "POST", "runs/create", {"run_name": "nowhere"})
    yield step("create run with bad start", "POST", "runs/create", {"experiment_id": "{exp}", "start_time": "soon"})
    yield step(
        "create run in experiment with a location",
        "POST",
        "runs/create",
        {"experiment_id": "{exp_b}", "run_name": "elsewhere"},
        run_e="run.info.run_id",
    )
    yield step("get run", "GET", "runs/get?run_id={run}")
    yield step("get run, both names of its id", "GET", "runs/get?run_uuid={run}&run_id={run}")
    yield step("get run by run_uuid", "GET", "runs/get?run_uuid={run}")
    yield step("get run, camel case parameter", "GET", "runs/get?runId={run}")
    yield step("get missing run", "GET", "runs/get?run_id=00000000000000000000000000000000")
    yield step("get run, odd id", "GET", "runs/get?run_id=abc/../..")
    yield step("get run without id", "GET", "runs/get")
    yield step(
        "update run",
        "POST",
        "runs/update",
        {"run_id": "{run_b}", "status": "FINISHED", "end_time": 2500, "run_name": "second"},
    )
    yield step("update run's name only", "POST", "runs/update", {"run_id": "{run_c}", "run_name": "third"})
    yield step(
        "update run to failed", "POST", "runs/update", {"run_id": "{run_c}", "status": "FAILED", "end_time": "3500"}
    )
    yield step("update run, status as number", "POST", "runs/update", {"run_id": "{run_d}", "status": 5})
    yield step("update run, bad status", "POST", "runs/update", {"run_id": "{run_d}", "status": "DONE"})
    yield step("update run, nothing", "POST", "runs/update", {"run_id": "{run_d}"})
    yield step(
        "update missing run",
        "POST",
        "runs/update",
        {"run_id": "00000000000000000000000000000000", "status": "FINISHED"},
    )
    yield step("update run without id", "POST", "runs/update", {"status": "FINISHED"})


def metrics_params_tags() -> Iterator[Step]:
    def metric(name: str, /, **payload: Any) -> Step:
        return step(f"log metric: {name}", "POST", "runs/log-metric", {"run_id": "{run}", **payload})

    yield metric("plain", key="loss", value=0.5, timestamp=1000, step=0)
    yield metric("later", key="loss", value=0.25, timestamp=2000, step=1)
    yield metric("same again", key="loss", value=0.25, timestamp=2000, step=1)
    yield metric("older step", key="loss", value=9, timestamp=3000, step=0)
    yield metric("negative step", key="neg", value=1, timestamp=1, step=-5)
    yield metric("NaN", key="nan", value="NaN", timestamp=1)
    yield metric("Infinity", key="inf", value="Infinity", timestamp=1)
    yield metric("-Infinity", key="ninf", value="-Infinity", timestamp=1)
    yield step(
        "log metric: bare NaN",
        "POST",
        "runs/log-metric",
        raw='{"run_id": "{run}", "key": "bare", "value": NaN, "timestamp": 1}',
        headers=JSON_HEADERS,
    )
    yield metric("numeric text", key="text", value="1.5", timestamp=1)
    yield metric("zero", key="zero", value=0, timestamp=0)
    yield metric("huge", key="huge", value=1e300, timestamp=1)
    yield metric("slashes and dots", key="val/acc.top 5-x_y", value=1, timestamp=1)
    yield metric("colon", key="a:b", value=1, timestamp=1)
    yield metric("bad value", key="m", value="abc", timestamp=1)
    yield metric("bool value", key="flag", value=True, timestamp=1)
    yield metric("no value", key="m", timestamp=1)
    yield metric("no timestamp", key="m", value=1)
    yield metric("text timestamp", key="m", value=1, timestamp="soon")
    yield metric("negative timestamp", key="m", value=1, timestamp=-1)
    yield metric("no key", value=1, timestamp=1)
    yield metric("key that climbs", key="../m", value=1, timestamp=1)
    yield metric("key with bad characters", key="m$%", value=1, timestamp=1)
    yield metric("absolute key", key="/m", value=1, timestamp=1)
    yield metric("long key", key="m" * 251, value=1, timestamp=1)
    yield step(
        "log metric: missing run",
        "POST",
        "runs/log-metric",
        {"run_id": "00000000000000000000000000000000", "key": "m", "value": 1, "timestamp": 1},
    )
    yield step(
        "log metric: run_uuid only",
        "POST",
        "runs/log-metric",
        {"run_uuid": "{run}", "key": "uuid", "value": 1, "timestamp": 1},
    )
    yield step("log metric: no run", "POST", "runs/log-metric", {"key": "m", "value": 1, "timestamp": 1})

    def param(name: str, /, **payload: Any) -> Step:
        return step(f"log param: {name}", "POST", "runs/log-parameter", {"run_id": "{run}", **payload})

    yield param("plain", key="depth", value="3")
    yield param("same again", key="depth", value="3")
    yield param("changed", key="depth", value="4")
    yield param("no value", key="none")
    yield param("number", key="n", value=5)
    yield param("unicode", key="u", value="漢字 é")
    yield param("no key", value="x")
    yield param("bad key", key="a$", value="x")
    yield param("key that is a dot", key=".", value="x")
    yield param("value of 6001", key="long", value="p" * 6001)
    yield param("key of 251", key="k" * 251, value="x")
    yield step(
        "log param: missing run",
        "POST",
        "runs/log-parameter",
        {"run_id": "00000000000000000000000000000000", "key": "p", "value": "1"},
    )
    yield step("set tag", "POST", "runs/set-tag", {"run_id": "{run}", "key": "stage", "value": "dev"})
    yield step("set tag again", "POST", "runs/set-tag", {"run_id": "{run}", "key": "stage", "value": "prod"})
    yield step("set tag, odd key", "POST", "runs/set-tag", {"run_id": "{run}", "key": "a b/c.d-e_f", "value": "x"})
    yield step("set tag, bad key", "POST", "runs/set-tag", {"run_id": "{run}", "key": "a|b", "value": "x"})
    yield step(
        "set tag, value of 5001", "POST", "runs/set-tag", {"run_id": "{run}", "key": "long", "value": "t" * 5001}
    )
    yield step(
        "set tag, value of 8001", "POST", "runs/set-tag", {"run_id": "{run}", "key": "longer", "value": "t" * 8001}
    )
    yield step("set tag without key", "POST", "runs/set-tag", {"run_id": "{run}", "value": "x"})
    yield step(
        "set tag renames the run",
        "POST",
        "runs/set-tag",
        {"run_id": "{run_d}", "key": "mlflow.runName", "value": "renamed by tag"},
    )
    yield step(
        "set tag, missing run",
        "POST",
        "runs/set-tag",
        {"run_id": "00000000000000000000000000000000", "key": "k", "value": "v"},
    )
    yield step("delete tag", "POST", "runs/delete-tag", {"run_id": "{run}", "key": "a b/c.d-e_f"})
    yield step("delete missing tag", "POST", "runs/delete-tag", {"run_id": "{run}", "key": "nope"})
    yield step("delete long tag", "POST", "runs/delete-tag", {"run_id": "{run}", "key": "long"})
    yield step("delete longer tag", "POST", "runs/delete-tag", {"run_id": "{run}", "key": "longer"})
    yield step("get run with data", "GET", "runs/get?run_id={run}")
    yield step("get renamed run", "GET", "runs/get?run_id={run_d}")
    yield step("metric history", "GET", "metrics/get-history?run_id={run}&metric_key=loss")
    yield step("metric history, both ids", "GET", "metrics/get-history?run_uuid={run}&run_id={run}&metric_key=loss")
    yield step("metric history of nan", "GET", "metrics/get-history?run_id={run}&metric_key=nan")
    yield step("metric history of inf", "GET", "metrics/get-history?run_id={run}&metric_key=inf")
    yield step("metric history, missing metric", "GET", "metrics/get-history?run_id={run}&metric_key=nope")
    yield step(
        "metric history, missing run",
        "GET",
        "metrics/get-history?run_id=00000000000000000000000000000000&metric_key=loss",
    )
    yield step("metric history without key", "GET", "metrics/get-history?run_id={run}")
    yield step("metric history, max_results", "GET", "metrics/get-history?run_id={run}&metric_key=loss&max_results=1")


def batches() -> Iterator[Step]:
    def batch(name: str, /, **payload: Any) -> Step:
        return step(f"log batch: {name}", "POST", "runs/log-batch", {"run_id": "{run_b}", **payload})

    yield batch(
        "all kinds",
        metrics=[{"key": "m1", "value": 1.5, "timestamp": 10, "step": 1}, {"key": "m2", "value": 2, "timestamp": 10}],
        params=[{"key": "p1", "value": "1"}],
        tags=[{"key": "t1", "value": "x"}],
    )
    yield batch("nothing")
    yield step("log batch: malformed JSON", "POST", "runs/log-batch", raw="{", headers=JSON_HEADERS)
    yield batch("numbers as text", metrics=[{"key": "text", "value": "2.5", "timestamp": "11", "step": "3"}])
    yield batch("entry that is a text", params=["x"])
    yield batch("nested unknown field", params=[{"key": "unknown", "value": "1", "zzz": 1}])
    yield batch("param changed", params=[{"key": "p1", "value": "2"}])
    yield batch("same param", params=[{"key": "p1", "value": "1"}])
    yield batch("param twice", params=[{"key": "q", "value": "3"}, {"key": "q", "value": "4"}])
    yield batch("param twice, same value", params=[{"key": "q", "value": "3"}, {"key": "q", "value": "3"}])
    yield batch("metric without key", metrics=[{"value": 1, "timestamp": 1}])
    yield batch("metric without value", metrics=[{"key": "x", "timestamp": 1}])
    yield batch("metric without timestamp", metrics=[{"key": "x", "value": 1}])
    yield batch("metric with bad key", metrics=[{"key": "a|b", "value": 1, "timestamp": 1}])
    yield batch("metric with text value", metrics=[{"key": "x", "value": "abc", "timestamp": 1}])
    yield batch("param without key", params=[{"value": "x"}])
    yield batch("tag without key", tags=[{"value": "x"}])
    yield batch("tag with bad key", tags=[{"key": "a|b", "value": "x"}])
    yield batch("param with long value", params=[{"key": "plong", "value": "p" * 6001}])
    yield batch("metrics as object", metrics={"key": "x"})
    yield batch("101 params", params=[{"key": f"p{i}", "value": "1"} for i in range(101)])
    yield batch("101 tags", tags=[{"key": f"t{i}", "value": "1"} for i in range(101)])
    yield batch("1001 metrics", metrics=[{"key": "m", "value": 1, "timestamp": 1} for i in range(1001)])
    yield batch(
        "1001 of all kinds",
        metrics=[{"key": "m", "value": 1, "timestamp": 1} for _ in range(950)],
        params=[{"key": f"p{i}", "value": "1"} for i in range(51)],
    )
    yield batch("same metric many times", metrics=[{"key": "dup", "value": 1, "timestamp": 1, "step": 1}] * 3)
    yield batch("tag twice", tags=[{"key": "tt", "value": "1"}, {"key": "tt", "value": "2"}])
    yield batch("run name by tag", tags=[{"key": "mlflow.runName", "value": "by batch"}])
    yield step(
        "log batch: missing run",
        "POST",
        "runs/log-batch",
        {"run_id": "00000000000000000000000000000000", "params": [{"key": "a", "value": "b"}]},
    )
    yield step("log batch: no run", "POST", "runs/log-batch", {"params": [{"key": "a", "value": "b"}]})
    yield step("get run after batches", "GET", "runs/get?run_id={run_b}")
    yield step("metric history after batches", "GET", "metrics/get-history?run_id={run_b}&metric_key=dup")
    model = {
        "artifact_path": "model",
        "flavors": {"python_function": {}},
        "utc_time_created": "2026-01-01 00:00:00",
        "run_id": "r",
    }
    yield step("log model", "POST", "runs/log-model", {"run_id": "{run_b}", "model_json": json.dumps(model)})
    yield step(
        "log model, missing fields",
        "POST",
        "runs/log-model",
        {"run_id": "{run_b}", "model_json": '{"artifact_path": "m", "flavors": {}, "run_id": "r"}'},
    )
    yield step("log model, not JSON", "POST", "runs/log-model", {"run_id": "{run_b}", "model_json": "{"})
    yield step("log model, no JSON", "POST", "runs/log-model", {"run_id": "{run_b}"})
    yield step(
        "log model, missing run",
        "POST",
        "runs/log-model",
        {"run_id": "00000000000000000000000000000000", "model_json": json.dumps(model)},
    )
    dataset = {
        "tags": [{"key": "mlflow.data.context", "value": "training"}],
        "dataset": {
            "name": "wine",
            "digest": "abc123",
            "source_type": "local",
            "source": "{}",
            "schema": "[]",
            "profile": "{}",
        },
    }
    yield step("log inputs", "POST", "runs/log-inputs", {"run_id": "{run_b}", "datasets": [dataset]})
    yield step("log inputs again", "POST", "runs/log-inputs", {"run_id": "{run_b}", "datasets": [dataset]})
    yield step("log inputs without datasets", "POST", "runs/log-inputs", {"run_id": "{run_b}"})
    yield step(
        "log inputs, missing run",
        "POST",
        "runs/log-inputs",
        {"run_id": "00000000000000000000000000000000", "datasets": [dataset]},
    )
    yield step("get run with inputs", "GET", "runs/get?run_id={run_b}")


def run_search() -> Iterator[Step]:
    yield step(
        "prepare search: d",
        "POST",
        "runs/log-batch",
        {
            "run_id": "{run_d}",
            "metrics": [{"key": "loss", "value": 0.1, "timestamp": 5, "step": 0}],
            "params": [{"key": "depth", "value": "7"}],
            "tags": [{"key": "colour", "value": "blue"}],
        },
    )

    def search(name: str, /, **payload: Any) -> Step:
        return step(f"search runs: {name}", "POST", "runs/search", {"experiment_ids": ["{exp}"], **payload})

    yield search("all")
    yield search("metric above", filter="metrics.loss > 0.2")
    yield search("metric equal", filter="metrics.loss = 0.1")
    yield search("metric and param", filter="metrics.loss < 10 AND params.depth = '3'")
    yield search("param differs", filter="params.depth != '3'")
    yield search("param LIKE", filter="param.depth LIKE '%7%'")
    yield search("tag", filter="tags.colour = 'red'")
    yield search("tag in double quotes", filter='tags."colour" = "blue"')
    yield search("tag in backticks", filter="tag.`mlflow.parentRunId` = '{run}'")
    yield search("tag dotted", filter="tags.mlflow.parentRunId = '{run}'")
    yield search("tag ILIKE", filter="tags.colour ILIKE 'RE%'")
    yield search("run name", filter="attributes.run_name = 'first'")
    yield search("run name, spelled otherwise", filter="run_name = 'first'")
    yield search("run name with capital and space", filter="attributes.`Run name` = 'first'")
    yield search("status", filter="attributes.status = 'FINISHED'")
    yield search("status differs", filter="status != 'RUNNING'")
    yield search("start time", filter="attributes.start_time >= 3000", order_by=["start_time ASC"])
    yield search("run id", filter="attributes.run_id = '{run}'")
    yield search("run id IN", filter="attributes.run_id IN ('{run}', '{run_b}')", order_by=["start_time"])
    yield search("run id NOT IN", filter="attributes.run_id NOT IN ('{run}', '{run_b}')", order_by=["start_time"])
    yield search("run name IN", filter="run_name IN ('first')")
    yield search("empty list", filter="run_id IN ()")
    yield search("list of numbers", filter="run_id IN (1, 2)")
    yield search("dataset name", filter="dataset.name = 'wine'")
    yield search("dataset context", filter="datasets.context = 'training' AND dataset.digest LIKE 'abc%'")
    yield search("dataset key", filter="dataset.nope = 'x'")
    yield search("created", filter="created > 2500", order_by=["created DESC"])
    yield search("end time", filter="end_time > 1", order_by=["end_time DESC", "run_id"])
    yield search("and in small letters", filter="metrics.loss > 0 and tags.colour = 'blue'")
    yield search("like in small letters", filter="tags.colour like 'bl%'")
    yield search("double equals", filter="metrics.loss == 0.1")
    yield search("line breaks", filter="metrics.loss > 0\n  AND\n  tags.colour = 'blue'")
    yield search("negative number", filter="metrics.neg > -2")
    yield search("exponent", filter="metrics.huge >= 1e300")
    yield search("key with a space", filter="metrics.`val/acc.top 5-x_y` = 1")
    yield search("quote inside double quotes", filter='tags.colour = "it\'s"')
    yield search("semicolon", filter="metrics.loss > 0;")
    yield search("parentheses", filter="(metrics.loss > 0)")
    yield search("value first", filter="0 < metrics.loss")
    yield search("NOT", filter="NOT metrics.loss > 0")
    yield search("IS NULL", filter="tags.colour IS NULL")
    yield search("empty key", filter="metrics. > 0")
    yield search("numeric attribute as text", filter="start_time = 'abc'")
    yield search("order by twice", order_by=["start_time", "start_time DESC"])
    yield search("order by dataset", order_by=["dataset.name"])
    yield search("order by three words", order_by=["start_time DESC NOW"])
    yield search("empty order", order_by=[""])
    yield search("user id", filter="user_id = 'ann'")
    yield search("user", filter="attributes.user_id LIKE 'an%'")
    yield search(
        "artifact uri", filter="artifact_uri LIKE 'mlflow-artifacts:%'", max_results=1, order_by=["start_time"]
    )
    yield search("order by metric", order_by=["metrics.loss DESC"])
    yield search("order by metric upwards", order_by=["metrics.loss ASC", "attributes.start_time DESC"])
    yield search("order by param", order_by=["params.depth DESC", "start_time"])
    yield search("order by tag", order_by=["tags.colour", "start_time"])
    yield search("order by attribute", order_by=["attributes.run_name"])
    yield step(
        "search runs: first page",
        "POST",
        "runs/search",
        {"experiment_ids": ["{exp}"], "max_results": 2, "order_by": ["start_time"]},
        page="next_page_token",
    )
    yield search("second page", max_results=2, order_by=["start_time"], page_token="{page}")
    yield search("unknown attribute", filter="foo = 1")
    yield search("bad comparator", filter="metrics.loss LIKE 'a'")
    yield search("param compared by size", filter="params.depth > '3'")
    yield search("text for metric", filter="metrics.loss = 'abc'")
    yield search("number for param", filter="params.depth = 3")
    yield search("number for tag", filter="tags.colour = 3")
    yield search("no AND", filter="metrics.loss > 0 metrics.loss < 1")
    yield search("OR", filter="metrics.loss > 0 OR metrics.loss < 1")
    yield search("trailing AND", filter="metrics.loss > 0 AND")
    yield search("unclosed quote", filter="params.depth = '3")
    yield search("two comparisons chained", filter="metrics.loss > 0 > 1")
    yield search("unknown entity", filter="foo.bar = 1")
    yield search("only a key", filter="metrics.loss")
    yield search("bad order", order_by=["metrics.loss SIDEWAYS"])
    yield search("order by unknown", order_by=["foo.bar"])
    yield search("order by unknown attribute", order_by=["foo"])
    yield search("max_results 0", max_results=0)
    yield search("max_results -1", max_results=-1)
    yield search("max_results 50001", max_results=50001)
    yield search("max_results as text", max_results="abc")
    yield search("bad view type", run_view_type="FOO")
    yield search("bad token", page_token="!!!")
    yield step("search runs: no experiments", "POST", "runs/search", {})
    yield step("search runs: missing experiment", "POST", "runs/search", {"experiment_ids": ["999999"]})
    yield step("search runs: numeric experiment", "POST", "runs/search", {"experiment_ids": [0]})
    yield step("search runs: experiment as text", "POST", "runs/search", {"experiment_ids": "0"})
    yield search("empty filter", filter="", max_results=1, order_by=["start_time"])


def run_lifecycle() -> Iterator[Step]:
    yield step("delete run", "POST", "runs/delete", {"run_id": "{run_c}"})
    yield step("delete run twice", "POST", "runs/delete", {"run_id": "{run_c}"})
    yield step("get deleted run", "GET", "runs/get?run_id={run_c}")
    yield step(
        "log metric to deleted run",
        "POST",
        "runs/log-metric",
        {"run_id": "{run_c}", "key": "m", "value": 1, "timestamp": 1},
    )
    yield step(
        "log param to deleted run", "POST", "runs/log-parameter", {"run_id": "{run_c}", "key": "m", "value": "1"}
    )
    yield step("set tag of deleted run", "POST", "runs/set-tag", {"run_id": "{run_c}", "key": "m", "value": "1"})
    yield step(
        "log batch to deleted run",
        "POST",
        "runs/log-batch",
        {"run_id": "{run_c}", "params": [{"key": "x", "value": "1"}]},
    )
    yield step("update deleted run", "POST", "runs/update", {"run_id": "{run_c}", "status": "FINISHED"})
    yield step(
        "search deleted runs", "POST", "runs/search", {"experiment_ids": ["{exp}"], "run_view_type": "DELETED_ONLY"}
    )
    yield step(
        "search all runs",
        "POST",
        "runs/search",
        {"experiment_ids": ["{exp}"], "run_view_type": "ALL", "filter": "run_name = 'third'"},
    )
    yield step("restore run", "POST", "runs/restore", {"run_id": "{run_c}"})
    yield step("restore active run", "POST", "runs/restore", {"run_id": "{run_c}"})
    yield step("delete missing run", "POST", "runs/delete", {"run_id": "00000000000000000000000000000000"})
    yield step("delete run without id", "POST", "runs/delete", {})
    yield step("restore missing run", "POST", "runs/restore", {"run_id": "00000000000000000000000000000000"})
    yield step(
        "log metric to restored run",
        "POST",
        "runs/log-metric",
        {"run_id": "{run_c}", "key": "m", "value": 1, "timestamp": 1},
    )


def artifacts() -> Iterator[Step]:
    root = ARTIFACTS + "/{exp}/{run}/artifacts"
    yield step("upload", "PUT", root + "/model/MLmodel", raw="flavors: {}\n", headers={"Content-Type": "text/plain"})
    yield step("upload JSON", "PUT", root + "/d/x.json", raw="{}", headers={"Content-Type": "application/json"})
    yield step("upload without content type", "PUT", root + "/plain", raw="abc", headers={})
    yield step("upload nothing", "PUT", root + "/d/empty.txt", raw="", headers={})
    yield step("upload again", "PUT", root + "/plain", raw="abcdef", headers={})
    yield step("upload, odd name", "PUT", root + "/d/a%20b%20%C3%A9%20%23%26.txt", raw="odd", headers={})
    yield step("download", "GET", root + "/model/MLmodel")
    yield step("download JSON", "GET", root + "/d/x.json")
    yield step("download unknown type", "GET", root + "/plain")
    yield step("download, odd name", "GET", root + "/d/a%20b%20%C3%A9%20%23%26.txt")
    yield step("download missing", "GET", root + "/nope.txt")
    yield step("download climbing", "GET", ARTIFACTS + "/..%2f..%2fetc%2fpasswd")
    yield step("download climbing, encoded twice", "GET", ARTIFACTS + "/%252e%252e/x")
    yield step("download absolute", "GET", ARTIFACTS + "/%2fetc/passwd")
    yield step("upload climbing", "PUT", ARTIFACTS + "/a/..%2f..%2fx", raw="x", headers={})
    yield step("upload with a scheme", "PUT", ARTIFACTS + "/file:%2f%2fetc/x", raw="x", headers={})
    yield step("upload with a null byte", "PUT", ARTIFACTS + "/a%00b", raw="x", headers={})
    yield step("upload with a fragment", "PUT", ARTIFACTS + "/a%2523b", raw="x", headers={})
    yield step("list through the proxy", "GET", ARTIFACTS + "?path={exp}/{run}/artifacts")
    yield step("list a folder through the proxy", "GET", ARTIFACTS + "?path={exp}/{run}/artifacts/d")
    yield step("list a file through the proxy", "GET", ARTIFACTS + "?path={exp}/{run}/artifacts/plain")
    yield step("list missing through the proxy", "GET", ARTIFACTS + "?path={exp}/nope")
    yield step("list climbing through the proxy", "GET", ARTIFACTS + "?path=../..")
    yield step("list artifacts", "GET", "artifacts/list?run_id={run}")
    yield step("list artifacts of a folder", "GET", "artifacts/list?run_id={run}&path=model")
    yield step("list artifacts of a file", "GET", "artifacts/list?run_id={run}&path=plain")
    yield step("list artifacts of nothing", "GET", "artifacts/list?run_id={run}&path=nope")
    yield step("list artifacts, climbing", "GET", "artifacts/list?run_id={run}&path=../x")
    yield step("list artifacts, empty run", "GET", "artifacts/list?run_id={run_b}")
    yield step("list artifacts, missing run", "GET", "artifacts/list?run_id=00000000000000000000000000000000")
    yield step("list artifacts without run", "GET", "artifacts/list")
    yield step("get artifact of a run", "GET", "/get-artifact?run_uuid={run}&path=model/MLmodel")
    yield step(
        "multipart upload", "POST", "/api/2.0/mlflow-artifacts/mpu/create/{exp}/x", {"path": "x", "num_parts": 2}
    )
    yield step("complete a multipart upload", "POST", "/api/2.0/mlflow-artifacts/mpu/complete/{exp}/x", {"path": "x"})
    yield step("abort a multipart upload", "POST", "/api/2.0/mlflow-artifacts/mpu/abort/{exp}/x", {"path": "x"})
    yield step("head of an artifact", "HEAD", root + "/model/MLmodel")
    yield step("wrong method on an artifact", "POST", root + "/model/MLmodel", {})
    yield step("delete artifact", "DELETE", root + "/plain")
    yield step("list after delete", "GET", "artifacts/list?run_id={run}")


def logged_models() -> Iterator[Step]:
    yield step(
        "create logged model",
        "POST",
        "logged-models",
        {
            "experiment_id": "{exp}",
            "name": "model-a",
            "model_type": "pyfunc",
            "source_run_id": "{run}",
            "params": [{"key": "depth", "value": "3"}],
            "tags": [{"key": "team", "value": "blue"}],
        },
        model="model.info.model_id",
    )
    yield step(
        "create logged model without name",
        "POST",
        "logged-models",
        {"experiment_id": "{exp}"},
        model_b="model.info.model_id",
    )
    yield step("create logged model, bad name", "POST", "logged-models", {"experiment_id": "{exp}", "name": "a/b"})
    yield step(
        "create logged model, missing experiment", "POST", "logged-models", {"experiment_id": "999999", "name": "x"}
    )
    yield step("create logged model without experiment", "POST", "logged-models", {"name": "x"})
    yield step("get logged model", "GET", "logged-models/{model}")
    yield step("get logged model, browser's prefix", "GET", "/ajax-api/2.0/mlflow/logged-models/{model}")
    yield step("get missing logged model", "GET", "logged-models/m-00000000000000000000000000000000")
    yield step(
        "finalize logged model",
        "PATCH",
        "logged-models/{model}",
        {"model_id": "{model}", "status": "LOGGED_MODEL_READY"},
    )
    yield step("finalize logged model, bad status", "PATCH", "logged-models/{model}", {"status": "FOO"})
    yield step("finalize logged model without status", "PATCH", "logged-models/{model}", {})
    yield step(
        "finalize missing logged model",
        "PATCH",
        "logged-models/m-0",
        {"model_id": "m-0", "status": "LOGGED_MODEL_READY"},
    )
    yield step(
        "set logged model tags",
        "PATCH",
        "logged-models/{model}/tags",
        {"tags": [{"key": "a", "value": "1"}, {"key": "team", "value": "red"}]},
    )
    yield step(
        "set logged model tags, bad key",
        "PATCH",
        "logged-models/{model}/tags",
        {"tags": [{"key": "a|b", "value": "1"}]},
    )
    yield step(
        "set tags of missing logged model", "PATCH", "logged-models/m-0/tags", {"tags": [{"key": "a", "value": "1"}]}
    )
    yield step("delete logged model tag", "DELETE", "logged-models/{model}/tags/a")
    yield step("delete missing logged model tag", "DELETE", "logged-models/{model}/tags/a")
    yield step(
        "log logged model params", "POST", "logged-models/{model}/params", {"params": [{"key": "width", "value": "9"}]}
    )
    yield step(
        "log logged model param again",
        "POST",
        "logged-models/{model}/params",
        {"params": [{"key": "width", "value": "9"}]},
    )
    both = {"model_id": "{model}", "params": [{"key": "height", "value": "7"}, {"key": "age", "value": "1"}]}
    yield step("log logged model params, id in the body too", "POST", "logged-models/{model}/params", both)
    yield step(
        "log outputs", "POST", "runs/outputs", {"run_id": "{run}", "models": [{"model_id": "{model}", "step": 0}]}
    )
    yield step("log outputs without models", "POST", "runs/outputs", {"run_id": "{run}"})
    yield step(
        "log outputs, missing run",
        "POST",
        "runs/outputs",
        {"run_id": "00000000000000000000000000000000", "models": [{"model_id": "{model}"}]},
    )
    yield step(
        "log metric of a model",
        "POST",
        "runs/log-metric",
        {"run_id": "{run}", "key": "acc", "value": 0.9, "timestamp": 5, "step": 0, "model_id": "{model}"},
    )
    yield step(
        "log metric of a missing model",
        "POST",
        "runs/log-metric",
        {"run_id": "{run}", "key": "acc2", "value": 0.9, "timestamp": 5, "step": 0, "model_id": "m-0"},
    )
    yield step("get run with outputs", "GET", "runs/get?run_id={run}")
    yield step("get logged model with everything", "GET", "logged-models/{model}")
    yield step("log input model", "POST", "runs/log-inputs", {"run_id": "{run_d}", "models": [{"model_id": "{model}"}]})
    yield step("get run with input model", "GET", "runs/get?run_id={run_d}")

    def search(name: str, /, **payload: Any) -> Step:
        return step(
            f"search logged models: {name}", "POST", "logged-models/search", {"experiment_ids": ["{exp}"], **payload}
        )

    yield search("all", order_by=[{"field_name": "creation_timestamp"}])
    yield search("ordered by name", order_by=[{"field_name": "name"}], filter="name = 'model-a'")
    yield search("by name", filter="name = 'model-a'")
    yield search("by run", filter="source_run_id = '{run}'")
    yield search("by attribute prefix", filter="attributes.name LIKE 'model%'")
    yield search("by param", filter="params.depth = '3'")
    yield search("by tag", filter="tags.team = 'red'")
    yield search("by metric", filter="metrics.acc > 0.5")
    yield search("by status", filter="status = 'READY'")
    yield search("nothing found", filter="name = 'nope'")
    yield search("name IN", filter="name IN ('model-a', 'x')")
    yield search("metric of a dataset", filter="metrics.acc > 0.5", datasets=[{"dataset_name": "wine"}])
    yield search("any metric of a dataset", datasets=[{"dataset_name": "wine"}])
    yield search("dataset without name", datasets=[{"dataset_digest": "abc"}])
    yield search("order by metric", order_by=[{"field_name": "metrics.acc", "ascending": False}])
    yield search("order by param", order_by=[{"field_name": "params.depth"}])
    yield step(
        "search logged models: first page",
        "POST",
        "logged-models/search",
        {"experiment_ids": ["{exp}"], "max_results": 1},
        page="next_page_token",
    )
    yield search("second page", max_results=1, page_token="{page}")
    yield search("second page of another question", max_results=1, page_token="{page}", filter="name = 'x'")
    yield search("bad filter", filter="foo = 'x'")
    yield search("bad entity", filter="foo.bar = 'x'")
    yield search("order downwards", order_by=[{"field_name": "creation_timestamp", "ascending": False}], max_results=1)
    yield search("bad order", order_by=[{"field_name": "foo"}])
    yield search("max_results 0", max_results=0)
    yield search("bad token", page_token="!!!")
    yield step("search logged models: no experiments", "POST", "logged-models/search", {})
    yield step("list artifacts of a logged model", "GET", "logged-models/{model}/artifacts/directories")
    yield step(
        "upload to a logged model",
        "PUT",
        ARTIFACTS + "/{exp}/models/{model}/artifacts/MLmodel",
        raw="flavors: {}",
        headers={},
    )
    yield step("list artifacts of a logged model again", "GET", "logged-models/{model}/artifacts/directories")


def logged_model_endings() -> Iterator[Step]:
    yield step("delete logged model", "DELETE", "logged-models/{model_b}")
    yield step("get deleted logged model", "GET", "logged-models/{model_b}")
    yield step("get deleted logged model, allowed", "GET", "logged-models/{model_b}?allow_deleted=true")
    yield step("delete logged model twice", "DELETE", "logged-models/{model_b}")


def registered_models() -> Iterator[Step]:
    yield step(
        "create registered model",
        "POST",
        "registered-models/create",
        {"name": "wine", "description": "about wine", "tags": [{"key": "team", "value": "blue"}]},
    )
    yield step("create registered model twice", "POST", "registered-models/create", {"name": "wine"})
    yield step("create second registered model", "POST", "registered-models/create", {"name": "beer"})
    yield step("create third registered model", "POST", "registered-models/create", {"name": "Cider 100%"})
    yield step("create registered model without name", "POST", "registered-models/create", {})
    yield step("create registered model, numeric name", "POST", "registered-models/create", {"name": 5})
    yield step("create registered model, slash", "POST", "registered-models/create", {"name": "a/b"})
    yield step("create registered model, colon", "POST", "registered-models/create", {"name": "a:b"})
    yield step(
        "create registered model, bad tag",
        "POST",
        "registered-models/create",
        {"name": "tagged", "tags": [{"key": "a|b", "value": "c"}]},
    )
    yield step(
        "create prompt",
        "POST",
        "registered-models/create",
        {"name": "greeting", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]},
    )
    yield step("create registered model named as a prompt", "POST", "registered-models/create", {"name": "greeting"})
    yield step("get registered model", "GET", "registered-models/get?name=wine")
    yield step("get missing registered model", "GET", "registered-models/get?name=nope")
    yield step("get registered model without name", "GET", "registered-models/get")
    yield step(
        "update registered model",
        "PATCH",
        "registered-models/update",
        {"name": "wine", "description": "all about wine"},
    )
    yield step("update registered model without description", "PATCH", "registered-models/update", {"name": "beer"})
    yield step(
        "update missing registered model", "PATCH", "registered-models/update", {"name": "nope", "description": "x"}
    )
    yield step(
        "set registered model tag",
        "POST",
        "registered-models/set-tag",
        {"name": "wine", "key": "colour", "value": "red"},
    )
    yield step(
        "set registered model tag without value", "POST", "registered-models/set-tag", {"name": "wine", "key": "blank"}
    )
    yield step(
        "set registered model tag, bad key",
        "POST",
        "registered-models/set-tag",
        {"name": "wine", "key": "a|b", "value": "x"},
    )
    yield step(
        "set tag of missing registered model",
        "POST",
        "registered-models/set-tag",
        {"name": "nope", "key": "k", "value": "v"},
    )
    yield step(
        "delete registered model tag", "DELETE", "registered-models/delete-tag", {"name": "wine", "key": "blank"}
    )
    yield step(
        "delete missing registered model tag",
        "DELETE",
        "registered-models/delete-tag",
        {"name": "wine", "key": "blank"},
    )
    yield step("rename registered model", "POST", "registered-models/rename", {"name": "beer", "new_name": "ale"})
    yield step(
        "rename registered model to a taken name",
        "POST",
        "registered-models/rename",
        {"name": "ale", "new_name": "wine"},
    )
    yield step("rename missing registered model", "POST", "registered-models/rename", {"name": "nope", "new_name": "x"})
    yield step(
        "rename registered model to nothing", "POST", "registered-models/rename", {"name": "ale", "new_name": ""}
    )


def model_versions() -> Iterator[Step]:
    def create(name: str, /, **payload: Any) -> Step:
        return step(f"create model version: {name}", "POST", "model-versions/create", {"name": "wine", **payload})

    yield create(
        "from a run",
        source="runs:/{run}/model",
        run_id="{run}",
        description="first",
        tags=[{"key": "version", "value": "1.0.0"}],
    )
    yield create("from an artifact URI", source="mlflow-artifacts:/{exp}/{run}/artifacts/model", run_id="{run}")
    yield create("from a run without its id", source="runs:/{run}/model")
    yield create("from a run, path missing", source="runs:/{run}")
    yield create("from a missing run", source="runs:/00000000000000000000000000000000/model")
    yield create("from object storage", source="s3://bucket/model", run_link="http://example.com/run")
    yield create("from a logged model", source="models:/{model}", model_id="{model}", run_id="{run}")
    yield create("from a logged model without its id", source="models:/{model}")
    yield create("from a missing logged model", source="models:/m-0", model_id="m-0")
    yield create("from another version", source="models:/wine/1")
    yield create("from a missing version", source="models:/wine/99")
    yield create("from http", source="http://example.com/model")
    yield create("from a host", source="mlflow-artifacts://host:5000/x")
    yield create("from a local path", source="/tmp/model")
    yield create("from a file URI", source="file:///tmp/model", run_id="{run}")
    yield create("from a climbing path", source="s3://bucket/../model")
    yield create("from a climbing path, encoded", source="mlflow-artifacts:/a/%2e%2e/b")
    yield create("from an unknown scheme", source="foo://bucket/model")
    yield create("from nothing", source="")
    yield create("without source")
    yield create("with a numeric source", source=5)
    yield create("with a bad tag", source="s3://bucket/m", tags=[{"key": "a|b", "value": "c"}])
    yield create("with a run that does not exist", source="s3://bucket/m", run_id="00000000000000000000000000000000")
    yield step(
        "create model version: missing model",
        "POST",
        "model-versions/create",
        {"name": "nope", "source": "s3://bucket/m"},
    )
    yield step("create model version: without name", "POST", "model-versions/create", {"source": "s3://bucket/m"})
    yield step(
        "create model version: other model",
        "POST",
        "model-versions/create",
        {"name": "ale", "source": "runs:/{run}/model", "run_id": "{run}"},
    )

    def get(name: str, /, query: str) -> Step:
        return step(f"get model version: {name}", "GET", f"model-versions/get?{query}")

    yield get("first", "name=wine&version=1")
    yield get("missing", "name=wine&version=99")
    yield get("missing model", "name=nope&version=1")
    yield get("text", "name=wine&version=abc")
    yield get("without version", "name=wine")
    yield get("without name", "version=1")
    for version in (1, 2, 3, 4, 5):
        yield step(
            f"download URI of version {version}", "GET", f"model-versions/get-download-uri?name=wine&version={version}"
        )
    yield step("download URI of a missing version", "GET", "model-versions/get-download-uri?name=wine&version=99")
    yield step("download URI without version", "GET", "model-versions/get-download-uri?name=wine")
    yield step(
        "update model version",
        "PATCH",
        "model-versions/update",
        {"name": "wine", "version": "1", "description": "the first"},
    )
    yield step(
        "update model version without description", "PATCH", "model-versions/update", {"name": "wine", "version": "1"}
    )
    yield step(
        "update model version, numeric version",
        "PATCH",
        "model-versions/update",
        {"name": "wine", "version": 1, "description": "x"},
    )
    yield step(
        "update missing model version",
        "PATCH",
        "model-versions/update",
        {"name": "wine", "version": "99", "description": "x"},
    )
    yield step(
        "set model version tag",
        "POST",
        "model-versions/set-tag",
        {"name": "wine", "version": "1", "key": "tested", "value": "yes"},
    )
    yield step(
        "set model version tag, numeric version",
        "POST",
        "model-versions/set-tag",
        {"name": "wine", "version": 2, "key": "tested", "value": "no"},
    )
    yield step(
        "set model version tag, bad key",
        "POST",
        "model-versions/set-tag",
        {"name": "wine", "version": "1", "key": "a|b", "value": "x"},
    )
    yield step(
        "set model version tag without value",
        "POST",
        "model-versions/set-tag",
        {"name": "wine", "version": "1", "key": "blank"},
    )
    yield step(
        "set tag of missing model version",
        "POST",
        "model-versions/set-tag",
        {"name": "wine", "version": "99", "key": "k", "value": "v"},
    )
    yield step(
        "delete model version tag",
        "DELETE",
        "model-versions/delete-tag",
        {"name": "wine", "version": "1", "key": "blank"},
    )
    yield step(
        "delete missing model version tag",
        "DELETE",
        "model-versions/delete-tag",
        {"name": "wine", "version": "1", "key": "blank"},
    )
    yield step("get model version with tags", "GET", "model-versions/get?name=wine&version=1")
    yield step("get artifact of a version", "GET", "/model-versions/get-artifact?name=wine&version=2&path=MLmodel")
    yield step(
        "get climbing artifact of a version", "GET", "/model-versions/get-artifact?name=wine&version=2&path=../x"
    )
    yield step("get logged model with its versions", "GET", "logged-models/{model}")


def aliases_and_stages() -> Iterator[Step]:
    def alias(name: str, /, **payload: Any) -> Step:
        return step(f"set alias: {name}", "POST", "registered-models/alias", {"name": "wine", **payload})

    yield alias("champion", alias="champion", version="1")
    yield alias("second", alias="Challenger", version="2")
    yield alias("moved", alias="champion", version="2")
    yield alias("numeric version", alias="num", version=1)
    yield alias("missing version", alias="a", version="99")
    yield alias("text version", alias="a", version="abc")
    yield alias("reserved v1", alias="v1", version="1")
    yield alias("reserved latest", alias="Latest", version="1")
    yield alias("bad characters", alias="a b/c", version="1")
    yield alias("without alias", version="1")
    yield alias("empty alias", alias="", version="1")
    yield alias("long alias", alias="a" * 256, version="1")
    yield step(
        "set alias: missing model", "POST", "registered-models/alias", {"name": "nope", "alias": "a", "version": "1"}
    )
    yield step("get alias", "GET", "registered-models/alias?name=wine&alias=champion")
    yield step("get alias, other case", "GET", "registered-models/alias?name=wine&alias=challenger")
    yield step("get missing alias", "GET", "registered-models/alias?name=wine&alias=nope")
    yield step("get alias of missing model", "GET", "registered-models/alias?name=nope&alias=nope")
    yield step("get alias without alias", "GET", "registered-models/alias?name=wine")
    yield step("get registered model with aliases", "GET", "registered-models/get?name=wine")
    yield step("get model version with aliases", "GET", "model-versions/get?name=wine&version=2")
    yield step("delete alias", "DELETE", "registered-models/alias", {"name": "wine", "alias": "Challenger"})
    yield step("delete missing alias", "DELETE", "registered-models/alias", {"name": "wine", "alias": "nope"})
    yield step("delete alias of missing model", "DELETE", "registered-models/alias", {"name": "nope", "alias": "nope"})

    def stage(name: str, /, **payload: Any) -> Step:
        return step(
            f"transition stage: {name}",
            "POST",
            "model-versions/transition-stage",
            {"name": "wine", "version": "1", **payload},
        )

    yield stage("production", stage="Production", archive_existing_versions=False)
    yield stage("lower case", stage="staging", archive_existing_versions=False)
    yield stage("archiving others", stage="Production", archive_existing_versions=True, version="2")
    yield stage("first to production too", stage="Production", archive_existing_versions=True)
    yield stage("archiving while leaving", stage="None", archive_existing_versions=True)
    yield stage("without archive flag", stage="Staging")
    yield stage("unknown", stage="Foo")
    yield stage("missing version", stage="Production", version="99")
    yield stage("without stage")
    yield stage("text for archive flag", stage="Staging", archive_existing_versions="yes")

    def latest(name: str, /, **payload: Any) -> Step:
        return step(f"latest versions: {name}", "POST", "registered-models/get-latest-versions", payload)

    yield latest("all", name="wine")
    yield latest("production", name="wine", stages=["Production"])
    yield latest("lower case", name="wine", stages=["staging", "none"])
    yield latest("unknown stage", name="wine", stages=["Foo"])
    yield latest("missing model", name="nope")
    yield latest("without name")
    yield step("latest versions with GET", "GET", "registered-models/get-latest-versions?name=wine")
    yield step(
        "latest versions with GET, stages",
        "GET",
        "registered-models/get-latest-versions?name=wine&stages=Staging&stages=Archived",
    )


def registry_search() -> Iterator[Step]:
    def models(name: str, /, query: str) -> Step:
        return step(f"search registered models: {name}", "GET", f"registered-models/search?{query}".rstrip("?"))

    not_prompt = "tag.%60mlflow.prompt.is_prompt%60+%21%3D+%27true%27"
    yield models("all", "")
    yield models("no prompts", f"filter={not_prompt}&max_results=100")
    yield models("prompts", "filter=tag.%60mlflow.prompt.is_prompt%60+%3D+%27true%27")
    yield models("by name", "filter=name%3D%27wine%27")
    yield models("name LIKE", "filter=name+LIKE+%27%25e%25%27")
    yield models("name ILIKE", "filter=name+ILIKE+%27WI%25%27")
    yield models("name with quotes", "filter=name+%3D+%22wine%22")
    yield models("name differs", "filter=name+%21%3D+%27wine%27")
    yield models("by tag", "filter=tags.team+%3D+%27blue%27")
    yield models("by two tags", "filter=tags.team+%3D+%27blue%27+AND+tags.colour+%3D+%27red%27")
    yield models("by tag LIKE", "filter=tags.colour+LIKE+%27r%25%27")
    yield models("two pages", "max_results=2&order_by=name+DESC")
    yield step(
        "search registered models: first page", "GET", "registered-models/search?max_results=2", page="next_page_token"
    )
    yield models("second page", "max_results=2&page_token={page}")
    yield models("by time", "order_by=last_updated_timestamp+DESC&order_by=name+ASC")
    yield models("bad attribute", "filter=foo%3D1")
    yield models("bad comparator", "filter=name+%3E+%27a%27")
    yield models("bad order", "order_by=foo")
    yield models("max_results 0", "max_results=0")
    yield models("max_results -1", "max_results=-1")
    yield models("max_results 2000", "max_results=2000")
    yield models("max_results as text", "max_results=abc")
    yield models("bad token", "page_token=%21%21")

    def versions(name: str, /, query: str) -> Step:
        return step(f"search model versions: {name}", "GET", f"model-versions/search?{query}".rstrip("?"))

    yield versions("all", "max_results=3")
    yield versions("by name", "filter=name%3D%27wine%27&order_by=version_number+ASC")
    yield versions("by name, newest first", "filter=name+%3D+%27wine%27&order_by=version_number+DESC&max_results=2")
    yield versions("by run", "filter=run_id+%3D+%27{run}%27&order_by=version_number+ASC")
    yield versions("by runs", "filter=run_id+IN+%28%27{run}%27%2C%27x%27%29&order_by=version_number+ASC")
    yield versions("by source", "filter=source_path+%3D+%27s3%3A%2F%2Fbucket%2Fmodel%27")
    yield versions("by number", "filter=version_number+%3E+3+AND+name%3D%27wine%27&order_by=version_number+ASC")
    yield versions("by number, equal", "filter=version_number+%3D+1")
    yield versions("by tag", "filter=tags.tested+%3D+%27yes%27")
    yield versions("by tag and name", "filter=name%3D%27wine%27+and+tags.%60tested%60%3D%27no%27")
    yield versions("name LIKE", "filter=name+LIKE+%27al%25%27")
    yield versions("no prompts", f"filter={not_prompt}&max_results=2")
    yield versions("names IN", "filter=name+IN+%28%27ale%27%2C%27nope%27%29")
    yield versions("order by name", "order_by=name+DESC&order_by=version_number+ASC&max_results=2")
    yield versions("order by time", "order_by=creation_timestamp+ASC&max_results=2")
    yield step(
        "search model versions: first page",
        "GET",
        "model-versions/search?max_results=1&order_by=version_number+ASC",
        page="next_page_token",
    )
    yield versions("second page", "max_results=1&order_by=version_number+ASC&page_token={page}")
    yield versions("bad attribute", "filter=foo%3D%271%27")
    yield versions("bad clause", "filter=name+LIKE")
    yield versions("unquoted", "filter=name%3Dwine")
    yield versions("OR", "filter=name%3D%27a%27+OR+name%3D%27b%27")
    yield versions("bad order", "order_by=foo")
    yield versions("max_results 0", "max_results=0")
    yield versions("max_results 300000", "max_results=300000")
    yield versions("max_results as text", "max_results=abc")


def registry_endings() -> Iterator[Step]:
    yield step("delete model version", "DELETE", "model-versions/delete", {"name": "wine", "version": "2"})
    yield step("delete model version twice", "DELETE", "model-versions/delete", {"name": "wine", "version": "2"})
    yield step(
        "delete model version of missing model", "DELETE", "model-versions/delete", {"name": "nope", "version": "2"}
    )
    yield step("delete model version, query only", "DELETE", "model-versions/delete?name=wine&version=1")
    yield step("get deleted model version", "GET", "model-versions/get?name=wine&version=2")
    yield step("get alias of deleted version", "GET", "registered-models/alias?name=wine&alias=champion")
    yield step(
        "create model version after a delete",
        "POST",
        "model-versions/create",
        {"name": "wine", "source": "s3://bucket/new"},
    )
    yield step(
        "rename registered model with versions", "POST", "registered-models/rename", {"name": "wine", "new_name": "vin"}
    )
    yield step("get renamed version", "GET", "model-versions/get?name=vin&version=1")
    yield step("get registered model by its old name", "GET", "registered-models/get?name=wine")
    yield step("delete registered model", "DELETE", "registered-models/delete", {"name": "vin"})
    yield step("delete registered model twice", "DELETE", "registered-models/delete", {"name": "vin"})
    yield step("delete registered model without name", "DELETE", "registered-models/delete", {})
    yield step("versions of a deleted model", "GET", "model-versions/search?filter=name%3D%27vin%27")
    yield step("create registered model after its delete", "POST", "registered-models/create", {"name": "vin"})
