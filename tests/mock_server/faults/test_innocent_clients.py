"""A fault ends its own connection only: real clients with kept-alive connections, one by one and many at once."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
import requests

T = TypeVar("T")

BREAKING: list[dict[str, Any]] = [
    {"effect": "reset"},
    {"effect": "reset", "with": {"after_bytes": 300}},
    {"effect": "hang", "with": {"hold": 0.01}},
    {"effect": "close_before_status"},
    {"effect": "truncate"},
    {"effect": "truncate", "with": {"chunked": True}},
    {"effect": "wrong_length"},
    {"effect": "wrong_length", "with": {"difference": -100}},
    {"effect": "broken_chunk"},
    {"effect": "garbage", "with": {"size": 5000}},
]

KEY = {"Authorization": "Bearer hk_test_admin"}


def name_of(url: str, session: requests.Session, number: int, **headers: str) -> str:
    """Ask for what answers only this request: the name that was asked for is in the error."""
    path = f"/api/mlflow/api/2.0/mlflow/experiments/get-by-name?experiment_name=wanted-{number}-"
    answer = session.get(url + path, headers={**KEY, **headers}, timeout=20)
    return answer.json()["message"].partition("wanted-")[2].partition("-")[0]


def attempt(action: Callable[[], T]) -> T | None:
    """What the action gives, or `None` when a fault came between."""
    try:
        return action()
    except (requests.RequestException, http.client.HTTPException, OSError, ValueError, KeyError):
        return None


@pytest.mark.parametrize("rule", BREAKING, ids=str)
def test_a_session_goes_on_after_a_fault_as_if_nothing_had_been(sandbox, rule):
    with requests.Session() as session:
        assert name_of(sandbox.url, session, 0) == "0"
        sandbox.fault(times=1, **rule)
        attempt(lambda: name_of(sandbox.url, session, 1))
        seen = [name_of(sandbox.url, session, number) for number in range(2, 6)]

    assert seen == ["2", "3", "4", "5"]


@pytest.mark.parametrize("rule", BREAKING, ids=str)
def test_the_plainest_client_reads_no_rest_of_a_broken_answer(sandbox, rule):
    """http.client looks at nothing before it uses a connection again: it must be told that there is none."""
    parts = urlsplit(sandbox.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    sandbox.fault(times=1, **rule)

    def ask() -> int:
        connection.request("GET", f"{parts.path}/health", headers=KEY)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    if attempt(ask) is None:
        connection.close()
    statuses = [ask(), ask()]
    connection.close()

    assert statuses == [200, 200]


def test_neighbours_notice_nothing_of_any_fault(sandbox):
    """Eight clients of one key work while two others meet every fault there is."""
    for rule in BREAKING:
        sandbox.fault(match={"header": {"X-Victim": "*"}}, probability=0.2, **rule)
    done = threading.Event()

    def innocent(first: int) -> list[str]:
        with requests.Session() as session:
            return [name_of(sandbox.url, session, number) for number in range(first, first + 40)]

    def victim(first: int) -> int:
        met = 0
        with requests.Session() as session:
            while not done.is_set():
                met += attempt(lambda: name_of(sandbox.url, session, first, **{"X-Victim": "yes"})) is None
        return met

    with ThreadPoolExecutor(10) as pool:
        victims = [pool.submit(victim, 10_000 + number) for number in range(2)]
        answers = list(pool.map(innocent, range(0, 800, 100)))
        done.set()

    assert answers == [[str(number) for number in range(first, first + 40)] for first in range(0, 800, 100)]
    assert min(met.result() for met in victims) > 0
    assert {entry["fate"] for entry in sandbox.journal if not entry["faults"]} == {"sent"}
