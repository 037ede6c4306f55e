"""The platform of one case, whatever the target is: URLs, a key, names, and raw HTTP to arrange and inspect it."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import Any

from hokusai_testkit.contract.results import Reason
from hokusai_testkit.contract.wire import CLIENT, CLIENT_HEADER, Tracking

__all__ = ["Platform", "is_own"]


class Platform(ABC):
    """What the implementation talks to in one case. Scenarios are the mock's alone: `needs=("scenarios",)`."""

    # -- names -------------------------------------------------------------------------------------------------------

    def name(self, base: str) -> str:
        """Return the name that `base` has in this case: of a model, an experiment, a token, whatever is looked up.

        On the mock, where every case has a world of its own, it is `base` itself; on a server that cases share it is
        `hkt-<run>-<case>-<base>`, which is valid as each of these.
        """
        return base

    def model(self, base: str) -> str:
        """Return a name for a registered model that need not be new.

        It is `name(base)`, but where registered models cannot be removed it is the one model that the run makes, whose
        versions are removed after each case. Its versions do not count from 1 there.
        """
        return self.name(base)

    def token(self, base: str) -> str:
        """Return a token id for which a registration event may be sent: `name(base)`, or the one that the user named.

        Cases that send one need `events`.
        """
        return self.name(base)

    def address(self, base: str) -> str:
        """Return the Ethereum address (`0x` and 40 hexadecimal digits) of the contributor `base` in this case."""
        # Not a secret and not a signature: any spread of names over addresses does.
        return "0x" + hashlib.sha1(self.name(base).encode(), usedforsecurity=False).hexdigest()

    # -- what the implementation gets --------------------------------------------------------------------------------

    @property
    @abstractmethod
    def env(self) -> dict[str, str | None]:
        """The environment for code that shall talk to this platform; None: the variable must not be set."""

    @property
    @abstractmethod
    def tracking_uri(self) -> str:
        """The MLflow tracking URI."""

    @property
    @abstractmethod
    def api_endpoint(self) -> str:
        """The value for `HOKUSAI_API_ENDPOINT`."""

    @property
    @abstractmethod
    def api_key(self) -> str:
        """The key that the environment holds; on a plain MLflow server, which asks for none, one that is never sent."""

    # -- arranging and inspecting ------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def tracking(self) -> Tracking:
        """Raw HTTP with a key that may do everything."""

    @abstractmethod
    def play(self, scenario: str, **params: Any) -> None:
        """Let the platform misbehave as `scenario` says, from the next request on; its environment applies at once."""

    @abstractmethod
    def heal(self) -> None:
        """End every scenario, so that the suite can look at what was left behind."""

    def received(self) -> list[dict[str, Any]]:
        """The journal entries of every request that was not the suite's own, oldest first."""
        return [entry for entry in self.journal() if not is_own(entry)]

    # -- for the suite itself ----------------------------------------------------------------------------------------

    @abstractmethod
    def journal(self) -> list[dict[str, Any]]:
        """The journal entries of every request of this case, the suite's own included, redacted."""

    def interrupted(self) -> Reason | None:
        """Why the case cannot count although it ran: the target's limits kept a request from it. None: it counts."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Forget this platform; raises `ArrangementError` when the target itself broke while it served the case."""


def is_own(entry: dict[str, Any]) -> bool:
    """Whether a journal entry is a request of the suite itself."""
    return any(name.lower() == CLIENT_HEADER.lower() and value == CLIENT for name, value in entry["headers"])
