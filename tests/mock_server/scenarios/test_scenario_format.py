"""The format of scenario files: everything that it carries, and everything that it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hokusai_mock import scenarios
from hokusai_mock.scenarios import ScenarioError

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.toml"))

HEAD = 'schema = 1\nid = "C03"\nname = "a.b"\n'


def parse(body: str, head: str = HEAD) -> scenarios.Scenario:
    return scenarios.parse(head + body, "a.b")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_documented_examples_fit_the_format(path: Path) -> None:
    scenario = scenarios.parse(path.read_text(encoding="utf-8"), path.stem)

    assert scenario.name == path.stem
    assert scenario.resolve().id == scenario.id


def test_all_twelve_examples_are_here() -> None:
    assert len(EXAMPLES) == 12


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("titel = 'x'", r"unknown key 'titel'; did you mean 'title'\?"),
        ("family = 'auth'", "the incident C03 is of the family 'outage'"),
        ("looks_like = ['C03']", "cannot look like itself"),
        ("[platform]\nplain = true\ngateway = 'platform-documented'", "a plain MLflow server has no gateway"),
        ("[platform.settings]\nmounst = []", r"unknown key 'mounst'; did you mean 'mounts'\?"),
        ("[platform.keys.held]\nadmn = true", r"unknown key 'admn'; did you mean 'admin'\?"),
        ("[[listener]]\nname = 'main'\nkind = 'refused'", r"did you mean 'refuse'\?"),
        ("[[listener]]\nname = 'main'\nkind = 'refuse'\ntls = {}", "says nothing"),
        ("[[listener]]\nname = 'p'\nkind = 'forward-proxy'", "a forward proxy needs 'answer'"),
        ("[[listener]]\nname = 'main'\nsandbox = 'new'", "cannot belong to a new sandbox"),
        ("[[listener]]\nname = 'x'\n[[listener]]\nname = 'x'", "two listeners are called 'x'"),
        ("[[listener]]\nname = 'x'\ntls = { certificate = 'expird' }", r"did you mean 'expired'\?"),
        ("[[timeline]]\nat = '1s'\nset = {}", "nothing is set"),
        ("[[fault]]\nlayer = 'edge'\neffect = 'statsu'", r"\[\[fault\]\] 1: no effect is called 'statsu'"),
        ("[client.env]\nA = '{prot}'", r"the placeholder \{prot\} stands for nothing; did you mean 'port'\?"),
        ("[client.env]\nA = '{listener.x.url}'", "stands for nothing"),
        ("[client.env]\nA = true", "must be text, or false to unset"),
        ("[client.env]\n'A B' = 'x'", "not the name of an environment variable"),
        ("[client.files.'../x']\ntext = ''", "not inside of the client's home"),
        ("[client]\nsdk = 'with:A.b'", "must be 'without:Class.method'"),
        ("[client]\nneeds = ['dokcer']", r"did you mean 'docker'\?"),
        ("[[play]]\ncall = 'experiments.serach'", r"did you mean 'experiments.search'\?"),
        ("[[play]]\ncall = 'log_model'\nadvance = 1", "a step is one of 'call', 'env', 'advance'"),
        ("[[play]]\nadvance = 1\nexpect = 'ok'", "only a call can be expected"),
        ("[[symptom]]\nclient = 'mlflw'\ntext = 'x'", "must be a client such as"),
        ("[[symptom]]\nclient = 'hokusai'", "a symptom says what is seen"),
        ("[[symptom]]\nclient = 'hokusai'\nnone = true\ntext = 'x'", "so there is no 'text' either"),
        ("[[symptom]]\nclient = 'hokusai'\nplay = 1\ntext = 'x'", "refers to step 1, which is no call"),
        ("[[symptom]]\nclient = 'curl'\ncode = 'C03'", "attributes of our SDK's errors"),
        ("[[signature]]\nseen = 'auth.baerer.status'\nis = 1\nweight = 'decides'", r"did you mean 'auth.bearer'\?"),
        ("[[signature]]\nseen = 'auth.bearer.stauts'\nis = 1\nweight = 'decides'", r"did you mean 'status'\?"),
        ("[[signature]]\nseen = 'net.tcp.errno'\nweight = 'decides'", "a signature has one of"),
        ("[[signature]]\nseen = 'net.tcp.errno'\nnear = 1\nweight = 'decides'", "'near' and 'tolerance'"),
        ("[[signature]]\nseen = 'net.tcp.errno'\nmatches = '('\nweight = 'decides'", "no regular expression"),
        ("[remedy]\nowner = 'nobody'\ntext = 'x'", "'owner' cannot be 'nobody'"),
        ("[params.x]\ntype = 'choice'", "needs 'choices'"),
        ("[params.x]\ntype = 'int'\ndefault = 'many'", "must be a whole number"),
        ("title = '${x}'", "no parameter is called 'x'"),
        ("extends = 'gateway.lb_eror'", r"no scenario is called 'gateway.lb_eror'; did you mean 'gateway.lb_error'\?"),
        ("x = ", "is not valid TOML"),
    ],
)
def test_what_does_not_fit_is_refused(body: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        parse(body)


@pytest.mark.parametrize(
    "head", ['id = "C03"\nname = "a.b"\n', 'schema = 1\nname = "a.b"\n', 'schema = 2\nid = "C03"\n']
)
def test_schema_id_and_name_are_required(head: str) -> None:
    with pytest.raises(ScenarioError):
        parse("", head)


def test_the_name_of_the_file_is_the_name_of_the_scenario() -> None:
    with pytest.raises(ScenarioError, match=r"the file says that its name is 'a\.b'"):
        scenarios.parse(HEAD, "c.d")


def test_a_reference_alone_keeps_the_type_and_within_text_becomes_text() -> None:
    scenario = parse(
        "[params.n]\ntype = 'int'\ndefault = 3\n"
        "[[fault]]\nlayer = 'edge'\neffect = 'status'\ntimes = '${n}'\nwith = { status = 502, text = 'try ${n} times' }"
    )
    rule = scenario.resolve(n="4").faults[0]

    assert rule.schedule.times == 4
    assert rule.effect.text == "try 4 times"  # type: ignore[attr-defined]


PARAMS = """
[params.count]
type = "int"
choices = [1, 2]
default = 1
[params.wait]
type = "seconds"
default = "2s"
[params.tags]
type = "strings"
default = ["a"]
[params.kind]
type = "choice"
choices = ["red", "green"]
default = "red"
[params.name]
type = "string"
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"count": 1, "wait": 2.0, "tags": ["a"], "kind": "red"}),
        (
            {"count": "2", "wait": "1.5m", "tags": "x+y", "kind": "green"},
            {"count": 2, "wait": 90.0, "tags": ["x", "y"]},
        ),
        ({"tags": ("p", "q"), "wait": 3}, {"tags": ["p", "q"], "wait": 3.0}),
    ],
)
def test_parameters_are_read_in_their_types(given: dict[str, Any], expected: dict[str, Any]) -> None:
    resolved = parse(PARAMS).resolve(name="n", **given)

    assert {name: resolved.params[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "needs the parameter 'name'"),
        ({"name": "n", "cuont": 1}, r"has no parameter 'cuont'; did you mean 'count'\?"),
        ({"name": "n", "count": 3}, "'count' cannot be 3"),
        ({"name": "n", "count": "x"}, "must be a whole number"),
        ({"name": "n", "kind": "geren"}, r"cannot be 'geren'; did you mean 'green'\?"),
        ({"name": "n", "wait": "long"}, "must be seconds"),
        ({"name": "n", "times": 1}, "has no parameter 'times'"),
    ],
)
def test_wrong_parameters_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        parse(PARAMS).resolve(**given)


