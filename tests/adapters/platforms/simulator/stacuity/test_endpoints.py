"""What endpoints are and may do, as the documents say it."""

from urllib.parse import quote

import pytest

from adapters.platforms.simulator.stacuity.estate import DAY
from adapters.platforms.simulator.stacuity.fixtures import claim_code


async def test_every_status_has_its_documented_id(account):
    shown = {(await account.endpoint(kind))["endpointStatus"]["key"] for kind in ("pending", "idle", "suspended")}
    terminated = (await account.endpoint("terminated"))["endpointStatus"]["key"]
    network = {
        (await account.endpoint(kind))["endpointNetworkStatus"]["key"]
        for kind in ("pending", "detached", "idle", "in session")
    }

    assert (shown, terminated, network) == ({30, 50, 60}, 70, {10, 20, 30, 40})


async def test_an_iccid_never_changes(account):
    one = await account.endpoint("pending")

    assert await account.put(f"/endpoints/{one['id']}", {"tags": [], "iccid": "8944500000000000001"}) != ""
    assert (await account.endpoint("pending"))["iccid"] == one["iccid"]


async def test_an_endpoint_holds_at_least_one_imsi(account):
    assert len((await account.endpoint("pending"))["identities"]) >= 1


async def test_a_reference_addresses_the_endpoint_and_is_unique(account):
    found = await account.get("/endpoints/meter-4711")
    taken = await account.put(f"/endpoints/{account.id_of('pending')}", {"tags": [], "reference": "meter-4711"})

    assert found["id"] == account.id_of("reference")
    assert taken == "Reference already in use"


@pytest.mark.parametrize("reference", ["50%", "a%41", "a b", "100%25", "ü-1"])
async def test_a_reference_is_decoded_once(account, reference):
    await account.put(f"/endpoints/{account.id_of('pending')}", {"tags": [], "reference": reference})

    assert (await account.get(f"/endpoints/{quote(reference, safe='')}"))["id"] == account.id_of("pending")


@pytest.mark.parametrize("field", ["iccid", "routingPolicyId", "steeringProfileId", "eventMapId", "ipAddress"])
async def test_only_name_tags_static_ip_imei_lock_and_reference_can_be_edited(account, field):
    path = f"/endpoints/{account.id_of('idle')}"

    assert await account.put(path, {"tags": ["a"], "name": "n", "reference": "r-1"}) == ""
    assert await account.put(path, {"tags": ["a"], "staticIp": "10.0.0.9", "imeiLock": "490154203237518"}) == ""
    assert await account.put(path, {"tags": ["a"], field: "x"}) == "Field cannot be changed"


async def test_an_edit_replaces_everything(account):
    path = f"/endpoints/{account.id_of('tag 1')}"
    await account.put(path, {"name": "n", "tags": ["a"]})
    await account.put(path, {"tags": ["b"]})
    found = await account.endpoint("tag 1")

    assert (found["name"], found["tags"]) == (None, ["b"])


@pytest.mark.parametrize("tags", [["a,b"], ["a:b"], [""], ["x" * 51], [f"t{n}" for n in range(21)], "a", [1]])
async def test_tags_beyond_their_limits_are_refused(account, tags):
    assert await account.put(f"/endpoints/{account.id_of('pending')}", {"tags": tags}) == "Field is not valid"


async def test_a_tag_that_breaks_the_limits_and_is_there_is_kept(account):
    path = f"/endpoints/{account.id_of('prefix 2')}"

    assert await account.put(path, {"tags": ["area:north", "new"]}) == ""


@pytest.mark.parametrize("field", [{"staticIp": "10.9.0.1"}, {"staticIp": "x"}, {"imeiLock": "123"}])
async def test_a_static_ip_outside_the_subnets_and_a_wrong_imei_are_refused(account, field):
    assert await account.put(f"/endpoints/{account.id_of('idle')}", {"tags": [], **field}) == "Field is not valid"


# --- arrival ---


async def test_a_sim_that_the_tenant_allocates_is_pending(account):
    await account.door("/stock", ["8944500000000079364"])
    (found,) = await account.get("/endpoints", filter="iccid:8944500000000079364")

    assert (found["endpointStatus"]["moniker"], found["endpointNetworkStatus"]["moniker"]) == ("pending", "unknown")


