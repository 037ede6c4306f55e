"""Settings of the platform: what a scenario's `[platform.settings]` may change, and what holds when nothing is changed.

Pure data. What a setting does is with the part of the platform that reads it; which values a file may write is in
`scenarios/tables.py`. What an era of the platform decides is empty here until `settle` has asked the profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hokusai_mock.profiles import PlatformProfile
    from hokusai_mock.users import BasicAuth

__all__ = ["WORKED_OUT", "Settings", "settle"]

Mounts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the platform that a scenario may change; a file that names another one cannot be played yet."""

    # -- who may pass ------------------------------------------------------------------------------------------------
    accept_query_key: bool = True
    """Whether `?api_key=` counts as a key."""
    registry_rule: str = ""
    """Who may use the registry: `admin`, `scopes` (writes want a write scope) or `open` (any valid key)."""
    registry_admin_scopes: tuple[str, ...] = ()
    """Any of these scopes or roles makes a key a registry admin."""
    registry_admin_emails: tuple[str, ...] = ()
    """The owners of these addresses are registry admins."""
    strips_authorization: str = "never"
    """Whether a proxy drops `Authorization`: `before` the key is looked for, or `after` the first check (A08)."""
    service_id_known: bool = True
    """Whether the auth service knows the id under which the gateway asks for the registry (A09)."""
    peer_verified: bool = False
    """Whether an internal caller's client certificate counts as checked (`X-Forwarded-For` beginning with `10.`)."""
    # -- the auth service --------------------------------------------------------------------------------------------
    auth_service: str = "up"
    """How the auth service does: `up`, `refused`, `timeout` (5 s), `error` or `limited` (429)."""
    auth_trouble: int = 0
    """With which status the gateway reports trouble of the auth service: 503, or 401 as before (C05)."""
    retry_after: str | None = None
    """`Retry-After` of refusals by auth service and limits: text as it is sent, `none`, or `date:SECONDS`."""
    validate_key_in: str = ""
    """Where `/api/v1/keys/validate` wants the key: `header`, `body` or `both` (A19)."""
    validation_cache_s: float = 0.0
    """Seconds of the virtual clock for which the gateway remembers that a key is good (A04)."""
    cache: str = "up"
    """`unreachable`: every look-up in the gateway's cache waits `cache_read_s` and `cache_write_s` (C06)."""
    cache_read_s: float = 2.0
    cache_write_s: float = 2.0
    # -- money -------------------------------------------------------------------------------------------------------
    debit: str = "accepted"
    """What the usage debit answers: `accepted`, `rejected` (402) or `error`, which the gateway ignores."""
    debit_cost: float = 0.0
    """What one request outside of the registry takes from the balance."""
    debit_reason: str = "Insufficient balance"
    debit_reason_code: str = "insufficient_balance"
    # -- limits ------------------------------------------------------------------------------------------------------
    rate_limit: int | None = None
    """Requests of one key in `rate_window_s`; `None`: no limit per key acts, as on the live service."""
    rate_window_s: float = 3600.0
    rate_window_renews: bool = False
    """Whether each request starts the window anew, so that a steady caller never recovers."""
    rate_limit_headers: bool = True
    """Whether the limit per key is told in `X-RateLimit-*`."""
    route_limit: int | None = None
    """Requests per minute in the place of each limited route's own number."""
    # -- the way to MLflow -------------------------------------------------------------------------------------------
    mounts: tuple[str, ...] | None = None
    """Where MLflow is mounted, `PATH` or `PATH=WHAT STANDS IN ITS PLACE`; `None`: where the profile says."""
    rewrite_404: bool = True
    """Whether a 404 page of MLflow becomes RESOURCE_NOT_FOUND in JSON."""
    gateway_artifacts: bool = True
    """Whether the gateway passes artifacts; else 503 ARTIFACTS_DISABLED (F02)."""
    upstream: str = "up"
    """How the gateway finds MLflow: `up`, `refused` (502), `timeout` (504 after 30 s) or `reset` (500)."""
    upstream_url: str = "http://mlflow.hokusai-development.local:5000"
    """What the gateway calls MLflow in its errors."""
    # -- what the platform's own routes stand on ---------------------------------------------------------------------
    database: str = "up"
    """`up` or `down`: then `/ready` answers 503."""
    publisher: str = "up"
    """`up` or `failing`: then a registration event answers 502 (F04)."""
    contribution_storage: str = "up"
    """`up` or `missing`: then contributions answer 503 `persistence_unavailable` (C07)."""
    inference: str = "up"
    """How predictions do: `up`, `failing` (503), `timeout` (504 after 25 s) or `no_token` (500)."""
    warm_up_s: float = 0.0
    """Seconds of the virtual clock during which model 30 is not ready (C09)."""
    warm_up_requests: int = 0
    """Predictions of model 30 that are refused before it is ready."""
    slow_start_s: float = 0.0
    """Seconds of the virtual clock after the warm-up during which its predictions time out."""
    webhook_secret: str | None = None
    """The site's secret for webhooks; `None`: any signature, or none, is taken."""
    # -- the MLflow server -------------------------------------------------------------------------------------------
    allowed_hosts: tuple[str, ...] = ()
    """`--allowed-hosts`, of versions that have it; empty: as the version has it. Behind the gateway the host of
    `upstream_url` is looked for, and checked only when hosts are named here (B11, B12)."""
    allowed_origins: tuple[str, ...] = ()
    """`--cors-allowed-origins`, of versions that have it (B13)."""
    artifact_root: str = "mlflow-artifacts:"
    """`--default-artifact-root`: below it lie the artifacts of experiments that are made from now on (F03)."""
    serve_artifacts: bool = True
    """False: `--no-serve-artifacts` (F02). Experiments keep the location that they have."""
    artifacts_only: bool = False
    """`--artifacts-only`: tracking and registry are disabled (F02)."""
    static_prefix: str = ""
    """`--static-prefix` (B06)."""
    basic_auth: BasicAuth | None = None
    """`--app-name basic-auth`, with its users (A15, A16)."""
    # -- worked out, never written -----------------------------------------------------------------------------------
    mount_table: Mounts = ()
    """(mount, what stands in its place before the rest of the path), longest mount first."""

    @property
    def of_mlflow(self) -> tuple[object, ...]:
        """What the routes and checks of the MLflow server are made from."""
        return (
            self.allowed_hosts,
            self.allowed_origins,
            self.serve_artifacts,
            self.artifacts_only,
            self.static_prefix,
            self.upstream_url,
        )

    def inner_path(self, path: str) -> str | None:
        """The path as MLflow receives it, or `None` when no mount matches."""
        for mount, prefix in self.mount_table:
            if path == mount or path.startswith(mount + "/"):
                return prefix + path[len(mount) :] or "/"
        return None


