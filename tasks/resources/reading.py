"""Reads the store for plans, commands and reports."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapters.store import queries
from domain.errors import NothingSelected
from domain.lifecycle import Lifecycle
from domain.plan import Known
from domain.report import CallRow
from domain.selection import Selected
from domain.summary import Summary, from_counts
from tasks.resources.session import Session, account, reader

if TYPE_CHECKING:
    from tasks.ingest import Batch


def known(name: str, iccids: Sequence[str]) -> dict[str, Known]:
    """What the store knows of these ICCIDs."""
    with reader() as opened:
        wanted = set(iccids)
        rows = queries.known(opened, name)
        return {
            row["iccid"]: Known(row["endpoint_id"], Lifecycle(row["state"]), row["batch"], row["planned"] == 0)
            for row in rows
            if row["iccid"] in wanted
        }


def known_tags(name: str) -> Sequence[str]:
    """The tags that endpoints of the account carry."""
    with reader() as opened:
        return queries.known_tags(opened, name)


def mapping(change: int) -> Iterator[dict[str, Any]]:
    """Every endpoint of a change with the operation that explains it best."""
    with reader() as opened:
        yield from queries.mapping(opened, change=change)


def calls(change: int) -> list[CallRow]:
    """Every answer of the platform to the operations of a change."""
    with reader() as opened:
        return [CallRow(*row) for row in queries.calls(opened, change)]


def rejects(batch: int, source: int = 0) -> list[dict[str, Any]]:
    """The rejected rows of one file of a batch, or of all its files."""
    with reader() as opened:
        return list(queries.rejects(opened, batch, source))


def summarise(session: Session, batch: "Batch", *, started: float, run: str) -> Summary:
    """The numbers of a provision, from the store."""
    with reader() as opened:
        counts = queries.tally(opened, batch.change, since=started, source=batch.source)
        totals = queries.source_totals(opened, batch.id, batch.source)
    return from_counts(counts, **totals, **_run_facts(session, batch=batch.name, started=started, run=run))


def summarise_selection(session: Session, selected: Selected, *, label: str, started: float, run: str) -> Summary:
    """The numbers of a change to existing endpoints, from the store."""
    with reader() as opened:
        counts = queries.tally(opened, selected.change, since=started)
    rows = selected.wanted + selected.unusable
    outside = selected.already - counts["already"] if selected.already > counts["already"] else 0
    facts = _run_facts(session, batch=label, started=started, run=run)
    return from_counts(counts, known=outside, rows=rows, accepted=selected.wanted, rejected=selected.unusable, **facts)


def _run_facts(session: Session, *, batch: str, started: float, run: str) -> dict[str, Any]:
    return {
        "batch": batch,
        "run": run,
        "calls": session.calls,
        "seconds": round(time.time() - started, 2),
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


def stock(account: str | None) -> list[dict[str, Any]]:
    """Endpoints by account, tag, group and state."""
    with reader() as opened:
        return queries.stock(opened, account)


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


def batch_counts(batch: Mapping[str, Any]) -> tuple[Mapping[str, int], dict[str, Any]]:
    """The endpoints of a batch by outcome, and the totals of its files."""
    with reader() as opened:
        return queries.tally(opened, batch["change_id"], since=0.0), queries.source_totals(opened, batch["id"])


def inbox(account: str | None, meaning: str | None) -> list[dict[str, Any]]:
    """The platform's events, latest first."""
    with reader() as opened:
        return queries.inbox(opened, account, meaning)


def unsettled(account: str | None) -> list[dict[str, Any]]:
    """Operations in doubt or waiting for a person."""
    with reader() as opened:
        return queries.unsettled(opened, account)