async def test_a_claim_needs_iccid_and_code_and_makes_the_endpoint(account):
    iccid = next(iter(account.estate.unclaimed))
    wrong = [{"iccid": iccid}, {"activationCode": claim_code(iccid)}, {"iccid": iccid, "activationCode": "AC-0"}]
    refused = [await account.post("/endpoints", body) for body in wrong]
    before = account.estate.with_iccid(iccid)
    answer = await account.call("POST", "/endpoints", {"iccid": iccid, "activationCode": claim_code(iccid)})

    assert refused == ["SIM cannot be claimed"] * 3
    assert before is None
    assert answer["data"] == account.estate.with_iccid(iccid).id
    assert (await account.get(f"/endpoints/{answer['data']}"))["endpointStatus"]["moniker"] == "pending"


async def test_a_sim_is_claimed_once_and_not_from_another_account(account):
    iccid = next(iter(account.estate.unclaimed))
    elsewhere = next(one for one, (_, others) in account.estate.unclaimed.items() if others)
    body = {"iccid": iccid, "activationCode": claim_code(iccid)}

    assert await account.post("/endpoints", body) == ""
    assert await account.post("/endpoints", body) == "SIM cannot be claimed"
    assert await account.post("/endpoints", {"iccid": elsewhere, "activationCode": claim_code(elsewhere)}) != ""


async def test_a_pending_endpoint_passes_no_traffic(account):
    answer = await account.door("/session", {"iccid": (await account.endpoint("pending"))["iccid"]})

    assert answer == {"error": "Status change not allowed"}


@pytest.mark.parametrize("kind", ["in session", "idle", "suspended"])
async def test_an_endpoint_that_leaves_its_group_keeps_nothing_of_it(account, kind):
    before = account.estate.members(account.estate.find(account.estate.groups, "fleet-main"))
    one = account.estate.endpoints[account.id_of(kind)]
    await account.door("/unassign", {"iccid": one.iccid})
    found = await account.endpoint(kind)

    assert await account.state(kind) == ("pending", "unknown")
    assert (found["endpointGroup"], found["ipAddress"], one.session_since, one.addresses) == (None, None, None, {})
    assert await account.door("/session", {"iccid": one.iccid}) == {"error": "Status change not allowed"}
    assert account.estate.members(account.estate.find(account.estate.groups, "fleet-main")) == before - 1
    assert await account.door("/network", {"iccid": one.iccid, "status": "idle"}) == {
        "error": "Endpoint has no primary group"
    }
    assert await account.assign(kind) == "", "it can be put into a group again"


async def test_a_reset_of_an_endpoint_that_no_group_has_is_refused(account):
    path = f"/endpoints/{account.id_of('pending')}/reset"

    assert await account.post(path, {"forceDetach": True}) == "Endpoint has no primary group"
    assert await account.state("pending") == ("pending", "unknown")


# --- groups and traffic ---


async def test_assigning_a_pending_endpoint_makes_it_active_in_the_vslice_of_the_group(account):
    assert await account.assign("pending") == ""
    found = await account.endpoint("pending")

    assert (found["endpointStatus"]["moniker"], found["vSliceMoniker"]) == ("active", "vslice-main")
    assert found["endpointGroup"]["moniker"] == "fleet-main"
    assert found["ipAddress"] is None, "it comes with the first session"


async def test_an_endpoint_takes_on_all_policies_of_its_group_at_once_and_has_none_of_its_own(account):
    await account.assign("pending", "fleet-main")
    group = await account.get("/EndpointGroups/fleet-main")
    found = await account.endpoint("pending")

    assert found["routingPolicyId"] == group["routingPolicy"]["id"]
    assert found["regionalGatewayPolicyId"] == group["regionalGatewayPolicy"]["id"]


async def test_moving_replaces_the_group_in_one_action_and_raises_no_event(account):
    before = await account.happened("idle")
    assert await account.assign("idle", "fleet-alt") == ""
    found = await account.endpoint("idle")

    assert (found["endpointGroup"]["moniker"], found["vSliceMoniker"]) == ("fleet-alt", "vslice-alt")
    assert (await account.state("idle"))[0] == "active"
    assert await account.happened("idle") == before


async def test_an_endpoint_is_in_one_primary_group_at_a_time(account):
    await account.assign("pending", "fleet-main")
    before = account.estate.members(account.estate.find(account.estate.groups, "fleet-main"))
    await account.assign("pending", "fleet-second")
    counts = {one["moniker"]: one["endpointsAssigned"] for one in await account.get("/EndpointGroups", limit="0")}

    assert (counts["fleet-main"], counts["fleet-second"]) == (before - 1, 1)


