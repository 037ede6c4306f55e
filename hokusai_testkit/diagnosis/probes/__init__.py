"""The doctor's probes, in the order in which they look. `interface.py` says what a probe is."""

from hokusai_testkit.diagnosis.probes import local, network, platform, server
from hokusai_testkit.diagnosis.probes.interface import PROBES, Context, NotApplicable, Probe, Withheld

__all__ = ["PROBES", "Context", "NotApplicable", "Probe", "Withheld", "local", "network", "platform", "server"]
