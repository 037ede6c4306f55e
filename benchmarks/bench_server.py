"""The mock server: in-process start, stop and reset; a request, and a process start, as ratios against bare Flask.

The request goes through journal, gateway, key check, mount, MLflow's routing and the store. The reference is a bare
Flask route that answers the same JSON, served by the same accept loop and handler in a process of its own, asked in
turns over raw sockets: the figure is the median of paired ratios. Run: `python benchmarks/bench_server.py`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PAYLOAD = {"experiment": {"experiment_id": "0", "name": "Default", "artifact_location": "mlflow-artifacts:/0"}}
ASK = "/api/mlflow/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default"


def milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def in_process(rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of start, stop with open connections, and reset of a used sandbox."""
    from hokusai_mock import MockServer  # noqa: PLC0415 - the import is not part of any figure
    from hokusai_mock.worlds import DEFAULT  # noqa: PLC0415

    MockServer().start().stop()  # the first one parses the profiles
    starts, stops, resets = [], [], []
    for _ in range(rounds):
        servers: list[MockServer] = []
        starts.append(milliseconds(lambda servers=servers: servers.append(MockServer().start())))
        server = servers[0]
        connections = [Client(server.port, ASK) for _ in range(16)]
        for connection in connections:
            connection.ask()
        resets.append(milliseconds(lambda server=server: server.worlds.reset(DEFAULT)))
        stops.append(milliseconds(server.stop))
        for connection in connections:
            connection.close()
    return {name: _spread(values) for name, values in (("start", starts), ("stop", stops), ("reset", resets))}


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p90": ordered[int(len(ordered) * 0.9)]}


def drops(rounds: int) -> dict[str, float]:
    """Milliseconds in which control drops a sandbox with 1,000 runs, asked over a kept connection."""
    from hokusai_mock import MockServer  # noqa: PLC0415 - the import is not part of any figure

    times = []
    with MockServer() as server:
        control = http.client.HTTPConnection("127.0.0.1", server.port)
        for number in range(rounds):
            runs = server.worlds.get(f"full-{number}").store.runs
            for run in range(1000):
                runs.create("0", "someone", run, f"run {run}", [("key", "value")])
            del runs
            times.append(milliseconds(lambda number=number: _drop(control, f"full-{number}")))
        control.close()
    return _spread(times)


def _drop(control: http.client.HTTPConnection, sandbox: str) -> None:
    control.request("DELETE", f"/_testkit/v1/sandboxes/{sandbox}")
    answer = control.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"the sandbox was not dropped: {answer.status}")


class Client:
    """One kept-alive connection that sends the same bytes again and again and reads whole answers."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer hk_test_admin\r\n"
            "User-Agent: benchmark\r\nAccept: */*\r\n\r\n"
        ).encode()

    def send(self) -> None:
        self._socket.sendall(self._request)

    def ask(self) -> bytes:
        self.send()
        length = 0
        status = self._file.readline()
        while (line := self._file.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        if b" 200" not in status:
            raise SystemExit(f"not a 200: {status!r} {self._file.read(length)!r}")
        return self._file.read(length)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def serve_bare() -> None:
    """A bare Flask route under the mock's accept loop; prints its port."""
    from flask import Flask, jsonify  # noqa: PLC0415

    from hokusai_mock.server.acceptor import Acceptor, listen  # noqa: PLC0415
    from hokusai_mock.server.connection import WSGIHost  # noqa: PLC0415

    app = Flask("bare", static_folder=None)
    app.add_url_rule("/api/2.0/mlflow/experiments/get-by-name", "bare", lambda: jsonify(PAYLOAD))
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    acceptor = Acceptor()
    acceptor.add(listener, WSGIHost(app, ("127.0.0.1", port)).serve)
    acceptor.start()
    print(port, flush=True)
    sys.stdin.read()
    acceptor.stop()


def serve_mock() -> None:
    """The mock; prints its port."""
    from hokusai_mock import MockServer  # noqa: PLC0415

    with MockServer() as server:
        print(server.port, flush=True)
        sys.stdin.read()


