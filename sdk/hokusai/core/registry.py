"""`ModelRegistry`: the documented methods. The work is elsewhere.

Registering in `_registration.py`, tokens in `_tokenized.py`, reading in `_reads.py` and `_lineage.py`, changing in
`_changes.py`. No method here calls another: they share those functions, so that one broken promise shows as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hokusai import _mlflow
from hokusai._backend import Backend, Status
from hokusai.auth._key import hide
from hokusai.auth.hokusai_auth import HokusaiAuth
from hokusai.config._resolver import Mode, resolve
from hokusai.core._changes import delete, retag, roll_back_to
from hokusai.core._entry import ModelRegistryEntry
from hokusai.core._improved import improved_order, register_improved
from hokusai.core._lineage import ModelLineage, lineage_of
from hokusai.core._notifying import delivery_of
from hokusai.core._order import Order
from hokusai.core._reads import entries_by_type, entry_by_id, latest_entry
from hokusai.core._registration import register
from hokusai.core._tokenized import (
    TokenOrder,
    find_tokenized,
    register_tokenized,
    renotify,
    tokenized_by_token,
)
from hokusai.core._tokenized_model import TokenizedModel
from hokusai.core._tokens import check_token_tags, normalized
from hokusai.exceptions import InvalidParameterError, RegistryException

__all__ = ["ModelLineage", "ModelRegistry", "ModelRegistryEntry", "RegistryException", "TokenizedModel"]


class ModelRegistry:
    """The registry of models at one MLflow server.

    What is not given is resolved: `setup()`, environment, configuration file, default. `mode="online"` never falls
    back to the local store, `mode="local"` never leaves it, `None` goes by `HOKUSAI_MOCK_MODE` and
    `HOKUSAI_OPTIONAL_MLFLOW`.
    `timeout` bounds the SDK's own HTTP calls in seconds; MLflow's calls obey MLflow's variables.

    Raises:
        ConfigurationError: no key where one is needed (A01), an unusable key (A14) or URI (B08); nothing was sent.
        MLflowAuthenticationError: the server refused the key (`code` says why: A03, A05, ...).
        MLflowConnectionError: the server was not reached within 10 s, where falling back is not allowed.
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        api_key: str | None = None,
        api_endpoint: str | None = None,
        auth: HokusaiAuth | None = None,
        *,
        timeout: float = 30.0,
        mode: Mode | None = None,
    ) -> None:
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
        api_key = hide(api_key)
        if auth is not None and not hasattr(auth, "api_key"):
            raise InvalidParameterError(f"auth must be a HokusaiAuth, not {type(auth).__name__}.")
        _check_timeout(timeout)
        key = api_key if api_key is not None else getattr(auth, "api_key", None)
        endpoint = api_endpoint if api_endpoint is not None else getattr(auth, "api_endpoint", None)
        settings = resolve(tracking_uri, key, endpoint, mode=mode, timeout=timeout)
        _mlflow.require()
        self._backend = Backend(settings)
        if tracking_uri is not None and settings.mode == "online":
            _mlflow.set_tracking_uri(settings.tracking_uri)
        self._backend.check()

    @property
    def tracking_uri(self) -> str:
        """The tracking URI that reads go to."""
        return self._backend.uri

    @property
    def status(self) -> Status:
        """`mode`, `degraded`, `cause` and `store`, as of the last connection check."""
        return self._backend.status

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
        name, parameter = _one_name(model_type, model_name)
        order = Order.checked(name, parameter, model, run_id=mlflow_run_id, metadata=metadata, metrics=metrics)
        return register(self._backend, order, model)

    def register_improved_model(
        self,
        model: Any,
        baseline_id: str,
        delta_metrics: Mapping[str, float],
        contributor: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
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
        order = improved_order(model, baseline_id, delta_metrics, contributor, metadata=metadata, metrics=metrics)
        return register_improved(self._backend, order, model, baseline_id)

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

        Note:
            Without a key for the event (A01), or with an endpoint that the key is not for, it raises
            `ConfigurationError` before anything is registered.
        """
        order = TokenOrder.checked(
            model_uri=model_uri,
            model_name=model_name,
            token_id=token_id,
            metric_name=metric_name,
            baseline_value=baseline_value,
            additional_tags=additional_tags,
            api_schema=api_schema,
            eval_spec=eval_spec,
            scorer_ref=scorer_ref,
            primary_metric=primary_metric,
            benchmark_spec_id=benchmark_spec_id,
        )
        delivery = delivery_of(
            self._backend.settings,
            endpoint=notification_api_endpoint,
            seconds=notification_timeout,
            best_effort=best_effort_notification,
            wanted=notify_site,
        )
        return register_tokenized(self._backend, order, delivery)

    def renotify(
        self,
        result_or_name: TokenizedModel | str,
        version: str | int | None = None,
        *,
        notification_timeout: float = 10.0,
        notification_api_endpoint: str | None = None,
    ) -> TokenizedModel:
        """Send the registration event of a tokenized version again, from the version's tags alone.

        Takes a result of `register_tokenized_model`, or a model's name with a `version` (MLflow's number or an alias;
        without one the latest tokenized version). Registers nothing, and works from another process too.

        Raises:
            NotificationError: the event was not accepted, as in `register_tokenized_model`.
            ModelNotFoundError: there is no such model or version.
            RegistryException: the version keeps no event.
        """
        delivery = delivery_of(self._backend.settings, endpoint=notification_api_endpoint, seconds=notification_timeout)
        return renotify(self._backend, result_or_name, version, delivery)

    def get_tokenized_model(self, model_name: str, version: str | int | None = None) -> TokenizedModel:
        """Return a tokenized version, by MLflow's number or an alias; the latest without `version`.

        Raises:
            ModelNotFoundError: there is no such model or version.
            RegistryException: the version lacks a token tag; the message names it.
        """
        return find_tokenized(self._backend, model_name, version)

    def list_models_by_token(self, token_id: str) -> list[TokenizedModel]:
        """Return every version of every model that belongs to a token; `[]` when there is none.

        `token_id` in any case. Versions without token tags are skipped, never fatal; all pages are read.

        Raises:
            InvalidParameterError: an invalid token id.
            MLflowConnectionError: an outage; it never looks like "no models".
        """
        return tokenized_by_token(self._backend, token_id)

    def get_model_by_id(self, model_id: str) -> ModelRegistryEntry:
        """Return the version with this `model_id`, of whatever model.

        Raises:
            ModelNotFoundError: there is none; never None.
        """
        return entry_by_id(self._backend, model_id)

    def list_models_by_type(self, model_type: str) -> list[ModelRegistryEntry]:
        """Return every version of the registered model `model_type`, oldest first; `[]` when there is none.

        Raises:
            MLflowConnectionError: an outage; it never looks like "no models".
        """
        return entries_by_type(self._backend, model_type)

    def get_latest_model(self, model_type: str) -> ModelRegistryEntry | None:
        """Return the version of the alias `production`, else the highest semantic version; None when there is none.

        Raises:
            MLflowConnectionError: an outage; it never looks like "no models".
        """
        return latest_entry(self._backend, model_type)

    def get_model_lineage(self, model_id: str) -> ModelLineage:
        """Return what led to a model, oldest first.

        Of a `model_id`: its baseline's baseline and so on, then itself. Of a registered model's name: all its versions.

        Raises:
            ModelNotFoundError: it is neither.
        """
        return lineage_of(self._backend, model_id)

    def rollback_model(self, model_type: str, target_model_id: str) -> bool:
        """Put the version `target_model_id` into use again.

        The alias `production` points at it afterwards; it has the tag `lifecycle_stage` `Production`, the version that
        was in use `Archived`. False, and nothing changed, when it is a version of another model.

        Raises:
            ModelNotFoundError: no version has this id.
        """
        return roll_back_to(self._backend, model_type, target_model_id)

    def delete_model_version(self, model_id: str) -> bool:
        """Delete the version with this id and return True.

        Where the gateway loses the body of MLflow's DELETE (400, `Missing value for required parameter`), it is deleted
        by the platform's own route `DELETE <endpoint>/models/<name>/<version>`.

        Raises:
            ModelNotFoundError: no version has this id.
        """
        return delete(self._backend, model_id)

    def update_model_tags(self, model_name: str, version: str | int, tags: Mapping[str, Any]) -> None:
        """Set `tags` of a version (a semantic version, MLflow's number or an alias); its other tags stay.

        Raises:
            InvalidParameterError: tags that MLflow or Hokusai cannot have; none was set.
            ModelNotFoundError: there is no such model or version.
        """
        retag(self._backend, model_name, version, tags)

    @staticmethod
    def validate_hokusai_tags(tags: Mapping[str, Any]) -> bool:
        """Return True when `tags` hold a valid `hokusai_token_id`, `benchmark_metric` and `benchmark_value`.

        Raises:
            RegistryException: the message names the tag that is missing or wrong.
        """
        if not isinstance(tags, Mapping):
            raise InvalidParameterError(f"tags must be a dict, not {type(tags).__name__}.")
        check_token_tags(tags)
        return True

    @staticmethod
    def validate_token_id(token_id: str) -> bool:
        """Return True for a valid token id: 1 to 64 of `A-Za-z0-9-`, no hyphen at the ends.

        Raises:
            InvalidParameterError: it is none (also a `ValueError`).
        """
        normalized(token_id)
        return True

    @staticmethod
    def normalize_token_id(token_id: str) -> str:
        """Return a token id as it is stored: in upper case. Raises what `validate_token_id` raises."""
        return normalized(token_id)

    def __repr__(self) -> str:
        backend: Backend | None = getattr(self, "_backend", None)
        if backend is None:  # tracebacks show objects whose constructor has failed, too
            return "ModelRegistry()"
        return f"ModelRegistry(tracking_uri={backend.settings.tracking_uri!r}, mode={backend.settings.mode!r})"


def _check_timeout(timeout: object) -> None:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
        raise InvalidParameterError(f"timeout must be a number of seconds above 0, not {timeout!r}.")


def _one_name(model_type: str | None, model_name: str | None) -> tuple[str, str]:
    """Return the registered model's name and the parameter that gave it."""
    if model_type is not None and model_name is not None and model_type != model_name:
        raise InvalidParameterError(
            f"model_type={model_type!r} and model_name={model_name!r} are two names for the same thing: give one."
        )
    if model_name is not None:
        return model_name, "model_name"
    if model_type is not None:
        return model_type, "model_type"
    raise InvalidParameterError("The model needs a name: pass model_name (or model_type).")
