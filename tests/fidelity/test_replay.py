"""The mock answers the recorded exchange as the real servers answered it: status, headers that matter, layout, body."""

from __future__ import annotations

import re

import pytest
from explained import EXPLAINED
from replay import PROFILES, Exchange, difference, recorded, replayed
from script import steps
from servers import VERSIONS

from hokusai_mock.mlflow_api.resources import ENDPOINTS

MOST_EXPLAINED = 0.03
"""Of all exchanges of a version."""


@pytest.fixture(scope="module", params=sorted(PROFILES))
def both(request: pytest.FixtureRequest) -> tuple[str, list[Exchange], list[Exchange]]:
    version: str = request.param
    return version, recorded(version), replayed(version)


Both = tuple[str, list[Exchange], list[Exchange]]


def test_recording_is_of_this_script(both: Both) -> None:
    version, real, _ = both
    assert [one["name"] for one in real] == [one.name for one in steps()], f"record {version} again: record.py"


def test_every_profile_can_be_recorded_again() -> None:
    assert set(PROFILES) == set(VERSIONS)


def test_few_differences_are_explained(both: Both) -> None:
    version, real, _ = both
    assert sum(of == version for of, _ in EXPLAINED) < MOST_EXPLAINED * len(real)


def test_steps_have_names_of_their_own() -> None:
    names = [one.name for one in steps()]
    assert len(set(names)) == len(names)


def test_mock_answers_as_the_real_server(both: Both) -> None:
    version, real, mock = both
    differences = [
        difference(ours, theirs)
        for ours, theirs in zip(mock, real, strict=True)
        if ours != theirs and (version, theirs["name"]) not in EXPLAINED
    ]
    assert not differences, f"{len(differences)} of {len(real)} differ from MLflow {version}:\n" + "\n".join(
        differences
    )


def test_explained_differences_still_exist(both: Both) -> None:
    version, real, mock = both
    equal = [theirs["name"] for ours, theirs in zip(mock, real, strict=True) if ours == theirs]
    assert not [name for of, name in EXPLAINED if of == version and name in equal]


def test_every_proved_endpoint_succeeds_somewhere_in_the_recordings() -> None:
    """`proved` is a claim about real servers: the exchange holds a success (or the one meant refusal) of the route."""
    succeeded = set()
    for version in PROFILES:
        for step, exchange in zip(steps(), recorded(version), strict=True):
            if exchange["status"] in (200, 501):
                succeeded.add((step.method, step.path.partition("?")[0]))
    proved = [route for route, one in ENDPOINTS.items() if one.provenance == "proved"]
    assert not [route for route in proved if not _used(route, succeeded)]


def _used(route: tuple[str, str], succeeded: set[tuple[str, str]]) -> bool:
    method, path = route
    pattern = re.compile(re.sub(r"<path:\w+>", ".+", re.sub(r"<(?!path:)\w+>", "[^/]+", path)))
    return any(method == used and pattern.fullmatch(target) for used, target in succeeded)