def request_ratio(rounds: int, batch: int) -> dict[str, float]:
    """Time of a request on the mock divided by that on bare Flask, in alternating batches."""
    ratios, mock_times, bare_times = [], [], []
    with child("mock") as mock_child, child("bare") as bare_child:
        mock = Client(int(mock_child.stdout.readline()), ASK)  # type: ignore[union-attr]
        bare = Client(int(bare_child.stdout.readline()), "/api/2.0/mlflow/experiments/get-by-name")  # type: ignore[union-attr]
        for client in (mock, bare):
            for _ in range(batch * 2):
                client.ask()
        for number in range(rounds):
            pair = [(mock, mock_times), (bare, bare_times)]
            for client, times in pair if number % 2 else reversed(pair):
                times.append(milliseconds(lambda client=client: [client.ask() for _ in range(batch)]) / batch)
            ratios.append(mock_times[-1] / bare_times[-1])
        for client in (mock, bare):
            client.close()
        for process in (mock_child, bare_child):
            process.stdin.close()  # type: ignore[union-attr]
            process.wait()
    return {
        "ratio": statistics.median(ratios),
        "mock_us": statistics.median(mock_times) * 1000,
        "bare_us": statistics.median(bare_times) * 1000,
    }


def child(kind: str) -> subprocess.Popen[str]:
    """A server of that kind in a process of its own: it prints its port, and ends when its input is closed."""
    return subprocess.Popen(
        [sys.executable, __file__, "--serve", kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


BARE_PROCESS = """
import sys
from flask import Flask, jsonify
from werkzeug.serving import make_server
app = Flask("bare")
app.add_url_rule("/health", "health", lambda: jsonify(status="healthy"))
server = make_server("127.0.0.1", 0, app, threaded=True)
open(sys.argv[1] + ".tmp", "w").write(f"http://127.0.0.1:{server.server_port}\\n")
import os; os.replace(sys.argv[1] + ".tmp", sys.argv[1])
server.serve_forever()
"""


def process_ratio(rounds: int) -> dict[str, float]:
    """Time from the start of a process to its first answer: `hokusai-testkit serve` against a bare Flask process.

    Both read the bytecode that Python keeps of what is installed: the first start of each writes it, uncounted.
    """
    serve = [
        sys.executable,
        "-c",
        "from hokusai_testkit.cli import main; main()",
        "serve",
        "--port",
        "0",
        "--ready-file",
    ]
    bare = [sys.executable, "-c", BARE_PROCESS]
    for command in (serve, bare):
        _start_to_answer(command)
    ratios, mock_times = [], []
    for number in range(rounds):
        first, second = (serve, bare) if number % 2 else (bare, serve)
        times = {id(first): _start_to_answer(first), id(second): _start_to_answer(second)}
        mock_times.append(times[id(serve)])
        ratios.append(times[id(serve)] / times[id(bare)])
    return {"ratio": statistics.median(ratios), "mock_ms": statistics.median(mock_times)}


def _start_to_answer(command: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready"
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        silent = subprocess.DEVNULL
        started = time.perf_counter()
        with subprocess.Popen([*command, str(ready)], env=environ, stdout=silent, stderr=silent) as process:
            while not ready.exists():
                time.sleep(0.001)
            port = int(ready.read_text().rsplit(":", 1)[1])
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            client.recv(1)
            elapsed = (time.perf_counter() - started) * 1000
            client.close()
            process.terminate()
    return elapsed


def figures(*, quick: bool = False) -> dict[str, dict[str, object]]:
    """Every figure with its goal: `{name: {value, unit, goal, met}}`."""
    local = in_process(10 if quick else 40)
    request = request_ratio(20 if quick else 80, 50)
    process = process_ratio(4 if quick else 12)
    rows = {
        "in-process start": (local["start"]["median"], "ms", 10.0),
        "stop with 16 open connections": (local["stop"]["median"], "ms", 20.0),
        "reset": (local["reset"]["median"], "ms", 1.0),
        "drop of a sandbox with 1,000 runs, over HTTP": (drops(10 if quick else 40)["median"], "ms", 5.0),
        "request / bare Flask route": (request["ratio"], "ratio", 0.9),
        "process start / bare Flask process": (process["ratio"], "ratio", 1.2),
    }
    return {
        name: {"value": round(value, 3), "unit": unit, "goal": goal, "met": value <= goal}
        for name, (value, unit, goal) in rows.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--serve", choices=("mock", "bare"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_mock() if arguments.serve == "mock" else serve_bare()
        return 0
    result = figures(quick=arguments.quick)
    print(json.dumps(result, indent=2))
    return 0 if all(row["met"] for row in result.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
