"""The canaries: secrets, and every place where one was ever seen to leak.

A `Canary` puts a secret into a place and says what the engine makes of it, as bytes that leave. `sung` is the judge: it
undoes encodings in its own way, without the engine's code, and looks whether the secret can be read.
"""

from __future__ import annotations

import gzip
import html
import json
import re
import textwrap
import zlib
from base64 import b64decode, b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from hokusai_mock.redaction import Redactor

__all__ = ["CANARIES", "Canary", "sung"]

Place = Callable[[Redactor, str, str], bytes]
"""Gives what leaves, of a secret in a place; the text is innocent and stands around it where there is room."""


class Canary(NamedTuple):
    """A place. `told` is whether the secret must be known beforehand; otherwise name or shape give it away."""

    name: str
    place: Place
    told: bool = False


def _text(form: Callable[[str, str], str]) -> Place:
    return lambda redactor, secret, around: redactor.text(form(secret, around)).encode("utf-8", "surrogateescape")


def _header(name: str, form: Callable[[str], str] = str) -> Place:
    def place(redactor: Redactor, secret: str, around: str) -> bytes:
        pairs = redactor.headers([("X-Note", around), (name, form(secret))])
        return json.dumps(pairs, ensure_ascii=False).encode("utf-8", "surrogatepass")

    return place


def _url(form: Callable[[str], str]) -> Place:
    return lambda redactor, secret, around: redactor.url(form(secret)).encode("utf-8", "surrogateescape")


def _body(
    form: Callable[[str, str], bytes],
    content_type: str | None = None,
    encoding: str | None = None,
    *,
    cut: bool = False,
) -> Place:
    return lambda redactor, secret, around: redactor.bytes(
        form(secret, around), content_type, encoding=encoding, cut=cut
    )


def _json(value: Callable[[str, str], object]) -> Place:
    return _body(lambda secret, around: json.dumps(value(secret, around)).encode(), "application/json")


def _multipart(head: str, content: Callable[[str], bytes]) -> Place:
    def form(secret: str, around: str) -> bytes:
        note = f'--B\r\nContent-Disposition: form-data; name="note"\r\n\r\n{around}\r\n'.encode()
        return note + f"--B\r\n{head}\r\n\r\n".encode() + content(secret) + b"\r\n--B--\r\n"

    return _body(form, 'multipart/form-data; boundary="B"')


def _yaml_binary(secret: str, around: str) -> str:
    lines = textwrap.wrap(b64encode(f"{around}{secret}{around}".encode()).decode(), 76)
    return "body: !!binary |\n" + "".join(f"    {line}\n" for line in lines)


def _broken(secret: str) -> str:
    """As YAML breaks a long quoted text: a backslash, a new line, an indentation."""
    half = len(secret) // 2
    return f"{secret[:half]}\\\n      {secret[half:]}"


def _escaped(secret: str) -> str:
    units = secret.encode("utf-16-be")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2))


def _tail(secret: str, around: str) -> bytes:
    return f"{around} {secret[: max(4, len(secret) - 1)]}".encode()


DISPOSITION = 'Content-Disposition: form-data; name="file"; filename="a.bin"'

