"""Writing a file that holds no secret, or leaving the old one in place: fail closed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hokusai_mock.redaction.engine import Redactor
from hokusai_mock.redaction.scan import find_survivors

__all__ = ["RedactionError", "write_redacted"]


class RedactionError(Exception):
    """A secret survived redaction: nothing was written, an existing file is unchanged."""


def write_redacted(
    path: str | os.PathLike[str], text: str, redactor: Redactor, *, already_redacted: bool = False
) -> None:
    """Redact `text` and put it at `path` in one step, readable by its owner only.

    The text goes to a new file beside the target (mode 0600), is read back and searched for every secret that
    `redactor` knows, and renamed only when none is left. `RedactionError` when one is, `OSError` as usual; in both
    cases the new file is gone and the old one as it was. A text that was put together from parts which `redactor` has
    redacted one by one says so (`already_redacted`): it is written as it is, and searched all the same.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            safe = text if already_redacted else redactor.text(text)
            file.write(safe.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
        survivors = find_survivors(temporary.read_bytes(), redactor.secrets)
        if survivors:
            raise RedactionError(
                f"{target.name} was not written: {survivors} secret(s) survived redaction. An older file is unchanged. "
                "This is a fault of the redaction engine: please report it with the kind of text, never with the text."
            )
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
