"""Faults: rules that attach an effect to a layer. `interface.py` says what an effect is; one module an effect.

Rules are read by `FaultRule.parse`, kept and decided by a world's `FaultBoard`, and applied by the layers.
"""

from hokusai_mock.faults.board import FaultBoard
from hokusai_mock.faults.interface import LAYERS, Effect, FaultError, Occasion
from hokusai_mock.faults.matching import GROUPS, KeyFacts, Match, RequestFacts
from hokusai_mock.faults.rule import EFFECTS, FaultRule, Window
from hokusai_mock.faults.schedule import Schedule

__all__ = [
    "EFFECTS",
    "GROUPS",
    "LAYERS",
    "Effect",
    "FaultBoard",
    "FaultError",
    "FaultRule",
    "KeyFacts",
    "Match",
    "Occasion",
    "RequestFacts",
    "Schedule",
    "Window",
]
