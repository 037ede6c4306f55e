"""The result as JUnit XML, for CI systems that show it: a suite for each class of the API, a test case for each case.

`fail` is a failure, `error` an error, `skip` and `disabled` are skipped with their reason. Tags stand in properties.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import ClassVar
from xml.etree import ElementTree as ET

from hokusai_testkit.contract.results import CaseResult, RunResult

__all__ = ["JunitReport"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold, not even escaped."""

_ELEMENTS = {"fail": "failure", "error": "error", "skip": "skipped", "disabled": "skipped"}


class JunitReport:
    """The format that CI systems read."""

    option: ClassVar[str] = "junit"
    file_name: ClassVar[str] = "junit.xml"

    def render(self, result: RunResult) -> str:
        """Return the whole document."""
        root = ET.Element("testsuites", _counts(result.cases, "hokusai contract"))
        by_owner = sorted(result.cases, key=_owner)
        for owner, group in groupby(by_owner, key=_owner):
            cases = tuple(group)
            suite = ET.SubElement(root, "testsuite", _counts(cases, owner))
            for case in cases:
                _add(suite, case)
        ET.indent(root)
        return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _owner(case: CaseResult) -> str:
    return case.info.method.partition(".")[0]


def _counts(cases: tuple[CaseResult, ...], name: str) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    return {
        "name": name,
        "tests": str(len(cases)),
        "failures": str(outcomes.count("fail")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skip") + outcomes.count("disabled")),
        "time": f"{sum(case.duration_s for case in cases):.3f}",
    }


def _add(suite: ET.Element, case: CaseResult) -> None:
    _, _, name = case.info.id.partition("/")
    attributes = {"classname": case.info.method, "name": _clean(name), "time": f"{case.duration_s:.3f}"}
    element = ET.SubElement(suite, "testcase", attributes)
    properties = ET.SubElement(element, "properties")
    tags = {"issue": case.info.issue or "", "criteria": " ".join(case.info.criteria), "level": case.info.level}
    for key, value in tags.items():
        if value:
            ET.SubElement(properties, "property", {"name": key, "value": value})
    if case.outcome == "pass" or case.reason is None:
        return
    first = case.reason.text.partition("\n")[0]
    found = ET.SubElement(element, _ELEMENTS[case.outcome], {"message": _clean(first), "type": case.reason.code})
    found.text = _clean(case.reason.text)
    if case.journal:
        ET.SubElement(element, "system-out").text = _clean("\n".join(case.journal))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
