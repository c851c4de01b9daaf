"""Events are always recorded; delivery needs a handler and a map that subscribes it."""

import pytest
from aiohttp import web

from adapters.platforms.simulator.stacuity.fixtures import claim_code


@pytest.fixture
async def receiver():
    """A web server that keeps what is sent to it; `answers` are the statuses it gives, then 204."""
    got: list[tuple[str, dict]] = []
    answers: list[int] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.headers.get("Authorization", ""), await request.json()))
        return web.Response(status=answers.pop(0) if answers else 204)

    runner = web.AppRunner(web.Application())
    runner.app.router.add_post("/hook", take)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield url, got, answers
    await runner.cleanup()


ACTIVE = "EndpointProvisioningStatusSetActive_v1"


async def subscribe(account, url, *, scope="global", kinds=(ACTIVE,), moniker="hook-1", **hook):
    """Make a handler and a map of these types."""
    config = {"webhookConfig": {"url": url, "timeout": "5"} | hook}
    body = {"name": "Hook", "moniker": moniker, "eventEndpointType": "webhook", "configurationData": config}
    assert await account.post("/EventHandlers", body) == ""
    await account.post("/EventMaps", {"name": "Map", "moniker": f"{moniker}-map", "eventScope": scope})
    items = [{"eventEndpointId": moniker, "eventTypeId": kind.lower()} for kind in kinds]
    assert await account.post(f"/EventMaps/{moniker}-map/subscriptions", items) == ""


async def test_assignment_suspension_and_termination_are_told_by_their_own_events(account):
    await account.assign("pending")
    for status in ("suspended", "active", "terminated"):
        await account.set_status("pending", status)

    assert [kind for kind in await account.happened("pending") if "Provisioning" in kind] == [
        ACTIVE,
        "EndpointProvisioningStatusSetSuspended_v1",
        ACTIVE,
        "EndpointProvisioningStatusSetTerminated_v1",
    ]


async def test_key_values_imei_locks_and_forced_detaches_are_told(account):
    path = f"/endpoints/{account.id_of('idle')}"
    await account.put(f"{path}/keyvalues/batch", {"value": 7})
    await account.put(path, {"tags": [], "imeiLock": "490154203237518"})
    await account.post(f"{path}/reset", {"forceDetach": True, "endDataSession": True})

    assert await account.get(f"{path}/keyvalues") == [{"key": "batch", "value": "7"}]
    assert {"EndpointKeyValueUpdated_v1", "EndpointIMEIChanged_v1", "EndpointForciblyDetached_v1"} <= set(
        await account.happened("idle")
    )


async def test_network_changes_are_told(account):
    iccid = (await account.endpoint("detached"))["iccid"]
    before = len(await account.happened("detached"))
    await account.door("/session", {"iccid": iccid})
    await account.door("/session", {"iccid": iccid, "start": False})
    await account.door("/network", {"iccid": iccid, "status": "detached"})

    assert (await account.happened("detached"))[before:] == [
        f"EndpointNetworkStatusSet{name}_v1" for name in ("Active", "Idle", "Detached")
    ]
    await account.door("/session", {"iccid": iccid})
    await account.door("/network", {"iccid": iccid, "status": "detached"})
    assert (await account.happened("detached"))[-2:] == [
        f"EndpointNetworkStatusSet{name}_v1" for name in ("Idle", "Detached")
    ], "off the network there is no session"


async def test_a_new_operator_and_a_new_place_are_told_once_each(account):
    iccid = (await account.endpoint("idle"))["iccid"]
    before = len(await account.happened("idle"))
    seen = {"iccid": iccid, "operator": "Operator One", "country": "France", "lat": 48.8, "lon": 2.3}
    for body in (seen, seen, seen | {"operator": "Operator Two"}, seen | {"operator": "Operator Two", "lat": 50.0}):
        await account.door("/place", body)
    found = await account.endpoint("idle")
    unassigned = {"iccid": (await account.endpoint("pending"))["iccid"], "operator": "x"}

    assert (await account.happened("idle"))[before:] == [
        f"{name}_v1"
        for name in (
            "EndpointServingOperatorChanged",
            "EndpointLocationUpdated",
            "EndpointServingOperatorChanged",
            "EndpointLocationUpdated",
        )
    ]
    assert (found["latestServingOperatorDescription"], found["latestCountryName"]) == ("Operator Two", "France")
    assert (found["latestLat"], found["latestLon"]) == (50.0, 2.3)
    assert await account.door("/place", unassigned) == {"error": "Endpoint has no primary group"}


