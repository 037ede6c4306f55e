"""Calls of clients that speak HTTP themselves: requests as a hand-made client uses it, and curl.

They return the answer as `{"status_code", "text"}`; a status is no exception for them. The key goes out as Hokusai's
documents tell: `Authorization: Bearer`.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

SECONDS = 5
"""How long they wait; a hand-made client that waits for ever shows nothing."""

_SEARCH = ("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 1})


class CurlError(Exception):
    """curl ended with an error of its own; the text is what it said."""


def tracking(path: str) -> str:
    """The URL of a path below the tracking URI, joined as MLflow does."""
    return os.environ["MLFLOW_TRACKING_URI"].removesuffix("/") + path


def platform(path: str) -> str:
    """The URL of one of the platform's own paths: `HOKUSAI_API_ENDPOINT` ends with `/api`."""
    return os.environ["HOKUSAI_API_ENDPOINT"].removesuffix("/api") + path


def bearer() -> dict[str, str]:
    """The header with the key, if there is one."""
    key = os.environ.get("HOKUSAI_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


def with_requests(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Ask with requests as it comes, so with `.netrc`, proxies and redirects."""
    import requests

    sent = bearer() if headers is None else headers
    answer = requests.request(method, url, json=body, headers=sent, timeout=SECONDS)
    return {"status_code": answer.status_code, "text": answer.text, "headers": dict(answer.headers)}


def with_curl(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Ask with curl; `CurlError` when it fails, as `curl: (7) ...`."""
    command = ["curl", "-sS", "--max-time", str(SECONDS), "-X", method, "-w", "\n%{http_code}", url]
    for name, value in (bearer() if headers is None else headers).items():
        command += ["-H", f"{name}: {value}"]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CurlError(done.stderr.strip())
    text, _, status = done.stdout.rpartition("\n")
    return {"status_code": int(status), "text": text}


def _search(ask: Any) -> Any:
    method, path, body = _SEARCH
    return lambda: ask(method, tracking(path), body)


CALLS = {
    ("requests", "experiments.search"): _search(with_requests),
    ("curl", "experiments.search"): _search(with_curl),
    ("requests", "health"): lambda: with_requests("GET", platform("/health"), headers={}),
    ("curl", "health"): lambda: with_curl("GET", platform("/health"), headers={}),
}
