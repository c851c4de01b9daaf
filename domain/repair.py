"""What can be done about a difference, when a person asks for it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.drift import Difference, Drift
from domain.lifecycle import MOVES, Kind, Lifecycle


class Side(StrEnum):
    """Which side is changed."""

    STORE = "store"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Repair:
    """Record the state that the platform shows, and then, to change the platform, plan this."""

    iccid: str
    endpoint_id: str
    ours: Lifecycle
    record: Lifecycle
    how: Kind
    then: Kind | None = None


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What would be done, and how many of the chosen differences a person must settle otherwise."""

    side: Side
    repairs: tuple[Repair, ...]
    left: int

    def sentence(self) -> str:
        """One line on what would be done."""
        what = "recorded as the platform shows it" if self.side is Side.STORE else "changed on the platform"
        return f"{len(self.repairs):,} to be {what}, {self.left:,} that this cannot repair"


_CHANGES = (Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME)
# How an endpoint came to be in a state, for the history.
_HOW = {
    Lifecycle.PRE_ACTIVE: Kind.CREATE,
    Lifecycle.SUSPENDED: Kind.SUSPEND,
    Lifecycle.TERMINATED: Kind.TERMINATE,
}


def plan_repairs(found: Iterable[Difference], side: Side, platform: str) -> RepairPlan:
    """Turn chosen differences into a plan. No repair ends, creates or maps an endpoint on the platform."""
    chosen = list(found)
    repairs = [made for one in chosen if (made := _repair(one, side, platform)) is not None]
    return RepairPlan(side, tuple(repairs), len(chosen) - len(repairs))


def choose(found: Iterable[Difference], *, drifts: Collection[Drift], iccids: Collection[str]) -> list[Difference]:
    """The differences of these kinds or, when ICCIDs are named, of these ICCIDs."""
    return [one for one in found if (one.iccid in iccids if iccids else one.drift in drifts)]


def _repair(one: Difference, side: Side, platform: str) -> Repair | None:
    if not one.looked:
        return None  # a list alone may lag or skip rows, and a tombstone is for good
    ours, seen = one.state, _state_shown(one)
    # Nothing returns to stock, and what is terminated stays so.
    if (
        one.endpoint_id is None
        or ours in (None, Lifecycle.STOCK, Lifecycle.TERMINATED)
        or seen in (None, Lifecycle.STOCK, ours)  # a group or a tag that differs is repaired by a command of its own
    ):
        return None
    assert ours is not None
    assert seen is not None
    if side is Side.STORE:
        return Repair(one.iccid, one.endpoint_id, ours, seen, _how(ours, seen))
    moves = MOVES[platform]
    then = next((k for k in _CHANGES if moves[k].to is ours and seen in moves[k].allowed_from), None)
    if then is None:
        return None
    return Repair(one.iccid, one.endpoint_id, ours, seen, _how(ours, seen), then)


def _state_shown(one: Difference) -> Lifecycle | None:
    """The state that the platform shows of our endpoint: gone when its SIM holds none."""
    if one.drift is Drift.STORE_ONLY:
        return Lifecycle.TERMINATED
    return one.seen_state if one.drift is Drift.DIFFERENT and one.seen_id == one.endpoint_id else None


def _how(before: Lifecycle, after: Lifecycle) -> Kind:
    if after is Lifecycle.ACTIVE:
        return Kind.RESUME if before is Lifecycle.SUSPENDED else Kind.ACTIVATE
    return _HOW[after]
