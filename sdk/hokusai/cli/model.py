"""`hokusai model`: register a model for a token, and see what is registered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hokusai.cli._connection import Connection, connection_options
from hokusai.cli._output import Output, json_option
from hokusai.cli._progress import progress_for

if TYPE_CHECKING:
    from hokusai.core._tokenized_model import TokenizedModel
    from hokusai.core._versions import ModelVersion
    from hokusai.core.registry import ModelRegistry

__all__ = ["command"]


@click.group("model", short_help="Register models, and see what is registered.")
def command() -> None:
    """Register models, and see what is registered."""


# --- register ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be registered."""

    path: Path
    name: str
    token_id: str
    metric: str
    baseline: float
    tags: dict[str, str]
    spec: dict[str, Any]
    notify: bool
    best_effort: bool


@command.command("register")
@click.option("--token-id", required=True, metavar="TOKEN", help="The token: 1-64 letters, digits and hyphens.")
@click.option(
    "--model-path",
    required=True,
    type=click.Path(exists=True, readable=True, path_type=Path),
    help="An MLflow model folder, a pickle (.pkl, .joblib), or any other file or folder.",
)
@click.option("--metric", required=True, metavar="NAME", help="The metric that improvements are measured by.")
@click.option("--baseline", required=True, type=float, metavar="NUMBER", help="Its value for this model.")
@click.option("--model-name", metavar="NAME", help="The registered model. [default: hokusai-<token id>]")
@click.option("--proposal-identifier", metavar="ID", help="The proposal. [default: the token id]")
@click.option("--eval-spec", metavar="TEXT", help="How the model is evaluated.")
@click.option("--scorer-ref", metavar="TEXT", help="What scores it.")
@click.option("--primary-metric", metavar="NAME", help="The metric that counts most.")
@click.option("--benchmark-spec-id", metavar="ID", help="The benchmark.")
@click.option("--no-notify-site", is_flag=True, help="Register without sending the registration event.")
@click.option("--best-effort-notification", is_flag=True, help="Succeed, too, when the event is not accepted.")
@json_option
@connection_options
def register(output: Output, connection: Connection, **options: Any) -> None:
    """Upload a model and register it for a token, then tell the platform of it.

    The model is uploaded to an MLflow run of its own. When the model is registered but its event is refused, the exit
    code is 1 and the message says how to send it again; registering again would make another version.
    """
    wish = _wish(options)
    _check(wish)
    registry = connection.registry(output)
    output.say(f"Uploading model artifact from {wish.path}...")
    uri = _upload(output, registry, wish)
    output.say(f"Registering {wish.name} for the token {wish.token_id}...")
    made = registry.register_tokenized_model(
        uri,
        wish.name,
        wish.token_id,
        wish.metric,
        wish.baseline,
        wish.tags,
        notify_site=wish.notify,
        best_effort_notification=wish.best_effort,
        **wish.spec,
    )
    _show_registered(output, made)


def _wish(options: dict[str, Any]) -> _Wish:
    token = options["token_id"]
    proposal = options["proposal_identifier"]
    return _Wish(
        path=options["model_path"],
        name=options["model_name"] or f"hokusai-{token}",
        token_id=token,
        metric=options["metric"],
        baseline=options["baseline"],
        tags={"proposal_identifier": proposal} if proposal else {},
        spec={name: options[name] for name in ("eval_spec", "scorer_ref", "primary_metric", "benchmark_spec_id")},
        notify=not options["no_notify_site"],
        best_effort=options["best_effort_notification"],
    )


def _check(wish: _Wish) -> None:
    """Refuse what would be refused after the upload: a wrong option is an error of usage."""
    from hokusai.core._tokenized import TokenOrder  # noqa: PLC0415 - not for `--help`
    from hokusai.exceptions import InvalidParameterError  # noqa: PLC0415

    try:
        TokenOrder.checked(
            model_uri=f"runs:/{'0' * 32}/model",
            model_name=wish.name,
            token_id=wish.token_id,
            metric_name=wish.metric,
            baseline_value=wish.baseline,
            additional_tags=wish.tags,
            **wish.spec,
        )
    except InvalidParameterError as error:
        raise click.UsageError(f"{error.message} {error.remedy or ''}".strip()) from error


def _upload(output: Output, registry: ModelRegistry, wish: _Wish) -> str:
    from hokusai.core._model_files import model_files, upload  # noqa: PLC0415

    params = {"token_id": wish.token_id.upper(), "metric_name": wish.metric, "baseline_value": str(wish.baseline)}
    with model_files(wish.path) as model:
        if not model.loadable:
            output.note(f"{wish.path} is no MLflow model and no pickle: predict_batch will not be able to load it")
        progress = progress_for(output, "Uploading")
        progress.begin(model.size())
        try:
            return upload(registry._backend, model, wish.name, params, progress.advance)
        finally:
            progress.end()


def _show_registered(output: Output, made: TokenizedModel) -> None:
    output.say("Model registration complete.")
    _rows(
        output,
        {
            "Model name": made.model_name,
            "Version": made.version,
            "Token ID": made.token_id,
            "Proposal ID": made.proposal_identifier,
            "MLflow run ID": made.mlflow_run_id,
            "Status": made.status,
            "Event": _event(made.event_state, made.model_name, made.version),
        },
    )
    if made.notification_error:
        output.note(made.notification_error)
    output.result({key: made[key] for key in sorted(made.keys())})


# --- list and status --------------------------------------------------------------------------------------------------


