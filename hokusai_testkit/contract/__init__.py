"""The contract: Hokusai's public Python API as Protocols, and the cases that hold any implementation to it.

`api` is the promise, `signatures` and `cases/` test it, `runner` runs them, `results` says what came out. Nothing in
this package imports an SDK at module level: the implementation under test is named by `--sdk` and imported when a case
first needs it.
"""
