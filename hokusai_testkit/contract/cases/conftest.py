"""Brings the suite's plugin in, however pytest was started."""

from __future__ import annotations

import pytest

_PLUGIN = "hokusai_testkit.contract.plugin"


def pytest_configure(config: pytest.Config) -> None:
    """Load the plugin unless `-p` already did."""
    if not config.pluginmanager.has_plugin(_PLUGIN):
        config.pluginmanager.import_plugin(_PLUGIN)
