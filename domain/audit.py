"""What the store uses, compared with what its audit trail says: an endpoint at a time, so that memory does not grow."""

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum

from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.order import OrderState
from domain.ownership import as_refused
from domain.trail import Done, Traced, bought
from domain.words import plural

Key = tuple[Kind, str, int]  # kind, target and round of an operation
_SHOWN = 3


class Differs(StrEnum):
    """What may differ."""

    STATE = "state"
    MAPPING = "mapping"
    GROUP = "group"
    TAG = "tag"
    OPERATION = "operation"
    FACTS = "facts"
    HOLDER = "holder"
    SOLD = "sold"


SENTENCES: Mapping[Differs, tuple[str, str]] = {
    Differs.STATE: ("endpoint is in another state", "endpoints are in another state"),
    Differs.MAPPING: ("ICCID has another endpoint id", "ICCIDs have another endpoint id"),
    Differs.GROUP: ("endpoint is in another group", "endpoints are in another group"),
    Differs.TAG: ("tag that was written is missing", "tags that were written are missing"),
    Differs.OPERATION: ("operation stands elsewhere", "operations stand elsewhere"),
    Differs.FACTS: ("endpoint has facts of another ICCID", "endpoints have facts of another ICCID"),
    Differs.HOLDER: (
        "order does not hold the SIM that was sent for it",
        "orders do not hold the SIMs that were sent for them",
    ),
    Differs.SOLD: ("order is done with a SIM that was not sold for it", "orders are done with SIMs not sold for them"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """One endpoint as the store uses it."""

    iccid: str
    state: Lifecycle
    endpoint_id: str | None = None
    group: str | None = None
    tags: Set[str] = frozenset()
    operations: Mapping[Key, tuple[State, int]] = field(default_factory=dict)  # state and token
    order: str | None = None
    order_state: str = ""


@dataclass(slots=True)
class Audit:
    """The numbers of a comparison, and the first few of each difference."""

    endpoints: int = 0
    operations: int = 0
    orders: int = 0
    tags: int = 0
    raw: int = 0  # SIMs of which there is no fact
    other_tags: int = 0  # which no call wrote
    lost: int = 0  # facts of operations that are missing
    strangers: Counter[str] = field(default_factory=Counter)  # endpoints of accounts whose platform is not known
    found: Counter[Differs] = field(default_factory=Counter)
    shown: dict[Differs, list[str]] = field(default_factory=dict)

    def note(self, held: Held, traced: Mapping[str, Traced], platform: str) -> None:
        """Compare one endpoint; `traced` is what the facts about it say, by ICCID."""
        mine = traced.get(held.iccid)
        written: Set[str] = mine.tags if mine is not None else frozenset()
        self.endpoints += bool(traced)
        self.operations += len(held.operations)
        self.orders += held.order is not None
        self.tags += len(written)
        self.raw += not traced
        self.other_tags += len(held.tags - written)
        for what, which in differences(held, traced, platform):
            self.found[what] += 1
            examples = self.shown.setdefault(what, [])
            if len(examples) < _SHOWN:
                examples.append(which)

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.found and not self.lost

    def sentence(self) -> str:
        """What differs, how often, and the first of each."""
        parts = [
            f"{plural(self.found[what], *SENTENCES[what])} ({self._examples(what)})"
            for what in Differs
            if self.found[what]
        ]
        return "; ".join([*parts, *([f"{plural(self.lost, 'fact')} belong to no operation"] if self.lost else [])])

    def _examples(self, what: Differs) -> str:
        more = ", …" if self.found[what] > _SHOWN else ""
        return ", ".join(self.shown[what]) + more

    def coverage(self) -> str:
        """What was compared, and what the trail does not hold."""
        unknown = [
            f"; {plural(count, 'endpoint')} of account {name} not compared, which is in no settings"
            for name, count in self.strangers.items()
        ]
        counts = ", ".join(plural(n, one) for n, one in ((self.endpoints, "endpoint"), (self.operations, "operation")))
        return (
            f"{counts}, {plural(self.orders, 'order')} and {plural(self.tags, 'written tag')} equal the trail; not "
            f"covered by it: {plural(self.raw, 'SIM')} in stock and {plural(self.other_tags, 'tag')} that no call wrote"
            f"{''.join(unknown)}"
        )


def differences(held: Held, traced: Mapping[str, Traced], platform: str) -> Iterator[tuple[Differs, str]]:
    """What differs about one endpoint, and what to call it."""
    mine = traced.get(held.iccid) or Traced(held.iccid, "", "")
    if traced.keys() - {held.iccid}:
        yield Differs.FACTS, held.iccid
    if held.state is not mine.state:
        yield Differs.STATE, f"{held.iccid}: {held.state.value} instead of {mine.state.value}"
    if held.endpoint_id != mine.endpoint_id:
        yield Differs.MAPPING, f"{held.iccid}: {held.endpoint_id} instead of {mine.endpoint_id}"
    if held.group != mine.group:
        yield Differs.GROUP, f"{held.iccid}: {held.group} instead of {mine.group}"
    for tag in sorted(mine.tags - held.tags):
        yield Differs.TAG, f"{held.iccid}: {tag}"
    yield from _of_operations(held, mine)
    yield from _of_order(held, mine, platform)


def _of_operations(held: Held, traced: Traced) -> Iterator[tuple[Differs, str]]:
    untouched = (State.PLANNED, 0)
    for key in sorted(held.operations.keys() | traced.operations.keys()):
        done = traced.operations.get(key)
        ours, theirs = held.operations.get(key), (done.state, done.token) if done is not None else untouched
        if ours != theirs:
            kind, target, _ = key
            what = f"{kind.value} {target}".strip()
            yield Differs.OPERATION, f"{held.iccid}: {what} {_words(ours)} instead of {_words(theirs)}"


def _words(standing: tuple[State, int] | None) -> str:
    return "missing" if standing is None else f"{standing[0].value} at attempt {standing[1]}"


def _of_order(held: Held, traced: Traced, platform: str) -> Iterator[tuple[Differs, str]]:
    if traced.order is None and not held.order_state:
        return
    sold = next(iter(bought([_apart(traced)], platform).values()), None)
    its_order = sold.order.order if sold is not None else None
    if sold is not None and its_order != held.order and _was_sent(traced):
        yield Differs.HOLDER, f"{its_order}: {held.iccid}"
    agreed = sold is not None and its_order == held.order and sold.state in _SOLD
    if held.order_state == OrderState.DONE.value and not agreed:
        yield Differs.SOLD, f"{held.order}: {held.iccid}"


_SOLD = frozenset({OrderState.DONE, OrderState.NEEDS_HUMAN})


def _was_sent(traced: Traced) -> bool:
    """Whether the activation may have been carried out, so that the SIM stays the order's."""
    activations = [one for one in traced.operations.values() if one.kind is Kind.ACTIVATE]
    latest: Done | None = max(activations, key=lambda one: one.round, default=None)
    return latest is not None and as_refused(latest.state, latest.code) not in (State.PLANNED, State.REFUSED)


def _apart(traced: Traced) -> Traced:
    """A copy, since judging an order plans what was still to be asked for."""
    return Traced(
        *(traced.iccid, traced.name, traced.batch, traced.state, traced.endpoint_id, traced.group, traced.at),
        *(traced.tags, dict(traced.operations), traced.order),
    )
