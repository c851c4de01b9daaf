"""The plan of a provision: what would be created, what is there already, what conflicts, what was rejected."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

from domain.counts import RowCounts, Writes, listed, shown, sum_of_writes
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
    IN_DOUBT = 2  # its create had no clear answer; it is looked up before anything is sent
    TAG = 3  # its endpoint is there and lacks tags
    ALREADY = 4
    CONFLICT = 5


ENDED_BEFORE = "terminated before; it never returns to stock"
OTHER_ESIM = "other eSIM data is recorded for this SIM in batch"


# A plan may hold a hundred thousand of each of the next three; tuples are made several times as fast as dataclasses.


class Change(NamedTuple):
    """One ICCID's part in a plan; comparable, so that two plans can be compared."""

    action: Action
    iccid: str
    name: str = ""
    endpoint_id: str = ""
    reason: str = ""
    tags: tuple[str, ...] = ()  # to be written to the platform
    kept: str = ""  # the name that its endpoint has and keeps, where the file asks for another

    @property
    def other_name(self) -> str:
        """What a person is told of a name that was asked for and is not given; empty if there is none."""
        return keeps_name(self.kept, self.name) if self.kept else ""


def keeps_name(kept: str, asked: str) -> str:
    """What a person is told where a file names an endpoint otherwise than it is named."""
    return f"keeps its name {kept!r}; the file says {asked!r}"


class Wanted(NamedTuple):
    """An accepted row: this SIM shall have an endpoint of this name."""

    iccid: str
    name: str
    esim: Esim | None = None
    tags: tuple[str, ...] = ()


