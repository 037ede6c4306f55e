"""MLflow profiles: what one version of the MLflow server has and does, as data.

One TOML file a version in `profiles/mlflow/`, made from a real server and proved by `tests/fidelity`. An endpoint asks
the profile and never the version. The gateway's profiles are in `platforms.py`.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "BasicAuthRules",
    "Behaviour",
    "Limits",
    "MlflowProfile",
    "Placement",
    "ProfileError",
    "Security",
    "mlflow",
    "mlflow_names",
]

_FOLDER = Path(__file__).with_name("mlflow")


class ProfileError(ValueError):
    """There is no such profile, or its file is wrong; the message names the nearest valid one."""


class Behaviour(NamedTuple):
    """What the endpoints of this version do where versions differ."""

    query_is_validated: bool
    """Query parameters are looked up by field name and validated like a body. Otherwise they are parsed unvalidated: a
    wrong type or a bare `=` inside a value ends in an HTML 500, and camel case names are understood."""
    unknown_enum_values_are_ignored: bool
    """A name that the enumeration does not have counts as absent; otherwise parsing stops there."""
    missing_batch_entries_are_named: bool
    """log-batch says which entry lacks which field; otherwise it refuses the whole list."""
    experiment_ids_are_integers: bool
    """A text as experiment id is refused as such; otherwise it is not found."""
    artifact_locations_may_have_fragments: bool
    """create experiment accepts `#fragment` and `;params` in a location."""
    metric_history_has_pages: bool
    """get-history honours `max_results` (absent means 0) and `page_token`."""
    names_may_hold_colons: bool
    """Names of metrics, parameters and tags."""
    long_values_are_cut: bool
    """Parameters and run tags above their limit are cut; otherwise refused."""
    metric_keys_have_a_limit: bool
    """Metric keys are limited to 250 characters."""
    zero_runs_may_be_asked: bool
    """runs/search accepts `max_results` below 1."""
    model_history_is_short: bool
    """The tag in which a run remembers its models holds five fields; otherwise the whole model."""
    new_run_shows_inputs: bool
    """The answer to the creation of a run carries `inputs`."""
    run_shows_models: bool
    """Runs carry `outputs`, and logged models among their `inputs`."""
    search_shows_outputs: bool
    """The runs that a search finds carry `outputs`."""
    datasets_are_required: bool
    """log-inputs demands `datasets`."""
    prompts_exist: bool
    """Registered models that are prompts are hidden from searches for models."""
    logged_models_exist: bool
    """`models:/m-...` is a model version's source, metrics may belong to a logged model."""
    datasets_are_shared: bool
    """A dataset of one name and digest is the same in all experiments; otherwise in one experiment."""
    deleted_logged_models_can_be_seen: bool
    """`allow_deleted=true` shows a deleted model."""
    metrics_of_missing_models_are_kept: bool
    """A metric that names a logged model that does not exist is refused, but the run has it."""
    latest_versions_show_aliases: bool
    """get-latest-versions answers with aliases."""
    artifact_files_can_be_deleted: bool
    """DELETE of a file works; otherwise only of a folder (of a file: HTML 500)."""
    control_characters_are_escaped: bool
    """Control characters in artifact paths are percent-encoded; otherwise a null byte ends in an HTML 500."""
    artifacts_are_native: bool
    """Up- and downloads are FastAPI's own: uploads answer nothing, refusals are compact JSON."""
    file_names_are_encoded: bool
    """Downloads of files whose names a header cannot hold work; otherwise the web server breaks."""
    missing_files_are_refused: bool
    """A file that a browser asks for and that is not there is a 404; otherwise an HTML 500."""
    missing_parameters_are_bad_requests: bool
    """A browser's request without `path` is an HTML 400; otherwise an HTML 500."""
    datasets_are_messages: bool
    """search-datasets answers like the other endpoints, leaving out what is empty; otherwise a plain JSON list."""
    metric_history_is_whole_unless_limited: bool
    """get-history without `max_results` gives everything; otherwise nothing, where it has pages."""
    experiments_show_workspace: bool
    """Experiments carry `workspace`."""
    numbers_are_experiment_ids: bool
    """An experiment id may be sent as a number."""
    locations_are_checked: bool
    """Artifact locations on other hosts, and of runs, are refused."""
    sources_belong_to_their_owner: bool
    """A model version's source must be within the run or logged model that the request names."""
    model_names_are_file_names: bool
    """Names of registered models that could not be file names are refused."""
    latest_is_an_alias: bool
    """The alias `latest` means the highest version; otherwise nobody may even ask for it."""
    aliases_belong_to_their_version: bool
    """Aliases go with a deleted version, and an alias of a missing model is a 404."""
    found_versions_are_ordered_by_stage: bool
    """The latest versions of a registered model that a search finds stand in the order of their stages' names."""
    filters_know_null: bool
    """Filters know IS NULL and IS NOT NULL, lists of more attributes, and that NaN is different from every number."""
    run_search_looks_behind_its_page: bool
    """A full page has a token only when another one follows."""
    curves_are_sampled_in_buckets: bool
    """Samples of long histories take values from buckets of equal size; otherwise steps from all runs together."""
    curves_are_sampled_to_their_end: bool
    """Samples by step count to the end of the asked range; otherwise they stop early."""


