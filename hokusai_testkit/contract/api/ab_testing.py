"""A/B tests between registered models: `ModelTrafficRouter` and `ABTestConfig`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from typing_extensions import overload

from hokusai_testkit.contract.api.own import OwnABTestConfig

__all__ = [
    "ABTestConfig",
    "ABTestConfigClass",
    "ModelTrafficRouter",
    "ModelTrafficRouterClass",
]


class ModelTrafficRouter(Protocol):
    """Decides who gets which model. Documented import: `from hokusai.core.ab_testing import ModelTrafficRouter`.

    Tests live in the process that made them; the decisions are the same in every process.
    """

    def create_ab_test(self, config: OwnABTestConfig) -> str:
        """Start a test and return its id. Raises `ABTestException` when a test of that id is running."""

    def create_test(self, config: OwnABTestConfig) -> str:
        """Do the same as `create_ab_test`: the name in older documents."""

    @overload
    def route_request(self, test_id: str, user_id: str) -> str: ...
    @overload
    def route_request(self, *, user_id: str) -> str: ...
    def route_request(self, test_id: Any = None, user_id: Any = None) -> str:
        """Return the model that a user gets in a test, as `ABTestConfig` names it: the same one each time.

        The user's bucket is the md5 of `"<test_id>:<user_id>"`, read as a hexadecimal number, modulo 10,000. The first
        model has the buckets from 0 on, as many as its share of 10,000, the next one those that follow. Without a
        `test_id` (older documents) exactly one test must be running.

        Raises:
            ABTestException: no such test, or it has ended.
        """


class ModelTrafficRouterClass(Protocol):
    """The class `ModelTrafficRouter` itself."""

    def __call__(self) -> ModelTrafficRouter:
        """Start without tests."""


class ABTestConfig(Protocol):
    """What a test is. Documented import: `from hokusai.core.ab_testing import ABTestConfig`."""

    @property
    def test_id(self) -> str | None:
        """The test's id; made up when none was given."""

    @property
    def traffic_split(self) -> Mapping[str, float] | None:
        """The share of each model, from 0 to 1, together 1."""

    @property
    def duration_hours(self) -> float:
        """For how long the test runs."""


class ABTestConfigClass(Protocol):
    """The class `ABTestConfig` itself."""

    @overload
    def __call__(
        self,
        test_id: str,
        traffic_split: Mapping[str, float],
        duration_hours: float = 24,
        *,
        model_a: str,
        model_b: str,
    ) -> ABTestConfig: ...
    @overload
    def __call__(
        self,
        test_id: str,
        traffic_split: Mapping[str, float],
        duration_hours: float = 24,
        *,
        models: Sequence[str],
    ) -> ABTestConfig: ...
    @overload
    def __call__(
        self,
        *,
        model_a: str,
        model_b: str,
        traffic_split: Mapping[str, float],
        duration_hours: float = 24,
    ) -> ABTestConfig: ...
    def __call__(self, *args: Any, **kwargs: Any) -> ABTestConfig:
        """Describe a test between `model_a` and `model_b`, or between the `models`.

        A model is a registered model's name, alone (its latest version answers) or with a version, a number or an
        alias: `fraud`, `fraud/1.1.0`, `fraud/7`, `fraud@champion`. `traffic_split` gives each a share from 0 to 1, by
        that text or, where there are two, by `model_a` and `model_b`. The test runs for `duration_hours`. An older
        style names no `test_id`.

        Raises:
            ABTestException: shares that do not fit the models or do not add up to 1, or fewer than two models.
        """
