import json


async def test_the_ledger_tells_all_true_commits_in_order(sft):
    endpoint_id = await sft.created()
    await sft.write("/EndPointActivation", endpoint_id)
    entries = await sft.admin("/ledger")
    assert [(entry["seq"], entry["kind"]) for entry in entries] == [(1, "create"), (2, "activate")]
    assert entries[0]["endPointId"] == endpoint_id
    assert entries[0]["iccid"] == sft.iccids[0]
    assert entries[0]["details"]["isDefaultActivation"] == "false"


async def test_the_ledger_file_gets_a_line_per_commit_at_once(start, tmp_path):
    sft = await start(ledger_file=tmp_path / "new" / "ledger.jsonl")
    await sft.create()
    lines = (tmp_path / "new" / "ledger.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == await sft.admin("/ledger")


async def test_stats_count_requests_writes_and_commits(sft):
    await sft.create()
    await sft.create()
    await sft.get("/fetchSIM")
    stats = await sft.admin("/stats")
    assert stats["requests"] == {"POST /login": 1, "POST /CreateEndPoint": 2, "GET /fetchSIM": 1}
    assert (stats["requests_total"], stats["write_requests"], stats["writes_total"]) == (4, 2, 1)
    assert stats["max_in_one_second"] == 4
    assert (stats["max_concurrent"], stats["in_flight"]) == (1, 0)
    assert sum((await sft.admin("/calls-by-second")).values()) == 4


async def test_the_journal_shows_requests_without_secrets(start):
    sft = await start(faults=[{"fault": "error_before", "route": "CreateEndPoint"}])
    async with sft.request("POST", "/CreateEndPoint", json=sft.creation()) as response:
        await response.read()
    login, create = await sft.admin("/journal")
    assert login["body"] == {"username": "api-user", "password": "***"}
    assert create["headers"]["X-Authorization"] == "Bearer ***"
    assert (create["method"], create["path"], create["status"]) == ("POST", "/api/CreateEndPoint", 500)
    assert create["fault"] == "error_before"
    text = json.dumps([login, create])
    assert sft.token not in text
    assert "demo-password" not in text


async def test_the_journal_can_be_switched_off(start):
    sft = await start(journal=False)
    assert await sft.admin("/journal") == []


async def test_endpoints_show_the_ground_truth_without_lag(start):
    sft = await start(read_lag=60)
    endpoint_id = await sft.created()
    await sft.send("/createEndpointTag", {"endpointTagInfo": {"endpointId": endpoint_id, "tagName": "batch-1"}})
    body = {"Request": {"requestParam": {"endPointId": endpoint_id, "planId": "654321"}}}
    addon = (await sft.send("/SubscribeAddon", body))["responseParam"]["addonDetails"]
    assert await sft.admin("/endpoints") == [
        {
            "endPointId": endpoint_id,
            "iccid": sft.iccids[0],
            "name": "meter-1",
            "status": "Pre-Active",
            "planId": "123456",
            "tags": ["batch-1"],
            "addons": [addon],
            "isDefaultActivation": "false",
        }
    ]


async def test_faults_can_be_set_and_cleared_while_running(sft):
    await sft.admin("/faults", [{"fault": "throttle", "route": "fetchSIM", "form": "envelope"}])
    assert (await sft.get("/fetchSIM"))["resultCode"] == "1"
    assert (await sft.admin("/faults"))[0]["fired"] == 1
    await sft.admin("/faults", {"profile": "none"})
    assert (await sft.get("/fetchSIM"))["resultCode"] == "0"


async def test_a_bad_plan_is_refused_with_the_reason(sft):
    assert "gremlins" in (await sft.admin("/faults", [{"fault": "gremlins"}]))["error"]
    assert "no such profile" in (await sft.admin("/faults", {"profile": "/etc/hostname"}))["error"]
    assert "seed" in (await sft.admin("/settings", {"seed": 5}))["error"]
    assert "doors" in await sft.admin("/nothing")


async def test_stock_can_be_added_by_list_and_by_count(sft):
    iccid = "8944000000000000017"
    assert await sft.admin("/stock", [iccid, iccid]) == {"added": 1}
    assert await sft.admin("/stock", {"count": 3}) == {"added": 3}
    assert (await sft.create(iccid))["resultCode"] == "0"
    assert len((await sft.get("/fetchSIM", perPage="100"))["responseParam"]["rows"]) == 24
    assert "not an ICCID" in (await sft.admin("/stock", ["short"]))["error"]


async def test_reset_starts_again_and_keeps_logins(sft):
    await sft.create()
    await sft.admin("/reset", {})
    assert await sft.admin("/ledger") == []
    assert await sft.admin("/endpoints") == []
    assert (await sft.create())["resultCode"] == "0"


async def test_reset_of_stats_only_keeps_the_endpoints(sft):
    await sft.create()
    await sft.admin("/reset", {"only": ["stats"]})
    assert (await sft.admin("/stats"))["requests_total"] == 0
    assert len(await sft.admin("/endpoints")) == 1


async def test_drift_moves_an_endpoint_or_makes_it_vanish(sft):
    endpoint_id = await sft.created()
    await sft.admin("/drift", {"endPointId": endpoint_id, "status": "Active"})
    assert (await sft.sim(sft.iccids[0]))["simStatus"] == "Active"
    await sft.admin("/drift", {"endPointId": endpoint_id, "status": "Deleted"})
    assert (await sft.sim(sft.iccids[0]))["endPointId"] == "-"
    assert "drift wants" in (await sft.admin("/drift", {"endPointId": endpoint_id}))["error"]


async def test_people_in_the_portal_swap_the_sim_of_an_endpoint_and_put_one_into_service_with_an_add_on(sft):
    endpoint_id = await sft.created()
    await sft.admin("/swap", {"endPointId": endpoint_id, "iccid": sft.iccids[1]})
    await sft.admin("/subscribe", {"endPointId": endpoint_id, "planId": "654321"})

    rows = [await sft.sim(iccid) for iccid in sft.iccids[:2]]
    assert [(row["endPointId"], row["simStatus"]) for row in rows] == [
        ("-", "Ready To Activate"),
        (endpoint_id, "Active"),
    ]
    (truth,) = await sft.admin("/endpoints")
    assert [addon["planId"] for addon in truth["addons"]] == ["654321"]
    assert "swap wants" in (await sft.admin("/swap", {"endPointId": endpoint_id, "iccid": sft.iccids[1]}))["error"]


async def test_the_admin_door_is_not_part_of_the_api(sft):
    async with sft.request("GET", "/_sim/ledger") as response:
        assert response.status == 404
