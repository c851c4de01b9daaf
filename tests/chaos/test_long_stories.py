"""Long stories about endpoints: other ones for each seed, on both stores."""

import shutil
from itertools import count

import pytest
from hypothesis import seed, settings

from tests.stories.test_stories import SHORT, tell

pytestmark = pytest.mark.timeout(1200)


@pytest.mark.parametrize(("store", "stories"), [("sqlite", 80), ("postgresql", 15)])
def test_long_stories_leave_the_store_true(request, quick_path, prepared_file, chance, store, stories):
    numbers = count(1)

    def embedded():
        path = quick_path / f"{next(numbers)}.db"
        shutil.copy(prepared_file, path)
        return f"sqlite:///{path}"

    new_url = embedded if store == "sqlite" else request.getfixturevalue("postgres").fresh
    long = settings(SHORT, derandomize=False, max_examples=stories, stateful_step_count=60)
    tell(long, new_url, decorate=seed(chance.randrange(2**32)))
