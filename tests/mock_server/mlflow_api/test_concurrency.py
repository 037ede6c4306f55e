"""Many threads at one world: nothing is lost, versions are numbered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from .conftest import Server


def test_versions_made_at_the_same_time_have_numbers_of_their_own(server: Server) -> None:
    server.json("POST", "registered-models/create", {"name": "m"})

    def create(_: int) -> int:
        made = server.json("POST", "model-versions/create", {"name": "m", "source": "s3://b/m"})
        return int(made["model_version"]["version"])

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(create, range(64)))
    assert sorted(numbers) == list(range(1, 65))


def test_metrics_logged_at_the_same_time_are_all_kept(server: Server) -> None:
    run_id = server.json("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]

    def log(step: int) -> None:
        payload = {"run_id": run_id, "key": "loss", "value": step / 10, "timestamp": 1, "step": step}
        server.json("POST", "runs/log-metric", payload)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log, range(100)))
    history = server.json("GET", f"metrics/get-history?run_id={run_id}&metric_key=loss&max_results=1000")
    assert [one["step"] for one in history["metrics"]] == list(range(100))
