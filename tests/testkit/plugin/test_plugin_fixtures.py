"""The fixtures, as the test suites of other projects use them."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING

import pytest

from hokusai_mock import MockServer

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]


def test_first_test_of_a_new_user_passes(run_apart: Run) -> None:
    result = run_apart(
        """
from client import *
def test_search(hokusai, hokusai_env):
    assert search() == 200
    assert hokusai.calls("POST", "experiments/search", status=200)
"""
    )
    result.assert_outcomes(passed=1)


def test_handle_tells_where_the_platform_is(run: Run) -> None:
    result = run(
        """
from client import *
def test_handle(hokusai, hokusai_server):
    assert hokusai.url.startswith(hokusai_server.url + "/s/")
    assert hokusai.api_endpoint == hokusai.url + "/api"
    assert hokusai.env["HOKUSAI_API_ENDPOINT"] == hokusai.api_endpoint
    assert hokusai.env["MLFLOW_TRACKING_URI"] == hokusai.tracking_uri
    assert hokusai.api_key == hokusai.keys.admin == "hk_test_admin"
    assert search(hokusai.tracking_uri, hokusai.api_key) == 200
    assert search(hokusai.tracking_uri, hokusai.keys.reader) == 403

def test_types():
    from hokusai_testkit import HokusaiSandbox, HokusaiServer
    assert HokusaiServer.sandbox.__annotations__["return"] == "HokusaiSandbox"
"""
    )
    result.assert_outcomes(passed=2)


def test_each_test_has_its_own_sandbox(run: Run) -> None:
    result = run(
        """
from client import *
seen = set()

@pytest.mark.parametrize("n", range(5))
def test_alone(hokusai, hokusai_env, n):
    assert hokusai.journal == []
    assert search() == 200
    assert len(hokusai.journal) == 1
    assert hokusai.id not in seen
    seen.add(hokusai.id)
"""
    )
    result.assert_outcomes(passed=5)


def test_sandbox_is_dropped_after_the_test(run: Run) -> None:
    result = run(
        """
import json, urllib.request
ids = []

def test_one(hokusai):
    hokusai.env
    ids.append(hokusai.id)

def test_two(hokusai_server):
    with urllib.request.urlopen(hokusai_server.url + "/_testkit/v1/sandboxes") as answer:
        there = [sandbox["id"] for sandbox in json.load(answer)["sandboxes"]]
    assert ids and not set(ids) & set(there)
""",
    )
    result.assert_outcomes(passed=2)


def test_scenario_of_the_marker_and_of_the_test(run: Run) -> None:
    result = run(
        """
from client import *
@pytest.mark.hokusai(scenario="auth.admin_required")
def test_marker(hokusai, hokusai_env):
    assert search() == 403
    hokusai.scenario("healthy")
    assert search() == 200

def test_call(hokusai, hokusai_env):
    assert search() == 200
    hokusai.scenario("auth.admin_required")
    assert search() == 403

@pytest.mark.hokusai(scenario="gateway.lb_error", params={"times": 2})
def test_params(hokusai, hokusai_env):
    assert [search() >= 500 for _ in range(3)] == [True, True, False]

