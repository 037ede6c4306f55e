"""Who may pass the gateway: looks for the key, asks the cache, the auth service, the decision, and the usage debit.

The order is that of the real auth layer; what is refused how is in `decision.py`. Everything that time changes goes by
the world's clock; only a silent auth service and an unreachable cache cost real seconds (x `time_scale`).
"""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import TYPE_CHECKING

from hokusai_mock.gateway import decision
from hokusai_mock.gateway.decision import Refusal
from hokusai_mock.keys import Key, Presented, find, identify, present
from hokusai_mock.platform_state import Debit, Validation

if TYPE_CHECKING:
    from hokusai_mock.messages import Request
    from hokusai_mock.settings import Settings
    from hokusai_mock.world import World

__all__ = ["AUTH_TIMEOUT_S", "admit", "has_balance", "principal", "retry_after", "take"]

PRINCIPAL = "hokusai_mock.principal"
"""Key of a request's environ under which admission leaves whose request it is."""

INTERNAL = Key("internal_service", "", scopes=("mlflow:write", "mlflow:read"))
"""Who calls from inside with a checked certificate."""

AUTH_TIMEOUT_S = 5.0
"""Seconds after which the gateway gives the auth service up."""

_AUTHORIZATION = ("bearer", "apikey")
"""Places of a key that are the header `Authorization`."""

_CONTRIBUTIONS = re.compile(r"/api/v1/models/[^/]+/contributions")


def admit(request: Request) -> Refusal | None:
    """Return why the request may not pass, or `None`; the principal is then in its environ under `PRINCIPAL`."""
    settings = request.world.settings
    if _is_internal(request, settings):
        request.environ[PRINCIPAL] = INTERNAL
        return None
    presented = _presented(request, settings)
    if presented is None or not presented.secret:
        return decision.NO_KEY
    key = _validated(request.world, settings, presented)
    if isinstance(key, Refusal):
        return key
    registry = decision.is_registry(request.path)
    refusal = decision.decide(
        request.method,
        request.path,
        key,
        settings,
        has_balance=registry or has_balance(request.world, key),
        arrives=settings.strips_authorization != "after" or presented.location not in _AUTHORIZATION,
    )
    if refusal is None and not registry:
        refusal = _debit(request, settings, key)
    if refusal is None:
        request.environ[PRINCIPAL] = key
    return refusal


def principal(request: Request) -> Key:
    """Whose request it is that was admitted; on paths that want no key nobody's."""
    key: Key = request.environ.get(PRINCIPAL, _NOBODY)
    return key


_NOBODY = Key("anonymous", "", valid=False)


def _is_internal(request: Request, settings: Settings) -> bool:
    if not settings.peer_verified:
        return False
    hop = (request.header("X-Forwarded-For") or request.environ.get("REMOTE_ADDR", "")).split(",")[0].strip()
    return hop.startswith("10.")


def _presented(request: Request, settings: Settings) -> Presented | None:
    presented = present(request)
    if settings.strips_authorization == "before":
        presented = find(None, request.header("X-API-Key"), request.query)
    if presented is not None and presented.location == "query" and not settings.accept_query_key:
        return None
    return presented


# -- cache and auth service --------------------------------------------------------------------------------------------


def _validated(world: World, settings: Settings, presented: Presented) -> Key | Refusal:
    """The key as cache or auth service know it, or the refusal. Only good keys are remembered."""
    secret = presented.secret
    if not secret.isascii() or secret != secret.rstrip():
        return decision.UNAVAILABLE  # the gateway fails to put such a key into a header and takes that for an outage
    if settings.cache != "up":
        world.wait(settings.cache_read_s)
    elif settings.validation_cache_s:
        known = world.platform_state.validations.get(secret)
        if known is not None and world.clock.now_ms() < known.until_ms:
            return known.key
    if settings.auth_service != "up":
        return _trouble(world, settings)
    key = identify(world.keys, presented)
    if key is None or not key.valid:
        return decision.BAD_KEY
    if settings.cache != "up":
        world.wait(settings.cache_write_s)
    elif settings.validation_cache_s:
        _remember(world, key, settings.validation_cache_s)
    return key


def _remember(world: World, key: Key, seconds: float) -> None:
    with world.lock:
        until = world.clock.now_ms() + round(seconds * 1000)
        world.platform_state.validations[key.secret] = Validation(key, until)


def _trouble(world: World, settings: Settings) -> Refusal:
    if settings.auth_service == "timeout":
        world.wait(AUTH_TIMEOUT_S)
    if settings.auth_trouble != 503:
        return decision.BAD_KEY
    refusals = {"refused": decision.UNAVAILABLE, "timeout": decision.TIMEOUT, "limited": decision.LIMITED}
    refusal = refusals.get(settings.auth_service, decision.TROUBLE)
    if settings.retry_after is None:
        return refusal
    return refusal.retry_after(retry_after(world, settings))


def retry_after(world: World, settings: Settings, usual: str | None = None) -> str | None:
    """The `Retry-After` that is set: its text, a date so many seconds ahead, or `None` for none at all."""
    text = settings.retry_after
    if text is None:
        return usual
    if text == "none":
        return None
    kind, _, seconds = text.partition(":")
    if kind == "date" and seconds.isdecimal():
        return formatdate(world.clock.now_ms() / 1000 + int(seconds), usegmt=True)
    return text


# -- balance and debit -------------------------------------------------------------------------------------------------


def has_balance(world: World, key: Key) -> bool:
    """Whether the auth service calls the key's balance sufficient: something is left of it."""
    spent = world.platform_state.debits.get(key.role)
    return key.balance > (spent.amount if spent else 0)


def _debit(request: Request, settings: Settings, key: Key) -> Refusal | None:
    """Take the price of one request from the balance; trouble of the debit itself lets the request pass."""
    if request.method == "POST" and _CONTRIBUTIONS.fullmatch(request.path):
        return None
    if settings.debit == "error":
        return None
    if settings.debit == "accepted" and take(request.world, key, settings.debit_cost):
        return None
    return Refusal(
        402,
        {
            "error": "usage_debit_rejected",
            "reason": settings.debit_reason,
            "reason_code": settings.debit_reason_code,
        },
    )


def take(world: World, key: Key, amount: float) -> bool:
    """Take `amount` from a key's balance, if that much is left; says whether it was taken."""
    with world.lock:
        debits = world.platform_state.debits
        spent = debits.get(key.role, Debit())
        if amount > key.balance - spent.amount:
            return False
        debits[key.role] = Debit(spent.requests + 1, spent.amount + amount)
        return True
