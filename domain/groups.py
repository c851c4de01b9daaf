"""Endpoint groups: what a group must be before endpoints go into it, and what a new one may look like.

Sources: 000_c305da06f1b55772.txt (fields, primary and secondary), 001_7a84ade5fb793e66.txt, 003_bd238f6d132cb73a.txt.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from ipaddress import IPv4Network

from domain.errors import NoRoom, UnusableGroup

MONIKER = re.compile(r"[a-z0-9_-]{5,30}")
_APN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
_LONG_NAME = 50  # one public client stops here


class GroupKind(StrEnum):
    """A primary group holds endpoints; a secondary adds an APN to all endpoints of its primary."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class InactivityAction(StrEnum):
    """What happens to a session that was idle for too long."""

    NOTIFY = "notify"
    NOTIFY_AND_TERMINATE = "notifyandterminate"


@dataclass(frozen=True, slots=True)
class Slice:
    """A VSlice: the isolated network that a group lives in."""

    id: str
    moniker: str
    subnets: tuple[str, ...] = ()
    endpoints: int | None = None
    apn_patterns: tuple[str, ...] = ()
    shows_subnets: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """A routing policy: what it is called by, and every name of its VSlice, if the platform says."""

    id: str
    vslices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """An endpoint group as the platform shows it. None: the platform does not say."""

    id: str
    moniker: str
    name: str
    kind: GroupKind | None = None
    vslice: str = ""
    endpoints: int | None = None
    has_routing_policy: bool = True
    has_regional_policy: bool = True
    subnet: str | None = None
    is_pooled: bool = False
    apn: str | None = None
    primary: str | None = None
    shows_primary: bool = True
    secondaries: tuple[str, ...] = ()
    subscription_type: str | None = None
    routing_policy: str | None = None
    regional_policy: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A group that a run may put endpoints into, and for how many more it has addresses (None: not limited)."""

    name: str
    id: str = ""
    room: int | None = None
    endpoints: int | None = None
    subnets: tuple[str, ...] = ()
    vslice: str = ""
    subnet: str | None = None

    def has_room(self, wanted: int) -> bool:
        """Whether there are addresses for so many more endpoints."""
        return self.room is None or wanted <= self.room

    def shares_with(self, group: Group) -> bool:
        """Whether an endpoint that moves here from that group uses no new address."""
        return group.vslice == self.vslice and (self.subnet is None or group.subnet == self.subnet)

    def sentence(self) -> str:
        """One line for a plan."""
        if self.room is None:
            odd = [subnet for subnet in self.subnets if addresses([subnet]) is None]
            why = f": how many addresses are left is not known, since {odd[0]!r} is no IPv4 network" if odd else ""
            return f"group {self.name}" + (f" ({self.id})" if self.id else "") + why
        held = "" if self.endpoints is None else f"{self.endpoints:,} endpoints, "
        return f"group {self.name} ({self.id}): {held}addresses for {self.room:,} more in {', '.join(self.subnets)}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A group that somebody wants to make."""

    name: str
    moniker: str
    vslice: str
    subscription_type: str
    routing_policy: str
    regional_policy: str = "automatic"
    kind: GroupKind = GroupKind.PRIMARY
    apn: str | None = None
    subnet: str | None = None
    operator_policy: str | None = None
    event_map: str | None = None
    ip_allocation: str = "static"
    inactivity_seconds: int | None = None
    inactivity_action: InactivityAction = InactivityAction.NOTIFY


def addresses(subnets: Iterable[str]) -> int | None:
    """How many endpoints the subnets have addresses for; network and broadcast address serve nobody.

    None when one of them is no IPv4 network: the platform may name it by an id, or by what is not known here.
    """
    try:
        return sum(max(0, IPv4Network(subnet, strict=False).num_addresses - 2) for subnet in subnets)
    except ValueError:
        return None


def room_in(group: Group, vslice: Slice, groups: Iterable[Group]) -> int | None:
    """For how many more endpoints the group has addresses, or None when that is not limited or not known.

    A subnet is shared by all groups of the VSlice that name it; without one, all endpoints of the VSlice share all
    of its subnets. Pooled addresses are given out for a session only.
    """
    if group.is_pooled:
        return None
    all_of_them = addresses(vslice.subnets if group.subnet is None else [group.subnet])
    if group.subnet is None:
        sharing = [vslice.endpoints]
    else:
        sharing = [one.endpoints for one in groups if one.vslice == group.vslice and one.subnet == group.subnet]
    used = [count for count in sharing if count is not None]
    return max(0, all_of_them - sum(used)) if all_of_them is not None and len(used) == len(sharing) else None


