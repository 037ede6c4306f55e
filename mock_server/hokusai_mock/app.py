"""`create_app`: the mock as a Flask application, for any WSGI server.

Its `wsgi_app` runs the pipeline; the admin API is a blueprint of the same application. `MockServer` serves the pipeline
itself and makes the Flask part when it is first needed.
"""

from __future__ import annotations

from flask import Flask

from hokusai_mock.admin.api import blueprint
from hokusai_mock.admin.dashboard import dashboard
from hokusai_mock.pipeline import MARK, AdminOptions, Pipeline
from hokusai_mock.worlds import Worlds

__all__ = ["create_admin", "create_app"]


def create_app(worlds: Worlds, options: AdminOptions | None = None) -> Flask:
    """Return the Flask application that plays the platform for the given worlds."""
    app = create_admin(worlds)
    admin = app.wsgi_app
    app.wsgi_app = Pipeline(worlds, options or AdminOptions(), lambda: admin)  # type: ignore[method-assign]
    return app


def create_admin(worlds: Worlds) -> Flask:
    """Return the admin API and the dashboard alone; who asks must have passed the guard."""
    app = Flask("hokusai_mock", static_folder=None)
    app.register_blueprint(blueprint(worlds, MARK))
    app.register_blueprint(dashboard(worlds))
    return app
