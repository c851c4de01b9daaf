"""Reads the store for plans, commands and reports."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from adapters.store import queries
from adapters.store.reading import Reader
from domain.drift import Held
from domain.errors import NothingSelected
from domain.esim import Esim
from domain.inbox import Meaning
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.plan import Into, Known, Wanted
from domain.replenish import against_marks
from domain.report import CallRow
from domain.selection import AsAsked, Selected
from domain.summary import Summary, from_counts
from domain.unfinished import Unfinished
from tasks.resources.session import (
    Moment,
    Session,
    account,
    account_names,
    accounts_apart,
    open_store,
    plain_account,
    reader,
)

if TYPE_CHECKING:
    from tasks.batch import Batch


def known(name: str, wanted: Sequence[Wanted], into: Into | None) -> dict[str, Known]:
    """What the store knows of these SIMs; `into` is the batch that their file is or is added to."""
    iccids = [want.iccid for want in wanted]
    with reader() as opened:
        esims = _esims_of(opened, name, wanted)
        rows = list(queries.known(opened, name, iccids))
        tags = _tags_of(opened, [row["id"] for row in rows], into.change if into is not None else 0)
        found = {row["iccid"]: _known(row, esims, tags) for row in rows}
        apart = set(accounts_apart(account(name)[1]))
        ended = {row["iccid"] for row in queries.ended_elsewhere(opened, name) if row["account"] not in apart}
    for iccid in ended.intersection(iccids):
        if iccid not in found or found[iccid].state is Lifecycle.STOCK:
            found[iccid] = Known(None, Lifecycle.TERMINATED, "")
    return found


def _known(row: Mapping[str, Any], esims: Mapping[str, Esim], tags: "Mapping[int, _Tags]") -> Known:
    of_sim = tags.get(row["id"])
    return Known(
        endpoint_id=row["endpoint_id"],
        state=_LIFECYCLES[row["state"]],
        batch=row["batch"],
        create=_STATES[row["create"]] if row["create"] else None,
        esim=esims.get(row["iccid"]),
        name=row["name"],
        is_raw=bool(row["is_raw"]),
        tags=_set_of(row["tags"] or ""),
        planned_tags=frozenset(of_sim.planned) if of_sim is not None else _NO_TAGS,
        tags_dealt_with=frozenset(of_sim.dealt_with) if of_sim is not None else _NO_TAGS,
    )


@lru_cache(maxsize=1000)  # most SIMs of a file carry the same
def _set_of(tags: str) -> frozenset[str]:
    return frozenset(tags.split(",") if tags else ())


@dataclass
class _Tags:
    """The tags of one SIM that have a write, and those of them that one change is still to send."""

    dealt_with: set[str] = field(default_factory=set)
    planned: set[str] = field(default_factory=set)


_NO_TAGS: frozenset[str] = frozenset()
# A file may name a hundred thousand SIMs, and making a member of an enum by its value takes ten times as long.
_LIFECYCLES, _STATES = {one.value: one for one in Lifecycle}, {one.value: one for one in State}


def _tags_of(opened: Reader, endpoints: Sequence[int], change: int) -> dict[int, _Tags]:
    """The writes of tags of these endpoints of the store."""
    found: dict[int, _Tags] = defaultdict(_Tags)
    for row in queries.tag_operations(opened, endpoints):
        found[row["endpoint"]].dealt_with.add(row["tag"])
        if row["state"] == State.PLANNED and row["change_id"] == change:
            found[row["endpoint"]].planned.add(row["tag"])
    return found


def _esims_of(opened: Reader, name: str, wanted: Sequence[Wanted]) -> dict[str, Esim]:
    """The recorded eSIM data of an account, only if some of these SIMs bring any."""
    if not any(want.esim is not None for want in wanted):
        return {}
    return {row.pop("iccid"): esim_of(row) for row in queries.esims(opened, name)}


def goes_into(name: str, rows_digest: str, batch: str | None) -> Into | None:
    """The batch that a file is already, or is added to, with what its change still has to send."""
    with reader() as opened:
        found = queries.batch_of_rows(opened, name, rows_digest, batch)
        if found is None:
            return None
        rows = queries.open_writes(opened, found["change_id"])
    open_writes: Counter[Kind] = Counter()
    for row in rows:
        open_writes[Kind(row["kind"])] += row["n"]
    there = sum(row["n"] for row in rows if row["kind"] == Kind.TAG and row["there"])
    tags = tuple(found["tags"])
    return Into(found["name"], tags, bool(found["same"]), found["change_id"], open_writes, there)


def held(name: str, iccids: Sequence[str] | None, *, since: float) -> dict[str, Held]:
    """What the store has of these ICCIDs, or of all. What changed `since` then, by the store's clock, is busy."""
    wanted = None if iccids is None else set(iccids)
    with reader() as opened:
        names_of = _names_of_groups(opened, name)
        return {
            row["iccid"]: _held(row, names_of)
            for row in queries.held(opened, name, since=since)
            if wanted is None or row["iccid"] in wanted
        }


