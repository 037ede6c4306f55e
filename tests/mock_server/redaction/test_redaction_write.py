"""A file without secrets is written in one step; otherwise the old file stays."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hokusai_mock.redaction import RedactionError, Redactor, find_survivors, write_redacted

SECRET = "canary-7f3a9c"


class Blind(Redactor):
    """A broken engine."""

    def text(self, text: str) -> str:
        return text


def test_file_is_redacted_complete_and_private(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    write_redacted(target, f"api_key: {SECRET}\nnaïve text", Redactor())
    assert SECRET not in target.read_text(encoding="utf-8")
    assert target.read_text(encoding="utf-8").endswith("naïve text")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("text", [SECRET, "%63anary-7f3a9c", "Y2FuYXJ5LTdmM2E5Yw==", "\\u0063anary-7f3a9c"])
def test_surviving_canary_leaves_the_old_file_and_no_other(tmp_path: Path, text: str) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    with pytest.raises(RedactionError, match=r"report\.json was not written: 1 secret") as caught:
        write_redacted(target, f"oops {text}", Blind([SECRET]))
    assert SECRET not in str(caught.value)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_surviving_token_shape_is_found_though_nobody_knew_it(tmp_path: Path) -> None:
    with pytest.raises(RedactionError):
        write_redacted(tmp_path / "x", "ghp_" + "a1B2" * 9, Blind())
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_redacted_already_is_written_as_it_is_and_searched_all_the_same(tmp_path: Path) -> None:
    write_redacted(tmp_path / "x", "password=short", Redactor([SECRET]), already_redacted=True)
    assert (tmp_path / "x").read_text() == "password=short"
    with pytest.raises(RedactionError):
        write_redacted(tmp_path / "y", f"oops {SECRET}", Redactor([SECRET]), already_redacted=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_ordinal_labels_number_secrets_as_they_are_met_and_tell_nothing(tmp_path: Path) -> None:
    redactor = Redactor(ordinal=True)
    assert redactor.text(f"password={SECRET} token=other-42x {SECRET}") == (
        "password=<redacted:password:0001> token=<redacted:token:0002> <redacted:password:0001>"
    )
    assert redactor.text("<redacted:password:0001>") == "<redacted:password:0001>"


def test_public_keys_do_not_stop_a_file(tmp_path: Path) -> None:
    write_redacted(tmp_path / "x", "hk_test_admin", Redactor(["hk_test_admin"]))
    assert (tmp_path / "x").read_text() == "hk_test_admin"


def test_secret_that_labels_are_made_of_does_not_stop_a_file(tmp_path: Path) -> None:
    write_redacted(tmp_path / "x", "password=swordfish-9 credential", Redactor(["password", "credential", "redacted"]))
    assert "swordfish" not in (tmp_path / "x").read_text()


def test_failing_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x"
    target.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_redacted(target, "new", Redactor())
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_survivors_are_counted_by_secret_not_by_place() -> None:
    assert find_survivors(f"{SECRET} {SECRET}".encode(), [SECRET, "another-secret"]) == 1
