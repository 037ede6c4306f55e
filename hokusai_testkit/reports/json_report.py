"""The result as JSON, in the published form (`schema_version` 1)."""

from __future__ import annotations

import json

from hokusai_testkit.contract.results import RunResult

__all__ = ["JsonReport"]


class JsonReport:
    """The format that other programs read."""

    def render(self, result: RunResult) -> str:
        """Return the result as an indented JSON object; ASCII only, so that any terminal and file takes it."""
        return json.dumps(result.to_json(), indent=2) + "\n"
