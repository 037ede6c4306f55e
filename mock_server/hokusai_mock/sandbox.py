"""`Sandbox`: the handle on one world of a running mock, in this process or any other.

It speaks the admin API over HTTP and nothing else, so it works across processes and after a fork. Standard library
only.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hokusai_mock.calls import FIELDS, Calls, ask, body_object, check, path_matches

__all__ = ["FIELDS", "Calls", "Clock", "Keys", "Sandbox", "SandboxError", "ask", "body_object", "path_matches"]

TOKEN_VARIABLE = "HOKUSAI_TESTKIT_ADMIN_TOKEN"  # noqa: S105 - the name of a variable

_TIMEOUT = 30.0


class SandboxError(RuntimeError):
    """The mock refused what was asked of a sandbox; the message is the mock's own."""


class Keys:
    """The API keys of a sandbox by role: `.admin` (the one a test holds), `.default`, `.reader`."""

    def __init__(self, by_role: Mapping[str, str]) -> None:
        """Hold the secrets by role."""
        self._by_role = dict(by_role)

    def __getattr__(self, role: str) -> str:
        try:
            return self._by_role[role]
        except KeyError:
            raise AttributeError(f"no key with the role {role!r}; there are {', '.join(self._by_role)}") from None

    def __getitem__(self, role: str) -> str:
        return self._by_role[role]


class Clock:
    """The virtual clock of a sandbox, which the platform's own state follows: expiry, rate windows, cold starts.

    Delays and hangs are real time, multiplied with `time_scale`.
    """

    __slots__ = ("_ask",)  # a misspelt `time_scale` is an error, not a new attribute

    def __init__(self, ask: Callable[..., dict[str, Any]]) -> None:
        """Speak to the clock through the sandbox's `ask`."""
        self._ask = ask

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._ask('GET', '/clock')}>"

    @property
    def now(self) -> datetime:
        """The time in the sandbox, in UTC."""
        return datetime.fromtimestamp(self.now_ms / 1000, timezone.utc)

    @property
    def now_ms(self) -> int:
        """The time in the sandbox, in milliseconds since the epoch."""
        return int(self._ask("GET", "/clock")["now_ms"])

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return bool(self._ask("GET", "/clock")["frozen"])

    def freeze(self, at: datetime | int | None = None) -> None:
        """Stop the clock, at `at` (a time, or milliseconds since the epoch) or where it is."""
        __tracebackhide__ = True
        moment = round(at.timestamp() * 1000) if isinstance(at, datetime) else at
        self._ask("PUT", "/clock", {"frozen": True} if moment is None else {"frozen": True, "now_ms": moment})

    def thaw(self) -> None:
        """Let the clock go on from where it stands."""
        self._ask("PUT", "/clock", {"frozen": False})

    def advance(self, seconds: float | str | timedelta) -> None:
        """Move on by `seconds`, or by text such as `"90m"` or `"24h"`, frozen or not; nobody waits."""
        __tracebackhide__ = True
        step = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        self._ask("POST", "/clock", {"advance": step})

    @property
    def time_scale(self) -> float:
        """What the seconds of delays and hangs are multiplied with."""
        return float(self._ask("GET", "/clock")["time_scale"])

    @time_scale.setter
    def time_scale(self, factor: float) -> None:
        self._ask("PUT", "/clock", {"time_scale": factor})


