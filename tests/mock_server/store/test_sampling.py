"""What a sample of a long history keeps; that servers sample like this is proved in `tests/fidelity`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.store.sampling import first_of_buckets, sampled_steps

STEPS = st.lists(st.integers(-20, 60), max_size=40)


@given(st.lists(st.integers(), max_size=60), st.integers(1, 20))
def test_buckets_keep_the_ends_the_order_and_the_limit(values: list[int], limit: int) -> None:
    boxed = [[value] for value in values]  # equal values stay distinguishable
    sample = first_of_buckets(boxed, limit)

    places = [next(at for at, one in enumerate(boxed) if one is kept) for kept in sample]
    assert places == sorted(set(places))
    assert len(sample) == min(limit, len(values))
    assert not values or places[-1] == len(values) - 1
    assert limit == 1 or not values or places[0] == 0


@given(st.lists(STEPS, max_size=3), st.integers(1, 10))
def test_steps_keep_the_last_of_each_run_and_a_bounded_number_beside(histories: list[list[int]], limit: int) -> None:
    shown = sampled_steps(histories, None, None, limit, whole_range=True)

    assert shown <= {step for history in histories for step in history if step >= 0}
    assert {max(history) for history in histories if history and max(history) >= 0} <= shown
    assert len(shown) <= limit + 1 + 2 * len(histories)


def test_steps_of_few_values_are_all_kept_within_the_range() -> None:
    assert sampled_steps([[1, 3, 5], [2]], 2, 5, 10, whole_range=True) == {2, 3, 5}


def test_old_servers_stop_early_when_the_range_does_not_begin_with_the_first_step() -> None:
    steps = list(range(25))
    assert sampled_steps([steps], 5, 20, 4, whole_range=True) == {5, 9, 13, 17, 20}
    assert sampled_steps([steps], 5, 20, 4, whole_range=False) == {5, 9, 13, 20}
