"""Probes that stay on this machine: versions, URIs, credentials."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

from hokusai_testkit.diagnosis.configuration import HOKUSAI_DOMAIN, Setting, is_loopback, without_user_info
from hokusai_testkit.diagnosis.exchange import Facts
from hokusai_testkit.diagnosis.probes.interface import COLLECTOR, Context, Withheld, probe

_COLLECT_SECONDS = 30


@probe("env.versions", group="Environment")
def versions(context: Context) -> Facts:
    """Python, MLflow, requests, urllib3 and the SDK in the interpreter that the program runs with."""
    found = _collect(context.python)
    packages = found["packages"]
    mlflow = packages.get("mlflow") or packages.get("mlflow-skinny")
    sdks = [name for name in ("hokusai-minimal-sdk", "hokusai-ml-platform") if packages.get(name)]
    return {
        "python_version": found["python"]["version"],
        "python_executable": found["python"]["executable"],
        "mlflow_version": mlflow,
        "mlflow_skinny_version": packages.get("mlflow-skinny"),
        "mlflow_major": int(mlflow.partition(".")[0]) if mlflow and mlflow[0].isdigit() else None,
        "requests_version": packages.get("requests"),
        "urllib3_version": packages.get("urllib3"),
        "hokusai_distributions": sdks,
        "hokusai_version": packages[sdks[0]] if sdks else None,
    }


def _collect(python: str) -> dict[str, Any]:
    try:
        ran = subprocess.run(  # noqa: S603 - the interpreter that the user named, with our own file
            [python, str(COLLECTOR)], capture_output=True, text=True, timeout=_COLLECT_SECONDS, check=True
        )
        found: dict[str, Any] = json.loads(ran.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise Withheld(f"{python} could not be asked for its packages ({type(error).__name__})") from error
    return found


@probe("uri.resolve", group="Configuration")
def resolve(context: Context) -> Facts:
    """The tracking and registry URIs that are in force, and where they come from."""
    configuration = context.configuration
    registry = configuration.registry_uri
    return {
        "tracking_uri": without_user_info(configuration.tracking_uri.value),
        "source": configuration.tracking_uri.source,
        "scheme": uri_scheme(configuration.tracking_uri.value),
        "registry_uri": without_user_info(registry.value) if registry else None,
    }


def uri_scheme(uri: str) -> str:
    """What stands before `://`; `none` where nothing does, as in `host:5000` and `http:/host`.

    `file:` and MLflow's word `databricks` need no slashes.
    """
    found = re.match(r"([a-z][a-z0-9+.-]*)://|(file):|(databricks)$", uri.strip(), re.IGNORECASE)
    return next(filter(None, found.groups())).lower() if found else "none"


@probe("uri.lint", group="Configuration", needs=("uri.resolve",))
def lint(context: Context) -> Facts:
    """Mistakes in the tracking URI that can be seen without asking anybody."""
    uri, parts = context.configuration.tracking_uri.value, context.configuration.parts
    if parts is None:
        return {"findings": ["not-a-url"]}
    host, path = context.configuration.host, parts.path
    at_hokusai = host == HOKUSAI_DOMAIN or host.endswith("." + HOKUSAI_DOMAIN)
    rules = {
        "whitespace": uri != uri.strip() or bool(re.search(r"\s", uri)),
        "api-suffix": bool(re.search(r"/(?:ajax-)?api/\d\.\d(?:/mlflow(?:-artifacts)?)?/*$", path)),
        "fragment": "#" in uri,
        "double-slash": "//" in path,
        "credentials": parts.username is not None,
        "no-mount": at_hokusai and not path.rstrip("/").endswith("/mlflow"),
        "plain-http": parts.scheme == "http" and not is_loopback(host),
    }
    return {"findings": [name for name, found in rules.items() if found]}


@probe("creds.present", group="Configuration")
def present(context: Context) -> Facts:
    """Whether there is a key, in which variables, and whether they agree."""
    configuration = context.configuration
    key, token = configuration.api_key, configuration.token
    return {
        "key_set": key is not None,
        "token_set": token is not None,
        "same": key.value == token.value if key and token else None,
        "source": configuration.key.source if configuration.key else "none",
        "key_needed": configuration.key_needed,
    }


@probe("creds.shape", group="Configuration")
def shape(context: Context) -> Facts:
    """Whether the key looks like a key: quotes, blanks, line ends, invisible characters."""
    configuration = context.configuration
    findings = []
    for setting in (configuration.api_key, configuration.token):
        findings += [f"{setting.source}: {finding}" for finding in key_findings(setting)] if setting else []
    return {"findings": findings}


def key_findings(setting: Setting) -> list[str]:
    """What is odd about a key, by name: `control`, `not-ascii`, `blank`, `quoted`, `prefix`."""
    value = setting.value
    rules = {
        "control": bool(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value)),
        "not-ascii": not value.isascii(),
        "blank": bool(re.search(r"[ \t]", value)),
        "quoted": value[:1] in "\"'" or value[-1:] in "\"'",
    }
    odd = [name for name, found in rules.items() if found]
    return odd or ([] if value.startswith("hk_") else ["prefix"])
