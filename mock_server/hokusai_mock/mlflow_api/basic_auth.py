"""The check of names, passwords and permissions of a server that runs with `--app-name basic-auth`.

It stands between the checks of Host and Origin and the routes. Who the users are is a setting of the world
(`users.py`); what a user makes is his own, which the store remembers. The routes under which users and permissions are
administered are not played.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from hokusai_mock.messages import Handler, Request, Response
from hokusai_mock.mlflow_api import layout, pages
from hokusai_mock.mlflow_api.errors import Crash, StoreError, does_not_exist, invalid, to_response
from hokusai_mock.mlflow_api.switches import is_native
from hokusai_mock.users import ADMIN, MANAGE, BasicAuth, Permission

__all__ = ["BasicAuthCheck", "Needed", "RefusedEarly"]

_OPEN = ("/static", "/favicon.ico", "/health")
_TEXT = (
    b"You are not authenticated. Please see "
    b"https://www.mlflow.org/docs/latest/auth/index.html#authenticating-to-mlflow on how to authenticate."
)
_ROOT = "/2.0/mlflow/"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
_REQUIRED = "Missing value for required parameter '{}'. See the API docs for more information about request parameters."

_ALLOWS: Mapping[Permission, frozenset[str]] = {
    "READ": frozenset({"read"}),
    "EDIT": frozenset({"read", "update"}),
    "MANAGE": frozenset({"read", "update", "delete"}),
    "NO_PERMISSIONS": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Needed:
    """What a request needs: to `read`, `update` or `delete` the thing that it names."""

    act: str
    subject: str
    """`experiment`, `experiment_name`, `run`, `model` or `logged_model`."""


def _table(text: str) -> dict[tuple[str, str], Needed]:
    table = {}
    for line in text.strip().splitlines():
        act, subject, *routes = line.split()
        for route in routes:
            method, path = route.split(":")
            table[method, path] = Needed(act, subject)
    return table


_NEEDED = _table(
    """
