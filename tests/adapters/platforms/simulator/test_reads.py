import asyncio

import pytest


async def rows(sft, **query):
    return (await sft.get("/fetchSIM", **query))["responseParam"]["rows"]


async def test_a_sim_in_stock_is_free_and_ready(sft):
    row = await sft.sim(sft.iccids[0])
    assert (row["simStatus"], row["simAttachStatus"], row["endPointId"]) == ("Ready To Activate", "NOT ATTACHED", "-")


async def test_a_row_spells_its_fields_as_the_wire_does(sft):
    row = await sft.sim(sft.iccids[0])
    activation = row["activationCode"]
    assert activation["textQrCode"] == f"LPA:1${activation['smDpPlusAdress']}${activation['matchingId']}"
    assert row["iMSIList"][0]["supplierIMSIList"][0].keys() == {"supplierIMSI", "sponsorName"}
    assert {"simId", "eid", "simProduct"} < row.keys()


async def test_pages_hold_ten_unless_asked_and_count_themselves(sft):
    answer = await sft.get("/fetchSIM")
    assert len(answer["responseParam"]["rows"]) == 10
    assert answer["totalNoOfPages"] == 2
    listed = [row["iccid"] for page in "123" for row in await rows(sft, page=page, perPage="8")]
    assert listed == sft.iccids


async def test_a_page_is_never_larger_than_the_maximum(start):
    sft = await start(max_per_page=5)
    assert len(await rows(sft, perPage="250")) == 5


async def test_a_page_beyond_the_end_is_empty(sft):
    assert await rows(sft, page="9") == []


@pytest.mark.parametrize("query", [{"page": "0"}, {"perPage": "many"}, {"page": "-1"}])
async def test_a_bad_page_gets_10117(sft, code, query):
    assert code(await sft.get("/fetchSIM", **query)) == ("1", "10117")


async def test_the_documented_query_finds_one_free_pre_active_sim(sft):
    iccid = sft.iccids[7]
    await sft.create(iccid)
    found = await sft.get("/fetchSIM", simStatusId="12", simAttachStatusId="1", page="1", perPage="1")
    assert [row["iccid"] for row in found["responseParam"]["rows"]] == [iccid]
    assert found["totalNoOfPages"] == 1


@pytest.mark.parametrize("query", [{"simStatusId": "77"}, {"simAttachStatusId": "77"}, {"iccid": "1"}])
async def test_nothing_found_is_an_empty_list(sft, query):
    answer = await sft.get("/fetchSIM", **query)
    assert (answer["resultCode"], answer["totalNoOfPages"], answer["responseParam"]["rows"]) == ("0", 0, [])


async def test_nothing_found_may_also_be_1359(start, code):
    sft = await start(no_match="1359")
    assert code(await sft.get("/fetchSIM", iccid="1")) == ("1", "1359")


async def test_filters_combine_with_the_iccid(sft):
    iccid = sft.iccids[0]
    await sft.create(iccid)
    assert len(await rows(sft, iccid=iccid, simStatusId="12", simAttachStatusId="1")) == 1
    assert await rows(sft, iccid=iccid, simStatusId="901") == []
    assert len(await rows(sft, simAttachStatusId="900", perPage="100")) == 19


async def test_reads_show_a_change_only_after_the_lag(start, code):
    sft = await start(read_lag=0.3)
    endpoint_id = await sft.created()
    assert (await sft.sim(sft.iccids[0]))["endPointId"] == "-"
    assert code(await sft.get("/GetEndPointProfile", endPointId=endpoint_id)) == ("1", "10117")
    assert await rows(sft, simStatusId="12") == []
    await asyncio.sleep(0.32)
    assert (await sft.sim(sft.iccids[0]))["endPointId"] == endpoint_id
    assert (await sft.get("/GetEndPointProfile", endPointId=endpoint_id))["resultCode"] == "0"
    assert len(await rows(sft, simStatusId="12")) == 1


async def test_writes_see_the_truth_without_lag(start, code):
    sft = await start(read_lag=60)
    endpoint_id = await sft.created()
    assert code(await sft.write("/EndPointActivation", endpoint_id)) == ("0", "5014")


async def test_the_profile_puts_its_data_in_info_and_leaves_empty_parts_out(sft):
    endpoint_id = await sft.created()
    answer = await sft.get("/GetEndPointProfile", endPointId=endpoint_id)
    assert answer["info"].keys() == {"basicInfo"}
    assert answer["info"]["basicInfo"]["iccid"] == sft.iccids[0]
    assert "responseParam" not in answer


async def test_endpoints_are_listed(sft):
    endpoint_id = await sft.created()
    answer = await sft.get("/GetEndpoints")
    assert [row["endPointId"] for row in answer["responseParam"]["rows"]] == [endpoint_id]


async def test_plans_and_profiles_can_be_looked_up(sft, code):
    plans = (await sft.get("/QueryRatePlan", planCategory="ADDON", planType="0"))["responseParam"]["plan"]
    assert [plan["basicInfo"]["planId"] for plan in plans] == ["654321", "654322"]
    assert code(await sft.get("/QueryRatePlan", planId="1")) == ("1", "1359")
    assert (await sft.get("/GetPlans"))["responseParam"]["rows"][0]["planId"] == "123456"
    profiles = (await sft.get("/GetRoamingProfiles", roamingProfileId="1234"))["responseParam"]["rows"]
    assert profiles[0]["roamingProfileId"] == "1234"


async def test_times_are_written_day_first(sft):
    assert (await sft.get("/fetchSIM"))["responseTimestamp"][2::3][:2] == "//"
