"""Scenarios with ports of their own, in tests of other projects: URLs move, and what is in force follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]


def test_the_environment_follows_a_sandbox_to_a_port_that_refuses_and_back(run_apart: Run) -> None:
    result = run_apart(
        """
import os
import urllib.error
import pytest
from client import *

def test_there_and_back(hokusai, hokusai_env):
    at_home = hokusai.url
    assert search() == 200
    hokusai.scenario("net.refuse")
    assert hokusai.url != at_home
    assert os.environ["MLFLOW_TRACKING_URI"] == hokusai.tracking_uri == hokusai.url + "/api/mlflow"
    with pytest.raises(urllib.error.URLError, match="refused"):
        search()
    hokusai.scenario("healthy")
    assert hokusai.url == at_home
    assert search() == 200
    assert len(hokusai.calls("POST", "experiments/search")) == 2

@pytest.mark.hokusai(scenario="net.refuse")
def test_from_the_start(hokusai, hokusai_env):
    with pytest.raises(urllib.error.URLError, match="refused"):
        search()
    hokusai.reset()
    with pytest.raises(urllib.error.URLError, match="refused"):
        search()
"""
    )
    result.assert_outcomes(passed=2)


def test_clients_trust_whom_they_may_and_the_machines_own_settings_come_back(
    run_apart: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("trustme", reason="certificates are made with trustme, an extra")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("CURL_CA_BUNDLE", "/of/this/machine.pem")
    result = run_apart(
        """
import os
import ssl
import urllib.error
import pytest
from client import *

def test_expired(hokusai, hokusai_env):
    assert os.environ["CURL_CA_BUNDLE"] == "/of/this/machine.pem"
    hokusai.scenario("tls.expired")
    assert os.environ["MLFLOW_TRACKING_URI"].startswith("https://")
    assert os.path.isfile(os.environ["SSL_CERT_FILE"])
    assert os.environ["CURL_CA_BUNDLE"] == os.environ["SSL_CERT_FILE"]
    with pytest.raises(urllib.error.URLError, match="certificate has expired"):
        search()
    assert hokusai.calls("TLS", fate="refused")
    hokusai.scenario("healthy")
    assert os.environ["CURL_CA_BUNDLE"] == "/of/this/machine.pem"
    assert "SSL_CERT_FILE" not in os.environ
    assert search() == 200
"""
    )
    result.assert_outcomes(passed=1)


def test_a_failing_test_shows_the_handshake_that_was_refused(run_apart: Run) -> None:
    pytest.importorskip("trustme", reason="certificates are made with trustme, an extra")
    result = run_apart(
        """
from client import *

def test_fails(hokusai, hokusai_env):
    hokusai.scenario("tls.expired")
    search()
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*hokusai journal*", "*TLS*refused*"])
