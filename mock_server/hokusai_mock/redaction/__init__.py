"""The one redaction engine: everything that leaves the mock or is written by the kit passes through it.

`Redactor` replaces secrets in text, headers, URLs, JSON and bodies; `write_redacted` writes a file that holds none, or
no file at all. Rules (what counts as a secret) are in `rules`, encodings in `spellings`, replacements in `labels`.
Standard library only: the doctor uses it in broken environments.
"""

from hokusai_mock.redaction.engine import Redactor
from hokusai_mock.redaction.known import environment_secrets
from hokusai_mock.redaction.rules import PUBLIC_KEYS
from hokusai_mock.redaction.scan import find_survivors
from hokusai_mock.redaction.write import RedactionError, write_redacted

__all__ = ["PUBLIC_KEYS", "RedactionError", "Redactor", "environment_secrets", "find_survivors", "write_redacted"]
