"""Steps with questions that only newer servers understand: nulls, lists of more attributes, ids, the alias `latest`.

They run last and ask about what all others left; every order is one without ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from step import ARTIFACTS, Step, step

__all__ = ["newer_filters"]


def newer_filters() -> Iterator[Step]:
    """All of them, in order."""
    yield from _runs()
    yield from _experiments()
    yield from _registry()
    for text in ("tags.team IS NULL", "name IS NOT NULL"):
        payload = {"experiment_ids": ["{exp}"], "filter": text}
        yield step(f"search logged models, {text}", "POST", "logged-models/search", payload)
    file = ARTIFACTS + "/{exp}/{dense}/artifacts/names/%C3%A9.txt"
    yield step("upload named é.txt", "PUT", file, raw="Latin-1", headers={})
    yield step("download named é.txt", "GET", file)


def _runs() -> Iterator[Step]:
    for text in (
        "params.depth IS NULL",
        "params.depth IS NOT NULL",
        "params.depth is not null AND tags.colour = 'red'",
        "tags.colour IS NULL AND params.depth IS NULL",
        "tags.`mlflow.parentRunId` IS NOT NULL",
        "metrics.loss IS NULL",
        "run_name IS NULL",
        "dataset.name IS NULL",
        "tags.colour IS",
        "tags.colour IS NOT",
        "IS NULL",
        "run_id IN ('{run}', 'X')",
        "run_id NOT IN ('{run}', 'X')",
        "status IN ('FINISHED')",
        "dataset.context IN ('training', 'x')",
        "metrics.loss != 0.1",
        "metrics.nan != 1",
        "metrics.nan = 0",
        "metrics.nan <= 0",
    ):
        payload = {"experiment_ids": ["{exp}"], "filter": text, "order_by": ["run_name"]}
        yield step(f"search runs, {text}", "POST", "runs/search", payload)
    for size in (1, 6, 7):
        payload = {"experiment_ids": ["{exp}"], "order_by": ["run_name"], "max_results": size}
        yield step(f"search runs, page of {size}", "POST", "runs/search", payload)


def _experiments() -> Iterator[Step]:
    for text in (
        "tags.team IS NULL AND name LIKE 'exp%'",
        "tags.team IS NOT NULL AND name = 'exp-a'",
        "name IS NULL",
        "experiment_id = '{exp}'",
        "experiment_id != '{exp}' AND name LIKE 'exp%'",
        "experiment_id = 1",
        "experiment_id IN ('{exp}', '{exp_b}')",
        "experiment_id NOT IN ('{exp}', '0') AND name LIKE 'exp%'",
        "experiment_id IN ('x')",
        "experiment_id LIKE '1%'",
        "experiment_id > '1'",
        "name IN ('exp-a')",
        "creation_time IS NULL",
    ):
        payload = {"filter": text, "order_by": ["name"], "max_results": 3}
        yield step(f"search experiments, {text}", "POST", "experiments/search", payload)


def _registry() -> Iterator[Step]:
    for text in (
        "name IN ('ale', 'odd')",
        "name NOT IN ('ale')",
        "run_id NOT IN ('{run}')",
        "source_path IN ('x')",
        "tags.k IS NULL",
        "version_number IN ('1')",
    ):
        query = urlencode({"filter": text, "max_results": 4}) + "&order_by=name&order_by=version_number"
        query = query.replace("%7B", "{").replace("%7D", "}")
        yield step(f"search model versions, {text}", "GET", f"model-versions/search?{query}")
    for text in ("name IN ('odd')", "tags.k IS NULL", "name IS NOT NULL"):
        yield step(
            f"search registered models, {text}", "GET", f"registered-models/search?{urlencode({'filter': text})}"
        )
    for name, model in (("latest", "odd"), ("Latest", "odd"), ("latest", "nope"), ("latest", "Cider+100%25")):
        yield step(f"get alias {name} of {model}", "GET", f"registered-models/alias?name={model}&alias={name}")
    payload = {"name": "odd", "alias": "latest"}
    yield step("delete alias latest", "DELETE", "registered-models/alias", payload)
