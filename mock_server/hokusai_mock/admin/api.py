"""The admin API in Flask: the route table becomes rules, requests become calls, answers become JSON."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from hokusai_mock.admin.guard import PAGE_HEADERS
from hokusai_mock.admin.interface import ROLE_PATTERN, SANDBOX, AdminError, Call, Route
from hokusai_mock.admin.routes import ROUTES
from hokusai_mock.schema import SchemaError, did_you_mean, read
from hokusai_mock.world import WorldError
from hokusai_mock.worlds import DEFAULT, ID_PATTERN, TooManyWorlds, WorldConflict, Worlds

__all__ = ["blueprint"]

MEBIBYTE = 1024 * 1024


def blueprint(worlds: Worlds, mark: tuple[str, str]) -> Blueprint:
    """Return the admin API for `worlds`; `mark` is the header that every answer of the mock carries."""
    api = Blueprint("admin", __name__, url_prefix="/_testkit/v1")
    for route in ROUTES:
        _add(api, worlds, route)

    @api.errorhandler(WorldError)
    @api.errorhandler(SchemaError)
    def refuse(error: Exception) -> Response:
        return _json({"error": str(error)}, _status(error))

    @api.app_errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        answer = _json({"error": f"{error.name}: {request.method} {request.path}"}, error.code or 500)
        if error.code == 405 and (allowed := getattr(error, "valid_methods", None)):
            answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    @api.after_app_request
    def sign(response: Response) -> Response:
        for name, value in (*PAGE_HEADERS, mark):
            response.headers[name] = value
        return response

    return api


def _status(error: Exception) -> int:
    if isinstance(error, AdminError):
        return error.status
    return 409 if isinstance(error, TooManyWorlds | WorldConflict) else 400


def _add(api: Blueprint, worlds: Worlds, route: Route) -> None:
    def answer(id: str = DEFAULT, role: str = "") -> Response:
        return _json(route.view(_call(worlds, route, id, role)), route.status)

    rules = [route.path, *([route.path[len(SANDBOX) :] or "/"] if route.of_sandbox else [])]
    for rule in rules:
        flask_rule = re.sub(r"\{(\w+)\}", r"<\1>", rule)
        name = f"{route.name} {rule}".replace(".", "-")
        api.add_url_rule(flask_rule, name, answer, methods=route.methods, strict_slashes=False)


def _call(worlds: Worlds, route: Route, sandbox: str, role: str) -> Call:
    """What is asked, checked before anything is changed."""
    if ID_PATTERN.fullmatch(sandbox) is None:
        raise AdminError(f"{sandbox!r} is no sandbox id: 1 to 64 of letters, digits, '_', '.', '-'")
    if role and re.fullmatch(ROLE_PATTERN, role) is None:
        raise AdminError(f"{role!r} is no role: a lower-case letter, then letters, digits, '_', '-', at most 64")
    return Call(
        worlds=worlds,
        sandbox=sandbox,
        server_url=request.host_url.rstrip("/"),
        body=_body(route),
        query=_query(route),
        role=role,
    )


def _body(route: Route) -> Any:
    text = _text(route.largest_body)
    if not text:
        if route.needs_body:
            raise AdminError("the body is missing: send a JSON object")
        return None
    if route.body is None:
        raise AdminError(f"{request.method} {request.path} takes no body")
    if not request.is_json:
        # A web page cannot send this type across origins unasked.
        raise AdminError("send the body as JSON, with the header Content-Type: application/json", 415)
    data = _parsed(text)
    parse = getattr(route.body, "parse", None)
    return read(route.body, data, "the body") if parse is None else parse(data)


def _text(limit: int) -> bytes:
    """The body, of at most `limit` bytes."""
    text = request.stream.read(limit + 1)
    if len(text) > limit:
        raise AdminError(f"the body is longer than {limit // MEBIBYTE} MiB", 413)
    return text


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise AdminError(f"the body is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise AdminError("the body must be a JSON object")
    return data


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _query(route: Route) -> Any:
    given = request.args.to_dict()
    if route.query is not None:
        return read(route.query, given, "the query")
    for name in given:
        raise AdminError(f"the query: unknown key {name!r}{did_you_mean(name, ())}; this route takes none")
    return None


def _json(data: Any, status: int) -> Response:
    body = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode() + b"\n"
    return Response(body, status, mimetype="application/json")
