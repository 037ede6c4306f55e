"""`hokusai sync`: uploads, once, what a fallback kept in the local store. The command itself is in `cli/sync.py`.

`kept.py` reads what waits, `journal.py` remembers what was begun, `runs.py`, `logged_models.py` and `versions.py` copy
one thing each, `engine.py` decides the order and what a failure stops, `waiting.py` lists what there is to do. Nothing
here falls back, and nothing is deleted. Entries: `engine.sync` and `waiting.waiting`.
"""
