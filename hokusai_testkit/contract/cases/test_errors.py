"""Errors: the family, what each error carries, and which one each cause becomes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.api import EXCEPTIONS
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.failures import ContractViolation, describe_exception
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform

ROOT = "HokusaiException"
CALL = 'ModelRegistry(mode="online")  # except HokusaiException'

test_root_signature = signature_case(ROOT, "test_root_signature")
test_authentication_error_signature = signature_case("MLflowAuthenticationError", "test_authentication_error_signature")
test_connection_error_signature = signature_case("MLflowConnectionError", "test_connection_error_signature")
test_model_not_found_signature = signature_case("ModelNotFoundError", "test_model_not_found_signature")
test_notification_error_signature = signature_case("NotificationError", "test_notification_error_signature")
test_rate_limit_error_signature = signature_case("RateLimitError", "test_rate_limit_error_signature")


# -- the family --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXCEPTIONS)
@case(ROOT, call=f"from hokusai.exceptions import {ROOT}, ...", criteria=("C1",), level="full")
def test_family(sdk: Sdk, name: str) -> None:
    """Every documented exception can be imported from both places, is one class, and derives from what is said."""
    found = sdk.exception(name)
    expect.that(sdk.imported("", name) is found, f"hokusai.{name} is hokusai.exceptions.{name}", "they are two classes")
    for base in EXCEPTIONS[name]:
        wanted = sdk.exception(base) if base in EXCEPTIONS else getattr(__import__("builtins"), base)
        expect.that(issubclass(found, wanted), f"{name} is a {base}", [one.__name__ for one in found.__mro__])


NOT_RELATED = [
    ("MLflowAuthenticationError", "HokusaiAuthError"),
    ("RateLimitError", "HokusaiAuthError"),
    ("MLflowConnectionError", "RegistryException"),
]


@pytest.mark.parametrize(("name", "other"), NOT_RELATED)
@case(ROOT, call=f"from hokusai.exceptions import {ROOT}, ...", criteria=("C1",), level="full")
def test_family_is_not_closer_than_documented(sdk: Sdk, name: str, other: str) -> None:
    """What derives from the root directly is not caught by a sibling."""
    expect.that(not issubclass(sdk.exception(name), sdk.exception(other)), f"{name} is no {other}", "it is one")


PLACES = [
    ("core", "RegistryException"),
    ("core", "VersioningException"),
    ("core", "InferenceException"),
    ("core", "ABTestException"),
    ("auth", "HokusaiAuthError"),
    ("auth", "AuthenticationError"),
    ("auth", "AuthorizationError"),
    ("auth", "RateLimitError"),
]


@pytest.mark.parametrize(("place", "name"), PLACES)
@case(ROOT, call=f"from hokusai.core import RegistryException  # a {ROOT}", criteria=("C1",), level="full")
def test_errors_can_be_imported_from_their_areas(sdk: Sdk, place: str, name: str) -> None:
    """`hokusai.core` and `hokusai.auth` give the errors of their areas: the same classes."""
    expect.that(sdk.imported(place, name) is sdk.exception(name), f"{place}.{name} is the same class", "it is another")


@pytest.mark.parametrize("name", EXCEPTIONS)
@case(ROOT, call=f'{ROOT}("...")', criteria=("C5",), level="full")
def test_errors_carry_code_status_remedy_and_url(sdk: Sdk, name: str) -> None:
    """Every error has the four attributes, None when nothing is known, and its message as text."""
    error = sdk.exception(name)("something happened")
    attributes = {key: getattr(error, key, "missing") for key in ("code", "status_code", "remedy", "url")}
    expect.equal(attributes, dict.fromkeys(attributes), "the attributes of an error made from a message alone")
    expect.that("something happened" in str(error), "the message is in the text", str(error))


@case("MLflowAuthenticationError", call='MLflowAuthenticationError("...", 403)', criteria=("C5",), level="full")
def test_authentication_error_has_its_status(sdk: Sdk) -> None:
    """`status_code` is the second argument."""
    expect.equal(sdk.MLflowAuthenticationError("no", 403).status_code, 403, "status_code")


@case("MLflowConnectionError", call='MLflowConnectionError("...", uri)', criteria=("C5",), level="full")
def test_connection_error_has_its_server(sdk: Sdk) -> None:
    """`tracking_uri` is the second argument."""
    expect.equal(sdk.MLflowConnectionError("no", "http://x").tracking_uri, "http://x", "tracking_uri")


@case("ModelNotFoundError", call='ModelNotFoundError(model_name="m", version="1.0.0")', criteria=("C5",), level="full")
def test_model_not_found_says_what_was_asked_for(sdk: Sdk) -> None:
    """The attributes are what was asked for, and the text names it."""
    error: Any = sdk.ModelNotFoundError(model_name="churn", version="1.0.0")
    expect.equal((error.model_id, error.model_name, error.version), (None, "churn", "1.0.0"), "the attributes")
    expect.that("churn" in str(error), "the text names the model", str(error))


@case("NotificationError", call='NotificationError("...", status_code=422)', criteria=("C5",), level="full")
def test_notification_error_says_that_the_model_is_registered(sdk: Sdk) -> None:
    """`mlflow_registered` is True unless said otherwise; status and body are as given."""
    error: Any = sdk.NotificationError("no", status_code=422, response_body="{}")
    expect.equal((error.status_code, error.response_body, error.mlflow_registered), (422, "{}", True), "the attributes")


# -- which error a cause becomes ---------------------------------------------------------------------------------------

AUTHENTICATION, CONNECTION = "MLflowAuthenticationError", "MLflowConnectionError"

CAUSES: dict[str, tuple[str, str | None, int | None]] = {
    "auth.key_invalid": (AUTHENTICATION, "A03", 401),
    "auth.header_stripped": (AUTHENTICATION, "A08", 401),
    "auth.basic_server": (AUTHENTICATION, "A15", 401),
    "auth.service_down": (CONNECTION, "C05", 503),
    "auth.sso_page": (CONNECTION, "A17", 200),
    "perimeter.empty_403": (AUTHENTICATION, "B10", 403),
    "perimeter.waf_block": (AUTHENTICATION, "B14", 403),
    "perimeter.waf_json": (AUTHENTICATION, "B14", 403),
    "route.wrong_mount": (CONNECTION, "B01", 404),
    "route.wrong_host": (CONNECTION, "B01", 404),
    "route.prefix_dropped": (CONNECTION, "B02", 404),
    "route.doubled_path": (CONNECTION, "B03", 404),
    "route.lb_not_found": (CONNECTION, "B04", 404),
    "gateway.upstream_unreachable": (CONNECTION, "C02", 502),
    "gateway.lb_error": (CONNECTION, "C03", 502),
    "limit.auth_service": ("RateLimitError", "C11", 429),
    "net.refuse": (CONNECTION, "D02", None),
    "net.reset": (CONNECTION, "D04", None),
    "net.truncate": (CONNECTION, "D05", None),
    "redirect.cross_host": (AUTHENTICATION, "D10", 401),
    "body.non_json_200": (CONNECTION, "E05", 200),
}


@pytest.mark.parametrize("scenario", CAUSES)
@case(ROOT, call=CALL, criteria=("C2", "C5"), level="full", needs=("scenarios", "platform"))
def test_cause_is_named(sdk: Sdk, platform: Platform, scenario: str) -> None:
    """Each cause becomes its own exception with its code and the status of the wire, a remedy, and no secret."""
    name, code, status = CAUSES[scenario]
    key = platform.api_key
    platform.play(scenario)
    with expect.raises(sdk, name, code=code, status_code=status, remedy=True, unless=key):
        sdk.ModelRegistry(mode="online")


@pytest.mark.parametrize("scenario", ["perimeter.waf_block", "gateway.upstream_unreachable", "body.cut_200"])
@case(ROOT, call=CALL, criteria=("C5",), level="full", needs=("scenarios", "platform"))
def test_error_keeps_its_cause_and_a_clean_address(sdk: Sdk, platform: Platform, scenario: str) -> None:
    """`__cause__` is the original where there was one; `url` is below the platform, without a key or a query."""
    registry = sdk.ModelRegistry(mode="online")
    platform.play(scenario)
    with _caught(sdk, ROOT) as seen:
        sdk.ModelVersionManager(registry).list_versions("contract-nothing")
    (error,) = seen
    expect.that(error.__cause__ is not None, "the original is kept as __cause__", "there is none")
    url = str(error.url)
    expect.that(url.startswith(("http://", "https://")), "url is the address that was asked", url)
    expect.that("?" not in url and "@" not in url and platform.api_key not in url, "url holds no secret", url)


@pytest.mark.parametrize(
    ("scenario", "seconds"),
    [("limit.auth_service", (1, 60)), ("limit.retry_after_date", (1, 3600)), ("limit.retry_after_invalid", None)],
)
@case(
    "RateLimitError",
    call=f"{CALL.replace(ROOT, 'RateLimitError')}",
    criteria=("C5",),
    level="full",
    needs=("scenarios", "platform"),
)
def test_wait_is_in_seconds(sdk: Sdk, platform: Platform, scenario: str, seconds: tuple[int, int] | None) -> None:
    """`retry_after` is read from an integer and from an HTTP date; None when it cannot be read."""
    platform.play(scenario)
    with _caught(sdk, "RateLimitError") as seen:
        for _ in range(3):  # some limits let the first requests pass
            sdk.ModelRegistry(mode="online")
    (error,) = seen
    wait = error.retry_after
    if seconds is None:
        expect.equal(wait, None, "retry_after")
    else:
        least, most = seconds
        expect.that(wait is not None and least <= wait <= most, f"retry_after is from {least} to {most} s", wait)


@case(ROOT, call=CALL, criteria=("C2",), level="full", needs=("scenarios", "platform", "journal"))
def test_key_does_not_follow_a_redirect_to_another_host(sdk: Sdk, platform: Platform) -> None:
    """Where the platform redirects to another host, the key stays behind."""
    platform.play("redirect.cross_host", status=307)
    with expect.raises(sdk, AUTHENTICATION, code="D10"):
        sdk.ModelRegistry(mode="online")


@pytest.mark.parametrize("setting", ["unset", "false"])
@case(
    ROOT,
    call="ModelRegistry()  # except HokusaiException",
    criteria=("C2",),
    level="full",
    needs=("scenarios", "platform"),
)
def test_refusal_is_not_hidden_by_falling_back(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """A 403 raises unless HOKUSAI_OPTIONAL_MLFLOW=true: it never looks like an outage."""
    if setting != "unset":
        monkeypatch.setenv("HOKUSAI_OPTIONAL_MLFLOW", setting)
    platform.play("perimeter.waf_block")
    with expect.raises(sdk, AUTHENTICATION, code="B14", status_code=403):
        sdk.ModelRegistry()


@contextlib.contextmanager
def _caught(sdk: Sdk, name: str) -> Iterator[list[Any]]:
    """Demand that the block raises `<sdk>.exceptions.<name>`, and keep it."""
    wanted, seen = sdk.exception(name), list[Any]()
    try:
        yield seen
    except wanted as error:
        seen.append(error)
        return
    except Exception as problem:
        raise ContractViolation("wrong-error", expected=name, actual=describe_exception(problem)) from problem
    raise ContractViolation("wrong-error", expected=name, actual="no exception was raised")
