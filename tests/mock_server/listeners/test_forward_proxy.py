"""A forward proxy of a sandbox: what it refuses and what it forwards, as clients that are led through it see it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import pytest

requests = pytest.importorskip("requests", reason="the tests speak as requests does")


@pytest.fixture
def through(world, open_listener):
    """A session that asks everything through a proxy with that answer: `through(407)`."""
    sessions = []

    def make(status):
        url = open_listener(world, f'kind = "forward-proxy"\nanswer = {{ connect = {status} }}', name="proxy")
        session = requests.Session()
        session.trust_env = False
        session.proxies = {"http": url, "https": url}
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        session.close()


@pytest.mark.parametrize("status", [403, 407, 502, 503, 504])
def test_a_refused_tunnel_is_a_proxy_error_with_its_status(world, through, status):
    with pytest.raises(requests.exceptions.ProxyError, match=f"Tunnel connection failed: {status}"):
        through(status).get("https://platform.example/health", timeout=10)
    (entry,) = world.journal.entries()
    assert (entry.method, entry.path, entry.status) == ("CONNECT", "platform.example:443", status)
    assert (entry.fate, entry.layer, entry.faults) == ("sent", "listener", ["listener proxy"])


def test_a_request_without_tls_gets_the_page_of_the_proxy(world, through):
    answer = through(407).post("http://platform.example/api/x?a=1", json={"a": 1}, timeout=10)
    assert answer.status_code == 407
    assert answer.headers["Proxy-Authenticate"] == 'Basic realm="proxy"'
    assert "Cache Access Denied" in answer.text
    assert "X-Hokusai-Testkit" in answer.headers, "nobody mistakes the mock for the real thing"
    (entry,) = world.journal.entries()
    assert (entry.method, entry.path, entry.query) == ("POST", "http://platform.example/api/x", "a=1")
    assert entry.body == b'{"a": 1}'


def test_an_upload_that_is_refused_sees_the_page_too(through):
    answer = through(403).put("http://platform.example/artifact", data=b"x" * 300_000, timeout=10)
    assert answer.status_code == 403


def test_a_target_is_no_html(through):
    assert "<script>" not in through(403).get("http://platform.example/?<script>", timeout=10).text


def test_requests_without_tls_are_forwarded(server, world, through):
    answer = through(200).get(f"{server.url}/s/{world.id}/health", timeout=10)
    assert answer.status_code == 200
    to_proxy, to_platform = world.journal.entries()
    assert (to_proxy.layer, to_proxy.status) == ("listener", 200)
    assert (to_platform.path, to_platform.header("via")) == ("/health", "1.1 hokusai-testkit")


def test_tunnels_are_forwarded(world, open_listener, through):
    pytest.importorskip("trustme", reason="certificates are made with trustme, an extra")
    url = open_listener(world, 'tls = { certificate = "valid" }')
    session = through(200)
    for _ in range(3):
        assert session.get(f"{url}/health", verify=world.listeners["main"].ca, timeout=10).status_code == 200
    assert [entry.method for entry in world.journal.entries()] == ["CONNECT", "GET", "GET", "GET"]


@pytest.mark.parametrize("host", ["192.0.2.1", "platform.example", "[2001:db8::1]", "127.0.0.1.example"])
def test_nothing_is_forwarded_to_another_machine(monkeypatch, through, host):
    def never(*address):
        raise AssertionError(address)

    session = through(200)
    answer = session.get(f"http://{host}/", timeout=10)
    assert answer.status_code == 403
    assert "forwards to loopback only" in answer.text
    with pytest.raises(requests.exceptions.ProxyError, match="Tunnel connection failed: 403"):
        session.get(f"https://{host}/", timeout=10)


def test_nothing_is_forwarded_for_another_machine(server, world, open_listener):
    open_listener(world, 'kind = "forward-proxy"\nanswer = { connect = 200 }', name="proxy")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        theirs.shutdown(socket.SHUT_WR)
        world.listeners["proxy"]._serve(ours, ("192.0.2.7", 1234))
        assert b"forwards for this machine only" in theirs.recv(65536)


def test_a_host_that_refuses_is_503(world, open_listener, through):
    refusing = open_listener(world, 'kind = "refuse"', name="dead")
    answer = through(200).get(refusing, timeout=10)
    assert answer.status_code == 503
    assert "Connection refused" in answer.text


@pytest.mark.parametrize("line", [b"GET /path HTTP/1.1", b"GET ftp://127.0.0.1/ HTTP/1.1", b"CONNECT :x HTTP/1.1"])
def test_what_no_proxy_can_do_is_400(world, open_listener, line):
    parts = urlsplit(open_listener(world, 'kind = "forward-proxy"\nanswer = { connect = 200 }', name="proxy"))
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as client:
        client.sendall(line + b"\r\nHost: h\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 400 Bad Request")


def test_a_tunnel_ends_with_the_scenario(server, world, open_listener):
    parts, target = (
        urlsplit(open_listener(world, 'kind = "forward-proxy"\nanswer = { connect = 200 }', name="proxy")),
        urlsplit(server.url),
    )
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as client:
        client.sendall(f"CONNECT {target.netloc} HTTP/1.1\r\nHost: {target.netloc}\r\n\r\n".encode())
        assert client.recv(65536).startswith(b"HTTP/1.1 200 Connection established")
        world.calm()
        assert client.recv(1) == b""


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
@pytest.mark.parametrize(("status", "code"), [(200, 0), (407, 0), (403, 0)])
def test_curl_is_led_by_the_variable(server, world, open_listener, status, code):
    proxy = open_listener(world, f'kind = "forward-proxy"\nanswer = {{ connect = {status} }}', name="proxy")
    ran = subprocess.run(
        [
            "curl",
            "-sS",
            "--max-time",
            "10",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            f"{server.url}/s/{world.id}/health",
        ],
        env={"PATH": "/usr/bin:/bin", "http_proxy": proxy},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (code, str(status)), ran.stderr
