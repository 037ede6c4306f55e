"""`ModelRegistry.get_tokenized_model` and `list_models_by_token`: every version is arranged by raw HTTP."""

from __future__ import annotations

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import arrange_version, token_tags

GET = "ModelRegistry.get_tokenized_model"
LIST = "ModelRegistry.list_models_by_token"
GET_CALL = 'ModelRegistry().get_tokenized_model("lead-scoring")'
LIST_CALL = 'ModelRegistry().list_models_by_token("LSCOR")'
FULL = "full"
PLAYED = ("platform", "scenarios")

test_get_tokenized_model_signature = signature_case(GET, "test_get_tokenized_model_signature")
test_list_models_by_token_signature = signature_case(LIST, "test_list_models_by_token_signature")


@case(GET, call=GET_CALL + '\nget_tokenized_model("lead-scoring", "1")', criteria=("C1", "C6"), level=FULL, writes=True)
def test_tokenized_model_is_read_back(sdk: Sdk, platform: Platform) -> None:
    """Token, metric, value (a float), run and tags are those of the version."""
    name, token = platform.model("lead-scoring"), platform.name("LSCOR").upper()
    run = platform.tracking.create_run()
    tags = {**token_tags(token, "auc", "0.75"), "hokusai.eval_spec": "e-1", "team": "growth"}
    number = arrange_version(platform, name, tags, run_id=run.id)
    model = sdk.ModelRegistry().get_tokenized_model(name, number)
    expect.equal((model.model_name, model.version, model.token_id), (name, number, token), "name, version, token")
    expect.equal((model.metric_name, model.baseline_value), ("auc", 0.75), "metric_name and baseline_value")
    expect.that(isinstance(model.baseline_value, float), "baseline_value is a float", type(model.baseline_value))
    expect.equal((model.eval_spec, model["scorer_ref"]), ("e-1", None), "eval_spec and scorer_ref")
    expect.equal(model.tags.get("team"), "growth", "the tag `team`")


@case(GET, call=GET_CALL, criteria=("C1", "C4"), level=FULL, writes=True)
def test_latest_tokenized_version_without_a_number(sdk: Sdk, platform: Platform) -> None:
    """Without a version it is the latest one that belongs to a token, by number: 10 comes after 9."""
    name = platform.model("lead-scoring")
    numbers = [arrange_version(platform, name, token_tags("LSCOR", value=f"0.{n}")) for n in range(1, 11)]
    arrange_version(platform, name, {"version": "3.0.0"})
    expect.equal(sdk.ModelRegistry().get_tokenized_model(name).version, numbers[-1], "the version")


@case(
    GET,
    call='get_tokenized_model("lead-scoring", "champion")\nget_tokenized_model("lead-scoring", 2)',
    criteria=("C1",),
    level=FULL,
    writes=True,
)
def test_tokenized_version_by_number_and_alias(sdk: Sdk, platform: Platform) -> None:
    """A version is MLflow's number, as a string or an integer, or an alias."""
    name = platform.model("lead-scoring")
    first, second = (arrange_version(platform, name, token_tags("LSCOR")) for _ in range(2))
    platform.tracking.set_alias(name, "champion", first)
    registry = sdk.ModelRegistry()
    expect.equal(registry.get_tokenized_model(name, "champion").version, first, "the version of the alias")
    expect.equal(registry.get_tokenized_model(name, int(second)).version, second, "the version of the number")


@case(GET, call='get_tokenized_model("nothing")', criteria=("C5",), level=FULL, writes=True)
def test_tokenized_model_that_is_not_there(sdk: Sdk, platform: Platform) -> None:
    """An unknown model and an unknown version are ModelNotFoundErrors that name what was asked for."""
    name = platform.model("lead-scoring")
    arrange_version(platform, name, token_tags("LSCOR"))
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming="nothing-like-it"):
        registry.get_tokenized_model("nothing-like-it")
    with expect.raises(sdk, "ModelNotFoundError", naming="77"):
        registry.get_tokenized_model(name, "77")


@case(GET, call='get_tokenized_model("lead-scoring", "1")', criteria=("C5",), level=FULL, writes=True)
def test_version_without_a_token_names_the_tag(sdk: Sdk, platform: Platform) -> None:
    """A version that lacks a token tag is refused with the tag's name; nothing is made up for it."""
    name = platform.model("lead-scoring")
    bare = arrange_version(platform, name, {"version": "1.0.0"})
    half = arrange_version(platform, name, {"hokusai_token_id": "LSCOR", "benchmark_metric": "auc"})
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "RegistryException", naming="hokusai_token_id"):
        registry.get_tokenized_model(name, bare)
    with expect.raises(sdk, "RegistryException", naming="benchmark_value"):
        registry.get_tokenized_model(name, half)


