"""A desk at a fresh store, on each database in turn."""

import pytest

from tests.support.desk import Desk


@pytest.fixture
def desk(store_url):
    """See tests.support.desk."""
    made = Desk(store_url)
    yield made
    made.close()
