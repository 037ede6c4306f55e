"""When rules fire: properties of schedules, and the board's decisions from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.clock import Clock
from hokusai_mock.faults import FaultBoard, FaultRule, KeyFacts, RequestFacts
from hokusai_mock.faults.interface import Layer
from hokusai_mock.faults.schedule import chance
from hokusai_mock.messages import Request, Response


def facts(path: str = "/", client: str = "a", method: str = "GET") -> RequestFacts:
    headers = {"X-Hokusai-Testkit-Client": client}
    return RequestFacts(method, path, headers.get, lambda: KeyFacts("valid", "admin"))


def rule(**fields: Any) -> FaultRule:
    return FaultRule.parse({"layer": "edge", "effect": "status", "with": {"status": 502}, **fields})


def board(*rules: FaultRule, seed: int = 7, clock: Clock | None = None) -> FaultBoard:
    made = FaultBoard(seed, clock or Clock())
    made.add_all(rules)
    return made


def asked(request: RequestFacts) -> Request:
    client = request.header("X-Hokusai-Testkit-Client") or ""
    environ = {"REQUEST_METHOD": request.method, "HTTP_X_HOKUSAI_TESTKIT_CLIENT": client}
    return Request(environ, request.path, None)  # type: ignore[arg-type]


def answer(made: FaultBoard, request: RequestFacts, layer: Layer = "edge") -> int:
    """The status of the answer: 200 is the layer's own."""
    return made.around(layer, asked(request), lambda _: Response(200), lambda _: ("valid", "admin")).status


def outcomes(made: FaultBoard, requests: list[RequestFacts]) -> list[bool]:
    return [answer(made, request) != 200 for request in requests]


@given(after=st.integers(0, 8), times=st.none() | st.integers(1, 8), every=st.none() | st.integers(1, 5))
def test_exact_schedules_follow_their_arithmetic(after: int, times: int | None, every: int | None) -> None:
    fields = {"after": after, "times": times, "every": every}
    made = board(rule(**{name: value for name, value in fields.items() if value is not None}))

    fired = outcomes(made, [facts() for _ in range(40)])

    candidates = [n for n in range(1, 41) if n > after and (n - after) % (every or 1) == 0]
    assert [n for n, hit in enumerate(fired, 1) if hit] == candidates[: times or len(candidates)]


def test_without_a_schedule_a_rule_takes_every_request() -> None:
    assert outcomes(board(rule()), [facts() for _ in range(5)]) == [True] * 5


@given(seed=st.integers(0, 2**64 - 1), probability=st.floats(0, 1))
def test_a_draw_depends_on_client_method_path_and_number_alone(seed: int, probability: float) -> None:
    requests = [facts(path, client) for path in ("/x", "/y") for client in ("a", "b") for _ in range(3)]
    shuffled = requests[::-1]
    first = outcomes(board(rule(probability=probability), seed=seed), requests)
    second = outcomes(board(rule(probability=probability), seed=seed), shuffled)

    def by_client(outcome: list[bool], order: list[RequestFacts]) -> dict[tuple[str, str], list[bool]]:
        result: dict[tuple[str, str], list[bool]] = {}
        for hit, request in zip(outcome, order, strict=True):
            result.setdefault((request.path, request.client()), []).append(hit)
        return result

    assert by_client(first, requests) == by_client(second, shuffled)


@given(st.integers(0, 2**64 - 1))
def test_certainty_and_impossibility_are_exact(seed: int) -> None:
    assert outcomes(board(rule(probability=1.0), seed=seed), [facts()] * 5) == [True] * 5
    assert outcomes(board(rule(probability=0.0), seed=seed), [facts()] * 5) == [False] * 5


@given(st.integers(0, 2**32), st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3), st.integers(1, 9))
def test_a_draw_is_a_fraction_and_always_the_same(seed: int, name: str, key: list[str], number: int) -> None:
    drawn = chance(seed, name, tuple(key), number)

    assert 0 <= drawn < 1
    assert drawn == chance(seed, name, tuple(key), number)


def test_first_requests_to_many_paths_fail_about_as_often_as_asked() -> None:
    for seed in range(4):
        hits = sum(outcomes(board(rule(probability=0.3), seed=seed), [facts(f"/{n}") for n in range(400)]))
        assert 80 <= hits <= 160