@case(GET, call=GET_CALL, criteria=("C5",), level=FULL, writes=True, needs=PLAYED)
def test_tokenized_model_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises MLflowConnectionError; it is no missing model."""
    name = platform.model("lead-scoring")
    arrange_version(platform, name, token_tags("LSCOR"))
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        registry.get_tokenized_model(name)


@case(LIST, call=LIST_CALL, criteria=("C1", "C6"), level=FULL, writes=True, needs=("fresh",))
def test_models_of_a_token_are_listed(sdk: Sdk, platform: Platform) -> None:
    """Every version of every model that belongs to the token, and no other."""
    token = platform.name("LSCOR").upper()
    one, other = platform.name("one"), platform.name("other")
    arrange_version(platform, one, token_tags(token))
    arrange_version(platform, one, token_tags(token))
    arrange_version(platform, other, token_tags(token))
    arrange_version(platform, other, token_tags("OTHER"))
    found = sdk.ModelRegistry().list_models_by_token(token)
    seen = sorted((model.model_name, model.version) for model in found)
    expect.equal(seen, [(one, "1"), (one, "2"), (other, "1")], "name and version of each")


@case(LIST, call=LIST_CALL, criteria=("C4",), writes=True)
def test_versions_without_token_tags_are_skipped(sdk: Sdk, platform: Platform) -> None:
    """Versions without token tags, or with half of them, are skipped, never fatal: the published SDK dies of one."""
    token, name = platform.name("LSCOR").upper(), platform.model("lead-scoring")
    arrange_version(platform, name, {"version": "1.0.0"})
    arrange_version(platform, name, {"hokusai_token_id": token})
    whole = arrange_version(platform, name, token_tags(token))
    arrange_version(platform, name)
    found = sdk.ModelRegistry().list_models_by_token(token)
    expect.equal([model.version for model in found], [whole], "the versions")


@case(LIST, call='list_models_by_token("lscor")', criteria=("C1",), level=FULL, writes=True)
def test_token_is_found_in_any_case(sdk: Sdk, platform: Platform) -> None:
    """A token id in lower case finds what is stored in upper case."""
    token = platform.name("LSCOR").upper()
    arrange_version(platform, platform.model("lead-scoring"), token_tags(token))
    found = sdk.ModelRegistry().list_models_by_token(token.lower())
    expect.equal([model.token_id for model in found], [token], "the tokens")


@case(LIST, call='list_models_by_token("LSCOR")', criteria=("C1",), level=FULL, writes=True)
def test_token_that_was_stored_in_lower_case_is_found(sdk: Sdk, platform: Platform) -> None:
    """What another tool stored in lower case belongs to the token too, and is told in upper case."""
    token = platform.name("LSCOR").upper()
    arrange_version(platform, platform.model("lead-scoring"), token_tags(token.lower()))
    found = sdk.ModelRegistry().list_models_by_token(token)
    expect.equal([model.token_id for model in found], [token], "the tokens")


@case(
    LIST,
    call='list_models_by_token("NOBODY")',
    criteria=("C4",),
    level=FULL,
)
def test_token_without_models_gives_none(sdk: Sdk, platform: Platform) -> None:
    """A token without models gives an empty list."""
    found = sdk.ModelRegistry().list_models_by_token(platform.name("NOBODY"))
    expect.equal(list(found), [], "the models")


@case(LIST, call='list_models_by_token("LS COR")', criteria=("C5",), level=FULL, needs=("journal",))
def test_list_by_an_invalid_token(sdk: Sdk, platform: Platform) -> None:
    """An invalid token id is refused; no version is asked for."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="token"):
        registry.list_models_by_token("LS' OR name != '")
    expect.nothing_sent(platform, lambda entry: "model-versions" in entry["path"])


@case(LIST, call=LIST_CALL, criteria=("C5",), needs=PLAYED)
def test_list_by_token_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises; it never looks like a token without models."""
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        registry.list_models_by_token("LSCOR")


@case(LIST, call=LIST_CALL, criteria=("C2", "C5"), level=FULL, needs=(*PLAYED, "registry-role"))
def test_list_by_token_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key raises with the incident's code; it never looks like a token without models."""
    registry = sdk.ModelRegistry()
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True):
        registry.list_models_by_token("LSCOR")
