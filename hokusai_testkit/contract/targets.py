"""What an implementation is run against. A target gives every case a `Platform` of its own: URLs, a key, raw HTTP.

Here: the embedded mock. A server by URL and the replay of recordings are refused by name until they can be played.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from hokusai_mock import MockServer, Sandbox, __version__
from hokusai_testkit.contract.failures import ArrangementError
from hokusai_testkit.contract.wire import CLIENT, CLIENT_HEADER, Tracking

__all__ = ["MockTarget", "Platform", "Target", "TargetError", "open_target"]


class TargetError(ValueError):
    """The target cannot be used as asked; the message says why and what can be used."""


class Platform:
    """The platform of one case: what the implementation talks to, and raw HTTP to arrange and inspect it."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Use the world behind `sandbox`."""
        self._sandbox = sandbox

    def name(self, base: str) -> str:
        """Return the name that `base` has in this case: of a model, an experiment, a token, whatever is looked up.

        On the mock, where every case has a world of its own, it is `base` itself; on a server that cases share it is
        `hkt-<run>-<case>-<base>`, which is valid as each of these.
        """
        return base

    def address(self, base: str) -> str:
        """Return the Ethereum address (`0x` and 40 hexadecimal digits) of the contributor `base` in this case."""
        # Not a secret and not a signature: any spread of names over addresses does.
        return "0x" + hashlib.sha1(self.name(base).encode(), usedforsecurity=False).hexdigest()

    @property
    def env(self) -> dict[str, str | None]:
        """The environment for code that shall talk to this platform; None: the variable must not be set."""
        return self._sandbox.env

    @property
    def tracking(self) -> Tracking:
        """Raw HTTP with a key that may do everything."""
        return Tracking(self._sandbox.tracking_uri, self._sandbox.api_key)

    @property
    def tracking_uri(self) -> str:
        """The MLflow tracking URI."""
        return self._sandbox.tracking_uri

    @property
    def api_endpoint(self) -> str:
        """The value for `HOKUSAI_API_ENDPOINT`."""
        return self._sandbox.api_endpoint

    @property
    def api_key(self) -> str:
        """The key that the environment holds."""
        return self._sandbox.api_key

    def play(self, scenario: str, **params: Any) -> None:
        """Let the platform misbehave as `scenario` says, from the next request on; its environment applies at once."""
        for name, value in self._sandbox.scenario(scenario, **params).items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def heal(self) -> None:
        """End every scenario, so that the suite can look at what was left behind."""
        self._sandbox.scenario("healthy")

    def received(self) -> list[dict[str, Any]]:
        """The journal entries of every request that was not the suite's own, oldest first."""
        return [entry for entry in self._sandbox.journal if not _is_own(entry)]

    def close(self) -> None:
        """Forget this platform; raises `ArrangementError` when the target itself broke while it served the case."""
        errors = self._sandbox.errors
        self._sandbox.drop()
        if errors:
            raise ArrangementError(f"the mock itself broke while it served this case: {errors[0]}")


class Target(ABC):
    """Something that cases run against. `capabilities` are what a case may name in its `needs`."""

    capabilities: frozenset[str] = frozenset()

    @abstractmethod
    def start(self) -> None:
        """Make the target ready for cases."""

    @abstractmethod
    def stop(self) -> None:
        """Give everything back."""

    @abstractmethod
    def platform(self) -> Platform:
        """Return a platform for one case, with nothing in it."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what the result says about the target."""


class MockTarget(Target):
    """The embedded mock platform: in this process, no network, a sandbox per case."""

    capabilities = frozenset({"journal", "scenarios", "platform", "events", "fresh"})

    def __init__(self, profiles: Sequence[str] = ()) -> None:
        """Play `profiles`: at most one MLflow and one platform profile; the mock's defaults otherwise."""
        try:
            self._server = MockServer(profile=list(profiles))
        except ValueError as problem:
            raise TargetError(str(problem)) from problem
        self._numbers = itertools.count(1)

    def start(self) -> None:
        """Open the mock's port."""
        self._server.start()

    def stop(self) -> None:
        """Close the mock's port."""
        self._server.stop()

    def platform(self) -> Platform:
        """Return a fresh sandbox of the mock."""
        return Platform(self._server.sandbox(f"contract-{next(self._numbers)}"))

    def describe(self) -> dict[str, Any]:
        """Return the mock's version and the profiles that it plays."""
        profiles = self._server.sandbox().profile
        return {"name": "mock", "version": __version__, "profiles": [name for name in profiles.values() if name]}


def open_target(name: str, profiles: Sequence[str] = ()) -> Target:
    """Return the target called `name`, not started. Raises `TargetError` for one that cannot be used."""
    if name == "mock":
        return MockTarget(profiles)
    if name.startswith("replay:"):
        raise TargetError("recordings cannot be replayed yet: run against the embedded mock (--target mock)")
    if urlsplit(name).scheme in ("http", "https"):
        raise TargetError(f"a server by URL ({name}) cannot be a target yet: run against the embedded mock")
    raise TargetError(f"there is no target {name!r}: the target is 'mock', the embedded mock platform")


def _is_own(entry: dict[str, Any]) -> bool:
    return any(name.lower() == CLIENT_HEADER.lower() and value == CLIENT for name, value in entry["headers"])