def _held(row: Mapping[str, Any], names_of: Callable[[str], frozenset[str]]) -> Held:
    group = row["group"] or ""
    return Held(
        row["endpoint_id"],
        Lifecycle(row["state"]),
        bool(row["busy"]),
        group,
        names_of(group),
        frozenset(row["tags"].split(",") if row["tags"] else ()),
    )


def _names_of_groups(opened: Reader, name: str) -> Callable[[str], frozenset[str]]:
    """What stands for a group on the platform: the id it was pinned to, or else its names."""
    _, options = account(name)
    pinned = queries.pinned(opened, name)

    @cache
    def names_of(group: str) -> frozenset[str]:
        if group in pinned:
            return frozenset({pinned[group]})
        target = options.groups.get(group)
        return frozenset({group, target.endpoint_group or group} if target is not None else {group})

    return names_of


def esim(name: str, iccid: str) -> Esim | None:
    """What a buyer needs to install the profile of a SIM, if a file brought it."""
    with reader() as opened:
        row = queries.esim(opened, name, iccid)
    return esim_of(row) if row is not None else None


def esim_of(row: Mapping[str, Any]) -> Esim:
    """The eSIM data in a row of the store."""
    return Esim(**{**row, "needs_confirmation": bool(row["needs_confirmation"])})


def known_tags(name: str) -> Sequence[str]:
    """The tags that endpoints of the account carry."""
    with reader() as opened:
        return queries.known_tags(opened, name)


def mapping(change: int, asked: AsAsked | None = None) -> Iterator[dict[str, Any]]:
    """Every endpoint of a change with the operation that explains it best; `asked` leaves out what moved on since."""
    with reader() as opened:
        yield from queries.mapping(opened, change=change, asked=asked)


def mapping_of_rows(batch: int, change: int, source: int = 0) -> Iterator[dict[str, Any]]:
    """Every accepted row of one file of a batch, or of all its files, with the operation that explains it best."""
    with reader() as opened:
        yield from queries.mapping_of_rows(opened, batch=batch, change=change, source=source)


def calls(change: int) -> list[CallRow]:
    """Every answer of the platform to the operations of a change."""
    with reader() as opened:
        return [CallRow(*row) for row in queries.calls(opened, change)]


def rejects(batch: int, source: int = 0) -> list[dict[str, Any]]:
    """The rejected rows of one file of a batch, or of all its files."""
    with reader() as opened:
        return list(queries.rejects(opened, batch, source))


def summarise(session: Session, batch: "Batch", *, started: Moment, run: str) -> Summary:
    """The numbers of a provision, from the store."""
    with reader() as opened:
        counts = dict(queries.tally_rows(opened, batch.id, batch.change, since=started.at, source=batch.source))
        totals = queries.source_totals(opened, batch.id, batch.source)
        named = queries.other_names(opened, batch.source) if batch.source else iter(())
        others = sum(batch.naming(session.account).is_wish(row["row_no"], row["iccid"], row["asked"]) for row in named)
        writes = queries.writes_done(opened, batch.change, since=started.at)
    conflicts = max(len(batch.conflicts), counts["untouched"])
    counts["already"] -= conflicts - counts["untouched"]
    counts["refused"] += conflicts
    facts = _run_facts(session, batch=batch.name, started=started, run=run) | {"other_names": others, "writes": writes}
    return from_counts(counts, **totals, **facts)


