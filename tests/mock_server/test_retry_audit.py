"""What a client did when its calls failed, derived from the journal: pure cases, and real clients over the wire."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from hokusai_mock import environment
from hokusai_mock.retry_audit import audit

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search"
CREATE = "/api/mlflow/api/2.0/mlflow/registered-models/create"


def entry(n: int, at: int, status: int | None = 503, **fields: Any) -> dict[str, Any]:
    """One request, begun at `at` ms, over 10 ms later."""
    return {
        "n": n,
        "real_t": at,
        "duration_ms": 10,
        "method": "POST",
        "path": CREATE,
        "query": "",
        "headers": [["User-Agent", "test"]],
        "auth": {"key": "admin"},
        "body": "{}",
        "body_size": 2,
        "status": status,
        "fate": "sent",
        "retry_after": None,
        **fields,
    }


def only_call(*entries: dict[str, Any]) -> Any:
    (call,) = audit(entries)["entries"]
    return call


def test_attempts_of_one_call_belong_together():
    call = only_call(entry(1, 0), entry(2, 110), entry(3, 320, 200))
    assert [one["waited_ms"] for one in call["attempts"]] == [None, 100, 200]
    assert (call["outcome"], call["backoff"], call["total_ms"]) == ("answered", "growing", 330)


def test_the_same_request_after_an_answer_is_another_call():
    found = audit([entry(1, 0, 200), entry(2, 100, 200), entry(3, 200, 403), entry(4, 300, 200)])
    assert (found["calls"], found["retried"]) == (4, 0)


def test_other_bodies_queries_and_clients_are_other_calls():
    others = [{"body": "[]"}, {"query": "a=1"}, {"auth": {"key": "reader"}}, {"headers": [["User-Agent", "x"]]}]
    found = audit([entry(1, 0), *(entry(n, n * 100, **other) for n, other in enumerate(others, 2))])
    assert found["calls"] == 5


def test_two_calls_at_once_are_not_taken_for_one():
    found = audit([entry(1, 0), entry(2, 5), entry(3, 100, 200), entry(4, 105, 200)])
    assert [[one["n"] for one in call["attempts"]] for call in found["entries"]] == [[1, 3], [2, 4]]


def test_a_client_that_gives_up_is_seen():
    found = audit([entry(1, 0), entry(2, 100), entry(3, 200)])
    assert (found["gave_up"], found["most_attempts"]) == (1, 3)
    assert found["entries"][0]["backoff"] == "constant"


@pytest.mark.parametrize(
    ("waited", "demanded", "honoured"), [(1000, "1", True), (960, "1", True), (500, "1", False), (0, "0", True)]
)
def test_retry_after_is_compared_with_the_wait(waited, demanded, honoured):
    call = only_call(entry(1, 0, 429, retry_after=demanded), entry(2, 10 + waited, 200))
    assert call["attempts"][1]["honoured"] is honoured
    assert call["attempts"][1]["retry_after_s"] == float(demanded)


def test_retry_after_may_be_a_date():
    call = only_call(entry(1, 0, 503, retry_after="Thu, 01 Jan 1970 00:00:02 GMT"), entry(2, 500, 200))
    assert call["attempts"][1] == {
        "n": 2,
        "status": 200,
        "fate": "sent",
        "waited_ms": 490,
        "retry_after_s": 2.0,
        "honoured": False,
    }


@pytest.mark.parametrize(
    ("first", "unsafe"),
    [
        ({"status": 502}, True),
        ({"status": None, "fate": "reset"}, True),
        ({"status": 429}, False),
        ({"status": 503, "retry_after": "1"}, False),
        ({"status": 502, "method": "GET"}, False),
        ({"status": 502, "path": SEARCH}, False),
    ],
)
def test_a_repeated_call_that_may_have_been_carried_out_is_named(first, unsafe):
    same = {name: value for name, value in first.items() if name in ("method", "path")}
    call = only_call(entry(1, 0, **first), entry(2, 2000, 200, **same))
    assert call["repeated_unsafely"] is unsafe


def test_a_wait_that_nobody_can_know_is_unknown():
    call = only_call(entry(1, 0, None, fate="hung", duration_ms=9000), entry(2, 3000, 200))
    assert call["attempts"][1]["waited_ms"] is None


def test_an_empty_journal_has_no_calls():
    assert audit([]) == {
        "requests": 0,
        "calls": 0,
        "retried": 0,
        "most_attempts": 0,
        "gave_up": 0,
        "retry_after_sent": 0,
        "retry_after_honoured": 0,
        "repeated_unsafely": 0,
        "entries": [],
    }


# -- real clients ------------------------------------------------------------------------------------------------------


def session(**options: Any) -> requests.Session:
    made = requests.Session()
    made.mount("http://", HTTPAdapter(max_retries=Retry(allowed_methods=None, raise_on_status=False, **options)))
    made.headers["Authorization"] = "Bearer hk_test_admin"
    made.trust_env = False
    return made


def test_requests_with_retries_is_audited(sandbox):
    sandbox.fault(layer="edge", effect="status", times=2, with_={"status": 502, "text": "no"})
    with session(total=3, status_forcelist=[502], backoff_factor=0.05) as client:
        assert client.post(sandbox.url + CREATE, json={"name": "twice"}).status_code == 200
    found = sandbox.retry_audit()
    assert (found["calls"], found["retried"], found["most_attempts"], found["repeated_unsafely"]) == (1, 1, 3, 1)
    (call,) = found["entries"]
    assert [one["status"] for one in call["attempts"]] == [502, 502, 200]
    assert "python-requests" in call["client"]


def test_a_client_without_retries_gives_up_and_its_user_starts_again(sandbox):
    sandbox.fault(layer="edge", effect="reset", times=1)
    with session(total=0) as client:
        with pytest.raises(requests.ConnectionError):
            client.get(sandbox.url + "/api/health/mlflow")
        assert client.get(sandbox.url + "/api/health/mlflow").status_code == 200
    (call,) = sandbox.retry_audit("GET")["entries"]
    assert [one["fate"] for one in call["attempts"]] == ["reset", "sent"]
    assert call["idempotent"] is True


def test_many_clients_at_once_are_kept_apart(sandbox):
    sandbox.fault(layer="edge", effect="status", per="key", times=1, with_={"status": 503, "text": "no"})

    def work(name: str) -> None:
        with session(total=2, status_forcelist=[503]) as client:
            client.headers["X-Hokusai-Testkit-Client"] = name
            client.post(sandbox.url + SEARCH, json={"max_results": 1})

    threads = [threading.Thread(target=work, args=(f"client-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sandbox.retry_audit()
    assert (found["calls"], found["retried"], found["most_attempts"]) == (6, 6, 2)


MLFLOW = """
import mlflow
client = mlflow.MlflowClient()
print(len(client.search_experiments()))
"""


def test_mlflows_client_honours_retry_after(sandbox):
    pytest.importorskip("mlflow", reason="plays a real MLflow client")
    sandbox.fault(
        layer="edge", effect="status", times=1, with_={"status": 429, "json": {}, "headers": {"Retry-After": "1"}}
    )
    env = environment.apply(
        {**sandbox.env, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0"}, os.environ
    )
    done = subprocess.run([sys.executable, "-c", MLFLOW], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (call,) = sandbox.retry_audit(path="experiments/search")["entries"]
    assert [one["status"] for one in call["attempts"]] == [429, 200]
    assert call["attempts"][1]["honoured"] is True
    assert call["repeated_unsafely"] is False


def test_a_handshake_that_was_refused_may_be_repeated(sandbox):
    pytest.importorskip("trustme", reason="certificates are made with trustme, an extra")
    sandbox.scenario("tls.expired")
    with session(total=0) as client:
        client.trust_env = False
        for _ in range(2):
            with pytest.raises(requests.exceptions.SSLError):
                client.post(sandbox.url + SEARCH, json={}, verify=sandbox.env["REQUESTS_CA_BUNDLE"])
    sandbox.scenario("healthy")
    (call,) = sandbox.retry_audit()["entries"]
    assert (call["method"], call["idempotent"], call["repeated_unsafely"]) == ("TLS", True, False)
