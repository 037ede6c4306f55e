"""`register_improved_model`: an improvement over a registered baseline, and who contributed to it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from hokusai._backend import Backend
from hokusai.core._entry import ModelRegistryEntry
from hokusai.core._order import Order, checked_metrics
from hokusai.core._reads import by_id
from hokusai.core._registration import registering
from hokusai.core.models import HokusaiModel
from hokusai.exceptions import InvalidParameterError

__all__ = ["checked_contributor", "improved_order", "register_improved"]

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_KEPT = "local:"


def checked_contributor(address: object) -> str:
    """Return an Ethereum address as it was given, or raise `InvalidParameterError`."""
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise InvalidParameterError(
            f"contributor must be an Ethereum address (0x and 40 hexadecimal digits), not {address!r}."
        )
    return address


def checked_deltas(delta_metrics: object) -> dict[str, float]:
    """Return the improvements by metric name; `InvalidParameterError` for none at all, or for what is no number."""
    deltas = checked_metrics(delta_metrics, "delta_metrics")
    if not deltas:
        raise InvalidParameterError("delta_metrics must hold at least one metric, such as {'accuracy': 0.02}.")
    return deltas


def register_improved(backend: Backend, order: Order, model: object, baseline_id: str) -> ModelRegistryEntry:
    """Register `order` as a version of the model that the baseline is a version of.

    Raises:
        ModelNotFoundError: no registered model has the id; the message names the nearest. Nothing was created.
        MLflowConnectionError: the baseline, which is on the server, cannot be looked up.
    """
    action = f"register an improvement of {baseline_id!r}"
    kept = baseline_id.startswith(_KEPT)
    place = backend.unit(action, fallback=kept)
    wanted = baseline_id.removeprefix(_KEPT) if place.fallback_from else baseline_id
    with backend.calling(action):
        baseline = by_id(place.client, wanted)
    order = replace(order, name=baseline.name, tags={**order.tags, "baseline_id": wanted})
    with registering(backend, order, model, place=place) as registered:
        return registered.entry()


def improved_order(
    model: object,
    baseline_id: object,
    delta_metrics: object,
    contributor: object,
    *,
    metadata: object = None,
    metrics: object = None,
) -> Order:
    """Check everything that needs no server; the name is the baseline's, which only the server knows."""
    if not isinstance(baseline_id, str) or not baseline_id.strip():
        raise InvalidParameterError(f"baseline_id must be the id of a registered model, not {baseline_id!r}.")
    order = Order.checked("the baseline's", "model_name", model, metadata=metadata, metrics=metrics)
    own = model.model_id if isinstance(model, HokusaiModel) else None
    if own is not None and own == baseline_id:
        raise InvalidParameterError(
            f"model.model_id is {own!r}, the baseline's own id: give the improved model an id of its own, or None."
        )
    tags = {
        "is_baseline": "false",
        "baseline_id": baseline_id,
        "delta_metrics": json.dumps(checked_deltas(delta_metrics), sort_keys=True),
        "contributor_address": checked_contributor(contributor),
    }
    return replace(order, kind="improved", tags=tags)
