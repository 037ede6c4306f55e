"""What five HTTP clients make of each fault that breaks an answer: the exact exception, or curl's exit code.

Each client asks for a JSON answer of 4 KB, reads all of it and parses it (curl throws it away), follows redirects,
never tries again, and waits a second at most for the next byte.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.request import urlopen

from hokusai_mock import MockServer, Sandbox

__all__ = ["CLIENTS", "FAULTS", "Outcome", "outcomes", "versions"]

PATIENCE = 1.0
"""Seconds that a client waits for the next byte of an answer that hangs."""

LONG = 20.0
"""Seconds that it waits for any other: however busy the machine is, the answer is there before."""

LONGEST = 110
"""Characters of a message that the table holds."""

FAULTS: dict[str, dict[str, Any]] = {
    "`reset`": {"effect": "reset"},
    "`reset`, in the head (`after_bytes = 40`)": {"effect": "reset", "with": {"after_bytes": 40}},
    "`reset`, in the body (`after_bytes = 2000`)": {"effect": "reset", "with": {"after_bytes": 2000}},
    "`hang`": {"effect": "hang"},
    "`hang`, in the body (`after_bytes = 2000`)": {"effect": "hang", "with": {"after_bytes": 2000}},
    "`close_before_status`": {"effect": "close_before_status"},
    "`truncate`": {"effect": "truncate"},
    "`truncate` (`chunked = true`)": {"effect": "truncate", "with": {"chunked": True}},
    "`wrong_length` (`difference = 10`)": {"effect": "wrong_length"},
    "`wrong_length` (`difference = -10`)": {"effect": "wrong_length", "with": {"difference": -10}},
    "`broken_chunk`": {"effect": "broken_chunk"},
    "`garbage`": {"effect": "garbage"},
    "`invalid_json`": {"effect": "invalid_json"},
    "`wrong_content_type`": {"effect": "wrong_content_type"},
    "`redirect`, to https on a port without TLS": {"effect": "redirect"},
    "`status` 503": {"effect": "status", "with": {"status": 503, "html": "service-unavailable"}},
}


class Outcome(NamedTuple):
    """What a client reports; `kind` is empty when it is content."""

    kind: str
    """The class of the exception with its module, or curl's exit code."""
    text: str
    """Its message, without what differs from run to run."""

    def cell(self) -> str:
        """As the table shows it."""
        text = self.text if len(self.text) <= LONGEST else self.text[: LONGEST - 3] + "..."
        return f"`{self.kind}`<br>{_escaped(text)}" if self.kind else "none"


def _requests(url: str, timeout: float) -> object:
    import requests  # noqa: PLC0415 - each client only where it exists

    with requests.Session() as session:
        session.trust_env = False
        return _checked(session.get(url, timeout=timeout)).json()


def _checked(answer: Any) -> Any:
    answer.raise_for_status()
    return answer


def _urllib3(url: str, timeout: float) -> object:
    import urllib3  # noqa: PLC0415

    with urllib3.PoolManager() as pool:
        return pool.request("GET", url, timeout=timeout, retries=False).json()


def _httpx(url: str, timeout: float) -> object:
    import httpx  # noqa: PLC0415

    with httpx.Client(timeout=timeout, follow_redirects=True, trust_env=False) as client:
        return _checked(client.get(url)).json()


def _urllib(url: str, timeout: float) -> object:
    with urlopen(url, timeout=timeout) as answer:
        return json.loads(answer.read())


class CurlError(Exception):
    """curl's message; `code` is its exit code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def _curl(url: str, timeout: float) -> object:
    command = ["curl", "-q", "--noproxy", "*", "-fsSL", "--max-time", str(timeout), "-o", "-", url]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        message = done.stderr.decode().strip()
        raise CurlError(done.returncode, re.sub(r"^curl: \(\d+\) ", "", message))
    return None


CLIENTS: dict[str, Callable[[str, float], object]] = {
    "requests": _requests,
    "urllib3": _urllib3,
    "httpx": _httpx,
    "urllib": _urllib,
    "curl": _curl,
}
"""The columns of the table."""


def versions() -> dict[str, str]:
    """The clients that there are, with their versions."""
    found = {}
    for name in ("requests", "urllib3", "httpx"):
        if importlib.util.find_spec(name):
            found[name] = importlib.import_module(name).__version__
    found["urllib"] = "Python " + ".".join(map(str, sys.version_info[:2]))
    if shutil.which("curl"):
        words = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()
        found["curl"] = words[1]
    return {name: found[name] for name in CLIENTS if name in found}


def outcomes(clients: list[str]) -> dict[str, dict[str, Outcome]]:
    """What each of `clients` makes of each fault, by fault and client."""
    with MockServer(seed=1) as server:
        return {
            title: _of_fault(server.sandbox(f"fault-{number}"), rule, clients)
            for number, (title, rule) in enumerate(FAULTS.items())
        }


def _of_fault(sandbox: Sandbox, rule: dict[str, Any], clients: list[str]) -> dict[str, Outcome]:
    sandbox.fault(layer="transport", **rule)
    sandbox.fault(effect="status", layer="edge", with_={"status": 200, "json": {"filler": "x" * 4000}})
    timeout = PATIENCE if rule["effect"] == "hang" else LONG
    with ThreadPoolExecutor(len(clients)) as pool:
        asked = {name: pool.submit(_outcome, CLIENTS[name], f"{sandbox.url}/health", timeout) for name in clients}
    return {name: outcome.result() for name, outcome in asked.items()}


def _outcome(client: Callable[[str, float], object], url: str, timeout: float) -> Outcome:
    try:
        client(url, timeout)
    except CurlError as error:
        return Outcome(f"exit {error.code}", _steady(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever it is goes into the table
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
        text = str(error)
        getattr(error, "close", lambda: None)()  # urllib's errors hold the answer
        return Outcome(f"{module}{kind.__qualname__}", _steady(text))
    return Outcome("", "")


_DIFFERS = (
    (r"[^\x00-\x7f]+.*", "..."),  # garbage, as each client shows it
    (r"127\.0\.0\.1(:|', port=)\d+", r"127.0.0.1\1PORT"),
    (r"/s/fault-\d+", "/s/ID"),
    (r"after \d+ milliseconds with \d\d+", "after 1000 milliseconds with some"),
    (r"after \d+ milliseconds", "after 1000 milliseconds"),
    (r" \(_ssl\.c:\d+\)", ""),
    (r"OpenSSL/[\w.]+: error:\w+:", "OpenSSL: "),
    (r" at 0x[0-9a-f]+", ""),
    (r"\\x[89a-f][0-9a-f].*", "..."),
    (r"For more information check: .*", ""),
)


def _steady(text: str) -> str:
    """`text` without ports, addresses, and what else is new in each run."""
    text = " ".join(text.split())
    for pattern, replacement in _DIFFERS:
        text = re.sub(pattern, replacement, text)
    return text.strip()


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
