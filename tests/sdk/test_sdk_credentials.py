"""Which URL gets the key: the decision alone, without a request."""

from __future__ import annotations

import pytest

from hokusai.auth._credentials import Credential, CredentialTable

ENDPOINT = "http://127.0.0.1:5001/s/one/api"
OURS = Credential.bearer("hk_test_admin", (ENDPOINT,))


@pytest.fixture
def table() -> CredentialTable:
    table = CredentialTable()
    table.add(OURS)
    return table


@pytest.mark.parametrize(
    "url",
    [
        f"{ENDPOINT}/mlflow/api/2.0/mlflow/runs/create",
        "http://127.0.0.1:5001/elsewhere",
        "HTTP://127.0.0.1:5001/s/one/api",
        "https://registry.hokus.ai/api/mlflow",
        "https://registry.hokus.ai:8443/x",
    ],
)
def test_the_key_goes_to_its_origin_and_to_the_platform(table: CredentialTable, url: str) -> None:
    assert table.find(url) is OURS


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5002/s/one/api",
        "https://127.0.0.1:5001/s/one/api",
        "http://localhost:5001/s/one/api",
        "http://registry.hokus.ai/api",
        "https://hokus.ai.example.com/",
        "https://nothokus.ai/",
        "https://example.com/?x=https://registry.hokus.ai/",
        "https://registry.hokus.ai@example.com/",
        "http://127.0.0.1:5001@example.com/",
        "http://127.0.0.1:99999/",
        "",
    ],
)
def test_the_key_goes_nowhere_else(table: CredentialTable, url: str) -> None:
    assert table.find(url) is None


def test_of_two_keys_at_one_origin_the_deeper_path_wins(table: CredentialTable) -> None:
    other = Credential.bearer("hk_test_reader", ("http://127.0.0.1:5001/s/two/api",))
    table.add(other)
    assert table.find("http://127.0.0.1:5001/s/one/api/mlflow") is OURS
    assert table.find("http://127.0.0.1:5001/s/two/api/mlflow") is other


def test_of_two_keys_for_one_path_the_newer_wins(table: CredentialTable) -> None:
    newer = Credential.bearer("hk_test_reader", (ENDPOINT,))
    table.add(newer)
    assert table.find(ENDPOINT) is newer
    table.add(OURS)
    assert table.find(ENDPOINT) is OURS


def test_a_plain_servers_token_does_not_go_to_the_platform() -> None:
    table = CredentialTable()
    table.add(Credential.bearer("hk_test_plain", ("https://mlflow.example",), hokusai=False))
    assert table.find("https://registry.hokus.ai/api") is None