CANARIES: tuple[Canary, ...] = (
    # -- headers -----------------------------------------------------------------------------------------------------
    Canary("Authorization: Bearer", _header("Authorization", lambda s: f"Bearer {quote(s)}")),
    Canary("Authorization: ApiKey", _header("Authorization", lambda s: f"ApiKey {quote(s)}")),
    Canary(
        "Authorization: Basic", _header("Authorization", lambda s: f"Basic {b64encode(f'u:{s}'.encode()).decode()}")
    ),
    Canary("authorization in another case", _header("aUTHORIZATION", lambda s: f"bearer {quote(s)}")),
    Canary("X-API-Key", _header("X-API-Key")),
    Canary("Proxy-Authorization", _header("Proxy-Authorization", lambda s: f"Basic {b64encode(s.encode()).decode()}")),
    Canary("Cookie", _header("Cookie", lambda s: f"a=1; sid={quote(s)}; b=2")),
    Canary("Set-Cookie", _header("Set-Cookie", lambda s: f"sid={quote(s)}; Path=/; HttpOnly")),
    Canary("X-Amz-Security-Token", _header("X-Amz-Security-Token")),
    Canary("X-Hokusai-Signature", _header("X-Hokusai-Signature", lambda s: f"sha256={quote(s)}")),
    Canary("a header of no telling name", _header("X-Note-2", lambda s: f"see {s} there"), told=True),
    Canary("Referer", _header("Referer", lambda s: f"https://h/?api_key={quote(s, safe='')}")),
    Canary("Location", _header("Location", lambda s: f"https://h/cb#access_token={quote(s, safe='')}")),
    # -- URLs --------------------------------------------------------------------------------------------------------
    Canary("query", _url(lambda s: f"https://h/x?a=1&api_key={quote(s, safe='')}&b=2")),
    Canary("query, plus for blank", _url(lambda s: f"/x?password={quote_plus(s)}")),
    Canary("query, encoded name", _url(lambda s: f"/x?api%5Fkey={quote(s, safe='')}")),
    Canary(
        "query, encoded twice", _url(lambda s: f"/x?next={quote(f'https://h/?token={quote(s, safe=str())}', safe='')}")
    ),
    Canary("presigned URL", _url(lambda s: f"https://b.s3/x?X-Amz-Signature={quote(s, safe='')}&X-Amz-Expires=60")),
    Canary("user-info", _url(lambda s: f"https://user:{quote(s, safe='')}@host/path")),
    Canary("user-info, user alone", _url(lambda s: f"https://{quote(s, safe='')}@host/path"), told=True),
    Canary(
        "database URL", _text(lambda s, t: f"sqlalchemy: postgresql://mlflow:{quote(s, safe='')}@db:5432/mlflow {t}")
    ),
    Canary("path segment", _url(lambda s: f"https://h/keys/{quote(s, safe='')}/x"), told=True),
    # -- JSON --------------------------------------------------------------------------------------------------------
    Canary("JSON under a telling name", _json(lambda s, t: {"note": t, "password": s})),
    Canary("JSON, deep", _json(lambda s, t: [{"a": {"b": [{"clientSecret": s}]}}, t])),
    Canary("JSON, list under a telling name", _json(lambda s, t: {"secrets": [s, {"x": s}], "note": t})),
    Canary("JSON pair of key and value", _json(lambda s, t: {"tags": [{"key": "db_password", "value": s}], "n": t})),
    Canary("JSON in a JSON string", _json(lambda s, t: {"body": json.dumps({"api_key": s}), "note": t})),
    Canary("JSON value of no telling name", _json(lambda s, t: {"note": f"{t} {s}"}), told=True),
    Canary("JSON key", _json(lambda s, t: {s: t}), told=True),
    Canary("JSON, all escaped", _text(lambda s, t: f'{{"password": "{_escaped(s)}"}}')),
    Canary("JSON escaped in a log line", _text(lambda s, t: f"{t} sent {json.dumps(json.dumps({'token': s}))}")),
    Canary(
        "JSON lines", _body(lambda s, t: f'{{"a": 1}}\n{json.dumps({"password": s})}\n'.encode(), "application/json")
    ),
    Canary("JSON that was cut", _body(lambda s, t: json.dumps({"a": 1, "password": s})[:-2].encode(), None, cut=True)),
    # -- forms and multipart -----------------------------------------------------------------------------------------
    Canary("form", _body(lambda s, t: f"a=1&password={quote_plus(s)}".encode(), "application/x-www-form-urlencoded")),
    Canary("form of no type", _body(lambda s, t: f"grant_type=x&client_secret={quote_plus(s)}".encode())),
    Canary("multipart field", _multipart('Content-Disposition: form-data; name="password"', lambda s: s.encode())),
    Canary("multipart file", _multipart(DISPOSITION, lambda s: b"\x80\x04" + s.encode() + b"\xff"), told=True),
    Canary(
        "multipart part in gzip",
        _multipart(f"{DISPOSITION}\r\nContent-Encoding: gzip", lambda s: gzip.compress(s.encode())),
        told=True,
    ),
    Canary(
        "multipart part in base64",
        _multipart(
            f"{DISPOSITION}\r\nContent-Transfer-Encoding: base64", lambda s: encodebytes(b"x" * 70 + s.encode())
        ),
        told=True,
    ),
    # -- compressed and binary ---------------------------------------------------------------------------------------
    Canary("gzip", _body(lambda s, t: gzip.compress(json.dumps({"password": s, "n": t}).encode()), "application/json")),
    Canary("gzip, two members", _body(lambda s, t: gzip.compress(t.encode()) + gzip.compress(s.encode())), told=True),
    Canary("gzip that was cut", _body(lambda s, t: gzip.compress(f"{t} {s} {t}".encode())[:-4], cut=True), told=True),
    Canary("zlib", _body(lambda s, t: zlib.compress(json.dumps({"api_key": s}).encode()), "application/json")),
    Canary("raw deflate", _body(lambda s, t: _raw(f"{t}{s}".encode()), encoding="deflate"), told=True),
    Canary(
        "gzip in gzip", _body(lambda s, t: gzip.compress(gzip.compress(s.encode())), encoding="gzip, gzip"), told=True
    ),
    Canary("a coding that nobody opens", _body(lambda s, t: s.encode(), encoding="x-unheard-of"), told=True),
    Canary(
        "pickle", _body(lambda s, t: b"\x80\x04\x95" + s.encode() + b"\x94.", "application/octet-stream"), told=True
    ),
    Canary("UTF-16 with a mark", _body(lambda s, t: f'{t}\n{{"password": {json.dumps(s)}}}'.encode("utf-16"))),
    Canary(
        "UTF-16 by charset",
        _body(lambda s, t: f"{t} {s}".encode("utf-16-be"), "text/plain; charset=utf-16-be"),
        told=True,
    ),
    Canary("UTF-16 in a binary file", _body(lambda s, t: b"\0\1\2" + s.encode("utf-16-le") + b"\xff"), told=True),
    Canary("UTF-32", _body(lambda s, t: f"{t} {s}".encode("utf-32")), told=True),
    Canary("the end of a body that was cut", _body(_tail, cut=True), told=True),
    # -- base64 ------------------------------------------------------------------------------------------------------
    Canary("base64", _text(lambda s, t: f"{t} {b64encode(s.encode()).decode()} {t}"), told=True),
    Canary("base64, one byte on", _text(lambda s, t: b64encode(b"x" + s.encode()).decode()), told=True),
    Canary("base64, two bytes on", _text(lambda s, t: b64encode(b"xy" + s.encode() + b"z").decode()), told=True),
    Canary("base64 for URLs", _text(lambda s, t: urlsafe_b64encode(f"user:{s}".encode()).decode()), told=True),
    Canary("base64 in lines", _text(lambda s, t: encodebytes(b"x" * 60 + s.encode() + b"y" * 60).decode()), told=True),
    Canary(
        "base64 in lines, in JSON", _json(lambda s, t: {"b": encodebytes(b"x" * 60 + s.encode()).decode()}), told=True
    ),
    Canary("hexadecimal", _text(lambda s, t: f"0x{s.encode().hex()}"), told=True),
    # -- YAML --------------------------------------------------------------------------------------------------------
    Canary("YAML", _text(lambda s, t: f"user: a\npassword: {json.dumps(s)}\n")),
    Canary("YAML in single quotes", _text(lambda s, t: "password: '" + s.replace("'", "''") + "'\n")),
    Canary("YAML list", _text(lambda s, t: f"Authorization:\n- Bearer {quote(s)}\nAccept:\n- '*/*'\n")),
    Canary("YAML block", _text(lambda s, t: f"a:\n  password: |-\n    {s}\n  user: a\n")),
    Canary("YAML folded", _text(lambda s, t: f"password: >\n  {s}\nother: a\n")),
    Canary("YAML binary", _text(_yaml_binary), told=True),
    Canary("YAML, broken over lines", _text(lambda s, t: f'x: "{t}{_broken(s)}"\n'), told=True),
    # -- texts -------------------------------------------------------------------------------------------------------
    Canary("environment", _text(lambda s, t: f"HOKUSAI_API_KEY={quote(s)}\nPATH=/bin\n")),
    Canary("exported variable", _text(lambda s, t: f"export MLFLOW_TRACKING_PASSWORD='{quote(s)}'")),
    Canary("ini file", _text(lambda s, t: f"[default]\napi_key = {quote(s)}\n")),
    Canary("curl", _text(lambda s, t: f"curl -H 'X-API-Key: {quote(s)}' https://host")),
    Canary(
        "exception text",
        _text(lambda s, t: f"InvalidHeader: Invalid value in header: {f'Bearer {s}'!r} {t}"),
        told=True,
    ),
    Canary("traceback local", _text(lambda s, t: f"    api_key = {s!r}\n    other = 1\n")),
    Canary("log line of urllib3", _text(lambda s, t: f'"GET /x?api_key={quote(s, safe="")} HTTP/1.1" 200 None')),
    Canary("XML", _text(lambda s, t: f"<a token={json.dumps(quote(s))}>{html.escape(s)}</a>"), told=True),
    Canary("file name", lambda r, s, t: r.file_name(f"test_x[{s}].yaml").encode(), told=True),
)


