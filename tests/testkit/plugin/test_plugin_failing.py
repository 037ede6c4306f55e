"""A failing test shows what its sandbox has seen, and why no request matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]


def test_failing_test_shows_the_requests_that_it_made(run_apart: Run) -> None:
    result = run_apart(
        """
from client import *
@pytest.mark.hokusai(scenario="auth.admin_required")
def test_fails(hokusai, hokusai_env):
    assert search() == 200
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- Captured hokusai journal call -*",
            "#1 POST /api/mlflow/api/2.0/mlflow/experiments/search -> 403 (key admin)",
        ]
    )


def test_journal_of_a_failing_test_shows_no_secret(run: Run) -> None:
    secret = "hk_live_" + "7c" * 12
    result = run(
        f"""
from client import *
def test_fails(hokusai):
    status = search(hokusai.tracking_uri, "hk_" + "live_" + "7c" * 12)
    urllib.request.urlopen(hokusai.url + "/health?api_key=" + "hk_" + "live_" + "7c" * 12).close()
    assert status == 200, "{secret[:3]}"
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["#1 POST * -> 401 (key unknown)", "#2 GET /health[?]api_key=<redacted:api-key:*"])
    assert secret not in result.stdout.str()


def test_passing_test_shows_nothing(run: Run) -> None:
    result = run("from client import *\ndef test_ok(hokusai, hokusai_env): assert search() == 200", "-rA")
    assert "hokusai journal" not in result.stdout.str()


def test_failing_test_that_sent_nothing_says_so(run: Run) -> None:
    result = run("def test_fails(hokusai): assert 0")
    result.stdout.fnmatch_lines(
        ["no request reached this test's sandbox, http://127.0.0.1:*/s/test_fails.*; only hokusai_env leads *"]
    )


def test_failing_set_up_after_the_sandbox_shows_the_journal(run: Run) -> None:
    result = run(
        """
from client import *
@pytest.fixture
def model(hokusai, hokusai_env):
    search()
    raise RuntimeError("cannot prepare")

def test_fails(model): pass
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*hokusai journal*", "#1 POST *"])


def test_skipped_test_shows_nothing(run: Run) -> None:
    result = run("import pytest\ndef test_skip(hokusai): pytest.skip('later')", "-rA")
    result.assert_outcomes(skipped=1)
    assert "hokusai journal" not in result.stdout.str()


def test_failed_assertion_about_calls_explains_itself(run: Run) -> None:
    result = run(
        """
from client import *
def test_fails(hokusai, hokusai_env):
    search()
    assert hokusai.calls("POST", "experiments/serch", body={"max_results": 2})
"""
    )
    result.stdout.fnmatch_lines(
        [
            "E *AssertionError: assert *",
            "E *calls('POST', 'experiments/serch', body={'max_results': 2}) found 0 of 1 recorded request",
            "E *near: #1 POST /api/mlflow/api/2.0/mlflow/experiments/search -> 200",
            "E *path: /api/mlflow/api/2.0/mlflow/experiments/search, not experiments/serch",
            "E *body.max_results: 1, not 2",
        ]
    )


def test_failed_assertion_about_the_number_of_calls_lists_them(run: Run) -> None:
    result = run(
        """
from client import *
def test_fails(hokusai, hokusai_env):
    search()
    search()
    assert len(hokusai.calls(path="*/search")) == 1
"""
    )
    result.stdout.fnmatch_lines(
        ["E *assert 2 == 1*", "E *calls(path='[*]/search') found 2 of 2 recorded requests", "E *#2 POST*"]
    )


def test_other_failures_are_left_as_they_are(run: Run) -> None:
    result = run(
        """
from client import *
def test_fails(hokusai, hokusai_env):
    assert not hokusai.calls("GET")
    raise ValueError("of the code under test")
"""
    )
    result.stdout.fnmatch_lines(["E *ValueError: of the code under test"])
    result.stdout.no_fnmatch_line("E *found 0 of*")


def test_failing_unittest_method_shows_the_same(run_apart: Run) -> None:
    result = run_apart(
        """
from client import *
import unittest

@pytest.mark.usefixtures("hokusai_env")
class TestSearch(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _platform(self, hokusai):
        self.hokusai = hokusai

    def test_fails(self):
        search()
        self.assertEqual(len(self.hokusai.calls("GET")), 1)

    def test_skips(self):
        search()
        self.skipTest("later")
"""
    )
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["E *calls('GET') found 0 of 1 recorded request", "*hokusai journal*", "#1 POST *"])
    assert result.stdout.str().count("hokusai journal") == 1


def test_journal_names_the_scenarios_that_are_active(run: Run) -> None:
    result = run(
        """
import pytest
@pytest.mark.hokusai(scenario=["gateway.lb_error", "auth.key_required"], params={"gateway.lb_error": {"times": 3}})
def test_scenarios(hokusai):
    hokusai.scenario("net.dns_fail")
    assert 0
""",
    )
    result.stdout.fnmatch_lines(
        [
            "*hokusai journal*",
            "active: gateway.lb_error (times=3)",
            "active: auth.key_required, which changes the client's environment and not the server: unsets "
            "HOKUSAI_API_KEY, MLFLOW_TRACKING_TOKEN (hokusai_env puts that in force)",
            "active: net.dns_fail, * sets HOKUSAI_API_ENDPOINT, HOKUSAI_API_URL, MLFLOW_TRACKING_URI (*",
            "no request reached *",
        ]
    )


def test_journal_says_that_no_scenario_is_active(run: Run) -> None:
    result = run("def test_fails(hokusai): assert 0")
    result.stdout.fnmatch_lines(["*hokusai journal*", "active: no scenario", "no request reached *"])


def test_questions_of_other_statements_are_not_explained(run: Run) -> None:
    result = run(
        """
from client import *
def posts(hokusai):
    return hokusai.calls("POST")

def test_fails(hokusai, hokusai_env):
    search()
    assert not hokusai.calls("DELETE")
    assert not hokusai.calls("PATCH")
    for method in ("PUT", "GET"):
        assert len(posts(hokusai)) == 1
        found = hokusai.calls(
            method,
        )
        if method == "GET":
            assert (
                found
            )
"""
    )
    result.stdout.fnmatch_lines(["E *calls('GET') found 0 of 1 recorded request"])
    for method in ("DELETE", "PATCH", "PUT", "POST"):
        result.stdout.no_fnmatch_line(f"E *calls('{method}') found*")


def test_question_that_a_helper_asked_for_the_failed_assertion_is_explained(run: Run) -> None:
    result = run(
        """
from client import *
def requests(hokusai, method):
    return hokusai.calls(method)

def test_fails(hokusai, hokusai_env):
    assert not requests(hokusai, "PUT")
    assert (
        requests(hokusai, "GET")
    )
"""
    )
    result.stdout.fnmatch_lines(["E *calls('GET') found 0 of 0 recorded requests"])
    result.stdout.no_fnmatch_line("E *calls('PUT') found*")


def test_assertion_that_is_not_about_calls_is_left_as_it_is(run: Run) -> None:
    result = run("def test_fails(hokusai):\n    assert not hokusai.calls('GET')\n    assert 1 == 2")
    result.stdout.fnmatch_lines(["E *assert 1 == 2"])
    result.stdout.no_fnmatch_line("E *found 0 of*")
