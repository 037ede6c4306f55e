"""Every defect has an id, a place and a remedy, and a clean cassette has none."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from cassette_samples import KEY

from hokusai_testkit.cassettes.check import DEFECTS, Rules, cassettes_in, check


def ids(path, rules=None, **how):
    return [defect.id for defect in check(path, rules or Rules(), **how)]


def test_a_recording_of_the_kit_is_clean(recorded):
    assert check(recorded, Rules()) == []


def test_secrets_are_found_and_never_shown(old):
    found = [defect for defect in check(old, Rules()) if defect.id == "secret"]
    assert [defect.text.partition(" holds")[0] for defect in found] == [
        "interaction 1: request header Authorization",
        "interaction 1: uri",
        "interaction 1: response body",
    ]
    assert all(defect.line > 1 and "scrub" in defect.remedy for defect in found)
    assert KEY not in str(found)
    assert "hunter2" not in str(found)


def test_age_counts_from_the_last_verification(recorded):
    later = datetime.now(timezone.utc) + timedelta(days=181)
    assert ids(recorded, now=later) == ["stale"]
    assert ids(recorded, Rules(max_age=timedelta(days=365)), now=later) == []


def test_a_file_that_says_nothing_of_its_age_is_unverified(old):
    assert "unverified" in ids(old)


def test_routes_that_the_version_does_not_have_are_drift(recorded):
    text = recorded.read_text("utf-8").replace("/mlflow/runs/get?", "/mlflow/runs/gone?")
    recorded.write_text(text, "utf-8")
    (defect,) = check(recorded, Rules())
    assert defect.id == "drift"
    assert "no route GET /api/2.0/mlflow/runs/gone" in defect.text


def test_a_recording_of_another_version_than_asked_for_is_drift(recorded):
    assert ids(recorded, Rules(profile="mlflow-2.9")) == ["drift"]
    assert ids(recorded, Rules(profile="mlflow-3.9")) == []


def test_interactions_that_nothing_played_are_named(recorded):
    path = str(recorded.resolve())
    assert ids(recorded, Rules(played={path: frozenset({1, 2, 3, 4})})) == []
    (defect,) = check(recorded, Rules(played={path: frozenset({1, 2, 4})}))
    assert defect.id == "unused"
    assert "interaction 3, POST" in defect.text
    assert [one.text for one in check(recorded, Rules(played={}))] == ["no test played it"]


def test_a_file_of_a_newer_kit_asks_for_it(recorded):
    text = recorded.read_text("utf-8").replace('kit: "', 'kit: "99.')
    recorded.write_text(text, "utf-8")
    assert ids(recorded) == ["tool"]


@pytest.mark.parametrize(
    ("text", "defect"),
    [("interactions: []\na: !!python/name:os.system x", "unsafe-tag"), ("nothing", "unreadable"), ("{", "unreadable")],
)
def test_files_that_cannot_be_read_are_defects_too(old, text, defect):
    old.write_text(text, "utf-8")
    assert ids(old) == [defect]


def test_every_defect_is_described():
    assert all(DEFECTS.values())


def test_folders_are_looked_through_and_a_wrong_path_is_an_error(recorded, tmp_path):
    assert cassettes_in([tmp_path, recorded]) == [recorded]
    with pytest.raises(FileNotFoundError, match="there is no"):
        cassettes_in([tmp_path / "missing"])
