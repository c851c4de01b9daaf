import asyncio

import aiohttp
import pytest


async def test_pre_active_stock_is_created_and_linked(sft):
    iccid = sft.iccids[3]
    answer = await sft.create(iccid)
    assert answer["resultCode"] == "0"
    assert answer["endPointId"] == (row := await sft.sim(iccid))["endPointId"]
    assert (row["simStatus"], row["simAttachStatus"]) == ("Pre-Active", "ATTACHED")


async def test_the_new_id_stands_directly_in_the_response(sft):
    answer = await sft.create()
    assert isinstance(answer["endPointId"], str)
    assert "responseParam" not in answer


@pytest.mark.parametrize(
    ("sent", "status"), [({"isDefaultActivation": "true"}, "Active"), ({"isDefaultActivation": None}, "Active")]
)
async def test_only_an_explicit_false_keeps_it_pre_active(sft, sent, status):
    await sft.create(**sent)
    assert (await sft.sim(sft.iccids[0]))["simStatus"] == status


async def test_on_oem_accounts_it_starts_in_active_test(start):
    sft = await start(oem=True)
    await sft.create()
    assert (await sft.sim(sft.iccids[0]))["simStatus"] == "Active-Test"


async def test_one_sim_holds_one_endpoint(sft, code):
    await sft.create()
    assert code(await sft.create(name="other")) == ("1", "9102")
    assert sft.kinds() == ["create"]


@pytest.mark.parametrize(
    ("field", "value", "inner"),
    [
        ("iccid", "8944000000000000000", "9101"),
        ("planId", "999999", "9103"),
        ("planId", "654321", "9103"),
        ("addonPlanIds", ["123456"], "9103"),
        ("roamingProfileId", "1234|4321", "9104"),
        ("name", None, "10117"),
        ("name", "x" * 101, "10117"),
        ("isLinkSIM", None, "10117"),
        ("isLinkSIM", "perhaps", "10117"),
        ("apnGroupId", "PDP_9", "10117"),
        ("addonPlanIds", "654321", "10117"),
    ],
)
async def test_a_bad_field_is_refused_and_changes_nothing(sft, code, field, value, inner):
    assert code(await sft.create(**{field: value})) == ("1", inner)
    assert sft.kinds() == []


async def test_a_failure_travels_as_http_200_without_response_param(sft):
    async with sft.request("POST", "/CreateEndPoint", json=sft.creation("8944000000000000000")) as response:
        assert response.status == 200
        answer = (await response.json())["Response"]
    assert "responseParam" not in answer
    assert answer.keys() == {"resultCode", "responseId", "responseTimestamp", "resultParam"}


async def test_add_ons_can_be_subscribed_at_creation(sft):
    await sft.create(addonPlanIds=["654321", "654322"])
    assert sft.kinds() == ["create", "subscribe_addon", "subscribe_addon"]


async def test_names_need_not_be_unique(sft):
    first, second = sft.iccids[:2]
    assert await sft.created(first) != await sft.created(second)


async def test_without_a_sim_it_waits_in_hold_so_that_one_can_be_linked(sft):
    endpoint_id = await sft.created(isLinkSIM="false", iccid=None, isDefaultActivation="true")
    assert sft.simulator.state.endpoints[endpoint_id].status == "Hold"


async def test_a_write_survives_the_client_that_hangs_up(start):
    sft = await start(latency_write=0.4)
    with pytest.raises(asyncio.TimeoutError):
        async with sft.request(
            "POST", "/CreateEndPoint", json=sft.creation(), timeout=aiohttp.ClientTimeout(total=0.05)
        ):
            pass
    assert sft.kinds() == []
    await sft.until(lambda: sft.kinds() == ["create"])


async def test_of_two_creates_at_once_for_one_sim_one_wins(start):
    sft = await start(latency_write=0.02)
    answers = await asyncio.gather(*(sft.create() for _ in range(5)))
    assert sorted(answer["resultCode"] for answer in answers) == ["0", "1", "1", "1", "1"]
    assert sft.kinds() == ["create"]


@pytest.mark.parametrize("body", ["not json", "[1]", '"text"'])
async def test_a_body_that_is_no_object_gets_10117(sft, code, body):
    async with sft.request("POST", "/CreateEndPoint", data=body) as response:
        assert code((await response.json())["Response"]) == ("1", "10117")


async def test_unknown_paths_and_other_case_get_404(sft):
    for path in ("/createEndPoint", "/endpointbulk", "/CreateBulkEndPoint", "/nothing"):
        async with sft.request("POST", path, json={}) as response:
            assert response.status == 404
