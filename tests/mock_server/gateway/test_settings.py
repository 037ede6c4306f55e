"""Settings of the platform: what the format allows, what the mock plays, and how they are worked out."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from hokusai_mock import gateway, profiles
from hokusai_mock.scenarios import tables
from hokusai_mock.scenarios.vocabulary import PLAYABLE_SETTINGS
from hokusai_mock.settings import Settings, settle

WORKED_OUT = {"mount_table"}


def names(cls):
    return {field.name for field in dataclasses.fields(cls)}


def test_every_setting_that_the_mock_has_may_stand_in_a_scenario():
    assert names(Settings) - WORKED_OUT == PLAYABLE_SETTINGS
    assert names(tables.Settings) >= PLAYABLE_SETTINGS


@pytest.mark.parametrize("name", profiles.platform_names())
def test_what_an_era_decides_comes_from_its_profile(name):
    platform = profiles.platform(name)
    settings = settle(platform, {})
    assert settings.registry_rule == platform.registry_rule
    assert settings.registry_admin_scopes == platform.registry_admin_scopes
    assert settings.auth_trouble == platform.auth_trouble
    assert settings.validate_key_in == platform.validate_key_in
    assert settings.mount_table == platform.mounts


def test_chosen_mounts_keep_the_way_that_the_profile_gives_them():
    documented = profiles.platform("platform-documented")
    chosen = settle(documented, {"mounts": ["/mlflow", "/api/2.0/mlflow"]})
    assert chosen.inner_path("/api/2.0/mlflow/runs/get") == "/api/2.0/mlflow/runs/get"
    assert chosen.inner_path("/mlflow/version") == "/version"
    assert chosen.inner_path("/api/mlflow/version") is None


@pytest.mark.parametrize(
    ("mount", "path", "inner"),
    [
        ("/tracking", "/tracking/version", "/version"),
        ("/tracking", "/tracking", "/"),
        ("/tracking", "/trackings/version", None),
        ("/tracking=/prefix", "/tracking/version", "/prefix/version"),
        ("/api/2.0/mlflow=", "/api/2.0/mlflow/runs/get", "/runs/get"),
    ],
)
def test_a_mount_of_ones_own_may_put_something_in_its_place(mount, path, inner):
    assert settle(profiles.platform("platform-documented"), {"mounts": (mount,)}).inner_path(path) == inner


def test_every_loss_of_a_profile_is_one_that_a_route_asks_for():
    asked = set()
    for path in Path(gateway.__file__).parent.rglob("*.py"):
        asked |= set(re.findall(r'lacks\("(\w+)"\)', path.read_text("utf-8")))
    losses = {loss for name in profiles.platform_names() for loss in profiles.platform(name).losses}
    assert losses == asked


def test_an_unknown_setting_is_refused_with_what_can_be_played():
    with pytest.raises(ValueError, match=r"cannot play the platform setting 'moonts'; it can play .*mounts"):
        settle(profiles.platform("platform-documented"), {"moonts": []})


def test_what_is_worked_out_cannot_be_set():
    with pytest.raises(ValueError, match="mount_table"):
        settle(profiles.platform("platform-documented"), {"mount_table": ()})
