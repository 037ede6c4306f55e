"""What each observation is worth: pass, warn or fail, and the evidence in words. Pure; one function a check.

Grades say whether a check is in order; which incident it is, the signatures of the scenario files say (`verdict.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hokusai_testkit.diagnosis.configuration import Configuration, Setting, fingerprint, outline
from hokusai_testkit.diagnosis.exchange import Facts
from hokusai_testkit.diagnosis.probes.platform import asks_for_hokusai_key

__all__ = ["GRADERS", "Grade", "Status", "Surroundings"]

Status = Literal["pass", "warn", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Grade:
    """The status of a check, and why."""

    status: Status
    evidence: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a grade may depend on beside the check's own facts."""

    configuration: Configuration
    facts: Mapping[str, Mapping[str, Any]]
    salt: bytes


Grader = Callable[[Facts, Surroundings], Grade]


def _versions(facts: Facts, _around: Surroundings) -> Grade:
    known = [f"Python {facts['python_version']}"]
    named = {"mlflow": "mlflow_version", "requests": "requests_version", "urllib3": "urllib3_version"}
    known += [f"{name} {facts[fact]}" for name, fact in named.items() if facts[fact]]
    known += [f"{name}" for name in facts["hokusai_distributions"]]
    text = f"{', '.join(known)} in {facts['python_executable']}"
    if facts["mlflow_version"] is None:
        return Grade("warn", f"{text}; no MLflow there: is this the interpreter of your program (--python)?")
    if len(facts["hokusai_distributions"]) > 1:
        return Grade("warn", f"{text}; two packages provide 'hokusai' (G06): keep one")
    skinny = facts["mlflow_skinny_version"]
    if skinny and skinny != facts["mlflow_version"]:
        return Grade("warn", f"{text}; mlflow-skinny {skinny} overwrites files of mlflow: reinstall mlflow")
    return Grade("pass", text)


def _uri(facts: Facts, around: Surroundings) -> Grade:
    text = f"{facts['tracking_uri']} (from {facts['source']})"
    if facts["scheme"] in ("none", "file"):
        return Grade("fail", f"{text} is no http(s) URL: MLflow writes to a local folder and nothing arrives (B08)")
    if not around.configuration.is_http:
        return Grade("fail", f"{text} is no http(s) URL: there is no server that could be asked over HTTP")
    registry = facts["registry_uri"]
    if registry and registry.rstrip("/") != str(facts["tracking_uri"]).rstrip("/"):
        return Grade("warn", f"{text}; the registry is elsewhere (MLFLOW_REGISTRY_URI={registry}, B09)")
    return Grade("pass", text)


_LINT = {
    "not-a-url": ("fail", "it is no URL"),
    "whitespace": ("fail", "it has blanks"),
    "api-suffix": ("fail", "it ends in an API path, which MLflow appends itself: cut it off (B03)"),
    "fragment": ("fail", "everything from '#' on is dropped: it is an address of the web page (B03)"),
    "double-slash": ("warn", "it has '//' in its path (B03)"),
    "credentials": ("warn", "it holds user and password, which MLflow prints"),
    "no-mount": ("warn", "on this host MLflow is at /api/mlflow (B02)"),
    "plain-http": ("warn", "it is plain http: a key sent there can be read (D10)"),
}


def _lint(facts: Facts, _around: Surroundings) -> Grade:
    found = [_LINT[name] for name in facts["findings"]]
    if not found:
        return Grade("pass", "the tracking URI is well formed")
    status: Status = "fail" if any(level == "fail" for level, _ in found) else "warn"
    return Grade(status, "the tracking URI: " + "; ".join(text for _, text in found))


def _present(facts: Facts, around: Surroundings) -> Grade:
    configuration = around.configuration
    found = [setting for setting in (configuration.api_key, configuration.token) if setting]
    shown = [f"{setting.source} is set ({_shown(setting.value, found, around.salt)})" for setting in found]
    problems = "; ".join(configuration.problems)
    if not shown:
        text = "neither HOKUSAI_API_KEY nor MLFLOW_TRACKING_TOKEN is set" + (f"; {problems}" if problems else "")
        if facts["key_needed"]:
            return Grade("fail", f"{text}, and this server wants a key (A01)")
        return Grade("pass", f"{text}; this server is not Hokusai's endpoint, it may need none")
    text = ", ".join(shown) + (f"; {problems}" if problems else "")
    if divided := _divided(facts):
        return Grade("warn", f"{text}; {divided}; set both to the same value (A02)")
    return Grade("warn" if problems else "pass", text)


def _shown(secret: str, found: Sequence[Setting], salt: bytes) -> str:
    """A secret as evidence; its hash only where there is another one to compare it with."""
    return fingerprint(secret, salt) if len(found) > 1 else outline(secret)


def _divided(facts: Facts) -> str:
    """What a key that is not in both variables means; empty when it is, or when none is needed."""
    if facts["same"] is False:
        return "they differ: the SDK sends the first, plain MLflow the second; the first was tried"
    if not facts["key_needed"]:
        return ""
    if not facts["token_set"]:
        return "MLFLOW_TRACKING_TOKEN is not set: plain MLflow sends no key (the Hokusai SDK does)"
    if not facts["key_set"]:
        return "HOKUSAI_API_KEY is not set: the Hokusai SDK has no key (plain MLflow does)"
    return ""


