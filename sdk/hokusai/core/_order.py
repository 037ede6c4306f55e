"""What a call wants to have registered: checked, written down as JSON, and recognized when it is made again.

Everything here is decided without a server. Carrying an order out is `_registration.py`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hokusai.core import _sources
from hokusai.core._content import content_of
from hokusai.core._packaging import check_loggable
from hokusai.core._versions import Part, Version, check_name
from hokusai.core.models import HokusaiModel
from hokusai.exceptions import InvalidParameterError

__all__ = ["Order", "checked_metadata", "checked_metrics", "digest_of"]

_TAG_LIMIT = 5000
"""Characters of a tag's value that every MLflow server accepts (2.9.2 refuses more)."""


@dataclass(frozen=True, slots=True)
class Order:
    """A checked wish to register: what, under which name, with which version. The model itself is not in it."""

    name: str
    kind: str = "baseline"
    """The documented call: `baseline`, `improved`, `version` or `tokenized`."""
    uri: str | None = None
    """What is registered, where it is logged already and `run_id` does not say it all."""
    run_id: str | None = None
    """The caller's run: a saved model is logged to it; without one, what it holds is registered."""
    model_id: str | None = None
    """The model's own id; `None` to make one up."""
    metadata: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    version: Version | None = None
    """The version asked for; where it is taken, the next free one is used, unless `exact`."""
    exact: bool = False
    part: Part = "minor"
    numbered: bool = True
    """Whether it gets a semantic version and the tags of an entry; tokenized models do not."""
    tags: dict[str, str] = field(default_factory=dict)
    """Further tags of the version."""

    @classmethod
    def checked(
        cls,
        name: object,
        parameter: str,
        model: object,
        *,
        run_id: object = None,
        metadata: object = None,
        metrics: object = None,
    ) -> Order:
        """Check everything that can be checked without a server; `InvalidParameterError` names the parameter."""
        checked_name = check_name(name, parameter)
        if model is None and run_id is None:
            raise InvalidParameterError("There is nothing to register: pass model, or mlflow_run_id.")
        if run_id is not None and (not isinstance(run_id, str) or not run_id.strip()):
            raise InvalidParameterError(f"mlflow_run_id must be a run id, not {run_id!r}.")
        if isinstance(model, str):
            _sources.check_uri(model)
        elif model is not None:
            check_loggable(model)
        own = model if isinstance(model, HokusaiModel) else None
        details = checked_metadata(metadata)
        return cls(
            name=checked_name,
            uri=model if isinstance(model, str) else None,
            run_id=run_id,
            model_id=str(own.model_id) if own is not None and own.model_id else None,
            metadata=details,
            metrics=checked_metrics(own.get_metrics() if metrics is None and own is not None else metrics),
            version=_version_of(own, details),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the order as values that JSON can hold."""
        return {**asdict(self), "version": str(self.version) if self.version else None}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Order:
        """Read what `to_json` gave."""
        return cls(**{**content, "version": Version.parse(content["version"])})


def digest_of(order: Order, target: str, model: Path | None) -> str:
    """Return what tells one call from another, as 64 hexadecimal digits.

    The same call is: the same documented method, tracking URI, name, run id or URI, metadata, metrics, wish for a
    version, baseline and tags, and a model of the same content (`_content.py` says what that is). Not part of it: the
    API key, the time, the process and the machine.
    """
    content = content_of(model) if model is not None else None
    text = json.dumps([target, order.to_json(), content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def checked_metadata(metadata: object) -> dict[str, Any]:
    """Return a copy of `metadata` that can be kept as JSON, or raise `InvalidParameterError`."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise InvalidParameterError(f"metadata must be a dict, not {type(metadata).__name__}.")
    try:
        text = json.dumps(dict(metadata), sort_keys=True)
    except (TypeError, ValueError) as error:
        raise InvalidParameterError(f"metadata cannot be written as JSON: {error}.") from error
    if len(text) > _TAG_LIMIT:
        raise InvalidParameterError(f"metadata is {len(text)} characters of JSON; MLflow keeps at most {_TAG_LIMIT}.")
    return dict(json.loads(text))


def checked_metrics(metrics: object, parameter: str = "metrics") -> dict[str, float]:
    """Return `metrics` as finite floats by name, or raise `InvalidParameterError` that names the wrong one."""
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise InvalidParameterError(f"{parameter} must be a dict, not {type(metrics).__name__}.")
    checked: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not isinstance(name, str) or not name or isinstance(value, (bool, str)) or not math.isfinite(number):
            raise InvalidParameterError(f"{parameter}[{name!r}] must be a finite number, not {value!r}.")
        checked[name] = number
    if len(json.dumps(checked)) > _TAG_LIMIT:
        raise InvalidParameterError(
            f"{parameter} are more than {_TAG_LIMIT} characters of JSON, MLflow's limit of a tag."
        )
    return checked


def _version_of(model: HokusaiModel | None, metadata: dict[str, Any]) -> Version | None:
    """Return the semantic version that metadata or the model asks for; `None` to count."""
    wanted, origin = metadata.get("version"), "metadata['version']"
    if wanted is None and model is not None:
        wanted, origin = model.version, "model.version"
    if wanted is None:
        return None
    version = Version.parse(wanted)
    if version is None:
        raise InvalidParameterError(f"{origin} must be a semantic version such as '1.2.0', not {wanted!r}.")
    return version