read   experiment       GET:experiments/get
read   experiment_name  GET:experiments/get-by-name
delete experiment       POST:experiments/delete POST:experiments/restore
update experiment       POST:experiments/update POST:experiments/set-experiment-tag
update experiment       POST:experiments/delete-experiment-tag POST:runs/create POST:logged-models
read   run              GET:runs/get GET:metrics/get-history GET:artifacts/list
delete run              POST:runs/delete POST:runs/restore
update run              POST:runs/update POST:runs/log-metric POST:runs/log-batch POST:runs/log-model
update run              POST:runs/set-tag POST:runs/delete-tag POST:runs/log-parameter
read   model            GET:registered-models/get GET:registered-models/get-latest-versions
read   model            POST:registered-models/get-latest-versions GET:registered-models/alias
read   model            GET:model-versions/get GET:model-versions/get-download-uri
delete model            DELETE:registered-models/delete DELETE:registered-models/alias
delete model            DELETE:model-versions/delete DELETE:model-versions/delete-tag
update model            PATCH:registered-models/update POST:registered-models/rename POST:registered-models/set-tag
update model            DELETE:registered-models/delete-tag POST:registered-models/alias
update model            POST:model-versions/create PATCH:model-versions/update POST:model-versions/set-tag
update model            POST:model-versions/transition-stage
"""
)
"""What each request needs, as MLflow 2.9.2 to 3.9.0 check it; what is not here is open to every user."""

_LOGGED_MODEL = {"GET": "read", "DELETE": "delete", "PATCH": "update", "POST": "update"}


class RefusedEarly(Exception):
    """A refusal in front of FastAPI's own routes: its answer carries no header of MLflow's layers."""

    def __init__(self, response: Response) -> None:
        """Carry the answer."""
        super().__init__(response.status)
        self.response = response


class BasicAuthCheck:
    """One request's way past the users of a world."""

    def __init__(self, users: BasicAuth, request: Request, prefix: str) -> None:
        """Judge `request`, whose routes stand below `prefix`."""
        self._users, self._request, self._world = users, request, request.world
        path = request.path
        self._path = path[len(prefix) :] if prefix and path.startswith(prefix + "/") else path
        self._user = ""

    def answer(self, route: Handler) -> Response:
        """Refuse the request, or let `route` answer it and hide what its user may not see."""
        if self._path.startswith((*_OPEN, *self._world.mlflow.basic_auth.open_paths)):
            return route(self._request)
        user = self._identify()
        if user is None:
            headers = [("Content-Type", pages.HTML), ("WWW-Authenticate", 'Basic realm="mlflow"')]
            return self._told(Response(401, _TEXT, headers))
        self._user = user
        refused = self._refused()
        return self._after(route(self._request)) if refused is None else self._told(refused)

    def _told(self, refusal: Response) -> Response:
        """The refusal, or `RefusedEarly` with it where it does not pass the layers that add headers."""
        request = self._request
        if not is_native(request.method, request.path, self._world.mlflow):
            return refusal
        refusal.headers[0] = ("Content-Type", "text/plain; charset=utf-8")
        raise RefusedEarly(refusal)

    def _refused(self) -> Response | None:
        if self._user == ADMIN:
            return None
        try:
            with self._world.lock:
                return None if self._may() else _forbidden()
        except StoreError as error:
            return to_response(error, self._world.mlflow)
        except Crash:
            return pages.bad_request()

    def _identify(self) -> str | None:
        scheme, _, credentials = (self._request.header("Authorization") or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            return None
        return user if colon and self._users.knows(user, password) else None

    # -- what a request needs ----------------------------------------------------------------------------------------

    def _may(self) -> bool:
        endpoint, method = self._endpoint(), self._request.method
        if endpoint is not None:
            needed = _NEEDED.get((method, endpoint))
            if needed is None and endpoint.startswith("logged-models/") and endpoint != "logged-models/search":
                needed = Needed(_LOGGED_MODEL.get(method, "read"), "logged_model")
            return needed is None or self._allows(needed)
        if self._path.startswith(_ARTIFACTS):
            act = {"PUT": "update", "DELETE": self._world.mlflow.basic_auth.to_delete_artifacts}.get(method, "read")
            experiment = self._path[len(_ARTIFACTS) :].split("/")[0]
            granted = self._on_experiment(experiment) if experiment.isdecimal() else self._users.default_permission
            return act in _ALLOWS[granted]
        return True

    def _endpoint(self) -> str | None:
        """The path below `/api/2.0/mlflow/`, or below its twin for browsers."""
        for root in ("/api" + _ROOT, "/ajax-api" + _ROOT):
            if self._path.startswith(root):
                return self._path[len(root) :]
        return None

    def _allows(self, needed: Needed) -> bool:
        store = self._world.store
        if needed.subject == "model":
            granted = self._on_model(self._parameter("name"))
        elif needed.subject == "experiment":
            granted = self._on_experiment(self._parameter("experiment_id"))
        elif needed.subject == "experiment_name":
            name = self._parameter("experiment_name")
            try:
                granted = self._on_experiment(store.experiments.find(name).experiment_id)
            except StoreError:
                raise does_not_exist(f"Could not find experiment with name {name}") from None
        else:
            subject = self._parameter("run_id") if needed.subject == "run" else (self._endpoint() or "").split("/")[1]
            try:
                found = store.runs.get(subject) if needed.subject == "run" else store.logged_models.get(subject)
            except StoreError:
                if self._world.mlflow.basic_auth.missing_runs_are_forbidden:
                    return False
                raise
            granted = self._on_experiment(found.experiment_id)
        return needed.act in _ALLOWS[granted]

    def _parameter(self, name: str) -> str:
        request = self._request
        sent: Mapping[str, Any] = dict(reversed(request.query)) if request.method == "GET" else _body(request)
        if name not in sent and name == "run_id":
            return self._parameter("run_uuid")
        if name not in sent:
            raise invalid(_REQUIRED.format(name))
        return str(sent[name])

    # -- what a user has ---------------------------------------------------------------------------------------------

    def _on_experiment(self, experiment_id: str) -> Permission:
        store = self._world.store
        try:
            name = store.experiments.get(experiment_id).name
        except StoreError:
            return self._users.default_permission
        own = store.owned.get(("experiment", experiment_id, self._user))
        return self._users.granted(self._user, experiment=name) or (MANAGE if own else self._users.default_permission)

    def _on_model(self, name: str) -> Permission:
        own = self._world.store.owned.get(("model", name, self._user))
        return self._users.granted(self._user, model=name) or (MANAGE if own else self._users.default_permission)

    # -- after the answer --------------------------------------------------------------------------------------------

    def _after(self, response: Response) -> Response:
        """Remember what the user made, and take what he may not read out of what was found."""
        if response.status == 404 and self._user != ADMIN and self._world.mlflow.basic_auth.unknown_paths_are_forbidden:
            return _forbidden() if response.header("Content-Type") == pages.HTML else response
        if response.status != 200 or not isinstance(response.body, bytes):
            return response
        after = _AFTER.get((self._request.method, self._endpoint() or ""))
        if after is None:
            return response
        with self._world.lock:
            return after(self, response)

    def _made(self, kind: str, key: Callable[[Any], str]) -> Callable[[Response], None]:
        def remember(response: Response) -> None:
            made = json.loads(cast("bytes", response.body))
            self._world.store.owned[kind, key(made), self._user] = True

        return remember

    def made_experiment(self, response: Response) -> Response:
        """The experiment is its maker's."""
        self._made("experiment", lambda made: str(made["experiment_id"]))(response)
        return response

    def made_model(self, response: Response) -> Response:
        """The registered model is its maker's."""
        self._made("model", lambda made: str(made["registered_model"]["name"]))(response)
        return response

    def deleted_model(self, response: Response) -> Response:
        """A model that is made again under the name is somebody else's."""
        owned, name = self._world.store.owned, self._parameter("name")
        for key in [key for key in owned if key[:2] == ("model", name)]:
            del owned[key]
        return response

    def found_experiments(self, response: Response) -> Response:
        """Only experiments that the user may read."""
        return self._filtered(response, "experiments", lambda one: self._on_experiment(one["experiment_id"]))

    def found_models(self, response: Response) -> Response:
        """Only registered models that the user may read."""
        return self._filtered(response, "registered_models", lambda one: self._on_model(one["name"]))

    def found_logged_models(self, response: Response) -> Response:
        """Only logged models of experiments that the user may read."""
        return self._filtered(response, "models", lambda one: self._on_experiment(one["info"]["experiment_id"]))

    def found_runs(self, response: Response) -> Response:
        """Only runs of experiments that the user may read; older servers show all."""
        if not self._world.mlflow.basic_auth.hides_runs:
            return response
        return self._filtered(response, "runs", lambda one: self._on_experiment(one["info"]["experiment_id"]))

    def _filtered(self, response: Response, items: str, granted: Callable[[Any], Permission]) -> Response:
        if self._user == ADMIN:
            return response
        payload = json.loads(cast("bytes", response.body))
        kept = [one for one in payload.get(items, ()) if "read" in _ALLOWS[granted(one)]]
        payload.pop(items, None)
        return layout.answer({items: kept, **payload} if kept else payload)


_AFTER: Mapping[tuple[str, str], Callable[[BasicAuthCheck, Response], Response]] = {
    ("POST", "experiments/create"): BasicAuthCheck.made_experiment,
    ("POST", "registered-models/create"): BasicAuthCheck.made_model,
    ("DELETE", "registered-models/delete"): BasicAuthCheck.deleted_model,
    ("POST", "experiments/search"): BasicAuthCheck.found_experiments,
    ("GET", "experiments/search"): BasicAuthCheck.found_experiments,
    ("GET", "registered-models/search"): BasicAuthCheck.found_models,
    ("POST", "logged-models/search"): BasicAuthCheck.found_logged_models,
    ("POST", "runs/search"): BasicAuthCheck.found_runs,
}


def _forbidden() -> Response:
    return Response(403, b"Permission denied", [("Content-Type", pages.HTML)])


def _body(request: Request) -> Mapping[str, Any]:
    try:
        sent = json.loads(request.body())
    except ValueError:
        raise Crash from None
    return sent if isinstance(sent, dict) else {}
