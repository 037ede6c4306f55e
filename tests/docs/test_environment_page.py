"""`docs/environment.md` lists every variable that is read, and says what `environment.py` does."""

from __future__ import annotations

import os
import re
from pathlib import Path

from variables_read import of_mlflow, of_the_kit, of_the_sdk

from hokusai_mock import environment

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "environment.md").read_text("utf-8")
KEY = "hk_test_admin"


def rows(title: str) -> list[list[str]]:
    """The cells of the table below a heading, without the head."""
    section = re.split(r"^#+ ", PAGE.split(f" {title}\n")[1], flags=re.MULTILINE)[0]
    table = [line.strip("| \n").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return table[2:]


def documented(column: int) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for name, *cells in rows("Set"):
        cell = cells[0] if cells[column] == "the same" else cells[column]
        found = re.search(r"`([^`]+)`", cell)
        values[name.strip("`")] = found[1] if found else None
    return values


def actual(*, plain: bool) -> dict[str, str | None]:
    table = environment.table("<root>", api_key=KEY, plain=plain)
    return {name: value for name, value in table.items() if name not in environment.REMOVED}


def test_variables_that_are_set(monkeypatch):
    monkeypatch.setattr(os, "devnull", "/dev/null")
    assert documented(0) == actual(plain=False)
    assert documented(1) == actual(plain=True)


def test_variables_that_are_removed():
    names = [name for cells in rows("Removed") for name in re.findall(r"`(\w+)`", cells[0])]
    assert sorted(names) == sorted(environment.REMOVED)


SDK = ("The SDK", "Redis, for predictions that are kept", "MLflow's variables that matter")


def listed(*titles: str) -> set[str]:
    return {name.strip("`") for title in titles for name, *_ in rows(title)}


def test_every_variable_that_the_sdk_reads_is_listed():
    assert sorted(of_the_sdk() - listed(*SDK)) == []


def test_every_listed_variable_is_read_by_the_sdk_or_by_mlflow():
    read = of_the_sdk()
    unread = sorted(listed(*SDK) - read)
    assert [name for name in unread if not (name.startswith("MLFLOW_") and f"\n{name} = " in of_mlflow())] == []


def test_the_kits_variables_are_those_that_it_reads():
    assert listed("The kit") == of_the_kit()
