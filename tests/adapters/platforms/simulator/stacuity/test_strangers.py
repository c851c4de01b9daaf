"""What the vendor's own Terraform provider sends is taken, and what it needs is in the answers."""

from tests.strangers.facts import OBJECTS
from tests.strangers.replay import replay


async def test_the_vendors_provider_makes_reads_updates_and_deletes_all_its_objects(account):
    assert await replay(account.call, OBJECTS) == {}


async def test_an_edge_service_instance_is_enabled_in_a_policy_and_shown_there(account):
    service = {"name": "Proxy", "moniker": "proxy-1", "edgeServiceType": "remoteaccessproxy"}
    await account.post("/edgeservices", service)
    policy = {"name": "P", "moniker": "policy-1", "vslice": "vslice-main"}
    await account.post("/RoutingPolicies", policy)
    (before,) = (await account.get("/RoutingPolicies/policy-1"))["routingPolicyEdgeServices"]
    wanted = before | {"enabled": True, "edgeServiceInstanceIds": ["proxy-1"]}
    await account.put("/RoutingPolicies/policy-1", policy | {"routingPolicyEdgeServices": [wanted]})
    (after,) = (await account.get("/RoutingPolicies/policy-1"))["routingPolicyEdgeServices"]

    assert (before["enabled"], before["edgeServiceInstances"], before["edgeServiceInstanceIds"]) == (False, [], [])
    assert (after["enabled"], after["edgeServiceInstances"][0]["moniker"]) == (True, "proxy-1")