def newcomers(
    target: Target, origins: Mapping[str, int], groups: Iterable[Group] = (), ids: Mapping[str, str] | None = None
) -> int:
    """How many of these endpoints would use an address that they do not use already.

    `origins`: by the name of the group that they are in, empty for none; `ids`: what names of groups stand for.
    """
    sharing = {key for one in groups if target.shares_with(one) for key in (one.id, one.moniker) if key}
    return sum(count for name, count in origins.items() if (ids or {}).get(name, name) not in sharing)


def check_pin(name: str, kept: str | None, found: str | None) -> None:
    """Hold a name that stands for another group, or for none, than when it was first used.

    Raises UnusableGroup.
    """
    if kept is None or found == kept:
        return
    now = f"is {found} now" if found else "no group is called so now"
    other = f", or --group {found} for the new one" if found else ""
    raise UnusableGroup(
        f"The group {name!r} was {kept} when it was first used, and {now}: somebody renamed or replaced it; "
        f"nothing was changed. Say --group {kept} for the old one{other}."
    )


def check_target(name: str, kept: str | None, now: str) -> None:
    """Hold a group of the settings that stands for something else than when endpoints were put into it.

    Raises UnusableGroup.
    """
    if kept is not None and kept != now:
        raise UnusableGroup(
            f"The group {name!r} is {now} in the settings and was {kept} when it was first used; nothing was changed: "
            "set the former value again and give the new one a name of its own, or say "
            f"`preactive group moved {name} --reason TEXT`."
        )


def check_room(target: Target, wanted: int) -> None:
    """Hold a change that would put more endpoints into a group than it has addresses for.

    Raises NoRoom.
    """
    if not target.has_room(wanted):
        raise NoRoom(f"{no_room(target, wanted)}, or fewer endpoints with --count.")


def no_room(target: Target, wanted: int) -> str:
    """What to say when a group has too few addresses."""
    return (
        f"The group {target.name!r} has addresses for {target.room or 0:,} more endpoints in "
        f"{', '.join(target.subnets)} and {wanted:,} would be put into it; choose another group"
    )


_NO_ADDRESSES = "it is not known whether its endpoints would have addresses; see `preactive doctor --contract`"


def why_not_assignable(group: Group, vslice: Slice | None, primaries: Sequence[Group] = ()) -> str:
    """Why endpoints cannot be put into the group, with what to do about it; empty when they can."""
    if group.kind is GroupKind.SECONDARY:
        return _about_secondary(group, primaries)
    if not group.vslice:
        return f"the platform does not show in which VSlice it is, so {_NO_ADDRESSES}"
    if vslice is None:
        return f"its VSlice {group.vslice} is not found on the platform, so {_NO_ADDRESSES}"
    if not vslice.shows_subnets:
        return f"the platform does not show the subnets of its VSlice {group.vslice}, so {_NO_ADDRESSES}"
    if not vslice.subnets:
        return f"its VSlice {group.vslice} has no subnet, so its endpoints would have no address; add one"
    if not group.has_routing_policy:
        return "it has no routing policy, so its endpoints would pass no traffic; set one"
    if not group.has_regional_policy:
        return "it has no regional policy, so its endpoints would pass no traffic; set one"
    return ""


def _about_secondary(group: Group, primaries: Sequence[Group]) -> str:
    if group.primary is not None:
        return (
            f"it is a secondary group of {group.primary}: every endpoint of that primary has its APN already; "
            f"assign to {group.primary}"
        )
    if not group.shows_primary:
        return "it is a secondary group, and the platform does not show of which; assign to its primary group"
    names = ", ".join(sorted(one.moniker for one in primaries if one.vslice == group.vslice)[:5]) or "a primary group"
    return (
        f"it is a secondary group that no primary group is associated with; associate it first "
        f"(`preactive group associate PRIMARY {group.moniker}`, PRIMARY being for example {names}), "
        "then assign to the primary"
    )


def who_has_apn(primary: Group, origins: Mapping[str, int], ids: Mapping[str, str]) -> str:
    """How many endpoints have the APN of a secondary group through the primary one that they are in."""
    inside = sum(count for name, count in origins.items() if ids.get(name, name) in (primary.id, primary.moniker))
    left = sum(origins.values()) - inside
    rest = f"{left:,} are not" if left else "so nothing is left to do"
    return f"{inside:,} of the {inside + left:,} endpoints are in {primary.moniker} already, {rest}."


