"""The listener between the implementation and a server: journal, limits, ledger, and then everything as it is.

Built from the mock's own parts (accept loop, connection, journal, connections to a backend), without its gateway and
without MLflow: what the server answers is what the implementation gets. `/s/<case>/...` keeps the journals apart.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hokusai_mock.layers import build
from hokusai_mock.layers.sandbox import enter
from hokusai_mock.messages import Request, Response
from hokusai_mock.redaction import Redactor
from hokusai_mock.server.acceptor import Acceptor, listen
from hokusai_mock.server.connection import WSGIHost
from hokusai_mock.upstream import Backend, Upstream
from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds
from hokusai_testkit.contract.servers.ledger import Ledger
from hokusai_testkit.contract.servers.limits import Guard, Refusal
from hokusai_testkit.contract.servers.traffic import Action, action_of, created_by, identity

__all__ = ["Relay"]

_HOST = "127.0.0.1"


class Relay:
    """A pass-through to one server on a port of this process."""

    def __init__(
        self, backend: Backend, guard: Guard, ledger: Ledger, on_sent: Callable[[int], object] = lambda _: None
    ) -> None:
        """Forward to `backend` what `guard` admits, with creations written to `ledger` first.

        `on_sent` is called with the number of requests so far before each one leaves.
        """
        self._upstream = Upstream(backend)
        self._guard, self._ledger, self._on_sent = guard, ledger, on_sent
        self._worlds = Worlds(WorldOptions(plain=True))
        self._handle = build(self._forward)
        self._acceptor = Acceptor()
        self._refused: dict[str, Refusal] = {}
        self.url = ""

    def start(self) -> None:
        """Open a free port on loopback; `url` says which."""
        listener = listen(_HOST, 0)
        address = listener.getsockname()[:2]
        self.url = f"http://{_HOST}:{address[1]}"
        self._acceptor.add(listener, WSGIHost(self, (address[0], address[1])).serve)
        self._acceptor.start()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._worlds.end()
        self._upstream.close()
        self._acceptor.stop()
        self._worlds.close()

    def journal(self, case: str, redactor: Redactor, role_of: Callable[[str], str | None]) -> list[dict[str, Any]]:
        """The requests of `case`, oldest first, as the mock's journal has them."""
        return self._worlds.get(case).journal.to_json(redactor, role_of)

    def refusal(self, case: str) -> Refusal | None:
        """The first request of `case` that was not forwarded, None when all were."""
        return self._refused.get(case)

    def errors(self, case: str) -> list[str]:
        """Errors of the relay itself while it served `case`."""
        return list(self._worlds.get(case).errors)

    def forget(self, case: str) -> None:
        """Drop the journal of `case`."""
        self._worlds.drop(case)
        self._refused.pop(case, None)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request: a WSGI application."""
        request = enter(environ, self._worlds)
        response = request if isinstance(request, Response) else self._safely(request)
        if isinstance(response.body, bytes):
            response.headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} ", response.headers)
        return (response.body,) if isinstance(response.body, bytes) else response.body

    def _safely(self, request: Request) -> Response:
        try:
            return self._handle(request)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - an error of the relay itself must fail the case that met it, by name
            request.world.errors.append(f"{request.method} {request.path}\n{traceback.format_exc()}")
            return Response.json({"error": "hokusai-testkit: internal error of the relay"}, 500)

    def _forward(self, request: Request) -> Response:
        action = action_of(request.method, request.path)
        fields = identity(action.what, _object(request.body())) if action.what is not None else {}
        name = _object(request.body()).get("token_id") if action.effect == "event" else fields.get("name")
        refusal = self._guard.admit(action, f"{request.method} {request.path}", name)
        if refusal is not None:
            self._refused.setdefault(request.world.id, refusal)
            return Response.json({"error": f"hokusai-testkit: {refusal.text}"}, 403)
        self._on_sent(self._guard.spent)
        response = self._upstream.handle(request) if action.what is None else self._create(request, action, fields)
        self._guard.saw(response.status, request.path)
        return response

    def _create(self, request: Request, action: Action, fields: Mapping[str, str]) -> Response:
        assert action.what is not None
        number = self._ledger.intend(action.what, request.world.id, fields)
        response = self._upstream.handle(request)
        if not isinstance(response.body, bytes):
            response.body = b"".join(response.body)
        made = created_by(action.what, _object(response.body)) if response.status < 300 else None
        self._ledger.done(number, response.status, made)
        return response


def _object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; an empty one for what is none: the server will say so."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
