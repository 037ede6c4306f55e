"""Raw HTTP on the target: how cases arrange what an implementation shall meet, and look at what it left behind.

Standard library only, and never the implementation under test nor an MLflow client: whatever one of those breaks, the
other side of a case still works. Every request says in a header that it is the suite's own.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hokusai_testkit.contract.failures import ArrangementError

__all__ = ["CLIENT", "CLIENT_HEADER", "Answer", "ModelVersion", "Run", "Tracking"]

CLIENT_HEADER = "X-Hokusai-Testkit-Client"
CLIENT = "contract-suite"
"""Marks the suite's own requests, so that the journal can tell them from the implementation's."""

_TIMEOUT = 30.0
_API = "/api/2.0/mlflow"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status and body."""

    status: int
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object."""
        data: dict[str, Any] = json.loads(self.body or b"{}")
        return data


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the tracking API describes it; `metrics` are the last values by name, `params` the parameters."""

    id: str
    experiment_id: str
    status: str
    artifact_uri: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered version as the registry API describes it. `number` is MLflow's, a string."""

    name: str
    number: str
    source: str
    run_id: str | None
    tags: Mapping[str, str]


class Tracking:
    """MLflow's REST API at a tracking URI, with a key."""

    def __init__(self, tracking_uri: str, api_key: str | None, *, own: str = "", mine: tuple[str, ...] = ("",)) -> None:
        """Talk to `tracking_uri` (scheme, host, port and prefix), with `api_key` as bearer token when given.

        On a server that others use too, `own` is the prefix of the names that this run may have made, and `mine` those
        of this case: nothing else is listed.
        """
        parts = urlsplit(tracking_uri)
        self._host, self._port, self._prefix = parts.hostname or "", parts.port, parts.path.rstrip("/")
        self._key, self._own, self._mine = api_key, own, mine

    # -- experiments and runs ----------------------------------------------------------------------------------------

    def create_experiment(self, name: str) -> str:
        """Create an experiment and return its id."""
        return str(self._post("/experiments/create", {"name": name})["experiment_id"])

    def experiment_id(self, name: str) -> str | None:
        """Return the id of the experiment `name`, None when there is none."""
        answer = self._ask("GET", f"{_API}/experiments/get-by-name?{urlencode({'experiment_name': name})}")
        if answer.status == 404:
            return None
        return str(self._good(answer, "experiments/get-by-name").json["experiment"]["experiment_id"])

    def experiment_names(self) -> list[str]:
        """Return the names of all active experiments; on a shared server of those that this case made."""
        body: dict[str, Any] = {"max_results": 1000}
        if self._own:
            body["filter"] = f"name LIKE '%{self._own}%'"
        found = self._post("/experiments/search", body).get("experiments", [])
        return [experiment["name"] for experiment in found if self._is_mine(experiment["name"])]

    def create_run(self, experiment: str | None = None) -> Run:
        """Create a run in `experiment` (default: one of the suite's own), which is made when it is missing."""
        experiment = experiment or f"{self._mine[0]}contract-arranged"
        experiment_id = self.experiment_id(experiment) or self.create_experiment(experiment)
        body = {"experiment_id": experiment_id, "start_time": int(time.time() * 1000)}
        return _run(self._post("/runs/create", body)["run"])

    def run(self, run_id: str) -> Run:
        """Return the run `run_id`."""
        answer = self._ask("GET", f"{_API}/runs/get?{urlencode({'run_id': run_id})}")
        return _run(self._good(answer, "runs/get").json["run"])

    def runs(self, experiment: str, query: str = "") -> list[Run]:
        """Return the runs of the experiment `experiment` that match MLflow's filter `query`."""
        experiment_id = self.experiment_id(experiment)
        if experiment_id is None:
            return []
        body = {"experiment_ids": [experiment_id], "filter": query, "max_results": 1000}
        return [_run(run) for run in self._post("/runs/search", body).get("runs", [])]

    def metric_history(self, run_id: str, key: str) -> list[float]:
        """Return every value that was logged for the metric `key`, oldest first."""
        # Servers that know pages answer with none when they are not told how many.
        query = urlencode({"run_id": run_id, "metric_key": key, "max_results": 1000})
        answer = self._good(self._ask("GET", f"{_API}/metrics/get-history?{query}"), "metrics/get-history")
        return [metric["value"] for metric in answer.json.get("metrics", [])]

    # -- artifacts ---------------------------------------------------------------------------------------------------

    def upload(self, run: Run, folder: str, files: Mapping[str, bytes]) -> None:
        """Put `files` (path within the folder -> content) below `folder` of the run's artifacts."""
        root = _proxy_path(run.artifact_uri)
        for path, content in files.items():
            target = f"{_ARTIFACTS}/{quote(f'{root}/{folder}/{path}')}"
            self._good(self._ask("PUT", target, content, "application/octet-stream"), f"artifact {path}")

    def artifact_paths(self, run: Run, folder: str = "") -> list[str]:
        """Return the paths of all files of a run, below `folder` when given, relative to the run's artifact root."""
        files, folders = [], [folder]
        while folders:
            query = urlencode({"run_id": run.id, **({"path": folders[0]} if folders[0] else {})})
            answer = self._good(self._ask("GET", f"{_API}/artifacts/list?{query}"), "artifacts/list")
            entries = answer.json.get("files", [])
            files += [entry["path"] for entry in entries if not entry.get("is_dir")]
            folders = [*folders[1:], *(entry["path"] for entry in entries if entry.get("is_dir"))]
        return sorted(files)

    def download(self, run: Run, path: str) -> bytes:
        """Return the content of one artifact of a run."""
        root = _proxy_path(run.artifact_uri)
        return self._good(self._ask("GET", f"{_ARTIFACTS}/{quote(f'{root}/{path}')}"), f"artifact {path}").body

    # -- the registry ------------------------------------------------------------------------------------------------

    def create_model(self, name: str) -> None:
        """Create a registered model without versions; one that the run shares between its cases may be there."""
        body = json.dumps({"name": name}).encode()
        answer = self._ask("POST", f"{_API}/registered-models/create", body, "application/json")
        if not (self._own and b"RESOURCE_ALREADY_EXISTS" in answer.body):
            self._good(answer, "registered-models/create")

    def create_version(
        self,
        name: str,
        *,
        run: Run,
        folder: str = "model",
        semantic: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ModelVersion:
        """Register the artifacts in `folder` of `run` as a version of `name`, with `tags`; `semantic` is `version`."""
        marks = {**(tags or {}), **({} if semantic is None else {"version": semantic})}
        body = {"name": name, "source": f"runs:/{run.id}/{folder}", "run_id": run.id, "tags": _pairs(marks)}
        return _version(self._post("/model-versions/create", body)["model_version"])

    def set_alias(self, name: str, alias: str, number: str) -> None:
        """Point the alias `alias` of the model `name` at the version `number`."""
        self._post("/registered-models/alias", {"name": name, "alias": alias, "version": number})

    def model_names(self) -> list[str]:
        """Return the names of all registered models; on a shared server of those that this case made."""
        query = urlencode({"max_results": 1000, **({"filter": f"name LIKE '{self._own}%'"} if self._own else {})})
        answer = self._good(self._ask("GET", f"{_API}/registered-models/search?{query}"), "model search")
        models = answer.json.get("registered_models", [])
        return [model["name"] for model in models if self._is_mine(model["name"])]

    def versions(self, name: str) -> list[ModelVersion]:
        """Return the versions of the model `name` by MLflow's number, ascending; `[]` when there is no such model."""
        query = urlencode({"filter": f"name='{name}'", "max_results": 1000})
        answer = self._good(self._ask("GET", f"{_API}/model-versions/search?{query}"), "version search")
        found = [_version(version) for version in answer.json.get("model_versions", [])]
        return sorted(found, key=lambda version: int(version.number))

    def delete_versions(self, name: str) -> None:
        """Remove every version of the model `name`, by the platform's own route where a gateway loses DELETE bodies."""
        for version in self.versions(name):
            body = json.dumps({"name": name, "version": version.number}).encode()
            answer = self._ask("DELETE", f"{_API}/model-versions/delete", body, "application/json")
            if answer.status >= 300 and self._prefix.endswith("/mlflow"):
                route = f"/models/{quote(name)}/{version.number}"
                answer = self._ask("DELETE", route, prefix=self._prefix.removesuffix("/mlflow"))
            self._good(answer, "model-versions/delete")

    def call(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Make the MLflow call `name` (`runs/delete`) and return the answer, whatever its status is."""
        data = None if body is None else json.dumps(body).encode()
        return self._ask(method, f"{_API}/{name}", data, "application/json" if data else None)

    def _is_mine(self, name: str) -> bool:
        return any(prefix in name for prefix in self._mine)

    # -- the wire ----------------------------------------------------------------------------------------------------

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._ask("POST", f"{_API}{path}", json.dumps(body).encode(), "application/json")
        return self._good(answer, path.lstrip("/")).json

    def _good(self, answer: Answer, what: str) -> Answer:
        if answer.status >= 300:
            body = answer.body.decode("utf-8", "replace")[:500]
            raise ArrangementError(f"the target answered {answer.status} to the suite's own {what}: {body}")
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str | None = None,
        *,
        prefix: str | None = None,
    ) -> Answer:
        headers = {CLIENT_HEADER: CLIENT, "Connection": "close"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        if content_type is not None:
            headers["Content-Type"] = content_type
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
        try:
            connection.request(method, (self._prefix if prefix is None else prefix) + path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as problem:
            raise ArrangementError(
                f"the target does not answer the suite's own {method} {path}: {problem}"
            ) from problem
        finally:
            connection.close()


def eventually(found: Callable[[], list[Run]], seconds: float) -> list[Run]:
    """Ask `found` until it answers something or `seconds` have passed; for what an implementation may write late."""
    deadline = time.monotonic() + seconds
    while not (runs := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return runs


def _run(data: Mapping[str, Any]) -> Run:
    info, content = data["info"], data.get("data", {})
    return Run(
        id=info["run_id"],
        experiment_id=str(info["experiment_id"]),
        status=info["status"],
        artifact_uri=info["artifact_uri"],
        tags={tag["key"]: tag["value"] for tag in content.get("tags", [])},
        metrics={metric["key"]: metric["value"] for metric in content.get("metrics", [])},
        params={param["key"]: param["value"] for param in content.get("params", [])},
    )


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _version(data: Mapping[str, Any]) -> ModelVersion:
    return ModelVersion(
        name=data["name"],
        number=str(data["version"]),
        source=data.get("source", ""),
        run_id=data.get("run_id") or None,
        tags={tag["key"]: tag.get("value", "") for tag in data.get("tags", [])},
    )


def _proxy_path(artifact_uri: str) -> str:
    """Return the path below the artifact proxy for `mlflow-artifacts:/1/<run>/artifacts`."""
    parts = urlsplit(artifact_uri)
    if parts.scheme != "mlflow-artifacts":
        raise ArrangementError(
            f"the target keeps artifacts at {artifact_uri!r}, which the suite cannot reach over HTTP"
        )
    return parts.path.strip("/")
