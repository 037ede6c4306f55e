"""The commands of a remedy, run by a shell in the environment of their scenario: they must end the incident."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from hokusai_mock import MockServer, scenarios

SHELL = shutil.which("sh")
KEY = "hk_test_admin"
BOTH = {"HOKUSAI_API_KEY": KEY, "MLFLOW_TRACKING_TOKEN": KEY}
WITHOUT_PASSWORD = {"MLFLOW_TRACKING_USERNAME": None, "MLFLOW_TRACKING_PASSWORD": None}

pytestmark = pytest.mark.skipif(SHELL is None, reason="needs a POSIX shell")


def after_the_remedy(name: str, program: str) -> subprocess.CompletedProcess[str]:
    """Run a Python `program` in the environment of the scenario, once its POSIX commands were carried out."""
    remedy = scenarios.load(name).remedy
    assert remedy is not None
    assert SHELL is not None
    with MockServer(port=0) as server:
        given = server.sandbox("remedy").scenario(name)
    environment = {variable: value for variable, value in {**os.environ, **given}.items() if value is not None}
    script = "\n".join([*remedy.commands.posix, '"$0" -c "$1"'])
    command = [SHELL, "-c", script, sys.executable, program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("client.token_missing", BOTH),
        ("client.key_missing", BOTH),
        ("client.key_quotes", BOTH),
        ("client.key_blank", BOTH),
        ("client.key_bom", BOTH),
        ("client.key_newline", BOTH),
        ("client.basic_beats_token", WITHOUT_PASSWORD),
    ],
)
def test_the_remedy_sets_the_variables_right(name: str, wanted: dict[str, str | None]) -> None:
    done = after_the_remedy(name, f"import os; print({{name: os.environ.get(name) for name in {list(wanted)!r}}})")

    assert (done.stdout.strip(), done.stderr) == (repr(wanted), "")


def test_the_remedy_for_a_terminal_lets_python_print_what_mlflow_prints() -> None:
    done = after_the_remedy("client.ascii_terminal", "print('\\U0001f3c3')")

    assert (done.stdout, done.stderr) == ("\U0001f3c3\n", "")
