"""Verifying makes the recorded requests again, follows new ids, and tells what no longer holds."""

from __future__ import annotations

import re

import pytest

from hokusai_mock import MockServer
from hokusai_testkit.cassettes.replay import Ids, Server
from hokusai_testkit.cassettes.verify import verify


@pytest.fixture
def fresh():
    """A server with nothing in it, whose ids are others than those of the recording."""
    with MockServer(plain=True, seed=4711) as server:
        yield Server(server.sandbox().tracking_uri, None, 10)


def test_ids_of_another_server_are_followed_and_the_file_is_marked(recorded, fresh):
    text = re.sub(r'verified: "[^"]*"', 'verified: "2020-01-01T00:00:00Z"', recorded.read_text("utf-8"))
    recorded.write_text(text, "utf-8")
    result = verify(recorded, fresh)
    assert [outcome.state for outcome in result.outcomes] == ["holds"] * 4
    assert result.holds is True
    after = recorded.read_text("utf-8")
    assert '"2020-01-01T00:00:00Z"' not in after
    assert re.sub(r'verified: "[^"]*"', "", after) == re.sub(r'verified: "[^"]*"', "", text)


def test_what_differs_is_named_and_the_file_is_not_marked(recorded, fresh):
    text = recorded.read_text("utf-8").replace('\\"lifecycle_stage\\"', '\\"lifecycle\\"')
    recorded.write_text(text, "utf-8")
    result = verify(recorded, fresh)
    assert result.holds is False
    differing = [outcome.text for outcome in result.outcomes if outcome.state == "differs"]
    assert "lifecycle is gone" in differing[0]
    assert "lifecycle_stage is new" in differing[0]
    assert recorded.read_text("utf-8") == text


def test_another_status_is_a_difference(recorded, fresh):
    verify(recorded, fresh)
    result = verify(recorded, fresh)  # the experiment exists by now
    assert result.outcomes[0].text == "the status is 400, it was 200"


def test_writing_to_another_machine_must_be_allowed(recorded):
    server = Server("http://mlflow.invalid:5000", None, 1)
    with pytest.raises(OSError):  # noqa: PT011 - the system's own words
        verify(recorded, server)  # the last one only reads
    text = recorded.read_text("utf-8")
    recorded.write_text(text[: text.rindex("- request:")] + "version: 1\n", "utf-8")
    result = verify(recorded, server)
    assert {outcome.state for outcome in result.outcomes} == {"not sent"}
    assert "--allow-writes" in result.outcomes[0].text
    assert result.holds is None


@pytest.mark.parametrize("uri", ["5000", "ftp://h", "http://user:word-of-pass@h", "http://"])
def test_a_target_that_is_none_is_refused(uri):
    with pytest.raises(ValueError, match="target") as problem:
        Server(uri, None, 1)
    assert "word-of-pass" not in str(problem.value)


def test_ids_are_followed_in_paths_too():
    ids = Ids()
    ids.learn(
        {"run": {"info": {"run_id": "a" * 32, "experiment_id": "1", "name": "x"}}},
        {"run": {"info": {"run_id": "b" * 32, "experiment_id": "7", "name": "y"}}},
    )
    assert ids.text(f"mlflow-artifacts:/1/{'a' * 32}/artifacts") == f"mlflow-artifacts:/1/{'b' * 32}/artifacts"
    assert ids.json({"experiment_ids": ["1"], "name": "x", "n": 1}) == {"experiment_ids": ["7"], "name": "x", "n": 1}
