"""What children of `killing.py` do with tokenized models. Results are JSON."""

# ruff: noqa: PLC0415 - imported in the nursery, before anything is measured

from __future__ import annotations

from typing import Any


def register(run_id: str, name: str = "lead") -> dict[str, Any]:
    """Register what the run `run_id` holds for the token LSCOR."""
    from hokusai import ModelRegistry

    registry = ModelRegistry(mode="online")
    model = registry.register_tokenized_model(f"runs:/{run_id}/model", name, "LSCOR", "accuracy", 0.85)
    return {"version": model.version, "state": model.event_state}


def renotify(name: str = "lead") -> dict[str, Any]:
    """Send the event of the latest tokenized version again, knowing nothing but its name."""
    from hokusai import ModelRegistry

    model = ModelRegistry(mode="online").renotify(name)
    return {"version": model.version, "state": model.event_state}


def make_run() -> str:
    """Make a run; registering for a token does not look at what it holds."""
    from hokusai import ModelRegistry

    backend = ModelRegistry(mode="online")._backend
    with backend.calling("make a run"):
        return str(backend.client.create_run("0").info.run_id)


def states() -> dict[str, list[str | None]]:
    """Return the states of the events of all versions that belong to the token LSCOR, by model."""
    from hokusai import ModelRegistry

    found: dict[str, list[str | None]] = {}
    for model in ModelRegistry(mode="online").list_models_by_token("LSCOR"):
        found.setdefault(model.model_name, []).append(model.event_state)
    return found