async def test_a_session_brings_network_active_and_an_address_of_the_groups_subnet(account):
    iccid = (await account.endpoint("detached"))["iccid"]
    await account.door("/session", {"iccid": iccid})
    found = await account.endpoint("detached")

    assert await account.state("detached") == ("active", "active")
    assert found["ipAddress"].startswith(("10.0.", "10.1."))


async def test_a_static_address_is_used_and_a_pooled_one_is_given_back(account, new_group):
    await account.post("/EndpointGroups", new_group | {"moniker": "pooled", "ipAllocationType": "pooled"})
    await account.assign("pending", "pooled")
    await account.assign("tag 1", "fleet-main")
    await account.put(f"/endpoints/{account.id_of('tag 1')}", {"tags": [], "staticIp": "10.1.0.77"})
    for kind in ("pending", "tag 1"):
        iccid = (await account.endpoint(kind))["iccid"]
        await account.door("/session", {"iccid": iccid})
        assert (await account.endpoint(kind))["ipAddress"] is not None
        await account.door("/session", {"iccid": iccid, "start": False})

    assert (await account.endpoint("pending"))["ipAddress"] is None
    assert (await account.endpoint("tag 1"))["ipAddress"] == "10.1.0.77"


async def test_there_is_one_address_for_each_group_that_the_endpoint_has_access_to(account):
    found = await account.get(f"/endpoints/{account.id_of('in session')}/ipaddresses")

    assert len({one["ipAddress"] for one in found}) == len(found) == 2, "each is another one"
    assert {(one["endpointGroup"]["moniker"], one["apn"]) for one in found} == {
        ("fleet-main", "main.flex"),
        ("video-apn", "video.flex"),
    }


async def test_an_address_is_given_once_in_a_vslice(account):
    groups = {"pending": "fleet-main", "tag 1": "fleet-second", "tag 2": "fleet-second", "idle": "fleet-main"}
    for kind, group in groups.items():
        await account.assign(kind, group)
        await account.door("/session", {"iccid": account.estate.endpoints[account.id_of(kind)].iccid})
    kinds = [*groups, "in session"]
    given = [
        one["ipAddress"] for kind in kinds for one in await account.get(f"/endpoints/{account.id_of(kind)}/ipaddresses")
    ]

    assert len(set(given)) == len(given) == 3 * 2 + 2


async def test_a_static_address_is_given_once_in_a_vslice_and_never_drawn(account):
    paths = {kind: f"/endpoints/{account.id_of(kind)}" for kind in ("idle", "detached", "in session")}
    taken = (await account.endpoint("in session"))["ipAddress"]
    first = await account.put(paths["idle"], {"tags": [], "staticIp": "10.0.0.3"})
    again = await account.put(paths["idle"], {"tags": ["x"], "staticIp": "10.0.0.3"})
    twice = await account.put(paths["detached"], {"tags": [], "staticIp": "10.0.0.3"})
    drawn = await account.put(paths["detached"], {"tags": [], "staticIp": taken})
    own = await account.put(paths["in session"], {"tags": [], "staticIp": taken})
    await account.door("/session", {"iccid": account.estate.endpoints[account.id_of("detached")].iccid})
    rows = await account.get(f"{paths['detached']}/ipaddresses")

    assert (first, again, own) == ("", "", "")
    assert (twice, drawn) == ("Field is not valid", "Field is not valid")
    assert "10.0.0.3" not in {row["ipAddress"] for row in rows}


async def test_a_static_address_of_its_own_secondary_group_is_taken_too(account):
    path = f"/endpoints/{account.id_of('in session')}"
    second = (await account.get(f"{path}/ipaddresses"))[1]["ipAddress"]

    assert await account.put(path, {"tags": [], "staticIp": second}) == "Field is not valid"


async def test_a_move_takes_the_static_address_along_only_where_it_fits(account):
    await account.put(f"/endpoints/{account.id_of('idle')}", {"tags": [], "staticIp": "10.1.0.9"})

    assert await account.assign("idle", "fleet-second") == ""
    assert (await account.endpoint("idle"))["ipAddress"] == "10.1.0.9"
    assert await account.assign("idle", "fleet-alt") == "Field is not valid", "10.1.0.0/24 is none of its subnets"


