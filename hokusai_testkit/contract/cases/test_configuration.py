"""Configuration: one resolver for every class, its precedence, and what it refuses before anything is sent."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS, Sdk
from hokusai_testkit.contract.targets import Platform

UNKNOWN = "hk_test_unknown"
"""A key that no platform knows: whoever sends it is refused (A03)."""

test_setup_signature = signature_case("setup", "test_setup_signature")
test_configure_signature = signature_case("configure", "test_configure_signature")
test_init_signature = signature_case("init", "test_init_signature")
test_hokusai_auth_signature = signature_case("HokusaiAuth", "test_hokusai_auth_signature")


@pytest.fixture(autouse=True)
def unset_afterwards(sdk: Sdk) -> Iterator[None]:
    """Take back what `setup()` set: it belongs to the process, and the cases share one."""
    yield
    forget: Any = getattr(sdk.module, "setup", None)
    with contextlib.suppress(Exception):
        forget()


def _works(sdk: Sdk, platform: Platform, **arguments: Any) -> None:
    """Demand that a registry made with `arguments` speaks to the platform with its key."""
    registry = sdk.ModelRegistry(mode="online", **arguments)
    sdk.ModelVersionManager(registry).list_versions("contract-nothing")
    expect.authenticated_with_one_key(platform)


def _check_imports(sdk: Sdk, name: str) -> None:
    found = [sdk.imported(place, name) for place in DOCUMENTED_IMPORTS[name]]
    expect.equal(len({id(one) for one in found}), 1, f"the number of different things called {name}")


@pytest.mark.parametrize("name", ["setup", "configure", "init"])
@case("setup", call="from hokusai import setup, configure, init", criteria=("C1",), level="full")
def test_setup_imports(sdk: Sdk, name: str) -> None:
    """The three names of the function can be imported, and are one function."""
    expect.that(sdk.imported("", name) is sdk.imported("", "setup"), "the three names are one function", name)


@pytest.mark.parametrize("name", ["HokusaiAuth", "AuthenticatedClient", "AuthConfig", "AuthenticationError"])
@case("HokusaiAuth", call="from hokusai.auth import HokusaiAuth, ...", criteria=("C1",), level="full")
def test_auth_imports(sdk: Sdk, name: str) -> None:
    """Every name that is documented for `hokusai.auth` can be imported from there."""
    sdk.imported("auth", name)
    _check_imports(sdk, "HokusaiAuth")


# -- precedence --------------------------------------------------------------------------------------------------------


def _by(sdk: Sdk, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(sdk, name)
    return found


@pytest.mark.parametrize("way", ["position", "name"])
@case("setup", call='setup(api_key="...", api_endpoint="...")', criteria=("C1", "C2"), needs=("journal", "platform"))
def test_setup_outranks_the_environment(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """What `setup` was given wins over HOKUSAI_API_KEY and HOKUSAI_API_ENDPOINT."""
    key, endpoint = platform.api_key, platform.api_endpoint
    monkeypatch.setenv("HOKUSAI_API_KEY", UNKNOWN)
    monkeypatch.setenv("HOKUSAI_API_ENDPOINT", "http://127.0.0.1:9/api")
    _clear(monkeypatch, "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN")
    if way == "position":
        sdk.setup(key, endpoint)
    else:
        sdk.setup(api_key=key, api_endpoint=endpoint)
    _works(sdk, platform)


@case("configure", call='configure(api_key="...")', criteria=("C1",), level="full", needs=("journal", "platform"))
def test_configure_sets_the_key(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """`configure` does what `setup` does."""
    _clear(monkeypatch, "HOKUSAI_API_KEY", "MLFLOW_TRACKING_TOKEN")
    sdk.configure(api_key=platform.api_key)
    _works(sdk, platform)


@case("init", call='init(api_key="...")', criteria=("C1", "C4"), level="full", needs=("journal", "platform"))
def test_init_sets_the_key(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """`init` does what `setup` does."""
    _clear(monkeypatch, "HOKUSAI_API_KEY", "MLFLOW_TRACKING_TOKEN")
    sdk.init(api_key=platform.api_key)
    _works(sdk, platform)


@case("ModelRegistry", call='ModelRegistry(api_key="...")', criteria=("C2",), needs=("journal", "platform"))
def test_argument_outranks_setup_and_environment(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key given as an argument wins over `setup` and the environment."""
    key = platform.api_key
    monkeypatch.setenv("HOKUSAI_API_KEY", UNKNOWN)
    sdk.setup(api_key=UNKNOWN)
    _works(sdk, platform, api_key=key)


