"""The admin API under `/_testkit/`: `guard.py` says who may come in, `routes/` what a route does, `api.py` is Flask's.

Importing this package loads no Flask: the server asks the guard on every admin request and Flask only then.
"""
