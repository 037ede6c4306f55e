"""What passes is recorded: every exchange, in order, without secrets, as vcrpy itself plays it back."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import vcr
import yaml

from hokusai_mock import MockServer
from hokusai_mock.recording import RecordingError
from hokusai_mock.sandbox import SandboxError
from hokusai_mock.server.mock import ServerError

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
SECRET = "hk_" + "test_" + "Zq9" * 8


def interactions(path: Path):
    return yaml.safe_load(path.read_text("utf-8"))["interactions"]


def header(path: Path):
    return yaml.safe_load(path.read_text("utf-8"))["hokusai_testkit"]


def play(path: Path):
    """The cassette in vcrpy's hands; nothing may go to the network."""
    return vcr.VCR(record_mode="none", match_on=["method", "uri", "body"]).use_cassette(str(path))


def record(folder, ask, *asked, sandbox="x", **options):
    """Start a mock that records, send what is `asked`, stop it; returns the answers and the cassette's path."""
    with MockServer(seed=1, record=folder, **options) as server:
        base = server.sandbox(sandbox).tracking_uri
        answers = [ask(base + path, method, **how) for method, path, how in asked]
    return base, answers, folder / f"{sandbox}.yaml"


# -- vcrpy plays it ----------------------------------------------------------------------------------------------------


def test_vcrpy_plays_what_was_recorded(tmp_path, ask):
    asked = [
        ("POST", f"{API}/experiments/create", {"json": {"name": "café ☕ \x85 \\ \" '"}}),
        ("POST", f"{API}/experiments/create", {"json": {"name": "café ☕ \x85 \\ \" '"}}),
        ("GET", f"{API}/experiments/get-by-name?experiment_name=none", {}),
        ("GET", f"{API}/no/such", {}),
        ("POST", f"{API}/experiments/search", {"json": {}, "key": None}),
        ("HEAD", "/health", {}),
    ]
    base, answers, path = record(tmp_path, ask, *asked)
    assert [answer.status for answer in answers] == [200, 400, 404, 404, 401, 200]
    with play(path) as cassette:
        for (method, target, how), recorded in zip(asked, answers, strict=True):
            again = ask(base + target, method, **how)
            assert (again.status, again.body) == (recorded.status, recorded.body)
            assert again.headers["content-type"] == recorded.headers["content-type"]
        assert cassette.all_played


@pytest.mark.parametrize(
    "data",
    [b"", b"text", bytes(range(256)), b"\x00\x01", gzip.compress(b"packed" * 100), "\ufeffä\u2028\U0001f600".encode()],
    ids=["empty", "text", "binary", "control", "gzip", "unicode"],
)
def test_any_body_is_played_back_byte_for_byte(tmp_path, ask, data):
    target = f"{ARTIFACTS}/0/file.bin"
    base, _, path = record(tmp_path, ask, ("PUT", target, {"body": data}), ("GET", target, {}))
    with play(path):
        assert ask(base + target, "PUT", body=data).status == 200
        assert ask(base + target).body == data


def test_a_body_of_megabytes_is_recorded_whole(tmp_path, ask):
    data = bytes(range(256)) * 4096 * 2  # it streams, and leaves memory on the way
    target = f"{ARTIFACTS}/0/big.bin"
    base, answers, path = record(tmp_path, ask, ("PUT", target, {"body": data}), ("GET", target, {}))
    assert answers[1].body == data
    sent, got = interactions(path)
    assert (sent["request"]["body"], got["response"]["body"]["string"]) == (data, data)
    with play(path):
        assert ask(base + target).body == data


def test_pytest_recording_finds_the_cassette_by_its_marker(tmp_path, ask, run_tests):
    base, answers, path = record(tmp_path / "cassettes", ask, ("GET", "/version", {}))
    code = f'''
import urllib.request, pytest

@pytest.mark.vcr("{path.as_posix()}")
def test_version():
    request = urllib.request.Request("{base}/version", headers={{"Authorization": "Bearer hk_test_admin"}})
    assert urllib.request.urlopen(request).read() == {answers[0].body!r}
'''
    run_tests(code)


