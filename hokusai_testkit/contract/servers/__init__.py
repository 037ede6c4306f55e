"""Servers by URL as targets: a plain MLflow server, or the real service with everything that keeps it safe.

The implementation talks to a relay of the kit on loopback, never to the server itself. `traffic` says what a request
does, `limits` whether it may pass, `ledger` remembers what was created, `relay` is the listener that puts them in front
of the server, `target` makes it a target, `cleanup` removes what a run left. Deciding is apart from doing: `traffic`
and `limits` know no socket.
"""
