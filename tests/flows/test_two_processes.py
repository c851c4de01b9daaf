"""Several processes provision the same file at once: together they do it once, within one rate."""

import pytest

from tests.flows.twice import provision_executed_twice

RATE, IN_FLIGHT = 40, 6


@pytest.mark.long
@pytest.mark.parametrize(("processes", "store"), [(3, "sqlite"), (2, "postgresql")])
def test_processes_that_provision_the_same_file_share_the_work_and_the_rate(request, world, processes, store):
    url = request.getfixturevalue("postgres").empty() if store == "postgresql" else ""
    shared = {"rate_per_second": RATE, "max_in_flight": IN_FLIGHT}
    here = world(rows=70, account=shared, platform={"--latency": 0.1}, store_url=url)
    commands = [here.start(*here.provision) for _ in range(processes)]
    ended = [command.end() for command in commands]
    stats = here.platform.stats
    times = [entry["time"] for entry in here.platform.received("CreateEndPoint", "createEndpointTag")]

    assert [one.code for one in ended] == [0] * processes, [one.err for one in ended]
    here.check_one_each()
    assert stats["requests"]["POST /CreateEndPoint"] == 70
    assert stats["requests"]["POST /createEndpointTag"] == 70
    assert stats["max_concurrent"] <= IN_FLIGHT
    # On a busy machine calls that left evenly spaced arrive in bunches of a tenth of a second.
    assert stats["max_in_one_second"] <= RATE * 1.1
    assert (len(times) - 1) / (times[-1] - times[0]) <= RATE


@pytest.mark.long
def test_one_run_of_prefect_executed_twice_at_once_does_the_work_once(world, prefect_api):
    here = world(rows=60, account={"rate_per_second": RATE}, platform={"--latency": 0.05})
    provision_executed_twice(here, prefect_api, joins_at=1)
