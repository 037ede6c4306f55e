"""Replacements for secrets: `<redacted:api-key:3f9a>`, typed and salted, equal for equal secrets."""

from __future__ import annotations

import re
import secrets
from hashlib import blake2b

__all__ = ["LABEL", "Labels", "OrdinalLabels"]

LABEL = re.compile(r"<redacted:[a-z0-9-]+:[0-9a-f]{4,}>")
"""What a replacement looks like; redacting a text again leaves it as it is."""


class Labels:
    """The replacements of one file or run.

    A secret has one label however often and under whatever name it is met: the first kind stays. Without the salt a
    label tells nothing about its secret.
    """

    def __init__(self, salt: str | None = None) -> None:
        """Use `salt` (the same salt gives the same labels), or a random one."""
        self._salt = (salt if salt is not None else secrets.token_hex(16)).encode()[:64]
        self._by_secret: dict[str, str] = {}
        self._digests: set[str] = set()

    def label(self, kind: str, secret: str) -> str:
        """The replacement for `secret`; `kind` names what it is when it is met for the first time."""
        known = self._by_secret.get(secret)
        if known is None:
            full = blake2b(secret.encode("utf-8", "surrogatepass"), key=self._salt, digest_size=8).hexdigest()
            # Four digits read well; a second secret that shares them gets all sixteen, so that labels stay distinct.
            digest = full[:4] if full[:4] not in self._digests else full
            self._digests.add(digest)
            known = self._by_secret[secret] = f"<redacted:{kind}:{digest}>"
        return known


class OrdinalLabels(Labels):
    """Labels by order of appearance: what is recorded again gets the same labels, and they tell nothing at all."""

    def label(self, kind: str, secret: str) -> str:
        """The replacement for `secret`, numbered when it is met for the first time."""
        known = self._by_secret.get(secret)
        if known is None:
            known = self._by_secret[secret] = f"<redacted:{kind}:{len(self._by_secret) + 1:04}>"
        return known
