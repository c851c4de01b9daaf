import json

import pytest

from adapters.platforms.simulator import Simulator, SimulatorConfig


async def test_a_restart_finds_everything_again(start, tmp_path):
    knobs = {"state_file": tmp_path / "deep" / "state.jsonl", "ledger_file": tmp_path / "ledger.jsonl"}
    before = await start(**knobs)
    endpoint_id = await before.created(addonPlanIds=["654321"])
    await before.send("/createEndpointTag", {"endpointTagInfo": {"endpointId": endpoint_id, "tagName": "batch-1"}})
    await before.admin("/stock", ["8944000000000000017"])
    truth = await before.admin("/endpoints")
    await before.simulator.stop()

    after = await start(**knobs, read_lag=60)
    assert await after.admin("/endpoints") == truth
    assert (await after.sim(after.iccids[0]))["endPointId"] == endpoint_id
    assert (await after.sim("8944000000000000017"))["simStatus"] == "Ready To Activate"
    assert (await after.get("/GetEndpointTag", endpointId=endpoint_id))["responseParam"]["rows"][0][
        "tagName"
    ] == "batch-1"
    assert await after.created(after.iccids[1]) != endpoint_id
    seqs = [json.loads(line)["seq"] for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_the_file_is_written_within_a_second_of_a_change(start, tmp_path):
    sft = await start(state_file=tmp_path / "state.jsonl")
    endpoint_id = await sft.created()
    file = tmp_path / "state.jsonl"
    await sft.until(lambda: file.exists() and endpoint_id in file.read_text(), seconds=2.0)
    assert [path.name for path in tmp_path.iterdir()] == ["state.jsonl"]


def test_a_file_of_something_else_is_refused_with_its_place(tmp_path):
    file = tmp_path / "state.jsonl"
    file.write_text('{"header": {"seq": 1}}\niccid,name\n')
    with pytest.raises(ValueError, match=r"state\.jsonl, line 2"):
        Simulator(SimulatorConfig(state_file=file, stock=1))


async def test_a_deleted_endpoint_stays_deleted(start, tmp_path):
    knobs = {"state_file": tmp_path / "state.jsonl"}
    before = await start(**knobs)
    endpoint_id = await before.created()
    await before.write("/DeLinkSim", endpoint_id)
    await before.write("/DeleteEndPoint", endpoint_id)
    await before.simulator.stop()
    after = await start(**knobs)
    assert await after.admin("/endpoints") == []
    assert await after.created() != endpoint_id
