"""The store as plain JSON data, and back: every entity, what was logged, artifacts. What a snapshot holds of it.

What can be worked out again (indices, the latest metrics, which versions are in which stage) is not written. Reading is
strict: unknown keys and wrong types are refused by `schema.read`, and nothing that was there before is touched.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import isnan
from typing import Annotated, Any

from hokusai_mock.clock import Clock, IdSource
from hokusai_mock.schema import AtLeast, Custom
from hokusai_mock.store import MemoryStore
from hokusai_mock.store.artifacts import Artifact
from hokusai_mock.store.entities import (
    ACTIVE,
    DatasetInput,
    Experiment,
    LoggedModel,
    Metric,
    ModelVersion,
    RegisteredModel,
    Run,
)

__all__ = ["Contents", "dump", "load"]

_NAN = "NaN"
"""JSON has no word for it."""
_METRIC = ("key", "value", "timestamp", "step", "run_id", "model_id", "dataset_name", "dataset_digest")


def _row(value: Any) -> Metric:
    """Metrics are rows, because there are many of them: the fields in the order of `_METRIC`."""
    if not isinstance(value, list | tuple) or len(value) != len(_METRIC):
        raise ValueError(f"must be a list of {', '.join(_METRIC)}, not {value!r}")
    given = dict(zip(_METRIC, value, strict=True))
    if given["value"] == _NAN:
        given["value"] = float("nan")
    texts = all(isinstance(given[name], str) for name in ("key", "run_id"))
    perhaps = all(isinstance(given[name], str | None) for name in ("model_id", "dataset_name", "dataset_digest"))
    numbers = all(isinstance(given[name], int) for name in ("timestamp", "step"))
    if not (texts and perhaps and numbers and isinstance(given["value"], int | float)):
        raise ValueError(f"is no metric: {value!r}")
    return Metric(**given)


def _base64(value: Any) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError, Base64Error) as error:
        raise ValueError(f"is no base64: {error}") from None


def _number(value: Any) -> tuple[str, int]:
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int):
        return value[0], value[1]
    raise ValueError(f"must be a name and a number, not {value!r}")


def _pair(value: Any) -> tuple[str, str]:
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(item, str) for item in value):
        return value[0], value[1]
    raise ValueError(f"must be two texts, not {value!r}")


def _owner(value: Any) -> tuple[str, str, str]:
    if isinstance(value, list | tuple) and len(value) == 3 and all(isinstance(item, str) for item in value):
        return value[0], value[1], value[2]
    raise ValueError(f"must be 'experiment' or 'model', its id or name, and a user, not {value!r}")


Metrics = tuple[Annotated[Any, Custom(_row)], ...]
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as one run used it, or as it was first said (`scope`: the experiment whose runs share it, or "")."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None
    tags: tuple[Annotated[Any, Custom(_pair)], ...] = ()
    scope: str = ""

    def entity(self) -> DatasetInput:
        """The dataset in the store's own form."""
        return DatasetInput(self.name, self.digest, self.source_type, self.source, self.schema, self.profile, self.tags)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run; `metrics` are all values in the order of arrival."""

    experiment_id: str
    name: str
    user_id: str
    status: str
    start_time: int
    artifact_uri: str
    end_time: int | None = None
    lifecycle_stage: str = ACTIVE
    tags: Texts = field(default_factory=dict)
    params: Texts = field(default_factory=dict)
    metrics: Metrics = ()
    datasets: tuple[Dataset, ...] = ()
    model_inputs: tuple[str, ...] = ()
    model_outputs: tuple[Annotated[Any, Custom(_number)], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A logged model."""

    experiment_id: str
    name: str
    artifact_uri: str
    creation_timestamp: int
    last_updated_timestamp: int
    model_type: str
    source_run_id: str
    status: str
    lifecycle_stage: str = ACTIVE
    tags: Texts = field(default_factory=dict)
    params: Texts = field(default_factory=dict)
    metrics: Metrics = ()


@dataclass(frozen=True, slots=True)
class StoredExperiment:
    """An experiment."""

    name: str
    artifact_location: str
    creation_time: int
    last_update_time: int
    lifecycle_stage: str = ACTIVE
    tags: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version of a registered model."""

    creation_timestamp: int
    last_updated_timestamp: int
    source: str
    storage_location: str
    run_id: str
    run_link: str
    description: str | None = None
    current_stage: str = "None"
    status: str = "READY"
    tags: Texts = field(default_factory=dict)
    kind: str = "model"


@dataclass(frozen=True, slots=True)
class StoredRegisteredModel:
    """A registered model with its versions by number."""

    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None
    tags: Texts = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions_made: Annotated[int, AtLeast(0)] = 0
    versions: Mapping[str, StoredVersion] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a store holds, by id or name; artifacts in base64 by path."""

    next_experiment: Annotated[int, AtLeast(0)]
    experiments: Mapping[str, StoredExperiment]
    runs: Mapping[str, StoredRun] = field(default_factory=dict)
    datasets: tuple[Dataset, ...] = ()
    logged_models: Mapping[str, StoredModel] = field(default_factory=dict)
    registered_models: Mapping[str, StoredRegisteredModel] = field(default_factory=dict)
    artifacts: Mapping[str, Annotated[Any, Custom(_base64)]] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    owned: tuple[Annotated[Any, Custom(_owner)], ...] = ()
    """What users of a server with names and passwords have made."""


