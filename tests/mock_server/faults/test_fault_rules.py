"""Reading `[[fault]]` tables, and which requests a rule is for."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.faults import EFFECTS, FaultError, FaultRule, KeyFacts, RequestFacts


def facts(
    path: str = "/",
    method: str = "GET",
    headers: dict[str, str] | None = None,
    key: tuple[str, str | None] = ("valid", "admin"),
) -> RequestFacts:
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    return RequestFacts(method, path, lambda name: sent.get(name.lower()), lambda: KeyFacts(*key))


def rule(**fields: Any) -> FaultRule:
    table = {"layer": "edge", "effect": "status", "with": {"status": 502}, **fields}
    return FaultRule.parse({name.rstrip("_"): value for name, value in table.items()})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tims": 1}, r"unknown key 'tims'; did you mean 'times'\?"),
        ({"layer": "gatway"}, r"'layer' cannot be 'gatway'; did you mean 'gateway'\?"),
        ({"effect": "statsu"}, r"no effect is called 'statsu'; did you mean 'status'\?"),
        ({"when": "later"}, "'when' cannot be 'later'"),
        ({"times": 0}, "'times' must be at least 1"),
        ({"probability": 1.5}, "'probability' must be between 0 and 1"),
        ({"every": 2, "probability": 0.5}, "'every' and 'probability' exclude each other"),
        ({"match": {"paths": ["@registr"]}}, r"names no group of paths: '@registr'; did you mean '@registry'\?"),
        ({"match": {"paths": ["api/v1"]}}, "must begin with '/'"),
        ({"match": {"methods": ["PSOT"]}}, r"is not an HTTP method: 'PSOT'; did you mean 'POST'\?"),
        ({"match": {"key": "none", "header": {"Authorization": "*"}}}, "has no header that carries one"),
        ({"window": {"from": 5, "until": 2}}, "the window ends"),
        ({"with": {"status": 502, "josn": {}}}, r"unknown key 'josn'; did you mean 'json'\?"),
        ({"with": {}}, "'status' is missing"),
        ({"status": 502}, r"unknown key 'status'; it belongs into 'with': with = \{ status = \.\.\. \}"),
        ({"paths": ["/x"]}, "unknown key 'paths'; it belongs into 'match'"),
        ({"layer": "listener"}, r"what happens there is a \[\[listener\]\] of a scenario"),
    ],
)
def test_a_misspelt_or_impossible_rule_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(FaultError, match=message):
        rule(**fields)


@pytest.mark.parametrize(
    ("effect", "given", "message"),
    [
        ("delay", {}, "a delay waits: give 'delay', 'jitter' or 'per_byte'"),
        ("delay", {"delay": "-1s"}, "'delay' must be seconds"),
        ("delay", {"delay": 1, "jitter": 1, "distribution": "fixed"}, "a fixed delay has no 'jitter'"),
        ("delay", {"delay": 1, "distribution": "uniform"}, "a uniform delay needs 'jitter'"),
        ("delay", {"delay": 1, "distribution": "unifrom"}, r"cannot be 'unifrom'; did you mean 'uniform'\?"),
        ("delay_then_status", {"status": 504}, "'delay' is missing"),
        ("delay_then_status", {"delay": 1, "status": 204, "text": "x"}, "has no body"),
        ("reset", {"after_bytes": -1}, "'after_bytes' must be at least 0"),
        ("hang", {"hold": "soon"}, "'hold' must be seconds"),
        ("truncate", {"declared": 10, "sent": 10}, "declares 10 bytes and sends 10 is not truncated"),
        ("truncate", {"declared": 0}, "is not truncated"),
        ("wrong_length", {"difference": 0}, "is the true length"),
        ("garbage", {"size": 0}, "'size' must be between 1 and 1048576, not 0"),
        ("garbage", {"size": 10**12}, "'size' must be between 1 and 1048576"),
        ("wrong_content_type", {"content_type": "a\r\nb"}, "characters that end a header"),
        ("redirect", {"status": 305}, "'status' cannot be 305"),
        ("redirect", {"location": "example.invalid"}, "begins with http://"),
        ("redirect", {"location": "https://{hots}/"}, r"placeholder \{hots\} stands for nothing.*did you mean 'host'"),
        ("redirect", {"location": "{listener.Other.url}"}, "stands for nothing"),
    ],
)
def test_impossible_parameters_of_an_effect_are_refused(effect: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(FaultError, match=message):
        FaultRule.parse({"effect": effect, "with": given})


@pytest.mark.parametrize(
    ("effect", "layer"), [("reset", "transport"), ("hang", "transport"), ("invalid_json", "edge"), ("redirect", "edge")]
)
def test_a_rule_without_a_layer_is_attached_where_its_effect_is_at_home(effect: str, layer: str) -> None:
    assert FaultRule.parse({"effect": effect}).layer == layer
    assert FaultRule.parse({"effect": effect, "layer": "handler"}).layer == "handler"


def test_every_effect_of_the_closed_list_is_known_by_its_own_name() -> None:
    assert all(effect.name == name for name, effect in EFFECTS.items())


@pytest.mark.parametrize(
    ("group", "inside", "outside"),
    [
        (
            "@registry",
            ["/api/mlflow/api/2.0/mlflow/runs/create", "/mlflow/x", "/API/2.0/mlflow/x", "/ajax-api/2.0/mlflow/x"],
            ["/api/v1/models", "/health", "/x/mlflow"],
        ),
        ("@api", ["/api/v1/models/21/info", "/api/v1"], ["/api/v10", "/api/models"]),
        (
            "@artifacts",
            ["/api/mlflow/api/2.0/mlflow-artifacts/artifacts/1/a", "/api/2.0/mlflow-artifacts/artifacts"],
            ["/api/mlflow/api/2.0/mlflow/artifacts/list"],
        ),
        ("@health", ["/health", "/ready", "/api/health/mlflow", "/version"], ["/healthz", "/api/mlflow/health"]),
        (
            "@mlflow/runs/create",
            [
                "/api/mlflow/api/2.0/mlflow/runs/create",
                "/api/2.0/mlflow/runs/create",
                "/ajax-api/2.0/mlflow/runs/create",
            ],
            ["/api/mlflow/api/2.0/mlflow/runs/created", "/runs/create"],
        ),
        ("@mlflow/runs/*", ["/api/2.0/mlflow/runs/log-metric"], ["/api/2.0/mlflow/experiments/create"]),
        ("/api/models/*", ["/api/models/a/lineage"], ["/api/models"]),
        ("*", ["/", "/anything/at/all"], []),
    ],
)
def test_path_patterns_and_groups_match_whole_paths(group: str, inside: list[str], outside: list[str]) -> None:
    match = rule(match={"paths": [group]}).match

    assert [path for path in inside if not match.holds(facts(path))] == []
    assert [path for path in outside if match.holds(facts(path))] == []


def test_all_conditions_of_a_match_must_hold() -> None:
    match = rule(match={"methods": ["post"], "key": "admin", "header": {"Content-Type": "application/*"}}).match
    json = {"content-type": "application/json"}

    assert match.holds(facts(method="POST", headers=json))
    assert not match.holds(facts(method="GET", headers=json))
    assert not match.holds(facts(method="POST", headers={"content-type": "text/plain"}))
    assert not match.holds(facts(method="POST"))
    assert not match.holds(facts(method="POST", headers=json, key=("valid", "reader")))


@pytest.mark.parametrize(
    ("wanted", "key", "holds"),
    [
        ("valid", ("valid", "admin"), True),
        ("valid", ("invalid", None), False),
        ("invalid", ("invalid", "admin"), True),
        ("none", ("none", None), True),
        ("reader", ("valid", "reader"), True),
    ],
)
def test_a_key_is_matched_by_state_or_role(wanted: str, key: tuple[str, str | None], holds: bool) -> None:
    assert rule(match={"key": wanted}).match.holds(facts(key=key)) is holds


@pytest.mark.parametrize(("length", "holds"), [(None, False), ("99", False), ("100", True), ("many", False)])
def test_a_rule_may_be_for_bodies_of_a_length(length: str | None, holds: bool) -> None:
    sent = {} if length is None else {"Content-Length": length}

    assert rule(match={"min_bytes": 100}).match.holds(facts(method="PUT", headers=sent)) is holds


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """What a hand that knows the names could write: the right keys, now and then the right values."""
    name = draw(st.sampled_from(sorted(EFFECTS)))
    likely = {
        "layer": st.sampled_from(["transport", "edge", "handler"]),
        "when": st.sampled_from(["before", "after"]),
        "times": st.integers(0, 3),
        "probability": st.floats(0, 1),
        "match": st.dictionaries(st.sampled_from(["methods", "paths", "key", "header", "min_bytes"]), JSON, max_size=2),
        "window": st.dictionaries(st.sampled_from(["from", "until"]), JSON, max_size=2),
    }
    table = {key: draw(values | JSON) for key, values in likely.items() if draw(st.integers(0, 4)) == 0}
    parameters = [field.name for field in dataclasses.fields(EFFECTS[name])]  # type: ignore[arg-type]
    if parameters:
        likely_value = st.integers(0, 600) | st.sampled_from(["1s", "text/plain", "https://{host}", "bad-gateway"])
        table["with"] = draw(st.dictionaries(st.sampled_from(parameters), likely_value | JSON, max_size=3))
    return {"effect": name, **table}


@given(tables())
def test_whatever_is_written_is_a_rule_or_is_refused_with_a_reason(table: dict[str, Any]) -> None:
    refusal = None
    try:
        holds = FaultRule.parse(table).match.holds(facts())
    except FaultError as error:
        refusal = str(error)

    assert refusal.startswith("[[fault]]: ") if refusal else holds in (True, False)
