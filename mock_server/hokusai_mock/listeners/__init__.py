"""Listeners that are private to a sandbox, one module a kind.

A situation that happens before a path exists (a refused connection, a TLS failure, a forward proxy, a second host)
cannot belong to a path prefix: its scenario opens a listener of its own, and the sandbox's base URL moves to the one
called `main`. `interface.py` says what a kind is, `of_world.py` what a world knows of its listeners, `opener.py` opens
them.
Accepting connections is the business of `server/`.
"""
