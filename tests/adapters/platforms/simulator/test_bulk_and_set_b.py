def bulk_body(sft, *iccids):
    common = {key: value for key, value in sft.creation()["Request"]["requestParam"].items() if key != "iccid"}
    rows = [{"name": f"meter-{number}", "iccid": iccid} for number, iccid in enumerate(iccids)]
    return {"Request": {"requestParam": {**common, "endPoints": rows}}}


async def test_sync_bulk_answers_per_row_and_a_bad_row_stops_no_other(start):
    sft = await start(bulk="sync")
    first, second = sft.iccids[:2]
    answer = await sft.send("/CreateBulkEndPoint", bulk_body(sft, first, "8944000000000000000", second))
    assert [row["resultCode"] for row in answer["responseParam"]["rows"]] == ["0", "9101", "0"]
    assert len(sft.simulator.state.endpoints) == 2


async def test_async_bulk_accepts_first_and_creates_row_by_row(start):
    sft = await start(bulk="async", bulk_row_seconds=0.1)
    answer = await sft.send("/CreateBulkEndPoint", bulk_body(sft, *sft.iccids[:3]))
    assert answer["resultCode"] == "0"
    assert answer["requestId"]
    assert sft.kinds() == []
    await sft.until(lambda: sft.kinds() == ["create"] * 3)


async def test_bulk_without_rows_is_refused(start, code):
    sft = await start(bulk="sync")
    assert code(await sft.send("/CreateBulkEndPoint", bulk_body(sft))) == ("1", "10117")


async def test_set_b_names_work_only_when_switched_on(start, sft):
    async with sft.request("POST", "/createEndpoint", json={}) as response:
        assert response.status == 404
    set_b = await start(set_b_aliases=True)
    info = {"endpointName": "meter-1", "planId": "123456", "iccid": set_b.iccids[0], "isDefaultActivation": "false"}
    endpoint_id = (await set_b.send("/createEndpoint", {"endpointInfo": info}))["endPointId"]
    for path, inner in (("/activateEndpoint", "5014"), ("/delinkSim", "6413"), ("/deleteEndpoint", "10159")):
        answer = await set_b.send(path, {"endpointInfo": {"endpointId": endpoint_id}})
        assert answer["resultParam"]["resultCode"] == inner
    assert set_b.kinds() == ["create", "activate", "delink", "delete"]
