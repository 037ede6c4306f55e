"""What servers and proxies say, byte for byte, where no application is involved."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["plain_http_on_tls_port", "response", "tls_on_plain_port"]

_NGINX = "nginx/1.25.5"


def response(status: int, reason: str, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """A whole HTTP/1.1 answer that ends its connection."""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    lines += ["Content-Type: text/html", f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def plain_http_on_tls_port() -> bytes:
    """What nginx answers a plain request on a port with TLS."""
    return _nginx_400(
        "400 The plain HTTP request was sent to HTTPS port", "The plain HTTP request was sent to HTTPS port"
    )


def tls_on_plain_port() -> bytes:
    """What nginx answers a TLS handshake on a port without."""
    return _nginx_400("400 Bad Request", None)


def _nginx_400(title: str, line: str | None) -> bytes:
    middle = f"<center>{line}</center>\r\n" if line else ""
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n"
        f"{middle}<hr><center>{_NGINX}</center>\r\n</body>\r\n</html>\r\n"
    )
    return response(400, "Bad Request", page.encode(), [("Server", _NGINX)])
