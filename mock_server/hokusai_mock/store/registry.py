"""The model registry: registered models, their versions, tags, aliases and stages. Searching is in `search.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hokusai_mock.clock import Clock
from hokusai_mock.store.entities import ModelVersion, RegisteredModel
from hokusai_mock.store.errors import StoreError, does_not_exist, invalid

__all__ = ["PROMPT_TAG", "Registry", "canonical_stage", "is_prompt"]

PROMPT_TAG = "mlflow.prompt.is_prompt"

STAGES = ("None", "Staging", "Production", "Archived")
_ACTIVE_STAGES = ["Staging", "Production"]
_BY_LOWER_CASE = {stage.lower(): stage for stage in STAGES}

_TAKEN = """Registered Model (name={name}) already exists. Error: (raised as a result of Query-invoked autoflush; \
consider using a session.no_autoflush block if this flush is occurring prematurely)
(sqlite3.IntegrityError) UNIQUE constraint failed: registered_models.name
[SQL: UPDATE registered_models SET name=? WHERE registered_models.name = ?]
[parameters: ({name!r}, {old!r})]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""


def canonical_stage(stage: str) -> str:
    """The stage as MLflow spells it, from any spelling of its case."""
    canonical = _BY_LOWER_CASE.get(stage.lower())
    if canonical is None:
        raise invalid(f"Invalid Model Version stage: {stage}. Value must be one of {', '.join(STAGES)}.")
    return canonical


def is_prompt(tags: Mapping[str, str]) -> bool:
    """Whether something with these tags is a prompt and no model."""
    return tags.get(PROMPT_TAG, "").lower() == "true"


