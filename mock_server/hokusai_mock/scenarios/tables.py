"""The tables of a scenario file as data types: what may stand in a file, and which combinations are impossible.

Written from the format's documentation; `scenario.py` puts them together, `params.py` has the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from hokusai_mock.scenarios.vocabulary import CALLS, PLACEHOLDERS, PROBES, probe_of
from hokusai_mock.schema import AtLeast, Custom, ImpossibleError, Key, Matches, Seconds, did_you_mean
from hokusai_mock.users import BasicAuth

__all__ = [
    "Client",
    "Effects",
    "Listener",
    "Platform",
    "Play",
    "Remedy",
    "Rights",
    "Settings",
    "Signature",
    "Symptom",
    "Timeline",
    "check_placeholders",
    "given",
]

_ROLE = r"[a-z][a-z0-9_-]*"
_ENV_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_SPEC = r"(?:[<>=!]=?|==|~=)\d+(?:\.\d+)*"
_CLIENT = rf"mlflow(?:{_SPEC}(?:,{_SPEC})*)?|hokusai|requests|curl|browser"


def given(table: Any) -> dict[str, Any]:
    """The fields of a table that a file has set: those that are not `None`."""
    return {name: value for name in table.__dataclass_fields__ if (value := getattr(table, name)) is not None}


def _call(value: object) -> str:
    if value not in CALLS:
        raise ValueError(f"is not a known call: {value!r}{did_you_mean(value, CALLS)}")
    return str(value)


Call = Annotated[str, Custom(_call)]


# -- the platform's side -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rights:
    """`[platform.keys.ROLE]`: what a key may; what is absent stays as it was."""

    valid: bool | None = None
    admin: bool | None = None
    scopes: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    email: str | None = None
    balance: float | None = None


Mount = Annotated[
    str, Matches(r"(?:/[^/=]+)+(?:=(?:/[^/=]+)*)?", "a mount such as '/mlflow' or '/mlflow=/what/takes/its/place'")
]


@dataclass(frozen=True, slots=True)
class Settings:
    """`[platform.settings]`: the closed list of what the platform can be set to; absent means as the profile says."""

    # Of the gateway and of what stands behind it; `hokusai_mock/settings.py` says what each does.
    accept_query_key: bool | None = None
    auth_service: Literal["up", "refused", "timeout", "error", "limited"] | None = None
    auth_trouble: Literal[401, 503] | None = None
    cache: Literal["up", "unreachable"] | None = None
    cache_read_s: Seconds | None = None
    cache_write_s: Seconds | None = None
    contribution_storage: Literal["up", "missing"] | None = None
    database: Literal["up", "down"] | None = None
    debit: Literal["accepted", "rejected", "error"] | None = None
    debit_cost: Annotated[float, AtLeast(0)] | None = None
    debit_reason: str | None = None
    debit_reason_code: str | None = None
    gateway_artifacts: bool | None = None
    inference: Literal["up", "failing", "timeout", "no_token"] | None = None
    mounts: tuple[Mount, ...] | None = None
    peer_verified: bool | None = None
    publisher: Literal["up", "failing"] | None = None
    rate_limit: Annotated[int, AtLeast(0)] | None = None
    rate_limit_headers: bool | None = None
    rate_window_renews: bool | None = None
    rate_window_s: Seconds | None = None
    registry_admin_emails: tuple[str, ...] | None = None
    registry_admin_scopes: tuple[str, ...] | None = None
    registry_rule: Literal["admin", "scopes", "open"] | None = None
    retry_after: Annotated[str, Matches(r"[\x20-\x7e]*", "text that fits into a header")] | None = None
    rewrite_404: bool | None = None
    route_limit: Annotated[int, AtLeast(0)] | None = None
    service_id_known: bool | None = None
    slow_start_s: Seconds | None = None
    strips_authorization: Literal["never", "before", "after"] | None = None
    upstream: Literal["up", "refused", "timeout", "reset"] | None = None
    upstream_url: str | None = None
    validate_key_in: Literal["header", "body", "both"] | None = None
    validation_cache_s: Seconds | None = None
    warm_up_requests: Annotated[int, AtLeast(0)] | None = None
    warm_up_s: Seconds | None = None
    webhook_secret: str | None = None
    # Of the MLflow server.
    allowed_hosts: tuple[str, ...] | None = None
    allowed_origins: tuple[str, ...] | None = None
    artifact_root: Annotated[str, Matches(r"[a-z][a-z0-9+.-]*:.*[^/]", "a URI without a slash at its end")] | None = (
        None
    )
    artifacts_only: bool | None = None
    basic_auth: BasicAuth | None = None
    serve_artifacts: bool | None = None
    static_prefix: Annotated[str, Matches(r"(/[\w.-]+)+", "a path such as '/mlflow'")] | None = None


@dataclass(frozen=True, slots=True)
class Platform:
    """`[platform]`: profiles, keys and settings."""

    mlflow: str | None = None
    gateway: str | None = None
    plain: bool | None = None
    keys: Mapping[str, Rights] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Refuse a gateway, or keys, where there is none."""
        if self.plain and (self.gateway or self.keys):
            raise ImpossibleError(
                "a plain MLflow server has no gateway and no keys: drop 'plain', or 'gateway' and 'keys'"
            )
        for role in self.keys:
            if re.fullmatch(_ROLE, role) is None:
                raise ImpossibleError(f"{role!r} is not a role")