def summarise_repair(session: Session, change: int, count: int, *, started: Moment, run: str) -> Summary:
    """The numbers of a repair, from the store. What was only recorded counts as confirmed."""
    with reader() as opened:
        counts = queries.tally(opened, change, since=started.at)
        writes = queries.writes_done(opened, change, since=started.at)
    counts = {**counts, "confirmed": counts["confirmed"] + counts["already"], "already": 0}
    facts = _run_facts(session, batch="repair", started=started, run=run) | {"writes": writes}
    done = sum(counts.values())
    return from_counts(counts, rows=count, accepted=done, rejected=count - done, **facts)


def summarise_selection(session: Session, selected: Selected, *, label: str, started: Moment, run: str) -> Summary:
    """The numbers of a change to existing endpoints, from the store."""
    with reader() as opened:
        counts = queries.tally(opened, selected.change, since=started.at, asked=selected.done)
        writes = queries.writes_done(opened, selected.change, since=started.at)
    counts = {**counts, "refused": counts["refused"] + selected.elsewhere}
    accepted = sum(counts.values()) + selected.outside
    facts = _run_facts(session, batch=label, started=started, run=run) | {
        "rows": accepted + selected.left_out,
        "accepted": accepted,
        "rejected": selected.left_out,
        "writes": writes,
    }
    if selected.is_short:
        facts |= {"asked": selected.count, "available": selected.wanted}
    return from_counts(counts, known=selected.outside, **facts)


def summarise_change(
    session: Session, change: int, *, label: str, started: Moment, calls_before: int, run: str
) -> Summary:
    """The numbers of one change of several that a session works on, from the store."""
    with reader() as opened:
        counts = queries.tally(opened, change, since=started.at)
        writes = queries.writes_done(opened, change, since=started.at)
    rows = sum(counts.values())
    facts = _run_facts(session, batch=label, started=started, run=run) | {"writes": writes}
    return from_counts(counts, rows=rows, accepted=rows, **facts | {"calls": session.calls - calls_before})


def unfinished(name: str) -> list[Unfinished]:
    """What processes that ended left undone, on one account or on all."""
    return [one for one in open_changes(name) if not one.is_worked_on]


def open_changes(name: str) -> list[Unfinished]:
    """Every change in which something is left to do, on one account or on all.

    Raises SettingsError.
    """
    from adapters.store.unfinished import unfinished as of_account

    names = [name] if name else account_names()
    platforms = {each: plain_account(each)[1].platform for each in names}  # secrets that cannot be read stop nothing
    store = open_store()
    try:
        return [one for each, platform in platforms.items() for one in store.write(of_account, each, platform)]
    finally:
        store.close()


def accounts_in_use() -> list[str]:
    """The default account, then the others of the settings that have endpoints in the store."""
    default, _ = plain_account()
    with reader() as opened:
        known = set(queries.accounts(opened)) & set(account_names())
    return [default, *sorted(known - {default})]


def with_open_orders(name: str) -> list[str]:
    """The accounts of which an order is in progress: this one, or any."""
    with reader() as opened:
        return [account for account in queries.accounts_with_open_orders(opened) if name in ("", account)]


def stops() -> dict[str, dict[str, Any]]:
    """Accounts that a person stopped: since when and why."""
    with reader() as opened:
        return {row["account"]: row for row in queries.stops(opened)}


def _run_facts(session: Session, *, batch: str, started: Moment, run: str) -> dict[str, Any]:
    return {
        "batch": batch,
        "run": run,
        "calls": session.calls,
        "seconds": round(started.seconds, 2),
        "stopped": session.stop.is_set(),
    }


