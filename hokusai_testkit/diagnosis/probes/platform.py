"""Probes of the platform's front: who answers without a key, and what the key opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hokusai_testkit.diagnosis.configuration import without_user_info
from hokusai_testkit.diagnosis.exchange import Facts
from hokusai_testkit.diagnosis.probes.interface import Context, NotApplicable, Withheld, probe
from hokusai_testkit.diagnosis.probes.local import key_findings

SEARCH = "/api/2.0/mlflow/experiments/search"
"""What is asked for: it changes nothing, every version has it, and its answer tells the layers apart."""


@probe("http.open", group="Platform", needs=("net.tcp",), online=True)
def without_key_open_paths(context: Context) -> Facts:
    """What /health and /version say to anybody."""
    root = context.configuration.root
    return {"health": context.ask("GET", root + "/health"), "version": context.ask("GET", root + "/version")}


@probe("http.noauth", group="Platform", needs=("net.tcp",), online=True)
def search_without_key(context: Context) -> Facts:
    """What a search without a key is answered: by whom, and how."""
    return context.ask("POST", context.configuration.base + SEARCH, payload={"max_results": 1})


@probe("auth.bearer", group="Platform", needs=("http.noauth",), online=True)
def search_with_key(context: Context) -> Facts:
    """What the same search is answered with the key; it is sent only to who has shown to be Hokusai."""
    configuration = context.configuration
    if context.seen("http.noauth", "status") == 200:
        raise NotApplicable("the server asks for no key, so none was sent")
    if configuration.key is None:
        raise Withheld("there is no key", waits_on="creds.present")
    _check_recipient(context)
    if any(finding in ("control", "not-ascii") for finding in key_findings(configuration.key)):
        raise Withheld("the key has characters that no header can carry", waits_on="creds.shape")
    return context.ask("POST", configuration.base + SEARCH, payload={"max_results": 1}, with_key=True)


def asks_for_hokusai_key(facts: Mapping[str, Any]) -> bool:
    """Whether a keyless request was refused in Hokusai's own words; other FastAPI services say `detail` too."""
    return (
        facts.get("status") == 401
        and (facts.get("body_json") or {}).get("detail") == "API key required"
        and "www-authenticate" not in facts.get("headers", {})
    )


def _check_recipient(context: Context) -> None:
    """Raise `Withheld` unless the key may go there: spoken to in Hokusai's dialect, and unheard by others."""
    configuration = context.configuration
    if not asks_for_hokusai_key(context.facts.get("http.noauth", {})):
        raise Withheld("key withheld: without a key the server did not answer as Hokusai does", waits_on="http.noauth")
    if not configuration.key_is_safe:
        raise Withheld(f"key withheld: {configuration.host} is asked over plain http", waits_on="uri.lint")
    proxy = context.proxy()
    if proxy is not None and configuration.base.startswith("http:"):
        raise Withheld(f"key withheld: the proxy {without_user_info(proxy)} would read it (plain http)", "uri.lint")
