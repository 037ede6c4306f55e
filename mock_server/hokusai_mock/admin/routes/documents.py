"""The OpenAPI documents: of this API, and of the platform's surface."""

from __future__ import annotations

from typing import Any

from hokusai_mock.admin.interface import Call, Route
from hokusai_mock.worlds import DEFAULT

__all__ = ["ROUTES"]


def get_openapi(call: Call) -> dict[str, Any]:
    """The OpenAPI 3.1 document of this API."""
    from hokusai_mock.admin.openapi import document  # noqa: PLC0415 - it is made of the table that this is a part of
    from hokusai_mock.admin.routes import ROUTES as ALL  # noqa: PLC0415

    return document(ALL, call.server_url)


def get_platform_openapi(call: Call) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the platform's own routes, in the era that the sandbox `default` plays."""
    from hokusai_mock.gateway.openapi import document  # noqa: PLC0415 - who reads it is rare

    return document(call.worlds.get(DEFAULT).platform)


ROUTES = (
    Route("GET", "/openapi.json", get_openapi),
    Route("GET", "/platform-openapi.json", get_platform_openapi),
)
