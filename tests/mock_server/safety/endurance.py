"""Very many requests to one server: several processes of raw sockets that are kept alive, answers checked as they come.

The mixture adds nothing to the sandboxes once it has gone round: memory that still grows then is a leak. `python
endurance.py URL SANDBOX COUNT` is one client.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

if __package__:
    from .crowd import control, serving
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from crowd import control, serving

__all__ = ["Report", "endure"]

CLIENTS = 4
MOUNT = "/api/mlflow/api/2.0"
PER_CONNECTION = 997
"""Requests on one connection before another is opened."""

_BODY = {"max_results": 5}
MIXTURE: tuple[tuple[str, str, object, int], ...] = (
    ("GET", f"{MOUNT}/mlflow/experiments/get-by-name?experiment_name=Default", None, 200),
    ("POST", f"{MOUNT}/mlflow/experiments/search", _BODY, 200),
    ("POST", f"{MOUNT}/mlflow/experiments/set-experiment-tag", {"experiment_id": "0", "key": "k", "value": "v"}, 200),
    ("POST", f"{MOUNT}/mlflow/runs/search", {"experiment_ids": ["0"], "filter": "metrics.m > 1"}, 200),
    ("GET", f"{MOUNT}/mlflow/registered-models/get?name=none", None, 404),
    ("PUT", f"{MOUNT}/mlflow-artifacts/artifacts/0/file.txt", {"content": "x" * 500}, 200),
    ("GET", f"{MOUNT}/mlflow-artifacts/artifacts/0/file.txt", None, 200),
    ("GET", "/health", None, 200),
    ("POST", f"{MOUNT}/mlflow/experiments/create", {"name": "Default"}, 400),
)


@dataclass
class Report:
    """What was sent, what was counted, and the memory of the server's process in MiB."""

    requests: int
    wrong: int
    counted: int
    sent: int
    kept: int
    seconds: float
    memory: dict[int, float] = field(default_factory=dict)
    """Resident memory by how many requests had been sent."""


def endure(total: int, looks: tuple[int, ...]) -> Report:
    """Send `total` requests; look at the server's memory after each number of `looks`, when nothing is under way."""
    memory: dict[int, float] = {}
    wrong, done, started = 0, 0, time.monotonic()
    with serving() as (url, process):
        for goal in (*looks, total) if looks[-1:] != (total,) else looks:
            wrong += _send(url, (goal - done) // CLIENTS)
            done += (goal - done) // CLIENTS * CLIENTS
            memory[done] = _resident(process)
        seconds = time.monotonic() - started
        journals = [control(url, f"/sandboxes/{_sandbox(number)}/journal") for number in range(CLIENTS)]
    return Report(
        requests=done,
        wrong=wrong,
        counted=sum(journal["requests"] for journal in journals),
        sent=sum(journal["fates"]["sent"] for journal in journals),
        kept=max(len(journal["entries"]) for journal in journals),
        seconds=seconds,
        memory=memory,
    )


def _sandbox(number: int) -> str:
    return f"client-{number}"


def _send(url: str, each: int) -> int:
    """Let every client send so many requests; how many answers were wrong."""
    command = [sys.executable, __file__, url]
    clients = [
        subprocess.Popen([*command, _sandbox(number), str(each)], stdout=subprocess.PIPE, text=True)
        for number in range(CLIENTS)
    ]
    outputs = [client.communicate()[0] for client in clients]
    if any(client.returncode for client in clients):
        raise RuntimeError("a client of the endurance test failed; see its error above")
    return sum(int(output) for output in outputs)


def _resident(process: int) -> float:
    """Resident memory of a process in MiB, as Linux tells it."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return round(int(found[1]) / 1024, 1)


# -- one client ------------------------------------------------------------------------------------------------------


def _requests(sandbox: str, host: str) -> list[tuple[bytes, bytes]]:
    """The mixture as bytes, each with the beginning of its answer."""
    made = []
    for method, path, payload, status in MIXTURE:
        body = b"" if payload is None else json.dumps(payload).encode()
        head = f"{method} /s/{sandbox}{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer hk_test_admin\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        made.append((head.encode() + body, f"HTTP/1.1 {status} ".encode()))
    return made


def _client(url: str, sandbox: str, count: int) -> int:
    """Send `count` requests, one after the other; how many were answered otherwise than they should be."""
    parts = urlsplit(url)
    requests = _requests(sandbox, parts.netloc)
    wrong = sent = 0
    while sent < count:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as answers:
                for number in range(sent, min(sent + PER_CONNECTION, count)):
                    request, beginning = requests[number % len(requests)]
                    connection.sendall(request)
                    line, length = answers.readline(), 0
                    while (header := answers.readline()) not in (b"\r\n", b""):
                        if header[:15].lower() == b"content-length:":
                            length = int(header[15:])
                    wrong += len(answers.read(length)) != length or not line.startswith(beginning)
                    sent += 1
    return wrong


if __name__ == "__main__":
    sys.stdout.write(f"{_client(sys.argv[1], sys.argv[2], int(sys.argv[3]))}\n")