@dataclass(frozen=True, slots=True)
class Tls:
    """How a listener speaks TLS. `plain_port` does not: it answers in plain text."""

    certificate: Literal["valid", "self-signed", "wrong-name", "expired", "not-yet-valid"] = "valid"
    ca: Literal["trusted", "unknown"] = "trusted"
    client_certificate: Literal["none", "required"] = "none"
    protocol: Literal["current", "outdated"] = "current"
    plain_port: bool = False

    def __post_init__(self) -> None:
        """Refuse a trusted authority for what nobody signed, and certificates without TLS."""
        spoken = (self.certificate, self.client_certificate, self.protocol)
        if self.plain_port and spoken != ("valid", "none", "current"):
            raise ImpossibleError("a port that speaks no TLS ('plain_port') shows and asks for no certificate")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a forward proxy answers to CONNECT, and to a request for an http URL: a status; 200 forwards to loopback."""

    connect: Literal[200, 403, 407, 502, 503, 504]


@dataclass(frozen=True, slots=True)
class Listener:
    """`[[listener]]`: a port private to the sandbox; the name `main` replaces the sandbox's base URL."""

    name: Annotated[str, Matches(r"[a-z][a-z0-9_]*", "a short lower-case name")]
    kind: Literal["http", "forward-proxy", "refuse", "silent", "blackhole"] = "http"
    tls: Tls | None = None
    sandbox: Literal["same", "new"] = "same"
    answer: Answer | None = None

    def __post_init__(self) -> None:
        """Refuse what the kind of listener cannot do."""
        if self.kind == "forward-proxy" and self.answer is None:
            raise ImpossibleError("a forward proxy needs 'answer', for instance { connect = 407 }")
        if self.answer is not None and self.kind != "forward-proxy":
            raise ImpossibleError(f"only a listener of kind 'forward-proxy' has an 'answer', not {self.kind!r}")
        if self.kind in ("refuse", "silent", "blackhole") and (self.tls or self.sandbox == "new"):
            raise ImpossibleError(f"a listener of kind {self.kind!r} says nothing: it takes no 'tls' and no 'sandbox'")
        if self.name == "main" and self.sandbox == "new":
            raise ImpossibleError(
                "the listener 'main' is the sandbox's own base URL: it cannot belong to a new sandbox"
            )


@dataclass(frozen=True, slots=True)
class Change:
    """What a moment of the timeline sets."""

    keys: Mapping[str, Rights] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Refuse a moment at which nothing happens."""
        if not self.keys and not given(self.settings):
            raise ImpossibleError("nothing is set: name a key (keys.held.valid) or a setting (settings.mounts)")


@dataclass(frozen=True, slots=True)
class Timeline:
    """`[[timeline]]`: what changes `at` seconds of the virtual clock after the scenario has started."""

    at: Seconds
    set: Change

    @property
    def keys(self) -> dict[str, dict[str, Any]]:
        """The rights that change, by role: only the fields that the file names."""
        return {role: given(rights) for role, rights in self.set.keys.items()}

    @property
    def settings(self) -> dict[str, Any]:
        """The platform settings that the file names."""
        return given(self.set.settings)


# -- the client's side -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class File:
    """`[client.files."NAME"]`: a file in the client's private home."""

    text: str


