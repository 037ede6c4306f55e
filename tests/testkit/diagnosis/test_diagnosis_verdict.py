"""The verdict: signatures against observations, as plain values."""

from __future__ import annotations

from typing import Any

import pytest

from hokusai_mock import scenarios
from hokusai_mock.scenarios import Scenario, Signature
from hokusai_mock.schema import read
from hokusai_testkit.diagnosis.examination import Check, Examination
from hokusai_testkit.diagnosis.verdict import holds, judge

CATALOGUE = [scenarios.load(name) for name in scenarios.names()]


def examination(facts: dict[str, Any], *statuses: str, online: bool = True) -> Examination:
    """Checks with these statuses, named after the observed probes as far as there are any."""
    names = [*facts, *(f"check.{number}" for number in range(len(statuses) + 1))]
    checks = tuple(
        Check(name, "Group", status, "", complete=status != "skip")  # type: ignore[arg-type]
        for name, status in zip(names, statuses or ("pass",), strict=False)
    )
    return Examination(checks, facts, online)


def named(facts: dict[str, Any], *statuses: str) -> str | None:
    scenario = judge(examination(facts, *statuses), CATALOGUE).scenario
    return scenario.name if scenario else None


OBSERVED: dict[str, dict[str, Any]] = {
    "auth.admin_required": {
        "http.noauth": {"status": 401},
        "auth.bearer": {"status": 403, "body_json": {"error": "REGISTRY_ADMIN_REQUIRED"}},
    },
    "auth.key_required": {
        "creds.present": {"source": "none"},
        "http.noauth": {"status": 401, "body_json": {"detail": "API key required"}},
    },
    "auth.key_invalid": {
        "creds.shape": {"findings": ["HOKUSAI_API_KEY: prefix"]},
        "auth.bearer": {"status": 401, "body_json": {"detail": "Invalid or expired API key"}},
    },
    "client.key_quotes": {"creds.shape": {"findings": ["MLFLOW_TRACKING_TOKEN: quoted"]}},
    "client.no_scheme": {"uri.resolve": {"scheme": "none"}},
    "gateway.lb_error": {"http.noauth": {"status": 504, "body_class": "html"}},
    "net.dns_fail": {"net.dns": {"resolved": False, "errno": -2}},
    "net.refuse": {"net.dns": {"resolved": True}, "net.tcp": {"connected": False, "errno": 111}},
    "version.server": {
        "env.versions": {"mlflow_major": 3},
        "server.capabilities": {"logged_models": False},
        "server.version": {"major": 2},
    },
}


@pytest.mark.parametrize("name", list(OBSERVED))
def test_each_situation_is_named_from_its_observations(name: str) -> None:
    assert named(OBSERVED[name], "fail") == name


def test_a_connection_that_nobody_answers_is_known_by_its_timeout() -> None:
    assert named({"net.tcp": {"errno": None, "error": "timeout"}}, "fail") == "net.blackhole"


@pytest.mark.parametrize("errno", [61, 111, 10061])
def test_a_refused_connection_is_known_by_number_on_every_system(errno: int) -> None:
    assert named({"net.tcp": {"errno": errno}}, "fail") == "net.refuse"


@pytest.mark.parametrize(
    "facts",
    [
        {"auth.bearer": {"status": 403, "body_json": {"error": "FORBIDDEN"}}},
        {"auth.bearer": {"status": 401, "body_json": {"detail": "Not authenticated"}}},
        {"uri.resolve": {"scheme": "databricks"}, "creds.shape": {"findings": ["HOKUSAI_API_KEY: prefix"]}},
        {"http.noauth": {"status": 503, "body_class": "json", "body_json": {"detail": "Authentication service error"}}},
        {"env.versions": {"mlflow_major": 2}, "server.capabilities": {"logged_models": False}},
        {"env.versions": {"mlflow_major": None}, "server.capabilities": {"logged_models": False}},
        {"env.versions": {"mlflow_major": 3}, "server.capabilities": {"logged_models": None}},
        {"creds.present": {"source": "HOKUSAI_API_KEY"}, "http.noauth": {"body_json": {"detail": "API key required"}}},
    ],
)
def test_look_alikes_are_not_named(facts: dict[str, Any]) -> None:
    assert judge(examination(facts, "fail"), CATALOGUE).state == "unknown"


