"""`--hokusai-block-network`: nothing leaves this machine, loopback works, and everything is put back."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from hokusai_testkit.fixtures.network import NetworkBlockedError, NetworkGuard

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]


def test_a_test_that_wants_out_is_told_by_name(run: Run) -> None:
    result = run(
        """
import socket
from client import *

def test_here(hokusai, hokusai_env):
    assert search() == 200

def test_out_by_address():
    with socket.socket() as sock:
        sock.connect(("192.0.2.1", 80))

def test_out_by_name():
    urllib.request.urlopen("http://registry.example.com/")
""",
        "--hokusai-block-network",
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "hokusai-testkit*network blocked*",
            "*NetworkBlockedError: *::test_out_by_address wanted to connect to 192.0.2.1*",
            "*::test_out_by_name wanted to connect to registry.example.com*",
        ]
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "mlflow.localhost", "0.0.0.0"])
def test_loopback_is_here(host: str) -> None:
    NetworkGuard()._check(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "2001:db8::1", "example.com", "localhost.example.com"])
def test_everything_else_is_not(host: str) -> None:
    with pytest.raises(NetworkBlockedError, match="--hokusai-block-network"):
        NetworkGuard()._check(host)


def test_everything_is_put_back() -> None:
    names = ("connect", "connect_ex", "sendto")
    before = (socket.getaddrinfo, *(vars(socket.socket).get(name) for name in names))
    guard = NetworkGuard()
    guard.start()
    try:
        with socket.socket() as sock, pytest.raises(NetworkBlockedError):
            sock.connect_ex(("192.0.2.1", 80))
        with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NetworkBlockedError):
            sock.sendto(b"x", ("192.0.2.1", 80))
    finally:
        guard.stop()
        guard.stop()
    assert before == (socket.getaddrinfo, *(vars(socket.socket).get(name) for name in names))


def test_unix_sockets_and_allowed_hosts_are_free(tmp_path) -> None:
    guard = NetworkGuard(frozenset({"192.0.2.7"}))
    guard.start()
    try:
        guard._check("192.0.2.7")
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind(str(tmp_path / "s"))
            server.listen()
            client.connect(str(tmp_path / "s"))
    finally:
        guard.stop()
