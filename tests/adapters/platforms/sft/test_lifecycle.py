"""Suspending, resuming and ending endpoints: what is written, and what each answer comes to."""

from dataclasses import replace

import pytest

from domain.carry import carry_out
from domain.doubt import Sight
from domain.ending import DELINKED, look
from domain.lifecycle import Kind
from domain.operation import Work
from domain.outcome import Because, Verdict

DONE, NOT_DONE, UNKNOWN = Verdict
ENDED = ["delink", "delete"]


def outcome(answer):
    return (answer.verdict, answer.because)


def ends(sft):
    return [kind for kind in sft.commits() if kind in ENDED]


async def active(sft, number=0):
    endpoint = await sft.created(number)
    await sft.act(Kind.ACTIVATE, endpoint)
    return endpoint


def termination(sft, endpoint, number=0):
    now = sft.buckets.clock()
    return Work(9, Kind.TERMINATE, 1, 9, sft.iccids[number], "n", endpoint, "", now)


@pytest.mark.parametrize(("kind", "letter"), [(Kind.SUSPEND, "S"), (Kind.RESUME, "A")])
async def test_suspending_and_resuming_are_written_exactly_so(start, kind, letter):
    sft = await start(lifecycle_reason="2")
    endpoint = await active(sft)
    if kind is Kind.RESUME:
        await sft.act(Kind.SUSPEND, endpoint)

    first, second = [await sft.act(kind, endpoint) for _ in range(2)]

    body = {"Request": {"endPointId": endpoint, "requestParam": {"lifeCycle": letter, "reason": "2"}}}
    assert sft.sent("/EndPointLifeCycleChange")[-1]["body"] == body
    assert (outcome(first), first.already, first.code) == ((DONE, None), False, "5017")
    assert (outcome(second), second.already, second.code) == ((DONE, None), True, "1254")


async def test_a_pre_active_endpoint_is_not_suspended(sft):
    answer = await sft.act(Kind.SUSPEND, await sft.created())

    assert outcome(answer) == (NOT_DONE, Because.REFUSED)


async def test_a_termination_takes_the_sim_away_and_deletes_the_endpoint(sft):
    endpoint = await active(sft)

    answer = await carry_out(sft.platform, termination(sft, endpoint))

    assert (outcome(answer), answer.code, answer.text) == (
        (DONE, None),
        "10159",
        "SIM de-linked (6413); Endpoint deleted",
    )
    assert ends(sft) == ENDED
    assert [sft.sent(path)[0]["body"] for path in ("/DeLinkSim", "/DeleteEndPoint")] == [
        {"Request": {"endPointId": endpoint}}
    ] * 2
    assert endpoint not in sft.simulator.state.endpoints


async def test_a_termination_that_is_done_already_makes_no_writing_call(sft):
    endpoint = await active(sft)
    await sft.created(1)  # another endpoint proves that profiles are shown
    await carry_out(sft.platform, termination(sft, endpoint))
    writes = sft.requests("/DeLinkSim") + sft.requests("/DeleteEndPoint")

    again = await carry_out(sft.platform, termination(sft, endpoint))

    assert (outcome(again), again.already) == ((DONE, None), True)
    assert sft.requests("/DeLinkSim") + sft.requests("/DeleteEndPoint") == writes


async def test_a_termination_goes_on_where_it_was_interrupted(start):
    sft = await start()
    endpoint = await active(sft)
    sft.faults({"fault": "throttle", "route": "DeleteEndPoint"})

    first = await carry_out(sft.platform, termination(sft, endpoint))
    sft.faults()
    second = await carry_out(sft.platform, replace(termination(sft, endpoint), token=2, unclear=1))

    assert outcome(first) == (NOT_DONE, Because.THROTTLED)
    assert first.text.startswith(DELINKED)
    assert (outcome(second), ends(sft)) == ((DONE, None), ENDED)


async def test_a_delete_that_is_refused_after_the_sim_was_taken_away_goes_to_a_person(start):
    sft = await start()
    endpoint = await active(sft)
    sft.faults({"fault": "refused", "route": "DeleteEndPoint"})

    answer = await carry_out(sft.platform, termination(sft, endpoint))

    assert outcome(answer) == (NOT_DONE, Because.CONTRADICTION)
    assert answer.text.startswith("SIM de-linked (6413); ")


@pytest.mark.parametrize("route", ["DeLinkSim", "DeleteEndPoint"])
@pytest.mark.parametrize("fault", ["error_before", "error_after"])
async def test_a_lost_answer_leaves_a_termination_in_doubt_and_a_look_tells(start, route, fault):
    sft = await start()
    endpoint = await active(sft)
    await sft.created(1)
    sft.faults({"fault": fault, "route": route})

    answer = await carry_out(sft.platform, termination(sft, endpoint))
    sft.faults()
    seen = await look(sft.platform, sft.iccids[0], endpoint)

    assert outcome(answer) == (UNKNOWN, None)
    sights = {("DeLinkSim", "error_before"): Sight.ABSENT, ("DeleteEndPoint", "error_after"): Sight.PRESENT}
    assert seen.sight is sights.get((route, fault), Sight.DETACHED)


async def test_a_refused_profile_proves_nothing_while_no_other_profile_is_shown(sft):
    endpoint = await active(sft)
    await sft.act(Kind.TERMINATE, endpoint)

    assert await sft.platform.endpoint_exists(endpoint) is None
    other = await sft.created(1)
    assert await sft.platform.endpoint_exists(other) is True
    assert await sft.platform.endpoint_exists(endpoint) is False


async def test_an_account_may_only_take_the_sim_away(start):
    sft = await start(terminate_with="DeLinkSim")
    endpoint = await active(sft)

    first, second = [await carry_out(sft.platform, termination(sft, endpoint)) for _ in range(2)]

    assert [(outcome(answer), answer.already) for answer in (first, second)] == [
        ((DONE, None), False),
        ((DONE, None), True),
    ]
    assert ends(sft) == ["delink"]


async def test_a_sim_that_has_another_endpoint_by_now_is_left_alone(sft):
    endpoint = await active(sft)
    work = replace(termination(sft, endpoint), endpoint_id="1")

    answer = await carry_out(sft.platform, work)

    assert (outcome(answer), ends(sft)) == ((NOT_DONE, Because.CONTRADICTION), [])
