"""Planted defects: does the contract suite notice when an SDK breaks a promise?

`defects` is the list, `prove_mutations.py` plants each in a copy of the SDK and runs the suite on it. Far too slow for
every change: it is the proof `mutations`.
"""
