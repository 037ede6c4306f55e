"""The HTTP server: `acceptor.py` accepts connections, `connection.py` speaks HTTP on one, `body.py` is a body.

These three serve any WSGI application. `mock.py` puts the mock platform on them: `from hokusai_mock import MockServer`.
"""