class Sandbox:
    """One isolated platform on a running mock. URLs and environment are read when used: a scenario may change them."""

    def __init__(self, server_url: str, sandbox_id: str = "default", token: str | None = None) -> None:
        """Refer to the sandbox `sandbox_id` of the mock at `server_url`; it is made on first use.

        `token` is the admin token that a mock off loopback demands; default: the variable
        `HOKUSAI_TESTKIT_ADMIN_TOKEN`.
        """
        self.server_url = server_url.rstrip("/")
        self.id = sandbox_id
        self._token = token if token is not None else os.environ.get(TOKEN_VARIABLE)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({f'{self.server_url}/s/{self.id}'!r})"  # not `url`: a question to the mock

    # -- where it is -------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL of this sandbox, without a slash at the end; a scenario may move it to a port of its own."""
        url: str = self._describe()["url"]
        return url

    @property
    def env(self) -> dict[str, str | None]:
        """The environment for code that shall talk to this sandbox; `None`: the variable must not be set."""
        env: dict[str, str | None] = self._describe()["env"]
        return env

    @property
    def api_endpoint(self) -> str:
        """The value for `HOKUSAI_API_ENDPOINT`."""
        return f"{self.url}/api"

    @property
    def tracking_uri(self) -> str:
        """The value for `MLFLOW_TRACKING_URI`."""
        return self.url if self._describe()["plain"] else f"{self.api_endpoint}/mlflow"

    @property
    def api_key(self) -> str:
        """The key that a test holds, of role `admin`."""
        return self.keys["admin"]

    @property
    def keys(self) -> Keys:
        """The keys by role."""
        return Keys(self._describe()["keys"])

    @property
    def profile(self) -> dict[str, str | None]:
        """The profiles in force: `{"mlflow": NAME, "platform": NAME or None}`."""
        profiles: dict[str, str | None] = self._describe()["profiles"]
        return profiles

    def use_profile(self, *, mlflow: str | None = None, platform: str | None = None) -> None:
        """Play another MLflow version or platform era from the next request on."""
        __tracebackhide__ = True
        chosen = {"mlflow": mlflow, "platform": platform}
        self._ask("PUT", "/profile", {name: value for name, value in chosen.items() if value is not None})

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Set platform settings, in the words of a scenario's `[platform.settings]`; returns all that are in force.

        What is not named stays. They hold until they are set again, until a scenario that starts later sets the same,
        or until `reset`. Without `changes` it only tells.
        """
        __tracebackhide__ = True
        answer = self._ask("PUT", "/settings", changes) if changes else self._ask("GET", "/settings")
        settings: dict[str, Any] = answer["settings"]
        return settings

    @property
    def platform(self) -> dict[str, Any]:
        """What the platform remembers: `events` that were emitted, `webhooks` that were received, `debits`, ..."""
        return self._ask("GET", "/platform")

    # -- what happens in it ------------------------------------------------------------------------------------------

    def scenario(self, name: str, **params: Any) -> dict[str, str | None]:
        """Start a scenario besides those that are active (`healthy` ends them all); returns the new environment."""
        __tracebackhide__ = True
        env: dict[str, str | None] = self._ask("POST", "/scenarios", {"name": name, "params": params})["env"]
        return env

    def fault(self, **fields: Any) -> str:
        """Add one fault rule; `fields` are those of a scenario's `[[fault]]` table (`with_` stands for `with`).

        Returns the name of the rule, which stands among the `faults` of the journal's entries that it took.
        """
        __tracebackhide__ = True
        answer = self._ask("POST", "/faults", {name.rstrip("_"): value for name, value in fields.items()})
        return str(answer["faults"][-1]["name"])

    @property
    def clock(self) -> Clock:
        """The sandbox's virtual clock: `freeze`, `advance`, `thaw`, `now`, `time_scale`."""
        return Clock(self._ask)

    @property
    def journal(self) -> list[dict[str, Any]]:
        """Every recorded request, oldest first, redacted."""
        entries: list[dict[str, Any]] = self._ask("GET", "/journal")["entries"]
        return entries

    def har(self) -> dict[str, Any]:
        """The journal as HAR 1.2, redacted."""
        har: dict[str, Any] = self._ask("GET", "/journal?" + urlencode({"format": "har"}))
        return har

    def calls(self, method: str | None = None, path: str | None = None, **match: Any) -> Calls:
        """The recorded requests with that method, a path that matches the glob `path`, and equal fields.

        A `path` that does not begin with `/` matches the end: `calls("POST", "runs/create")`. `match` compares fields
        of the journal entry, for instance `status=403`; a dict for `body` is compared with the body's JSON.

        `TypeError` for a field that entries do not have and for a value that it cannot have, `ValueError` for a method
        that is none: such a question would never find anything, and `assert not` would pass for ever.
        """
        __tracebackhide__ = True
        check(method, path, match)
        return ask(self.journal, method, path, **match)

    def write_cassette(self) -> str:
        """Write what was recorded of this sandbox so far, without stopping it; returns the path on the mock's machine.

        `SandboxError` when the mock does not record (`record=DIR`), or when the cassette could not be made safe.
        """
        path: str = self._ask("POST", "/cassette")["path"]
        return path

    def wait_for(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        count: int = 1,
        timeout: float | str = 10.0,
        **match: Any,
    ) -> Calls:
        """Wait, in real time, until `calls` finds at least `count` requests that have ended; returns what it finds.

        For clients that work in the background. `SandboxError` after `timeout`: seconds, or text such as `"500ms"`.
        """
        __tracebackhide__ = True
        from hokusai_mock.schema import parse_seconds  # noqa: PLC0415 - most tests never wait

        try:
            seconds = parse_seconds(timeout)
        except ValueError as error:
            raise ValueError(f"wait_for(): timeout {error}") from None
        if count < 1:
            raise ValueError(f"wait_for(): count must be a whole number from 1 up, not {count!r}: nothing to wait for")
        deadline = time.monotonic() + seconds
        pause = 0.01
        while True:
            found = self.calls(method, path, **match)
            if sum(entry["fate"] is not None for entry in found) >= count:
                return found
            if (left := deadline - time.monotonic()) <= 0:
                raise SandboxError(f"after {seconds:g} s {len(found)} of {count} such requests were recorded")
            time.sleep(min(pause, left))
            pause = min(2 * pause, 0.25)

    def near_misses(
        self, method: str | None = None, path: str | None = None, *, limit: int = 3, **match: Any
    ) -> list[dict[str, Any]]:
        """The recorded requests that come closest to what `calls` would find, the nearest first.

        Each is `{score, entry, differences}`: the score from 0 to below 1, and `{field, expected, actual, present}` for
        all that differs.
        """
        __tracebackhide__ = True
        asked = {"method": method, "path": path, "limit": limit, **match}
        body = {name: value for name, value in asked.items() if value is not None}
        found: list[dict[str, Any]] = self._ask("POST", "/near-misses", body)["near_misses"]
        return found

    def unrouted(self) -> list[dict[str, Any]]:
        """The requests that met no route, each `{entry, nearest}` with the routes that it comes closest to."""
        found: list[dict[str, Any]] = self._ask("GET", "/near-misses")["unrouted"]
        return found

    def retry_audit(self, method: str | None = None, path: str | None = None) -> dict[str, Any]:
        """What the client did when its calls failed: attempts, back-off, Retry-After, calls repeated that are not safe.

        Counts of all calls, and each call under `entries` with its `attempts`; `method` and `path` choose as `calls`
        does.
        """
        chosen = {name: value for name, value in (("method", method), ("path", path)) if value is not None}
        return self._ask("GET", f"/retry-audit?{urlencode(chosen)}")

    @property
    def errors(self) -> list[str]:
        """Errors inside the mock while it served this sandbox."""
        errors: list[str] = self._ask("GET", "/errors")["errors"]
        return errors

    def snapshot(self) -> dict[str, Any]:
        """The whole state of this sandbox as JSON data: store, keys, clock, seed, profiles, scenarios, faults.

        Not the journal. It holds user data as they are, unredacted. `restore` takes it, here or in another sandbox.
        """
        return self._ask("POST", "/snapshots")

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Put a snapshot in the place of this sandbox's state; the journal stays.

        A clock that ran when the snapshot was taken has gone on meanwhile; one that was frozen has not.
        """
        __tracebackhide__ = True
        self._ask("POST", "/snapshots/restore", snapshot)

    def compare(self, before: Mapping[str, Any], after: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Where two snapshots differ, or this sandbox from `before` now: `{path, change, before, after}` each."""
        __tracebackhide__ = True
        body = {"before": before} if after is None else {"before": before, "after": after}
        differences: list[dict[str, Any]] = self._ask("POST", "/snapshots/diff", body)["differences"]
        return differences

    def reset(self, *, seed: int | None = None) -> None:
        """Return to the sandbox's start: no data, no faults, the scenarios and profiles of the server's options.

        `seed` makes the ids that the sandbox gives out reproducible, in place of the server's seed.
        """
        self._ask("POST", "/reset", {} if seed is None else {"seed": seed})

    def drop(self) -> None:
        """Forget this sandbox; the next use makes a fresh one."""
        self._ask("DELETE", "")

    # -- the wire ----------------------------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """What the admin API tells of this sandbox: URLs, environment, profiles, keys, what its scenarios need.

        `env` and `files` may hold `{home}`, the home of a client; `hokusai_testkit.client_side` fills it in.
        """
        return self._describe()

    def _describe(self) -> dict[str, Any]:
        return self._ask("GET", "")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        __tracebackhide__ = True
        parts = urlsplit(self.server_url)
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if self._token:
            headers["X-Hokusai-Testkit-Token"] = self._token
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, f"/_testkit/v1/sandboxes/{quote(self.id)}{path}", payload, headers)
            answer = connection.getresponse()
            text = answer.read()
        except OSError as error:
            raise SandboxError(f"no mock answers at {self.server_url}: {error}; is it still running?") from error
        finally:
            connection.close()
        data: dict[str, Any] = json.loads(text)
        if answer.status >= 400:
            raise SandboxError(data.get("error", text.decode("utf-8", "replace")))
        return data
