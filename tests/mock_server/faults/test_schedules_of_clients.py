"""Schedules as clients meet them: threads that retry, clients that name themselves, windows on the virtual clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

CLIENT = "X-Hokusai-Testkit-Client"


def attempts(sandbox, ask, client: str, paths: int = 5) -> list[list[int]]:
    """The statuses that one client sees on each of its paths, until it succeeds."""
    seen: list[list[int]] = []
    for path in range(paths):
        seen.append([])
        while seen[-1][-1:] != [404] and len(seen[-1]) < 20:
            seen[-1].append(ask(f"{sandbox.url}/api/v1/none/{path}", headers={CLIENT: client}).status)
    return seen


@pytest.mark.parametrize(
    "schedule",
    [{"probability": 0.5}, {"times": 2, "per": "key"}, {"every": 3, "per": "key"}, {"probability": 0.5, "per": "key"}],
    ids=str,
)
def test_threads_that_retry_see_the_same_in_every_run(sandbox, ask, schedule):
    def run() -> dict[str, list[list[int]]]:
        sandbox.reset(seed=11)
        sandbox.fault(effect="status", with_={"status": 503}, **schedule)
        names = [f"client-{number}" for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            return dict(zip(names, pool.map(lambda name: attempts(sandbox, ask, name), names), strict=True))

    first = run()

    assert [run() for _ in range(2)] == [first, first]
    assert any(len(tries) > 1 for client in first.values() for tries in client), "somebody had to retry"


def test_another_seed_decides_otherwise(sandbox, ask):
    outcomes = []
    for seed in (1, 2):
        sandbox.reset(seed=seed)
        sandbox.fault(effect="status", with_={"status": 503}, probability=0.5)
        outcomes.append(attempts(sandbox, ask, "a", paths=12))

    assert outcomes[0] != outcomes[1]


def test_a_client_without_a_name_is_known_by_its_key(sandbox, ask):
    sandbox.fault(effect="status", with_={"status": 503}, times=1, per="key")
    url = f"{sandbox.url}/api/v1/none"
    keys = ["hk_test_admin", "hk_test_reader", None]

    assert [[ask(url, key=key).status for key in keys] for _ in range(2)] == [[503] * 3, [404, 404, 401]]
    assert ask(url, headers={CLIENT: "new"}).status == 503


def test_an_outage_of_a_day_is_over_when_the_clock_says_so(mock, sandbox, ask):
    clock = mock.worlds.get(sandbox.id).clock
    clock.freeze()
    sandbox.fault(effect="reset", window={"from": "1h", "until": "25h"})
    sandbox.fault(effect="status", with_={"status": 503})
    seen = []
    for _ in range(3):
        try:
            seen.append(ask(f"{sandbox.url}/health").status)
        except ConnectionResetError:
            seen.append("reset")
        clock.advance(24 * 3600 * 1000)

    assert seen == [503, "reset", 503]


def test_what_a_rule_counts_is_its_own(sandbox, ask):
    """The first rule counts every request, the one behind it those that the first one let pass."""
    sandbox.fault(effect="status", with_={"status": 429}, every=2)
    sandbox.fault(effect="status", with_={"status": 503}, every=2)

    assert [ask(f"{sandbox.url}/health").status for _ in range(6)] == [200, 429, 503, 429, 200, 429]
