"""kill -9 at points of the way: the same job, run again, ends with one of everything. All points: tests/chaos."""

import pytest

from tests.support.deaths import killed_at_each

# About every tenth point: in the intake, the login, creates, tags, the activation, the group.
POINTS = range(4, 90, 9)


@pytest.mark.parametrize("urls", ["sqlite"], indirect=True)
async def test_a_process_that_is_killed_on_its_way_is_made_good_by_the_next(urls):
    assert any(await killed_at_each(urls, POINTS, at_once=10))
