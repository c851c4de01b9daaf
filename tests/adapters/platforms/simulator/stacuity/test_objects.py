"""VSlices, policies, handlers and maps: what may be written, and what another object keeps from being deleted."""

import pytest

HANDLER = {
    "name": "Hook",
    "moniker": "hook-1",
    "eventEndpointType": "webhook",
    "configurationData": {"webhookConfig": {"url": "http://127.0.0.1:9/hook", "bearerToken": "a", "timeout": "7"}},
}
SLICE = {"name": "Slice", "moniker": "slice-1", "subnetAddress": "10.7.0.0/24"}
MAP = {"name": "Map", "moniker": "map-1", "eventScope": "endpoint"}


def hooked(**hook):
    """A handler with other details; None leaves one out."""
    merged = HANDLER["configurationData"]["webhookConfig"] | hook
    kept = {name: value for name, value in merged.items() if value is not None}
    return HANDLER | {"configurationData": {"webhookConfig": kept}}


# --- what is in use stays ---


async def test_an_event_map_that_a_group_or_a_vslice_names_is_not_deleted(account, new_group):
    await account.post("/EventMaps", MAP)
    await account.post("/EndpointGroups", new_group | {"eventMap": "map-1"})
    while_set = await account.delete("/EventMaps/map-1")
    assert await account.assign("pending", "meters") == "", "events go on to be delivered"
    await account.put("/EndpointGroups/meters", new_group)
    await account.put("/vslices/vslice-alt", {"name": "Alt", "moniker": "vslice-alt", "eventMap": "map-1"})
    on_vslice = await account.delete("/EventMaps/map-1")
    await account.put("/vslices/vslice-alt", {"name": "Alt", "moniker": "vslice-alt", "eventMap": ""})

    assert [while_set, on_vslice] == ["Object is in use"] * 2
    assert await account.delete("/EventMaps/map-1") == ""


@pytest.mark.parametrize(
    "path",
    [
        "vslices/vslice-main",
        "RoutingPolicies/internet-main",
        "RegionalPolicies/europe-only",
        "OperatorPolicies/operators-default",
    ],
)
async def test_what_a_group_names_is_not_deleted_and_everything_can_still_be_read(account, new_group, path):
    named = {"regionalGatewayPolicy": "europe-only", "steeringProfile": "operators-default"}
    assert await account.post("/EndpointGroups", new_group | named) == ""

    assert await account.delete(f"/{path}") == "Object is in use"
    assert len(await account.get("/EndpointGroups", limit="0")) == 8
    assert await account.get("/vslices", limit="0") != []


async def test_a_vslice_that_policies_belong_to_and_a_handler_that_a_map_subscribes_are_not_deleted(account):
    await account.post("/vslices", SLICE)
    await account.post("/RoutingPolicies", {"name": "P", "moniker": "policy-1", "vslice": "slice-1"})
    await account.post("/EventHandlers", HANDLER)
    await account.post("/EventMaps", MAP)
    await account.post("/EventMaps/map-1/subscriptions", [{"eventEndpointId": "hook-1", "eventTypeId": "x_v1"}])
    first = [await account.delete(path) for path in ("/vslices/slice-1", "/EventHandlers/hook-1")]
    rest = ["/RoutingPolicies/policy-1", "/vslices/slice-1", "/EventMaps/map-1", "/EventHandlers/hook-1"]

    assert first == ["Object is in use"] * 2
    assert [await account.delete(path) for path in rest] == [""] * 4


# --- event handlers ---


@pytest.mark.parametrize("seconds", ["five", "0", "-1", "nan", "inf", "301", 5, True, []])
async def test_a_timeout_is_a_text_of_seconds(account, seconds):
    assert await account.post("/EventHandlers", hooked(timeout=seconds)) == "Field is not valid"


async def test_a_handler_without_a_timeout_waits_five_seconds(account):
    assert await account.post("/EventHandlers", hooked(timeout=None)) == ""
    found = await account.get("/EventHandlers/hook-1")

    assert found["configurationData"]["webhookConfig"]["timeout"] == "5"


@pytest.mark.parametrize("data", [None, "x", [], {}, {"webhookConfig": None}, {"webhookConfig": {"timeout": "5"}}])
async def test_a_handler_without_an_address_is_refused(account, data):
    assert await account.post("/EventHandlers", HANDLER | {"configurationData": data}) == "Field is not valid"


async def test_writing_a_handler_anew_replaces_address_secrets_and_timeout_or_nothing(account):
    await account.post("/EventHandlers", HANDLER)
    handler = next(iter(account.estate.handlers.values()))
    refused = await account.put("/EventHandlers/hook-1", hooked(url="http://127.0.0.1:1/x", timeout="five"))
    before = (handler.url, handler.bearer_token, handler.timeout)
    other = hooked(url="http://127.0.0.1:1/x", bearerToken=None, username="u", password="p", timeout="2.5")
    await account.put("/EventHandlers/hook-1", other | {"moniker": "hook-2"})

    assert (refused, before) == ("Field is not valid", ("http://127.0.0.1:9/hook", "a", 7.0))
    assert (handler.moniker, handler.url, handler.timeout) == ("hook-2", "http://127.0.0.1:1/x", 2.5)
    assert (handler.bearer_token, handler.username, handler.password) == (None, "u", "p")


