# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import json
import os
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from killed_tokenized import kill_everywhere
from killing import Nursery

from hokusai import ModelRegistry
from hokusai.core import TokenizedModel
from hokusai.exceptions import (
    ConfigurationError,
    InvalidParameterError,
    ModelNotFoundError,
    NotificationError,
    RegistryException,
)
from hokusai_mock import MockServer, Sandbox

EVENTS = "*/tokenized-registration-events"


@pytest.fixture
def run_id(registry: ModelRegistry) -> str:
    """A run on the platform, without any artifact: registering for a token does not look for one."""
    backend = registry._backend
    with backend.calling("make a run"):
        return str(backend.client.create_run("0").info.run_id)


def register(registry: ModelRegistry, run_id: str, name: str = "lead", **more: Any) -> TokenizedModel:
    return registry.register_tokenized_model(f"runs:/{run_id}/model", name, "LSCOR", "accuracy", 0.85, **more)


def events(platform: Sandbox) -> list[dict[str, Any]]:
    return [json.loads(call["body"]) for call in platform.calls("POST", EVENTS)]


def state(registry: ModelRegistry, name: str = "lead") -> str | None:
    return registry.get_tokenized_model(name).event_state


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery("killed_tokens") as started:
        yield started


# -- the event again -------------------------------------------------------------------------------------------------


def test_another_process_sends_a_refused_event_again(
    registry: ModelRegistry, platform: Sandbox, run_id: str, nursery: Nursery
) -> None:
    platform.settings(publisher="failing")
    with pytest.raises(NotificationError):
        register(registry, run_id, eval_spec="e-1", api_schema={"a": 1}, additional_tags={"ticker": "P"})
    platform.settings(publisher="up")

    assert nursery.run("killed_tokens:renotify", env=platform.env).value == {"version": "1", "state": "sent"}

    first, second = events(platform)
    assert first == second
    assert state(registry) == "sent"
    assert len(registry.list_models_by_type("lead")) == 1


@pytest.mark.parametrize(
    ("point", "sent"),
    [
        ("answered POST */registered-models/create", 1),
        ("answered POST */model-versions/create", 1),
        ("before POST */model-versions/set-tag", 1),
        ("before POST */tokenized-registration-events", 1),
        ("with half of POST */tokenized-registration-events", 1),
        ("answered POST */tokenized-registration-events", 2),  # nobody can know that it had arrived
    ],
)
def test_a_registration_that_was_killed_is_single_and_its_event_sent_after_the_same_call(  # noqa: PLR0917 - fixtures
    registry: ModelRegistry, platform: Sandbox, run_id: str, nursery: Nursery, point: str, sent: int
) -> None:
    env = {**platform.env, "HOKUSAI_LOCAL_STORE": os.environ["HOKUSAI_LOCAL_STORE"]}
    assert nursery.run("killed_tokens:register", {"run_id": run_id}, env=env, kill_at=point).killed

    again = nursery.run("killed_tokens:register", {"run_id": run_id}, env=env)

    assert again.value == {"version": "1", "state": "sent"}
    assert len(registry.list_models_by_type("lead")) == 1
    arrived = [call for call in platform.calls("POST", EVENTS) if call["status"] == 200]
    assert [json.loads(call["body"])["version"] for call in arrived] == ["1"] * sent
    assert state(registry) == "sent"


@pytest.mark.slow
def test_a_registration_killed_at_any_point_is_whole_after_the_same_call(
    sandbox: Sandbox, platform: Sandbox, nursery: Nursery, tmp_path: Path
) -> None:
    assert kill_everywhere(nursery, sandbox, tmp_path / "store").wrong == []


def test_an_event_killed_before_it_was_whole_is_completed_by_renotify(
    registry: ModelRegistry, platform: Sandbox, run_id: str, nursery: Nursery
) -> None:
    """The number is not yet in the kept event then: it is the version's own."""
    point = "answered POST */model-versions/create"
    assert nursery.run("killed_tokens:register", {"run_id": run_id}, env=platform.env, kill_at=point).killed
    assert json.loads(registry.get_tokenized_model("lead").tags["hokusai.event"])["version"] == ""

    registry.renotify("lead")

    assert [event["version"] for event in events(platform)] == ["1"]
    assert json.loads(registry.get_tokenized_model("lead").tags["hokusai.event"])["version"] == "1"


def test_a_result_of_another_version_than_the_one_asked_for_is_refused(registry: ModelRegistry, run_id: str) -> None:
    result = register(registry, run_id, notify_site=False)
    with pytest.raises(InvalidParameterError, match="version='2'"):
        registry.renotify(result, "2")


