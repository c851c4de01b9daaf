"""How an unknown outcome is settled by look-ups, and when absence may be believed.

A look-up alone is no proof of absence: a call that timed out may still be carried out minutes later.
Presence is believed at once; absence only after `safe_after`, and only when it was seen several times.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from domain.lifecycle import Kind
from domain.operation import REPEATABLE, State

NEGATIVES_NEEDED = 3
_FIRST_LOOKUPS = (1 / 60, 1 / 20, 3 / 20, 9 / 20)  # of the settle time: 5, 15, 45, 135 s of 300 s
_MAX_SPACING = 60.0
_LOOKUPS_NEEDED = 7  # a doubt may be picked up long after its settle time, and one look-up that fails says nothing


class Sight(StrEnum):
    """What a look-up showed."""

    PRESENT = "present"  # the change is there
    ABSENT = "absent"  # the platform shows plainly that it is not there
    UNPROVEN = "unproven"  # no usable answer: says nothing
    CONTRADICTION = "contradiction"  # something else is there
    DETACHED = "detached"  # an endpoint that is to be ended is there without its SIM
    GONE = "gone"  # the endpoint itself is not shown; reads lag behind writes, so this is believed late


@dataclass(frozen=True, slots=True)
class Evidence:
    """One look-up's result for one operation."""

    sight: Sight
    endpoint_id: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """An operation in doubt, with what its look-ups have shown so far. Times in seconds of the store's clock."""

    id: int
    token: int
    kind: Kind
    endpoint: int
    iccid: str
    name: str
    endpoint_id: str | None
    target: str
    safe_after: float
    lookups: int
    negatives: int
    unknowns: int = 1  # attempts whose outcome was unknown, this one included


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of an operation in doubt after a look-up."""

    state: State
    next_at: float = 0.0
    negatives: int = 0
    endpoint_id: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before absence is believed, in seconds, and how often to try again after it."""

    deadline: float
    settle: float
    resend_after_absence: bool = True
    max_unknown: int = 5

    def safe_after(self, sent_at: float) -> float:
        """The first moment at which a look-up that shows nothing counts."""
        return sent_at + self.deadline + self.settle

    @property
    def spacing(self) -> float:
        """Time between two look-ups that count as proof of absence."""
        return min(_MAX_SPACING, self.settle / 5)

    def next_lookup(self, lookups: int, *, now: float, safe_after: float) -> float:
        """When to look again after so many look-ups."""
        if now >= safe_after or lookups >= len(_FIRST_LOOKUPS):
            return max(now + self.spacing, min(safe_after, now + _MAX_SPACING))
        return min(now + _FIRST_LOOKUPS[lookups] * self.settle, max(safe_after, now))


def judge(doubt: Doubt, evidence: Evidence, *, now: float, patience: Patience) -> Ruling:
    """Decide what a look-up means for an operation in doubt."""
    if evidence.sight is Sight.PRESENT:
        return Ruling(State.CONFIRMED, endpoint_id=evidence.endpoint_id, text=evidence.text)
    if evidence.sight is Sight.CONTRADICTION:
        return Ruling(State.NEEDS_HUMAN, text=evidence.text)
    if evidence.sight is Sight.GONE and now >= doubt.safe_after:
        return Ruling(State.NEEDS_HUMAN, text=evidence.text)
    counts = now >= doubt.safe_after and evidence.sight in (Sight.ABSENT, Sight.DETACHED)
    negatives = doubt.negatives + 1 if counts else doubt.negatives
    if negatives >= NEGATIVES_NEEDED:
        return _absent(doubt, patience, negatives)
    waited = now >= doubt.safe_after + NEGATIVES_NEEDED * patience.spacing
    if evidence.sight is Sight.UNPROVEN and waited and doubt.lookups + 1 >= _LOOKUPS_NEEDED:
        return _never_proven(doubt, evidence, patience)
    next_at = patience.next_lookup(doubt.lookups + 1, now=now, safe_after=doubt.safe_after)
    return Ruling(State.IN_DOUBT, next_at=next_at, negatives=negatives, text=evidence.text)


def _absent(doubt: Doubt, patience: Patience, negatives: int) -> Ruling:
    if doubt.unknowns >= patience.max_unknown:
        return _tried_enough(doubt)
    if patience.resend_after_absence or doubt.kind in REPEATABLE:
        return Ruling(State.PLANNED, negatives=0, text=f"absent in {negatives} look-ups after the settle time")
    return Ruling(State.NEEDS_HUMAN, text=f"absent in {negatives} look-ups; the account asks a person before resending")


def _tried_enough(doubt: Doubt) -> Ruling:
    return Ruling(State.NEEDS_HUMAN, text=f"the outcome of {doubt.unknowns} attempts was unknown; it is not there")


def _never_proven(doubt: Doubt, evidence: Evidence, patience: Patience) -> Ruling:
    if doubt.kind in REPEATABLE and doubt.unknowns >= patience.max_unknown:
        return _tried_enough(doubt)
    if doubt.kind in REPEATABLE:
        return Ruling(State.PLANNED, text="no look-up for this change; it may be sent again")
    return Ruling(State.NEEDS_HUMAN, text=evidence.text or "no look-up could prove the outcome")


def after_looking(looked: int, left: Collection[State]) -> str:
    """One line on how many doubts were looked up, and what is left by the states of its operations."""
    if not left:
        return f"{looked:,} looked up; nothing is in doubt"
    doubts = sum(state is State.IN_DOUBT for state in left)
    return f"{looked:,} looked up; {doubts:,} in doubt, {len(left) - doubts:,} need a person"
