"""Refusals of the MLflow application, and how they become answers.

A refusal is a `StoreError` (raised here and in the store alike); `Crash` is what the real server answers with its HTML
page for unexpected exceptions.
"""

from __future__ import annotations

import json

from hokusai_mock.messages import JSON_TYPE, Response
from hokusai_mock.mlflow_api import pages
from hokusai_mock.mlflow_api.layout import refusal
from hokusai_mock.profiles import MlflowProfile
from hokusai_mock.store.errors import StoreError, does_not_exist, invalid

__all__ = ["Collapse", "Crash", "Detail", "StoreError", "TooLarge", "does_not_exist", "invalid", "to_response"]

_STATUS = {
    "INTERNAL_ERROR": 500,
    "INVALID_STATE": 500,
    "DATA_LOSS": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "ABORTED": 409,
    "RESOURCE_CONFLICT": 409,
    "ALREADY_EXISTS": 409,
    "NOT_FOUND": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "PERMISSION_DENIED": 403,
    "CUSTOMER_UNAUTHORIZED": 401,
    "UNAUTHENTICATED": 401,
}
"""MLflow's table of error codes (the same in 2.9.2 and 3.17.2); every other code is a 400."""


CRASH = "CRASH"
"""In a profile's codes: the real server does not expect this refusal, and answers its HTML 500."""


class Crash(Exception):
    """The real server meets an exception here that it does not expect, and answers its HTML 500."""


class Collapse(Exception):
    """The web server in front of the real MLflow breaks here: its own page, without any header of MLflow."""


class Detail(Exception):
    """A refusal in FastAPI's form: 400 `{"detail": ...}`."""

    def response(self) -> Response:
        """The answer."""
        body = json.dumps({"detail": str(self)}, separators=(",", ":"), ensure_ascii=False)
        return Response(400, body.encode("utf-8", "replace"), [("Content-Type", JSON_TYPE)])


class TooLarge(Exception):
    """An upload is longer than the mock's own limits allow; the message says which, and what to do."""

    def response(self) -> Response:
        """The answer."""
        return refusal(413, "INVALID_PARAMETER_VALUE", f"hokusai-testkit: {self}")


def to_response(error: StoreError, profile: MlflowProfile, *, compact: bool = False) -> Response:
    """The answer for a refusal, with the words and the code of the profile where it has some."""
    code, message = error.code, error.message
    if error.kind is not None:
        code = profile.codes.get(error.kind, code)
        template = profile.texts.get(error.kind)
        if template is not None:
            message = template.format(**error.facts)
    if code == CRASH:
        return pages.server_error()
    classes = profile.classes.get(error.kind or code) or profile.classes.get(code)
    return refusal(_STATUS.get(code, 400), code, message, classes, compact=compact)
