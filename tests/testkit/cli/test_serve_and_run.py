"""`serve` and `run` as a user starts them: real processes, real signals, exit codes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hokusai_mock import profiles
from hokusai_mock.provenance import MEANING

KIT = [sys.executable, "-c", "from hokusai_testkit.cli import main; main(prog_name='hokusai-testkit')"]
PYTHON = sys.executable


def kit(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*KIT, *arguments], capture_output=True, text=True, timeout=60, check=False, **options)


@contextlib.contextmanager
def serving(tmp_path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    ready = tmp_path / "ready"
    with subprocess.Popen(
        [*KIT, "serve", "--port", "0", "--ready-file", str(ready), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            first = process.stdout.readline()
            yield process, first.split(" on ")[1].split(";")[0]
        finally:
            process.kill()


def get(url: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# -- serve -------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_cleanly_on_a_signal(tmp_path, signum):
    with serving(tmp_path) as (process, url):
        assert get(url, "/health")[0] == 200
        process.send_signal(signum)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""
        assert not (tmp_path / "ready").exists()


def test_serve_prints_an_environment_that_a_shell_takes(tmp_path):
    with serving(tmp_path) as (process, url):
        process.terminate()
        exports = process.stdout.read()
        script = f'NO_PROXY=intranet\n{exports}\necho "$MLFLOW_TRACKING_URI $HOKUSAI_API_KEY $NO_PROXY"'
        shown = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert shown == f"{url}/api/mlflow hk_test_admin intranet,localhost,127.0.0.1,::1"


def test_serve_ends_when_standard_input_closes(tmp_path):
    with serving(tmp_path, "--exit-with-stdin") as (process, _):
        process.stdin.close()
        assert process.wait(10) == 0


def post(url: str, path: str, body: object, **headers: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_serve_keeps_its_state_from_one_run_to_the_next(tmp_path):
    file = tmp_path / "state.json"
    create, key = "/api/mlflow/api/2.0/mlflow/registered-models/create", {"Authorization": "Bearer hk_test_admin"}
    statuses = []
    for _ in range(2):
        with serving(tmp_path, "--state", str(file)) as (process, url):
            statuses.append(post(url, create, {"name": "kept"}, **key))
            process.terminate()
            assert process.wait(10) == 0
    assert statuses == [200, 400], "the second run knows the model"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_state_that_is_none_is_refused_before_anything_is_served(tmp_path):
    file = tmp_path / "state.json"
    file.write_text("[]")
    done = kit("serve", "--port", "0", "--state", str(file))
    assert done.returncode == 2
    assert "state.json" in done.stderr
    assert file.read_text() == "[]"


def test_with_a_time_scale_of_zero_nobody_waits(tmp_path):
    with serving(tmp_path, "--time-scale", "0") as (_, url):
        rule = {"layer": "edge", "effect": "delay", "with": {"delay": "1h"}}
        assert post(url, "/_testkit/v1/faults", rule) == 200
        assert get(url, "/health")[0] == 200


def test_serve_says_where_its_dashboard_is(tmp_path):
    with serving(tmp_path) as (process, url):
        assert f"# dashboard {url}/_testkit/" in process.stdout.readline()


def test_a_taken_port_is_named_with_the_way_out(tmp_path):
    with serving(tmp_path) as (_, url):
        done = kit("serve", "--port", url.rsplit(":", 1)[1])
    assert done.returncode == 2
    assert "choose another --port" in done.stderr


def test_a_plain_server_of_an_old_version(tmp_path):
    with serving(tmp_path, "--plain", "--profile", "mlflow-2.9") as (_, url):
        assert get(url, "/version") == (200, b"2.9.2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "mlflow-2.99"], "mlflow-2.9"),
        (["--scenario", "auth.admin_requird"], "auth.admin_required"),
        (["--scenario", "gateway.lb_error:times"], "key=value"),
        (["--plain", "--profile", "platform-documented"], "no gateway"),
        (["--host", "0.0.0.0"], "admin token"),
        (["--backend", "ftp://example.org"], "http://"),
        (["--record", __file__], "is a file"),
        (["--json"], "--routes"),
        (["--routes", "--backend", "http://127.0.0.1:1"], "--backend"),
        (["--routes", "--profile", "mlflow-3.99"], "mlflow-3.9"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(arguments, message):
    done = kit("serve", "--port", "0", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_serve_records_until_it_is_stopped(tmp_path):
    with serving(tmp_path, "--record", str(tmp_path / "cassettes")) as (process, url):
        assert get(url, "/health")[0] == 200
        process.terminate()
        assert process.wait(10) == 0
    assert "/health" in (tmp_path / "cassettes" / "default.yaml").read_text("utf-8")


def test_a_cassette_that_cannot_be_written_fails_the_command(tmp_path):
    folder = tmp_path / "cassettes"
    with serving(tmp_path, "--record", str(folder)) as (process, url):
        assert get(url, "/health")[0] == 200
        folder.rmdir()
        process.terminate()
        assert process.wait(10) == 4
        assert "was not written" in process.stderr.read()


def test_a_backend_that_does_not_run_yet_is_named_and_answered_for(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        backend = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with serving(tmp_path, "--plain", "--backend", backend) as (process, url):
        assert get(url, "/version")[0] == 502
        process.terminate()
        assert f"nothing answers at {backend}" in process.stderr.read()


def test_routes_are_listed_with_their_provenance_and_nothing_is_served():
    done = kit("serve", "--routes")
    assert done.returncode == 0
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert ["proved", "GET", "/health"] in lines
    assert ["proved", "POST", "/api/2.0/mlflow/runs/create"] in lines
    assert "not implemented  POST    /graphql" in done.stdout.splitlines()
    assert "/api/mlflow -> /" in done.stdout


def test_every_route_of_a_plain_profile_is_in_the_json():
    done = kit("serve", "--routes", "--json", "--plain", "--profile", "mlflow-2.9")
    document = json.loads(done.stdout)
    assert (document["schema_version"], document["profile"], document["platform"]) == (1, "mlflow-2.9", None)
    assert [(one["method"], one["path"]) for one in document["routes"]] == list(profiles.mlflow("mlflow-2.9").routes)
    assert {one["provenance"] for one in document["routes"]} <= set(MEANING)
    assert {one["server"] for one in document["routes"]} == {"mlflow"}


# -- run ---------------------------------------------------------------------------------------------------------------


def test_run_gives_the_environment_and_passes_the_exit_code():
    code = "import os, sys; print(os.environ['MLFLOW_TRACKING_URI'], 'MLFLOW_RUN_ID' in os.environ); sys.exit(7)"
    done = kit("run", "--", PYTHON, "-c", code, env={**os.environ, "MLFLOW_RUN_ID": "left over"})
    assert done.returncode == 7
    assert done.stdout.startswith("http://127.0.0.1:")
    assert done.stdout.endswith("/api/mlflow False\n")


def test_run_plays_a_scenario_with_parameters():
    code = (
        "import os, urllib.request, urllib.error as e\n"
        "for _ in range(2):\n"
        "    try: print(urllib.request.urlopen(os.environ['MLFLOW_TRACKING_URI'] + '/health').status)\n"
        "    except e.HTTPError as error: print(error.code)\n"
    )
    done = kit("run", "--plain", "--scenario", "gateway.lb_error:status=504,times=1", "--", PYTHON, "-c", code)
    assert done.stdout.split() == ["504", "200"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_run_gives_the_command_what_a_scenario_puts_into_its_home():
    code = "import os; print(open(os.environ['NETRC']).read().split()[:2], os.environ['HOME'])"
    done = kit("run", "--scenario", "client.netrc", "--", PYTHON, "-c", code)
    words, home = done.stdout.strip().rsplit(" ", 1)

    assert words == "['machine', '127.0.0.1']"
    assert not Path(home).exists()


def test_run_gives_the_command_an_sdk_that_lacks_what_a_scenario_says():
    code = "import hokusai; print(hasattr(hokusai.PerformanceTracker, 'track_inference'))"
    done = kit("run", "--scenario", "sdk.track_inference", "--", PYTHON, "-c", code)

    assert done.stdout.split() == ["False"], done.stderr


def test_run_passes_signals_to_the_command():
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('up', flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen([*KIT, "run", "--", PYTHON, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 5


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_command_that_a_signal_ended_gives_128_and_its_number():
    assert kit("run", "--", "bash", "-c", "kill -KILL $$").returncode == 137


def test_run_says_125_when_the_mock_cannot_start_and_does_not_run_the_command(tmp_path):
    done = kit("run", "--profile", "nope", "--", PYTHON, "-c", f"open({str(tmp_path / 'x')!r}, 'w')")
    assert done.returncode == 125
    assert "mlflow-3.9" in done.stderr
    assert not (tmp_path / "x").exists()


def test_run_without_such_a_command_is_127():
    done = kit("run", "--", "no-such-command-here")
    assert (done.returncode, "command not found" in done.stderr) == (127, True)


def test_a_misspelt_command_is_answered_with_the_nearest():
    done = kit("srve")
    assert done.returncode == 2
    assert "did you mean 'serve'?" in done.stderr


def test_run_puts_the_mock_in_front_of_a_backend_and_records(tmp_path):
    ask = "import os, urllib.request as u; print(u.urlopen(os.environ['MLFLOW_TRACKING_URI'] + '/version').read())"
    with serving(tmp_path, "--plain", "--profile", "mlflow-2.9") as (_, backend):
        options = ["--plain", "--backend", backend, "--record", str(tmp_path / "c")]
        done = kit("run", *options, "--", PYTHON, "-c", ask)
    assert (done.returncode, done.stdout.strip()) == (0, "b'2.9.2'")
    assert "/version" in (tmp_path / "c" / "default.yaml").read_text("utf-8")
