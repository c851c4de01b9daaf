"""What the vendor's Terraform provider (stacuity/terraform-provider-stacuity, b105fad) writes and needs in the answers.

Facts only: methods, paths, names of fields, and which of them its decoder cannot do without. All values are our own.
"""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Object:
    """One object: what is written, and what is added to it by calls of its own."""

    path: str
    body: Json
    entries: tuple[Json, ...] = ()
    change: Json = field(default_factory=lambda: {"name": "Renamed by a stranger"})

    @property
    def moniker(self) -> str:
        return str(self.body["moniker"])

    @property
    def is_map(self) -> bool:
        return self.path == "EventMaps"


def _vslice(moniker: str, **more: Any) -> Object:
    body = {"name": f"Slice {moniker}", "moniker": moniker, "subnetAddress": "10.20.0.0/16", "dnsMode": "auto"}
    return Object("vslices", body | {"ipAddressFamily": "ipv4", "ipAllocationType": "static"} | more)


def _handler(moniker: str, **hook: str) -> Object:
    hook = {"url": "http://127.0.0.1:9/hook", "timeout": "10"} | hook
    body = {"name": f"Hook {moniker}", "moniker": moniker, "eventEndpointType": "webhook"}
    return Object("EventHandlers", body | {"configurationData": {"webhookConfig": hook}})


def _map(moniker: str, *handlers: str) -> Object:
    wanted = tuple({"eventEndpointId": handler, "eventTypeId": "tunnelup_v1"} for handler in handlers)
    body = {"name": f"Map {moniker}", "moniker": moniker, "eventScope": "vslice", "subscriptions": list(wanted) or None}
    return Object("EventMaps", body, wanted)


def _target(moniker: str, kind: str, config: Json | None = None) -> Object:
    body = {"name": f"Target {moniker}", "moniker": moniker, "vslice": "stranger-1", "routingTargetType": kind}
    body |= {"routingRedundancyZoneMoniker": "zone-1", "routingTargetTypeInstanceId": f"gate-{kind}"}
    return Object("routingtargets", body | ({"configurationData": config} if config else {}))


def _routing(moniker: str, *rules: Json) -> Object:
    body = {"name": f"Policy {moniker}", "moniker": moniker, "vslice": "stranger-1", "routingPolicyStatus": "active"}
    body |= {"routingPolicyRules": list(rules), "routingPolicyEdgeServices": []}
    body |= {"rateLimitUplinkMoniker": "1mbits", "rateLimitDownlinkMoniker": "unlimited"}
    body |= {"packetDiscardUplinkPercentage": 3, "packetDiscardDownlinkPercentage": 4}
    return Object("RoutingPolicies", body)


def _rule(action: str, way: str, **more: Any) -> Json:
    names = ("sourceIpPattern", "destinationIpPattern", "divertIp", "divertPort", "transportProtocol")
    names += ("sourcePortPattern", "destinationPortPattern", "routingTarget", "regionalGateway")
    rule = {"description": "a rule", "ruleAction": action, "ruleDirection": way, "reflexive": True, "enabled": True}
    return dict.fromkeys(names) | rule | more


def _group(moniker: str, **more: Any) -> Object:
    body = {"name": f"Group {moniker}", "moniker": moniker, "vslice": "stranger-1", "ipAllocationType": "static"}
    return Object("EndpointGroups", body | {"regionalGatewayPolicy": "automatic"} | more)


_VPN = {"remotePeerAddress": "192.0.2.1", "remoteSubnets": "192.0.2.0/24", "presharedKey": "not-a-secret"}
_WIREGUARD = {"localSubnets": "10.0.0.0/8", "remotePublicKey": "a-key", "remoteSubnets": "192.0.2.0/24"}
_DIVERTED = {"divertIp": "192.0.2.7", "divertPort": "1234", "transportProtocol": "tcp", "sourcePortPattern": "1"}

OBJECTS = (
    _handler("stranger-hook", bearerToken="t", username="u", password="p"),
    _handler("stranger-hook-2"),
    _map("stranger-map", "stranger-hook"),
    _map("stranger-map-2"),
    _vslice("stranger-1"),
    _vslice("stranger-2", ipAddressFamily="Ipv4", dnsMode="custom", dnsServers=["192.0.2.53"], eventMap="stranger-map"),
    Object(
        "OperatorPolicies",
        {"name": "Operators", "moniker": "stranger-operators"},
        (
            {"operatorId": None, "iso3": None, "steeringProfileEntryAction": "reject-hard"},
            {"operatorId": None, "iso3": "AUS", "steeringProfileEntryAction": "allow"},
            {"operatorId": 122, "iso3": "AND", "steeringProfileEntryAction": "reject-soft"},
        ),
    ),
    Object(
        "RegionalPolicies",
        {"name": "Regions", "moniker": "stranger-regions"},
        (
            {"regionalGatewayId": "europe", "operatorId": None, "iso3": None},
            {"regionalGatewayId": "north-america", "operatorId": 122, "iso3": "AND"},
        ),
    ),
    _target("stranger-internet", "internet"),
    _target("stranger-vpn", "vpn", {"vpnConfig": _VPN}),
    _target("stranger-guard", "wireguard", {"wireGuardConfig": _WIREGUARD}),
    _routing("stranger-plain"),
    _routing("stranger-drop", _rule("drop", "uplink", regionalGateway="europe", destinationIpPattern="192.0.2.1/32")),
    _routing("stranger-forward", _rule("forward", "uplink", routingTarget="stranger-internet", **_DIVERTED)),
    _routing("stranger-both", _rule("forward", "uplink", routingTarget="stranger-guard"), _rule("drop", "downlink")),
    _group("stranger-basic"),
    _group("stranger-advanced", eventMap="stranger-map-2", routingPolicy="stranger-drop"),
    _group("stranger-full", routingPolicy="stranger-forward", steeringProfile="stranger-operators"),
)

# What a read must hold, and not as null.
NEEDED = {
    "EndpointGroups": ("customerId", "vslice", "regionalGatewayPolicy", "ipAllocationType"),
    "RoutingPolicies": (
        *("vslice", "rateLimitUplink", "rateLimitDownlink", "routingPolicyStatus"),
        *("packetDiscardUplinkPercentage", "packetDiscardDownlinkPercentage"),
        *("routingPolicyRules", "routingPolicyEdgeServices"),
    ),
    "routingtargets": (
        *("vslice", "routingTargetType", "routingTargetStatus", "routingTargetTypeInstance", "configurationData"),
        *("routingRedundancyZoneName", "regionalGatewayMoniker", "regionalGatewayName"),
    ),
}
# What must be a value of a list, or a reference, and no plain text.
OBJECTS_IN_RULES = ("ruleAction", "ruleDirection", "transportProtocol", "routingTarget", "regionalGateway")
# Where a read calls a field otherwise than the write.
SHOWN_AS = {
    "subnetaddress": "subnets",
    "ratelimituplinkmoniker": "ratelimituplink",
    "ratelimitdownlinkmoniker": "ratelimitdownlink",
    "routingtargettypeinstanceid": "routingtargettypeinstance",
    "regionalgatewayid": "regionalgateway",
}
