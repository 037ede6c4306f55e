"""`hokusai-testkit contract`: options, exit codes, and what stands on standard output."""

from __future__ import annotations

import json
import stat

import pytest
from click.testing import CliRunner, Result

from hokusai_testkit.cli.contract import command

GOOD = "class PerformanceTracker:\n    def track_inference(self, metrics): ...\n"
BAD = "class PerformanceTracker:\n    def track_inference(self, metrics, now): ...\n"
LOOSE = "class PerformanceTracker:\n    def track_inference(self, *args, **kwargs): ...\n"


def contract(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "-k", "track_inference_signature"])


@pytest.mark.parametrize(("source", "exit_code", "verdict"), [(GOOD, 0, "TRUE"), (BAD, 1, "FALSE"), (LOOSE, 3, "NULL")])
def test_the_exit_code_is_the_verdict(write_sdk, source, exit_code, verdict):
    result = contract("--sdk", write_sdk("an_sdk", source))
    assert result.exit_code == exit_code
    assert f"Verdict {verdict}" in result.stdout


def test_run_may_be_said_or_left_out(write_sdk):
    sdk = write_sdk("an_sdk", GOOD)
    assert contract("run", "--sdk", sdk).exit_code == contract("--sdk", sdk).exit_code == 0


def test_what_the_path_gives_is_tested_and_named(write_sdk, tmp_path):
    """`sortedcontainers` is installed beside the kit: the module of that name on PYTHONPATH is what users import."""
    result = contract("--sdk", write_sdk("sortedcontainers", GOOD), "--json", "-")
    implementation = json.loads(result.stdout)["implementation"]
    assert implementation["file"].startswith(str(tmp_path))
    assert result.exit_code == 0


def test_a_part_of_a_row_says_that_it_is_a_part(write_sdk):
    result = contract("--sdk", write_sdk("an_sdk", GOOD))
    row = next(line for line in result.stdout.splitlines() if line.startswith("ISSUE-5"))
    assert row.split("kept ")[1].startswith("(1 of ")


def test_json_on_standard_output_is_alone_there(write_sdk):
    result = contract("--sdk", write_sdk("an_sdk", BAD), "--json", "-")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["verdict"] is False


def test_json_in_a_file_comes_beside_the_table(write_sdk, tmp_path):
    file = tmp_path / "result.json"
    result = contract("--sdk", write_sdk("an_sdk", GOOD), "--json", str(file))
    data = json.loads(file.read_text("utf-8"))
    assert data["schema_version"] == 1
    assert data["counts"]["pass"] == 1
    assert "ISSUE-5" in result.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_failure_shows_the_documented_call_and_how_to_see_it_again(write_sdk):
    text = contract("--sdk", write_sdk("an_sdk", BAD)).stdout
    assert "documented: PerformanceTracker.track_inference(metrics)" in text
    assert "actual:     missing a required argument: 'now'" in text
    assert "reproduce:  hokusai-testkit contract --sdk an_sdk -k track_inference_signature" in text


def test_an_sdk_that_is_not_installed_is_wrong_usage():
    result = contract("--sdk", "no_such_sdk")
    assert result.exit_code == 2
    assert "pip install" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("--level", "medium"), ("--no-such-option",), ("runn",), ("--json", "no/such/folder/result.json")]
)
def test_wrong_arguments_are_wrong_usage(arguments):
    assert contract(*arguments).exit_code == 2


def test_help_shows_the_options():
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0
    assert "--sdk MODULE" in result.stdout
