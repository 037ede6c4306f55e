"""Scenarios: one TOML file a playable situation, beside this module; the code reads and checks them.

`names()` lists them without parsing, `load(name)` gives one, `Scenario.resolve(...)` fills its parameters in. Importing
this loads no Flask: the doctor reads the same files.
"""

from hokusai_mock.scenarios.loader import load, names, parse, parse_reference
from hokusai_mock.scenarios.params import COMMON, Param
from hokusai_mock.scenarios.scenario import ResolvedScenario, Scenario, ScenarioError
from hokusai_mock.scenarios.tables import Client, Listener, Platform, Play, Remedy, Signature, Symptom, Timeline
from hokusai_mock.scenarios.vocabulary import CALLS, PROBES

__all__ = [
    "CALLS",
    "COMMON",
    "PROBES",
    "Client",
    "Listener",
    "Param",
    "Platform",
    "Play",
    "Remedy",
    "ResolvedScenario",
    "Scenario",
    "ScenarioError",
    "Signature",
    "Symptom",
    "Timeline",
    "load",
    "names",
    "parse",
    "parse_reference",
]