async def test_a_subnet_without_addresses_left_carries_no_further_session(account, new_group):
    await account.post("/vslices", {"name": "Tiny", "moniker": "tiny-1", "subnetAddress": "10.6.0.0/30"})
    await account.post("/RoutingPolicies", {"name": "P", "moniker": "policy-1", "vslice": "tiny-1"})
    await account.post("/EndpointGroups", new_group | {"vslice": "tiny-1", "routingPolicy": "policy-1"})
    answers = []
    for kind in ("pending", "tag 1", "tag 2"):
        await account.assign(kind, "meters")
        answers.append(await account.door("/session", {"iccid": account.estate.endpoints[account.id_of(kind)].iccid}))

    assert answers[2] == {"error": "Field is not valid"}
    assert [(await account.endpoint(kind))["ipAddress"] for kind in ("pending", "tag 1")] == ["10.6.0.1", "10.6.0.2"]


async def test_an_sms_goes_to_usable_endpoints_and_arrives_on_a_network(account):
    body = {"payloadText": "hello", "protocolId": 0, "dataCodingScheme": 0}
    paths = {kind: f"/endpoints/{account.id_of(kind)}/sms" for kind in ("idle", "detached", "suspended", "pending")}
    answers = [await account.post(path, body) for path in paths.values()]
    wrong = [{}, {"payloadText": ""}, body | {"protocolId": "0"}, body | {"dataCodingScheme": 256}]

    assert answers == ["", "", "Status change not allowed", "Status change not allowed"]
    assert [await account.post(paths["idle"], one) for one in wrong] == ["Field is not valid"] * 4
    assert (await account.happened("idle"))[-2:] == ["EndpointSMSAttempted_v1", "EndpointSMSDelivered_v1"]
    assert (await account.happened("detached"))[-1] == "EndpointSMSUndelivered_v1"


async def test_a_group_that_is_not_configured_well_takes_no_endpoints_and_carries_no_traffic(account, start):
    lax = await start(strict=False)

    assert await account.assign("pending", "no-routing") == "Field is not valid"
    assert await lax.assign("pending", "no-routing") == ""
    iccid = (await lax.endpoint("pending"))["iccid"]
    assert await lax.door("/session", {"iccid": iccid}) == {"error": "Status change not allowed"}


# --- states ---


async def test_suspending_ends_the_session_and_blocks_traffic_at_once(account):
    assert await account.set_status("in session", "suspended") == ""
    iccid = (await account.endpoint("in session"))["iccid"]

    assert await account.state("in session") == ("suspended", "idle")
    assert await account.door("/session", {"iccid": iccid}) == {"error": "Status change not allowed"}


async def test_a_suspended_endpoint_keeps_its_group_and_is_usable_again_when_active(account):
    group = (await account.endpoint("suspended"))["endpointGroup"]["moniker"]
    assert await account.set_status("suspended", "active") == ""
    iccid = (await account.endpoint("suspended"))["iccid"]
    await account.door("/session", {"iccid": iccid})

    assert group == "fleet-main"
    assert await account.state("suspended") == ("active", "active")


@pytest.mark.parametrize(
    ("kind", "status"),
    [("pending", "suspended"), ("pending", "active"), ("terminated", "active"), ("terminated", "suspended")],
)
async def test_other_moves_are_refused(account, kind, status):
    assert await account.set_status(kind, status) == "Status change not allowed"


@pytest.mark.parametrize(
    ("kind", "status"), [("suspended", "suspended"), ("idle", "active"), ("terminated", "terminated")]
)
async def test_a_change_to_what_holds_already_is_refused_unless_repeats_are_taken(account, kind, status):
    refused = await account.set_status(kind, status)
    before = len(account.simulator.ledger.entries)
    await account.door("/faults", {"profile": "repeats_taken"})

    assert refused == "Status change not allowed"
    assert await account.set_status(kind, status) == ""
    assert len(account.simulator.ledger.entries) == before


@pytest.mark.parametrize("status", ["suspended", "terminated"])
async def test_drift_out_of_service_ends_the_session_too(account, status):
    one = account.estate.endpoints[account.id_of("in session")]
    await account.door("/drift", {"iccid": one.iccid, "status": status})

    assert (await account.state("in session"))[0] == status
    assert one.session_since is None


async def test_people_in_the_portal_swap_the_sim_of_an_endpoint(account):
    one, other = account.estate.endpoints[account.id_of("pending")], "8944500102198304826"
    old = one.iccid
    await account.door("/swap", {"iccid": old, "other": other})

    assert (one.iccid, account.estate.with_iccid(old)) == (other, None)
    assert "swap wants" in (await account.door("/swap", {"iccid": other, "other": other}))["error"]


