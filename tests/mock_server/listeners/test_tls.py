"""Listeners that speak TLS, met by clients as they are: what fails fails in the handshake, for the reason it should."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from urllib.parse import urlsplit

import pytest

from hokusai_mock.environment import TRUST

requests = pytest.importorskip("requests", reason="the tests speak as requests does")
pytest.importorskip("trustme", reason="certificates are made with trustme, an extra")

TLS = "tls = { %s }"


def get(url, **how):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{url}/health", timeout=10, **how)


def ca_of(world, name="main"):
    return world.listeners[name].ca


def test_a_client_that_trusts_the_authority_gets_through(server, world, open_listener):
    url = open_listener(world, TLS % 'certificate = "valid"')
    assert url.startswith("https://127.0.0.1:")
    assert get(url, verify=ca_of(world)).status_code == 200
    (entry,) = world.journal.entries()
    assert (entry.method, entry.path, entry.fate) == ("GET", "/health", "sent")


def test_the_environment_leads_clients_to_the_authority(server, world, open_listener):
    before = world.environment(server.url)
    open_listener(world, TLS % 'certificate = "expired"')
    env = world.environment(server.url)
    assert {env[name] for name in TRUST} == {ca_of(world)}
    assert env["MLFLOW_TRACKING_URI"] == f"{world.listeners.root('')}/api/mlflow"
    world.calm()
    assert world.environment(server.url) == before


@pytest.mark.parametrize("table", ['ca = "unknown"', 'certificate = "self-signed"', "plain_port = true"])
def test_clients_are_not_told_of_an_authority_that_nobody_knows(server, world, open_listener, table):
    open_listener(world, TLS % table)
    env = world.environment(server.url)
    assert [env[name] for name in TRUST] == [None] * len(TRUST)


def recorded(world, count):
    """The journal, once it has `count` entries: a client that hangs up knows of it before the listener does."""
    deadline = time.monotonic() + 10
    while len(world.journal.entries()) < count and time.monotonic() < deadline:
        time.sleep(0.002)
    entries = world.journal.entries()
    assert len(entries) == count
    return entries


WRONG = [
    ('certificate = "expired"', "certificate has expired"),
    ('certificate = "not-yet-valid"', "certificate is not yet valid"),
    ('certificate = "wrong-name"', "certificate is not valid for '127.0.0.1'"),
    ('certificate = "self-signed"', "self-signed certificate"),
    ('ca = "unknown"', "unable to get local issuer certificate"),
]


@pytest.mark.parametrize(("table", "text"), WRONG)
def test_a_certificate_fails_for_the_one_reason_that_it_should(server, world, open_listener, table, text):
    url = open_listener(world, TLS % table)
    trusted = world.environment(server.url)["REQUESTS_CA_BUNDLE"]
    with pytest.raises(requests.exceptions.SSLError, match=f"CERTIFICATE_VERIFY_FAILED.*{text}"):
        get(url, verify=trusted or True)
    (entry,) = recorded(world, 1)
    assert (entry.method, entry.status, entry.fate, entry.layer) == ("TLS", None, "refused", "listener")


@pytest.mark.parametrize("table", ['ca = "unknown"', 'certificate = "self-signed"'])
def test_who_trusts_the_unknown_certificate_gets_through(world, open_listener, table):
    url = open_listener(world, TLS % table)
    assert get(url, verify=ca_of(world)).status_code == 200
    parts, context = urlsplit(url), ssl.create_default_context(cafile=ca_of(world))
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=context, timeout=10)
    connection.request("GET", "/health")
    assert connection.getresponse().read() != b""
    connection.close()


def test_a_client_without_the_demanded_certificate_sees_the_alert_every_time(world, open_listener):
    url = open_listener(world, TLS % 'client_certificate = "required"')
    for _ in range(20):
        with pytest.raises(requests.exceptions.RequestException, match="CERTIFICATE_REQUIRED"):
            get(url, verify=ca_of(world))
    assert {entry.fate for entry in recorded(world, 20)} == {"refused"}


def test_a_client_with_the_demanded_certificate_gets_through(server, world, open_listener):
    url = open_listener(world, TLS % 'client_certificate = "required"')
    shown = server.sandbox(world.id)._describe()["listeners"]["main"]
    assert get(url, verify=shown["ca"], cert=shown["client_certificate"]).status_code == 200


def test_a_server_with_old_versions_only_sends_the_alert_that_says_so(world, open_listener):
    url = open_listener(world, TLS % 'protocol = "outdated"')
    with pytest.raises(requests.exceptions.SSLError, match="TLSV1_ALERT_PROTOCOL_VERSION"):
        get(url, verify=ca_of(world))
    assert recorded(world, 1)[0].faults == ["listener main: unsupported protocol"]


def test_https_to_a_plain_port_is_a_wrong_version_number(world, open_listener):
    url = open_listener(world, TLS % "plain_port = true")
    for _ in range(20):
        with pytest.raises(requests.exceptions.SSLError, match="WRONG_VERSION_NUMBER"):
            get(url)
    assert get(url.replace("https:", "http:")).status_code == 200, "the other scheme works"
    assert [entry.fate for entry in world.journal.entries()] == ["refused"] * 20 + ["sent"]


def test_plain_http_to_a_tls_port_gets_the_page_of_nginx(world, open_listener):
    url = open_listener(world, TLS % 'certificate = "valid"').replace("https:", "http:")
    answer = get(url)
    assert answer.status_code == 400
    assert "The plain HTTP request was sent to HTTPS port" in answer.text
    (entry,) = world.journal.entries()
    assert (entry.method, entry.path, entry.status, entry.layer) == ("GET", "/health", 400, "listener")


def test_a_client_that_is_silent_in_the_handshake_holds_up_nobody(world, open_listener):
    url = open_listener(world, TLS % 'certificate = "valid"')
    parts = urlsplit(url)
    silent = [socket.create_connection((parts.hostname, parts.port), timeout=5) for _ in range(12)]
    try:
        assert get(url, verify=ca_of(world)).status_code == 200
        world.calm()
        assert silent[0].recv(1) == b"", "it ends with the scenario"
    finally:
        for one in silent:
            one.close()


def test_a_connection_that_ends_before_its_handshake_begins_is_no_error(world, open_listener):
    open_listener(world, TLS % 'certificate = "valid"')
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        client = socket.create_connection(elsewhere.getsockname(), timeout=5)
        connection, address = elsewhere.accept()
    with connection:
        client.sendall(b"\x16\x03\x01")
        connection.shutdown(socket.SHUT_RDWR)  # as the end of the scenario does it
        client.close()
        world.listeners["main"]._serve(connection, address)
    assert world.journal.entries() == []


def test_a_kept_tls_connection_ends_with_the_scenario(world, open_listener):
    parts = urlsplit(open_listener(world, TLS % 'certificate = "valid"'))
    context = ssl.create_default_context(cafile=ca_of(world))
    with (
        socket.create_connection((parts.hostname, parts.port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname=parts.hostname) as client,
    ):
        for _ in range(2):
            client.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
            head = client.recv(65536)
            assert head.startswith(b"HTTP/1.1 200")
        world.calm()
        assert client.recv(1) == b""


def test_a_connection_that_ends_in_order_says_so_in_tls(world, open_listener):
    parts = urlsplit(open_listener(world, TLS % 'certificate = "valid"'))
    context = ssl.create_default_context(cafile=ca_of(world))
    with (
        socket.create_connection((parts.hostname, parts.port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname=parts.hostname, suppress_ragged_eofs=False) as client,
    ):
        client.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        data = b""
        while chunk := client.recv(65536):
            data += chunk
    assert data.startswith(b"HTTP/1.1 200")


def test_urllib_follows_the_environment(world, open_listener, monkeypatch):
    url = open_listener(world, TLS % 'certificate = "valid"')
    monkeypatch.setenv("SSL_CERT_FILE", ca_of(world))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    opener = urllib.request.build_opener()  # that of `urlopen` is made once a process
    with opener.open(f"{url}/health", timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
@pytest.mark.parametrize(
    ("table", "code"),
    [
        ('certificate = "valid"', 0),
        ('certificate = "expired"', 60),
        ('certificate = "wrong-name"', 60),
        ('ca = "unknown"', 60),
        ('client_certificate = "required"', 56),
        ("plain_port = true", 35),
    ],
)
def test_curl_ends_with_its_own_code(server, world, open_listener, table, code):
    url = open_listener(world, TLS % table)
    changes = {name: value for name, value in world.environment(server.url).items() if value is not None}
    ran = subprocess.run(
        ["curl", "-sS", "--max-time", "10", f"{url}/health"],
        env={"PATH": "/usr/bin:/bin", **changes},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, ran.stderr


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")
@pytest.mark.parametrize(("table", "seen"), [("", "200"), ('certificate = "expired"', "CERT_HAS_EXPIRED")])
def test_node_is_led_by_its_variable(server, world, open_listener, table, seen):
    url = open_listener(world, TLS % table)
    changes = {name: value for name, value in world.environment(server.url).items() if value is not None}
    script = (
        "const tell = (seen) => { console.log(seen); process.exit(); };"
        "require('https').get(process.argv[1], (got) => tell(got.statusCode)).on('error', (error) => tell(error.code));"
    )
    ran = subprocess.run(
        ["node", "-e", script, f"{url}/health"],
        env={"PATH": os.environ["PATH"], **changes},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.stdout.strip() == seen, ran.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_openssl_sees_issuer_dates_and_the_wish_for_a_client_certificate(world, open_listener):
    parts = urlsplit(open_listener(world, TLS % 'certificate = "expired", client_certificate = "required"'))
    ran = subprocess.run(
        ["openssl", "s_client", "-connect", f"{parts.hostname}:{parts.port}", "-CAfile", ca_of(world)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    seen = ran.stdout + ran.stderr
    assert "hokusai-testkit" in seen
    assert "certificate has expired" in seen
    assert "Requested Signature Algorithms" in seen, "a certificate of the client is asked for"