WORKED_OUT = frozenset({"mount_table"})
"""Fields that nobody sets."""


def settle(platform: PlatformProfile, changes: Mapping[str, Any]) -> Settings:
    """The settings of an era of the platform with `changes` made; `ValueError` for one that cannot be played."""
    known = {item.name for item in fields(Settings)} - WORKED_OUT
    if unknown := sorted(set(changes) - known):
        raise ValueError(
            f"this version cannot play the platform setting {unknown[0]!r}; it can play {', '.join(sorted(known))}"
        )
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()
    }
    settings = replace(
        Settings(
            registry_rule=platform.registry_rule,
            registry_admin_scopes=platform.registry_admin_scopes,
            auth_trouble=platform.auth_trouble,
            validate_key_in=platform.validate_key_in,
        ),
        **values,
    )
    return replace(settings, mount_table=_mount_table(platform.mounts, settings.mounts))


def _mount_table(of_profile: Mounts, chosen: tuple[str, ...] | None) -> Mounts:
    """The mounts in force. One that the profile has keeps its way to MLflow; any other is cut off the path."""
    if chosen is None:
        return of_profile
    usual = dict(of_profile)
    pairs = []
    for one in chosen:
        mount, equals, prefix = one.partition("=")
        mount = mount.rstrip("/")
        pairs.append((mount, prefix.rstrip("/") if equals else usual.get(mount, "")))
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))
