"""What a planted defect is, and how it is planted in a copy of the SDK: one exact replacement of source text."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Defect", "PatchError", "plant", "sdk_source"]


class PatchError(LookupError):
    """The text that a defect replaces is not in the SDK exactly once: the defect must be brought up to date."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect that an implementation could plausibly have."""

    name: str
    kind: str
    """What sort of mistake it is, for the figures."""
    promises: tuple[str, ...]
    """The methods whose promise it breaks; a case of one of them must fail."""
    file: str
    """Path within the package `hokusai`."""
    old: str
    new: str
    keyword: str | None = None
    """What is run instead of all cases of `promises`, where that would be most of the suite."""


def sdk_source() -> Path:
    """Return the folder of the package `hokusai` that is installed here."""
    spec = importlib.util.find_spec("hokusai")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def plant(defect: Defect, folder: Path) -> Path:
    """Copy the SDK below `folder`, with the defect in it; return what belongs on the import path."""
    shutil.copytree(sdk_source(), folder / "hokusai", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "hokusai" / defect.file
    try:
        source = file.read_text("utf-8")
    except OSError as error:
        raise PatchError(f"{defect.name}: {defect.file} is not in the SDK") from error
    if (found := source.count(defect.old)) != 1:
        raise PatchError(f"{defect.name}: {found} places in {defect.file} read {defect.old!r}")
    file.write_text(source.replace(defect.old, defect.new), "utf-8")
    return folder
