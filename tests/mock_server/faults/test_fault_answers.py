"""Effects that leave the line whole: what they wait for, what they answer, what they make of the real answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hokusai_mock.faults import EFFECTS, FaultBoard, FaultRule, Occasion
from hokusai_mock.faults.interface import whole_body
from hokusai_mock.messages import Request, Response
from hokusai_mock.schema import read
from hokusai_mock.world import World, WorldOptions


class Waiting(World):
    """A world that notes what it would wait for."""

    def __init__(self) -> None:
        super().__init__("a", WorldOptions(seed=3))
        self.waits: list[float] = []
        self.ends_after = 10**9

    def wait(self, seconds: float, unless: Callable[[], bool] | None = None) -> bool:
        self.waits.append(seconds)
        return len(self.waits) < self.ends_after


class Asked:
    """An effect applied to one request."""

    def __init__(
        self, effect: str, answer: Response | None = None, draws: tuple[float, ...] = (), **given: Any
    ) -> None:
        self.world = Waiting()
        self.acted_after: list[float] | None = None
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/s/a/x/y%", "HTTP_HOST": "mock:80", "QUERY_STRING": "q=1"}
        request = Request(environ, "/x/y%", self.world)
        drawn = iter(draws)
        occasion = Occasion(request, lambda: self._act(answer or Response(200, b'{"a": 1}')), lambda: next(drawn))
        self.response = read(EFFECTS[effect], given, "with").apply(occasion)

    def _act(self, response: Response) -> Response:
        assert self.acted_after is None, "a layer acts once"
        self.acted_after = list(self.world.waits)
        return response


# -- delays ------------------------------------------------------------------------------------------------------------


def test_a_delay_comes_before_the_layer_acts_and_leaves_its_answer_alone():
    asked = Asked("delay", delay="250ms")

    assert (asked.acted_after, asked.response.body) == ([0.25], b'{"a": 1}')


@pytest.mark.parametrize(
    ("given", "draw", "waited"),
    [
        ({"delay": 1, "jitter": 2}, 0.25, 1.5),
        ({"delay": 1, "jitter": 2, "distribution": "uniform"}, 0.0, 1.0),
        ({"jitter": 2, "distribution": "lognormal"}, 0.5, 2.0),
        ({"delay": 1, "jitter": 2, "distribution": "lognormal"}, 0.99, 1 + 2 * 3.2),
    ],
)
def test_jitter_is_added_as_it_is_drawn(given, draw, waited):
    assert Asked("delay", draws=(draw,), **given).world.waits == [pytest.approx(waited, rel=0.01)]


@pytest.mark.parametrize("draw", [0.0, 1 - 2**-53])
def test_the_extremes_of_a_lognormal_delay_are_finite(draw):
    (waited,) = Asked("delay", jitter=1, distribution="lognormal", draws=(draw,)).world.waits

    assert 0 < waited < 100


@pytest.mark.parametrize("body", [b"x" * 1000, [b"x" * 600, b"x" * 400]], ids=["in one piece", "streamed"])
def test_a_delay_per_byte_is_spread_over_the_body(body):
    asked = Asked("delay", Response(200, body), per_byte="1ms")
    head_first, *pieces = asked.response.body

    assert head_first == b""
    assert (b"".join(pieces), asked.response.header("Content-Length")) == (b"x" * 1000, "1000")
    assert sum(asked.world.waits) == pytest.approx(1)
    assert len(pieces) == len(asked.world.waits) == 100


def test_a_delay_per_byte_that_nobody_could_notice_is_one_piece():
    assert list(Asked("delay", Response(200, b"x" * 1000), per_byte=5e-324).response.body) == [b"", b"x" * 1000]


def test_a_request_whose_sandbox_ends_meanwhile_is_not_answered(monkeypatch):
    monkeypatch.setattr(Waiting, "wait", lambda *_: False)

    with pytest.raises(ConnectionAbortedError):
        Asked("delay", delay=1)


def test_delay_then_status_waits_and_then_answers_without_the_layer():
    asked = Asked("delay_then_status", delay="30s", status=504, json={"detail": "timeout"}, headers={"X-A": "b"})

    assert (asked.world.waits, asked.acted_after) == ([30.0], None)
    assert (asked.response.status, asked.response.body) == (504, b'{"detail":"timeout"}')
    assert asked.response.header("X-A") == "b"


def jitters(seed: int, clients: list[str], rule: dict[str, Any]) -> dict[str, list[float]]:
    """What each client's requests wait for, in the order of `clients`."""
    world = Waiting()
    board = FaultBoard(seed, world.clock)
    board.add(FaultRule.parse(rule))
    waited: dict[str, list[float]] = {}
    for client in clients:
        request = Request({"REQUEST_METHOD": "GET", "HTTP_X_HOKUSAI_TESTKIT_CLIENT": client}, "/x", world)
        board.around("transport", request, lambda _: Response(200), lambda _: ("none", None))
        waited.setdefault(client, []).append(world.waits.pop())
    return waited


