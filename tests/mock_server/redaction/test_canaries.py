"""Not one canary sings: no secret, of any form, in any known place, can be read in what leaves."""

from __future__ import annotations

import pytest
from canaries import CANARIES, Canary, sung
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from hokusai_mock.redaction import Redactor

KEY = "hk_live_" + "9fK2xQ7b" * 3
SECRETS = st.one_of(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=10, max_size=40),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=10, max_size=24),
).filter(lambda secret: len(set(secret)) > 6 and secret.strip() == secret and any(map(str.isdigit, secret)))
AROUND = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


def test_there_are_at_least_sixty() -> None:
    assert len({canary.name for canary in CANARIES}) == len(CANARIES) >= 60


def check(canary: Canary, secret: str, around: str) -> None:
    assume(secret not in around)  # innocent text is innocent
    left = canary.place(Redactor([secret] if canary.told else [], salt="s"), secret, around)
    assert sung(left, secret) is None, f"{canary.name}: {sung(left, secret)} in {left!r}"


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_the_judge_hears_a_canary_that_nobody_stopped(canary: Canary) -> None:
    class Open(Redactor):
        """Lets everything through, as it would without rules."""

    for name in ("text", "url", "file_name"):
        setattr(Open, name, lambda self, text: text)
    Open.headers = lambda self, pairs: list(pairs)
    Open.bytes = lambda self, data, *args, **options: data
    left = canary.place(Open(), KEY, "")
    heard = sung(left, KEY) or sung(left, KEY[:-1])
    assert heard is not None, left


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
@given(secret=SECRETS, around=AROUND)
@example(secret=KEY, around="")
@example(secret="tr0ub4dor&3+/=%", around="see")
@example(secret="p\"a\\ss'w0rd<x>", around="")
@example(secret="ключ-от-всего-1", around="ü")
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_canary_sings(canary: Canary, secret: str, around: str) -> None:
    check(canary, secret, around)