class Limits(NamedTuple):
    """Lengths in characters."""

    tag_value: int
    """Values of run tags."""
    registry_tag_value: int
    """Values of tags of registered models and their versions."""
    experiment_tag_value: int = 5000
    """Values of tags of experiments."""
    bulk_history_runs: int = 100
    """Runs in one bulk history."""
    experiment_name: int | None = None
    """`None` is unlimited."""


class Security(NamedTuple):
    """What stands before the routes: nothing up to 3.4, checks of Host and Origin later."""

    allowed_hosts: tuple[str, ...] = ()
    """Exact names and patterns with `*`; empty means that every host is served."""
    unchecked_paths: frozenset[str] = frozenset()
    """Served whatever the Host header says."""
    blocks_foreign_origins: bool = False
    """Writes from a foreign Origin are refused, and CORS headers are sent."""
    guarded: tuple[str, ...] = ("/api/",)
    """Where writes from a foreign Origin are refused."""
    answers_foreign_origins: bool = False
    """CORS headers allow every Origin to read; otherwise local ones alone."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every answer."""


class Placement(NamedTuple):
    """Which routes the switches of `mlflow server` move and disable."""

    prefixed: tuple[str, ...] = ("/ajax-api/", "/get-artifact", "/model-versions/get-artifact", "/static-files/")
    """What `--static-prefix` moves, beside the page at `/`."""
    guards_are_prefixed: bool = False
    """The checks of Host and Origin look for their paths below the prefix."""
    tracking: tuple[str, ...] = (
        "/api/2.0/mlflow/",
        "/ajax-api/2.0/mlflow/",
        "/api/3.0/mlflow/",
        "/ajax-api/3.0/mlflow/",
        "/model-versions/get-artifact",
    )
    """What `--artifacts-only` disables, server-info apart."""


class BasicAuthRules(NamedTuple):
    """What `--app-name basic-auth` does where versions differ."""

    hides_runs: bool = False
    """A search for runs leaves out experiments that the user may not read."""
    to_delete_artifacts: str = "delete"
    """What a user must be allowed to do to an experiment whose artifacts he deletes."""
    missing_runs_are_forbidden: bool = False
    """Runs and logged models that are not there are refused like those that a user may not read."""
    unknown_paths_are_forbidden: bool = False
    """A path that no route has is 403; otherwise 404."""
    open_paths: tuple[str, ...] = ()
    """Answered without a name and a password, beside /health and static files."""


