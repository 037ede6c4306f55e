"""Prove with a real browser that no page of another origin gets at control; for `proofs/prove.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from browser import ATTACKS, attack, chromium


def main() -> int:
    """Attack, and say how often."""
    executable = chromium()
    if executable is None:
        sys.stdout.write('{"passed": false, "figures": {"missing": "a Chromium: install the package chromium"}}\n')
        return 1
    report = attack(executable)
    bad = [*report.read, *report.changed, *report.let_in]
    sys.stdout.write("".join(f"{line}\n" for line in bad))
    figures = {
        "browser": f"Chromium {report.browser}",
        "kinds of attack": len(ATTACKS),
        "attempts": report.attempts,
        "requests that arrived at control": len(report.arrived),
        "let in": len(report.let_in),
        "could read": len(report.read),
        "pages that changed something": len(report.changed),
        "the mock's own page reads and changes": report.own_page_reads and report.own_page_changes,
    }
    passed = not bad and report.own_page_reads and report.own_page_changes and len(report.arrived) > 100
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
