"""A/B tests: `ModelTrafficRouter` and `ABTestConfig`, and that predictions go where a test sends them."""

from __future__ import annotations

import hashlib
from typing import Any

from hokusai_testkit.contract import api, expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.models import ROWS, predictions
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.predicting import MODEL, ask, linear, pipeline_of
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS, Sdk

ROUTER = "ModelTrafficRouter"
CREATE = "ModelTrafficRouter.create_ab_test"
OLDER = "ModelTrafficRouter.create_test"
ROUTE = "ModelTrafficRouter.route_request"
CONFIG = "ABTestConfig"
FULL = "full"
USERS = [f"user-{number}" for number in range(200)]

test_traffic_router_signature = signature_case(ROUTER, "test_traffic_router_signature")
test_create_ab_test_signature = signature_case(CREATE, "test_create_ab_test_signature")
test_create_test_signature = signature_case(OLDER, "test_create_test_signature")
test_route_request_signature = signature_case(ROUTE, "test_route_request_signature")
test_ab_test_config_signature = signature_case(CONFIG, "test_ab_test_config_signature")


def _config(sdk: Sdk, share: float = 0.5, test_id: str = "t", name: str = "fraud") -> api.ABTestConfig:
    split = {"model_a": share, "model_b": 1 - share}
    return sdk.ABTestConfig(test_id, split, model_a=f"{name}/1.0.0", model_b=f"{name}/1.1.0")


def _bucket(user: str, test_id: str = "t") -> int:
    """The documented rule, written down once more."""
    return int(hashlib.md5(f"{test_id}:{user}".encode(), usedforsecurity=False).hexdigest(), 16) % 10_000


@case(ROUTER, call="from hokusai.core.ab_testing import ModelTrafficRouter", criteria=("C1",))
def test_ab_testing_names_can_be_imported(sdk: Sdk) -> None:
    """All five names can be imported from `hokusai.core` and `hokusai.core.ab_testing`, and are the same there."""
    for name in ("ModelTrafficRouter", "ABTestConfig", "ABTestResult", "TrafficSplit", "ABTestException"):
        classes = {sdk.imported(place, name) for place in DOCUMENTED_IMPORTS[name]}
        expect.equal(len(classes), 1, f"the number of different classes called {name}")


@case(CREATE, call="ModelTrafficRouter().create_ab_test(config)", criteria=("C1",))
def test_created_test_is_routed(sdk: Sdk) -> None:
    """A test that was created has its id, and routes users to its models."""
    router = sdk.ModelTrafficRouter()
    expect.equal(router.create_ab_test(_config(sdk)), "t", "the id of the test")
    models = {router.route_request("t", user) for user in USERS}
    expect.equal(models, {"fraud/1.0.0", "fraud/1.1.0"}, "the models that 200 users get")


@case(CREATE, call="router.create_ab_test(config)\nrouter.create_ab_test(config)", criteria=("C5",), level=FULL)
def test_running_test_is_not_replaced(sdk: Sdk) -> None:
    """A second test of the same id is an ABTestException that names it: users never change sides unseen."""
    router = sdk.ModelTrafficRouter()
    router.create_ab_test(_config(sdk))
    with expect.raises(sdk, "ABTestException", naming="'t'"):
        router.create_ab_test(_config(sdk, 0.9))


@case(CREATE, call="router.create_ab_test({...})", criteria=("C5",), level=FULL)
def test_test_of_something_else_than_a_config(sdk: Sdk) -> None:
    """Anything but an ABTestConfig is an ABTestException."""
    with expect.raises(sdk, "ABTestException", naming="ABTestConfig"):
        sdk.ModelTrafficRouter().create_ab_test({"test_id": "t"})


@case(OLDER, call="ModelTrafficRouter().create_test(config)", criteria=("C1",), level=FULL)
def test_older_name_creates_a_test_too(sdk: Sdk) -> None:
    """`create_test` does what `create_ab_test` does."""
    router = sdk.ModelTrafficRouter()
    expect.equal(router.create_test(_config(sdk, 1.0)), "t", "the id of the test")
    expect.equal(router.route_request("t", "user-1"), "fraud/1.0.0", "the model that a user gets")


