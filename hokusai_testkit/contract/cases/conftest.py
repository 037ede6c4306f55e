"""Brings the suite's plugin in, however pytest was started."""

from __future__ import annotations

import sys

import pytest

# To import this file pytest put the folder that holds the installed kit in front of `sys.path`. Left there, an SDK
# installed beside the kit would win over the one on PYTHONPATH: another than users import would be tested.
if sys.path[0] in sys.path[1:]:
    del sys.path[0]

_PLUGIN = "hokusai_testkit.contract.plugin"


def pytest_configure(config: pytest.Config) -> None:
    """Load the plugin unless `-p` already did."""
    if not config.pluginmanager.has_plugin(_PLUGIN):
        config.pluginmanager.import_plugin(_PLUGIN)
