"""Taking secrets out of cassettes that are there already, in place; what they replay stays the same otherwise."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hokusai_mock.redaction import write_redacted
from hokusai_testkit.cassettes.clean import changes, redactor
from hokusai_testkit.cassettes.file import read

__all__ = ["Scrubbed", "scrub"]


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was taken out of one file: how many texts were changed, and secrets by kind."""

    path: Path
    texts: int
    kinds: Counter[str]


def scrub(path: Path, *, dry_run: bool = False) -> Scrubbed:
    """Replace the secrets in the cassette at `path` by labels; layout, comments and every other text stay.

    Lengths in `Content-Length` follow their bodies. The file is replaced in one step, after the new one was searched
    for every secret: `RedactionError` when one is left, and then the old file is as it was. `CassetteError` for a file
    that is none.
    """
    cassette = read(path)
    engine = redactor()
    found = changes(cassette, engine)
    kinds = Counter(kind for change in found for kind in change.kinds)
    if found and not dry_run:
        for change in found:
            change.part.put(change.clean)
        mode = path.stat().st_mode & 0o777
        write_redacted(path, cassette.render(), engine, already_redacted=True)
        path.chmod(mode)
    return Scrubbed(path, sum(1 for change in found if change.kinds), kinds)
