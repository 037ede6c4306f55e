"""Secrets that this process knows before it has seen a request: the values of its own environment."""

from __future__ import annotations

from collections.abc import Mapping

from hokusai_mock.redaction.rules import kind_of_name

__all__ = ["environment_secrets"]


_FOLDER = "PWD"
"""The shell's working directory, although the name says `password` elsewhere (`DB_PWD`)."""


def environment_secrets(environ: Mapping[str, str]) -> list[str]:
    """The values of the variables whose name says that they hold a secret (`HOKUSAI_API_KEY`, `AWS_...`, ...)."""
    return [value for name, value in environ.items() if value and name != _FOLDER and kind_of_name(name) is not None]
