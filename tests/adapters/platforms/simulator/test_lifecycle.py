from dataclasses import replace

import pytest


async def lifecycle(sft, endpoint_id, letter, reason="1"):
    return await sft.write("/EndPointLifeCycleChange", endpoint_id, lifeCycle=letter, reason=reason)


async def test_activation_gets_5014_and_makes_the_sim_active(sft, code):
    endpoint_id = await sft.created()
    answer = await sft.write("/EndPointActivation", endpoint_id)
    assert code(answer) == ("0", "5014")
    assert answer["responseParam"]["endPointId"] == endpoint_id
    assert (await sft.sim(sft.iccids[0]))["simStatus"] == "Active"


async def test_a_second_activation_gets_2507_and_does_nothing(sft, code):
    endpoint_id = await sft.created()
    await sft.write("/EndPointActivation", endpoint_id)
    assert code(await sft.write("/EndPointActivation", endpoint_id)) == ("1", "2507")
    assert sft.kinds() == ["create", "activate"]


async def test_activation_without_a_sim_gets_6420(sft, code):
    endpoint_id = await sft.created(isLinkSIM="false")
    assert code(await sft.write("/EndPointActivation", endpoint_id)) == ("1", "6420")


async def test_activation_of_an_unknown_endpoint_is_refused(sft, code):
    assert code(await sft.write("/EndPointActivation", "1")) == ("1", "10117")


async def test_suspend_and_resume_get_5017_with_both_states(sft, code):
    endpoint_id = await sft.created(isDefaultActivation="true")
    suspended = await lifecycle(sft, endpoint_id, "S")
    assert code(suspended) == ("0", "5017")
    assert suspended["responseParam"] == {"currentStatus": "Suspended", "previousStatus": "Active"}
    assert code(await lifecycle(sft, endpoint_id, "A")) == ("0", "5017")
    assert sft.kinds() == ["create", "lifecycle", "lifecycle"]


async def test_the_same_state_again_gets_1254(sft, code):
    endpoint_id = await sft.created(isDefaultActivation="true")
    assert code(await lifecycle(sft, endpoint_id, "A")) == ("1", "1254")


async def test_lifecycle_a_also_activates_a_pre_active_endpoint(sft, code):
    assert code(await lifecycle(sft, await sft.created(), "A")) == ("0", "5017")


async def test_a_pre_active_endpoint_cannot_be_suspended(sft, code):
    assert code(await lifecycle(sft, await sft.created(), "S")) == ("1", "9105")


async def test_a_suspended_endpoint_cannot_be_activated_for_the_first_time(sft, code):
    endpoint_id = await sft.created(isDefaultActivation="true")
    await lifecycle(sft, endpoint_id, "S")
    assert code(await sft.write("/EndPointActivation", endpoint_id)) == ("1", "9105")


@pytest.mark.parametrize(("letter", "reason"), [("X", "1"), ("S", "9"), ("", "1")])
async def test_unknown_letters_and_reasons_get_10117(sft, code, letter, reason):
    endpoint_id = await sft.created(isDefaultActivation="true")
    assert code(await lifecycle(sft, endpoint_id, letter, reason)) == ("1", "10117")


async def test_delink_gets_6413_and_frees_the_sim(sft, code):
    endpoint_id = await sft.created()
    assert code(await sft.write("/DeLinkSim", endpoint_id)) == ("0", "6413")
    row = await sft.sim(sft.iccids[0])
    assert (row["simStatus"], row["simAttachStatus"], row["endPointId"]) == ("Ready To Activate", "NOT ATTACHED", "-")


@pytest.mark.parametrize("at_once", ["true", "false"])
async def test_a_delinked_sim_is_ready_again_and_its_endpoint_is_on_hold(sft, at_once):
    endpoint_id = await sft.created(isDefaultActivation=at_once)
    await sft.write("/DeLinkSim", endpoint_id)
    profile = await sft.get("/GetEndPointProfile", endPointId=endpoint_id)
    assert (await sft.sim(sft.iccids[0]))["simStatus"] == "Ready To Activate"
    assert profile["info"]["basicInfo"]["endPointStatus"] == "Hold"


async def test_a_delinked_sim_can_be_linked_again_is_pre_active_then_and_can_be_activated(sft, code):
    endpoint_id = await sft.created(isDefaultActivation="true")
    await sft.write("/DeLinkSim", endpoint_id)
    assert (await sft.write("/LinkSim", endpoint_id, iccid=sft.iccids[0]))["resultCode"] == "0"
    assert (await sft.sim(sft.iccids[0]))["simStatus"] == "Pre-Active"
    assert code(await sft.write("/EndPointActivation", endpoint_id)) == ("0", "5014")


async def test_a_delinked_sim_gets_a_new_endpoint(sft, code):
    await sft.write("/DeLinkSim", await sft.created(isDefaultActivation="true"))
    assert (await sft.create())["resultCode"] == "0"


async def test_only_a_sim_that_is_ready_can_be_linked_or_get_an_endpoint(sft, code):
    world, iccid = sft.simulator.state, sft.iccids[0]
    world.sims[iccid] = replace(world.sims[iccid], status="Active")
    waiting = await sft.created(isLinkSIM="false")
    assert code(await sft.create(iccid)) == ("1", "9105")
    assert code(await sft.write("/LinkSim", waiting, iccid=iccid)) == ("1", "9105")


async def test_only_an_endpoint_on_hold_can_be_linked(sft, code):
    endpoint_id = await sft.created(isLinkSIM="false")
    world = sft.simulator.state
    world.endpoints[endpoint_id] = replace(world.endpoints[endpoint_id], status="Pre-Active")
    assert code(await sft.write("/LinkSim", endpoint_id, iccid=sft.iccids[5])) == ("1", "9105")


async def test_a_second_delink_gets_6420(sft, code):
    endpoint_id = await sft.created()
    await sft.write("/DeLinkSim", endpoint_id)
    assert code(await sft.write("/DeLinkSim", endpoint_id)) == ("1", "6420")


async def test_a_sim_can_be_linked_later(sft):
    endpoint_id = await sft.created(isLinkSIM="false")
    assert (await sft.write("/LinkSim", endpoint_id, iccid=sft.iccids[5]))["resultCode"] == "0"
    row = await sft.sim(sft.iccids[5])
    assert (row["endPointId"], row["simStatus"]) == (endpoint_id, "Pre-Active")


async def test_neither_a_taken_sim_nor_a_second_one_can_be_linked(sft, code):
    first, second, third = sft.iccids[:3]
    endpoint_id = await sft.created(first)
    await sft.created(second)
    assert code(await sft.write("/LinkSim", endpoint_id, iccid=second)) == ("1", "9102")
    assert code(await sft.write("/LinkSim", endpoint_id, iccid=third)) == ("1", "9102")


async def test_delete_wants_the_sim_delinked_and_gets_10159(sft, code):
    endpoint_id = await sft.created()
    assert code(await sft.write("/DeleteEndPoint", endpoint_id)) == ("1", "9106")
    await sft.write("/DeLinkSim", endpoint_id)
    assert code(await sft.write("/DeleteEndPoint", endpoint_id)) == ("0", "10159")
    assert code(await sft.write("/DeleteEndPoint", endpoint_id)) == ("1", "10117")
    assert sft.kinds() == ["create", "delink", "delete"]
