"""The memory store: what an MLflow server with a SQL store remembers, without SQL and without HTTP.

`MemoryStore` joins the rooms: experiments, runs, logged models, the registry, artifacts. Holding the world's lock while
it is used is the caller's business (artifacts have a lock of their own, so that bodies stream without it). Texts that
differ between MLflow versions are not written here: a `StoreError` may name its `kind`, for which a profile has words.
"""

from __future__ import annotations

from hokusai_mock.clock import Clock, IdSource
from hokusai_mock.store.artifacts import ArtifactStore
from hokusai_mock.store.errors import ArtifactTooLarge, StoreError, StoreIsFull
from hokusai_mock.store.experiments import ARTIFACT_ROOT, Experiments
from hokusai_mock.store.logged_models import LoggedModels
from hokusai_mock.store.registry import Registry
from hokusai_mock.store.runs import Runs

__all__ = ["ARTIFACT_ROOT", "ArtifactTooLarge", "MemoryStore", "StoreError", "StoreIsFull"]


class MemoryStore:
    """The data of one world; starts with the experiment `Default`, as every MLflow server does."""

    def __init__(self, clock: Clock, ids: IdSource, artifact_root: str = ARTIFACT_ROOT) -> None:
        """Start empty but for the default experiment, whose artifacts lie below `artifact_root`."""
        self.experiments = Experiments(clock, artifact_root)
        self.runs = Runs(self.experiments, clock, ids)
        self.logged_models = LoggedModels(self.experiments, clock, ids)
        self.registry = Registry(clock)
        self.artifacts = ArtifactStore()
        self.owned: dict[tuple[str, str, str], bool] = {}
        """(`experiment` or `model`, its id or name, user) of what users of a server with basic auth have made."""

    def close(self) -> None:
        """Free what is not memory: the temporary files of large artifacts."""
        self.artifacts.close()
