"""The recorder: what passes through the mock, kept as cassettes that vcrpy plays back.

It stands on the server's side of the wire: a recorder inside the client patches its HTTP library and loses requests of
other threads. `recorder.py` collects, one recording a sandbox; `exchange.py` is one request with its answer;
`cassette.py` turns a recording into text without secrets, `notation.py` knows how YAML is written.
"""

from __future__ import annotations

from hokusai_mock.recording.recorder import Recorder, RecordingError, Written

__all__ = ["Recorder", "RecordingError", "Written"]
