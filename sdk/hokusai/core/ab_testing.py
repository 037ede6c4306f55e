"""A/B tests between registered models: who gets which model, the same one each time.

A pipeline that is given a `ModelTrafficRouter` asks it for every request that names a user. Nothing here talks to a
server or loads a model; tests live in the process that made them.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from difflib import get_close_matches
from itertools import accumulate
from typing import Any

from hokusai.exceptions import ABTestException

__all__ = ["ABTestConfig", "ABTestException", "ABTestResult", "ModelTrafficRouter", "TrafficSplit"]

BUCKETS = 10_000
"""Users are spread over so many buckets: a share is exact to 0.01 %."""

_TOLERANCE = 1e-6
_SHORT = {0: ("model_a", "a"), 1: ("model_b", "b")}


class TrafficSplit(Mapping[str, float]):
    """Shares of the traffic by model, as numbers from 0 to 1 that add up to 1.

    `TrafficSplit({"fraud/1.0.0": 0.9, "fraud/1.1.0": 0.1})` or `TrafficSplit(model_a=0.9, model_b=0.1)`.
    """

    def __init__(self, shares: Mapping[str, float] | None = None, **named: float) -> None:
        """Check the shares; `ABTestException` says which one is wrong."""
        self._shares = _checked_shares({**(shares or {}), **named})

    def __getitem__(self, model: str) -> float:
        return self._shares[model]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shares)

    def __len__(self) -> int:
        return len(self._shares)

    def __repr__(self) -> str:
        return f"TrafficSplit({self._shares!r})"


@dataclass(frozen=True)
class ABTestConfig:
    """Which models take part in a test, with which shares, for how long.

    The models are `model_a` and `model_b`, or the list `models`: names of registered models, each alone (its latest
    version) or with a version, an MLflow number or an alias: `"fraud"`, `"fraud/1.1.0"`, `"fraud/7"`,
    `"fraud@champion"`; or ids of registered models. `traffic_split` has a share from 0 to 1 for each, by that text or
    by `"model_a"` and `"model_b"`; the shares are equal when it is left out.
    `test_id` is made up when it is left out. The test ends `duration_hours` after it was created.

    Raises:
        ABTestException: fewer than two models, or shares that do not fit them or do not add up to 1.
    """

    test_id: str | None = None
    traffic_split: Mapping[str, float] | None = None
    duration_hours: float = 24
    model_a: str | None = None
    model_b: str | None = None
    models: Sequence[str] | None = None

    def __post_init__(self) -> None:
        models = _checked_models(self.model_a, self.model_b, self.models)
        if self.test_id is None:
            object.__setattr__(self, "test_id", f"ab-{uuid.uuid4().hex[:12]}")
        elif not _is_text(self.test_id):
            raise ABTestException(f"test_id must be a text, not {self.test_id!r}.")
        if not _is_number(self.duration_hours) or not 0 < self.duration_hours < math.inf:
            raise ABTestException(f"duration_hours must be a number above 0, not {self.duration_hours!r}.")
        object.__setattr__(self, "models", models)
        object.__setattr__(self, "traffic_split", TrafficSplit(_shares_of(models, self.traffic_split)))


@dataclass(frozen=True, slots=True)
class ABTestResult:
    """What a test has done so far: how many requests were routed to each model, and how many users it saw.

    It counts what this process routed; how well the models did is for the platform's metrics to say.
    """

    test_id: str
    requests: dict[str, int]
    users: dict[str, int]
    started: datetime
    ends: datetime
    running: bool


@dataclass(slots=True)
class _Test:
    config: ABTestConfig
    started: float
    ends: float
    bounds: list[int]
    requests: dict[str, int] = field(default_factory=dict)
    users: dict[str, set[str]] = field(default_factory=dict)

    @property
    def models(self) -> Sequence[str]:
        return self.config.models or ()

    def model_of(self, user_id: str) -> str:
        """Return the model of a user: the first whose shares, added up, reach beyond the user's bucket."""
        bucket = bucket_of(str(self.config.test_id), user_id)
        return next(model for model, bound in zip(self.models, self.bounds, strict=True) if bucket < bound)


