"""Takes out of Stacuity's objects what the program needs. Every field but the id may be missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.platforms.texts import clean
from domain.endpoint import usable_id
from domain.groups import Group, GroupKind, Policy, Slice
from domain.inbox import PlatformEvent
from domain.lifecycle import NETWORK_WORDS, Lifecycle, NetworkState, from_platform

TAGS_FORM = "a list of texts"
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
    if not isinstance(row, dict) or (its_id := usable_id(row.get("id"))) is None:
        return None
    state, word = status(row.get("endpointStatus"))
    group_id, group_name = _group_of(row)
    return Endpoint(
        id=its_id,
        iccid=_text(row.get("iccid")) or "",
        name=_text(row.get("name")),
        reference=_text(row.get("reference")),
        tags=tuple(tag for tag in _rows(row.get("tags")) if isinstance(tag, str)),
        static_ip=_text(row.get("staticIp")),
        imei_lock=_text(row.get("imeiLock")),
        state=state,
        state_text=word,
        network_state=network_status(row.get("endpointNetworkStatus")),
        group_id=group_id,
        group_name=group_name,
        unreadable=tuple(_unreadable(row)),
        shows_tags=isinstance(row.get("tags"), list),
    )


def _unreadable(row: Mapping[str, Any]) -> Iterator[str]:
    """Tags are a list of texts or not known, absent ones too: they may have another name. The others may be absent."""
    if form_of_tags(row) != TAGS_FORM:
        yield "tags"
    for name in ("name", "reference", "staticIp", "imeiLock"):
        value = row.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            yield name


def form_of_tags(row: Mapping[str, Any]) -> str:
    """What an endpoint's tags are, in words that hold no tag."""
    if "tags" not in row:
        return "absent"
    tags = row["tags"]
    odd = [_form(tag) for tag in tags if not isinstance(tag, str)] if isinstance(tags, list) else [_form(tags)]
    if not odd:
        return TAGS_FORM
    return f"a list with {odd[0]}" if isinstance(tags, list) else odd[0]


def _form(value: object) -> str:
    words = {type(None): "null", str: "a text", dict: "an object", list: "a list"}
    return words.get(type(value), "a number or a truth value")


def endpoints(data: object) -> list[Endpoint]:
    """The endpoints of a list, each once."""
    found = {one.id: one for row in _rows(data) if (one := endpoint(row)) is not None}
    return list(found.values())


def customer(data: object) -> str:
    """Whose the objects of a list are; empty where they do not say."""
    named = (_text(row.get("customerId")) for row in _rows(data) if isinstance(row, dict))
    return clean(next(filter(None, named), ""))


def status(lookup: object) -> tuple[Lifecycle | None, str]:
    """The state behind a status lookup, and its word. Ids win over words; a lookup that contradicts itself is unknown.

    The lookup's `active` says that the value may be used, not that the endpoint is active, and is not read.
    """
    if not isinstance(lookup, dict):
        return None, ""
    key, word = lookup.get("key"), clean(_text(lookup.get("moniker")) or "")
    by_key = from_platform("stacuity", str(key)) if isinstance(key, int) else None
    by_word = from_platform("stacuity", word) if word else None
    if by_key is not None and by_word is not None and by_key is not by_word:
        return None, f"{word} ({key})"
    known = by_key if isinstance(key, int) else by_word
    return known, word or _text(key) or ""


def network_status(lookup: object) -> NetworkState | None:
    """What the radio network says, by id and else by word."""
    if not isinstance(lookup, dict):
        return None
    by_key = NETWORK_WORDS.get(str(lookup.get("key")))
    return by_key or _KNOWN_BY_WORD.get(str(lookup.get("moniker")).lower())


def group(row: object) -> Group | None:
    """The group of one object, or None when it has no id."""
    if not isinstance(row, dict) or (its_id := usable_id(row.get("id"))) is None:
        return None
    kind = _moniker(row.get("endpointGroupType"))
    count = row.get("endpointsAssigned")
    return Group(
        id=its_id,
        moniker=_text(row.get("moniker")) or "",
        name=_text(row.get("name")) or "",
        kind=GroupKind(kind) if kind in set(GroupKind) else None,
        vslice=_moniker(row.get("vslice")) or "",
        endpoints=count if isinstance(count, int) else None,
        has_routing_policy=bool(row.get("routingPolicy")),
        has_regional_policy=bool(row.get("regionalGatewayPolicy")),
        subnet=_text(row.get("ipv4Subnet")),
        is_pooled=_moniker(row.get("ipAllocationType")) == "pooled",
        apn=_text(row.get("apn")),
        primary=_moniker(row.get("primaryGroup")),
        secondaries=tuple(filter(None, (_moniker(one) for one in _rows(row.get("secondaryGroups"))))),
        subscription_type=_moniker(row.get("subscriptionType")),
        routing_policy=_moniker(row.get("routingPolicy")),
        regional_policy=_moniker(row.get("regionalGatewayPolicy")),
    )


def groups(data: object) -> list[Group]:
    """The groups of a list, each once."""
    found = {one.id: one for row in _rows(data) if (one := group(row)) is not None}
    return list(found.values())


def vslice(row: object) -> Slice | None:
    """The VSlice of one object, or None when it has no id."""
    if not isinstance(row, dict) or (its_id := usable_id(row.get("id"))) is None:
        return None
    count = row.get("endpointCount")
    return Slice(
        id=its_id,
        moniker=_text(row.get("moniker")) or "",
        subnets=tuple(subnet for subnet in _rows(row.get("subnets")) if isinstance(subnet, str)),
        endpoints=count if isinstance(count, int) else None,
        apn_patterns=tuple(one for one in _rows(row.get("apnPatterns")) if isinstance(one, str)),
    )


def policy(row: object) -> Policy | None:
    """The policy of one object, or None when it has no id."""
    if not isinstance(row, dict) or (its_id := usable_id(row.get("id"))) is None:
        return None
    its_slice = row.get("vslice")
    names = (its_slice.get("id"), its_slice.get("moniker")) if isinstance(its_slice, dict) else (its_slice,)
    return Policy(its_id, tuple(filter(None, map(_text, names))))


def events(data: object) -> list[PlatformEvent]:
    """The events of a list that can be told apart and put in order."""
    return [one for row in _rows(data) if (one := event(row)) is not None]


def event(row: object) -> PlatformEvent | None:
    """One event, or None when it lacks what makes it one."""
    if not isinstance(row, dict):
        return None
    its_id, kind, at = usable_id(row.get("eventId")), _text(row.get("eventType")), moment(row.get("eventTime"))
    if its_id is None or kind is None or at is None:
        return None
    return PlatformEvent(its_id, at, clean(kind), usable_id(row.get("endpointId")))


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


def _group_of(row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The primary group, from its object if there is one, else from the flat names."""
    inner = row.get("endpointGroup")
    if isinstance(inner, dict):
        return usable_id(inner.get("id")), _text(inner.get("moniker"))
    return usable_id(row.get("endpointGroupId")), _text(row.get("endpointGroupName"))


def _moniker(value: object) -> str | None:
    """The moniker of a reference or a lookup."""
    return _text(value.get("moniker")) if isinstance(value, dict) else _text(value)


def _rows(value: object) -> Iterator[Any]:
    yield from value if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    if isinstance(value, bool | float) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None
