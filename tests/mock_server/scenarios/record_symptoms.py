"""Plays every shipped scenario with the clients of this interpreter and prints what they showed, as one JSON object.

    python record_symptoms.py [NAME ...]

For `prove_symptoms.py`, which runs it with each client generation. What differs from run to run (ports, ids, times,
folders) is taken out, so that two recordings of the same thing are equal.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from player import Player, Verdict, Zygote

from hokusai_mock import MockServer, scenarios

LONGEST = 480
"""Characters of a message that are kept."""

REMEDY = " What to do: "
"""How the SDK's errors begin the sentence that helps."""

_VARYING = (
    (r"https?://(?:127\.0\.0\.1|localhost)(?::\d+)?(?:/s/[\w.-]+)?", "<platform>"),
    (r"(?:127\.0\.0\.1|localhost)', port=\d+", "<host>', port=<port>"),
    (r"(?:127\.0\.0\.1|localhost):\d+", "<host>:<port>"),
    (r"/s/[\w.]+\.\d+/", "/"),
    (r"(?:/[\w.-]+)*/hk-[\w.-]+/\d+-[\w.]+/(home|work)", r"<\1>"),
    (r"\b0x[0-9a-f]{6,}\b", "<address>"),
    (r"\b(?:m-)?[0-9a-f]{32}\b", "<id>"),
    (r"\b[0-9a-f]{16}-<id>", "<server>-<id>"),
    (r"\b\d{13}\b", "<time>"),
    (r"\b\d{18}\b", "<id>"),
    (r"\s+", " "),
)


def main(names: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="hk-record-") as name:
        folder = Path(name)
        with MockServer(port=0, seed=1) as server, Zygote(folder) as zygote:
            player = Player(server, zygote, folder)
            files = {one: _recorded(player, one) for one in names or scenarios.names()}
            result = {"clients": player.here, "files": files}
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def _recorded(player: Player, name: str) -> list[dict[str, Any]]:
    try:
        return [_entry(verdict) for verdict in player.verdicts(scenarios.load(name).resolve())]
    except Exception as error:  # noqa: BLE001 - one broken file must not hide the others
        return [
            {"symptom": "", "shown": f"not played: {type(error).__name__}: {error}"[:LONGEST], "wrong": ["not played"]}
        ]


def _entry(verdict: Verdict) -> dict[str, Any]:
    return {"symptom": verdict.symptom.label, "shown": shown(verdict.seen), "wrong": verdict.wrong}


def shown(seen: Any) -> str:
    """What the client showed, in one line: the exception and its text, an HTTP answer, or that there was none."""
    text = unified(seen.get("text") or "")
    if "unknown" in seen:
        return str(seen["unknown"])
    if seen["exception"] is not None:
        return _kept(f"{seen['exception'][0].rpartition('.')[2]}: {text}")
    if seen.get("status_code") is not None:
        return f"{seen['status_code']} {text}".strip()[:LONGEST]
    return "no exception"


def _kept(text: str) -> str:
    """The beginning of a long message, and its end where that says what to do."""
    said, mark, remedy = text.partition(REMEDY)
    room = max(0, LONGEST - len(remedy) - len(mark))
    return f"{said[:room]}{mark}{remedy}" if mark else text[:LONGEST]


def unified(text: str) -> str:
    """`text` without what differs from run to run."""
    for pattern, replacement in _VARYING:
        text = re.sub(pattern, replacement, text)
    return text.strip()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
