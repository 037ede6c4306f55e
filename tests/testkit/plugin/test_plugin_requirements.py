"""The markers that decide whether a test runs: `hokusai_requires`, `hokusai_online`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from hokusai_mock import MockServer, profiles
from hokusai_testkit.fixtures.requirements import CAPABILITIES

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]


def test_a_test_runs_only_where_the_version_has_what_it_needs(run: Run) -> None:
    source = """
import pytest
@pytest.mark.hokusai_requires(capability="logged-models")
def test_logged(hokusai): pass
@pytest.mark.hokusai(profile="mlflow-2.9")
@pytest.mark.hokusai_requires(capability="logged-models")
def test_old(hokusai): pass
"""
    result = run(source, "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*hokusai-requires: logged-models, which mlflow-2.9 does not have*"])
    run(source, "--hokusai-profile=mlflow-2.9").assert_outcomes(skipped=2)


@pytest.mark.skipif(find_spec("mlflow") is None, reason="needs an MLflow client")
def test_a_test_runs_only_with_the_client_that_it_needs(run: Run) -> None:
    result = run(
        """
import pytest
@pytest.mark.hokusai_requires(mlflow=">=2")
def test_any(): pass
@pytest.mark.hokusai_requires(mlflow=">=99")
def test_none(): pass
""",
        "-rs",
    )
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*hokusai-requires: mlflow>=99, and * is installed: pip install 'mlflow>=99'*"])


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("hokusai_requires()", "takes keywords"),
        ("hokusai_requires('>=2')", "takes keywords"),
        ("hokusai_requires(capability='logged-model')", "did you mean 'logged-models'?"),
        ("hokusai_requires(mlflw='>=2')", "no keyword 'mlflw'"),
        ("hokusai_requires(mlflow='new')", "no range of versions"),
        ("hokusai_requires(mlflow=3)", "is a text such as"),
        ("hokusai_online()", "takes one thing"),
        ("hokusai_online(why='x')", "takes one thing"),
    ],
)
def test_markers_that_make_no_sense_end_the_run_at_collection(run: Run, marker: str, says: str) -> None:
    result = run(f"import pytest\n@pytest.mark.{marker}\ndef test_one(): raise AssertionError")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert says in result.stdout.str() + result.stderr.str()


def test_every_capability_is_one_that_some_version_has_and_most_tell_versions_apart() -> None:
    having = {
        name: [profile for profile in profiles.mlflow_names() if route in profiles.mlflow(profile).routes]
        for name, route in CAPABILITIES.items()
    }
    assert all(having.values()), having
    assert "mlflow-2.9" not in having["logged-models"]


ONLINE = """
import os
from client import *
@pytest.mark.hokusai_online("looks at the real registry")
def test_online(hokusai_env):
    assert os.environ["MLFLOW_TRACKING_URI"].startswith("%s")
    assert search() == 200

def test_offline(hokusai, hokusai_env):
    assert search() == 200
    assert len(hokusai.journal) == 1
"""


def test_online_tests_run_against_the_target_alone_and_others_never(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_API_KEY", "hk_test_admin")
    with MockServer() as service:
        platform = service.sandbox("real")
        source = ONLINE % platform.api_endpoint
        skipped = run(source, "-rs")
        skipped.assert_outcomes(passed=1, skipped=1)
        skipped.stdout.fnmatch_lines(["*hokusai-online: looks at the real registry; run it with --hokusai-target=URL*"])
        assert platform.journal == []
        run(source, f"--hokusai-target={platform.api_endpoint}").assert_outcomes(passed=2)
        assert len(platform.journal) == 1


def test_an_online_test_without_a_key_fails_and_is_no_skip(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOKUSAI_API_KEY", raising=False)
    result = run(ONLINE % "http", "--hokusai-target=http://127.0.0.1:9/api")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*no HOKUSAI_API_KEY*"])


def test_a_sandbox_in_an_online_test_is_a_contradiction(run: Run) -> None:
    result = run("import pytest\n@pytest.mark.hokusai_online('x')\ndef test_one(hokusai): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "has no sandbox" in result.stdout.str() + result.stderr.str()
