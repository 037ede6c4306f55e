"""What is collected of a body: all of it up to the limit, whoever else writes meanwhile."""

from __future__ import annotations

from hokusai_mock.recording import exchange
from hokusai_mock.recording.exchange import Body, Spool


def test_long_bodies_share_one_file_and_stay_apart(monkeypatch):
    monkeypatch.setattr(exchange, "IN_MEMORY", 10)
    spool = Spool()
    one, two = Body(spool), Body(spool)
    for turn in range(8):
        one.add(b"one%d" % turn)
        two.add(b"two%d" % turn)
    assert one.read() == b"".join(b"one%d" % turn for turn in range(8))
    assert two.read() == b"".join(b"two%d" % turn for turn in range(8))
    spool.close()


def test_a_body_beyond_the_limit_is_counted_and_not_kept(monkeypatch):
    monkeypatch.setattr(exchange, "LARGEST", 10)
    spool = Spool()
    body = Body(spool)
    for _ in range(5):
        body.add(b"xxxx")
    assert (body.size, body.read()) == (20, b"")
    spool.close()


def test_a_request_that_outlives_the_recorder_opens_no_file_again() -> None:
    spool = Spool()
    place = spool.append(b"something")
    spool.close()
    assert spool.read(spool.append(b"late")) == b""
    assert spool.read(place) == b""
    assert spool._file is None
