"""Short stories on both stores; `make chaos` tells longer ones."""

import shutil
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stories.machine import Stories

SHORT = settings(
    deadline=None,
    database=None,
    derandomize=True,  # the same stories each time; the search for new ones is in tests/chaos
    suppress_health_check=list(HealthCheck),
)


def tell(stories, new_url, *, decorate=lambda machine: machine):
    """Tell stories, each on a store of its own."""
    machine = decorate(type("Told", (Stories,), {"new_url": staticmethod(new_url)}))
    run_state_machine_as_test(machine, settings=stories)


def test_any_order_of_commands_faults_crashes_and_clock_jumps_leaves_the_store_true(quick_path, prepared_file):
    numbers = count(1)

    def new_url():
        path = quick_path / f"{next(numbers)}.db"
        shutil.copy(prepared_file, path)
        return f"sqlite:///{path}"

    tell(settings(SHORT, max_examples=10, stateful_step_count=25), new_url)


def test_the_same_holds_on_postgresql(postgres):
    tell(settings(SHORT, max_examples=3, stateful_step_count=12), postgres.fresh)