class ModelTrafficRouter:
    """Decides which model of an A/B test a user gets. Safe from many threads."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        """Start without tests."""
        self._clock = clock
        self._tests: dict[str, _Test] = {}
        self._lock = threading.Lock()

    def create_ab_test(self, config: ABTestConfig) -> str:
        """Start a test and return its id. Raises `ABTestException` when a test of that id is running."""
        return self._start(config)

    def create_test(self, config: ABTestConfig) -> str:
        """Do the same as `create_ab_test`: the name in older documents."""
        return self._start(config)

    def route_request(self, test_id: str | None = None, user_id: str | None = None) -> str:
        """Return the model that a user gets in a test, as `ABTestConfig` names it: the same one each time.

        The user's bucket is the md5 of `"<test_id>:<user_id>"`, read as a hexadecimal number, modulo 10,000. The first
        model has the buckets from 0 on, as many as its share of 10,000, the next one those that follow. Without a
        `test_id` (older documents) exactly one test must be running.

        Raises:
            ABTestException: no such test, or it has ended.
        """
        with self._lock:
            if test_id is None or user_id is None:
                return self._route(self._only(), test_id if user_id is None else user_id)
            return self._route(self._running(test_id), user_id)

    def end_test(self, test_id: str) -> ABTestResult:
        """End a test now, and return what it has done; `ABTestException` when there is no such test."""
        with self._lock:
            test = self._known(test_id)
            test.ends = min(test.ends, self._clock())
            return self._result(test)

    def get_result(self, test_id: str) -> ABTestResult:
        """Return what a test has done so far, whether it runs or not; `ABTestException` when there is no such test."""
        with self._lock:
            return self._result(self._known(test_id))

    def active_tests(self) -> list[str]:
        """Return the ids of the tests that are running, oldest first."""
        with self._lock:
            return [test_id for test_id, test in self._tests.items() if self._is_running(test)]

    def _start(self, config: ABTestConfig) -> str:
        if not isinstance(config, ABTestConfig):
            raise ABTestException(f"config must be an ABTestConfig, not {type(config).__name__}.")
        test_id, shares = str(config.test_id), config.traffic_split or {}
        bounds = [round(total * BUCKETS) for total in accumulate(shares[model] for model in config.models or ())]
        bounds[-1] = BUCKETS
        with self._lock:
            if test_id in self._tests and self._is_running(self._tests[test_id]):
                raise ABTestException(
                    f"The test {test_id!r} is running already: end it first, or take another test_id."
                )
            self._tests.pop(test_id, None)
            now = self._clock()
            self._tests[test_id] = _Test(config, now, now + config.duration_hours * 3600, bounds)
        return test_id

    def _choose(self, model_name: str, user_id: str, test_id: str | None = None) -> tuple[str, str] | None:
        """Return test and model for a pipeline's request: of `test_id`, else the oldest test with that model.

        `None` when no test on it is running: then the request goes where it would without a router.
        """
        with self._lock:
            if test_id is not None:
                test: _Test | None = self._running(test_id)
            else:
                running = (test for test in self._tests.values() if self._is_running(test))
                test = next((test for test in running if _is_about(test, model_name)), None)
            return (str(test.config.test_id), self._route(test, user_id)) if test else None

    def _route(self, test: _Test, user_id: object) -> str:
        if isinstance(user_id, bool) or not isinstance(user_id, (str, int)) or user_id == "":
            raise ABTestException(f"user_id must be a text, not {user_id!r}.")
        model = test.model_of(str(user_id))
        test.requests[model] = test.requests.get(model, 0) + 1
        test.users.setdefault(model, set()).add(str(user_id))
        return model

    def _known(self, test_id: object) -> _Test:
        if not isinstance(test_id, str) or test_id not in self._tests:
            near = get_close_matches(str(test_id), self._tests, 1)
            hint = f" Did you mean {near[0]!r}?" if near else " Create it with create_ab_test()."
            raise ABTestException(f"There is no A/B test {test_id!r}.{hint}")
        return self._tests[test_id]

    def _running(self, test_id: object) -> _Test:
        test = self._known(test_id)
        if not self._is_running(test):
            raise ABTestException(f"The A/B test {test_id!r} ended at {_moment(test.ends).isoformat()}.")
        return test

    def _only(self) -> _Test:
        running = [test for test in self._tests.values() if self._is_running(test)]
        if len(running) != 1:
            raise ABTestException(f"{len(running)} A/B tests are running: say which, route_request(test_id, user_id).")
        return running[0]

    def _is_running(self, test: _Test) -> bool:
        return self._clock() < test.ends

    def _result(self, test: _Test) -> ABTestResult:
        return ABTestResult(
            str(test.config.test_id),
            {model: test.requests.get(model, 0) for model in test.models},
            {model: len(test.users.get(model, ())) for model in test.models},
            _moment(test.started),
            _moment(test.ends),
            self._is_running(test),
        )


def bucket_of(test_id: str, user_id: str) -> int:
    """Return a user's bucket in a test, 0 to 9,999. Not for secrets: md5 spreads names, and is what is documented."""
    digest = hashlib.md5(f"{test_id}:{user_id}".encode(), usedforsecurity=False)
    return int(digest.hexdigest(), 16) % BUCKETS