class Known(NamedTuple):
    """What the store knows of an ICCID.

    `is_raw`: nothing was begun for it, so that whatever file names it creates its endpoint. `tags` are those that raw
    stock carries in the store, `planned_tags` those of which the write belongs to the file's batch and is still to be
    sent, `tags_dealt_with` those that have a write, whatever became of it.
    """

    endpoint_id: str | None
    state: Lifecycle
    batch: str
    create: State | None = None  # where its create stands; None in raw stock
    esim: Esim | None = None
    name: str = ""
    is_raw: bool = False
    tags: frozenset[str] = frozenset()
    planned_tags: frozenset[str] = frozenset()
    tags_dealt_with: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Into:
    """The batch of the store that a file is or is added to, and what is still to be sent for all of its files.

    `tags_there`: how many of the tags to send are for endpoints that exist.
    """

    name: str
    tags: tuple[str, ...]
    is_same: bool  # the store has these rows; else the batch was named
    change: int = 0
    open: Writes = field(default_factory=dict)
    tags_there: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes, sorted, with every write of the run that carries them out, and its cost.

    `left`: writes that earlier files of the batch still need; the run makes them too. `takes_over`: the platform has
    an endpoint for each SIM of the account, so that a create writes nothing.
    """

    changes: tuple[Change, ...]
    file: RowCounts
    calls: int
    seconds: float
    left: Writes = field(default_factory=dict)
    tags_left_there: int = 0
    takes_over: bool = False
    note: str = ""
    is_done: bool = False  # the store has this file, and nothing is left to be done for it

    @property
    def creates(self) -> int:
        """How many endpoints would be created for this file."""
        return self.count(Action.CREATE)

    @property
    def rejected(self) -> int:
        """How many rows of the file are rejected."""
        return self.file.rejected

    @property
    def retagged(self) -> int:
        """How many tags would be written to endpoints that exist."""
        tagged = sum(len(change.tags) for change in self.changes if change.action is Action.TAG)
        return tagged + self.tags_left_there

    @property
    def writes(self) -> dict[Kind, int]:
        """What the run writes to the platform, unless the platform refuses it or has it already."""
        tags = sum(len(change.tags) for change in self.changes)
        writes = sum_of_writes([{Kind.CREATE: self.creates, Kind.TAG: tags}, self.left])
        return {kind: count for kind, count in writes.items() if not (self.takes_over and kind is Kind.CREATE)}

    @property
    def other_names(self) -> list[Change]:
        """The rows that name an endpoint otherwise than it is named."""
        return [change for change in self.changes if change.kept]

    @property
    def esim_conflicts(self) -> dict[str, str]:
        """The ICCIDs of which other eSIM data is recorded than the file brings, with what a person is told."""
        return {change.iccid: change.reason for change in self.changes if change.reason.startswith(OTHER_ESIM)}

    @property
    def has_problems(self) -> bool:
        """Whether a person should look at some of the rows."""
        return bool(self.rejected or self.count(Action.CONFLICT) or self.other_names)

    def sentence(self) -> str:
        """One line on what would be done and what it costs."""
        counts = Counter(change.action for change in self.changes)
        parts = [f"{counts[Action.CREATE]:,} to create"]
        for action, words in ((Action.IN_DOUBT, "in doubt"), (Action.TAG, "to tag")):
            parts += [f"{counts[action]:,} {words}"] if counts[action] else []
        parts += [f"{counts[Action.ALREADY]:,} already there"]
        parts += [plural(counts[Action.CONFLICT], "conflict"), self.file.sentence()]
        told = [", ".join(parts)]
        if names := len(self.other_names):
            told.append(f"{plural(names, 'endpoint keeps', 'endpoints keep')} another name")
        if self.left:
            told.append(f"earlier files of the batch still need {listed(self.left)}")
        if writes := self.writes:
            told.append(f"to write: {listed(writes)}")
        told.append(f"about {plural(self.calls, 'call')}, {minutes(self.seconds)}")
        return "; ".join(told + ([self.note] if self.note else []))

    def count(self, action: Action) -> int:
        """How many ICCIDs get this action."""
        return sum(change.action is action for change in self.changes)


def decide(wanted: Wanted, known: Known | None, seen: SimRecord | None, *, batch: str | None = None) -> Change:
    """What to do for one SIM, from the store first and then from what the platform shows.

    `batch` is the one that its file is or is added to; what another batch brought is that one's business.
    """
    if known is None:
        return _by_platform(wanted, seen)
    kept = known.name if wanted.name and wanted.name != known.name else ""
    if reason := _conflict(wanted, known):
        return Change(Action.CONFLICT, wanted.iccid, wanted.name, reason=reason, kept=kept)
    if known.endpoint_id:
        reason = f"in batch {known.batch}"
        return Change(Action.ALREADY, wanted.iccid, wanted.name, known.endpoint_id, reason, kept=kept)
    if known.is_raw:
        return _by_platform(wanted, seen)
    if known.create is not None and known.batch != batch:
        return Change(Action.ALREADY, wanted.iccid, wanted.name, reason=f"planned by batch {known.batch}", kept=kept)
    if known.create in (State.SENT, State.IN_DOUBT):
        reason = "its create had no clear answer; it is looked up first"
        return Change(Action.IN_DOUBT, wanted.iccid, wanted.name, reason=reason, kept=kept)
    return _by_platform(wanted, seen)._replace(kept=kept)


def _conflict(wanted: Wanted, known: Known) -> str:
    """Why a SIM that the store knows cannot become what its file asks for, or nothing."""
    if known.state is Lifecycle.TERMINATED:
        return ENDED_BEFORE
    if known.esim is not None and wanted.esim is not None and wanted.esim != known.esim:
        return f"{OTHER_ESIM} {known.batch}; it is kept"
    if not known.endpoint_id and known.create in (State.REFUSED, State.NEEDS_HUMAN):
        return _failed_before(known)
    return ""


def _by_platform(wanted: Wanted, seen: SimRecord | None) -> Change:
    """What to do for a SIM for which nothing was begun."""
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
    file: RowCounts,
    tags: Sequence[str],
    asked: Sequence[str] = (),
    into: Into | None = None,
    note: str = "",
) -> Plan:
    """Compare the accepted rows with the store and, when it was read, with the platform.

    `tags` are those of every endpoint that the file brings into its batch, `asked` those of every row, also of one
    that another batch brought; both beside the tags of the row itself.
    """
    seen = seen or {}
    tagging = _Tagging(frozenset(tags), frozenset(asked), into, writes=account.platform_tags != "off")
    batch = into.name if into is not None else None
    decided = (
        (decide(want, of_sim, seen.get(want.iccid), batch=batch), want, of_sim)
        for want, of_sim in ((want, known.get(want.iccid)) for want in wanted)
    )
    changes = sorted(tagging.tagged(change, want, of_sim) for change, want, of_sim in decided)
    takes_over = not account.capabilities.calls_per_create
    plan = Plan(tuple(changes), file, 0, 0.0, *tagging.left(changes, known), takes_over=takes_over, note=note)
    unknown = [change for change in changes if change.iccid not in known]
    calls = provision_calls(
        plan.creates + plan.left.get(Kind.CREATE, 0),
        found=sum(change.action in (Action.TAG, Action.ALREADY) for change in unknown),
        tag_writes=plan.writes.get(Kind.TAG, 0),
        new_tags=len({tag for change in changes for tag in change.tags} - set(into.tags if into is not None else ())),
        account=account,
        known_tags=plan.count(Action.TAG) - sum(change.action is Action.TAG for change in unknown),
    )
    # What is in doubt costs look-ups and no writes, and the run is needed for it.
    is_same = into is not None and into.is_same and set(asked) <= set(into.tags)
    is_done = is_same and not calls and not plan.count(Action.IN_DOUBT)
    return replace(plan, calls=calls, seconds=calls / account.rate_per_second, is_done=is_done)


class _Tagging:
    """Which tags a run writes: what ingesting plans (adapters/store/tagging.py), told before."""

    def __init__(self, own: frozenset[str], asked: frozenset[str], into: Into | None, *, writes: bool) -> None:
        self._own, self._asked, self._into, self._writes = own, asked, into, writes

    def tagged(self, change: Change, want: Wanted, known: Known | None) -> Change:
        """The change with the tags that the run writes for it."""
        if change.action is Action.CONFLICT or (change.action is Action.ALREADY and not change.endpoint_id):
            return change
        tags = self._for_row(want, known)
        if not tags:
            return change
        action = Action.TAG if change.action is Action.ALREADY else change.action
        return change._replace(action=action, tags=tuple(sorted(tags)))

    def _for_row(self, want: Wanted, known: Known | None) -> frozenset[str]:
        planned = known.planned_tags if known is not None else frozenset[str]()
        if not self._writes:
            return planned
        tags = self._asked.union(want.tags) if want.tags else self._asked
        if known is None or known.is_raw:
            return tags | self._own | planned | (known.tags if known is not None else frozenset())
        if self._into is not None and not self._into.is_same and known.batch == self._into.name:
            tags |= self._own
        return tags - known.tags_dealt_with | planned if tags or planned else planned

    def left(self, changes: Sequence[Change], known: Mapping[str, Known]) -> tuple[dict[Kind, int], int]:
        """What the batch's change has open beside these rows, and how many tags of it are for endpoints that exist."""
        if self._into is None:
            return {}, 0
        creates = tags = there = 0
        for change in changes:
            of_sim = known.get(change.iccid)
            if of_sim is None or of_sim.is_raw or change.reason.startswith(OTHER_ESIM):
                continue
            creates += of_sim.create is State.PLANNED and of_sim.batch == self._into.name
            tags += len(of_sim.planned_tags)
            there += len(of_sim.planned_tags) if of_sim.endpoint_id else 0
        left = {Kind.CREATE: self._into.open.get(Kind.CREATE, 0) - creates}
        left[Kind.TAG] = self._into.open.get(Kind.TAG, 0) - tags
        return shown(left), self._into.tags_there - there


def provision_calls(
    creates: int, *, tag_writes: int, new_tags: int, account: Account, found: int = 0, known_tags: int = 0
) -> int:
    """Calls needed to create so many endpoints and to write tags, with one login and the pages before and after.

    `found`: endpoints that are on the platform, and of which the store does not know; `known_tags`: those that get
    tags and of which it does.
    """
    if not creates + found + tag_writes:
        return 0
    cost = account.capabilities
    in_bulk = math.ceil(creates / account.bulk.size) if account.bulk is not None else creates * cost.calls_per_create
    # Before and after the creates, and before tags of endpoints that the store knows.
    looks = (creates + found, creates, known_tags)
    pages = sum(math.ceil(count / account.page_size) for count in looks)
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
