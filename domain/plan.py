"""The plan of a provision: what would be created, what is there already, what conflicts, what was rejected."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from domain.endpoint import SimRecord, rivals_reason
from domain.errors import Refused, TooManyRejects, TooMuchChange
from domain.esim import Esim
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.options import Account
from domain.outcome import Answer, Because, Verdict
from domain.words import plural


class Action(IntEnum):
    """What a plan does with one ICCID, in the order a plan is shown."""

    CREATE = 1
    ALREADY = 2
    CONFLICT = 3


ENDED_BEFORE = "terminated before; it never returns to stock"
OTHER_ESIM = "other eSIM data is recorded for this SIM in batch"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One ICCID's part in a plan; comparable, so that two plans can be compared."""

    action: Action
    iccid: str
    name: str = ""
    endpoint_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An accepted row: this SIM shall have an endpoint of this name."""

    iccid: str
    name: str
    esim: Esim | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of an ICCID."""

    endpoint_id: str | None
    state: Lifecycle
    batch: str
    create: State | None = None  # where its create stands; None in raw stock
    esim: Esim | None = None


@dataclass(frozen=True, slots=True)
class Into:
    """The batch of the store that a file is or is added to, and how many tags are still to be written for it."""

    name: str
    tags: tuple[str, ...]
    is_same: bool  # the store has these rows; else the batch was named
    tag_writes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes, sorted, with the cost of carrying them out."""

    changes: tuple[Change, ...]
    rejected: int
    rows: int
    calls: int
    seconds: float
    retagged: int = 0
    note: str = ""
    is_done: bool = False  # the store has this file, and nothing is left to be done for it

    @property
    def creates(self) -> int:
        """How many endpoints would be created."""
        return self.count(Action.CREATE)

    def sentence(self) -> str:
        """One line on what would be done and what it costs."""
        conflicts = plural(self.count(Action.CONFLICT), "conflict")
        return (
            f"{self.creates:,} to create, {self.count(Action.ALREADY):,} already there, {conflicts}, "
            f"{self.rejected:,} rejected of {plural(self.rows, 'row')}"
            + (f", {plural(self.retagged, 'tag')} to write for those that are there" if self.retagged else "")
            + f"; about {plural(self.calls, 'call')}, {minutes(self.seconds)}"
            + (f"; {self.note}" if self.note else "")
        )

    def count(self, action: Action) -> int:
        """How many ICCIDs get this action."""
        return sum(change.action is action for change in self.changes)


def decide(wanted: Wanted, known: Known | None, seen: SimRecord | None, *, batch: str | None = None) -> Change:
    """What to do for one SIM, from the store first and then from what the platform shows.

    `batch` is the one that its file is or is added to; what another batch brought is that one's business.
    """
    if known is not None and known.state is Lifecycle.TERMINATED:
        return Change(Action.CONFLICT, wanted.iccid, wanted.name, reason=ENDED_BEFORE)
    if known is not None and known.esim is not None and wanted.esim is not None and wanted.esim != known.esim:
        return Change(Action.CONFLICT, wanted.iccid, wanted.name, reason=f"{OTHER_ESIM} {known.batch}; it is kept")
    if known is not None and known.endpoint_id:
        return Change(Action.ALREADY, wanted.iccid, wanted.name, known.endpoint_id, f"in batch {known.batch}")
    if known is not None and known.create in (State.REFUSED, State.NEEDS_HUMAN):
        return Change(Action.CONFLICT, wanted.iccid, wanted.name, reason=_failed_before(known))
    # A raw SIM is created by whatever file names it.
    if known is not None and known.create is not None and known.batch != batch:
        return Change(Action.ALREADY, wanted.iccid, wanted.name, reason=f"planned by batch {known.batch}")
    if seen is not None and seen.rivals:
        return Change(Action.CONFLICT, wanted.iccid, wanted.name, reason=rivals_reason(seen))
    if seen is None or seen.endpoint_id is None:
        return Change(Action.CREATE, wanted.iccid, wanted.name)
    if seen.state is Lifecycle.PRE_ACTIVE:
        return Change(Action.ALREADY, wanted.iccid, wanted.name, seen.endpoint_id, "on the platform")
    return Change(Action.CONFLICT, wanted.iccid, wanted.name, seen.endpoint_id, conflict_reason(seen))


def conflict(seen: SimRecord) -> Answer:
    """What to answer to a create of a SIM whose endpoint is in the way."""
    because = Because.ENDED if seen.state is Lifecycle.TERMINATED else Because.REFUSED
    return Answer(Verdict.NOT_DONE, because, text=conflict_reason(seen))


def _failed_before(known: Known) -> str:
    if known.create is State.NEEDS_HUMAN:
        return f"its create needs a person since batch {known.batch}; `preactive resolve` lists it"
    return f"its create was refused before; `preactive batch retry {known.batch}` tries it again"


def conflict_reason(seen: SimRecord) -> str:
    """Why a SIM that already has an endpoint cannot become pre-active stock."""
    return f"the SIM already has endpoint {seen.endpoint_id} in state {seen.state_text or 'unknown'}"


def make_plan(
    wanted: Sequence[Wanted],
    *,
    known: Mapping[str, Known],
    seen: Mapping[str, SimRecord] | None = None,
    account: Account,
    tags: Sequence[str],
    rows: int,
    rejected: int,
    into: Into | None = None,
    note: str = "",
) -> Plan:
    """Compare the accepted rows with the store and, when it was read, with the platform.

    `tags` are those of every endpoint that the store does not know yet, beside those of its own row.
    """
    seen = seen or {}
    batch = into.name if into is not None else None
    changes = sorted(decide(want, known.get(want.iccid), seen.get(want.iccid), batch=batch) for want in wanted)
    creates = {change.iccid for change in changes if change.action is Action.CREATE}
    found = {c.iccid for c in changes if c.action is Action.ALREADY and known.get(c.iccid) is None}
    fresh = [want for want in wanted if known.get(want.iccid) is None and want.iccid in creates | found]
    writes = {want.iccid: len({*tags, *want.tags}) for want in fresh} if account.platform_tags != "off" else {}
    new = {*tags, *(tag for want in fresh for tag in want.tags)} - set(into.tags if into is not None else ())
    retagged = (into.tag_writes if into is not None else 0) + sum(writes.get(iccid, 0) for iccid in found)
    calls = provision_calls(
        len(creates),
        found=len(found),
        tag_writes=retagged + sum(writes.get(iccid, 0) for iccid in creates),
        new_tags=len(new) if writes or retagged else 0,
        account=account,
    )
    is_done = into is not None and into.is_same and not calls and set(tags) <= set(into.tags)
    seconds = calls / account.rate_per_second
    return Plan(tuple(changes), rejected, rows, calls, seconds, retagged, note=note, is_done=is_done)


def provision_calls(creates: int, *, tag_writes: int, new_tags: int, account: Account, found: int = 0) -> int:
    """Calls needed to create so many endpoints and to write tags, with one login and the pages before and after.

    `found`: endpoints that are on the platform, and of which the store does not know.
    """
    if not creates + found + tag_writes:
        return 0
    cost = account.capabilities
    in_bulk = math.ceil(creates / account.bulk.size) if account.bulk is not None else creates * cost.calls_per_create
    pages = math.ceil((creates + found) / account.page_size) + math.ceil(creates / account.page_size)
    return 1 + in_bulk + tag_writes * cost.calls_per_tag + new_tags * cost.calls_per_new_tag + pages


def selection_calls(kind: Kind, count: int, *, group: bool, account: Account) -> int:
    """Calls needed to change so many endpoints, with one login and the pages before and after."""
    if not count:
        return 0
    cost = account.capabilities
    each = {
        Kind.ACTIVATE: cost.calls_per_activation + (cost.calls_per_assignment if group else 0),
        Kind.ASSIGN: cost.calls_per_assignment or cost.calls_per_activation,
        Kind.TERMINATE: cost.calls_per_termination,
    }.get(kind, 1)
    return 1 + count * each + 2 * math.ceil(count / account.page_size)


def check_rejects(rejected: int, rows: int, account: Account, *, accepted_by_person: bool) -> None:
    """Hold a file in which too many rows are bad.

    Raises TooManyRejects.
    """
    if accepted_by_person or not rows or rejected / rows <= account.max_reject_ratio:
        return
    verb = "is" if rejected == 1 else "are"
    raise TooManyRejects(
        f"{rejected:,} of {plural(rows, 'row')} {verb} rejected ({rejected / rows:.1%}, the account allows "
        f"{account.max_reject_ratio:.1%}); correct the file, or accept them with --accept-rejects."
    )


def check_size(changes: int, account: Account, *, limit: int | None, bounded: bool = False) -> None:
    """Hold a run that changes more endpoints than the account allows, or the person at the terminal.

    What a run that is `bounded` may change is looked at where it plans, and a limit only lowers that.
    Raises TooMuchChange.
    """
    allowed = limit if limit is not None else changes if bounded else account.max_change
    if changes > allowed:
        raise TooMuchChange(
            f"The plan changes {plural(changes, 'endpoint')} and {allowed:,} are allowed in one run; "
            f"if that is meant, say --limit {changes}."
        )


def check_terminations(account: Account) -> None:
    """Hold every termination on an account that ends none.

    Raises Refused.
    """
    if account.terminate_with == "off":
        raise Refused("The account's settings allow no terminations (terminate_with is off); nothing was changed.")


def minutes(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    if seconds < 5400:
        return f"{math.ceil(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