def _raw(data: bytes) -> bytes:
    writer = zlib.compressobj(wbits=-15)
    return writer.compress(data) + writer.flush()


# -- the judge ----------------------------------------------------------------------------------------------------

_LABEL = re.compile(r"<?redacted[:-][a-z0-9-]+[:-][0-9a-f]{4,}>?")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s\\]{12,}=*")
_BREAKS = re.compile(r"\\?(?:\\n|\n)[ \t]*")


def sung(left: bytes, secret: str) -> str | None:
    """Through which view `secret` can still be read in what left, `None` when through none."""
    for name, view in _views(left, 2):
        if secret in _LABEL.sub("", view):
            return name
    return None


def _views(data: bytes, depth: int) -> Iterator[tuple[str, str]]:
    for opened in (_unpacked(data, 31), _unpacked(data, 15), _unpacked(data, -15)):
        if opened is not None and depth:
            yield from ((f"unpacked, {name}", view) for name, view in _views(opened, depth - 1))
    inner = data.find(b"\x1f\x8b", 1)
    if inner > 0 and depth:
        yield from _views(data[inner:], depth - 1)
    yield from _readings(data.decode("utf-8", "surrogateescape"), depth)
    for codec in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        for start in range(4 if b"\0" in data else 0):
            yield codec, data[start:].decode(codec, "ignore")


