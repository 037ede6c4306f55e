"""What becomes of a registration that fails: forgotten where nothing was made, else left open and told in the error."""

from __future__ import annotations

from hokusai.core._journal import Entry, Steps
from hokusai.exceptions import HokusaiException, KeptRegistration, MLflowConnectionError

__all__ = ["break_off"]


def break_off(entry: Entry, error: HokusaiException) -> None:
    """Leave `entry` open and say in `error` what exists, what is missing and how to go on; or forget it.

    It is forgotten when a server that works refused the very first step: then nothing exists, and nothing is lost.
    After an outage something may exist although no answer said so.
    """
    if entry.steps == Steps() and not entry.resumed and _is_refusal(error):
        entry.discard()
        return
    kept = KeptRegistration(
        id=entry.id,
        target=entry.target,
        folder=str(entry.folder),
        run_id=entry.steps.run_id,
        artifacts=entry.steps.artifacts,
        registered_model=entry.steps.registered_model,
        version=entry.steps.version,
        missing=tuple(entry.missing()),
    )
    entry.leave(error.message)
    there = ", ".join(entry.exists()) or "nothing that was confirmed"
    error.message = (
        f"{error.message} The registration {kept.id} is kept in {kept.folder}. "
        f"There is: {there}. Missing: {', '.join(kept.missing)}."
    )
    error.args = (error.message,)
    going_on = "Then make the same call again, or run `hokusai sync`: it goes on where it broke off."
    error.remedy = f"{error.remedy} {going_on}" if error.remedy else going_on
    error.kept = kept


def _is_refusal(error: HokusaiException) -> bool:
    if isinstance(error, MLflowConnectionError):
        return False
    return error.status_code is not None and 400 <= error.status_code < 500
