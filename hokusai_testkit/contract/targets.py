"""What an implementation is run against. A target gives every case a `Platform` of its own: URLs, a key, raw HTTP.

Here: the embedded mock, and which target a name means. Servers by URL live in `servers`.
"""

from __future__ import annotations

import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from hokusai_mock import MockServer, Sandbox, __version__
from hokusai_mock.profiles import platforms
from hokusai_testkit.contract.failures import ArrangementError
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.results import Reason
from hokusai_testkit.contract.wire import Tracking

__all__ = ["REPLAY", "MockTarget", "Platform", "Target", "TargetError", "is_url"]

REPLAY = (
    "recordings cannot be replayed yet. `replay:DIR` will play the kit's own journeys and read-only core cases from "
    "cassettes, with the client generation that each cassette names, a fixed seed and a fixed clock; a request that no "
    "cassette holds will be an error, never a pass. Until then run against the embedded mock (--target mock)"
)


class TargetError(ValueError):
    """The target cannot be used as asked; the message says why and what can be used."""


class Target(ABC):
    """Something that cases run against. `capabilities` are what a case may name in its `needs`."""

    capabilities: frozenset[str] = frozenset()

    read_only = False
    """Whether cases that create something are left out."""

    shared = False
    """Whether all cases meet the same server, so that one process must count and clean up."""

    @property
    def stopped(self) -> Reason | None:
        """Why no further case can run, None while they can."""
        return None

    def watch(self, sent: Callable[[int], object]) -> None:  # noqa: B027 - the mock need not be counted
        """Let `sent` be told the number of requests so far before each one leaves for a server."""

    @abstractmethod
    def start(self) -> None:
        """Make the target ready for cases. Raises `TargetError` when it cannot be reached."""

    @abstractmethod
    def stop(self) -> None:
        """Give everything back."""

    @abstractmethod
    def platform(self, case_id: str) -> Platform:
        """Return a platform for the case `case_id`, with nothing in it that the case could take for its own."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what the result says about the target."""


class SandboxPlatform(Platform):
    """A sandbox of the mock."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Use the world behind `sandbox`."""
        self._sandbox = sandbox

    @property
    def env(self) -> dict[str, str | None]:
        return self._sandbox.env

    @property
    def tracking(self) -> Tracking:
        return Tracking(self._sandbox.tracking_uri, self._sandbox.api_key)

    @property
    def tracking_uri(self) -> str:
        return self._sandbox.tracking_uri

    @property
    def api_endpoint(self) -> str:
        return self._sandbox.api_endpoint

    @property
    def api_key(self) -> str:
        return self._sandbox.api_key

    def play(self, scenario: str, **params: Any) -> None:
        for name, value in self._sandbox.scenario(scenario, **params).items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def heal(self) -> None:
        self._sandbox.scenario("healthy")

    def journal(self) -> list[dict[str, Any]]:
        return self._sandbox.journal

    def close(self) -> None:
        errors = self._sandbox.errors
        self._sandbox.drop()
        if errors:
            raise ArrangementError(f"the mock itself broke while it served this case: {errors[0]}")


class MockTarget(Target):
    """The embedded mock platform: in this process, no network, a sandbox per case."""

    capabilities = frozenset({"journal", "scenarios", "platform", "events", "fresh"})

    def __init__(self, profiles: Sequence[str] = ()) -> None:
        """Play `profiles`: at most one MLflow and one platform profile; the mock's defaults otherwise."""
        try:
            self._server = MockServer(profile=list(profiles))
        except ValueError as problem:
            raise TargetError(str(problem)) from problem
        rules = [platforms.platform(name).registry_rule for name in profiles if name in platforms.platform_names()]
        if rules in ([], ["admin"]):  # the default is the platform as documented
            self.capabilities |= {"registry-role"}
        self._numbers = itertools.count(1)

    def start(self) -> None:
        """Open the mock's port."""
        self._server.start()

    def stop(self) -> None:
        """Close the mock's port."""
        self._server.stop()

    def platform(self, case_id: str) -> Platform:  # noqa: ARG002 - every case has a world of its own
        """Return a fresh sandbox of the mock."""
        return SandboxPlatform(self._server.sandbox(f"contract-{next(self._numbers)}"))

    def describe(self) -> dict[str, Any]:
        """Return the mock's version and the profiles that it plays."""
        profiles = self._server.sandbox().profile
        return {"name": "mock", "version": __version__, "profiles": [name for name in profiles.values() if name]}


def is_url(name: str) -> bool:
    """Whether `name` is the URL of a server."""
    return urlsplit(name).scheme in ("http", "https")
