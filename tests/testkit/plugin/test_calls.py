"""A question about a sandbox's calls that cannot be answered is refused: `assert not` would pass for ever."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from hokusai_mock import MockServer
from hokusai_mock.calls import CHOICES
from hokusai_mock.faults import LAYERS
from hokusai_mock.journal import FATES, Journal
from hokusai_mock.redaction import Redactor
from hokusai_mock.sandbox import FIELDS, Calls, Sandbox, ask
from hokusai_testkit import HokusaiSandbox


def journal(**request: Any) -> list[dict[str, Any]]:
    kept = Journal()
    entry = kept.open(0, "POST", "/api/2.0/mlflow/runs/create")
    entry.record_body(b'{"experiment_id": "0"}')
    entry.close(200, 2)
    entry.ended_ns = entry.started_ns + 3_000_000
    return kept.to_json(Redactor())


def asked(*arguments: str, **match: Any) -> Calls:
    return ask(journal(), *arguments, **match)


def test_fields_are_those_of_a_journal_entry() -> None:
    (entry,) = journal()
    assert {"method", "path", *FIELDS} == set(entry)
    for name, (kinds, _) in FIELDS.items():
        assert isinstance(entry[name], kinds) or entry[name] is None, name


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ({"statsu": 200}, r"no field 'statsu'; did you mean 'status'\?"),
        ({"colour": 1}, r"no field 'colour'; there are answered_bytes, auth, body, .*, t$"),
        ({"status": "200"}, "status is a whole number, not '200'"),
        ({"status": True}, "status is a whole number, not True"),
        ({"auth": "admin"}, r"auth is an object .*, not 'admin'"),
        ({"fate": 3}, "fate is text, not 3"),
        ({"faults": "lb_error"}, r"faults is a list .*, not 'lb_error'"),
        ({"body": b"{}"}, r"body is text or a JSON object, not b'{}'"),
        ({"n": None}, "n is a whole number, not None"),
    ],
)
def test_question_that_no_entry_can_answer_is_refused(match: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Sandbox("http://127.0.0.1:1").calls("POST", **match)  # before a request is made: nothing listens there


@pytest.mark.parametrize(
    ("method", "match", "message"),
    [
        ("POST", {"fate": "dropped"}, "fate is one of sent, cut, reset, hung, refused, not 'dropped'"),
        ("POST", {"layer": "gatway"}, "layer is one of .*gateway.*, not 'gatway'"),
        ("PSOT", {}, r"no request has the method 'PSOT'; did you mean 'POST'\?"),
    ],
)
def test_value_that_no_entry_can_have_is_refused(method: str, match: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        asked(method, **match)


def test_methods_of_ones_own_can_be_asked_for() -> None:
    assert len(asked("post", fate="sent")) == 1
    assert not asked("PROPFIND")


def test_values_are_those_that_the_mock_gives_out() -> None:
    assert {"fate": FATES, "layer": LAYERS} == CHOICES


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"timeout": "a while"}, "timeout must be seconds, as a number or as text such as '250ms' or '2s'"),
        ({"count": 0}, "count must be a whole number from 1 up, not 0"),
    ],
)
def test_waiting_for_what_is_no_number_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sandbox("http://127.0.0.1:1").wait_for("POST", **wrong)


@pytest.mark.parametrize("arguments", [("runs/create",), ("/health",)])
def test_path_in_the_place_of_the_method_is_refused(arguments: tuple[str]) -> None:
    with pytest.raises(ValueError, match=rf"'{arguments[0]}' is no method; write calls\(path='{arguments[0]}'\)"):
        asked(*arguments)


@pytest.mark.parametrize("arguments", [(200,), ("POST", 200)])
def test_method_and_path_are_text(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="must be text, not 200"):
        asked(*arguments)


def test_values_that_fit_are_compared() -> None:
    assert asked("post", "runs/create", status=200, fate="sent")
    assert asked(status=HTTPStatus.OK, duration_ms=3)
    assert not asked(status=None)
    assert not asked(status=404)


def test_values_that_decide_themselves_are_left_alone() -> None:
    class Refused:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, status: object) -> bool:
            return isinstance(status, int) and 400 <= status < 500

    assert not asked(status=Refused())


def test_object_is_compared_with_the_json_of_the_body() -> None:
    assert asked(body={"experiment_id": "0"})
    assert asked(body='{"experiment_id": "0"}')
    assert not asked(body={"experiment_id": "1"})


def test_repr_names_the_class_that_it_is() -> None:
    assert repr(HokusaiSandbox("http://127.0.0.1:1", "one")) == "HokusaiSandbox('http://127.0.0.1:1/s/one')"
    assert repr(Sandbox("http://127.0.0.1:1")) == "Sandbox('http://127.0.0.1:1/s/default')"


def test_handle_without_pytest_refuses_it_too() -> None:
    with MockServer() as server, pytest.raises(TypeError, match="did you mean 'status'"):
        server.sandbox("one").calls(statsu=200)
