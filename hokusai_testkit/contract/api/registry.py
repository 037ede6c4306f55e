"""Registering models, reading and changing what is registered: `ModelRegistry`. What it returns is in `results`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from typing_extensions import overload

from hokusai_testkit.contract.api.own import OwnTokenizedModel
from hokusai_testkit.contract.api.results import ModelLineage, ModelRegistryEntry, TokenizedModel

__all__ = [
    "ModelRegistry",
    "ModelRegistryClass",
]

Mode = Literal["online", "local"]


class ModelRegistry(Protocol):
    """Registers models with the platform. Documented import: `from hokusai import ModelRegistry`."""

    @overload
    def register_baseline(
        self,
        model: Any,
        model_type: str,
        model_name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        metrics: Mapping[str, float] | None = None,
        mlflow_run_id: str | None = None,
    ) -> ModelRegistryEntry: ...
    @overload
    def register_baseline(
        self,
        model: Any,
        *,
        model_name: str,
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        mlflow_run_id: str | None = None,
    ) -> ModelRegistryEntry: ...
    @overload
    def register_baseline(
        self,
        *,
        model_name: str,
        mlflow_run_id: str,
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> ModelRegistryEntry: ...
    @overload
    def register_baseline(
        self,
        *,
        model_type: str,
        mlflow_run_id: str,
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> ModelRegistryEntry: ...
    def register_baseline(
        self,
        model: Any = None,
        model_type: str | None = None,
        model_name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        metrics: Mapping[str, float] | None = None,
        mlflow_run_id: str | None = None,
    ) -> ModelRegistryEntry:
        """Log a model's artifact, register it as a new version, and return that version.

        `model` is a `HokusaiModel`, any object that MLflow can log (a scikit-learn estimator, a
        `mlflow.pyfunc.PythonModel`, a callable), or a `runs:/` or `models:/` URI; without it `mlflow_run_id` names the
        run that already holds the artifact. `model_type` and `model_name` are two names for the registered model.

        The artifact is really logged and the version points at it with its run id, so that servers with the strict
        source rule accept it (MLflow 3.17 and newer) and `predict_batch` can load it. The semantic version is
        `metadata["version"]`, else `model.version`, else the next minor after the highest, first `1.0.0`; it is written
        as the version's tag `version`.

        With both `model` and `mlflow_run_id` the model is logged to that run, which stays as it is. `metrics` default
        to the `HokusaiModel`'s own. Of versions that are registered at the same time each gets a semantic version of
        its own: the lower MLflow number keeps it, the other takes the next.

        Registering is resumable. Run and version have the tag `hokusai.registration_id`; when the server fails in the
        middle, or the process dies, what was sent stays, and the same call made again, by whatever process of the
        user, goes on where it broke off and makes nothing twice. The error names what exists, what is missing, and how
        to go on. The same call is: the same method, tracking URI, name, URI or run id, metadata, metrics, wish for a
        version, and a model of the same content. Where nothing broke off, an equal call makes a new version.

        Raises:
            InvalidParameterError: no name; neither `model` nor `mlflow_run_id`; `model_type` and `model_name` with
                different values; a malformed value. Nothing was created.
            MLflowAuthenticationError: 401 or 403, with `code`, `status_code` and `remedy`.
            MLflowConnectionError: the server cannot be reached or fails, where falling back is not allowed.
            RateLimitError: too many requests; `retry_after` says how long to wait.
            RegistryException: the server refused, or the model cannot be saved.

        Source: ISSUE-2.
        """

    def register_improved_model(
        self, model: Any, baseline_id: str, delta_metrics: Mapping[str, float], contributor: str
    ) -> ModelRegistryEntry:
        """Register `model` as an improvement of the registered version whose `model_id` is `baseline_id`.

        It becomes a version of the model that the baseline belongs to, with an id of its own and the next semantic
        version by the rule of `register_baseline`. `delta_metrics` are the gains by metric name; `contributor` is the
        Ethereum address of whoever contributed (`0x` and 40 hexadecimal digits), kept as it was given. The version gets
        the tags of `register_baseline`, with `is_baseline` `false`, and `baseline_id`, `delta_metrics` (a JSON object)
        and `contributor_address`. The baseline is read from the server: an outage raises, it never looks like a
        baseline that does not exist. It is resumable as `register_baseline` is. Source: `platform.md` 3.3.

        Raises:
            InvalidParameterError: `contributor` is no such address, or `delta_metrics` are no finite numbers; nothing
                was created.
            ModelNotFoundError: no version has this id; nothing was created.
            MLflowAuthenticationError: 401 or 403 of the tracking side.
            MLflowConnectionError: the tracking side cannot be reached or fails.
        """

    def register_tokenized_model(  # noqa: PLR0917 - as documented
        self,
        model_uri: str,
        model_name: str,
        token_id: str,
        metric_name: str,
        baseline_value: float,
        additional_tags: Mapping[str, Any] | None = None,
        *,
        eval_spec: str | None = None,
        scorer_ref: str | None = None,
        primary_metric: str | None = None,
        benchmark_spec_id: str | None = None,
        notify_site: bool = True,
        best_effort_notification: bool = False,
        notification_timeout: float = 10.0,
        api_schema: Mapping[str, Any] | None = None,
        notification_api_endpoint: str | None = None,
    ) -> TokenizedModel:
        """Register a logged model for a token, then tell the platform: the registration event.

        `model_uri` is a `runs:/` or `models:/` URI; its run is resolved, or the call refused, before anything is
        registered, and passed with the version. The version gets the tags `hokusai_token_id` (upper case),
        `benchmark_metric`, `benchmark_value`, `hokusai_status` (`registered`), `hokusai_proposal_identifier`,
        `mlflow_run_id`, `hokusai.eval_spec` and the like for what was given, and `additional_tags`. The proposal is
        the additional tag `proposal_identifier`, `proposal_ticker`, `canonical_identifier` or `ticker`, else the token.

        The event is one POST to `<endpoint>/models/tokenized-registration-events` with the key as bearer token, for at
        most `notification_timeout` seconds; `<endpoint>` is `notification_api_endpoint`, else the registry's own, with
        `/api` added where it does not end in it. It is kept in the tag `hokusai.event` (canonical JSON), its state in
        `hokusai.event_state`: `pending` before it is sent, then `sent`, `refused`, or `unknown` after a time-out, when
        the site may have it. With `notify_site=False`, and in local mode, none is sent: `event_emitted` is False and
        the state `pending`. It never falls back to the local store.

        Raises:
            InvalidParameterError: a parameter that is missing, blank or of another kind, an invalid token id, a
                `baseline_value` that is no finite number, a model that belongs to no run; nothing was registered.
            NotificationError: the version is registered (`mlflow_registered`), the event was not accepted;
                `status_code`, `response_body` and `result` say more. With `best_effort_notification` the result is
                returned instead, with `event_emitted` False and `notification_error`.
            MLflowAuthenticationError: 401 or 403 of the tracking side.
            MLflowConnectionError: the tracking side cannot be reached or fails.
        """

    def renotify(self, result_or_name: OwnTokenizedModel, version: str | int | None = None) -> TokenizedModel:
        """Send the registration event of a tokenized version again, from the version's tags alone.

        Takes a result of `register_tokenized_model`, or a model's name with a `version` (MLflow's number or an alias;
        without one the latest tokenized version). Registers nothing, and works from another process too.

        Raises:
            NotificationError: the event was not accepted, as in `register_tokenized_model`.
            ModelNotFoundError: there is no such model or version.
            RegistryException: the version keeps no event.
        """

    def get_tokenized_model(self, model_name: str, version: str | int | None = None) -> TokenizedModel:
        """Return a tokenized version, by MLflow's number or an alias; the latest without `version`.

        Raises:
            ModelNotFoundError: there is no such model or version.
            RegistryException: the version lacks a token tag; the message names it.
        """

    def list_models_by_token(self, token_id: str) -> Sequence[TokenizedModel]:
        """Return every version of every model that belongs to a token; `[]` when there is none.

        `token_id` in any case. Versions without token tags are skipped, never fatal; all pages are read.

        Raises:
            InvalidParameterError: an invalid token id.
            MLflowConnectionError: an outage; it never looks like "no models".
        """

    def get_model_by_id(self, model_id: str) -> ModelRegistryEntry:
        """Return the version with this `model_id`, of whatever model.

        Raises:
            ModelNotFoundError: there is none; never None.
        """

    def list_models_by_type(self, model_type: str) -> Sequence[ModelRegistryEntry]:
        """Return every version of the registered model `model_type`, oldest first; `[]` when there is none.

        Raises:
            MLflowConnectionError: an outage; it never looks like "no models".
        """

    def get_latest_model(self, model_type: str) -> ModelRegistryEntry | None:
        """Return the version of the alias `production`, else the highest semantic version; None when there is none.

        Raises:
            MLflowConnectionError: an outage; it never looks like "no models".
        """

    def get_model_lineage(self, model_id: str) -> ModelLineage:
        """Return what led to a model, oldest first.

        Of a `model_id`: its baseline's baseline and so on, then itself. Of a registered model's name: all its versions.

        Raises:
            ModelNotFoundError: it is neither.
        """

    def rollback_model(self, model_type: str, target_model_id: str) -> bool:
        """Put the version `target_model_id` into use again.

        The alias `production` points at it afterwards; it has the tag `lifecycle_stage` `Production`, the version that
        was in use `Archived`. False, and nothing changed, when it is a version of another model.

        Raises:
            ModelNotFoundError: no version has this id.
        """

    def delete_model_version(self, model_id: str) -> bool:
        """Delete the version with this id and return True.

        Where the gateway loses the body of MLflow's DELETE (400, `Missing value for required parameter`), it is deleted
        by the platform's own route `DELETE <endpoint>/models/<name>/<version>`.

        Raises:
            ModelNotFoundError: no version has this id.
        """

    def update_model_tags(self, model_name: str, version: str | int, tags: Mapping[str, Any]) -> None:
        """Set `tags` of a version (a semantic version, MLflow's number or an alias); its other tags stay.

        Raises:
            InvalidParameterError: tags that MLflow or Hokusai cannot have; none was set.
            ModelNotFoundError: there is no such model or version.
        """

    def validate_hokusai_tags(self, tags: Mapping[str, Any]) -> bool:
        """Return True when `tags` hold a valid `hokusai_token_id`, `benchmark_metric` and `benchmark_value`.

        Raises:
            RegistryException: the message names the tag that is missing or wrong.
        """

    def validate_token_id(self, token_id: str) -> bool:
        """Return True for a valid token id: 1 to 64 of `A-Za-z0-9-`, no hyphen at the ends.

        Raises:
            InvalidParameterError: it is none (also a `ValueError`).
        """

    def normalize_token_id(self, token_id: str) -> str:
        """Return a token id as it is stored: in upper case. Raises what `validate_token_id` raises."""


class ModelRegistryClass(Protocol):
    """The class `ModelRegistry` itself."""

    def __call__(
        self,
        tracking_uri: str | None = None,
        api_key: str | None = None,
        api_endpoint: str | None = None,
        auth: Any = None,
        *,
        timeout: float = 30.0,
        mode: Mode | None = None,
    ) -> ModelRegistry:
        """Connect to a registry.

        What is not given comes from `setup()`, then the environment (`HOKUSAI_API_KEY`, `HOKUSAI_API_ENDPOINT`,
        `MLFLOW_TRACKING_URI`), then a configuration file, then the documented default. One key is enough for
        everything. `timeout` is in seconds and bounds the SDK's own HTTP calls. `mode="online"` never falls back,
        `mode="local"` needs neither network nor key, None goes by the environment.

        The connection is checked once, for 10 s at most, so that making a registry never hangs.

        Raises:
            ConfigurationError: no key for a Hokusai tracking URI (A01), an unusable key (A14) or URI (B08), a variable
                that cannot work (A12, C13, F05); nothing was sent.
            MLflowAuthenticationError: the server refused the key; `code` says why (A03, A05, ...).
            MLflowConnectionError: the server was not reached, where falling back is not allowed.
        """
