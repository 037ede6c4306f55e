"""The code blocks of README and docs: Python blocks run, command lines are ones that the command line accepts.

A block with tests in it runs under pytest with the kit's plugin, any other Python block as a script in the environment
of a sandbox. A block that shows what must not be run carries `<!-- not run: REASON -->` on the line before it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from hokusai.cli import command as hokusai_command
from hokusai_mock import MockServer, environment
from hokusai_testkit.cli import main

ROOT = Path(__file__).resolve().parents[2]
ENTRANCES = [
    "README.md",
    "CONTRIBUTING.md",
    "sdk/README.md",
    "examples/register_model/README.md",
    "examples/improve_model/README.md",
]
DOCUMENTS = [*(ROOT / name for name in ENTRANCES), *sorted((ROOT / "docs").glob("**/*.md"))]
NOT_RUN = re.compile(r"<!-- not run: .+ -->\s*$")


class Block(NamedTuple):
    where: str
    source: str


def blocks(*languages: str) -> list[Block]:
    """The blocks of those languages in all documents, in order."""
    found = []
    for path in DOCUMENTS:
        parsers = [CodeBlockParser(language=language, evaluator=lambda _: None) for language in languages]
        for example in Sybil(parsers=parsers).parse(path).examples():
            before = path.read_text("utf-8").splitlines()[: example.line - 1]
            if not (before and NOT_RUN.search(before[-1])):
                found.append(Block(f"{path.relative_to(ROOT).as_posix()}:{example.line}", str(example.parsed)))
    return found


def identify(block: Block) -> str:
    return block.where


@pytest.mark.parametrize("block", blocks("python"), ids=identify)
def test_a_python_block_runs(block, tmp_path):
    script = tmp_path / "test_block.py"
    script.write_text(block.source, "utf-8")
    has_tests = re.search(r"^ *(async )?def test_", block.source, re.MULTILINE)
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(script)] if has_tests else [str(script)]
    with MockServer() as server:
        env = environment.apply(server.sandbox().env, os.environ)
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=240, check=False
        )
    assert done.returncode == 0, f"{block.where}\n{done.stdout}\n{done.stderr}"


COMMANDS = {"hokusai-testkit": main, "hokusai": hokusai_command}


class Line(NamedTuple):
    where: str
    command: str
    words: list[str]


def command_lines() -> list[Line]:
    """Every call of the kit's or the SDK's command in a shell block, continuation lines joined, comments dropped."""
    found = []
    for block in blocks("sh", "bash", "console"):
        for line in block.source.replace("\\\n", " ").splitlines():
            called = line.removeprefix("$ ").lstrip()
            if called.partition(" ")[0] in COMMANDS:  # what a block shows as output is no command line
                words = shlex.split(called, comments=True)
                found.append(Line(f"{block.where} {' '.join(words)[:70]}", words[0], words[1:]))
    return found


@pytest.mark.parametrize("line", command_lines(), ids=lambda line: line.where)
def test_a_command_line_is_accepted(line):
    accept(COMMANDS[line.command], line.words)


def accept(command: click.Command, words: list[str]) -> None:
    """Parse as the command line would, sub-commands too, and run nothing; click's error fails the test."""
    with command.make_context(command.name or "hokusai-testkit", words) as context:
        rest = [*getattr(context, "_protected_args", ()), *context.args]
        if isinstance(command, click.Group) and rest:
            _, found, arguments = command.resolve_command(context, rest)
            assert found is not None
            accept(found, arguments)


def test_there_are_blocks_to_run():
    assert blocks("python")
    assert command_lines()
