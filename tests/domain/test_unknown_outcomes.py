"""Creates whose answers are lost and which are done up to 300 s later: however it goes, there is never a second one."""

import pytest

from tests.support.story import SETTLE, told


@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_whatever_is_lost_or_late_and_whoever_dies_no_sim_gets_two_endpoints(first):
    for seed in range(first, first + 250):
        story = told(seed)
        try:
            story.check()
        except AssertionError:
            raise AssertionError(f"tests.support.story.told({seed}) repeats this") from None


@pytest.mark.parametrize("settle", [0, SETTLE / 3])
def test_with_a_settle_time_that_is_too_short_some_do(settle):
    """Or the stories would prove nothing."""
    assert sum(told(seed, settle=settle).twice for seed in range(250)) > 0