@case(ROUTE, call='router.route_request("t", "user-1")', criteria=("C4",))
def test_user_gets_the_same_model_everywhere(sdk: Sdk) -> None:
    """Two routers with the same test give each of 200 users the same model, in whichever order they ask."""
    one, two = sdk.ModelTrafficRouter(), sdk.ModelTrafficRouter()
    for router in (one, two):
        router.create_ab_test(_config(sdk))
    first = {user: one.route_request("t", user) for user in USERS}
    second = {user: two.route_request("t", user) for user in reversed(USERS)}
    expect.equal(second, first, "the models of the second router")


@case(ROUTE, call='router.route_request("t", "user-1")', criteria=("C4",))
def test_bucket_rule(sdk: Sdk) -> None:
    """A user gets the first model when md5("t:user") modulo 10,000 is below its share of 10,000."""
    for share in (0.1, 0.37):
        router = sdk.ModelTrafficRouter()
        router.create_ab_test(_config(sdk, share))
        wanted = ["fraud/1.0.0" if _bucket(user) < share * 10_000 else "fraud/1.1.0" for user in USERS]
        expect.equal([router.route_request("t", user) for user in USERS], wanted, f"the models with share {share}")


@case(ROUTE, call='router.route_request("t", "user-1")', criteria=("C4",), level=FULL)
def test_shares_of_everything_and_nothing(sdk: Sdk) -> None:
    """A share of 1 is every user, a share of 0 none."""
    for share, model in ((1.0, "fraud/1.0.0"), (0.0, "fraud/1.1.0")):
        router = sdk.ModelTrafficRouter()
        router.create_ab_test(_config(sdk, share))
        expect.equal({router.route_request("t", user) for user in USERS}, {model}, f"the models with share {share}")


@case(ROUTE, call='router.route_request("t", "user-1")', criteria=("C4",), level=FULL)
def test_three_models_in_their_order(sdk: Sdk) -> None:
    """With `models` the buckets are taken in the order of the list, not of the shares."""
    router = sdk.ModelTrafficRouter()
    router.create_ab_test(sdk.ABTestConfig("t", {"c": 0.2, "a": 0.5, "b": 0.3}, models=["a", "b", "c"]))
    wanted = ["a" if _bucket(user) < 5000 else "b" if _bucket(user) < 8000 else "c" for user in USERS]
    expect.equal([router.route_request("t", user) for user in USERS], wanted, "the models")


@case(ROUTE, call='router.route_request(user_id="user-1")', criteria=("C1",), level=FULL)
def test_older_style_names_the_user_alone(sdk: Sdk) -> None:
    """Where one test is running, the user alone is enough; where two are, it is an ABTestException."""
    router = sdk.ModelTrafficRouter()
    router.create_ab_test(_config(sdk))
    found = [router.route_request(user_id=user) for user in USERS]
    expect.equal(found, [router.route_request("t", user) for user in USERS], "the models")
    router.create_ab_test(_config(sdk, test_id="second"))
    with expect.raises(sdk, "ABTestException"):
        router.route_request(user_id="user-1")


@case(ROUTE, call='router.route_request("nothing", "user-1")', criteria=("C5",))
def test_unknown_test(sdk: Sdk) -> None:
    """A test that does not exist is an ABTestException that names it, never a model by chance."""
    router = sdk.ModelTrafficRouter()
    router.create_ab_test(_config(sdk))
    with expect.raises(sdk, "ABTestException", naming="nothing"):
        router.route_request("nothing", "user-1")


@case(CONFIG, call="ABTestConfig(test_id, traffic_split, model_a=..., model_b=...)", criteria=("C1",))
def test_config_fields(sdk: Sdk) -> None:
    """A config has its id, a share for each model that add up to 1, and 24 hours."""
    config = _config(sdk, 0.9)
    expect.equal((config.test_id, config.duration_hours), ("t", 24), "test_id and duration_hours")
    shares = sorted(dict(config.traffic_split or {}).values(), reverse=True)
    expect.that(abs(shares[0] - 0.9) < 1e-9 and abs(sum(shares) - 1) < 1e-9, "the shares are 0.9 and 0.1", shares)


