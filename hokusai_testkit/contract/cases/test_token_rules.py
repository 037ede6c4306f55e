"""`ModelRegistry`: the rules for token ids and tags, which no server decides."""

from __future__ import annotations

from typing import Any

import pytest

from hokusai_testkit.contract import api, expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import token_tags

VALIDATE = "ModelRegistry.validate_token_id"
NORMALIZE = "ModelRegistry.normalize_token_id"
TAGS = "ModelRegistry.validate_hokusai_tags"
FULL = "full"

test_validate_token_id_signature = signature_case(VALIDATE, "test_validate_token_id_signature")
test_normalize_token_id_signature = signature_case(NORMALIZE, "test_normalize_token_id_signature")
test_validate_hokusai_tags_signature = signature_case(TAGS, "test_validate_hokusai_tags_signature")

INVALID = ["", " ", "-", "-LSCOR", "LSCOR-", "LS COR", "LS_COR", "LSÇOR", "LSCOR\n", "X" * 65]


def _registry(sdk: Sdk) -> api.ModelRegistry:
    return sdk.ModelRegistry()


@case(
    VALIDATE,
    call='ModelRegistry().validate_token_id("LSCOR-2")',
    criteria=("C1", "C6"),
    level=FULL,
)
def test_valid_token_ids(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001 - the registry needs its environment
    """1 to 64 letters, digits and hyphens, no hyphen at the ends, are valid in any case: True."""
    registry = _registry(sdk)
    for token in ("A", "7", "lscor", "LSCOR-2", "a-b-c", "X" * 64):
        expect.equal(registry.validate_token_id(token), True, f"validate_token_id({token!r})")


@pytest.mark.parametrize("token", INVALID, ids=range(len(INVALID)))
@case(VALIDATE, call='validate_token_id("-LSCOR")', criteria=("C5",), level=FULL)
def test_invalid_token_ids(sdk: Sdk, platform: Platform, token: str) -> None:  # noqa: ARG001
    """Anything else is an InvalidParameterError that says so."""
    registry = _registry(sdk)
    with expect.raises(sdk, "InvalidParameterError", naming="Invalid token ID"):
        registry.validate_token_id(token)


@case(VALIDATE, call="validate_token_id(7)", criteria=("C5",), level=FULL)
def test_token_id_that_is_no_text(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001
    """What is no text is an InvalidParameterError, not some error of Python."""
    wrong: Any = _registry(sdk).validate_token_id
    for token in (None, 7, ["LSCOR"]):
        with expect.raises(sdk, "InvalidParameterError"):
            wrong(token)


@case(
    NORMALIZE,
    call='ModelRegistry().normalize_token_id("lscor-2")',
    criteria=("C1", "C6"),
    level=FULL,
)
def test_token_id_is_normalized_to_upper_case(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001
    """The id as it is stored is in upper case; an invalid one is refused."""
    registry = _registry(sdk)
    expect.equal(registry.normalize_token_id("lscor-2"), "LSCOR-2", "normalize_token_id('lscor-2')")
    with expect.raises(sdk, "InvalidParameterError", naming="Invalid token ID"):
        registry.normalize_token_id("-lscor")


@case(TAGS, call="ModelRegistry().validate_hokusai_tags(tags)", criteria=("C1", "C4"))
def test_valid_tags_are_true(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001
    """Valid tags give True (the published SDK gives None); further tags do not matter."""
    registry = _registry(sdk)
    expect.equal(registry.validate_hokusai_tags(token_tags("LSCOR")), True, "the result")
    expect.equal(registry.validate_hokusai_tags({**token_tags("LSCOR"), "team": "g"}), True, "the result with others")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hokusai_token_id", None),
        ("benchmark_metric", None),
        ("benchmark_value", None),
        ("hokusai_token_id", "-"),
        ("benchmark_metric", " "),
        ("benchmark_value", "high"),
        ("benchmark_value", "nan"),
    ],
)
@case(TAGS, call="validate_hokusai_tags(tags)", criteria=("C5",), level=FULL)
def test_wrong_tag_is_named(sdk: Sdk, platform: Platform, name: str, value: str | None) -> None:  # noqa: ARG001
    """A tag that is missing or wrong is a RegistryException that names it."""
    tags = {**token_tags("LSCOR"), name: value}
    if value is None:
        del tags[name]
    registry = _registry(sdk)
    with expect.raises(sdk, "RegistryException", naming=name):
        registry.validate_hokusai_tags(tags)
