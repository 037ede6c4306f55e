"""`hokusai-testkit cassettes` as people and CI use it: texts, JSON, exit codes."""

from __future__ import annotations

import json

import pytest
from cassette_samples import KEY
from click.testing import CliRunner

from hokusai_testkit.cli import main


def run(*arguments: object):
    return CliRunner().invoke(main, ["cassettes", *map(str, arguments)])


def test_check_tells_place_defect_and_remedy(old):
    result = run("check", old)
    assert result.exit_code == 1
    assert f"{old}:8: secret: interaction 1: request header Authorization holds a secret (api-key)" in result.stdout
    assert "cassettes scrub" in result.stdout
    assert KEY not in result.stdout


def test_check_as_json(old, recorded):
    result = run("check", old.parent, "--json")
    content = json.loads(result.stdout)
    assert (content["schema_version"], content["ok"], content["files"]) == (1, False, 2)
    assert {defect["id"] for defect in content["defects"]} == {"secret", "unverified"}
    assert run("check", recorded).stdout == "nothing is wrong with 1 file(s)\n"


def test_scrub_then_check(old):
    assert "3 text(s) would be replaced" in run("scrub", old, "--dry-run").stdout
    assert KEY in old.read_text("utf-8")
    result = run("scrub", old)
    assert (result.exit_code, "3 text(s) were replaced" in result.stdout) == (0, True)
    assert json.loads(run("scrub", old, "--json").stdout)["files"][0]["texts"] == 0
    old.write_text("nothing", "utf-8")
    assert run("scrub", old).exit_code == 1


def test_verify_against_the_embedded_mock(recorded):
    result = run("verify", recorded, "--target", "mock")
    assert (result.exit_code, "4 of 4 interactions hold; marked as verified now" in result.stdout) == (0, True)
    older = run("verify", recorded, "--target", "mock:mlflow-2.9", "--json")
    assert (older.exit_code, json.loads(older.stdout)["ok"]) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "nowhere"), "there is no nowhere"),
        (("check", ".", "--max-age", "soon"), "--max-age is a number of days"),
        (("check", ".", "--profile", "mlflow-3.99"), "mlflow-3.9"),
        (("verify", "."), "Missing option '--target'"),
        (("verify", ".", "--target", "mock", "--api-key-env", "NO_SUCH_VARIABLE"), "NO_SUCH_VARIABLE is not set"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_done(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_server_that_does_not_answer_is_told(recorded):
    result = run("verify", recorded, "--target", "http://127.0.0.1:9")
    assert result.exit_code == 4
    assert "Error:" in result.stderr
