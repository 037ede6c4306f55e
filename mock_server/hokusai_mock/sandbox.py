"""`Sandbox`: the handle on one world of a running mock, in this process or any other.

It speaks the admin API over HTTP and nothing else, so it works across processes and after a fork. Standard library
only.
"""

from __future__ import annotations

import difflib
import fnmatch
import http.client
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

__all__ = ["FIELDS", "Calls", "Keys", "Sandbox", "SandboxError", "ask", "body_object", "path_matches"]

TOKEN_VARIABLE = "HOKUSAI_TESTKIT_ADMIN_TOKEN"  # noqa: S105 - the name of a variable

_TIMEOUT = 30.0

_NUMBER: tuple[tuple[type, ...], str] = ((int,), "a whole number")
_TEXT: tuple[tuple[type, ...], str] = ((str,), "text")

FIELDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "n": _NUMBER,
    "t": _NUMBER,
    "query": _TEXT,
    "headers": ((list,), "a list of [name, value]"),
    "auth": ((dict,), "an object with scheme, key and location"),
    "host": _TEXT,
    "body": ((str, dict), "text or a JSON object"),
    "body_size": _NUMBER,
    "status": _NUMBER,
    "answered_bytes": _NUMBER,
    "fate": _TEXT,
    "duration_ms": _NUMBER,
    "faults": ((list,), "a list of rule names"),
    "layer": _TEXT,
}
"""What `calls(**match)` may ask beyond method and path: a field of the journal entry, with the types of its value."""

_NULLABLE = frozenset({"status", "fate", "duration_ms", "layer"})
_PLAIN = (bool, int, float, str, bytes, list, tuple, dict, set, frozenset, type(None))
"""Values that equal only their own kind; an object of another type may decide for itself (`unittest.mock.ANY`)."""


class SandboxError(RuntimeError):
    """The mock refused what was asked of a sandbox; the message is the mock's own."""


class Calls(list[dict[str, Any]]):
    """Journal entries that matched a question, with the question and the journal, so that a failure explains itself."""

    def __init__(
        self,
        entries: list[dict[str, Any]],
        *,
        journal: list[dict[str, Any]],
        method: str | None,
        path: str | None,
        match: Mapping[str, Any],
    ) -> None:
        """Hold the `entries` of `journal` that matched `method`, `path` and `match`."""
        super().__init__(entries)
        self.journal = journal
        self.method = method
        self.path = path
        self.match = dict(match)


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
        return f"{type(self).__name__}({self.url!r})"

    # -- where it is -------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL of this sandbox, without a slash at the end."""
        return f"{self.server_url}/s/{self.id}"

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
        self._ask("PUT", "/profiles", {name: value for name, value in chosen.items() if value is not None})

    # -- what happens in it ------------------------------------------------------------------------------------------

    def scenario(self, name: str, **params: Any) -> dict[str, str | None]:
        """Start a scenario besides those that are active (`healthy` ends them all); returns the new environment."""
        __tracebackhide__ = True
        env: dict[str, str | None] = self._ask("POST", "/scenarios", {"name": name, "params": params})["env"]
        return env

    def fault(self, **fields: Any) -> None:
        """Add one fault rule; `fields` are those of a scenario's `[[fault]]` table (`with_` stands for `with`)."""
        __tracebackhide__ = True
        self._ask("POST", "/faults", {name.rstrip("_"): value for name, value in fields.items()})

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
        _check(method, path, match)
        return ask(self.journal, method, path, **match)

    def write_cassette(self) -> str:
        """Write what was recorded of this sandbox so far, without stopping it; returns the path on the mock's machine.

        `SandboxError` when the mock does not record (`record=DIR`), or when the cassette could not be made safe.
        """
        path: str = self._ask("POST", "/cassette", {})["path"]
        return path

    @property
    def errors(self) -> list[str]:
        """Errors inside the mock while it served this sandbox."""
        errors: list[str] = self._ask("GET", "/errors")["errors"]
        return errors

    def reset(self, *, seed: int | None = None) -> None:
        """Return to the sandbox's start: no data, no faults, the scenarios and profiles of the server's options.

        `seed` makes the ids that the sandbox gives out reproducible, in place of the server's seed.
        """
        self._ask("POST", "/reset", {} if seed is None else {"seed": seed})

    def drop(self) -> None:
        """Forget this sandbox; the next use makes a fresh one."""
        self._ask("DELETE", "")

    # -- the wire ----------------------------------------------------------------------------------------------------

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


def ask(journal: list[dict[str, Any]], method: str | None = None, path: str | None = None, **match: Any) -> Calls:
    """The entries of `journal` that `Sandbox.calls` finds; raises what it raises."""
    __tracebackhide__ = True
    _check(method, path, match)
    found = [entry for entry in journal if _matches(entry, method, path, match)]
    return Calls(found, journal=journal, method=method, path=path, match=match)


def path_matches(path: str, wanted: str) -> bool:
    """Whether the path of a journal entry fits the glob `wanted`; one that does not begin with `/` fits at the end."""
    return fnmatch.fnmatchcase(path, wanted if wanted.startswith("/") else f"*/{wanted}")


def body_object(body: Any) -> dict[str, Any] | None:
    """The JSON object that the body of a journal entry is, or `None` when it is something else."""
    if isinstance(body, str) and body.lstrip().startswith("{"):
        try:
            body = json.loads(body)
        except ValueError:
            return None
    return body if isinstance(body, dict) else None


def _check(method: Any, path: Any, match: Mapping[str, Any]) -> None:
    """Refuse a question that no entry can answer."""
    __tracebackhide__ = True
    for name, value in (("method", method), ("path", path)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"calls(): {name} must be text, not {value!r}")
    if method is not None and not method.isalpha():
        raise ValueError(f"calls(): {method!r} is no method; write calls(path={method!r}) or calls(METHOD, PATH)")
    for name, value in match.items():
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(FIELDS))}"
            raise TypeError(f"calls(): journal entries have no field {name!r}; {hint}")
        types, words = FIELDS[name]
        if (value is None and name in _NULLABLE) or not isinstance(value, _PLAIN):
            continue
        if not isinstance(value, types) or isinstance(value, bool):
            raise TypeError(f"calls(): {name} is {words}, not {value!r}")


def _matches(entry: Mapping[str, Any], method: str | None, path: str | None, match: Mapping[str, Any]) -> bool:
    if method is not None and entry["method"] != method.upper():
        return False
    if path is not None and not path_matches(entry["path"], path):
        return False
    return all(_equal(name, entry.get(name), wanted) for name, wanted in match.items())


def _equal(name: str, actual: Any, wanted: Any) -> bool:
    if name == "body" and isinstance(wanted, dict) and isinstance(actual, str):
        actual = body_object(actual)
    return bool(actual == wanted)
