"""A server by URL as a target: a relay in front of it, names of its own for every case, and its part of the result."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from hokusai_mock import environment
from hokusai_mock.redaction import Redactor
from hokusai_mock.upstream import Backend, BackendError
from hokusai_testkit.contract.failures import ArrangementError
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.results import Reason
from hokusai_testkit.contract.servers.cleanup import Cleanup, clean
from hokusai_testkit.contract.servers.ledger import FILE_NAME, Ledger, RunFacts, read
from hokusai_testkit.contract.servers.limits import Guard, Limits, Refusal
from hokusai_testkit.contract.servers.relay import Relay
from hokusai_testkit.contract.targets import Target, TargetError
from hokusai_testkit.contract.wire import Tracking

__all__ = ["CORE_BUDGET", "RATE", "ServerTarget", "Terms", "clean_up", "is_platform"]

CORE_BUDGET = 400
"""Requests that a run of level core may make on the real service."""

CLEANUP_BUDGET = 10_000
"""Requests that cleaning up may make: a run of level full makes a few hundred things."""

RATE = 5.0
"""Requests a second to the real service, unless asked otherwise."""

HELD_NOWHERE = "hk_test_admin"
"""What stands for a key on a plain MLflow server: it is in no environment, and the server asks for none."""

_MOUNTS = re.compile(r"/api(?:/mlflow)?$|/mlflow$")
_HELD = "admin"
"""The role under which the journal names the key of the run."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a run may use a server, as the user gave them; None means the default of the kind of server."""

    run: str
    folder: Path
    """Where the ledger lies."""
    api_key: str | None = field(default=None, repr=False)
    api_key_env: str | None = None
    read_only: bool | None = None
    events: str | None = None
    """The model token whose registration events may be sent; None: none."""
    budget: int | None = None
    rate: float | None = None
    spent: int = 0
    """Requests that this run has made before, in an interpreter that is gone."""
    stopped: Refusal | None = None


def is_platform(url: str) -> bool:
    """Whether `url` is Hokusai's platform: a host of hokus.ai, or one of the platform's mounts."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return host == "hokus.ai" or host.endswith(".hokus.ai") or bool(_MOUNTS.search(parts.path.rstrip("/")))


class ServerTarget(Target):
    """A server that all cases share."""

    shared = True

    def __init__(self, url: str, terms: Terms, level: str) -> None:
        """Prepare to use the server at `url`; nothing is sent. Raises `TargetError` when the terms do not allow it."""
        self._url, self._terms = url.rstrip("/"), terms
        self._platform = is_platform(url)
        backend = _backend(self._url, strip=self._platform)
        if self._platform:
            _check_platform(self._url, backend, terms, level)
        self._backend = backend
        self.limits = _limits(terms, level, platform=self._platform)
        self.read_only = self.limits.read_only
        self.facts = RunFacts(terms.run, self._url, self._platform, terms.api_key_env)
        self.capabilities = frozenset({"platform", "journal"} if self._platform else {"journal", "fresh"})
        if self.limits.events:
            self.capabilities |= {"events"}
        self._guard = Guard(self.limits, spent=terms.spent, stopped=terms.stopped)
        self._on_sent: Callable[[int], object] = lambda _: None
        self._relay: Relay | None = None

    @property
    def stopped(self) -> Reason | None:
        """The budget is spent, or the server answered 429."""
        refusal = self._guard.stopped
        return None if refusal is None else Reason(refusal.code, refusal.text)

    def watch(self, sent: Callable[[int], object]) -> None:
        """Let `sent` be told the number of requests so far before each one leaves."""
        self._on_sent = sent

    def start(self) -> None:
        """Open the relay's port; one connection, without a request, finds out whether the server is there."""
        if why := self._backend.unreachable(5.0):
            raise TargetError(f"nothing answers at {self._url}: {why}")
        ledger = Ledger(self._terms.folder / FILE_NAME, self.facts)
        self._relay = Relay(self._backend, self._guard, ledger, self._on_sent)
        self._relay.start()

    def stop(self) -> None:
        """Close the relay's port; removing what the run made is `cleanup`."""
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.stop()

    def platform(self, case_id: str) -> Platform:
        """Return the case's own names and its own journal on the shared server."""
        assert self._relay is not None
        return _ServerPlatform(self._relay, self._guard, self._terms.api_key, self.facts, case_id)

    def describe(self) -> dict[str, Any]:
        """Return where the server is, what the run was allowed to do there, and the run's id."""
        limits = self.limits
        return {
            "name": self._url,
            "kind": "platform" if self._platform else "mlflow",
            "version": None if self._platform or self._relay is None else self._backend.version(),
            "run": self.facts.run,
            "limits": {
                "read_only": limits.read_only,
                "events": limits.events,
                "budget": limits.budget,
                "rate": limits.rate,
            },
        }


