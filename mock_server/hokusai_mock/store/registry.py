"""The model registry: registered models, their versions, tags, aliases and stages. Searching is in `search.py`."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping

from hokusai_mock.clock import Clock
from hokusai_mock.store.collection import Searchable
from hokusai_mock.store.entities import ModelVersion, RegisteredModel
from hokusai_mock.store.errors import StoreError, does_not_exist, invalid
from hokusai_mock.store.evaluation import PROMPT_TAG, is_prompt, read_model_version, read_registered_model

__all__ = ["PROMPT_TAG", "Registry", "canonical_stage", "target_stage"]

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


class Registry:
    """All registered models of a world, by name."""

    def __init__(self, clock: Clock) -> None:
        """Start without models."""
        self._clock = clock
        self.models = Searchable[RegisteredModel](
            read_registered_model, ("creation_timestamp", "last_updated_timestamp")
        )
        """For searches."""
        self.versions = Searchable[ModelVersion](
            read_model_version, ("version_number", "creation_timestamp", "last_updated_timestamp")
        )
        """For searches."""
        self._by_name: dict[str, RegisteredModel] = {}

    # -- registered models -------------------------------------------------------------------------------------------

    def create(self, name: str, description: str, tags: Mapping[str, str], *, prompts_exist: bool) -> RegisteredModel:
        """Make a registered model; a prompt and a model cannot share a name."""
        known = self._by_name.get(name)
        now = self._clock.now_ms()
        if known is not None:
            raise self._exists(known, name, description, now, tags if prompts_exist else None)
        model = self._by_name[name] = RegisteredModel(name, now, now, description, dict(tags))
        self.models.add(model)
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

    def contents(self) -> list[RegisteredModel]:
        """All models with their versions, in the order of their making."""
        return list(self._by_name.values())

    def put_back(self, models: Iterable[RegisteredModel]) -> None:
        """Add models with their versions and aliases to none that there are; what they index is worked out anew."""
        for model in models:
            model.in_stage, model.named = {}, {}
            for version in model.versions.values():
                insort(model.in_stage.setdefault(version.current_stage, []), version.version)
                self.versions.add(version)
            for alias, number in model.aliases.items():
                model.named.setdefault(number, set()).add(alias)
            self._by_name[model.name] = model
            self.models.add(model)

    def get(self, name: str) -> RegisteredModel:
        """The registered model of that name."""
        model = self._by_name.get(name)
        if model is None:
            raise does_not_exist(f"Registered Model with name={name} not found")
        return model

    def describe(self, name: str, description: str) -> RegisteredModel:
        """Set the description."""
        model = self.get(name)
        model.description = description
        self._touch(model)
        return model

    def set_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag of a model."""
        model = self.get(name)
        model.tags[key] = value
        self.models.changed(model)

    def delete_tag(self, name: str, key: str) -> None:
        """Remove a tag of a model; one that it has not is no error."""
        model = self.get(name)
        model.tags.pop(key, None)
        self.models.changed(model)

    def _touch(self, model: RegisteredModel) -> None:
        model.last_updated_timestamp = self._clock.now_ms()
        self.models.changed(model)

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """Rename a model and its versions."""
        model = self.get(name)
        if self._by_name.get(new_name, model) is not model:
            facts = {"name": new_name, "old": name}
            raise StoreError("RESOURCE_ALREADY_EXISTS", _TAKEN.format(**facts), "registered_model_name_taken", **facts)
        del self._by_name[name]
        self._by_name[new_name] = model
        model.name = new_name
        self._touch(model)
        for version in model.versions.values():
            version.name, version.last_updated_timestamp = new_name, model.last_updated_timestamp
            self.versions.changed(version)
        return model

    def delete(self, name: str) -> None:
        """Forget a model with its versions."""
        model = self.get(name)
        del self._by_name[name]
        self.models.remove(model)
        for version in model.versions.values():
            self.versions.remove(version)

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
        self._touch(model)
        now = model.last_updated_timestamp
        model.versions_made += 1
        number = model.versions_made
        version = ModelVersion(
            name, number, now, now, source, storage_location, run_id, run_link, description, tags=dict(tags)
        )
        model.versions[number] = version
        model.in_stage.setdefault(version.current_stage, []).append(number)
        self.versions.add(version)
        self._sort_into_kinds(model, version)
        return version

    def _sort_into_kinds(self, model: RegisteredModel, new: ModelVersion | None = None) -> None:
        """Let all versions be prompts if one is: a new one follows the others, unless it makes all of them prompts."""
        if new is not None and not is_prompt(new.tags):
            new.kind = next(iter(model.versions.values())).kind
            return
        kind = "prompt" if any(is_prompt(one.tags) for one in model.versions.values()) else "model"
        for version in model.versions.values():
            if version.kind != kind:
                version.kind = kind
                self.versions.changed(version)

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
        self.versions.changed(version)
        return version

    def set_version_tag(self, name: str, number: int, key: str, value: str) -> None:
        """Set a tag of a version."""
        version = self.version(name, number)
        version.tags[key] = value
        self._tagged(version, key)

    def delete_version_tag(self, name: str, number: int, key: str) -> None:
        """Remove a tag of a version; one that it has not is no error."""
        version = self.version(name, number)
        version.tags.pop(key, None)
        self._tagged(version, key)

    def _tagged(self, version: ModelVersion, key: str) -> None:
        self.versions.changed(version)
        if key == PROMPT_TAG:
            self._sort_into_kinds(self.get(version.name))

    def delete_version(self, name: str, number: int, *, with_aliases: bool = False) -> None:
        """Forget a version; unless `with_aliases` its aliases stay and lead nowhere, as on older servers."""
        version = self.version(name, number)
        model = self.get(name)
        del model.versions[number]
        if with_aliases:
            model.aliases = {alias: named for alias, named in model.aliases.items() if named != number}
        _leave_stage(model, version)
        self.versions.remove(version)
        if is_prompt(version.tags):
            self._sort_into_kinds(model)
        self._touch(model)

    def transition(self, name: str, number: int, stage: str, *, archive_others: bool) -> ModelVersion:
        """Move a version to a stage, and if asked the others there to the archive."""
        canonical = target_stage(stage, archive_others=archive_others)
        version = self.version(name, number)
        model = self.get(name)
        self._touch(model)
        if archive_others:
            for other in [number for number in model.in_stage.get(canonical, ()) if number != version.version]:
                self._move(model, model.versions[other], "Archived")
        self._move(model, version, canonical)
        return version

    def _move(self, model: RegisteredModel, version: ModelVersion, stage: str) -> None:
        _leave_stage(model, version)
        version.current_stage, version.last_updated_timestamp = stage, model.last_updated_timestamp
        insort(model.in_stage.setdefault(stage, []), version.version)
        self.versions.changed(version)

    def latest_versions(self, model: RegisteredModel, stages: Iterable[str] = ()) -> list[ModelVersion]:
        """The highest version of each stage that has one; stages in the order of their lowest versions."""
        wanted = {canonical_stage(stage) for stage in stages} or set(STAGES)
        numbers = sorted(model.in_stage[stage] for stage in wanted if model.in_stage.get(stage))
        return [model.versions[of_stage[-1]] for of_stage in numbers]

    # -- aliases -----------------------------------------------------------------------------------------------------

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Let the alias name a version that exists."""
        self.version(name, number)
        self.delete_alias(name, alias)
        model = self.get(name)
        model.aliases[alias] = number
        model.named.setdefault(number, set()).add(alias)

    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias; one that the model has not is no error."""
        model = self.get(name)
        number = model.aliases.pop(alias, None)
        if number is not None:
            model.named[number].discard(alias)

    def version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that the alias names."""
        model = self._by_name.get(name)
        if model is None or alias not in model.aliases:
            raise invalid(f"Registered model alias {alias} not found.")
        return self.version(name, model.aliases[alias])

    def aliases_of(self, version: ModelVersion) -> list[str]:
        """The aliases that name a version, in alphabetical order."""
        return sorted(self.get(version.name).named.get(version.version, ()))


def target_stage(stage: str, *, archive_others: bool) -> str:
    """The stage that a transition means; only an active one has versions that could be archived."""
    canonical = canonical_stage(stage)
    if archive_others and canonical not in _ACTIVE_STAGES:
        raise StoreError(
            "INTERNAL_ERROR",
            "Model version transition cannot archive existing model versions because "
            f"'{stage}' is not an Active stage. Valid stages are {_ACTIVE_STAGES}",
        )
    return canonical


def _leave_stage(model: RegisteredModel, version: ModelVersion) -> None:
    numbers = model.in_stage[version.current_stage]
    del numbers[bisect_left(numbers, version.version)]