async def test_every_change_of_state_is_told_also_those_that_no_customer_makes(account):
    iccid = next(iter(account.estate.unclaimed))
    new = (await account.call("POST", "/endpoints", {"iccid": iccid, "activationCode": claim_code(iccid)}))["data"]
    await account.put(f"/endpoints/{new}/endpointgroup", {"endpointGroup": "fleet-main"})
    await account.door("/unassign", {"iccid": iccid})
    await account.door("/stock", ["8944500000000079364"])
    events = await account.get("/events", limit="0")
    of_new = [event["eventType"] for event in reversed(events) if event["endpointId"] == new]

    assert of_new == [
        "EndpointProvisioningStatusSetPending_v1",
        "EndpointNetworkStatusSetDetached_v1",
        ACTIVE,
        "EndpointProvisioningStatusSetPending_v1",
    ]
    assert events[0]["detail"]["iccid"] == "8944500000000079364"
    assert len({event["eventId"] for event in events}) == len(events)


async def test_the_end_of_an_endpoint_is_told_to_the_map_of_the_group_that_it_was_in(account, receiver, new_group):
    url, got, _ = receiver
    await subscribe(account, url, scope="endpoint", kinds=("EndpointProvisioningStatusSetTerminated_v1",))
    await account.post("/EndpointGroups", new_group | {"eventMap": "hook-1-map"})
    await account.assign("pending", "meters")
    await account.set_status("pending", "terminated")
    await account.until(lambda: got)

    assert (got[0][1]["endpointId"], got[0][1]["detail"]["endpointGroup"]) == (account.id_of("pending"), "meters")


async def test_an_event_says_what_when_and_which_endpoint(account):
    await account.assign("pending")
    event = (await account.get("/events", filter=f"endpointId:{account.id_of('pending')}"))[0]

    assert set(event) == {"eventId", "eventTime", "eventType", "endpointId", "detail"}
    assert (event["eventType"], event["detail"]["previousStatus"]) == (ACTIVE, "pending")
    assert event["eventTime"].endswith("Z")


async def test_events_of_a_group_are_listed_newest_first_and_narrowed_by_type_and_time(account):
    await account.assign("pending", "fleet-second")
    await account.door("/clock", {"seconds": 60})
    await account.set_status("pending", "suspended")
    await account.set_status("idle", "suspended")
    rows = await account.get("/events", filter="endpointGroup:fleet-second", limit="0")
    of_type = await account.get("/events", filter="endpointGroup:fleet-second,eventType:Active")
    since = {"from": rows[0]["eventTime"], "filter": "endpointGroup:fleet-second"}

    assert [row["eventType"] for row in rows] == [
        "EndpointProvisioningStatusSetSuspended_v1",
        ACTIVE,
        "EndpointNetworkStatusSetDetached_v1",
    ]
    assert {row["endpointId"] for row in rows} == {account.id_of("pending")}
    assert [row["eventType"] for row in of_type] == [ACTIVE]
    assert await account.get("/events", **since) == rows[:1]


async def test_events_are_listed_newest_first_and_narrowed_by_type_and_time(account):
    await account.assign("pending")
    cut = (await account.get("/events"))[0]["eventTime"]
    await account.door("/clock", {"seconds": 60})
    await account.set_status("pending", "suspended")
    rows = await account.get("/events", limit="0")
    later = await account.get("/events", **{"from": cut, "filter": "eventType:Suspended"})

    assert [row["eventTime"] for row in rows] == sorted((row["eventTime"] for row in rows), reverse=True)
    assert [row["eventType"] for row in later] == ["EndpointProvisioningStatusSetSuspended_v1"]


async def test_an_event_is_found_by_the_time_that_it_tells_of_itself(account):
    for _ in range(50):
        account.estate.tell("EndpointIMEIChanged", account.estate.endpoint(account.id_of("pending")))
    for row in await account.get("/events", limit="0"):
        then = await account.get("/events", **{"from": row["eventTime"], "to": row["eventTime"], "limit": "0"})

        assert row["eventId"] in [one["eventId"] for one in then]


async def test_events_are_kept_30_days(account):
    await account.assign("pending")
    await account.door("/clock", {"seconds": 31 * 86_400})

    assert await account.get("/events") == []


