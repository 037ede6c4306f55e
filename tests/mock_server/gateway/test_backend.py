"""In front of a real MLflow server the platform shows that server's registry; here the server is a plain mock."""

from __future__ import annotations

import pytest

from hokusai_mock import MockServer

API = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def front():
    with MockServer(plain=True, seed=1) as backend, MockServer(backend=backend.url) as server:
        yield server


@pytest.fixture
def scorer(front, ask):
    """A sandbox of the front; the backend has one version of `scorer`."""
    box = front.sandbox("front")
    base = f"{box.tracking_uri}{API}"
    ask(f"{base}/registered-models/create", "POST", json={"name": "scorer"})
    run = ask(f"{base}/runs/create", "POST", json={"experiment_id": "0"}).json["run"]["info"]["run_id"]
    version = {"name": "scorer", "source": f"mlflow-artifacts:/0/{run}/artifacts/model", "run_id": run}
    assert ask(f"{base}/model-versions/create", "POST", json=version).status == 200
    yield box
    assert ask(f"{base}/registered-models/delete", "DELETE", json={"name": "scorer"}).status == 200
    assert box.errors == []


def test_versions_of_the_backend_are_listed_changed_and_deleted(scorer, ask):
    url = f"{scorer.url}/api/models"
    assert [one["name"] for one in ask(f"{url}/").json["models"]] == ["scorer"]
    assert ask(f"{url}/scorer/1", "PATCH", json={"tags": {"team": "growth"}}).status == 200
    assert ask(f"{url}/scorer/1").json["tags"] == {"team": "growth"}
    assert ask(f"{url}/scorer/lineage").json["total_versions"] == 1
    assert ask(f"{url}/scorer/1", "DELETE").status == 200
    assert ask(f"{url}/scorer/1").status == 404


def test_the_health_of_mlflow_is_the_backends(scorer, ask):
    assert ask(f"{scorer.url}/api/health/mlflow", key=None).json["status"] == "ok"
    scorer.fault(layer="mlflow", effect="status", with_={"status": 502, "text": "bad gateway"}, times=1)
    assert ask(f"{scorer.url}/api/health/mlflow", key=None).status == 503
    assert ask(f"{scorer.url}/api/health/mlflow", key=None).status == 200


def test_a_backend_that_is_gone_looks_like_no_models(ask):
    with MockServer(plain=True) as backend:
        url = backend.url
    with MockServer(backend=url) as server:
        assert ask(f"{server.url}/api/models/").json == {"models": []}
        assert ask(f"{server.url}/api/health/mlflow", key=None).status == 503