@pytest.mark.parametrize(
    ("per", "expected"),
    [
        ("rule", [True, False, False, False]),
        ("key", [True, False, True, False]),
        ("path", [True, True, False, False]),
    ],
)
def test_per_says_what_times_counts(per: str, expected: list[bool]) -> None:
    requests = [facts("/x", "a"), facts("/y", "a"), facts("/x", "b"), facts("/y", "b")]

    assert outcomes(board(rule(times=1, per=per)), requests) == expected


def test_requests_that_do_not_match_are_not_counted() -> None:
    made = board(rule(after=1, match={"paths": ["/x"]}))

    assert outcomes(made, [facts("/y"), facts("/x"), facts("/y"), facts("/x")]) == [False, False, False, True]


def test_threads_together_fire_exactly_as_often_as_asked() -> None:
    made = board(rule(after=10, times=25))
    with ThreadPoolExecutor(8) as pool:
        fired = list(pool.map(lambda _: answer(made, facts()) != 200, range(400)))

    assert sum(fired) == 25


def test_threads_that_retry_see_the_same_outcome_in_every_run() -> None:
    def run() -> list[list[bool]]:
        made = board(rule(probability=0.4))
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda n: outcomes(made, [facts("/x", f"client-{n}")] * 6), range(8)))

    assert run() == run()


def test_a_window_opens_and_closes_on_the_worlds_clock() -> None:
    clock = Clock()
    clock.freeze(1_000_000)
    made = board(rule(window={"from": "10s", "until": "20s"}), clock=clock)
    seen = []
    for _ in range(4):
        seen += outcomes(made, [facts()])
        clock.advance(7_000)

    assert seen == [False, False, True, False]


def test_the_first_rule_that_fires_takes_the_request_and_later_rules_do_not_count_it() -> None:
    made = board(rule(times=1), rule(times=1, **{"with": {"status": 503}}))

    assert [answer(made, facts()) for _ in range(3)] == [502, 503, 200]


def test_rules_belong_to_their_layer_and_to_before_or_after() -> None:
    made = board(rule(layer="gateway", when="after"))

    assert not made.active("edge")
    assert made.active("gateway")
    assert [answer(made, facts(), layer) for layer in ("edge", "gateway")] == [200, 502]


def test_rules_get_names_of_their_own() -> None:
    made = board(rule(), rule(), rule().named("gateway.lb_error"), rule().named("gateway.lb_error"))
    names = [added.name for added in made.rules()]

    assert len(set(names)) == 4
    assert "gateway.lb_error" in names


def test_clear_forgets_rules_and_counts() -> None:
    made = board(rule(times=1))
    outcomes(made, [facts()])
    made.clear()

    assert not made.active("edge")
    made.add(rule(times=1))
    assert outcomes(made, [facts()]) == [True]


class _Entry:
    def __init__(self) -> None:
        self.path = "/api/mlflow/x"
        self.faults: list[str] = []
        self.layer = "mlflow"


def around(made: FaultBoard, layer: Layer, acted: list[str]) -> tuple[Response, _Entry]:
    entry = _Entry()
    request = Request({"REQUEST_METHOD": "GET"}, "/x", None)  # type: ignore[arg-type]
    request.entry = entry  # type: ignore[assignment]

    def handler(handled: Request) -> Response:
        acted.append(handled.path)
        return Response(200)

    return made.around(layer, request, handler, lambda _: ("valid", "admin")), entry


def test_before_a_layer_a_fault_keeps_it_from_acting() -> None:
    acted: list[str] = []
    response, entry = around(board(rule().named("r")), "edge", acted)

    assert (response.status, acted, entry.faults, entry.layer) == (502, [], ["r"], "edge")


def test_after_a_layer_a_fault_replaces_the_answer_of_what_was_done() -> None:
    acted: list[str] = []
    response, entry = around(board(rule(layer="handler", when="after").named("r")), "handler", acted)

    assert (response.status, acted, entry.faults) == (502, ["/x"], ["r"])


def test_rules_see_the_path_of_the_sandbox_behind_a_mount_too() -> None:
    inner = board(rule(layer="mlflow", match={"paths": ["/api/mlflow/*"]}))

    assert around(inner, "mlflow", [])[0].status == 502


def test_a_request_that_no_rule_takes_gets_the_layers_answer() -> None:
    response, entry = around(board(rule(match={"methods": ["PUT"]})), "edge", [])

    assert (response.status, entry.faults, entry.layer) == (200, [], "mlflow")