def draft_problems(draft: Draft, vslice: Slice | None) -> list[str]:
    """Everything that is wrong with a new group, each as a sentence."""
    return [*_field_problems(draft), *_kind_problems(draft, vslice), *_network_problems(draft, vslice)]


def policy_problems(draft: Draft, vslice: Slice | None, policy: Policy | None) -> list[str]:
    """What is wrong with the routing policy of a new group. Other policies belong to no VSlice."""
    if policy is None:
        return [f"There is no routing policy {draft.routing_policy!r}."]
    if vslice is None or not policy.vslices or {vslice.id, vslice.moniker} & set(policy.vslices):
        return []
    return [f"The routing policy {draft.routing_policy} is of VSlice {policy.vslices[-1]}, not of {draft.vslice}."]


def _field_problems(draft: Draft) -> Iterable[str]:
    if not 2 <= len(draft.name) <= 100:
        yield f"The name has {len(draft.name)} characters; 2 to 100 are needed."
    if not MONIKER.fullmatch(draft.moniker):
        yield f"The moniker {draft.moniker!r} is not 5 to 30 lower-case letters, digits, hyphens and underscores."
    needed = {
        "VSlice": draft.vslice,
        "subscription type": draft.subscription_type,
        "routing policy": draft.routing_policy,
        "regional policy": draft.regional_policy,
    }
    for what, value in needed.items():
        if not value:
            yield f"The {what} is missing."
    if draft.inactivity_seconds is not None and draft.inactivity_seconds <= 0:
        yield "The session inactivity time must be more than 0 seconds; leave it out to turn it off."


def _kind_problems(draft: Draft, vslice: Slice | None) -> Iterable[str]:
    if draft.kind is GroupKind.PRIMARY:
        if draft.apn:
            yield "A primary group takes its APN from its VSlice; leave the APN out."
        return
    if not draft.apn:
        yield "A secondary group needs an APN."
        return
    yield from apn_problems(draft.apn, vslice.apn_patterns if vslice is not None else ())


def apn_problems(apn: str, patterns: Sequence[str]) -> Iterable[str]:
    """What is wrong with an APN, in itself and against the patterns of its VSlice."""
    lowered = apn.lower()
    if len(apn) > 100 or not _APN.fullmatch(lowered):
        yield f"The APN {apn!r} is not made of labels of letters, digits and hyphens, 100 characters at most."
    elif patterns and not any(fnmatchcase(lowered, pattern.lower()) for pattern in patterns):
        yield f"The APN {apn!r} does not fit the VSlice, which wants {' or '.join(patterns)}."


def _network_problems(draft: Draft, vslice: Slice | None) -> Iterable[str]:
    if not draft.vslice:
        return
    if vslice is None:
        yield f"There is no VSlice {draft.vslice!r}."
        return
    if not vslice.shows_subnets:
        return
    if not vslice.subnets:
        yield f"The VSlice {draft.vslice} has no subnet; add one before making a group in it."
    elif draft.subnet is not None and draft.subnet not in vslice.subnets:
        yield f"The subnet {draft.subnet} is not one of the VSlice's: {', '.join(vslice.subnets)}."


def draft_warnings(draft: Draft) -> Iterable[str]:
    """What is allowed and worth a word."""
    if len(draft.name) > _LONG_NAME:
        yield f"The name has {len(draft.name)} characters; some tools of the vendor take {_LONG_NAME} at most."


def association_problems(primary: Group, secondary: Group, others: Sequence[Group]) -> list[str]:
    """Why a secondary group cannot be associated with a primary one. `others`: the primary's secondaries so far."""
    found = []
    if primary.kind is GroupKind.SECONDARY:
        found.append(f"{primary.moniker} is a secondary group itself; only a primary group can have secondaries.")
    if secondary.kind is GroupKind.PRIMARY:
        found.append(f"{secondary.moniker} is a primary group; only a secondary group can be associated.")
    if secondary.primary is not None and secondary.primary not in (primary.moniker, primary.id):
        found.append(f"{secondary.moniker} belongs to {secondary.primary} already; one primary at a time.")
    if secondary.vslice and primary.vslice and secondary.vslice != primary.vslice:
        found.append(f"{secondary.moniker} is in VSlice {secondary.vslice}, {primary.moniker} in {primary.vslice}.")
    used = {one.apn.lower(): one.moniker for one in (primary, *others) if one.apn and one.id != secondary.id}
    if secondary.apn and secondary.apn.lower() in used:
        found.append(f"The APN {secondary.apn} is used by {used[secondary.apn.lower()]} already; each needs its own.")
    return found