async def test_with_slow_an_assignment_is_carried_out_in_its_time_and_not_on_what_was_ended_meanwhile(start):
    account = await start(behaviours=["slow"])
    for kind in ("pending", "tag 1", "tag 2"):
        assert await account.assign(kind, "fleet-second") == ""
    at_once = await account.state("pending")
    await account.set_status("tag 1", "terminated")
    await account.door("/clock", {"seconds": 21})
    after = [(await account.state(kind))[0] for kind in ("pending", "tag 1", "tag 2")]

    assert (at_once[0], after) == ("pending", ["active", "terminated", "active"])
    assert (await account.get("/EndpointGroups/fleet-second"))["endpointsAssigned"] == 2


async def test_with_slow_an_assignment_to_a_group_that_is_gone_meanwhile_does_nothing(start):
    account = await start(behaviours=["slow"])
    await account.assign("pending", "fleet-second")
    assert await account.delete("/EndpointGroups/fleet-second") == ""
    await account.door("/clock", {"seconds": 21})

    assert await account.state("pending") == ("pending", "unknown")


@pytest.mark.parametrize("kind", ["pending", "idle", "suspended"])
async def test_pending_active_and_suspended_endpoints_can_be_terminated_for_good(account, kind):
    assert await account.set_status(kind, "terminated") == ""
    assert (await account.state(kind))[0] == "terminated"
    assert await account.set_status(kind, "active") == "Status change not allowed"
    assert await account.assign(kind) == "Status change not allowed"
    assert await account.put(f"/endpoints/{account.id_of(kind)}", {"tags": []}) == "Status change not allowed"


async def test_assigning_while_suspended_is_refused(account):
    assert await account.assign("suspended", "fleet-second") == "Status change not allowed"


async def test_a_terminated_record_is_kept_90_days_and_then_erased(account):
    assert "erased" in account.simulator.account.fixtures, "100 days ago"
    assert account.estate.endpoints.get(account.id_of("erased")) is None
    await account.door("/clock", {"seconds": 79 * DAY})
    kept = await account.call("GET", f"/endpoints/{account.id_of('terminated')}")
    await account.door("/clock", {"seconds": 2 * DAY})
    gone = await account.call("GET", f"/endpoints/{account.id_of('terminated')}")

    assert kept["success"]
    assert gone == {"success": False, "messages": ["Record not found"]}


async def test_a_terminated_sim_cannot_be_claimed_while_its_record_exists(account):
    iccid = next(iter(account.estate.unclaimed))
    body = {"iccid": iccid, "activationCode": claim_code(iccid)}
    new = (await account.call("POST", "/endpoints", body))["data"]
    await account.put(f"/endpoints/{new}/status", {"endpointStatus": "terminated"})
    refused = await account.post("/endpoints", body)
    await account.door("/clock", {"seconds": 91 * DAY})

    assert refused == "SIM cannot be claimed"
    assert await account.post("/endpoints", body) == ""


# --- many at once ---


async def test_many_are_assigned_in_one_action_and_each_has_its_own_outcome(account):
    ids = [account.id_of(kind) for kind in ("pending", "suspended", "tag 1")]
    answer = await account.call("POST", "/EndpointGroups/fleet-main/endpoints", [{"endpointId": one} for one in ids])

    assert not answer["success"]
    assert [(item["endpointId"], item["success"]) for item in answer["data"]] == list(
        zip(ids, [True, False, True], strict=True)
    )


@pytest.mark.parametrize(("status", "after"), [("suspended", "suspended"), ("terminated", "terminated")])
async def test_many_are_suspended_or_terminated_in_one_action(account, status, after):
    ids = [account.id_of(kind) for kind in ("idle", "detached")]
    answer = await account.call("PUT", "/endpoints/status", {"endpointIds": ids, "endpointStatus": status})
    told = f"EndpointProvisioningStatusSet{status.capitalize()}_v1"

    assert answer["success"]
    assert [(item["endpointId"], item["success"]) for item in answer["data"]] == [(one, True) for one in ids]
    assert {(await account.state(kind))[0] for kind in ("idle", "detached")} == {after}
    assert (await account.state("in session"))[0] == "active", "nobody else is touched"
    assert [(await account.happened(kind)).count(told) for kind in ("idle", "detached", "in session")] == [1, 1, 0]


async def test_with_partial_bulk_every_seventh_item_fails_and_the_others_are_done(start):
    account = await start(stock=15, behaviours=["partial_bulk"])
    ids = [one.id for one in list(account.estate.endpoints.values())[:15]]
    answer = await account.call("POST", "/EndpointGroups/fleet-main/endpoints", [{"endpointId": one} for one in ids])
    failed = [nth for nth, item in enumerate(answer["data"], 1) if not item["success"]]

    assert failed == [7, 14]
    assert [nth for nth, one in enumerate(ids, 1) if account.estate.endpoints[one].status == 30] == failed


