"""The admin API as a Flask blueprint over the worlds of a server. JSON in, JSON out.

The same routes without `sandboxes/<id>` mean the sandbox `default`. Whatever leaves the journal is redacted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from hokusai_mock.admin.guard import PAGE_HEADERS
from hokusai_mock.admin.views import ROUTES, AdminError
from hokusai_mock.world import WorldError
from hokusai_mock.worlds import DEFAULT, Worlds

__all__ = ["blueprint"]

View = Callable[[Worlds, str], Any]


def blueprint(worlds: Worlds, mark: tuple[str, str]) -> Blueprint:
    """Return the admin API for `worlds`; `mark` is the header that every answer of the mock carries."""
    api = Blueprint("admin", __name__, url_prefix="/_testkit/v1")

    for method, path, view in ROUTES:
        _add(api, worlds, method, path, view)

    @api.errorhandler(WorldError)
    def refuse(error: WorldError) -> tuple[Response, int]:
        return jsonify(error=str(error)), error.status if isinstance(error, AdminError) else 400

    @api.app_errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=f"{error.name}: {request.method} {request.path}"), error.code or 500

    @api.after_app_request
    def sign(response: Response) -> Response:
        for name, value in (*PAGE_HEADERS, mark):
            response.headers[name] = value
        return response

    return api


def _add(api: Blueprint, worlds: Worlds, method: str, path: str, view: View) -> None:
    def answer(sandbox: str = DEFAULT) -> Response:
        return jsonify(view(worlds, sandbox))

    name = f"{method} {path or 'sandbox'}".replace(".", "-")
    api.add_url_rule(f"/sandboxes/<sandbox>{path}", name, answer, methods=[method])
    api.add_url_rule(path or "/", f"{name} of default", answer, methods=[method], strict_slashes=False)