async def test_an_event_that_nobody_subscribes_is_recorded_and_not_sent(account, receiver):
    url, got, _ = receiver
    await subscribe(account, url, kinds=("EndpointIMEIChanged_v1",))
    await account.assign("pending")

    assert ACTIVE in await account.happened("pending")
    assert got == []


async def test_a_handler_and_a_map_deliver_with_the_token_that_was_set(account, receiver):
    url, got, _ = receiver
    await subscribe(account, url, bearerToken="receiver-token")
    await account.assign("pending")
    await account.until(lambda: got)

    assert got[0][0] == "Bearer receiver-token"
    assert (got[0][1]["eventType"], got[0][1]["endpointId"]) == (ACTIVE, account.id_of("pending"))


async def test_one_event_goes_to_many_handlers_and_one_handler_takes_many_types(account, receiver):
    url, got, _ = receiver
    await subscribe(account, url, bearerToken="a", kinds=(ACTIVE, "EndpointProvisioningStatusSetSuspended_v1"))
    await subscribe(account, url, bearerToken="b", moniker="hook-2")
    await account.assign("pending")
    await account.set_status("pending", "suspended")
    await account.until(lambda: len(got) == 3)

    assert sorted(token for token, _ in got) == ["Bearer a", "Bearer a", "Bearer b"]


@pytest.mark.parametrize(
    ("scope", "place"), [("vslice", "vslices/vslice-main"), ("endpoint", "EndpointGroups/fleet-main")]
)
async def test_a_map_counts_where_it_is_set(account, receiver, scope, place):
    url, got, _ = receiver
    await subscribe(account, url, scope=scope)
    await account.assign("pending")
    one = await account.get(f"/{place}")
    body = {"name": one["name"], "moniker": one["moniker"], "eventMap": "hook-1-map"}
    if scope == "endpoint":
        body |= {
            "regionalGatewayPolicy": "automatic",
            "sessionInactivityAction": "notify",
            "routingPolicy": "internet-main",
        }
    assert await account.put(f"/{place}", body) == ""
    await account.assign("tag 1")
    await account.until(lambda: got)

    assert [event["endpointId"] for _, event in got] == [account.id_of("tag 1")]


async def test_the_scope_of_a_map_never_changes(account):
    await account.post("/EventMaps", {"name": "Map", "moniker": "map-1", "eventScope": "global"})
    body = {"name": "Map", "moniker": "map-1", "eventScope": "vslice"}

    assert await account.put("/EventMaps/map-1", body) == "Field cannot be changed"


async def test_the_test_call_has_one_member(account, receiver):
    url, got, _ = receiver
    await subscribe(account, url)
    await account.door("/webhook-test", {"handler": "hook-1"})
    await account.until(lambda: got)

    assert got[0][1] == {"message": "webhook test"}


async def test_an_event_is_sent_once_whatever_the_receiver_answers(account, receiver):
    url, got, answers = receiver
    answers.append(500)
    await subscribe(account, url)
    await account.assign("pending")
    await account.assign("tag 1")
    await account.until(lambda: len(got) == 2)

    assert len({event["eventId"] for _, event in got}) == 2


async def test_with_retry_an_event_comes_again_and_those_of_its_endpoint_wait(start, receiver):
    url, got, answers = receiver
    account = await start(behaviours=["retry"])
    answers.append(500)
    await subscribe(account, url, kinds=(ACTIVE, "EndpointProvisioningStatusSetSuspended_v1"))
    await account.assign("pending")
    await account.set_status("pending", "suspended")
    await account.until(lambda: len(got) == 3)

    assert [event["eventType"] for _, event in got] == [ACTIVE, ACTIVE, "EndpointProvisioningStatusSetSuspended_v1"]


async def test_duplicate_and_lost_events_are_those_of_the_profile(start, receiver):
    url, got, _ = receiver
    twice, lossy = await start(behaviours=["duplicate_events"]), await start(behaviours=["lost_events"])
    await subscribe(twice, url)
    await twice.assign("pending")
    await twice.until(lambda: len(got) == 2)
    assert got[0][1]["eventId"] == got[1][1]["eventId"]

    got.clear()
    await subscribe(lossy, url)
    for kind in ("pending", "tag 1", "tag 2", "prefix 1", "prefix 2", "reference"):
        await lossy.assign(kind)
    await lossy.until(lambda: len(got) == 4)
    assert len([one for one in await lossy.get("/events", limit="0") if one["eventType"] == ACTIVE]) >= 6
