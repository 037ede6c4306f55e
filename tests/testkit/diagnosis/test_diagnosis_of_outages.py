"""The doctor against outages and broken lines of the mock: what it can see already, it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from hokusai_mock import MockServer, scenarios

TLS = pytest.mark.skipif(find_spec("trustme") is None, reason="certificates are made by trustme")

SILENT = ("net.hang", "net.silent_port")
"""Where nothing ever comes back: the doctor need not wait long to see it."""


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(port=0, time_scale=0.002) as running:
        yield running


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("auth.service_down", {}),
        ("auth.service_down", {"kind": "error"}),
        ("gateway.upstream_timeout", {}),
        ("gateway.upstream_unreachable", {}),
        ("limit.auth_service", {}),
        ("limit.rate", {"limit": 0}),
        ("net.close_before_status", {}),
        ("net.dns_internal", {}),
        ("net.hang", {}),
        ("net.refuse", {}),
        ("net.reset", {}),
        ("net.reset_mid_answer", {}),
        ("net.silent_port", {}),
        ("net.truncate", {}),
        ("net.truncate_chunked", {}),
        ("proxy.plain_http", {}),
        ("redirect.cross_host", {}),
        ("redirect.same_host", {}),
        ("redirect.same_host", {"status": 302}),
        ("tls.client_cert_page", {}),
        ("tls.http_to_tls", {}),
    ],
)
def test_an_outage_is_named(name: str, params: dict[str, Any], server: MockServer, doctor: Callable[..., Any]) -> None:
    assert verdict(name, params, server, doctor)["incident"] == scenarios.load(name).id


@TLS
def test_an_authority_that_mlflow_does_not_read_is_not_read_here_either(
    server: MockServer, doctor: Callable[..., Any]
) -> None:
    assert verdict("client.ca_unread", {}, server, doctor)["incident"] == "D06"


@TLS
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("client.ca_missing", {}),
        ("proxy.forbidden", {}),
        ("proxy.http_proxy", {}),
        ("redirect.https", {}),
        ("redirect.https", {"status": 308}),
        ("tls.client_cert", {}),
        ("tls.expired", {}),
        ("tls.not_yet_valid", {}),
        ("tls.plain_port", {}),
        ("tls.self_signed", {}),
        ("tls.unknown_ca", {}),
        ("tls.wrong_name", {}),
    ],
)
def test_what_breaks_tls_or_the_way_to_it_is_named_to_the_point(
    name: str, params: dict[str, Any], server: MockServer, doctor: Callable[..., Any]
) -> None:
    assert verdict(name, params, server, doctor)["scenario"] == name


def verdict(name: str, params: dict[str, Any], server: MockServer, doctor: Callable[..., Any]) -> dict[str, Any]:
    sandbox = server.sandbox(f"{name}-{len(params)}")
    sandbox.scenario(name, **params)
    env = {variable: value and value.replace("{home}", "/nowhere") for variable, value in sandbox.env.items()}
    patience = "0.2" if name in SILENT else "10"
    outcome = doctor("--online", "--timeout", patience, "--skip", "env.versions", env=env)
    sandbox.drop()
    assert outcome.code == 1
    found: dict[str, Any] = outcome.verdict
    return found
