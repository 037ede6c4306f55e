"""What the platform remembers is plain data: a snapshot holds it, a new world begins without it."""

from __future__ import annotations

import json

import pytest

from hokusai_mock.platform_state import PlatformState


@pytest.fixture
def busy(platform):
    """A world in which everything has happened that the platform remembers."""
    platform.set(validation_cache_s=60, upstream="refused", warm_up_requests=1)
    impact = f"/api/models/contributors/0x{'a' * 40}/impact"
    platform.ask("GET", impact)
    platform.ask("GET", "/health/mlflow", key=None)
    platform.ask("POST", "/api/v1/models/30/predict", json={"inputs": {}})
    platform.ask("POST", "/api/webhooks/model-registration", json={"a": 1}, key=None)
    platform.ask("POST", "/api/v1/models/21/contributions", json={"data": {}})
    event = dict.fromkeys(("model_name", "version", "token_id", "proposal_identifier", "metric_name"), "x")
    event.update(baseline_value=1, mlflow_run_id="r")
    assert platform.ask("POST", "/api/models/tokenized-registration-events", json=event).status == 200
    return platform


def test_it_survives_json_whole(busy):
    state = busy.state
    for name in PlatformState.__dataclass_fields__:
        assert getattr(state, name) != getattr(PlatformState(), name), f"nothing was remembered as {name}"
    text = json.dumps(state.to_json(), sort_keys=True)
    read = PlatformState.from_json(json.loads(text))
    assert read == state
    assert json.dumps(read.to_json(), sort_keys=True) == text


def test_what_was_put_back_goes_on_where_it_was(busy, make_platform):
    other = make_platform()
    other.set(validation_cache_s=60, auth_service="refused")
    other.world.platform_state = PlatformState.from_json(busy.state.to_json())
    assert other.ask("GET", "/api/v1/models/21/info").status == 200, "the key is still in the cache"
    assert make_platform().state == PlatformState()


def test_another_version_is_refused():
    with pytest.raises(ValueError, match="version 2"):
        PlatformState.from_json({"schema": 2})
