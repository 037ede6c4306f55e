"""Through the mock to a backend and back, over real sockets: nothing is lost, nothing of ours is passed on."""

from __future__ import annotations

import hashlib
import http.client
import threading
from urllib.parse import urlsplit

import pytest

from hokusai_mock import MockServer
from hokusai_mock.sandbox import SandboxError

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


def headers_of(entry):
    return {name.lower(): value for name, value in entry["headers"]}


# -- the platform's side -----------------------------------------------------------------------------------------------


def test_gateway_and_backend_answer_together(front, plain, ask):
    box = front.sandbox("x")
    assert ask(f"{box.tracking_uri}{API}/experiments/create", "POST", json={"name": "mine"}).status == 200
    found = ask(f"{plain.url}{API}/experiments/get-by-name?experiment_name=mine", key=None)
    assert found.status == 200, "what was made through the mock is in the backend"
    assert ask(f"{box.tracking_uri}{API}/experiments/search", "POST", json={}, key=None).status == 401
    assert ask(f"{box.url}/health", key=None).json["status"] == "healthy"
    assert [entry["path"] for entry in plain.sandbox().journal] == [
        f"{API}/experiments/create",
        f"{API}/experiments/get-by-name",
    ], "what the gateway answers does not reach the backend"


def test_a_plain_mock_is_the_backend_alone(plain, start, ask):
    box = start(backend=plain.url, plain=True).sandbox("x")
    assert ask(f"{box.url}/version", key=None).body == b"3.9.0"
    lost = ask(f"{box.url}{API}/no/such", key=None)
    assert (lost.status, lost.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_the_gateway_turns_the_backends_html_404_into_json(front, ask):
    answer = ask(f"{front.sandbox('x').tracking_uri}{API}/no/such")
    assert (answer.status, answer.json["error_code"]) == (404, "RESOURCE_NOT_FOUND")


def test_faults_scenarios_and_journal_stay_in_front(front, plain, ask):
    box = front.sandbox("x")
    url = f"{box.tracking_uri}{API}/experiments/search"
    box.scenario("gateway.lb_error", status=503, times=1)
    assert [ask(url, "POST", json={"max_results": 1}).status for _ in range(2)] == [503, 200]
    box.scenario("auth.admin_required")
    assert ask(url, "POST", json={"max_results": 1}).json["error"] == "REGISTRY_ADMIN_REQUIRED"
    assert [entry["status"] for entry in box.journal] == [503, 200, 403]
    assert [entry["layer"] for entry in box.journal] == ["edge", "mlflow", "gateway"]
    assert len(plain.sandbox().journal) == 1


def test_a_fault_after_the_endpoint_keeps_what_the_backend_did(front, plain, ask):
    box = front.sandbox("x")
    box.fault(layer="handler", when="after", effect="status", times=1, with_={"status": 502, "html": "bad-gateway"})
    url = f"{box.tracking_uri}{API}/experiments/create"
    assert ask(url, "POST", json={"name": "twice"}).status == 502
    assert ask(url, "POST", json={"name": "twice"}).json["error_code"] == "RESOURCE_ALREADY_EXISTS"


def test_sandboxes_share_the_data_and_nothing_else(front, ask):
    one, two = front.sandbox("one"), front.sandbox("two")
    ask(f"{one.tracking_uri}{API}/experiments/create", "POST", json={"name": "shared"})
    one.scenario("auth.admin_required")
    assert ask(f"{two.tracking_uri}{API}/experiments/get-by-name?experiment_name=shared").status == 200
    assert (len(one.journal), len(two.journal)) == (1, 1)


def test_a_sandbox_with_a_backend_is_not_reset(front, ask):
    box = front.sandbox("x")
    ask(f"{box.tracking_uri}/version")
    assert ask(f"{front.url}/_testkit/v1/sandboxes/x/reset", "POST", json={}, key=None).status == 409
    with pytest.raises(SandboxError, match="the data lie in"):
        box.reset()
    assert len(box.journal) == 1, "nothing was changed"
    box.drop()
    assert box.journal == []


def test_the_version_is_the_backends(front):
    box = front.sandbox("x")
    assert box.profile == {"mlflow": None, "platform": "platform-documented"}
    with pytest.raises(SandboxError, match="the version is the backend's"):
        box.use_profile(mlflow="mlflow-2.9")
    with pytest.raises(SandboxError, match="the version is the backend's"):
        box.scenario("version.server")


# -- headers -----------------------------------------------------------------------------------------------------------


def sent_to(backend):
    (entry,) = backend.sandbox().journal
    return headers_of(entry)


def test_the_documented_platform_keeps_the_key_to_itself(front, plain, ask):
    url = f"{front.sandbox('x').tracking_uri}/version?api_key=hk_test_admin&keep=1"
    assert ask(url, headers={"X-API-Key": "hk_test_admin", "X-Hokusai-User-Id": "root"}).status == 200
    headers = sent_to(plain)
    assert "authorization" not in headers
    assert "x-api-key" not in headers
    assert plain.sandbox().journal[0]["query"] == "keep=1"
    assert (headers["x-hokusai-user-id"], headers["x-hokusai-api-key-id"]) == ("admin", "admin")


def test_the_observed_platform_passes_the_key_on(plain, start, ask):
    box = start(backend=plain.url, profile="platform-2026-06").sandbox("x")
    assert ask(f"{box.tracking_uri}/version?api_key=hk_test_admin").status == 200
    assert sent_to(plain)["authorization"] == "Bearer hk_test_admin"
    assert plain.sandbox().journal[0]["query"] == "api_key=hk_test_admin"


def test_credentials_for_a_plain_backend_are_the_backends(plain, start, ask):
    box = start(backend=plain.url, plain=True).sandbox("x")
    assert ask(f"{box.url}/version", headers={"Authorization": "Basic bWU6aGtfdGVzdF9hZG1pbg=="}).status == 200
    assert sent_to(plain)["authorization"] == "Basic bWU6aGtfdGVzdF9hZG1pbg=="


def test_headers_of_the_hop_end_at_the_mock(front, plain, ask):
    sent = {"Connection": "close, X-Hop", "X-Hop": "1", "Keep-Alive": "5", "TE": "trailers", "X-Mine": "yes"}
    ask(f"{front.sandbox('x').tracking_uri}/version", headers={**sent, "X-Hokusai-Testkit-Client": "c1"})
    headers = sent_to(plain)
    assert headers["x-mine"] == "yes"
    assert headers["host"] == urlsplit(plain.url).netloc
    assert not {"x-hop", "keep-alive", "te", "x-hokusai-testkit-client", "connection"} & set(headers)


def test_an_answer_is_marked_once(front):
    parts = urlsplit(front.sandbox("x").tracking_uri)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request("GET", f"{parts.path}/version", headers={"Authorization": "Bearer hk_test_admin"})
        answer = connection.getresponse()
        answer.read()
        names = [name.lower() for name, _ in answer.getheaders()]
    finally:
        connection.close()
    assert names.count("x-hokusai-testkit") == 1
    assert names.count("content-length") == 1


# -- bodies, queries, paths --------------------------------------------------------------------------------------------


def test_the_body_of_delete_and_repeated_parameters_reach_the_backend(front, plain, ask):
    base = f"{front.sandbox('x').tracking_uri}{API}"
    for name, description in (("a", "2"), ("b", "1")):
        ask(f"{base}/registered-models/create", "POST", json={"name": name, "description": description})
    query = "order_by=name+DESC&order_by=last_updated_timestamp&max_results=9"
    found = ask(f"{base}/registered-models/search?{query}").json["registered_models"]
    assert [model["name"] for model in found] == ["b", "a"]
    assert ask(f"{base}/registered-models/delete", "DELETE", json={"name": "a"}).status == 200
    assert plain.sandbox().calls("GET", "registered-models/search")[0]["query"] == query


def test_the_observed_platform_loses_them_in_front_of_a_backend_too(plain, start, ask):
    base = f"{start(backend=plain.url, profile='platform-2026-06').sandbox('x').tracking_uri}{API}"
    ask(f"{base}/registered-models/create", "POST", json={"name": "a"})
    refused = ask(f"{base}/registered-models/delete", "DELETE", json={"name": "a"})
    assert (refused.status, refused.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    ask(f"{base}/registered-models/search?order_by=name&order_by=last_updated_timestamp")
    assert plain.sandbox().calls(path="registered-models/search")[0]["query"] == "order_by=last_updated_timestamp"


@pytest.mark.parametrize("name", ["a%20b.txt", "100%25.txt", "x%2Fy.txt", "a+b;c=d,e.txt"])
def test_a_name_reaches_the_backend_as_it_was_written(front, plain, ask, name):
    url = f"{front.sandbox('x').tracking_uri}{ARTIFACTS}/0/{name}"
    assert ask(url, "PUT", body=b"content").status == 200
    assert ask(url).body == b"content"
    assert ask(f"{plain.url}{ARTIFACTS}/0/{name}", key=None).body == b"content"


def test_a_name_beyond_ascii_is_listed_by_the_backend(front, plain, ask):
    """Only listed: MLflow 3.4 and 3.9 answer 500 when such a file is downloaded, and so does the mock."""
    assert ask(f"{front.sandbox('x').tracking_uri}{ARTIFACTS}/0/caf%C3%A9.txt", "PUT", body=b"x").status == 200
    listed = ask(f"{plain.url}{ARTIFACTS}?path=0", key=None).json["files"]
    assert "café.txt" in [item["path"] for item in listed]


def test_head_keeps_the_length_that_the_backend_named(front, ask):
    url = f"{front.sandbox('x').tracking_uri}{ARTIFACTS}/0/f.bin"
    ask(url, "PUT", body=b"x" * 1000)
    head, get = ask(url, "HEAD"), ask(url)
    assert (head.status, head.body) == (get.status, b"")


def test_megabytes_stream_through_both_ways(plain, start, ask):
    box = start(backend=plain.url).sandbox("x")
    url = f"{box.tracking_uri}{ARTIFACTS}/0/big.bin"
    data = bytes(range(256)) * 4096 * 8  # 8 MiB
    assert ask(url, "PUT", body=data).status == 200
    answer = ask(url)
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(data).digest()
    assert answer.headers["content-length"] == str(len(data))
    assert [entry["answered_bytes"] for entry in box.calls("GET")] == [len(data)]


def test_a_chunked_upload_goes_on_in_chunks(front, plain, ask):
    url = f"{front.sandbox('x').tracking_uri}{ARTIFACTS}/0/chunked.bin"
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        pieces = iter([b"one ", b"two ", b"three"])
        headers = {"Authorization": "Bearer hk_test_admin"}
        connection.request("PUT", parts.path, pieces, headers, encode_chunked=True)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    assert answer.status == 200
    assert headers_of(plain.sandbox().calls("PUT")[0])["transfer-encoding"] == "chunked"
    assert ask(url).body == b"one two three"


def test_an_upload_is_not_held_back_until_it_is_whole(plain, start):
    """The backend sees the first bytes while the client has not sent the last ones."""
    parts = urlsplit(start(backend=plain.url).sandbox("x").tracking_uri)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.putrequest("PUT", f"{parts.path}{ARTIFACTS}/0/slow.bin")
        connection.putheader("Authorization", "Bearer hk_test_admin")
        connection.putheader("Content-Length", str(1024 * 1024))
        connection.endheaders()
        connection.send(b"x" * (1024 * 1024 - 1))
        arrived = threading.Event()

        def look():
            while not plain.sandbox().calls("PUT"):
                pass
            arrived.set()

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        assert arrived.wait(10)
        connection.send(b"x")
        assert connection.getresponse().status == 200
    finally:
        connection.close()


# -- connections -------------------------------------------------------------------------------------------------------


def test_connections_to_the_backend_are_kept(scripted, start, ask):
    def play(line):
        while line.read():
            line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    backend = scripted(play)
    box = start(backend=backend.url, plain=True).sandbox("x")
    for _ in range(5):
        assert ask(f"{box.url}/version").body == b"ok"
    assert backend.connections == 1


def test_many_threads_each_get_their_own_answer(front, ask):
    base = f"{front.sandbox('x').tracking_uri}{API}"
    failures = []

    def work(number):
        for turn in range(10):
            name = f"{number}-{turn}"
            made = ask(f"{base}/experiments/create", "POST", json={"name": name})
            got = ask(f"{base}/experiments/get-by-name?experiment_name={name}")
            if (made.status, got.status) != (200, 200) or got.json["experiment"]["name"] != name:
                failures.append((name, made, got))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_stop_closes_every_connection_at_once(plain):
    with MockServer(backend=plain.url) as server:
        server.sandbox("x").drop()
    assert plain.sandbox("x").errors == []