_SHAPE = {
    "control": "has a line end or another control character (A14)",
    "not-ascii": "has characters outside of ASCII, such as a byte order mark (A14)",
    "blank": "has a blank (A14)",
    "quoted": "has quotation marks around it (A14)",
    "prefix": "does not begin with hk_, as Hokusai's keys do",
}


def _shape(facts: Facts, around: Surroundings) -> Grade:
    if not facts["findings"]:
        return Grade("pass", "nothing odd about the key" if around.configuration.key else "there is no key to look at")
    told = []
    for finding in facts["findings"]:
        source, _, name = finding.rpartition(": ")
        told.append(f"{source} {_SHAPE[name]}")
    only_prefix = all(finding.endswith(": prefix") for finding in facts["findings"])
    return Grade("warn" if only_prefix else "fail", "; ".join(told))


def _dns(facts: Facts, around: Surroundings) -> Grade:
    host = around.configuration.host
    if facts["resolved"]:
        return Grade("pass", f"{host} is {', '.join(facts['addresses'][:3])}")
    return Grade("fail", f"{host} does not resolve: {_reason(facts)} (D01)")


def _tcp(facts: Facts, around: Surroundings) -> Grade:
    where = f"{around.configuration.host}:{around.configuration.port}"
    if facts["connected"]:
        return Grade("pass", f"{where} accepts connections ({facts['elapsed_s'] * 1000:.0f} ms)")
    return Grade("fail", f"{where}: {_reason(facts)}")


def _reason(facts: Facts) -> str:
    number = f" (errno {facts['errno']})" if facts.get("errno") is not None else ""
    return f"{facts.get('error') or 'no answer'}{number}"


def _open(facts: Facts, _around: Surroundings) -> Grade:
    health, version = facts["health"], facts["version"]
    text = f"/health: {describe(health)}; /version: {describe(version)}"
    if not health["answered"] or health["status"] >= 500:
        return Grade("fail", text)
    healthy = health["status"] == 200 and health["body_class"] in ("json", "text")
    if not healthy:
        return Grade("warn", text)
    if (health.get("body_json") or {}).get("status") == "degraded":
        return Grade("warn", f"{text}; it calls itself degraded (C06)")
    return Grade("pass", text)


def _noauth(facts: Facts, _around: Surroundings) -> Grade:
    text = f"search without a key: {describe(facts)}"
    if asks_for_hokusai_key(facts):
        return Grade("pass", text)
    if facts.get("status") == 200 and facts.get("dialect") == "mlflow":
        return Grade("warn", f"{text}; it answers everybody: a plain MLflow server, not Hokusai's gateway")
    return Grade("fail", text)


def _bearer(facts: Facts, _around: Surroundings) -> Grade:
    text = f"search with the key: {describe(facts)}"
    good = facts.get("status") == 200 and facts.get("body_class") == "json" and not facts.get("truncated")
    return Grade("pass" if good else "fail", text)


def _server_version(facts: Facts, around: Surroundings) -> Grade:
    if facts["text"] is None:
        return Grade("warn", f"the server does not tell its version: {describe(facts)}")
    client = around.facts.get("env.versions", {})
    text = f"MLflow {facts['text']}"
    if client.get("mlflow_major") is not None and client["mlflow_major"] != facts["major"]:
        return Grade("warn", f"{text}, the client has {client['mlflow_version']}: what it lacks decides")
    return Grade("pass", text)


def _capabilities(facts: Facts, around: Surroundings) -> Grade:
    words = {True: "yes", False: "no", None: "unknown"}
    text = ", ".join(f"{name.replace('_', ' ')}: {words[value]}" for name, value in facts.items())
    if facts["registered_models"] is False:
        return Grade("fail", f"{text}; without a registry nothing can be registered")
    if facts["logged_models"] is False:
        client = around.facts.get("env.versions", {})
        if client.get("mlflow_major") is None:
            return Grade("warn", f"{text}; a client of MLflow 3 would need them (E01), and the client is not known")
        if client["mlflow_major"] >= 3:
            return Grade(
                "fail", f"{text}; the client's MLflow {client['mlflow_version']} logs models only with them (E01)"
            )
        return Grade("pass", f"{text}; clients before MLflow 3 do not need them")
    return Grade("warn" if None in facts.values() else "pass", text)


def describe(facts: Facts) -> str:
    """An exchange in a few words: status, who answered, and the beginning of what was said."""
    if not facts.get("answered"):
        return _reason(facts)
    parts = [str(facts["status"])]
    if facts.get("server"):
        parts.append(f"by {facts['server']}")
    if facts.get("location"):
        parts.append(f"to {facts['location']}")
    parts.append(facts["body_class"])
    if facts.get("truncated"):
        parts.append("cut off")
    said = " ".join(str(facts["body_text"]).split())
    # A long success holds the user's data and explains nothing.
    if facts["body_class"] in ("json", "text") and (facts["status"] != 200 or len(said) <= _SHORT):
        parts.append(said if len(said) <= _SAID else said[: _SAID - 3] + "...")
    return " ".join(parts)


_SAID, _SHORT = 110, 40

GRADERS: dict[str, Grader] = {
    "env.versions": _versions,
    "uri.resolve": _uri,
    "uri.lint": _lint,
    "creds.present": _present,
    "creds.shape": _shape,
    "net.dns": _dns,
    "net.tcp": _tcp,
    "http.open": _open,
    "http.noauth": _noauth,
    "auth.bearer": _bearer,
    "server.version": _server_version,
    "server.capabilities": _capabilities,
}
"""How each check is graded."""
