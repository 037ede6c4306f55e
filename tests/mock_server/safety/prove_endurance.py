"""Prove that memory stays flat and nothing is lost over a million requests; for `proofs/prove.py`.

`prove_endurance.py COUNT` for another number of requests.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from endurance import CLIENTS, endure

TOTAL = 1_000_000
LOOKS = (20_000, 100_000, 200_000, 500_000, TOTAL)
GROWTH = 8.0
"""MiB that the process may grow after its first 20,000 requests."""


def main() -> int:
    """Send, count, and look at memory."""
    total = int(sys.argv[1]) if sys.argv[1:] else TOTAL
    report = endure(total, (*(look for look in LOOKS if look < total), total))
    first, *_, last = report.memory.values()
    passed = report.wrong == 0 and report.requests == report.counted == report.sent and last - first < GROWTH
    figures = {
        "requests": report.requests,
        "clients": CLIENTS,
        "wrong answers": report.wrong,
        "counted by the journals": report.counted,
        "of these sent whole": report.sent,
        "entries kept in a journal, at most": report.kept,
        "resident MiB by requests": {str(count): mebibytes for count, mebibytes in report.memory.items()},
        "requests a second": round(report.requests / report.seconds),
    }
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
