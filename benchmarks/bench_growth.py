"""Time per call when the store grows: 100, 1,000 and 10,000 runs and model versions, on the mock and on MLflow 3.9.0.

The mock holds one sandbox a size and is filled over HTTP. The real server (SQLite) is filled by inserting the very
rows into its database while it runs, because 10,000 entries over HTTP take it many minutes; that both then answer every
search alike is checked. All is asked over kept-alive HTTP connections: in each round every call once, on the small
mock, the mock of the size and the real server in turns, so that searches follow writes. Figures are medians, ratios are
medians of pairs of rounds. The last line is JSON for `proofs/prove.py`.

Run: `python benchmarks/bench_growth.py [--quick] [--docs]`, with the full MLflow 3.9.0 installed.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import math
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import svg_plot

SIZES = (100, 1_000, 10_000)
SMALL = SIZES[0]
PAGE = 10
ROUNDS = 40
GOALS = {"key": 1.5, "page": 3.0}
"""How much longer a call may take at 10,000 than at 100: lookups and writes by key, pages of searches."""
API = "/api/2.0/mlflow"
DOCS = Path(__file__).resolve().parents[1] / "docs"

Ask = tuple[str, str, Any]
"""(method, path below the API, JSON body or None)"""


@dataclass
class Entries:
    """What a store of one size was filled with."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)

    def run_id(self, number: int) -> str:
        run_id: str = self.runs[number * 7919 % len(self.runs)]["info"]["run_id"]
        return run_id


# -- what is asked ---------------------------------------------------------------------------------------------------


def score(number: int) -> float:
    return number * 7919 % 10_007 / 10_007


def shard(number: int) -> str:
    return f"s{number % 10}"


def search_runs(text: str, order_by: list[str]) -> Ask:
    asked = {"experiment_ids": ["0"], "filter": text, "order_by": order_by, "max_results": PAGE}
    return "POST", "/runs/search", asked


def search_versions(text: str, offset: int = 0) -> Ask:
    token = b64encode(json.dumps({"offset": offset}).encode()).decode() if offset else ""
    return "GET", f"/model-versions/search?filter={quote(text)}&max_results={PAGE}&page_token={quote(token)}", None