@pytest.mark.parametrize("kept", ["not json", "[]"])
def test_a_damaged_event_is_refused_by_its_tag(
    registry: ModelRegistry, platform: Sandbox, run_id: str, kept: str
) -> None:
    register(registry, run_id, notify_site=False)
    registry.update_model_tags("lead", "1", {"hokusai.event": kept})
    with pytest.raises(RegistryException, match=r"hokusai\.event"):
        registry.renotify("lead", "1")
    assert events(platform) == []


# -- what the platform answers ---------------------------------------------------------------------------------------


def test_a_state_that_cannot_be_noted_is_told_and_the_event_counts(
    registry: ModelRegistry, platform: Sandbox, run_id: str
) -> None:
    platform.fault(
        layer="edge",
        effect="status",
        match={"methods": ["POST"], "paths": ["*/model-versions/set-tag"]},
        after=1,
        **{"with": {"status": 403, "json": {"detail": "no more tags"}}},
    )
    with pytest.warns(RuntimeWarning, match=r"is sent, but this could not be noted in its tag hokusai\.event_state"):
        result = register(registry, run_id)
    assert result.event_emitted is True


def test_a_registration_whose_tags_cannot_be_written_is_told_as_what_it_is(
    registry: ModelRegistry, platform: Sandbox, run_id: str
) -> None:
    """The version is there and its event arrived: an error would say that neither is."""
    platform.fault(
        layer="edge",
        effect="status",
        match={"methods": ["POST"], "paths": ["*/model-versions/set-tag"]},
        times=2,
        **{"with": {"status": 403, "json": {"detail": "no more tags"}}},
    )
    with pytest.warns(RuntimeWarning, match="could not be noted") as told:
        result = register(registry, run_id)
    assert len(told) == 2
    assert (result.version, result.event_emitted) == ("1", True)
    assert state(registry) == "pending"
    assert registry.renotify("lead").event_state == state(registry) == "sent"


def test_a_key_in_the_answer_stays_out_of_the_error(registry: ModelRegistry, platform: Sandbox, run_id: str) -> None:
    platform.fault(
        layer="edge",
        effect="status",
        match={"paths": [EVENTS]},
        **{"with": {"status": 400, "json": {"detail": f"bad key {platform.api_key}"}}},
    )
    with pytest.raises(NotificationError) as caught:
        register(registry, run_id)
    assert platform.api_key not in f"{caught.value!r} {caught.value} {caught.value.response_body} {caught.value.result}"
    assert "bad key ***" in str(caught.value.response_body)


def test_a_refused_field_is_named(registry: ModelRegistry, platform: Sandbox, run_id: str) -> None:
    platform.fault(
        layer="edge",
        effect="status",
        match={"paths": [EVENTS]},
        **{
            "with": {
                "status": 422,
                "json": {"detail": [{"type": "x", "loc": ["body", "metric_name"], "msg": "unknown metric"}]},
            }
        },
    )
    with pytest.raises(NotificationError, match="metric_name: unknown metric") as caught:
        register(registry, run_id)
    assert caught.value.status_code == 422
    assert state(registry) == "refused"


