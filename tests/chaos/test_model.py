"""Over ten thousand courses of events in the model: the real rules, a platform that is late, and processes that die."""

from collections import Counter

import pytest

from tests.support.story import told

pytestmark = pytest.mark.timeout(1200)

STORIES = 3_400  # for each seed; three seeds are asked for by default


def test_in_thousands_of_stories_no_sim_gets_two_endpoints(chance):
    first = chance.randrange(10**9)
    calls, most, ends = 0, 0, Counter()
    for seed in range(first, first + STORIES):
        story = told(seed)
        try:
            story.check()
        except AssertionError:
            raise AssertionError(f"tests.support.story.told({seed}) repeats this") from None
        ends += story.ledger.states
        made = story.platform.calls.total()
        calls, most = calls + made, max(most, made)
    print(f"stories {first} to {first + STORIES - 1}: {dict(ends)}, {calls} calls, at most {most} in one, 0 twice")
