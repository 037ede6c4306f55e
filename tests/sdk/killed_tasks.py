"""What the children of `killing.py` do. Results are JSON; every call makes its own model, as a new process would."""

# ruff: noqa: PLC0415 - imported in the nursery, before anything is measured

from __future__ import annotations

from typing import Any, Literal

METRICS = {"auc": 0.75, "recall": 0.5}


def _model() -> Any:
    """A model whose class goes into the artifact, as that of a script's own would."""
    from hokusai import HokusaiModel

    class Doubler(HokusaiModel):
        names = frozenset(("alpha", "beta", "gamma"))

        def predict(self, data: Any) -> list[Any]:
            return [2 * value for value in data]

    return Doubler()


def register(
    name: str, calls: int = 1, metadata: dict[str, Any] | None = None, mode: Literal["online"] | None = "online"
) -> list[dict[str, Any]]:
    """Register the same model `calls` times under `name`."""
    from hokusai import ModelRegistry

    registry = ModelRegistry(mode=mode)
    entries = [
        registry.register_baseline(_model(), model_name=name, metrics=METRICS, metadata=metadata) for _ in range(calls)
    ]
    return [_told(entry) for entry in entries]


def finish_all() -> list[dict[str, Any]]:
    """Finish what is open in the journal, as `hokusai sync` does."""
    from hokusai import ModelRegistry
    from hokusai.core._journal import Journal
    from hokusai.core._registration import finish

    backend = ModelRegistry(mode="online")._backend
    journal = Journal(backend.settings.local_store)
    return [_told(finish(entry, backend)) for entry in journal.open_registrations()]


def open_names() -> list[str]:
    """Return the names of the open registrations."""
    from hokusai.config._resolver import resolve
    from hokusai.core._journal import Journal

    return [entry.name for entry in Journal(resolve().local_store).open_registrations()]


def _told(entry: Any) -> dict[str, Any]:
    return {"version": entry.version, "number": entry.mlflow_version, "run_id": entry.run_id, "tags": entry.tags}
