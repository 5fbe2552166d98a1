"""Pauses between tries: they double, have an end, and spread those that failed together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from banshi.foundation.retry import Retry

SECONDS = st.floats(0.001, 86_400.0)


@given(SECONDS, SECONDS, st.integers(-1, 10_000), st.floats(0.0, 1.0))
def test_a_pause_doubles_with_each_failure_up_to_its_end_and_spreads_as_far_as_it_is_told(
    first: float, most: float, failures: int, spread: float
) -> None:
    whole, next_one = Retry(first, most).pause(failures), Retry(first, most).pause(failures + 1)
    assert (whole > 0) == (failures > 0)
    assert whole <= next_one <= most
    if failures > 0:
        assert next_one == most or next_one == 2 * whole or failures > 25
    pauses = {Retry(first, most, spread).pause(failures) for _ in range(20)}
    assert all(whole * (1 - spread) <= one <= whole for one in pauses)
    assert len(pauses) > 1 or not spread or not whole or whole * spread < 1e-9
