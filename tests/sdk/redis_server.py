"""A real `redis-server` for a test (Debian: the package redis-server), and servers that only look like one."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available", "redis_server", "silent_server"]


def available() -> str | None:
    """Why there can be no server; `None` when there can."""
    if shutil.which("redis-server"):
        return None
    return "needs redis-server, as Debian's package `redis-server` installs it"


@contextlib.contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[int]:
    """Run a server that keeps nothing on disk, and give its port."""
    for _ in range(5):  # another process may take the port in between
        port = _free_port()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        process = subprocess.Popen(
            [*command, "--dir", str(folder), *options],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
        )
        assert process.stdout is not None
        try:
            if any("Ready to accept connections" in line for line in process.stdout):
                drain = threading.Thread(target=process.stdout.read, daemon=True)
                drain.start()
                yield port
                return
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
    raise RuntimeError("redis-server did not start")


@contextlib.contextmanager
def silent_server() -> Iterator[tuple[int, list[socket.socket]]]:
    """Accept connections and never say a word; gives the port and the connections so far."""
    seen: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    seen.append(listener.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], seen
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in seen:
                connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