def clean_up(terms: Terms, url: str) -> Cleanup:
    """Remove what the run of `terms` made at `url`, by its ledger and by its prefix.

    Raises `TargetError` when the server cannot be used, `LedgerError` without a ledger.
    """
    facts, made = read(terms.folder, terms.run)
    rights = replace(terms, read_only=False, events=None, budget=CLEANUP_BUDGET, stopped=None, spent=0)
    target = ServerTarget(url, rights, "core")
    target.start()
    try:
        return clean(target.platform("cleanup").tracking, facts, made)
    finally:
        target.stop()


class _ServerPlatform(Platform):
    """What one case sees of a server that it shares with all others."""

    def __init__(self, relay: Relay, guard: Guard, api_key: str | None, facts: RunFacts, case_id: str) -> None:
        self._relay, self._guard, self._key, self._facts = relay, guard, api_key, facts
        self._limits = guard.limits
        self._case = blake2b(case_id.encode(), digest_size=4).hexdigest()
        self._used_model = False

    @property
    def _root(self) -> str:
        return f"{self._relay.url}/s/{self._case}"

    def name(self, base: str) -> str:
        return f"{self._facts.prefix}{self._case}-{base}"

    def model(self, base: str) -> str:
        if self._limits.model is None:
            return self.name(base)
        self._used_model = True
        return self._limits.model

    def token(self, base: str) -> str:
        return self._limits.events or self.name(base)

    @property
    def env(self) -> dict[str, str | None]:
        return environment.table(self._root, api_key=self._key, plain=not self._facts.platform)

    @property
    def tracking_uri(self) -> str:
        return f"{self.api_endpoint}/mlflow" if self._facts.platform else self._root

    @property
    def api_endpoint(self) -> str:
        return f"{self._root}/api"

    @property
    def api_key(self) -> str:
        return self._key or HELD_NOWHERE

    @property
    def tracking(self) -> Tracking:
        mine = (self.name(""), *([self._limits.model] if self._limits.model is not None else []))
        return Tracking(self.tracking_uri, self._key, own=self._facts.prefix, mine=mine)

    def play(self, scenario: str, **params: Any) -> None:  # noqa: ARG002 - the mock's alone
        raise ArrangementError(f"a real server cannot play {scenario!r}: the case needs 'scenarios'")

    def heal(self) -> None:
        """Nothing was played."""

    def journal(self) -> list[dict[str, Any]]:
        redactor = Redactor([self._key] if self._key else [])
        return self._relay.journal(self._case, redactor, lambda key: _HELD if key == self._key else None)

    def interrupted(self) -> Reason | None:
        # Who got the 429 itself met no refusal, and proves nothing either.
        refusal = self._relay.refusal(self._case) or self._guard.stopped
        return None if refusal is None else Reason(refusal.code, refusal.text)

    def close(self) -> None:
        errors = self._relay.errors(self._case)
        if self._used_model and self._limits.model is not None:
            with contextlib.suppress(ArrangementError):  # what stays is found by the cleanup at the end
                self.tracking.delete_versions(self._limits.model)
        self._relay.forget(self._case)
        if errors:
            raise ArrangementError(f"the kit's own relay broke while it served this case: {errors[0]}")


def _backend(url: str, *, strip: bool) -> Backend:
    """The server's root: for the platform without the mount that the user named."""
    parts = urlsplit(url)
    root = urlunsplit(parts._replace(path=_MOUNTS.sub("", parts.path.rstrip("/")))) if strip else url
    try:
        return Backend.parse(root)
    except BackendError as problem:
        raise TargetError(str(problem).replace("backend", "target")) from problem


def _check_platform(url: str, backend: Backend, terms: Terms, level: str) -> None:
    if not backend.secure and not _is_loopback(backend.host):
        raise TargetError(f"{url} would take the API key over plain http: use https")
    if terms.api_key_env is None:
        raise TargetError(f"{url} is a Hokusai platform: name the variable that holds the API key, --api-key-env VAR")
    if not terms.api_key:
        raise TargetError(f"the variable {terms.api_key_env} is not set: it must hold the API key for {url}")
    if level == "full" and terms.budget is None:
        raise TargetError("level full on the real service needs a limit of its own: --budget N requests")


def _limits(terms: Terms, level: str, *, platform: bool) -> Limits:
    read_only = terms.read_only if terms.read_only is not None else platform
    if not platform:
        return Limits(read_only=read_only, budget=terms.budget, rate=terms.rate)
    return Limits(
        read_only=read_only,
        events=None if read_only else terms.events,
        budget=terms.budget if terms.budget is not None or level == "full" else CORE_BUDGET,
        rate=terms.rate or RATE,
        model=f"hkt-{terms.run}-model",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
