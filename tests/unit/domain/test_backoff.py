"""What failed is tried again ever later, never all at once, and given up in the end."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.backoff import FIRST, LONGEST, MOST_ATTEMPTS, retry_in


@given(st.integers(1, MOST_ATTEMPTS - 1))
def test_the_wait_doubles_up_to_an_hour_and_is_spread_over_its_second_half(attempts: int) -> None:
    ceiling = min(LONGEST, FIRST * 2.0 ** (attempts - 1))
    wait = retry_in(attempts)
    assert wait is not None
    assert timedelta(seconds=ceiling / 2) <= wait <= timedelta(seconds=ceiling)


@given(st.integers(MOST_ATTEMPTS, 10_000))
def test_after_the_last_attempt_it_is_given_up(attempts: int) -> None:
    assert retry_in(attempts) is None


def test_two_who_failed_together_do_not_come_back_together() -> None:
    assert len({retry_in(5) for _ in range(20)}) > 1
