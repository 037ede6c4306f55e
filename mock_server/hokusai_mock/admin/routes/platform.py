"""The platform beside MLflow: what it is set to, and what it remembers. What leaves here is redacted."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypedDict, cast

from hokusai_mock.admin.interface import SANDBOX, Call, Route
from hokusai_mock.admin.json_schema import Definitions, schema_of
from hokusai_mock.admin.routes.records import redactor
from hokusai_mock.schema import read
from hokusai_mock.settings import WORKED_OUT, Settings

__all__ = ["ROUTES"]


class SettingsTable:
    """The fields of a scenario's `[platform.settings]`; loaded when somebody sets any: most mocks never do."""

    @staticmethod
    def parse(data: Any) -> Any:
        """Check the settings as JSON gave them."""
        from hokusai_mock.scenarios import tables  # noqa: PLC0415

        return tables.given(read(tables.Settings, data, "the body"))

    @staticmethod
    def json_schema(known: Definitions) -> dict[str, Any]:
        """Their schema, for the OpenAPI document."""
        from hokusai_mock.scenarios import tables  # noqa: PLC0415

        return schema_of(tables.Settings, known)


class SettingsInForce(TypedDict):
    """Every platform setting with its value."""

    settings: dict[str, Any]


class PlatformMemory(TypedDict):
    """What the platform remembers of a sandbox: registration events that were emitted, webhooks that were received."""

    events: list[dict[str, Any]]
    events_total: int
    webhooks: list[dict[str, Any]]
    webhooks_total: int
    debits: dict[str, dict[str, Any]]
    windows: dict[str, dict[str, int]]
    contributions: list[dict[str, Any]]


def get_settings(call: Call) -> SettingsInForce:
    """Tell the platform settings in force now."""
    return {"settings": _json(call.world.settings)}


def set_settings(call: Call) -> SettingsInForce:
    """Set platform settings from now on, in the words of a scenario's `[platform.settings]`; an absent one stays."""
    return {"settings": _json(call.world.set_settings(call.body))}


def get_platform(call: Call) -> PlatformMemory:
    """Tell what the platform remembers of the sandbox."""
    state = call.world.platform_state
    with call.world.lock:
        known = state.to_json()
    return cast(
        "PlatformMemory",
        redactor().json(
            {
                "events": known["events"]["entries"],
                "events_total": known["events"]["total"],
                "webhooks": known["webhooks"]["entries"],
                "webhooks_total": known["webhooks"]["total"],
                "debits": known["debits"],
                "windows": known["windows"],
                "contributions": list(known["contributions"].values()),
            }
        ),
    )


def _json(settings: Settings) -> dict[str, Any]:
    values = {name: value for name, value in asdict(settings).items() if name not in WORKED_OUT}
    if values["webhook_secret"] is not None:
        values["webhook_secret"] = "<set>"  # noqa: S105 - that there is one, not which
    if settings.basic_auth is not None:
        values["basic_auth"]["users"] = dict.fromkeys(settings.basic_auth.users, "<set>")
    return values


ROUTES = (
    Route("GET", f"{SANDBOX}/settings", get_settings),
    Route("PUT", f"{SANDBOX}/settings", set_settings, body=SettingsTable, needs_body=True),
    Route("GET", f"{SANDBOX}/platform", get_platform),
)