def split_model(text: str) -> tuple[str, str | None]:
    """Split `name`, `name/version` or `name@alias` into the name and the version; `None` for the latest."""
    for mark in "/@:":
        name, found, version = text.partition(mark)
        if found:
            return name, version
    return text, None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_about(test: _Test, model_name: str) -> bool:
    return any(split_model(model)[0] == model_name for model in test.models)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _checked_models(model_a: Any, model_b: Any, models: Any) -> tuple[str, ...]:
    given = [model for model in (model_a, model_b) if model is not None]
    if models is not None and given and tuple(given) != tuple(models):
        raise ABTestException("Give the models as model_a and model_b, or as models, not both.")
    if isinstance(models, str):
        raise ABTestException(f"models must be a list of at least two models, not the text {models!r}.")
    found = tuple(given if models is None else models)
    if len(found) < 2:
        raise ABTestException("A test needs two models: pass model_a and model_b, or models.")
    for model in found:
        name, version = split_model(model) if isinstance(model, str) else ("", None)
        if not name.strip() or version == "":
            raise ABTestException(
                f"{model!r} is no model: give a registered model's name, 'name/version' or 'name@alias'."
            )
    if len(set(found)) < len(found):
        raise ABTestException(f"The same model takes part twice: {', '.join(found)}.")
    return found


def _shares_of(models: tuple[str, ...], split: object) -> dict[str, float]:
    """Return a share for each model, by its own text."""
    if split is None:
        return dict.fromkeys(models, 1 / len(models))
    if not isinstance(split, Mapping):
        raise ABTestException(
            f"traffic_split must be a dict of shares such as {{'model_a': 0.9, 'model_b': 0.1}}, not {split!r}."
        )
    by_name = {**{model: model for model in models}, **_positions(models)}
    shares: dict[str, float] = {}
    for name, share in split.items():
        if name not in by_name or by_name[name] in shares:
            why = "given twice" if name in by_name else "not in the test"
            raise ABTestException(f"traffic_split names {name!r}, which is {why}. Models: {', '.join(models)}.")
        shares[by_name[name]] = share
    missing = [model for model in models if model not in shares]
    if missing:
        raise ABTestException(f"traffic_split has no share for {', '.join(missing)}; 0 is one.")
    return shares


def _positions(models: tuple[str, ...]) -> dict[str, str]:
    if len(models) != 2:
        return {}
    return {short: models[place] for place, names in _SHORT.items() for short in names if short not in models}


def _checked_shares(shares: Mapping[str, Any]) -> dict[str, float]:
    for model, share in shares.items():
        if not _is_number(share) or not 0 <= share <= 1:
            raise ABTestException(f"The share of {model!r} must be a number from 0 to 1, not {share!r}.")
    total = math.fsum(shares.values())
    if abs(total - 1) > _TOLERANCE:
        raise ABTestException(f"The shares of the traffic add up to {total:g}, not 1: {dict(shares)}.")
    return {model: float(share) for model, share in shares.items()}
