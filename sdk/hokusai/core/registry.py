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
        """Resolve the configuration and check the connection once, bounded to 10 s."""
        api_key = hide(api_key)
        if auth is not None and not hasattr(auth, "api_key"):
            raise InvalidParameterError(f"auth must be a HokusaiAuth, not {type(auth).__name__}.")
        if not timeout > 0:
            raise InvalidParameterError(f"timeout must be a number of seconds above 0, not {timeout!r}.")
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
        """Log `model` and register it as a version of the registered model `model_name`.

        `model_type` and `model_name` are two names for the same thing. `model` is a `HokusaiModel`, a scikit-learn
        estimator, an `mlflow.pyfunc.PythonModel`, a callable, or a `runs:/` or `models:/` URI; without it the model
        logged to the run `mlflow_run_id` is registered. With both, the model is logged to that run. `metrics` default
        to the `HokusaiModel`'s own. The semantic version is `metadata["version"]`, else `model.version`, else the next
        minor after the highest, first 1.0.0; where it is taken, the next minor.

        Raises:
            InvalidParameterError: no name, two different names, nothing to register, a malformed value.
            MLflowAuthenticationError, MLflowConnectionError, RateLimitError: see `code` and `remedy`.
            RegistryException: the server refused, or the model cannot be saved.
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
        """Register `model` as an improvement of the registered model with the id `baseline_id`.

        It becomes a version of the same registered model as the baseline. `delta_metrics` are the improvements by
        metric name, `contributor` is the Ethereum address (0x and 40 hexadecimal digits) of whoever they are owed to.
        `model`, `metadata`, `metrics` and the semantic version are as in `register_baseline`. The baseline is read
        from the server: this does not fall back, unless the baseline (`local:...`) was kept by a fallback too.

        Raises:
            ModelNotFoundError: there is no such baseline; nothing was created.
            InvalidParameterError: a malformed address, no delta, what `register_baseline` refuses.
            MLflowAuthenticationError, MLflowConnectionError, RateLimitError: see `code` and `remedy`.
            RegistryException: the server refused, or the model cannot be saved.
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
        """Register the logged model `model_uri` for a token, and tell the platform of it (the registration event).

        `baseline_value` is the value of `metric_name` that improvements are measured against. The event goes once, for
        at most `notification_timeout` seconds, to `notification_api_endpoint`, else to this registry's API endpoint;
        the key goes only where it belongs. The proposal is the tag `proposal_identifier`, `proposal_ticker`,
        `canonical_identifier` or `ticker` of `additional_tags`, else the token. Never falls back to the local store; in
        local mode, and with `notify_site=False`, no event is sent and its state is `pending`.

        Raises:
            InvalidParameterError: a value the platform would refuse, or a model that belongs to no run (G10); nothing
                was registered.
            ConfigurationError: no key for the event (A01), or an endpoint that the key is not for; nothing registered.
            NotificationError: the model is registered (`mlflow_registered`, `result`), the event was not accepted;
                with `best_effort_notification` the result is returned instead, `event_emitted` False.
            MLflowAuthenticationError, MLflowConnectionError, RateLimitError, RegistryException: see `code`.
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

        Takes a result, or a model's name and a `version` (number or alias; else the latest tokenized one), also
        from another process. Registers nothing. The platform emits an event as often as it gets it.

        Raises:
            NotificationError: the event was not accepted, as in `register_tokenized_model`.
            ModelNotFoundError: no such version.
            RegistryException: the version keeps no event.
        """
        delivery = delivery_of(self._backend.settings, endpoint=notification_api_endpoint, seconds=notification_timeout)
        return renotify(self._backend, result_or_name, version, delivery)

    def get_tokenized_model(self, model_name: str, version: str | int | None = None) -> TokenizedModel:
        """Return a tokenized version by MLflow's number or an alias; the latest tokenized one when left out.

        Raises:
            ModelNotFoundError: no such model or version, or none that belongs to a token.
            RegistryException: the version lacks a token tag; the message names it.
        """
        return find_tokenized(self._backend, model_name, version)

    def list_models_by_token(self, token_id: str) -> list[TokenizedModel]:
        """Return all versions of all models that belong to a token, by model name and number; `[]` when there are none.

        Raises:
            InvalidParameterError: no valid token id.
        """
        return tokenized_by_token(self._backend, token_id)

    def get_model_by_id(self, model_id: str) -> ModelRegistryEntry:
        """Return the version with this id; one without an id of its own goes by `<name>/<MLflow's number>`.

        Raises:
            ModelNotFoundError: there is none; the message names the nearest id.
        """
        return entry_by_id(self._backend, model_id)

    def list_models_by_type(self, model_type: str) -> list[ModelRegistryEntry]:
        """Return all versions of the registered model `model_type`, oldest first; `[]` when there are none."""
        return entries_by_type(self._backend, model_type)

    def get_latest_model(self, model_type: str) -> ModelRegistryEntry | None:
        """Return the version of the alias `production`, else the highest; `None` when the model has no versions."""
        return latest_entry(self._backend, model_type)

    def get_model_lineage(self, model_id: str) -> ModelLineage:
        """Return what led to a model, oldest first: of a model id its baselines and itself, of a name all versions.

        Raises:
            ModelNotFoundError: neither an id nor a registered model's name.
        """
        return lineage_of(self._backend, model_id)

    def rollback_model(self, model_type: str, target_model_id: str) -> bool:
        """Make the version `target_model_id` the one in use: alias `production`, tags `lifecycle_stage`.

        `False`, and nothing is changed, when it is a version of another model.

        Raises:
            ModelNotFoundError: no version has this id.
        """
        return roll_back_to(self._backend, model_type, target_model_id)

    def delete_model_version(self, model_id: str) -> bool:
        """Delete the version with this id; `True` when it is gone. Works through gateways that drop DELETE bodies.

        Raises:
            ModelNotFoundError: no version has this id.
            AuthenticationError, AuthorizationError: the platform's own route refused the key.
        """
        return delete(self._backend, model_id)

    def update_model_tags(self, model_name: str, version: str | int, tags: Mapping[str, Any]) -> None:
        """Set tags of a version (semantic version, MLflow's number or alias); others stay. All are checked first.

        Raises:
            InvalidParameterError: a value that is neither text nor number, or one that Hokusai's own tag cannot have.
            ModelNotFoundError: no such version.
        """
        retag(self._backend, model_name, version, tags)

    @staticmethod
    def validate_hokusai_tags(tags: Mapping[str, Any]) -> bool:
        """Return `True` when `tags` make a valid tokenized model: token, metric and baseline value.

        Raises:
            RegistryException: the message names the tag that is missing or wrong.
        """
        if not isinstance(tags, Mapping):
            raise InvalidParameterError(f"tags must be a dict, not {type(tags).__name__}.")
        check_token_tags(tags)
        return True

    @staticmethod
    def validate_token_id(token_id: str) -> bool:
        """Return `True` for a valid token id: 1 to 64 of `A-Za-z0-9-`, no hyphen at its ends.

        Raises:
            InvalidParameterError: it is none; the message says why.
        """
        normalized(token_id)
        return True

    @staticmethod
    def normalize_token_id(token_id: str) -> str:
        """Return a token id as it is stored, in upper case; raises what `validate_token_id` raises."""
        return normalized(token_id)

    def __repr__(self) -> str:
        backend: Backend | None = getattr(self, "_backend", None)
        if backend is None:  # tracebacks show objects whose constructor has failed, too
            return "ModelRegistry()"
        return f"ModelRegistry(tracking_uri={backend.settings.tracking_uri!r}, mode={backend.settings.mode!r})"


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