@pytest.mark.hokusai(scenario=["auth.admin_required", "gateway.lb_error"], params={"gateway.lb_error": {"times": 1}})
def test_list(hokusai, hokusai_env):
    assert [search() // 100 for _ in range(2)] == [5, 4]
    assert hokusai.calls(status=403)

@pytest.mark.hokusai(scenario="auth.admin_required")
class TestClosest:
    def test_inherited(self, hokusai, hokusai_env):
        assert search() == 403

    @pytest.mark.hokusai(scenario="healthy")
    def test_closer(self, hokusai, hokusai_env):
        assert search() == 200

    def test_reset_returns_to_the_marker(self, hokusai, hokusai_env):
        hokusai.scenario("healthy")
        hokusai.reset()
        assert search() == 403
"""
    )
    result.assert_outcomes(passed=7)


def test_profile_of_the_marker(run: Run) -> None:
    result = run(
        """
import pytest

@pytest.mark.hokusai(profile="mlflow-2.9")
def test_old(hokusai):
    assert hokusai.profile["mlflow"] == "mlflow-2.9"

def test_default(hokusai):
    assert hokusai.profile == {"mlflow": "mlflow-3.9", "platform": "platform-documented"}
"""
    )
    result.assert_outcomes(passed=2)


def test_environment_is_in_force_during_the_test_and_gone_after_it(
    run_apart: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "someone")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://production.invalid")
    monkeypatch.setenv("NO_PROXY", "internal.invalid")
    result = run_apart(
        """
import os
before = dict(os.environ)

def test_inside(hokusai, hokusai_env):
    assert os.environ["MLFLOW_TRACKING_URI"] == hokusai.tracking_uri == hokusai_env["MLFLOW_TRACKING_URI"]
    assert os.environ["MLFLOW_TRACKING_TOKEN"] == os.environ["HOKUSAI_API_KEY"] == hokusai.api_key
    assert os.environ["NO_PROXY"].split(",") == ["internal.invalid", "localhost", "127.0.0.1", "::1"]
    assert "MLFLOW_TRACKING_USERNAME" not in os.environ
    assert hokusai_env["MLFLOW_TRACKING_USERNAME"] is None
    for name, value in hokusai.env.items():
        if not name.lower() == "no_proxy":
            assert os.environ.get(name) == value
    # what clients leave behind goes too
    os.environ["MLFLOW_EXPERIMENT_ID"] = "7"
    os.environ["MLFLOW_REGISTRY_URI"] = "x"

def test_outside():
    ignored = {"PYTEST_CURRENT_TEST"}
    assert {k: v for k, v in os.environ.items() if k not in ignored} == {
        k: v for k, v in before.items() if k not in ignored
    }

def test_not_asked_for(hokusai):
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://production.invalid"
""",
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(passed=3)


def test_environment_follows_scenarios(run: Run) -> None:
    result = run(
        """
import os

def test_moves(hokusai, hokusai_env):
    home = os.environ["MLFLOW_TRACKING_URI"]
    hokusai.scenario("net.dns_fail")
    assert os.environ["MLFLOW_TRACKING_URI"] == hokusai.env["MLFLOW_TRACKING_URI"] != home
    hokusai.scenario("healthy")
    assert os.environ["MLFLOW_TRACKING_URI"] == hokusai_env["MLFLOW_TRACKING_URI"] == home

def test_loses_the_key(hokusai, hokusai_env):
    hokusai.scenario("auth.key_required")
    assert "MLFLOW_TRACKING_TOKEN" not in os.environ
    hokusai.reset()
    assert os.environ["MLFLOW_TRACKING_TOKEN"] == hokusai.api_key
"""
    )
    result.assert_outcomes(passed=2)


def test_unittest_classes_use_the_fixtures(run: Run) -> None:
    result = run(
        """
from client import *
import unittest

@pytest.mark.usefixtures("hokusai_env")
class TestSearch(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _platform(self, hokusai):
        self.hokusai = hokusai

    def test_search(self):
        self.assertEqual(search(), 200)
        self.assertEqual(len(self.hokusai.calls("POST")), 1)

    @pytest.mark.hokusai(scenario="auth.admin_required")
    def test_refused(self):
        self.assertEqual(search(), 403)
"""
    )
    result.assert_outcomes(passed=2)


def test_session_twins_are_shared_by_all_tests(run: Run) -> None:
    result = run(
        """
from client import *
@pytest.fixture(scope="module")
def prepared(hokusai_session, hokusai_session_env):
    assert search() == 200
    return hokusai_session

def test_one(prepared):
    assert len(prepared.journal) == 1

def test_own_environment_inside_the_session_s(prepared, hokusai, hokusai_env):
    assert os.environ["MLFLOW_TRACKING_URI"] == hokusai.tracking_uri != prepared.tracking_uri

def test_back_in_the_session_s(prepared):
    assert os.environ["MLFLOW_TRACKING_URI"] == prepared.tracking_uri
""",
    )
    result.assert_outcomes(passed=3)


def test_seed_makes_ids_reproducible(run: Run) -> None:
    source = """
from client import *
def create(hokusai):
    request = urllib.request.Request(
        hokusai.tracking_uri + "/api/2.0/mlflow/runs/create",
        b'{"experiment_id": "0"}',
        {"Authorization": "Bearer " + hokusai.api_key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["run"]["info"]["run_id"]

def test_of_the_session(hokusai):
    print("session", create(hokusai))

@pytest.mark.hokusai(seed=7)
def test_of_the_marker(hokusai):
    first = create(hokusai)
    hokusai.reset()
    assert create(hokusai) == first
    print("marker", first)
"""

    def ids(*arguments: str) -> list[str]:
        output = run(source, "-s", *arguments).stdout.str()
        return re.findall(r"(?:session|marker) [0-9a-f]{32}", output)

    first, again, other = (sorted(found) for found in (ids(), ids(), ids("--hokusai-seed=1")))
    assert len(first) == 2
    assert first == again
    assert first[0] == other[0]
    assert first[1] != other[1]


def test_error_inside_the_mock_fails_the_test_that_hit_it(run: Run) -> None:
    result = run(
        """
from client import *
from hokusai_mock.store.experiments import Experiments

def boom(*_, **__):
    raise RuntimeError("boom in the mock")

@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setattr(Experiments, "get", boom)

def hokusai_get(hokusai):
    url = hokusai.tracking_uri + "/api/2.0/mlflow/experiments/get?experiment_id=0"
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + hokusai.api_key})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value:
        return caught.value.code

def test_innocent(hokusai, hokusai_env):
    assert search() == 200

def test_hit(hokusai, hokusai_env, broken):
    assert hokusai_get(hokusai) == 500

def test_failed_anyway(hokusai, hokusai_env, broken):
    hokusai_get(hokusai)
    assert False
"""
    )
    result.assert_outcomes(passed=2, errors=1, failed=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_hit*", "*the mock itself failed*", "*boom in the mock"])


def test_server_that_was_stopped_by_the_test_is_no_second_failure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with MockServer() as server:
        monkeypatch.setattr(builtins, "stop_the_mock", server.stop, raising=False)
        result = run("def test_stop(hokusai):\n    stop_the_mock()\n    assert 0", f"--hokusai-server={server.url}")
    result.assert_outcomes(failed=1)
