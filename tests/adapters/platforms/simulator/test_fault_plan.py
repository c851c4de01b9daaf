import asyncio
import random

import pytest

from adapters.platforms.simulator.faults import FaultPlan, FaultRule


def plan(*rules, **options):
    return FaultPlan(tuple(FaultRule.model_validate(rule) for rule in rules), **options)


def firing(plan, route="/CreateEndPoint", count=10, iccid=None):
    return [number for number in range(1, count + 1) if plan.pick(route, number, lambda: [iccid] if iccid else [])]


def test_without_a_condition_a_rule_always_fires():
    assert firing(plan({"fault": "drip"}), count=3) == [1, 2, 3]


def test_nth_names_the_calls():
    assert firing(plan({"fault": "drip", "nth": [2, 5]})) == [2, 5]


def test_times_limits_how_often_it_fires():
    assert firing(plan({"fault": "drip", "times": 2})) == [1, 2]


def test_a_route_can_be_written_in_three_ways():
    for route in ("CreateEndPoint", "/CreateEndPoint", "/api/CreateEndPoint", "*"):
        assert firing(plan({"fault": "drip", "route": route}), count=1) == [1]
    assert firing(plan({"fault": "drip", "route": "fetchSIM"})) == []


def test_iccids_are_whole_or_prefixes():
    rule = {"fault": "drip", "iccids": ["89441", "8944200000000000000"]}
    assert firing(plan(rule), iccid="8944100000000000000", count=1) == [1]
    assert firing(plan(rule), iccid="8944200000000000000", count=1) == [1]
    assert firing(plan(rule), iccid="8944300000000000000", count=1) == []
    assert firing(plan(rule), iccid=None, count=1) == []


def test_the_first_rule_that_hits_wins():
    both = plan({"fault": "drip", "nth": 1}, {"fault": "redirect"})
    assert [both.pick("/x", number, list).fault for number in (1, 2)] == ["drip", "redirect"]


def test_a_time_range_opens_and_closes():
    now = [100.0]
    ranged = plan({"fault": "unavailable", "start": 1, "stop": 2}, clock=lambda: now[0])
    seen = []
    for now[0] in (100.5, 101.0, 101.9, 102.0):
        seen.append(bool(ranged.pick("/x", 1, list)))
    assert seen == [False, True, True, False]


def test_chance_depends_on_seed_route_and_call_only():
    rule = {"fault": "drip", "probability": 0.3}
    first = firing(plan(rule, seed=5), count=200)
    order = list(range(1, 201))
    random.shuffle(order)
    again = plan(rule, seed=5)
    assert sorted(number for number in order if again.pick("/CreateEndPoint", number, list)) == first
    assert 30 < len(first) < 90
    assert firing(plan(rule, seed=6), count=200) != first


def test_an_unknown_form_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="it has short, close"):
        FaultRule(fault="cut_body", form="long")


def test_an_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="fault"):
        FaultRule.model_validate({"fault": "gremlins"})


async def test_a_run_replays_from_its_seed(start):
    """Which calls fail is the same in both runs, whatever order the answers come in."""
    seen = []
    for _ in range(2):
        sft = await start(stock=60, seed=11, faults="errors", latency_write="0-0.01")
        statuses = await asyncio.gather(*(status_of(sft, iccid) for iccid in sft.iccids))
        seen.append(sorted(statuses))
        fired = [number for number, entry in enumerate(sft.simulator.journal.entries()) if entry["fault"]]
        seen.append(fired)
    assert seen[:2] == seen[2:]
    assert 500 in seen[0]


async def status_of(sft, iccid):
    async with sft.request("POST", "/CreateEndPoint", json=sft.creation(iccid)) as response:
        return response.status
