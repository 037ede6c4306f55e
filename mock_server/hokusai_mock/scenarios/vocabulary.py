"""The closed lists of the scenario format: families, calls, placeholders, and the doctor's probes with their facts.

A file that names something else is refused. What a name *does* lives with whoever plays it: calls with the tests,
probes with the doctor, settings with the platform.
"""

from __future__ import annotations

__all__ = ["CALLS", "FAMILIES", "PLACEHOLDERS", "PLANNED", "PLAYABLE_SETTINGS", "PROBES", "is_planned", "probe_of"]

FAMILIES = {
    "A": "auth",
    "B": "routing",
    "C": "outage",
    "D": "network",
    "E": "version",
    "F": "artifact",
    "G": "sdk",
}
"""The family that an incident's letter stands for."""

PLAYABLE_SETTINGS = frozenset(
    {
        "accept_query_key",
        "allowed_hosts",
        "allowed_origins",
        "artifact_root",
        "artifacts_only",
        "auth_service",
        "auth_trouble",
        "basic_auth",
        "cache",
        "cache_read_s",
        "cache_write_s",
        "contribution_storage",
        "database",
        "debit",
        "debit_cost",
        "debit_reason",
        "debit_reason_code",
        "gateway_artifacts",
        "inference",
        "mounts",
        "peer_verified",
        "publisher",
        "rate_limit",
        "rate_limit_headers",
        "rate_window_renews",
        "rate_window_s",
        "registry_admin_emails",
        "registry_admin_scopes",
        "registry_rule",
        "retry_after",
        "rewrite_404",
        "route_limit",
        "serve_artifacts",
        "service_id_known",
        "slow_start_s",
        "static_prefix",
        "strips_authorization",
        "upstream",
        "upstream_url",
        "validate_key_in",
        "validation_cache_s",
        "warm_up_requests",
        "warm_up_s",
        "webhook_secret",
    }
)
"""Platform settings that the mock honours; the other settings of the format are read but cannot be played yet."""

PLACEHOLDERS = frozenset({"host", "port", "key", "home"})
"""What `{...}` may stand for in `[client]` and in effects, beside `{listener.NAME.url}`."""

CALLS = frozenset(
    {
        # MLflow's REST endpoints, made with the MLflow client.
        "artifacts.download",
        "artifacts.list",
        "artifacts.log",
        "artifacts.log a large file",
        "experiments.create",
        "experiments.delete",
        "experiments.get",
        "experiments.get_by_name",
        "experiments.search",
        "experiments.set",
        "load_model",
        "log_model",
        "model_versions.create",
        "model_versions.create from a local path",
        "model_versions.create from a model that is not there",
        "model_versions.get",
        "model_versions.search",
        "model_versions.transition",
        "register_model",
        "registered_models.create",
        "registered_models.get",
        "registered_models.search",
        "runs.create",
        "runs.get",
        "runs.log_artifact",
        "runs.log_metric",
        "runs.search",
        "runs.set_tag with a large value",
        "start_run",
        # The SDK.
        "ExperimentManager()",
        "ExperimentManager.start_experiment(name)",
        "HokusaiInferencePipeline.predict_batch(data, model_name, model_version)",
        "ModelRegistry()",
        "ModelRegistry.register_baseline(model=, model_type=)",
        "ModelRegistry.register_baseline(model_name=)",
        "ModelRegistry.register_tokenized_model()",
        "ModelRegistry.register_tokenized_model(best_effort_notification=)",
        "ModelVersionManager.get_latest_version(model_name)",
        "ModelVersionManager.get_latest_version(model_name) of a missing model",
        "ModelVersionManager.list_versions(model_name)",
        "PerformanceTracker.track_inference(metrics)",
        # The same endpoints, made by hand: with status line and headers shown, and at the other mount.
        "experiments.search -i",
        "experiments.search at /mlflow",
        "experiments.search from a page",
        "experiments.list",
        "mlflow.health",
        "mlflow.version",
        "experiments.search as ?api_key=",
        "experiments.search as Api-Key",
        "experiments.search as BearerKEY",
        "experiments.search as Token",
        "experiments.search as X-API-Key",
        "experiments.search as bearer",
        "experiments.search with a bogus key",
        "experiments.search with two blanks",
        "experiments.search without a key",
        "metrics.get_history of two runs",
        # What the incidents of credentials and of the SDK turn on.
        "import",
        "model_versions.create without a run",
        "model_versions.delete",
        "packages that provide hokusai",
        "registered_models.search by two orders",
        "start_run and end",
        # The platform's own routes.
        "auth.validate with the key in the body",
        "events.register without a run",
        "models.list",
        "auth.validate",
        "contributions.create",
        "contributors.impact",
        "events.register",
        "health",
        "health.mlflow",
        "serving.predict",
        "serving.predict with rows",
        "serving.ready",
        "webhook",
    }
)
"""What a play or a symptom may call: endpoints and journeys, by id."""