async def test_subscriptions_can_come_with_the_map_and_name_handlers_that_exist(account):
    await account.post("/EventHandlers", HANDLER)
    good = {"subscriptions": [{"eventEndpointId": "hook-1", "eventTypeId": "a_v1"}]}
    bad = {"subscriptions": [{"eventEndpointId": "nobody", "eventTypeId": "a_v1"}]}

    assert await account.post("/EventMaps", MAP | bad) == "Field is not valid"
    assert await account.post("/EventMaps", MAP | good) == ""
    assert [one["eventType"] for one in await account.get("/EventMaps/map-1/subscriptions")] == [{"moniker": "a_v1"}]


# --- VSlices ---


@pytest.mark.parametrize(
    "field",
    [
        {"subnetAddress": "nonsense"},
        {"subnetAddress": "10.0.0.1/24"},
        {"subnetAddress": None},
        {"dnsMode": "custom"},
        {"dnsMode": "custom", "dnsServers": ["x"]},
        {"dnsMode": "auto", "dnsServers": ["10.0.0.1"]},
        {"dnsMode": "other"},
        {"ipAddressFamily": "ipv6"},
        {"ipAllocationType": "other"},
        {"apnPatterns": "*.flex"},
        {"eventMap": "nobody"},
        {"moniker": "Slice 1"},
        {"moniker": "vslice-main"},
        {"name": "x" * 101},
    ],
)
async def test_a_vslice_is_checked_before_it_is_made(account, field):
    count = len(account.estate.vslices)

    assert await account.post("/vslices", SLICE | field) == "Field is not valid"
    assert len(account.estate.vslices) == count


async def test_a_vslice_keeps_what_was_written_and_can_be_written_anew(account):
    custom = {"dnsMode": "custom", "dnsServers": ["10.7.0.2"], "ipAllocationType": "pooled", "apnPatterns": ["*.net"]}
    await account.post("/vslices", SLICE | custom)
    first = await account.get("/vslices/slice-1")
    assert await account.put("/vslices/slice-1", SLICE | {"name": "Other", "subnetAddress": "10.8.0.0/24"}) == ""
    second = await account.get("/vslices/slice-1")

    shown = [
        (one["name"], one["subnets"], one["dnsMode"]["moniker"], one["dnsServers"], one["ipAllocationType"]["moniker"])
        for one in (first, second)
    ]
    assert shown == [
        ("Slice", ["10.7.0.0/24"], "custom", ["10.7.0.2"], "pooled"),
        ("Other", ["10.8.0.0/24"], "auto", None, "static"),
    ]
    assert second["apnPatterns"] == ["*.net"]


async def test_the_subnet_of_a_vslice_is_fixed_once_a_group_is_in_it(account):
    body = {"name": "Main", "moniker": "vslice-main", "subnetAddress": "10.9.0.0/24"}

    assert await account.put("/vslices/vslice-main", body) == "Object is in use"
    assert await account.put("/vslices/vslice-main", body | {"subnetAddress": "10.0.0.0/16"}) == ""


# --- policies, targets, edge services ---


async def test_operator_policies_have_entries(account):
    path = "/OperatorPolicies/operators-default/entries"
    entry = {"operatorId": 7, "iso3": "GBR", "steeringProfileEntryAction": "reject-soft"}
    answer = await account.call("POST", path, [entry, {"steeringProfileEntryAction": "allow"}])
    wrong = [entry | {"steeringProfileEntryAction": "maybe"}, entry | {"iso3": "xx"}, entry | {"operatorId": "7"}]
    refused = [await account.post(path, [one]) for one in wrong]
    found = await account.get(path)

    assert (answer["success"], "data" in answer) == (True, False)
    assert refused == ["Field is not valid"] * 3
    assert [(one["operatorId"], one["iso3"], one["steeringProfileEntryAction"]["moniker"]) for one in found] == [
        (7, "GBR", "reject-soft"),
        (None, None, "allow"),
    ]


async def test_the_first_entry_of_a_regional_policy_is_for_every_other_country(account):
    path = "/regionalpolicies/europe-only/ENTRIES"
    one = {"regionalGatewayId": "europe", "iso3": "FRA"}

    assert (await account.get("/regionalpolicies/europe-only"))["entries"] is None
    assert await account.post(path, one) == "Field is not valid"
    assert await account.post(path, {"regionalGatewayId": "moon"}) == "Field is not valid"
    assert [await account.post(path, {"regionalGatewayId": "north-america"}), await account.post(path, one)] == ["", ""]
    assert [entry["regionalGateway"]["moniker"] for entry in await account.get(path)] == ["north-america", "europe"]


