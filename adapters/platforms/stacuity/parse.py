"""Takes out of Stacuity's objects what the program needs. Every field but the id may be missing.

Texts are cleaned here, but for those that an edit writes back or that are compared with ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.platforms.stacuity.fields import exact, folded, moniker, reference, rows, shows, text
from adapters.platforms.texts import clean
from domain.endpoint import usable_id
from domain.groups import Group, GroupKind, Policy, Slice
from domain.inbox import PlatformEvent
from domain.lifecycle import NETWORK_WORDS, Lifecycle, NetworkState, from_platform

TAGS_FORM = "a list of texts"
NO_TAGS = "null"  # as the vendor's own samples show an empty list
TAGS_FORMS = frozenset({TAGS_FORM, NO_TAGS})
_KNOWN_BY_WORD = {state.value: state for state in NetworkState}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as the platform shows it, with everything that an edit must write back."""

    id: str
    iccid: str = ""
    name: str | None = None
    reference: str | None = None
    tags: tuple[str, ...] = ()  # as far as they can be read
    static_ip: str | None = None
    imei_lock: str | None = None
    state: Lifecycle | None = None
    state_text: str = ""
    network_state: NetworkState | None = None
    group_id: str | None = None
    group_name: str | None = None
    unreadable: tuple[str, ...] = ()  # fields that an edit would replace, and whose form is not known
    shows_tags: bool = False


def endpoint(row: object) -> Endpoint | None:
    """The endpoint of one object, or None when it has no id."""
    if not isinstance(row, dict) or (its_id := usable_id((fields := folded(row)).get("id"))) is None:
        return None
    state, word = status(fields.get("endpointstatus"))
    group_id, group_name = _group_of(fields)
    return Endpoint(
        id=its_id,
        iccid=exact(fields.get("iccid")) or "",
        name=exact(fields.get("name")),
        reference=exact(fields.get("reference")),
        tags=tuple(tag for tag in rows(fields.get("tags")) if isinstance(tag, str)),
        static_ip=exact(fields.get("staticip")),
        imei_lock=exact(fields.get("imeilock")),
        state=state,
        state_text=word,
        network_state=network_status(fields.get("endpointnetworkstatus")),
        group_id=group_id,
        group_name=group_name,
        unreadable=tuple(_unreadable(fields)),
        shows_tags=isinstance(fields.get("tags", ""), list | None),
    )


def _unreadable(fields: Mapping[str, Any]) -> Iterator[str]:
    """Tags are a list of texts or not known, absent ones too: they may have another name. The others may be absent."""
    if form_of_tags(fields) not in TAGS_FORMS:
        yield "tags"
    for name in ("name", "reference", "staticIp", "imeiLock"):
        value = fields.get(name.lower())
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            yield name


def form_of_tags(row: Mapping[str, Any]) -> str:
    """What an endpoint's tags are, in words that hold no tag."""
    fields = folded(row)
    if "tags" not in fields:
        return "absent"
    tags = fields["tags"]
    odd = [_form(tag) for tag in tags if not isinstance(tag, str)] if isinstance(tags, list) else [_form(tags)]
    if not odd:
        return TAGS_FORM
    return f"a list with {odd[0]}" if isinstance(tags, list) else odd[0]


def _form(value: object) -> str:
    words = {type(None): NO_TAGS, str: "a text", dict: "an object", list: "a list"}
    return words.get(type(value), "a number or a truth value")


def endpoints(data: object) -> list[Endpoint]:
    """The endpoints of a list, each once."""
    found = {one.id: one for row in rows(data) if (one := endpoint(row)) is not None}
    return list(found.values())


def customer(data: object) -> str:
    """Whose the objects of a list are; empty where they do not say."""
    named = (text(folded(row).get("customerid")) for row in rows(data) if isinstance(row, dict))
    return next(filter(None, named), "")


def status(lookup: object) -> tuple[Lifecycle | None, str]:
    """The state behind a status lookup, and its word. Ids win over words; a lookup that contradicts itself is unknown.

    The lookup's `active` says that the value may be used, not that the endpoint is active, and is not read.
    """
    if not isinstance(lookup, dict):
        return None, ""
    fields = folded(lookup)
    key, word = fields.get("key"), text(fields.get("moniker")) or ""
    by_key = from_platform("stacuity", str(key)) if isinstance(key, int) else None
    by_word = from_platform("stacuity", word) if word else None
    if by_key is not None and by_word is not None and by_key is not by_word:
        return None, f"{word} ({key})"
    known = by_key if isinstance(key, int) else by_word
    return known, word or text(key) or ""


