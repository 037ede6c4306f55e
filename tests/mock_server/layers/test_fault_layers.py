"""Where faults attach: the order of the layers, before and after, several rules at one place, no lock held."""

from __future__ import annotations

import threading

import pytest

from hokusai_mock.app import create_app
from hokusai_mock.faults import FaultRule
from hokusai_mock.messages import GONE
from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

CREATE = "/api/mlflow/api/2.0/mlflow/experiments/create"
LAYERS = ("transport", "edge", "gateway", "mlflow", "handler")
REPLACING = ("status", "reset", "hang", "close_before_status", "garbage", "redirect", "delay_then_status")
ALTERING = ("truncate", "wrong_length", "broken_chunk", "invalid_json", "wrong_content_type", "delay")
WITH = {
    "status": {"status": 502},
    "delay_then_status": {"delay": 0, "status": 504},
    "hang": {"hold": 0},
    "delay": {"delay": "1ms"},
}


def experiments(sandbox, ask) -> set[str]:
    answer = ask(f"{sandbox.tracking_uri}/api/2.0/mlflow/experiments/search", "POST", json={"max_results": 50})
    return {found["name"] for found in answer.json["experiments"]} - {"Default"}


def create(sandbox, ask, name: str) -> object:
    """The status of the answer, or the class of what the client met."""
    try:
        return ask(sandbox.url + CREATE, "POST", json={"name": name}).status
    except Exception as error:  # noqa: BLE001 - what a client meets is looked at elsewhere
        return type(error)


def test_requests_pass_the_layers_in_their_order(sandbox, ask):
    rule = {"effect": "delay", "with_": {"delay": "0.1ms"}, "match": {"paths": ["@registry"]}}
    names = [sandbox.fault(layer=layer, **rule) for layer in reversed(LAYERS)]
    create(sandbox, ask, "a")

    assert names == ["delay#1", "delay#2", "delay#3", "delay#4", "delay#5"]
    assert sandbox.journal[0]["faults"] == names[::-1]
    assert (sandbox.journal[0]["layer"], sandbox.journal[0]["status"]) == ("mlflow", 200)


def test_an_answer_of_an_outer_layer_keeps_the_inner_ones_from_being_asked(sandbox, ask):
    for layer in reversed(LAYERS):
        sandbox.fault(layer=layer, effect="status", with_={"status": 503, "text": layer}, times=1)
    statuses = [create(sandbox, ask, "a") for _ in range(6)]

    assert statuses == [503] * 5 + [200]
    assert [entry["layer"] for entry in sandbox.journal] == [*LAYERS, "mlflow"]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("effect", REPLACING)
def test_before_a_layer_nothing_is_done_and_after_it_everything(sandbox, ask, effect, layer):
    for when in ("before", "after"):
        sandbox.fault(effect=effect, layer=layer, when=when, with_=WITH.get(effect, {}), times=1)
    # The first rule takes the first request and answers it; the second one comes after what the next request does.
    met = [create(sandbox, ask, "first"), create(sandbox, ask, "second"), create(sandbox, ask, "third")]

    assert met[0] == met[1] != 200
    assert met[2] == 200
    assert experiments(sandbox, ask) == {"second", "third"}
    assert [(entry["layer"], len(entry["faults"])) for entry in sandbox.journal[:2]] == [(layer, 1)] * 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("effect", ALTERING)
def test_what_works_on_the_real_answer_lets_the_layer_act_in_any_case(sandbox, ask, effect, when):
    sandbox.fault(effect=effect, layer="handler", when=when, with_=WITH.get(effect, {}), times=1)
    create(sandbox, ask, "made")

    assert experiments(sandbox, ask) == {"made"}
    assert len(sandbox.journal[0]["faults"]) == 1


def test_rules_at_one_place_follow_each_other(sandbox, ask):
    sandbox.fault(effect="delay", layer="edge", with_={"delay": "1ms"})
    sandbox.fault(effect="wrong_content_type", layer="edge", with_={"content_type": "text/x"})
    sandbox.fault(effect="status", layer="edge", with_={"status": 418, "json": {}}, times=1)
    sandbox.fault(effect="status", layer="edge", with_={"status": 419, "json": {}}, times=1)
    answers = [ask(f"{sandbox.url}/health") for _ in range(3)]

    assert [answer.status for answer in answers] == [418, 419, 200]
    assert {answer.headers["content-type"] for answer in answers} == {"text/x"}
    assert [len(entry["faults"]) for entry in sandbox.journal] == [3, 3, 2]


def test_a_request_that_is_held_holds_nobody_else(sandbox, ask):
    """Behind the handler everything is done: were a lock still held, the next call would wait for it."""
    created = {"paths": ["@mlflow/experiments/create"]}
    sandbox.fault(effect="delay", layer="handler", when="after", with_={"delay": "24h"}, match=created, times=1)
    met: list[object] = []
    held = threading.Thread(target=lambda: met.append(create(sandbox, ask, "held")))
    held.start()
    while "held" not in experiments(sandbox, ask):
        pass  # answered each time, while the first request is held

    assert create(sandbox, ask, "other") == 200
    assert experiments(sandbox, ask) == {"held", "other"}
    assert [entry["fate"] for entry in sandbox.journal if entry["faults"]] == [None], "it is still on its way"
    sandbox.reset()
    held.join(20)
    assert met != [200]


def test_a_faulty_answer_behind_the_gateway_reaches_the_client_as_it_is(sandbox, ask):
    sandbox.fault(effect="truncate", layer="mlflow", with_={"sent": 3})
    with pytest.raises(Exception, match="IncompleteRead"):
        ask(f"{sandbox.tracking_uri}/no/such/route")

    assert (sandbox.journal[0]["status"], sandbox.journal[0]["answered_bytes"]) == (404, 3)


def test_under_another_server_only_answers_can_be_faults():
    worlds = Worlds(WorldOptions())
    client = create_app(worlds).test_client()
    worlds.get("default").faults.add_all(
        [
            FaultRule.parse({"effect": "reset", "times": 1}),
            FaultRule.parse({"effect": "status", "with": {"status": 418}}),
        ]
    )
    answers = [client.get("/health"), client.get("/health")]
    worlds.close()

    assert [answer.status_code for answer in answers] == [501, 418]
    assert "needs MockServer" in answers[0].get_json()["error"]
    assert GONE not in answers[0].request.environ


def test_what_a_fault_has_broken_is_no_exchange_to_play_back(tmp_path, ask):
    from hokusai_mock import MockServer  # noqa: PLC0415

    with MockServer(record=tmp_path) as server:
        sandbox = server.sandbox("a")
        sandbox.fault(effect="wrong_length", with_={"difference": -1}, times=1)
        statuses = [ask(f"{sandbox.url}/health").status for _ in range(2)]
        written = server.worlds.recorder.write("a")

    assert statuses == [200, 200]
    assert (written.exchanges, written.left_out) == (1, 1)