@dataclass(frozen=True, slots=True)
class MlflowProfile:
    """One version of the MLflow server."""

    name: str
    version: str
    generation: int
    routes: tuple[tuple[str, str], ...]
    """(method, path) of every route; parameters as `<name>`, or `<path:name>` where slashes belong to the value."""
    behaviour: Behaviour
    limits: Limits
    texts: Mapping[str, str]
    """Texts of refusals that differ between versions, with `{name}` for what is filled in."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Error codes of refusals that differ between versions; `CRASH` is the HTML 500."""
    classes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """SQLSTATE and error class by error code, or by the kind of refusal; versions before 3.17 have none."""
    server_info: str = ""
    """What server-info answers, in versions that have it."""
    health_type: str = "text/html; charset=utf-8"
    """Content type of /health."""
    web_server: str = "uvicorn"
    """What runs MLflow: `uvicorn` or `gunicorn`."""
    security: Security = field(default_factory=Security)
    placement: Placement = field(default_factory=Placement)
    basic_auth: BasicAuthRules = field(default_factory=BasicAuthRules)

    def __post_init__(self) -> None:
        """All worlds of a process share one profile: what it holds cannot be changed."""
        for name in ("texts", "codes", "classes"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def mlflow_names() -> tuple[str, ...]:
    """The names of all MLflow profiles; no file is parsed."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@lru_cache(maxsize=16)
def mlflow(name: str) -> MlflowProfile:
    """Load one MLflow profile; parsed once, about a millisecond. `ProfileError` names the nearest valid name."""
    if name not in mlflow_names():
        near = difflib.get_close_matches(name, mlflow_names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(mlflow_names())}"
        raise ProfileError(f"unknown MLflow profile {name!r}; {hint}")
    with (_FOLDER / f"{name}.toml").open("rb") as file:
        return _profile(name, tomllib.load(file))


def _profile(name: str, data: dict[str, Any]) -> MlflowProfile:
    security = data.pop("security", {})
    routes = data.pop("routes")
    try:
        return MlflowProfile(
            name=name,
            routes=tuple(_routes(routes["both"], routes["other"])),
            behaviour=Behaviour(**data.pop("behaviour")),
            limits=Limits(**data.pop("limits")),
            texts={key: text.lstrip("\n") for key, text in data.pop("texts").items()},
            classes={code: _pair(text) for code, text in data.pop("classes", {}).items()},
            security=_security(security),
            placement=Placement(**_lists(data.pop("placement", {}))),
            basic_auth=BasicAuthRules(**_lists(data.pop("basic_auth", {}))),
            **data,
        )
    except TypeError as error:
        raise ProfileError(f"the profile {name!r} has a missing or an unknown key: {error}") from error


def _routes(both: str, other: str) -> list[tuple[str, str]]:
    routes = []
    for line in both.split("\n"):
        if line:
            method, path = line.split(" ", 1)
            routes += [(method, "/api" + path), (method, "/ajax-api" + path)]
    for line in other.split("\n"):
        if line:
            method, path = line.split(" ", 1)
            routes.append((method, path))
    return routes


def _security(data: dict[str, Any]) -> Security:
    if unknown := set(data) - set(Security._fields):
        raise TypeError(f"security.{unknown.pop()}")
    return Security(
        allowed_hosts=tuple(data.get("allowed_hosts", "").split()),
        unchecked_paths=frozenset(data.get("unchecked_paths", "").split()),
        blocks_foreign_origins=data.get("blocks_foreign_origins", False),
        guarded=tuple(data.get("guarded", "/api/").split()),
        answers_foreign_origins=data.get("answers_foreign_origins", False),
        headers=tuple(_header(line) for line in data.get("headers", "").splitlines() if line),
    )


def _lists(table: dict[str, Any]) -> dict[str, Any]:
    """A table whose texts of several words are lists, as its dataclass wants them."""
    lists = {"prefixed", "tracking", "open_paths"}
    return {name: tuple(value.split()) if name in lists else value for name, value in table.items()}


def _pair(text: str) -> tuple[str, str]:
    first, _, second = text.partition(" ")
    return first, second


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()