async def test_a_bulk_call_takes_1_to_500_items(account):
    await account.call("PUT", "/endpoints/status", {"endpointIds": [], "endpointStatus": "suspended"})
    none = account.status
    await account.call("PUT", "/endpoints/status", {"endpointIds": ["x"] * 501, "endpointStatus": "suspended"})

    assert (none, account.status) == (400, 400)


# --- lists ---


async def test_lists_are_filtered_by_status_group_tag_iccid_name_and_reference(account):
    one = await account.endpoint("idle")
    await account.put(f"/endpoints/{account.id_of('idle')}", {"tags": ["x1"], "name": "pump", "reference": "ref-9"})

    async def found(term: str) -> set[str]:
        return {row["id"] for row in await account.get("/endpoints", filter=term, limit="0")}

    everyone = {one.id: one for one in account.estate.endpoints.values()}
    for status, word in ((30, "pending"), (50, "active"), (60, "suspended"), (70, "terminated")):
        truly = {key for key, one in everyone.items() if one.status == status}
        assert await found(f"endpointStatus:{word}") == truly != set()
    main = account.group_id("fleet-main")
    assert await found("endpointGroup:fleet-main") == {key for key, one in everyone.items() if one.group == main}
    assert await found("endpointGroup:fleet-second") == set()
    assert {
        frozenset(await found(term)) for term in ("tags:x1", "name:pump", "reference:ref-9", f"iccid:{one['iccid']}")
    } == {frozenset({account.id_of("idle")})}
    assert await found("tags:x1,endpointStatus:suspended") == set(), "terms are joined by AND"


async def test_a_filter_means_contains_and_case_counts(account):
    rows = await account.get("/endpoints", filter="tags:batch-0001", limit="0")
    upper = await account.get("/endpoints", filter="tags:BATCH", limit="0")

    assert len(rows) == 4, "two of batch-0001 and two of batch-00010"
    assert upper == []


async def test_a_list_row_has_what_a_read_back_needs(account):
    (row,) = await account.get("/endpoints", filter=f"id:{account.id_of('idle')}")

    assert {"iccid", "name", "endpointStatus", "endpointGroup", "latestActivity"} <= set(row)


async def test_pages_have_a_default_a_limit_and_the_number_of_all(start):
    account = await start(stock=60, fixtures="objects")
    forgotten = await account.call("GET", "/endpoints")
    second = await account.call("GET", "/endpoints", offset="50", limit="50")
    most = await account.call("GET", "/endpoints", limit="100000")

    assert (len(forgotten["data"]), forgotten["totalItems"], forgotten["limit"]) == (50, 60, 50)
    assert (len(second["data"]), second["offset"]) == (10, 50)
    assert most["limit"] == 1000


async def test_lists_can_be_sorted_both_ways(account):
    up = [row["iccid"] for row in await account.get("/endpoints", sortBy="asc(iccid)", limit="0")]
    down = [row["iccid"] for row in await account.get("/endpoints", sortby="desc(iccid)", limit="0")]

    assert up == sorted(up) == down[::-1]


async def test_a_missing_endpoint_is_a_200_that_says_no(account):
    answer = await account.call("GET", "/endpoints/nobody")

    assert (account.status, answer) == (200, {"success": False, "messages": ["Record not found"]})


async def test_paths_are_compared_without_case(account):
    assert await account.get("/ENDPOINTGROUPS/fleet-main") == await account.get("/endpointgroups/fleet-main")


async def test_support_can_reinstate_and_a_customer_cannot(account):
    iccid = (await account.endpoint("terminated"))["iccid"]
    refused = await account.set_status("terminated", "pending")
    await account.door("/drift", {"iccid": iccid, "status": "pending"})

    assert refused == "Status change not allowed"
    assert await account.state("terminated") == ("pending", "unknown")
    assert await account.door("/drift", {"iccid": iccid, "status": "active"}) == {
        "error": "Endpoint has no primary group"
    }


async def test_the_fixtures_can_be_loaded_anew(account):
    await account.assign("pending")
    answer = await account.door("/reset", {})

    assert answer == {"endpoints": len(account.estate.endpoints)}
    assert (await account.state("pending"))[0] == "pending"
    assert await account.door("/settings", {"oem": True}) == await account.door("/no-such-door", {})
