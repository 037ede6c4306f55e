"""The symptoms in the shipped files are true: each is played on the mock with the real clients of this environment.

In the fast tier one client generation plays them (the full MLflow 3.9.0); the others do in the slow tier, and all of
them in the proof `symptoms`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from player import Player, Zygote
from symptoms import installed
from zygote import calls

from hokusai_mock import MockServer, scenarios
from hokusai_mock.scenarios import Play

HERE = installed("mlflow", "mlflow-skinny")
FAST = installed("mlflow") == "3.9.0"

pytestmark = [
    pytest.mark.skipif(HERE is None, reason="plays real MLflow clients"),
    *(() if FAST else (pytest.mark.slow,)),
]


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    folder = tmp_path_factory.mktemp("symptoms")
    with MockServer(port=0, seed=1) as server, Zygote(folder) as zygote:
        yield Player(server, zygote, folder)


@pytest.mark.parametrize("name", scenarios.names())
def test_users_see_what_the_file_says(name: str, player: Player) -> None:
    resolved = scenarios.load(name).resolve()
    if any(listener.tls for listener in resolved.listeners) and find_spec("trustme") is None:
        pytest.skip("trustme, which makes certificates, is not installed")

    verdicts = player.verdicts(resolved)

    assert verdicts, "no symptom of this file concerns a client of this environment"
    assert {
        f"{verdict.symptom.client} {verdict.target.call}": verdict.wrong for verdict in verdicts if verdict.wrong
    } == {}


FAILING_BY_THEMSELVES = {
    "HokusaiInferencePipeline.predict_batch(data, model_name, model_version)",
    "experiments.delete",
    "model_versions.create from a local path",
    "model_versions.create from a model that is not there",
    "packages that provide hokusai",
    "register_model",
    "registered_models.get",
    "runs.get",
    "serving.predict with rows",
}
"""Calls that ask for what a fresh platform does not have, or make the mistake that they are about."""


@pytest.mark.parametrize("client", ["mlflow", "hokusai"])
def test_without_a_scenario_the_calls_succeed(client: str, player: Player) -> None:
    if player.here[client] is None:
        pytest.skip(f"{client} is not installed")
    wanted = sorted(call for one, call in calls() if one == client and call not in FAILING_BY_THEMSELVES)
    seen = {call: player.run(None, client, (Play(call=call),)).steps[0] for call in wanted}

    assert {call: one["text"] for call, one in seen.items() if one["exception"] is not None} == {}
