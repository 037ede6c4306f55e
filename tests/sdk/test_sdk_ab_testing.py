from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hokusai.core import ABTestConfig, ABTestException, ModelTrafficRouter, TrafficSplit
from hokusai.core.ab_testing import bucket_of, split_model

USERS = [f"user-{number}" for number in range(400)]


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def router(clock: Clock) -> ModelTrafficRouter:
    return ModelTrafficRouter(clock=clock)


def config(**changes: Any) -> ABTestConfig:
    wanted: dict[str, Any] = {"test_id": "t", "model_a": "fraud/1.0.0", "model_b": "fraud/1.1.0", **changes}
    return ABTestConfig(**wanted)


def test_the_bucket_of_a_user_is_the_documented_md5_rule() -> None:
    expected = int(hashlib.md5(b"t:user-7", usedforsecurity=False).hexdigest(), 16) % 10_000
    assert bucket_of("t", "user-7") == expected


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_user_gets_the_first_model_below_its_share_of_the_buckets(router: ModelTrafficRouter, share: float) -> None:
    router.create_ab_test(config(traffic_split={"model_a": share, "model_b": 1 - share}))
    expected = ["fraud/1.0.0" if bucket_of("t", user) < share * 10_000 else "fraud/1.1.0" for user in USERS]
    assert [router.route_request("t", user) for user in USERS] == expected


def test_a_user_gets_the_same_model_in_another_process_and_after_others() -> None:
    first, second = ModelTrafficRouter(), ModelTrafficRouter()
    for router in (first, second):
        router.create_ab_test(config())
    answers = {user: first.route_request("t", user) for user in USERS}
    assert {user: second.route_request("t", user) for user in reversed(USERS)} == answers


def test_users_are_spread_by_the_test_as_well(router: ModelTrafficRouter) -> None:
    for test_id in ("one", "two"):
        router.create_ab_test(config(test_id=test_id))
    assert [router.route_request("one", user) for user in USERS] != [
        router.route_request("two", user) for user in USERS
    ]


def test_shares_of_many_models_are_taken_in_the_order_of_the_models(router: ModelTrafficRouter) -> None:
    router.create_ab_test(ABTestConfig("t", {"c": 0.2, "a": 0.5, "b": 0.3}, models=["a", "b", "c"]))
    bounds = [("a", 5000), ("b", 8000), ("c", 10_000)]
    expected = [next(name for name, bound in bounds if bucket_of("t", user) < bound) for user in USERS]
    assert [router.route_request("t", user) for user in USERS] == expected


@pytest.mark.parametrize(
    "split",
    [
        {"model_a": 0.9, "model_b": 0.1},
        {"a": 0.9, "b": 0.1},
        {"fraud/1.0.0": 0.9, "fraud/1.1.0": 0.1},
        TrafficSplit(model_a=0.9, model_b=0.1),
        TrafficSplit({"fraud/1.1.0": 0.1, "fraud/1.0.0": 0.9}),
    ],
    ids=["places", "letters", "models", "split by place", "split by model"],
)
def test_shares_are_given_by_place_or_by_model(split: Any) -> None:
    assert config(traffic_split=split).traffic_split == {"fraud/1.0.0": 0.9, "fraud/1.1.0": 0.1}


def test_shares_are_equal_when_none_are_given() -> None:
    assert ABTestConfig("t", models=["a", "b", "c"]).traffic_split == pytest.approx(
        {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}
    )


def test_a_test_without_an_id_gets_one_of_its_own(router: ModelTrafficRouter) -> None:
    made = [router.create_ab_test(ABTestConfig(model_a="a", model_b="b")) for _ in range(2)]
    assert len(set(made)) == 2
    assert router.active_tests() == made


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_b": None}, "two models"),
        ({"models": ["a"], "model_a": None, "model_b": None}, "two models"),
        ({"models": "fraud", "model_a": None, "model_b": None}, "not the text 'fraud'"),
        ({"models": ["x", "y"]}, "not both"),
        ({"model_b": "fraud/1.0.0"}, "takes part twice"),
        ({"model_b": "fraud/"}, "'fraud/' is no model"),
        ({"model_b": 3}, "3 is no model"),
        ({"traffic_split": {"model_a": 0.9, "model_b": 0.2}}, "add up to 1.1"),
        ({"traffic_split": {"model_a": 90, "model_b": 10}}, "from 0 to 1, not 90"),
        ({"traffic_split": {"model_a": -0.5, "model_b": 1.5}}, "from 0 to 1, not -0.5"),
        ({"traffic_split": {"model_a": float("nan"), "model_b": 0.5}}, "from 0 to 1, not nan"),
        ({"traffic_split": {"model_a": "0.5", "model_b": 0.5}}, "from 0 to 1, not '0.5'"),
        ({"traffic_split": {"model_a": 1}}, "no share for fraud/1.1.0"),
        ({"traffic_split": {"model_a": 0.5, "fraud/1.0.0": 0.5}}, "given twice"),
        ({"traffic_split": {"model_a": 0.5, "model_c": 0.5}}, "'model_c', which is not in the test"),
        ({"traffic_split": 0.5}, "must be a dict of shares"),
        ({"duration_hours": 0}, "duration_hours"),
        ({"duration_hours": float("inf")}, "duration_hours"),
        ({"duration_hours": "24"}, "duration_hours"),
        ({"test_id": ""}, "test_id"),
        ({"test_id": 7}, "test_id"),
    ],
)
def test_a_definition_that_cannot_work_is_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ABTestException, match=said.replace("(", r"\(")):
        config(**changes)