def test_what_a_request_waits_for_depends_on_its_client_and_number_alone():
    rule = {"effect": "delay", "with": {"jitter": 1}}
    first = jitters(7, ["a", "b", "a", "b", "b"], rule)

    assert first == jitters(7, ["b", "b", "b", "a", "a"], rule)
    assert first != jitters(8, ["a", "b", "a", "b", "b"], rule)
    assert len({*first["a"], *first["b"]}) == 5


def test_a_rare_fault_is_no_short_delay():
    rule = {"effect": "delay", "with": {"jitter": 1}, "probability": 0.2}
    world = Waiting()
    board = FaultBoard(7, world.clock)
    board.add(FaultRule.parse(rule))
    for number in range(1000):
        request = Request({"REQUEST_METHOD": "GET"}, f"/{number}", world)
        board.around("transport", request, lambda _: Response(200), lambda _: ("none", None))

    assert 150 < len(world.waits) < 250
    assert 0.4 < sum(world.waits) / len(world.waits) < 0.6


# -- altered answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b'{"a": 1}', b"[]", b"12", b"", b"true", b"<html>", '{"name": "é"}'.encode(), b"\xff\xfe"]
)
def test_invalid_json_is_never_json_and_loses_its_length(body):
    answer = Response(404, [body], [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    response = Asked("invalid_json", answer).response

    with pytest.raises(json.JSONDecodeError):
        json.loads(response.body)
    assert (response.status, response.is_framed) == (404, False)


def test_a_wrong_content_type_changes_nothing_else():
    answer = Response(200, b"{}", [("content-type", "application/json"), ("X-A", "b")])
    response = Asked("wrong_content_type", answer, content_type="text/plain").response

    assert (response.status, response.body) == (200, b"{}")
    assert response.headers == [("Content-Type", "text/plain"), ("X-A", "b")]


def test_a_streamed_body_that_is_read_as_a_whole_is_closed():
    class Stream:
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            yield from (b"a", b"b")

        def close(self) -> None:
            self.closed = True

    stream = Stream()

    assert (whole_body(Response(200, stream)), stream.closed) == (b"ab", True)


# -- redirects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ({}, "https://mock:80/s/a/x/y%25?q=1"),
        ({"location": "http://{host}:1{port}"}, "http://mock:180/s/a/x/y%25?q=1"),
        ({"location": "https://other.invalid/"}, "https://other.invalid/s/a/x/y%25?q=1"),
        ({"location": "https://login.invalid/signin?next=/"}, "https://login.invalid/signin?next=/"),
        ({"location": "/elsewhere"}, "/elsewhere"),
    ],
)
def test_a_redirect_says_where_to(given, location):
    response = Asked("redirect", status=308, **given).response

    assert (response.status, response.header("Location")) == (308, location)
    assert b"308 Permanent Redirect" in response.body


def test_a_redirect_to_a_listener_keeps_the_path_inside_of_the_sandbox(monkeypatch):
    monkeypatch.setattr(World, "fill", lambda self, text, root: text.replace("{listener.second.url}", f"{root}+"))

    assert Asked("redirect", location="{listener.second.url}").response.header("Location") == (
        "http://mock:80/s/a+/x/y%25?q=1"
    )
