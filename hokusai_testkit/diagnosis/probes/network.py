"""Probes below HTTP: does the name resolve, does anything listen. Both are skipped where a proxy does it for us."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from hokusai_testkit.diagnosis.configuration import without_user_info
from hokusai_testkit.diagnosis.exchange import Facts
from hokusai_testkit.diagnosis.probes.interface import Context, NotApplicable, probe


@probe("net.dns", group="Network", needs=("uri.resolve",), online=True)
def dns(context: Context) -> Facts:
    """Whether the host has an address."""
    _directly(context)
    configuration = context.configuration
    try:
        found = _within(
            context.timeout,
            lambda: socket.getaddrinfo(configuration.host, configuration.port, type=socket.SOCK_STREAM),
        )
    except TimeoutError:
        return {"resolved": False, "addresses": [], "error": "timeout", "errno": None}
    except OSError as error:
        return {"resolved": False, "addresses": [], "error": error.strerror, "errno": error.errno}
    except UnicodeError:
        return {"resolved": False, "addresses": [], "error": "not a possible host name", "errno": None}
    return {"resolved": True, "addresses": sorted({str(item[4][0]) for item in found}), "error": None, "errno": None}


@probe("net.tcp", group="Network", needs=("net.dns",), online=True)
def tcp(context: Context) -> Facts:
    """Whether anything accepts connections on the port, and how long that takes."""
    _directly(context)
    configuration = context.configuration
    started = time.monotonic()
    try:
        socket.create_connection((configuration.host, configuration.port), context.timeout).close()
    except TimeoutError:
        outcome: Facts = {"connected": False, "error": "timeout", "errno": None}
    except OSError as error:
        outcome = {"connected": False, "error": error.strerror, "errno": error.errno}
    else:
        outcome = {"connected": True, "error": None, "errno": None}
    return {**outcome, "elapsed_s": round(time.monotonic() - started, 4)}


def _directly(context: Context) -> None:
    proxy = context.proxy()
    if proxy is not None:
        raise NotApplicable(f"requests go through the proxy {without_user_info(proxy)}, which resolves and connects")


def _within(seconds: float, function: Callable[[], Any]) -> Any:
    """Run `function` for at most so long; the system's resolver knows no timeout of its own."""
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.append((True, function()))
        except Exception as error:  # noqa: BLE001 - handed over to the waiting thread
            outcome.append((False, error))

    thread = threading.Thread(target=work, name="doctor-resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError
    succeeded, value = outcome[0]
    if not succeeded:
        raise value
    return value
