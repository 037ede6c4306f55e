"""Scrubbing takes the secrets out and leaves everything else as it was; what is replayed stays what it was."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode

import pytest
from cassette_samples import KEY, OLD

from hokusai_mock.redaction import RedactionError
from hokusai_testkit.cassettes import scrub as scrubbing
from hokusai_testkit.cassettes.check import Rules, check
from hokusai_testkit.cassettes.file import read
from hokusai_testkit.cassettes.scrub import scrub


def test_secrets_go_and_the_rest_stays_line_by_line(old):
    done = scrub(old)
    assert done.texts == 3
    assert set(done.kinds) == {"api-key", "password"}
    text = old.read_text("utf-8")
    assert KEY not in text
    assert "hunter2" not in text
    changed = set(OLD.splitlines()) ^ set(text.splitlines())
    assert not any("Accept" in line or "Content-Type" in line or line.startswith("#") for line in changed)
    assert [defect.id for defect in check(old, Rules())] == ["unverified"]


def test_what_is_replayed_is_the_same_but_for_the_secret(old):
    before = json.loads(read(old).interactions[0].answer.value)
    scrub(old)
    (one,) = read(old).interactions
    after = json.loads(one.answer.value)
    assert after.pop("password").startswith("<redacted:password:")
    before.pop("password")
    assert after == before
    assert one.header("Content-Length", of_answer=True).value == str(len(one.answer.value.encode()))
    assert one.uri.value.startswith("http://127.0.0.1:5000/api/2.0/mlflow/experiments/get-by-name?experiment_name=a&")


def test_scrubbing_again_changes_nothing(old):
    scrub(old)
    before = old.read_bytes()
    assert scrub(old).texts == 0
    assert old.read_bytes() == before


def test_a_dry_run_changes_nothing(old):
    assert scrub(old, dry_run=True).texts == 3
    assert old.read_text("utf-8") == OLD


def test_a_compressed_body_is_opened_and_closed_again(old):
    body = b64encode(gzip.compress(json.dumps({"token": KEY, "n": 1}).encode())).decode()
    start, end = OLD.index("      string: |-"), OLD.index("    headers:\n      Content-Length")
    old.write_text(OLD[:start] + f"      string: !!binary |\n        {body}\n" + OLD[end:], "utf-8")
    scrub(old)
    content = json.loads(gzip.decompress(read(old).interactions[0].answer.value))
    assert content["n"] == 1
    assert content["token"].startswith("<redacted:")


def test_permissions_stay(old):
    old.chmod(0o644)
    scrub(old)
    assert old.stat().st_mode & 0o777 == 0o644


def test_a_file_that_cannot_be_cleaned_is_as_it_was(old, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise RedactionError("1 secret survived")

    monkeypatch.setattr(scrubbing, "write_redacted", refuse)
    with pytest.raises(RedactionError):
        scrub(old)
    assert old.read_text("utf-8") == OLD


def test_vcrpy_plays_a_scrubbed_cassette(old):
    vcr = pytest.importorskip("vcr", reason="an extra")
    requests = pytest.importorskip("requests")
    scrub(old)
    uri = read(old).interactions[0].uri.value
    with vcr.use_cassette(str(old), record_mode="none"):
        assert requests.get(uri, timeout=5).json()["experiment"]["name"] == "a"
