"""`python -m hokusai_testkit.diagnosis`: the doctor without click, for broken environments."""

from __future__ import annotations

import sys


def start() -> int:
    """Run the doctor; without a TOML parser (tomli, on Python 3.10) say so in one line."""
    try:
        from hokusai_testkit.diagnosis.main import main  # noqa: PLC0415 - the import itself may fail
    except ModuleNotFoundError as error:
        if error.name != "tomli":
            raise
        sys.stderr.write("The doctor needs the package 'tomli' on Python 3.10: python -m pip install tomli\n")
        return 4
    return main(sys.argv[1:], program="python -m hokusai_testkit.diagnosis")


if __name__ == "__main__":
    sys.exit(start())