def _readings(text: str, depth: int) -> Iterator[tuple[str, str]]:
    yield "plain", text
    yield "one line", _BREAKS.sub("", text)
    if not depth:
        return
    for name, decode in _DECODED.items():
        decoded = decode(text)
        if decoded != text:
            yield from ((f"{name}, {inner}", view) for inner, view in _readings(decoded, depth - 1))
    for run in _BASE64.findall(_BREAKS.sub("", text)):
        word = re.sub(r"[\s\\]", "", run).translate(str.maketrans("-_", "+/")).rstrip("=")
        for start in range(4):
            piece = word[start:]
            decoded_bytes = b64decode(piece + "=" * (-len(piece) % 4)) if len(piece) % 4 != 1 else b64decode(piece[:-1])
            yield "base64", decoded_bytes.decode("utf-8", "surrogateescape")
    for run in re.findall(r"(?:[0-9a-fA-F]{2}){8,}", text):
        yield "hexadecimal", bytes.fromhex(run).decode("utf-8", "surrogateescape")


def _unescaped(text: str) -> str:
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match.group(1), 16)), text)
    plain = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # pairs become letters
    return re.sub(r'\\(["\\/\'])', r"\1", plain)


_DECODED: dict[str, Callable[[str], str]] = {
    "URL": unquote,
    "form": unquote_plus,
    "HTML": html.unescape,
    "JSON": _unescaped,
    "single quotes": lambda text: text.replace("''", "'"),
}


def _unpacked(data: bytes, wbits: int) -> bytes | None:
    reader = zlib.decompressobj(wbits=wbits)
    try:
        opened = reader.decompress(data, 1_000_000)
        while reader.eof and reader.unused_data[:2] == b"\x1f\x8b":
            rest, reader = reader.unused_data, zlib.decompressobj(wbits=wbits)
            opened += reader.decompress(rest, 1_000_000)
    except zlib.error:
        return None
    return opened or None
