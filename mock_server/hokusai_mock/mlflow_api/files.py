"""Files as they arrive and as they are sent: safe paths, content types, attachments."""

from __future__ import annotations

import re
from mimetypes import MimeTypes
from posixpath import basename, splitext
from typing import BinaryIO
from unicodedata import normalize
from urllib.parse import quote

from hokusai_mock.messages import Response
from hokusai_mock.mlflow_api import paths
from hokusai_mock.mlflow_api.endpoints import Call
from hokusai_mock.mlflow_api.errors import Collapse, TooLarge
from hokusai_mock.store import ArtifactTooLarge, StoreIsFull
from hokusai_mock.store.artifacts import Artifact

__all__ = ["attachment", "receive", "safe"]

# fmt: off
_TEXT_ENDINGS = frozenset((
    "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml", "xml",
    "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "MLmodel", "MLproject",
))
# fmt: on
_TYPES = MimeTypes()
"""Python's own table, whatever the machine's says."""
_HEADERS_HOLD = {"gunicorn": "latin-1", "uvicorn": "ascii"}
"""What the real web server can send in a header: uvicorn runs MLflow through an adapter that takes less than HTTP."""
_TOKEN = re.compile(r"[\w!#$%&'*+\-.^`|~]+", re.ASCII)


def safe(call: Call, path: str) -> str:
    """The path below the artifact root; refused when it leads elsewhere."""
    return paths.safe(path, escapes_control_characters=call.profile.behaviour.control_characters_are_escaped)


def receive(call: Call, path: str, stream: BinaryIO | None = None) -> None:
    """Keep a body as a file, up to the upload limit."""
    request = call.request
    limit = request.world.options.max_upload
    too_large = TooLarge(f"the artifact is larger than {limit} bytes; raise --max-upload if that is meant")
    if (request.content_length or 0) > limit:
        raise too_large
    try:
        call.store.artifacts.receive(path, stream or request.stream, limit)
    except StoreIsFull as error:
        raise TooLarge(f"all artifacts of the sandbox would be more than {error} bytes; delete or reset") from None
    except ArtifactTooLarge:
        raise too_large from None


def attachment(call: Call, path: str, artifact: Artifact, asked: str | None = None) -> Response:
    """The answer that holds a file, under its own name or that of the path `asked` for."""
    name = basename(path if asked is None or paths.has_control_characters(asked) else asked)
    headers = [("Content-Type", _file_type(path)), ("Content-Disposition", _disposition(call, name))]
    if not call.profile.security.headers:
        headers.append(("X-Content-Type-Options", "nosniff"))  # newer servers send it with everything
    if artifact.spooled is None:
        return Response(200, artifact.data, headers)
    return Response(200, artifact.chunks(), [*headers, ("Content-Length", str(artifact.size))])


def _file_type(path: str) -> str:
    """The type of a file by its name, as MLflow guesses it: what a person can read is text."""
    name = basename(path)
    ending = splitext(name)[1].lstrip(".") or name
    if ending in _TEXT_ENDINGS:
        return "text/plain"
    return _TYPES.guess_type(name)[0] or "application/octet-stream"


def _disposition(call: Call, name: str) -> str:
    """Newer servers encode what a header cannot hold; the web servers of older ones break at it."""
    if not call.profile.behaviour.file_names_are_encoded:
        try:
            name.encode(_HEADERS_HOLD[call.profile.web_server])
        except UnicodeEncodeError:
            raise Collapse from None
        return f"attachment; filename={name}"
    plain = name if name.isascii() else normalize("NFKD", name).encode("ascii", "ignore").decode() or "download"
    quoted = plain if _TOKEN.fullmatch(plain) else '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
    encoded = "" if name.isascii() else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f"attachment; filename={quoted}{encoded}"