@pytest.fixture
def run_tests(tmp_path):
    def run(code):
        test = tmp_path / "test_it.py"
        test.write_text(code, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--record-mode=none", str(test)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


# -- nothing is lost ---------------------------------------------------------------------------------------------------


def hammer(server: MockServer, sandboxes: Iterable[str], threads: int, requests: int):
    """`requests` requests from `threads` threads over the `sandboxes`; the answers by sandbox, method and URL."""
    bases = {name: server.sandbox(name).tracking_uri for name in sandboxes}
    names = list(bases)
    answers: dict[tuple[str, str, str], tuple[int, bytes]] = {}

    def work(thread: int) -> None:
        name = names[thread % len(names)]
        parts = urlsplit(bases[name])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        headers = {"Authorization": "Bearer hk_test_admin", "Content-Type": "application/json"}
        try:
            for turn in range(requests // threads):
                method, call, body = "GET", f"get-by-name?experiment_name={thread}-{turn - 1}", None
                if turn % 2 == 0:
                    method, call, body = "POST", f"create?t={thread}-{turn}", json.dumps({"name": f"{thread}-{turn}"})
                connection.request(method, f"{parts.path}{API}/experiments/{call}", body, headers)
                answer = connection.getresponse()
                answers[name, method, f"{bases[name]}{API}/experiments/{call}"] = (answer.status, answer.read())
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return answers


@pytest.mark.parametrize(
    ("requests", "sandboxes"),
    [(1024, 8), pytest.param(4096, 16, marks=pytest.mark.slow)],
    ids=["1024-requests", "4096-requests"],
)
def test_no_request_of_64_threads_is_lost(tmp_path, requests, sandboxes):
    names = [f"box-{number}" for number in range(sandboxes)]
    with MockServer(seed=1, record=tmp_path) as server:
        answers = hammer(server, names, threads=64, requests=requests)
    assert len(answers) == requests
    assert {status for status, _ in answers.values()} == {200}
    assert sum(header(tmp_path / f"{name}.yaml")["exchanges"] for name in names) == requests
    played = 0
    for name in names:
        with vcr.VCR(record_mode="none", match_on=["method", "uri"]).use_cassette(
            str(tmp_path / f"{name}.yaml")
        ) as one:
            for (box, method, url), recorded in answers.items():
                if box == name:
                    parts = urlsplit(url)
                    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
                    connection.request(method, f"{parts.path}?{parts.query}")
                    answer = connection.getresponse()
                    assert (answer.status, answer.read()) == recorded
                    connection.close()
            assert one.all_played
            played += one.play_count
    assert played == requests


def test_one_sandbox_of_64_threads_is_one_cassette_in_order_of_arrival(tmp_path):
    with MockServer(seed=1, record=tmp_path) as server:
        answers = hammer(server, ["x"], threads=64, requests=1024)
    recorded = interactions(tmp_path / "x.yaml")
    assert len(recorded) == 1024
    assert {(one["request"]["method"], one["request"]["uri"]) for one in recorded} == {
        (method, url) for _, method, url in answers
    }
    for thread in range(64):
        turns = [one["request"]["uri"] for one in recorded if f"={thread}-" in one["request"]["uri"]]
        expected = [url for _, _, url in answers if f"={thread}-" in url]
        assert turns == expected, "the order in which one thread asked"


def test_sandboxes_have_cassettes_of_their_own(tmp_path, ask):
    with MockServer(record=tmp_path) as server:
        for name in ("one", "two"):
            ask(f"{server.sandbox(name).url}/health", key=None)
        ask(f"{server.url}/health", key=None)
        server.sandbox("one").drop()
        server.sandbox("unused")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["default.yaml", "one.yaml", "two.yaml"]
    assert interactions(tmp_path / "one.yaml")[0]["request"]["uri"].endswith("/s/one/health")


def test_control_is_not_recorded(tmp_path, ask):
    with MockServer(record=tmp_path) as server:
        ask(f"{server.url}/_testkit/v1/journal", key=None)
    assert list(tmp_path.iterdir()) == []


def test_what_a_scenario_answers_is_recorded(tmp_path, ask):
    _, _, path = record(tmp_path, ask, ("GET", "/version", {}), scenario="gateway.lb_error")
    assert interactions(path)[0]["response"]["status"] == {"code": 502, "message": "Bad Gateway"}


# -- on demand ---------------------------------------------------------------------------------------------------------


def test_a_cassette_is_written_on_demand_while_requests_go_on(tmp_path, ask):
    with MockServer(record=tmp_path) as server:
        box = server.sandbox("x")
        ask(f"{box.url}/health", key=None)
        assert box.write_cassette() == str(tmp_path / "x.yaml")
        assert len(interactions(tmp_path / "x.yaml")) == 1
        ask(f"{box.url}/health", key=None)
    assert len(interactions(tmp_path / "x.yaml")) == 2


def test_an_exchange_that_was_cut_off_is_named_and_not_played(tmp_path):
    with MockServer(record=tmp_path) as server:
        box = server.sandbox("x")
        parts = urlsplit(box.tracking_uri)
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as client:
            head = f"PUT {parts.path}{ARTIFACTS}/0/half HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
            client.sendall(f"{head}Authorization: Bearer hk_test_admin\r\n\r\nhalf".encode())
            client.shutdown(socket.SHUT_WR)
            assert client.recv(10) == b""
    assert header(tmp_path / "x.yaml")["left_out"] == ["1 cut"]
    assert interactions(tmp_path / "x.yaml") == []


def test_a_body_that_is_too_large_is_named_and_not_played(tmp_path, ask, monkeypatch):
    monkeypatch.setattr("hokusai_mock.recording.exchange.LARGEST", 1000)
    target = f"{ARTIFACTS}/0/f"
    _, answers, path = record(tmp_path, ask, ("PUT", target, {"body": b"x" * 2000}), ("GET", target, {}))
    assert answers[1].body == b"x" * 2000, "the client gets it all the same"
    assert header(path)["left_out"] == ["2 too large"]
    assert interactions(path) == []


def test_no_file_is_written_for_an_impossible_sandbox(tmp_path, ask):
    with MockServer(record=tmp_path) as server:
        answer = ask(f"{server.url}/_testkit/v1/sandboxes/b%20d/cassette", "POST", key=None)
        assert (answer.status, "no sandbox id" in answer.json["error"]) == (400, True)
    assert list(tmp_path.iterdir()) == []


def test_a_mock_that_does_not_record_says_so(mock):
    with pytest.raises(SandboxError, match="--record DIR"):
        mock.sandbox("x").write_cassette()


def test_a_folder_that_cannot_be_is_refused_before_anything_is_opened(tmp_path):
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(ServerError, match="cannot record into"):
        MockServer(record=tmp_path / "file")


# -- header ------------------------------------------------------------------------------------------------------------


def test_the_header_says_where_a_cassette_comes_from(tmp_path, ask):
    agent = {"headers": {"User-Agent": "mlflow-python-client/3.9.0"}}
    _, _, path = record(tmp_path, ask, ("GET", "/version", agent), profile=["mlflow-2.9", "platform-2026-06"])
    found = header(path)
    assert found["recorded"] == found["verified"]
    assert found["recorded"].endswith("Z")
    assert (found["server"], found["mlflow"], found["platform"]) == ("mock", ["2.9.2"], ["platform-2026-06"])
    assert (found["clients"], found["sandbox"]) == (["mlflow-python-client/3.9.0"], "x")
    assert (found["exchanges"], found["left_out"]) == (1, [])


def test_with_a_backend_the_answers_and_the_version_are_its_own(tmp_path, ask):
    with MockServer(plain=True, profile="mlflow-2.9") as backend:
        data = bytes(range(256)) * 2048
        target = f"{ARTIFACTS}/0/f.bin"
        asked = [("GET", "/version", {}), ("PUT", target, {"body": data}), ("GET", target, {})]
        base, _, path = record(tmp_path, ask, *asked, backend=backend.url)
    assert (header(path)["server"], header(path)["mlflow"]) == ("backend", ["2.9.2"])
    with play(path):
        assert ask(f"{base}/version").body == b"2.9.2"
        assert ask(base + target).body == data


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_no_secret_reaches_the_cassette_in_any_place(tmp_path, ask):
    packed = gzip.compress(json.dumps({"key": "x", "note": f"it is {SECRET}"}).encode())
    first = ("PUT", f"{ARTIFACTS}/0/packed", {"body": packed})
    asked = [
        first,  # before the secret was ever seen under a telling name
        ("GET", f"/version?api_key={SECRET}&a=1", {"headers": {"X-API-Key": SECRET, "Cookie": f"session={SECRET}"}}),
        ("POST", f"{API}/experiments/create", {"json": {"name": "n", "token": SECRET}, "key": SECRET}),
        ("POST", f"{API}/experiments/create", {"json": {"name": f"my {SECRET}"}}),
    ]
    _, _, path = record(tmp_path, ask, *asked)
    text = path.read_text("utf-8")
    assert SECRET not in text
    bodies = [one["request"]["body"] for one in interactions(path)]
    assert SECRET.encode() not in gzip.decompress(bodies[0])
    assert b"<redacted:api-key:0001>" in gzip.decompress(bodies[0])
    assert "<redacted:api-key:0001>" in bodies[3]
    assert "hk_test_admin" in text, "the mock's own keys are public"
    assert path.stat().st_mode & 0o777 == 0o600


def test_lengths_are_those_of_the_body_without_its_secrets(tmp_path, ask):
    sent = {"name": f"my {SECRET}"}
    _, _, path = record(tmp_path, ask, ("POST", f"{API}/experiments/create", {"json": sent}))
    (one,) = interactions(path)
    assert one["request"]["headers"]["Content-Length"] == [str(len(one["request"]["body"].encode()))]
    assert one["response"]["headers"]["Content-Length"] == [str(len(one["response"]["body"]["string"].encode()))]


def test_recording_again_changes_nothing_but_the_date(tmp_path, ask):
    asked = [("POST", f"{API}/experiments/create", {"json": {"name": "n", "token": SECRET}, "key": SECRET})]
    first = interactions(record(tmp_path / "a", ask, *asked)[2])
    second = interactions(record(tmp_path / "b", ask, *asked)[2])
    for one in (*first, *second):
        one["request"]["uri"] = urlsplit(one["request"]["uri"]).path
        one["request"]["headers"].pop("Host")
    assert first == second


def test_a_secret_that_survives_leaves_the_old_cassette_in_place(tmp_path, ask, monkeypatch):
    (tmp_path / "x.yaml").write_text("old", "utf-8")
    monkeypatch.setattr("hokusai_mock.redaction.write.find_survivors", lambda *_: 1)
    server = MockServer(record=tmp_path).start()
    box = server.sandbox("x")
    ask(f"{box.url}/health", key=None)
    with pytest.raises(SandboxError, match="survived redaction"):
        box.write_cassette()
    with pytest.raises(RecordingError, match="survived redaction"):
        server.stop()
    assert (tmp_path / "x.yaml").read_text("utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.yaml"]
