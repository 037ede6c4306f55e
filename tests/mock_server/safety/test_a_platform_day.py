"""24 hours of a platform in a fraction of a second: whatever the platform does in time follows the sandbox's clock."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from .conftest import Mock
from .work import HEADERS, MLFLOW

HOUR = 3600
MIDNIGHT_MS = 1_767_225_600_000
SEARCH = f"{MLFLOW}/experiments/search"


class Day:
    """A sandbox whose clock stands still unless it is moved, over control alone."""

    def __init__(self, mock: Mock) -> None:
        self.mock = mock
        self.control("PUT", "clock", {"frozen": True, "now_ms": MIDNIGHT_MS})

    def control(self, method: str, path: str, payload: Any = None) -> Any:
        body = b"" if payload is None else json.dumps(payload).encode()
        answer = self.mock.ask(method, f"/_testkit/v1/sandboxes/day/{path}", body, headers=HEADERS)
        assert answer.status == 200, answer.body
        return answer.json

    def ask(self) -> int:
        return self.mock.ask("POST", f"/s/day{SEARCH}", b'{"max_results": 1}', headers=HEADERS).status

    def go_to(self, hour: float) -> None:
        seconds = MIDNIGHT_MS / 1000 + hour * HOUR - self.control("GET", "clock")["now_ms"] / 1000
        self.control("POST", "clock", {"advance": seconds})


def test_a_day_of_limits_caches_and_an_outage(wsgi: Mock) -> None:
    day = Day(wsgi)
    day.control("PUT", "settings", {"rate_limit": 20, "rate_window_s": HOUR, "validation_cache_s": 300.0})
    answers: dict[int, Counter[int]] = {}
    for hour in range(24):
        day.go_to(hour)
        if hour == 12:
            assert day.ask() == 200
            day.control("PUT", "keys/admin", {"valid": False})
            assert day.ask() == 200, "for five minutes the gateway remembers that the key was good"
            day.go_to(hour + 0.1)
            assert day.ask() == 401
            day.control("PUT", "keys/admin", {"valid": True})
            continue
        if hour == 18:
            day.control("PUT", "settings", {"upstream": "refused"})
        answers[hour] = Counter(day.ask() for _ in range(25))
        if hour == 18:
            day.control("PUT", "settings", {"upstream": "up"})
    assert {hour: seen for hour, seen in answers.items() if seen != {200: 20, 429: 5}} == {
        18: Counter({502: 20, 429: 5})
    }
    day.go_to(24)
    assert day.control("GET", "clock")["now_ms"] == MIDNIGHT_MS + 24 * HOUR * 1000
    times = [entry["t"] for entry in day.control("GET", "journal")["entries"]]
    assert (times[0], times[-1]) == (MIDNIGHT_MS, MIDNIGHT_MS + 23 * HOUR * 1000)
    assert times == sorted(times)


def test_a_timeline_of_a_day_is_seen_at_its_hour(wsgi: Mock) -> None:
    day = Day(wsgi)
    day.control("POST", "scenarios", {"name": "auth.key_rotated"})
    before = day.ask()
    day.go_to(24)
    after = [day.ask() for _ in range(3)]
    assert before == 200
    assert after == [401, 401, 401]