@case(CONFIG, call="ABTestConfig(model_a=..., model_b=..., traffic_split=...)", criteria=("C1",), level=FULL)
def test_config_without_an_id_gets_one(sdk: Sdk) -> None:
    """The older style names no test: each config gets an id of its own, and can be routed by it."""
    split = {"model_a": 0.5, "model_b": 0.5}
    one, two = (sdk.ABTestConfig(model_a="a", model_b="b", traffic_split=split) for _ in range(2))
    expect.that(one.test_id and one.test_id != two.test_id, "each config has an id of its own", one.test_id)
    router = sdk.ModelTrafficRouter()
    test_id = router.create_ab_test(one)
    expect.that(router.route_request(test_id, "user-1") in ("a", "b"), "a user gets one of the models", test_id)


@case(CONFIG, call='ABTestConfig("t", {"model_a": 0.9, "model_b": 0.2}, ...)', criteria=("C5",), level=FULL)
def test_config_that_cannot_work(sdk: Sdk) -> None:
    """Shares that do not add up to 1, are no shares, or are of no model, and a test of one model: ABTestException."""
    splits: list[Any] = [
        {"model_a": 0.9, "model_b": 0.2},
        {"model_a": 90, "model_b": 10},
        {"model_a": -0.5, "model_b": 1.5},
        {"model_a": 0.5, "model_c": 0.5},
        {"model_a": 1.0},
    ]
    for split in splits:
        with expect.raises(sdk, "ABTestException"):
            sdk.ABTestConfig("t", split, model_a="a", model_b="b")
    with expect.raises(sdk, "ABTestException"):
        sdk.ABTestConfig("t", {"a": 1.0}, models=["a"])


@case(
    "HokusaiInferencePipeline.predict",
    call='await pipeline.predict(InferenceRequest(..., user_id="user-1"))  # with traffic_router',
    criteria=("C4",),
    writes=True,
    needs=MODEL,
)
def test_user_is_answered_by_the_model_of_the_test(sdk: Sdk, platform: Platform) -> None:
    """A request that names a user is answered by the model that the test gives the user, and says which test it was."""
    name, router = linear(platform, (2.0, "1.0.0"), (3.0, "1.1.0")), sdk.ModelTrafficRouter()
    router.create_ab_test(_config(sdk, 0.5, name=name))
    pipeline = pipeline_of(sdk, traffic_router=router)
    below = next(user for user in USERS if _bucket(user) < 5000)
    above = next(user for user in USERS if _bucket(user) >= 5000)
    for user, version, factor in ((below, "1.0.0", 2.0), (above, "1.1.0", 3.0), (below, "1.0.0", 2.0)):
        response = ask(sdk, pipeline, name, ROWS, user_id=user)
        expect.equal((response.model_version, response.ab_test_id), (version, "t"), f"version and test of {user}")
        expect.equal(response.prediction, predictions(factor), f"the prediction for {user}")


@case(
    "HokusaiInferencePipeline.predict",
    call='await pipeline.predict(InferenceRequest(..., model_version="1.1.0"))  # with traffic_router',
    criteria=("C4",),
    writes=True,
    level=FULL,
    needs=MODEL,
)
def test_request_outside_of_the_test(sdk: Sdk, platform: Platform) -> None:
    """Without a user, or with a version of its own, a request takes no part in a test."""
    name, router = linear(platform, (2.0, "1.0.0"), (3.0, "1.1.0")), sdk.ModelTrafficRouter()
    router.create_ab_test(_config(sdk, 1.0, name=name))
    pipeline = pipeline_of(sdk, traffic_router=router)
    for fields in ({}, {"user_id": "user-1", "model_version": "1.1.0"}):
        response = ask(sdk, pipeline, name, ROWS, **fields)
        expect.equal((response.model_version, response.ab_test_id), ("1.1.0", None), f"version and test with {fields}")
