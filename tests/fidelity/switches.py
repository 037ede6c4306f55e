"""The switches of `mlflow server` that the mock plays.

How a real server is started with each, which settings of a world mean the same, and what both are asked.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from step import API, ARTIFACTS, NO_RUN, Step, step

from hokusai_mock.users import BasicAuth, Grant

__all__ = ["ADMIN", "SWITCHES", "USERS", "Switch"]

ADMIN = "admin"
USERS: Mapping[str, str] = {ADMIN: "not-a-secret-of-admin", "bob": "not-a-secret-of-bob"}
TWIN = "/ajax-api/2.0/mlflow/"
PREFIX = "/pre"
HOST = {"Host": "good.example"}
GET_DEFAULT = "experiments/get?experiment_id=0"
UP = ("PUT", f"{ARTIFACTS}/0/x.txt")
CHECKED_SINCE_3_5 = frozenset({"3.9.0", "3.17.2"})


@dataclass(frozen=True)
class Switch:
    """One way to start a server. `arguments` may hold `{folder}`; without `versions` all versions know it."""

    name: str
    arguments: Sequence[str]
    settings: Mapping[str, Any]
    steps: Sequence[Step]
    versions: frozenset[str] = frozenset()
    first: Sequence[Step] = ()
    """Steps that make what is granted."""

    @property
    def users(self) -> BasicAuth | None:
        """Who may do what, of a server that asks for names."""
        found: BasicAuth | None = self.settings.get("basic_auth")
        return found


def of(user: str | None, name: str, *request: Any, **more: Any) -> Step:
    """A step in the name of a user."""
    made = step(f"{user or 'nobody'}: {name}", *request, **more)
    if user is None:
        return made
    credentials = base64.b64encode(f"{user}:{USERS[user]}".encode()).decode()
    headers = {**made.headers, "Authorization": f"Basic {credentials}"}
    return Step(made.name, made.method, made.path, made.body, headers, made.capture)


def hosted(name: str, method: str, path: str, payload: Any = None, **headers: str) -> Step:
    made = step(name, method, path, payload)
    return Step(name, method, made.path, made.body, {**made.headers, **HOST, **headers}, {})


# -- hosts and origins -------------------------------------------------------------------------------------------------

_HOSTS = ("good.example", "good.example:443", "other.example:8080", "other.example", "a.wild.example", "GOOD.example")
_ORIGINS = ("https://ui.example", "https://ui.example:443", "https://evil.example", "http://localhost:1", "null")
GUARDED = [
    *(hosted(f"host {host}", "GET", GET_DEFAULT, Host=host) for host in (*_HOSTS, "127.0.0.1", "localhost")),
    *(hosted(f"evil host, {path}", "GET", path, Host="evil.example") for path in ("/health", "/version", "/nope")),
    *(hosted(f"origin {one}, write", "POST", "experiments/search", {"max_results": 1}, Origin=one) for one in _ORIGINS),
    *(
        hosted(f"origin {one}, page's write", "POST", f"{TWIN}experiments/search", {"max_results": 1}, Origin=one)
        for one in _ORIGINS
    ),
    *(hosted(f"origin {one}, read", "GET", GET_DEFAULT, Origin=one) for one in _ORIGINS),
]

# -- the prefix --------------------------------------------------------------------------------------------------------

_PATHS = (
    "/health",
    "/version",
    API + GET_DEFAULT,
    TWIN + GET_DEFAULT,
    f"{ARTIFACTS}?path=x",
    "/ajax-api/2.0/mlflow-artifacts/artifacts?path=x",
    f"{ARTIFACTS}/x",
    "/get-artifact?run_id=x&path=y",
    "/model-versions/get-artifact?name=x&version=1&path=y",
    "/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=x&metric_key=k",
    "/api/3.0/mlflow/server-info",
)
PREFIXED = [step(f"GET {start}{path}", "GET", start + path) for path in _PATHS for start in ("", PREFIX)]
PREFIXED += [step(f"PUT {start}", "PUT", f"{start}{ARTIFACTS}/0/y.txt", raw="abc") for start in ("", PREFIX)]

# -- artifacts ---------------------------------------------------------------------------------------------------------

UNSERVED = [
    step("default experiment", "GET", GET_DEFAULT),
    step("create experiment", "POST", "experiments/create", {"name": "e"}),
    step("new experiment", "GET", "experiments/get?experiment_id=1"),
    step("upload", *UP, raw="abc"),
    step("download", "GET", UP[1]),
    step("list", "GET", f"{ARTIFACTS}?path=0"),
    step("page's list", "GET", "/ajax-api/2.0/mlflow-artifacts/artifacts?path=0"),
    step("delete", "DELETE", UP[1]),
    step("multipart", "POST", "/api/2.0/mlflow-artifacts/mpu/create/x", {"path": "x", "num_parts": 2}),
]
ONLY = [
    step("health", "GET", "/health"),
    step("version", "GET", "/version"),
    step("search", "POST", "experiments/search", {"max_results": 1}),
    step("page's search", "POST", f"{TWIN}experiments/search", {"max_results": 1}),
    step("unknown", "GET", "nope"),
    step("create run", "POST", "runs/create", {}),
    step("artifacts of a run", "GET", "artifacts/list?run_id=x"),
    step("create model", "POST", "registered-models/create", {"name": "a"}),
    step("logged models", "POST", "logged-models/search", {}),
    step("upload", *UP, raw="abc"),
    step("list", "GET", f"{ARTIFACTS}?path=0"),
    step("download by run", "GET", "/get-artifact?run_id=x&path=y"),
    step("download by version", "GET", "/model-versions/get-artifact?name=x&version=1&path=y"),
]

# -- users -------------------------------------------------------------------------------------------------------------

WRITE = {"experiment_id": "1", "start_time": 2}
METRIC = {"run_id": "{run}", "key": "a", "value": 1, "timestamp": 1}


def _as_bob(when: str) -> list[Step]:
    def bob(name: str, *request: Any, **more: Any) -> Step:
        return of("bob", f"{name}, {when}", *request, **more)

    return [
        bob("get experiment", "GET", "experiments/get?experiment_id=1"),
        bob("get by name", "GET", "experiments/get-by-name?experiment_name=e1"),
        bob("create run", "POST", "runs/create", WRITE),
        bob("get run", "GET", "runs/get?run_id={run}"),
        bob("log metric", "POST", "runs/log-metric", METRIC),
        bob("search runs", "POST", "runs/search", {"experiment_ids": ["1"], "max_results": 5}),
        bob("upload", "PUT", f"{ARTIFACTS}/1/{{run}}/artifacts/a.txt", raw="a"),
        bob("list", "GET", f"{ARTIFACTS}?path=1/{{run}}/artifacts"),
        bob("list of run", "GET", "artifacts/list?run_id={run}"),
        bob("get model", "GET", "registered-models/get?name=m1"),
        bob("create version", "POST", "model-versions/create", {"name": "m1", "source": "s3://a/b"}),
        bob("create model again", "POST", "registered-models/create", {"name": "m1"}),
        bob("delete experiment", "POST", "experiments/delete", {"experiment_id": "1"}),
    ]


NOBODY = [
    of(None, "health", "GET", "/health"),
    of(None, "version", "GET", "/version"),
    of(None, "search", "POST", "experiments/search", {"max_results": 1}),
    of(None, "unknown", "GET", "/nope"),
    of(None, "upload", *UP, raw="a"),
    of(None, "server info", "GET", "/api/3.0/mlflow/server-info"),
    step("bearer", "POST", "experiments/search", {}, headers={"Authorization": "Bearer hk_test_x"}),
    step(
        "wrong password",
        "GET",
        GET_DEFAULT,
        headers={"Authorization": "Basic " + base64.b64encode(b"admin:x").decode()},
    ),
]
MADE = [
    of(ADMIN, "create experiment", "POST", "experiments/create", {"name": "e1"}),
    of(ADMIN, "create run", "POST", "runs/create", {"experiment_id": "1", "start_time": 1}, run="run.info.run_id"),
    of(ADMIN, "create model", "POST", "registered-models/create", {"name": "m1"}),
]
MISSING = [
    of("bob", "missing experiment by name", "GET", "experiments/get-by-name?experiment_name=nope"),
    of("bob", "missing experiment", "GET", "experiments/get?experiment_id=99"),
    of("bob", "missing run", "GET", f"runs/get?run_id={NO_RUN}"),
    of("bob", "missing model", "GET", "registered-models/get?name=nope"),
    of("bob", "version of a missing model", "POST", "model-versions/create", {"name": "nope", "source": "s3://a/b"}),
    of("bob", "unknown", "GET", "/nope"),
]
OWN = [
    of("bob", "own experiment", "POST", "experiments/create", {"name": "bobs"}),
    of("bob", "run in own", "POST", "runs/create", {"experiment_id": "2", "start_time": 1}),
    of("bob", "own model", "POST", "registered-models/create", {"name": "bobs"}),
    of("bob", "search experiments", "POST", "experiments/search", {"max_results": 10}),
    of("bob", "search models", "GET", "registered-models/search?max_results=10"),
]


def _basic(name: str, *grants: Grant) -> Switch:
    settings = {"basic_auth": BasicAuth(USERS, grants=grants)}
    arguments = ("--app-name", "basic-auth")
    if grants:
        return Switch(name, arguments, settings, [*_as_bob(name), *OWN], versions=GRANTED_BY_NAME, first=MADE)
    return Switch(name, arguments, settings, [*NOBODY, *MADE, *_as_bob(name), *MISSING, *OWN])


GRANTED_BY_NAME = frozenset({"2.9.2", "2.22.5", "3.4.0", "3.9.0"})
"""Newer versions grant by roles."""

SWITCHES = (
    Switch(
        "guarded",
        (
            "--allowed-hosts",
            "good.example,other.example:8080,*.wild.example,127.0.0.1:*",
            "--cors-allowed-origins",
            "https://ui.example,https://*.wild.example",
        ),
        {
            "allowed_hosts": ("good.example", "other.example:8080", "*.wild.example", "127.0.0.1:*"),
            "allowed_origins": ("https://ui.example", "https://*.wild.example"),
        },
        GUARDED,
        versions=CHECKED_SINCE_3_5,
    ),
    Switch("prefixed", ("--static-prefix", PREFIX), {"static_prefix": PREFIX}, PREFIXED),
    Switch(
        "unserved",
        ("--no-serve-artifacts", "--default-artifact-root", "s3://bucket/root"),
        {"serve_artifacts": False, "artifact_root": "s3://bucket/root"},
        UNSERVED,
    ),
    Switch("artifacts only", ("--artifacts-only",), {"artifacts_only": True}, ONLY),
    _basic("users"),
    _basic(
        "users kept out", Grant("bob", "NO_PERMISSIONS", experiment="e1"), Grant("bob", "NO_PERMISSIONS", model="m1")
    ),
    _basic("users let in", Grant("bob", "EDIT", experiment="e1"), Grant("bob", "EDIT", model="m1")),
)