CALLS: dict[str, tuple[str, Callable[[Entries, int], Ask]]] = {
    "get run": ("key", lambda e, n: ("GET", f"/runs/get?run_id={e.run_id(n)}", None)),
    "get model version": (
        "key",
        lambda e, n: ("GET", f"/model-versions/get?name=grown&version={n * 7919 % len(e.versions) + 1}", None),
    ),
    "get registered model": ("key", lambda _e, _n: ("GET", "/registered-models/get?name=grown", None)),
    "log metric": (
        "key",
        lambda e, n: (
            "POST",
            "/runs/log-metric",
            {"run_id": e.run_id(n + 1), "key": "score", "value": score(n * 31), "timestamp": 10**12 + n, "step": n},
        ),
    ),
    "create run": ("key", lambda _e, n: ("POST", "/runs/create", {"experiment_id": "0", "start_time": n})),
    "create model version": (
        "key",
        lambda _e, _n: ("POST", "/model-versions/create", {"name": "other", "source": "s3://bucket/model"}),
    ),
    "versions by name, first page": ("page", lambda _e, _n: search_versions("name = 'grown'")),
    "versions by name, middle page": ("page", lambda e, _n: search_versions("name = 'grown'", len(e.versions) // 2)),
    "versions by tag": ("page", lambda _e, n: search_versions(f"name = 'grown' AND tags.shard = '{shard(n)}'")),
    "runs by tag": ("page", lambda _e, n: search_runs(f"tags.shard = '{shard(n)}'", [])),
    "runs by metric, ordered": ("page", lambda _e, _n: search_runs("metrics.score > 0.5", ["metrics.score DESC"])),
    "runs by metric, newest first": ("page", lambda _e, _n: search_runs("metrics.score < 0.15", [])),
}


# -- who is asked ----------------------------------------------------------------------------------------------------


class Server:
    """A server, over one kept-alive connection."""

    def __init__(self, port: int, prefix: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._prefix = prefix + API

    def ask(self, ask: Ask) -> Any:
        method, path, payload = ask
        body = None if payload is None else json.dumps(payload)
        self._connection.request(method, self._prefix + path, body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)

    def timed(self, ask: Ask) -> float:
        started = time.perf_counter()
        self.ask(ask)
        return (time.perf_counter() - started) * 1000


def serve_mock() -> None:
    """The mock; prints its port."""
    from hokusai_mock import MockServer  # noqa: PLC0415

    with MockServer(plain=True, profile="mlflow-3.9") as server:
        print(server.port, flush=True)
        sys.stdin.read()


@contextlib.contextmanager
def mock() -> Iterator[tuple[int, int]]:
    """A mock in a process of its own: port and process id."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline()), process.pid  # type: ignore[union-attr]
        finally:
            process.stdin.close()  # type: ignore[union-attr]


@contextlib.contextmanager
def real() -> Iterator[tuple[int, Path]]:
    """A real MLflow server with one worker and a fresh SQLite database: port and database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/log", "wb") as log:
        database = Path(folder) / "mlflow.db"
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{database}"]
        command += ["--artifacts-destination", f"{folder}/art", "--port", str(port), "--workers", "1"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = {**os.environ, "PATH": path, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "DO_NOT_TRACK": "true"}
        with subprocess.Popen(
            command, env=environ, cwd=folder, stdout=log, stderr=log, start_new_session=True
        ) as process:
            try:
                _wait_for(port, process)
                yield port, database
            finally:
                os.killpg(process.pid, signal.SIGTERM)  # alone, `mlflow server` leaves its worker behind


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as probe:
            probe.request("GET", "/health")
            if probe.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise SystemExit("the MLflow server did not become healthy; this benchmark needs the full mlflow==3.9.0")


# -- filling ---------------------------------------------------------------------------------------------------------


def fill(server: Server, size: int) -> Entries:
    """Make `size` runs, each with a tag and a metric, and as many versions of one model, each with a tag."""
    entries = Entries()
    for name in ("grown", "other"):
        server.ask(("POST", "/registered-models/create", {"name": name}))
    for number in range(size):
        tags = [{"key": "shard", "value": shard(number)}]
        asked = {"experiment_id": "0", "start_time": number, "run_name": f"run-{number}", "tags": tags}
        entries.runs.append(server.ask(("POST", "/runs/create", asked))["run"])
        metric = {"run_id": entries.runs[-1]["info"]["run_id"], "key": "score", "value": score(number), "timestamp": 1}
        server.ask(("POST", "/runs/log-metric", metric))
        version = {"name": "grown", "source": "s3://bucket/model", "tags": tags}
        entries.versions.append(server.ask(("POST", "/model-versions/create", version))["model_version"])
    return entries


_ABOUT_RUN = ("UNKNOWN", "", "", "", "RUNNING")
_ABOUT_VERSION = ("", "None", "s3://bucket/model", "s3://bucket/model", "", "READY", "")


def insert(database: Path, entries: Entries) -> None:
    """Put the same rows into the real server's database, in the place of those that are there."""
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as connection, connection:

        def rows(table: str, columns: str, values: list[tuple[Any, ...]]) -> None:
            connection.execute(f"DELETE FROM {table}")
            marks = ", ".join("?" * len(columns.split(", ")))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)

        runs, versions = [one["info"] for one in entries.runs], entries.versions
        for table in ("latest_metrics", "metrics", "tags", "model_version_tags", "model_versions"):
            connection.execute(f"DELETE FROM {table}")
        rows(
            "runs",
            "run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, source_version, "
            "lifecycle_stage, artifact_uri, experiment_id",
            [
                (r["run_id"], r["run_name"], *_ABOUT_RUN, r["start_time"], "", "active", r["artifact_uri"], 0)
                for r in runs
            ],
        )
        values = [(one["key"], one["value"], r["info"]["run_id"]) for r in entries.runs for one in r["data"]["tags"]]
        rows("tags", "key, value, run_uuid", values)
        for table in ("metrics", "latest_metrics"):
            scores = [("score", score(number), 1, 0, 0, r["run_id"]) for number, r in enumerate(runs)]
            rows(table, "key, value, timestamp, step, is_nan, run_uuid", scores)
        rows(
            "registered_models",
            "name, creation_time, last_updated_time, description",
            [(name, 1, versions[-1]["last_updated_timestamp"], "") for name in ("grown", "other")],
        )
        rows(
            "model_versions",
            "name, version, creation_time, last_updated_time, description, current_stage, source, storage_location, "
            "run_id, status, run_link",
            [
                (v["name"], v["version"], v["creation_timestamp"], v["last_updated_timestamp"], *_ABOUT_VERSION)
                for v in versions
            ],
        )
        values = [("shard", shard(number), "grown", number + 1) for number in range(len(versions))]
        rows("model_version_tags", "key, value, name, version", values)


# -- measuring -------------------------------------------------------------------------------------------------------


def found(answer: Any) -> list[str]:
    """The ids of a search's answer, in order."""
    runs = [one["info"]["run_id"] for one in answer.get("runs", [])]
    return runs or [one["version"] for one in answer.get("model_versions", [])]


def check_equal(mocked: Server, reference: Server, entries: Entries) -> None:
    """Both servers must find the same; else their times would not speak of the same work."""
    for name, (kind, ask) in CALLS.items():
        if kind == "page":
            ours, theirs = (found(server.ask(ask(entries, 3))) for server in (mocked, reference))
            if ours != theirs or len(ours) != PAGE:
                raise SystemExit(f"{name}: the mock found {ours}, MLflow {theirs}")


Times = dict[str, dict[str, list[float]]]
"""call -> who -> milliseconds, one a round"""


def measure(servers: dict[str, tuple[Server, Entries]], rounds: int) -> Times:
    """Ask every call of the small mock, the mock of the size and the real server once a round, in turns."""
    times: Times = {name: {who: [] for who in servers} for name in CALLS}
    for number in range(rounds):
        small, mocked, reference = servers.items()
        turn = [small, mocked, reference] if number % 2 else [mocked, small, reference]  # both come after the slow one
        for name, (_, ask) in CALLS.items():
            for who, (server, entries) in turn:
                times[name][who].append(server.timed(ask(entries, number)))
    return times


def paired(times: dict[str, list[float]], over: str, under: str) -> float:
    """The median ratio of two rounds with opposite turns, because who comes after the slow server is slower itself."""
    ratios = [a / b for a, b in zip(times[over], times[under], strict=True)]
    return statistics.median(math.sqrt(one * other) for one, other in zip(ratios[::2], ratios[1::2], strict=True))


def resident_mib(process: int) -> float | None:
    """Resident memory, where the system tells."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text("utf-8"))
        return round(int(found[1]) / 1024, 1) if found else None
    return None


def run(rounds: int) -> dict[str, Any]:
    """Every figure: by size and call, the mock's memory, and the first search of a shape (which makes its index)."""
    sizes: dict[int, dict[str, dict[str, float]]] = {}
    first: dict[str, float] = {}
    with mock() as (mock_port, process), real() as (real_port, database):
        memory = [resident_mib(process)]
        stores = {}
        for size in SIZES:
            server = Server(mock_port, f"/s/n{size}")
            stores[size] = (server, fill(server, size))
            print(f"filled the mock with {size:,}", flush=True)
        memory.append(resident_mib(process))
        for size in SIZES:
            small, this = stores[SMALL], stores[size]
            reference = Server(real_port)
            insert(database, this[1])
            first = {name: this[0].timed(ask(this[1], 0)) for name, (kind, ask) in CALLS.items() if kind == "page"}
            check_equal(this[0], reference, this[1])
            times = measure({"small": small, "mock": this, "mlflow": (reference, this[1])}, rounds)
            sizes[size] = {name: _row(times[name]) for name in CALLS}
            print(f"measured at {size:,}", flush=True)
        memory.append(resident_mib(process))
    return {"sizes": sizes, "first": first, "memory": memory}


def _row(times: dict[str, list[float]]) -> dict[str, float]:
    return {
        "mock_ms": statistics.median(times["mock"]),
        "mlflow_ms": statistics.median(times["mlflow"]),
        "growth": paired(times, "mock", "small"),
        "faster": paired(times, "mlflow", "mock"),
    }


# -- telling ---------------------------------------------------------------------------------------------------------


def table(result: dict[str, Any]) -> str:
    """The figures as a Markdown table."""
    sizes = result["sizes"]
    head = [f"{size:,}" for size in SIZES]
    lines = [
        f"| call | mock, ms at {' / '.join(head)} | growth | MLflow, ms at {' / '.join(head)} | MLflow / mock |",
        "|---|---|---|---|---|",
    ]
    for name in CALLS:
        ours = " / ".join(f"{sizes[size][name]['mock_ms']:.2f}" for size in SIZES)
        theirs = " / ".join(f"{sizes[size][name]['mlflow_ms']:.1f}" for size in SIZES)
        last = sizes[SIZES[-1]][name]
        lines.append(f"| {name} | {ours} | {last['growth']:.2f} | {theirs} | {last['faster']:.0f} |")
    return "\n".join(lines)


def plot(result: dict[str, Any]) -> str:
    """The figures as an SVG."""
    plots = {
        name: {
            title: [(size, result["sizes"][size][name][key]) for size in SIZES]
            for title, key in (("the mock", "mock_ms"), ("MLflow 3.9.0, SQLite", "mlflow_ms"))
        }
        for name in CALLS
    }
    return svg_plot.panels("Time per call as the store grows", "ms against runs and model versions", plots)


def write_docs(result: dict[str, Any]) -> None:
    """Put the plot and the table into docs/."""
    (DOCS / "growth.svg").write_text(plot(result), "utf-8")
    page = DOCS / "performance.md"
    text = page.read_text("utf-8")
    start, end = "<!-- growth: written by benchmarks/bench_growth.py -->", "<!-- growth: end -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{start}\n{table(result)}\n{end}{after}", "utf-8")


def judge(result: dict[str, Any]) -> dict[str, Any]:
    """The figures that a proof keeps, and whether every goal is met."""
    last = result["sizes"][SIZES[-1]]
    rows = {
        name: {
            "growth": round(last[name]["growth"], 2),
            "goal": GOALS[kind],
            "mlflow/mock": round(last[name]["faster"]),
        }
        for name, (kind, _) in CALLS.items()
    }
    empty, filled, searched = result["memory"]
    return {
        "passed": all(row["growth"] <= row["goal"] for row in rows.values()),
        "figures": {
            "calls": rows,
            "milliseconds": {
                str(size): {
                    name: [round(row["mock_ms"], 3), round(row["mlflow_ms"], 2)] for name, row in of_size.items()
                }
                for size, of_size in result["sizes"].items()
            },
            "first search of a shape at 10,000, ms": {name: round(ms, 1) for name, ms in result["first"].items()},
            "resident MiB empty, filled with all sizes, after all searches": [empty, filled, searched],
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--docs", action="store_true", help="write the plot and the table into docs/")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_mock()
        return 0
    result = run(10 if arguments.quick else ROUNDS)
    print(table(result))
    if arguments.docs:
        write_docs(result)
    outcome = judge(result)
    print(json.dumps(outcome))
    return 0 if outcome["passed"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
