"""What groups may be, as the customer portal's page on endpoint groups says it."""

import pytest


async def made(account, new_group, **fields):
    """What making a group comes to."""
    return await account.post("/EndpointGroups", {k: v for k, v in (new_group | fields).items() if v is not None})


async def test_a_group_is_made_read_by_id_and_moniker_and_listed(account, new_group):
    answer = await account.call("POST", "/EndpointGroups", new_group)
    by_moniker = await account.get("/EndpointGroups/meters")

    assert answer["data"] == by_moniker["id"]
    assert by_moniker == await account.get(f"/EndpointGroups/{answer['data']}")
    assert "meters" in {one["moniker"] for one in await account.get("/EndpointGroups", limit="0")}
    assert by_moniker["endpointsAssigned"] == 0


@pytest.mark.parametrize(("name", "good"), [("M", False), ("Me", True), ("x" * 100, True), ("x" * 101, False)])
async def test_a_name_has_2_to_100_characters(account, new_group, name, good):
    assert (await made(account, new_group, name=name) == "") is good


@pytest.mark.parametrize(
    ("moniker", "good"), [("abcd", False), ("abcde", True), ("a" * 30, True), ("a" * 31, False), ("Abcde", False)]
)
async def test_a_moniker_has_5_to_30_characters(account, new_group, moniker, good):
    assert (await made(account, new_group, moniker=moniker) == "") is good


@pytest.mark.parametrize(
    "field",
    [
        "name",
        "moniker",
        "vslice",
        "regionalGatewayPolicy",
    ],
)
async def test_what_is_mandatory_cannot_be_left_out(account, new_group, field):
    assert await made(account, new_group, **{field: None}) == "Field is not valid"


async def test_a_group_without_the_newer_fields_is_primary_integrated_and_only_tells_of_idle_sessions(
    account, new_group
):
    newer = ("subscriptionType", "endpointGroupType", "sessionInactivityAction")
    older = {name: value for name, value in new_group.items() if name not in newer}

    assert await account.post("/EndpointGroups", older | {"ipAllocationType": "Static"}) == ""
    shown = await account.get("/EndpointGroups/meters")
    assert [shown[name]["moniker"] for name in newer] == ["integrated", "primary", "notify"]
    assert shown["customerId"] == account.simulator.account.tenant


async def test_operator_policy_event_map_and_inactivity_are_optional_changeable_and_clearable(account, new_group):
    await account.post("/EventMaps", {"name": "Map", "moniker": "map-1", "eventScope": "endpoint"})
    full = new_group | {"steeringProfile": "operators-default", "eventMap": "map-1", "sessionInactivityTime": 60}
    assert await made(account, full) == ""
    with_all = await account.get("/EndpointGroups/meters")
    assert await account.put("/EndpointGroups/meters", new_group) == ""
    cleared = await account.get("/EndpointGroups/meters")

    assert (with_all["steeringProfile"]["moniker"], with_all["eventMap"]["moniker"]) == ("operators-default", "map-1")
    assert with_all["sessionInactivityTime"] == 60
    assert (cleared["steeringProfile"], cleared["eventMap"], cleared["sessionInactivityTime"]) == (None, None, None)


async def test_routing_and_regional_policy_can_be_changed(account, new_group):
    await account.post("/RoutingPolicies", {"name": "New", "moniker": "internet-new", "vslice": "vslice-main"})
    await made(account, new_group)
    await account.assign("pending", "meters")
    before = await account.get("/EndpointGroups/meters")
    changed = new_group | {"regionalGatewayPolicy": "europe-only", "routingPolicy": "internet-new"}
    assert await account.put("/EndpointGroups/meters", changed) == ""
    after, one = await account.get("/EndpointGroups/meters"), await account.endpoint("pending")
    names = [
        (found["routingPolicy"]["moniker"], found["regionalGatewayPolicy"]["moniker"]) for found in (before, after)
    ]

    assert names == [("internet-main", "automatic"), ("internet-new", "europe-only")]
    assert one["routingPolicyId"] == after["routingPolicy"]["id"], "its endpoints have it at once"


async def test_a_group_says_how_many_endpoints_it_holds(account):
    async def shown():
        return (await account.get("/EndpointGroups/fleet-second"))["endpointsAssigned"]

    counts = [await shown()]
    for kind in ("pending", "tag 1", "tag 2"):
        await account.assign(kind, "fleet-second")
        counts.append(await shown())
    await account.set_status("pending", "suspended")
    counts.append(await shown())
    await account.set_status("pending", "terminated")
    await account.assign("tag 1", "fleet-main")
    counts.append(await shown())

    assert counts == [0, 1, 2, 3, 3, 1], "a suspended endpoint counts, a terminated one and one that moved do not"