def network_status(lookup: object) -> NetworkState | None:
    """What the radio network says, by id and else by word."""
    if not isinstance(lookup, dict):
        return None
    fields = folded(lookup)
    by_key = NETWORK_WORDS.get(str(fields.get("key")))
    return by_key or _KNOWN_BY_WORD.get(str(fields.get("moniker")).lower())


def group(row: object) -> Group | None:
    """The group of one object, or None when it has no id."""
    if not isinstance(row, dict) or (its_id := usable_id((fields := folded(row)).get("id"))) is None:
        return None
    kind = moniker(fields.get("endpointgrouptype"))
    count = fields.get("endpointsassigned")
    return Group(
        id=its_id,
        moniker=text(fields.get("moniker")) or "",
        name=text(fields.get("name")) or "",
        kind=GroupKind(kind) if kind in set(GroupKind) else None,
        vslice=reference(fields, "vslice") or "",
        endpoints=count if isinstance(count, int) else None,
        has_routing_policy=_has(fields, "routingpolicy"),
        has_regional_policy=_has(fields, "regionalgatewaypolicy"),
        subnet=text(fields.get("ipv4subnet")),
        is_pooled=moniker(fields.get("ipallocationtype")) == "pooled",
        apn=text(fields.get("apn")),
        primary=reference(fields, "primarygroup"),
        shows_primary=shows(fields, "primarygroup"),
        secondaries=tuple(filter(None, (moniker(one) for one in rows(fields.get("secondarygroups"))))),
        subscription_type=moniker(fields.get("subscriptiontype")),
        routing_policy=reference(fields, "routingpolicy"),
        regional_policy=reference(fields, "regionalgatewaypolicy"),
    )


def _has(fields: Mapping[str, Any], name: str) -> bool:
    """Whether a group refers to such an object; what it does not show at all is not said to be missing."""
    return not shows(fields, name) or reference(fields, name) is not None or bool(fields.get(name))


def groups(data: object) -> list[Group]:
    """The groups of a list, each once."""
    found = {one.id: one for row in rows(data) if (one := group(row)) is not None}
    return list(found.values())


def vslice(row: object) -> Slice | None:
    """The VSlice of one object, or None when it has no id."""
    if not isinstance(row, dict) or (its_id := usable_id((fields := folded(row)).get("id"))) is None:
        return None
    count, subnets = fields.get("endpointcount"), fields.get("subnets", "")
    return Slice(
        id=its_id,
        moniker=text(fields.get("moniker")) or "",
        subnets=tuple(clean(subnet) for subnet in rows(subnets) if isinstance(subnet, str)),
        endpoints=count if isinstance(count, int) else None,
        apn_patterns=tuple(clean(one) for one in rows(fields.get("apnpatterns")) if isinstance(one, str)),
        shows_subnets=subnets is None or (isinstance(subnets, list) and all(isinstance(one, str) for one in subnets)),
    )


def policy(row: object) -> Policy | None:
    """The policy of one object, or None when it has no id."""
    if not isinstance(row, dict) or (its_id := usable_id((fields := folded(row)).get("id"))) is None:
        return None
    inner = fields.get("vslice")
    whole = folded(inner) if isinstance(inner, dict) else {}
    names = (whole.get("id"), whole.get("moniker"), fields.get("vsliceid"), fields.get("vslicemoniker"), inner)
    return Policy(its_id, tuple(filter(None, map(text, names))))


def events(data: object) -> list[PlatformEvent]:
    """The events of a list that can be told apart and put in order."""
    return [one for row in rows(data) if (one := event(row)) is not None]


def event(row: object) -> PlatformEvent | None:
    """One event, or None when it lacks what makes it one."""
    if not isinstance(row, dict):
        return None
    fields = folded(row)
    its_id, kind, at = usable_id(fields.get("eventid")), text(fields.get("eventtype")), moment(fields.get("eventtime"))
    if its_id is None or kind is None or at is None:
        return None
    return PlatformEvent(its_id, at, kind, usable_id(fields.get("endpointid")))


def moment(value: object) -> float | None:
    """A date-time as seconds since 1970; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def new_id(data: object) -> str | None:
    """The id that a create answers with."""
    return usable_id(data)


def nothing(_data: object) -> None:
    """For operations whose data is not used."""


def _group_of(fields: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The primary group, from its object if there is one, else from the flat names."""
    inner = fields.get("endpointgroup")
    if isinstance(inner, dict):
        whole = folded(inner)
        return usable_id(whole.get("id")), text(whole.get("moniker"))
    return usable_id(fields.get("endpointgroupid")), text(fields.get("endpointgroupname"))
