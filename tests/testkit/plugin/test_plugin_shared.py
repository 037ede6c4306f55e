"""Which mock a session uses: one for all workers, one for each, or one that runs already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hokusai_mock import MockServer

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]

WHERE = """
import os, sys
from client import *

@pytest.mark.parametrize("n", range(8))
def test_alone(hokusai, hokusai_env, hokusai_server, n):
    for _ in range(n):
        assert search() == 200
    assert len(hokusai.journal) == n
    print("MOCK", hokusai_server.url, "flask" in sys.modules)
    assert 0
"""


def mocks(result: pytest.RunResult) -> set[tuple[str, str]]:
    found = set(re.findall(r"MOCK (\S+) (\w+)", result.stdout.str()))
    assert found
    return found


def test_local_workers_share_one_mock_and_never_import_flask(run_apart: Run) -> None:
    result = run_apart(WHERE, "-n3")
    result.assert_outcomes(failed=8)
    ((url, flask),) = mocks(result)
    assert (url.startswith("http://127.0.0.1:"), flask) == (True, "False")


@pytest.mark.parametrize("arguments", [("-n2", "--hokusai-server=worker"), ("-n2", "--dist=each")])
def test_workers_with_a_mock_each(run_apart: Run, arguments: tuple[str, ...]) -> None:
    assert len(mocks(run_apart(WHERE, *arguments))) == 2


def test_the_shared_mock_plays_what_the_options_say(run_apart: Run) -> None:
    result = run_apart(
        """
from client import *
@pytest.mark.parametrize("n", range(4))
def test_old(hokusai, hokusai_env, n):
    assert hokusai.profile["mlflow"] == "mlflow-2.9"
    assert search() == 403
""",
        "-n2",
        "--hokusai-profile=mlflow-2.9",
        "--hokusai-scenario=auth.admin_required",
    )
    result.assert_outcomes(passed=4)


def test_workers_that_need_no_mock_leave_the_shared_one_unstarted(run_apart: Run) -> None:
    result = run_apart(
        """
import threading
def test_nothing():
    pass
""",
        "-n2",
    )
    result.assert_outcomes(passed=1)


ELSEWHERE = """
from client import *
@pytest.mark.parametrize("n", range(2))
def test_elsewhere(hokusai, hokusai_env, hokusai_server, n):
    assert hokusai.url.startswith("%s/s/")
    assert hokusai.profile["mlflow"] == "mlflow-2.9"
    assert search() == 403
    hokusai.reset()
    assert search() == 403
"""


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_a_mock_that_runs_already_is_used_and_left_as_it_was(run_apart: Run, workers: tuple[str, ...]) -> None:
    with MockServer() as server:
        result = run_apart(
            ELSEWHERE % server.url,
            f"--hokusai-server={server.url}",
            "--hokusai-profile=mlflow-2.9",
            "--hokusai-scenario=auth.admin_required",
            "--hokusai-seed=7",
            *workers,
        )
        result.assert_outcomes(passed=2)
        if not workers:
            result.stdout.fnmatch_lines([f"hokusai-testkit * mock at {server.url}, mlflow-2.9*"])
        assert server.worlds.ids() == ["default"]
        assert server.sandbox().profile["mlflow"] == "mlflow-3.9"


def test_seed_of_the_option_reaches_a_mock_that_runs_already(run: Run) -> None:
    source = """
import json, urllib.request
def test_id(hokusai):
    request = urllib.request.Request(
        hokusai.tracking_uri + "/api/2.0/mlflow/runs/create", b'{"experiment_id": "0"}',
        {"Content-Type": "application/json", "Authorization": "Bearer " + hokusai.api_key},
    )
    with urllib.request.urlopen(request) as answer:
        print("ID", json.load(answer)["run"]["info"]["run_id"])
"""
    found = []
    with MockServer() as server:
        for seed in ("7", "7", "8"):
            output = run(source, "-s", f"--hokusai-server={server.url}", f"--hokusai-seed={seed}").stdout.str()
            found += re.findall(r"ID ([0-9a-f]{32})", output)
    assert (found[0] == found[1], found[0] == found[2]) == (True, False)


def test_no_mock_where_the_option_says_one_is(run: Run) -> None:
    result = run("def test_one(hokusai): pass\ndef test_two(): pass", "--hokusai-server=http://127.0.0.1:9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "no mock answers there" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--hokusai-server=sharde",), "neither worker nor shared"),
        (("--hokusai-target=live",), "neither mock nor an API endpoint"),
        (("--hokusai-keep=client.py",), "is a file"),
        (("--hokusai-server=http://mock.invalid", "--hokusai-block-network"), "leave one of the two options out"),
    ],
)
def test_options_that_make_no_sense_end_the_run_at_once(run: Run, arguments: tuple[str, ...], says: str) -> None:
    result = run("def test_one(): pass", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert says in result.stdout.str() + result.stderr.str()


def test_a_switch_in_the_environment_is_read_strictly(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_TESTKIT_BLOCK_NETWORK", "false")
    run("def test_one(): pass").assert_outcomes(passed=1)
    monkeypatch.setenv("HOKUSAI_TESTKIT_BLOCK_NETWORK", "maybe")
    assert run("def test_one(): pass").ret == pytest.ExitCode.USAGE_ERROR
