"""What a request to change existing endpoints comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.counts import Writes, listed, too_few
from domain.errors import NotConfirmed
from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.words import plural

VERBS = {
    Kind.ACTIVATE: "activate",
    Kind.ASSIGN: "put into the group",
    Kind.SUSPEND: "suspend",
    Kind.RESUME: "resume",
    Kind.TERMINATE: "terminate",
}


@dataclass(frozen=True, slots=True)
class AsAsked:
    """How an endpoint stands for which a request is done; empty: whatever it is."""

    state: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An ICCID that was named and that the change cannot take, and why."""

    iccid: str
    code: str
    reason: str


NOT_IN_STORE = "not_in_store"


def unknown(iccid: str) -> LeftOut:
    """One that the account does not have."""
    return LeftOut(iccid, NOT_IN_STORE, "not in the store; provision it first")


def of_another(iccid: str) -> LeftOut:
    """One that another account of the same tenant recorded first, or sold."""
    return LeftOut(iccid, "other_account", "another account of the same tenant in this store has it; change it there")


def unusable(iccid: str, kind: Kind, platform: str, state: Lifecycle, group: str) -> LeftOut:
    """One that stands otherwise than the change needs it."""
    if state in MOVES[platform][kind].allowed_from:
        return LeftOut(iccid, "busy", "another change of it is under way or waits for a person")
    if kind is Kind.ACTIVATE and state is Lifecycle.ACTIVE:
        words = f"active in group {group}" if group else "active without a group"
        return LeftOut(iccid, "active_elsewhere", f"{words}; `preactive assign` puts it into another")
    return LeftOut(iccid, "other_state", f"in state {words_of(state)}, which does not allow to {VERBS[kind]} it")


def words_of(state: str) -> str:
    """A state as people read it."""
    return state.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Selected:
    """What a request comes to, in numbers of endpoints; `rejected` counts rows of its file.

    `already`: done before, `outside` of them not by this change; `open`: selected before and not finished; `new`: to
    be done; `unusable`: in a state that does not allow it, or busy with another change, `others` by state; `refused`:
    refused before and left alone, `elsewhere` of them in another change; `unknown`: in the list and not in the store;
    `taken`: active, and not by us.
    `origins`: those for which nothing is on its way yet, by the group that they are in, empty for none.
    `left`: what a list names and the change cannot take, each with its reason. Who asks for a tag means those of its
    endpoints that the change fits, so that there is nothing to reject.
    """

    already: int
    open: int
    new: int
    unusable: int
    change: int = 0
    refused: int = 0
    elsewhere: int = 0
    outside: int = 0
    unknown: int = 0
    rejected: int = 0
    taken: int = 0
    kind: Kind = Kind.ACTIVATE
    origins: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)
    left: tuple[LeftOut, ...] = ()
    done: AsAsked = AsAsked()
    count: int | None = None  # how many shall be so in all
    writes: Writes = field(default_factory=dict)  # what the run writes to the platform, unless it has it already

    @property
    def wanted(self) -> int:
        """Endpoints that are, or will be, as the request asks."""
        return self.already + self.open + self.new

    @property
    def left_out(self) -> int:
        """What was asked for by name and cannot be done."""
        return len(self.left) + self.rejected

    @property
    def to_do(self) -> int:
        """Endpoints for which something is left to be done."""
        return self.new + self.open

    @property
    def is_short(self) -> bool:
        """Whether fewer endpoints can be had than were asked for."""
        return self.count is not None and self.wanted < self.count

    @property
    def has_problems(self) -> bool:
        """Whether something was asked for that is not done and will not be."""
        return bool(self.left_out or self.refused or self.is_short)

    @property
    def states(self) -> str:
        """How many of those that the change does not fit are in which state."""
        return ", ".join(f"{count:,} {words_of(state)}" for state, count in sorted(self.others.items()))

    def sentence(self) -> str:
        """One line on what would be done."""
        parts = [
            f"{self.new:,} to {VERBS[self.kind]}, {self.open:,} to go on with, {self.already:,} done before, "
            f"{self.unusable:,} in another state" + (f" ({self.states})" if self.states else "")
        ]
        if self.refused:
            parts.append(f"{self.refused:,} refused before (--retry-refused tries them again)")
        if self.taken:
            parts.append(f"{self.taken:,} active already, not by us (`preactive resolve` lists them)")
        if self.unknown:
            parts.append(f"{self.unknown:,} not in the store")
        if self.rejected:
            parts.append(plural(self.rejected, "rejected row"))
        told = [", ".join(parts)]
        if self.is_short:
            told.append(too_few(self.count or 0, self.wanted))
        if self.writes:
            told.append(f"to write: {listed(self.writes)}")
        return "; ".join(told)


def check_count(selected: Selected, confirmed: int | None, *, how: str = "confirm {}") -> None:
    """Hold what cannot be undone unless a person named its number; `how` says where that is done.

    Raises NotConfirmed.
    """
    number = selected.to_do
    if number and confirmed != number:
        said = "no number was given" if confirmed is None else f"{confirmed:,} was given"
        raise NotConfirmed(
            f"{plural(number, 'endpoint')} would be terminated for good and {said}, so nothing was changed; "
            f"if that is meant, {how.format(number)}."
        )
