"""Make the pages that are written down elsewhere: the incidents, the API reference, ...

    python docs/build.py            write them
    python docs/build.py --check    fail when a page is not what would be written

What makes which page is in `docs/makers/`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import makers


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or compare them."""
    made = makers.pages()
    if "--check" in arguments:
        wrong = makers.differing(made)
        sys.stdout.writelines(f"not up to date: docs/{path}\n" for path in wrong)
        return 1 if wrong else 0
    sys.stdout.write(f"{len(made)} pages, {len(makers.write(made))} of them changed\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
