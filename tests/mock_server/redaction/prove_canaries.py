"""Prove on 10,000 placements that no canary sings, beside what vcrpy writes by default; for `proofs/prove.py`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from canaries import CANARIES, Canary, sung
from hypothesis import HealthCheck, assume, given, seed, settings
from test_canaries import AROUND, KEY, SECRETS

from hokusai_mock.redaction import Redactor

PLACEMENTS = 10_000
EACH = 5 + PLACEMENTS // len(CANARIES)


def main() -> int:
    """Place, look, count."""
    placed, singing = 0, Counter[str]()

    def place(canary: Canary) -> None:
        @seed(20260101)
        @settings(max_examples=EACH, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(secret=SECRETS, around=AROUND)
        def one(secret: str, around: str) -> None:
            nonlocal placed
            assume(secret not in around)  # innocent text is innocent
            placed += 1
            left = canary.place(Redactor([secret] if canary.told else [], salt="s"), secret, around)
            if (view := sung(left, secret)) is not None:
                singing[f"{canary.name} ({view})"] += 1
                sys.stderr.write(f"{canary.name}: {secret!r} around {around!r} left {left!r}\n")

        one()

    for canary in CANARIES:
        place(canary)
    figures = {
        "canaries": len(CANARIES),
        "placements": placed,
        "singing": dict(singing),
        "vcrpy by default": _vcrpy(),
    }
    passed = not singing and placed >= PLACEMENTS
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


def _vcrpy() -> dict[str, int]:
    """How many of the canaries that can stand in a request can be read in the cassette that vcrpy writes of it."""
    from vcr.request import Request  # noqa: PLC0415 - only here
    from vcr.serialize import serialize  # noqa: PLC0415
    from vcr.serializers import yamlserializer  # noqa: PLC0415

    class Untouched(Redactor):
        """Gives everything back as it is: the canary before anything was done to it."""

        def text(self, text: str) -> str:
            return text

        def url(self, url: str) -> str:
            return url

        def headers(self, pairs: object) -> list[tuple[str, str]]:
            return list(pairs)  # type: ignore[call-overload]

        def bytes(self, data: bytes, *_: object, **__: object) -> bytes:
            return data

    heard = 0
    for canary in CANARIES:
        raw = canary.place(Untouched(), KEY, "see")
        answer = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": b"{}"}}
        request = Request("POST", "http://127.0.0.1/x", raw, {"Content-Type": "application/octet-stream"})
        text = serialize({"requests": [request], "responses": [answer]}, yamlserializer)
        heard += (sung(text.encode(), KEY) or sung(text.encode(), KEY[:-1])) is not None
    return {"canaries": len(CANARIES), "singing": heard}


if __name__ == "__main__":
    raise SystemExit(main())