@command.command("list")
@click.option("--token-id", metavar="TOKEN", help="Only models of this token.")
@json_option
@connection_options
def list_models(output: Output, connection: Connection, token_id: str | None) -> None:
    """List the registered models, each with its latest version."""
    registry = connection.registry(output)
    rows = [_row(versions) for versions in _models(registry, token_id)]
    output.result({"models": rows})
    if not rows:
        output.say(f"No model is registered{f' for the token {token_id}' if token_id else ''}.")
        return
    head = ("NAME", "VERSION", "VERSIONS", "TOKEN", "METRIC", "EVENT")
    output.table(head, [(*(str(row[name.lower()] or "-") for name in head),) for row in rows])


def _models(registry: ModelRegistry, token_id: str | None) -> list[list[ModelVersion]]:
    """Return the versions of every model, by name; with a token only those that belong to it."""
    from hokusai.core._tokens import TOKEN_TAG, normalized  # noqa: PLC0415
    from hokusai.core._versions import search_versions  # noqa: PLC0415

    token = None if token_id is None else normalized(token_id)
    with registry._backend.calling("list the models"):
        found = search_versions(registry._backend.client, "")
    models: dict[str, list[ModelVersion]] = {}
    for version in found:
        if token is None or version.tags.get(TOKEN_TAG, "").upper() == token:
            models.setdefault(version.name, []).append(version)
    return [models[name] for name in sorted(models)]


def _row(versions: list[ModelVersion]) -> dict[str, Any]:
    from hokusai.core._versions import latest  # noqa: PLC0415

    newest = latest(versions) or versions[-1]
    facts = _facts(newest)
    metric = f"{facts['metric']} = {facts['baseline']}" if facts["metric"] else None
    return {
        "name": facts["name"],
        "version": facts["version"],
        "mlflow_version": facts["mlflow_version"],
        "versions": len(versions),
        "token": facts["token_id"],
        "metric": metric,
        "event": facts["event_state"],
    }


@command.command("status")
@click.argument("name", required=False)
@click.option("--model-name", metavar="NAME", help="The same as NAME.")
@click.option("--token-id", metavar="TOKEN", help="The newest model of this token, where no name is given.")
@click.option("--version", metavar="V", help="Semantic version, MLflow number or alias. [default: the latest]")
@json_option
@connection_options
def status(output: Output, connection: Connection, name: str | None, **options: str | None) -> None:
    """Show a registered model: its version, token, run, and what became of its registration event."""
    wanted, token, version = name or options["model_name"], options["token_id"], options["version"]
    if (wanted is None) == (token is None) or (name and options["model_name"] not in (None, name)):
        raise click.UsageError("name one model: hokusai model status NAME, or --token-id TOKEN")
    if token is not None and version is not None:
        raise click.UsageError("--version goes with a model's name")
    registry = connection.registry(output)
    found = _of_token(registry, token) if token is not None else _of_name(registry, str(wanted), version)
    facts = _facts(found)
    output.result(facts)
    _rows(
        output,
        {
            "Model name": facts["name"],
            "Version": facts["version"],
            "MLflow version": facts["mlflow_version"],
            "Model ID": facts["model_id"],
            "Token ID": facts["token_id"],
            "Metric": f"{facts['metric']} = {facts['baseline']}" if facts["metric"] else None,
            "MLflow run ID": facts["mlflow_run_id"],
            "Source": facts["source"],
            "Status": facts["status"],
            "Registered": facts["registered"],
            "Event": _event(facts["event_state"], facts["name"], facts["mlflow_version"]),
        },
    )


def _of_name(registry: ModelRegistry, name: str, version: str | None) -> ModelVersion:
    from hokusai.core._versions import check_name, find_version  # noqa: PLC0415

    with registry._backend.calling(f"read the model {name!r}"):
        return find_version(registry._backend.client, check_name(name, "NAME"), version, "--version")


def _of_token(registry: ModelRegistry, token_id: str) -> ModelVersion:
    from hokusai.exceptions import ModelNotFoundError  # noqa: PLC0415

    found = [version for versions in _models(registry, token_id) for version in versions]
    if not found:
        raise ModelNotFoundError(
            message=f"No model is registered for the token {token_id.upper()}.",
            code="E04",
            remedy="See which there are: hokusai model list.",
        )
    return max(found, key=lambda version: version.created)


def _facts(version: ModelVersion) -> dict[str, Any]:
    from hokusai.core._reads import entry_of  # noqa: PLC0415
    from hokusai.core._tokenized_model import STATE_TAG  # noqa: PLC0415
    from hokusai.core._tokens import BASELINE_TAG, METRIC_TAG, TOKEN_TAG  # noqa: PLC0415

    entry = entry_of(version)
    return {
        "name": version.name,
        "version": entry.version,
        "mlflow_version": entry.mlflow_version,
        "model_id": entry.model_id,
        "token_id": version.tags.get(TOKEN_TAG),
        "metric": version.tags.get(METRIC_TAG),
        "baseline": version.tags.get(BASELINE_TAG),
        "metrics": entry.metrics,
        "mlflow_run_id": version.run_id,
        "source": version.source,
        "status": "deprecated" if version.tags.get("deprecated") == "true" else "registered",
        "registered": None if entry.timestamp is None else entry.timestamp.isoformat(timespec="seconds"),
        "event_state": version.tags.get(STATE_TAG),
        "tags": version.tags,
    }


def _event(state: str | None, name: str, version: str) -> str | None:
    """Say what became of a registration event, and how to send it where it has not arrived."""
    if state is None or state == "sent":
        return state
    return f"{state}; to send it: ModelRegistry().renotify({name!r}, {version!r})"


def _rows(output: Output, facts: dict[str, str | None]) -> None:
    width = max(len(name) for name in facts) + 2
    for name, value in facts.items():
        if value is not None:
            output.say(f"  {name + ':':{width}}{value}")
