"""`docs/admin-api.md` names every route of the admin API, and its curl commands do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hokusai_mock import MockServer
from hokusai_mock.admin.routes import ROUTES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "admin-api.md").read_text("utf-8")
BLOCKS = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "curl" in block]
PORT_LINE = re.compile(r"^export MOCK=.*$", re.MULTILINE)


def documented() -> set[tuple[str, str]]:
    """(method, path) of the first column of the table; several methods may share a path."""
    found = set()
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            methods: list[str] = []
            for code in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
                method, _, path = code.partition(" ")
                methods.append(method)
                if path:
                    found |= {(one, path) for one in methods}
                    methods = []
    return found


def test_every_route_is_in_the_table():
    assert documented() == {(route.method, route.path) for route in ROUTES}


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="curl or bash is not here")
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.findall(r"_testkit\S*", block)[0].strip('"'))
def test_the_curl_commands_work(block, tmp_path):
    with MockServer() as server:
        script = PORT_LINE.sub("", block)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "MOCK": server.url, "no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr + done.stdout
