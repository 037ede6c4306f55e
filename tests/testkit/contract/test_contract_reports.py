"""What the reports say."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import jsonschema
import pytest

from hokusai_testkit.contract.failures import ContractViolation
from hokusai_testkit.contract.results import CRITERIA, ISSUES, CaseInfo, CaseResult, Reason, RunResult
from hokusai_testkit.reports import (
    REPORTS,
    HtmlReport,
    JsonReport,
    JunitReport,
    MarkdownReport,
    TerminalReport,
    write,
    write_all,
)
from hokusai_testkit.reports.json_report import schema


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


# -- files -------------------------------------------------------------------------------------------------------------

NASTY = "<script>alert(1)</script> & ]]> \x00 | ``` \N{SNOWMAN}"


@pytest.fixture
def failing(make_run) -> RunResult:
    """A run with everything: a violation with its requests, an error, a skip, text that could break out."""
    violation = ContractViolation("wrong-result", expected="[1, 2]", actual=NASTY).explained(
        promise="ModelVersionManager.list_versions: ascending", documented='list_versions("fraud")', reproduce="-k this"
    )
    info = CaseInfo(
        "ModelVersionManager.list_versions/a", "ModelVersionManager.list_versions", "ISSUE-3", ("C4", "C6"), "core"
    )
    told = replace(info, summary=f"Versions come ascending {NASTY}", writes=True, needs=("journal",))
    failed = CaseResult(
        told, "fail", Reason("wrong-result", violation.message), 0.5, ("GET /api/x -> 200 (Bearer admin)",)
    )
    error = CaseResult(replace(info, id="ModelVersionManager.list_versions/b"), "error", Reason("suite", NASTY))
    skip = CaseResult(
        replace(info, id="ModelRegistry/c", method="ModelRegistry"), "skip", Reason("missing-package", "x")
    )
    passed = CaseResult(replace(info, id="ModelRegistry/d", method="ModelRegistry"), "pass", None, 0.1)
    return make_run(failed, error, skip, passed)


def test_the_json_has_the_form_that_is_published(failing):
    run = replace(failing, selection={"level": "full", "keyword": None}, implementation=IMPLEMENTATION)
    jsonschema.validate(run.to_json(), schema(), jsonschema.Draft202012Validator)
    broken = run.to_json()
    broken["cases"][0]["outcome"] = "maybe"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema(), jsonschema.Draft202012Validator)


IMPLEMENTATION = {
    "name": "hokusai",
    "file": None,
    "version": "0.1.0",
    "distribution": None,
    "mlflow": "3.9.0",
    "python": "3.11.7",
}


def test_a_result_comes_back_from_its_json(failing):
    assert RunResult.from_json(json.loads(JsonReport().render(failing))).to_json() == failing.to_json()


def test_junit_has_a_suite_for_each_class_and_says_how_cases_ended(failing):
    root = ElementTree.fromstring(JunitReport().render(failing))
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"ModelVersionManager", "ModelRegistry"}
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("4", "1", "1", "1")
    case = suites["ModelVersionManager"].find("testcase")
    assert (case.get("classname"), case.get("name"), case.get("time")) == (
        "ModelVersionManager.list_versions",
        "a",
        "0.500",
    )
    assert {p.get("name"): p.get("value") for p in case.iter("property")} == {
        "issue": "ISSUE-3",
        "criteria": "C4 C6",
        "level": "core",
    }
    failure = case.find("failure")
    assert failure.get("type") == "wrong-result"
    assert "<script>alert(1)</script> & ]]> \N{REPLACEMENT CHARACTER}" in failure.text
    assert case.find("system-out").text == "GET /api/x -> 200 (Bearer admin)"


def test_markdown_says_the_verdict_first_and_keeps_text_from_breaking_out(failing):
    text = MarkdownReport().render(failing)
    assert text.splitlines()[2].startswith("**Verdict FALSE: 1 pass, 1 fail, 1 skip, 1 error of 4 cases")
    assert "| ISSUE-3 |" in text
    assert "\N{CROSS MARK} broken" in text
    assert "### Failed (1)" in text
    fence = text.splitlines()[text.splitlines().index("</details>") - 2]
    assert fence == "````"
    assert len([line for line in text.splitlines() if line.startswith("| ISSUE-")]) == len(ISSUES)


class Page(HTMLParser):
    """What a browser would make of a page: tags with attributes, and the text outside of scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_loads_nothing_and_runs_no_script_but_its_own(failing):
    page = Page(HtmlReport().render(failing))
    assert len(page.all("script")) == 1
    assert [attributes for _, attributes in page.tags if {"src", "action"} & set(attributes)] == []
    assert all(attributes["href"].startswith("#") for attributes in page.all("a"))
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "<script>alert(1)</script> & ]]>" in page.text


def test_the_page_shows_a_failure_with_everything_that_helps(failing):
    page = Page(HtmlReport().render(failing))
    for shown in ("The contract is broken", "Expected", "[1, 2]", "Actual", "Reproduce", "-k this", "Bearer admin"):
        assert shown in page.text
    cases = [one for one in page.all("details") if one.get("class") == "case"]
    assert [one["data-outcome"] for one in cases] == ["fail", "error", "skip", "pass"]
    assert ["open" in one for one in cases] == [True, True, False, False]


def test_the_page_has_views_by_issue_criterion_and_method_whose_links_lead_to_cases(failing):
    page = Page(HtmlReport().render(failing))
    assert {"Issues", "Criteria", "Methods"} <= {section.get("aria-label") for section in page.all("section")}
    anchors = {one["id"] for one in page.all("details") if one.get("class") == "case"}
    targets = {link["href"][1:] for link in page.all("a")} - {"cases"}
    assert targets == anchors


def test_the_page_can_be_used_without_a_mouse_and_without_colour(failing):
    page = Page(HtmlReport().render(failing))
    assert page.all("html") == [{"lang": "en"}]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all("aria-label" in field for field in page.all("input") if field["type"] == "search")
    for outcome in ("fail", "error", "skip", "pass"):
        assert f"{outcome}" in page.text
    assert {"header", "main", "footer"} <= {name for name, _ in page.tags}


def test_a_folder_gets_every_format(failing, tmp_path):
    write_all(REPORTS.values(), failing, tmp_path / "report")
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "result.json",
        "junit.xml",
        "summary.md",
        "report.html",
    }
