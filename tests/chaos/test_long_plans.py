"""Many more plans, and the runs that follow them."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.tasks.test_planned_writes import STEPS, live_once

pytestmark = pytest.mark.timeout(1200)


@pytest.mark.parametrize("platform", ["sft", "stacuity"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_what_a_plan_counts_is_what_the_run_writes_and_tells(prepared_file, platform, steps):
    live_once(prepared_file, platform, steps)