def test_a_connection_that_is_never_made_leaves_the_event_pending(
    registry: ModelRegistry, platform: Sandbox, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent, so the site cannot have it: that is not `unknown`."""
    from hokusai.core import _notifying

    real = _notifying.event_url
    closed = "http://127.0.0.1:9/api/models/tokenized-registration-events"
    monkeypatch.setattr(_notifying, "event_url", lambda *arguments: closed if real(*arguments) else "")
    with pytest.raises(NotificationError) as caught:
        register(registry, run_id)
    assert (caught.value.code, caught.value.status_code) == ("D02", None)
    assert caught.value.__cause__ is not None
    assert state(registry) == "pending"


@pytest.fixture
def dripping() -> Iterator[str]:
    """The address of a server that says yes to any event, a byte at a time: each read is quick, the whole is not."""
    body, stop = json.dumps({"event_emitted": True}).encode(), threading.Event()

    class Drip(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in body:
                if stop.wait(0.1):
                    return
                self.wfile.write(bytes([byte]))

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Drip) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        stop.set()
        server.shutdown()
        thread.join()


def test_an_answer_that_drips_in_is_given_up_in_time(platform: Sandbox, dripping: str, run_id: str) -> None:
    registry = ModelRegistry(platform.tracking_uri, platform.api_key, dripping, mode="online")
    with pytest.raises(NotificationError, match="The site may have it"):
        register(registry, run_id, notification_timeout=0.5)
    assert state(registry) == "unknown"


# -- where it is registered ------------------------------------------------------------------------------------------


def test_threads_that_register_at_once_make_a_version_and_an_event_each(
    registry: ModelRegistry, platform: Sandbox, run_id: str
) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: register(registry, run_id), range(6)))
    assert sorted(int(result.version) for result in made) == [1, 2, 3, 4, 5, 6]
    assert sorted(int(event["version"]) for event in events(platform)) == [1, 2, 3, 4, 5, 6]
    assert {model.event_state for model in registry.list_models_by_token("LSCOR")} == {"sent"}


def test_all_pages_are_read(
    registry: ModelRegistry, platform: Sandbox, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai.core import _versions

    for number in range(5):
        register(registry, run_id, f"lead-{number}", notify_site=False)
    before = len(platform.calls("GET", "*/model-versions/search"))
    monkeypatch.setattr(_versions, "_PAGE", 2)

    found = registry.list_models_by_token("LSCOR")

    assert [model.model_name for model in found] == [f"lead-{number}" for number in range(5)]
    assert len(platform.calls("GET", "*/model-versions/search")) - before == 3


def test_a_plain_server_needs_no_key_unless_the_site_shall_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with MockServer(plain=True, seed=11) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.sandbox().tracking_uri)
        registry = ModelRegistry(mode="online")
        run = registry._backend.client.create_run("0").info.run_id
        with pytest.raises(ConfigurationError, match="notify_site=False") as caught:
            register(registry, run)
        assert caught.value.code == "A01"
        assert server.sandbox().calls("POST", "*/model-versions/create") == []
        assert register(registry, run, notify_site=False).event_state == "pending"
        assert registry.delete_model_version("lead/1") is True


def test_local_mode_keeps_the_event_and_sends_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", "true")
    registry = ModelRegistry()
    run = registry._backend.client.create_run("0").info.run_id
    result = register(registry, run)
    assert (result.version, result.event_emitted, result.site_status_update) == ("1", False, "skipped")
    assert registry.renotify(result).event_state == "pending"
    assert registry.list_models_by_token("lscor")[0].mlflow_run_id == run
    assert registry.delete_model_version("lead/1") is True
    with pytest.raises(ModelNotFoundError):
        registry.get_tokenized_model("lead")


def test_a_logged_model_of_3_x_is_registered_with_its_run(registry: ModelRegistry, platform: Sandbox) -> None:
    client = registry._backend.client
    if not hasattr(client, "create_logged_model"):
        pytest.skip("this MLflow client knows no logged models")
    with registry._backend.calling("log a model"):
        run = client.create_run("0").info.run_id
        with_run = client.create_logged_model("0", source_run_id=run)
        without = client.create_logged_model("0")
    result = registry.register_tokenized_model(f"models:/{with_run.model_id}", "lead", "LSCOR", "auc", 1)
    assert result.mlflow_run_id == run
    with pytest.raises(InvalidParameterError, match="belongs to no run") as caught:
        registry.register_tokenized_model(f"models:/{without.model_id}", "lead", "LSCOR", "auc", 1)
    assert caught.value.code == "G10"
    assert len(platform.calls("POST", "*/model-versions/create")) == 1


def test_an_event_too_large_for_an_old_server_registers_no_version(
    platform: Sandbox, registry: ModelRegistry, run_id: str
) -> None:
    platform.use_profile(mlflow="mlflow-2.9")
    with pytest.raises(RegistryException) as caught:
        register(registry, run_id, api_schema={"text": "x" * 6000})
    assert (caught.value.code, caught.value.status_code) == ("E03", 400)
    assert registry.list_models_by_type("lead") == []
    assert events(platform) == []


def test_an_event_that_no_server_takes_is_refused_at_once(registry: ModelRegistry, platform: Sandbox) -> None:
    with pytest.raises(InvalidParameterError, match="api_schema"):
        register(registry, "0" * 32, api_schema={"text": "x" * 100_001})
    assert platform.calls("POST") == []


def test_a_registration_that_broke_off_is_gone_on_with(registry: ModelRegistry, platform: Sandbox, run_id: str) -> None:
    platform.fault(
        layer="edge",
        effect="status",
        match={"methods": ["POST"], "paths": ["*/model-versions/create"]},
        times=1,
        **{"with": {"status": 503, "html": "load-balancer"}},
    )
    with pytest.raises(Exception, match="same call again"):
        register(registry, run_id)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert register(registry, run_id).version == "1"
    assert len(events(platform)) == 1


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_the_event_goes_by_the_tls_settings_of_mlflow(
    registry: ModelRegistry, platform: Sandbox, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to the same server as MLflow's calls: what lets those through must let the event through."""
    pytest.importorskip("trustme")
    for name, value in platform.scenario("tls.unknown_ca").items():
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    over_tls = ModelRegistry(mode="online")
    assert over_tls.tracking_uri.startswith("https://")
    assert register(over_tls, run_id).event_emitted is True