def _variable(value: object) -> str | None:
    if value is False:
        return None
    if isinstance(value, str):
        return value
    raise ValueError(f"must be text, or false to unset the variable, not {value!r}")


Environment = Mapping[str, Annotated[str | None, Custom(_variable)]]
"""Changes to an environment; `None`, in a file `false`, unsets a variable. Placeholders are still in."""


@dataclass(frozen=True, slots=True)
class Client:
    """`[client]`: environment and files of the client, and what it must have."""

    env: Environment = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    needs: tuple[Literal["package", "docker", "tls"], ...] = ()
    retries: Annotated[int, AtLeast(0)] | None = None
    sdk: (
        Annotated[str, Matches(r"without:[A-Z]\w*\.\w+(?:\.\w+)?", "'without:Class.method' or '...method.param'")]
        | None
    ) = None
    hides: tuple[Annotated[str, Matches(r"[A-Za-z_]\w*", "the name of a package")], ...] = ()
    """Packages that cannot be imported, as if they were not installed."""

    def __post_init__(self) -> None:
        """Refuse names that no environment has, files outside of the home, and unknown placeholders in single texts."""
        for name in self.env:
            if re.fullmatch(_ENV_NAME, name) is None:
                raise ImpossibleError(f"{name!r} is not the name of an environment variable")
        for path in self.files:
            if path.startswith(("/", "~")) or ".." in path.split("/") or "\\" in path:
                raise ImpossibleError(f"the file {path!r} is not inside of the client's home")


# -- what is done and what is seen -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Play:
    """`[[play]]`: one step: a call, a change of the client's environment, or the clock moving on."""

    call: Call | None = None
    env: Environment | None = None
    advance: Seconds | None = None
    expect: Literal["ok", "error"] | None = None

    def __post_init__(self) -> None:
        """Refuse a step that does nothing or two things."""
        steps = [name for name in ("call", "env", "advance") if getattr(self, name) is not None]
        if len(steps) != 1:
            raise ImpossibleError(f"a step is one of 'call', 'env', 'advance'; here: {' and '.join(steps) or 'none'}")
        if self.expect and self.call is None:
            raise ImpossibleError("only a call can be expected to succeed or to fail")


@dataclass(frozen=True, slots=True)
class Effects:
    """What a symptom leaves behind, counted in the main sandbox; files relative to the working directory."""

    requests: Annotated[int, AtLeast(0)] | None = None
    files_created: tuple[str, ...] | None = None
    experiments: Annotated[int, AtLeast(0)] | None = None
    registered_models: Annotated[int, AtLeast(0)] | None = None
    runs: Annotated[int, AtLeast(0)] | None = None
    hollow: bool | None = None
    """An object comes back whose fields are empty."""


_SEEN = ("exception", "error_code", "code", "status_code", "text", "errno")


