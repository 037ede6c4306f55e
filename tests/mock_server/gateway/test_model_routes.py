"""Model routes: a view of what is in MLflow, with the outcomes of the real service."""

from __future__ import annotations

import pytest

from hokusai_mock.messages import Response

MLFLOW = "/api/mlflow/api/2.0/mlflow"


def down(request):
    return Response.text("<html>Bad Gateway</html>", 502, "text/html")


@pytest.fixture
def without_mlflow(make_platform):
    return make_platform(mlflow=down)


def test_a_version_that_was_registered_with_mlflow_shows_up(platform):
    platform.model("scorer", 2, team="growth")
    platform.model("other")
    listed = platform.ask("GET", "/api/models/").json["models"]
    assert sorted((one["name"], one["version"]) for one in listed) == [("other", "1"), ("scorer", "1"), ("scorer", "2")]
    mine = platform.ask("GET", "/models/?name=scorer").json["models"]
    assert {one["name"] for one in mine} == {"scorer"}
    assert mine[0]["tags"] == {"team": "growth"}
    assert mine[0]["created_at"] == platform.world.clock.now_ms()


def test_names_with_quotes_are_looked_for_as_they_are(platform):
    platform.model("it's")
    assert len(platform.ask("GET", "/api/models/?name=it%27s").json["models"]) == 1


def test_one_version(platform):
    platform.model("scorer", team="growth")
    assert platform.ask("GET", "/api/models/scorer/1").json == {
        "name": "scorer",
        "version": "1",
        "status": "READY",
        "description": None,
        "tags": {"team": "growth"},
    }


@pytest.mark.parametrize("path", ["scorer/9", "nobody/1", "scorer/latest"])
def test_whatever_fails_about_one_version_is_not_found(platform, path):
    platform.model("scorer")
    answer = platform.ask("GET", f"/api/models/{path}")
    assert (answer.status, answer.json) == (404, {"detail": f"Model not found: {path.replace('/', ':')}"})


def test_an_outage_of_mlflow_looks_like_no_models(without_mlflow):
    assert without_mlflow.ask("GET", "/api/models/").json == {"models": []}
    assert without_mlflow.ask("GET", "/api/models/production").json == {"models": []}
    assert without_mlflow.ask("GET", "/api/models/scorer/1").status == 404
    lineage = without_mlflow.ask("GET", "/api/models/scorer/lineage")
    assert (lineage.status, lineage.json) == (500, {"detail": "Failed to retrieve model lineage"})
    for method, path in (("PATCH", "scorer/1"), ("DELETE", "scorer/1"), ("POST", "scorer/1/transition")):
        assert without_mlflow.ask(method, f"/api/models/{path}", json={"description": "x"}).status == 500


def test_a_version_is_described_tagged_and_deleted_by_any_valid_key(platform):
    platform.model("scorer")
    reader = {"key": "hk_test_reader"}
    changed = platform.ask("PATCH", "/api/models/scorer/1", json={"description": "d", "tags": {"a": "b"}}, **reader)
    assert changed.json == {"message": "Model updated successfully"}
    known = platform.ask("GET", "/api/models/scorer/1").json
    assert (known["description"], known["tags"]) == ("d", {"a": "b"})
    gone = platform.ask("DELETE", "/api/models/scorer/1", **reader)
    assert gone.json == {"message": "Model scorer:1 deleted successfully"}
    assert platform.ask("GET", "/api/models/scorer/1").status == 404


def test_deleting_works_where_the_gateway_drops_the_body_of_mlflows_own_delete(observed):
    observed.model("scorer")
    lost = observed.ask("DELETE", f"{MLFLOW}/model-versions/delete", json={"name": "scorer", "version": "1"})
    assert lost.status == 400
    assert observed.ask("DELETE", "/api/models/scorer/1").status == 200


