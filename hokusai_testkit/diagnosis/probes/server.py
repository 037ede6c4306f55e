"""Probes of the MLflow server behind the front: its version and what it can do. They only read."""

from __future__ import annotations

import re

from hokusai_testkit.diagnosis.exchange import Facts
from hokusai_testkit.diagnosis.probes.interface import Context, probe

_API = "/api/2.0/mlflow"


@probe("server.version", group="Server", needs=("http.noauth", "auth.bearer"), online=True)
def version(context: Context) -> Facts:
    """The version that the MLflow server says it has."""
    facts = context.ask("GET", context.configuration.base + "/version", with_key=context.must_show_key())
    text = str(facts.get("body_text", "")).strip()
    found = re.fullmatch(r"(\d+)\.\d+[\w.+-]*", text) if facts.get("status") == 200 else None
    return {**facts, "text": text if found else None, "major": int(found[1]) if found else None}


@probe("server.capabilities", group="Server", needs=("http.noauth", "auth.bearer"), online=True)
def capabilities(context: Context) -> Facts:
    """Which parts of the MLflow API the server has, by asking, whatever its version says."""
    base, with_key = context.configuration.base + _API, context.must_show_key()
    logged = context.ask("POST", f"{base}/logged-models/search", payload={}, with_key=with_key)
    registered = context.ask("GET", f"{base}/registered-models/search?max_results=1", with_key=with_key)
    return {"logged_models": is_there(logged), "registered_models": is_there(registered)}


def is_there(facts: Facts) -> bool | None:
    """Whether the answer comes from an endpoint that exists; `None` when it cannot be told.

    Absent is a 405, or a 404 other than MLflow's own RESOURCE_DOES_NOT_EXIST (which names a missing object); present is
    a success or a refusal in JSON. What a gateway, a firewall or an outage says counts for neither.
    """
    status = facts.get("status")
    error_code = (facts.get("body_json") or {}).get("error_code")
    if status in (404, 405):
        return error_code == "RESOURCE_DOES_NOT_EXIST"
    if status in (200, 400) and facts.get("body_class") == "json":
        return True
    return None
