"""A restart of the Prefect server ends no run, nor does its absence: the work goes on, and the end is told later."""

from collections.abc import Iterator

import pytest

from tests.flows.conftest import bare_world, prefect_store
from tests.flows.prefect_store import fill
from tests.support.server_away import Server, provision_with_the_server_away

__all__ = ["bare_world", "prefect_store"]

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def server(prefect_store, tmp_path) -> Iterator[Server]:
    """A Prefect API of this test's own."""
    home = tmp_path / "server"
    home.mkdir(mode=0o700)
    fill(home, prefect_store)
    made = Server(home)
    made.start()
    yield made
    made.kill()


# Ten minutes are longer than any lease of Prefect, and than the silence after which a run counts as dead.
@pytest.mark.parametrize(("seconds", "rows", "rate"), [(5, 60, 8), (600, 500, 1.5)])
def test_a_run_whose_server_is_away_goes_on_and_tells_its_end(bare_world, server, seconds, rows, rate):
    here = bare_world(rows=rows, account={"rate_per_second": rate})
    state, made = provision_with_the_server_away(here, server, seconds=seconds)

    assert state["type"] == "COMPLETED"
    assert state["message"] == f"{rows} confirmed; written: {rows} creates, {rows} tags"
    assert made > seconds * rate / 2
    here.check_one_each()
