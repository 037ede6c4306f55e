"""A whole mock with TLS on its port: clients meet the certificate, control stays reachable beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from hokusai_mock import MockServer, Sandbox
from hokusai_mock.environment import TRUST
from hokusai_mock.server.mock import ServerError

requests = pytest.importorskip("requests", reason="the tests speak as requests does")
pytest.importorskip("trustme", reason="certificates are made with trustme, an extra")

KIT = [sys.executable, "-c", "from hokusai_testkit.cli import main; main(prog_name='hokusai-testkit')"]

FAILS = {
    "self-signed": "self-signed certificate",
    "wrong-name": "certificate is not valid for '127.0.0.1'",
    "expired": "certificate has expired",
    "client-cert": "CERTIFICATE_REQUIRED",
    "plain-port": "WRONG_VERSION_NUMBER",
}


def get(url, **how):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=10, **how)


def test_clients_get_through_with_the_environment_of_a_sandbox():
    with MockServer(tls="valid") as server:
        sandbox = server.sandbox("x")
        env = sandbox.env
        assert sandbox.url == f"{server.url}/s/x"
        assert env["MLFLOW_TRACKING_URI"] == f"{server.url}/s/x/api/mlflow"
        assert {env[name] for name in TRUST} == {server.ca}
        assert get(f"{sandbox.url}/health", verify=env["REQUESTS_CA_BUNDLE"]).status_code == 200
        assert [call["path"] for call in sandbox.calls("GET")] == ["/health"]


@pytest.mark.parametrize("kind", FAILS)
def test_each_kind_fails_for_its_reason_and_control_stays_reachable(kind):
    with MockServer(tls=kind) as server:
        sandbox = server.sandbox()
        trusted = sandbox.env["REQUESTS_CA_BUNDLE"]
        with pytest.raises(requests.exceptions.RequestException, match=FAILS[kind]):
            get(f"{server.url}/health", verify=trusted or True)
        assert sandbox.scenario("healthy")["MLFLOW_TRACKING_URI"].startswith("https://")
        assert server.control_url.startswith("http://127.0.0.1:")


def test_the_client_certificate_that_is_demanded_can_be_had():
    with MockServer(tls="client-cert") as server:
        answer = get(f"{server.url}/health", verify=server.ca, cert=server.client_certificate)
        assert answer.status_code == 200


def test_the_port_of_control_answers_nothing_else():
    with MockServer(tls="valid") as server:
        answer = get(f"{server.control_url}/health")
        assert answer.status_code == 404
        assert server.url in answer.json()["error"]
        assert get(f"{server.url}/_testkit/v1/", verify=server.ca).status_code == 200, "the admin API is here too"


def test_a_refused_handshake_is_in_the_journal_of_the_default_sandbox():
    with MockServer(tls="client-cert") as server:
        with pytest.raises(requests.exceptions.RequestException):
            get(f"{server.url}/health", verify=server.ca)
        (entry,) = server.sandbox().journal
        assert (entry["method"], entry["status"], entry["fate"], entry["layer"]) == ("TLS", None, "refused", "listener")
        assert entry["faults"] == ["listener main: peer did not return a certificate"]
        assert server.sandbox().har()["log"]["entries"][0]["request"]["method"] == "TLS"


def test_without_tls_control_is_where_the_platform_is():
    with MockServer() as server:
        assert server.control_url == server.url
        assert (server.ca, server.client_certificate) == (None, None)


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(ServerError, match="did you mean 'expired'"):
        MockServer(tls="expird")


def test_a_scenario_may_move_a_sandbox_away_from_it():
    with MockServer(tls="valid") as server:
        sandbox = server.sandbox("x")
        sandbox.scenario("net.refuse")
        assert sandbox.url.startswith("http://127.0.0.1:")
        sandbox.scenario("healthy")
        assert sandbox.url == f"{server.url}/s/x"


def test_without_trustme_the_error_names_the_extra(tmp_path):
    """In a process of its own: an import that finds nothing cannot be had in this one."""
    script = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "trustme" else find(name, *rest)
from hokusai_mock import MockServer
from hokusai_mock.server.mock import ServerError
from hokusai_mock.sandbox import SandboxError
with MockServer(tls="plain-port"):
    pass  # shows no certificate
try:
    MockServer(tls="valid")
except ServerError as error:
    print(error)
with MockServer() as server:
    sandbox = server.sandbox()
    before = sandbox.env
    try:
        sandbox.scenario("tls.expired")
    except SandboxError as error:
        print(error)
    assert sandbox.env == before
"""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    first, second = ran.stdout.splitlines()
    assert "pip install 'hokusai-testkit[tls]'" in first
    assert second.startswith("scenario 'tls.expired' cannot be played here: it speaks TLS")
    assert "pip install 'hokusai-testkit[tls]'" in second


def test_the_files_of_the_certificates_go_with_the_process():
    script = "from hokusai_mock import MockServer\nwith MockServer(tls='valid') as server:\n    print(server.ca)"
    ran = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    path = ran.stdout.strip()
    assert path.endswith("trusted-ca.pem")
    assert not os.path.exists(os.path.dirname(path))


def test_serve_prints_where_control_is_and_what_to_trust(tmp_path):
    ready = tmp_path / "ready"
    arguments = ["serve", "--port", "0", "--tls", "client-cert", "--ready-file", str(ready)]
    process = subprocess.Popen([*KIT, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        lines = [process.stdout.readline().strip() for _ in range(3)]
        printed = {}
        while "no_proxy" not in printed:  # the last one
            line = process.stdout.readline()
            assert line, "it ended"
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                printed[name] = value
        control = re.search(r"http://127\.0\.0\.1:\d+", lines[1])[0]
        certificate = lines[2].rpartition(" ")[2]
        assert printed["REQUESTS_CA_BUNDLE"].endswith("trusted-ca.pem")
        answer = get(
            printed["HOKUSAI_AUTH_SERVICE_URL"] + "/health", verify=printed["REQUESTS_CA_BUNDLE"], cert=certificate
        )
        assert answer.status_code == 200
        with urllib.request.urlopen(f"{control}/_testkit/v1/", timeout=10) as described:
            assert json.load(described)["url"].startswith("https://")
        assert Sandbox(control).calls("GET", "/health")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_run_gives_its_command_what_to_trust():
    script = (
        "import os, urllib.request as r; print(r.urlopen(os.environ['HOKUSAI_AUTH_SERVICE_URL'] + '/health').status)"
    )
    arguments = ["run", "--tls", "valid", "--", sys.executable, "-c", script]
    ran = subprocess.run([*KIT, *arguments], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "200"), ran.stderr