def endpoints(filters: Mapping[str, str | None]) -> Iterator[dict[str, Any]]:
    """Endpoints that match every filter given."""
    with reader() as opened:
        yield from queries.endpoints(opened, filters)


def history(iccid: str, account: str | None) -> list[dict[str, Any]]:
    """Everything done to one ICCID."""
    with reader() as opened:
        return queries.history(opened, iccid, account)


def stock(name: str | None) -> list[dict[str, Any]]:
    """Endpoints by account, tag, group and state, with the marks that the settings keep them between."""
    with reader() as opened:
        rows = queries.stock(opened, name)
    names = [name] if name else account_names()
    return against_marks(rows, {each: plain_account(each)[1].stock for each in names})


def batches(account: str | None) -> list[dict[str, Any]]:
    """All batches with their numbers."""
    with reader() as opened:
        return queries.batches(opened, account)


def batch_named(name: str, account_name: str | None) -> dict[str, Any]:
    """One batch.

    Raises NothingSelected.
    """
    account_name, _ = account(account_name)
    with reader() as opened:
        found = queries.batch_named(opened, account_name, name)
        if found is not None:
            return found | {"rows": queries.source_totals(opened, found["id"])["rows"]}
        names = [row["name"] for row in queries.batches(opened, account_name)][-10:]
    known = f"the latest are: {', '.join(names)}" if names else "there are none yet"
    raise NothingSelected(f"Account {account_name} has no batch {name!r}; {known}.")


def batch_of_change(account_name: str, change: int) -> dict[str, Any] | None:
    """The batch that a change provisions, if it does."""
    return next((row for row in batches(account_name) if row["change_id"] == change), None)


def summarise_as_it_stands(change: int, *, label: str, run: str) -> Summary:
    """The numbers of a change as things stand now, from the store."""
    with reader() as opened:
        counts = queries.tally(opened, change, since=0.0)
    rows = sum(counts.values())
    return from_counts(counts, rows=rows, accepted=rows, batch=label, run=run)


def has_batch(name: str, batch: str) -> bool:
    """Whether the account has a batch of this name."""
    with reader() as opened:
        return queries.batch_named(opened, name, batch) is not None


def batch_counts(batch: Mapping[str, Any]) -> tuple[Mapping[str, int], dict[str, Any]]:
    """The endpoints of a batch by outcome, and the totals of its files."""
    with reader() as opened:
        counts = queries.tally_rows(opened, batch["id"], batch["change_id"], since=0.0)
        return counts, queries.source_totals(opened, batch["id"])


def inbox_events(account: str | None, meaning: str | None) -> list[dict[str, Any]]:
    """The platform's events, latest first."""
    with reader() as opened:
        return queries.inbox(opened, account, meaning)


def differing_events(account: str | None) -> list[dict[str, Any]]:
    """Events that say otherwise than the store, in the form of operations that need a person, oldest first."""
    return [
        {
            "id": row["event_id"],
            "account": row["account"],
            "iccid": row["iccid"],
            "endpoint_id": row["endpoint_id"],
            "kind": "event",
            "target": row["type"],
            "state": Meaning.DIFFERS.value,
            "text": row["text"],
            "lookups": 0,
            "look_again": None,
        }
        for row in reversed(inbox_events(account, Meaning.DIFFERS.value))
    ]


def unsettled(account: str | None) -> list[dict[str, Any]]:
    """Operations in doubt or waiting for a person."""
    with reader() as opened:
        return queries.unsettled(opened, account)


def orders_to_decide(account: str | None) -> list[dict[str, Any]]:
    """Orders that wait for a person though no unsettled operation says so: their SIMs went back, or a refund waits."""
    with reader() as opened:
        operations = {(row["account"], row["order"]) for row in queries.unsettled(opened, account)}
        rows = queries.orders_held_up(opened, account)
        return [row for row in rows if (row["account"], row["order"]) not in operations]


def orders(account: str | None, state: str | None) -> Iterator[dict[str, Any]]:
    """The shop's orders, oldest first."""
    with reader() as opened:
        yield from queries.orders(opened, account, state)
