"""What a process opens, told by an audit hook, and hostile paths to try it with.

An audit hook cannot be taken away again, and while there is one Python 3.10 cannot start threads and measure coverage
at once. So what imports this runs in a process of its own: `watched_*.py`, started by `test_watched.py`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

__all__ = ["HOSTILE", "OPENED", "is_ours"]

HOSTILE = (
    *("..", "../x", "../../x", "a/../../x", "a/..", "./../x", "a/./../../x", "....//x", "..;/x", "a/b/../../../x"),
    *("%2e%2e/x", "%252e%252e/x", "%25252e%25252e%25252fx", "..%2fx", "..%252fx", "%2e%2e%2fx", "%c0%ae%c0%ae/x"),
    *("/etc/passwd", "//etc/passwd", "///etc/passwd", "%2fetc%2fpasswd", "file:/etc/passwd", "file:///etc/passwd"),
    *("FILE:///etc/passwd", "http://127.0.0.1/x", "C:\\x", "C:/x", "c:x", "\\\\host\\share\\x", "a\\..\\..\\x"),
    *("a%5c..%5c..%5cx", "a\0b", "a%00b", "../x\0.txt", "\0", "a\nb", "a\rb", "a%0d%0aX-Evil:1", "a\x7fb", "\x1b[31m"),
    *("~", "~/x", "~root/x", "$HOME/x", "`id`", "{{7*7}}", "a#b", "#", "?", "a?b", "a;b", "", ".", "./", "/", "//"),
    *("\uff0e\uff0e/x", "\u2024\u2024/x", "..\u2215x", "..\uff0fx", "\u202e../x", "a\u0000b", "\ud800x", "é" * 300),
    *(
        "x" * 5000,
        "/".join("a" * 2000),
        "../" * 200 + "etc/passwd",
        "/s/neighbour/secret.txt",
        "s/neighbour/secret.txt",
    ),
    *("../../neighbour/secret.txt", "mlflow-artifacts:/0/x", "mlflow-artifacts:/../neighbour", "CON", "nul.txt", "a:b"),
)


class Opened:
    """Files that this process opens, makes or removes while it is watched; what `sys.addaudithook` tells of them."""

    events = frozenset(
        {"open", "os.remove", "os.mkdir", "os.rmdir", "os.rename", "os.link", "os.symlink", "os.listdir"}
    )

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.watching = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and event in self.events and isinstance(arguments[0], str | bytes | os.PathLike):
            self.paths.append(os.fsdecode(arguments[0]))


OPENED = Opened()
"""An audit hook stays for ever, so there is one."""


def is_ours(path: str) -> bool:
    """Whether a path is a temporary file of artifacts, or something that Python reads to import a module."""
    temporary = os.path.join(tempfile.gettempdir(), "hokusai-artifacts-")
    return path.startswith(temporary) or path.endswith((".py", ".pyc", ".toml")) or os.path.isdir(path)