@dataclass(frozen=True, slots=True)
class Symptom:
    """`[[symptom]]`: what a user of `client` sees. `play` counts the steps from 1."""

    client: Annotated[str, Matches(_CLIENT, "a client such as 'mlflow>=2.9,<4', hokusai, requests, curl or browser")]
    os: Literal["linux", "macos", "windows"] | None = None
    call: Call | None = None
    play: Annotated[int, AtLeast(1)] | None = None
    exception: (
        Annotated[str, Matches(r"\w+(?:\.\w+)+", "a class with its module, such as 'builtins.TypeError'")] | None
    ) = None
    error_code: str | None = None
    code: Annotated[str, Matches(r"[A-G]\d\d", "an incident, such as 'A05'")] | None = None
    status_code: int | None = None
    text: str | None = None
    errno: tuple[int, ...] | None = None
    none: bool = False
    effects: Effects | None = None

    def __post_init__(self) -> None:
        """Refuse symptoms that assert nothing or contradict themselves."""
        seen = [name for name in _SEEN if getattr(self, name) is not None]
        if self.none and seen:
            raise ImpossibleError(f"'none' says that there is no exception, so there is no {seen[0]!r} either")
        if not self.none and not seen and self.effects is None:
            raise ImpossibleError("a symptom says what is seen: an exception, a code, a text, 'none = true' or effects")
        if self.call and self.play:
            raise ImpossibleError("'call' and 'play' exclude each other: a symptom belongs to a call or to a step")
        if self.text is not None and self.errno is not None:
            raise ImpossibleError("'text' and 'errno' exclude each other")
        if self.client != "hokusai" and (self.code or (self.status_code and self.client.startswith("mlflow"))):
            raise ImpossibleError("'code' and 'status_code' are attributes of our SDK's errors (client 'hokusai')")

    @property
    def label(self) -> str:
        """Which client and which call it is about, for people and for records: `mlflow>=2.9,<4: experiments.search`."""
        return f"{self.client}: {self.call or (f'step {self.play}' if self.play else 'what is played')}"


def _seen(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {value!r}")
    found = probe_of(value)
    if found is None:
        raise ValueError(f"names no probe: {value!r}{did_you_mean('.'.join(value.split('.')[:2]), PROBES)}")
    probe, fact = found
    if fact.split(".")[0] not in PROBES[probe]:
        raise ValueError(f"is no fact of the probe {probe}: {value!r}{did_you_mean(fact.split('.')[0], PROBES[probe])}")
    return value


Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Signature:
    """`[[signature]]`: one observation of the doctor, what it must be, and how much it weighs."""

    seen: Annotated[str, Custom(_seen)]
    weight: Literal["decides", "supports", "excludes"]
    is_: Annotated[Scalar | None, Key("is")] = None
    in_: Annotated[tuple[Scalar, ...] | None, Key("in")] = None
    near: float | None = None
    tolerance: Annotated[float, AtLeast(0)] | None = None
    matches: str | None = None
    absent: bool | None = None

    def __post_init__(self) -> None:
        """Refuse no test, two tests, a tolerance without `near`, and patterns that do not compile."""
        tests = {"is": self.is_, "in": self.in_, "near": self.near, "matches": self.matches, "absent": self.absent}
        chosen = [name for name, value in tests.items() if value is not None]
        if len(chosen) != 1:
            raise ImpossibleError(f"a signature has one of {', '.join(tests)}; here: {' and '.join(chosen) or 'none'}")
        if (self.near is None) != (self.tolerance is None):
            raise ImpossibleError("'near' and 'tolerance' (a fraction of it) belong together")
        if self.matches is not None:
            try:
                re.compile(self.matches)
            except re.error as error:
                raise ImpossibleError(f"'matches' is no regular expression: {error}") from None

    @property
    def probe(self) -> str:
        """The probe that makes the observation."""
        found = probe_of(self.seen)
        return found[0] if found else ""


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands that carry out the remedy, by shell."""

    posix: tuple[str, ...] = ()
    powershell: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remedy:
    """`[remedy]`: who can end the incident and how; `never` is what makes it worse."""

    owner: Literal["user", "platform", "network"]
    text: str
    never: tuple[str, ...] = ()
    commands: Commands = field(default_factory=Commands)


# -- placeholders ------------------------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")


def check_placeholders(client: Client, symptoms: tuple[Symptom, ...], listeners: tuple[Listener, ...]) -> None:
    """Refuse `{...}` that stands for nothing, in the client's environment and files and in the symptoms' effects."""
    known = PLACEHOLDERS | {f"listener.{listener.name}.url" for listener in listeners}
    texts = [value for value in client.env.values() if isinstance(value, str)]
    texts += [file.text for file in client.files.values()]
    for symptom in symptoms:
        texts += (symptom.effects.files_created or ()) if symptom.effects else ()
    for text in texts:
        for name in _PLACEHOLDER.findall(text):
            if name not in known:
                raise ImpossibleError(f"the placeholder {{{name}}} stands for nothing{did_you_mean(name, known)}")