async def test_stale_counts_are_those_of_five_seconds_ago_also_when_switched_on_while_running(account):
    async def shown():
        return (await account.get("/EndpointGroups/fleet-second"))["endpointsAssigned"]

    for kind in ("pending", "tag 1"):
        await account.assign(kind, "fleet-second")
    await account.door("/clock", {"seconds": 10})
    await account.door("/faults", {"profile": "stale_counts"})
    known = await shown()
    await account.assign("tag 2", "fleet-second")
    at_once = await shown()
    await account.door("/clock", {"seconds": 6})

    assert (known, at_once, await shown()) == (2, 2, 3)


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("vslice", "vslice-alt"),
        ("subscriptionType", "edge"),
        ("endpointGroupType", "secondary"),
        ("ipv4Subnet", "10.1.0.0/24"),
    ],
)
async def test_vslice_subscription_type_kind_and_subnet_never_change(account, new_group, field, other):
    await made(account, new_group)

    assert await account.put("/EndpointGroups/meters", new_group | {field: other}) == "Field cannot be changed"


async def test_name_and_moniker_may_change_and_the_old_moniker_stops_at_once(account, new_group):
    await made(account, new_group)
    assert await account.put("/EndpointGroups/meters", new_group | {"name": "Other", "moniker": "other-1"}) == ""

    assert (await account.get("/EndpointGroups/other-1"))["name"] == "Other"
    assert (await account.call("GET", "/EndpointGroups/meters"))["messages"] == ["Record not found"]


async def test_a_moniker_is_given_once(account, new_group):
    assert await made(account, new_group, moniker="fleet-main") == "Field is not valid"


async def test_a_subnet_is_one_of_the_vslices(account, new_group):
    assert await made(account, new_group, ipv4Subnet="10.9.0.0/24") == "Object belongs to another VSlice"
    assert await made(account, new_group, ipv4Subnet="10.1.0.0/24") == ""


async def test_a_routing_policy_of_another_vslice_is_refused(account, new_group):
    assert await made(account, new_group, routingPolicy="internet-alt") == "Object belongs to another VSlice"


async def test_a_group_needs_a_vslice_with_a_subnet_and_a_regional_policy(account, new_group):
    assert await made(account, new_group, vslice="vslice-empty") == "Field is not valid"
    account.estate.regional_policies.clear()
    assert await made(account, new_group) == "Field is not valid"


async def test_a_vslice_comes_before_every_other_object(account):
    body = {"name": "Policy", "moniker": "policy-1"}
    first = await account.post("/OperatorPolicies", body)
    account.estate.vslices.clear()

    assert (first, await account.post("/RegionalPolicies", body)) == ("", "Field is not valid")


async def test_two_vslices_may_use_the_same_addresses_and_one_gives_each_once(account):
    main, alt = await account.get("/vslices/vslice-main"), await account.get("/vslices/vslice-alt")
    for kind, group in (("pending", "fleet-alt"), ("tag 1", "fleet-alt"), ("tag 2", "fleet-second")):
        await account.assign(kind, group)
    kinds = ("pending", "tag 1", "tag 2", "in session")
    for kind in kinds:
        await account.door("/session", {"iccid": (await account.endpoint(kind))["iccid"]})
    in_alt, again_in_alt, in_main, first = [(await account.endpoint(kind))["ipAddress"] for kind in kinds]

    assert (main["subnets"][0], alt["subnets"]) == ("10.0.0.0/16", ["10.0.0.0/24"])
    assert in_alt == first, "two VSlices know nothing of each other"
    assert in_alt != again_in_alt
    assert in_main != first


@pytest.mark.parametrize(("seconds", "good"), [(1, True), (0, False), (-5, False), ("60", False)])
async def test_an_inactivity_time_is_more_than_0_seconds(account, new_group, seconds, good):
    assert (await made(account, new_group, sessionInactivityTime=seconds) == "") is good


@pytest.mark.parametrize(("action", "network"), [("notify", "active"), ("notifyandterminate", "idle")])
async def test_an_idle_session_is_told_and_closed_only_where_the_group_says_so(account, new_group, action, network):
    await made(account, new_group, sessionInactivityTime=60, sessionInactivityAction=action)
    await account.assign("pending", "meters")
    await account.door("/session", {"iccid": (await account.endpoint("pending"))["iccid"]})
    await account.door("/clock", {"seconds": 61})

    assert await account.state("pending") == ("active", network)
    assert (await account.happened("pending")).count("EndpointDataSessionInactive_v1") == 1


async def test_a_routing_policy_change_leaves_sessions_running(account):
    group = await account.get("/EndpointGroups/fleet-main")
    await account.post("/RoutingPolicies", {"name": "New", "moniker": "internet-new", "vslice": "vslice-main"})
    body = {
        "name": group["name"],
        "moniker": group["moniker"],
        "routingPolicy": "internet-new",
        "regionalGatewayPolicy": "automatic",
        "sessionInactivityAction": "notify",
    }

    assert await account.put(f"/EndpointGroups/{group['id']}", body) == ""
    assert await account.state("in session") == ("active", "active")


# --- primary and secondary ---


