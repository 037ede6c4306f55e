"""What each effect that breaks the line puts on it, byte by byte, and how the connection ends."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from hokusai_mock.faults import EFFECTS

from .conftest import CREATE, parsed

pytestmark = pytest.mark.timeout(60)

NOTHING = {"status": None, "answered_bytes": 0}

BREAKING = [
    # effect, its parameters, how the connection ends, what the journal says
    ("reset", {}, "reset", {"fate": "reset", **NOTHING}),
    ("reset", {"after_bytes": 9}, "reset", {"fate": "reset", **NOTHING}),
    ("reset", {"after_bytes": 40}, "reset", {"fate": "reset", "status": 200, "answered_bytes": 0}),
    ("hang", {"hold": 0.001}, "close", {"fate": "hung", **NOTHING}),
    ("hang", {"hold": 0.001, "after_bytes": 40}, "close", {"fate": "hung", "status": 200, "answered_bytes": 0}),
    ("close_before_status", {}, "close", {"fate": "cut", **NOTHING}),
    ("truncate", {"sent": 19, "declared": 100}, "close", {"fate": "cut", "status": 200, "answered_bytes": 19}),
    ("truncate", {"chunked": True}, "close", {"fate": "cut", "status": 200}),
    ("wrong_length", {"difference": 7}, "close", {"fate": "cut", "status": 200}),
    ("wrong_length", {"difference": -7}, "close", {"fate": "sent", "status": 200}),
    ("broken_chunk", {}, "close", {"fate": "cut", "status": 200}),
    ("garbage", {}, "close", {"fate": "sent", "status": None, "answered_bytes": 64}),
]


@pytest.fixture
def whole(line):
    """The body of the healthy answer."""
    return line().ask().answer()[2]


@pytest.fixture
def broken(sandbox, line, whole):
    """Break one answer with an effect: the bytes that came, and the connection that they came on."""

    def play(effect: str, **given: Any) -> tuple[bytes, Any]:
        sandbox.fault(effect=effect, with_=given, times=1)
        connection = line().ask()
        return connection.rest(), connection

    return play


@pytest.mark.parametrize("case", BREAKING, ids=lambda case: f"{case[0]} {case[1]}")
def test_the_connection_ends_and_the_journal_knows_the_fate(sandbox, broken, case):
    effect, given, end, entry = case
    _, connection = broken(effect, **given)
    seen = sandbox.journal[-1]

    assert connection.ended_with == end
    assert {name: seen[name] for name in entry} == entry
    assert (seen["layer"], len(seen["faults"]), seen["body"]) == ("transport", 1, '{"max_results": 1}')
    assert seen["faults"][0].startswith(effect)


@pytest.mark.parametrize(("effect", "given"), [case[:2] for case in BREAKING])
def test_a_client_that_goes_on_is_answered_on_a_new_connection(sandbox, line, whole, effect, given):
    bystander = line()
    bystander.ask().answer()
    sandbox.fault(effect=effect, with_=given, match={"header": {"X-Victim": "*"}})
    victim = line().ask(X_Victim="yes")
    meanwhile = bystander.ask().answer()[2]
    victim.rest()

    assert meanwhile == bystander.ask().answer()[2] == whole, "a connection that was open before is not touched"
    assert line().ask().answer()[2] == whole


def test_every_effect_that_breaks_the_line_is_looked_at_here():
    breaking = {name for name, effect in EFFECTS.items() if effect.home == "transport"} - {"delay"}

    assert {case[0] for case in BREAKING} == breaking


def test_a_reset_comes_after_exactly_so_many_bytes_of_the_answer(broken, whole):
    assert broken("reset", after_bytes=9)[0] == b"HTTP/1.1 "
    received, _ = broken("reset", after_bytes=600)
    status, headers, body = parsed(received)

    assert status == 200
    assert (len(received), headers["content-length"]) == (min(600, len(received)), str(len(whole)))
    assert whole.startswith(body)


def test_a_hang_in_the_middle_of_an_answer_has_sent_so_many_bytes(sandbox, line, whole):
    sandbox.fault(effect="hang", with_={"after_bytes": 350})
    connection = line().ask()
    received = b""
    while len(received) < 350:
        received += connection.socket.recv(350)
    hung = sandbox.calls(fate="hung", status=200)
    sandbox.reset()

    assert (len(received + connection.rest()), connection.ended_with) == (350, "close")
    assert whole.startswith(parsed(received)[2])
    assert len(hung) == 1


def test_a_trickle_sends_the_head_ahead_of_the_body(sandbox, line, whole):
    sandbox.fault(effect="delay", with_={"per_byte": "1h"})
    connection = line().ask()
    head = connection.socket.recv(65536)
    sandbox.reset()

    assert head.endswith(b"\r\n\r\n")
    assert parsed(head)[1]["content-length"] == str(len(whole))
    assert (connection.rest(), connection.ended_with) == (b"", "close")


def test_a_reset_loses_nothing_of_a_long_answer_before_it(sandbox, line):
    path = "/api/mlflow/api/2.0/mlflow-artifacts/artifacts/1/a/artifacts/long.bin"
    content = b"0123456789abcdef" * 2**16
    upload = line()
    upload.socket.sendall(
        f"PUT {upload.root}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hk_test_admin\r\n"
        f"Content-Length: {len(content)}\r\n\r\n".encode()
        + content
    )
    assert upload.answer()[0] == 200
    sandbox.fault(effect="reset", with_={"after_bytes": 700_000})

    for _ in range(3):
        connection = line().ask("GET", path)
        assert (len(connection.rest()), connection.ended_with) == (700_000, "reset")


def test_every_upload_that_is_reset_sees_a_reset(sandbox, line):
    sandbox.fault(effect="reset")
    seen = set()
    for _ in range(24):
        connection = line().ask(path=CREATE, body={"name": "a b " * 75_000})
        connection.rest()
        seen.add(connection.ended_with)

    assert seen == {"reset"}
    assert {entry["body_size"] for entry in sandbox.journal} == {300_012}


def test_a_truncated_answer_announces_more_than_it_sends(broken, whole):
    _, headers, body = parsed(broken("truncate")[0])
    assert (headers["content-length"], body, headers["connection"]) == (
        str(len(whole)),
        whole[: len(whole) // 2],
        "close",
    )
    _, headers, body = parsed(broken("truncate", sent=10**6)[0])
    assert (headers["content-length"], body) == (str(len(whole)), whole[:-1])
    _, headers, body = parsed(broken("truncate", declared=100, sent=19)[0])
    assert (headers["content-length"], body) == ("100", whole[:19])


def test_a_truncated_chunk_does_not_end(broken, whole):
    _, headers, body = parsed(broken("truncate", chunked=True, sent=5)[0])

    assert (headers["transfer-encoding"], "content-length" in headers) == ("chunked", False)
    assert body == b"%x\r\n%b" % (len(whole), whole[:5])


@pytest.mark.parametrize("difference", [7, -7])
def test_a_wrong_length_comes_with_the_whole_body(broken, whole, difference):
    _, headers, body = parsed(broken("wrong_length", difference=difference)[0])

    assert (int(headers["content-length"]) - len(whole), body) == (difference, whole)


def test_a_broken_chunk_follows_a_good_one(broken, whole):
    _, headers, body = parsed(broken("broken_chunk")[0])
    half = len(whole) // 2

    assert headers["transfer-encoding"] == "chunked"
    assert body == b"%x\r\n%b\r\noops\r\n%b\r\n" % (half, whole[:half], whole[half:])


def test_garbage_is_always_the_same_and_never_http(sandbox, line):
    sandbox.fault(effect="garbage", with_={"size": 200})
    first, second = line().ask().rest(), line().ask().rest()

    assert first == second
    assert len(first) == 200
    assert first.endswith(b"\r\n\r\n")
    assert min(first[:-4]) >= 0x80


@pytest.mark.parametrize(("effect", "given"), [case[:2] for case in BREAKING if case[3].get("status")])
def test_an_answer_to_head_has_no_body_however_it_is_broken(sandbox, line, effect, given):
    sandbox.fault(effect=effect, with_=given)
    received = line().ask("HEAD", "/health").rest()

    assert received.endswith(b"\r\n\r\n") or "after_bytes" in given
    assert received.count(b"\r\n\r\n") <= 1


def test_a_hang_is_in_the_journal_while_it_lasts_and_ends_with_the_sandbox(sandbox, line):
    sandbox.fault(effect="hang")
    hanging = [line().ask() for _ in range(3)]
    while len(sandbox.calls(fate="hung")) < 3:
        pass
    assert [entry["duration_ms"] for entry in sandbox.journal] == [None] * 3
    for one in hanging:
        one.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            one.socket.recv(1)
        one.socket.settimeout(20)
    sandbox.reset()

    assert [(one.rest(), one.ended_with) for one in hanging] == [(b"", "close")] * 3


def test_a_hang_ends_when_the_sandbox_is_dropped_or_the_server_stops():
    from hokusai_mock import MockServer  # noqa: PLC0415 - loaded with the first test that needs a server

    from .conftest import Line  # noqa: PLC0415

    with MockServer() as server:
        lines = []
        for name in ("dropped", "stopped"):
            server.sandbox(name).fault(effect="hang")
            lines.append(Line(server.sandbox(name).url).ask())
            while [entry["fate"] for entry in server.sandbox(name).journal] != ["hung"]:
                pass
        server.sandbox("dropped").drop()
        ended = [lines[0].rest()]
    ended.append(lines[1].rest())
    for one in lines:
        one.close()

    assert ended == [b"", b""]


def test_a_hang_ends_with_the_client_that_gives_up(sandbox, line):
    sandbox.fault(effect="hang")
    before = set(threading.enumerate())
    hanging = line().ask()
    while not sandbox.calls(fate="hung"):
        pass
    held = [thread for thread in set(threading.enumerate()) - before if thread.is_alive()]
    hanging.close()
    for thread in held:
        thread.join(20)

    assert [thread for thread in held if thread.is_alive()] == []
    assert sandbox.journal[0]["duration_ms"] is not None


@pytest.mark.parametrize(
    ("given", "status"),
    [({"delay": "1h"}, None), ({"per_byte": "1h"}, 200)],
    ids=["ahead of the answer", "in its body"],
)
def test_an_answer_that_comes_too_late_for_its_client_is_cut(sandbox, line, given, status):
    sandbox.fault(effect="delay", with_=given)
    impatient = line().ask()
    while not any(entry["faults"] for entry in sandbox.journal):
        pass
    impatient.close()
    while sandbox.journal[0]["fate"] is None:
        pass

    assert {name: sandbox.journal[0][name] for name in ("fate", "status", "answered_bytes")} == {
        "fate": "cut",
        "status": status,
        "answered_bytes": 0,
    }


def test_a_client_that_waits_for_continue_is_reset_without_its_upload(sandbox, line):
    sandbox.fault(effect="reset")
    connection = line()
    connection.socket.sendall(
        f"PUT {connection.root}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n".encode()
    )

    assert (connection.rest(), connection.ended_with) == (b"", "reset")
    assert sandbox.journal[0]["body_size"] == 0
