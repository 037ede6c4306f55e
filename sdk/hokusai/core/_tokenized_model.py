"""`TokenizedModel`: a version that belongs to a token, as every method about tokens returns it, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hokusai.core._keyed import Keyed
from hokusai.core._tokens import BASELINE_TAG, METRIC_TAG, TOKEN_TAG, check_token_tags
from hokusai.core._versions import ModelVersion

__all__ = ["EVENT_TAG", "PROPOSAL_TAG", "RUN_TAG", "SPEC_FIELDS", "STATE_TAG", "TokenizedModel", "read_tokenized"]

EVENT_TAG = "hokusai.event"
STATE_TAG = "hokusai.event_state"
PROPOSAL_TAG = "hokusai_proposal_identifier"
RUN_TAG = "mlflow_run_id"
SPEC_FIELDS = ("eval_spec", "scorer_ref", "primary_metric", "benchmark_spec_id")
"""What may be said about how a model is measured; each is the tag `hokusai.<name>` of version and run."""

_SITE = {"sent": "succeeded", "refused": "failed", "unknown": "failed", "pending": "skipped"}


@dataclass(frozen=True, slots=True)
class TokenizedModel(Keyed):
    """A version of a registered model that belongs to a token; answers `model.token_id` and `model["token_id"]` alike.

    `version` and `mlflow_version` are both MLflow's number, a string: such a version has no semantic version.
    `event_state` is that of the registration event: `pending` (not sent), `sent`, `refused`, or `unknown` (there was no
    answer, so that the site may have it); `None` for a version that another tool registered.
    """

    _further: ClassVar[tuple[str, ...]] = ("mlflow_version", "token_identifier", "event_emitted", "site_status_update")

    model_name: str
    version: str
    token_id: str
    metric_name: str
    baseline_value: float
    proposal_identifier: str
    mlflow_run_id: str | None
    model_uri: str
    status: str = "registered"
    tags: dict[str, str] = field(default_factory=dict)
    eval_spec: str | None = None
    scorer_ref: str | None = None
    primary_metric: str | None = None
    benchmark_spec_id: str | None = None
    event_state: str | None = None
    notification_response: dict[str, Any] | None = None
    """What the platform answered to the event, in the call that returned this."""
    notification_error: str | None = None
    """Why the event did not arrive, in the call that returned this."""

    @property
    def mlflow_version(self) -> str:
        """MLflow's number, the same as `version`."""
        return self.version

    @property
    def token_identifier(self) -> str:
        """The same as `token_id`."""
        return self.token_id

    @property
    def event_emitted(self) -> bool | None:
        """Whether the platform said that it emitted the event; `None` where nobody noted it."""
        return None if self.event_state is None else self.event_state == "sent"

    @property
    def site_status_update(self) -> str | None:
        """`succeeded`, `failed`, or `skipped` where the event was not sent; `None` where nobody noted it."""
        return _SITE.get(self.event_state or "")


def read_tokenized(version: ModelVersion, **notified: Any) -> TokenizedModel:
    """Make the result of a version as it stands in the registry; `RegistryException` names a missing or wrong tag."""
    tags: Mapping[str, str] = version.tags
    check_token_tags(tags)
    spec: dict[str, Any] = {name: tags.get(f"hokusai.{name}") for name in SPEC_FIELDS}
    return TokenizedModel(
        model_name=version.name,
        version=str(version.number),
        token_id=tags[TOKEN_TAG].upper(),
        metric_name=tags[METRIC_TAG],
        baseline_value=float(tags[BASELINE_TAG]),
        proposal_identifier=tags.get(PROPOSAL_TAG) or tags[TOKEN_TAG].upper(),
        mlflow_run_id=tags.get(RUN_TAG) or version.run_id,
        model_uri=version.source,
        status=tags.get("hokusai_status", "registered"),
        tags=dict(tags),
        event_state=tags.get(STATE_TAG),
        **spec,
        **notified,
    )
