"""Plays docs/hokusai-command.md: its console blocks are called in order, and their output is put below them.

What differs from run to run (URLs, ids, paths, times) is replaced by what the page shows for it.
"""

# ruff: noqa: PLC0415 - MLflow is imported by what is called

from __future__ import annotations

import hashlib
import io
import re
import runpy
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from hokusai_mock import Sandbox

__all__ = ["PAGE", "played"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hokusai-command.md"
_BLOCK = re.compile(r"^(<!-- play: (?P<scenario>\S+) -->|```(?P<language>\w+)\n(?P<body>.*?)^```)$", re.M | re.S)
_ID = re.compile(r"\b[0-9a-f]{32}\b")


def played(page: str, sandbox: Sandbox, store: Path) -> str:
    """Return the page as it is when everything on it is done once more, in the current folder."""
    shown: dict[str, str] = {}

    def again(match: re.Match[str]) -> str:
        if match["scenario"]:
            sandbox.scenario(match["scenario"])
        elif match["language"] == "python":
            named = re.match(r"# (\w+\.py)\n", match["body"])
            Path(named[1] if named else "block.py").write_text(match["body"], "utf-8")
            if not named:
                runpy.run_path("block.py")
        elif match["language"] == "console":
            lines = [line for line in match["body"].splitlines() if line.startswith("$ ")]
            said = "".join(f"{line}\n{_plain(_call(line), sandbox, store, shown)}" for line in lines)
            return f"```console\n{said}```"
        return match[0]

    return _BLOCK.sub(again, page)


def _call(line: str) -> str:
    from hokusai.cli import run

    program, *words = shlex.split(line.removeprefix("$ "))
    if program == "python":
        runpy.run_path(words[0])
        return ""
    assert program == "hokusai", line
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        run(words)
    return out.getvalue() + err.getvalue()


def _plain(text: str, sandbox: Sandbox, store: Path, shown: dict[str, str]) -> str:
    """Replace what differs from run to run; ids get the place in which they appear for the first time."""
    text = text.replace(sandbox.api_endpoint, "https://registry.hokus.ai/api")
    text = text.replace(str(store), "~/.local/share/hokusai/local")
    text = re.sub(r"mlflow-\d+\.\d+", "mlflow-3.9", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "2026-06-01T12:00:00", text)
    text = re.sub(r"\b\d KiB", "2 KiB", text)
    return "".join(_wrapped(_ID.sub(lambda match: _shown(match[0], shown), text)))


def _wrapped(text: str) -> Iterator[str]:
    yield from (f"{line.rstrip()}\n" for line in text.splitlines())


def _shown(found: str, shown: dict[str, str]) -> str:
    return shown.setdefault(found, hashlib.sha256(str(len(shown)).encode()).hexdigest()[:32])
