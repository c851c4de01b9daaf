async def subscribe(sft, endpoint_id, plan_id="654321"):
    body = {"Request": {"requestParam": {"endPointId": endpoint_id, "planId": plan_id}}}
    return await sft.send("/SubscribeAddon", body)


async def patch(sft, endpoint_id, **params):
    return await sft.send("/endpoint", {"Request": {"endPointId": endpoint_id, "requestParam": params}}, "PATCH")


async def test_second_subscribe_makes_a_second_addon_instance(sft):
    endpoint_id = await sft.created()
    answers = [await subscribe(sft, endpoint_id) for _ in range(2)]
    ids = [answer["responseParam"]["addonDetails"]["uniqueId"] for answer in answers]
    assert ids[0] < ids[1]
    info = (await sft.get("/GetEndPointProfile", endPointId=endpoint_id))["info"]
    assert [plan["uniqueId"] for plan in info["promotionalPlans"]["plan"]] == ids
    assert {plan["planId"] for plan in info["promotionalPlans"]["plan"]} == {"654321"}
    assert [benefit["uniqueId"] for benefit in info["benefitInfo"]["benefit"]] == ids


async def test_subscribe_wants_the_endpoint_id_inside_request_param(sft, code):
    endpoint_id = await sft.created()
    assert code(await sft.write("/SubscribeAddon", endpoint_id, planId="654321")) == ("1", "10117")


async def test_subscribe_refuses_a_base_plan(sft, code):
    assert code(await subscribe(sft, await sft.created(), "123456")) == ("1", "9103")


async def test_patch_adds_and_removes_instances(sft):
    endpoint_id = await sft.created()
    assert (await patch(sft, endpoint_id, addAddonPlanIds=["654321", "654322"]))["resultCode"] == "0"
    first, second = sft.simulator.state.endpoints[endpoint_id].addons
    await patch(sft, endpoint_id, removeAddonUniqueIds=[first.unique_id])
    assert sft.simulator.state.endpoints[endpoint_id].addons == (second,)
    assert sft.kinds() == ["create", "subscribe_addon", "subscribe_addon", "remove_addon"]


async def test_patch_does_all_or_nothing(sft, code):
    endpoint_id = await sft.created()
    for params in ({"addAddonPlanIds": ["654321", "1"]}, {"addAddonPlanIds": ["654321"], "removeAddonUniqueIds": [1]}):
        assert code(await patch(sft, endpoint_id, **params))[0] == "1"
    assert sft.kinds() == ["create"]


async def test_change_plan_gets_7001_and_takes_numbers_too(sft, code):
    endpoint_id = await sft.created()
    assert code(await sft.write("/ChangePlan", endpoint_id, planId="DEFAULTPRE1")) == ("0", "7001")
    assert code(await sft.write("/ChangePlan", endpoint_id, planId=123456)) == ("0", "7001")
    assert code(await sft.write("/ChangePlan", endpoint_id, planId="1")) == ("1", "9103")
    assert sft.kinds() == ["create", "change_plan", "change_plan"]


async def test_threshold_gets_3005(sft, code):
    endpoint_id = await sft.created()
    answer = await sft.write("/UpdateThreshold", endpoint_id, planId="654321", counterId="1", threshold="100")
    assert code(answer) == ("0", "3005")
