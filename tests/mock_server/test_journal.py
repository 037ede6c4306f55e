"""The journal: raw inside, redacted outside, complete under many threads, a valid HTTP Archive."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import datetime

import pytest

from hokusai_mock.journal import BODY_KEPT, FATES, Entry, Journal
from hokusai_mock.redaction import Redactor

LIVE = "hk_live_" + "9f" * 12


def journal_with(**fields: object) -> tuple[Journal, Entry]:
    journal = Journal()
    body = fields.pop("body", b"")
    defaults: dict[str, object] = {"t": 1_700_000_000_000, "method": "POST", "path": "/api/x"}
    entry = journal.open(**{**defaults, **fields})  # type: ignore[arg-type]
    entry.record_body(body)  # type: ignore[arg-type]
    entry.close(200, answered_bytes=2)
    return journal, entry


def only(journal: Journal) -> dict[str, object]:
    (entry,) = journal.to_json(Redactor(salt="test"), role_of={"hk_test_admin": "admin"}.get)
    return entry


def test_entry_leaves_with_every_documented_field() -> None:
    journal, entry = journal_with(query="a=1", headers=[("Host", "h:1")], host="h:1", body=b'{"a": 1}')
    entry.layer = "gateway"
    entry.faults.append("lb_error")
    assert only(journal) == {
        "n": 1,
        "t": 1_700_000_000_000,
        "real_t": entry.started_ns // 1_000_000,
        "method": "POST",
        "path": "/api/x",
        "query": "a=1",
        "headers": [["Host", "h:1"]],
        "auth": {"scheme": None, "key": None, "location": None},
        "host": "h:1",
        "body": '{"a": 1}',
        "body_size": 8,
        "status": 200,
        "retry_after": None,
        "answered_bytes": 2,
        "fate": "sent",
        "duration_ms": (entry.ended_ns - entry.started_ns) // 1_000_000,
        "faults": ["lb_error"],
        "layer": "gateway",
    }


def test_secrets_stay_raw_inside_and_leave_redacted() -> None:
    journal, entry = journal_with(
        query=f"api_key={LIVE}", headers=[("Authorization", f"Bearer {LIVE}")], body=json.dumps({"k": LIVE}).encode()
    )
    assert entry.header("authorization") == f"Bearer {LIVE}"
    assert LIVE not in json.dumps(journal.to_json(Redactor()))
    assert LIVE not in json.dumps(journal.to_har(Redactor()))


def test_secret_named_by_a_later_request_is_redacted_in_an_earlier_one() -> None:
    journal, _ = journal_with(body=b"note: correct-horse-42 is the word")
    journal.open(1, "GET", "/b", headers=[("X-API-Key", "correct-horse-42")]).close(200)
    assert "correct-horse-42" not in json.dumps(journal.to_json(Redactor()))


def test_secret_in_a_gzip_body_is_redacted() -> None:
    journal, _ = journal_with(body=gzip.compress(f"token={LIVE}".encode()), headers=[("Content-Encoding", "gzip")])
    body = only(journal)["body"]
    assert isinstance(body, dict)
    assert "base64" in body


@pytest.mark.parametrize(
    ("headers", "query", "auth"),
    [
        ([("Authorization", "Bearer hk_test_admin")], "", ("Bearer", "admin", "header:authorization")),
        ([("Authorization", "ApiKey hk_test_admin")], "", ("ApiKey", "admin", "header:authorization")),
        ([("X-API-Key", "hk_test_admin")], "", ("X-API-Key", "admin", "header:x-api-key")),
        ([], "api_key=hk_test_admin", ("api_key", "admin", "query:api_key")),
        ([("Authorization", "Bearer hk_test_wrong")], "", ("Bearer", "unknown", "header:authorization")),
        ([("Authorization", "bearer hk_test_admin")], "", ("bearer", None, "header:authorization")),
        ([("Authorization", "Basic YTpi")], "", ("Basic", None, "header:authorization")),
        ([("Authorization", "opaque-" + "x1" * 8)], "", ("other", None, "header:authorization")),
        ([], "", (None, None, None)),
    ],
)
def test_auth_names_the_role_and_the_place_of_the_key(
    headers: list[tuple[str, str]], query: str, auth: tuple[str | None, ...]
) -> None:
    journal, _ = journal_with(headers=headers, query=query)
    assert only(journal)["auth"] == dict(zip(("scheme", "key", "location"), auth, strict=True))


def test_body_is_cut_and_its_true_size_is_kept() -> None:
    journal, entry = journal_with(body=b"")
    entry.record_body(b"a b " * (BODY_KEPT // 8))
    entry.record_body(b"c d " * BODY_KEPT)
    assert len(entry.body) == BODY_KEPT
    assert entry.body_size == BODY_KEPT // 2 + 4 * BODY_KEPT
    assert only(journal)["body_size"] == entry.body_size


def test_half_a_secret_at_the_cut_does_not_leave() -> None:
    journal, entry = journal_with()
    entry.record_body(b"x " * (BODY_KEPT // 2 - 8) + LIVE.encode())
    assert LIVE[:14] in entry.body.decode()
    assert LIVE[:6] not in json.dumps(journal.to_json(Redactor([LIVE])))


def test_body_cut_inside_a_character_is_still_text() -> None:
    journal, entry = journal_with()
    entry.record_body(b"a" + "é ".encode() * BODY_KEPT)
    assert isinstance(only(journal)["body"], str)


def test_old_entries_go_and_the_count_stays() -> None:
    journal = Journal(capacity=3)
    for number in range(10):
        journal.open(number, "GET", "/").close(200)
    assert [entry.n for entry in journal.entries()] == [8, 9, 10]
    fates = dict.fromkeys(FATES, 0) | {"sent": 10}
    assert journal.counters == {"requests": 10, "kept": 3, "under_way": 0, "fates": fates}


def test_every_fate_is_counted_and_one_that_turns_out_otherwise_is_counted_once() -> None:
    journal = Journal(capacity=2)
    for fate in ("sent", "reset", "cut", "hung"):
        journal.open(1, "GET", "/").close(200, fate=fate)
    held = journal.open(1, "GET", "/")
    held.close(None, fate="hung")
    held.close(200, fate="sent")
    journal.open(1, "GET", "/")
    assert journal.counters["fates"] == {"sent": 2, "cut": 1, "reset": 1, "hung": 1, "refused": 0}
    assert (journal.counters["requests"], journal.counters["under_way"]) == (6, 1)


def test_nothing_is_lost_when_many_threads_write() -> None:
    journal = Journal(capacity=10)

    def work() -> None:
        for number in range(500):
            journal.open(number, "GET", "/").close(200, fate="sent" if number % 2 else "reset")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counters = journal.counters
    assert (counters["requests"], counters["under_way"]) == (4_000, 0)
    assert (counters["fates"]["sent"], counters["fates"]["reset"]) == (2_000, 2_000)


def test_cleared_journal_goes_on_counting() -> None:
    journal, _ = journal_with()
    journal.clear()
    assert journal.entries() == []
    assert journal.open(0, "GET", "/").n == 2


def test_request_on_its_way_has_no_fate_yet() -> None:
    journal = Journal()
    journal.open(0, "GET", "/slow")
    entry = only(journal)
    assert (entry["status"], entry["fate"]) == (None, None)


def test_no_entry_is_lost_or_numbered_twice_under_threads() -> None:
    journal = Journal(capacity=100_000)

    def record() -> None:
        for _ in range(500):
            journal.open(0, "GET", "/").close(200)

    threads = [threading.Thread(target=record) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.n for entry in journal.entries()] == list(range(1, 4001))


def test_har_has_every_field_that_version_1_2_demands() -> None:
    journal, entry = journal_with(query="q=a%20b", headers=[("Content-Type", "text/plain")], body=b"hello", host="h:1")
    entry.close(404, answered_bytes=7)
    entry.ended_ns = entry.started_ns + 12_000_000
    log = journal.to_har(Redactor(), base_url="http://127.0.0.1:1/s/a")["log"]
    assert log["version"] == "1.2"
    assert set(log["creator"]) == {"name", "version"}
    (exported,) = log["entries"]
    assert datetime.fromisoformat(exported["startedDateTime"]).timestamp() == entry.t / 1000
    assert exported["time"] == sum(exported["timings"].values()) == 12
    assert {"send", "wait", "receive"} == set(exported["timings"])
    assert exported["cache"] == {}
    request, response = exported["request"], exported["response"]
    assert request["url"] == "http://127.0.0.1:1/s/a/api/x?q=a%20b"
    assert request["queryString"] == [{"name": "q", "value": "a b"}]
    assert request["postData"] == {"mimeType": "text/plain", "text": "hello"}
    assert {"method", "httpVersion", "cookies", "headers", "headersSize", "bodySize"} <= set(request)
    assert (response["status"], response["statusText"], response["bodySize"]) == (404, "Not Found", 7)
    assert {"httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize"} <= set(response)
    assert set(response["content"]) == {"size", "mimeType"}


def test_har_of_an_answer_that_never_came_has_status_zero() -> None:
    journal, entry = journal_with()
    entry.close(None, fate="reset")
    (exported,) = journal.to_har(Redactor())["log"]["entries"]
    assert (exported["response"]["status"], exported["_hokusai"]["fate"]) == (0, "reset")


def test_a_reader_waits_for_an_entry_that_the_client_knows_of_already() -> None:
    journal = Journal()
    begun, seen = threading.Event(), threading.Event()

    def handshake() -> None:
        with journal.foreseen():
            begun.set()
            seen.wait(10)
            journal.open(0, "TLS", "").close(None, fate="refused")

    thread = threading.Thread(target=handshake)
    thread.start()
    begun.wait(10)
    journal.settle(0.01)
    assert journal.entries() == [], "the wait has an end"
    threading.Timer(0.05, seen.set).start()
    journal.settle(10)
    assert [entry.fate for entry in journal.entries()] == ["refused"]
    thread.join()