# -- writing -----------------------------------------------------------------------------------------------------------


def dump(store: MemoryStore) -> dict[str, Any]:
    """The contents of a store as JSON data, in the form of `Contents`. The caller holds the world's lock."""
    experiments, next_id = store.experiments.contents()
    runs, datasets = store.runs.contents()
    files, folders = store.artifacts.contents()
    return {
        "next_experiment": next_id,
        "experiments": {one.experiment_id: _without(asdict(one), "experiment_id") for one in experiments},
        "runs": {one.run_id: _run_json(one) for one in runs},
        "datasets": [_dataset_json(one, scope) for scope, one in datasets],
        "logged_models": {one.model_id: _logged_model_json(one) for one in store.logged_models.contents()},
        "registered_models": {one.name: _registered_model_json(one) for one in store.registry.contents()},
        "artifacts": {path: b64encode(_content(file)).decode() for path, file in files.items()},
        "folders": sorted(folders),
        **({"owned": sorted(map(list, store.owned))} if store.owned else {}),
    }


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    """What JSON keeps of an entity: not what is the key already, nor what is not set."""
    return {name: value for name, value in fields.items() if name not in names and value is not None}


def _fields(entity: Any, *names: str) -> dict[str, Any]:
    return _without({name: getattr(entity, name) for name in entity.__dataclass_fields__}, *names)


def _rows(metrics: Iterable[Metric]) -> list[list[Any]]:
    return [
        [one.key, _NAN if isnan(one.value) else one.value, *(getattr(one, name) for name in _METRIC[2:])]
        for one in metrics
    ]


def _run_json(run: Run) -> dict[str, Any]:
    return {
        **_fields(run, "run_id", "metrics", "history", "datasets", "model_outputs"),
        "metrics": _rows(metric for history in run.history.values() for metric in history.values()),
        "datasets": [_dataset_json(one) for one in run.datasets.values()],
        "model_outputs": [list(one) for one in run.model_outputs],
    }


def _dataset_json(dataset: DatasetInput, scope: str = "") -> dict[str, Any]:
    return {**_fields(dataset), "tags": [list(pair) for pair in dataset.tags], **({"scope": scope} if scope else {})}


def _logged_model_json(model: LoggedModel) -> dict[str, Any]:
    return {**_fields(model, "model_id", "metrics"), "metrics": _rows(model.metrics)}


def _registered_model_json(model: RegisteredModel) -> dict[str, Any]:
    versions = {str(number): _fields(one, "name", "version") for number, one in model.versions.items()}
    return {**_fields(model, "name", "versions", "in_stage", "named"), "versions": versions}


def _content(file: Artifact) -> bytes:
    return b"".join(file.chunks())


# -- reading -----------------------------------------------------------------------------------------------------------


def load(contents: Contents, clock: Clock, ids: IdSource) -> MemoryStore:
    """A store that holds `contents`, and nothing else."""
    store = MemoryStore(clock, ids)
    store.experiments.put_back(
        (
            Experiment(experiment_id=key, **{**_given(one), "tags": dict(one.tags)})
            for key, one in contents.experiments.items()
        ),
        contents.next_experiment,
    )
    store.runs.put_back(
        (_run(key, one) for key, one in contents.runs.items()),
        ((one.scope, one.entity()) for one in contents.datasets),
    )
    for key, one in contents.runs.items():
        store.runs.log_metrics(store.runs.get(key), one.metrics)
    store.logged_models.put_back(_logged_model(key, one) for key, one in contents.logged_models.items())
    store.registry.put_back(_registered_model(key, one) for key, one in contents.registered_models.items())
    store.artifacts.put_back(contents.artifacts, contents.folders)
    store.owned = dict.fromkeys(contents.owned, True)
    return store


def _given(form: Any) -> dict[str, Any]:
    return {name: getattr(form, name) for name in form.__dataclass_fields__}


def _own(form: Any, *others: str) -> dict[str, Any]:
    """The fields of a form in the store's own types: tags and parameters are changed later."""
    return {**_without_names(_given(form), others), "tags": dict(form.tags), "params": dict(form.params)}


def _without_names(fields: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _run(run_id: str, form: StoredRun) -> Run:
    run = Run(run_id=run_id, **_own(form, "metrics", "datasets", "model_inputs", "model_outputs"))
    run.datasets = {(one.name, one.digest): one.entity() for one in form.datasets}
    run.model_inputs, run.model_outputs = list(form.model_inputs), list(form.model_outputs)
    return run


def _logged_model(model_id: str, form: StoredModel) -> LoggedModel:
    return LoggedModel(model_id=model_id, **_own(form, "metrics"), metrics=dict.fromkeys(form.metrics))


def _registered_model(name: str, form: StoredRegisteredModel) -> RegisteredModel:
    versions = {
        int(number): ModelVersion(name=name, version=int(number), **{**_given(one), "tags": dict(one.tags)})
        for number, one in form.versions.items()
    }
    rest = _without_names(_given(form), ("versions", "tags", "aliases"))
    return RegisteredModel(name, **rest, tags=dict(form.tags), aliases=dict(form.aliases), versions=versions)
