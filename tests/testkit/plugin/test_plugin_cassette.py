"""`hokusai_cassette`: recorded by the mock, played as a server, never recorded by accident."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]
pytest.importorskip("yaml", reason="playing cassettes needs vcrpy, an extra")

JOURNEY = """
from client import *

def test_journey(hokusai_cassette):
    assert search() == 200
    assert search() == 200
"""


def cassette(pytester: pytest.Pytester) -> object:
    (path,) = (pytester.path / "cassettes").rglob("*.yaml")
    return path


def test_nothing_is_recorded_unless_it_was_asked_for(run: Run, pytester: pytest.Pytester) -> None:
    result = run(JOURNEY)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no */cassettes/*/test_journey.yaml: record it with --hokusai-record=once*"])
    assert not (pytester.path / "cassettes").exists()


def test_recorded_once_and_played_from_then_on_without_a_mock(run: Run, pytester: pytest.Pytester) -> None:
    run(JOURNEY, "--hokusai-record=once").assert_outcomes(passed=1)
    path = cassette(pytester)
    recorded = path.read_bytes()
    assert recorded.count(b"- request:") == 2
    for arguments in ((), ("--hokusai-record=once",), ("--hokusai-server=http://127.0.0.1:9",)):
        run(JOURNEY, *arguments).assert_outcomes(passed=1)
    assert path.read_bytes() == recorded


def test_what_is_not_in_the_cassette_fails_the_test_that_asked(run: Run) -> None:
    run(JOURNEY, "--hokusai-record=once").assert_outcomes(passed=1)
    result = run(JOURNEY + "    assert search() == 501\n")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*does not hold what was asked for:*", "*POST */experiments/search: it was played already*"]
    )


def test_what_is_missing_is_recorded_behind_the_rest(run: Run, pytester: pytest.Pytester) -> None:
    run(JOURNEY, "--hokusai-record=once").assert_outcomes(passed=1)
    longer = JOURNEY + "    assert search() == 200\n"
    run(longer, "--hokusai-record=new").assert_outcomes(passed=1)
    assert cassette(pytester).read_bytes().count(b"- request:") == 3
    run(longer).assert_outcomes(passed=1)


def test_rewrite_records_anew(run: Run, pytester: pytest.Pytester) -> None:
    run(JOURNEY + "    assert search() == 200\n", "--hokusai-record=once").assert_outcomes(passed=1)
    run(JOURNEY, "--hokusai-record=rewrite").assert_outcomes(passed=1)
    assert cassette(pytester).read_bytes().count(b"- request:") == 2


def test_the_marker_names_the_file_and_workers_record_too(run_apart: Run, pytester: pytest.Pytester) -> None:
    source = """
from client import *
@pytest.mark.hokusai_cassette("shared/journey")
def test_named(hokusai_cassette):
    assert hokusai_cassette.path.name == "journey.yaml"
    assert search() == 200
class TestClass:
    @pytest.mark.parametrize("n", ["a/b"])
    def test_one(self, hokusai_cassette, n):
        assert search() == 200
"""
    run_apart(source, "-n2", "--hokusai-record=once").assert_outcomes(passed=2)
    found = {path.relative_to(pytester.path / "cassettes").as_posix() for path in pytester.path.rglob("*.yaml")}
    module = "test_the_marker_names_the_file_and_workers_record_too"
    assert found == {"shared/journey.yaml", f"{module}/TestClass.test_one-a-b-.yaml"}
    run_apart(source, "-n2").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("hokusai_cassette()", "takes one thing"),
        ("hokusai_cassette('../x')", "lies in cassettes/"),
        ("hokusai_cassette(name='x')", "takes one thing"),
    ],
)
def test_a_marker_that_makes_no_sense_ends_the_run(run: Run, marker: str, says: str) -> None:
    result = run(f"import pytest\n@pytest.mark.{marker}\ndef test_one(hokusai_cassette): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert says in result.stdout.str() + result.stderr.str()


def test_a_marker_without_the_fixture_and_a_wrong_mode_are_told(run: Run) -> None:
    result = run("import pytest\n@pytest.mark.hokusai_cassette('x')\ndef test_one(): pass")
    assert "take the fixture hokusai_cassette" in result.stdout.str() + result.stderr.str()
    result = run("def test_one(): pass", "--hokusai-record=onec")
    assert "did you mean 'once'?" in result.stdout.str() + result.stderr.str()


def test_the_report_says_what_was_played_and_what_each_test_did(run_apart: Run, pytester: pytest.Pytester) -> None:
    run_apart(JOURNEY, "--hokusai-record=once").assert_outcomes(passed=1)
    half = """
from client import *
def test_journey(hokusai_cassette):
    assert search() == 200
def test_other(hokusai, hokusai_env):
    assert search() == 200
"""
    run_apart(half, "-n2", "--hokusai-report=out").assert_outcomes(passed=2)
    played = json.loads((pytester.path / "out" / "played.json").read_text("utf-8"))
    assert played["files"] == {str(cassette(pytester)): [1]}
    report = json.loads((pytester.path / "out" / "report.json").read_text("utf-8"))
    (test,) = report["tests"]
    assert (test["test"].endswith("::test_other"), test["requests"], test["failed"]) == (True, 1, False)


def test_pytest_recording_stores_no_secret_and_still_plays(run_apart: Run, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_recording")
    secret = "hk_live_" + "9fK2xQ7b" * 3
    source = """
import os
from client import *

@pytest.mark.vcr
def test_recorded(hokusai, hokusai_env):
    key = os.environ.get("REAL_KEY", "another-key-at-home")
    url = "http://127.0.0.1:" + os.environ["PORT"] + "/api/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0"
    request = urllib.request.Request(url + "&api_key=" + key, headers={"Authorization": "Bearer " + key})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 401
"""
    from hokusai_mock import MockServer  # noqa: PLC0415

    with MockServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORT", str(server.port))
        patch.setenv("REAL_KEY", secret)
        run_apart(source, "--record-mode=once", "-p", "no:randomly").assert_outcomes(passed=1)
        text = cassette(pytester).read_text("utf-8")
        assert secret not in text
        assert text.count("redacted:api-key") >= 2
        patch.delenv("REAL_KEY")  # who plays it back has another key, or none
        run_apart(source, "--record-mode=none", "-p", "no:randomly").assert_outcomes(passed=1)