def test_a_traffic_split_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ABTestException, match=r"add up to 0\.7"):
        TrafficSplit(a=0.5, b=0.2)


def test_a_test_ends_after_its_hours(router: ModelTrafficRouter, clock: Clock) -> None:
    router.create_ab_test(config(duration_hours=2))
    clock.now += 2 * 3600 - 1
    assert router.route_request("t", "u") in ("fraud/1.0.0", "fraud/1.1.0")
    clock.now += 1
    assert router.active_tests() == []
    with pytest.raises(ABTestException, match=r"'t' ended at 2023-11-1\d"):
        router.route_request("t", "u")


def test_a_test_that_is_running_is_not_replaced_and_an_ended_one_may_be(router: ModelTrafficRouter) -> None:
    router.create_ab_test(config())
    with pytest.raises(ABTestException, match="'t' is running already"):
        router.create_test(config(model_b="fraud/2.0.0"))
    router.end_test("t")
    router.create_test(config(model_b="fraud/2.0.0"))
    assert {router.route_request("t", user) for user in USERS} == {"fraud/1.0.0", "fraud/2.0.0"}


def test_the_result_counts_requests_and_users(router: ModelTrafficRouter, clock: Clock) -> None:
    router.create_ab_test(config(traffic_split={"model_a": 1, "model_b": 0}))
    for user in ("u1", "u1", "u2"):
        router.route_request("t", user)
    clock.now += 60
    result = router.end_test("t")
    assert (result.requests, result.users) == (
        {"fraud/1.0.0": 3, "fraud/1.1.0": 0},
        {"fraud/1.0.0": 2, "fraud/1.1.0": 0},
    )
    assert (result.ends - result.started).total_seconds() == 60
    assert not result.running
    assert router.get_result("t") == result


def test_an_unknown_test_names_the_nearest(router: ModelTrafficRouter) -> None:
    router.create_ab_test(config(test_id="fraud-test"))
    with pytest.raises(ABTestException, match="Did you mean 'fraud-test'"):
        router.route_request("fraud-tset", "u")


@pytest.mark.parametrize("user", ["", 1.5, True, ["u"]])
def test_a_user_that_is_none_is_refused(router: ModelTrafficRouter, user: Any) -> None:
    router.create_ab_test(config())
    with pytest.raises(ABTestException, match="user_id"):
        router.route_request("t", user)


def test_the_older_style_names_the_user_alone(router: ModelTrafficRouter) -> None:
    router.create_ab_test(config())
    assert router.route_request("user-1") == router.route_request("t", "user-1")
    router.create_ab_test(config(test_id="second"))
    with pytest.raises(ABTestException, match="2 A/B tests are running"):
        router.route_request("user-1")


def test_only_a_config_makes_a_test(router: ModelTrafficRouter) -> None:
    with pytest.raises(ABTestException, match="must be an ABTestConfig, not dict"):
        router.create_ab_test({"model_a": "a", "model_b": "b"})  # type: ignore[arg-type]


def test_many_threads_count_every_request(router: ModelTrafficRouter) -> None:
    router.create_ab_test(config())
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda user: router.route_request("t", user), USERS * 5))
    assert sum(router.get_result("t").requests.values()) == 5 * len(USERS)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("fraud", ("fraud", None)),
        ("fraud/1.0.0", ("fraud", "1.0.0")),
        ("fraud:7", ("fraud", "7")),
        ("fraud@champion", ("fraud", "champion")),
    ],
)
def test_a_model_of_a_test_has_a_name_and_perhaps_a_version(text: str, parts: tuple[str, str | None]) -> None:
    assert split_model(text) == parts