async def test_a_regional_policy_takes_one_entry_a_call_and_an_operator_policy_a_list(account):
    await account.call("POST", "/RegionalPolicies/europe-only/entries", [{"regionalGatewayId": "europe"}])
    regional = account.status
    await account.call("POST", "/OperatorPolicies/operators-default/entries", {"steeringProfileEntryAction": "allow"})

    assert (regional, account.status) == (400, 400)


@pytest.mark.parametrize(
    ("policy", "entry"),
    [
        ("OperatorPolicies/operators-default", [{"steeringProfileEntryAction": "allow"}]),
        ("RegionalPolicies/europe-only", {"regionalGatewayId": "europe"}),
    ],
)
async def test_an_entry_that_a_policy_has_is_not_added_again(account, policy, entry):
    for _ in range(2):
        assert await account.post(f"/{policy}/entries", entry) == ""

    assert len(await account.get(f"/{policy}/entries")) == 1


async def test_a_subscription_that_a_map_has_is_not_added_again_and_the_answer_names_its_handler(account):
    await account.post("/EventHandlers", HANDLER)
    wanted = [{"eventEndpointId": "hook-1", "eventTypeId": "a_v1"}]
    await account.post("/EventMaps", MAP | {"subscriptions": wanted})
    (added,) = (await account.call("POST", "/EventMaps/map-1/subscriptions", wanted))["data"]
    await account.put("/EventMaps/map-1", MAP | {"subscriptions": wanted})
    (listed,) = await account.get("/EventMaps/map-1/subscriptions")

    assert set(added) == {"eventSubscriptionId", "eventEndpointId", "eventType", "eventHandler"}
    assert (added["eventSubscriptionId"], added["eventHandler"]) == (listed["id"], "hook-1")


async def test_the_secrets_of_a_handler_come_back(account):
    await account.post("/EventHandlers", hooked(bearerToken="a", username="u", password="p"))
    shown = (await account.get("/EventHandlers/hook-1"))["configurationData"]["webhookConfig"]

    assert (shown["bearerToken"], shown["username"], shown["password"]) == ("a", "u", "p")


async def test_an_endpoint_shows_its_radio_only_once_it_was_on_a_network(account):
    assert (await account.endpoint("pending"))["latestRatType"] is None
    assert (await account.endpoint("in session"))["latestRatType"]["moniker"] == "lte"


async def test_the_regional_policy_that_every_account_has_stays_as_it_is(account):
    found = await account.get("/RegionalPolicies/automatic")
    answers = [
        await account.put("/RegionalPolicies/automatic", {"name": "x", "moniker": "other"}),
        await account.post("/RegionalPolicies/automatic/entries", {"regionalGatewayId": "europe"}),
        await account.delete("/RegionalPolicies/automatic"),
    ]

    assert found["isFixed"]
    assert answers == ["Field cannot be changed"] * 3


async def test_policies_and_targets_keep_what_was_written_and_their_vslice_for_ever(account):
    body = {"name": "Out", "moniker": "out-1", "vslice": "vslice-main", "routingTargetType": "internet"}
    assert await account.post("/routingtargets", body | {"routingTargetType": "tunnel"}) == "Field is not valid"
    assert await account.post("/routingtargets", body) == ""
    assert await account.put("/routingtargets/out-1", body | {"vslice": "vslice-alt"}) == "Field cannot be changed"
    assert await account.put("/routingtargets/out-1", body | {"routingTargetType": "wireguard"}) == ""
    assert await account.post("/routingtargets", body | {"moniker": "out-2", "routingTargetType": "vpn"}) == ""
    rule = {"ruleAction": "accept", "ruleDirection": "out", "transportProtocol": "tcp", "routingTarget": "out-1"}
    policy = {"name": "P", "moniker": "policy-1", "vslice": "vslice-main", "routingPolicyRules": [rule]}
    assert await account.post("/RoutingPolicies", policy | {"routingPolicyStatus": "active"}) == ""
    target, found = await account.get("/routingtargets/out-1"), await account.get("/RoutingPolicies/policy-1")
    (shown,) = found["routingPolicyRules"]

    assert (target["routingTargetType"]["moniker"], target["configurationData"]) == ("wireguard", {})
    words = ("ruleAction", "ruleDirection", "transportProtocol")
    assert [shown[word]["moniker"] for word in words] == ["accept", "out", "tcp"]
    assert (shown["routingTarget"]["id"], shown["regionalGateway"]) == (target["id"], None)
    assert [one["moniker"] for one in found["routingPolicyEdgeServices"]] == ["remoteaccessproxy"]


async def test_edge_services_can_be_made_read_and_deleted(account):
    body = {"name": "Proxy", "moniker": "proxy-1", "edgeServiceType": "remoteaccessproxy"}
    assert await account.post("/edgeservices", body | {"edgeServiceType": "other"}) == "Field is not valid"
    assert await account.post("/edgeservices", body | {"instanceConfiguration": {"port": 22}}) == ""
    (found,) = await account.get("/EdgeServices")

    assert (found["edgeServiceType"]["moniker"], found["instanceConfiguration"]) == ("remoteaccessproxy", {"port": 22})
    assert await account.delete("/edgeservices/proxy-1") == ""
