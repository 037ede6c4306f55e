"""What the reports say."""

from __future__ import annotations

import json

import pytest

from hokusai_testkit.contract.results import CRITERIA, ISSUES, RunResult
from hokusai_testkit.reports import JsonReport, TerminalReport, write


@pytest.fixture
def make_run():
    def make(*cases) -> RunResult:
        target = {"name": "mock", "version": "1.2.3", "profiles": ["mlflow-3.9", "platform-documented"]}
        implementation = {"name": "hokusai", "version": "0.1.0", "mlflow": "3.9.0", "python": "3.11.7"}
        return RunResult(target, implementation, {"level": "full"}, cases, 12.345)

    return make


def rows(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split() for line in text.splitlines() if line.split()[:1]}


def test_the_table_counts_by_issue_and_by_criterion(make_run, result):
    run = make_run(
        result("pass", issue="ISSUE-2", criteria=("C1", "C3")),
        result("fail", issue="ISSUE-2", criteria=("C1",)),
        result("skip", issue="ISSUE-4", criteria=("C4",)),
        result("disabled", issue="ISSUE-5", criteria=("C5",)),
    )
    table = rows(TerminalReport().render(run))
    assert set(ISSUES) | set(CRITERIA) <= set(table)
    assert table["ISSUE-2"][-6:] == ["1", "1", "0", "0", "0", "BROKEN"]
    assert table["C3"][-6:] == ["1", "0", "0", "0", "0", "kept"]
    assert table["ISSUE-4"][-7:] == ["0", "0", "0", "1", "0", "not", "shown"]
    assert table["C5"][-7:] == ["0", "0", "0", "0", "1", "not", "selected"]


def test_what_did_not_pass_is_shown_with_its_reason_and_tags(make_run, result):
    text = TerminalReport().render(
        make_run(result("fail", issue="ISSUE-2", name="broken"), result("skip", name="left"))
    )
    assert "FAILED ModelRegistry/broken (ISSUE-2, C1)\n  broken ended as fail" in text
    assert "SKIPPED ModelRegistry/left (C1)\n  left ended as skip" in text


def test_the_verdict_comes_last_with_the_numbers(make_run, result):
    last = TerminalReport().render(make_run(result("pass"), result("disabled"))).splitlines()[-1]
    assert last == "Verdict TRUE: 1 pass, 1 disabled of 2 cases in 12.3 s"


def test_the_report_is_ascii_and_colour_only_repeats_words(make_run, result):
    run = make_run(result("pass"), result("fail"), result("skip"))
    plain, coloured = TerminalReport().render(run), TerminalReport(colour=True).render(run)
    assert plain.isascii()
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    for word in ("BROKEN", "FALSE"):
        assert word in plain


def test_no_color_is_obeyed(monkeypatch, make_run, result):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b[" not in TerminalReport.for_terminal().render(make_run(result("fail")))


def test_the_json_report_is_the_result(make_run, result):
    run = make_run(result("pass"), result("fail"))
    assert json.loads(JsonReport().render(run)) == run.to_json()


def test_secrets_of_this_process_are_not_written(monkeypatch, tmp_path, make_run, result):
    monkeypatch.setenv("HOKUSAI_API_KEY", "a-very-real-secret")
    case = result("fail", name="a-very-real-secret")
    write(JsonReport(), make_run(case), str(tmp_path / "result.json"))
    assert "a-very-real-secret" not in (tmp_path / "result.json").read_text("utf-8")
