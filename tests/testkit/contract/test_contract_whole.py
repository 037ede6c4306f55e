"""The whole suite, once in each environment: this SDK keeps every promise, in random order, in two processes.

The cases run as anybody's pytest runs them, with the plugins xdist and randomly; the result is put together from both
workers. What other tests want of a whole run they read here, so that it is paid for once.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema

from hokusai_testkit.contract.catalogue import entries
from hokusai_testkit.contract.results import CRITERIA, ISSUES
from hokusai_testkit.reports.json_report import schema

PLUGINS = ("hokusai_testkit.contract.plugin", "xdist", "pytest_randomly", "no:cacheprovider")


def whole_run(folder: Path, *options: str) -> dict[str, object]:
    """Run every case in random order in two processes, and return the JSON result."""
    file, config = folder / "result.json", folder / "pytest.ini"
    config.write_text("[pytest]\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        *(part for plugin in PLUGINS for part in ("-p", plugin)),
        "-q",
        "-n",
        "2",
    ]
    command += ["-c", str(config), "--rootdir", str(folder), "--json", str(file), *options]
    env = {name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER")}
    done = subprocess.run(
        [*command, "--pyargs", "hokusai_testkit.contract.cases"],
        env={**env, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert file.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(file.read_text("utf-8"))


def _expected_skips() -> set[str]:
    """Packages that a case may miss here."""
    optional = {need.partition(":")[2] for entry in entries() for need in entry.case.needs if ":" in need}
    return {name for name in optional if importlib.util.find_spec(name) is None}


def test_this_sdk_keeps_every_promise_in_random_order_and_in_two_processes(tmp_path):
    result = whole_run(tmp_path)
    jsonschema.validate(result, schema(), jsonschema.Draft202012Validator)
    wrong = [
        f"{case['id']}: {case['reason']['text']}" for case in result["cases"] if case["outcome"] in ("fail", "error")
    ]
    assert wrong == []
    skipped = [case["reason"]["text"] for case in result["cases"] if case["outcome"] == "skip"]
    missing = _expected_skips()
    assert [text for text in skipped if not any(f"the package {name}" in text for name in missing)] == []
    assert result["verdict"] is (None if skipped else True)
    assert result["selection"] == {"level": "full", "keyword": None}
    assert len(result["cases"]) == sum(entry.number for entry in entries())
    assert [case["id"] for case in result["cases"] if "<redacted" in case["id"]] == [], "an id must be stable"
    passed = [case for case in result["cases"] if case["outcome"] == "pass"]
    assert {case["issue"] for case in passed} >= set(ISSUES)
    assert {criterion for case in passed for criterion in case["criteria"]} == set(CRITERIA)