_ANSWER = (
    "answered",
    "body_class",
    "body_json",
    "body_text",
    "content_type",
    "dialect",
    "elapsed_s",
    "errno",
    "error",
    "headers",
    "location",
    "redirect",
    "server",
    "status",
    "truncated",
    "verify_code",
)

PROBES: dict[str, tuple[str, ...]] = {
    "env.versions": (
        "hokusai_distributions",
        "hokusai_version",
        "in_container",
        "mlflow_major",
        "mlflow_skinny_version",
        "mlflow_version",
        "python_executable",
        "python_version",
        "requests_version",
        "urllib3_version",
    ),
    "env.mode": ("mock_mode", "optional_mlflow"),
    "uri.resolve": ("registry_uri", "scheme", "source", "tracking_uri"),
    "uri.lint": ("findings",),
    "creds.present": ("key_needed", "key_set", "same", "source", "token_set"),
    "creds.shape": ("findings",),
    "creds.effective": ("scheme", "source"),
    "env.retry": ("findings", "max_retries", "worst_case_s"),
    "env.tls_proxy": ("findings",),
    "net.dns": ("addresses", "errno", "error", "resolved"),
    "net.tcp": ("connected", "elapsed_s", "errno", "error"),
    "net.tls": (
        "client_certificate_wanted",
        "errno",
        "error",
        "issuer",
        "not_after",
        "not_before",
        "plain_reply",
        "subject",
        "verified",
        "verify_code",
    ),
    "http.open": ("health", "version"),
    "http.noauth": (*_ANSWER, "bare_host_status"),
    "auth.bearer": _ANSWER,
    "auth.xapikey": _ANSWER,
    "auth.bogus": _ANSWER,
    "auth.service": _ANSWER,
    "route.bases": ("works",),
    "server.version": (*_ANSWER, "major", "text"),
    "server.capabilities": ("logged_models", "old_routes", "registered_models", "stages"),
    "artifact.proxy": _ANSWER,
    "artifact.location": ("exists", "lifecycle", "scheme"),
    "write.scope": _ANSWER,
    "artifact.size": ("errno", "largest_ok", "smallest_failed", "status"),
    "route.named": _ANSWER,
    "serving.ready": (*_ANSWER, "predict"),
    "stability": ("floor_s", "median_s", "origin_status", "origin_text", "success_ratio", "versions"),
    "client.parity": ("error_code", "exception", "text"),
    "sdk.api": (
        "ExperimentManager",
        "HokusaiInferencePipeline",
        "ModelRegistry",
        "ModelVersionManager",
        "PerformanceTracker",
    ),
}
"""Every probe of the doctor, with the first part of each fact that it reports. One table for files and doctor alike."""


PLANNED = frozenset(
    {
        "artifact.location",
        "artifact.proxy",
        "artifact.size",
        "auth.bogus",
        "auth.service",
        "auth.xapikey",
        "client.parity",
        "creds.effective",
        "env.mode",
        "env.retry",
        "env.tls_proxy",
        "env.versions.in_container",
        "http.noauth.bare_host_status",
        "net.tls",
        "route.bases",
        "route.named",
        "sdk.api",
        "server.capabilities.old_routes",
        "server.capabilities.stages",
        "serving.ready",
        "stability",
        "write.scope",
    }
)
"""Probes, and single facts of probes, that the doctor does not have yet. A signature that looks at one is unproved: the
doctor cannot name the incident by it, and nobody has seen that it holds."""


def is_planned(seen: str) -> bool:
    """Whether the observation that `seen` names cannot be made yet."""
    found = probe_of(seen)
    return found is not None and (found[0] in PLANNED or f"{found[0]}.{found[1].split('.')[0]}" in PLANNED)


def probe_of(seen: str) -> tuple[str, str] | None:
    """Split the name of an observation (`auth.bearer.body_json.error`) into probe and fact; `None`: no such probe."""
    for probe in PROBES:
        if seen.startswith(probe + "."):
            return probe, seen[len(probe) + 1 :]
    return None
