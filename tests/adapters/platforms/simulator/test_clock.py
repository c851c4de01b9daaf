"""The simulator's time can be moved on: what would take hours takes a call."""

import asyncio
from typing import get_args

import aiohttp
import pytest

from adapters.platforms.simulator.faults import Fault
from adapters.platforms.simulator.injection import INJECTIONS

CREATE = "CreateEndPoint"


async def skip(sft, seconds):
    return await sft.admin("/skip", {"seconds": seconds})


async def test_a_commit_that_is_late_by_minutes_happens_when_they_are_skipped(start):
    sft = await start(faults=[{"fault": "accepted", "route": CREATE, "late": 300}])
    await sft.create()
    await skip(sft, 299)
    assert sft.kinds() == []
    await skip(sft, 2)
    await sft.until(lambda: sft.kinds() == ["create"])


async def test_a_hang_of_minutes_ends_when_they_are_skipped(start):
    sft = await start(faults=[{"fault": "hang_before", "route": CREATE}])
    hanging = asyncio.create_task(sft.create())
    await sft.until(lambda: sft.simulator.engine.stats.in_flight == 1)
    await skip(sft, 200)
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await hanging


async def test_tokens_lags_and_fault_times_go_along(start, code):
    sft = await start(read_lag=60, faults=[{"fault": "refused", "route": CREATE, "start": 100, "code": "77"}])
    await sft.create()
    assert (await sft.sim(sft.iccids[0]))["endPointId"] == "-"
    await skip(sft, 61)
    assert (await sft.sim(sft.iccids[0]))["endPointId"] != "-"
    await skip(sft, 60)
    assert code(await sft.create(sft.iccids[1])) == ("1", "77")
    await skip(sft, 601)
    assert code(await sft.create(sft.iccids[1])) == ("1", "401")


async def test_only_a_sensible_time_can_be_skipped(sft):
    assert "error" in await skip(sft, -1)
    assert "error" in await skip(sft, "nan")


async def test_a_token_can_be_made_to_last_for_some_calls_only(start, code):
    sft = await start(token_calls=2)
    answers = [code(await sft.create(iccid))[1] for iccid in sft.iccids[:3]]
    assert answers == ["0", "0", "401"]


async def test_a_sim_that_has_an_endpoint_gets_another_only_if_the_platform_is_told_so(start):
    strict, lax = await start(), await start(duplicates=True)
    for sft in (strict, lax):
        await sft.create()
        await sft.create()
    assert [len(sft.kinds()) for sft in (strict, lax)] == [1, 2]


def test_every_fault_does_something():
    assert set(INJECTIONS) == set(get_args(Fault))


async def test_a_bulk_call_is_about_each_of_its_sims(start):
    sft = await start(bulk="sync")
    await sft.admin("/faults", [{"fault": "refused", "route": "CreateBulkEndPoint", "iccids": [sft.iccids[1]]}])
    fields = sft.creation()["Request"]["requestParam"]
    del fields["iccid"], fields["name"]
    for some, outer in ((sft.iccids[:2], "1"), (sft.iccids[2:4], "0")):
        rows = [{"iccid": iccid, "name": "n"} for iccid in some]
        answer = await sft.send("/CreateBulkEndPoint", {"Request": {"requestParam": fields | {"endPoints": rows}}})
        assert answer["resultCode"] == outer
