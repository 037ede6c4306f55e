"""Listeners that are private to a sandbox, one module a kind.

A situation that happens before a path exists (a refused connection, a TLS failure, a forward proxy) cannot belong to a
path prefix: its scenario opens a listener of its own and the sandbox's base URL moves there. None can be played yet: a
scenario that needs one is refused with that reason.
"""
