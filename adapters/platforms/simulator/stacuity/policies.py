"""What policies, routing targets and edge services may be, and the entries of policies."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.platforms.simulator.stacuity import envelope as texts
from adapters.platforms.simulator.stacuity import fields
from adapters.platforms.simulator.stacuity.envelope import Refusal
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.fields import Body
from adapters.platforms.simulator.stacuity.model import Named

ACTIONS = ("allow", "reject-hard", "reject-soft")
GATEWAYS = ("europe", "north-america")
FIXED = "automatic"  # the regional policy that every account has
EDGE_SERVICES = ("remoteaccessproxy",)
TARGETS = ("internet", "wireguard", "vpn")
RATES = ("1kbits", "1mbits", "10mbits", "unlimited")
_RULE_WORDS = ("ruleAction", "ruleDirection")
_COUNTRY = re.compile(r"[A-Z]{3}")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "routingPolicyStatus": ("active",),
    "routingTargetType": TARGETS,
    "edgeServiceType": EDGE_SERVICES,
    "rateLimitUplinkMoniker": RATES,
    "rateLimitDownlinkMoniker": RATES,
}
_SHAPES: Mapping[str, type | tuple[type, ...]] = {
    "routingPolicyRules": list,
    "routingPolicyEdgeServices": list,
    "packetDiscardUplinkPercentage": int,
    "packetDiscardDownlinkPercentage": int,
    "configurationData": dict,
    "routingTargetTypeInstanceId": (str, int),
    "routingRedundancyZoneMoniker": str,
    "instanceConfiguration": dict,
}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "routing_policies": (
        "routingPolicyStatus",
        "routingPolicyRules",
        "routingPolicyEdgeServices",
        "rateLimitUplinkMoniker",
        "rateLimitDownlinkMoniker",
        "packetDiscardUplinkPercentage",
        "packetDiscardDownlinkPercentage",
    ),
    "routing_targets": (
        "routingTargetType",
        "configurationData",
        "routingTargetTypeInstanceId",
        "routingRedundancyZoneMoniker",
    ),
    "edge_services": ("edgeServiceType", "instanceConfiguration"),
}
IN_VSLICE = ("routing_policies", "routing_targets")
Entry = dict[str, Any]


def maker(place: str) -> Callable[[Estate, Body], Named]:
    """What makes the objects of one kind; `place` is where the estate keeps them."""

    def make(estate: Estate, body: Body) -> Named:
        vslice = fields.needed(estate, estate.vslices, body.get("vslice")).id if place in IN_VSLICE else None
        made = Named(estate.new_id(place), "", "", vslice)
        changer(place)(estate, made, body)
        return made

    return make


def changer(place: str) -> Callable[[Estate, Named, Body], None]:
    """What writes an object of one kind anew. The VSlice of one never changes."""

    def change(estate: Estate, one: Named, body: Body) -> None:
        check_changeable(one, place)
        name, moniker = fields.names(getattr(estate, place), body, except_id=one.id)
        if one.vslice is not None and "vslice" in body and _vslice_id(estate, body) != one.vslice:
            raise Refusal(texts.FIXED)
        written = {name: _checked(name, body[name]) for name in _FIELDS.get(place, ()) if body.get(name) is not None}
        if "routingPolicyRules" in written:
            written["routingPolicyRules"] = _rules(estate, one, written["routingPolicyRules"])
        entries = _entries(estate, place, body["entries"]) if body.get("entries") is not None else one.entries
        one.name, one.moniker, one.fields, one.entries = name, moniker, written, entries

    return change


def check_changeable(one: Named, place: str) -> None:
    """The regional policy that every account has stays as it is."""
    if place == "regional_policies" and one.moniker == FIXED:
        raise Refusal(texts.FIXED)


def add_entries(estate: Estate, place: str, policy: Named, items: list[Entry]) -> None:
    """Add entries to a policy: all of them, or none; one that is there is not added again.

    The first of a regional policy is for every other country.
    """
    check_changeable(policy, place)
    policy.entries = policy.entries + _entries(estate, place, items, known=policy.entries)


def _vslice_id(estate: Estate, body: Body) -> str:
    return fields.needed(estate, estate.vslices, body["vslice"]).id


def _checked(name: str, value: object) -> object:
    if name in _WORDS:
        return fields.one_of(value, _WORDS[name])
    if not isinstance(value, _SHAPES[name]) or isinstance(value, bool):
        raise Refusal(texts.BAD_FIELD)
    if isinstance(value, list) and not all(isinstance(item, dict) for item in value):
        raise Refusal(texts.BAD_FIELD)
    return value


def _rules(estate: Estate, policy: Named, items: Any) -> list[Entry]:
    """The rules of a routing policy, each with an id; a target that a rule names must be there, in the same VSlice."""
    for item in items:
        for word in _RULE_WORDS:
            fields.text(item, word)
        target = item.get("routingTarget")
        if target and fields.needed(estate, estate.routing_targets, target).vslice != policy.vslice:
            raise Refusal(texts.OTHER_VSLICE)
        if item.get("regionalGateway"):
            fields.one_of(item["regionalGateway"], GATEWAYS)
    return [{"id": estate.new_id("rule"), **item} for item in items]


def _entries(estate: Estate, place: str, items: object, *, known: list[Entry] | None = None) -> list[Entry]:
    read = {"operator_policies": _operator_entry, "regional_policies": _regional_entry}.get(place)
    if read is None or not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refusal(texts.BAD_FIELD)
    wanted = [{**_where(item), **read(item)} for item in items]
    if place == "regional_policies" and not known and wanted and wanted[0]["iso3"] is not None:
        raise Refusal(texts.BAD_FIELD)
    there = [{name: value for name, value in entry.items() if name != "id"} for entry in known or []]
    return [{"id": estate.new_id("entry"), **entry} for entry in wanted if entry not in there]


def _operator_entry(item: Body) -> Entry:
    return {"steeringProfileEntryAction": fields.one_of(item.get("steeringProfileEntryAction"), ACTIONS)}


def _regional_entry(item: Body) -> Entry:
    return {"regionalGateway": fields.one_of(item.get("regionalGatewayId"), GATEWAYS)}


def _where(item: Body) -> Entry:
    """The operator and the country that an entry is about; nothing means every one."""
    operator, country = item.get("operatorId"), fields.optional_text(item, "iso3")
    if operator is not None and (isinstance(operator, bool) or not isinstance(operator, int)):
        raise Refusal(texts.BAD_FIELD)
    if country is not None and not _COUNTRY.fullmatch(country):
        raise Refusal(texts.BAD_FIELD)
    return {"operatorId": operator, "iso3": country}
