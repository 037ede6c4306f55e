"""What a saved model holds, as one hash that is the same whenever and wherever the same model is saved.

Saving one model twice gives different bytes: MLflow writes the time and a fresh id, cloudpickle gives a class that it
carries along a random id, and sets are pickled in an order that changes from process to process. All of that is left
out; two models that differ in anything else have different hashes.
"""

from __future__ import annotations

import hashlib
import pickletools
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

__all__ = ["content_of"]

_VOLATILE = re.compile(rb"^(?:utc_time_created|model_uuid|model_size_bytes|model_id|run_id):.*$", re.MULTILINE)
_RANDOM = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
"""A random UUID as cloudpickle writes it."""
_ADDRESS = re.compile(rb"\d{6,}")
_PUSH_VALUE = frozenset(
    item.name
    for item in pickletools.opcodes
    if [pushed.name for pushed in item.stack_after]
    in (["str"], ["bytes"], ["int"], ["int_or_bool"], ["float"], ["bool"], ["None"])
    and not item.stack_before
)
_TO_MARK = frozenset(item.name for item in pickletools.opcodes if "mark" in [taken.name for taken in item.stack_before])
_LOOKED_AT = 50_000
"""Operations of a pickle that are looked at one by one (about 0.06 s); the rest counts as it is."""


def content_of(folder: Path) -> str:
    """Return the hash of all files of a saved model, in hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(_hash_of(path))
    return digest.hexdigest()


def _hash_of(path: Path) -> bytes:
    if path.name == "MLmodel":
        return hashlib.sha256(_VOLATILE.sub(b"", path.read_bytes())).digest()
    if path.suffix == ".pkl":
        return _hash_of_pickle(path)
    if path.suffix == ".skops":
        return _hash_of_archive(path)
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.digest()


def _hash_of_pickle(path: Path) -> bytes:
    """Hash what a pickle says, without random ids and the order of sets; read as data, nothing of it is run."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        try:
            for part in _canonical(islice(pickletools.genops(handle), _LOOKED_AT)):
                digest.update(repr(part).encode("utf-8", "backslashreplace"))
        except ValueError:
            handle.seek(0)  # no pickle after all
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.digest()


def _canonical(operations: Iterator[tuple[Any, Any, int | None]]) -> list[object]:
    """Return a pickle's operations with values in the place of references to them, and sets of values in order."""
    parts: list[object] = []
    marks: list[int] = []
    memo: list[object] = []
    objects = 0
    for operation, argument, _ in operations:
        name = operation.name
        if name in ("PROTO", "FRAME", "STOP"):
            continue
        if name == "MEMOIZE":
            if parts and _is_value(parts[-1]):
                memo.append(parts[-1])
            else:
                memo.append(("object", objects))
                objects += 1
        elif name in ("BINGET", "LONG_BINGET") and argument < len(memo):
            parts.append(memo[argument])
        elif name == "MARK":
            marks.append(len(parts))
            parts.append(name)
        else:
            if name in ("FROZENSET", "ADDITEMS") and marks and all(map(_is_value, parts[marks[-1] + 1 :])):
                parts[marks[-1] + 1 :] = sorted(parts[marks[-1] + 1 :], key=repr)
            if marks and name in _TO_MARK:
                marks.pop()
            parts.append(_part(name, argument))
    return parts


class _Value(tuple[str, object]):
    """A number, a text or bytes in a pickle: the same wherever it stands."""

    __slots__ = ()


def _is_value(part: object) -> bool:
    return isinstance(part, _Value)


def _part(name: str, argument: object) -> object:
    if isinstance(argument, str) and _RANDOM.fullmatch(argument):
        argument = "a random id"
    if isinstance(argument, (bytes, bytearray)) and len(argument) > 64:
        argument = hashlib.sha256(argument).hexdigest()  # an array, which may be large
    return _Value((name, argument)) if name in _PUSH_VALUE else (name, argument)


def _hash_of_archive(path: Path) -> bytes:
    """Hash a skops file: members without their names and times, and a schema, which count in memory addresses."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        members = sorted((item.CRC, item.file_size) for item in archive.infolist() if item.filename != "schema.json")
        digest.update(repr(members).encode())
        if "schema.json" in archive.namelist():
            digest.update(_ADDRESS.sub(b"", archive.read("schema.json")))
    return digest.digest()