def test_a_transition_sets_an_alias_and_a_tag_and_no_stage(platform):
    platform.model("scorer", 2)
    assert platform.ask("POST", "/api/models/scorer/2/transition", json={}).status == 200
    version = platform.ask("GET", f"{MLFLOW}/registered-models/alias?name=scorer&alias=production").json
    assert (version["model_version"]["version"], version["model_version"]["current_stage"]) == ("2", "None")
    (listed,) = platform.ask("GET", "/api/models/production").json["models"]
    assert (listed["version"], listed["tags"]) == ("2", {"lifecycle_stage": "Production"})


def test_the_lineage_of_a_model_by_its_name(platform):
    for accuracy in (0.8, 0.85):
        run_id = platform.model("scorer", is_baseline="true" if accuracy == 0.8 else "false", contributor="ada")
        metric = {"run_id": run_id, "key": "accuracy", "value": accuracy, "timestamp": 1}
        assert platform.ask("POST", f"{MLFLOW}/runs/log-metric", json=metric).status == 200
    answer = platform.ask("GET", "/api/models/scorer/lineage").json
    assert (answer["model_id"], answer["total_versions"], answer["latest_version"]) == ("scorer", 2, "2")
    first, second = answer["lineage"]
    assert (first["is_baseline"], first["metrics"], first["contributor"]) == (True, {"accuracy": 0.8}, "ada")
    assert "cumulative_improvement" not in first
    assert (second["is_baseline"], second["cumulative_improvement"]) == (False, {"accuracy": 0.05})


def test_there_is_no_lineage_of_an_unknown_name(platform):
    answer = platform.ask("GET", "/api/models/nobody/lineage")
    assert (answer.status, answer.json) == (404, {"detail": "Model nobody not found"})


def test_a_version_without_a_run_breaks_the_lineage_of_the_observed_era_alone(platform, observed):
    for one, status in ((platform, 200), (observed, 500)):
        one.model("scorer", run=False)
        assert one.ask("GET", "/api/models/scorer/lineage").status == status


def test_registering_from_data_works_as_documented_and_never_in_the_observed_era(platform, observed):
    body = {"model_name": "mine", "model_type": "ranking", "model_data": {"weights": [1]}, "metadata": {"a": 1}}
    made = platform.ask("POST", "/api/models/register", json=body)
    assert (made.status, made.json["model_id"]) == (201, "hokusai_ranking_baseline/1")
    assert platform.ask("POST", "/api/models/register", json=body).json["version"] == "2"
    assert platform.ask("GET", "/api/models/hokusai_ranking_baseline/lineage").json["total_versions"] == 2
    refused = observed.ask("POST", "/api/models/register", json=body)
    assert (refused.status, refused.json) == (500, {"detail": "Failed to register model"})


@pytest.mark.parametrize(
    ("address", "status"), [("0x" + "aB" * 20, 200), ("0x" + "a" * 39, 400), ("a" * 42, 400), ("0x" + "g" * 40, 400)]
)
def test_the_impact_of_an_address_is_always_zero(platform, address, status):
    answer = platform.ask("GET", f"/api/models/contributors/{address}/impact")
    assert answer.status == status
    if status == 400:
        assert answer.json == {"detail": "Invalid Ethereum address format"}
    else:
        assert (answer.json["address"], answer.json["total_models_improved"]) == (address, 0)


def test_comparing_wants_names_with_versions(platform):
    answer = platform.ask("GET", "/api/models/compare?model1=a:1&model2=b")
    assert (answer.status, answer.json) == (400, {"detail": "Invalid model format. Use ModelName:Version"})
    assert platform.ask("GET", "/api/models/compare?model1=a:1&model2=b:2").status == 200
    missing = platform.ask("GET", "/api/models/compare?model1=a:1")
    assert missing.detail == [{"type": "missing", "loc": ["query", "model2"], "msg": "Field required", "input": None}]


def test_what_the_platform_asks_mlflow_is_not_in_the_journal(platform):
    before = platform.world.journal.counters["requests"]
    platform.ask("GET", "/api/models/")
    assert platform.world.journal.counters["requests"] == before