class Registry:
    """All registered models of a world, by name."""

    def __init__(self, clock: Clock) -> None:
        """Start without models."""
        self._clock = clock
        self._by_name: dict[str, RegisteredModel] = {}

    # -- registered models -------------------------------------------------------------------------------------------

    def create(self, name: str, description: str, tags: Mapping[str, str], *, prompts_exist: bool) -> RegisteredModel:
        """Make a registered model; a prompt and a model cannot share a name."""
        known = self._by_name.get(name)
        now = self._clock.now_ms()
        if known is not None:
            raise self._exists(known, name, description, now, tags if prompts_exist else None)
        model = self._by_name[name] = RegisteredModel(name, now, now, description, dict(tags))
        return model

    @staticmethod
    def _exists(
        known: RegisteredModel, name: str, description: str, now: int, tags: Mapping[str, str] | None
    ) -> StoreError:
        if tags is not None and is_prompt(known.tags) != is_prompt(tags):
            kinds = ("prompt", "registered model")
            new, old = kinds if is_prompt(tags) else kinds[::-1]
            return StoreError(
                "RESOURCE_ALREADY_EXISTS",
                f"Tried to create a {new} with name '{name}', but the name is already taken by a {old}. MLflow does "
                "not allow creating a model and a prompt with the same name.",
            )
        return StoreError(
            "RESOURCE_ALREADY_EXISTS",
            f"Registered Model (name={name}) already exists.",
            "registered_model_exists",
            name=name,
            description=description,
            now=now,
        )

    def get(self, name: str) -> RegisteredModel:
        """The registered model of that name."""
        model = self._by_name.get(name)
        if model is None:
            raise does_not_exist(f"Registered Model with name={name} not found")
        return model

    def find(self, name: str) -> RegisteredModel | None:
        """The registered model of that name, or `None`."""
        return self._by_name.get(name)

    def all(self) -> Iterable[RegisteredModel]:
        """Every registered model."""
        return self._by_name.values()

    def describe(self, name: str, description: str) -> RegisteredModel:
        """Set the description."""
        model = self.get(name)
        model.description, model.last_updated_timestamp = description, self._clock.now_ms()
        return model

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """Rename a model and its versions."""
        model = self.get(name)
        if self._by_name.get(new_name, model) is not model:
            raise StoreError("RESOURCE_ALREADY_EXISTS", _TAKEN.format(name=new_name, old=name))
        del self._by_name[name]
        self._by_name[new_name] = model
        model.name, model.last_updated_timestamp = new_name, self._clock.now_ms()
        for version in model.versions.values():
            version.name, version.last_updated_timestamp = new_name, model.last_updated_timestamp
        return model

    def delete(self, name: str) -> None:
        """Forget a model with its versions."""
        self.get(name)
        del self._by_name[name]

    # -- versions ----------------------------------------------------------------------------------------------------

    def create_version(
        self,
        name: str,
        source: str,
        storage_location: str,
        *,
        run_id: str = "",
        run_link: str = "",
        description: str | None = None,
        tags: Mapping[str, str],
    ) -> ModelVersion:
        """Add the next version; numbers of deleted versions are not given again."""
        model = self.get(name)
        now = model.last_updated_timestamp = self._clock.now_ms()
        model.versions_made += 1
        number = model.versions_made
        version = ModelVersion(
            name, number, now, now, source, storage_location, run_id, run_link, description, tags=dict(tags)
        )
        model.versions[number] = version
        return version

    def version(self, name: str, number: int) -> ModelVersion:
        """One version of a model."""
        model = self._by_name.get(name)
        version = model.versions.get(number) if model else None
        if version is None:
            raise does_not_exist(f"Model Version (name={name}, version={number}) not found")
        return version

    def describe_version(self, name: str, number: int, description: str | None) -> ModelVersion:
        """Set the description; `None` removes it."""
        version = self.version(name, number)
        version.description, version.last_updated_timestamp = description, self._clock.now_ms()
        return version

    def delete_version(self, name: str, number: int) -> None:
        """Forget a version; its aliases stay and lead nowhere, as on the real server."""
        self.version(name, number)
        model = self.get(name)
        del model.versions[number]
        model.last_updated_timestamp = self._clock.now_ms()

    def transition(self, name: str, number: int, stage: str, *, archive_others: bool) -> ModelVersion:
        """Move a version to a stage, and if asked the others there to the archive."""
        target = _BY_LOWER_CASE.get(stage.lower(), stage)
        if archive_others and target not in _ACTIVE_STAGES:
            raise StoreError(
                "INTERNAL_ERROR",
                "Model version transition cannot archive existing model versions because "
                f"'{stage}' is not an Active stage. Valid stages are {_ACTIVE_STAGES}",
            )
        version = self.version(name, number)
        canonical = canonical_stage(stage)
        now = self._clock.now_ms()
        if archive_others:
            for other in self.get(name).versions.values():
                if other is not version and other.current_stage == canonical:
                    other.current_stage, other.last_updated_timestamp = "Archived", now
        version.current_stage, version.last_updated_timestamp = canonical, now
        self.get(name).last_updated_timestamp = now
        return version

    def latest_versions(self, model: RegisteredModel, stages: Iterable[str] = ()) -> list[ModelVersion]:
        """The highest version of each stage that has one; stages in the order in which versions first reached them."""
        wanted = {canonical_stage(stage) for stage in stages} or set(STAGES)
        latest: dict[str, ModelVersion] = {}
        for number in sorted(model.versions):
            version = model.versions[number]
            latest[version.current_stage] = version
        return [version for stage, version in latest.items() if stage in wanted]

    # -- aliases -----------------------------------------------------------------------------------------------------

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Let the alias name a version that exists."""
        self.version(name, number)
        self.get(name).aliases[alias] = number

    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias; one that the model has not is no error."""
        self.get(name).aliases.pop(alias, None)

    def version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that the alias names."""
        model = self._by_name.get(name)
        if model is None or alias not in model.aliases:
            raise invalid(f"Registered model alias {alias} not found.")
        return self.version(name, model.aliases[alias])

    def aliases_of(self, version: ModelVersion) -> list[str]:
        """The aliases that name a version, in alphabetical order."""
        aliases = self.get(version.name).aliases
        return sorted(alias for alias, number in aliases.items() if number == version.version)