async def test_a_primarys_apn_comes_from_its_vslice_and_a_secondary_needs_one(account, new_group):
    assert await made(account, new_group, apn="x.flex") == "APN not allowed"
    assert await made(account, new_group, endpointGroupType="secondary") == "APN not allowed"
    assert await made(account, new_group, endpointGroupType="secondary", apn="x.flex") == ""


@pytest.mark.parametrize(("apn", "good"), [("x.flex", True), ("X.FLEX", True), ("x.other", False), ("a b.flex", False)])
async def test_an_apn_fits_the_pattern_of_the_vslice(account, new_group, apn, good):
    assert (await made(account, new_group, endpointGroupType="secondary", apn=apn) == "") is good


async def test_an_apn_of_a_secondary_may_change(account, new_group):
    secondary = new_group | {"endpointGroupType": "secondary", "apn": "x.flex"}
    await made(account, secondary)

    assert await account.put("/EndpointGroups/meters", secondary | {"apn": "y.flex"}) == ""


async def test_association_is_made_on_the_primary_and_gives_all_its_endpoints_the_apn(account):
    path, body = "/EndpointGroups/fleet-main/secondarygroups", [{"endpointGroupId": account.group_id("meter-apn")}]
    assert await account.post(path, body) == ""
    primary = await account.get("/EndpointGroups/fleet-main")
    await account.door("/session", {"iccid": (await account.endpoint("idle"))["iccid"]})
    apns = {one["apn"] for one in await account.get(f"/endpoints/{account.id_of('idle')}/ipaddresses")}

    assert {one["moniker"] for one in primary["secondaryGroups"]} == {"video-apn", "meter-apn"}
    assert apns == {"main.flex", "video.flex", "meter.flex"}
    assert (await account.endpoint("idle"))["endpointGroup"]["moniker"] == "fleet-main", "the membership stays"


async def test_an_endpoint_has_no_address_in_a_secondary_that_was_taken_away(account):
    path = f"/endpoints/{account.id_of('in session')}/ipaddresses"
    before = await account.get(path)
    await account.delete("/EndpointGroups/fleet-main/secondarygroups/video-apn")
    await account.post("/EndpointGroups/fleet-main/secondarygroups", [{"endpointGroupId": "video-apn"}])

    assert [one["apn"] for one in before] == ["main.flex", "video.flex"]
    assert [one["apn"] for one in await account.get(path)] == ["main.flex"], "a new one comes with the next session"


async def test_a_secondary_belongs_to_one_primary_and_has_no_secondaries(account):
    body = [{"endpointGroupId": account.group_id("video-apn")}]

    assert await account.post("/EndpointGroups/fleet-second/secondarygroups", body) == "Endpoint group has associations"
    assert await account.post("/EndpointGroups/meter-apn/secondarygroups", body) == "Field is not valid"


async def test_all_apns_of_a_primary_and_its_secondaries_differ(account):
    body = [{"endpointGroupId": account.group_id("clash-apn")}]

    assert await account.post("/EndpointGroups/fleet-main/secondarygroups", body) == "APN not allowed"


async def test_an_endpoint_gets_into_a_secondary_only_by_association(account, start):
    assert await account.assign("pending", "video-apn") == "Endpoint has no primary group"
    assert await account.assign("idle", "meter-apn") == "Secondary group is not associated"
    assert await account.assign("idle", "video-apn") == "Status change not allowed"
    direct = await start(direct_secondary=True)
    assert await direct.assign("idle", "video-apn") == ""


async def test_a_secondary_has_no_effect_until_it_is_associated(account):
    await account.door("/session", {"iccid": (await account.endpoint("idle"))["iccid"]})
    apns = {one["apn"] for one in await account.get(f"/endpoints/{account.id_of('idle')}/ipaddresses")}

    assert "meter.flex" not in apns


# --- deletion ---


async def test_a_group_that_holds_endpoints_cannot_be_deleted(account):
    await account.assign("pending", "fleet-second")

    assert await account.delete("/EndpointGroups/fleet-second") == "Endpoint group is in use"
    await account.assign("pending", "fleet-main")
    assert await account.delete("/EndpointGroups/fleet-second") == ""


async def test_associated_groups_cannot_be_deleted(account, new_group):
    await made(account, new_group)
    await account.post("/EndpointGroups/meters/secondarygroups", [{"endpointGroupId": account.group_id("meter-apn")}])
    both = [await account.delete(f"/EndpointGroups/{name}") for name in ("meters", "meter-apn")]
    await account.delete("/EndpointGroups/meters/secondarygroups/meter-apn")

    assert both == ["Endpoint group has associations"] * 2
    assert await account.delete("/EndpointGroups/meters") == ""


async def test_deleting_a_group_leaves_terminated_endpoints_as_they_were(account):
    await account.assign("pending", "fleet-second")
    await account.set_status("pending", "terminated")
    assert await account.delete("/EndpointGroups/fleet-second") == ""
    found = await account.endpoint("pending")

    assert (found["endpointStatus"]["moniker"], found["endpointGroupName"]) == ("terminated", "Fleet second")
