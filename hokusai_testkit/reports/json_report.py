"""The result as JSON, in the published form (`contract-result.schema.json`, `schema_version` 1)."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, ClassVar

from hokusai_testkit.contract.results import RunResult

__all__ = ["JsonReport", "schema"]


class JsonReport:
    """The format that other programs read."""

    option: ClassVar[str] = "json"
    file_name: ClassVar[str] = "result.json"

    def render(self, result: RunResult) -> str:
        """Return the result as an indented JSON object; ASCII only, so that any terminal and file takes it."""
        return json.dumps(result.to_json(), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every JSON result fulfils."""
    found: dict[str, Any] = json.loads(
        files("hokusai_testkit.reports").joinpath("contract-result.schema.json").read_text("utf-8")
    )
    return found