def test_nothing_wrong_and_everything_seen_is_healthy() -> None:
    verdict = judge(examination({}, "pass", "warn"), CATALOGUE)

    assert (verdict.state, verdict.ok, verdict.scenario) == ("healthy", True, None)


def test_something_not_seen_is_incomplete() -> None:
    assert judge(examination({}, "pass", "skip"), CATALOGUE).ok is None


def test_a_local_failure_without_the_network_is_incomplete() -> None:
    assert judge(examination({}, "fail", "skip", online=False), CATALOGUE).state == "incomplete"


def test_of_two_incidents_the_one_nearer_to_the_client_is_named_and_the_other_listed() -> None:
    facts = {**OBSERVED["auth.admin_required"], **OBSERVED["version.server"]}
    verdict = judge(examination(facts, "fail"), CATALOGUE)

    assert verdict.scenario is not None
    assert verdict.scenario.id == "A05"
    assert [other.incident for other in verdict.alternatives] == ["E01"]


def test_support_raises_the_confidence() -> None:
    alone = judge(examination({"net.tcp": {"errno": 111}, "net.dns": {"resolved": False}}, "fail"), CATALOGUE)
    supported = judge(examination(OBSERVED["net.refuse"], "fail"), CATALOGUE)

    assert alone.scenario is not None
    assert supported.confidence == 1.0


def test_an_unknown_failure_lists_what_would_decide() -> None:
    facts = {"http.noauth": {"status": 401, "body_json": {"detail": "other"}}, "creds.present": {"source": "X"}}
    verdict = judge(examination(facts, "fail"), CATALOGUE)

    found = {other.incident: other.separate_by for other in verdict.alternatives}

    assert found["A05"] == "auth.bearer.body_json.error"
    assert len(found) == len(verdict.alternatives), "an incident is listed once, however many situations it has"


def test_what_speaks_for_an_incident_without_having_failed_makes_it_no_alternative() -> None:
    facts = {"http.noauth": {"status": 418}, "env.versions": {"mlflow_major": 3}}

    assert judge(examination(facts, "fail", "pass"), CATALOGUE).alternatives == ()


def sign(**fields: Any) -> Signature:
    table = {"weight": "decides", **fields}
    return read(Signature, {name.rstrip("_"): value for name, value in table.items()}, "signature")


@pytest.mark.parametrize(
    ("fields", "value", "expected"),
    [
        ({"is_": 401}, 401, True),
        ({"is_": True}, 1, False),
        ({"in_": [1, 2]}, 2, True),
        ({"in_": [1, 2]}, None, False),
        ({"matches": "^Invalid Host"}, "Invalid Host header", True),
        ({"matches": "x"}, 3, False),
        ({"matches": ": quoted$"}, ["K: prefix", "T: quoted"], True),
        ({"matches": ": quoted$"}, [], False),
        ({"is_": "b"}, ["a", "b"], True),
        ({"absent": True}, None, True),
        ({"absent": False}, None, False),
        ({"absent": True}, 0, False),
    ],
)
def test_a_signature_compares_one_fact(fields: dict[str, Any], value: Any, expected: bool) -> None:
    assert holds(sign(seen="auth.bearer.status", **fields), {"auth.bearer": {"status": value}}) is expected


def test_a_signature_without_its_probe_is_neither_true_nor_false() -> None:
    assert holds(sign(seen="auth.bearer.status", is_=200), {"net.dns": {}}) is None


@pytest.mark.parametrize(("elapsed", "scale", "expected"), [(30.1, 1, True), (40, 1, False), (3.1, 0.1, True)])
def test_durations_are_compared_near_and_unscaled(elapsed: float, scale: float, expected: bool) -> None:
    signature = sign(seen="auth.bearer.elapsed_s", near=30, tolerance=0.15)

    assert holds(signature, {"auth.bearer": {"elapsed_s": elapsed}}, scale) is expected


def test_what_excludes_overrules_what_decides() -> None:
    text = (
        'schema = 1\nid = "D02"\nname = "a.b"\nhop = "network"\n'
        '[[signature]]\nseen = "net.tcp.errno"\nis = 111\nweight = "decides"\n'
        '[[signature]]\nseen = "net.dns.resolved"\nis = false\nweight = "excludes"\n'
    )
    scenario: Scenario = scenarios.parse(text, "a.b")
    facts = {"net.tcp": {"errno": 111}, "net.dns": {"resolved": False}}

    assert judge(examination(facts, "fail"), [scenario]).state == "unknown"
