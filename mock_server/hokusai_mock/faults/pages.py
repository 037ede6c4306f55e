"""The HTML pages with which answers what stands in front of a platform, by name: `html = "bad-gateway"`."""

from __future__ import annotations

from http import HTTPStatus

from hokusai_mock.schema import ImpossibleError, did_you_mean

__all__ = ["PAGES", "moved", "page"]

PAGES: dict[str, int | None] = {
    "load-balancer": None,
    "bad-gateway": 502,
    "service-unavailable": 503,
    "gateway-timeout": 504,
    "forbidden": 403,
}
"""Name to the status that the page announces; `None`: the status that it is sent with."""


def page(name: str, status: int) -> str:
    """Return the page called `name` as it is sent with `status`.

    The markup is that of nginx and of AWS load balancers: title and heading, CRLF line ends. `ImpossibleError` for an
    unknown name.
    """
    if name not in PAGES:
        raise ImpossibleError(f"no HTML page is called {name!r} (literal HTML has a '<'){did_you_mean(name, PAGES)}")
    return _titled(PAGES[name] or status)


def moved(status: int) -> str:
    """Return the page that comes with a redirect, of the same markup."""
    return _titled(status)


def _titled(announced: int) -> str:
    try:
        title = f"{announced} {HTTPStatus(announced).phrase}"
    except ValueError:
        title = str(announced)
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
