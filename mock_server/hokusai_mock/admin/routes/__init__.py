"""What the routes of the admin API do, one module a subject; `ROUTES` is all of them, in the order of the documents."""

from __future__ import annotations

from hokusai_mock.admin.interface import Route
from hokusai_mock.admin.routes import documents, examination, incidents, platform, records, sandboxes, snapshots, state

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *sandboxes.ROUTES,
    *state.ROUTES,
    *platform.ROUTES,
    *incidents.ROUTES,
    *records.ROUTES,
    *examination.ROUTES,
    *snapshots.ROUTES,
    *documents.ROUTES,
)
"""Every route of the admin API."""