@case("HokusaiAuth", call='ModelRegistry(auth=HokusaiAuth("..."))', criteria=("C2",), needs=("journal", "platform"))
def test_auth_object_outranks_the_environment(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key and endpoint of a `HokusaiAuth` win over those of the environment."""
    auth = sdk.HokusaiAuth(api_key=platform.api_key, api_endpoint=platform.api_endpoint)
    monkeypatch.setenv("HOKUSAI_API_KEY", UNKNOWN)
    monkeypatch.setenv("HOKUSAI_API_ENDPOINT", "http://127.0.0.1:9/api")
    _clear(monkeypatch, "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN")
    _works(sdk, platform, auth=auth)


FILES = ("home/.hokusai/config", ".hokusai", "hokusai.ini")


@pytest.mark.parametrize("first", FILES)
@case("ModelRegistry", call="# hokusai.ini\nModelRegistry()", criteria=("C2",), level="full", needs=("platform",))
def test_first_file_that_exists_gives_the_key(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Without argument, `setup` and environment the key comes from the first of the three files that exists."""
    later = FILES[FILES.index(first) + 1 :]
    for path, key in ((first, platform.api_key), *((path, UNKNOWN) for path in later)):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(f"[default]\napi_key = {key}\napi_endpoint = {platform.api_endpoint}\n")
    _clear(monkeypatch, "HOKUSAI_API_KEY", "HOKUSAI_API_ENDPOINT", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN")
    sdk.ModelRegistry(mode="online")


@case("ModelRegistry", call="# hokusai.ini\nModelRegistry()", criteria=("C2",), level="full", needs=("platform",))
def test_environment_outranks_the_file(sdk: Sdk, platform: Platform) -> None:
    """HOKUSAI_API_KEY wins over a configuration file."""
    Path("hokusai.ini").write_text(f"[default]\napi_key = {UNKNOWN}\napi_endpoint = http://127.0.0.1:9/api\n")
    sdk.ModelRegistry(mode="online")
    expect.that(os.environ["HOKUSAI_API_KEY"] == platform.api_key, "the environment is left as it was", "it is not")


@case("ModelRegistry", call='ModelRegistry("http://...")', criteria=("C2",), level="full", needs=("platform",))
def test_tracking_uri_argument_outranks_its_variable(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tracking URI given as an argument wins over MLFLOW_TRACKING_URI, which stays as it is."""
    uri = platform.tracking_uri
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    sdk.ModelRegistry(uri, mode="online")
    expect.equal(os.environ["MLFLOW_TRACKING_URI"], "http://127.0.0.1:9", "MLFLOW_TRACKING_URI afterwards")


# -- what is refused ---------------------------------------------------------------------------------------------------

UNUSABLE = {
    "newline": "hk_test_unclean\n",
    "quotes": '"hk_test_unclean"',
    "apostrophes": "'hk_test_unclean'",
    "byte-order-mark": "\ufeffhk_test_unclean",
    "blank": "hk_test_unclean ",
    "no-break-space": "hk_test_unclean\u00a0",
}


@pytest.mark.parametrize("fault", UNUSABLE)
@case("ModelRegistry", call='ModelRegistry(api_key="...")', criteria=("C2", "C5"), level="full", needs=("journal",))
def test_unusable_key_is_refused(sdk: Sdk, platform: Platform, fault: str) -> None:
    """A key that cannot be sent, or would be another one on the wire, is refused (A14) and never printed."""
    with expect.raises(sdk, "ConfigurationError", code="A14", remedy=True, unless="hk_test_unclean"):
        sdk.ModelRegistry(api_key=UNUSABLE[fault], mode="online")
    expect.nothing_sent(platform)


@pytest.mark.parametrize("fault", ["newline", "quotes"])
@case("ModelRegistry", call="# HOKUSAI_API_KEY\nModelRegistry()", criteria=("C2", "C5"), needs=("journal",))
def test_unusable_key_of_the_environment_is_refused(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The refusal of a key from the environment names the variable, not the key."""
    monkeypatch.setenv("HOKUSAI_API_KEY", UNUSABLE[fault])
    with expect.raises(sdk, "ConfigurationError", code="A14", naming="HOKUSAI_API_KEY", unless="hk_test_unclean"):
        sdk.ModelRegistry(mode="online")
    expect.nothing_sent(platform)


@case("setup", call='setup(api_key="...")', criteria=("C5",), level="full", needs=("platform",))
def test_key_that_setup_refuses_is_not_set(sdk: Sdk, platform: Platform) -> None:
    """After `setup` refused a key, what held before holds."""
    with expect.raises(sdk, "ConfigurationError", code="A14", unless="hk_test_unclean"):
        sdk.setup(api_key=UNUSABLE["newline"])
    expect.that(platform.api_key, "the platform has a key", None)
    sdk.ModelRegistry(mode="online")


ADDRESSES = {
    "registry.hokus.ai/api/mlflow": "B08",
    "127.0.0.1:5000": "B08",
    "http//registry.hokus.ai": "B08",
    "https:/registry.hokus.ai": "B08",
    "htps://registry.hokus.ai": "B08",
    "https://someone:hk_test_unclean@registry.hokus.ai/api/mlflow": "A12",
    "http://127.0.0.1:5000/#/experiments/1": "B03",
}
_ADDRESS_NAMES = ["no_scheme", "host_and_port", "no_colon", "one_slash", "misspelt_scheme", "login", "page"]
"""Ids of cases stand in results and are compared between runs: an address with a login would be redacted there."""


@pytest.mark.parametrize("address", ADDRESSES, ids=_ADDRESS_NAMES)
@case("ModelRegistry", call='ModelRegistry("...")', criteria=("C5",), level="full")
def test_address_that_cannot_work_is_refused(sdk: Sdk, platform: Platform, address: str) -> None:
    """A tracking URI without a scheme, with a login or with a fragment is refused, and no folder is made."""
    before = sorted(path.name for path in Path().iterdir())
    with expect.raises(sdk, "ConfigurationError", code=ADDRESSES[address], remedy=True, unless="hk_test_unclean"):
        sdk.ModelRegistry(address, api_key=platform.api_key, mode="online")
    expect.equal(sorted(path.name for path in Path().iterdir()), before, "the files in the working directory")


@pytest.mark.usefixtures("platform")
@case("ModelRegistry", call="# MLFLOW_TRACKING_URI\nModelRegistry()", criteria=("C5",))
def test_address_without_a_scheme_in_the_environment_is_refused(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLFLOW_TRACKING_URI without a scheme, which MLflow takes for a folder, is refused by name (B08)."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "registry.hokus.ai/api/mlflow")
    with expect.raises(sdk, "ConfigurationError", code="B08", naming="MLFLOW_TRACKING_URI", remedy=True):
        sdk.ModelRegistry(mode="online")


@pytest.mark.usefixtures("platform")
@case("ModelRegistry", call='ModelRegistry(api_endpoint="http://...")', criteria=("C2",), level="full")
def test_key_is_not_sent_over_plain_http(sdk: Sdk) -> None:
    """A key is refused to travel over plain http to another machine."""
    with expect.raises(sdk, "ConfigurationError", remedy=True, unless=UNKNOWN):
        uri = "http://registry.example/api"
        sdk.ModelRegistry(f"{uri}/mlflow", api_key=UNKNOWN, api_endpoint=uri, mode="online")


@pytest.mark.parametrize("variable", ["HOKUSAI_MOCK_MODE", "HOKUSAI_OPTIONAL_MLFLOW"])
@pytest.mark.parametrize("word", ["maybe", "2", "enabled"])
@case("ModelRegistry", call="# HOKUSAI_MOCK_MODE=maybe\nModelRegistry()", criteria=("C5",), level="full")
def test_word_that_is_no_boolean_is_refused(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch, variable: str, word: str
) -> None:
    """Anything but true/1/yes/on and false/0/no/off is refused (F05)."""
    monkeypatch.setenv(variable, word)
    with expect.raises(sdk, "ConfigurationError", code="F05", naming=variable, remedy=True, unless=platform.api_key):
        sdk.ModelRegistry()


@pytest.mark.parametrize("word", ["false", "0", "no", "OFF"])
@case(
    "ModelRegistry",
    call="# HOKUSAI_MOCK_MODE=false\nModelRegistry()",
    criteria=("C2",),
    level="full",
    needs=("journal",),
)
def test_false_never_means_true(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    """HOKUSAI_MOCK_MODE=false does not switch local mode on: the platform is asked."""
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", word)
    sdk.ModelVersionManager(sdk.ModelRegistry()).list_versions("contract-nothing")
    expect.that(platform.received(), "the platform receives requests", "it received none")


@pytest.mark.parametrize(
    ("variable", "value"), [("MLFLOW_TRACKING_AUTH", "kubernetes"), ("MLFLOW_TRACKING_AWS_SIGV4", "true")]
)
@case("ModelRegistry", call="ModelRegistry()", criteria=("C2", "C5"), level="full", needs=("platform",))
def test_foreign_authentication_is_a_named_conflict(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """A variable by which MLflow would authenticate in another way is named (A12), not silently obeyed."""
    monkeypatch.setenv(variable, value)
    with expect.raises(sdk, "ConfigurationError", code="A12", naming=variable, remedy=True, unless=platform.api_key):
        sdk.ModelRegistry(mode="online")


@case("HokusaiAuth", call='HokusaiAuth("...")', criteria=("C5",), level="full")
def test_auth_object_does_not_show_its_key(sdk: Sdk) -> None:
    """The representation of a `HokusaiAuth` holds no key, and its attribute does."""
    auth = sdk.HokusaiAuth("hk_test_shown")
    expect.equal(auth.api_key, "hk_test_shown", "api_key")
    expect.that("hk_test_shown" not in f"{auth!r} {auth!s}", "the key is not shown", repr(auth))


# -- validating --------------------------------------------------------------------------------------------------------


@case(
    "setup",
    call='setup("...", auth_service_url="...", validate_with_auth_service=True)',
    criteria=("C2",),
    level="full",
    needs=("journal", "platform", "scenarios"),
)
def test_key_is_validated_by_its_header(sdk: Sdk, platform: Platform) -> None:
    """A good key is good where the auth service reads headers only (A19), and stands in no body."""
    platform.play("auth.validate_contract")
    service = platform.api_endpoint.removesuffix("/api")
    sdk.setup(platform.api_key, auth_service_url=service, validate_with_auth_service=True)
    sent = [entry for entry in platform.received() if entry["path"].endswith("/keys/validate")]
    expect.equal([entry["auth"]["scheme"] for entry in sent], ["Bearer"], "the schemes of the validating requests")


@case(
    "setup",
    call='setup("...", auth_service_url="...", validate_with_auth_service=True)',
    criteria=("C5",),
    level="full",
    needs=("platform",),
)
def test_key_that_is_not_valid_is_refused_when_validated(sdk: Sdk, platform: Platform) -> None:
    """A key that the auth service does not know is an AuthenticationError (A03, 401), and is not set."""
    service = platform.api_endpoint.removesuffix("/api")
    with expect.raises(sdk, "AuthenticationError", code="A03", status_code=401, remedy=True, unless=UNKNOWN):
        sdk.setup(UNKNOWN, auth_service_url=service, validate_with_auth_service=True)
    sdk.ModelRegistry(mode="online")


def _clear(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.delenv(name, raising=False)