def test_a_value_that_the_tables_refuse_is_refused_with_its_place() -> None:
    with pytest.raises(ScenarioError, match=r"\[\[fault\]\] 1: 'times' must be at least 1"):
        scenarios.load("gateway.lb_error").resolve(times=0)


def test_scenarios_with_faults_take_the_common_parameters() -> None:
    common = {"after": 1, "times": "2", "per": "path", "methods": "get+post", "paths": ["/api/v1/*"]}
    rule = scenarios.load("gateway.lb_error").resolve(**common).faults[0]

    assert (rule.schedule.after, rule.schedule.times, rule.schedule.per) == (1, 2, "path")
    assert (rule.match.methods, rule.match.paths) == (("GET", "POST"), ("/api/v1/*",))


def test_absent_times_means_always() -> None:
    assert scenarios.load("gateway.lb_error").resolve().faults[0].schedule.times is None


def test_extends_takes_over_the_situation_and_not_the_verdict() -> None:
    scenario = parse('variant = "api"\nextends = "gateway.lb_error"\n[params.status]\ndefault = 503')
    resolved = scenario.resolve()

    assert resolved.faults[0].effect.status == 503  # type: ignore[attr-defined]
    assert resolved.symptoms
    assert not scenario.signatures
    assert scenario.remedy is None
    assert scenario.title is None


def test_keys_and_settings_hold_only_what_the_file_names() -> None:
    resolved = scenarios.load("auth.admin_required").resolve(admin_scopes=["root"])

    assert resolved.keys == {"held": {"admin": False, "scopes": ("model:read", "model:write", "mlflow:access")}}
    assert resolved.settings == {"registry_admin_scopes": ("root",)}


def test_false_in_an_environment_unsets_the_variable() -> None:
    assert scenarios.load("auth.key_required").resolve().client.env == {
        "HOKUSAI_API_KEY": None,
        "MLFLOW_TRACKING_TOKEN": None,
    }


@pytest.mark.parametrize("name", sorted(path.stem for path in (Path(__file__).parent / "examples").glob("*.toml")))
def test_every_example_of_the_format_can_be_played(name: str) -> None:
    path = Path(__file__).parent / "examples" / f"{name}.toml"
    scenario = scenarios.parse(path.read_text(encoding="utf-8"), name)

    assert scenario.resolve().unplayable() == []


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("gateway.lb_error", ("gateway.lb_error", {})),
        ("gateway.lb_error:status=503,times=2", ("gateway.lb_error", {"status": "503", "times": "2"})),
        ("a.b:x=http://h:1", ("a.b", {"x": "http://h:1"})),
    ],
)
def test_a_command_line_reference_is_a_name_and_parameters(
    reference: str, expected: tuple[str, dict[str, str]]
) -> None:
    assert scenarios.parse_reference(reference) == expected


def test_a_parameter_without_a_value_is_refused() -> None:
    with pytest.raises(ScenarioError, match="'times' is not"):
        scenarios.parse_reference("gateway.lb_error:times")
